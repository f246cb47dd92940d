//! SendMessage: items, client tokens, limits.

use chat_sim::{Operation, Role};
use serde_json::{Value, json};

use crate::bench::{Bench, UNIX_TEXT};

const OPERATION: Operation = Operation::SendMessage;

fn body(content: &str) -> Value {
    json!({ "ContentType": "text/plain", "Content": content })
}

#[test]
fn a_message_is_stored_and_published_with_all_its_members() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(1_234);
    let answer = bench.get(OPERATION, &chat.token, &body("Hi \"you\" 👋"));
    let items = bench.items(socket);
    let expected = json!({
        "AbsoluteTime": format!("{UNIX_TEXT_MINUTE}:01.234Z"),
        "Content": "Hi \"you\" 👋",
        "ContentType": "text/plain",
        "Id": answer["Id"],
        "Type": "MESSAGE",
        "ParticipantId": chat.participant,
        "ParticipantRole": "CUSTOMER",
        "DisplayName": "Ana",
        "InitialContactId": chat.contact,
        "ContactId": chat.contact,
    });
    assert_eq!(items, [expected]);
    assert_eq!(answer["AbsoluteTime"], items[0]["AbsoluteTime"]);
    let stored = bench.truth(&chat).transcript().last().expect("an item");
    assert_eq!(json!(**stored), items[0]);
    assert_eq!(stored.participant_role, Some(Role::Customer));
}

const UNIX_TEXT_MINUTE: &str = "2027-01-15T08:00";

#[test]
fn times_of_a_contact_strictly_increase() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    for number in 0..5 {
        bench.send(&chat, &number.to_string());
    }
    let times: Vec<_> = bench
        .truth(&chat)
        .transcript()
        .iter()
        .map(|item| item.absolute_time.clone())
        .collect();
    let expected: Vec<_> = (0..5).map(|ms| format!("{UNIX_TEXT}.00{ms}Z")).collect();
    assert_eq!(times, expected);
}

#[test]
fn a_repeated_client_token_repeats_the_answer_and_nothing_else() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let mut body = body("once");
    body["ClientToken"] = json!("t1");
    let first = bench.get(OPERATION, &chat.token, &body);
    bench.pass_ms(500);
    // The token counts, on any connection of the participant and whatever the body says.
    let (_, second_token) = bench.connect(&chat.participant_token);
    body["Content"] = json!("something else");
    assert_eq!(bench.get(OPERATION, &second_token, &body), first);
    assert_eq!(bench.said(socket), ["once"]);

    let sends: Vec<_> = bench.truth(&chat).sends().cloned().collect();
    assert_eq!(sends.len(), 1);
    assert_eq!(sends[0].client_token.as_deref(), Some("t1"));
    assert_eq!(first["Id"], sends[0].item_id.as_str());
    assert_eq!(sends[0].participant_id, chat.participant);
    assert_eq!(sends[0].uses, 2);
}

#[test]
fn messages_without_a_client_token_are_never_taken_for_repeats() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let mut empty_token = body("a");
    empty_token["ClientToken"] = json!("");
    let ids: std::collections::BTreeSet<String> =
        [body("a"), body("a"), empty_token.clone(), empty_token]
            .iter()
            .map(|body| bench.get(OPERATION, &chat.token, body)["Id"].to_string())
            .collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(bench.truth(&chat).sends_total(), 4);
}

#[test]
fn client_tokens_of_different_chats_and_operations_are_apart() {
    let mut bench = Bench::new();
    let (one, two) = (bench.chat(), bench.chat());
    let mut message = body("x");
    message["ClientToken"] = json!("same");
    let typing = json!({ "ContentType": crate::bench::TYPING, "ClientToken": "same" });
    let first = bench.get(OPERATION, &one.token, &message);
    let second = bench.get(OPERATION, &two.token, &message);
    let event = bench.get(Operation::SendEvent, &one.token, &typing);
    assert_ne!(first["Id"], second["Id"]);
    assert_ne!(first["Id"], event["Id"]);
}

#[test]
fn client_tokens_are_forgotten_when_there_are_too_many() {
    let mut bench = Bench::with(|settings| settings.log_per_contact = 2);
    let chat = bench.chat();
    let mut send = |token: &str| {
        let mut body = body("x");
        body["ClientToken"] = json!(token);
        bench.get(OPERATION, &chat.token, &body)["Id"].to_string()
    };
    let first = send("a");
    send("b");
    assert_eq!(send("a"), first);
    send("c");
    assert_ne!(send("a"), first);
    assert_eq!(bench.truth(&chat).sends().len(), 2);
    assert_eq!(bench.truth(&chat).sends_total(), 4);
}

#[test]
fn each_member_of_a_message_is_checked() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let cases = [
        ("ContentType", json!(null)),
        ("ContentType", json!(7)),
        ("ContentType", json!("")),
        ("ContentType", json!("x".repeat(101))),
        ("ContentType", json!("text/html")),
        ("ContentType", json!(crate::bench::TYPING)),
        (
            "ContentType",
            json!("application/vnd.amazonaws.connect.message.interactive"),
        ),
        ("Content", json!(null)),
        ("Content", json!({ "a": 1 })),
        ("Content", json!("")),
        ("Content", json!("x".repeat(16_385))),
        ("Content", json!("é".repeat(8_193))),
        ("ClientToken", json!("x".repeat(501))),
        ("ClientToken", json!(1)),
    ];
    for (name, value) in cases {
        let mut body = body("x");
        body[name] = value.clone();
        let answer = bench.ask(OPERATION, &chat.token, &body);
        assert_eq!(answer.status, 400, "{name}: {value}");
        assert_eq!(answer.error_type(), "ValidationException");
        assert!(answer.message().starts_with(name), "{}", answer.message());
    }
    assert!(bench.truth(&chat).transcript().is_empty());
    assert_eq!(bench.truth(&chat).sends_total(), 0);
}

#[test]
fn the_largest_message_is_accepted() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let mut largest = body(&"x".repeat(16_384));
    largest["ClientToken"] = json!("x".repeat(500));
    bench.get(OPERATION, &chat.token, &largest);
    bench.get(OPERATION, &chat.token, &body(&"é".repeat(8_192)));
}

#[test]
fn a_chat_carries_only_the_content_types_it_was_started_with() {
    let mut bench = Bench::new();
    let start = json!({
        "InstanceId": "i",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "SupportedMessagingContentTypes": ["text/plain", "text/markdown"],
        "ConnectionTypes": ["CONNECTION_CREDENTIALS"],
    });
    let answer = bench.get(Operation::StartChatContact, "", &start);
    let token = answer["ConnectionCredentials"]["ConnectionToken"]
        .as_str()
        .expect("a token");
    for (content_type, status) in [
        ("text/plain", 200),
        ("text/markdown", 200),
        ("application/json", 400),
        (
            "application/vnd.amazonaws.connect.message.interactive.response",
            400,
        ),
    ] {
        let body = json!({ "ContentType": content_type, "Content": "{}" });
        assert_eq!(bench.ask(OPERATION, token, &body).status, status);
    }
}

#[test]
fn a_full_transcript_refuses_messages_but_not_the_end() {
    let mut bench = Bench::with(|settings| settings.items_per_contact = 2);
    let chat = bench.chat();
    bench.send(&chat, "1");
    bench.send(&chat, "2");
    let answer = bench.ask(OPERATION, &chat.token, &body("3"));
    assert_eq!(answer.status, 400);
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    assert!(bench.truth(&chat).ended().is_some());
}
