//! Time that jumps: what is due on the way is done in parts, so that nobody waits for all of it.

use std::time::Duration;

use super::{Service, TASKS};
use crate::control;
use crate::output::{Output, RequestId};

/// A jump that is under way.
#[derive(Debug)]
pub(super) struct Jump {
    /// The time at which it began.
    pub(super) from: Duration,
    until: Duration,
    /// The requests that asked for it.
    requests: Vec<RequestId>,
}

impl Service {
    /// Lets time jump. Everything that is due on the way happens in its order, each at its own
    /// time; then [`Output::AdvanceClock`] tells the shell. Only the service's time jumps: the
    /// timers of clients know nothing of it.
    ///
    /// When much is due, a part of it happens now, and the rest in the calls of
    /// [`handle_timeout`](Self::handle_timeout) that follow: see [`is_jumping`](Self::is_jumping).
    /// A jump that is asked for meanwhile comes on top.
    pub fn advance_clock(&mut self, now: Duration, by: Duration) {
        self.advance(now);
        self.begin_jump(by, None);
    }

    /// Whether a jump is under way. [`handle_timeout`](Self::handle_timeout) goes on with it, and
    /// wants to be called at once; a shell may wait for clients to read what has come of it so far.
    pub fn is_jumping(&self) -> bool {
        self.jump.is_some()
    }

    /// The same as [`advance_clock`](Self::advance_clock), and the request is answered at the end.
    pub(crate) fn begin_jump(&mut self, by: Duration, request: Option<RequestId>) {
        let jump = self.jump.get_or_insert(Jump {
            from: self.now,
            until: self.now,
            requests: Vec::new(),
        });
        jump.until = jump.until.saturating_add(by);
        jump.requests.extend(request);
        self.go_on_jumping();
    }

    pub(super) fn go_on_jumping(&mut self) {
        let Some(until) = self.jump.as_ref().map(|jump| jump.until) else {
            return;
        };
        for _ in 0..TASKS {
            let Some(due) = self.agenda.next_due().filter(|due| *due <= until) else {
                self.end_jump();
                return;
            };
            self.advance(due);
            self.do_next();
        }
    }

    fn end_jump(&mut self) {
        let Some(jump) = self.jump.take() else {
            return;
        };
        self.advance(jump.until);
        let by = jump.until.saturating_sub(jump.from);
        self.emit(Output::AdvanceClock { by });
        for request in jump.requests {
            let response = control::jumped(&self.timestamp(self.now));
            self.emit(Output::Respond { request, response });
        }
    }
}
