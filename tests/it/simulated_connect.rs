//! The first connect: once, in order, repeatable.

use std::time::Duration;

use chat_proto::{ConnectError, Event, Phase, RequestError};
use chat_sim::{Effect, Fault, Operation};
use chat_tests::{SECOND, World, foreign, on_connect, refusal, throttled};

#[test]
fn established_comes_once_and_before_any_item() {
    for seed in 0..50 {
        let mut world = World::new(seed);
        world.agent_sends("said before anybody listened");
        world.begin_to_connect();
        for _ in 0..50 {
            world.agent_sends("said meanwhile");
            world.run(Duration::from_millis(7));
        }
        world.verify();
        let first = world.journal.events.iter().find(|event| {
            matches!(
                event,
                Event::Established | Event::Item(_) | Event::GapFilled { .. }
            )
        });
        assert_eq!(first, Some(&Event::Established), "seed {seed}");
        assert_eq!(world.journal.established, 1);
        assert_eq!(
            world.requests(Operation::CreateParticipantConnection),
            1,
            "one request is enough"
        );
    }
}

#[test]
fn a_refused_token_fails_the_connect_with_the_words_of_the_service_and_it_can_be_repeated() {
    let mut world = World::new(1);
    world.inject_fault(on_connect(refusal(403)).once());
    world.begin_to_connect();
    world.run(SECOND);
    assert_eq!(world.session.phase(), Phase::Idle);
    let [ConnectError::Request(RequestError::Service(error))] =
        world.journal.connect_failed.as_slice()
    else {
        panic!("{:?}", world.journal.connect_failed);
    };
    assert_eq!(
        (error.status, error.message.as_str()),
        (403, "refused with 403")
    );
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    world.run_minutes(2);
    assert_eq!(
        world.requests(Operation::CreateParticipantConnection),
        1,
        "it goes on without being asked"
    );

    world.connect();
    world.agent_sends("welcome");
    world.verify();
}

#[test]
fn what_cannot_come_right_fails_the_connect_at_once() {
    for status in [400, 401, 403, 404, 410] {
        let mut world = World::new(status.into());
        world.inject_fault(on_connect(refusal(status)).once());
        world.begin_to_connect();
        world.run(SECOND);
        assert_eq!(world.journal.connect_failed.len(), 1, "{status}");
        assert_eq!(world.session.phase(), Phase::Idle, "{status}");
        assert_eq!(
            world.session.poll_timeout(),
            None,
            "{status}: it still waits"
        );
    }
}

