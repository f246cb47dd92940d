//! One chat: composes the link, the outbox, the gap filling and the transcript. Each of them has
//! its own file; here is what passes between them.

mod access;
mod agent;
mod attachments;
mod calls;
mod commands;
mod connection;
mod gap;
mod leaving;
mod outbox;
mod outputs;
mod passing;
mod phase;
mod react;
mod receipts;
mod resume;
mod transfer;
mod tries;
mod typing;

use crate::action::{Action, Network, RequestProgress, SocketInput, Transferred, WakeReason};
use crate::api::{Draft, SendEvent};
use crate::config::Config;
use crate::error::{CommandError, Refused, TransportError};
use crate::event::{EndReason, Event, LossCause, ReceiptKind};
use crate::ids::{ChatDetails, ClientToken, ItemId, LocalId, RequestId, SocketId};
use crate::link::Link;
use crate::random::Random;
use crate::time::{Instant, Start, WallClock};
use crate::transcript::Transcript;
use crate::wire::ContentType;
use crate::wire::item::LastIds;

use access::{Access, TokenState};
use agent::Acknowledging;
use attachments::Attachments;
use calls::Calls;
use connection::Connection;
use gap::Gap;
use leaving::Leaving;
use outbox::Outbox;
use outputs::{Outputs, Purpose};
use passing::Passing;
use phase::Trigger;
use receipts::Receipts;
use resume::Reported;
use typing::Typing;

/// For how many events there is room while none waits.
const SPARE_EVENTS: usize = 16;

pub(crate) use access::check_url;
pub use phase::Phase;

/// One chat, as a state machine.
///
/// It has four families of methods:
///
/// * **Getters** (`&self`): [`phase`](Self::phase), [`transcript`](Self::transcript),
///   [`chat_details`](Self::chat_details), [`end_reason`](Self::end_reason),
///   [`resume_state`](Self::resume_state).
/// * **Commands**, the application's wishes, which are accepted or refused at once:
///   [`connect`](Self::connect), [`send_message`](Self::send_message), [`resend`](Self::resend),
///   [`typing`](Self::typing), [`send_receipt`](Self::send_receipt),
///   [`send_event`](Self::send_event), [`send_attachment`](Self::send_attachment),
///   [`resume_attachment`](Self::resume_attachment),
///   [`download_attachment`](Self::download_attachment),
///   [`attachment_url`](Self::attachment_url), [`describe_view`](Self::describe_view),
///   [`authentication_url`](Self::authentication_url),
///   [`cancel_authentication`](Self::cancel_authentication),
///   [`get_transcript`](Self::get_transcript), [`load_older`](Self::load_older),
///   [`suspend`](Self::suspend), [`resume`](Self::resume), [`disconnect`](Self::disconnect),
///   [`abandon`](Self::abandon). A refused one changes nothing and hands back what it carried.
/// * **Inputs**, what happened outside: [`handle_socket`](Self::handle_socket),
///   [`handle_response`](Self::handle_response), [`handle_transfer`](Self::handle_transfer),
///   [`handle_request_progress`](Self::handle_request_progress),
///   [`handle_timeout`](Self::handle_timeout), [`handle_network`](Self::handle_network). They
///   cannot fail: hostile bytes become events,
///   stale ids and spurious timeouts do nothing.
/// * **Outputs**: [`poll_action`](Self::poll_action), [`poll_event`](Self::poll_event),
///   [`poll_timeout`](Self::poll_timeout). While output waits, `poll_timeout` says "now".
///
/// After every command and every input, drain all three outputs. Time never goes back: a `now`
/// before an earlier one counts as that earlier one. [The crate's front page](crate) shows the
/// whole loop.
#[derive(Debug)]
pub struct Session {
    config: Config,
    details: ChatDetails,
    now: Instant,
    phase: Phase,
    /// Whether it has ever been live, in this process or one before.
    was_live: bool,
    /// Whether it has been live in this process.
    established: bool,
    /// It is to leave as soon as it is connected, since the process before was leaving.
    leaves_as: Option<ClientToken>,
    /// What a process before has reported.
    reported: Reported,
    end_reason: Option<EndReason>,
    /// It is over, but what was missed before the end is still being read.
    ending: Option<Ending>,
    connect_deadline: Option<Instant>,
    recovery_deadline: Option<Instant>,
    access: Access,
    link: Connection,
    acknowledging: Acknowledging,
    outbox: Outbox,
    typing: Typing,
    receipts: Receipts,
    gap: Gap,
    calls: Calls,
    attachments: Attachments,
    leaving: Option<Leaving>,
    passing: Passing,
    last_ids: LastIds,
    transcript: Transcript,
    outputs: Outputs,
}

