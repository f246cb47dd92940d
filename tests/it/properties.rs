//! What holds for every order of arrival.

use chat_proto::strategies;
use chat_proto::{Event, ItemId, SocketInput, Status};
use chat_tests::{CONTACT, Lone, PARTICIPANT, SECOND, message};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The ids of the items that were reported, in the order of the reports.
fn reported(lone: &Lone) -> Vec<ItemId> {
    let mut ids = Vec::new();
    for event in &lone.events {
        if let Event::Item(received) = event {
            ids.extend(received.item.id.clone());
        }
    }
    ids
}

/// Something that happens to a session while items arrive.
#[derive(Clone, Debug)]
enum Step {
    /// This item arrives on the socket.
    Live(u32),
    /// The page that was asked for comes.
    Page,
    /// The socket breaks, and another comes up.
    Cut,
    /// Time passes, in seconds.
    Wait(u8),
    /// The application asks for older items.
    Older,
}

fn steps(items: u32) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..items).prop_map(Step::Live),
        2 => Just(Step::Page),
        1 => Just(Step::Cut),
        1 => (0..90_u8).prop_map(Step::Wait),
        1 => Just(Step::Older),
    ];
    prop::collection::vec(step, 0..80)
}

fn receipt(number: u32, of: u32, kind: &str) -> String {
    format!(
        r#"{{"Id":"receipt-{number}","Type":"MESSAGEMETADATA","AbsoluteTime":"2026-01-31T13:00:00Z",
        "ContentType":"application/vnd.amazonaws.connect.event.message.metadata",
        "ContactId":"{CONTACT}","MessageMetadata":{{"MessageId":"item-{of}","Receipts":[
        {{"RecipientParticipantId":"agent-1","{kind}Timestamp":"2026-01-31T13:00:00Z"}}]}}}}"#
    )
    .replace('\n', "")
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_transcript_does_not_depend_on_the_order_of_arrival(
        count in 1..60_u32,
        steps in steps(60),
    ) {
        let all: Vec<String> = (0..count).map(message).collect();
        let mut lone = Lone::live(|_| {});
        for step in steps {
            match step {
                Step::Live(number) => {
                    if let Some(item) = all.get(number as usize) {
                        lone.item(item);
                    }
                }
                Step::Page => {
                    lone.page(&all);
                }
                Step::Cut => {
                    lone.input(SocketInput::Closed(1006));
                    lone.comes_up();
                }
                Step::Wait(seconds) => {
                    for _ in 0..seconds {
                        lone.text(r#"{"topic":"aws/heartbeat"}"#);
                        lone.pass(SECOND);
                    }
                }
                Step::Older => {
                    let now = lone.instant();
                    let _ = lone.session.load_older(now);
                    lone.drain();
                }
            }
        }
        lone.input(SocketInput::Closed(1006));
        lone.comes_up();
        while lone.page(&all) {}
        let expected: Vec<_> = (0..count).map(|number| format!("text {number}")).collect();
        prop_assert_eq!(lone.contents(), expected);
        let ids = reported(&lone);
        let distinct: BTreeSet<_> = ids.iter().collect();
        prop_assert_eq!(distinct.len(), ids.len(), "an item was reported twice");
    }

    #[test]
    fn any_permutation_with_duplicates_gives_the_same_transcript(
        order in prop::collection::vec(0..40_u32, 0..120),
    ) {
        let mut lone = Lone::live(|_| {});
        lone.page(&[]);
        for number in &order {
            lone.item(&message(*number));
        }
        let distinct: BTreeSet<_> = order.iter().collect();
        let expected: Vec<_> = distinct.iter().map(|number| format!("text {number}")).collect();
        prop_assert_eq!(lone.contents(), expected);
        prop_assert_eq!(reported(&lone).len(), distinct.len());
    }

    #[test]
    fn any_chat_with_receipts_is_the_same_in_any_order_and_with_duplicates(
        (history, order) in strategies::history(40).prop_flat_map(|history| {
            let once = Just((0..history.len()).collect::<Vec<_>>()).prop_shuffle();
            let again = prop::collection::vec(any::<prop::sample::Index>(), 0..40);
            (Just(history), (once, again))
        }),
    ) {
        let (once, again) = order;
        let length = history.len();
        let again = again.iter().filter(|_| length > 0).map(|index| index.index(length));
        let arrives = |order: Vec<usize>| {
            let mut lone = Lone::live(|_| {});
            lone.page(&[]);
            for number in order {
                lone.item(&history[number]);
            }
            lone
        };
        let in_order = arrives((0..length).collect());
        // Those that come twice come anywhere between.
        let mut mixed = once;
        for number in again {
            let at = (number * 7) % (mixed.len() + 1);
            mixed.insert(at, number);
        }
        let mixed = arrives(mixed);
        let lines = |lone: &Lone| {
            let entries = lone.session.transcript().iter().cloned();
            entries.map(|entry| (entry.item, entry.status)).collect::<Vec<_>>()
        };
        prop_assert_eq!(lines(&mixed), lines(&in_order));
        let mut ids = reported(&mixed);
        ids.sort();
        let mut expected = reported(&in_order);
        expected.sort();
        prop_assert_eq!(ids, expected);
    }

    #[test]
    fn items_of_the_same_time_stand_in_the_order_of_their_ids(
        order in Just((0..9_u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut lone = Lone::live(|_| {});
        lone.page(&[]);
        for number in order {
            let item = message(number);
            let from = item.find("2026-").unwrap();
            let time = &item[from..from + 24];
            lone.item(&item.replace(time, "2026-01-31T12:00:00.000Z"));
        }
        let expected: Vec<_> = (0..9).map(|number| format!("text {number}")).collect();
        prop_assert_eq!(lone.contents(), expected);
    }

    #[test]
    fn receipts_raise_a_message_and_never_lower_it(
        order in Just(vec![1_usize, 2]).prop_shuffle(),
        repeated in prop::collection::vec(0..3_usize, 0..6),
    ) {
        // The message, that it was delivered, that it was read.
        let mine = message(1).replace("agent-1", PARTICIPANT);
        let items = [mine, receipt(1, 1, "Delivered"), receipt(2, 1, "Read")];
        let mut lone = Lone::live(|_| {});
        lone.page(&[]);
        lone.item(&items[0]);
        let mut highest = Some(Status::Sent);
        for at in order.into_iter().chain(repeated) {
            lone.item(&items[at]);
            let status = lone.session.transcript().get(0).map(|entry| entry.status);
            prop_assert!(status >= highest);
            highest = status;
        }
        prop_assert_eq!(highest, Some(Status::Read));
    }
}

#[test]
fn times_of_mixed_precision_are_ordered_as_times() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    let times = [
        "2026-01-31T12:00:05.100Z",
        "2026-01-31T12:00:05Z",
        "2026-01-31T14:00:04.500+02:00",
        "2026-01-31T12:00:05.099999999Z",
    ];
    for (number, time) in (1..).zip(times) {
        let old = format!("2026-01-31T12:00:0{number}.000Z");
        lone.item(&message(number).replace(&old, time));
    }
    assert_eq!(lone.contents(), ["text 3", "text 2", "text 4", "text 1"]);
}

#[test]
fn a_receipt_that_overtakes_its_message_still_counts() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    lone.item(&receipt(1, 1, "Read"));
    lone.item(&message(1).replace("agent-1", PARTICIPANT));
    assert_eq!(
        lone.session.transcript().get(0).map(|entry| entry.status),
        Some(Status::Read)
    );
}
