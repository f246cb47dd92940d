//! Messages that the service looks at before anybody gets them.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation, Role, Script, Settings};
use http::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Chat, ENDED, LEFT, READ, contents};

const SECOND: Duration = Duration::from_secs(1);
const NO_WORDS: [&str; 0] = [];

fn processing() -> Bench {
    Bench::with(|settings| settings.message_processing = Some(SECOND))
}

/// A connection token of an agent who has joined.
fn agent(bench: &mut Bench, chat: &Chat) -> String {
    let seat = bench
        .service
        .seat_agent(bench.now, &chat.contact, "Jo", Role::Agent)
        .expect("there is room");
    let body = json!({ "Type": ["CONNECTION_CREDENTIALS"], "ConnectParticipant": true });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.get(operation, &seat.participant_token, &body);
    let token = answer["ConnectionCredentials"]["ConnectionToken"].as_str();
    token.expect("a token").to_owned()
}

fn page(bench: &mut Bench, token: &str) -> Vec<Value> {
    let body = json!({ "MaxResults": 100, "SortOrder": "ASCENDING" });
    let answer = bench.get(Operation::GetTranscript, token, &body);
    let initial = answer["InitialContactId"].clone();
    let mut items = answer["Transcript"].as_array().expect("items").clone();
    // As on the socket, where each item says it.
    for item in &mut items {
        item["InitialContactId"] = initial.clone();
    }
    items
}

fn status(item: &Value) -> Option<&str> {
    item["MessageMetadata"]["MessageProcessingStatus"].as_str()
}

#[test]
fn messages_are_published_at_once_unless_it_is_set() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let answer = bench.send(&chat, "#failed#");
    assert!(answer.get("MessageMetadata").is_none());
    let items = bench.items(socket);
    assert_eq!(contents(&items), ["#failed#"]);
    assert_eq!(status(&items[0]), None);
}

#[test]
fn a_message_is_looked_at_first_and_published_with_the_id_of_the_answer() {
    let mut bench = processing();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let answer = bench.send(&chat, "x");
    assert_eq!(status(&answer), Some("PROCESSING"));
    bench.pass_ms(999);
    assert_eq!(bench.said(socket), NO_WORDS);
    assert_eq!(contents(&page(&mut bench, &chat.token)), NO_WORDS);
    bench.pass_ms(1);
    let items = bench.items(socket);
    assert_eq!(contents(&items), ["x"]);
    assert_eq!(items[0]["Id"], answer["Id"]);
    assert_eq!(status(&items[0]), None);
    assert_eq!(answer["AbsoluteTime"], "2027-01-15T08:00:00.000Z");
    assert_eq!(items[0]["AbsoluteTime"], "2027-01-15T08:00:01.000Z");
    assert_eq!(page(&mut bench, &chat.token).last(), items.last());
}

#[test]
fn a_repeated_client_token_has_the_same_answer_before_and_after() {
    let mut bench = processing();
    let chat = bench.chat();
    let body = json!({ "ContentType": "text/plain", "Content": "x", "ClientToken": "t" });
    let first = bench.get(Operation::SendMessage, &chat.token, &body);
    assert_eq!(bench.get(Operation::SendMessage, &chat.token, &body), first);
    bench.pass(SECOND);
    assert_eq!(bench.get(Operation::SendMessage, &chat.token, &body), first);
    bench.pass(SECOND);
    let truth = bench.truth(&chat);
    assert_eq!(truth.transcript().len(), 1);
    let send = truth.sends().next().expect("a send");
    assert!(send.processing);
    assert_eq!(send.uses, 3);
}

#[test]
fn what_fails_or_is_rejected_is_its_senders_alone() {
    let mut bench = processing();
    let chat = bench.chat();
    let own = bench.listen(&chat);
    let agent = agent(&mut bench, &chat);
    let desk = bench.service.agent_socket_url(bench.now, "Jo");
    let desk = bench.open(&crate::bench::target(&desk.expect("there is room")));
    bench.text(desk, crate::bench::SUBSCRIBE);
    bench.take(desk);
    bench.take(own);
    for text in ["a", "b #failed#", "c #rejected#", "d"] {
        bench.send(&chat, text);
    }
    bench.pass(SECOND);

    let items = bench.items(own);
    assert_eq!(contents(&items), ["a", "b #failed#", "c #rejected#", "d"]);
    let statuses: Vec<_> = items.iter().map(status).collect();
    assert_eq!(statuses, [None, Some("FAILED"), Some("REJECTED"), None]);
    assert_eq!(bench.said(desk), ["a", "d"]);

    let all = page(&mut bench, &chat.token);
    assert_eq!(all[all.len() - 4..], items);
    assert_eq!(contents(&page(&mut bench, &agent)), ["a", "d"]);

    // Nobody else can have read what nobody else has.
    let read = |id: &Value| {
        let content = json!({ "messageId": id }).to_string();
        json!({ "ContentType": READ, "Content": content })
    };
    let answer = bench.ask(Operation::SendEvent, &agent, &read(&items[1]["Id"]));
    assert_eq!(answer.status, 400);
    bench.get(Operation::SendEvent, &agent, &read(&items[0]["Id"]));
}

