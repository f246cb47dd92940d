//! The REST API as conversions: a typed request becomes an [`http::Request`], an
//! [`http::Response`] becomes a typed answer or a typed error. One module per operation.
//!
//! ```
//! use chat_proto::api::{self, Endpoint, GetTranscript};
//! use chat_proto::ConnectionToken;
//!
//! let endpoint = Endpoint::region("us-west-2")?;
//! let token = ConnectionToken::from("from CreateParticipantConnection");
//! let request = api::to_http(&endpoint, Some(token.expose()), &GetTranscript::default())?;
//! assert_eq!(
//!     request.uri(),
//!     "https://participant.connect.us-west-2.amazonaws.com/participant/transcript"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod create_participant_connection;
mod disconnect_participant;
mod endpoint;
mod errors;
mod get_transcript;
pub(crate) mod limits;
mod send_event;
mod send_message;
mod start_chat_contact;

use std::fmt;

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::error::{CommandError, ProtocolError, RequestError};

pub use create_participant_connection::{
    ConnectionCredentials, CreateParticipantConnection, ParticipantConnection, Websocket,
};
pub use disconnect_participant::DisconnectParticipant;
pub use endpoint::Endpoint;
pub use errors::Exception;
pub(crate) use get_transcript::PAGE;
pub use get_transcript::{GetTranscript, ScanDirection, SortOrder, StartPosition, TranscriptPage};
pub use send_event::{SendEvent, SentEvent};
pub use send_message::{Draft, SendMessage, SentMessage};
pub use start_chat_contact::StartChatContact;

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
    /// Starts a chat (service `connect`, not the Participant Service).
    StartChatContact,
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
            Self::StartChatContact => "StartChatContact",
        }
    }

    const fn service(self) -> Service {
        match self {
            Self::StartChatContact => Service::Connect,
            Self::CreateParticipantConnection
            | Self::SendMessage
            | Self::SendEvent
            | Self::GetTranscript
            | Self::DisconnectParticipant => Service::Participant,
        }
    }

    const fn method(self) -> http::Method {
        match self {
            Self::StartChatContact => http::Method::PUT,
            Self::CreateParticipantConnection
            | Self::SendMessage
            | Self::SendEvent
            | Self::GetTranscript
            | Self::DisconnectParticipant => http::Method::POST,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::CreateParticipantConnection => "/participant/connection",
            Self::SendMessage => "/participant/message",
            Self::SendEvent => "/participant/event",
            Self::GetTranscript => "/participant/transcript",
            Self::DisconnectParticipant => "/participant/disconnect",
            Self::StartChatContact => "/contact/chat",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which of the two services an operation belongs to; they have different hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Service {
    /// `participant.connect`: what a participant does in a chat.
    Participant,
    /// `connect`: what a company does with chats.
    Connect,
}

/// A typed request. Implemented by the operations of this module only.
pub trait ApiRequest: private::Sealed {
    /// Which operation it is.
    const OPERATION: Operation;
    /// What the service answers.
    type Answer;

    /// Checks the request against the service's limits.
    ///
    /// # Errors
    /// [`CommandError`] naming the field and its limit.
    fn check(&self) -> Result<(), CommandError>;

    /// The JSON body.
    #[doc(hidden)]
    fn body(&self) -> Vec<u8>;

    /// Reads the body of a successful answer.
    #[doc(hidden)]
    fn parse(body: &[u8]) -> Result<Self::Answer, ProtocolError>;
}

pub(crate) mod private {
    #[expect(
        unnameable_types,
        reason = "a trait that nobody else can name cannot be implemented by anybody else"
    )]
    pub trait Sealed {}
}

/// The HTTP request for a typed one. `bearer` is the participant token for
/// CreateParticipantConnection, none for StartChatContact, and the connection token otherwise.
///
/// # Errors
/// [`CommandError`] when the request breaks one of the service's limits, or the token cannot be
/// put into a header.
pub fn to_http<R: ApiRequest>(
    endpoint: &Endpoint,
    bearer: Option<&str>,
    request: &R,
) -> Result<http::Request<Vec<u8>>, CommandError> {
    request.check()?;
    Ok(build(
        endpoint,
        bearer.map(self::bearer).transpose()?,
        request,
    ))
}

/// A token as the header value that carries it.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, CommandError> {
    limits::length("X-Amz-Bearer", token, 1_000)?;
    let mut value = HeaderValue::from_str(token).map_err(|_| CommandError::Invalid {
        field: "X-Amz-Bearer",
        problem: "the token holds characters that no HTTP header may hold",
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The HTTP request for a typed one that has been checked.
pub(crate) fn build<R: ApiRequest>(
    endpoint: &Endpoint,
    bearer: Option<HeaderValue>,
    request: &R,
) -> http::Request<Vec<u8>> {
    let mut http = http::Request::new(request.body());
    *http.method_mut() = R::OPERATION.method();
    *http.uri_mut() = endpoint.uri(R::OPERATION.service(), R::OPERATION.path());
    let headers = http.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, json.clone());
    headers.insert(ACCEPT, json);
    if let Some(bearer) = bearer {
        headers.insert("x-amz-bearer", bearer);
    }
    http
}

/// The typed answer of an HTTP response.
///
/// # Errors
/// [`RequestError`]: the service's error, or a body that is not what the service answers.
pub fn from_http<R: ApiRequest>(
    response: &http::Response<impl AsRef<[u8]>>,
) -> Result<R::Answer, RequestError> {
    let status = response.status();
    if status.is_success() {
        return Ok(R::parse(response.body().as_ref())?);
    }
    Err(errors::read(R::OPERATION, response))
}

/// The body of a request. The types here always serialize.
fn json_body(body: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

/// The body of an answer.
fn json_answer<'a, T: serde::Deserialize<'a>>(
    what: &'static str,
    body: &'a [u8],
) -> Result<T, ProtocolError> {
    serde_json::from_slice(body).map_err(|error| ProtocolError::json(what, &error))
}
