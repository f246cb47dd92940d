//! Items of a chat, as the service writes them.

use std::time::Duration;

use proptest::prelude::*;
use proptest::string::string_regex;
use serde_json::{Value, json};

use super::{CONTACT, PARTICIPANT, time_text};
use crate::wire::Item;

/// Types with the content types that go with them.
const KINDS: [(&str, &str); 34] = {
    const fn event(content_type: &'static str) -> (&'static str, &'static str) {
        ("EVENT", content_type)
    }
    [
        ("MESSAGE", "text/plain"),
        ("MESSAGE", "text/plain"),
        ("MESSAGE", "text/plain"),
        ("MESSAGE", "text/markdown"),
        ("MESSAGE", "application/json"),
        (
            "MESSAGE",
            "application/vnd.amazonaws.connect.message.interactive",
        ),
        (
            "MESSAGE",
            "application/vnd.amazonaws.connect.message.interactive.response",
        ),
        (
            "ATTACHMENT",
            "application/vnd.amazonaws.connect.event.attachment",
        ),
        ("TYPING", "application/vnd.amazonaws.connect.event.typing"),
        (
            "PARTICIPANT_JOINED",
            "application/vnd.amazonaws.connect.event.participant.joined",
        ),
        (
            "MESSAGEMETADATA",
            "application/vnd.amazonaws.connect.event.message.metadata",
        ),
        (
            "MESSAGEMETADATA",
            "application/vnd.amazonaws.connect.event.message.metadata",
        ),
        ("HOLOGRAM", "application/vnd.example.hologram"),
        event("application/vnd.amazonaws.connect.event.typing"),
        event("application/vnd.amazonaws.connect.event.message.delivered"),
        event("application/vnd.amazonaws.connect.event.message.read"),
        event("application/vnd.amazonaws.connect.event.connection.acknowledged"),
        event("application/vnd.amazonaws.connect.event.participant.active"),
        event("application/vnd.amazonaws.connect.event.participant.idle"),
        event("application/vnd.amazonaws.connect.event.participant.returned"),
        event("application/vnd.amazonaws.connect.event.participant.invited"),
        event("application/vnd.amazonaws.connect.event.participant.joined"),
        event("application/vnd.amazonaws.connect.event.participant.left"),
        event("application/vnd.amazonaws.connect.event.participant.autodisconnection"),
        event("application/vnd.amazonaws.connect.event.participant.displayname.updated"),
        event("application/vnd.amazonaws.connect.event.transfer.succeeded"),
        event("application/vnd.amazonaws.connect.event.transfer.failed"),
        event("application/vnd.amazonaws.connect.event.authentication.initiated"),
        event("application/vnd.amazonaws.connect.event.authentication.succeeded"),
        event("application/vnd.amazonaws.connect.event.authentication.failed"),
        event("application/vnd.amazonaws.connect.event.authentication.timeout"),
        event("application/vnd.amazonaws.connect.event.authentication.expired"),
        event("application/vnd.amazonaws.connect.event.authentication.cancelled"),
        event("application/vnd.amazonaws.connect.event.chat.rehydrated"),
    ]
};

/// Any item that does not end the chat, as JSON. Ids and times repeat, and fields may be missing:
/// the service promises little more than a type.
pub fn item_json() -> impl Strategy<Value = String> {
    let place = (0..64_u32, prop::option::weighted(0.9, 0..7_200_u32));
    (place, content(), 0..8_u8).prop_map(|((number, second), mut item, missing)| {
        if missing > 0 {
            item["Id"] = json!(item_id(number));
        }
        if let Some(second) = second {
            item["AbsoluteTime"] = json!(time_text(Duration::from_millis(u64::from(second) * 500)));
        }
        item.to_string()
    })
}

/// Any item that does not end the chat, parsed.
pub fn item() -> impl Strategy<Value = Item> {
    item_json().prop_map(|json| Item::parse(&json).expect("an item has a type"))
}

/// The item that ends the chat, as JSON.
pub fn chat_ended_json() -> impl Strategy<Value = String> {
    Just(
        json!({
            "Id": "the-end",
            "Type": "EVENT",
            "ContentType": "application/vnd.amazonaws.connect.event.chat.ended",
            "AbsoluteTime": time_text(Duration::from_secs(7_200)),
            "ContactId": CONTACT,
        })
        .to_string(),
    )
}

