//! What the handles of a session, or of a hub, and the driver share: it, behind its lock.
//!
//! A command of the application is given to the session at once, by the thread that calls; the
//! driver then does what follows from it. That makes every command safe to cancel: it has either
//! been given as a whole or not at all.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chat_proto::{Instant, SocketId, SocketInput};
use futures_util::task::AtomicWaker;

use crate::clock::Clock;
use crate::driven::{Driven, Want};
use crate::events::EventQueue;
use crate::files::Gone;

pub(crate) struct Shared<D: Driven> {
    pub(crate) clock: Clock,
    pub(crate) events: EventQueue<D::Event>,
    driven: Mutex<D>,
    /// Whether something has happened for the driver to look at.
    called: AtomicBool,
    driver: AtomicWaker,
}

/// What is wanted after an input.
pub(crate) struct Wants<D: Driven> {
    pub(crate) wants: Vec<Want<D>>,
    pub(crate) wake_at: Option<Instant>,
    pub(crate) ended: bool,
    /// What is dropped with this, outside of the lock.
    _gone: Vec<Gone>,
}

impl<D: Driven> Shared<D> {
    pub(crate) fn new(clock: Clock, driven: D, event_queue: usize) -> Self {
        Self {
            clock,
            events: EventQueue::new(event_queue),
            driven: Mutex::new(driven),
            called: AtomicBool::new(false),
            driver: AtomicWaker::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, D> {
        // A session does not panic; were it to, its state would still be of use to read.
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a command and calls the driver.
    pub(crate) fn command<T>(&self, give: impl FnOnce(&mut D, Instant) -> T) -> T {
        let result = give(&mut self.lock(), self.clock.now());
        self.wake_driver();
        result
    }

    /// Gives an input, as the driver.
    pub(crate) fn input(&self, give: impl FnOnce(&mut D, Instant)) {
        give(&mut self.lock(), self.clock.now());
    }

    pub(crate) fn socket_input(&self, socket: SocketId, input: SocketInput) {
        self.input(|driven, now| driven.handle_socket(now, socket, input));
    }

    /// Passes on what is told, and says what is wanted. An event leaves the session for the queue
    /// under the lock, so that under the lock it is in one of them.
    pub(crate) fn drain(&self) -> Wants<D> {
        let mut driven = self.lock();
        let now = self.clock.now();
        let mut wants = Vec::new();
        let mut poll = |driven: &mut D| {
            wants.extend(std::iter::from_fn(|| driven.poll_action()));
            self.events
                .extend(std::iter::from_fn(|| driven.poll_event(now)));
        };
        poll(&mut driven);
        let ended = driven.settle(now);
        poll(&mut driven);
        if ended {
            self.events.end();
        }
        Wants {
            wants,
            _gone: driven.take_gone(),
            wake_at: driven.poll_timeout(),
            ended,
        }
    }

    /// Makes the driver look at the session and the queue of events again.
    pub(crate) fn wake_driver(&self) {
        self.called.store(true, Ordering::Release);
        self.driver.wake();
    }

    /// Whether the driver has been called.
    pub(crate) fn poll_called(&self, cx: &Context<'_>) -> Poll<()> {
        self.driver.register(cx.waker());
        if self.called.swap(false, Ordering::Acquire) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Ends everything without telling the service, when it has not ended yet.
    pub(crate) fn abandon(&self) {
        self.command(D::abandon);
    }
}

/// Keeps what is driven alive: when the last handle lets go of it, it is abandoned.
pub(crate) struct Lifeline<D: Driven>(Arc<Shared<D>>);

impl<D: Driven> Lifeline<D> {
    pub(crate) const fn new(shared: Arc<Shared<D>>) -> Self {
        Self(shared)
    }

    pub(crate) fn shared(&self) -> &Shared<D> {
        &self.0
    }
}

impl<D: Driven> Drop for Lifeline<D> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
