//! Where a session's items come from: a link of its own, or one that a hub shares.

use std::collections::VecDeque;
use std::time::Duration;

use crate::action::{Action, SocketInput, WakeReason};
use crate::error::ConnectError;
use crate::ids::{SocketId, SocketUrl};
use crate::link::{Link, Signal};
use crate::random::Random;
use crate::time::Instant;

#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "almost every session has a link of its own"
)]
pub(super) enum Connection {
    /// A link of the session's own.
    Own(Link),
    /// A hub's link.
    Shared(Shared),
}

/// What a session sees of a link that it does not own. Its methods are those of a link; what is
/// the hub's business does nothing.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Whether the session wants what comes.
    started: bool,
    up: bool,
    paused: bool,
    last_alive: Instant,
    signals: VecDeque<Signal>,
}

impl Shared {
    /// The state of the link.
    pub(super) const fn observe(&mut self, last_alive: Instant, reading: bool) {
        self.last_alive = last_alive;
        self.paused = !reading;
    }

    /// Something of the link that concerns the session.
    pub(super) fn push(&mut self, signal: Signal) {
        if matches!(signal, Signal::Up { .. }) {
            self.up = true;
        } else if matches!(signal, Signal::Lost(_)) {
            self.up = false;
        }
        if self.started {
            self.signals.push_back(signal);
        }
    }

    fn start(&mut self) {
        self.started = true;
        if self.up {
            self.signals.push_back(Signal::Up { after_loss: true });
        }
    }

    fn stop(&mut self) {
        self.started = false;
        self.signals.clear();
    }
}

impl Connection {
    pub(super) const fn is_shared(&self) -> bool {
        matches!(self, Self::Shared(_))
    }

    pub(super) fn poll_signal(&mut self) -> Option<Signal> {
        match self {
            Self::Own(link) => link.poll_signal(),
            Self::Shared(shared) => shared.signals.pop_front(),
        }
    }

    pub(super) const fn failures(&self) -> u32 {
        match self {
            Self::Own(link) => link.failures(),
            Self::Shared(_) => 0,
        }
    }

    pub(super) const fn last_alive(&self) -> Instant {
        match self {
            Self::Own(link) => link.last_alive(),
            Self::Shared(shared) => shared.last_alive,
        }
    }

    pub(super) fn is_reading(&self) -> bool {
        match self {
            Self::Own(link) => link.is_reading(),
            Self::Shared(shared) => !shared.paused,
        }
    }

    pub(super) fn start(&mut self, now: Instant) {
        match self {
            Self::Own(link) => link.start(now),
            Self::Shared(shared) => shared.start(),
        }
    }

    pub(super) fn stop(&mut self, actions: &mut VecDeque<Action>) {
        match self {
            Self::Own(link) => link.stop(actions),
            Self::Shared(shared) => shared.stop(),
        }
    }

    pub(super) fn check(&mut self, now: Instant, random: &mut Random) {
        if let Self::Own(link) = self {
            link.check(now, random);
        }
    }

    pub(super) fn url_ready(
        &mut self,
        now: Instant,
        url: SocketUrl,
        lifetime: Option<Duration>,
        actions: &mut VecDeque<Action>,
    ) {
        if let Self::Own(link) = self {
            link.url_ready(now, url, lifetime, actions);
        }
    }

    pub(super) fn url_failed(
        &mut self,
        now: Instant,
        error: ConnectError,
        retry_after: Option<Duration>,
        random: &mut Random,
    ) {
        if let Self::Own(link) = self {
            link.url_failed(now, error, retry_after, random);
        }
    }

    pub(super) fn handle_socket(
        &mut self,
        now: Instant,
        socket: SocketId,
        input: SocketInput,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        if let Self::Own(link) = self {
            link.handle_socket(now, socket, input, random, actions);
        }
    }

    pub(super) fn handle_timeout(
        &mut self,
        now: Instant,
        random: &mut Random,
        actions: &mut VecDeque<Action>,
    ) {
        if let Self::Own(link) = self {
            link.handle_timeout(now, random, actions);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        match self {
            Self::Own(link) => link.next_timeout(),
            Self::Shared(_) => None,
        }
    }
}
