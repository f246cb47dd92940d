//! The scripted agent.

use std::time::Duration;

use chat_sim::{EndReason, Role, Rule, Script, Step};

use crate::bench::{Bench, ENDED, JOINED, TYPING, contents};

fn scripted(script: Script) -> Bench {
    Bench::with(|settings| settings.script = script)
}

fn on_message(steps: Vec<Step>) -> Script {
    let mut script = Script::silent();
    script.on_message = vec![Rule {
        steps,
        ..Rule::default()
    }];
    script
}

#[test]
fn the_silent_agent_is_not_there() {
    let mut bench = scripted(Script::silent());
    let chat = bench.chat();
    bench.listen(&chat);
    bench.send(&chat, "anybody?");
    bench.pass_ms(60_000);
    assert_eq!(bench.truth(&chat).participants().len(), 1);
    assert_eq!(bench.truth(&chat).transcript().len(), 2);
}

#[test]
fn the_greeter_types_and_greets_once() {
    let mut bench = scripted(Script::greeter());
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(10_000);
    let items = bench.items(socket);
    let types: Vec<_> = items.iter().map(|item| &item["ContentType"]).collect();
    assert_eq!(types, [JOINED, TYPING, "text/plain"]);
    bench.listen(&chat);
    bench.pass_ms(10_000);
    assert_eq!(bench.items(socket).len(), 0);
}

#[test]
fn the_echo_answers_each_message_in_order() {
    let mut bench = scripted(Script::echo());
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    for text in ["one", "two {n}", "three"] {
        bench.send(&chat, text);
    }
    bench.pass_ms(1_000);
    let items = bench.items(socket);
    let agents: Vec<_> = items
        .iter()
        .filter(|item| item["ParticipantRole"] == "AGENT")
        .cloned()
        .collect();
    assert_eq!(contents(&agents), ["one", "two {n}", "three"]);
    let typing = agents
        .iter()
        .filter(|item| item["ContentType"] == TYPING)
        .count();
    assert_eq!(typing, 3);
}

#[test]
fn the_first_rule_that_matches_answers() {
    let script = Script::from_json(
        r#"{
            "agent_name": "Jo",
            "on_message": [
                {"contains": "bye", "steps": [{"say": "Goodbye"}, "end", {"say": "never"}]},
                {"steps": [{"say": "You said {message}"}]}
            ]
        }"#,
    )
    .expect("a script");
    let mut bench = scripted(script);
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "hello");
    bench.pass_ms(1);
    assert_eq!(bench.said(socket), ["hello", "You said hello"]);
    bench.send(&chat, "good bye");
    bench.pass_ms(1);
    let items = bench.items(socket);
    assert_eq!(contents(&items), ["good bye", "Goodbye"]);
    assert_eq!(items.last().expect("an item")["ContentType"], ENDED);
    assert_eq!(bench.truth(&chat).ended(), Some(EndReason::AgentEnded));
    assert_eq!(bench.truth(&chat).participants()[1].display_name(), "Jo");
}

#[test]
fn waits_take_their_time() {
    let steps = vec![
        Step::Wait(Duration::from_millis(100)),
        Step::Say("a".to_owned()),
        Step::Wait(Duration::from_millis(200)),
        Step::Say("b".to_owned()),
    ];
    let mut bench = scripted(on_message(steps));
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "go");
    bench.take(socket);
    bench.pass_ms(99);
    assert_eq!(bench.said(socket), [] as [&str; 0]);
    bench.pass_ms(1);
    assert_eq!(bench.said(socket), ["a"]);
    bench.pass_ms(199);
    assert_eq!(bench.said(socket), [] as [&str; 0]);
    bench.pass_ms(1);
    assert_eq!(bench.said(socket), ["b"]);
}

#[test]
fn saying_many_counts_and_keeps_its_rhythm() {
    let steps = vec![
        Step::SayMany {
            count: 3,
            every: Duration::from_millis(50),
            text: "{n} of {message}".to_owned(),
        },
        Step::Say("done".to_owned()),
    ];
    let mut bench = scripted(on_message(steps));
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "x");
    bench.pass_ms(60);
    assert_eq!(bench.said(socket), ["x", "1 of x", "2 of x"]);
    bench.pass_ms(60);
    assert_eq!(bench.said(socket), ["3 of x", "done"]);
}

#[test]
fn an_agent_who_left_comes_back_as_somebody_else() {
    let mut bench = scripted(on_message(vec![Step::Say("hi".to_owned()), Step::Leave]));
    let chat = bench.chat();
    for text in ["1", "2"] {
        bench.send(&chat, text);
        bench.pass_ms(1);
    }
    let agents: Vec<_> = bench
        .truth(&chat)
        .participants()
        .iter()
        .filter(|participant| participant.role() == Role::Agent)
        .collect();
    assert_eq!(agents.len(), 2);
    assert_ne!(agents[0].id(), agents[1].id());
    assert!(agents.iter().all(|agent| agent.has_left()));
}

#[test]
fn an_answer_that_would_be_too_long_is_cut() {
    let mut bench = scripted(on_message(vec![Step::Say(
        "{message}é{message}".to_owned(),
    )]));
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, &"é".repeat(8_000));
    bench.pass_ms(1);
    assert_eq!(bench.said(socket)[1], "é".repeat(8_192));
}

#[test]
fn steps_without_room_are_dropped_and_counted() {
    let mut bench = Bench::with(|settings| {
        settings.script = Script::echo();
        settings.script_steps_per_contact = 3;
    });
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    for text in ["1", "2", "3"] {
        bench.send(&chat, text);
    }
    bench.take(socket);
    bench.pass_ms(1_000);
    assert_eq!(bench.said(socket), ["1"]);
    assert_eq!(bench.truth(&chat).dropped_script_steps(), 6);
}

#[test]
fn a_script_ends_when_the_transcript_is_full() {
    let many = Step::SayMany {
        count: u32::MAX,
        every: Duration::ZERO,
        text: "{n}".to_owned(),
    };
    let mut bench = Bench::with(|settings| {
        settings.script = on_message(vec![many]);
        settings.items_per_contact = 50;
    });
    let chat = bench.chat();
    bench.send(&chat, "go");
    bench.pass_ms(1);
    assert_eq!(bench.truth(&chat).transcript().len(), 50);
    assert_eq!(bench.truth(&chat).dropped_script_steps(), 1);
}
