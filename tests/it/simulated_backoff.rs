//! How often a lost connection is tried to be had again, and for how long.

use std::time::Duration;

use chat_proto::{EndReason, Event, Phase};
use chat_sim::{CutWhen, Effect, Fault, Operation, Settings};
use chat_tests::{SECOND, World, on_connect, refusal, throttled};

/// When the service was asked for a connection, from `since` on.
fn asked(world: &World, since: Duration) -> Vec<Duration> {
    let lines = world.trace.lines().iter();
    lines
        .filter(|(at, _)| *at >= since)
        .filter(|(_, text)| text.starts_with("Request(") && text.contains("CreateParticipant"))
        .map(|(at, _)| *at)
        .collect()
}

/// The waits are 2, 4, 8, 16 and then 30 seconds, each lengthened or shortened by at most 30 %;
/// `slack` is what an attempt itself may take.
fn assert_backs_off(times: &[Duration], slack: Duration) {
    let middles = [2, 4, 8, 16].into_iter().chain(std::iter::repeat(30));
    for (pair, middle) in times.windows(2).zip(middles) {
        let wait = pair[1] - pair[0];
        let middle = SECOND * middle;
        let range = middle.mul_f64(0.7)..=middle.mul_f64(1.3) + slack;
        assert!(
            range.contains(&wait),
            "{wait:?} is no {middle:?}: {times:?}"
        );
    }
}

#[test]
fn every_loss_is_told_once_and_so_is_every_recovery() {
    let mut world = World::new(1);
    world.connect();
    for round in 1..=20 {
        world.run(SECOND * 30);
        world.agent_sends("before");
        if round % 2 == 0 {
            world.cut();
        } else {
            world.inject(Effect::CloseSocket { code: 1001 }, None);
        }
        world.agent_sends("missed");
        world.run_until(SECOND * 10, |world| world.journal.reestablished == round);
        assert_eq!(world.journal.lost, round);
    }
    world.verify();
}

#[test]
fn the_first_try_after_a_loss_comes_at_once() {
    for seed in 0..100 {
        let mut world = World::new(seed);
        world.connect();
        world.run(SECOND * 30);
        let from = world.now();
        world.cut();
        world.run(SECOND);
        assert!(asked(&world, from)[0] - from <= SECOND / 4);
        assert_eq!(world.session.phase(), Phase::Live);
    }
}

