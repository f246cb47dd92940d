//! One connection to the service: attempts to get a socket, subscribing it, keeping it alive,
//! replacing it before its time is up or after it has died.
//!
//! There is at most one *live* socket (subscribed, in use) and at most one *attempt* to get
//! another. A first connect, a recovery and a renewal are the same attempt; they differ only in
//! whether there is a live socket meanwhile. Whoever owns the link gets the URLs for it, since
//! they come from different places for a customer and for an agent.

mod attempt;
mod heartbeat;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::action::{Action, SocketInput, WakeReason};
use crate::config::Config;
use crate::error::{ConnectError, ProtocolError, TransportError, TransportErrorKind};
use crate::event::{DeepHeartbeatFailure, Diagnostic, LossCause};
use crate::ids::{SocketId, SocketUrl};
use crate::random::Random;
use crate::time::Instant;
use crate::wire::{Frame, SUBSCRIBE};

use attempt::{Attempt, Step, Subscription, backoff};
use heartbeat::{Beat, Heartbeat};

/// Before a socket's end, so much time is left for the next one to take over.
const RENEWAL_MARGIN: Duration = Duration::from_secs(60);
/// The first attempt after a loss is spread over this time, so that thousands of sessions that
/// lose their connections together do not all come back in the same instant.
const SPREAD: Duration = Duration::from_millis(250);
/// The close code of a socket that is not needed any more: normal closure.
const CLOSE_NORMAL: u16 = 1000;
/// How much of what the service says on a socket is repeated to the application.
const QUOTE_LIMIT: usize = 200;

/// What the owner of a link must know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Signal {
    /// A fresh URL is wanted: answer with `url_ready` or `url_failed`.
    UrlWanted,
    /// A socket is subscribed. `after_loss` is false when it quietly took over from another.
    Up { after_loss: bool },
    /// The live socket is lost, or counts as lost. Comes once per loss.
    Lost(LossCause),
    /// An attempt failed; the next one comes by itself at `retry_at`, unless the owner stops it.
    AttemptFailed {
        error: ConnectError,
        retry_at: Instant,
    },
    /// An item arrived.
    Item(ItemJson),
    /// The ping was answered well.
    Pong,
    /// The ping was answered badly or not at all.
    BadPong(DeepHeartbeatFailure),
    /// Something to report.
    Diagnostic(Diagnostic),
}

/// An item as JSON, which no log may show.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ItemJson(pub(crate) Arc<str>);

impl fmt::Debug for ItemJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[derive(Debug)]
struct Live {
    socket: SocketId,
    since: Instant,
    /// When the attempt at the next socket begins.
    renew_at: Instant,
    heartbeat: Heartbeat,
    /// It counts as lost; it is still read until another has taken over.
    suspect: bool,
}

#[derive(Debug)]
pub(crate) struct Link {
    heartbeat_interval: Duration,
    deep_heartbeat_limit: Option<u32>,
    socket_lifetime: Duration,
    open_timeout: Duration,
    live: Option<Live>,
    attempt: Option<Attempt>,
    /// Attempts that failed, or sockets that died young, in a row.
    failures: u32,
    next_socket: u64,
    /// When the live socket, or the last one there was, last brought anything.
    last_alive: Instant,
    signals: VecDeque<Signal>,
}

impl Link {
    pub(crate) const fn new(config: &Config) -> Self {
        Self {
            heartbeat_interval: config.heartbeat_interval,
            deep_heartbeat_limit: config.deep_heartbeat_limit,
            socket_lifetime: config.socket_lifetime,
            open_timeout: config.open_timeout,
            live: None,
            attempt: None,
            failures: 0,
            next_socket: 0,
            last_alive: Instant::ORIGIN,
            signals: VecDeque::new(),
        }
    }

