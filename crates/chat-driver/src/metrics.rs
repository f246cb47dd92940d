//! Measurements through the facade [`metrics`](https://docs.rs/metrics) (feature `metrics`).
//!
//! Install a recorder before the client is built, so that it learns the descriptions too. No label
//! names a contact, a participant or a URL. Durations are in seconds.
//!
//! | name | kind | labels | is |
//! |---|---|---|---|
//! | [`SESSIONS`] | gauge | | sessions that are not over |
//! | [`SESSIONS_ENDED`] | counter | `reason` | |
//! | [`CONNECTS`] | counter | | sessions and hubs that were connected for the first time |
//! | [`CONNECT_FAILURES`] | counter | | first connects that failed for good |
//! | [`ATTEMPT_FAILURES`] | counter | | attempts to connect that failed and are repeated |
//! | [`CONNECTION_LOSSES`] | counter | `cause` | |
//! | [`RECONNECTS`] | counter | | losses that were made good |
//! | [`RECONNECT_SECONDS`] | histogram | | from a loss to the connection after it |
//! | [`GAPS_FILLED`] | counter | | gaps, the history after the first connect among them |
//! | [`GAP_ITEMS`] | counter | | items that were brought by them |
//! | [`GAPS_UNRESOLVED`] | counter | | gaps that could not be filled |
//! | [`MESSAGES_SENT`] | counter | | messages that the service has confirmed |
//! | [`MESSAGES_FAILED`] | counter | | messages that were handed back |
//! | [`SEND_SECONDS`] | histogram | | from the command to the confirmation |
//! | [`RECEIPTS`] | counter | `kind`, `outcome` | receipts that have settled |
//! | [`REQUEST_SECONDS`] | histogram | `operation`, `status` | requests, without their wait for the rate limiter |
//! | [`TRANSFER_SECONDS`] | histogram | `direction`, `status` | bytes of files, up and down |
//! | [`THROTTLED`] | counter | `operation` | requests that the service answered with 429 |
//! | [`EVENTS_WAITING`] | gauge | | events that the application has not taken |
//! | [`MESSAGES_WAITING`] | gauge | | messages that have not settled |
//! | [`REQUESTS_WAITING`] | gauge | | requests that wait for their turn at the rate limiter |
//!
//! | label | values |
//! |---|---|
//! | `reason` | see [`end_name`] |
//! | `cause` | see [`loss_name`] |
//! | `kind` | `delivered`, `read` |
//! | `outcome` | `sent`, `superseded`, `already_sent`, `failed` |
//! | `operation` | the service's name of it |
//! | `direction` | `upload`, `download` |
//! | `status` | `1xx` to `5xx` of HTTP; `failed`: there was no answer; `cancelled`: it was not waited for any longer |
//!
//! The sessions of an agent are on the connection of their hub, which is counted as one. A gauge is
//! the sum over all clients of the program.

use std::collections::BTreeMap;

use chat_proto::{
    Diagnostic, Event, HubEvent, Instant, LocalId, LossCause, Operation, ReceiptKind,
    ReceiptOutcome, Session, Status,
};
use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};

use crate::clock::Clock;
use crate::observability::{end_name, loss_name};

macro_rules! names {
    ($($describe:ident $name:ident = $text:literal, $unit:ident, $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $text, "`: ", $meaning, ".")]
            pub const $name: &str = $text;
        )*

        /// Describes all of them to the recorder.
        pub(crate) fn describe() {
            $($describe!($name, Unit::$unit, $meaning);)*
        }
    };
}

