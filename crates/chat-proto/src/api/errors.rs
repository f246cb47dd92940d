//! The service's errors: by exception name, by status.

use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;
use serde_json::Value;

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

/// The longest id of a resource that is kept.
const ID_LIMIT: usize = 256;

open_enum! {
    /// What kind of thing does not exist.
    ResourceType {
        /// A contact.
        Contact = "CONTACT",
        /// A flow.
        ContactFlow = "CONTACT_FLOW",
        /// An instance of Amazon Connect.
        Instance = "INSTANCE",
        /// A participant.
        Participant = "PARTICIPANT",
        /// A level of the agents' hierarchy.
        HierarchyLevel = "HIERARCHY_LEVEL",
        /// A group of the agents' hierarchy.
        HierarchyGroup = "HIERARCHY_GROUP",
        /// A user.
        User = "USER",
        /// A phone number.
        PhoneNumber = "PHONE_NUMBER",
    }
}

open_enum! {
    /// What is wrong with an attached file.
    AttachedFileInvalidRequestExceptionReason {
        /// Its size.
        InvalidFileSize = "INVALID_FILE_SIZE",
        /// Its type.
        InvalidFileType = "INVALID_FILE_TYPE",
        /// Its name.
        InvalidFileName = "INVALID_FILE_NAME",
    }
}

open_enum! {
    /// Which quota of attached files is used up.
    AttachedFileServiceQuotaExceededExceptionReason {
        /// That of their sizes together.
        TotalFileSizeExceeded = "TOTAL_FILE_SIZE_EXCEEDED",
        /// That of their number.
        TotalFileCountExceeded = "TOTAL_FILE_COUNT_EXCEEDED",
    }
}

/// What the service says about an error beside its explanation.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ErrorDetail {
    /// Of a ResourceNotFoundException: what does not exist.
    Resource {
        /// Its id, at most 256 characters.
        resource_id: Option<String>,
        /// What kind of thing it is.
        resource_type: Option<ResourceType>,
    },
    /// Of an InvalidRequestException: what is wrong with an attached file.
    AttachedFileInvalidRequest(AttachedFileInvalidRequestExceptionReason),
    /// Of a ServiceQuotaExceededException: which quota of attached files is used up.
    AttachedFileServiceQuotaExceeded(AttachedFileServiceQuotaExceededExceptionReason),
}

/// The error that an unsuccessful response says.
pub(super) fn read(
    operation: Operation,
    response: &http::Response<impl AsRef<[u8]>>,
) -> RequestError {
    let status = response.status().as_u16();
    // A body that is not JSON (a proxy's page) still leaves the status, which says enough.
    let body = serde_json::from_slice(response.body().as_ref()).unwrap_or_default();
    describe(operation, status, response.headers(), &body)
}

/// The error that a status, headers and a body say.
pub(super) fn describe(
    operation: Operation,
    status: u16,
    headers: &HeaderMap,
    body: &Value,
) -> RequestError {
    if !(400..=599).contains(&status) {
        return ProtocolError::Status { operation, status }.into();
    }
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let name = header("x-amzn-errortype")
        .or_else(|| text(body, "__type"))
        .or_else(|| text(body, "code"))
        // The error of an AWS SDK, as the start-chat proxy passes it on.
        .or_else(|| text(body, "name"))
        .map_or_else(|| by_status(status).to_owned(), bare);
    let message = text(body, "message").or_else(|| text(body, "Message"));
    ServiceError {
        operation,
        status,
        exception: Exception::from(name.as_str()),
        message: beginning(message.unwrap_or_default(), MESSAGE_LIMIT),
        detail: detail(body).map(Box::new),
        retry_after: retry_after(headers),
    }
    .into()
}

/// How long the service asks us to wait, at most an hour.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = Duration::from_secs(seconds.trim().parse().ok()?);
    Some(seconds.min(RETRY_AFTER_LIMIT))
}

fn detail(body: &Value) -> Option<ErrorDetail> {
    let resource_id = text(body, "ResourceId").map(|id| beginning(id, ID_LIMIT));
    let resource_type = text(body, "ResourceType");
    if resource_id.is_some() || resource_type.is_some() {
        return Some(ErrorDetail::Resource {
            resource_id,
            resource_type: resource_type.map(|it| bounded(it).as_str().into()),
        });
    }
    let reason = body.get("Reason")?;
    if let Some(reason) = text(reason, "AttachedFileInvalidRequestExceptionReason") {
        let reason = bounded(reason).as_str().into();
        return Some(ErrorDetail::AttachedFileInvalidRequest(reason));
    }
    let reason = text(reason, "AttachedFileServiceQuotaExceededExceptionReason")?;
    let reason = bounded(reason).as_str().into();
    Some(ErrorDetail::AttachedFileServiceQuotaExceeded(reason))
}

fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field)?.as_str()
}

fn beginning(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

/// A name or value of the service, no longer than such are.
fn bounded(text: &str) -> String {
    beginning(text, 100)
}

/// The bare name in `namespace#Name:uri`.
fn bare(name: &str) -> String {
    let after_namespace = name.rsplit('#').next().unwrap_or_default();
    let before_uri = after_namespace.split(':').next().unwrap_or_default();
    bounded(before_uri.trim())
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
    fn what_an_error_says_beside_its_message_is_kept() {
        let detail = |status, body| service_error(&response(status, &[], body)).detail;
        let missing = detail(404, r#"{"ResourceId":"c1","ResourceType":"CONTACT"}"#);
        let missing = *missing.unwrap();
        let ErrorDetail::Resource {
            resource_id,
            resource_type,
        } = missing
        else {
            panic!("{missing:?}")
        };
        assert_eq!(resource_id.as_deref(), Some("c1"));
        assert_eq!(resource_type, Some(ResourceType::Contact));
        let file =
            r#"{"Reason":{"AttachedFileInvalidRequestExceptionReason":"INVALID_FILE_SIZE"}}"#;
        let reason = AttachedFileInvalidRequestExceptionReason::InvalidFileSize;
        assert_eq!(
            detail(400, file),
            Some(Box::new(ErrorDetail::AttachedFileInvalidRequest(reason)))
        );
        for nothing in [
            "",
            "{}",
            "[]",
            r#"{"Reason":"a text"}"#,
            r#"{"Reason":{"Later":1}}"#,
        ] {
            assert_eq!(detail(400, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_field_of_another_type_hides_no_other_field() {
        let body = r#"{"code":7,"Message":"Too long","ResourceId":{}}"#;
        let error = service_error(&response(400, &[], body));
        assert_eq!(error.message, "Too long");
        assert_eq!(error.exception, Exception::Validation);
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
