//! Defects of other clients in receipts, which this one must not have.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use chat_proto::{Config, Event, ItemId, Operation, ReceiptKind, ReceiptOutcome};
use chat_tests::{Lone, SECOND, message};

const READ: ReceiptKind = ReceiptKind::Read;
const DELIVERED: ReceiptKind = ReceiptKind::Delivered;

/// A live session with four messages.
fn chat(configure: impl FnOnce(&mut Config)) -> Lone {
    let mut lone = Lone::live(configure);
    let history: Vec<_> = (1..=4).map(message).collect();
    lone.page(&history);
    lone
}

fn id(number: u32) -> ItemId {
    ItemId::from(format!("item-{number}"))
}

fn ask(lone: &mut Lone, kind: ReceiptKind, number: u32) {
    let now = lone.instant();
    lone.session.send_receipt(now, kind, &id(number)).unwrap();
    lone.drain();
}

/// Seconds pass on a healthy connection, and the service takes what is sent.
fn seconds(lone: &mut Lone, seconds: u32) {
    for _ in 0..seconds {
        lone.pass(SECOND);
        lone.text(r#"{"topic":"aws/heartbeat"}"#);
        lone.answer(Operation::SendEvent, 200, "{}");
    }
}

/// What has settled, in order.
fn settled(lone: &Lone) -> Vec<(ReceiptKind, ItemId, ReceiptOutcome)> {
    let mut settled = Vec::new();
    for event in &lone.events {
        if let Event::ReceiptSettled {
            message_id,
            kind,
            outcome,
        } = event
        {
            settled.push((*kind, message_id.clone(), outcome.clone()));
        }
    }
    settled
}

#[test]
fn a_receipt_asked_for_twice_is_sent_once_and_settles_once() {
    let mut lone = chat(|_| {});
    ask(&mut lone, DELIVERED, 1);
    lone.pass(Duration::from_millis(100));
    ask(&mut lone, DELIVERED, 1);
    lone.pass(Duration::from_millis(300));
    ask(&mut lone, DELIVERED, 1); // the first one is on its way
    seconds(&mut lone, 7);
    assert_eq!(settled(&lone), [(DELIVERED, id(1), ReceiptOutcome::Sent)]);
    assert_eq!(lone.bodies(Operation::SendEvent).len(), 1);
}

#[test]
fn a_superseded_receipt_cannot_follow_the_one_that_covers_it() {
    let mut lone = chat(|_| {});
    ask(&mut lone, DELIVERED, 1);
    ask(&mut lone, DELIVERED, 2);
    seconds(&mut lone, 1);
    ask(&mut lone, DELIVERED, 1);
    seconds(&mut lone, 7);
    let mut outcomes = settled(&lone);
    let again = outcomes.pop();
    assert_eq!(again, Some((DELIVERED, id(1), ReceiptOutcome::AlreadySent)));
    let covered = ReceiptOutcome::Superseded { by: id(2) };
    assert!(outcomes.contains(&(DELIVERED, id(1), covered)));
    assert!(outcomes.contains(&(DELIVERED, id(2), ReceiptOutcome::Sent)));
    assert_eq!(lone.bodies(Operation::SendEvent).len(), 1);
}

#[test]
fn receipts_without_a_window_leave_nothing_behind() {
    let mut lone = chat(|config| {
        config.receipt_window(Duration::ZERO).unwrap();
        config.delivered_hold(Duration::ZERO).unwrap();
    });
    for number in 1..=4 {
        ask(&mut lone, READ, number);
        assert!(lone.answer(Operation::SendEvent, 200, "{}"), "{number}");
    }
    let sent = settled(&lone);
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|it| it.2 == ReceiptOutcome::Sent));
    // A receipt that was still open would keep the service from being told.
    let now = lone.instant();
    lone.session.disconnect(now).unwrap();
    lone.drain();
    assert_eq!(lone.bodies(Operation::DisconnectParticipant).len(), 1);
    let now = lone.instant();
    lone.session.abandon(now).unwrap();
    lone.drain();
    assert_eq!(settled(&lone).len(), 4);
}

#[test]
fn every_receipt_has_a_client_token_of_its_own() {
    let mut lone = chat(|_| {});
    ask(&mut lone, READ, 1);
    ask(&mut lone, DELIVERED, 3);
    seconds(&mut lone, 7);
    ask(&mut lone, READ, 2);
    seconds(&mut lone, 7);
    ask(&mut lone, DELIVERED, 4);
    seconds(&mut lone, 7);
    let bodies = lone.bodies(Operation::SendEvent);
    let mut tokens = BTreeSet::new();
    for body in &bodies {
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let token = body["ClientToken"].as_str().unwrap_or_default();
        assert_eq!(token.len(), 36, "a token is a UUID");
        tokens.insert(token.to_owned());
    }
    assert_eq!((bodies.len(), tokens.len()), (4, 4));
}
