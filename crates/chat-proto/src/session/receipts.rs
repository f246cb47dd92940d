//! Our own receipts: that we have received or read a message.
//!
//! A receipt covers everything before its message, so only the newest of those asked for goes out,
//! and at most one of each kind in a window. A delivered receipt is held for a moment, since a read
//! one that follows makes it needless. Everything that is asked for settles.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::action::WakeReason;
use crate::api::{SendEvent, SentEvent};
use crate::config::Config;
use crate::error::{CommandError, RequestError};
use crate::event::{Event, ReceiptKind, ReceiptOutcome};
use crate::ids::{ClientToken, ItemId};
use crate::resume_state::{SavedReceipt, SavedReceipts};
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;
use crate::transcript::Position;
use crate::wire::ContentType;

/// The most receipts of one kind that may wait.
const LIMIT: usize = 1_000;

/// Receipts of one kind.
#[derive(Debug, Default)]
struct Lane {
    /// Asked for, with the time from which each may go out.
    waiting: BTreeMap<Position, Instant>,
    sending: Option<Sending>,
    /// The newest message the service has our receipt for.
    done: Option<Position>,
    /// Until when the last one sent keeps further ones back.
    window_until: Option<Instant>,
}

/// One on its way.
#[derive(Debug)]
struct Sending {
    newest: Position,
    /// What it covers besides.
    covered: Vec<(ReceiptKind, ItemId)>,
    client_token: ClientToken,
    tries: Tries,
}

#[derive(Debug)]
pub(super) struct Receipts {
    delivered: Lane,
    read: Lane,
    window: Duration,
    hold: Duration,
}

const KINDS: [ReceiptKind; 2] = [ReceiptKind::Read, ReceiptKind::Delivered];

