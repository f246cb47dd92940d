//! Replacing a socket before its time is up, without a gap.

use std::time::Duration;

use chat_proto::Phase;
use chat_sim::{Effect, Operation, Settings};
use chat_tests::{SECOND, World, foreign, on_connect, on_transcript, refusal};

/// A service that closes its sockets after this long.
fn with_lifetime(seed: u64, seconds: u32) -> World {
    let mut settings = Settings::default();
    settings.socket_lifetime = SECOND * seconds;
    World::with(seed, settings, |_| {})
}

fn assert_quiet(world: &World) {
    assert_eq!((world.journal.lost, world.journal.reestablished), (0, 0));
    assert_eq!(world.session.phase(), Phase::Live);
}

#[test]
fn before_an_hour_is_over_the_next_socket_takes_over_quietly() {
    for seed in 0..5 {
        let mut world = World::new(seed);
        world.connect();
        world.run_minutes(60 * 6);
        assert_quiet(&world);
        let opened = world.trace.times(Duration::ZERO, "OpenSocket(");
        for pair in opened.windows(2) {
            let life = (pair[1] - pair[0]).as_secs();
            assert!((56 * 60..59 * 60).contains(&life), "{life} s");
        }
        assert_eq!(opened.len(), 7);
        assert_eq!(world.open_sockets(), 1);
        world.verify();
    }
}

