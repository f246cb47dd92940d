//! `POST /participant/cancel-authentication`

use serde::Serialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::SessionId;

/// Gives up signing in.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CancelParticipantAuthentication {
    /// The authentication, from the event `authentication.initiated`; 36 characters.
    pub session_id: SessionId,
}

impl CancelParticipantAuthentication {
    /// Gives up this authentication.
    #[must_use]
    pub const fn new(session_id: SessionId) -> Self {
        Self { session_id }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    session_id: &'a str,
}

impl private::Sealed for CancelParticipantAuthentication {}

impl ApiRequest for CancelParticipantAuthentication {
    const OPERATION: Operation = Operation::CancelParticipantAuthentication;
    type Answer = ();

    fn check(&self) -> Result<(), CommandError> {
        limits::session_id(&self.session_id)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            session_id: self.session_id.expose(),
        })
    }

    fn parse(body: &[u8]) -> Result<(), ProtocolError> {
        super::empty_answer("the answer of CancelParticipantAuthentication", body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn a_session_id_has_36_characters() {
        let request = |length| CancelParticipantAuthentication::new("s".repeat(length).into());
        assert_eq!(request(36).check(), Ok(()));
        for length in [0, 35, 37] {
            assert!(refusal(&request(length)).starts_with("SessionId is not valid"));
        }
    }

    #[test]
    fn an_answer_without_a_body_is_success() {
        assert_eq!(CancelParticipantAuthentication::parse(b""), Ok(()));
        assert_eq!(CancelParticipantAuthentication::parse(b"{}"), Ok(()));
    }
}
