//! What can go wrong, by whose fault it is: [`CommandError`] is the caller's, [`ServiceError`] the
//! service's answer, [`TransportError`] the network's, [`ProtocolError`] the peer's bytes.

use std::time::Duration;

use thiserror::Error;

use crate::api::{ErrorDetail, Exception, Operation};
use crate::ids::{ItemId, LocalId, UploadId};
use crate::session::Phase;

/// The caller asked for something that cannot be done. The session is as it was.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The command does not fit the session's phase.
    #[error("`{command}` cannot be done while the session is {phase}: {advice}")]
    WrongPhase {
        /// The command's name.
        command: &'static str,
        /// Where the session is.
        phase: Phase,
        /// What to do.
        advice: &'static str,
    },
    /// The command needs something that has not happened yet.
    #[error("`{command}` cannot be done yet: {advice}")]
    TooEarly {
        /// The command's name.
        command: &'static str,
        /// What to wait for.
        advice: &'static str,
    },
    /// A field is longer than the service accepts.
    #[error("{field} has {actual} {unit}; the service accepts at most {limit}: shorten it")]
    TooLong {
        /// The service's name of the field.
        field: &'static str,
        /// Its length.
        actual: usize,
        /// The longest the service accepts.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A field that must not be empty is.
    #[error("{field} is empty; the service needs at least one character")]
    Empty {
        /// The service's name of the field.
        field: &'static str,
    },
    /// A value is outside the range the service accepts.
    #[error("{field} is {actual}; the service accepts {from} to {to}")]
    OutOfRange {
        /// The service's name of the field.
        field: &'static str,
        /// The value given.
        actual: u64,
        /// The smallest accepted.
        from: u64,
        /// The greatest accepted.
        to: u64,
    },
    /// A field's value is not of the form the service accepts.
    #[error("{field} is not valid: {problem}")]
    Invalid {
        /// The service's name of the field.
        field: &'static str,
        /// What is wrong, without the value itself.
        problem: &'static str,
    },
    /// A bounded queue is full.
    #[error("{queue} is full ({limit}): wait until something in it has settled")]
    Full {
        /// Which queue.
        queue: &'static str,
        /// Its bound, from the configuration.
        limit: usize,
    },
    /// The configuration has switched this off.
    #[error("`{command}` is switched off: {setting} of the configuration switches it on")]
    Disabled {
        /// The command's name.
        command: &'static str,
        /// The setting's name.
        setting: &'static str,
    },
    /// The transcript holds no item with this id.
    #[error("the transcript holds no item {0}: it was not received yet, or has been dropped")]
    UnknownItem(ItemId),
    /// No failed message has this id.
    #[error("there is no failed message {0} to send again")]
    UnknownMessage(LocalId),
    /// No failed attachment has this id.
    #[error("there is no failed attachment {0} to resume")]
    UnknownAttachment(UploadId),
}

/// A refused command and what it carried, so that nothing the caller made is lost.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{error}")]
pub struct Refused<T: std::fmt::Debug> {
    /// Why it was refused.
    #[source]
    pub error: CommandError,
    /// What the command carried.
    pub payload: T,
}

/// The service answered a request with an error.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("the service refused {operation}: {exception} (HTTP {status}): {message}")]
pub struct ServiceError {
    /// What was asked.
    pub operation: Operation,
    /// The HTTP status.
    pub status: u16,
    /// The service's name of the error.
    pub exception: Exception,
    /// The service's explanation, at most 2,000 characters; empty when it gave none.
    pub message: String,
    /// What the service says beside its explanation, for the errors that say more.
    pub detail: Option<Box<ErrorDetail>>,
    /// How long the service asks us to wait before the next try (header Retry-After, in seconds).
    pub retry_after: Option<Duration>,
}

/// The network, or what stands between us and the service, failed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{kind}: {detail}")]
pub struct TransportError {
    /// What failed.
    pub kind: TransportErrorKind,
    /// The cause in words, without secrets.
    pub detail: String,
}