#[derive(Debug)]
struct Ending {
    reason: EndReason,
    until: Instant,
}

impl Session {
    /// A session for this chat. It does nothing until [`connect`](Self::connect).
    ///
    /// # Errors
    /// [`CommandError`] when an id is empty or too long, or the token could not be sent.
    pub fn new(start: Start, config: Config, details: ChatDetails) -> Result<Self, CommandError> {
        let own = Connection::Own(Link::new(&config));
        Self::with_connection(start, config, details, own)
    }

    fn with_connection(
        start: Start,
        config: Config,
        details: ChatDetails,
        link: Connection,
    ) -> Result<Self, CommandError> {
        details.check()?;
        let token = &details.participant_token;
        let access = Access::new(token, WallClock::new(&start), link.is_shared())?;
        let random = Random::new(start.seed);
        let outputs = Outputs::new(random, &config);
        Ok(Self {
            now: start.now,
            phase: Phase::Idle,
            was_live: false,
            established: false,
            leaves_as: None,
            reported: Reported::default(),
            end_reason: None,
            ending: None,
            connect_deadline: None,
            recovery_deadline: None,
            access,
            link,
            acknowledging: Acknowledging::default(),
            outbox: Outbox::new(config.outbox_limit, config.send_deadline),
            typing: Typing::default(),
            receipts: Receipts::new(&config),
            gap: Gap::new(&config),
            calls: Calls::new(config.call_limit),
            attachments: Attachments::default(),
            leaving: None,
            passing: Passing::default(),
            last_ids: LastIds::default(),
            transcript: Transcript::new(details.participant_id.clone(), config.transcript_limit),
            outputs,
            config,
            details,
        })
    }

    // Getters.

    /// Where the session is in its life.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Everything said so far.
    #[must_use]
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The chat this is a session of.
    #[must_use]
    pub const fn chat_details(&self) -> &ChatDetails {
        &self.details
    }

    /// Why it is over, once it is.
    #[must_use]
    pub const fn end_reason(&self) -> Option<&EndReason> {
        self.end_reason.as_ref()
    }

    // Commands.

    /// Connects. [`Event::Established`] or [`Event::ConnectFailed`] follows; after the latter it
    /// can be repeated.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] unless the session is idle.
    pub fn connect(&mut self, now: Instant) -> Result<(), CommandError> {
        self.begin(now);
        let advice = "it can be connected once it is idle";
        self.enter(Trigger::Connect, "connect", advice)?;
        self.start_connect_clock();
        self.link.start(self.now);
        if let Some(token) = self.leaves_as.take() {
            let limit = self.config.disconnect_deadline;
            self.leaving = Some(Leaving::new(self.now, limit, token));
        }
        self.advance();
        Ok(())
    }

    /// Sends a message, or keeps it until the connection is up. [`Event::MessageSent`] or
    /// [`Event::MessageFailed`] follows.
    ///
    /// # Errors
    /// [`Refused`] with the draft when the session is over, the draft breaks a limit of the
    /// service, or the outbox is full.
    pub fn send_message(&mut self, now: Instant, draft: Draft) -> Result<LocalId, Refused<Draft>> {
        self.begin(now);
        if let Err(error) = self.check_open("send_message") {
            return Err(Refused {
                error,
                payload: draft,
            });
        }
        let sent = self
            .outbox
            .push(draft, &mut self.outputs, &mut self.transcript);
        self.advance();
        sent
    }

    /// Sends a failed message again, under its old client token, so that it cannot be doubled.
    ///
    /// # Errors
    /// [`CommandError`] when no failed message has this id, the outbox is full, or the session is
    /// over.
    pub fn resend(&mut self, now: Instant, local_id: LocalId) -> Result<(), CommandError> {
        self.begin(now);
        self.check_open("resend")?;
        let sent = self.outbox.resend(local_id, &mut self.transcript);
        self.advance();
        sent
    }

    /// Tells the others that we are typing. At most one such event goes out in 10 s; `false` says
    /// that this one did not.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] unless the session is live: a late typing event is a lie.
    pub fn typing(&mut self, now: Instant) -> Result<bool, CommandError> {
        self.begin(now);
        self.check_open("typing")?;
        if self.phase != Phase::Live {
            return Err(self.wrong_phase("typing", "it can be sent while the session is live"));
        }
        let TokenState::Ready(bearer) = self.access.token(self.now, &mut self.outputs) else {
            return Ok(false);
        };
        let sends = self.typing.begin(self.now);
        if sends {
            let token = self.outputs.random.client_token();
            let request = SendEvent::new(ContentType::Typing).with_client_token(token);
            self.outputs
                .request(self.now, Purpose::Typing, &bearer, &request);
        }
        Ok(sends)
    }

