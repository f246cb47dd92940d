//! Whether the connection is alive: heartbeats, pings, hints and sleeps.

use std::time::Duration;

use chat_proto::{DeepHeartbeatFailure, Event, LossCause, Network, Phase, SocketInput};
use chat_sim::{Effect, Operation};
use chat_tests::{Lone, SECOND, World, foreign, on_connect, refusal};

fn losses(world: &World) -> Vec<LossCause> {
    let mut causes = Vec::new();
    for event in &world.journal.events {
        if let Event::ConnectionLost(cause) = event {
            causes.push(cause.clone());
        }
    }
    causes
}

fn hint(world: &mut World, network: Network) {
    let now = world.instant();
    world.session.handle_network(now, network);
    world.settle();
}

#[test]
fn a_heartbeat_and_a_ping_go_out_every_ten_seconds() {
    let mut world = World::new(1);
    world.connect();
    let up = world.now();
    world.run(SECOND * 600);
    for topic in ["aws/heartbeat", "aws/ping"] {
        let frame = format!(r#"SendText(1, {{"topic":"{topic}""#);
        let sent = world.trace.times(Duration::ZERO, &frame);
        assert_eq!(sent.len(), 61, "{topic}");
        assert_eq!(sent[0], up, "the first goes out at once");
        assert!(sent.windows(2).all(|pair| pair[1] - pair[0] == SECOND * 10));
    }
    assert_eq!(world.journal.pongs, (60, 0));
    world.verify();
}

#[test]
fn answered_pings_prove_life_where_heartbeats_are_not_answered() {
    let mut world = World::new(2);
    world.connect();
    world.inject(Effect::MuteHeartbeats, None);
    world.run_minutes(30);
    assert_eq!(losses(&world), []);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    world.verify();
}

#[test]
fn items_alone_prove_life() {
    let mut world = World::new(3);
    world.connect();
    world.inject(Effect::MuteHeartbeats, None);
    world.inject(Effect::MutePings, None);
    for _ in 0..60 {
        world.run(SECOND * 5);
        world.agent_sends("still here");
    }
    assert_eq!(losses(&world), []);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    assert!(
        world.journal.pongs.1 > 20,
        "unanswered pings were not reported"
    );
    world.verify();
}

#[test]
fn a_half_open_connection_is_found_within_twenty_seconds_and_nothing_is_lost() {
    for seed in 0..100 {
        let mut world = World::new(seed);
        world.connect();
        world.run(Duration::from_millis(seed * 337));
        let from = world.now();
        world.half_open();
        for _ in 0..30 {
            world.agent_sends("into the void");
            world.run(SECOND / 2);
        }
        world.run_until(SECOND * 20, |world| world.journal.reestablished == 1);
        let lost = world.trace.times(from, "ConnectionLost");
        assert!(
            lost[0] - from <= SECOND * 20,
            "seed {seed}: after {:?}",
            lost[0] - from
        );
        assert_eq!(losses(&world), [LossCause::HeartbeatMissed]);
        world.verify();
    }
}

#[test]
fn a_half_open_connection_found_while_the_service_refuses_is_recovered_later() {
    let mut world = World::new(4);
    world.connect();
    world.half_open();
    world.inject_fault(on_connect(refusal(503)).times(5));
    world.run_minutes(5);
    assert_eq!(world.journal.lost, 1);
    assert_eq!(world.journal.reestablished, 1);
    world.verify();
}

#[test]
fn unanswered_pings_are_reported_and_replace_nothing() {
    let mut world = World::new(5);
    world.connect();
    world.run(SECOND);
    world.inject(Effect::MutePings, None);
    world.run(SECOND * 100);
    assert_eq!(world.journal.pongs.1, 9);
    assert_eq!(
        world
            .trace
            .count(Duration::ZERO, "DeepHeartbeatFailed(NoAnswer)"),
        9
    );
    assert_eq!(losses(&world), []);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    world.verify();
}

#[test]
fn a_bad_pong_is_reported_with_what_came() {
    let mut lone = Lone::live(|_| {});
    for (frame, status_code, content) in [
        (
            r#"{"topic":"aws/ping","statusCode":500,"statusContent":"Down"}"#,
            Some(500),
            Some("Down"),
        ),
        (
            r#"{"topic":"aws/ping","statusCode":200,"statusContent":"Hm"}"#,
            Some(200),
            Some("Hm"),
        ),
        (r#"{"topic":"aws/ping"}"#, None, None),
        (r#"{"topic":"aws/ping","statusCode":-1}"#, None, None),
    ] {
        lone.events.clear();
        lone.text(frame);
        let failure = DeepHeartbeatFailure::BadAnswer {
            status_code,
            status_content: content.map(str::to_owned),
        };
        assert_eq!(
            lone.events,
            [Event::DeepHeartbeatFailed(failure)],
            "{frame}"
        );
    }
    assert_eq!(lone.session.phase(), Phase::Live);
}

#[test]
fn bad_pongs_replace_the_socket_only_when_asked_to() {
    let bad = Effect::BadPong {
        status_code: 503,
        status_content: "Down".to_owned(),
    };
    for effect in [bad, Effect::MutePings] {
        let mut world = World::with(6, chat_sim::Settings::default(), |config| {
            config.deep_heartbeat_limit(Some(3));
        });
        world.connect();
        let from = world.now();
        world.inject(effect.clone(), Some(3));
        world.run(SECOND * 60);
        assert_eq!(
            losses(&world),
            [LossCause::DeepHeartbeatFailed],
            "{effect:?}"
        );
        let lost = world.trace.times(from, "ConnectionLost")[0] - from;
        assert!(
            (SECOND * 25..SECOND * 41).contains(&lost),
            "{effect:?}: after {lost:?}"
        );
        assert_eq!(world.journal.reestablished, 1);
        world.verify();
    }
}

#[test]
fn good_pongs_between_bad_ones_keep_the_socket() {
    let mut world = World::with(7, chat_sim::Settings::default(), |config| {
        config.deep_heartbeat_limit(Some(3));
    });
    world.connect();
    for _ in 0..20 {
        world.inject(Effect::MutePings, Some(2));
        world.run(SECOND * 35);
    }
    assert_eq!(losses(&world), []);
    assert!(world.journal.pongs.1 >= 30);
    world.verify();
}

#[test]
fn reading_that_is_paused_is_not_held_against_the_socket() {
    let mut world = World::new(8);
    world.connect();
    world.socket_input(SocketInput::ReadingPaused);
    assert!(world.journal.has_diagnostic("reading_paused"));
    world.half_open(); // nothing arrives, as when nobody reads
    world.run_minutes(10);
    assert_eq!(losses(&world), []);
    world.socket_input(SocketInput::ReadingResumed);
    let resumed = world.now();
    world.run_until(SECOND * 25, |world| world.journal.reestablished == 1);
    assert!(world.trace.times(resumed, "ConnectionLost")[0] - resumed <= SECOND * 20);
    world.verify();
}

#[test]
fn a_socket_read_again_is_not_judged_by_what_lay_unread() {
    let mut lone = Lone::live(|_| {});
    lone.pass(SECOND * 5);
    lone.input(SocketInput::ReadingPaused);
    lone.pass(SECOND * 33);
    lone.input(SocketInput::ReadingResumed);
    lone.pass(SECOND * 9);
    assert_eq!(lone.session.phase(), Phase::Live);
    lone.text(r#"{"topic":"aws/heartbeat"}"#);
    lone.pass(SECOND * 9);
    assert_eq!(lone.session.phase(), Phase::Live);
}

#[test]
fn a_process_that_slept_checks_at_once_and_keeps_a_healthy_socket() {
    for seconds in [30, 60, 600, 3_000] {
        let mut world = World::new(seconds);
        world.connect();
        world.run(SECOND * 15);
        world.sleep(SECOND * u32::try_from(seconds).unwrap());
        let woken = world.now();
        world.agent_sends("good morning");
        world.run(SECOND * 60);
        let beats = world
            .trace
            .times(woken, r#"SendText(1, {"topic":"aws/heartbeat"#);
        assert_eq!(beats.first(), Some(&woken), "slept {seconds} s");
        assert_eq!(losses(&world), [], "slept {seconds} s");
        world.verify();
    }
}

#[test]
fn a_sleep_of_any_length_does_not_kill_a_healthy_socket() {
    // The answer to the last heartbeat lies unread when the process wakes, and the driver tells
    // of the time before it reads.
    for milliseconds in (500..60_000).step_by(500) {
        let mut lone = Lone::live(|_| {});
        lone.text(r#"{"topic":"aws/heartbeat"}"#);
        lone.pass(SECOND * 10); // the second heartbeat has just gone out
        let woken = lone.now() + Duration::from_millis(milliseconds);
        lone.wake_at(woken);
        lone.text(r#"{"topic":"aws/heartbeat"}"#);
        lone.pass(SECOND);
        assert_eq!(
            lone.session.phase(),
            Phase::Live,
            "after {milliseconds} ms of sleep"
        );
    }
}

#[test]
fn a_hint_ends_a_waiting_backoff_at_once() {
    let mut world = World::new(10);
    world.connect();
    world.inject_fault(on_connect(refusal(503)));
    world.cut();
    world.run_minutes(3);
    world.service.0.clear_faults();
    let from = world.now();
    hint(&mut world, Network::Online);
    world.run_until(SECOND, |world| world.session.phase() == Phase::Live);
    assert!(world.now() - from < SECOND);
    world.verify();
}

#[test]
fn hints_that_lie_change_nothing() {
    let mut world = World::new(11);
    world.connect();
    for _ in 0..600 {
        hint(&mut world, Network::Offline);
        world.run(SECOND / 2);
        hint(&mut world, Network::Online);
        world.run(SECOND / 2);
    }
    assert_eq!(losses(&world), []);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    world.verify();
}

#[test]
fn hints_that_come_all_the_time_do_not_hide_a_dead_connection() {
    let mut world = World::new(12);
    world.connect();
    world.half_open();
    world.agent_sends("is anybody there?");
    for _ in 0..20 {
        hint(&mut world, Network::Online);
        world.run(SECOND * 3);
    }
    assert_eq!(
        losses(&world),
        [LossCause::HeartbeatMissed],
        "after a minute"
    );
    world.verify();
}

#[test]
fn hints_do_not_turn_recovery_into_a_tight_loop() {
    let mut world = World::new(13);
    world.connect();
    world.inject_fault(on_connect(foreign(200, "<html>sign in</html>")));
    world.cut();
    let before = world.requests(Operation::CreateParticipantConnection);
    for _ in 0..60 {
        hint(&mut world, Network::Online);
        world.run(SECOND);
    }
    assert!(world.requests(Operation::CreateParticipantConnection) - before <= 61);
    world.service.0.clear_faults();
    world.run_minutes(2);
    world.verify();
}
