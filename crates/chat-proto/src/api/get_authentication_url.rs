//! `POST /participant/authentication-url`

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{SessionId, SignedUrl};

/// Asks where the customer signs in. The service answers it only within one minute of the event
/// `authentication.initiated`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GetAuthenticationUrl {
    /// The authentication, from the event; 36 characters.
    pub session_id: SessionId,
    /// Where the customer comes back to, 1 to 1024 characters.
    pub redirect_uri: String,
}

impl GetAuthenticationUrl {
    /// Where to sign in for this authentication, coming back to this URI.
    #[must_use]
    pub fn new(session_id: SessionId, redirect_uri: impl Into<String>) -> Self {
        Self {
            session_id,
            redirect_uri: redirect_uri.into(),
        }
    }
}

impl fmt::Debug for GetAuthenticationUrl {
    /// Shows the operation only; a redirect URI may carry state of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetAuthenticationUrl")
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    session_id: &'a str,
    redirect_uri: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    authentication_url: Option<SignedUrl>,
}

impl private::Sealed for GetAuthenticationUrl {}

impl ApiRequest for GetAuthenticationUrl {
    const OPERATION: Operation = Operation::GetAuthenticationUrl;
    /// Where to send the customer.
    type Answer = SignedUrl;

    fn check(&self) -> Result<(), CommandError> {
        limits::session_id(&self.session_id)?;
        limits::length("RedirectUri", &self.redirect_uri, 1_024)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            session_id: self.session_id.expose(),
            redirect_uri: &self.redirect_uri,
        })
    }

    fn parse(body: &[u8]) -> Result<SignedUrl, ProtocolError> {
        const WHAT: &str = "the answer of GetAuthenticationUrl";
        let answer: Answer = super::json_answer(WHAT, body)?;
        super::required(WHAT, "AuthenticationUrl", answer.authentication_url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request = |id, uri| GetAuthenticationUrl::new("s".repeat(id).into(), "u".repeat(uri));
        assert_eq!(request(36, 1_024).check(), Ok(()));
        for length in [0, 35, 37] {
            assert!(refusal(&request(length, 1)).contains("36 characters"));
        }
        assert!(refusal(&request(36, 0)).starts_with("RedirectUri is empty"));
        assert!(refusal(&request(36, 1_025)).contains("at most 1024"));
    }

    #[test]
    fn the_answer_is_the_url_and_debug_hides_it() {
        let body = br#"{"AuthenticationUrl":"https://sign.in/?state=SECRET"}"#;
        let url = GetAuthenticationUrl::parse(body).unwrap();
        assert_eq!(url.expose(), "https://sign.in/?state=SECRET");
        assert!(!format!("{url:?}").contains("SECRET"), "{url:?}");
        let request = GetAuthenticationUrl::new("SECRET".into(), "https://a/?SECRET");
        assert!(!format!("{request:?}").contains("SECRET"), "{request:?}");
        let error = GetAuthenticationUrl::parse(b"{}").unwrap_err();
        assert!(
            error.to_string().ends_with("no AuthenticationUrl"),
            "{error}"
        );
    }
}
