//! Defects of other clients in the connection, which this one must not have.

use std::time::Duration;

use chat_proto::{Draft, Network, Operation, Phase, SocketInput};
use chat_sim::{Effect, Settings};
use chat_tests::{Lone, SECOND, World, on_connect, refusal};

const HEARTBEAT: &str = r#"{"topic":"aws/heartbeat"}"#;
const PONG: &str = r#"{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}"#;

/// How often there was a request of this operation.
fn asked(lone: &Lone, operation: Operation) -> usize {
    lone.bodies(operation).len()
}

#[test]
fn a_connection_that_died_while_the_network_was_said_to_be_away_is_found_and_recovered() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.connect();
        world.run(Duration::from_millis(seed * 500));
        let now = world.instant();
        world.session.handle_network(now, Network::Offline);
        world.half_open();
        world.inject_fault(on_connect(refusal(503)));
        world.agent_sends("into the void");
        world.run(SECOND * 60);
        world.service.0.clear_faults();
        let now = world.instant();
        world.session.handle_network(now, Network::Online);
        world.run_until(SECOND * 20, |world| world.session.phase() == Phase::Live);
        world.verify();
    }
}

#[test]
fn a_url_that_comes_after_leaving_or_suspending_opens_no_socket() {
    for suspends in [false, true] {
        let mut lone = Lone::live(|_| {});
        lone.page(&[]);
        let old = lone.socket;
        lone.input(SocketInput::Closed(1006));
        lone.pass(SECOND);
        let urls = Operation::CreateParticipantConnection;
        let mut pending = lone.pending.iter().filter(|(_, of)| *of == urls);
        let request = pending.next().map(|(request, _)| *request).unwrap();
        let now = lone.instant();
        if suspends {
            lone.session.suspend(now).unwrap();
        } else {
            lone.session.abandon(now).unwrap();
        }
        lone.drain();
        let answer = r#"{"Websocket":{"Url":"wss://example.com/late"},
            "ConnectionCredentials":{"ConnectionToken":"late"}}"#;
        let answer = http::Response::new(answer.to_owned());
        lone.session.handle_response(now, request, Ok(answer));
        lone.drain();
        assert_eq!(lone.session.poll_timeout(), None);
        lone.pass(SECOND * 3_600);
        assert_eq!(lone.socket, old);
        assert!(lone.pending.is_empty());
    }
}

#[test]
fn a_subscription_refused_at_first_leaves_nothing_for_the_next_takeover() {
    let mut settings = Settings::default();
    settings.socket_lifetime = SECOND * 300;
    let mut world = World::with(1, settings, |_| {});
    world.inject(Effect::FailSubscribe, Some(2));
    world.connect();
    let up = world.now();
    world.run_minutes(6);
    assert_eq!(world.trace.times(up, "OpenSocket(").len(), 1);
    let subscribe = r#"SendText(2, {"topic":"aws/subscribe""#;
    assert_eq!(world.trace.times(up, subscribe).len(), 1);
    world.verify();
}

#[test]
fn an_idle_session_wakes_for_its_heartbeats_alone() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    lone.text(HEARTBEAT);
    lone.text(PONG);
    let until = lone.now() + SECOND * 600;
    let mut wakes = 0;
    while let Some((at, _)) = lone.session.poll_timeout() {
        let at = at.since_origin();
        if at > until {
            break;
        }
        wakes += 1;
        assert!(wakes <= 60, "it wakes again at {at:?}");
        lone.wake_at(at);
        lone.text(HEARTBEAT);
        lone.text(PONG);
    }
    assert_eq!(lone.session.phase(), Phase::Live);
    assert_eq!(wakes, 60);
}

#[test]
fn a_token_whose_end_is_not_told_is_fetched_once() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    for number in 0..300 {
        let now = lone.instant();
        lone.session.send_message(now, Draft::text("hi")).unwrap();
        lone.drain();
        let sent = format!(
            r#"{{"Id":"sent-{number}","AbsoluteTime":"2026-01-31T12:00:00.{number:03}Z"}}"#
        );
        assert!(lone.answer(Operation::SendMessage, 200, &sent));
        lone.text(HEARTBEAT);
        lone.pass(SECOND * 9);
    }
    assert_eq!(asked(&lone, Operation::SendMessage), 300);
    assert_eq!(asked(&lone, Operation::CreateParticipantConnection), 1);
}
