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

mod cancel_participant_authentication;
mod complete_attachment_upload;
mod create_participant;
mod create_participant_connection;
mod create_persistent_contact_association;
mod describe_view;
mod disconnect_participant;
mod endpoint;
mod errors;
mod get_attachment;
mod get_authentication_url;
mod get_transcript;
pub(crate) mod limits;
mod operation;
mod segment_attributes;
mod send_event;
mod send_message;
#[cfg(feature = "sigv4")]
pub mod sigv4;
mod start_attachment_upload;
mod start_chat_contact;
pub mod start_chat_proxy;
mod start_contact_streaming;
mod stop_contact;
mod stop_contact_streaming;
mod update_participant_role_config;
mod webrtc_connection;

use http::HeaderValue;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::error::{CommandError, ProtocolError, RequestError};
use crate::wire::AbsoluteTime;

pub use cancel_participant_authentication::CancelParticipantAuthentication;
pub use complete_attachment_upload::CompleteAttachmentUpload;
pub use create_participant::{CreateParticipant, CreatedParticipant, ParticipantCredentials};
pub use create_participant_connection::{
    ConnectionCredentials, CreateParticipantConnection, ParticipantConnection, Websocket,
};
pub use create_persistent_contact_association::{
    CreatePersistentContactAssociation, RehydrationType,
};
pub use describe_view::{DescribeView, View, ViewContent};
pub use disconnect_participant::DisconnectParticipant;
pub use endpoint::{Endpoint, Hosts};
pub(crate) use errors::retry_after;
pub use errors::{
    AttachedFileInvalidRequestExceptionReason, AttachedFileServiceQuotaExceededExceptionReason,
    ErrorDetail, Exception, ResourceType,
};
pub use get_attachment::{AttachmentUrl, GetAttachment, UrlContentDisposition};
pub use get_authentication_url::GetAuthenticationUrl;
pub(crate) use get_transcript::PAGE;
pub use get_transcript::{GetTranscript, ScanDirection, SortOrder, StartPosition, TranscriptPage};
pub use operation::Operation;
pub(crate) use operation::Service;
pub use segment_attributes::SegmentAttributeValue;
pub use send_event::{SendEvent, SentEvent};
pub use send_message::{Draft, SendMessage, SentMessage};
pub use start_attachment_upload::{
    NewAttachment, StartAttachmentUpload, StartedAttachmentUpload, UploadMetadata,
};
pub use start_chat_contact::{PersistentChat, ResponseMode, StartChatContact, StartedChat};
pub use start_contact_streaming::StartContactStreaming;
pub use stop_contact::StopContact;
pub use stop_contact_streaming::StopContactStreaming;
pub use update_participant_role_config::{
    ParticipantTimerConfiguration, ParticipantTimerType, ParticipantTimerValue,
    TimerEligibleParticipantRole, UpdateParticipantRoleConfig,
};
pub use webrtc_connection::{
    Attendee, AudioFeatures, MeetingFeatureStatus, MeetingFeatures, WebRtcConnection,
    WebRtcMediaPlacement, WebRtcMeeting,
};

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

    /// What follows the operation's path in the URL: one segment each, not yet encoded.
    #[doc(hidden)]
    fn labels(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The JSON body; empty when the operation has none.
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
/// CreateParticipantConnection, none for the operations of the service `connect`, and the connection
/// token otherwise.
///
/// # Errors
/// [`CommandError`] when the request breaks one of the service's limits, or the token is missing or
/// cannot be put into a header.
pub fn to_http<R: ApiRequest>(
    endpoint: &Endpoint,
    bearer: Option<&str>,
    request: &R,
) -> Result<http::Request<Vec<u8>>, CommandError> {
    request.check()?;
    if bearer.is_none() && R::OPERATION.route().0 == Service::Participant {
        return Err(CommandError::Empty {
            field: "X-Amz-Bearer",
        });
    }
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
    let (service, method, path) = R::OPERATION.route();
    let mut path = path.to_owned();
    for label in request.labels() {
        path.push('/');
        percent_encode(label.as_bytes(), &mut path);
    }
    let mut http = http::Request::new(request.body());
    *http.method_mut() = method;
    *http.uri_mut() = endpoint.uri(service, &path);
    let json = HeaderValue::from_static("application/json");
    let has_body = !http.body().is_empty();
    let headers = http.headers_mut();
    if has_body {
        headers.insert(CONTENT_TYPE, json.clone());
    }
    headers.insert(ACCEPT, json);
    if let Some(bearer) = bearer {
        headers.insert("x-amz-bearer", bearer);
    }
    http
}

/// Adds a part to a URI. All but the unreserved characters of RFC 3986 are encoded, a slash too.
fn percent_encode(part: &[u8], uri: &mut String) {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
    ];
    for &byte in part {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            uri.push(char::from(byte));
        } else {
            uri.push('%');
            uri.push(DIGITS[usize::from(byte >> 4)]);
            uri.push(DIGITS[usize::from(byte & 0xF)]);
        }
    }
}

