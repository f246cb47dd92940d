//! Streaming of contacts: checked and remembered.

use chat_sim::Operation;
use serde_json::{Value, json};

use crate::bench::Bench;

fn start(contact: &str, token: &str) -> Value {
    json!({
        "InstanceId": "local",
        "ContactId": contact,
        "ChatStreamingConfiguration": { "StreamingEndpointArn": "arn:aws:sns:x" },
        "ClientToken": token,
    })
}

#[test]
fn a_contact_is_streamed_once_and_stopped_by_its_id() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let operation = Operation::StartContactStreaming;
    let first = bench.get(operation, "", &start(&chat.contact, "t"));
    assert_eq!(bench.get(operation, "", &start(&chat.contact, "t")), first);
    let second = bench.ask(operation, "", &start(&chat.contact, "u"));
    assert_eq!(
        (second.status, second.error_type()),
        (429, "LimitExceededException")
    );
    let unknown = bench.ask(operation, "", &start("x", "t"));
    assert_eq!(unknown.error_type(), "ResourceNotFoundException");
    let mut nowhere = start(&chat.contact, "t");
    nowhere["ChatStreamingConfiguration"] = json!({});
    let nowhere = bench.ask(operation, "", &nowhere);
    assert_eq!(nowhere.error_type(), "InvalidRequestException");

    let stop = json!({
        "InstanceId": "local",
        "ContactId": chat.contact,
        "StreamingId": first["StreamingId"],
    });
    assert_eq!(
        bench.get(Operation::StopContactStreaming, "", &stop),
        json!({})
    );
    let again = bench.ask(Operation::StopContactStreaming, "", &stop);
    assert_eq!(again.error_type(), "ResourceNotFoundException");
    let third = bench.get(operation, "", &start(&chat.contact, "u"));
    assert_ne!(third, first);
}

#[test]
fn a_chat_can_be_streamed_from_its_start() {
    let mut bench = Bench::new();
    let body = json!({
        "InstanceId": "local",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "ChatStreamingConfiguration": { "StreamingEndpointArn": "arn:aws:sns:x" },
        "ClientToken": "t",
    });
    let started = bench.get(Operation::StartChatContact, "", &body);
    assert_eq!(started["StreamingId"].as_str().map(str::len), Some(36));
    assert_eq!(bench.get(Operation::StartChatContact, "", &body), started);
}