    pub(crate) fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }

    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether there is a live socket that does not count as lost.
    pub(crate) fn is_up(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.suspect)
    }

    /// When the live socket, or the last one there was, last brought anything.
    pub(crate) const fn last_alive(&self) -> Instant {
        self.last_alive
    }

    /// Whether the driver reads the live socket, which it does not while the application is slow.
    pub(crate) fn is_reading(&self) -> bool {
        let live = self.live.as_ref();
        live.is_none_or(|live| live.heartbeat.is_reading())
    }

    /// Begins the first attempt, or the first after `stop`.
    pub(crate) fn start(&mut self, now: Instant) {
        if self.attempt.is_none() && self.live.is_none() {
            self.failures = 0;
            self.attempt = Some(Attempt::waiting(now));
        }
    }

    /// Closes everything. `start` begins anew.
    pub(crate) fn stop(&mut self, actions: &mut VecDeque<Action>) {
        if let Some(socket) = self.attempt.take().as_ref().and_then(Attempt::socket) {
            close(socket, actions);
        }
        if let Some(live) = self.live.take() {
            close(live.socket, actions);
        }
        self.signals.clear();
    }

    /// The connection is to be checked now: a clock jump, a hint of the operating system.
    pub(crate) fn check(&mut self, now: Instant, random: &mut Random) {
        if let Some(live) = &mut self.live {
            if !live.suspect {
                live.heartbeat.check_at(now);
            }
        }
        if let Some(attempt) = &mut self.attempt {
            attempt.hurry(now + random.spread(SPREAD));
        }
    }

    /// The URL asked for by [`Signal::UrlWanted`]. `lifetime` is how long the service will keep
    /// the socket, where it said so.
    pub(crate) fn url_ready(
        &mut self,
        now: Instant,
        url: SocketUrl,
        lifetime: Option<Duration>,
        actions: &mut VecDeque<Action>,
    ) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        if !matches!(attempt.step, Step::FetchingUrl) {
            return;
        }
        self.next_socket += 1;
        let socket = SocketId(self.next_socket);
        attempt.lifetime = lifetime;
        attempt.step = Step::Opening {
            socket,
            deadline: now + self.open_timeout,
        };
        actions.push_back(Action::OpenSocket { socket, url });
    }

    /// There is no URL.
    pub(crate) fn url_failed(
        &mut self,
        now: Instant,
        error: ConnectError,
        retry_after: Option<Duration>,
        random: &mut Random,
    ) {
        let fetching = self
            .attempt
            .as_ref()
            .is_some_and(|attempt| matches!(attempt.step, Step::FetchingUrl));
        if fetching {
            self.attempt_failed(now, error, retry_after, random);
        }
    }

    pub(crate) fn handle_socket(
        &mut self,
        now: Instant,
        socket: SocketId,
        input: SocketInput,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        let is_live = self.live.as_ref().is_some_and(|live| live.socket == socket);
        let is_attempt = self.attempt.as_ref().and_then(Attempt::socket) == Some(socket);
        if !is_live && !is_attempt {
            return; // of a socket that is no longer ours
        }
        match input {
            SocketInput::Opened => self.opened(now, socket, actions),
            SocketInput::Text(_) if self.is_opening(socket) => {} // nothing can come before it opens
            SocketInput::Text(text) => self.text(now, socket, &text, random, actions),
            SocketInput::Binary(length) => {
                self.sign_of_life(now, socket);
                let error = ProtocolError::Binary { length };
                self.report(Diagnostic::MalformedFrame(error));
            }
            SocketInput::Closed(code) if is_live => {
                self.live_gone(now, LossCause::Closed(code), random);
            }
            SocketInput::Closed(code) => {
                self.attempt_failed(now, ConnectError::Closed { code }, None, random);
            }
            SocketInput::Failed(error) if is_live => {
                self.live_gone(now, LossCause::Failed(error), random);
            }
            SocketInput::Failed(error) => {
                self.attempt_failed(now, ConnectError::Socket(error), None, random);
            }
            SocketInput::ReadingPaused => self.set_reading(socket, false),
            SocketInput::ReadingResumed => self.set_reading(socket, true),
        }
    }

    pub(crate) fn handle_timeout(
        &mut self,
        now: Instant,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        self.attempt_timeout(now, random, actions);
        let Some(live) = &mut self.live else { return };
        if live.suspect {
            return;
        }
        if live.heartbeat.due() <= now {
            match live.heartbeat.beat(now, self.heartbeat_interval) {
                Beat::PutOff => {}
                Beat::Missed => {
                    self.suspect(now, LossCause::HeartbeatMissed, random);
                    return;
                }
                Beat::Alive { pong_missed } => {
                    let bad = live.heartbeat.bad_pongs();
                    let limit = self.deep_heartbeat_limit;
                    live.heartbeat.send(live.socket, actions);
                    if pong_missed {
                        let failure = DeepHeartbeatFailure::NoAnswer;
                        self.signals.push_back(Signal::BadPong(failure));
                    }
                    if limit.is_some_and(|limit| bad >= limit.max(1)) {
                        self.suspect(now, LossCause::DeepHeartbeatFailed, random);
                        return;
                    }
                }
            }
        }
        let due = self.live.as_ref().is_some_and(|live| live.renew_at <= now);
        if due && self.attempt.is_none() {
            self.attempt = Some(Attempt::waiting(now));
            self.attempt_timeout(now, random, actions);
        }
    }

    pub(crate) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        let attempt = self.attempt.as_ref().and_then(Attempt::next_timeout);
        let live = self.live.as_ref().filter(|live| !live.suspect);
        let heartbeat = live.map(|live| (live.heartbeat.due(), WakeReason::Heartbeat));
        let renewal = live
            .filter(|_| self.attempt.is_none())
            .map(|live| (live.renew_at, WakeReason::SocketLifetime));
        [attempt, heartbeat, renewal].into_iter().flatten().min()
    }

    fn attempt_timeout(
        &mut self,
        now: Instant,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        match &mut attempt.step {
            Step::Waiting { at } if *at <= now => {
                attempt.step = Step::FetchingUrl;
                self.signals.push_back(Signal::UrlWanted);
            }
            Step::Opening { socket, deadline } if *deadline <= now => {
                close(*socket, actions);
                let limit = format!("the socket did not open within {:?}", self.open_timeout);
                let error = TransportError::new(TransportErrorKind::Timeout, limit);
                self.attempt_failed(now, ConnectError::Socket(error), None, random);
            }
            Step::Subscribing(subscription) if subscription.due() <= now => {
                match subscription.timeout(now) {
                    Ok(()) => subscribe(subscription.socket(), actions),
                    Err(error) => {
                        close(subscription.socket(), actions);
                        self.attempt_failed(now, error, None, random);
                    }
                }
            }
            Step::Waiting { .. }
            | Step::FetchingUrl
            | Step::Opening { .. }
            | Step::Subscribing(_) => {}
        }
    }

    fn is_opening(&self, socket: SocketId) -> bool {
        self.attempt.as_ref().is_some_and(|attempt| {
            matches!(attempt.step, Step::Opening { socket: opening, .. } if opening == socket)
        })
    }

    fn opened(&mut self, now: Instant, socket: SocketId, actions: &mut VecDeque<Action>) {
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        if matches!(attempt.step, Step::Opening { socket: opening, .. } if opening == socket) {
            attempt.step = Step::Subscribing(Subscription::new(now, socket));
            subscribe(socket, actions);
        }
    }

    fn text(
        &mut self,
        now: Instant,
        socket: SocketId,
        text: &str,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        self.sign_of_life(now, socket);
        let frame = match Frame::parse(text) {
            Ok(frame) => frame,
            Err(error) => {
                self.report(Diagnostic::MalformedFrame(error));
                return;
            }
        };
        match frame {
            Frame::Subscribed { status } => {
                self.subscribe_answer(now, socket, &status, random, actions);
            }
            Frame::Heartbeat | Frame::Empty => {}
            Frame::Pong {
                status_code,
                status_content,
            } => self.pong(socket, status_code, status_content),
            Frame::Chat { item } => {
                // The service sends items to subscribed sockets only, so an item says that the
                // subscription holds, even where its acknowledgement is late or lost.
                self.subscribed(now, socket, random, actions);
                let item = ItemJson(item.into());
                self.signals.push_back(Signal::Item(item));
            }
            Frame::Refusal { message } => self.report(Diagnostic::Refusal(quote(&message))),
            Frame::UnknownTopic { topic } => self.report(Diagnostic::UnknownTopic(quote(&topic))),
        }
    }

    fn subscribe_answer(
        &mut self,
        now: Instant,
        socket: SocketId,
        status: &str,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        if status == "success" {
            self.subscribed(now, socket, random, actions);
            return;
        }
        let Some(attempt) = &mut self.attempt else {
            return;
        };
        let Step::Subscribing(subscription) = &mut attempt.step else {
            return;
        };
        if subscription.socket() != socket {
            return;
        }
        if let Err(error) = subscription.refused(now, quote(status)) {
            close(socket, actions);
            self.attempt_failed(now, error, None, random);
        }
    }

    /// The attempt has succeeded: its socket is the live one from here on.
    fn subscribed(
        &mut self,
        now: Instant,
        socket: SocketId,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        let Some(attempt) = self
            .attempt
            .take_if(|attempt| attempt.is_subscribing(socket))
        else {
            return; // said again, by a socket that is live already
        };
        let lifetime = attempt
            .lifetime
            .unwrap_or(self.socket_lifetime)
            .min(self.socket_lifetime);
        let margin = RENEWAL_MARGIN.min(lifetime / 10);
        let usable = lifetime.saturating_sub(margin);
        let mut live = Live {
            socket,
            since: now,
            renew_at: now + usable.saturating_sub(random.spread(margin)),
            heartbeat: Heartbeat::new(now),
            suspect: false,
        };
        live.heartbeat.beat(now, self.heartbeat_interval);
        live.heartbeat.send(socket, actions);
        let before = self.live.replace(live);
        let after_loss = before.as_ref().is_none_or(|before| before.suspect);
        if let Some(before) = before {
            close(before.socket, actions);
        }
        self.signals.push_back(Signal::Up { after_loss });
    }

    fn pong(&mut self, socket: SocketId, code: Option<u16>, content: Option<Cow<'_, str>>) {
        let Some(live) = self.live.as_mut().filter(|live| live.socket == socket) else {
            return;
        };
        // Mobile clients demand the content as well; a missing one is not held against a 200.
        let good = code == Some(200) && content.as_deref().is_none_or(|content| content == "OK");
        live.heartbeat.pong(good);
        self.signals.push_back(if good {
            Signal::Pong
        } else {
            Signal::BadPong(DeepHeartbeatFailure::BadAnswer {
                status_code: code,
                status_content: content.as_deref().map(quote),
            })
        });
    }

    fn sign_of_life(&mut self, now: Instant, socket: SocketId) {
        if let Some(live) = self.live.as_mut().filter(|live| live.socket == socket) {
            live.heartbeat.sign_of_life();
            self.last_alive = now;
            // What an old socket still brings says nothing of the attempts at the next one.
            if self.attempt.is_none() && now - live.since >= self.heartbeat_interval {
                self.failures = 0;
            }
        }
    }

    fn set_reading(&mut self, socket: SocketId, reading: bool) {
        if let Some(live) = self.live.as_mut().filter(|live| live.socket == socket) {
            live.heartbeat.set_reading(reading);
        }
        if !reading {
            self.report(Diagnostic::ReadingPaused);
        }
    }

    /// The live socket shows no life: it counts as lost, but is read on until it is replaced.
    fn suspect(&mut self, now: Instant, cause: LossCause, random: &mut Random) {
        if let Some(live) = &mut self.live {
            live.suspect = true;
        }
        self.lost(now, cause, random);
    }

    /// The live socket is gone.
    fn live_gone(&mut self, now: Instant, cause: LossCause, random: &mut Random) {
        let Some(live) = self.live.take() else { return };
        if live.suspect {
            return; // its loss is known already
        }
        self.lost(now, cause, random);
        if now - live.since < self.heartbeat_interval {
            // A service that accepts and closes at once must not be asked in a tight loop: the
            // next loss in a row is followed by a wait.
            self.failures = self.failures.saturating_add(1);
        }
    }

    fn lost(&mut self, now: Instant, cause: LossCause, random: &mut Random) {
        self.signals.push_back(Signal::Lost(cause));
        let soon = now + random.spread(SPREAD);
        match &mut self.attempt {
            // A renewal that waits in its backoff has become urgent.
            Some(attempt) => attempt.hurry(soon),
            None if self.failures == 0 => self.attempt = Some(Attempt::waiting(soon)),
            None => {
                let wait = backoff(self.failures, random);
                self.attempt = Some(Attempt::waiting(now + wait));
            }
        }
    }

    fn attempt_failed(
        &mut self,
        now: Instant,
        error: ConnectError,
        retry_after: Option<Duration>,
        random: &mut Random,
    ) {
        self.failures = self.failures.saturating_add(1);
        let wait = retry_after.unwrap_or_else(|| backoff(self.failures, random));
        let retry_at = now + wait;
        let mut attempt = Attempt::waiting(retry_at);
        attempt.demanded = retry_after.is_some();
        self.attempt = Some(attempt);
        self.signals
            .push_back(Signal::AttemptFailed { error, retry_at });
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.signals.push_back(Signal::Diagnostic(diagnostic));
    }
}

fn close(socket: SocketId, actions: &mut VecDeque<Action>) {
    actions.push_back(Action::CloseSocket {
        socket,
        code: CLOSE_NORMAL,
    });
}

fn subscribe(socket: SocketId, actions: &mut VecDeque<Action>) {
    actions.push_back(Action::SendText {
        socket,
        text: Cow::Borrowed(SUBSCRIBE),
    });
}

/// The beginning of a text of the peer.
fn quote(text: &str) -> String {
    text.chars().take(QUOTE_LIMIT).collect()
}
