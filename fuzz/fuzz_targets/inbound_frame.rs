//! Any text frame, to a session that is live: no panic, nothing of it in what a log may show, and
//! a message that comes after it arrives.

#![no_main]

use std::time::Duration;

use chat_proto::{
    Action, ChatDetails, Config, Endpoint, Event, Instant, Operation, Seed, Session, SocketId,
    SocketInput, Start,
};
use libfuzzer_sys::fuzz_target;

const AFTERWARDS: &str = r#"{"topic":"aws/chat","contentType":"application/json","content":"{\"Id\":\"afterwards\",\"Type\":\"MESSAGE\",\"ContentType\":\"text/plain\",\"Content\":\"hi\",\"AbsoluteTime\":\"2026-01-31T12:00:00.000Z\"}"}"#;

fuzz_target!(|text: &str| {
    let (mut session, socket) = live();
    let now = Instant::from_origin(Duration::from_secs(1));
    session.handle_socket(now, socket, SocketInput::Text(text.to_owned()));
    while session.poll_action().is_some() {}
    let ended = std::iter::from_fn(|| session.poll_event()).any(|event| match event {
        Event::Item(received) => received.item.is_chat_ended(),
        _ => false,
    });
    if ended {
        return; // nothing that comes after the end is wanted
    }
    session.handle_socket(now, socket, SocketInput::Text(AFTERWARDS.to_owned()));
    let arrived = std::iter::from_fn(|| session.poll_event()).any(|event| {
        let Event::Item(received) = event else {
            return false;
        };
        received
            .item
            .id
            .as_ref()
            .is_some_and(|id| id.as_str() == "afterwards")
    });
    assert!(
        arrived || text.contains("afterwards"),
        "a later message was lost"
    );
});

/// A session whose socket is subscribed.
fn live() -> (Session, SocketId) {
    let start = Start {
        now: Instant::ORIGIN,
        unix: Duration::from_secs(1_769_860_800),
        seed: Seed::from_number(1),
    };
    let endpoint = Endpoint::custom("http://127.0.0.1:1").expect("the URL is one");
    let details = ChatDetails {
        contact_id: "contact".into(),
        participant_id: "customer".into(),
        participant_token: "token".into(),
    };
    let mut session =
        Session::new(start, Config::new(endpoint), details).expect("the details are valid");
    let now = Instant::ORIGIN;
    session.connect(now).expect("the session is idle");
    session.handle_timeout(now);
    loop {
        match session.poll_action().expect("it goes on until it is live") {
            Action::Request {
                request,
                operation: Operation::CreateParticipantConnection,
                ..
            } => {
                let body = r#"{"Websocket":{"Url":"wss://example.com"},
                    "ConnectionCredentials":{"ConnectionToken":"t"}}"#;
                session.handle_response(now, request, Ok(http::Response::new(body)));
            }
            Action::OpenSocket { socket, .. } => {
                session.handle_socket(now, socket, SocketInput::Opened);
                let answer = r#"{"topic":"aws/subscribe","content":{"status":"success"}}"#;
                session.handle_socket(now, socket, SocketInput::Text(answer.to_owned()));
                return (session, socket);
            }
            Action::SendText { .. }
            | Action::CloseSocket { .. }
            | Action::Upload { .. }
            | Action::Download { .. }
            | Action::CancelRequest { .. }
            | Action::Request { .. } => {}
        }
    }
}
