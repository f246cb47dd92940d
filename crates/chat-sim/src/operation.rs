//! The operations of the service: names, methods and paths.

use http::Method;
use serde::{Deserialize, Serialize};

/// An operation of the service that the simulator answers.
///
/// In JSON it is written as the service writes it: `"SendMessage"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    /// `PUT /contact/chat`
    StartChatContact,
    /// `POST /contact/stop`
    StopContact,
    /// `POST /participant/connection`
    CreateParticipantConnection,
    /// `POST /participant/message`
    SendMessage,
    /// `POST /participant/event`
    SendEvent,
    /// `POST /participant/transcript`
    GetTranscript,
    /// `POST /participant/disconnect`
    DisconnectParticipant,
}

/// Whose credentials an operation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// An AWS signature, which the simulator does not check.
    Signature,
    /// The participant token of StartChatContact, as the bearer.
    ParticipantToken,
    /// The connection token of CreateParticipantConnection, as the bearer.
    ConnectionToken,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 7] = [
        Self::StartChatContact,
        Self::StopContact,
        Self::CreateParticipantConnection,
        Self::SendMessage,
        Self::SendEvent,
        Self::GetTranscript,
        Self::DisconnectParticipant,
    ];

    /// The name the service gives the operation.
    pub fn name(self) -> &'static str {
        match self {
            Self::StartChatContact => "StartChatContact",
            Self::StopContact => "StopContact",
            Self::CreateParticipantConnection => "CreateParticipantConnection",
            Self::SendMessage => "SendMessage",
            Self::SendEvent => "SendEvent",
            Self::GetTranscript => "GetTranscript",
            Self::DisconnectParticipant => "DisconnectParticipant",
        }
    }

    /// The path of the operation.
    pub fn path(self) -> &'static str {
        match self {
            Self::StartChatContact => "/contact/chat",
            Self::StopContact => "/contact/stop",
            Self::CreateParticipantConnection => "/participant/connection",
            Self::SendMessage => "/participant/message",
            Self::SendEvent => "/participant/event",
            Self::GetTranscript => "/participant/transcript",
            Self::DisconnectParticipant => "/participant/disconnect",
        }
    }

    /// The method of the operation.
    pub fn method(self) -> Method {
        match self {
            Self::StartChatContact => Method::PUT,
            Self::StopContact
            | Self::CreateParticipantConnection
            | Self::SendMessage
            | Self::SendEvent
            | Self::GetTranscript
            | Self::DisconnectParticipant => Method::POST,
        }
    }

    /// The operation that a request line asks for.
    pub(crate) fn route(method: &Method, path: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.path() == path && operation.method() == *method)
    }

    /// What the operation takes as proof of who is calling.
    pub(crate) fn credential(self) -> Credential {
        match self {
            Self::StartChatContact | Self::StopContact => Credential::Signature,
            Self::CreateParticipantConnection => Credential::ParticipantToken,
            Self::SendMessage
            | Self::SendEvent
            | Self::GetTranscript
            | Self::DisconnectParticipant => Credential::ConnectionToken,
        }
    }
}
