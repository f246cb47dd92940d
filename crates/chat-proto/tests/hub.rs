//! An agent's hub: one socket, many chats, and a service played frame by frame.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "the harness of these tests says what is wrong by panicking"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a test picks the few events it asks about"
)]

use std::time::Duration;

use chat_proto::{
    Action, ChatDetails, CommandError, Config, ContactId, Diagnostic, Draft, EndReason, Endpoint,
    Event, Hub, HubAction, HubEvent, HubUrl, Instant, Operation, Phase, RequestId, Seed, SocketId,
    SocketInput, Start, TransportError, TransportErrorKind,
};

const SUBSCRIBED: &str = r#"{"topic":"aws/subscribe","content":{"status":"success"}}"#;
const UNIX: Duration = Duration::from_secs(1_769_860_800);

/// A hub, and what it asked for.
struct Agent {
    hub: Hub,
    now: Instant,
    urls: Vec<RequestId>,
    tokens: Vec<ContactId>,
    requests: Vec<(ContactId, RequestId, Operation, String)>,
    socket: Option<SocketId>,
    events: Vec<HubEvent>,
}

fn details(contact: &str) -> ChatDetails {
    ChatDetails {
        contact_id: contact.into(),
        participant_id: "agent-1".into(),
        participant_token: "participant-token".into(),
    }
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Broken, "cut")
}

impl Agent {
    fn new() -> Self {
        let start = Start {
            now: Instant::ORIGIN,
            unix: UNIX,
            seed: Seed::from_number(1),
        };
        let config = Config::new(Endpoint::custom("http://127.0.0.1:1").unwrap());
        let mut agent = Self {
            hub: Hub::new(start, config),
            now: Instant::ORIGIN,
            urls: Vec::new(),
            tokens: Vec::new(),
            requests: Vec::new(),
            socket: None,
            events: Vec::new(),
        };
        agent.hub.connect(agent.now);
        agent
    }

    /// A hub that is up, with sessions of these chats.
    fn with(contacts: &[&str]) -> Self {
        let mut agent = Self::new();
        for contact in contacts {
            agent.hub.add(agent.now, details(contact)).unwrap();
        }
        agent.comes_up();
        agent.answer_all();
        agent
    }

    fn drain(&mut self) {
        while let Some(action) = self.hub.poll_action() {
            match action {
                HubAction::FetchUrl { request } => self.urls.push(request),
                HubAction::FetchConnectionToken { contact_id } => self.tokens.push(contact_id),
                HubAction::Socket(Action::OpenSocket { socket, .. }) => self.socket = Some(socket),
                HubAction::Socket(_) => {}
                HubAction::Session { contact_id, action } => match action {
                    Action::Request {
                        request,
                        operation,
                        http,
                        ..
                    } => {
                        let bearer = http.headers()["x-amz-bearer"].to_str().unwrap();
                        let body = String::from_utf8_lossy(http.body());
                        let shown = format!("{bearer} {body}");
                        self.requests.push((contact_id, request, operation, shown));
                    }
                    Action::CancelRequest { request } => {
                        let other = |it: &(ContactId, RequestId, Operation, String)| {
                            it.0 != contact_id || it.1 != request
                        };
                        self.requests.retain(other);
                    }
                    Action::OpenSocket { .. }
                    | Action::SendText { .. }
                    | Action::CloseSocket { .. } => panic!("a session on a hub has no socket"),
                    Action::Upload { .. } | Action::Download { .. } => {}
                },
            }
        }
        while let Some(event) = self.hub.poll_event() {
            self.events.push(event);
        }
    }

    fn pass(&mut self, lasting: Duration) {
        let until = self.now + lasting;
        self.drain();
        while let Some((at, _)) = self.hub.poll_timeout().filter(|(at, _)| *at <= until) {
            self.now = self.now.max(at);
            self.hub.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    fn comes_up(&mut self) {
        self.pass(Duration::from_millis(300));
        let request = self.urls.pop().expect("a URL is wanted");
        let url = HubUrl {
            url: "wss://example.com/agent".into(),
            lifetime: None,
        };
        self.hub.handle_url(self.now, request, Ok(url));
        self.drain();
        self.input(SocketInput::Opened);
        self.text(SUBSCRIBED);
    }

    fn input(&mut self, input: SocketInput) {
        let socket = self.socket.expect("a socket is open");
        self.hub.handle_socket(self.now, socket, input);
        self.drain();
    }

    fn text(&mut self, text: &str) {
        self.input(SocketInput::Text(text.to_owned()));
    }

    fn item(&mut self, item: &str) {
        let content = serde_json::to_string(item).unwrap();
        self.text(&format!(
            r#"{{"topic":"aws/chat","contentType":"application/json","content":{content}}}"#
        ));
    }

    fn message(&mut self, id: &str, contacts: &str) {
        self.item(&format!(
            r#"{{"Id":"{id}","Type":"MESSAGE","ContentType":"text/plain","Content":"hello",
            "AbsoluteTime":"2026-01-31T12:00:00.000Z","ParticipantId":"customer"{contacts}}}"#
        ));
    }