/// The typed answer of an HTTP response.
///
/// # Errors
/// [`RequestError`]: the service's error, or a body that is not what the service answers.
pub fn from_http<R: ApiRequest>(
    response: &http::Response<impl AsRef<[u8]>>,
) -> Result<R::Answer, RequestError> {
    Ok(R::parse(success::<R>(response)?)?)
}

/// The body of a successful response.
fn success<R: ApiRequest>(
    response: &http::Response<impl AsRef<[u8]>>,
) -> Result<&[u8], RequestError> {
    if response.status().is_success() {
        return Ok(response.body().as_ref());
    }
    Err(errors::read(R::OPERATION, response))
}

/// The service's list of what is to come with a connection.
fn connection_types(websocket: bool, connection_credentials: bool) -> Vec<&'static str> {
    let mut types = Vec::new();
    if websocket {
        types.push("WEBSOCKET");
    }
    if connection_credentials {
        types.push("CONNECTION_CREDENTIALS");
    }
    types
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

/// The body of an answer that says nothing: nothing or JSON. A page of something that stands between
/// us and the service is not the service's yes.
fn empty_answer(what: &'static str, body: &[u8]) -> Result<(), ProtocolError> {
    if body.trim_ascii().is_empty() {
        return Ok(());
    }
    json_answer(what, body).map(|_: serde::de::IgnoredAny| ())
}

/// A field of an answer without which the rest has no meaning.
fn required<T>(
    what: &'static str,
    field: &'static str,
    value: Option<T>,
) -> Result<T, ProtocolError> {
    value.ok_or(ProtocolError::Missing { what, field })
}

/// A time of an answer; one that cannot be read is as good as none.
fn time(text: Option<String>) -> Option<AbsoluteTime> {
    text.and_then(|text| AbsoluteTime::parse(&text))
}

/// Why a request is refused, as text.
#[cfg(test)]
fn refusal(request: &impl ApiRequest) -> String {
    request.check().unwrap_err().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_html_is_no_success() {
        fn check<R: ApiRequest<Answer = ()>>() {
            let of = |body: &'static str| from_http::<R>(&http::Response::new(body));
            assert_eq!(of(""), Ok(()));
            assert_eq!(of("{}\n"), Ok(()));
            let page = of("<html>please sign in</html>").unwrap_err();
            assert!(matches!(page, RequestError::Protocol(_)), "{page}");
            assert!(page.to_string().contains(R::OPERATION.name()), "{page}");
        }
        check::<CancelParticipantAuthentication>();
        check::<CompleteAttachmentUpload>();
        check::<DisconnectParticipant>();
        check::<StopContact>();
        check::<StopContactStreaming>();
        check::<UpdateParticipantRoleConfig>();
    }
}
