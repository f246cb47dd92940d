//! Defects of other clients in the transcript, which this one must not have.

use chat_proto::{Change, Draft, Event, Operation};
use chat_tests::{CONTACT, Lone, message};

/// The changes of the transcript that have been told, and forgets them.
fn changes(lone: &mut Lone) -> Vec<Change> {
    let mut changes = Vec::new();
    for event in lone.events.drain(..) {
        if let Event::TranscriptChanged(change) = event {
            changes.push(change);
        }
    }
    changes
}

#[test]
fn an_older_page_stands_before_what_is_known_in_whichever_order_it_comes() {
    for older in [[1, 2, 3], [3, 2, 1]] {
        let mut lone = Lone::live(|_| {});
        let newest = [message(4), message(5), message(6)].join(",");
        let page = format!(r#"{{"NextToken":"t","Transcript":[{newest}]}}"#);
        assert!(lone.answer(Operation::GetTranscript, 200, &page));
        let now = lone.instant();
        lone.session.load_older(now).unwrap();
        lone.drain();
        assert!(lone.page(&older.map(message)));
        let expected: Vec<_> = (1..=6).map(|number| format!("text {number}")).collect();
        assert_eq!(lone.contents(), expected);
    }
}

#[test]
fn late_items_find_their_place_and_a_message_being_sent_stays_last() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    let now = lone.instant();
    lone.session.send_message(now, Draft::text("mine")).unwrap();
    lone.drain();
    for number in [5, 7, 6, 2] {
        lone.item(&message(number));
    }
    assert_eq!(
        lone.contents(),
        ["text 2", "text 5", "text 6", "text 7", "mine"]
    );
}

#[test]
fn one_more_item_is_one_change_however_long_the_transcript_is() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    for number in (0..3_000).filter(|number| *number != 1_500) {
        lone.item(&message(number));
    }
    changes(&mut lone);
    lone.item(&message(1_500));
    let told = changes(&mut lone);
    assert!(
        matches!(told.as_slice(), [Change::Inserted { index: 1_500, .. }]),
        "{} changes",
        told.len()
    );
    lone.item(
        r#"{"Id":"r","Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"item-7","Receipts":
        [{"RecipientParticipantId":"agent-1","ReadTimestamp":"2026-01-31T13:00:00Z"}]}}"#,
    );
    let told = changes(&mut lone);
    assert!(
        matches!(told.as_slice(), [Change::Updated { index: 7, .. }]),
        "{} changes",
        told.len()
    );
}

#[test]
fn an_item_that_names_only_the_contact_after_a_transfer_is_ours() {
    let mut lone = Lone::live(|_| {});
    let names = format!(r#""InitialContactId":"{CONTACT}","ContactId":"{CONTACT}""#);
    let next = message(1).replace(&names, r#""ContactId":"the-contact-after-the-transfer""#);
    assert!(!next.contains(CONTACT));
    lone.item(&next);
    assert_eq!(lone.contents(), ["text 1"]);
}
