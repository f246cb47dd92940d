//! What must be true of a client, seen from what the service recorded.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::{Entry, ItemId, LocalId, ReceiptKind, ReceiptOutcome, Status, Transcript};
use chat_sim::{Contact, ItemType, Participant, Role};

use crate::journal::Journal;

/// Whether items the service has numbered stand in order of time, with the rest behind them.
pub(crate) fn ordered(transcript: &Transcript) -> bool {
    let mut last = None;
    let mut only_local = false;
    for entry in transcript.iter() {
        match (&entry.item.absolute_time, &entry.item.id) {
            (Some(time), Some(id)) => {
                let position = Some((time.clone(), id.clone()));
                if only_local || position <= last {
                    return false;
                }
                last = position;
            }
            _ => only_local = true,
        }
    }
    true
}

/// Compares the client with the record: nothing lost, nothing twice, one order.
pub(crate) fn compare(
    contact: &Contact,
    journal: &Journal,
    transcript: &Transcript,
    given: &BTreeMap<LocalId, String>,
    forgotten: &BTreeSet<String>,
) {
    // Receipts are reported like any item, but are no lines of the transcript.
    let lines = contact
        .transcript()
        .iter()
        .filter(|item| item.item_type != ItemType::MessageMetadata);
    let recorded: Vec<&str> = lines.map(|item| item.id.as_str()).collect();
    for id in &recorded {
        let times = journal.items.get(&ItemId::from(*id));
        assert_eq!(
            times,
            Some(&1),
            "item {id} of the record was not reported once"
        );
    }
    let shown: Vec<&str> = shown(transcript).map(ItemId::as_str).collect();
    if journal.continued {
        assert!(
            recorded.ends_with(&shown),
            "the transcript {shown:?} is not the end of the record {recorded:?}"
        );
    } else {
        assert_eq!(shown, recorded, "the transcript is not the record");
    }
    compare_sent(contact, journal, given, forgotten);
    compare_receipts(contact, journal);
    compare_files(contact, journal);
    compare_statuses(contact, transcript);
}

/// The items a client shows. What is still being written is not recorded yet.
fn shown(transcript: &Transcript) -> impl Iterator<Item = &ItemId> {
    let whole = transcript.iter().filter(|entry| !entry.is_partial());
    whole.filter_map(|entry| entry.item.id.as_ref())
}

/// What the client shows is in the record, in the record's order.
pub(crate) fn compare_seen(contact: &Contact, transcript: &Transcript) {
    let mut recorded = contact.transcript().iter();
    for id in shown(transcript) {
        assert!(
            recorded.any(|item| item.id == id.as_str()),
            "item {id} is not in the record, or not in this place"
        );
    }
}

/// What the agent has received or read is shown so.
fn compare_statuses(contact: &Contact, transcript: &Transcript) {
    let own = |entry: &&Entry| entry.local_id.is_some();
    let customer = contact.participants().first().map(Participant::id);
    for entry in transcript.iter().filter(own) {
        let id = entry.item.id.as_ref().map(ItemId::as_str);
        let of_the_agent = contact.receipts().filter(|(message, receipt)| {
            Some(*message) == id && Some(receipt.recipient_participant_id.as_str()) != customer
        });
        for (_, receipt) in of_the_agent {
            let expected = if receipt.read_timestamp.is_some() {
                Status::Read
            } else {
                Status::Delivered
            };
            let status = entry.status;
            assert!(status >= expected, "{id:?} is {status:?}, not {expected:?}");
        }
    }
}

/// Every file that the client says was sent stands in the record once, unless the chat ended while
/// the service was still scanning it.
fn compare_files(contact: &Contact, journal: &Journal) {
    for attachment in journal.files.values().flatten() {
        let items = contact.transcript().iter();
        let files = items.flat_map(|item| &item.attachments);
        let times = files.filter(|file| file.attachment_id == attachment.as_str());
        let times = times.count();
        let scanned = contact.ended().is_none();
        assert!(
            times == 1 || (times == 0 && !scanned),
            "{attachment} is in the record {times} times"
        );
    }
}

/// Every receipt that the client says was sent is one that the service has: for that message or,
/// where a newer one made it needless, for that one.
fn compare_receipts(contact: &Contact, journal: &Journal) {
    let has = |kind: ReceiptKind, message: &ItemId| {
        contact.receipts().any(|(id, receipt)| {
            id == message.as_str()
                && match kind {
                    ReceiptKind::Read => receipt.read_timestamp.is_some(),
                    ReceiptKind::Delivered => {
                        receipt.delivered_timestamp.is_some() || receipt.read_timestamp.is_some()
                    }
                }
        })
    };
    for ((kind, message), outcome) in &journal.receipts {
        match outcome {
            ReceiptOutcome::Sent => {
                assert!(
                    has(*kind, message),
                    "the {kind:?} of {message} did not arrive"
                );
            }
            ReceiptOutcome::Superseded { by } => {
                assert!(
                    has(*kind, by),
                    "the {kind:?} of {by} for {message} did not arrive"
                );
            }
            ReceiptOutcome::AlreadySent | ReceiptOutcome::Failed(_) | _ => {}
        }
    }
}

/// Every confirmed message stands in the record once, under the id the client was given, with its
/// text; they stand in the order of sending; and nothing else does, but for what a client had
/// forgotten when it was continued, once each.
pub(crate) fn compare_sent(
    contact: &Contact,
    journal: &Journal,
    given: &BTreeMap<LocalId, String>,
    forgotten: &BTreeSet<String>,
) {
    let from_customer: Vec<_> = contact
        .transcript()
        .iter()
        .filter(|item| {
            item.item_type == ItemType::Message && item.participant_role == Some(Role::Customer)
        })
        .collect();
    let mut by_text: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for item in &from_customer {
        let text = item.content.as_deref().unwrap_or_default();
        by_text.entry(text).or_default().push(&item.id);
    }
    for (local_id, text) in given {
        let ids = by_text.remove(text.as_str()).unwrap_or_default();
        match journal.sent.get(local_id) {
            Some(id) => assert_eq!(ids, [id.as_str()], "{local_id} is not in the record once"),
            None => assert!(ids.len() <= 1, "{local_id}, which failed, was doubled"),
        }
    }
    for (text, ids) in by_text {
        assert!(
            forgotten.contains(text),
            "the record has messages nobody sent"
        );
        assert_eq!(ids.len(), 1, "a message was doubled");
    }
    // What was sent again after a failure has a new place.
    let first_time = |local_id: &&LocalId| !journal.resent.contains(local_id);
    let ids = journal
        .sent
        .iter()
        .filter(|(local_id, _)| first_time(local_id));
    let in_order: Vec<&str> = ids.map(|(_, id)| id.as_str()).collect();
    let recorded: Vec<&str> = from_customer
        .iter()
        .map(|item| item.id.as_str())
        .filter(|id| in_order.contains(id))
        .collect();
    assert_eq!(
        recorded, in_order,
        "messages were recorded in another order than they were sent in"
    );
}
