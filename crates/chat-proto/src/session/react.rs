//! What follows from an input: answers find their part, signals of the link move the phase, items
//! find their place, and the parts go on with what they wait for.

use std::sync::Arc;

use crate::api::{
    self, CreateParticipantConnection, DisconnectParticipant, GetTranscript, SendEvent, SendMessage,
};
use crate::error::{ConnectError, ProtocolError, RequestError, RetryClass, TransportError};
use crate::event::{CallAnswer, Diagnostic, EndReason, Event, ItemKind, ReceiptKind, ReceivedItem};
use crate::link::Signal;
use crate::session::calls::OlderPage;
use crate::session::outputs::Purpose;
use crate::session::phase::{Phase, Trigger};
use crate::session::{Ending, Session};
use crate::time::Instant;
use crate::transcript::{Arrival, Position};
use crate::wire::Item;

/// How an item came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Source {
    /// On the socket.
    Live,
    /// From the transcript, because the socket did not bring it.
    Recovered,
    /// From the transcript, because the application asked for older ones.
    Older,
}

impl Session {
    /// Lets every part go on, until nothing more follows.
    pub(super) fn advance(&mut self) {
        if self.phase == Phase::Ended {
            return;
        }
        self.gap.settle(self.link.last_alive());
        while let Some(signal) = self.link.poll_signal() {
            self.react(signal);
            if self.phase == Phase::Ended {
                return;
            }
        }
        self.check_deadlines();
        if self.phase == Phase::Ended {
            return;
        }
        let scans = self.phase == Phase::Live || self.ending.is_some();
        // While the application does not take what there is, no more is asked for.
        if scans && self.link.is_reading() {
            let limit = self.config.event_limit;
            self.gap
                .advance(self.now, limit, &mut self.access, &mut self.outputs);
        }
        if let Some(ending) = self.ending.take_if(|_| !self.gap.is_scanning()) {
            self.end(ending.reason);
            return;
        }
        if self.ending.is_some() {
            self.publish_changes();
            return; // nothing else is begun any more
        }
        self.end_if_denied();
        if self.phase == Phase::Ended {
            return;
        }
        self.advance_acknowledging();
        if self.phase == Phase::Live {
            self.outbox.advance(
                self.now,
                &mut self.access,
                &mut self.outputs,
                &mut self.transcript,
            );
            let flush = self.leaving.is_some();
            self.receipts
                .advance(self.now, flush, &mut self.access, &mut self.outputs);
        }
        if self.phase != Phase::Suspended {
            self.calls
                .advance(self.now, &mut self.access, &mut self.outputs);
            self.attachments
                .advance(self.now, &mut self.access, &mut self.outputs);
        }
        self.advance_leaving();
        self.publish_changes();
    }

