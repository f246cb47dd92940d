//! A session without a service: the test itself plays the service, frame by frame.

use std::time::Duration;

use chat_proto::strategies::{CONTACT, chat_frame, session_with};
use chat_proto::{
    Action, Config, Event, Instant, Operation, Phase, RequestId, Session, SocketId, SocketInput,
    Transferred, TransportError,
};

/// A session, and what it asked for.
#[derive(Debug)]
pub struct Lone {
    /// The client core.
    pub session: Session,
    /// What it reported.
    pub events: Vec<Event>,
    /// Requests that are not answered yet.
    pub pending: Vec<(RequestId, Operation)>,
    /// Every request so far, in the order of asking.
    pub requests: Vec<(Operation, http::Request<Vec<u8>>)>,
    /// Transfers that are not answered yet, with what was asked for.
    pub transfers: Vec<(RequestId, http::Request<()>)>,
    /// How many transfers there were.
    pub transfers_total: usize,
    /// The socket it opened last.
    pub socket: Option<SocketId>,
    now: Duration,
}

impl Lone {
    /// A session that is live, its first page of the transcript not answered yet.
    ///
    /// # Panics
    /// When it does not become live.
    #[must_use]
    pub fn live(configure: impl FnOnce(&mut Config)) -> Self {
        let mut lone = Self::connecting(configure);
        lone.comes_up();
        lone
    }

    /// A session whose socket is open, and whose subscription is not acknowledged yet.
    #[must_use]
    pub fn unsubscribed() -> Self {
        let mut lone = Self::connecting(|_| {});
        lone.pass(Duration::ZERO);
        lone.connection();
        lone.input(SocketInput::Opened);
        lone
    }

    fn connecting(configure: impl FnOnce(&mut Config)) -> Self {
        let mut lone = Self {
            session: session_with(1, configure),
            events: Vec::new(),
            pending: Vec::new(),
            requests: Vec::new(),
            transfers: Vec::new(),
            transfers_total: 0,
            socket: None,
            now: Duration::ZERO,
        };
        let now = lone.instant();
        lone.session.connect(now).expect("it is idle");
        lone
    }

    /// Plays the service until the session is live again.
    ///
    /// # Panics
    /// When it does not become live within a virtual minute.
    pub fn comes_up(&mut self) {
        let until = self.now + Duration::from_secs(60);
        self.drain();
        while self.session.phase() != Phase::Live {
            assert!(self.now < until, "it did not come up");
            if !self.connection() {
                self.pass(Duration::from_millis(50));
            }
            self.input(SocketInput::Opened);
            self.text(SUBSCRIBED);
        }
    }

    /// The virtual time.
    #[must_use]
    pub const fn instant(&self) -> Instant {
        Instant::from_origin(self.now)
    }

    /// Time passes, and the session is woken whenever it asked to be.
    ///
    /// # Panics
    /// When it asks to be woken at once again and again.
    pub fn pass(&mut self, lasting: Duration) {
        let until = self.now + lasting;
        let mut at_once = 0;
        self.drain();
        while let Some((at, why)) = self.session.poll_timeout() {
            let at = at.since_origin();
            if at > until {
                break;
            }
            at_once = if at > self.now { 0 } else { at_once + 1 };
            assert!(at_once < 1_000, "time stands still: {why:?}");
            self.wake_at(at.max(self.now));
        }
        self.now = until;
    }

    /// It becomes this time at once, as after a sleep, and the session is woken.
    pub fn wake_at(&mut self, at: Duration) {
        self.now = at;
        let now = self.instant();
        self.session.handle_timeout(now);
        self.drain();
    }

    /// The virtual time since the beginning.
    #[must_use]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// Something happens to the socket opened last.
    pub fn input(&mut self, input: SocketInput) {
        if let Some(socket) = self.socket {
            let now = self.instant();
            self.session.handle_socket(now, socket, input);
            self.drain();
        }
    }

    /// A text frame arrives.
    pub fn text(&mut self, frame: &str) {
        self.input(SocketInput::Text(frame.to_owned()));
    }

