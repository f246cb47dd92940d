//! `POST /contact/create-participant`

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ClientToken, ContactId, ParticipantId, ParticipantToken};
use crate::wire::{AbsoluteTime, ParticipantRole};

/// Adds a participant to a contact that goes on. This operation belongs to the service `connect`,
/// which demands a SigV4 signature.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateParticipant {
    /// The Amazon Connect instance, 1 to 100 characters.
    pub instance_id: String,
    /// The contact, 1 to 256 characters.
    pub contact_id: ContactId,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: Option<ClientToken>,
    /// What the participant is. A chat takes in only [`ParticipantRole::CustomBot`].
    pub participant_role: ParticipantRole,
    /// What the participant is called, 1 to 256 characters.
    pub display_name: String,
    /// Whether the participant may send video.
    pub video: bool,
    /// Whether the participant may share a screen.
    pub screen_share: bool,
}

impl CreateParticipant {
    /// Adds a bot of this name to a chat.
    #[must_use]
    pub fn custom_bot(
        instance_id: impl Into<String>,
        contact_id: ContactId,
        display_name: impl Into<String>,
    ) -> Self {
        Self {
            instance_id: instance_id.into(),
            contact_id,
            client_token: None,
            participant_role: ParticipantRole::CustomBot,
            display_name: display_name.into(),
            video: false,
            screen_share: false,
        }
    }
}

impl fmt::Debug for CreateParticipant {
    /// Shows where the participant goes; who it is stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateParticipant")
            .field("instance_id", &self.instance_id)
            .field("contact_id", &self.contact_id)
            .field("participant_role", &self.participant_role)
            .finish_non_exhaustive()
    }
}

/// What CreateParticipant answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CreatedParticipant {
    /// Who the participant is in the contact.
    pub participant_id: ParticipantId,
    /// Lets the participant in.
    pub participant_credentials: ParticipantCredentials,
}

/// A participant token.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ParticipantCredentials {
    /// The token.
    pub participant_token: ParticipantToken,
    /// When it stops working.
    pub expiry: Option<AbsoluteTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    instance_id: &'a str,
    contact_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
    participant_details: ParticipantDetails<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParticipantDetails<'a> {
    participant_role: &'a str,
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_capabilities: Option<ParticipantCapabilities>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParticipantCapabilities {
    #[serde(skip_serializing_if = "Option::is_none")]
    video: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    screen_share: Option<&'static str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    participant_credentials: Option<AnswerCredentials>,
    participant_id: Option<ParticipantId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerCredentials {
    participant_token: Option<ParticipantToken>,
    expiry: Option<String>,
}

impl private::Sealed for CreateParticipant {}

impl ApiRequest for CreateParticipant {
    const OPERATION: Operation = Operation::CreateParticipant;
    type Answer = CreatedParticipant;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("ContactId", self.contact_id.as_str(), 256)?;
        let client_token = self.client_token.as_ref().map(ClientToken::as_str);
        limits::optional_length("ClientToken", client_token, 500)?;
        limits::length("ParticipantDetails.DisplayName", &self.display_name, 256)?;
        match self.participant_role {
            ParticipantRole::CustomBot | ParticipantRole::Customer => Ok(()),
            ParticipantRole::Agent
            | ParticipantRole::System
            | ParticipantRole::Supervisor
            | ParticipantRole::Other(_) => Err(CommandError::Invalid {
                field: "ParticipantDetails.ParticipantRole",
                problem: "a chat takes in a CUSTOM_BOT, a call a CUSTOMER, and nobody else",
            }),
        }
    }

    fn body(&self) -> Vec<u8> {
        let capabilities = ParticipantCapabilities {
            video: self.video.then_some("SEND"),
            screen_share: self.screen_share.then_some("SEND"),
        };
        super::json_body(&Body {
            instance_id: &self.instance_id,
            contact_id: self.contact_id.as_str(),
            client_token: self.client_token.as_ref().map(ClientToken::as_str),
            participant_details: ParticipantDetails {
                participant_role: self.participant_role.as_str(),
                display_name: &self.display_name,
                participant_capabilities: (self.video || self.screen_share).then_some(capabilities),
            },
        })
    }

    fn parse(body: &[u8]) -> Result<CreatedParticipant, ProtocolError> {
        const WHAT: &str = "the answer of CreateParticipant";
        let answer: Answer = super::json_answer(WHAT, body)?;
        let credentials = super::required(
            WHAT,
            "ParticipantCredentials",
            answer.participant_credentials,
        )?;
        Ok(CreatedParticipant {
            participant_id: super::required(WHAT, "ParticipantId", answer.participant_id)?,
            participant_credentials: ParticipantCredentials {
                participant_token: super::required(
                    WHAT,
                    "ParticipantCredentials.ParticipantToken",
                    credentials.participant_token,
                )?,
                expiry: super::time(credentials.expiry),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let broken = |change: fn(&mut CreateParticipant)| {
            let mut request =
                CreateParticipant::custom_bot("i".repeat(100), "c".into(), "n".repeat(256));
            assert_eq!(request.check(), Ok(()));
            change(&mut request);
            refusal(&request)
        };
        assert!(broken(|it| it.instance_id.clear()).starts_with("InstanceId is empty"));
        assert!(broken(|it| it.instance_id.push('i')).contains("at most 100"));
        assert!(broken(|it| it.contact_id = "".into()).starts_with("ContactId is empty"));
        assert!(broken(|it| it.contact_id = "c".repeat(257).into()).contains("at most 256"));
        let name = "ParticipantDetails.DisplayName";
        assert!(broken(|it| it.display_name.clear()).starts_with(name));
        assert!(broken(|it| it.display_name.push('n')).starts_with(name));
        let token = broken(|it| it.client_token = Some("t".repeat(501).into()));
        assert!(token.starts_with("ClientToken has 501"));
        let role = "ParticipantDetails.ParticipantRole";
        assert!(broken(|it| it.participant_role = ParticipantRole::Agent).starts_with(role));
        assert!(broken(|it| it.participant_role = "GUEST".into()).starts_with(role));
    }

    #[test]
    fn the_answer_lets_the_participant_in_and_debug_hides_the_token() {
        let created = CreateParticipant::parse(
            br#"{"ParticipantId":"p1","ParticipantCredentials":{"ParticipantToken":"SECRET",
                "Expiry":"2026-01-31T12:00:00.000Z"}}"#,
        )
        .unwrap();
        let credentials = &created.participant_credentials;
        assert_eq!(created.participant_id.as_str(), "p1");
        assert_eq!(credentials.participant_token.expose(), "SECRET");
        assert_eq!(
            credentials.expiry,
            AbsoluteTime::parse("2026-01-31T12:00:00Z")
        );
        assert!(!format!("{created:?}").contains("SECRET"), "{created:?}");
        for (body, field) in [
            ("{}", "ParticipantCredentials"),
            (
                r#"{"ParticipantId":"p","ParticipantCredentials":{}}"#,
                "ParticipantCredentials.ParticipantToken",
            ),
            (
                r#"{"ParticipantCredentials":{"ParticipantToken":"t"}}"#,
                "ParticipantId",
            ),
        ] {
            let error = CreateParticipant::parse(body.as_bytes()).unwrap_err();
            assert!(
                error.to_string().ends_with(&format!("no {field}")),
                "{error}"
            );
        }
    }
}
