//! An application that is put into the background and comes back.

use std::time::Duration;

use chat_proto::{LossCause, Network, Phase};
use chat_sim::{Effect, Operation, Settings};
use chat_tests::{SECOND, World, on_connect, on_send, refusal};

fn connected(seed: u64) -> World {
    let mut world = World::new(seed);
    world.connect();
    world.agent_sends("hello");
    world.run(SECOND * 90);
    world
}

/// Nothing is asked for and nothing is open for so long.
fn assert_asleep(world: &mut World, lasting: Duration) {
    assert_eq!(world.session.phase(), Phase::Suspended);
    assert_eq!(world.open_sockets(), 0);
    let actions = world.actions_total();
    world.run(lasting);
    assert_eq!(
        world.actions_total(),
        actions,
        "it acts while it is suspended"
    );
    assert_eq!(world.session.poll_timeout(), None);
}

#[test]
fn a_suspended_session_is_quiet_and_a_resumed_one_has_missed_nothing() {
    for minutes in [1, 30, 600] {
        let mut world = connected(minutes);
        world.suspend();
        for _ in 0..250 {
            world.agent_sends("while you slept");
        }
        assert_asleep(&mut world, SECOND * 60 * u32::try_from(minutes).unwrap());
        world.resume();
        assert_eq!(world.session.phase(), Phase::Recovering);
        world.run(SECOND * 10);
        assert_eq!((world.journal.lost, world.journal.reestablished), (1, 1));
        assert_eq!(world.journal.gaps.last(), Some(&250));
        world.verify();
        let cause = format!("ConnectionLost({:?})", LossCause::Suspended);
        assert_eq!(world.trace.count(Duration::ZERO, &cause), 1);
    }
}

#[test]
fn messages_given_while_suspended_go_out_afterwards() {
    let mut world = connected(1);
    world.suspend();
    for number in 0..10 {
        world.send(&format!("later {number}"));
    }
    assert_asleep(&mut world, SECOND * 600);
    world.resume();
    world.verify();
    assert_eq!(world.journal.sent.len(), 10);
}

#[test]
fn a_message_under_way_at_the_suspending_is_not_doubled() {
    for seed in 0..40 {
        let mut world = connected(seed);
        if seed % 2 == 0 {
            world.inject_fault(on_send(Effect::LoseResponse).once());
        }
        world.send("on its way");
        world.send("the next");
        world.run(Duration::from_millis(seed * 4));
        world.suspend();
        world.run(SECOND * 120);
        let actions = world.actions_total();
        world.run(SECOND * 120);
        assert_eq!(world.actions_total(), actions);
        world.resume();
        world.run(SECOND * 60);
        world.verify();
        assert_eq!(world.journal.sent.len(), 2, "seed {seed}");
    }
}

#[test]
fn suspending_while_connecting_begins_anew_on_resume() {
    for milliseconds in [0, 10, 30, 60, 90, 120] {
        let mut world = World::new(milliseconds);
        world.network.set_slowest(Duration::from_millis(60));
        let now = world.instant();
        world.session.connect(now).unwrap();
        world.run(Duration::from_millis(milliseconds));
        if world.session.phase() != Phase::Connecting {
            continue;
        }
        world.suspend();
        assert_asleep(&mut world, SECOND * 60);
        assert_eq!(world.journal.lost, 0);
        world.resume();
        assert_eq!(world.session.phase(), Phase::Connecting);
        world.run(SECOND * 5);
        assert_eq!(world.journal.established, 1);
        assert_eq!(world.journal.reestablished, 0);
        world.verify();
    }
}

#[test]
fn a_resumed_connect_has_a_deadline_of_its_own() {
    let mut world = World::new(2);
    world.inject_fault(on_connect(refusal(500)));
    let now = world.instant();
    world.session.connect(now).unwrap();
    world.run(SECOND * 5);
    world.suspend();
    assert_asleep(&mut world, SECOND * 60);
    world.resume();
    world.run(SECOND * 10);
    assert_eq!(world.session.phase(), Phase::Connecting);
    world.run(SECOND * 11);
    assert_eq!(world.journal.connect_failed.len(), 1);
    world.service.0.clear_faults();
    world.connect();
    world.verify();
}

#[test]
fn suspending_while_recovering_is_the_same_loss() {
    let mut world = connected(3);
    world.outage(SECOND * 60);
    world.run(SECOND * 20);
    world.suspend();
    assert_asleep(&mut world, SECOND * 300);
    world.agent_sends("meanwhile");
    world.resume();
    world.run(SECOND * 20);
    assert_eq!((world.journal.lost, world.journal.reestablished), (1, 1));
    world.verify();
}

#[test]
fn suspending_again_and_again_loses_nothing() {
    for seed in 0..20 {
        let mut world = connected(seed);
        for round in 0..30 {
            world.agent_sends("up");
            world.send("up");
            world.run(Duration::from_millis(round * 13 % 170));
            world.suspend();
            world.agent_sends("down");
            world.run(Duration::from_millis(round * 7 % 50));
            world.resume();
        }
        world.verify();
        assert_eq!(world.journal.sent.len(), 30);
    }
}

#[test]
fn suspending_twice_and_resuming_what_is_awake_are_refused() {
    let mut world = connected(4);
    let now = world.instant();
    assert!(world.session.resume(now).is_err());
    world.suspend();
    assert!(world.session.suspend(now).is_err());
    assert!(world.session.connect(now).is_err());
    world.resume();
    world.verify();
}

#[test]
fn hints_do_not_wake_a_suspended_session() {
    let mut world = connected(5);
    world.suspend();
    let now = world.instant();
    world.session.handle_network(now, Network::Online);
    world.session.handle_network(now, Network::Offline);
    world.session.handle_timeout(now);
    world.settle();
    assert_asleep(&mut world, SECOND * 60);
    world.resume();
    world.verify();
}

#[test]
fn a_chat_that_ended_meanwhile_ends_at_the_resume() {
    let mut settings = Settings::default();
    settings.transcript_grace = SECOND * 3_600;
    let mut world = World::with(6, settings, |_| {});
    world.connect();
    world.run(SECOND * 5);
    world.suspend();
    world.agent_sends("goodbye");
    world.agent_ends();
    assert_asleep(&mut world, SECOND * 60);
    world.resume();
    world.run(SECOND * 30);
    assert!(world.journal.ended.is_some());
    assert!(world.requests(Operation::CreateParticipantConnection) <= 3);
    world.verify();
}

#[test]
fn leaving_while_suspended_leaves() {
    let mut world = connected(7);
    world.suspend();
    let now = world.instant();
    world.session.disconnect(now).unwrap();
    world.run(SECOND * 30);
    assert_eq!(
        world.journal.ended,
        Some(chat_proto::EndReason::Disconnected)
    );
    assert!(world.record().ended().is_some());
}
