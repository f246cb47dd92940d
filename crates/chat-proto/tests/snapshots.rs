//! Every frame and every request the core writes, as it goes over the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::fmt::Write;

use chat_proto::api::{
    self, ApiRequest, CreateParticipantConnection, DisconnectParticipant, GetTranscript,
    ScanDirection, SendEvent, SendMessage, SortOrder, StartChatContact, StartPosition,
};
use chat_proto::wire::{HEARTBEAT, PING, SUBSCRIBE};
use chat_proto::{ClientToken, ContentType, Draft, Endpoint, NextToken};

/// A request as text. The bearer, which must never be shown, shows as marked secret.
fn written<R: ApiRequest>(bearer: Option<&str>, request: &R) -> String {
    let endpoint = Endpoint::region("us-west-2").unwrap();
    let http = api::to_http(&endpoint, bearer, request).unwrap();
    let mut text = format!("{} {}\n", http.method(), http.uri());
    for (name, value) in http.headers() {
        writeln!(text, "{name}: {value:?}").unwrap();
    }
    text + "\n" + std::str::from_utf8(http.body()).unwrap()
}

fn token() -> ClientToken {
    ClientToken::from("5a3ee1ac-40f1-4f1c-9d1b-7f6f3d0d2c55")
}

#[test]
fn frames() {
    insta::assert_snapshot!("frames", [SUBSCRIBE, HEARTBEAT, PING].join("\n"));
}

#[test]
fn create_participant_connection() {
    let both = CreateParticipantConnection::both();
    insta::assert_snapshot!("connection", written(Some("secret"), &both));
    let renewal = CreateParticipantConnection::credentials_only();
    insta::assert_snapshot!("connection_credentials", written(Some("secret"), &renewal));
}

#[test]
fn send_message() {
    let text = "Is the \"Ferry\" on time?\n\u{26f4} — yes/no";
    let message = SendMessage::new(Draft::text(text), token());
    insta::assert_snapshot!("message", written(Some("secret"), &message));
    let markdown = Draft::new(ContentType::TextMarkdown, "**now**");
    let message = SendMessage::new(markdown, token());
    insta::assert_snapshot!("message_markdown", written(Some("secret"), &message));
}

#[test]
fn send_event() {
    let typing = SendEvent::new(ContentType::Typing);
    insta::assert_snapshot!("event_typing", written(Some("secret"), &typing));
    let read = SendEvent::new(ContentType::MessageRead).with_content(r#"{"messageId":"m1"}"#);
    insta::assert_snapshot!("event_read", written(Some("secret"), &read));
}

#[test]
fn get_transcript() {
    let defaults = GetTranscript::default();
    insta::assert_snapshot!("transcript", written(Some("secret"), &defaults));
    let mut all = GetTranscript::default();
    all.contact_id = Some("contact".into());
    all.max_results = Some(100);
    all.next_token = Some(NextToken::from("next"));
    all.scan_direction = Some(ScanDirection::Forward);
    all.sort_order = Some(SortOrder::Ascending);
    all.start_position = Some(StartPosition::Id("m1".into()));
    insta::assert_snapshot!("transcript_all_fields", written(Some("secret"), &all));
    let mut positions = String::new();
    for position in [
        StartPosition::AbsoluteTime("2026-01-31T12:00:00.000Z".to_owned()),
        StartPosition::MostRecent(5),
    ] {
        let mut request = GetTranscript::default();
        request.start_position = Some(position);
        writeln!(positions, "{}\n", written(Some("secret"), &request)).unwrap();
    }
    insta::assert_snapshot!("transcript_start_positions", positions);
}

#[test]
fn disconnect_participant() {
    let disconnect = DisconnectParticipant::new(token());
    insta::assert_snapshot!("disconnect", written(Some("secret"), &disconnect));
}

#[test]
fn start_chat_contact() {
    let mut start = StartChatContact::new("instance", "flow", "Ada");
    insta::assert_snapshot!("start_chat", written(None, &start));
    start.attributes.insert("ferry".into(), "north".into());
    start.initial_message = Some((ContentType::TextPlain, "Hello".into()));
    start.client_token = Some(token());
    start.supported_messaging_content_types =
        vec![ContentType::TextPlain, ContentType::Interactive];
    insta::assert_snapshot!("start_chat_all_fields", written(None, &start));
}

#[test]
fn what_breaks_a_limit_is_refused_with_the_fields_name() {
    let endpoint = Endpoint::region("us-west-2").unwrap();
    let refusal = |content: &str| {
        let message = SendMessage::new(Draft::text(content), token());
        let refused = api::to_http(&endpoint, Some("secret"), &message).unwrap_err();
        refused.to_string()
    };
    let mut refusals = vec![refusal(""), refusal(&"é".repeat(8_193))];
    let mut page = GetTranscript::default();
    page.max_results = Some(101);
    let refused = api::to_http(&endpoint, Some("secret"), &page).unwrap_err();
    refusals.push(refused.to_string());
    let refused = api::to_http(&endpoint, Some("line\nbreak"), &GetTranscript::default());
    refusals.push(refused.unwrap_err().to_string());
    insta::assert_snapshot!("refusals", refusals.join("\n"));
}
