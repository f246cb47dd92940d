//! What holds for every sequence of inputs and commands, however hostile.

use std::time::Duration;

use chat_proto::strategies::{self, Answer, Command, Driver, Good, Output, Schedule, Step};
use chat_proto::{Action, Config, Event, Phase, Session, SocketInput};
use proptest::prelude::*;

/// Everything an output says, secrets too.
fn in_full(output: &Output) -> String {
    match output {
        Output::Action(Action::OpenSocket { socket, url }) => {
            format!("open {socket:?} {}", url.expose())
        }
        Output::Action(Action::SendText { socket, text }) => format!("send {socket:?} {text}"),
        Output::Action(Action::Request { request, http, .. }) => {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let head = http.headers().iter();
            let head: Vec<_> = head
                .map(|(name, value)| (name, text(value.as_bytes())))
                .collect();
            let body = text(http.body());
            format!(
                "{request:?} {} {} {head:?} {body:?}",
                http.method(),
                http.uri()
            )
        }
        Output::Action(action) => format!("{action:?}"),
        Output::Event(Event::Item(received)) => format!("{received:?} {:?}", received.item.raw),
        Output::Event(event) => format!("{event:?}"),
    }
}

/// A session whose bounds are small enough to be reached.
fn narrow(seed: u64) -> Session {
    strategies::session_with(seed, |config: &mut Config| {
        let set = config
            .outbox_limit(OUTBOX)
            .and_then(|config| config.call_limit(CALLS))
            .and_then(|config| config.transcript_limit(TRANSCRIPT))
            .and_then(|config| config.gap_page_limit(PAGES))
            .and_then(|config| config.event_limit(10));
        assert!(set.is_ok(), "{set:?}");
    })
}

const OUTBOX: usize = 8;
const CALLS: usize = 4;
const TRANSCRIPT: usize = 100;
const PAGES: u32 = 3;
/// The most items a page has, as the strategies draw it.
const PAGE: usize = 20;
/// The most that one input can bring: each item of all pages held, with what it does to the
/// transcript and what it makes of receipts; and at the end everything that waits.
const OUTPUTS: usize = PAGES as usize * PAGE * 4 + 2 * OUTBOX + CALLS + 100;

/// What has been seen of one session.
#[derive(Default)]
struct Seen {
    established: u32,
    ended: u32,
    after_the_end: u32,
    early_items: u32,
    secrets: Vec<String>,
}

impl Seen {
    fn note(&mut self, output: &Output) {
        self.after_the_end += self.ended;
        match output {
            Output::Event(Event::Established) => self.established += 1,
            Output::Event(Event::Ended(_)) => self.ended += 1,
            Output::Event(Event::Item(_)) if self.established == 0 => self.early_items += 1,
            Output::Event(_) | Output::Action(_) => {}
        }
        let shown = format!("{output:?}");
        if ["participant-token", "token-", "wss://example"]
            .iter()
            .any(|secret| shown.contains(secret))
        {
            self.secrets.push(shown);
        }
    }
}

fn run(schedule: &Schedule, seed: u64) -> (Driver, Seen) {
    let mut seen = Seen::default();
    let driver = schedule.run(narrow(seed), |output| seen.note(&output));
    (driver, seen)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 600,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_input_breaks_a_session(schedule in strategies::schedule(80), seed: u64) {
        let (mut driver, mut seen) = run(&schedule, seed);
        let session = driver.session();
        prop_assert!(driver.most_outputs() <= OUTPUTS, "{} at once", driver.most_outputs());
        // Beside what the service has numbered, there are those on their way and those that failed.
        let entries = session.transcript().len();
        prop_assert!(entries <= TRANSCRIPT + 2 * OUTBOX, "{} entries", entries);
        prop_assert_eq!(seen.ended == 1, session.phase() == Phase::Ended);
        prop_assert!(driver.open_sockets() <= 2, "{} sockets", driver.open_sockets());
        // However it stands, it can be left, and is then over for good.
        driver.step(&Step::Command(Command::Abandon), &mut |output| {
            seen.note(&output);
        });
        driver.wait(Duration::from_secs(60), &mut |output| seen.note(&output));
        prop_assert_eq!(driver.session().phase(), Phase::Ended);
        prop_assert_eq!(driver.session().poll_timeout(), None);
        prop_assert_eq!(driver.open_sockets(), 0);
        prop_assert_eq!(seen.ended, 1);
        prop_assert_eq!(seen.after_the_end, 0);
        prop_assert!(seen.established <= 1);
        prop_assert_eq!(seen.early_items, 0);
        prop_assert!(seen.secrets.is_empty(), "{:?}", seen.secrets);
    }

}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_same_inputs_give_the_same_outputs_byte_by_byte(
        schedule in strategies::schedule(60),
        seed: u64,
    ) {
        let life = || {
            let mut outputs = Vec::new();
            let driver = schedule.run(strategies::session(seed), |output| {
                outputs.push(in_full(&output));
            });
            (outputs, format!("{:?}", driver.session()))
        };
        let (one, two) = (life(), life());
        prop_assert_eq!(one, two);
    }
}

/// The strategies reach what they are for.
#[test]
fn schedules_reach_every_phase_and_operation() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::collections::BTreeSet;

    let mut runner = TestRunner::deterministic();
    let (mut phases, mut operations, mut events) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for _ in 0..300 {
        let schedule = strategies::schedule(60)
            .new_tree(&mut runner)
            .unwrap()
            .current();
        let mut driver = Driver::new(strategies::session(1));
        for (wait, step) in &schedule.steps {
            let mut seen = |output: Output| match output {
                Output::Action(Action::Request { operation, .. }) => {
                    operations.insert(operation.name());
                }
                Output::Action(_) => {}
                Output::Event(event) => {
                    let shown = format!("{event:?}");
                    let name = shown.split(|end: char| !end.is_alphanumeric()).next();
                    events.insert(name.unwrap_or_default().to_owned());
                }
            };
            driver.wait(*wait, &mut seen);
            driver.step(step, &mut seen);
            phases.insert(driver.session().phase());
        }
    }
    assert_eq!(phases.len(), 6, "{phases:?}");
    for operation in [
        "CreateParticipantConnection",
        "SendMessage",
        "SendEvent",
        "GetTranscript",
        "DisconnectParticipant",
    ] {
        assert!(operations.contains(operation), "{operations:?}");
    }
    for event in [
        "ConnectFailed",
        "ConnectionLost",
        "Reestablished",
        "Item",
        "MessageSent",
        "MessageFailed",
        "ReceiptSettled",
        "TranscriptChanged",
        "GapFilled",
        "GapUnresolved",
        "DeepHeartbeatFailed",
        "CallFinished",
        "Diagnostic",
        "Ended",
    ] {
        assert!(events.contains(event), "{event} is not among {events:?}");
    }
}

#[test]
fn nothing_comes_of_a_frame_on_a_socket_that_has_not_opened() {
    let mut driver = Driver::new(strategies::session(1));
    let mut items = 0;
    let mut seen =
        |output: Output| items += u32::from(matches!(output, Output::Event(Event::Item(_))));
    let item = strategies::chat_frame(&chat_tests::message(1));
    for step in [
        Step::Command(Command::Connect),
        Step::Wake,
        Step::Answer(0, Answer::Good(Good::default())),
        Step::Socket(0, SocketInput::Text(item)),
    ] {
        driver.step(&step, &mut seen);
    }
    assert_eq!(driver.session().phase(), Phase::Connecting);
    assert_eq!(items, 0);
}
