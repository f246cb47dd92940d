//! Does the steps of a schedule to a session.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::answers::{Answer, Good};
use super::commands::Command;
use super::inputs::{PONG, SUBSCRIBED};
use super::schedule::Step;
use crate::action::{Action, SocketInput, Transferred};
use crate::api::{GetAttachment, Operation};
use crate::error::{CommandError, TransportError};
use crate::event::Event;
use crate::ids::{LocalId, RequestId, SocketId, UploadId};
use crate::session::Session;
use crate::time::Instant;
use crate::wire::{HEARTBEAT, PING, SUBSCRIBE};

/// The most old sockets, requests and failed messages that steps can name.
const REMEMBERED: usize = 64;
/// A session that is woken so often without time going on is in a busy loop.
const WAKES_AT_ONCE: u32 = 1_000;
/// While it is served, a session gets answers at once; it may go on asking so often before time
/// goes on.
const ROUNDS: u32 = 200;

/// Something that came out of a session.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "nothing else comes out")]
pub enum Output {
    /// A piece of IO to do.
    Action(Action),
    /// Something to tell the application.
    Event(Event),
}

/// A session, and what a driver must know of it to do steps to it.
#[derive(Debug)]
pub struct Driver {
    session: Session,
    now: Duration,
    sockets: VecDeque<SocketId>,
    open: BTreeSet<SocketId>,
    opening: VecDeque<SocketId>,
    frames: VecDeque<(SocketId, String)>,
    waiting: VecDeque<(RequestId, Operation)>,
    answered: VecDeque<(RequestId, Operation)>,
    failed: VecDeque<LocalId>,
    /// Transfers under way, with the size of each.
    transfers: VecDeque<(RequestId, u64)>,
    /// Files that failed.
    unsent: VecDeque<UploadId>,
    most_outputs: usize,
}

impl Driver {
    /// A driver for this session, at [`Instant::ORIGIN`].
    #[must_use]
    pub const fn new(session: Session) -> Self {
        Self {
            session,
            now: Duration::ZERO,
            sockets: VecDeque::new(),
            open: BTreeSet::new(),
            opening: VecDeque::new(),
            frames: VecDeque::new(),
            waiting: VecDeque::new(),
            answered: VecDeque::new(),
            failed: VecDeque::new(),
            transfers: VecDeque::new(),
            unsent: VecDeque::new(),
            most_outputs: 0,
        }
    }

    /// The session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The present.
    #[must_use]
    pub const fn now(&self) -> Instant {
        Instant::from_origin(self.now)
    }