    fn answer(&mut self, at: usize, status: u16, body: &str) {
        let (contact, request, ..) = self.requests.remove(at);
        let response = http::Response::builder().status(status);
        let response = response.body(body.to_owned()).unwrap();
        self.hub
            .handle_response(self.now, &contact, request, Ok(response));
        self.drain();
    }

    /// Gives every token and answers every request with success.
    fn answer_all(&mut self) {
        loop {
            self.drain();
            if let Some(contact) = self.tokens.pop() {
                let given = credentials(&format!("token-of-{contact}"));
                self.hub
                    .handle_connection_token(self.now, &contact, Ok(given));
            } else if !self.requests.is_empty() {
                let body = match self.requests[0].2 {
                    Operation::SendMessage => {
                        r#"{"Id":"sent-1","AbsoluteTime":"2026-01-31T12:00:09.000Z"}"#
                    }
                    _ => "{}",
                };
                self.answer(0, 200, body);
            } else {
                return;
            }
        }
    }

    /// The events of one session.
    fn told(&self, contact: &str) -> Vec<&Event> {
        let told = self.events.iter().filter_map(|event| match event {
            HubEvent::Session { contact_id, event } if contact_id.as_str() == contact => {
                Some(event)
            }
            _ => None,
        });
        told.collect()
    }

    fn items(&self, contact: &str) -> Vec<String> {
        let items = self
            .told(contact)
            .into_iter()
            .filter_map(|event| match event {
                Event::Item(received) => received.item.id.clone(),
                _ => None,
            });
        items.map(|id| id.to_string()).collect()
    }

    fn phase(&self, contact: &str) -> Option<Phase> {
        let session = self.hub.session(&contact.into());
        session.map(|session| session.phase())
    }

    fn last_end(&self, contact: &str) -> Option<&EndReason> {
        self.told(contact)
            .into_iter()
            .find_map(|event| match event {
                Event::Ended(reason) => Some(reason),
                _ => None,
            })
    }
}

fn credentials(token: &str) -> chat_proto::api::ConnectionCredentials {
    chat_proto::api::ConnectionCredentials::new(token.into(), None)
}

