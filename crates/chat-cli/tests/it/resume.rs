//! `pipe` that is killed and goes on from what it has written.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Program, Simulated, file, run};

/// Reads lines up to the one that is wanted, which is the last of them.
fn lines_until(pipe: &Program, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
    let mut lines = Vec::new();
    loop {
        let line: Value = serde_json::from_str(&pipe.line()).unwrap();
        let found = wanted(&line);
        lines.push(line);
        if found {
            return lines;
        }
    }
}

fn answer_to(tag: &str) -> impl Fn(&Value) -> bool {
    move |line| line["event"] == "response" && line["tag"] == tag
}

fn says(text: &str) -> impl Fn(&Value) -> bool {
    move |line| line["event"] == "message" && line["item"]["Content"] == text
}

fn save(path: &str, tag: &str) -> String {
    json!({"cmd": "resume_state", "path": path, "tag": tag}).to_string()
}

#[test]
fn a_pipe_that_is_killed_loses_nothing_and_repeats_nothing() {
    let script = r#"{"on_message": [{"contains": "count", "steps": [
        {"say_many": {"count": 60, "every_ms": 5, "text": "{n}"}}
    ]}]}"#;
    let simulated = Simulated::scripted("count.json", script);
    let path = file("killed.state", "");
    let mut pipe = simulated.pipe();
    let mut known = lines_until(&pipe, |line| line["event"] == "gap_filled");
    pipe.say(r#"{"cmd":"send_message","content":"count","tag":"c"}"#);
    known.extend(lines_until(&pipe, says("5")));
    for number in 0..10 {
        let message = json!({"cmd": "send_message", "content": format!("mine {number}"),
            "tag": format!("m{number}")});
        pipe.say(message.to_string());
    }
    pipe.say(save(&path, "s"));
    known.extend(lines_until(&pipe, answer_to("s")));
    assert_eq!(known.last().unwrap()["ok"], true);
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!Path::new(&format!("{path}.part")).exists());
    // What it says from here on is not known to the state.
    lines_until(&pipe, |line| line["event"] == "message");
    pipe.kill();

    let mut pipe = simulated.resumed_pipe(&path);
    let is_sent = |line: &&Value| line["event"] == "message_sent";
    let mut left = 11 - known.iter().filter(is_sent).count();
    let mut last = known.iter().any(says("60"));
    while left > 0 || !last {
        let next = lines_until(&pipe, |_| true);
        left -= next.iter().filter(is_sent).count();
        last |= next.iter().any(says("60"));
        known.extend(next);
    }
    pipe.say(r#"{"cmd":"get_transcript","max_results":100,"sort_order":"ASCENDING","tag":"t"}"#);
    let rest = lines_until(&pipe, answer_to("t"));
    let page = rest.last().unwrap()["data"]["items"].clone();
    known.extend(rest);

    let told = |field: &str| -> Vec<String> {
        let items = known.iter().filter(|line| line["item"]["Id"].is_string());
        let items = items.filter(|line| line["event"] == "message" || line["event"] == "event");
        items.map(|line| line["item"][field].to_string()).collect()
    };
    let record = |field: &str| -> Vec<String> {
        let items = page.as_array().unwrap().iter();
        items.map(|item| item[field].to_string()).collect()
    };
    let sorted = |mut texts: Vec<String>| {
        texts.sort_unstable();
        texts
    };
    assert_eq!(sorted(told("Id")), sorted(record("Id")));
    let mut tags: Vec<_> = known.iter().filter(is_sent).collect();
    tags.sort_by_key(|line| line["local_id"].as_u64());
    let tags: Vec<_> = tags.iter().map(|line| line["tag"].clone()).collect();
    let expected: Vec<_> = (0..10).map(|number| json!(format!("m{number}"))).collect();
    assert_eq!(tags[0], "c");
    assert_eq!(tags[1..], expected);
    let mine: Vec<_> = record("Content")
        .into_iter()
        .filter(|content| content.contains("mine"))
        .collect();
    let expected: Vec<_> = (0..10).map(|number| format!("\"mine {number}\"")).collect();
    assert_eq!(mine, expected);
}

#[test]
fn a_state_that_cannot_be_written_is_told_and_an_older_one_stays() {
    let simulated = Simulated::start(&[]);
    let path = file("kept.state", "");
    let mut pipe = simulated.connected_pipe();
    pipe.say(save(&path, "1"));
    pipe.event("response", |line| line["tag"] == "1" && line["ok"] == true);
    let kept = std::fs::read(&path).unwrap();
    pipe.say(save("/nowhere/chat.state", "2"));
    let refused = pipe.event("response", |line| line["tag"] == "2");
    assert_eq!(refused["error_kind"], "file");
    pipe.say(r#"{"cmd":"abandon"}"#);
    pipe.event("ended", |_| true);
    assert_eq!(pipe.status(), 0);
    assert_eq!(std::fs::read(&path).unwrap(), kept);
}

#[test]
fn a_file_to_go_on_from_that_cannot_be_used_is_refused_with_status_2() {
    let broken = file("broken.state", r#"{"hush":1}"#);
    for path in [broken.as_str(), "/no/where"] {
        let local = "http://127.0.0.1:1";
        let ran = run(["pipe", "--endpoint", local, "--resume", path]);
        assert_eq!(ran.status, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(path), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
    }
}
