//! Messages that a bot sends in parts: put together in any order, complete exactly once.

use chat_proto::{Change, Entry, Event, ItemKind, Status};
use chat_tests::{CONTACT, Lone, message};
use proptest::prelude::*;

/// A part of message `id`, sent at this second. `completed` as the service would write it.
fn part(id: &str, number: u64, text: &str, second: u32, completed: bool) -> String {
    format!(
        r#"{{"Id":"{id}","Type":"MESSAGE","ContentType":"text/plain","Content":"{text}","AbsoluteTime":"2026-01-31T12:00:{second:02}.000Z","ParticipantId":"bot-1","ParticipantRole":"SYSTEM","InitialContactId":"{CONTACT}","MessageMetadata":{{"MessageId":"{id}","ChunkNumber":{number},"MessageCompleted":{completed}}}}}"#
    )
}

fn chunk(number: u64, text: &str) -> String {
    part("m", number, text, 30, false)
}

fn whole(text: &str) -> String {
    part("m", 9, text, 30, true)
}

/// A live session whose history is empty and read.
fn live() -> Lone {
    let mut lone = Lone::live(|_| {});
    assert!(lone.page(&[]));
    lone
}

/// What was reported of items: kind, text and whether it was recovered.
fn reported(lone: &Lone) -> Vec<(ItemKind, String, bool)> {
    let mut reported = Vec::new();
    for event in &lone.events {
        if let Event::Item(received) = event {
            let text = received.item.content.clone().unwrap_or_default();
            reported.push((received.kind, text, received.recovered));
        }
    }
    reported
}

fn messages(lone: &Lone) -> Vec<(ItemKind, String, bool)> {
    let mut reported = reported(lone);
    reported.retain(|(kind, ..)| *kind == ItemKind::Message);
    reported
}

/// The contents of the transcript, with a mark on what is still being written.
fn shown(lone: &Lone) -> Vec<String> {
    let entries = lone.session.transcript().iter();
    entries
        .map(|entry| {
            let text = entry.item.content.clone().unwrap_or_default();
            let mark = if entry.is_partial() { "…" } else { "" };
            format!("{text}{mark}")
        })
        .collect()
}

/// A copy of the transcript made of its changes alone.
fn copy(lone: &Lone) -> Vec<Entry> {
    let mut copy = Vec::new();
    for event in &lone.events {
        let Event::TranscriptChanged(change) = event else {
            continue;
        };
        match change {
            Change::Inserted { index, entry } => copy.insert(*index, entry.clone()),
            Change::Updated { index, entry } => copy[*index] = entry.clone(),
            Change::Removed { index } => {
                copy.remove(*index);
            }
        }
    }
    copy
}

#[test]
fn one_entry_grows_with_the_parts_and_the_whole_replaces_it() {
    let mut lone = live();
    lone.item(&chunk(1, "The fer"));
    assert_eq!(shown(&lone), ["The fer…"]);
    lone.item(&chunk(2, "ry is"));
    assert_eq!(shown(&lone), ["The ferry is…"]);
    lone.item(&whole("The ferry is late"));
    assert_eq!(shown(&lone), ["The ferry is late"]);
    let updates = lone.events.iter().filter(|event| {
        matches!(
            event,
            Event::TranscriptChanged(Change::Updated { index: 0, .. })
        )
    });
    assert_eq!(updates.count(), 2);
    let kinds: Vec<_> = reported(&lone).into_iter().map(|(kind, ..)| kind).collect();
    let partial = ItemKind::PartialMessage;
    assert_eq!(kinds, [partial, partial, ItemKind::Message]);
}

#[test]
fn parts_out_of_order_show_as_far_as_there_is_no_hole() {
    let mut lone = live();
    lone.item(&chunk(3, "c"));
    assert!(shown(&lone).is_empty());
    lone.item(&chunk(1, "a"));
    assert_eq!(shown(&lone), ["a…"]);
    lone.item(&chunk(2, "b"));
    assert_eq!(shown(&lone), ["abc…"]);
    assert_eq!(reported(&lone).len(), 3);
}

#[test]
fn parts_that_come_twice_and_after_the_whole_do_nothing() {
    let mut lone = live();
    for _ in 0..2 {
        lone.item(&chunk(1, "abcd"));
        lone.item(&chunk(4, "late"));
    }
    assert_eq!(reported(&lone).len(), 2);
    lone.item(&whole("abcd!"));
    lone.item(&chunk(2, "zz"));
    lone.item(&chunk(1, "abcd"));
    lone.item(&whole("abcd!"));
    assert_eq!(shown(&lone), ["abcd!"]);
    assert_eq!(reported(&lone).len(), 3);
    assert_eq!(messages(&lone).len(), 1);
}