impl TransportError {
    /// An error of this kind; `detail` says more and must not contain a URL, token or body.
    #[must_use]
    pub fn new(kind: TransportErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }
}

/// What failed in the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No answer in the time the configuration allows.
    #[error("no answer in time")]
    Timeout,
    /// The host name could not be resolved.
    #[error("the host name could not be resolved")]
    Resolve,
    /// The connection was refused or could not be made.
    #[error("no connection could be made")]
    Connect,
    /// The HTTP proxy could not be reached, refused, or is none.
    #[error("the HTTP proxy made no connection")]
    Proxy,
    /// TLS failed; most often a certificate that is not trusted.
    #[error("TLS failed")]
    Tls,
    /// An established connection broke.
    #[error("the connection broke")]
    Broken,
    /// The WebSocket handshake was answered with something else than 101.
    #[error("the WebSocket handshake was refused")]
    HandshakeRefused,
    /// A frame or body is larger than the configuration allows.
    #[error("the peer sent more than the configured limit")]
    TooLarge,
    /// The URL may not be used: not encrypted and not a loopback address.
    #[error("the URL is not allowed")]
    NotAllowed,
    /// The peer broke the rules of HTTP or WebSocket.
    #[error("the peer broke the rules of HTTP or WebSocket")]
    Protocol,
    /// The file to upload could not be read, or the one to download not be written.
    #[error("the file could not be read or written")]
    File,
}

/// The peer's bytes are not what the protocol says.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// Not JSON, or JSON of another shape.
    #[error("{what} is not the JSON expected: {problem}")]
    Json {
        /// What was being read.
        what: &'static str,
        /// What is wrong and where, without the bytes themselves.
        problem: String,
    },
    /// A field without which the rest has no meaning is missing.
    #[error("{what} has no {field}")]
    Missing {
        /// What was being read.
        what: &'static str,
        /// The service's name of the field.
        field: &'static str,
    },
    /// A URL that cannot be used as one.
    #[error("{what} is not a usable URL: {problem}")]
    Url {
        /// Which URL.
        what: &'static str,
        /// What is wrong, without the URL itself.
        problem: &'static str,
    },
    /// A status code that says neither success nor error.
    #[error("{operation} was answered with HTTP {status}, which it never is")]
    Status {
        /// What was asked.
        operation: Operation,
        /// The status.
        status: u16,
    },
    /// A binary frame; the service sends text only.
    #[error("a binary WebSocket frame of {length} bytes; the service sends text only")]
    Binary {
        /// Its length in bytes.
        length: usize,
    },
}

impl ProtocolError {
    pub(crate) fn json(what: &'static str, error: &serde_json::Error) -> Self {
        // serde_json's own text quotes the input ("invalid type: string \"...\""); what the
        // bytes say stays out of errors, so only the category and the place are kept.
        let category = match error.classify() {
            serde_json::error::Category::Io => "it could not be read",
            serde_json::error::Category::Syntax => "not JSON",
            serde_json::error::Category::Data => "a field has another type",
            serde_json::error::Category::Eof => "it ends too early",
        };
        Self::Json {
            what,
            problem: format!(
                "{category} (line {}, column {})",
                error.line(),
                error.column()
            ),
        }
    }
}

/// A request to the service failed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The service said no.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// It did not reach the service, or the answer did not reach us.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The answer cannot be understood.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The bytes of a file did not come across.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The session ended before the answer came.
    #[error("the session ended before the service answered")]
    Ended,
}

/// What a failed request means for the next try.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "there are no other answers to the question"
)]
pub enum RetryClass {
    /// The same request may succeed later: 429, 5xx, network errors, unreadable answers.
    Later,
    /// The token is not accepted: 401 or 403 of the service.
    Denied,
    /// The same request will fail again: every other answer of the service.
    Never,
}