impl Receipts {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            delivered: Lane::default(),
            read: Lane::default(),
            window: config.receipt_window,
            hold: config.delivered_hold,
        }
    }

    /// What another process needs to go on.
    pub(super) fn save(&self) -> SavedReceipts {
        let mut saved = SavedReceipts::default();
        for (kind, lane) in [
            (ReceiptKind::Delivered, &self.delivered),
            (ReceiptKind::Read, &self.read),
        ] {
            let done = lane.done.iter().cloned();
            saved.done.extend(done.map(|done| (kind, done)));
            let waiting = lane.waiting.keys().cloned();
            saved.waiting.extend(waiting.map(|message| (kind, message)));
            saved
                .sending
                .extend(lane.sending.iter().map(|sending| SavedReceipt {
                    kind,
                    newest: sending.newest.clone(),
                    covered: sending.covered.clone(),
                    client_token: sending.client_token.clone(),
                }));
        }
        saved
    }

    /// Goes on where another process was.
    pub(super) fn restore(&mut self, now: Instant, saved: SavedReceipts, outputs: &mut Outputs) {
        for (kind, done) in saved.done {
            self.known(kind, done);
        }
        for (kind, message) in saved.waiting {
            self.lane(kind).waiting.insert(message, now);
        }
        for sending in saved.sending {
            self.lane(sending.kind).sending = Some(Sending {
                newest: sending.newest,
                covered: sending.covered,
                client_token: sending.client_token,
                tries: Tries::default(),
            });
        }
        for (kind, message, outcome) in saved.settled {
            settle(outputs, kind, message, outcome.into());
        }
    }

    const fn lane(&mut self, kind: ReceiptKind) -> &mut Lane {
        match kind {
            ReceiptKind::Delivered => &mut self.delivered,
            ReceiptKind::Read => &mut self.read,
        }
    }

    /// Whether nothing waits and nothing is on its way.
    pub(super) fn is_empty(&self) -> bool {
        let lanes = [&self.delivered, &self.read];
        lanes
            .iter()
            .all(|lane| lane.waiting.is_empty() && lane.sending.is_none())
    }

    /// The application asks for a receipt.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        kind: ReceiptKind,
        message: Position,
        outputs: &mut Outputs,
    ) -> Result<(), CommandError> {
        if self.is_open(kind, &message) {
            return Ok(()); // it settles once, for both
        }
        let is_done = |lane: &Lane| lane.done.as_ref().is_some_and(|done| message <= *done);
        // What is read has been delivered.
        let delivered = kind == ReceiptKind::Delivered;
        if is_done(&self.read) || (delivered && is_done(&self.delivered)) {
            settle(outputs, kind, message.id, ReceiptOutcome::AlreadySent);
            return Ok(());
        }
        let on_its_way = self.read.sending.as_mut();
        if let Some(sending) = on_its_way.filter(|sending| message <= sending.newest) {
            sending.covered.push((kind, message.id));
            return Ok(());
        }
        let hold = if delivered { self.hold } else { Duration::ZERO };
        let lane = self.lane(kind);
        if lane.waiting.len() >= LIMIT {
            return Err(CommandError::Full {
                queue: "the list of waiting receipts",
                limit: LIMIT,
            });
        }
        lane.waiting.insert(message, now + hold);
        Ok(())
    }

    /// Whether it has been asked for and has not settled.
    fn is_open(&self, kind: ReceiptKind, message: &Position) -> bool {
        let lanes = [
            (ReceiptKind::Delivered, &self.delivered),
            (ReceiptKind::Read, &self.read),
        ];
        lanes.into_iter().any(|(of, lane)| {
            let waits = of == kind && lane.waiting.contains_key(message);
            let goes = lane.sending.as_ref().is_some_and(|sending| {
                (of == kind && sending.newest == *message)
                    || sending.covered.contains(&(kind, message.id.clone()))
            });
            waits || goes
        })
    }

    /// The service tells that it has a receipt of ours, from this session or an earlier one.
    pub(super) fn known(&mut self, kind: ReceiptKind, message: Position) {
        let lane = self.lane(kind);
        lane.done = lane.done.take().max(Some(message));
    }

    /// Sends what may go out; before leaving, without waiting for windows.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        flush: bool,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        for kind in KINDS {
            if self.lane(kind).sending.is_none() {
                self.begin(now, kind, flush, outputs);
            }
            let Some(sending) = &mut self.lane(kind).sending else {
                continue;
            };
            let purpose = Purpose::Receipt(kind);
            if outputs.is_pending(purpose) || !sending.tries.is_due(now) {
                continue;
            }
            match access.token(now, outputs) {
                TokenState::Ready(bearer) => {
                    let request = sending.request(kind);
                    outputs.request(now, purpose, &bearer, &request);
                }
                TokenState::Pending => {}
                TokenState::Refused(error) => self.failed(kind, &error, outputs),
            }
        }
    }

    /// Takes the newest receipt that may go out, with all that it covers.
    fn begin(&mut self, now: Instant, kind: ReceiptKind, flush: bool, outputs: &mut Outputs) {
        let window = self.window;
        let lane = self.lane(kind);
        if !flush && lane.window_until.is_some_and(|until| now < until) {
            return;
        }
        let mut ready = lane.waiting.iter().rev();
        let Some((newest, _)) = ready.find(|(_, from)| flush || **from <= now) else {
            return;
        };
        let newest = newest.clone();
        lane.window_until = Some(now + window);
        let mut covered = Vec::new();
        let covers = match kind {
            ReceiptKind::Read => &KINDS[..],
            ReceiptKind::Delivered => &[ReceiptKind::Delivered],
        };
        for &other in covers {
            let waiting = &mut self.lane(other).waiting;
            while let Some(first) = waiting.first_entry() {
                if *first.key() > newest {
                    break;
                }
                let (position, _) = first.remove_entry();
                if other != kind || position != newest {
                    covered.push((other, position.id));
                }
            }
        }
        self.lane(kind).sending = Some(Sending {
            newest,
            covered,
            client_token: outputs.random.client_token(),
            tries: Tries::default(),
        });
    }

    /// The service has answered.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        kind: ReceiptKind,
        result: Result<SentEvent, RequestError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        match result {
            Ok(_) => {
                let Some(sending) = self.lane(kind).sending.take() else {
                    return;
                };
                let by = sending.newest.id.clone();
                for (kind, message) in sending.covered {
                    let by = by.clone();
                    settle(outputs, kind, message, ReceiptOutcome::Superseded { by });
                }
                settle(outputs, kind, by, ReceiptOutcome::Sent);
                self.known(kind, sending.newest);
            }
            Err(error) => {
                let Some(sending) = &mut self.lane(kind).sending else {
                    return;
                };
                let verdict = sending.tries.failed_of_few(now, &error, access, outputs);
                if verdict == Verdict::GiveUp {
                    self.failed(kind, &error, outputs);
                }
            }
        }
    }

    /// The one on its way will not arrive. All it covers may be asked for again.
    fn failed(&mut self, kind: ReceiptKind, error: &RequestError, outputs: &mut Outputs) {
        let lane = self.lane(kind);
        lane.window_until = None;
        let Some(sending) = lane.sending.take() else {
            return;
        };
        let newest = (kind, sending.newest.id);
        for (kind, message) in sending.covered.into_iter().chain([newest]) {
            let outcome = ReceiptOutcome::Failed(error.clone());
            settle(outputs, kind, message, outcome);
        }
    }

    /// The session is over.
    pub(super) fn end(&mut self, outputs: &mut Outputs) {
        for kind in KINDS {
            self.failed(kind, &RequestError::Ended, outputs);
            let waiting = std::mem::take(&mut self.lane(kind).waiting);
            for (message, _) in waiting {
                let outcome = ReceiptOutcome::Failed(RequestError::Ended);
                settle(outputs, kind, message.id, outcome);
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        let of = |lane: &Lane| match &lane.sending {
            Some(sending) => sending.tries.not_before(),
            None => {
                let first = lane.waiting.values().min().copied()?;
                Some(lane.window_until.map_or(first, |until| until.max(first)))
            }
        };
        let next = [of(&self.read), of(&self.delivered)];
        let next = next.into_iter().flatten().min()?;
        Some((next, WakeReason::Receipt))
    }
}

impl Sending {
    fn request(&self, kind: ReceiptKind) -> SendEvent {
        let content_type = match kind {
            ReceiptKind::Delivered => ContentType::MessageDelivered,
            ReceiptKind::Read => ContentType::MessageRead,
        };
        let content = serde_json::json!({ "messageId": self.newest.id.as_str() });
        SendEvent::new(content_type)
            .with_content(content.to_string())
            .with_client_token(self.client_token.clone())
    }
}

fn settle(outputs: &mut Outputs, kind: ReceiptKind, message_id: ItemId, outcome: ReceiptOutcome) {
    outputs.events.push_back(Event::ReceiptSettled {
        message_id,
        kind,
        outcome,
    });
}
