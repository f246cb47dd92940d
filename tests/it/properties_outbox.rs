//! Messages are recorded once and in the order of sending, under any interleaving of echo and
//! answer, failures, losses and repetitions. The test plays a service that knows client tokens.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_proto::strategies::session_with;
use chat_proto::{
    Action, Draft, Event, Instant, LocalId, Operation, Phase, RequestId, Session, SocketId,
    SocketInput, Status,
};
use chat_tests::{CONTACT, PARTICIPANT, chat_frame};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Debug)]
enum Step {
    /// The customer sends one of a few texts: several messages say the same.
    Send(u8),
    /// Sends the first failed message again.
    Resend,
    /// The service takes in the request that waits, and has not answered yet.
    TakesIn,
    /// The service answers what it took in.
    Answer,
    /// The request fails, with this status or without an answer; it may have been taken in.
    Fail(Option<u16>),
    /// The item of the record so many from the end arrives.
    Echo(u8),
    Wait(u32),
    Cut,
    ComesUp,
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec![None, Some(429), Some(500), Some(403), Some(400)]);
    prop_oneof![
        6 => (0..3_u8).prop_map(Step::Send),
        1 => Just(Step::Resend),
        8 => Just(Step::TakesIn),
        6 => Just(Step::Answer),
        3 => status.prop_map(Step::Fail),
        6 => (0..4_u8).prop_map(Step::Echo),
        3 => (0..3_000_u32).prop_map(Step::Wait),
        1 => (0..40_000_u32).prop_map(Step::Wait),
        1 => Just(Step::Cut),
        2 => Just(Step::ComesUp),
    ]
}

/// What the service has taken in.
struct Recorded {
    client_token: String,
    text: String,
    id: String,
    time: String,
}

struct Chat {
    session: Session,
    now: Duration,
    socket: Option<SocketId>,
    waiting: Vec<(RequestId, Operation, Value)>,
    record: Vec<Recorded>,
    given: BTreeMap<LocalId, String>,
    sent: BTreeMap<LocalId, String>,
    failed: BTreeSet<LocalId>,
    resent: BTreeSet<LocalId>,
    reported: BTreeSet<String>,
}

impl Chat {
    fn live() -> Self {
        let mut chat = Self {
            session: session_with(5, |_| {}),
            now: Duration::ZERO,
            socket: None,
            waiting: Vec::new(),
            record: Vec::new(),
            given: BTreeMap::new(),
            sent: BTreeMap::new(),
            failed: BTreeSet::new(),
            resent: BTreeSet::new(),
            reported: BTreeSet::new(),
        };
        chat.session.connect(Instant::ORIGIN).unwrap();
        chat.comes_up();
        chat
    }

    fn instant(&self) -> Instant {
        Instant::from_origin(self.now)
    }

    fn drain(&mut self) {
        while let Some(action) = self.session.poll_action() {
            match action {
                Action::OpenSocket { socket, .. } => self.socket = Some(socket),
                Action::Request {
                    request,
                    operation,
                    http,
                    ..
                } => {
                    let body = serde_json::from_slice(http.body()).unwrap();
                    self.waiting.push((request, operation, body));
                }
                Action::CancelRequest { request } => {
                    self.waiting.retain(|(waiting, _, _)| *waiting != request);
                }
                Action::SendText { .. }
                | Action::CloseSocket { .. }
                | Action::Upload { .. }
                | Action::Download { .. } => {}
            }
        }
        while let Some(event) = self.session.poll_event() {
            self.note(&event);
        }
    }

    fn note(&mut self, event: &Event) {
        if let Event::MessageSent { local_id, id, .. } = event {
            assert!(!self.failed.contains(local_id), "failed, then confirmed");
            let before = self.sent.insert(*local_id, id.to_string());
            assert_eq!(before, None, "{local_id} was confirmed twice");
        } else if let Event::MessageFailed { local_id, .. } = event {
            assert!(!self.sent.contains_key(local_id), "confirmed, then failed");
            assert!(self.failed.insert(*local_id), "{local_id} failed twice");
        } else if let Event::Item(received) = event {
            let id = received.item.id.as_ref().unwrap().to_string();
            assert!(self.reported.insert(id), "an item was reported twice");
        }
    }

    fn input(&mut self, input: SocketInput) {
        if let Some(socket) = self.socket {
            let now = self.instant();
            self.session.handle_socket(now, socket, input);
            self.drain();
        }
    }