    /// An item arrives on the socket.
    pub fn item(&mut self, json: &str) {
        self.text(&chat_frame(json));
    }

    /// Answers the oldest request of this operation; whether there was one.
    ///
    /// # Panics
    /// When the status is none.
    pub fn answer(&mut self, operation: Operation, status: u16, body: &str) -> bool {
        let at = self.pending.iter().position(|(_, of)| *of == operation);
        let Some(at) = at else { return false };
        let (request, _) = self.pending.remove(at);
        let response = http::Response::builder()
            .status(status)
            .body(body.to_owned())
            .expect("the status is one");
        let now = self.instant();
        self.session.handle_response(now, request, Ok(response));
        self.drain();
        true
    }

    /// Ends the oldest transfer; whether there was one.
    pub fn transfer(&mut self, result: Result<Transferred, TransportError>) -> bool {
        if self.transfers.is_empty() {
            return false;
        }
        let (request, _) = self.transfers.remove(0);
        let now = self.instant();
        self.session.handle_transfer(now, request, result);
        self.drain();
        true
    }

    /// The bodies of all requests of this operation.
    #[must_use]
    pub fn bodies(&self, operation: Operation) -> Vec<String> {
        let requests = self.requests.iter().filter(|(of, _)| *of == operation);
        requests
            .map(|(_, http)| String::from_utf8_lossy(http.body()).into_owned())
            .collect()
    }

    /// Answers CreateParticipantConnection as it should be; whether it was asked for.
    pub fn connection(&mut self) -> bool {
        self.answer(Operation::CreateParticipantConnection, 200, CONNECTION)
    }

    /// Answers GetTranscript with these items, as the only page; whether it was asked for.
    pub fn page(&mut self, items: &[String]) -> bool {
        let page = format!(r#"{{"Transcript":[{}]}}"#, items.join(","));
        self.answer(Operation::GetTranscript, 200, &page)
    }

    /// The contents of the transcript, oldest first.
    #[must_use]
    pub fn contents(&self) -> Vec<String> {
        let contents = self.session.transcript().iter();
        contents
            .filter_map(|entry| entry.item.content.clone())
            .collect()
    }

    /// Takes what the session put out.
    pub fn drain(&mut self) {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::OpenSocket { socket, .. } => self.socket = Some(socket),
                Action::Request {
                    request,
                    operation,
                    http,
                    ..
                } => {
                    self.pending.push((request, operation));
                    self.requests.push((operation, http));
                }
                Action::Upload { request, http, .. } | Action::Download { request, http, .. } => {
                    self.transfers.push((request, http));
                    self.transfers_total += 1;
                }
                Action::CancelRequest { request } => {
                    self.pending.retain(|(pending, _)| *pending != request);
                    self.transfers.retain(|(pending, _)| *pending != request);
                }
                Action::CloseSocket { .. } | Action::SendText { .. } => {}
            }
        }
        while let Some(event) = self.session.poll_event() {
            self.events.push(event);
        }
    }
}

const CONNECTION: &str = r#"{"Websocket":{"Url":"wss://example.com/x"},
    "ConnectionCredentials":{"ConnectionToken":"connection-token"}}"#;
const SUBSCRIBED: &str =
    r#"{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}"#;

/// A message of the agent: number `n` says "text n" at second `n` and has the id "item-n".
///
/// # Panics
/// When the number is above 3599.
#[must_use]
pub fn message(n: u32) -> String {
    assert!(n < 3_600, "the messages of an hour");
    let (minute, second) = (n / 60, n % 60);
    format!(
        r#"{{"Id":"item-{n}","Type":"MESSAGE","ContentType":"text/plain","Content":"text {n}",
        "AbsoluteTime":"2026-01-31T12:{minute:02}:{second:02}.000Z","ParticipantId":"agent-1",
        "ParticipantRole":"AGENT","InitialContactId":"{CONTACT}","ContactId":"{CONTACT}"}}"#
    )
    .replace('\n', "")
}
