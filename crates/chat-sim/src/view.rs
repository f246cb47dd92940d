//! Views: forms that a flow shows in a chat.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::ControlError;

/// A view, as DescribeView answers it. In JSON all members but `id` and `name` may be left out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// Its identity: 1 to 500 letters, digits and `_-:/$`.
    pub id: String,
    /// Its name: 1 to 255 letters, digits, `_.:/=+-@()'`, and spaces behind the first character.
    pub name: String,
    /// Its version. Default 1.
    #[serde(default = "first")]
    pub version: u32,
    /// What data it takes: a JSON schema, as text.
    #[serde(default)]
    pub input_schema: String,
    /// How it looks: JSON, as text.
    #[serde(default)]
    pub template: String,
    /// What a participant can do with it; each is written as the name is.
    #[serde(default)]
    pub actions: Vec<String>,
}

fn first() -> u32 {
    1
}

impl View {
    /// Refuses what the service would not have.
    pub(crate) fn check(&self) -> Result<(), ControlError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-:/$".contains(c);
        let wrong = if !(1..=500).contains(&self.id.len()) || !self.id.chars().all(plain) {
            "the id of a view must have 1 to 500 letters, digits and _-:/$"
        } else if !is_name(&self.name) {
            "the name of a view must have 1 to 255 letters, digits, _.:/=+-@()', and spaces behind \
             the first character"
        } else if !self.actions.iter().all(|action| is_name(action)) {
            "each action of a view must have 1 to 255 letters, digits, _.:/=+-@()', and spaces \
             behind the first character"
        } else {
            return Ok(());
        };
        Err(ControlError::Invalid(wrong.to_owned()))
    }
}

/// Whether a text is as the service wants names and actions.
fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_alphabetic() || c.is_numeric() || "_.:/=+-@()'".contains(c);
    (1..=255).contains(&text.chars().count())
        && text.starts_with(is_plain)
        && text.chars().all(|c| is_plain(c) || c == ' ')
}

// Written by hand: what is shown to people stays out of logs.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