    /// Tells the others that we have received or read a message, and with it all before it.
    /// [`Event::ReceiptSettled`] follows.
    ///
    /// # Errors
    /// [`CommandError`] when receipts are switched off, the transcript does not hold the message,
    /// too many receipts wait, or the session is over.
    pub fn send_receipt(
        &mut self,
        now: Instant,
        kind: ReceiptKind,
        message: &ItemId,
    ) -> Result<(), CommandError> {
        self.begin(now);
        self.check_open("send_receipt")?;
        if !self.config.receipts {
            return Err(CommandError::Disabled {
                command: "send_receipt",
                setting: "receipts",
            });
        }
        let held = self.transcript.position(message);
        let known = held.or_else(|| self.reported.position(message));
        let Some(position) = known.cloned() else {
            return Err(CommandError::UnknownItem(message.clone()));
        };
        let asked = self
            .receipts
            .ask(self.now, kind, position, &mut self.outputs);
        self.advance();
        asked
    }

    /// Puts the session to sleep: its sockets are closed, nothing is sent. For an application
    /// that is put into the background.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when it is idle, suspended or over.
    pub fn suspend(&mut self, now: Instant) -> Result<(), CommandError> {
        self.begin(now);
        let was_up = self.phase == Phase::Live;
        let advice = "it can be suspended from connect to its end";
        self.enter(Trigger::Suspend, "suspend", advice)?;
        self.link.stop(&mut self.outputs.actions);
        self.outputs.cancel(Purpose::Url);
        self.connect_deadline = None;
        self.recovery_deadline = None;
        self.link_down();
        if was_up {
            let event = Event::ConnectionLost(LossCause::Suspended);
            self.outputs.events.push_back(event);
        }
        Ok(())
    }

    /// Wakes a suspended session. What was missed is recovered.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] unless it is suspended.
    pub fn resume(&mut self, now: Instant) -> Result<(), CommandError> {
        self.begin(now);
        let was_live = self.established;
        let advice = "it can be resumed while it is suspended";
        self.enter(Trigger::Resume { was_live }, "resume", advice)?;
        if was_live {
            self.start_recovery_clock();
        } else {
            self.start_connect_clock();
        }
        self.link.start(self.now);
        self.advance();
        Ok(())
    }

    /// Leaves the chat: sends what is queued, tells the service, sees the chat end.
    /// [`Event::Ended`] follows within
    /// [`Config::disconnect_deadline`](crate::Config::disconnect_deadline). Repeating it changes
    /// nothing.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the session has never been connected or is over.
    pub fn disconnect(&mut self, now: Instant) -> Result<(), CommandError> {
        self.begin(now);
        self.check_connected("disconnect")?;
        if self.leaving.is_none() {
            let limit = self.config.disconnect_deadline;
            let token = self.outputs.random.client_token();
            self.leaving = Some(Leaving::new(self.now, limit, token));
        }
        self.advance();
        Ok(())
    }

    /// Leaves at once without telling the service, for which the chat goes on.
    /// [`Event::Ended`] follows.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the session is over.
    pub fn abandon(&mut self, now: Instant) -> Result<(), CommandError> {
        self.begin(now);
        self.check_open("abandon")?;
        self.end(EndReason::Abandoned);
        Ok(())
    }

    // Inputs.

    /// Something happened to a socket.
    pub fn handle_socket(&mut self, now: Instant, socket: SocketId, input: SocketInput) {
        self.begin(now);
        let Outputs {
            random, actions, ..
        } = &mut self.outputs;
        self.link
            .handle_socket(self.now, socket, input, random, actions);
        self.advance();
    }

