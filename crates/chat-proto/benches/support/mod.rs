//! A live session to measure, and the frames it is fed with.

#![allow(dead_code, reason = "each of those that share it uses a part of it")]
#![allow(clippy::expect_used, reason = "a measurement that goes wrong stops")]

use std::time::Duration;

use chat_proto::{
    Action, ChatDetails, Config, Endpoint, Event, Instant, Operation, Phase, Seed, Session,
    SocketId, SocketInput, Start,
};

/// The contact of the chat.
const CONTACT: &str = "5f9a0c1e-7d54-4b0e-9a43-0d1c2b3a4f5e";
const SUBSCRIBED: &str = r#"{"topic":"aws/subscribe","content":{"status":"success"}}"#;
const CONNECTION: &str = r#"{"Websocket":{"Url":"wss://example.com/x"},
    "ConnectionCredentials":{"ConnectionToken":"connection-token"}}"#;

/// A kind of inbound chat frame, always of the same size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameKind {
    /// What it is called in results.
    pub(crate) name: &'static str,
    /// Its size in bytes.
    pub(crate) size: usize,
    /// What the message begins with; plain text fills it up.
    opening: &'static str,
}

/// The frames that speed is measured with.
pub(crate) const FRAMES: [FrameKind; 3] = [
    FrameKind {
        name: "505 B, plain",
        size: 505,
        opening: "",
    },
    FrameKind {
        name: "602 B, escapes and emoji",
        size: 602,
        opening: "She said: \"Gate 4?\"\n\t\u{1f44d}\u{1f6f3}\u{fe0f} c:\\temp\n\"No\"\u{1f642}\n",
    },
    FrameKind {
        name: "1463 B, plain",
        size: 1_463,
        opening: "",
    },
];

impl FrameKind {
    /// The frame with message `number` of the chat, of an agent, sent `number` ms after noon.
    #[must_use]
    pub(crate) fn frame(self, number: u32) -> String {
        let unfilled = frame(number, self.opening);
        let fill = "the ferry leaves at noon ".chars().cycle();
        let content = self.opening.chars();
        let content: String = content
            .chain(fill.take(self.size - unfilled.len()))
            .collect();
        let frame = frame(number, &content);
        assert_eq!(frame.len(), self.size);
        frame
    }
}

fn frame(number: u32, content: &str) -> String {
    let item = item(number, content);
    let item = serde_json::to_string(&item).expect("a string is JSON");
    format!(r#"{{"topic":"aws/chat","contentType":"application/json","content":{item}}}"#)
}

/// The JSON of an item.
#[must_use]
pub(crate) fn item(number: u32, content: &str) -> String {
    let content = serde_json::to_string(content).expect("a string is JSON");
    let (seconds, millis) = (number / 1_000, number % 1_000);
    let (hours, minutes, seconds) = (12 + seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        r#"{{"AbsoluteTime":"2026-01-31T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z","Content":{content},"ContentType":"text/plain","Id":"{number:08x}-1b2c-4d3e-8f4a-5b6c7d8e9f00","Type":"MESSAGE","ParticipantId":"0a1b2c3d-4e5f-4061-8273-8495a6b7c8d9","DisplayName":"Ada","ParticipantRole":"AGENT","InitialContactId":"{CONTACT}","ContactId":"{CONTACT}"}}"#
    )
}

/// A session, and a clock to drive it with.
#[derive(Debug)]
pub(crate) struct Live {
    /// The session.
    pub(crate) session: Session,
    socket: Option<SocketId>,
    now: Duration,
}

/// A session that has not been connected.
#[must_use]
pub(crate) fn idle(transcript_limit: usize) -> Session {
    let endpoint = Endpoint::region("us-west-2").expect("it is a region");
    let mut config = Config::new(endpoint);
    config
        .transcript_limit(transcript_limit)
        .expect("it is in range");
    let details = ChatDetails {
        contact_id: CONTACT.into(),
        participant_id: "1c2d3e4f-5061-4728-9394-a5b6c7d8e9f0".into(),
        participant_token: "participant-token".into(),
    };
    let start = Start {
        now: Instant::ORIGIN,
        unix: Duration::from_secs(1_769_860_800),
        seed: Seed::from_number(1),
    };
    Session::new(start, config, details).expect("the details are valid")
}

impl Live {
    /// A session that is live; the answers of GetTranscript are `pages`, and then empty pages.
    #[must_use]
    pub(crate) fn new(transcript_limit: usize, pages: &[String]) -> Self {
        let session = idle(transcript_limit);
        let mut live = Self {
            session,
            socket: None,
            now: Duration::ZERO,
        };
        let now = live.instant();
        live.session.connect(now).expect("it is idle");
        let mut pages = pages.iter();
        live.play(&mut pages);
        live.session.handle_timeout(now);
        live.play(&mut pages);
        assert_eq!(live.session.phase(), Phase::Live);
        live
    }

    fn instant(&self) -> Instant {
        Instant::from_origin(self.now)
    }

    /// Does what the session asks for, until it asks for nothing.
    pub(crate) fn play<'a>(&mut self, pages: &mut impl Iterator<Item = &'a String>) {
        let now = self.instant();
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::OpenSocket { socket, .. } => {
                    self.socket = Some(socket);
                    self.session.handle_socket(now, socket, SocketInput::Opened);
                    let subscribed = SocketInput::Text(SUBSCRIBED.to_owned());
                    self.session.handle_socket(now, socket, subscribed);
                }
                Action::Request {
                    request, operation, ..
                } => {
                    let body = if operation == Operation::CreateParticipantConnection {
                        CONNECTION
                    } else {
                        pages.next().map_or(r#"{"Transcript":[]}"#, String::as_str)
                    };
                    let response = http::Response::new(body.to_owned());
                    self.session.handle_response(now, request, Ok(response));
                }
                Action::SendText { .. }
                | Action::CloseSocket { .. }
                | Action::Upload { .. }
                | Action::Download { .. }
                | Action::CancelRequest { .. } => {}
            }
        }
        self.drain();
    }

    /// A frame arrives, and everything the session says of it is taken. Ten milliseconds pass.
    pub(crate) fn receive(&mut self, frame: String) -> usize {
        self.now += Duration::from_millis(10);
        let now = self.instant();
        if let Some(socket) = self.socket {
            self.session
                .handle_socket(now, socket, SocketInput::Text(frame));
        }
        self.drain()
    }

    /// Takes the outputs; how many of the events were items.
    fn drain(&mut self) -> usize {
        let mut items = 0;
        while let Some(action) = self.session.poll_action() {
            std::hint::black_box(&action);
        }
        while let Some(event) = self.session.poll_event() {
            items += usize::from(matches!(std::hint::black_box(&event), Event::Item(_)));
        }
        std::hint::black_box(self.session.poll_timeout());
        items
    }
}
