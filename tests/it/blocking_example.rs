//! The example `blocking` of chat-proto against the simulator: the same `run` that its `main`
//! calls, in a thread.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

#[path = "../../crates/chat-proto/examples/blocking.rs"]
#[expect(dead_code, reason = "its `main` is for cargo")]
mod blocking;

use std::thread;

use chat_sim::{CutWhen, Effect, Fault, Operation, Script, Simulator};
use tokio::sync::oneshot;

use crate::support::tokio_chat::{in_time, start_chat};

async fn simulator() -> Simulator {
    let simulator = Simulator::builder().script(Script::echo()).start().await;
    simulator.unwrap()
}

/// Runs the example. What it shows, and the error it ends with.
async fn run(arguments: &[&str], token: Option<&str>) -> (String, Result<(), String>) {
    let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
    let token = token.map(str::to_owned);
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        let mut shown = Vec::new();
        let result = blocking::run(arguments.into_iter(), token, &mut shown);
        let result = result.map_err(|error| error.to_string());
        // Nobody waits any more when the test took too long.
        let _ = ended.send((String::from_utf8(shown).unwrap(), result));
    });
    in_time(end).await.unwrap()
}

/// The texts of the messages that the service recorded in the one chat it has.
fn recorded(simulator: &Simulator, contact: &str) -> Vec<String> {
    simulator.with(|service, _| {
        let items = service.contact(contact).unwrap().transcript().iter();
        let messages = items.filter(|item| item.content_type == "text/plain");
        messages.filter_map(|item| item.content.clone()).collect()
    })
}

#[tokio::test]
async fn the_example_holds_a_conversation_and_leaves() {
    let simulator = simulator().await;
    let (contact, details) = start_chat(&simulator);
    let arguments = [
        "--endpoint",
        &simulator.endpoint(),
        "--contact-id",
        &contact,
        "--participant-id",
        details.participant_id.as_str(),
        "--message",
        "Two tickets, please",
    ];
    let (shown, result) = run(&arguments, Some(details.participant_token.expose())).await;
    assert_eq!(result, Ok(()), "{shown}");
    assert_eq!(
        shown,
        "Connected.\n\
         Ann: Two tickets, please\n\
         Agent: Two tickets, please\n\
         The chat is over: Disconnected\n"
    );
    assert_eq!(
        recorded(&simulator, &contact),
        ["Two tickets, please", "Two tickets, please"]
    );
    simulator.with(|service, _| {
        assert!(service.contact(&contact).unwrap().ended().is_some());
    });
}

#[tokio::test]
async fn the_example_starts_a_chat_itself_and_survives_a_cut() {
    let simulator = simulator().await;
    let cut = simulator.with(|service, now| {
        let when = CutWhen::NextItem;
        service.inject(now, Fault::new(Effect::CutSocket { when }).once())
    });
    let (shown, result) = run(&["--endpoint", &simulator.endpoint()], None).await;
    assert_eq!(result, Ok(()), "{shown}");
    for line in [
        "Connection lost.",
        "Ada: Is the ferry on time?",
        "Agent: Is the ferry on time?",
    ] {
        let times = shown.lines().filter(|shown| *shown == line).count();
        assert_eq!(times, 1, "{line} in {shown}");
    }
    simulator.with(|service, _| {
        assert_eq!(service.fault_hits(cut), 1);
        assert_eq!(service.requests(Operation::StartChatContact), 1);
        assert_eq!(service.requests(Operation::SendMessage), 1);
    });
}

#[tokio::test]
async fn the_example_says_what_to_do_when_it_cannot_do_its_work() {
    let endpoint = {
        let simulator = simulator().await;
        let endpoint = simulator.endpoint();
        simulator.shutdown().await;
        endpoint
    };
    let (_, result) = run(&["--endpoint", &endpoint], None).await;
    let error = result.unwrap_err();
    assert!(error.contains("no connection could be made"), "{error}");
    assert!(error.contains("Usage:"), "{error}");

    let elsewhere = ["--endpoint", "https://example.com"];
    let error = run(&elsewhere, None).await.1.unwrap_err();
    assert!(error.contains("without TLS"), "{error}");

    let without_token = [
        "--endpoint",
        &endpoint,
        "--contact-id",
        "c",
        "--participant-id",
        "p",
    ];
    let error = run(&without_token, None).await.1.unwrap_err();
    assert!(error.contains("CONNECT_CHAT_PARTICIPANT_TOKEN"), "{error}");
}

#[test]
fn the_example_reads_answers_by_length_in_chunks_and_to_the_end() {
    let read = |text: &str| blocking::request::read_answer(&mut text.as_bytes());
    for text in [
        "HTTP/1.1 429 Slow\r\ncontent-length: 5\r\n\r\nhellos",
        "HTTP/1.1 429 Slow\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 429 Slow\r\nretry-after: 1\r\n\r\nhello",
    ] {
        let answer = read(text).unwrap();
        assert_eq!(answer.status(), 429);
        assert_eq!(answer.body(), b"hello", "{text}");
    }
    for (text, kind) in [
        ("", std::io::ErrorKind::UnexpectedEof),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello",
            std::io::ErrorKind::UnexpectedEof,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n6\r\nhello",
            std::io::ErrorKind::UnexpectedEof,
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", std::io::ErrorKind::InvalidData),
    ] {
        assert_eq!(read(text).unwrap_err().kind(), kind, "{text}");
    }
}
