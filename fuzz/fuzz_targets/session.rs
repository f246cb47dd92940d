//! Any sequence of inputs and commands, with times: no panic, no busy loop, one end and nothing
//! after it, nothing reported twice, and a transcript that is what its changes say, in order.

#![no_main]

use std::collections::BTreeSet;
use std::time::Duration;

use chat_proto::api::{GetTranscript, SendEvent};
use chat_proto::strategies::{self, Answer, Command, Driver, Good, Output, Step, chat_frame};
use chat_proto::{
    Change, ContentType, Draft, Entry, Event, Network, Phase, ReceiptKind, SocketInput,
    TransportError, TransportErrorKind,
};
use libfuzzer_sys::fuzz_target;

/// The longest life.
const STEPS: usize = 200;

fuzz_target!(|bytes: &[u8]| {
    let mut input = Input(bytes);
    let mut driver = Driver::new(strategies::session_with(1, |config| {
        config.outbox_limit(8).expect("the limit is allowed");
        config.transcript_limit(100).expect("the limit is allowed");
        config.gap_page_limit(3).expect("the limit is allowed");
    }));
    let mut seen = Seen::default();
    for _ in 0..STEPS {
        let Some((wait, step)) = input.step() else {
            break;
        };
        driver.wait(wait, &mut |output| seen.note(output));
        driver.step(&step, &mut |output| seen.note(output));
        let transcript = driver.session().transcript();
        assert!(transcript.iter().eq(&seen.copy), "the changes lie");
        assert_eq!(driver.session().phase() == Phase::Ended, seen.ended);
        assert!(driver.open_sockets() <= 2, "more than two sockets");
    }
    let times = seen
        .copy
        .iter()
        .filter_map(|entry| entry.item.absolute_time.as_ref());
    assert!(times.is_sorted(), "the transcript is out of order");
    let abandon = Step::Command(Command::Abandon);
    driver.step(&abandon, &mut |output| seen.note(output));
    driver.wait(Duration::from_secs(600), &mut |output| seen.note(output));
    assert!(seen.ended, "it cannot be left");
    assert_eq!(driver.session().poll_timeout(), None);
    assert_eq!(driver.open_sockets(), 0);
});

/// What has come out of the session.
#[derive(Default)]
struct Seen {
    established: bool,
    ended: bool,
    /// The items with a place in the transcript that were reported.
    items: BTreeSet<String>,
    copy: Vec<Entry>,
}

impl Seen {
    fn note(&mut self, output: Output) {
        assert!(!self.ended, "something comes after the end");
        let Output::Event(event) = output else { return };
        match event {
            Event::Established => {
                assert!(!self.established, "established twice");
                self.established = true;
            }
            Event::Item(received) => {
                assert!(self.established, "an item comes before established");
                let item = &received.item;
                let placed = item.is_kept() && !item.is_partial() && item.absolute_time.is_some();
                let id = item.id.as_ref().filter(|_| placed);
                if let Some(id) = id {
                    let new = self.items.insert(id.to_string());
                    assert!(new, "an item was reported twice");
                }
            }
            Event::TranscriptChanged(Change::Inserted { index, entry }) => {
                self.copy.insert(index, entry);
            }
            Event::TranscriptChanged(Change::Updated { index, entry }) => self.copy[index] = entry,
            Event::TranscriptChanged(Change::Removed { index }) => {
                self.copy.remove(index);
            }
            Event::Ended(_) => self.ended = true,
            _ => {}
        }
    }
}

