//! Idle timers.

use chat_sim::Operation;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, Chat};

fn configure(bench: &mut Bench, chat: &Chat, timers: &Value) -> Answer {
    let operation = Operation::UpdateParticipantRoleConfig;
    let path = format!("{}local/{}", operation.path(), chat.contact);
    let body = json!({
        "ChannelConfiguration": { "Chat": { "ParticipantTimerConfigList": timers } },
    });
    bench.raw(operation.method(), &path, "", body.to_string().as_bytes())
}

fn timer(role: &str, kind: &str, minutes: u32) -> Value {
    json!({
        "ParticipantRole": role,
        "TimerType": kind,
        "TimerValue": { "ParticipantTimerDurationInMinutes": minutes },
    })
}

/// The names of what was published since the last time, and whom it is about.
fn heard(bench: &mut Bench, socket: chat_sim::SocketId) -> Vec<(String, String)> {
    let items = bench.items(socket);
    items
        .iter()
        .map(|item| {
            let name = item["ContentType"].as_str().expect("a type");
            let name = name.rsplit('.').next().expect("a name").to_owned();
            let role = item["ParticipantRole"].as_str().expect("a role");
            (name, role.to_owned())
        })
        .collect()
}

fn is(heard: &[(String, String)], expected: &[(&str, &str)]) -> bool {
    heard.len() == expected.len()
        && heard
            .iter()
            .zip(expected)
            .all(|((name, role), (wanted, whose))| name == wanted && role == whose)
}

fn minutes(bench: &mut Bench, count: u64) {
    bench.pass_ms(count * 60_000);
}

#[test]
fn the_silent_are_idle_then_disconnected_and_a_word_brings_them_back() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let timers = json!([
        timer("CUSTOMER", "IDLE", 2),
        timer("CUSTOMER", "DISCONNECT_NONCUSTOMER", 3),
    ]);
    assert_eq!(configure(&mut bench, &chat, &timers).status, 200);
    minutes(&mut bench, 10);
    assert!(heard(&mut bench, socket).is_empty(), "no agent, no timers");

    bench.agent_says(&chat, "x");
    heard(&mut bench, socket);
    minutes(&mut bench, 1);
    bench.send(&chat, "y");
    minutes(&mut bench, 1);
    heard(&mut bench, socket);
    minutes(&mut bench, 1);
    assert!(is(&heard(&mut bench, socket), &[("idle", "CUSTOMER")]));
    bench.send(&chat, "z");
    assert!(is(
        &heard(&mut bench, socket),
        &[("returned", "CUSTOMER"), ("text/plain", "CUSTOMER")]
    ));
    minutes(&mut bench, 4);
    assert!(is(&heard(&mut bench, socket), &[("idle", "CUSTOMER")]));
    minutes(&mut bench, 1);
    assert!(is(
        &heard(&mut bench, socket),
        &[("autodisconnection", "CUSTOMER"), ("left", "AGENT")]
    ));
    minutes(&mut bench, 30);
    assert!(heard(&mut bench, socket).is_empty());
    assert_eq!(bench.truth(&chat).ended(), None);
    assert!(
        bench
            .stored_types(&chat)
            .iter()
            .all(|name| !name.ends_with("idle") && !name.ends_with("disconnection")),
        "the transcript does not keep them"
    );
}

#[test]
fn without_an_idle_time_the_time_to_leave_counts_alone() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let timers = json!([timer("AGENT", "DISCONNECT_NONCUSTOMER", 2)]);
    configure(&mut bench, &chat, &timers);
    bench.agent_says(&chat, "x");
    heard(&mut bench, socket);
    minutes(&mut bench, 2);
    assert!(is(
        &heard(&mut bench, socket),
        &[("autodisconnection", "AGENT"), ("left", "AGENT")]
    ));
}

#[test]
fn a_new_configuration_waits_for_the_next_agent_and_can_be_unset() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.agent_says(&chat, "x");
    configure(&mut bench, &chat, &json!([timer("AGENT", "IDLE", 2)]));
    heard(&mut bench, socket);
    minutes(&mut bench, 5);
    assert!(heard(&mut bench, socket).is_empty());
    let leave = |bench: &mut Bench| {
        bench
            .service
            .agent_leaves(bench.now, &chat.contact)
            .expect("an agent is there");
    };
    leave(&mut bench);
    bench.agent_says(&chat, "y");
    heard(&mut bench, socket);
    minutes(&mut bench, 2);
    assert!(is(&heard(&mut bench, socket), &[("idle", "AGENT")]));
    let unset = json!([{
        "ParticipantRole": "AGENT",
        "TimerType": "IDLE",
        "TimerValue": { "ParticipantTimerAction": "Unset" },
    }]);
    assert_eq!(configure(&mut bench, &chat, &unset).status, 200);
    leave(&mut bench);
    bench.agent_says(&chat, "z");
    heard(&mut bench, socket);
    minutes(&mut bench, 5);
    assert!(heard(&mut bench, socket).is_empty());
}

#[test]
fn a_wrong_configuration_is_refused() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let good = timer("AGENT", "IDLE", 2);
    let mut both = good.clone();
    both["TimerValue"]["ParticipantTimerAction"] = json!("Unset");
    let mut none = good.clone();
    none["TimerValue"] = json!({});
    for timers in [
        json!([]),
        json!([timer("AGENT", "IDLE", 1)]),
        json!([timer("AGENT", "IDLE", 481)]),
        json!([timer("SUPERVISOR", "IDLE", 2)]),
        json!([timer("AGENT", "SLEEP", 2)]),
        json!([good, good]),
        json!([both]),
        json!([none]),
    ] {
        let answer = configure(&mut bench, &chat, &timers);
        assert_eq!(answer.error_type(), "InvalidParameterException", "{timers}");
    }
    let answer = configure(&mut bench, &chat, &json!([1]));
    assert_eq!(answer.error_type(), "InvalidRequestException");
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("it goes on");
    let answer = configure(&mut bench, &chat, &json!([good]));
    assert_eq!(answer.error_type(), "ResourceNotFoundException");
}
