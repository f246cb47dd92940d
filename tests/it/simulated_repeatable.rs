//! The same inputs give the same outputs, and no output shows a secret.

use chat_proto::{Config, Draft, Endpoint, SocketInput};
use chat_sim::{Effect, Operation, Settings};
use chat_tests::{
    SECOND, World, foreign, on_connect, on_send, on_transcript, refusal, run_schedule, schedules,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as RunnerConfig, RngAlgorithm, TestRng, TestRunner};

/// A chat with a bit of everything in it.
fn whole_life(seed: u64) -> World {
    let mut settings = Settings::default();
    settings.transcript_grace = SECOND * 600;
    let mut world = World::with(seed, settings, |_| {});
    world.inject_fault(on_connect(foreign(200, "<html>secret-page</html>")).once());
    world.inject_fault(on_connect(refusal(500)).once());
    world.send("before");
    world.connect();
    for round in 0..12_u32 {
        world.agent_sends("hello");
        world.send("hello");
        world.agent_types();
        let now = world.instant();
        let _ = world.session.typing(now);
        match round % 6 {
            0 => world.cut(),
            1 => world.half_open(),
            2 => world.outage(SECOND * 30),
            3 => {
                world.inject_fault(on_send(refusal(403)).times(1));
                world.inject_fault(on_transcript(refusal(500)).times(1));
            }
            4 => world.sleep(SECOND * 100),
            _ => {
                world.inject(Effect::DuplicateItems, Some(3));
                world.inject(Effect::ReorderItems { within: SECOND }, Some(3));
            }
        }
        assert_hidden(&world);
        world.run(SECOND * 40);
        assert_hidden(&world);
    }
    world.inject_fault(on_send(refusal(400)).once());
    world.send("refused");
    world.run_minutes(60);
    world.agent_ends();
    world.run_minutes(1);
    world.verify();
    world
}

/// Neither a token nor a URL nor a text shows in what the session says of itself.
fn assert_hidden(world: &World) {
    let shown = format!("{:?}", world.session);
    let token = world.session.chat_details().participant_token.expose();
    assert!(!shown.contains(token), "the participant token shows");
    for secret in ["canary-7f3a", "websocket?", "ws://", "hello"] {
        assert!(!shown.contains(secret), "{secret} shows in {shown}");
    }
}

#[test]
fn the_same_seed_gives_the_same_life() {
    for seed in [1, 99, u64::MAX] {
        let (one, two) = (whole_life(seed), whole_life(seed));
        assert!(one.trace.lines().len() > 500);
        assert_eq!(one.trace, two.trace, "seed {seed}");
    }
}

#[test]
fn another_seed_gives_another_life() {
    assert_ne!(whole_life(1).trace, whole_life(2).trace);
}

#[test]
fn the_same_schedule_gives_the_same_life() {
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(RunnerConfig::default(), random);
    for _ in 0..20 {
        let schedule = schedules(25).new_tree(&mut runner).unwrap().current();
        let (one, two) = (run_schedule(&schedule), run_schedule(&schedule));
        assert_eq!(one.trace, two.trace, "{schedule:?}");
    }
}

#[test]
fn no_output_of_a_whole_life_shows_a_secret() {
    let world = whole_life(7);
    let token = world.session.chat_details().participant_token.expose();
    for (at, line) in world.trace.lines() {
        for secret in [
            token,
            "canary-7f3a",
            "websocket?",
            "ws://",
            "token=",
            "secret-page",
        ] {
            assert!(!line.contains(secret), "at {at:?}: {line}");
        }
    }
    let lines = world.trace.lines().iter();
    let kinds = [
        "Request(",
        "OpenSocket(",
        "SendText(",
        "Item(",
        "MessageSent",
        "Ended(",
    ];
    for kind in kinds {
        assert!(
            lines.clone().any(|(_, line)| line.contains(kind)),
            "{kind} was not tried"
        );
    }
}

#[test]
fn errors_name_the_field_and_hide_the_value() {
    let mut world = World::new(8);
    let now = world.instant();
    let secret = "secret".repeat(5_000);
    let refused = world
        .session
        .send_message(now, Draft::text(secret))
        .unwrap_err();
    let shown = format!(
        "{refused} {refused:?} {} {:?}",
        refused.error, refused.error
    );
    assert!(
        shown.contains("Content") && !shown.contains("secretsecret"),
        "{shown}"
    );

    let endpoint = Endpoint::custom("https://user:secret@example.com/").unwrap_err();
    assert!(!format!("{endpoint} {endpoint:?}").contains("secret"));
    let endpoint = Endpoint::custom("https://example.com/?key=secret").unwrap_err();
    assert!(!format!("{endpoint} {endpoint:?}").contains("secret"));

    let config = Config::new(Endpoint::custom("https://example.com/path").unwrap());
    assert!(!format!("{config:?}").contains("token"));
}

#[test]
fn inputs_hide_their_text() {
    let input = SocketInput::Text("secret".to_owned());
    assert!(!format!("{input:?}").contains("secret"));
}

#[test]
fn the_connection_token_goes_out_in_its_header_alone() {
    let mut world = World::new(9);
    let now = world.instant();
    world.session.connect(now).unwrap();
    world.session.handle_timeout(now);
    let mut bearers = Vec::new();
    // The driver sees the token; the debug text of the request does not show it.
    if let Some(chat_proto::Action::Request { http, .. }) = world.session.poll_action() {
        let bearer = http.headers().get("x-amz-bearer").unwrap();
        assert!(bearer.is_sensitive());
        assert!(!format!("{http:?}").contains(bearer.to_str().unwrap()));
        bearers.push(bearer.to_str().unwrap().to_owned());
        assert!(!http.uri().to_string().contains(&bearers[0]));
    }
    assert_eq!(
        bearers,
        [world.session.chat_details().participant_token.expose()]
    );
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 0);
}