/// The items of a chat as its transcript holds them: up to `longest`, oldest first, each with an
/// id and a time of its own. None of them ends it.
pub fn history(longest: usize) -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(content(), 0..=longest).prop_map(|items| {
        let number = |(number, mut item): (u32, Value)| {
            item["Id"] = json!(item_id(number));
            item["AbsoluteTime"] = json!(time_text(Duration::from_millis(u64::from(number) * 700)));
            item.to_string()
        };
        (0..).zip(items).map(number).collect()
    })
}

/// The id of an item, by number.
fn item_id(number: u32) -> String {
    format!("item-{number}")
}

/// What an item says, without its id and time.
fn content() -> impl Strategy<Value = Value> {
    let sender = prop_oneof![
        4 => Just(("agent-1", "AGENT")),
        2 => Just((PARTICIPANT, "CUSTOMER")),
        1 => Just(("flow-1", "SYSTEM")),
        1 => Just(("bot-1", "CUSTOM_BOT")),
        1 => Just(("oracle-1", "ORACLE")),
    ];
    let contacts = prop_oneof![
        8 => Just(json!({ "InitialContactId": CONTACT, "ContactId": CONTACT })),
        1 => Just(json!({ "InitialContactId": CONTACT, "ContactId": "transferred-to" })),
        1 => Just(json!({ "ContactId": "transferred-to" })),
        1 => Just(json!({ "RelatedContactId": "past-contact" })),
        1 => Just(json!({})),
    ];
    let metadata = prop_oneof![
        4 => receipts(),
        1 => (any::<bool>(), 0..5_u8).prop_map(|(completed, chunk)| {
            json!({ "MessageCompleted": completed, "ChunkNumber": chunk })
        }),
        1 => Just(json!({})),
    ];
    let kind = prop::sample::select(KINDS.to_vec());
    (kind, sender, contacts, metadata, text()).prop_map(
        |((of_type, content_type), (id, role), contacts, metadata, text)| {
            let mut item = contacts;
            item["Type"] = json!(of_type);
            item["ContentType"] = json!(content_type);
            item["ParticipantId"] = json!(id);
            item["ParticipantRole"] = json!(role);
            item["DisplayName"] = json!(role);
            match of_type {
                "MESSAGE" => {
                    item["Content"] = json!(text);
                    if role == "SYSTEM" {
                        item["MessageMetadata"] = metadata;
                    }
                }
                "MESSAGEMETADATA" => item["MessageMetadata"] = metadata,
                "ATTACHMENT" => {
                    item["Attachments"] = json!([{ "AttachmentId": "a", "AttachmentName": text,
                        "ContentType": "image/png", "Status": "APPROVED" }]);
                }
                _ => {}
            }
            item
        },
    )
}

fn receipts() -> impl Strategy<Value = Value> {
    let recipient = prop_oneof![3 => Just("agent-1"), 1 => Just(PARTICIPANT)];
    let receipt = (recipient, any::<bool>(), any::<bool>()).prop_map(|(id, delivered, read)| {
        let at = |said: bool| said.then(|| time_text(Duration::from_secs(3_600)));
        json!({ "RecipientParticipantId": id, "DeliveredTimestamp": at(delivered),
            "ReadTimestamp": at(read) })
    });
    (0..64_u32, prop::collection::vec(receipt, 0..3)).prop_map(
        |(number, receipts)| json!({ "MessageId": item_id(number), "Receipts": receipts }),
    )
}

/// What people write.
pub(super) fn text() -> impl Strategy<Value = String> {
    // Strategies of their own: a pattern that stands for one is compiled at each use.
    let words = string_regex("[a-z ]{1,12}").expect("the pattern is one");
    let any = string_regex("\\PC{0,20}").expect("the pattern is one");
    prop_oneof![
        4 => words,
        1 => any,
        1 => Just("\u{1f600} \"quoted\" \\ \u{0} \u{2028}".to_owned()),
        1 => Just(String::new()),
    ]
}
