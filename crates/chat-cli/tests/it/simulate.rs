use serde_json::Value;

use crate::support::{Program, Simulated, connect_chat, file, run};

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