impl RequestError {
    /// Whether trying again makes sense.
    #[must_use]
    pub const fn retry_class(&self) -> RetryClass {
        match self {
            Self::Service(error) => match error.status {
                401 | 403 => RetryClass::Denied,
                408 | 429 | 500..=599 => RetryClass::Later,
                _ => RetryClass::Never,
            },
            Self::Transport(error) => match error.kind {
                TransportErrorKind::NotAllowed | TransportErrorKind::File => RetryClass::Never,
                TransportErrorKind::Timeout
                | TransportErrorKind::Resolve
                | TransportErrorKind::Connect
                | TransportErrorKind::Proxy
                | TransportErrorKind::Tls
                | TransportErrorKind::Broken
                | TransportErrorKind::HandshakeRefused
                | TransportErrorKind::TooLarge
                | TransportErrorKind::Protocol => RetryClass::Later,
            },
            Self::Protocol(_) => RetryClass::Later,
            // A 403 says nothing of our token: there is none in a transfer.
            Self::Transfer(TransferError::Status {
                status: 408 | 429 | 500..=599,
            }) => RetryClass::Later,
            Self::Transfer(_) | Self::Ended => RetryClass::Never,
        }
    }

    /// How long the service asks us to wait, when it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Service(error) => error.retry_after,
            Self::Transport(_) | Self::Protocol(_) | Self::Transfer(_) | Self::Ended => None,
        }
    }
}

/// An attempt to get a working connection failed.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The request for a WebSocket URL failed.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The WebSocket could not be opened.
    #[error("the WebSocket could not be opened: {0}")]
    Socket(#[source] TransportError),
    /// The WebSocket was closed before the subscription was acknowledged.
    #[error("the service closed the WebSocket before the chat was subscribed to (code {code})")]
    Closed {
        /// The WebSocket close code; 1006 when there was none.
        code: u16,
    },
    /// The service did not acknowledge the subscription, however often it was asked.
    #[error("the service did not acknowledge the subscription to the chat: {answer}")]
    Subscription {
        /// "no answer", or the status the service answered with.
        answer: String,
    },
    /// The whole attempt took longer than the configuration allows.
    #[error("no connection within {} seconds", limit.as_secs())]
    Deadline {
        /// The configured limit.
        limit: Duration,
    },
}

/// A message could not be sent.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The service refused it for good.
    #[error(transparent)]
    Refused(RequestError),
    /// It could not be delivered within the send deadline. It may have reached the service; send
    /// it again with `resend`, which repeats the same client token and so cannot double it.
    #[error("not confirmed within {} seconds; resend it, which cannot double it", limit.as_secs())]
    Deadline {
        /// The configured deadline.
        limit: Duration,
        /// The failure of the last try.
        #[source]
        last: Option<RequestError>,
    },
    /// The session ended first.
    #[error("the session ended before the message was confirmed")]
    Ended,
}

/// The place where the service keeps files answered, but the file did not come across.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[non_exhaustive]
pub enum TransferError {
    /// It refused: 403 when the URL has expired or the request is not the one that was signed.
    #[error("the place where the service keeps files answered with HTTP {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// It is not the whole file, or another one.
    #[error("{actual} bytes went across; the file has {expected}")]
    Length {
        /// The file's size in bytes.
        expected: u64,
        /// How many bytes there were.
        actual: u64,
    },
}

/// A file could not be sent.
/// [`Session::resume_attachment`](crate::Session::resume_attachment) goes on where it stopped.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{stage} failed: {error}")]
#[non_exhaustive]
pub struct AttachmentError {
    /// Where it stopped.
    pub stage: AttachmentStage,
    /// Why.
    #[source]
    pub error: RequestError,
}

/// The stages of sending a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Error)]
#[expect(clippy::exhaustive_enums, reason = "there are no other stages")]
pub enum AttachmentStage {
    /// StartAttachmentUpload. With [`Exception::ServiceQuotaExceeded`], the chat has as many
    /// attachments as it may.
    #[error("asking where to upload the file")]
    Start,
    /// The upload of the bytes to the URL it answered.
    #[error("uploading the file")]
    Upload,
    /// CompleteAttachmentUpload. The file has been uploaded.
    #[error("putting the file into the chat")]
    Complete,
}