    /// A request was answered, or failed.
    pub fn handle_response<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        request: RequestId,
        result: Result<http::Response<B>, TransportError>,
    ) {
        self.begin(now);
        if let Some(purpose) = self.outputs.answered(request, false) {
            self.answered(purpose, result);
            self.advance();
        }
    }

    /// A request that the driver does not perform at once waits for its turn, or has begun. A
    /// driver without a [`RateLimiter`](crate::RateLimiter) has no need of it.
    pub fn handle_request_progress(
        &mut self,
        now: Instant,
        request: RequestId,
        progress: RequestProgress,
    ) {
        self.begin(now);
        self.outputs.progressed(self.now, request, progress);
    }

    /// A transfer, which [`Action::Upload`] or [`Action::Download`] asked for, has ended.
    pub fn handle_transfer(
        &mut self,
        now: Instant,
        request: RequestId,
        result: Result<Transferred, TransportError>,
    ) {
        self.begin(now);
        if let Some(purpose) = self.outputs.answered(request, true) {
            self.transferred(purpose, result);
            self.advance();
        }
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come. Calling it at any other
    /// time does no harm.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        if self.phase == Phase::Ended {
            return;
        }
        self.access.handle_timeout(self.now);
        while let Some((purpose, error)) = self.outputs.overdue(self.now) {
            if purpose.is_transfer() {
                self.transferred(purpose, Err(error));
            } else {
                self.answered(purpose, Err::<http::Response<Vec<u8>>, _>(error));
            }
        }
        let Outputs {
            random, actions, ..
        } = &mut self.outputs;
        self.link.handle_timeout(self.now, random, actions);
        self.advance();
    }

    /// The operating system says something of the network.
    pub fn handle_network(&mut self, now: Instant, network: Network) {
        self.begin(now);
        match network {
            Network::Online | Network::Offline => {
                self.link.check(self.now, &mut self.outputs.random);
            }
        }
        self.advance();
    }

    // Outputs.

    /// The next piece of IO to do.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<Action> {
        self.outputs.actions.pop_front()
    }

    /// The next thing to tell the application.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.outputs.events.pop_front();
        if event.is_none() {
            // After a burst, such as that of a gap, the room it took is given back.
            self.outputs.events.shrink_to(SPARE_EVENTS);
            self.transcript.shrink();
        }
        event
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why; `None` when there is
    /// nothing to wait for but input. While output waits to be polled, it says "now".
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, WakeReason)> {
        if !self.outputs.actions.is_empty() || !self.outputs.events.is_empty() {
            return Some((self.now, WakeReason::Output));
        }
        if self.phase == Phase::Ended {
            return None;
        }
        let timer = |at: Option<Instant>, reason| at.map(|at| (at, reason));
        let ending = self.ending.as_ref().map(|ending| ending.until);
        let going_on = self.ending.is_none();
        let live = going_on && self.phase == Phase::Live;
        let awake = going_on && self.phase != Phase::Suspended;
        let scans = (live || !going_on) && self.link.is_reading();
        let leaving = self.leaving.as_ref();
        [
            self.link.next_timeout(),
            self.outputs.next_timeout(),
            self.access.next_timeout(),
            timer(
                self.acknowledging.next_timeout().filter(|_| live),
                WakeReason::ConnectAttempt,
            ),
            self.calls.next_timeout().filter(|_| awake),
            self.attachments.next_timeout().filter(|_| awake),
            self.outbox.next_timeout().filter(|_| live),
            self.receipts.next_timeout().filter(|_| live),
            self.gap.next_timeout(self.now).filter(|_| scans),
            leaving.map(Leaving::next_timeout),
            timer(self.connect_deadline, WakeReason::ConnectDeadline),
            timer(self.recovery_deadline, WakeReason::RecoveryLimit),
            timer(ending, WakeReason::DisconnectDeadline),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    // Helpers of the commands.

    /// A hub's link is tried for as long as the hub is there.
    fn start_connect_clock(&mut self) {
        let limit = Some(self.config.connect_deadline).filter(|_| !self.link.is_shared());
        self.connect_deadline = limit.map(|limit| self.now + limit);
    }

    /// Takes note of the time, which never goes back.
    fn begin(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn enter(
        &mut self,
        trigger: Trigger,
        command: &'static str,
        advice: &'static str,
    ) -> Result<(), CommandError> {
        self.check_open(command)?;
        let Some(phase) = self.phase.after(trigger) else {
            return Err(self.wrong_phase(command, advice));
        };
        self.phase = phase;
        Ok(())
    }

    const fn wrong_phase(&self, command: &'static str, advice: &'static str) -> CommandError {
        CommandError::WrongPhase {
            command,
            phase: self.phase,
            advice,
        }
    }

    const fn check_open(&self, command: &'static str) -> Result<(), CommandError> {
        if self.ending.is_some() {
            return Err(Self::over(command));
        }
        self.check_not_ended(command)
    }

    const fn check_not_ended(&self, command: &'static str) -> Result<(), CommandError> {
        if matches!(self.phase, Phase::Ended) {
            return Err(Self::over(command));
        }
        Ok(())
    }

    const fn over(command: &'static str) -> CommandError {
        CommandError::WrongPhase {
            command,
            phase: Phase::Ended,
            advice: "begin a new session",
        }
    }

    fn check_connected(&self, command: &'static str) -> Result<(), CommandError> {
        self.check_open(command)?;
        if !self.established {
            return Err(self.wrong_phase(command, "connect first, or leave with abandon"));
        }
        Ok(())
    }
}