#[test]
fn what_may_come_right_is_tried_again() {
    let troubles = [
        refusal(429),
        throttled(SECOND * 3),
        refusal(500),
        refusal(503),
        Effect::DropRequest,
        Effect::LoseResponse,
        foreign(200, "<html>sign in to this network</html>"),
        foreign(302, ""),
        foreign(200, "{}"),
        foreign(200, r#"{"ConnectionCredentials":{"ConnectionToken":"x"}}"#),
        foreign(
            200,
            r#"{"Websocket":{},"ConnectionCredentials":{"ConnectionToken":"x"}}"#,
        ),
        foreign(
            200,
            r#"{"Websocket":{"Url":"not a url"},"ConnectionCredentials":{"ConnectionToken":"x"}}"#,
        ),
        foreign(
            200,
            "{\"Websocket\":{\"Url\":\"wss://a\"},\"ConnectionCredentials\":{\"ConnectionToken\":\"\\n\"}}",
        ),
    ];
    for (seed, effect) in (0..).zip(troubles) {
        let mut world = World::new(seed);
        world.inject_fault(on_connect(effect.clone()).times(2));
        world.connect();
        assert!(world.journal.connect_failed.is_empty(), "{effect:?}");
        assert!(
            world.journal.has_diagnostic("connect_attempt_failed"),
            "{effect:?}"
        );
        assert_eq!(
            world.requests(Operation::CreateParticipantConnection),
            3,
            "{effect:?}"
        );
        world.send("at last");
        world.verify();
    }
}

#[test]
fn the_first_connect_has_a_deadline_and_asks_for_nothing_after_it() {
    for effect in [refusal(500), Effect::Stall, Effect::DropRequest] {
        let mut world = World::new(3);
        world.inject_fault(on_connect(effect.clone()));
        world.begin_to_connect();
        world.run(SECOND * 20);
        assert_eq!(world.journal.connect_failed.len(), 1, "{effect:?}");
        assert_eq!(world.session.phase(), Phase::Idle);
        let asked = world.requests(Operation::CreateParticipantConnection);
        world.run_minutes(2);
        assert_eq!(
            world.requests(Operation::CreateParticipantConnection),
            asked,
            "{effect:?}"
        );
        assert_eq!(world.open_sockets(), 0);
        world.service.0.clear_faults();
        world.connect();
        world.verify();
    }
}

#[test]
fn a_socket_that_does_not_open_counts_against_the_deadline() {
    for effect in [
        Effect::StallHandshake,
        Effect::RefuseHandshake { status: 503 },
    ] {
        let mut world = World::new(4);
        world.inject(effect.clone(), None);
        world.begin_to_connect();
        world.run(SECOND * 21);
        assert_eq!(world.journal.connect_failed.len(), 1, "{effect:?}");
        assert_eq!(world.open_sockets(), 0, "{effect:?}");
        world.service.0.clear_faults();
        world.connect();
        world.verify();
    }
}

#[test]
fn a_service_that_asks_to_wait_longer_than_the_deadline_fails_the_connect() {
    let mut world = World::new(5);
    world.inject_fault(on_connect(throttled(SECOND * 60)));
    world.begin_to_connect();
    world.run(SECOND * 21);
    assert_eq!(world.journal.connect_failed.len(), 1);
    assert_eq!(
        world.requests(Operation::CreateParticipantConnection),
        1,
        "Retry-After was not kept"
    );
}

#[test]
fn messages_given_before_the_connect_go_out_after_it_in_order() {
    let mut world = World::new(6);
    for number in 0..20 {
        world.send(&format!("early {number}"));
    }
    world.run_minutes(3);
    assert_eq!(world.requests(Operation::SendMessage), 0);
    assert_eq!(world.session.transcript().len(), 20);
    world.connect();
    world.verify();
    assert_eq!(world.journal.sent.len(), 20);
}

#[test]
fn messages_survive_failed_connects() {
    let mut world = World::new(7);
    world.send("patience");
    for _ in 0..3 {
        world.inject_fault(on_connect(refusal(403)).once());
        world.begin_to_connect();
        world.run_minutes(1);
    }
    assert_eq!(world.journal.connect_failed.len(), 3);
    assert!(
        world.journal.failed.is_empty(),
        "{:?}",
        world.journal.failed
    );
    world.connect();
    world.verify();
    assert_eq!(world.journal.sent.len(), 1);
}

#[test]
fn connecting_twice_is_refused_and_harms_nothing() {
    let mut world = World::new(8);
    world.begin_to_connect();
    let now = world.instant();
    assert!(world.session.connect(now).is_err());
    world.run(SECOND * 5);
    let now = world.instant();
    assert!(world.session.connect(now).is_err());
    assert_eq!(world.session.phase(), Phase::Live);
    assert_eq!(world.open_sockets(), 1);
    world.verify();
}

#[test]
fn commands_that_need_a_connection_are_refused_before_there_is_one() {
    let mut world = World::new(9);
    let now = world.instant();
    assert!(world.session.typing(now).is_err());
    assert!(world.session.load_older(now).is_err());
    assert!(world.session.disconnect(now).is_err());
    assert!(world.session.suspend(now).is_err());
    assert!(world.session.resume(now).is_err());
    assert_eq!(world.session.phase(), Phase::Idle);
    assert_eq!(world.session.poll_timeout(), None);
    world.connect();
    world.verify();
}

#[test]
fn a_slow_answer_is_used_when_it_comes_in_time() {
    let mut world = World::new(10);
    world.inject_fault(Fault::new(Effect::Delay { by: SECOND * 9 }));
    world.connect();
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    world.verify();
}
