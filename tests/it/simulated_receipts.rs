//! Our own receipts: coalesced, settled, and never lost in silence.

use std::time::Duration;

use chat_proto::{Event, ItemId, ReceiptKind, ReceiptOutcome};
use chat_sim::{Operation, Settings};
use chat_tests::{SECOND, World, on_connect, refusal};

use chat_sim::{Effect, Fault};

const READ: ReceiptKind = ReceiptKind::Read;
const DELIVERED: ReceiptKind = ReceiptKind::Delivered;

/// A connected chat with so many messages of the agent, and their ids.
fn chat(seed: u64, messages: u32) -> (World, Vec<ItemId>) {
    chat_with(World::new(seed), messages)
}

fn chat_with(mut world: World, messages: u32) -> (World, Vec<ItemId>) {
    world.connect();
    world.agent_sends_many(messages);
    world.run(SECOND);
    let entries = world.session.transcript().iter();
    let messages = entries
        .filter(|entry| entry.item.content.is_some())
        .filter_map(|entry| entry.item.id.clone())
        .collect();
    (world, messages)
}

fn outcome(world: &World, kind: ReceiptKind, message: &ItemId) -> Option<ReceiptOutcome> {
    let receipt = (kind, message.clone());
    world.journal.receipts.get(&receipt).cloned()
}

fn superseded(by: &ItemId) -> Option<ReceiptOutcome> {
    Some(ReceiptOutcome::Superseded { by: by.clone() })
}

fn on_event(effect: Effect) -> Fault {
    Fault::new(effect).on(Operation::SendEvent)
}