    fn respond(&mut self, at: usize, status: Option<u16>, body: String) {
        let (request, _, _) = self.waiting.remove(at);
        let result = match status {
            Some(status) => {
                let mut response = http::Response::new(body);
                *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
                Ok(response)
            }
            None => Err(chat_proto::TransportError::new(
                chat_proto::TransportErrorKind::Broken,
                "lost",
            )),
        };
        let now = self.instant();
        self.session.handle_response(now, request, result);
        self.drain();
    }

    /// The place of the request of this operation that waits.
    fn waits(&self, wanted: Operation) -> Option<usize> {
        let mut waiting = self.waiting.iter();
        waiting.position(|(_, operation, _)| *operation == wanted)
    }

    /// Takes the message that waits into the record, unless its client token is there already.
    fn take_in(&mut self) -> Option<(usize, usize)> {
        let at = self.waits(Operation::SendMessage)?;
        let body = &self.waiting[at].2;
        let client_token = body["ClientToken"].as_str().unwrap();
        let known = self
            .record
            .iter()
            .position(|one| one.client_token == client_token);
        let recorded = known.unwrap_or(self.record.len());
        if known.is_none() {
            self.record.push(Recorded {
                client_token: client_token.to_owned(),
                text: body["Content"].as_str().unwrap().to_owned(),
                id: format!("m-{recorded:04}"),
                time: format!("2026-01-31T12:00:00.{recorded:03}Z"),
            });
        }
        Some((at, recorded))
    }

    fn item(&self, recorded: usize) -> String {
        let Recorded { text, id, time, .. } = &self.record[recorded];
        json!({ "Id": id, "AbsoluteTime": time, "Type": "MESSAGE", "ContentType": "text/plain",
            "Content": text, "ParticipantId": PARTICIPANT, "ParticipantRole": "CUSTOMER",
            "InitialContactId": CONTACT, "ContactId": CONTACT })
        .to_string()
    }

    fn answer(&mut self) -> bool {
        let Some((at, recorded)) = self.take_in() else {
            return false;
        };
        let Recorded { id, time, .. } = &self.record[recorded];
        let body = json!({ "Id": id, "AbsoluteTime": time }).to_string();
        self.respond(at, Some(200), body);
        true
    }

    /// Answers everything but messages.
    fn serve(&mut self) {
        while let Some(at) = self.waits(Operation::CreateParticipantConnection) {
            let body = r#"{"Websocket":{"Url":"wss://example.com"},
                "ConnectionCredentials":{"ConnectionToken":"t"}}"#;
            self.respond(at, Some(200), body.to_owned());
        }
        while let Some(at) = self.waits(Operation::GetTranscript) {
            let items: Vec<String> = (0..self.record.len()).map(|at| self.item(at)).collect();
            let page = format!(r#"{{"Transcript":[{}]}}"#, items.join(","));
            self.respond(at, Some(200), page);
        }
    }

    fn comes_up(&mut self) {
        for _ in 0..10_000 {
            self.serve();
            if self.session.phase() == Phase::Live {
                return;
            }
            self.input(SocketInput::Opened);
            self.input(SocketInput::Text(
                r#"{"topic":"aws/subscribe","content":{"status":"success"}}"#.to_owned(),
            ));
            self.wait(Duration::from_millis(100));
        }
        panic!("it did not come up");
    }

