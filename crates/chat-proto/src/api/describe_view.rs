//! `GET /participant/views/{ViewToken}`

use std::fmt;

use serde::Deserialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::ViewToken;

/// Reads a view: a form or page that a flow shows to a participant.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct DescribeView {
    /// Names the view, from an interactive message of the template ViewResource; 1 to 1000
    /// characters.
    pub view_token: ViewToken,
}

impl DescribeView {
    /// The view that this token names.
    #[must_use]
    pub const fn new(view_token: ViewToken) -> Self {
        Self { view_token }
    }
}

/// A view.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct View {
    /// The view's id.
    pub id: Option<String>,
    /// Its Amazon resource name.
    pub arn: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<i64>,
    /// What it shows.
    pub content: Option<ViewContent>,
}

impl fmt::Debug for View {
    /// Shows which view; what it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("id", &self.id)
            .field("arn", &self.arn)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What a view shows.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ViewContent {
    /// The JSON schema of the data that the template takes, as JSON text.
    pub input_schema: Option<String>,
    /// The template, as JSON text.
    pub template: Option<String>,
    /// The actions a participant can take.
    #[serde(default)]
    pub actions: Vec<String>,
}

impl fmt::Debug for ViewContent {
    /// Shows the number of actions; what the view says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ViewContent({} actions)", self.actions.len())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    view: Option<View>,
}

impl private::Sealed for DescribeView {}

impl ApiRequest for DescribeView {
    const OPERATION: Operation = Operation::DescribeView;
    type Answer = View;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("ViewToken", self.view_token.expose(), 1_000)
    }

    fn labels(&self) -> Vec<&str> {
        vec![self.view_token.expose()]
    }

    fn body(&self) -> Vec<u8> {
        Vec::new()
    }

    fn parse(body: &[u8]) -> Result<View, ProtocolError> {
        const WHAT: &str = "the answer of DescribeView";
        let answer: Answer = super::json_answer(WHAT, body)?;
        super::required(WHAT, "View", answer.view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request = |length| DescribeView::new("v".repeat(length).into());
        assert_eq!(request(1_000).check(), Ok(()));
        assert!(refusal(&request(0)).starts_with("ViewToken is empty"));
        assert!(refusal(&request(1_001)).contains("at most 1000"));
    }

    #[test]
    fn the_answer_is_the_view_and_debug_hides_what_it_says() {
        let view = DescribeView::parse(
            br#"{"View":{"Id":"v1","Arn":"arn:v","Name":"SECRET name","Version":3,"Content":{
                "InputSchema":"{\"SECRET\":1}","Template":"SECRET","Actions":["SECRET go"]}}}"#,
        )
        .unwrap();
        assert_eq!(view.id.as_deref(), Some("v1"));
        assert_eq!(view.arn.as_deref(), Some("arn:v"));
        assert_eq!(view.name.as_deref(), Some("SECRET name"));
        assert_eq!(view.version, Some(3));
        let content = view.content.as_ref().unwrap();
        assert_eq!(content.input_schema.as_deref(), Some(r#"{"SECRET":1}"#));
        assert_eq!(content.template.as_deref(), Some("SECRET"));
        assert_eq!(content.actions, ["SECRET go"]);
        assert!(!format!("{view:?}{content:?}").contains("SECRET"));
        let error = DescribeView::parse(b"{}").unwrap_err();
        assert!(error.to_string().ends_with("has no View"), "{error}");
    }
}
