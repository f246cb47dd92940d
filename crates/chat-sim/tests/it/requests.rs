//! What all requests have in common: routes, bearers, bodies, headers.

use chat_sim::Operation;
use http::{Method, Request};
use serde_json::json;

use crate::bench::Bench;

#[test]
fn every_answer_has_a_request_id_and_may_be_read_by_browsers() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let good = bench.ask(Operation::GetTranscript, &chat.token, &json!({}));
    let bad = bench.ask(Operation::GetTranscript, "", &json!({}));
    for answer in [&good, &bad] {
        assert_eq!(answer.header("x-amzn-requestid").len(), 36);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("content-type"), "application/json");
    }
    assert_ne!(
        good.header("x-amzn-requestid"),
        bad.header("x-amzn-requestid")
    );
}

#[test]
fn an_error_names_its_exception_in_header_and_body() {
    let mut bench = Bench::new();
    let answer = bench.ask(Operation::SendMessage, "nobody", &json!({}));
    assert_eq!(answer.status, 403);
    assert_eq!(answer.error_type(), "AccessDeniedException");
    let body = answer.json();
    assert_eq!(body["__type"], "AccessDeniedException");
    assert_eq!(body["message"], body["Message"]);
    assert!(!answer.message().is_empty());
}

#[test]
fn a_preflight_allows_the_headers_of_the_aws_sdk() {
    let mut bench = Bench::new();
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri("/participant/message")
        .body(Vec::new())
        .expect("a request");
    let id = bench.put(request);
    let answer = bench.answer_to(id);
    assert_eq!(answer.status, 204);
    let allowed = answer.header("access-control-allow-headers");
    for header in [
        "x-amz-bearer",
        "content-type",
        "x-amz-user-agent",
        "x-amz-date",
        "x-amz-content-sha256",
        "authorization",
    ] {
        assert!(allowed.split(',').any(|name| name == header), "{header}");
    }
}

#[test]
fn unknown_paths_and_wrong_methods_are_not_found() {
    let mut bench = Bench::new();
    for (method, path) in [
        (Method::POST, "/"),
        (Method::POST, "/participant/nothing"),
        (Method::GET, "/participant/message"),
        (Method::POST, "/contact/chat"),
        (Method::GET, "/participant/websocket"),
    ] {
        let answer = bench.raw(method.clone(), path, "", b"{}");
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.error_type(), "UnknownOperationException");
    }
}

#[test]
fn each_operation_takes_its_own_kind_of_token_only() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let body = json!({});
    for (operation, wrong) in [
        (Operation::CreateParticipantConnection, &chat.token),
        (Operation::SendMessage, &chat.participant_token),
        (Operation::SendEvent, &chat.participant_token),
        (Operation::GetTranscript, &chat.participant_token),
        (Operation::DisconnectParticipant, &chat.participant_token),
    ] {
        for bearer in [wrong.as_str(), "", "not a token"] {
            let answer = bench.ask(operation, bearer, &body);
            assert_eq!(answer.status, 403, "{operation:?}");
            assert_eq!(answer.error_type(), "AccessDeniedException");
        }
    }
}

#[test]
fn ids_in_a_path_have_limits_of_length() {
    let mut bench = Bench::new();
    let long = |length: usize| "x".repeat(length);
    let association = json!({ "RehydrationType": "FROM_SEGMENT", "SourceContactId": "x" });
    let timer = json!({
        "ParticipantRole": "AGENT",
        "TimerType": "IDLE",
        "TimerValue": { "ParticipantTimerDurationInMinutes": 2 },
    });
    let timers =
        json!({ "ChannelConfiguration": { "Chat": { "ParticipantTimerConfigList": [timer] } } });
    for (operation, body) in [
        (Operation::CreatePersistentContactAssociation, association),
        (Operation::UpdateParticipantRoleConfig, timers),
    ] {
        for (instance, contact, status, error_type) in [
            (100, 256, 404, "ResourceNotFoundException"),
            (101, 256, 400, "InvalidParameterException"),
            (0, 256, 400, "InvalidParameterException"),
            (100, 257, 400, "InvalidParameterException"),
            (100, 0, 400, "InvalidParameterException"),
        ] {
            let path = format!("{}{}/{}", operation.path(), long(instance), long(contact));
            let answer = bench.raw(operation.method(), &path, "", body.to_string().as_bytes());
            assert_eq!(
                (answer.status, answer.error_type()),
                (status, error_type),
                "{operation:?} {instance} {contact}"
            );
        }
    }
}

#[test]
fn bodies_that_are_no_json_object_are_refused() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    for body in ["{", "[]", "null", "\"text\"", "\u{1}", "{\"a\":1}}"] {
        let answer = bench.raw(
            Method::POST,
            "/participant/message",
            &chat.token,
            body.as_bytes(),
        );
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.error_type(), "ValidationException");
    }
    let answer = bench.raw(Method::PUT, "/contact/chat", "", b"{");
    assert_eq!(
        (answer.status, answer.error_type()),
        (400, "InvalidRequestException")
    );
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let mut bench = Bench::with(|settings| settings.body_limit = 100);
    let chat = bench.chat();
    let answer = bench.raw(
        Method::POST,
        "/participant/transcript",
        &chat.token,
        &[b' '; 101],
    );
    assert_eq!(answer.status, 413);
    let mut fitting = vec![b' '; 98];
    fitting.extend_from_slice(b"{}");
    let answer = bench.raw(
        Method::POST,
        "/participant/transcript",
        &chat.token,
        &fitting,
    );
    assert_eq!(answer.status, 200);
}

#[test]
fn an_empty_body_is_an_empty_object_and_unknown_members_are_ignored() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let path = "/participant/transcript";
    assert_eq!(bench.raw(Method::POST, path, &chat.token, b"").status, 200);
    let answer = bench.ask(
        Operation::GetTranscript,
        &chat.token,
        &json!({"Invented": 1}),
    );
    assert_eq!(answer.status, 200);
}

#[test]
fn a_signature_is_ignored() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let request = Request::builder()
        .method(Method::POST)
        .uri("/participant/transcript")
        .header("x-amz-bearer", &chat.token)
        .header("authorization", "AWS4-HMAC-SHA256 Credential=/x")
        .header("x-amz-date", "20270101T000000Z")
        .body(b"{}".to_vec())
        .expect("a request");
    let id = bench.put(request);
    assert_eq!(bench.answer_to(id).status, 200);
}

#[test]
fn requests_are_counted_by_operation_and_contact() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let other = bench.chat();
    bench.send(&chat, "a");
    bench.send(&other, "b");
    bench.ask(Operation::SendMessage, &chat.token, &json!({}));
    bench.ask(Operation::SendMessage, "nobody", &json!({}));
    assert_eq!(bench.service.requests(Operation::SendMessage), 4);
    assert_eq!(bench.truth(&chat).requests(Operation::SendMessage), 2);
    assert_eq!(bench.truth(&other).requests(Operation::SendMessage), 1);
    assert_eq!(bench.truth(&chat).requests(Operation::SendEvent), 0);
}
