//! SendEvent: typing, acknowledgement, receipts.

use chat_sim::{ItemType, Operation};
use serde_json::{Value, json};

use crate::bench::{ACKNOWLEDGED, Bench, Chat, DELIVERED, JOINED, METADATA, READ, TYPING};

const OPERATION: Operation = Operation::SendEvent;

fn receipt(kind: &str, message: &str) -> Value {
    json!({ "ContentType": kind, "Content": json!({ "messageId": message }).to_string() })
}

/// A chat with an agent, a subscribed customer and one message of the agent.
fn talk(bench: &mut Bench) -> (Chat, chat_sim::SocketId, String) {
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let message = bench.agent_says(&chat, "Hello");
    bench.take(socket);
    (chat, socket, message)
}

#[test]
fn typing_is_published_but_not_stored() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let stored = bench.truth(&chat).transcript().len();
    let answer = bench.get(OPERATION, &chat.token, &json!({ "ContentType": TYPING }));
    let items = bench.items(socket);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["Type"], "EVENT");
    assert_eq!(items[0]["ContentType"], TYPING);
    assert_eq!(items[0]["Id"], answer["Id"]);
    assert_eq!(items[0]["ParticipantId"], chat.participant.as_str());
    assert!(items[0].get("Content").is_none());
    assert_eq!(bench.truth(&chat).transcript().len(), stored);
    let last = bench.truth(&chat).published().last().expect("an item");
    assert_eq!((last.stored, last.sockets), (false, 1));
}

#[test]
fn a_repeated_client_token_repeats_an_event() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    for content_type in [TYPING, ACKNOWLEDGED] {
        let body = json!({ "ContentType": content_type, "ClientToken": content_type });
        let first = bench.get(OPERATION, &chat.token, &body);
        bench.pass_ms(50);
        assert_eq!(bench.get(OPERATION, &chat.token, &body), first);
    }
    assert_eq!(bench.items(socket).len(), 1);
    assert!(bench.truth(&chat).sends().all(|send| send.uses == 2));
}

#[test]
fn receipts_with_one_client_token_are_told_apart_by_what_they_say() {
    let mut bench = Bench::new();
    let (chat, socket, first) = talk(&mut bench);
    let second = bench.agent_says(&chat, "And?");
    bench.take(socket);
    let mut answers = Vec::new();
    for (kind, message) in [(DELIVERED, &first), (READ, &first), (READ, &second)] {
        let mut body = receipt(kind, message);
        body["ClientToken"] = json!("INCOMING_READ_RECEIPT");
        let answer = bench.get(OPERATION, &chat.token, &body);
        assert_eq!(bench.get(OPERATION, &chat.token, &body), answer);
        answers.push(answer["Id"].clone());
    }
    let ids: Vec<Value> = bench
        .items(socket)
        .iter()
        .map(|item| item["Id"].clone())
        .collect();
    assert_eq!(ids, answers);
}

#[test]
fn an_acknowledgement_joins_the_participant_once() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let body = json!({ "ContentType": ACKNOWLEDGED });
    let answer = bench.get(OPERATION, &chat.token, &body);
    assert!(answer["Id"].is_string() && answer["AbsoluteTime"].is_string());
    bench.get(OPERATION, &chat.token, &body);
    bench.listen(&chat);
    assert_eq!(bench.stored_types(&chat), [JOINED]);
}

