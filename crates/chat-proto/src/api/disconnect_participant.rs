//! `POST /participant/disconnect`

use serde::Serialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::ClientToken;

/// Leaves the chat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct DisconnectParticipant {
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: ClientToken,
}

impl DisconnectParticipant {
    /// Leaves under this token.
    #[must_use]
    pub const fn new(client_token: ClientToken) -> Self {
        Self { client_token }
    }
}

impl private::Sealed for DisconnectParticipant {}

impl ApiRequest for DisconnectParticipant {
    const OPERATION: Operation = Operation::DisconnectParticipant;
    type Answer = ();

    fn check(&self) -> Result<(), CommandError> {
        limits::length("ClientToken", self.client_token.as_str(), 500)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(self)
    }

    fn parse(body: &[u8]) -> Result<(), ProtocolError> {
        super::empty_answer("the answer of DisconnectParticipant", body)
    }
}