    fn check_deadlines(&mut self) {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= self.now);
        if passed(self.connect_deadline) {
            let limit = self.config.connect_deadline;
            self.connect_failed(ConnectError::Deadline { limit });
        } else if let (Some(limit), true) =
            (self.config.recovery_limit, passed(self.recovery_deadline))
        {
            self.end(EndReason::GaveUp { limit });
        } else if let Some(ending) = self.ending.take_if(|ending| ending.until <= self.now) {
            self.end(ending.reason);
        }
    }

    fn advance_leaving(&mut self) {
        let can_flush = match self.phase {
            Phase::Connecting | Phase::Live | Phase::Recovering => true,
            Phase::Idle | Phase::Suspended | Phase::Ended => false,
        };
        let sent = self.outbox.is_empty() && self.receipts.is_empty();
        let flushed = (sent && self.attachments.is_empty()) || !can_flush;
        let Some(leaving) = &mut self.leaving else {
            return;
        };
        let hears = self.phase != Phase::Suspended;
        let (access, outputs) = (&mut self.access, &mut self.outputs);
        let end = leaving.advance(self.now, flushed, hears, access, outputs);
        if let Some(reason) = end {
            self.end(reason);
        }
    }

    pub(super) fn publish_changes(&mut self) {
        let changes = self.transcript.take_changes();
        let events = changes.map(Event::TranscriptChanged);
        self.outputs.events.extend(events);
    }

    /// A request has been answered, or has failed.
    pub(super) fn answered<B: AsRef<[u8]>>(
        &mut self,
        purpose: Purpose,
        result: Result<http::Response<B>, TransportError>,
    ) {
        let response = result.map_err(RequestError::from);
        match purpose {
            Purpose::Url | Purpose::Token => {
                let answer = response
                    .and_then(|response| api::from_http::<CreateParticipantConnection>(&response));
                self.connection_answered(purpose, answer);
            }
            Purpose::CallerToken => {
                if let Err(RequestError::Transport(error)) = response {
                    self.token_given(Err(error));
                }
            }
            Purpose::Acknowledge => self.acknowledged(response),
            Purpose::Message => {
                let result = response.and_then(|response| api::from_http::<SendMessage>(&response));
                self.outbox.answered(
                    self.now,
                    result,
                    &mut self.access,
                    &mut self.outputs,
                    &mut self.transcript,
                );
            }
            Purpose::Typing => {
                let result = response.and_then(|response| api::from_http::<SendEvent>(&response));
                if let Err(error) = result {
                    self.typing.failed();
                    if error.retry_class() == RetryClass::Denied {
                        self.access.token_refused();
                    }
                    self.outputs.report(Diagnostic::TypingFailed(error));
                }
            }
            Purpose::Receipt(kind) => {
                let result = response.and_then(|response| api::from_http::<SendEvent>(&response));
                self.receipts
                    .answered(self.now, kind, result, &mut self.access, &mut self.outputs);
            }
            Purpose::GapPage => {
                let result =
                    response.and_then(|response| api::from_http::<GetTranscript>(&response));
                self.gap_answered(result);
            }
            Purpose::Call(call) => {
                let page = self.calls.answered(
                    self.now,
                    call,
                    response,
                    &mut self.access,
                    &mut self.outputs,
                );
                if let Some(page) = page {
                    self.older_loaded(page);
                }
            }
            Purpose::Attachment(upload) => self.attachments.answered(
                self.now,
                upload,
                response,
                &mut self.access,
                &mut self.outputs,
            ),
            Purpose::Upload(_) | Purpose::Download(_) => {} // answered as transfers
            Purpose::Disconnect => {
                let result = response
                    .and_then(|response| api::from_http::<DisconnectParticipant>(&response));
                let leaving = self.leaving.as_mut();
                let end = leaving.and_then(|leaving| {
                    leaving.answered(self.now, result, &mut self.access, &mut self.outputs)
                });
                if let Some(reason) = end {
                    self.end(reason);
                }
            }
        }
    }

    /// CreateParticipantConnection has been answered.
    fn connection_answered(
        &mut self,
        purpose: Purpose,
        answer: Result<api::ParticipantConnection, RequestError>,
    ) {
        let wants_url = purpose == Purpose::Url;
        let result = answer.and_then(|answer| {
            let url = self.access.answered(self.now, answer)?;
            if wants_url && url.is_none() {
                return Err(RequestError::Protocol(ProtocolError::Missing {
                    what: "the answer of CreateParticipantConnection",
                    field: "Websocket",
                }));
            }
            Ok(url.filter(|_| wants_url))
        });
        match result {
            Ok(Some((url, lifetime))) => {
                let actions = &mut self.outputs.actions;
                self.link.url_ready(self.now, url, lifetime, actions);
            }
            Ok(None) => {}
            Err(error) if wants_url => self.url_failed(error),
            Err(error) => self
                .access
                .renewal_failed(self.now, error, &mut self.outputs),
        }
    }

    fn url_failed(&mut self, error: RequestError) {
        match (self.phase, error.retry_class()) {
            // The service has taken note that we leave, or the chat has ended while we did.
            (Phase::Connecting | Phase::Recovering, RetryClass::Denied)
                if self.was_live && self.leaving.is_some() =>
            {
                self.end_when_read(EndReason::Disconnected, true);
            }
            (Phase::Connecting | Phase::Recovering, RetryClass::Denied) if self.was_live => {
                self.end_when_read(EndReason::Inferred(error), true);
            }
            (Phase::Connecting, RetryClass::Denied | RetryClass::Never) => {
                self.connect_failed(error.into());
            }
            (Phase::Recovering, RetryClass::Never) => {
                self.end_when_read(EndReason::Fatal(error), true);
            }
            // A failed renewal never harms a healthy socket, and what may pass is tried again.
            _ => {
                let retry_after = error.retry_after();
                let random = &mut self.outputs.random;
                self.link
                    .url_failed(self.now, error.into(), retry_after, random);
            }
        }
    }

    fn react(&mut self, signal: Signal) {
        match signal {
            Signal::UrlWanted => self.access.fetch_url(self.now, &mut self.outputs),
            Signal::Up { after_loss } => self.up(after_loss),
            Signal::Lost(cause) => {
                if let Some(phase) = self.phase.after(Trigger::Lost) {
                    self.phase = phase;
                    self.link_down();
                    self.start_recovery_clock();
                    self.outputs.events.push_back(Event::ConnectionLost(cause));
                }
            }
            Signal::AttemptFailed { error, retry_at } => {
                let too_late = self.connect_deadline.is_some_and(|limit| retry_at >= limit);
                if too_late {
                    self.connect_failed(error);
                } else {
                    self.outputs.report(Diagnostic::ConnectAttemptFailed {
                        failures: self.link.failures(),
                        error,
                        retry_in: retry_at - self.now,
                    });
                }
            }
            Signal::Item(json) => self.item_arrived(json.0),
            Signal::Pong => self.outputs.events.push_back(Event::DeepHeartbeatSucceeded),
            Signal::BadPong(failure) => self
                .outputs
                .events
                .push_back(Event::DeepHeartbeatFailed(failure)),
            Signal::Diagnostic(diagnostic) => self.outputs.report(diagnostic),
        }
    }

    fn up(&mut self, after_loss: bool) {
        let first = !self.established;
        if let Some(phase) = self.phase.after(Trigger::Up) {
            self.phase = phase;
            self.connect_deadline = None;
            self.recovery_deadline = None;
            self.was_live = true;
            self.established = true;
            self.outputs.events.push_back(if first {
                Event::Established
            } else {
                Event::Reestablished
            });
        }
        // After a quiet renewal too: what the old socket still held when it was closed is read
        // from the transcript.
        self.gap.begin(after_loss, &mut self.outputs);
    }

    fn connect_failed(&mut self, error: ConnectError) {
        if let Some(phase) = self.phase.after(Trigger::ConnectFailed) {
            self.phase = phase;
            self.connect_deadline = None;
            self.link.stop(&mut self.outputs.actions);
            self.outputs.cancel(Purpose::Url);
            self.outputs.events.push_back(Event::ConnectFailed(error));
        }
    }

    pub(super) fn start_recovery_clock(&mut self) {
        let limit = self.config.recovery_limit;
        self.recovery_deadline = limit.map(|limit| self.now + limit);
    }

    /// There is no live socket any more.
    pub(super) fn link_down(&mut self) {
        self.outbox.pause(self.now);
        self.gap.lost();
    }

    fn item_arrived(&mut self, json: Arc<str>) {
        match Item::read(json, &mut self.last_ids) {
            Ok(item) if item.related_contact_id.is_some() || self.is_of_this_chat(&item) => {
                self.receive(Arc::new(item), Source::Live);
            }
            Ok(item) => self
                .outputs
                .report(Diagnostic::UnknownContact { id: item.id }),
            Err(error) => self.outputs.report(Diagnostic::MalformedItem(error)),
        }
    }

    /// An item is ours when either of its contacts is. One that names no contact is, too: the
    /// socket is ours alone. One of a past chat names that chat.
    fn is_of_this_chat(&self, item: &Item) -> bool {
        let ours = &self.details.contact_id;
        if item
            .related_contact_id
            .as_ref()
            .is_some_and(|past| past != ours)
        {
            return false;
        }
        match (&item.initial_contact_id, &item.contact_id) {
            (None, _) => true, // after a transfer, the new contact may be all it names
            (Some(initial), contact) => initial == ours || contact.as_ref() == Some(ours),
        }
    }

    /// Takes an item in; whether it is new.
    fn receive(&mut self, item: Arc<Item>, source: Source) -> bool {
        let own = item.participant_id.as_ref() == Some(&self.details.participant_id);
        let kind = ItemKind::of(&item);
        self.transcript.apply_receipts(&item);
        self.note_own_receipts(&item);
        let mut told_before = false;
        let placed = item.is_kept() && !item.is_partial();
        let position = Position::of(&item).filter(|_| placed);
        let arrival = if let Some(position) = position {
            // One that an answer has told of is the echo of that message, and of no other.
            let known = self.transcript.knows(&position.id);
            let echo_of = if own && kind == ItemKind::Message && !known {
                self.outbox.echo(&item)
            } else {
                None
            };
            if source == Source::Live {
                self.gap.arrived(self.now, position.clone());
            }
            told_before = self.reported.contains(&position);
            self.transcript.receive(&item, position, echo_of)
        } else if kind == ItemKind::PartialMessage {
            self.transcript.receive_part(&item)
        } else {
            if placed {
                self.outputs.report(Diagnostic::UnplacedItem);
            }
            Arrival::Passing
        };
        let (is_new, local_id) = match arrival {
            Arrival::New(local_id) => (true, local_id),
            Arrival::Known => (false, None),
            Arrival::Passing => {
                let is_new = self.passing.is_new(&item);
                (
                    is_new && (item.id.is_some() || source == Source::Live),
                    None,
                )
            }
        };
        self.publish_changes();
        if !is_new {
            return false;
        }
        // In persistent chat, the history holds the ends of past chats.
        let ended = item.is_chat_ended() && self.is_of_this_chat(&item);
        let transferred = self.is_transferred_by(&item);
        if source == Source::Older && self.is_history(&item) {
            return true;
        }
        if !told_before {
            self.outputs.events.push_back(Event::Item(ReceivedItem {
                item,
                kind,
                recovered: source != Source::Live,
                own,
                local_id,
            }));
        }
        if ended {
            self.chat_ended();
        } else if transferred {
            self.end_when_read(EndReason::Transferred, false);
        }
        !told_before
    }

    /// Whether an item that was asked for as an older one is: it may as well be one that is missing,
    /// since the page before an empty transcript is the newest one.
    fn is_history(&self, item: &Item) -> bool {
        let anchor = self.gap.anchor();
        Position::of(item).is_none_or(|at| anchor.is_some_and(|anchor| at <= *anchor))
    }

    /// Receipts of ours that the service tells of need not be sent again.
    fn note_own_receipts(&mut self, item: &Item) {
        let Some(metadata) = &item.metadata else {
            return;
        };
        let message = metadata.message_id.as_ref();
        let Some(position) = message.and_then(|id| self.transcript.position(id)) else {
            return;
        };
        for receipt in &metadata.receipts {
            if receipt.recipient_participant_id.as_ref() != Some(&self.details.participant_id) {
                continue;
            }
            if receipt.read.is_some() {
                self.receipts.known(ReceiptKind::Read, position.clone());
            } else if receipt.delivered.is_some() {
                self.receipts
                    .known(ReceiptKind::Delivered, position.clone());
            }
        }
    }

    fn chat_ended(&mut self) {
        let reason = if self.leaving.is_some() {
            EndReason::Disconnected
        } else {
            EndReason::ChatEnded
        };
        self.end_when_read(reason, false);
    }

    fn gap_answered(&mut self, result: Result<api::TranscriptPage, RequestError>) {
        let result = result.map(|mut page| {
            for error in std::mem::take(&mut page.malformed) {
                self.outputs.report(Diagnostic::MalformedItem(error));
            }
            page
        });
        let items = self
            .gap
            .answered(self.now, result, &mut self.access, &mut self.outputs);
        if let Some(items) = items {
            let positions: Vec<_> = items.iter().filter_map(Position::of).collect();
            let new = self.receive_page(items, Source::Recovered);
            self.gap.recovered(&positions, new, &mut self.outputs);
            if let Some(older) = self.gap.take_older() {
                self.calls.history_read(older);
            }
        }
    }

    /// Takes the items of a page in, oldest first; how many of them are new.
    fn receive_page(&mut self, items: Vec<Item>, source: Source) -> u64 {
        let mut new = 0;
        let mut receipts = Vec::new();
        for item in items.into_iter().map(Arc::new) {
            if item.metadata.is_some() {
                receipts.push(Arc::clone(&item));
            }
            if self.receive(item, source) {
                new += 1;
            }
        }
        for item in receipts {
            self.note_own_receipts(&item); // those that stood before their message
        }
        new
    }

    fn older_loaded(&mut self, page: OlderPage) {
        let items = self.receive_page(page.items, Source::Older);
        let answer = CallAnswer::OlderLoaded {
            items,
            complete: page.complete,
        };
        self.calls.finish(page.call, Ok(answer), &mut self.outputs);
    }

    /// It is over once what came before the end has been read, with the token we have.
    fn end_when_read(&mut self, reason: EndReason, missed: bool) {
        if self.ending.is_some() {
            return;
        }
        self.link.stop(&mut self.outputs.actions);
        self.outputs.cancel(Purpose::Url);
        self.connect_deadline = None;
        self.recovery_deadline = None;
        self.leaving = None;
        let good_token = self.access.is_last_token_good(self.now);
        self.gap.begin_last(missed, good_token, &mut self.outputs);
        let until = self.now + self.config.disconnect_deadline;
        self.ending = Some(Ending { reason, until });
    }

    /// It is over: everything that waits is settled, and nothing is asked for any more.
    pub(super) fn end(&mut self, reason: EndReason) {
        let Some(phase) = self.phase.after(Trigger::End) else {
            return;
        };
        self.phase = phase;
        self.ending = None;
        self.leaving = None;
        self.connect_deadline = None;
        self.recovery_deadline = None;
        self.link.stop(&mut self.outputs.actions);
        self.outputs.cancel_all();
        self.gap.end(&mut self.outputs);
        self.outbox.end(&mut self.outputs, &mut self.transcript);
        self.receipts.end(&mut self.outputs);
        self.calls.end(&mut self.outputs);
        self.attachments.end(&mut self.outputs);
        self.publish_changes();
        self.end_reason = Some(reason.clone());
        self.outputs.events.push_back(Event::Ended(reason));
    }
}
