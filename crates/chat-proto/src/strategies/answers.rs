//! Answers to HTTP requests.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderValue, Response, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::inputs::transport_error;
use super::items::{history, item_json, text};
use super::{CONTACT, PARTICIPANT, time_text};
use crate::api::Operation;
use crate::error::TransportError;

/// What a service in good health says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Good {
    /// The items of a page of the transcript, as JSON, oldest first.
    pub items: Vec<String>,
    /// Whether the page says that there is another one.
    pub more: bool,
    /// How long a connection token and a socket are good; `None` leaves it unsaid.
    pub lifetime: Option<Duration>,
}

/// The fate of an HTTP request.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// It is answered as its operation should be.
    Good(Good),
    /// The service refuses.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's name of the error.
        exception: &'static str,
        /// The header Retry-After.
        retry_after: Option<&'static str>,
    },
    /// Something is answered that need not be the service's.
    Other {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: String,
    },
    /// It is not answered.
    Failed(TransportError),
}

impl Answer {
    /// The answer to the request of this number, at this time since the beginning. What the
    /// service names, it names after the number.
    ///
    /// # Errors
    /// The failure, where there is no answer.
    pub fn to(
        &self,
        operation: Operation,
        number: u64,
        now: Duration,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let respond = |status: u16, body: String| {
            let mut response = Response::new(body.into_bytes());
            *response.status_mut() =
                StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            response
        };
        match self {
            Self::Good(good) => Ok(respond(200, good.body(operation, number, now))),
            Self::Refused {
                status,
                exception,
                retry_after,
            } => {
                let body = json!({ "__type": exception, "message": "drawn by a strategy" });
                let mut response = respond(*status, body.to_string());
                if let Some(wait) = retry_after {
                    let wait = HeaderValue::from_static(wait);
                    response.headers_mut().insert(RETRY_AFTER, wait);
                }
                Ok(response)
            }
            Self::Other { status, body } => Ok(respond(*status, body.clone())),
            Self::Failed(error) => Err(error.clone()),
        }
    }
}

impl Good {
    fn body(&self, operation: Operation, number: u64, now: Duration) -> String {
        let expiry = self.lifetime.map(|lifetime| time_text(now + lifetime));
        let url = "https://example.com/signed";
        let body = match operation {
            Operation::CreateParticipantConnection => json!({
                "Websocket": { "Url": format!("wss://example.com/{number}"),
                    "ConnectionExpiry": expiry },
                "ConnectionCredentials": { "ConnectionToken": format!("token-{number}"),
                    "Expiry": expiry },
            }),
            Operation::SendMessage | Operation::SendEvent => {
                json!({ "Id": format!("sent-{number}"), "AbsoluteTime": time_text(now) })
            }
            Operation::GetTranscript => {
                let token = self.more.then(|| format!("page-{number}"));
                let items = self.items.join(",");
                return format!(
                    r#"{{"InitialContactId":"{CONTACT}","NextToken":{},"Transcript":[{items}]}}"#,
                    json!(token)
                );
            }
            Operation::StartAttachmentUpload => json!({
                "AttachmentId": format!("attachment-{number}"),
                "UploadMetadata": { "Url": url, "UrlExpiry": expiry,
                    "HeadersToInclude": { "content-type": "image/png" } },
            }),
            Operation::GetAttachment => {
                json!({ "Url": url, "UrlExpiry": expiry, "AttachmentSizeInBytes": 1_024 })
            }
            Operation::DescribeView => json!({ "View": { "Id": "view", "Version": 1,
                "Content": { "InputSchema": "{}", "Template": "{}", "Actions": [] } } }),
            Operation::GetAuthenticationUrl => json!({ "AuthenticationUrl": url }),
            Operation::StartChatContact => json!({ "ContactId": CONTACT,
                "ParticipantId": PARTICIPANT, "ParticipantToken": "participant-token" }),
            Operation::CreateParticipant => json!({ "ParticipantId": PARTICIPANT,
                "ParticipantCredentials": { "ParticipantToken": "participant-token" } }),
            Operation::CreatePersistentContactAssociation => {
                json!({ "ContinuedFromContactId": "past-contact" })
            }
            Operation::StartContactStreaming => json!({ "StreamingId": "stream" }),
            Operation::DisconnectParticipant
            | Operation::CompleteAttachmentUpload
            | Operation::CancelParticipantAuthentication
            | Operation::StopContact
            | Operation::StopContactStreaming
            | Operation::UpdateParticipantRoleConfig => Value::Object(serde_json::Map::new()),
        };
        body.to_string()
    }
}

/// What a service in good health may say.
pub fn good() -> impl Strategy<Value = Good> {
    let items = prop_oneof![
        3 => Just(Vec::new()),
        2 => prop::collection::vec(item_json(), 0..8),
        2 => history(20),
    ];
    let lifetime = prop_oneof![
        2 => Just(None),
        2 => Just(Some(Duration::from_secs(24 * 3_600))),
        1 => (0..3_600_u64).prop_map(|lifetime| Some(Duration::from_secs(lifetime))),
    ];
    (items, prop::bool::weighted(0.1), lifetime).prop_map(|(items, more, lifetime)| Good {
        items,
        more,
        lifetime,
    })
}

/// Any fate of a request, whatever its operation.
pub fn answer() -> impl Strategy<Value = Answer> {
    let refusals = vec![
        (400, "ValidationException"),
        (402, "ServiceQuotaExceededException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (409, "ConflictException"),
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (503, "WeatherException"),
    ];
    let waits = vec![
        None,
        None,
        Some("0"),
        Some("3"),
        Some("86400"),
        Some("soon"),
    ];
    let refused = (prop::sample::select(refusals), prop::sample::select(waits));
    let statuses = prop::sample::select(vec![200, 200, 204, 302, 403, 500, 999]);
    let bodies = prop_oneof![
        Just("{}".to_owned()),
        Just("<html>a proxy's page</html>".to_owned()),
        Just(r#"{"Transcript":[1,{},{"Type":"MESSAGE"}],"NextToken":""}"#.to_owned()),
        Just(r#"{"Websocket":{"Url":"http://example.com"}}"#.to_owned()),
        Just(r#"{"ConnectionCredentials":{"ConnectionToken":"a\nb","Expiry":"never"}}"#.to_owned()),
        text(),
    ];
    prop_oneof![
        8 => good().prop_map(Answer::Good),
        3 => refused.prop_map(|((status, exception), retry_after)| Answer::Refused {
            status,
            exception,
            retry_after,
        }),
        1 => (statuses, bodies).prop_map(|(status, body)| Answer::Other { status, body }),
        1 => transport_error().prop_map(Answer::Failed),
    ]
}

/// Any response to a request of this operation.
pub fn response(operation: Operation) -> impl Strategy<Value = Response<Vec<u8>>> {
    let answered = answer().prop_filter("it is not answered", |answer| {
        !matches!(answer, Answer::Failed(_))
    });
    (answered, 0..1_000_u64).prop_map(move |(answer, number)| {
        let answer = answer.to(operation, number, Duration::ZERO);
        answer.expect("it is answered")
    })
}