/// Reads steps: a byte says which and how long to wait before, and what follows says the rest.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// A text: its length, and then itself.
    fn text(&mut self) -> String {
        let length = usize::from(self.byte()).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn step(&mut self) -> Option<(Duration, Step)> {
        if self.0.is_empty() {
            return None;
        }
        let first = self.byte();
        let wait = [0, 0, 0, 100, 500, 3_000, 11_000, 61_000, 3_600_000][usize::from(first / 29)];
        Some((Duration::from_millis(wait), self.step_of(first % 29)))
    }

    fn step_of(&mut self, which: u8) -> Step {
        match which {
            0 => Step::Command(Command::Connect),
            1 => Step::Command(Command::SendMessage(Draft::text(self.text()))),
            2 => Step::Command(Command::Resend(self.byte())),
            3 => Step::Command(Command::Typing),
            4 => Step::Command(Command::SendReceipt(ReceiptKind::Read, self.byte())),
            5 => Step::Command(Command::SendReceipt(ReceiptKind::Delivered, self.byte())),
            6 => {
                let event = SendEvent::new(ContentType::ParticipantActive);
                Step::Command(Command::SendEvent(event))
            }
            7 => Step::Command(Command::GetTranscript(GetTranscript::default())),
            8 => Step::Command(Command::LoadOlder),
            9 => Step::Command(Command::Suspend),
            10 => Step::Command(Command::Resume),
            11 => Step::Command(Command::Disconnect),
            12 => Step::Command(Command::Abandon),
            13 => self.socket(|_| SocketInput::Opened),
            14 => self.socket(|input| SocketInput::Text(input.text())),
            15 => self.socket(|input| SocketInput::Text(chat_frame(&input.text()))),
            16 | 17 => self.socket(|input| SocketInput::Text(chat_frame(&input.item()))),
            18 => self.socket(|_| SocketInput::Binary(9)),
            19 => self.socket(|input| SocketInput::Closed(1_000 + u16::from(input.byte()))),
            20 => self.socket(|_| {
                SocketInput::Failed(TransportError::new(TransportErrorKind::Broken, "fuzzed"))
            }),
            21 => self.socket(|input| match input.byte() % 2 {
                0 => SocketInput::ReadingPaused,
                _ => SocketInput::ReadingResumed,
            }),
            22 => Step::Answer(self.byte(), Answer::Good(self.good())),
            23 => Step::Answer(self.byte(), self.refusal()),
            24 => {
                let status = 200 + 25 * u16::from(self.byte() % 16);
                let body = self.text();
                Step::Answer(self.byte(), Answer::Other { status, body })
            }
            25 => {
                let error = TransportError::new(TransportErrorKind::Timeout, "fuzzed");
                Step::Answer(self.byte(), Answer::Failed(error))
            }
            26 => match self.byte() % 4 {
                0 => Step::Network(Network::Online),
                1 => Step::Network(Network::Offline),
                2 => Step::Wake,
                _ => Step::Sleep(Duration::from_secs(u64::from(self.byte()) * 30)),
            },
            _ => {
                let lasting = Duration::from_secs(u64::from(self.byte() % 16) * 400);
                Step::Serve(self.good(), lasting)
            }
        }
    }

    fn socket(&mut self, input: impl FnOnce(&mut Self) -> SocketInput) -> Step {
        let which = self.byte();
        Step::Socket(which, input(self))
    }

    fn good(&mut self) -> Good {
        let mut good = Good::default();
        let about = self.byte();
        good.more = about & 1 != 0;
        good.lifetime = (about & 2 != 0).then(|| Duration::from_secs(u64::from(about) * 20));
        good.items = (0..about % 16).map(|_| self.item()).collect();
        good
    }

    fn refusal(&mut self) -> Answer {
        let about = self.byte();
        let status = [400, 401, 403, 404, 409, 429, 500, 503][usize::from(about % 8)];
        Answer::Refused {
            status,
            exception: "FuzzedException",
            retry_after: (about & 8 != 0).then_some("7"),
        }
    }

    /// An item of the service's own form.
    fn item(&mut self) -> String {
        let (number, about) = (self.byte() % 128, self.byte());
        let own = if about & 1 == 0 {
            "agent-1"
        } else {
            strategies::PARTICIPANT
        };
        let of_type = match (about >> 1) % 8 {
            0..=3 => r#""Type":"MESSAGE","ContentType":"text/plain""#.to_owned(),
            4 => r#""Type":"TYPING""#.to_owned(),
            5 => format!(
                r#""Type":"MESSAGEMETADATA","MessageMetadata":{{"MessageId":"item-{}","Receipts":[{{"RecipientParticipantId":"{own}","ReadTimestamp":"2026-01-31T12:00:00Z"}}]}}"#,
                about % 128
            ),
            6 => r#""Type":"MESSAGE","MessageMetadata":{"MessageCompleted":false,"ChunkNumber":1}"#
                .to_owned(),
            _ if about >= 0xF0 => r#""Type":"CHAT_ENDED""#.to_owned(),
            _ => r#""Type":"PARTICIPANT_JOINED""#.to_owned(),
        };
        // The service gives an item the same time whenever it tells of it.
        let (minute, second) = (number / 60, number % 60);
        format!(
            r#"{{"Id":"item-{number}","AbsoluteTime":"2026-01-31T12:{minute:02}:{second:02}Z","Content":"hi","ParticipantId":"{own}",{of_type}}}"#
        )
    }
}