#[test]
fn sessions_that_lose_their_connections_together_do_not_come_back_together() {
    let times: Vec<_> = (1..=100_u64)
        .map(|number| {
            let mut world = World::new(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            world.connect();
            world.run(SECOND * 30 - Duration::from_millis(1));
            let from = world.now();
            world.cut();
            world.run(SECOND);
            asked(&world, from)[0] - from
        })
        .collect();
    let early = times.iter().filter(|at| **at < SECOND / 8).count();
    assert!(
        (20..=80).contains(&early),
        "{early} of 100 in the first half"
    );
}

#[test]
fn refused_requests_are_repeated_after_longer_and_longer_waits() {
    for effect in [refusal(500), refusal(429), Effect::DropRequest] {
        let mut world = World::new(2);
        world.connect();
        world.run(SECOND * 30);
        world.inject_fault(on_connect(effect));
        let from = world.now();
        world.cut();
        world.run_minutes(10);
        assert_backs_off(&asked(&world, from), SECOND / 5);
        world.verify();
    }
}

#[test]
fn refused_handshakes_are_repeated_after_longer_and_longer_waits() {
    let mut world = World::new(3);
    world.connect();
    world.run(SECOND * 30);
    world.inject(Effect::RefuseHandshake { status: 503 }, None);
    let from = world.now();
    world.cut();
    world.run_minutes(10);
    let times = asked(&world, from);
    assert_backs_off(&times, SECOND / 5);
    assert!(
        (15..=33).contains(&times.len()),
        "{} in ten minutes",
        times.len()
    );
    assert_eq!(world.journal.lost, 1);
    world.verify();
    assert_eq!(world.journal.reestablished, 1);
}

#[test]
fn a_service_that_accepts_and_closes_at_once_is_not_asked_in_a_tight_loop() {
    let mut world = World::new(4);
    world.connect();
    world.run(SECOND * 30);
    let from = world.now();
    for _ in 0..6_000 {
        world.inject(Effect::CloseSocket { code: 1011 }, None);
        world.run(SECOND / 10);
    }
    let times = asked(&world, from);
    assert!(times.len() <= 35, "{} in ten minutes", times.len());
    world.verify();
}

#[test]
fn a_service_that_accepts_and_breaks_at_the_first_item_is_not_asked_in_a_tight_loop() {
    let mut world = World::new(5);
    world.connect();
    world.run(SECOND * 30);
    let from = world.now();
    let fault = Effect::CutSocket {
        when: CutWhen::NextItem,
    };
    world.inject(fault, None);
    for _ in 0..600 {
        world.agent_sends("one more");
        world.run(SECOND);
    }
    let times = asked(&world, from);
    assert!(times.len() <= 60, "{} in ten minutes", times.len());
    world.verify();
}

#[test]
fn a_renewal_that_is_refused_backs_off_while_the_healthy_socket_lives() {
    let mut settings = Settings::default();
    settings.socket_lifetime = SECOND * 24 * 3_600;
    let mut world = World::with(6, settings, |config| {
        config.socket_lifetime(SECOND * 600).unwrap();
    });
    world.connect();
    world.inject(Effect::RefuseHandshake { status: 503 }, None);
    let from = world.now() + SECOND * 400;
    world.run_minutes(20);
    assert_eq!(world.journal.lost, 0);
    let times = asked(&world, from);
    assert!(times.len() >= 10, "{times:?}");
    assert_backs_off(&times, SECOND / 5);
    world.verify();
}

#[test]
fn a_service_that_says_when_is_asked_then() {
    let mut world = World::new(7);
    world.connect();
    world.run(SECOND * 30);
    world.inject_fault(on_connect(throttled(SECOND * 90)).times(2));
    let from = world.now();
    world.cut();
    world.run_minutes(5);
    let times = asked(&world, from);
    assert_eq!(times.len(), 3, "{times:?}");
    for pair in times.windows(2) {
        let wait = pair[1] - pair[0];
        assert!((SECOND * 90..SECOND * 91).contains(&wait), "{wait:?}");
    }
    world.verify();
}

#[test]
fn an_hour_of_errors_does_not_end_the_session() {
    for effect in [
        refusal(429),
        refusal(500),
        refusal(503),
        Effect::Stall,
        Effect::DropRequest,
    ] {
        let mut world = World::new(8);
        world.connect();
        world.inject_fault(Fault::new(effect.clone()));
        world.cut();
        world.agent_sends("are you still there?");
        world.send("I am trying");
        world.run_minutes(60);
        assert_eq!(world.session.phase(), Phase::Recovering, "{effect:?}");
        world.verify();
        assert_eq!(
            (world.journal.lost, world.journal.reestablished),
            (1, 1),
            "{effect:?}"
        );
        assert_eq!(world.journal.sent.len(), 1, "{effect:?}");
    }
}

#[test]
fn a_handshake_that_hangs_is_given_up() {
    let mut world = World::new(9);
    world.connect();
    world.run(SECOND * 30);
    world.inject(Effect::StallHandshake, Some(2));
    let from = world.now();
    world.cut();
    world.run_until(SECOND * 40, |world| world.journal.reestablished == 1);
    let closed = world.trace.times(from, "CloseSocket(");
    let opened = world.trace.times(from, "OpenSocket(");
    assert_eq!((opened.len(), closed.len()), (3, 2));
    assert_eq!(closed[0] - opened[0], SECOND * 10);
    world.verify();
}

#[test]
fn a_request_that_hangs_is_given_up_and_cancelled() {
    let mut world = World::new(10);
    world.connect();
    world.run(SECOND * 30);
    world.inject_fault(on_connect(Effect::Stall).once());
    let from = world.now();
    world.cut();
    world.run_until(SECOND * 20, |world| world.journal.reestablished == 1);
    let cancelled = world.trace.times(from, "CancelRequest(");
    assert_eq!(cancelled.len(), 1);
    assert_eq!(cancelled[0] - asked(&world, from)[0], SECOND * 10);
    world.verify();
}

#[test]
fn an_answer_that_comes_after_its_time_is_ignored() {
    let mut world = World::new(11);
    world.connect();
    world.run(SECOND * 30);
    let late = Effect::Delay { by: SECOND * 11 };
    world.inject_fault(on_connect(late).times(1));
    world.cut();
    world.run_minutes(1);
    assert_eq!(world.journal.reestablished, 1);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 3);
    world.verify();
}

#[test]
fn recovery_has_a_limit_when_the_application_sets_one() {
    let limit = SECOND * 120;
    let mut world = World::with(12, Settings::default(), |config| {
        config.recovery_limit(Some(limit));
    });
    world.connect();
    world.run(SECOND * 30);
    for _ in 0..3 {
        // It counts from each loss anew.
        world.outage(SECOND * 60);
        world.run_minutes(3);
        assert_eq!(world.session.phase(), Phase::Live);
    }
    world.inject_fault(on_connect(refusal(500)));
    let lost = world.now();
    world.cut();
    world.send("never mind");
    world.run_minutes(5);
    assert_eq!(world.journal.ended, Some(EndReason::GaveUp { limit }));
    assert_eq!(world.trace.times(lost, "Ended(")[0] - lost, limit);
    assert!(matches!(world.journal.events.last(), Some(Event::Ended(_))));
    assert_eq!(world.journal.failed.len(), 1);
}
