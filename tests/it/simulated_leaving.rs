//! Leaving a chat: telling the service, or not.

use std::time::Duration;

use chat_proto::{EndReason, Event, Phase, ReceiptKind, SendError};
use chat_sim::{Effect, Fault, Operation, Settings};
use chat_tests::{SECOND, World, refusal};

/// The end was told once, is the last thing told, and nothing is asked for after it.
fn assert_over(world: &mut World) {
    assert_eq!(world.session.phase(), Phase::Ended);
    assert!(matches!(world.journal.events.last(), Some(Event::Ended(_))));
    assert_eq!(world.trace.times(Duration::ZERO, "Ended(").len(), 1);
    let actions = world.actions_total();
    world.run_minutes(30);
    assert_eq!(world.actions_total(), actions, "it acts after its end");
    assert_eq!(world.session.poll_timeout(), None);
    assert_eq!(world.open_sockets(), 0);
}

#[test]
fn leaving_sends_what_is_queued_first() {
    let mut world = World::new(2);
    world.connect();
    for number in 0..10 {
        world.send(&format!("one more thing {number}"));
    }
    world.disconnect();
    world.run(SECOND * 10);
    assert_eq!(world.journal.ended, Some(EndReason::Disconnected));
    assert_eq!(world.journal.sent.len(), 10);
    assert_eq!(world.requests(Operation::DisconnectParticipant), 1);
    assert_eq!(
        world.record().ended(),
        Some(chat_sim::EndReason::CustomerLeft)
    );
    world.verify();
    assert_over(&mut world);
}

#[test]
fn leaving_twice_is_leaving_once() {
    let mut world = World::new(3);
    world.connect();
    world.disconnect();
    world.disconnect();
    world.run(SECOND * 10);
    assert_eq!(world.requests(Operation::DisconnectParticipant), 1);
    assert_eq!(world.journal.ended, Some(EndReason::Disconnected));
    assert_over(&mut world);
}

#[test]
fn leaving_repeats_a_failed_request() {
    for effect in [
        refusal(500),
        refusal(429),
        Effect::DropRequest,
        Effect::LoseResponse,
    ] {
        let mut world = World::new(4);
        world.connect();
        let fault = Fault::new(effect.clone()).on(Operation::DisconnectParticipant);
        world.inject_fault(fault.times(2));
        world.disconnect();
        world.run(SECOND * 10);
        assert_eq!(
            world.journal.ended,
            Some(EndReason::Disconnected),
            "{effect:?}"
        );
        assert!(world.record().ended().is_some());
        assert_over(&mut world);
    }
}

#[test]
fn leaving_a_muted_service_ends_within_the_deadline() {
    let mut world = World::new(5);
    world.connect();
    world.half_open();
    world.inject_fault(Fault::new(Effect::Stall));
    world.send("never mind");
    let from = world.now();
    world.disconnect();
    world.run(SECOND * 60);
    let ended = world.trace.times(from, "Ended(");
    assert_eq!(ended, [from + SECOND * 10]);
    assert_eq!(
        world.journal.ended,
        Some(EndReason::Abandoned),
        "the service was not told"
    );
    assert!(matches!(
        world.journal.failed.values().next(),
        Some(SendError::Ended)
    ));
    assert_over(&mut world);
}

#[test]
fn leaving_during_an_outage_ends_within_the_deadline() {
    let mut world = World::new(6);
    world.connect();
    world.outage(SECOND * 600);
    world.run(SECOND * 60);
    let from = world.now();
    world.disconnect();
    world.run(SECOND * 60);
    assert!(world.trace.times(from, "Ended(")[0] - from <= SECOND * 10);
    assert_eq!(world.journal.ended, Some(EndReason::Abandoned));
    assert_over(&mut world);
}

#[test]
fn leaving_while_the_socket_is_down_tells_the_service_all_the_same() {
    let mut world = World::new(7);
    world.connect();
    world.inject(Effect::RefuseHandshake { status: 503 }, None);
    world.cut();
    world.disconnect();
    world.run(SECOND * 11);
    assert_eq!(world.journal.ended, Some(EndReason::Disconnected));
    assert_eq!(
        world.record().ended(),
        Some(chat_sim::EndReason::CustomerLeft)
    );
    assert_over(&mut world);
}

#[test]
fn leaving_while_suspended_ends_once_the_service_has_been_told() {
    let mut world = World::new(8);
    world.connect();
    world.suspend();
    let from = world.now();
    world.disconnect();
    world.run(SECOND * 3);
    // No socket could tell the end of the chat.
    assert!(world.trace.times(from, "Ended(")[0] - from <= SECOND * 2);
    assert_eq!(world.journal.ended, Some(EndReason::Disconnected));
    assert_eq!(
        world.record().ended(),
        Some(chat_sim::EndReason::CustomerLeft)
    );
    assert_over(&mut world);
}

#[test]
fn a_connection_lost_while_leaving_does_not_change_whose_wish_it_was() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.connect();
        world.disconnect();
        world.run_until(SECOND, |world| world.record().ended().is_some());
        world.cut(); // before the news of the end has come
        world.run(SECOND * 15);
        assert_eq!(
            world.journal.ended,
            Some(EndReason::Disconnected),
            "seed {seed}"
        );
        assert_over(&mut world);
    }
}

#[test]
fn leaving_with_no_time_to_lose_leaves_at_once() {
    let mut world = World::with(9, Settings::default(), |config| {
        config.disconnect_deadline(Duration::ZERO).unwrap();
    });
    world.connect();
    let from = world.now();
    world.disconnect();
    world.run(SECOND);
    assert_eq!(world.trace.times(from, "Ended("), [from]);
    assert_over(&mut world);
}

#[test]
fn abandoning_ends_at_once_in_every_phase_and_tells_nobody() {
    for phase in [
        Phase::Idle,
        Phase::Connecting,
        Phase::Live,
        Phase::Recovering,
        Phase::Suspended,
    ] {
        let mut world = World::new(10);
        world.send("left behind");
        if phase != Phase::Idle {
            let now = world.instant();
            world.session.connect(now).unwrap();
            world.settle();
        }
        if !matches!(phase, Phase::Idle | Phase::Connecting) {
            world.run(SECOND * 5);
            world.send("left behind, too");
        }
        let now = world.instant();
        if phase == Phase::Recovering {
            world.outage(SECOND * 60);
        } else if phase == Phase::Suspended {
            world.suspend();
        }
        assert_eq!(world.session.phase(), phase);
        world.session.abandon(now).unwrap();
        world.settle();
        assert_eq!(world.journal.ended, Some(EndReason::Abandoned), "{phase}");
        assert_eq!(world.requests(Operation::DisconnectParticipant), 0);
        let settled = world.journal.sent.len() + world.journal.failed.len();
        assert!(settled >= 1, "{phase}: a message has not settled");
        assert_over(&mut world);
    }
}

#[test]
fn what_is_asked_for_while_the_service_is_being_told_does_not_make_time_stand_still() {
    let mut world = World::new(15);
    world.connect();
    world.agent_sends("do you read me?");
    world.run(SECOND * 5);
    let last = world.session.transcript().iter().last();
    let message = last.and_then(|entry| entry.item.id.clone()).unwrap();
    let fault = Fault::new(refusal(500)).on(Operation::DisconnectParticipant);
    world.inject_fault(fault.once());
    world.disconnect();
    world.run(SECOND / 5);
    assert!(world.sends_receipt(ReceiptKind::Delivered, &message));
    world.run(SECOND * 10);
    assert_eq!(world.journal.ended, Some(EndReason::Disconnected));
    assert_over(&mut world);
}