names! {
    describe_gauge SESSIONS = "connect_chat_sessions", Count, "sessions that are not over";
    describe_counter SESSIONS_ENDED = "connect_chat_sessions_ended_total", Count, "sessions that are over";
    describe_counter CONNECTS = "connect_chat_connects_total", Count, "first connects that succeeded";
    describe_counter CONNECT_FAILURES = "connect_chat_connect_failures_total", Count, "first connects that failed";
    describe_counter ATTEMPT_FAILURES = "connect_chat_attempt_failures_total", Count, "attempts to connect that failed";
    describe_counter CONNECTION_LOSSES = "connect_chat_connection_losses_total", Count, "connections that were lost";
    describe_counter RECONNECTS = "connect_chat_reconnects_total", Count, "connections that were had again";
    describe_histogram RECONNECT_SECONDS = "connect_chat_reconnect_seconds", Seconds, "from a loss to the connection after it";
    describe_counter GAPS_FILLED = "connect_chat_gaps_filled_total", Count, "gaps that were filled";
    describe_counter GAP_ITEMS = "connect_chat_gap_items_total", Count, "items that gaps were filled with";
    describe_counter GAPS_UNRESOLVED = "connect_chat_gaps_unresolved_total", Count, "gaps that could not be filled";
    describe_counter MESSAGES_SENT = "connect_chat_messages_sent_total", Count, "messages that the service has confirmed";
    describe_counter MESSAGES_FAILED = "connect_chat_messages_failed_total", Count, "messages that were handed back";
    describe_histogram SEND_SECONDS = "connect_chat_send_seconds", Seconds, "from the command to send a message to its confirmation";
    describe_counter RECEIPTS = "connect_chat_receipts_total", Count, "receipts that have settled";
    describe_histogram REQUEST_SECONDS = "connect_chat_request_seconds", Seconds, "requests to the service";
    describe_histogram TRANSFER_SECONDS = "connect_chat_transfer_seconds", Seconds, "transfers of files";
    describe_counter THROTTLED = "connect_chat_throttled_total", Count, "requests that the service throttled";
    describe_gauge EVENTS_WAITING = "connect_chat_events_waiting", Count, "events that the application has not taken";
    describe_gauge MESSAGES_WAITING = "connect_chat_messages_waiting", Count, "messages that have not settled";
    describe_gauge REQUESTS_WAITING = "connect_chat_requests_waiting", Count, "requests that wait for their turn";
}

/// How many there are here of what a gauge counts everywhere. When it is dropped, there are none.
pub(crate) struct Depth {
    name: &'static str,
    depth: u32,
}

impl Depth {
    pub(crate) const fn events() -> Self {
        Self::new(EVENTS_WAITING)
    }

    pub(crate) const fn requests() -> Self {
        Self::new(REQUESTS_WAITING)
    }

    const fn new(name: &'static str) -> Self {
        Self { name, depth: 0 }
    }

    pub(crate) fn set(&mut self, depth: usize) {
        let depth = u32::try_from(depth).unwrap_or(u32::MAX);
        let change = f64::from(depth) - f64::from(self.depth);
        if change != 0.0 {
            gauge!(self.name).increment(change);
        }
        self.depth = depth;
    }
}

impl Drop for Depth {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// What is measured of a session.
pub(crate) struct SessionMeter {
    here: Depth,
    waiting: Depth,
    /// Messages that have not settled, and when they were given; not those of another process.
    sending: BTreeMap<LocalId, Option<Instant>>,
}

impl SessionMeter {
    pub(crate) fn new(session: &Session) -> Self {
        let entries = session.transcript().iter();
        let sending = entries
            .filter(|entry| entry.status == Status::Sending)
            .filter_map(|entry| Some((entry.local_id?, None)));
        let mut meter = Self {
            here: Depth::new(SESSIONS),
            waiting: Depth::new(MESSAGES_WAITING),
            sending: sending.collect(),
        };
        meter.here.set(1);
        meter.waiting.set(meter.sending.len());
        meter
    }

    /// The session was given a message to send.
    pub(crate) fn given(&mut self, now: Instant, message: LocalId) {
        self.sending.insert(message, Some(now));
        self.waiting.set(self.sending.len());
    }

    fn settled(&mut self, message: LocalId) -> Option<Instant> {
        let given = self.sending.remove(&message).flatten();
        self.waiting.set(self.sending.len());
        given
    }

    pub(crate) fn notice(&mut self, now: Instant, event: &Event) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "nothing else is measured here"
        )]
        match event {
            Event::GapFilled { items } => {
                counter!(GAPS_FILLED).increment(1);
                counter!(GAP_ITEMS).increment(*items);
            }
            Event::GapUnresolved(_) => counter!(GAPS_UNRESOLVED).increment(1),
            Event::MessageSent { local_id, .. } => {
                counter!(MESSAGES_SENT).increment(1);
                if let Some(given) = self.settled(*local_id) {
                    histogram!(SEND_SECONDS).record(now - given);
                }
            }
            Event::MessageFailed { local_id, .. } => {
                counter!(MESSAGES_FAILED).increment(1);
                self.settled(*local_id);
            }
            Event::ReceiptSettled { kind, outcome, .. } => {
                let kind = match kind {
                    ReceiptKind::Delivered => "delivered",
                    ReceiptKind::Read => "read",
                };
                let outcome = match outcome {
                    ReceiptOutcome::Sent => "sent",
                    ReceiptOutcome::Superseded { .. } => "superseded",
                    ReceiptOutcome::AlreadySent => "already_sent",
                    ReceiptOutcome::Failed(_) => "failed",
                    _ => "other",
                };
                counter!(RECEIPTS, "kind" => kind, "outcome" => outcome).increment(1);
            }
            Event::Ended(reason) => {
                counter!(SESSIONS_ENDED, "reason" => end_name(reason)).increment(1);
                self.here.set(0); // handles of it may be kept
                self.waiting.set(0);
            }
            _ => {}
        }
    }
}

