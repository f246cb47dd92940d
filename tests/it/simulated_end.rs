//! How a session ends, and that it does so once.

use std::time::Duration;

use chat_proto::{
    CommandError, Draft, EndReason, Event, GapError, ItemKind, Phase, RequestError, SendError,
};
use chat_sim::{Effect, Settings};
use chat_tests::{SECOND, World, on_connect, on_send, on_transcript, refusal};

fn with_grace(seed: u64) -> World {
    let mut settings = Settings::default();
    settings.transcript_grace = SECOND * 3_600;
    World::with(seed, settings, |_| {})
}

/// The end was told once, is the last thing told, and nothing is asked for after it.
fn assert_over(world: &mut World) {
    assert_eq!(world.session.phase(), Phase::Ended);
    assert!(matches!(world.journal.events.last(), Some(Event::Ended(_))));
    assert_eq!(world.trace.times(Duration::ZERO, "Ended(").len(), 1);
    assert_eq!(world.session.end_reason(), world.journal.ended.as_ref());
    let requests = world.record().requests_after_end();
    let actions = world.actions_total();
    world.run_minutes(30);
    assert_eq!(world.actions_total(), actions, "it acts after its end");
    assert_eq!(world.record().requests_after_end(), requests);
    assert_eq!(world.session.poll_timeout(), None);
    assert_eq!(world.open_sockets(), 0);
}

#[test]
fn the_agent_ends_the_chat() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.connect();
        world.run(SECOND * 5);
        world.agent_sends("goodbye");
        world.agent_ends();
        world.run(SECOND * 5);
        assert_eq!(world.journal.ended, Some(EndReason::ChatEnded));
        let [.., Event::Item(last), Event::Ended(_)] = world.journal.events.as_slice() else {
            panic!("{:?}", world.journal.events.last());
        };
        assert!(last.item.is_chat_ended());
        assert_eq!(last.kind, ItemKind::Event);
        world.verify();
        assert_over(&mut world);
    }
}

#[test]
fn after_the_end_every_command_is_refused_and_hands_back_what_it_carried() {
    let mut world = World::new(11);
    world.connect();
    world.agent_ends();
    world.run(SECOND * 5);
    let now = world.instant();
    let session = &mut world.session;
    let over = |result: Result<(), CommandError>| {
        assert!(
            matches!(
                result,
                Err(CommandError::WrongPhase {
                    phase: Phase::Ended,
                    ..
                })
            ),
            "{result:?}"
        );
    };
    over(session.connect(now));
    over(session.suspend(now));
    over(session.resume(now));
    over(session.disconnect(now));
    over(session.abandon(now));
    over(session.typing(now).map(|_| ()));
    over(session.load_older(now).map(|_| ()));
    let refused = session
        .send_message(now, Draft::text("too late"))
        .unwrap_err();
    assert_eq!(refused.payload, Draft::text("too late"));
    over(Err(refused.error));
    assert_eq!(session.poll_event(), None);
    assert_over(&mut world);
}

#[test]
fn a_chat_that_ended_while_the_client_was_away_ends_and_what_was_said_is_read() {
    let mut world = with_grace(12);
    world.connect();
    world.run(SECOND * 90);
    world.outage(SECOND * 60);
    for _ in 0..150 {
        world.agent_sends("you missed this");
    }
    world.agent_ends();
    world.run_minutes(3);
    assert!(matches!(
        world.journal.ended,
        Some(EndReason::Inferred(RequestError::Service(ref error))) if error.status == 403
    ));
    assert_eq!(world.journal.lost, 1);
    assert_eq!(world.journal.reestablished, 0);
    assert!(
        world.journal.gaps.iter().sum::<u64>() >= 151,
        "{:?}",
        world.journal.gaps
    );
    world.verify();
    assert_over(&mut world);
}

#[test]
fn a_chat_that_ended_meanwhile_and_keeps_its_transcript_to_itself_says_so() {
    let mut world = World::new(13);
    world.connect();
    world.run(SECOND * 90);
    world.outage(SECOND * 60);
    world.agent_sends("nobody will ever read this");
    world.agent_ends();
    world.run_minutes(3);
    assert!(matches!(world.journal.ended, Some(EndReason::Inferred(_))));
    assert!(matches!(
        world.journal.unresolved.as_slice(),
        [GapError::Refused(_)]
    ));
    assert!(
        world.record().requests_after_end() < 10,
        "it asks again and again"
    );
    assert_over(&mut world);
}

