use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::support::{Program, Simulated, file};

fn from_agent(event: &Value) -> bool {
    event["own"] == false
}

#[test]
fn a_conversation_both_ways_and_its_end() {
    let simulated = Simulated::start(&["--script", "echo"]);
    let mut pipe = simulated.pipe();
    let first = pipe.event("connection_established", |_| true);
    assert_eq!(first["version"], 1);
    // Once the history is read, what is said arrives live.
    pipe.event("gap_filled", |_| true);
    pipe.say(r#"{"cmd":"send_message","content":"Grüße \n","tag":"m1"}"#);
    let echo = pipe.event("message", |event| event["own"] == true);
    assert_eq!(echo["item"]["Content"], "Grüße \n");
    assert_eq!(echo["recovered"], false);
    let sent = pipe.event("message_sent", |_| true);
    assert_eq!(sent["tag"], "m1");
    assert_eq!(sent["id"], echo["item"]["Id"]);
    assert_eq!(sent["local_id"], 1);
    pipe.event("typing", from_agent);
    let answer = pipe.event("message", from_agent);
    assert_eq!(answer["item"]["Content"], "Grüße \n");
    assert_eq!(answer["item"]["ParticipantRole"], "AGENT");
    pipe.say(r#"{"cmd":"transcript","tag":"t1"}"#);
    let held = pipe.event("response", |event| event["tag"] == "t1");
    let entries = held["data"]["entries"].as_array().unwrap();
    assert_eq!(entries.last().unwrap()["item"], answer["item"]);
    pipe.say(r#"{"cmd":"get_transcript","max_results":1,"tag":"g1"}"#);
    let page = pipe.event("response", |event| event["tag"] == "g1");
    let mut stored = answer["item"].clone();
    // A page says it once, for all of its items.
    stored.as_object_mut().unwrap().remove("InitialContactId");
    assert_eq!(page["data"]["items"], json!([stored]));
    assert!(page["data"]["next_token"].is_string(), "{page}");
    pipe.say(r#"{"cmd":"disconnect","tag":"d1"}"#);
    let response = pipe.event("response", |event| event["tag"] == "d1");
    assert_eq!(response["ok"], true);
    // Its input stays open, and it ends all the same.
    let status = pipe.status();
    assert_eq!(status, 0);
    let rest = pipe.end().stdout;
    let ended: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(ended["event"], "ended");
    assert_eq!(ended["reason"], "disconnected");
}

#[test]
fn every_command_is_answered_under_its_tag() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.connected_pipe();
    let mut answered = |command: &str| {
        pipe.say(command);
        let tag = serde_json::from_str::<Value>(command).unwrap()["tag"].clone();
        pipe.event("response", |event| event["tag"] == tag)
    };
    let typing = answered(r#"{"cmd":"typing","tag":"1"}"#);
    assert_eq!(typing["data"], json!({"sent": true}));
    let again = answered(r#"{"cmd":"typing","tag":"2"}"#);
    assert_eq!(again["data"], json!({"sent": false}));
    let event = "application/vnd.amazonaws.connect.event.connection.acknowledged";
    let sent = answered(&format!(
        r#"{{"cmd":"send_event","content_type":"{event}","tag":"3"}}"#
    ));
    assert!(sent["data"]["id"].is_string(), "{sent}");
    let older = answered(r#"{"cmd":"load_older","tag":"4"}"#);
    assert_eq!(older["data"]["complete"], true);
    let refused = answered(r#"{"cmd":"get_transcript","max_results":101,"tag":"5"}"#);
    assert_eq!(refused["ok"], false);
    assert_eq!(refused["error_kind"], "out_of_range");
    let resumed = answered(r#"{"cmd":"resume","tag":"6"}"#);
    assert_eq!(resumed["error_kind"], "wrong_phase");
    let network = answered(r#"{"cmd":"network","online":true,"tag":"7"}"#);
    assert_eq!(network["ok"], true);
    let absent = answered(r#"{"cmd":"send_attachment","path":"/nowhere/a.png","tag":"9"}"#);
    assert_eq!(absent["error_kind"], "file");
    let empty = file("empty.png", "");
    let empty = json!({"cmd": "send_attachment", "path": empty, "tag": "10"}).to_string();
    assert_eq!(answered(&empty)["error_kind"], "out_of_range");
    for command in [
        r#"{"cmd":"download_attachment","id":"nothing","path":"/nowhere/a.png","tag":"11"}"#,
        r#"{"cmd":"describe_view","token":"nothing","tag":"12"}"#,
        r#"{"cmd":"authentication_url","session_id":"short","redirect_uri":"https://a","tag":"13"}"#,
        r#"{"cmd":"cancel_authentication","session_id":"short","tag":"14"}"#,
    ] {
        let refused = answered(command);
        assert_eq!(refused["ok"], false, "{refused}");
        assert!(refused["error"].is_string(), "{refused}");
    }
    let abandoned = answered(r#"{"cmd":"abandon","tag":"8"}"#);
    assert_eq!(abandoned["ok"], true);
    let ended = pipe.event("ended", |_| true);
    assert_eq!(ended["reason"], "abandoned");
    assert_eq!(pipe.status(), 0);
}

#[test]
fn a_message_the_service_would_refuse_fails_under_its_tag() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.connected_pipe();
    let content = "x".repeat(16_385);
    pipe.say(format!(
        r#"{{"cmd":"send_message","content":"{content}","tag":"m"}}"#
    ));
    let failed = pipe.event("message_failed", |_| true);
    assert_eq!(failed["tag"], "m");
    assert_eq!(failed["error_kind"], "too_long");
    assert!(
        failed["error"].as_str().unwrap().contains("16384"),
        "{failed}"
    );
}

#[test]
fn a_session_sleeps_and_wakes() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.connected_pipe();
    pipe.say(r#"{"cmd":"suspend"}"#);
    let lost = pipe.event("connection_lost", |_| true);
    assert_eq!(lost["cause"], "suspended");
    pipe.say(r#"{"cmd":"send_message","content":"later","tag":"m"}"#);
    pipe.say(r#"{"cmd":"resume"}"#);
    pipe.event("connection_reestablished", |_| true);
    pipe.event("message_sent", |event| event["tag"] == "m");
}

#[test]
fn bad_lines_are_told_and_the_session_goes_on() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.connected_pipe();
    pipe.say(r#"{"cmd":"fly","tag":"f"}"#);
    let unknown = pipe.event("command_error", |_| true);
    assert_eq!(unknown["line"], 1);
    assert_eq!(unknown["tag"], "f");
    assert_eq!(unknown["error_kind"], "unknown_command");
    pipe.say("");
    pipe.say("{\"cmd\":");
    let broken = pipe.event("command_error", |_| true);
    assert_eq!(broken["line"], 3);
    assert_eq!(broken["error_kind"], "bad_json");
    pipe.say(b"\xff\xfe");
    let bytes = pipe.event("command_error", |_| true);
    assert_eq!(bytes["line"], 4);
    pipe.say(vec![b'x'; 3 * 1024 * 1024]);
    let long = pipe.event("command_error", |_| true);
    assert_eq!(long["line"], 5);
    assert_eq!(long["error_kind"], "too_long");
    pipe.say(r#"{"cmd":"send_message","tag":"m0"}"#);
    let missing = pipe.event("command_error", |_| true);
    assert_eq!(missing["tag"], "m0");
    assert!(
        missing["error"].as_str().unwrap().contains("content"),
        "{missing}"
    );
    pipe.say(r#"{"cmd":"send_message","content":"still here","tag":"m1"}"#);
    pipe.event("message_sent", |event| event["tag"] == "m1");
}

#[test]
fn a_wrong_token_fails_the_connect_and_appears_nowhere() {
    let simulated = Simulated::start(&[]);
    let mut command = simulated.pipe_command();
    command
        .env("CONNECT_CHAT_PARTICIPANT_TOKEN", "hush-hush")
        .args(["--log", "trace"]);
    let mut pipe = Program::start(&mut command);
    pipe.say(r#"{"cmd":"send_message","content":"secret text","tag":"m"}"#);
    pipe.say(r#"{"cmd":"typing","tag":"y"}"#);
    let ran = pipe.end();
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    let lines = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let lines: Vec<Value> = lines.collect();
    let find = |name: &str| lines.iter().find(|line| line["event"] == name);
    let failed = find("connect_failed").expect(&ran.stdout);
    assert_eq!(failed["error_kind"], "AccessDeniedException");
    assert!(
        failed["error"].as_str().unwrap().contains("X-Amz-Bearer"),
        "{failed}"
    );
    // What was asked for is answered all the same.
    assert_eq!(find("message_failed").expect(&ran.stdout)["tag"], "m");
    assert_eq!(find("response").expect(&ran.stdout)["tag"], "y");
    assert_eq!(lines.last().unwrap()["event"], "ended");
    assert!(ran.stderr.contains("chat_driver"), "{}", ran.stderr);
    for secret in ["hush-hush", "secret text"] {
        assert!(!ran.stderr.contains(secret), "{}", ran.stderr);
    }
    assert!(!ran.stdout.contains("hush-hush"), "{}", ran.stdout);
}

#[test]
fn the_end_of_the_input_lets_everything_settle_and_the_chat_goes_on() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.pipe();
    for number in 1..=20 {
        pipe.say(format!(
            r#"{{"cmd":"send_message","content":"message {number}","tag":"{number}"}}"#
        ));
    }
    pipe.say(r#"{"cmd":"get_transcript","tag":"g"}"#);
    pipe.end_input();
    let ran = pipe.end();
    assert_eq!(ran.status, 0);
    for number in 1..=20 {
        let sent = format!(r#""tag":"{number}""#);
        assert!(ran.stdout.contains(&sent), "{}", ran.stdout);
    }
    assert!(
        ran.stdout.contains(r#""tag":"g","ok":true"#),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.ends_with(r#""reason":"abandoned"}"#),
        "{}",
        ran.stdout
    );

    let mut second = simulated.pipe();
    let history = second.event("gap_filled", |_| true);
    // The customer has joined, and said twenty things.
    assert_eq!(history["items"], 21);
    second.say(r#"{"cmd":"send_message","content":"still here","tag":"m"}"#);
    second.event("message_sent", |_| true);
}

#[test]
fn a_chat_that_the_agent_ends_is_an_orderly_end() {
    let script = r#"{"on_join": [{"say": "Goodbye"}, "end"]}"#;
    let simulated = Simulated::scripted("goodbye.json", script);
    let mut pipe = simulated.pipe();
    let ended = pipe.event("ended", |_| true);
    assert_eq!(ended["reason"], "chat_ended");
    assert_eq!(pipe.status(), 0);
}

#[test]
fn signals_leave_the_chat_and_set_the_status() {
    for (signal, status) in [("INT", 130), ("TERM", 143)] {
        let simulated = Simulated::start(&[]);
        let mut pipe = simulated.connected_pipe();
        pipe.signal(signal);
        let ended = pipe.event("ended", |_| true);
        assert_eq!(ended["reason"], "abandoned");
        assert_eq!(pipe.status(), status, "{signal}");
    }
}

#[test]
fn a_service_that_goes_away_is_tried_again_until_ctrl_c() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.connected_pipe();
    simulated.program.signal("KILL");
    pipe.event("connection_lost", |_| true);
    let attempt = pipe.event("diagnostic", |event| {
        event["kind"] == "connect_attempt_failed"
    });
    assert_eq!(attempt["error_kind"], "connect");
    assert!(attempt["retry_in_ms"].as_u64().unwrap() > 0, "{attempt}");
    assert!(attempt["failures"].as_u64().unwrap() > 0, "{attempt}");
    pipe.signal("INT");
    pipe.event("ended", |_| true);
    assert_eq!(pipe.status(), 130);
}

#[test]
fn settings_of_a_file_are_used() {
    let simulated = Simulated::start(&[]);
    let config = file("deadline.json", r#"{"connect_deadline": 300}"#);
    let mut command = simulated.pipe_command();
    command.args(["--config", &config]);
    simulated.program.signal("KILL");
    let mut pipe = Program::start(&mut command);
    let failed = pipe.event("connect_failed", |_| true);
    assert_eq!(failed["error_kind"], "connect");
    // Without the file it is 20 s.
    assert!(failed["t_ms"].as_u64().unwrap() < 15_000, "{failed}");
    assert_eq!(pipe.end().status, 1);
}

#[test]
fn it_ends_quietly_when_nobody_reads() {
    let simulated = Simulated::start(&["--script", "echo"]);
    let (mut pipe, stdout) = Program::start_unread(&mut simulated.pipe_command());
    let mut stdout = BufReader::new(stdout);
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    // What comes of it cannot be written.
    pipe.say(r#"{"cmd":"send_message","content":"hi"}"#);
    let ran = pipe.end();
    assert_eq!(ran.status, 0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn ctrl_c_ends_it_when_the_reader_has_stopped_reading() {
    let script = r#"{"on_join": [{"say_many": {"count": 5000, "every_ms": 0, "text": "{n}"}}]}"#;
    let simulated = Simulated::scripted("flood.json", script);
    let (mut pipe, stdout) = Program::start_unread(&mut simulated.pipe_command());
    let mut stdout = BufReader::new(stdout);
    stdout.read_line(&mut String::new()).unwrap();
    pipe.signal("INT");
    assert_eq!(pipe.status(), 130);
    drop(stdout);
}

#[test]
fn a_file_goes_into_the_chat_and_comes_back() {
    let simulated = Simulated::start(&[]);
    let mut pipe = simulated.connected_pipe();
    let path = file("boat.txt", "a small boat");
    let sent = json!({"cmd": "send_attachment", "path": path, "tag": "1"});
    pipe.say(sent.to_string());
    let sent = pipe.event("response", |event| event["tag"] == "1");
    let id = &sent["data"]["attachment_id"];
    let attachment = pipe.event("attachment", |_| true);
    let shown = &attachment["item"]["Attachments"][0];
    assert_eq!(shown["AttachmentId"], *id);
    assert_eq!(shown["AttachmentName"], "boat.txt");
    assert_eq!(shown["ContentType"], "text/plain");
    let back = file("back.txt", "");
    let wanted = json!({"cmd": "download_attachment", "id": id, "path": back, "tag": "2"});
    pipe.say(wanted.to_string());
    let downloaded = pipe.event("response", |event| event["tag"] == "2");
    assert_eq!(downloaded["data"], json!({"bytes": 12}));
    assert_eq!(std::fs::read_to_string(&back).unwrap(), "a small boat");
    pipe.say(r#"{"cmd":"abandon"}"#);
    pipe.event("ended", |_| true);
}
