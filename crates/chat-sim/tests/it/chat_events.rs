//! Events that the service's side publishes, and the authentication of customers.

use chat_sim::{ChatEvent, ControlError, Item, Operation, Role};
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, Chat};

fn tell(
    bench: &mut Bench,
    chat: &Chat,
    event: &ChatEvent,
    about: Role,
) -> Result<Item, ControlError> {
    let item = bench
        .service
        .publish_event(bench.now, &chat.contact, event, about);
    bench.drain();
    item
}

#[test]
fn every_event_goes_out_and_the_transcript_keeps_only_those_the_service_keeps() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.agent_says(&chat, "x");
    bench.items(socket);
    let events = [
        (ChatEvent::ParticipantIdle, "participant.idle", false),
        (
            ChatEvent::ParticipantReturned,
            "participant.returned",
            false,
        ),
        (ChatEvent::ParticipantInvited, "participant.invited", true),
        (
            ChatEvent::AutoDisconnection,
            "participant.autodisconnection",
            false,
        ),
        (
            ChatEvent::AuthenticationInitiated,
            "authentication.initiated",
            false,
        ),
        (
            ChatEvent::AuthenticationSucceeded,
            "authentication.succeeded",
            false,
        ),
        (
            ChatEvent::AuthenticationFailed,
            "authentication.failed",
            false,
        ),
        (
            ChatEvent::AuthenticationTimeout,
            "authentication.timeout",
            false,
        ),
        (
            ChatEvent::AuthenticationExpired,
            "authentication.expired",
            false,
        ),
        (
            ChatEvent::AuthenticationCancelled,
            "authentication.cancelled",
            false,
        ),
        (
            ChatEvent::DisplayNameUpdated("Bo".to_owned()),
            "participant.displayname.updated",
            false,
        ),
        (ChatEvent::ChatRehydrated, "chat.rehydrated", false),
        (ChatEvent::TransferSucceeded, "transfer.succeeded", true),
        (ChatEvent::TransferFailed, "transfer.failed", true),
    ];
    for (event, name, stored) in events {
        for role in [Role::Customer, Role::Agent] {
            let before = bench.truth(&chat).transcript().len();
            let item = tell(&mut bench, &chat, &event, role).expect("it can be told");
            let heard = bench.items(socket);
            assert_eq!(heard, [json!(item)]);
            let full = format!("application/vnd.amazonaws.connect.event.{name}");
            assert_eq!(heard[0]["ContentType"], full.as_str());
            assert_eq!(heard[0]["Type"], "EVENT");
            assert_eq!(heard[0]["ParticipantRole"], json!(role));
            let after = bench.truth(&chat).transcript().len();
            assert_eq!(after - before, usize::from(stored), "{name}");
        }
    }
}

#[test]
fn a_new_name_is_the_participants_name_from_then_on() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let event = ChatEvent::DisplayNameUpdated("Ana B.".to_owned());
    tell(&mut bench, &chat, &event, Role::Customer).expect("it can be told");
    bench.send(&chat, "x");
    let names: Vec<_> = bench
        .items(socket)
        .iter()
        .map(|item| item["DisplayName"].clone())
        .collect();
    assert_eq!(names, ["Ana B.", "Ana B."]);
    let empty = ChatEvent::DisplayNameUpdated(String::new());
    assert!(tell(&mut bench, &chat, &empty, Role::Customer).is_err());
    assert!(!format!("{event:?}").contains("Ana"));
}

#[test]
fn an_event_needs_somebody_it_is_about() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    assert_eq!(
        tell(&mut bench, &chat, &ChatEvent::ParticipantIdle, Role::Agent),
        Err(ControlError::NobodyWithRole(Role::Agent))
    );
}

/// Begins an authentication. Answers its session.
fn initiate(bench: &mut Bench, chat: &Chat) -> String {
    let item = tell(
        bench,
        chat,
        &ChatEvent::AuthenticationInitiated,
        Role::Customer,
    );
    let content = item.expect("it can be told").content.expect("a content");
    let content: Value = serde_json::from_str(&content).expect("JSON");
    let session = content["SessionId"].as_str().expect("a session").to_owned();
    assert_eq!(session.len(), 36);
    session
}

fn url(bench: &mut Bench, chat: &Chat, session: &str, redirect: &str) -> Answer {
    let body = json!({ "SessionId": session, "RedirectUri": redirect });
    bench.ask(Operation::GetAuthenticationUrl, &chat.token, &body)
}

#[test]
fn the_authentication_url_can_be_had_for_a_minute() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let session = initiate(&mut bench, &chat);
    bench.pass_ms(59_999);
    let answer = url(&mut bench, &chat, &session, "https://x.example");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let there = answer.json()["AuthenticationUrl"].clone();
    let there = there.as_str().expect("a URL");
    assert!(there.starts_with("http://127.0.0.1/"), "{there}");

    let unknown = bench.chat().contact;
    let long = "x".repeat(1_025);
    for (session, redirect) in [
        ("short", "x"),
        (&unknown, "x"),
        (&session, ""),
        (&session, &long),
    ] {
        let answer = url(&mut bench, &chat, session, redirect);
        assert_eq!(answer.error_type(), "ValidationException", "{session}");
    }
    bench.pass_ms(1);
    let late = url(&mut bench, &chat, &session, "https://x.example");
    assert_eq!(late.error_type(), "AccessDeniedException");
}

#[test]
fn the_customer_cancels_the_authentication_once() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let session = initiate(&mut bench, &chat);
    bench.items(socket);
    let body = json!({ "SessionId": session });
    let operation = Operation::CancelParticipantAuthentication;
    assert_eq!(bench.get(operation, &chat.token, &body), json!({}));
    let items = bench.items(socket);
    assert_eq!(items.len(), 1);
    assert_eq!(
        items[0]["ContentType"],
        ChatEvent::AuthenticationCancelled.content_type()
    );
    assert_eq!(items[0]["Content"], body.to_string());
    let again = bench.ask(operation, &chat.token, &body);
    assert_eq!(again.error_type(), "ValidationException");
    assert_eq!(url(&mut bench, &chat, &session, "x").status, 400);
}

#[test]
fn an_authentication_that_succeeded_is_over() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let session = initiate(&mut bench, &chat);
    let event = ChatEvent::AuthenticationSucceeded;
    let item = tell(&mut bench, &chat, &event, Role::Customer).expect("it can be told");
    assert!(
        item.content
            .is_some_and(|content| content.contains(&session))
    );
    assert_eq!(url(&mut bench, &chat, &session, "x").status, 400);
}