#[test]
fn each_item_goes_to_the_session_of_its_contact_and_to_no_other() {
    let mut agent = Agent::with(&["c1", "c2"]);
    agent.message("m1", r#","ContactId":"c1","InitialContactId":"c0""#);
    agent.message("m2", r#","ContactId":"c2","InitialContactId":"c2""#);
    agent.message("m3", r#","ContactId":"c9","InitialContactId":"c2""#);
    agent.message("m4", r#","ContactId":"c1","InitialContactId":"c2""#);
    agent.message("m5", r#","ContactId":"c9","InitialContactId":"c9""#);
    agent.message("m6", "");
    let receipt = r#"{"Id":"r1","Type":"MESSAGEMETADATA","ContactId":"c2",
        "MessageMetadata":{"MessageId":"m2","Receipts":[
        {"RecipientParticipantId":"customer","ReadTimestamp":"2026-01-31T12:00:01Z"}]}}"#;
    agent.item(receipt);
    assert_eq!(agent.items("c1"), ["m1", "m4"]);
    assert_eq!(agent.items("c2"), ["m2", "m3", "r1"]);
    let unknown: Vec<_> = agent
        .events
        .iter()
        .filter_map(|event| match event {
            HubEvent::Diagnostic(Diagnostic::UnknownContact { id }) => id.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(unknown.len(), 2);
    assert_eq!((unknown[0].as_str(), unknown[1].as_str()), ("m5", "m6"));
}

#[test]
fn an_item_that_names_no_contact_goes_to_the_only_session() {
    let mut agent = Agent::with(&["c1"]);
    agent.message("m1", "");
    assert_eq!(agent.items("c1"), ["m1"]);
}

#[test]
fn each_session_uses_its_own_token_and_acknowledges_its_connection() {
    let mut agent = Agent::new();
    agent.hub.add(agent.now, details("c1")).unwrap();
    agent.comes_up();
    assert_eq!(agent.tokens, ["c1".into()]);
    let acknowledged: Vec<_> = agent
        .requests
        .iter()
        .filter(|it| it.2 == Operation::CreateParticipantConnection)
        .map(|it| it.3.as_str())
        .collect();
    assert_eq!(
        acknowledged,
        [r#"participant-token {"ConnectParticipant":true}"#]
    );
    agent.answer_all();
    let contact = "c1".into();
    let session = agent.hub.session_mut(&contact).unwrap();
    session.send_message(agent.now, Draft::text("hi")).unwrap();
    agent.drain();
    let (_, _, operation, shown) = &agent.requests[0];
    assert_eq!(*operation, Operation::SendMessage);
    assert!(shown.starts_with("token-of-c1 "), "{shown}");
    agent.answer_all();
    let sent = agent.told("c1").into_iter();
    assert_eq!(
        sent.filter(|it| matches!(it, Event::MessageSent { .. }))
            .count(),
        1
    );
}

#[test]
fn a_token_that_the_application_cannot_give_is_asked_of_the_service() {
    let mut agent = Agent::new();
    agent.hub.add(agent.now, details("c1")).unwrap();
    agent.comes_up();
    let contact = agent.tokens.pop().unwrap();
    agent.requests.clear();
    agent
        .hub
        .handle_connection_token(agent.now, &contact, Err(broken()));
    agent.drain();
    assert_eq!(agent.requests.len(), 1);
    assert_eq!(
        agent.requests[0].3,
        r#"participant-token {"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}"#
    );
    agent.answer(
        0,
        200,
        r#"{"ConnectionCredentials":{"ConnectionToken":"t2"}}"#,
    );
    assert!(
        agent.requests[0].3.starts_with("t2 "),
        "the history is read"
    );
}

#[test]
fn an_application_that_never_answers_is_not_waited_for() {
    let mut agent = Agent::new();
    agent.hub.add(agent.now, details("c1")).unwrap();
    agent.comes_up();
    agent.requests.clear();
    for _ in 0..11 {
        agent.pass(Duration::from_secs(1));
        agent.text(r#"{"topic":"aws/heartbeat"}"#);
    }
    let token = agent
        .requests
        .iter()
        .any(|it| it.3.contains("CONNECTION_CREDENTIALS"));
    assert!(token, "{:?}", agent.requests);
}

#[test]
fn a_transfer_ends_the_session_it_concerns_and_no_other() {
    let mut agent = Agent::with(&["c1", "c2"]);
    agent.item(
        r#"{"Id":"t1","Type":"EVENT","AbsoluteTime":"2026-01-31T12:00:00.000Z",
        "ContentType":"application/vnd.amazonaws.connect.event.transfer.succeeded",
        "ContactId":"c1","InitialContactId":"c1"}"#,
    );
    agent.answer_all();
    assert_eq!(agent.items("c1"), ["t1"]);
    assert_eq!(agent.last_end("c1"), Some(&EndReason::Transferred));
    assert_eq!(agent.phase("c2"), Some(Phase::Live));
    agent.message("m2", r#","ContactId":"c2""#);
    assert_eq!(agent.items("c2"), ["m2"]);
    agent.hub.add(agent.now, details("c1")).expect("it is gone");
}

#[test]
fn a_session_that_is_over_can_be_taken_out_and_looked_at() {
    let mut agent = Agent::with(&["c1", "c2"]);
    let contact = ContactId::from("c1");
    assert!(agent.hub.take_ended(&contact).is_none(), "it is live");
    let session = agent.hub.session_mut(&contact).expect("it is live");
    session.abandon(agent.now).unwrap();
    assert!(
        agent.hub.take_ended(&contact).is_none(),
        "it has much to say"
    );
    agent.drain();
    let session = agent.hub.take_ended(&contact).expect("it is over");
    assert_eq!(session.end_reason(), Some(&EndReason::Abandoned));
    assert!(agent.hub.session(&contact).is_none());
}

#[test]
fn a_chat_that_ends_ends_its_session_only() {
    let mut agent = Agent::with(&["c1", "c2"]);
    agent.item(
        r#"{"Id":"e1","Type":"EVENT","AbsoluteTime":"2026-01-31T12:00:00.000Z",
        "ContentType":"application/vnd.amazonaws.connect.event.chat.ended","ContactId":"c2"}"#,
    );
    agent.answer_all();
    assert_eq!(agent.last_end("c2"), Some(&EndReason::ChatEnded));
    assert_eq!(agent.phase("c1"), Some(Phase::Live));
}

#[test]
fn a_loss_is_told_once_to_each_session_and_every_one_recovers_its_gap() {
    let mut agent = Agent::with(&["c1", "c2"]);
    agent.events.clear();
    agent.input(SocketInput::Closed(1006));
    for contact in ["c1", "c2"] {
        assert_eq!(agent.phase(contact), Some(Phase::Recovering));
    }
    agent.comes_up();
    for contact in ["c1", "c2"] {
        assert_eq!(agent.phase(contact), Some(Phase::Live));
        let pages = agent.requests.iter();
        let pages = pages.filter(|it| it.0.as_str() == contact && it.2 == Operation::GetTranscript);
        assert_eq!(pages.count(), 1, "{contact} looks for what it missed");
        let told = agent.told(contact);
        assert!(matches!(told[0], Event::ConnectionLost(_)), "{told:?}");
        assert_eq!(told[1], &Event::Reestablished);
    }
    let of_hub: Vec<_> = agent
        .events
        .iter()
        .filter(|event| !matches!(event, HubEvent::Session { .. }))
        .collect();
    assert_eq!(of_hub.len(), 2, "{of_hub:?}");
}

#[test]
fn a_session_added_while_the_hub_is_up_is_live_at_once() {
    let mut agent = Agent::with(&["c1"]);
    agent.hub.add(agent.now, details("c2")).unwrap();
    assert_eq!(agent.phase("c2"), Some(Phase::Live));
    agent.answer_all();
    agent.message("m1", r#","ContactId":"c2""#);
    assert_eq!(agent.items("c2"), ["m1"]);
    let again = agent.hub.add(agent.now, details("c2")).unwrap_err();
    assert!(matches!(again, CommandError::Invalid { .. }), "{again}");
}

#[test]
fn a_url_that_cannot_be_had_is_asked_for_again_with_backoff() {
    let mut agent = Agent::new();
    agent.pass(Duration::from_millis(1));
    let mut asked = 0;
    for _ in 0..300 {
        if let Some(request) = agent.urls.pop() {
            asked += 1;
            agent.hub.handle_url(agent.now, request, Err(broken()));
        }
        agent.pass(Duration::from_secs(1));
    }
    assert!((10..20).contains(&asked), "asked {asked} times in 5 min");
    agent.comes_up_when_asked();
}

impl Agent {
    fn comes_up_when_asked(&mut self) {
        while self.urls.is_empty() {
            self.pass(Duration::from_secs(1));
        }
        self.comes_up();
        assert!(self.events.contains(&HubEvent::Established));
    }
}

#[test]
fn a_denied_transcript_ends_an_agents_session() {
    let mut agent = Agent::with(&["c1"]);
    agent.input(SocketInput::Closed(1006));
    agent.comes_up();
    for _ in 0..20 {
        agent.drain();
        if let Some(contact) = agent.tokens.pop() {
            let given = credentials("another");
            agent
                .hub
                .handle_connection_token(agent.now, &contact, Ok(given));
        } else if !agent.requests.is_empty() {
            agent.answer(0, 403, r#"{"__type":"AccessDeniedException"}"#);
        }
    }
    let end = agent.last_end("c1");
    assert!(matches!(end, Some(EndReason::Inferred(_))), "{end:?}");
    assert!(agent.requests.is_empty(), "nothing is asked after the end");
}

#[test]
fn closing_ends_every_session_and_the_socket() {
    let mut agent = Agent::with(&["c1", "c2"]);
    agent.hub.close(agent.now);
    agent.drain();
    for contact in ["c1", "c2"] {
        assert_eq!(agent.last_end(contact), Some(&EndReason::Abandoned));
    }
    assert_eq!(agent.hub.poll_timeout(), None);
    agent.hub.connect(agent.now);
    assert_eq!(agent.hub.contacts().count(), 0);
    agent.comes_up();
}

#[test]
fn a_session_can_be_continued_on_a_hub_of_another_process() {
    let mut agent = Agent::with(&["c1"]);
    agent.message("m1", r#","ContactId":"c1""#);
    let session = agent.hub.session(&"c1".into()).unwrap();
    let state = session.resume_state([]).unwrap();
    let mut other = Agent::new();
    other.hub.restore(other.now, state).unwrap();
    other.comes_up();
    other.message("m1", r#","ContactId":"c1""#);
    other.message("m2", r#","ContactId":"c1""#);
    assert_eq!(other.items("c1"), ["m2"]);
}