    fn wait(&mut self, lasting: Duration) {
        let until = self.now + lasting;
        self.drain();
        while let Some((at, _)) = self.session.poll_timeout() {
            let at = at.since_origin();
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            let now = self.instant();
            self.session.handle_timeout(now);
            self.drain();
            if self.session.phase() == Phase::Live {
                self.input(SocketInput::Text(r#"{"topic":"aws/heartbeat"}"#.to_owned()));
            }
        }
        self.now = until;
    }

    fn step(&mut self, step: &Step) {
        let now = self.instant();
        match step {
            Step::Send(text) => {
                let text = format!("text {text}");
                let local_id = self
                    .session
                    .send_message(now, Draft::text(text.as_str()))
                    .unwrap();
                self.given.insert(local_id, text);
            }
            Step::Resend => {
                let first = self.failed.first().copied();
                if let Some(local_id) = first {
                    // What has been seen in the transcript meanwhile cannot be sent again.
                    if self.session.resend(now, local_id).is_ok() {
                        self.failed.remove(&local_id);
                        self.resent.insert(local_id);
                    }
                }
            }
            Step::TakesIn => {
                let _ = self.take_in();
            }
            Step::Answer => {
                let _ = self.answer();
            }
            Step::Fail(status) => {
                if let Some(at) = self.waits(Operation::SendMessage) {
                    self.respond(at, *status, "{}".to_owned());
                }
            }
            Step::Echo(back) => {
                let at = self.record.len().checked_sub(1 + usize::from(*back));
                if let Some(at) = at {
                    let frame = chat_frame(&self.item(at));
                    self.input(SocketInput::Text(frame));
                }
            }
            Step::Wait(millis) => self.wait(Duration::from_millis((*millis).into())),
            Step::Cut => self.input(SocketInput::Closed(1006)),
            Step::ComesUp => self.comes_up(),
        }
        self.drain();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn messages_are_recorded_once_and_in_order(steps in prop::collection::vec(step(), 0..80)) {
        let mut chat = Chat::live();
        for step in &steps {
            chat.step(step);
        }
        // Everything calms down, and the transcript is read once more.
        chat.comes_up();
        for _ in 0..200 {
            chat.answer();
            chat.serve();
            chat.wait(Duration::from_millis(500));
        }
        chat.step(&Step::Cut);
        chat.comes_up();
        chat.wait(Duration::from_secs(1));
        chat.serve();

        for local_id in chat.given.keys() {
            let settled = chat.sent.contains_key(local_id) || chat.failed.contains(local_id);
            prop_assert!(settled, "{local_id} has not settled");
        }
        // Each confirmed message is one of the record, which says what it said.
        let texts: BTreeMap<&str, &str> =
            chat.record.iter().map(|one| (one.id.as_str(), one.text.as_str())).collect();
        let mut claimed = BTreeSet::new();
        for (local_id, id) in &chat.sent {
            prop_assert_eq!(Some(chat.given[local_id].as_str()), texts.get(id.as_str()).copied());
            prop_assert!(claimed.insert(id), "two messages claim {}", id);
        }
        // In the order of sending, but for those that were sent again.
        let first_time = chat.sent.iter().filter(|(local_id, _)| !chat.resent.contains(local_id));
        let ids: Vec<&String> = first_time.map(|(_, id)| id).collect();
        prop_assert!(ids.is_sorted(), "{:?}", ids);
        // The transcript is the record, with what failed behind it; nothing is on its way.
        let transcript = chat.session.transcript();
        let shown: Vec<&str> =
            transcript.iter().filter_map(|entry| entry.item.id.as_ref()).map(|id| id.as_str()).collect();
        let recorded: Vec<&str> = chat.record.iter().map(|one| one.id.as_str()).collect();
        prop_assert_eq!(shown, recorded);
        prop_assert!(transcript.iter().all(|entry| entry.status != Status::Sending));
        prop_assert_eq!(chat.reported.len(), chat.record.len());
    }
}

#[test]
fn the_echo_of_a_confirmed_message_is_not_taken_for_a_later_one_that_says_the_same() {
    let mut chat = Chat::live();
    for step in [
        Step::Send(0),
        Step::Answer,
        Step::Send(0),
        Step::Echo(0),
        Step::Fail(Some(400)),
    ] {
        chat.step(&step);
    }
    assert_eq!(chat.sent.len(), 1);
    assert_eq!(chat.failed.len(), 1, "the second one was lost in silence");
}

#[test]
fn an_item_that_may_be_another_messages_does_not_confirm_one_that_is_refused() {
    let mut chat = Chat::live();
    for step in [
        Step::Send(0),
        Step::TakesIn,
        Step::Send(0),
        Step::Cut,
        Step::Fail(Some(400)),
        Step::Resend,
        Step::ComesUp,
        Step::Fail(Some(400)),
    ] {
        chat.step(&step);
    }
    while chat.answer() {}
    let (resent, refused) = (chat.sent.keys().next(), chat.failed.first());
    assert!(resent < refused && chat.failed.len() == 1);
    // The one that was refused is shown still, behind the one that arrived.
    let statuses: Vec<Status> = chat
        .session
        .transcript()
        .iter()
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [Status::Sent, Status::Failed]);
}
