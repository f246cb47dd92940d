//! CreateParticipantConnection and the life of what it gives.

use std::time::Duration;

use chat_sim::Operation;
use serde_json::json;

use crate::bench::{Bench, Heard, JOINED, UNIX_TEXT};

const OPERATION: Operation = Operation::CreateParticipantConnection;

#[test]
fn both_parts_carry_their_expiry() {
    let mut bench = Bench::with(|settings| {
        settings.websocket_base = "ws://127.0.0.1:99".to_owned();
    });
    let chat = bench.chat();
    let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
    let answer = bench.get(OPERATION, &chat.participant_token, &body);
    let url = answer["Websocket"]["Url"].as_str().expect("a URL");
    assert!(url.starts_with("ws://127.0.0.1:99/participant/websocket?token="));
    assert_eq!(
        answer["Websocket"]["ConnectionExpiry"],
        "2027-01-15T09:00:00.000Z"
    );
    assert_eq!(
        answer["ConnectionCredentials"]["Expiry"],
        "2027-01-16T08:00:00.000Z"
    );
    assert!(UNIX_TEXT.starts_with("2027-01-15T08"));
}

#[test]
fn the_types_decide_the_parts() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    for (types, websocket, credentials) in [
        (json!(["WEBSOCKET"]), true, false),
        (json!(["CONNECTION_CREDENTIALS"]), false, true),
        (json!(["WEBRTC_CONNECTION"]), false, false),
        (json!(["WEBSOCKET", "WEBSOCKET"]), true, false),
    ] {
        let body = json!({ "Type": types });
        let answer = bench.get(OPERATION, &chat.participant_token, &body);
        assert_eq!(answer.get("Websocket").is_some(), websocket, "{types}");
        assert_eq!(
            answer.get("ConnectionCredentials").is_some(),
            credentials,
            "{types}"
        );
    }
}

#[test]
fn bad_types_are_refused() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    for body in [
        json!({}),
        json!({ "Type": [] }),
        json!({ "Type": "WEBSOCKET" }),
        json!({ "Type": ["websocket"] }),
        json!({ "Type": [1] }),
        json!({ "Type": ["WEBSOCKET"], "ConnectParticipant": "yes" }),
    ] {
        let answer = bench.ask(OPERATION, &chat.participant_token, &body);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.error_type(), "ValidationException");
    }
}

#[test]
fn connecting_a_participant_joins_them_once_without_a_socket() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let body = json!({ "Type": null, "ConnectParticipant": true });
    assert_eq!(
        bench.get(OPERATION, &chat.participant_token, &body),
        json!({})
    );
    bench.get(OPERATION, &chat.participant_token, &body);
    assert_eq!(bench.stored_types(&chat), [JOINED]);
    assert!(bench.truth(&chat).participants()[0].is_present());
}

#[test]
fn a_connection_token_expires() {
    let mut bench = Bench::with(|settings| settings.token_lifetime = Duration::from_secs(30));
    let chat = bench.chat();
    bench.pass(Duration::from_millis(29_999));
    bench.get(Operation::GetTranscript, &chat.token, &json!({}));
    bench.pass_ms(1);
    let answer = bench.ask(Operation::GetTranscript, &chat.token, &json!({}));
    assert_eq!(
        (answer.status, answer.error_type()),
        (403, "AccessDeniedException")
    );
    let (_, fresh) = bench.connect(&chat.participant_token);
    bench.get(Operation::GetTranscript, &fresh, &json!({}));
}

#[test]
fn a_new_connection_leaves_the_old_token_good() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let (_, second) = bench.connect(&chat.participant_token);
    assert_ne!(chat.token, second);
    bench.get(Operation::GetTranscript, &chat.token, &json!({}));
    bench.get(Operation::GetTranscript, &second, &json!({}));
}

#[test]
fn a_url_opens_one_socket_within_its_lifetime() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let (late, _) = bench.connect(&chat.participant_token);
    bench.pass(Duration::from_millis(99_999));
    bench.open(&chat.url);
    let second = bench.knock(&chat.url);
    assert_eq!(bench.take(second), [Heard::Refused(403)]);
    bench.pass_ms(1);
    let third = bench.knock(&late);
    assert_eq!(bench.take(third), [Heard::Refused(403)]);
}

#[test]
fn urls_that_were_never_issued_open_nothing() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    for (target, status) in [
        ("/participant/websocket".to_owned(), 403),
        ("/participant/websocket?token=".to_owned(), 403),
        ("/participant/websocket?token=guess".to_owned(), 403),
        (format!("/participant/websocket?token={}", chat.token), 403),
        (format!("/elsewhere?{}", chat.url), 404),
        (String::new(), 404),
    ] {
        let socket = bench.knock(&target);
        assert_eq!(bench.take(socket), [Heard::Refused(status)]);
    }
    bench.open(&chat.url);
}

#[test]
fn a_participant_has_five_sockets_at_most() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let sockets: Vec<_> = (0..5).map(|_| bench.listen(&chat)).collect();
    let (url, _) = bench.connect(&chat.participant_token);
    let sixth = bench.knock(&url);
    assert_eq!(bench.take(sixth), [Heard::Refused(429)]);
    assert_eq!(bench.truth(&chat).open_sockets(), 5);

    bench.service.handle_closed(bench.now, sockets[0]);
    bench.open(&url);
    let other = bench.chat();
    bench.listen(&other);
}

#[test]
fn a_socket_is_closed_at_its_expiry() {
    let mut bench = Bench::with(|settings| settings.socket_lifetime = Duration::from_secs(60));
    let chat = bench.chat();
    bench.pass_ms(10_000);
    let socket = bench.open(&chat.url);
    bench.pass_ms(49_999);
    assert_eq!(bench.take(socket), []);
    bench.pass_ms(1);
    assert_eq!(bench.take(socket), [Heard::Closed(1000)]);
    assert_eq!(bench.truth(&chat).ended(), None);
}

#[test]
fn the_oldest_tokens_go_when_there_are_too_many() {
    let mut bench = Bench::with(|settings| settings.tokens_per_participant = 4);
    let chat = bench.chat();
    bench.connect(&chat.participant_token);
    bench.get(Operation::GetTranscript, &chat.token, &json!({}));
    bench.connect(&chat.participant_token);
    let answer = bench.ask(Operation::GetTranscript, &chat.token, &json!({}));
    assert_eq!(answer.status, 403);
}
