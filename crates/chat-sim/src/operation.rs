//! The operations of the service: names, methods and paths.

use http::Method;
use serde::{Deserialize, Serialize};

/// An operation of the service that the simulator answers.
///
/// In JSON it is written as the service writes it: `"SendMessage"`. The two at the end are no
/// operations of the service's API but the URLs it gives out for files; they stand here so that
/// faults can be aimed at them and their requests be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Operation {
    /// `PUT /contact/chat`
    StartChatContact,
    /// `POST /contact/stop`
    StopContact,
    /// `POST /contact/create-participant`
    CreateParticipant,
    /// `POST /contact/persistent-contact-association/{InstanceId}/{InitialContactId}`
    CreatePersistentContactAssociation,
    /// `POST /contact/start-streaming`
    StartContactStreaming,
    /// `POST /contact/stop-streaming`
    StopContactStreaming,
    /// `PUT /contact/participant-role-config/{InstanceId}/{ContactId}`
    UpdateParticipantRoleConfig,
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
    /// `POST /participant/start-attachment-upload`
    StartAttachmentUpload,
    /// `POST /participant/complete-attachment-upload`
    CompleteAttachmentUpload,
    /// `POST /participant/attachment`
    GetAttachment,
    /// `GET /participant/views/{ViewToken}`
    DescribeView,
    /// `POST /participant/authentication-url`
    GetAuthenticationUrl,
    /// `POST /participant/cancel-authentication`
    CancelParticipantAuthentication,
    /// `PUT` of a file to the URL that StartAttachmentUpload gives out.
    UploadAttachment,
    /// `GET` of a file from the URL that GetAttachment gives out.
    DownloadAttachment,
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
    /// A token at the end of the path, in a URL that the service gave out.
    Url,
}

/// What there is to know of an operation.
struct Facts {
    name: &'static str,
    method: Method,
    path: &'static str,
    credential: Credential,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 20] = [
        Self::StartChatContact,
        Self::StopContact,
        Self::CreateParticipant,
        Self::CreatePersistentContactAssociation,
        Self::StartContactStreaming,
        Self::StopContactStreaming,
        Self::UpdateParticipantRoleConfig,
        Self::CreateParticipantConnection,
        Self::SendMessage,
        Self::SendEvent,
        Self::GetTranscript,
        Self::DisconnectParticipant,
        Self::StartAttachmentUpload,
        Self::CompleteAttachmentUpload,
        Self::GetAttachment,
        Self::DescribeView,
        Self::GetAuthenticationUrl,
        Self::CancelParticipantAuthentication,
        Self::UploadAttachment,
        Self::DownloadAttachment,
    ];

    fn facts(self) -> Facts {
        use Credential::{ConnectionToken, ParticipantToken, Signature, Url};
        let facts = |name, method, path, credential| Facts {
            name,
            method,
            path,
            credential,
        };
        let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
        match self {
            Self::StartChatContact => facts("StartChatContact", put, "/contact/chat", Signature),
            Self::StopContact => facts("StopContact", post, "/contact/stop", Signature),
            Self::CreateParticipant => facts(
                "CreateParticipant",
                post,
                "/contact/create-participant",
                Signature,
            ),
            Self::CreatePersistentContactAssociation => facts(
                "CreatePersistentContactAssociation",
                post,
                "/contact/persistent-contact-association/",
                Signature,
            ),
            Self::StartContactStreaming => facts(
                "StartContactStreaming",
                post,
                "/contact/start-streaming",
                Signature,
            ),
            Self::StopContactStreaming => facts(
                "StopContactStreaming",
                post,
                "/contact/stop-streaming",
                Signature,
            ),
            Self::UpdateParticipantRoleConfig => facts(
                "UpdateParticipantRoleConfig",
                put,
                "/contact/participant-role-config/",
                Signature,
            ),
            Self::CreateParticipantConnection => facts(
                "CreateParticipantConnection",
                post,
                "/participant/connection",
                ParticipantToken,
            ),
            Self::SendMessage => {
                facts("SendMessage", post, "/participant/message", ConnectionToken)
            }
            Self::SendEvent => facts("SendEvent", post, "/participant/event", ConnectionToken),
            Self::GetTranscript => facts(
                "GetTranscript",
                post,
                "/participant/transcript",
                ConnectionToken,
            ),
            Self::DisconnectParticipant => facts(
                "DisconnectParticipant",
                post,
                "/participant/disconnect",
                ConnectionToken,
            ),
            Self::StartAttachmentUpload => facts(
                "StartAttachmentUpload",
                post,
                "/participant/start-attachment-upload",
                ConnectionToken,
            ),
            Self::CompleteAttachmentUpload => facts(
                "CompleteAttachmentUpload",
                post,
                "/participant/complete-attachment-upload",
                ConnectionToken,
            ),
            Self::GetAttachment => facts(
                "GetAttachment",
                post,
                "/participant/attachment",
                ConnectionToken,
            ),
            Self::DescribeView => {
                facts("DescribeView", get, "/participant/views/", ConnectionToken)
            }
            Self::GetAuthenticationUrl => facts(
                "GetAuthenticationUrl",
                post,
                "/participant/authentication-url",
                ConnectionToken,
            ),
            Self::CancelParticipantAuthentication => facts(
                "CancelParticipantAuthentication",
                post,
                "/participant/cancel-authentication",
                ConnectionToken,
            ),
            Self::UploadAttachment => facts("UploadAttachment", put, "/_attachments/upload/", Url),
            Self::DownloadAttachment => {
                facts("DownloadAttachment", get, "/_attachments/download/", Url)
            }
        }
    }

    /// The name the service gives the operation.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The path of the operation. When it ends with a slash, parameters follow it.
    pub fn path(self) -> &'static str {
        self.facts().path
    }

    /// The method of the operation.
    pub fn method(self) -> Method {
        self.facts().method
    }

    /// The operation that a request line asks for, and the parameters at the end of the path.
    pub(crate) fn route<'a>(method: &Method, path: &'a str) -> Option<(Self, &'a str)> {
        Self::ALL.into_iter().find_map(|operation| {
            let facts = operation.facts();
            let parameters = path.strip_prefix(facts.path)?;
            let fits = facts.path.ends_with('/') != parameters.is_empty();
            (fits && facts.method == *method).then_some((operation, parameters))
        })
    }

    /// What the operation takes as proof of who is calling.
    pub(crate) fn credential(self) -> Credential {
        self.facts().credential
    }
}
