//! The start-chat proxy that AWS publishes: a company's backend that starts chats for clients which
//! have no AWS credentials. The template `startChatContactAPI` (repository
//! `amazon-connect/amazon-connect-chat-ui-examples`) puts an API Gateway before a function that
//! calls StartChatContact.
//!
//! Of the template's own code: the request is a `POST`, without authorization, of JSON with the
//! field names of StartChatContact. Read are `InstanceId` and `ContactFlowId` (the proxy has its
//! own when they are empty), `ParticipantDetails.DisplayName`, `SupportedMessagingContentTypes`,
//! `ChatDurationInMinutes` and `PersistentChat`; other fields are ignored, and the name is also
//! set as the attribute `customerName`. The answer has what StartChatContact answered under
//! `data.startChatResult`, and an error under `data.Error`.
//!
//! Inferred: companies change the template to pass on more, so the whole request is sent. The
//! error is the one of the AWS SDK for JavaScript as JSON: `code` (version 2) or `name` (version
//! 3), `message`, and the service's status in `statusCode` or `$metadata.httpStatusCode`. Older
//! proxies answer every error with 500, so that status goes before the proxy's own.
//!
//! ```
//! use chat_proto::api::{StartChatContact, start_chat_proxy};
//!
//! let url = "https://0123456789.execute-api.us-west-2.amazonaws.com/Prod";
//! let chat = StartChatContact::new("", "", "Ada"); // the proxy's own instance and flow
//! let request = start_chat_proxy::to_http(url, &chat)?;
//! assert_eq!(request.uri(), url);
//!
//! // A real program sends the request here.
//! let body = r#"{"data":{"startChatResult":
//!     {"ContactId":"c","ParticipantId":"p","ParticipantToken":"t"}}}"#;
//! let chat = start_chat_proxy::from_http(&http::Response::new(body))?;
//! assert_eq!(chat.details.contact_id.as_str(), "c");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Uri};
use serde::Deserialize;
use serde_json::Value;

use crate::api::{ApiRequest, StartChatContact, StartedChat, errors, limits, start_chat_contact};
use crate::error::{CommandError, RequestError};

/// The request that has the proxy at this URL start a chat. The URL is used as it is given.
/// `instance_id` and `contact_flow_id` may be empty.
///
/// # Errors
/// [`CommandError`] when the request breaks one of the service's limits, or the URL is not an
/// absolute `http` or `https` URL.
pub fn to_http(url: &str, chat: &StartChatContact) -> Result<http::Request<Vec<u8>>, CommandError> {
    let instance_id = chat.instance_id.chars().count();
    limits::at_most("InstanceId", instance_id, 100, "characters")?;
    let contact_flow_id = chat.contact_flow_id.chars().count();
    limits::at_most("ContactFlowId", contact_flow_id, 500, "characters")?;
    chat.check_chat()?;
    let mut request = http::Request::new(chat.body());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = usable(url)?;
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json.clone());
    request.headers_mut().insert(ACCEPT, json);
    Ok(request)
}