#[test]
fn receipts_become_metadata_items_with_what_is_known_so_far() {
    let mut bench = Bench::new();
    let (chat, socket, message) = talk(&mut bench);
    bench.pass_ms(100);
    bench.get(OPERATION, &chat.token, &receipt(DELIVERED, &message));
    bench.pass_ms(100);
    let answer = bench.get(OPERATION, &chat.token, &receipt(READ, &message));
    let items = bench.items(socket);
    let delivered = &items[0]["AbsoluteTime"];
    let read = &items[1]["AbsoluteTime"];
    assert_eq!(answer["AbsoluteTime"], *read);
    assert_eq!(
        items[0]["MessageMetadata"],
        json!({
            "MessageId": message,
            "Receipts": [{
                "RecipientParticipantId": chat.participant,
                "DeliveredTimestamp": delivered,
            }],
        })
    );
    assert_eq!(
        items[1]["MessageMetadata"]["Receipts"],
        json!([{
            "RecipientParticipantId": chat.participant,
            "DeliveredTimestamp": delivered,
            "ReadTimestamp": read,
        }])
    );
    for item in &items {
        assert_eq!(item["Type"], "MESSAGEMETADATA");
        assert_eq!(item["ContentType"], METADATA);
        assert_eq!(item["ContactId"], chat.contact.as_str());
        assert!(item.get("ParticipantId").is_none());
    }
    let truth = bench.truth(&chat);
    let metadata = truth
        .transcript()
        .iter()
        .filter(|item| item.item_type == ItemType::MessageMetadata)
        .count();
    assert_eq!(metadata, 2);
    let (of, known) = truth.receipts().next().expect("a receipt");
    assert_eq!(of, message);
    assert!(known.read_timestamp.is_some());
}

#[test]
fn a_repeated_read_keeps_the_first_time() {
    let mut bench = Bench::new();
    let (chat, socket, message) = talk(&mut bench);
    bench.get(OPERATION, &chat.token, &receipt(READ, &message));
    bench.pass_ms(1_000);
    bench.get(OPERATION, &chat.token, &receipt(READ, &message));
    let items = bench.items(socket);
    assert_ne!(items[0]["AbsoluteTime"], items[1]["AbsoluteTime"]);
    assert_eq!(items[0]["MessageMetadata"], items[1]["MessageMetadata"]);
}

#[test]
fn receipts_need_not_come_back_to_who_sent_them() {
    let mut bench = Bench::with(|settings| settings.echo_receipts = false);
    let (chat, socket, message) = talk(&mut bench);
    bench.get(OPERATION, &chat.token, &receipt(READ, &message));
    assert_eq!(bench.items(socket), [] as [Value; 0]);

    let own = bench.send(&chat, "mine");
    let own = own["Id"].as_str().expect("an id");
    bench
        .service
        .agent_reads(bench.now, &chat.contact, own)
        .expect("the agent reads");
    let items = bench.items(socket);
    let agent = bench.truth(&chat).participants()[1].id();
    assert_eq!(
        items[1]["MessageMetadata"]["Receipts"][0]["RecipientParticipantId"],
        agent
    );
}

#[test]
fn receipts_in_a_chat_of_three_are_a_conflict() {
    let mut bench = Bench::new();
    let (chat, _, message) = talk(&mut bench);
    bench
        .service
        .agent_joins(bench.now, &chat.contact, "Supervisor")
        .expect("there is room");
    let answer = bench.ask(OPERATION, &chat.token, &receipt(READ, &message));
    assert_eq!(
        (answer.status, answer.error_type()),
        (409, "ConflictException")
    );
    bench
        .service
        .agent_leaves(bench.now, &chat.contact)
        .expect("one is there");
    bench.get(OPERATION, &chat.token, &receipt(READ, &message));
}

#[test]
fn bad_events_are_refused() {
    let mut bench = Bench::new();
    let (chat, socket, message) = talk(&mut bench);
    let joined = bench.truth(&chat).transcript()[0].id.clone();
    for body in [
        json!({}),
        json!({ "ContentType": 1 }),
        json!({ "ContentType": "text/plain", "Content": "x" }),
        json!({ "ContentType": JOINED }),
        json!({ "ContentType": "x".repeat(101) }),
        json!({ "ContentType": TYPING, "Content": "" }),
        json!({ "ContentType": TYPING, "Content": "x".repeat(16_385) }),
        json!({ "ContentType": TYPING, "Content": {} }),
        json!({ "ContentType": TYPING, "ClientToken": "x".repeat(501) }),
        json!({ "ContentType": READ }),
        json!({ "ContentType": READ, "Content": message }),
        json!({ "ContentType": READ, "Content": "{}" }),
        json!({ "ContentType": READ, "Content": "{\"messageId\":1}" }),
        receipt(READ, ""),
        receipt(READ, "unknown"),
        receipt(DELIVERED, &joined),
    ] {
        let answer = bench.ask(OPERATION, &chat.token, &body);
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.error_type(), "ValidationException");
    }
    assert_eq!(bench.items(socket), [] as [Value; 0]);
}
