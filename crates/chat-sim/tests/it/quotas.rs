//! Quotas: how many requests a second the service takes.

use chat_sim::Operation;
use serde_json::{Value, json};

use crate::bench::{Bench, Chat};

fn strict() -> Bench {
    Bench::with(|settings| settings.quotas = true)
}

/// How many of so many requests are taken.
fn taken(bench: &mut Bench, operation: Operation, bearer: &str, body: &Value, count: u32) -> u32 {
    let mut taken = 0;
    for _ in 0..count {
        let answer = bench.ask(operation, bearer, body);
        if answer.status == 429 {
            assert_eq!(answer.error_type(), "ThrottlingException");
        } else {
            taken += 1;
        }
    }
    taken
}

fn message() -> Value {
    json!({ "ContentType": "text/plain", "Content": "x" })
}

fn typing() -> Value {
    json!({ "ContentType": crate::bench::TYPING })
}

#[test]
fn without_the_setting_nothing_is_throttled() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let operation = Operation::SendMessage;
    assert_eq!(
        taken(&mut bench, operation, &chat.token, &message(), 50),
        50
    );
    assert_eq!(bench.service.throttled(operation), 0);
}

#[test]
fn messages_and_events_of_all_chats_of_an_instance_share_a_quota() {
    let mut bench = strict();
    let (one, two): (Chat, Chat) = (bench.chat(), bench.chat());
    let (send, event) = (Operation::SendMessage, Operation::SendEvent);
    assert_eq!(taken(&mut bench, send, &one.token, &message(), 10), 10);
    assert_eq!(taken(&mut bench, event, &two.token, &typing(), 10), 5);
    assert_eq!(taken(&mut bench, send, &two.token, &message(), 3), 0);
    assert_eq!(bench.truth(&one).transcript().len(), 10);
    assert_eq!(bench.truth(&two).transcript().len(), 0, "nothing was done");
    bench.pass_ms(1_000);
    assert_eq!(taken(&mut bench, send, &two.token, &message(), 20), 10);
    assert_eq!(bench.service.throttled(send), 13);
    assert_eq!(bench.service.throttled(event), 5);
    // Another operation has a quota of its own.
    let read = Operation::GetTranscript;
    assert_eq!(taken(&mut bench, read, &two.token, &json!({}), 20), 12);
}

#[test]
fn strangers_use_up_nobodys_quota() {
    let mut bench = strict();
    let chat = bench.chat();
    for _ in 0..30 {
        let answer = bench.ask(Operation::SendMessage, "stranger", &message());
        assert_eq!(answer.status, 403);
    }
    let operation = Operation::SendMessage;
    assert_eq!(
        taken(&mut bench, operation, &chat.token, &message(), 15),
        15
    );
}

#[test]
fn starting_chats_has_a_quota_of_the_account_with_an_error_of_its_own() {
    let mut bench = strict();
    let start = |instance: &str| {
        json!({
            "InstanceId": instance, "ContactFlowId": "f",
            "ParticipantDetails": { "DisplayName": "Ana" },
        })
    };
    for number in 0..8 {
        bench.get(Operation::StartChatContact, "", &start(&number.to_string()));
    }
    let refused = bench.ask(Operation::StartChatContact, "", &start("x"));
    assert_eq!(
        (refused.status, refused.error_type()),
        (429, "TooManyRequestsException")
    );
    assert_eq!(bench.service.contacts().count(), 8);
}
