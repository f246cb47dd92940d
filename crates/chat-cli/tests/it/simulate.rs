use serde_json::Value;

use crate::support::{Program, Simulated, connect_chat, file, look, run};

#[test]
fn the_first_line_says_where_it_is() {
    let simulate = Program::start(connect_chat().args(["simulate"]));
    let ready: Value = serde_json::from_str(&simulate.line()).unwrap();
    let endpoint = ready["endpoint"].as_str().unwrap();
    let port: u16 = endpoint
        .strip_prefix("http://127.0.0.1:")
        .unwrap()
        .parse()
        .unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    assert_eq!(ready["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(ready["control"], format!("{endpoint}/_sim"));
    assert!(ready["ca"].is_null());
    assert!(ready["seed"].is_u64());
}

#[test]
fn what_the_command_line_sets_is_set() {
    let simulated = Simulated::start(&[
        "--quotas",
        "--set",
        "socket_lifetime_ms=5000",
        "--set",
        "rejected_files=virus",
        "--set",
        "rejected_messages=123",
        "--script",
        "streaming-bot",
    ]);
    let settings = look(&simulated.endpoint, "settings");
    assert_eq!(settings["quotas"], true);
    assert_eq!(settings["socket_lifetime_ms"], 5_000);
    assert_eq!(settings["rejected_files"], "virus");
    assert_eq!(settings["rejected_messages"], "123");
    assert_eq!(
        look(&simulated.endpoint, "state")["script"],
        "streaming-bot"
    );
}

#[test]
fn the_certificate_is_written_where_clients_find_it() {
    let simulate = Program::start(connect_chat().args(["simulate", "--tls", "self-signed"]));
    let ready: Value = serde_json::from_str(&simulate.line()).unwrap();
    assert!(ready["endpoint"].as_str().unwrap().starts_with("https://"));
    assert!(ready["control"].as_str().unwrap().starts_with("https://"));
    let path = ready["ca"].as_str().unwrap().to_owned();
    let pem = std::fs::read_to_string(&path).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
    simulate.signal("TERM");
    assert_eq!(simulate.end().status, 0);
    assert!(!std::path::Path::new(&path).exists(), "it is left behind");

    let chosen = file("chosen-ca.pem", "something older");
    let arguments = ["simulate", "--tls", "self-signed", "--ca", &chosen];
    let simulate = Program::start(connect_chat().args(arguments));
    let ready: Value = serde_json::from_str(&simulate.line()).unwrap();
    assert_eq!(ready["ca"], chosen.as_str());
    simulate.signal("TERM");
    assert_eq!(simulate.end().status, 0);
    let pem = std::fs::read_to_string(&chosen).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");
}

#[test]
fn signals_are_its_orderly_end() {
    for signal in ["INT", "TERM"] {
        let simulate = Program::start(connect_chat().args(["simulate"]));
        simulate.line();
        simulate.signal(signal);
        let ran = simulate.end();
        assert_eq!(ran.status, 0, "{signal}");
        assert_eq!(ran.stdout, "", "nothing after the first line");
        assert_eq!(ran.stderr, "");
    }
}

#[test]
fn a_port_in_use_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ran = run(["simulate", "--port", &port]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains(&port), "{}", ran.stderr);
    assert!(ran.stderr.contains("use another port"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_script_or_a_fault_that_cannot_be_read_is_refused() {
    let broken = file("script-broken.json", r#"{"on_join": "hello"}"#);
    for (arguments, told) in [
        (["--script", "/no/where.json"], "silent, greeter, echo"),
        (["--script", &broken], "script-broken.json"),
        (["--fault", "{}"], "an example is"),
        (["--port", "70000"], "65535"),
        (["--set", "nothing=1"], "socket_lifetime_ms"),
        (["--set", "quotas"], "NAME=VALUE"),
        (["--script", "chatterbox=0"], "1 to 1000"),
        (["--set", "quotas=7"], "true or false"),
        (["--chatjs", "/no/where.js"], "dist/amazon-connect-chat.js"),
        (["--tls", "perhaps"], "self-signed"),
    ] {
        let ran = run(["simulate"].iter().chain(&arguments));
        assert_eq!(ran.status, 2, "{arguments:?}");
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn the_same_seed_gives_the_same_identifiers() {
    let ids = |seed| {
        let simulated = Simulated::start(&["--seed", seed]);
        (simulated.contact_id.clone(), simulated.token.clone())
    };
    assert_eq!(ids("7"), ids("7"));
    assert_ne!(ids("7"), ids("8"));
}

#[test]
fn the_command_line_it_shows_works_as_it_is() {
    let simulated = Simulated::start(&["--script", "greeter"]);
    let words = simulated.command_line.split(' ').skip(1);
    let words = words.map(|word| word.replace('\'', ""));
    let mut command = connect_chat();
    command.args(words).stdin(std::process::Stdio::piped());
    let mut chat = Program::start(&mut command);
    chat.line_with("how can I help you?");
    chat.say("/quit");
    assert_eq!(chat.status(), 0);
}

#[test]
fn a_chat_is_encrypted_for_whoever_trusts_the_certificate() {
    let ca = file("trusted-ca.pem", "");
    let simulated = Simulated::start(&["--script", "greeter", "--tls", "self-signed", "--ca", &ca]);
    let words = simulated.command_line.split(' ').skip(1);
    let words: Vec<String> = words.map(|word| word.replace('\'', "")).collect();
    assert!(words.contains(&ca), "{words:?}");
    let mut command = connect_chat();
    command.args(&words).stdin(std::process::Stdio::piped());
    let mut chat = Program::start(&mut command);
    chat.line_with("how can I help you?");
    chat.say("/quit");
    assert_eq!(chat.status(), 0);

    let untrusting = words.iter().filter(|word| *word != "--ca" && **word != ca);
    let ran = run(untrusting);
    assert_eq!(ran.status, 1, "{}", ran.stdout);
    for (text, told) in [("", "no certificate"), ("-----BEGIN", "no certificate")] {
        let other = file("other-ca.pem", text);
        let ran = run(words
            .iter()
            .map(|word| if *word == ca { &other } else { word }));
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains(told), "{}", ran.stderr);
    }
    let nowhere = words
        .iter()
        .map(|word| if *word == ca { "/no/where.pem" } else { word });
    let ran = run(nowhere);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("cannot be read"), "{}", ran.stderr);
}

#[test]
fn a_fault_strikes() {
    let fault = r#"{"effect":{"answer":{"status":429,"error_type":"ThrottlingException",
        "message":"Rate exceeded"}},"operation":"SendMessage","times":1}"#;
    let simulated = Simulated::start(&["--fault", fault]);
    let mut pipe = simulated.pipe();
    pipe.say(r#"{"cmd":"send_message","content":"hi","tag":"m"}"#);
    let retried = pipe.event("diagnostic", |event| event["kind"] == "request_retried");
    assert_eq!(retried["error_kind"], "ThrottlingException");
    assert!(retried["retry_in_ms"].is_u64(), "{retried}");
    pipe.event("message_sent", |event| event["tag"] == "m");
}