#[test]
fn the_old_socket_is_closed_only_after_the_new_one_is_subscribed() {
    let mut world = with_lifetime(1, 300);
    world.connect();
    world.run_minutes(6);
    let place = |text: &str| {
        let mut lines = world.trace.lines().iter();
        lines.position(|(_, line)| line.starts_with(text)).unwrap()
    };
    let subscribed = place(r#"SendText(2, {"topic":"aws/subscribe"#);
    let beaten = place(r#"SendText(2, {"topic":"aws/heartbeat"#);
    let closed = place("CloseSocket(1,");
    assert!(subscribed < closed && subscribed < beaten);
    let acknowledged = world.trace.lines()[beaten].0;
    assert_eq!(world.trace.lines()[closed].0, acknowledged);
    assert!(acknowledged > world.trace.lines()[subscribed].0);
    world.verify();
}

#[test]
fn an_agent_who_writes_all_the_time_is_heard_once_across_takeovers() {
    for (seed, slowest) in (0..).zip([1, 40, 400, 1_500, 1_900]) {
        let mut world = with_lifetime(seed, 300);
        world.network.set_slowest(Duration::from_millis(slowest));
        world.connect();
        for _ in 0..6_000 {
            world.agent_sends("tick");
            world.run(SECOND / 10);
        }
        assert!(
            world.requests(Operation::CreateParticipantConnection) >= 3,
            "{slowest} ms"
        );
        world.verify();
        assert_quiet(&world);
    }
}

#[test]
fn typing_during_an_overlap_arrives_once() {
    let mut world = with_lifetime(2, 300);
    world.network.set_slowest(Duration::from_millis(800));
    world.connect();
    for _ in 0..6_000 {
        world.agent_types();
        world.run(SECOND / 10);
    }
    world.verify();
    let stored = world.record().transcript().len();
    let typing = world.journal.items.len() - stored;
    assert!((5_900..=6_000).contains(&typing), "{typing} of 6000");
}

#[test]
fn messages_of_ours_survive_takeovers_in_order() {
    let mut world = with_lifetime(3, 300);
    world.connect();
    for number in 0..600 {
        world.send(&format!("tock {number}"));
        world.run(SECOND);
    }
    world.verify();
    assert_quiet(&world);
    assert_eq!(world.journal.sent.len(), 600);
}

#[test]
fn an_earlier_expiry_of_the_service_wins() {
    let mut world = with_lifetime(4, 120);
    world.connect();
    world.run_minutes(20);
    assert_quiet(&world);
    assert!(
        (9..=13).contains(&world.requests(Operation::CreateParticipantConnection)),
        "{}",
        world.requests(Operation::CreateParticipantConnection)
    );
    world.verify();
}

#[test]
fn a_service_whose_sockets_live_for_seconds_is_served_without_loss() {
    for (seed, lifetime) in [(0, 20), (1, 10), (2, 5)] {
        let mut world = with_lifetime(seed, lifetime);
        world.connect();
        for _ in 0..300 {
            world.agent_sends("tick");
            world.run(SECOND);
        }
        let least = 300 / u64::from(lifetime);
        assert!(
            world.requests(Operation::CreateParticipantConnection) < least * 3 + 10,
            "{}",
            world.requests(Operation::CreateParticipantConnection)
        );
        world.verify();
    }
}

#[test]
fn a_failed_renewal_does_not_harm_the_healthy_socket() {
    for (seed, effect) in (0..).zip([
        refusal(429),
        refusal(500),
        refusal(403),
        refusal(404),
        refusal(400),
        Effect::Stall,
        Effect::DropRequest,
        foreign(200, "<html>"),
        foreign(200, "{}"),
    ]) {
        let mut settings = Settings::default();
        settings.socket_lifetime = SECOND * 1_200;
        let mut world = World::with(seed, settings, |config| {
            config.socket_lifetime(SECOND * 600).unwrap();
        });
        world.connect();
        world.run_minutes(1);
        world.inject_fault(on_connect(effect.clone()));
        for _ in 0..240 {
            world.agent_sends("do you still hear me?");
            world.send("I do");
            world.run(SECOND * 4);
        }
        assert_quiet(&world);
        assert_eq!(
            world.trace.count(Duration::ZERO, "CloseSocket(1,"),
            0,
            "{effect:?}"
        );
        world.verify();
        assert_quiet(&world);
    }
}

#[test]
fn refused_and_hanging_handshakes_of_a_renewal_do_not_harm_the_healthy_socket() {
    for effect in [
        Effect::RefuseHandshake { status: 403 },
        Effect::StallHandshake,
        Effect::MuteSubscribe,
        Effect::FailSubscribe,
    ] {
        let mut settings = Settings::default();
        settings.socket_lifetime = SECOND * 1_200;
        let mut world = World::with(5, settings, |config| {
            config.socket_lifetime(SECOND * 600).unwrap();
        });
        world.connect();
        world.inject(effect.clone(), None);
        for _ in 0..240 {
            world.agent_sends("do you still hear me?");
            world.run(SECOND * 4);
        }
        assert_quiet(&world);
        world.verify();
        assert_quiet(&world);
    }
}

#[test]
fn a_socket_that_ends_while_its_renewal_is_refused_is_recovered() {
    let mut world = with_lifetime(6, 300);
    world.connect();
    world.inject_fault(on_connect(refusal(403)).after(SECOND * 100).times(3));
    world.run_until(SECOND * 300, |world| {
        world.trace.count(Duration::ZERO, "ConnectAttemptFailed") > 0
    });
    world.agent_sends("nothing is lost");
    assert_eq!(world.journal.ended, None);
    world.verify();
    assert_eq!(world.journal.ended, None);
}

#[test]
fn a_socket_lost_during_its_renewal_is_one_loss() {
    for seed in 0..40 {
        let mut world = with_lifetime(seed, 300);
        world.network.set_slowest(Duration::from_millis(500));
        world.connect();
        let up = world.now();
        world.run_until(SECOND * 300, |world| {
            world.trace.times(up + SECOND * 10, "Request(").len() > 1
                || world.trace.count(up + SECOND, "OpenSocket") > 0
        });
        world.run(Duration::from_millis(seed * 20));
        let opening = world.open_sockets() == 2;
        world.agent_sends("just before");
        world.cut();
        world.agent_sends("just after");
        world.verify();
        assert!(world.journal.lost <= 1, "opening: {opening}");
        assert_eq!(world.journal.lost, world.journal.reestablished);
    }
}

#[test]
fn what_the_old_socket_still_held_is_read_from_the_transcript() {
    let mut world = with_lifetime(7, 300);
    world.connect();
    world.inject(Effect::DelayItems { by: SECOND * 15 }, None);
    for _ in 0..1_200 {
        world.agent_sends("late");
        world.run(SECOND / 2);
    }
    world.service.0.clear_faults();
    world.verify();
    assert_eq!(world.journal.lost, 0);
    assert!(!world.journal.recovered.is_empty());
}

#[test]
fn a_transcript_that_cannot_be_read_at_a_takeover_is_read_later() {
    let mut world = with_lifetime(8, 300);
    world.connect();
    world.run_minutes(2);
    world.inject_fault(on_transcript(refusal(500)));
    for _ in 0..300 {
        world.agent_sends("tick");
        world.run(SECOND);
    }
    assert_quiet(&world);
    world.verify();
}

#[test]
fn the_token_that_a_renewal_brings_is_used() {
    let mut settings = Settings::default();
    settings.socket_lifetime = SECOND * 300;
    settings.token_lifetime = SECOND * 400;
    let mut world = World::with(9, settings, |_| {});
    world.connect();
    for _ in 0..60 {
        world.send("still allowed");
        world.run_minutes(1);
    }
    world.verify();
    assert!(
        !world.journal.has_diagnostic("request_retried"),
        "an expired token was used"
    );
}

#[test]
fn a_token_that_lives_for_seconds_is_not_fetched_in_a_tight_loop() {
    let mut settings = Settings::default();
    settings.token_lifetime = SECOND * 5;
    let mut world = World::with(10, settings, |_| {});
    world.connect();
    for _ in 0..60 {
        world.send("still allowed");
        world.run(SECOND * 10);
    }
    world.verify();
    assert_eq!(world.journal.sent.len(), 60);
    assert!(
        world.requests(Operation::CreateParticipantConnection) <= 125,
        "{}",
        world.requests(Operation::CreateParticipantConnection)
    );
    let before = world.requests(Operation::CreateParticipantConnection);
    world.run_minutes(20);
    assert_eq!(
        world.requests(Operation::CreateParticipantConnection),
        before,
        "nobody needs a token"
    );
}
