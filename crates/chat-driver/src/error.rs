//! What can go wrong, by what was asked. The causes are the errors of `chat_proto`, which say
//! whose fault it is.

use std::time::Duration;

use chat_proto::{
    AttachmentError, CommandError, ConnectError, Draft, EndReason, LocalId, Refused, RequestError,
    SendError, UploadId,
};
use thiserror::Error;

/// A client cannot be built with these settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A setting is outside its range.
    #[error("{setting} is {given}; it must be from {from} to {to}")]
    OutOfRange {
        /// The setting's name.
        setting: &'static str,
        /// The value given.
        given: usize,
        /// The smallest value accepted.
        from: usize,
        /// The greatest value accepted.
        to: usize,
    },
    /// A time is outside its range.
    #[error("{setting} is {given:?}; it must be from {from:?} to {to:?}")]
    TimeOutOfRange {
        /// The setting's name.
        setting: &'static str,
        /// The value given.
        given: Duration,
        /// The smallest value accepted.
        from: Duration,
        /// The greatest value accepted.
        to: Duration,
    },
    /// A header cannot be sent: HTTP does not allow its name or value, or the client sets it
    /// itself.
    #[error("the header {name:?} cannot be sent: {problem}")]
    Header {
        /// The header's name.
        name: String,
        /// What is wrong with it. The value, which may be a secret, is not shown.
        problem: &'static str,
    },
    /// The URL of the proxy cannot be used. It is not shown, since it may hold a password.
    #[error(
        "the proxy's URL is not of the form http://host:port or http://user:password@host:port"
    )]
    Proxy,
    /// The suffix of the user agent cannot stand in an HTTP header.
    #[error("user_agent_suffix holds characters no HTTP header may hold: use visible ASCII")]
    UserAgent(#[source] http::header::InvalidHeaderValue),
    /// TLS settings cannot be made: those of the default, or of the platform's verifier.
    #[error("the TLS settings cannot be made; pass your own with tls_config: {0}")]
    Tls(#[source] rustls::Error),
}

/// A session cannot be begun.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The chat's details, or what the resume state holds, break a limit of the service.
    #[error(transparent)]
    Details(#[from] CommandError),
    /// The operating system gave no random bytes, without which messages could be doubled.
    #[error("the operating system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// There is no runtime to run the session on.
    #[error(transparent)]
    NoRuntime(#[from] NoRuntime),
    /// The client has been [shut down](crate::Client::shutdown).
    #[error("the client is shut down; build another one")]
    ShutDown,
}

/// There is no runtime here to run a task on.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{advice}: {cause}")]
pub struct NoRuntime {
    advice: &'static str,
    cause: String,
}

impl NoRuntime {
    /// What to do, and what the runtime says.
    pub fn new(advice: &'static str, cause: &dyn std::error::Error) -> Self {
        let cause = cause.to_string();
        Self { advice, cause }
    }
}

/// A chat could not be started.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum StartChatError {
    /// The request breaks a limit of the service; nothing was sent.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The service refused it, or could not be reached.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// There is no runtime to do it on; nothing was sent.
    #[error(transparent)]
    NoRuntime(#[from] NoRuntime),
}

/// The first connect did not succeed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The session cannot be connected in its present phase.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The attempt failed. The session is idle again, and `connect` can be repeated.
    #[error(transparent)]
    Failed(#[from] ConnectError),
    /// The session ended first.
    #[error("the session ended before it was connected")]
    Ended(EndReason),
}

/// A message that was accepted and then could not be sent. It can be sent again with
/// [`ChatSession::resend`](crate::ChatSession::resend), which cannot double it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{local_id} was not sent: {error}")]
#[non_exhaustive]
pub struct FailedMessage {
    /// Which message.
    pub local_id: LocalId,
    /// What it was.
    pub draft: Draft,
    /// Why.
    #[source]
    pub error: SendError,
}

/// A message was not sent.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SendFailure {
    /// It was not accepted.
    #[error(transparent)]
    Refused(#[from] Refused<Draft>),
    /// It was accepted, and then could not be sent.
    #[error(transparent)]
    Failed(#[from] Box<FailedMessage>),
}

impl SendFailure {
    /// The message, handed back.
    #[must_use]
    pub fn into_draft(self) -> Draft {
        match self {
            Self::Refused(refused) => refused.payload,
            Self::Failed(failed) => failed.draft,
        }
    }
}

/// A message was not sent again.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ResendFailure {
    /// There is nothing to send again under this id, or no room for it.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It was accepted, and again could not be sent.
    #[error(transparent)]
    Failed(#[from] Box<FailedMessage>),
}

/// A call has no answer of the service.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// It was not accepted; nothing was sent.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It was sent, and failed.
    #[error(transparent)]
    Request(#[from] RequestError),
}

/// A file that was accepted and then could not be sent.
/// [`ChatSession::resume_attachment`](crate::ChatSession::resume_attachment) goes on where it
/// stopped.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{upload} was not sent: {error}")]
#[non_exhaustive]
pub struct FailedAttachment {
    /// Which file.
    pub upload: UploadId,
    /// At which stage, and why.
    #[source]
    pub error: AttachmentError,
}

/// A file was not sent.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum AttachmentFailure {
    /// It was not accepted; nothing was sent.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// It was accepted, and then could not be sent.
    #[error(transparent)]
    Failed(#[from] FailedAttachment),
}
