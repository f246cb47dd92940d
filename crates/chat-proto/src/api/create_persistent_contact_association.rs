//! `POST /contact/persistent-contact-association/{InstanceId}/{InitialContactId}`

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ClientToken, ContactId};

/// How much of the past a chat brings back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum RehydrationType {
    /// The whole past session. The source is its initial contact.
    EntirePastSession,
    /// The past up to one contact of the session, which is the source.
    FromSegment,
}

/// Joins a contact to a past one, whose transcript it continues. This operation belongs to the
/// service `connect`, which demands a SigV4 signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CreatePersistentContactAssociation {
    /// The Amazon Connect instance, 1 to 100 characters.
    #[serde(skip)]
    pub instance_id: String,
    /// The first contact of the chat that goes on, 1 to 256 characters.
    #[serde(skip)]
    pub initial_contact_id: ContactId,
    /// How much of the past comes back.
    pub rehydration_type: RehydrationType,
    /// The contact of the past, which must have ended; 1 to 256 characters.
    pub source_contact_id: ContactId,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<ClientToken>,
}

impl CreatePersistentContactAssociation {
    /// Joins a contact of an instance to the source.
    #[must_use]
    pub fn new(
        instance_id: impl Into<String>,
        initial_contact_id: ContactId,
        rehydration_type: RehydrationType,
        source_contact_id: ContactId,
    ) -> Self {
        Self {
            instance_id: instance_id.into(),
            initial_contact_id,
            rehydration_type,
            source_contact_id,
            client_token: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    continued_from_contact_id: Option<ContactId>,
}

impl private::Sealed for CreatePersistentContactAssociation {}

impl ApiRequest for CreatePersistentContactAssociation {
    const OPERATION: Operation = Operation::CreatePersistentContactAssociation;
    /// The contact that is continued, when the service names it.
    type Answer = Option<ContactId>;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("InitialContactId", self.initial_contact_id.as_str(), 256)?;
        limits::length("SourceContactId", self.source_contact_id.as_str(), 256)?;
        let client_token = self.client_token.as_ref().map(ClientToken::as_str);
        limits::optional_length("ClientToken", client_token, 500)
    }

    fn labels(&self) -> Vec<&str> {
        vec![&self.instance_id, self.initial_contact_id.as_str()]
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(self)
    }

    fn parse(body: &[u8]) -> Result<Option<ContactId>, ProtocolError> {
        const WHAT: &str = "the answer of CreatePersistentContactAssociation";
        let answer: Answer = super::json_answer(WHAT, body)?;
        Ok(answer.continued_from_contact_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request = |instance, initial, source, token| {
            let mut request = CreatePersistentContactAssociation::new(
                "i".repeat(instance),
                "c".repeat(initial).into(),
                RehydrationType::FromSegment,
                "s".repeat(source).into(),
            );
            request.client_token = Some("t".repeat(token).into());
            request
        };
        assert_eq!(request(100, 256, 256, 500).check(), Ok(()));
        for (broken, text) in [
            (request(0, 1, 1, 1), "InstanceId is empty"),
            (request(101, 1, 1, 1), "InstanceId has 101"),
            (request(1, 0, 1, 1), "InitialContactId is empty"),
            (request(1, 257, 1, 1), "InitialContactId has 257"),
            (request(1, 1, 0, 1), "SourceContactId is empty"),
            (request(1, 1, 257, 1), "SourceContactId has 257"),
            (request(1, 1, 1, 0), "ClientToken is empty"),
            (request(1, 1, 1, 501), "ClientToken has 501"),
        ] {
            assert!(refusal(&broken).starts_with(text), "{text}");
        }
    }

    #[test]
    fn the_answer_names_the_contact_that_is_continued() {
        let parse = CreatePersistentContactAssociation::parse;
        let body = br#"{"ContinuedFromContactId":"past"}"#;
        assert_eq!(parse(body), Ok(Some("past".into())));
        assert_eq!(parse(b"{}"), Ok(None));
        assert!(parse(b"[").is_err());
    }
}