    /// How many sockets are open or being opened, as the session has asked for.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.open.len()
    }

    /// The most outputs that one input or command has brought.
    #[must_use]
    pub const fn most_outputs(&self) -> usize {
        self.most_outputs
    }

    /// Time passes, and the session is woken when it asks to be.
    ///
    /// # Panics
    /// When it asks to be woken at once again and again.
    pub fn wait(&mut self, lasting: Duration, seen: &mut impl FnMut(Output)) {
        let until = self.now.saturating_add(lasting);
        let mut at_once = 0;
        while let Some((at, why)) = self.session.poll_timeout() {
            let at = at.since_origin();
            if at > until {
                break;
            }
            at_once = if at > self.now { 0 } else { at_once + 1 };
            assert!(at_once < WAKES_AT_ONCE, "time stands still: {why:?}");
            self.now = self.now.max(at);
            self.wake(seen);
        }
        self.now = until;
    }

    /// One step, without a wait.
    ///
    /// # Panics
    /// When the session asks to be woken at once again and again.
    pub fn step(&mut self, step: &Step, seen: &mut impl FnMut(Output)) {
        let now = self.now();
        match step {
            Step::Command(command) => {
                let _ = self.command(command); // one that is refused does nothing
                self.drain(seen);
            }
            Step::Socket(which, input) => {
                let sockets = self.sockets.iter().rev();
                if let Some(&socket) = nth(sockets, *which) {
                    if matches!(input, SocketInput::Closed(_) | SocketInput::Failed(_)) {
                        self.open.remove(&socket);
                    }
                    self.session.handle_socket(now, socket, input.clone());
                    self.drain(seen);
                }
            }
            Step::Answer(which, answer) => {
                let requests = self.waiting.iter().rev().chain(self.answered.iter().rev());
                if let Some(&request) = nth(requests, *which) {
                    self.answer(request, answer, seen);
                }
            }
            Step::Transfer(which, result) => {
                if let Some(&(request, _)) = nth(self.transfers.iter().rev(), *which) {
                    self.transferred(request, result.clone(), seen);
                }
            }
            Step::Network(hint) => {
                self.session.handle_network(now, *hint);
                self.drain(seen);
            }
            Step::Wake => self.wake(seen),
            Step::Sleep(lasting) => {
                self.now = self.now.saturating_add(*lasting);
                self.wake(seen);
            }
            Step::Serve(good, lasting) => self.serve(good, *lasting, seen),
        }
    }

    fn wake(&mut self, seen: &mut impl FnMut(Output)) {
        let now = self.now();
        self.session.handle_timeout(now);
        self.drain(seen);
    }

    fn command(&mut self, command: &Command) -> Result<(), CommandError> {
        let now = self.now();
        let session = &mut self.session;
        match command {
            Command::Connect => session.connect(now),
            Command::SendMessage(draft) => {
                let sent = session.send_message(now, draft.clone());
                sent.map(|_| ()).map_err(|refused| refused.error)
            }
            Command::Resend(which) => match nth(self.failed.iter().rev(), *which) {
                Some(&local_id) => session.resend(now, local_id),
                None => Ok(()),
            },
            Command::Typing => session.typing(now).map(|_| ()),
            Command::SendReceipt(kind, which) => {
                let entries = session.transcript().iter().rev();
                let id = entries
                    .filter_map(|entry| entry.item.id.clone())
                    .nth((*which).into());
                match id {
                    Some(id) => session.send_receipt(now, *kind, &id),
                    None => Ok(()),
                }
            }
            Command::SendEvent(event) => session.send_event(now, event.clone()).map(|_| ()),
            Command::GetTranscript(page) => session.get_transcript(now, page.clone()).map(|_| ()),
            Command::LoadOlder => session.load_older(now).map(|_| ()),
            Command::SendAttachment(file) => session.send_attachment(now, file.clone()).map(|_| ()),
            Command::ResumeAttachment(which) => match nth(self.unsent.iter().rev(), *which) {
                Some(&upload) => session.resume_attachment(now, upload),
                None => Ok(()),
            },
            Command::AttachmentUrl(id) => {
                let request = GetAttachment::new(id.clone());
                session.attachment_url(now, request).map(|_| ())
            }
            Command::DownloadAttachment(id) => {
                session.download_attachment(now, id.clone()).map(|_| ())
            }
            Command::DescribeView(token) => session.describe_view(now, token.clone()).map(|_| ()),
            Command::AuthenticationUrl(id) => {
                let redirect = "https://example.com/back";
                let asked = session.authentication_url(now, id.clone(), redirect);
                asked.map(|_| ())
            }
            Command::CancelAuthentication(id) => {
                session.cancel_authentication(now, id.clone()).map(|_| ())
            }
            Command::Suspend => session.suspend(now),
            Command::Resume => session.resume(now),
            Command::Disconnect => session.disconnect(now),
            Command::Abandon => session.abandon(now),
        }
    }

    fn answer(
        &mut self,
        (request, operation): (RequestId, Operation),
        answer: &Answer,
        seen: &mut impl FnMut(Output),
    ) {
        self.waiting.retain(|(waiting, _)| *waiting != request);
        self.answered.retain(|(answered, _)| *answered != request);
        remember(&mut self.answered, (request, operation));
        let result = answer.to(operation, request.number(), self.now);
        let now = self.now();
        self.session.handle_response(now, request, result);
        self.drain(seen);
    }

    fn transferred(
        &mut self,
        request: RequestId,
        result: Result<Transferred, TransportError>,
        seen: &mut impl FnMut(Output),
    ) {
        let now = self.now();
        self.session.handle_transfer(now, request, result);
        self.drain(seen);
    }

    /// Does all that the session asks for, at once, for so long.
    fn serve(&mut self, good: &Good, lasting: Duration, seen: &mut impl FnMut(Output)) {
        let until = self.now.saturating_add(lasting);
        let answer = Answer::Good(good.clone());
        let mut rounds = 0;
        loop {
            let now = self.now();
            if rounds >= ROUNDS {
                // It may go on asking: a page that always has a next one.
            } else if let Some(socket) = self.opening.pop_front() {
                rounds += 1;
                self.session.handle_socket(now, socket, SocketInput::Opened);
                self.drain(seen);
                continue;
            } else if let Some((socket, text)) = self.frames.pop_front() {
                rounds += 1;
                self.session
                    .handle_socket(now, socket, SocketInput::Text(text));
                self.drain(seen);
                continue;
            } else if let Some(request) = self.waiting.pop_front() {
                rounds += 1;
                self.answer(request, &answer, seen);
                continue;
            } else if let Some((request, bytes)) = self.transfers.pop_front() {
                rounds += 1;
                let status = 200;
                self.transferred(request, Ok(Transferred { status, bytes }), seen);
                continue;
            }
            let next = self.session.poll_timeout();
            let next = next.map(|(at, _)| at.since_origin());
            match next.filter(|at| *at <= until) {
                Some(at) if at > self.now || rounds < ROUNDS => {
                    rounds = if at > self.now { 0 } else { rounds + 1 };
                    self.now = self.now.max(at);
                    self.wake(seen);
                }
                Some(_) | None => break,
            }
        }
        self.wait(until.saturating_sub(self.now), seen);
    }

    fn drain(&mut self, seen: &mut impl FnMut(Output)) {
        let mut outputs = 0;
        while let Some(action) = self.session.poll_action() {
            outputs += 1;
            self.note(&action);
            seen(Output::Action(action));
        }
        while let Some(event) = self.session.poll_event() {
            outputs += 1;
            if let Event::MessageFailed { local_id, .. } = &event {
                remember(&mut self.failed, *local_id);
            } else if let Event::AttachmentFailed { upload, .. } = &event {
                remember(&mut self.unsent, *upload);
            }
            seen(Output::Event(event));
        }
        self.most_outputs = self.most_outputs.max(outputs);
    }

    fn note(&mut self, action: &Action) {
        match action {
            Action::OpenSocket { socket, .. } => {
                remember(&mut self.sockets, *socket);
                remember(&mut self.opening, *socket);
                self.open.insert(*socket);
            }
            Action::SendText { socket, text } => {
                let answer = match &**text {
                    SUBSCRIBE => SUBSCRIBED,
                    HEARTBEAT => HEARTBEAT,
                    PING => PONG,
                    _ => return,
                };
                remember(&mut self.frames, (*socket, answer.to_owned()));
            }
            Action::CloseSocket { socket, .. } => {
                self.open.remove(socket);
                self.opening.retain(|opening| opening != socket);
                self.frames.retain(|(of, _)| of != socket);
            }
            Action::Request {
                request, operation, ..
            } => remember(&mut self.waiting, (*request, *operation)),
            Action::Upload { request, size, .. } => {
                remember(&mut self.transfers, (*request, *size));
            }
            Action::Download { request, .. } => remember(&mut self.transfers, (*request, 1_024)),
            Action::CancelRequest { request } => {
                let of = self.waiting.iter().position(|(id, _)| id == request);
                if let Some(cancelled) = of.and_then(|at| self.waiting.remove(at)) {
                    remember(&mut self.answered, cancelled);
                }
            }
        }
    }
}

/// The one this number names: each number names one, unless there is none.
fn nth<T>(mut from: impl Iterator<Item = T> + Clone, which: u8) -> Option<T> {
    let count = from.clone().count();
    from.nth(usize::from(which).checked_rem(count)?)
}

fn remember<T>(list: &mut VecDeque<T>, one: T) {
    list.push_back(one);
    if list.len() > REMEMBERED {
        list.pop_front();
    }
}
