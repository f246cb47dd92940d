use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Stdio;

use crate::support::{Program, Simulated, connect_chat};

fn chat(simulated: &Simulated) -> Program {
    let mut command = connect_chat();
    command
        .args(["chat", "--endpoint", &simulated.endpoint, "--start", "Jo"])
        .stdin(Stdio::piped());
    Program::start(&mut command)
}

#[test]
fn a_conversation_from_hello_to_quit() {
    let simulated = Simulated::start(&["--script", "echo"]);
    let mut chat = chat(&simulated);
    chat.line_with("connected; /help says what there is");
    chat.say("Is anybody there?");
    chat.line_with("Jo Is anybody there?");
    chat.line_with("Agent is typing");
    chat.line_with("Agent Is anybody there?");
    chat.say("/transcript");
    chat.line_with("end of the transcript");
    chat.say("/what");
    let told = chat.line_with("begins a message with a slash");
    assert!(told.contains("there is no command /what"), "{told}");
    chat.say("//slash");
    chat.line_with("Jo /slash");
    chat.say("/older");
    chat.line_with("that is the beginning");
    chat.say("/quit");
    chat.line_with("you have ended the chat");
    assert_eq!(chat.status(), 0);
}

#[test]
fn what_is_piped_in_is_sent_before_the_chat_is_ended() {
    let simulated = Simulated::start(&[]);
    let mut chat = chat(&simulated);
    chat.say("one");
    chat.say("two");
    chat.end_input();
    let ran = chat.end();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for said in ["Jo one", "Jo two", "you have ended the chat"] {
        assert!(ran.stdout.contains(said), "{}", ran.stdout);
    }
}

#[test]
fn leaving_is_not_ending() {
    let simulated = Simulated::start(&[]);
    let mut chat = chat(&simulated);
    chat.say("/leave");
    chat.line_with("the chat goes on without you");
    assert_eq!(chat.status(), 0);
}

#[test]
fn a_message_cannot_drive_the_terminal() {
    let script = r#"{"on_join": [{"say": "\u001b[2Jgone\u202e\nnext"}]}"#;
    let simulated = Simulated::scripted("terminal.json", script);
    let chat = chat(&simulated);
    let line = chat.line_with(r"\u{1b}[2Jgone\u{202e}\nnext");
    assert!(!line.contains('\u{1b}'), "{line:?}");
}

#[test]
fn a_service_that_is_not_there_is_told() {
    let mut command = connect_chat();
    command.args(["chat", "--endpoint", "http://127.0.0.1:1", "--start", "Jo"]);
    let ran = Program::start(&mut command).end();
    assert_eq!(ran.status, 1);
    assert!(
        ran.stderr.contains("the chat cannot be started"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("check the endpoint"), "{}", ran.stderr);
}

#[test]
fn the_proxy_of_the_environment_is_asked_and_a_refusal_of_it_told() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://user:hush@{}", proxy.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let (stream, _) = proxy.accept().unwrap();
        let mut lines = BufReader::new(&stream).lines();
        let first = lines.next().unwrap().unwrap();
        // All of the request, so that closing does not reset the connection.
        lines.find(|line| line.as_ref().unwrap().is_empty());
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        (&stream).write_all(answer.as_bytes()).unwrap();
        first
    });
    let mut command = connect_chat();
    command.args([
        "chat",
        "--endpoint",
        "https://chat.invalid",
        "--start",
        "Jo",
    ]);
    command.env("HTTPS_PROXY", url).env_remove("NO_PROXY");
    let ran = Program::start(&mut command).end();
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("HTTP 407"), "{}", ran.stderr);
    assert!(ran.stderr.contains("HTTPS_PROXY"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
    assert_eq!(asked.join().unwrap(), "CONNECT chat.invalid:443 HTTP/1.1");
}

#[test]
fn ctrl_c_leaves() {
    let simulated = Simulated::start(&[]);
    let mut chat = chat(&simulated);
    chat.line_with("connected; /help says what there is");
    chat.signal("INT");
    chat.line_with("the chat goes on without you");
    assert_eq!(chat.status(), 130);
}