/// The URL is not repeated in the error: it may carry a key.
fn usable(url: &str) -> Result<Uri, CommandError> {
    url.parse()
        .ok()
        .filter(|uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")))
        .ok_or(CommandError::Invalid {
            field: "the proxy's URL",
            problem: "it must be an absolute URL that begins with https:// or http://",
        })
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    start_chat_result: Option<start_chat_contact::Answer>,
}

/// The chat that the proxy has started.
///
/// # Errors
/// [`RequestError`]: the service's error or the proxy's, or a body that is not what the proxy
/// answers.
pub fn from_http(response: &http::Response<impl AsRef<[u8]>>) -> Result<StartedChat, RequestError> {
    const WHAT: &str = "the answer of the start-chat proxy";
    if !response.status().is_success() {
        return Err(error(response));
    }
    let answer: Answer = super::json_answer(WHAT, response.body().as_ref())?;
    let result = answer.data.and_then(|data| data.start_chat_result);
    Ok(super::required(WHAT, "data.startChatResult", result)?.read()?)
}

fn error(response: &http::Response<impl AsRef<[u8]>>) -> RequestError {
    let status = response.status().as_u16();
    let body: Value = serde_json::from_slice(response.body().as_ref()).unwrap_or_default();
    // API Gateway's own errors have their message at the top.
    let error = body.pointer("/data/Error").unwrap_or(&body);
    let services = error
        .get("statusCode")
        .or_else(|| error.pointer("/$metadata/httpStatusCode"))
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok())
        .filter(|status| (400..=599).contains(status));
    errors::describe(
        StartChatContact::OPERATION,
        services.unwrap_or(status),
        response.headers(),
        error,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Exception;
    use crate::error::{ProtocolError, ServiceError};

    const URL: &str = "https://0123456789.execute-api.us-west-2.amazonaws.com/Prod?stage=1";

    fn refusal(status: u16, body: &str) -> ServiceError {
        let mut response = http::Response::new(body);
        *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
        let RequestError::Service(error) = from_http(&response).unwrap_err() else {
            panic!("it is not the service's error")
        };
        error
    }

    #[test]
    fn the_whole_request_goes_to_the_url_as_it_is_given() {
        let mut chat = StartChatContact::new("instance", "flow", "Ada");
        chat.attributes.insert("topic".into(), "ferry".into());
        let request = to_http(URL, &chat).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), URL);
        assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(request.body(), &chat.body());
    }

    #[test]
    fn the_services_limits_hold_and_the_url_must_be_usable() {
        let refused = |url, chat: &StartChatContact| to_http(url, chat).unwrap_err().to_string();
        let nobody = StartChatContact::new("", "", "");
        assert!(refused(URL, &nobody).starts_with("ParticipantDetails.DisplayName is empty"));
        let long = StartChatContact::new("i".repeat(101), "", "Ada");
        assert!(refused(URL, &long).starts_with("InstanceId has 101"));
        let long = StartChatContact::new("", "f".repeat(501), "Ada");
        assert!(refused(URL, &long).starts_with("ContactFlowId has 501"));
        let chat = StartChatContact::new("", "", "Ada");
        for url in ["", "/Prod", "ftp://a/", "SECRET"] {
            let text = refused(url, &chat);
            assert!(text.starts_with("the proxy's URL is not valid"), "{text}");
            assert!(!text.contains("SECRET"), "{text}");
        }
    }

    #[test]
    fn the_answer_is_the_chat() {
        let body = r#"{"data":{"startChatResult":{"ContactId":"c","ParticipantId":"p",
            "ParticipantToken":"t","ContinuedFromContactId":"past"},"featurePermissions":{}}}"#;
        let chat = from_http(&http::Response::new(body)).unwrap();
        assert_eq!(chat.details.participant_token.expose(), "t");
        assert_eq!(chat.continued_from_contact_id, Some("past".into()));
        for body in [
            "{}",
            r#"{"data":{}}"#,
            r#"{"data":{"startChatResult":null}}"#,
        ] {
            let error = from_http(&http::Response::new(body)).unwrap_err();
            assert!(matches!(
                error,
                RequestError::Protocol(ProtocolError::Missing {
                    field: "data.startChatResult",
                    ..
                })
            ));
        }
    }

    #[test]
    fn an_error_of_the_service_comes_through_with_its_own_status() {
        let error = refusal(
            500,
            r#"{"data":{"Error":{"message":"Flow not found","code":"ResourceNotFoundException",
                "time":"2026-01-31T12:00:00.000Z","statusCode":404,"retryable":false}}}"#,
        );
        assert_eq!(error.exception, Exception::ResourceNotFound);
        assert_eq!((error.status, &*error.message), (404, "Flow not found"));
        let error = refusal(
            502,
            r#"{"data":{"Error":{"name":"LimitExceededException","$fault":"client",
                "$metadata":{"httpStatusCode":429},"Message":"Too many chats"}}}"#,
        );
        assert_eq!(error.exception, Exception::LimitExceeded);
        assert_eq!((error.status, &*error.message), (429, "Too many chats"));
    }

    #[test]
    fn an_error_of_the_proxy_itself_keeps_the_proxys_status() {
        let gateway = refusal(502, r#"{"message":"Internal server error"}"#);
        assert_eq!(
            (gateway.status, &*gateway.message),
            (502, "Internal server error")
        );
        let nonsense = refusal(500, r#"{"data":{"Error":{"statusCode":200}}}"#);
        assert_eq!(nonsense.status, 500);
        assert_eq!(refusal(500, "<html>").exception, Exception::InternalServer);
    }
}