#[test]
fn an_agents_message_can_be_rejected_too() {
    let mut bench = processing();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let agent = agent(&mut bench, &chat);
    bench.take(socket);
    for content in ["x #rejected#", "y"] {
        let body = json!({ "ContentType": "text/plain", "Content": content });
        bench.get(Operation::SendMessage, &agent, &body);
    }
    bench.pass(SECOND);
    assert_eq!(bench.said(socket), ["y"]);
    let own = page(&mut bench, &agent);
    assert_eq!(contents(&own), ["x #rejected#", "y"]);
    assert_eq!(contents(&page(&mut bench, &chat.token)), ["y"]);
}

#[test]
fn the_order_is_that_of_acceptance() {
    let mut bench = processing();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    for number in 0..5 {
        bench.send(&chat, &number.to_string());
        bench.pass_ms(150);
    }
    bench.pass_ms(400);
    assert_eq!(bench.said(socket), ["0", "1"]);
    bench.pass(SECOND);
    assert_eq!(bench.said(socket), ["2", "3", "4"]);
}

#[test]
fn the_order_stays_when_the_time_becomes_shorter_or_none() {
    let mut bench = processing();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "first");
    for (time, text) in [(json!(10), "second"), (Value::Null, "third")] {
        let body = json!({ "message_processing_ms": time }).to_string();
        let answer = bench.raw(Method::PATCH, "/_sim/settings", "", body.as_bytes());
        assert_eq!(answer.status, 200);
        let answer = bench.send(&chat, text);
        assert_eq!(status(&answer), Some("PROCESSING"));
    }
    bench.pass_ms(999);
    assert_eq!(bench.said(socket), NO_WORDS);
    bench.pass_ms(1);
    assert_eq!(bench.said(socket), ["first", "second", "third"]);
    let answer = bench.send(&chat, "fourth");
    assert_eq!(status(&answer), None);
    assert_eq!(bench.said(socket), ["fourth"]);
}

#[test]
fn what_was_accepted_is_published_before_its_sender_leaves_and_before_the_end() {
    let mut bench = processing();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "last words");
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    let types = |items: &[Value]| -> Vec<Value> {
        items
            .iter()
            .map(|item| item["ContentType"].clone())
            .collect()
    };
    let items = bench.items(socket);
    assert_eq!(types(&items), ["text/plain", LEFT, ENDED]);
    bench.pass(SECOND * 5);
    assert_eq!(bench.truth(&chat).transcript().len(), 4);

    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "last words");
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("it goes on");
    let items = bench.items(socket);
    assert_eq!(types(&items), ["text/plain", ENDED]);
}

#[test]
fn the_script_answers_what_was_let_through() {
    let mut bench = Bench::with(|settings: &mut Settings| {
        settings.message_processing = Some(SECOND);
        settings.script = Script::echo();
        settings.rejected_messages = "bad".to_owned();
        settings.failed_messages = String::new();
    });
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    for text in ["#failed#", "bad"] {
        bench.send(&chat, text);
    }
    bench.pass(SECOND * 3);
    assert_eq!(bench.said(socket), ["#failed#", "bad", "#failed#"]);
}

#[test]
fn what_is_looked_at_has_its_place_in_the_transcript() {
    let mut bench = Bench::with(|settings| {
        settings.message_processing = Some(SECOND);
        settings.items_per_contact = 3;
    });
    let chat = bench.chat();
    let body = json!({ "ContentType": "text/plain", "Content": "x" });
    for _ in 0..3 {
        bench.get(Operation::SendMessage, &chat.token, &body);
    }
    let answer = bench.ask(Operation::SendMessage, &chat.token, &body);
    assert_eq!(answer.status, 400);
    bench.pass(SECOND);
    assert_eq!(bench.truth(&chat).transcript().len(), 3);
}

#[test]
fn a_lost_answer_does_not_stop_a_message() {
    let mut bench = processing();
    let chat = bench.chat();
    bench.inject(Fault::new(Effect::LoseResponse).on(Operation::SendMessage));
    let body = json!({ "ContentType": "text/plain", "Content": "x" });
    bench.call(Operation::SendMessage, &chat.token, &body);
    bench.pass(SECOND);
    assert_eq!(bench.truth(&chat).transcript().len(), 1);
}

#[test]
fn a_later_chat_has_nothing_that_was_held_back() {
    let mut bench = processing();
    let chat = bench.chat();
    for text in ["a", "b #failed#"] {
        bench.send(&chat, text);
    }
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    let body = json!({
        "InstanceId": "local",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "PersistentChat": {
            "RehydrationType": "ENTIRE_PAST_SESSION",
            "SourceContactId": chat.contact,
        },
    });
    let started = bench.get(Operation::StartChatContact, "", &body);
    let id = started["ContactId"].as_str().expect("an id");
    let past = bench.service.contact(id).expect("known").past();
    let said: Vec<_> = past
        .iter()
        .filter_map(|item| item.content.clone())
        .collect();
    assert_eq!(said, ["a"]);
}