#[test]
fn the_whole_stands_where_its_own_time_puts_it() {
    let mut lone = live();
    lone.item(&part("m", 1, "wri", 1, false));
    lone.item(&message(5));
    assert_eq!(shown(&lone), ["wri…", "text 5"]);
    lone.item(&part("m", 2, "written", 9, true));
    assert_eq!(shown(&lone), ["text 5", "written"]);
    assert_eq!(
        copy(&lone),
        lone.session
            .transcript()
            .iter()
            .cloned()
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_message_sent_at_once_with_the_mark_of_completeness_is_a_message() {
    let mut lone = live();
    lone.item(&part("m", 1, "all of it", 1, true));
    assert_eq!(shown(&lone), ["all of it"]);
    assert_eq!(messages(&lone).len(), 1);
}

#[test]
fn the_gap_brings_the_end_of_a_message_that_was_cut_off() {
    let mut lone = live();
    lone.item(&message(1));
    lone.item(&chunk(1, "cut o"));
    lone.input(chat_proto::SocketInput::Closed(1006));
    lone.comes_up();
    let stored = whole("cut off").replace(",\"ChunkNumber\":9,\"MessageCompleted\":true", "");
    assert!(lone.page(&[message(1), stored]));
    assert_eq!(shown(&lone), ["text 1", "cut off"]);
    let recovered = (ItemKind::Message, "cut off".to_owned(), true);
    assert_eq!(messages(&lone).last(), Some(&recovered));
    // What the socket still brings of it is known.
    lone.item(&chunk(2, "ff"));
    lone.item(&whole("cut off"));
    assert_eq!(messages(&lone).len(), 2);
    assert_eq!(shown(&lone), ["text 1", "cut off"]);
}

#[test]
fn the_whole_wins_over_a_page_that_was_read_while_it_was_written() {
    let mut lone = Lone::live(|_| {});
    let stored = message(3).replace("text 3", "half");
    assert!(lone.page(&[stored]));
    let complete = part("item-3", 4, "half and half", 3, true);
    lone.item(&complete);
    assert_eq!(shown(&lone), ["half and half"]);
    assert_eq!(messages(&lone).len(), 1);
}

#[test]
fn a_read_receipt_of_a_message_being_written_stays_with_the_whole() {
    let mut lone = live();
    lone.item(&chunk(1, "a"));
    lone.item(
        r#"{"Id":"r","Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"m","Receipts":[
            {"RecipientParticipantId":"agent-1","ReadTimestamp":"2026-01-31T12:00:40Z"}]}}"#
            .replace('\n', "")
            .as_str(),
    );
    lone.item(&part("m", 2, "ab", 35, true));
    let entry = lone.session.transcript().get(0).unwrap();
    assert_eq!(entry.status, Status::Read);
    assert_eq!(entry.item.content.as_deref(), Some("ab"));
}

#[test]
fn messages_that_are_never_completed_leave_with_the_rest() {
    let mut lone = Lone::live(|config| {
        config.transcript_limit(100).unwrap();
    });
    assert!(lone.page(&[]));
    for n in 0..500 {
        let id = format!("p{n:03}");
        lone.item(&part(&id, 1, "begun", n % 60, false));
        lone.item(&part(&id, 3, "hole", n % 60, false));
    }
    assert!(lone.session.transcript().len() <= 100);
    // One that had left is still reported when it is whole after all.
    let before = messages(&lone).len();
    lone.item(&part("p000", 2, "whole", 0, true));
    assert_eq!(messages(&lone).len(), before + 1);
    assert_eq!(
        copy(&lone),
        lone.session
            .transcript()
            .iter()
            .cloned()
            .collect::<Vec<_>>()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_order_of_arrival_gives_the_same_transcript(
        order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0..9_usize, 0..9),
    ) {
        let mut items: Vec<String> = (1..=4).map(|n| chunk(n, &format!("<{n}>"))).collect();
        items.push(whole("<1><2><3><4>"));
        items.push(part("n", 1, "other", 29, false));
        items.push(part("n", 2, "other!", 29, true));
        items.extend([message(28), message(31)]);
        let mut lone = live();
        for at in order.into_iter().chain(again) {
            lone.item(&items[at]);
            let transcript = lone.session.transcript();
            prop_assert!(transcript.iter().eq(&copy(&lone)));
        }
        prop_assert_eq!(
            shown(&lone),
            ["text 28", "other!", "<1><2><3><4>", "text 31"]
        );
        prop_assert_eq!(messages(&lone).len(), 4);
    }
}
