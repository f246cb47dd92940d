//! The service's errors: by exception name, by status.

use std::time::Duration;

use http::header::RETRY_AFTER;
use serde::Deserialize;

use crate::api::Operation;
use crate::error::{ProtocolError, RequestError, ServiceError};
use crate::wire::open_enum::open_enum;

open_enum! {
    /// The service's name of an error.
    Exception {
        /// 400: a field is missing, too long, or not of its form.
        Validation = "ValidationException",
        /// 402: a quota is used up, such as attachments per chat.
        ServiceQuotaExceeded = "ServiceQuotaExceededException",
        /// 403: the token is not accepted; it is wrong, has expired, or the chat has ended.
        AccessDenied = "AccessDeniedException",
        /// 404: what was named does not exist.
        ResourceNotFound = "ResourceNotFoundException",
        /// 409: it conflicts with the state of the chat.
        Conflict = "ConflictException",
        /// 429: too many requests.
        Throttling = "ThrottlingException",
        /// 500: the service failed.
        InternalServer = "InternalServerException",
        /// 400, of the service `connect`: the request is not valid.
        InvalidRequest = "InvalidRequestException",
        /// 400, of the service `connect`: a parameter is not valid.
        InvalidParameter = "InvalidParameterException",
        /// 400, of the service `connect`: the instance is not active in this region.
        InvalidActiveRegion = "InvalidActiveRegionException",
        /// 410, of the service `connect`: there is no such contact, or it has ended.
        ContactNotFound = "ContactNotFoundException",
        /// 429, of the service `connect`: too many requests.
        TooManyRequests = "TooManyRequestsException",
        /// 429, of the service `connect`: a limit is reached, such as active chats.
        LimitExceeded = "LimitExceededException",
        /// 500, of the service `connect`: the service failed.
        InternalService = "InternalServiceException",
    }
}

/// The longest message of an error that is kept; the service's own limit is 2,000.
const MESSAGE_LIMIT: usize = 2_000;
/// The longest Retry-After that is believed.
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(3_600);

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(rename = "__type")]
    type_: Option<String>,
    code: Option<String>,
    message: Option<String>,
    #[serde(rename = "Message")]
    message_capital: Option<String>,
}

/// The error that an unsuccessful response says.
pub(super) fn read(
    operation: Operation,
    response: &http::Response<impl AsRef<[u8]>>,
) -> RequestError {
    let status = response.status().as_u16();
    if !(400..=599).contains(&status) {
        return ProtocolError::Status { operation, status }.into();
    }
    // A body that is not JSON (a proxy's page) still leaves the status, which says enough.
    let body: ErrorBody = serde_json::from_slice(response.body().as_ref()).unwrap_or_default();
    let header = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let name = header("x-amzn-errortype")
        .map(str::to_owned)
        .or(body.type_)
        .or(body.code)
        .map_or_else(|| by_status(status).to_owned(), |name| bare(&name));
    let message = body.message.or(body.message_capital).unwrap_or_default();
    ServiceError {
        operation,
        status,
        exception: Exception::from(name.as_str()),
        message: message.chars().take(MESSAGE_LIMIT).collect(),
        retry_after: retry_after(response.headers()),
    }
    .into()
}

/// How long the service asks us to wait, at most an hour.
pub(crate) fn retry_after(headers: &http::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(seconds.min(RETRY_AFTER_LIMIT))
}

/// The bare name in `namespace#Name:uri`.
fn bare(name: &str) -> String {
    let after_namespace = name.rsplit('#').next().unwrap_or_default();
    let before_uri = after_namespace.split(':').next().unwrap_or_default();
    before_uri.trim().chars().take(100).collect()
}

/// What an error without a name is, by its status.
const fn by_status(status: u16) -> &'static str {
    match status {
        400 => "ValidationException",
        402 => "ServiceQuotaExceededException",
        401 | 403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        409 => "ConflictException",
        410 => "ContactNotFoundException",
        429 => "ThrottlingException",
        500..=599 => "InternalServerException",
        _ => "unnamed error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> http::Response<Vec<u8>> {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(body.as_bytes().to_vec()).unwrap()
    }

    fn service_error(response: &http::Response<Vec<u8>>) -> ServiceError {
        let RequestError::Service(error) = read(Operation::SendMessage, response) else {
            panic!("not an error of the service");
        };
        error
    }

    #[test]
    fn the_name_comes_from_the_header_the_body_or_the_status() {
        let header = [("x-amzn-ErrorType", "ThrottlingException:http://x/y")];
        let by_header = service_error(&response(429, &header, "{}"));
        assert_eq!(by_header.exception, Exception::Throttling);
        let body = r#"{"__type":"com.amazonaws#ConflictException","Message":"twice"}"#;
        let by_body = service_error(&response(409, &[], body));
        assert_eq!(by_body.exception, Exception::Conflict);
        assert_eq!(by_body.message, "twice");
        let by_status = service_error(&response(503, &[], "<html>gateway</html>"));
        assert_eq!(by_status.exception, Exception::InternalServer);
        assert_eq!(by_status.message, "");
    }

    #[test]
    fn every_exception_of_both_services_is_known() {
        for (status, name, exception) in [
            (
                400,
                "InvalidActiveRegionException",
                Exception::InvalidActiveRegion,
            ),
            (
                402,
                "ServiceQuotaExceededException",
                Exception::ServiceQuotaExceeded,
            ),
            (410, "ContactNotFoundException", Exception::ContactNotFound),
            (429, "LimitExceededException", Exception::LimitExceeded),
            (429, "TooManyRequestsException", Exception::TooManyRequests),
        ] {
            let error = service_error(&response(status, &[("x-amzn-errortype", name)], ""));
            assert_eq!(error.exception, exception);
            assert_eq!(error.status, status);
        }
        let unnamed = service_error(&response(410, &[], ""));
        assert_eq!(unnamed.exception, Exception::ContactNotFound);
    }

    #[test]
    fn retry_after_is_read_and_bounded() {
        let of = |value| service_error(&response(429, &[("Retry-After", value)], "")).retry_after;
        assert_eq!(of("7"), Some(Duration::from_secs(7)));
        assert_eq!(of("999999999"), Some(RETRY_AFTER_LIMIT));
        assert_eq!(of("soon"), None);
        assert_eq!(of("-1"), None);
    }

    #[test]
    fn a_status_that_is_no_error_is_the_peers_fault() {
        assert!(matches!(
            read(Operation::SendMessage, &response(302, &[], "")),
            RequestError::Protocol(ProtocolError::Status { status: 302, .. })
        ));
    }
}
