//! Refusals: what the service answers to a request it does not fulfil, and what the agent's side
//! is told.

use http::StatusCode;

use crate::item::Role;
use crate::operation::{Credential, Operation};

/// Why a request is not fulfilled. Each text is complete: it is what the caller reads.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The request has not the form of a request.
    Malformed(String),
    /// A value is outside what is allowed.
    Invalid(String),
    /// The bearer is missing, unknown, expired or of an ended chat.
    AccessDenied(&'static str),
    /// Something the request names does not exist.
    ResourceNotFound(String),
    /// The contact does not exist or has ended.
    ContactNotFound(&'static str),
    /// The request contradicts the state of the chat.
    Conflict(&'static str),
    /// Too many attachments.
    QuotaExceeded(String),
    /// Too many requests in a second.
    Throttled,
    /// Too many chats.
    LimitExceeded(String),
    /// No operation has this method and path.
    UnknownOperation(String),
    /// The body is too large.
    TooLarge(String),
}

impl Refusal {
    /// The status, the name of the exception and the text, as the service of `operation` has them.
    pub(crate) fn answer(self, operation: Option<Operation>) -> (StatusCode, &'static str, String) {
        let signed =
            operation.is_some_and(|operation| operation.credential() == Credential::Signature);
        match self {
            // The `connect` service has two exceptions where the Participant Service has one, but
            // this operation of it has the first only.
            Self::Invalid(text) if operation == Some(Operation::CreateParticipant) => {
                (StatusCode::BAD_REQUEST, "InvalidRequestException", text)
            }
            Self::Malformed(text) if signed => {
                (StatusCode::BAD_REQUEST, "InvalidRequestException", text)
            }
            Self::Invalid(text) if signed => {
                (StatusCode::BAD_REQUEST, "InvalidParameterException", text)
            }
            Self::Malformed(text) | Self::Invalid(text) => {
                (StatusCode::BAD_REQUEST, "ValidationException", text)
            }
            Self::AccessDenied(text) => (
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                text.to_owned(),
            ),
            Self::ResourceNotFound(text) => {
                (StatusCode::NOT_FOUND, "ResourceNotFoundException", text)
            }
            Self::ContactNotFound(text) => (
                StatusCode::GONE,
                "ContactNotFoundException",
                text.to_owned(),
            ),
            Self::Conflict(text) => (StatusCode::CONFLICT, "ConflictException", text.to_owned()),
            Self::QuotaExceeded(text) => (
                StatusCode::PAYMENT_REQUIRED,
                "ServiceQuotaExceededException",
                text,
            ),
            // Its LimitExceededException is for too many chats.
            Self::Throttled if operation == Some(Operation::StartChatContact) => (
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequestsException",
                "Rate exceeded".to_owned(),
            ),
            Self::Throttled => (
                StatusCode::TOO_MANY_REQUESTS,
                "ThrottlingException",
                "Rate exceeded".to_owned(),
            ),
            Self::LimitExceeded(text) => (
                StatusCode::TOO_MANY_REQUESTS,
                "LimitExceededException",
                text,
            ),
            Self::UnknownOperation(text) => {
                (StatusCode::NOT_FOUND, "UnknownOperationException", text)
            }
            Self::TooLarge(text) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "RequestEntityTooLargeException",
                text,
            ),
        }
    }
}

/// Why something that the agent's side asks for cannot be done. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The service has no such contact, or has forgotten it.
    #[error("the service has no contact {0}; use the ContactId that StartChatContact answered")]
    NoSuchContact(String),
    /// The contact has ended.
    #[error("contact {0} has ended; start another chat")]
    Ended(String),
    /// The contact has no such message.
    #[error("the contact has no message {0}; use the Id of a stored message")]
    NoSuchMessage(String),
    /// No agent is in the chat.
    #[error("no agent is in contact {0}; let one join first")]
    NoAgent(String),
    /// Nobody in the chat plays this part.
    #[error("nobody in the chat has the role {0:?}; let somebody join first")]
    NobodyWithRole(Role),
    /// A custom bot is in the chat already.
    #[error("the chat has a custom bot, and may have one only; let it leave first")]
    TooManyBots,
    /// A supervisor is in the chat already.
    #[error("the chat has a supervisor, and may have one only; let them leave first")]
    TooManySupervisors,
    /// The chat is not one of receipts.
    #[error(
        "receipts are for chats of two participants, none of them a supervisor; let the others leave first"
    )]
    NoReceipts,
    /// The chat has as many participants as it may have.
    #[error("the chat has {0} participants, which is all it may have; let one leave first")]
    TooManyParticipants(usize),
    /// The chat has as many files as it may have.
    #[error(
        "the chat has {0} attachments, which is all it may have; raise Settings::attachments_per_contact"
    )]
    TooManyAttachments(usize),
    /// The transcript is full.
    #[error(
        "the transcript holds {0} items, which is all it may hold; raise Settings::items_per_contact or start another chat"
    )]
    TranscriptFull(usize),
    /// The service holds as much as it may, and no contact has ended.
    #[error(
        "the service holds {0} bytes, which is all it may hold; raise Settings::memory or end a chat"
    )]
    MemoryFull(usize),
    /// A value is outside what the service allows.
    #[error("{0}")]
    Invalid(String),
    /// The service keeps as many chats as it may, and none has ended.
    #[error(
        "the service holds {0} chats that have not ended, which is all it may hold; raise Settings::contacts or end one"
    )]
    TooManyContacts(usize),
}

/// Refuses a name that nobody in a chat can have.
pub(crate) fn check_name(display_name: &str) -> Result<(), ControlError> {
    if (1..=256).contains(&display_name.chars().count()) {
        Ok(())
    } else {
        Err(ControlError::Invalid(
            "a display name must have 1 to 256 characters".to_owned(),
        ))
    }
}
