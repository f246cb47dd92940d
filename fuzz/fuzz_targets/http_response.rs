//! Any HTTP response, to every operation: no panic, no bytes of the body in an error beyond the
//! service's name, message and detail, a bounded Retry-After, and every item of a page accounted for.
//!
//! The input is the status in two bytes (modulo 1000), the headers `x-amzn-errortype` and
//! `retry-after` with a line each, and the body.

#![no_main]

use std::time::Duration;

use chat_proto::api::{self, *};
use chat_proto::{Operation, ProtocolError, RequestError, ServiceError};
use http::{HeaderValue, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let Some(response) = response(data) else {
        return;
    };
    fn read<R: ApiRequest>(response: &Response<&[u8]>) -> Option<R::Answer> {
        checked(R::OPERATION, response, api::from_http::<R>(response))
    }
    read::<CreateParticipantConnection>(&response);
    read::<SendMessage>(&response);
    read::<SendEvent>(&response);
    read::<DisconnectParticipant>(&response);
    read::<StartAttachmentUpload>(&response);
    read::<CompleteAttachmentUpload>(&response);
    read::<GetAttachment>(&response);
    read::<DescribeView>(&response);
    read::<GetAuthenticationUrl>(&response);
    read::<CancelParticipantAuthentication>(&response);
    read::<StartChatContact>(&response);
    read::<StopContact>(&response);
    read::<CreateParticipant>(&response);
    read::<CreatePersistentContactAssociation>(&response);
    read::<StartContactStreaming>(&response);
    read::<StopContactStreaming>(&response);
    read::<UpdateParticipantRoleConfig>(&response);
    let start = Operation::StartChatContact;
    checked(start, &response, StartChatContact::read_answer(&response));
    checked_by_proxy(&response);
    if let Some(page) = read::<GetTranscript>(&response) {
        check_page(&page, response.body());
    }
});

fn response(data: &[u8]) -> Option<Response<&[u8]>> {
    let (status, rest) = data.split_at_checked(2)?;
    let status = u16::from_be_bytes([status[0], status[1]]) % 1_000;
    let mut parts = rest.splitn(3, |byte| *byte == b'\n');
    let (name, retry_after) = (parts.next()?, parts.next()?);
    let mut response = Response::new(parts.next()?);
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    for (header, value) in [("x-amzn-errortype", name), ("retry-after", retry_after)] {
        if !value.is_empty() {
            let value = HeaderValue::from_bytes(value).ok()?;
            response.headers_mut().insert(header, value);
        }
    }
    Some(response)
}

/// The answer; an error holds no more of the response than it may.
fn checked<T>(
    operation: Operation,
    response: &Response<&[u8]>,
    answer: Result<T, RequestError>,
) -> Option<T> {
    match answer {
        Ok(answer) => {
            assert!(response.status().is_success());
            return Some(answer);
        }
        Err(RequestError::Service(error)) => {
            assert_eq!(error.operation, operation);
            assert_eq!(error.status, response.status());
            check_service_error(&error);
        }
        Err(RequestError::Protocol(error)) => check_protocol_error(&error),
        Err(other) => panic!("a response is no reason for {other:?}"),
    }
    None
}

/// As `checked`, but the status may be the one that the proxy was given.
fn checked_by_proxy(response: &Response<&[u8]>) {
    match start_chat_proxy::from_http(response) {
        Ok(_) => assert!(response.status().is_success()),
        Err(RequestError::Service(error)) => check_service_error(&error),
        Err(RequestError::Protocol(error)) => check_protocol_error(&error),
        Err(other) => panic!("a response is no reason for {other:?}"),
    }
}

fn check_service_error(error: &ServiceError) {
    let ServiceError {
        operation,
        status,
        exception,
        message,
        ..
    } = error;
    assert!((400..=599).contains(status));
    assert!(exception.as_str().chars().count() <= 100);
    assert!(message.chars().count() <= 2_000);
    assert!(
        error
            .retry_after
            .is_none_or(|wait| wait <= Duration::from_secs(3_600))
    );
    assert_eq!(
        error.to_string(),
        format!("the service refused {operation}: {exception} (HTTP {status}): {message}")
    );
    // The rest is bounded too: ids of 256 characters, values of 100.
    assert!(format!("{:?}", error.detail).len() < 10_000);
}

/// Every field that is not `&'static str` or a number is one of a few texts.
fn check_protocol_error(error: &ProtocolError) {
    match error {
        ProtocolError::Json { problem, .. } => {
            let problem: String = problem.chars().filter(|c| !c.is_ascii_digit()).collect();
            let known = [
                "it could not be read (line , column )",
                "not JSON (line , column )",
                "a field has another type (line , column )",
                "it ends too early (line , column )",
            ];
            assert!(known.contains(&problem.as_str()), "{problem}");
        }
        ProtocolError::Missing { .. } | ProtocolError::Status { .. } => {}
        other => panic!("a response is no reason for {other:?}"),
    }
}

fn check_page(page: &TranscriptPage, body: &[u8]) {
    page.malformed.iter().for_each(check_protocol_error);
    // A number that serde_json's Value cannot hold is skipped where it stands unread.
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return;
    };
    let items = body["Transcript"].as_array().map_or(0, Vec::len);
    assert_eq!(page.items.len() + page.malformed.len(), items);
}