/// What is measured of a connection: that of a session, or of a hub for all its sessions.
pub(crate) struct ConnectionMeter {
    lost: Option<Instant>,
}

impl ConnectionMeter {
    pub(crate) const fn new() -> Self {
        Self { lost: None }
    }

    pub(crate) fn notice(&mut self, now: Instant, event: &Event) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "nothing else is measured here"
        )]
        match event {
            Event::Established => counter!(CONNECTS).increment(1),
            Event::ConnectFailed(_) => counter!(CONNECT_FAILURES).increment(1),
            Event::ConnectionLost(cause) => self.lost(now, cause),
            Event::Reestablished => self.back(now),
            Event::Diagnostic(diagnostic) => attempt(diagnostic),
            _ => {}
        }
    }

    pub(crate) fn notice_hub(&mut self, now: Instant, event: &HubEvent) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "nothing else is measured here"
        )]
        match event {
            HubEvent::Established => counter!(CONNECTS).increment(1),
            HubEvent::ConnectionLost(cause) => self.lost(now, cause),
            HubEvent::Reestablished => self.back(now),
            HubEvent::Diagnostic(diagnostic) => attempt(diagnostic),
            _ => {}
        }
    }

    fn lost(&mut self, now: Instant, cause: &LossCause) {
        counter!(CONNECTION_LOSSES, "cause" => loss_name(cause)).increment(1);
        self.lost = Some(now);
    }

    fn back(&mut self, now: Instant) {
        counter!(RECONNECTS).increment(1);
        if let Some(lost) = self.lost.take() {
            histogram!(RECONNECT_SECONDS).record(now - lost);
        }
    }
}

fn attempt(diagnostic: &Diagnostic) {
    if matches!(diagnostic, Diagnostic::ConnectAttemptFailed { .. }) {
        counter!(ATTEMPT_FAILURES).increment(1);
    }
}

/// Measures a request or a transfer, from now until it is dropped.
pub(crate) struct ExchangeMeter {
    of: Of,
    clock: Clock,
    began: Instant,
    status: &'static str,
}

#[derive(Clone, Copy)]
enum Of {
    Request(Operation),
    Transfer(&'static str),
}

impl ExchangeMeter {
    pub(crate) fn request(clock: Clock, operation: Operation) -> Self {
        Self::begin(clock, Of::Request(operation))
    }

    pub(crate) fn transfer(clock: Clock, direction: &'static str) -> Self {
        Self::begin(clock, Of::Transfer(direction))
    }

    fn begin(clock: Clock, of: Of) -> Self {
        Self {
            of,
            clock,
            began: clock.now(),
            status: "cancelled",
        }
    }

    /// It has come to its end, with this status of HTTP, or with none.
    pub(crate) fn answered(mut self, status: Option<u16>) {
        self.status = match status {
            None => "failed",
            Some(100..=199) => "1xx",
            Some(200..=299) => "2xx",
            Some(300..=399) => "3xx",
            Some(400..=499) => "4xx",
            Some(_) => "5xx",
        };
        if let (Of::Request(operation), Some(429)) = (self.of, status) {
            counter!(THROTTLED, "operation" => operation.name()).increment(1);
        }
    }
}

impl Drop for ExchangeMeter {
    fn drop(&mut self) {
        let took = self.clock.now() - self.began;
        let status = self.status;
        match self.of {
            Of::Request(operation) => {
                let operation = operation.name();
                histogram!(REQUEST_SECONDS, "operation" => operation, "status" => status)
                    .record(took);
            }
            Of::Transfer(direction) => {
                histogram!(TRANSFER_SECONDS, "direction" => direction, "status" => status)
                    .record(took);
            }
        }
    }
}
