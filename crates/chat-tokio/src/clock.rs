//! All that this crate knows of time.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_proto::{Instant, Seed, Start};
use tokio::time::Sleep;

/// The longest a timer is set to at once. tokio cannot reach further than some years; when it
/// fires before the wanted time, the session says so and it is set again.
const HORIZON: Duration = Duration::from_secs(24 * 3_600);

/// The clock of one session. Its origin is the moment it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_origin(self.0.elapsed())
    }

    /// What a session is told when it is made.
    pub(crate) fn session_start(&self, seed: Seed) -> Start {
        Start {
            now: self.now(),
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            seed,
        }
    }
}

/// The one timer of a driver.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Clock,
    at: Option<Instant>,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    /// A timer that is not set.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            at: None,
            sleep: Box::pin(tokio::time::sleep(HORIZON)),
        }
    }

    /// Sets the time to fire at, or none. Costs nothing when it is set so already.
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        if self.at == at {
            return;
        }
        self.at = at;
        if let Some(at) = at {
            let ahead = (at - self.clock.now()).min(HORIZON);
            let deadline = tokio::time::Instant::now() + ahead;
            self.sleep.as_mut().reset(deadline);
        }
    }

    /// Whether it fires. It is not set any more then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.at.is_none() {
            return Poll::Pending;
        }
        let fired = self.sleep.as_mut().poll(cx);
        if fired.is_ready() {
            self.at = None;
        }
        fired
    }
}

/// What the future gives, or nothing when it takes longer than the limit.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_timer_fires_at_its_time_once_and_can_be_set_again() {
        let clock = Clock::start();
        let mut timer = Timer::new(clock);
        let at = clock.now() + Duration::from_secs(3);
        timer.set(Some(clock.now() + Duration::from_secs(60)));
        timer.set(Some(at));
        poll_fn(|cx| timer.poll(cx)).await;
        assert!(clock.now() >= at && clock.now() - at < Duration::from_millis(10));
        let again = within(Duration::from_secs(600), poll_fn(|cx| timer.poll(cx))).await;
        assert_eq!(again, None, "it is not set any more");
        timer.set(Some(at)); // in the past: at once
        poll_fn(|cx| timer.poll(cx)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_out_of_reach_does_not_panic() {
        let mut timer = Timer::new(Clock::start());
        timer.set(Some(Instant::from_origin(Duration::MAX)));
        poll_fn(|cx| timer.poll(cx)).await;
    }
}