#[test]
fn the_first_read_goes_out_at_once_and_the_newest_of_the_rest_after_five_seconds() {
    let (mut world, messages) = chat(1, 4);
    for message in &messages {
        world.sends_receipt(READ, message);
    }
    world.run(SECOND);
    assert_eq!(
        outcome(&world, READ, &messages[0]),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(outcome(&world, READ, &messages[3]), None);
    world.run(SECOND * 5);
    assert_eq!(
        outcome(&world, READ, &messages[3]),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(
        outcome(&world, READ, &messages[1]),
        superseded(&messages[3])
    );
    assert_eq!(
        outcome(&world, READ, &messages[2]),
        superseded(&messages[3])
    );
    assert_eq!(world.requests(Operation::SendEvent), 2);
    world.verify();
}

#[test]
fn out_of_order_reads_send_the_newest_by_the_transcript() {
    let (mut world, messages) = chat(2, 3);
    world.inject_fault(on_event(Effect::Delay { by: SECOND }).once());
    world.sends_receipt(READ, &messages[0]);
    world.sends_receipt(READ, &messages[2]);
    world.sends_receipt(READ, &messages[1]);
    world.run(SECOND * 10);
    assert_eq!(
        outcome(&world, READ, &messages[2]),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(
        outcome(&world, READ, &messages[1]),
        superseded(&messages[2])
    );
    world.verify();
}

#[test]
fn a_read_within_the_hold_makes_delivered_receipts_needless() {
    let (mut world, messages) = chat(3, 2);
    world.sends_receipt(DELIVERED, &messages[0]);
    world.sends_receipt(DELIVERED, &messages[1]);
    world.run(Duration::from_millis(200));
    world.sends_receipt(READ, &messages[1]);
    world.run(SECOND);
    assert_eq!(
        outcome(&world, READ, &messages[1]),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(
        outcome(&world, DELIVERED, &messages[0]),
        superseded(&messages[1])
    );
    assert_eq!(
        outcome(&world, DELIVERED, &messages[1]),
        superseded(&messages[1])
    );
    assert_eq!(world.requests(Operation::SendEvent), 1);
    world.verify();
}

#[test]
fn a_read_of_an_older_message_leaves_the_newer_delivered_receipt_alone() {
    let (mut world, messages) = chat(4, 2);
    world.sends_receipt(DELIVERED, &messages[1]);
    world.sends_receipt(READ, &messages[0]);
    world.run(SECOND);
    assert_eq!(
        outcome(&world, READ, &messages[0]),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(
        outcome(&world, DELIVERED, &messages[1]),
        Some(ReceiptOutcome::Sent)
    );
    world.verify();
}

#[test]
fn what_the_service_has_is_not_sent_again() {
    let (mut world, messages) = chat(5, 2);
    world.sends_receipt(READ, &messages[1]);
    world.run(SECOND);
    for (kind, message) in [(READ, 0), (READ, 1), (DELIVERED, 0), (DELIVERED, 1)] {
        world.sends_receipt(kind, &messages[message]);
        let again = outcome(&world, kind, &messages[message]);
        assert_eq!(again, Some(ReceiptOutcome::AlreadySent));
    }
    world.run(SECOND * 10);
    assert_eq!(world.requests(Operation::SendEvent), 1);
}

#[test]
fn a_failed_receipt_is_said_to_have_failed_and_can_be_asked_for_again() {
    let (mut world, messages) = chat(6, 2);
    world.inject_fault(on_event(refusal(400)).once());
    world.sends_receipt(READ, &messages[1]);
    world.run(SECOND);
    assert!(matches!(
        outcome(&world, READ, &messages[1]),
        Some(ReceiptOutcome::Failed(_))
    ));
    world.sends_receipt(READ, &messages[1]);
    world.run(SECOND);
    assert_eq!(
        outcome(&world, READ, &messages[1]),
        Some(ReceiptOutcome::Sent)
    );
    world.verify();
}

#[test]
fn a_throttled_receipt_is_tried_again_under_its_client_token() {
    let (mut world, messages) = chat(7, 1);
    world.inject_fault(on_event(Effect::LoseResponse).once());
    world.inject_fault(on_event(refusal(429)).once());
    world.sends_receipt(READ, &messages[0]);
    world.run(SECOND * 10);
    assert_eq!(
        outcome(&world, READ, &messages[0]),
        Some(ReceiptOutcome::Sent)
    );
    let sends = world.record().sends();
    let receipts: Vec<_> = sends
        .filter(|send| send.operation == Operation::SendEvent)
        .collect();
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0].uses, 2);
}

#[test]
fn receipts_wait_while_the_connection_is_down() {
    let (mut world, messages) = chat(8, 1);
    world.inject_fault(on_connect(refusal(503)).times(1));
    world.cut();
    world.sends_receipt(READ, &messages[0]);
    world.run(SECOND);
    assert_eq!(outcome(&world, READ, &messages[0]), None);
    world.run(SECOND * 30);
    assert_eq!(
        outcome(&world, READ, &messages[0]),
        Some(ReceiptOutcome::Sent)
    );
    world.verify();
}

#[test]
fn leaving_flushes_receipts_without_waiting_for_windows() {
    let (mut world, messages) = chat(9, 3);
    world.sends_receipt(READ, &messages[0]);
    world.run(SECOND);
    world.sends_receipt(READ, &messages[1]);
    world.sends_receipt(DELIVERED, &messages[2]);
    world.disconnect();
    world.run(SECOND * 3);
    assert!(world.journal.ended.is_some());
    assert_eq!(
        outcome(&world, READ, &messages[1]),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(
        outcome(&world, DELIVERED, &messages[2]),
        Some(ReceiptOutcome::Sent)
    );
}

#[test]
fn the_end_settles_what_waits_and_nothing_is_asked_of_the_service_after_it() {
    let (mut world, messages) = chat(10, 2);
    world.sends_receipt(READ, &messages[0]);
    world.run(SECOND);
    world.sends_receipt(READ, &messages[1]);
    world.agent_ends();
    world.run(SECOND * 20);
    assert!(matches!(
        outcome(&world, READ, &messages[1]),
        Some(ReceiptOutcome::Failed(_))
    ));
    assert!(matches!(world.journal.events.last(), Some(Event::Ended(_))));
    assert!(!world.sends_receipt(READ, &messages[1]));
    assert_eq!(world.requests(Operation::SendEvent), 1);
}

#[test]
fn unknown_messages_are_refused_and_so_is_everything_when_switched_off() {
    let (mut world, messages) = chat(11, 1);
    assert!(!world.sends_receipt(READ, &ItemId::from("nobody's")));
    assert!(world.sends_receipt(READ, &messages[0]));

    let off = World::with(12, Settings::default(), |config| {
        config.receipts(false);
    });
    let (mut off, messages) = chat_with(off, 1);
    assert!(!off.sends_receipt(READ, &messages[0]));
    off.run_minutes(1);
    assert_eq!(off.requests(Operation::SendEvent), 0);
}
