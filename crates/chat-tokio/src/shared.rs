//! What the handles of a session and its driver share: the session behind its lock.
//!
//! A command of the application is given to the session at once, by the thread that calls; the
//! driver then does what follows from it. That makes every command safe to cancel: it has either
//! been given as a whole or not at all.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use chat_proto::{Action, CommandError, Instant, Phase, ResumeState, Session};
use futures_util::task::AtomicWaker;

use crate::clock::Clock;
use crate::events::EventQueue;
use crate::files::Files;
use crate::waiters::Waiters;

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) events: EventQueue,
    state: Mutex<State>,
    /// Whether something has happened for the driver to look at.
    called: AtomicBool,
    driver: AtomicWaker,
}

pub(crate) struct State {
    pub(crate) session: Session,
    pub(crate) waiters: Waiters,
    pub(crate) files: Files,
}

/// What a session wants after an input.
pub(crate) struct Wants {
    pub(crate) actions: Vec<Action>,
    pub(crate) wake_at: Option<Instant>,
    pub(crate) ended: bool,
}

impl Shared {
    pub(crate) fn new(clock: Clock, session: Session, event_queue: usize) -> Self {
        Self {
            clock,
            events: EventQueue::new(event_queue),
            state: Mutex::new(State {
                session,
                waiters: Waiters::default(),
                files: Files::default(),
            }),
            called: AtomicBool::new(false),
            driver: AtomicWaker::new(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        // A session does not panic; were it to, its state would still be of use to read.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the session a command and calls the driver.
    pub(crate) fn command<T>(&self, give: impl FnOnce(&mut State, Instant) -> T) -> T {
        let result = give(&mut self.lock(), self.clock.now());
        self.wake_driver();
        result
    }

    /// Gives the session an input, as the driver.
    pub(crate) fn input(&self, give: impl FnOnce(&mut Session, Instant)) {
        give(&mut self.lock().session, self.clock.now());
    }

    /// Passes on what the session tells, and says what it wants.
    pub(crate) fn drain(&self) -> Wants {
        let mut state = self.lock();
        let State {
            session,
            waiters,
            files,
        } = &mut *state;
        let mut actions = Vec::new();
        while let Some(action) = session.poll_action() {
            actions.push(action);
        }
        let events = std::iter::from_fn(|| session.poll_event());
        self.events.extend(events.inspect(|event| {
            waiters.notice(event);
            files.notice(event);
        }));
        files.keep(|upload| session.has_attachment(upload));
        Wants {
            actions,
            wake_at: session.poll_timeout().map(|(at, _)| at),
            ended: session.phase() == Phase::Ended,
        }
    }

    /// What another process continues from. An event is in the session or in the queue, or the
    /// application has it: it leaves the session for the queue only under the session's lock.
    pub(crate) fn resume_state(&self) -> Result<ResumeState, CommandError> {
        let state = self.lock();
        self.events
            .look(|waiting| state.session.resume_state(waiting))
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

    /// Ends the session without telling the service, when it has not ended yet.
    pub(crate) fn abandon(&self) {
        self.command(|state, now| {
            // It refuses only when it is over, which is what is wanted.
            drop(state.session.abandon(now));
        });
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Session")
            .field("contact_id", &state.session.chat_details().contact_id)
            .field("phase", &state.session.phase())
            .finish_non_exhaustive()
    }
}

/// Keeps a session alive: when the last handle lets go of it, the session is abandoned.
#[derive(Debug)]
pub(crate) struct Lifeline(Arc<Shared>);

impl Lifeline {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
