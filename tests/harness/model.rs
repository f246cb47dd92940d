//! What must be true of a client, seen from what the service recorded.

use std::collections::BTreeMap;

use chat_proto::{ItemId, LocalId, Transcript};
use chat_sim::{Contact, ItemType, Role};

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
) {
    let recorded: Vec<&str> = contact
        .transcript()
        .iter()
        .map(|item| item.id.as_str())
        .collect();
    for id in &recorded {
        let times = journal.items.get(&ItemId::from(*id));
        assert_eq!(
            times,
            Some(&1),
            "item {id} of the record was not reported once"
        );
    }
    let shown: Vec<&str> = transcript
        .iter()
        .filter_map(|entry| entry.item.id.as_ref())
        .map(ItemId::as_str)
        .collect();
    assert_eq!(shown, recorded, "the transcript is not the record");
    compare_sent(contact, journal, given);
}

/// Every confirmed message stands in the record once, under the id the client was given, with its
/// text; they stand in the order of sending; and nothing else does.
pub(crate) fn compare_sent(
    contact: &Contact,
    journal: &Journal,
    given: &BTreeMap<LocalId, String>,
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
    assert!(by_text.is_empty(), "the record has messages nobody sent");
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
