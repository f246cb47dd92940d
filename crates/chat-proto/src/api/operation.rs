//! The operations of the service: their names and where each is found.

use std::fmt;

use http::Method;

/// An operation of the service.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Operation {
    /// Opens a connection: a WebSocket URL, a connection token, or both.
    CreateParticipantConnection,
    /// Sends a message.
    SendMessage,
    /// Sends an event: typing, a receipt.
    SendEvent,
    /// Reads a page of the transcript.
    GetTranscript,
    /// Leaves the chat.
    DisconnectParticipant,
    /// Asks where to upload a file.
    StartAttachmentUpload,
    /// Says that a file has been uploaded.
    CompleteAttachmentUpload,
    /// Asks where to download a file.
    GetAttachment,
    /// Reads a view: a form or page that a flow shows.
    DescribeView,
    /// Asks where the customer signs in.
    GetAuthenticationUrl,
    /// Gives up signing in.
    CancelParticipantAuthentication,
    /// Starts a chat (service `connect`, as all that follow).
    StartChatContact,
    /// Ends a contact.
    StopContact,
    /// Adds a participant to a contact.
    CreateParticipant,
    /// Joins a contact to a past one.
    CreatePersistentContactAssociation,
    /// Starts to publish a chat to an SNS topic.
    StartContactStreaming,
    /// Stops publishing it.
    StopContactStreaming,
    /// Sets a chat's timers for idle participants.
    UpdateParticipantRoleConfig,
}

/// Which of the two services an operation belongs to; they have different hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Service {
    /// `participant.connect`: what a participant does in a chat.
    Participant,
    /// `connect`: what a company does with chats.
    Connect,
}

impl Operation {
    /// The service's name of it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateParticipantConnection => "CreateParticipantConnection",
            Self::SendMessage => "SendMessage",
            Self::SendEvent => "SendEvent",
            Self::GetTranscript => "GetTranscript",
            Self::DisconnectParticipant => "DisconnectParticipant",
            Self::StartAttachmentUpload => "StartAttachmentUpload",
            Self::CompleteAttachmentUpload => "CompleteAttachmentUpload",
            Self::GetAttachment => "GetAttachment",
            Self::DescribeView => "DescribeView",
            Self::GetAuthenticationUrl => "GetAuthenticationUrl",
            Self::CancelParticipantAuthentication => "CancelParticipantAuthentication",
            Self::StartChatContact => "StartChatContact",
            Self::StopContact => "StopContact",
            Self::CreateParticipant => "CreateParticipant",
            Self::CreatePersistentContactAssociation => "CreatePersistentContactAssociation",
            Self::StartContactStreaming => "StartContactStreaming",
            Self::StopContactStreaming => "StopContactStreaming",
            Self::UpdateParticipantRoleConfig => "UpdateParticipantRoleConfig",
        }
    }

    /// The service, the method, and the path; the request's labels follow the path.
    pub(super) const fn route(self) -> (Service, Method, &'static str) {
        use Service::{Connect, Participant};
        match self {
            Self::CreateParticipantConnection => {
                (Participant, Method::POST, "/participant/connection")
            }
            Self::SendMessage => (Participant, Method::POST, "/participant/message"),
            Self::SendEvent => (Participant, Method::POST, "/participant/event"),
            Self::GetTranscript => (Participant, Method::POST, "/participant/transcript"),
            Self::DisconnectParticipant => (Participant, Method::POST, "/participant/disconnect"),
            Self::StartAttachmentUpload => (
                Participant,
                Method::POST,
                "/participant/start-attachment-upload",
            ),
            Self::CompleteAttachmentUpload => (
                Participant,
                Method::POST,
                "/participant/complete-attachment-upload",
            ),
            Self::GetAttachment => (Participant, Method::POST, "/participant/attachment"),
            Self::DescribeView => (Participant, Method::GET, "/participant/views"),
            Self::GetAuthenticationUrl => {
                (Participant, Method::POST, "/participant/authentication-url")
            }
            Self::CancelParticipantAuthentication => (
                Participant,
                Method::POST,
                "/participant/cancel-authentication",
            ),
            Self::StartChatContact => (Connect, Method::PUT, "/contact/chat"),
            Self::StopContact => (Connect, Method::POST, "/contact/stop"),
            Self::CreateParticipant => (Connect, Method::POST, "/contact/create-participant"),
            Self::CreatePersistentContactAssociation => (
                Connect,
                Method::POST,
                "/contact/persistent-contact-association",
            ),
            Self::StartContactStreaming => (Connect, Method::POST, "/contact/start-streaming"),
            Self::StopContactStreaming => (Connect, Method::POST, "/contact/stop-streaming"),
            Self::UpdateParticipantRoleConfig => {
                (Connect, Method::PUT, "/contact/participant-role-config")
            }
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