#[test]
fn an_end_behind_a_half_open_connection_is_inferred_too() {
    let mut world = with_grace(14);
    world.connect();
    world.run(SECOND * 5);
    world.half_open();
    world.agent_sends("are you asleep?");
    world.agent_ends();
    world.run_minutes(3);
    assert!(
        matches!(world.journal.ended, Some(EndReason::Inferred(_))),
        "{:?}",
        world.journal.ended
    );
    world.verify();
    assert_over(&mut world);
}

#[test]
fn a_transcript_that_hangs_at_the_end_delays_it_by_no_more_than_the_deadline() {
    let mut world = with_grace(15);
    world.connect();
    world.outage(SECOND * 30);
    world.agent_ends();
    world.inject_fault(on_transcript(Effect::Stall));
    world.run_minutes(3);
    assert!(matches!(world.journal.ended, Some(EndReason::Inferred(_))));
    assert!(matches!(
        world.journal.unresolved.as_slice(),
        [GapError::Ended]
    ));
    assert_over(&mut world);
}

#[test]
fn what_can_never_come_right_ends_a_recovering_session() {
    for status in [400, 404, 410] {
        let mut world = World::new(status.into());
        world.connect();
        world.agent_sends("before");
        world.run(SECOND);
        world.inject_fault(on_connect(refusal(status)));
        world.cut();
        world.agent_sends("missed, and still to be had");
        world.run_minutes(1);
        let Some(EndReason::Fatal(RequestError::Service(error))) = &world.journal.ended else {
            panic!("{status}: {:?}", world.journal.ended);
        };
        assert_eq!(error.status, status);
        world.verify();
        assert_over(&mut world);
    }
}

#[test]
fn a_refused_recovery_is_no_end_before_there_was_a_connection() {
    let mut world = World::new(17);
    world.inject(Effect::RefuseHandshake { status: 503 }, Some(1));
    world.inject_fault(on_connect(refusal(403)).after(SECOND).once());
    let now = world.instant();
    world.session.connect(now).unwrap();
    world.run(SECOND * 10);
    assert_eq!(world.journal.ended, None);
    assert_eq!(world.journal.connect_failed.len(), 1);
    world.connect();
    world.verify();
}

#[test]
fn an_end_that_waits_for_the_transcript_does_not_turn_in_circles() {
    // The chat ends while a gap is being filled and a message waits to be tried again.
    for seed in 0..20 {
        let mut world = with_grace(seed);
        world.connect();
        world.run(SECOND * 20);
        world.inject_fault(on_transcript(Effect::Stall));
        world.inject_fault(on_send(refusal(500)));
        world.cut();
        world.run_until(SECOND * 5, |world| world.session.phase() == Phase::Live);
        world.send("is it too late?");
        world.run(SECOND * 2);
        world.agent_ends();
        let before = world.actions_total();
        world.run(SECOND * 30);
        assert_eq!(
            world.journal.ended,
            Some(EndReason::ChatEnded),
            "seed {seed}"
        );
        assert!(world.actions_total() - before < 20);
        assert_over(&mut world);
    }
}

#[test]
fn everything_unsettled_is_handed_back_at_the_end() {
    let mut world = World::new(18);
    world.connect();
    world.inject_fault(on_send(refusal(500)));
    for number in 0..5 {
        world.send(&format!("waiting {number}"));
    }
    world.run(SECOND);
    world.agent_ends();
    world.run(SECOND * 5);
    assert_eq!(world.journal.failed.len(), 5);
    assert!(
        world
            .journal
            .failed
            .values()
            .all(|error| matches!(error, SendError::Ended))
    );
    world.verify();
    assert_over(&mut world);
}

#[test]
fn the_end_comes_with_a_message_under_way() {
    for seed in 0..30 {
        let mut world = World::new(seed);
        world.connect();
        world.send("and another thing");
        world.run(Duration::from_millis(seed * 3));
        world.agent_ends();
        world.run(SECOND * 5);
        assert_eq!(world.journal.ended, Some(EndReason::ChatEnded));
        world.verify();
        assert_over(&mut world);
    }
}

#[test]
fn what_an_expired_token_cannot_read_at_the_end_is_not_passed_over_in_silence() {
    let mut settings = Settings::default();
    settings.token_lifetime = SECOND * 30;
    settings.transcript_grace = SECOND * 3_600;
    let mut world = World::with(31, settings, |_| {});
    world.connect();
    world.run_minutes(2);
    world.inject(Effect::ReorderItems { within: SECOND }, Some(1));
    world.agent_sends("the news of the end overtakes this");
    world.agent_ends();
    world.run(SECOND * 30);
    assert_eq!(world.session.phase(), Phase::Ended);
    assert!(matches!(
        world.journal.unresolved.as_slice(),
        [GapError::Refused(RequestError::Service(error))] if error.status == 403
    ));
}
