//! Typing events, ours and theirs.

use chat_proto::{CommandError, Event, ItemKind, Phase};
use chat_sim::{Effect, Fault, Operation, Settings};
use chat_tests::{SECOND, World, refusal};

fn connected(seed: u64) -> World {
    let mut world = World::new(seed);
    world.connect();
    world.run(SECOND * 5);
    world
}

fn sent(world: &World) -> u64 {
    world.requests(Operation::SendEvent)
}

fn on_event(effect: Effect) -> Fault {
    Fault::new(effect).on(Operation::SendEvent)
}

#[test]
fn one_goes_out_in_ten_seconds_and_the_first_at_once() {
    let mut world = connected(1);
    assert!(world.types());
    for _ in 0..99 {
        world.run(SECOND / 10);
        assert!(!world.types());
    }
    world.run(SECOND / 10);
    assert!(world.types());
    world.run(SECOND);
    assert_eq!(sent(&world), 2);
}

#[test]
fn a_failed_one_does_not_use_the_slot_and_is_not_repeated_by_itself() {
    for effect in [
        refusal(500),
        refusal(429),
        refusal(400),
        Effect::DropRequest,
    ] {
        let mut world = connected(2);
        world.inject_fault(on_event(effect.clone()).once());
        assert!(world.types());
        world.run(SECOND * 2);
        assert!(world.journal.has_diagnostic("typing_failed"), "{effect:?}");
        assert_eq!(sent(&world), 1, "a late typing event is a lie");
        assert!(world.types(), "{effect:?}");
        world.run(SECOND * 2);
        assert_eq!(sent(&world), 2);
    }
}

#[test]
fn a_refused_token_is_renewed_for_the_next_one() {
    let mut world = connected(3);
    world.inject_fault(on_event(refusal(403)).once());
    assert!(world.types());
    world.run(SECOND);
    for _ in 0..10 {
        if world.types() {
            break;
        }
        world.run(SECOND);
    }
    world.run(SECOND);
    assert_eq!(sent(&world), 2);
    world.verify();
}

#[test]
fn sessions_do_not_share_the_slot() {
    let mut one = connected(4);
    let mut two = connected(5);
    assert!(one.types());
    assert!(two.types());
}

#[test]
fn it_is_refused_while_the_session_is_not_live() {
    let mut world = connected(6);
    world.outage(SECOND * 30);
    let now = world.instant();
    assert!(matches!(
        world.session.typing(now),
        Err(CommandError::WrongPhase {
            phase: Phase::Recovering,
            ..
        })
    ));
    world.run(SECOND * 60);
    assert!(world.types());
    let now = world.instant();
    world.session.suspend(now).unwrap();
    assert!(world.session.typing(now).is_err());
}

#[test]
fn the_agents_typing_arrives_once_and_stays_out_of_the_transcript() {
    let mut world = connected(7);
    world.agent_sends("hello");
    world.run(SECOND);
    world.inject(Effect::DuplicateItems, None);
    let shown = world.session.transcript().len();
    let known = world.journal.items.len();
    for _ in 0..10 {
        world.agent_types();
        world.run(SECOND);
    }
    assert_eq!(world.journal.items.len(), known + 10);
    assert_eq!(world.session.transcript().len(), shown);
    let mut newest = world.journal.events.iter().rev().take(10);
    let typing =
        |event: &Event| matches!(event, Event::Item(received) if received.kind == ItemKind::Typing);
    assert!(newest.all(typing));
    world.verify();
}

#[test]
fn our_own_typing_comes_back_as_ours() {
    let mut world = connected(8);
    assert!(world.types());
    world.run(SECOND);
    let Some(Event::Item(received)) = world.journal.events.last() else {
        panic!("{:?}", world.journal.events.last());
    };
    assert!(received.own);
    assert_eq!(received.kind, ItemKind::Typing);
}

#[test]
fn it_keeps_no_message_waiting() {
    let mut world = World::with(9, Settings::default(), |_| {});
    world.connect();
    world.inject_fault(on_event(Effect::Stall));
    assert!(world.types());
    let local_id = world.send("typed");
    world.run(SECOND);
    assert!(world.journal.sent.contains_key(&local_id));
    world.verify();
}
