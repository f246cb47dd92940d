//! All that this crate knows of time.

use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_proto::{Instant, Seed, Start};
use futures_util::future::{Either, select};

use crate::runtime::Runtime;

/// The longest a timer is set to at once. A runtime may not reach further than some years; when it
/// fires before the wanted time, it is set again.
const HORIZON: Duration = Duration::from_secs(24 * 3_600);

/// The clock of one session. Its origin is the moment it was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: std::time::Instant,
    now: fn() -> std::time::Instant,
}

impl Clock {
    pub(crate) fn start<R: Runtime>() -> Self {
        Self {
            origin: R::now(),
            now: R::now,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_origin((self.now)().saturating_duration_since(self.origin))
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
pub(crate) struct Timer<R> {
    clock: Clock,
    at: Option<Instant>,
    /// What is waited for, and until when. It may be earlier than `at`: a time that is put off
    /// costs nothing until the earlier one has come.
    sleep: Option<(Instant, Sleep)>,
    runtime: PhantomData<fn() -> R>,
}

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<R: Runtime> Timer<R> {
    /// A timer that is not set.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            at: None,
            sleep: None,
            runtime: PhantomData,
        }
    }

    /// Sets the time to fire at, or none.
    pub(crate) fn set(&mut self, at: Option<Instant>) {
        self.at = at;
        if let (Some(at), Some((until, _))) = (at, &self.sleep) {
            if at < *until {
                self.sleep = None;
            }
        }
    }

    /// Whether it fires. It is not set any more then.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        loop {
            let now = self.clock.now();
            if now >= at {
                self.at = None;
                self.sleep = None;
                return Poll::Ready(());
            }
            let (_, sleep) = self.sleep.get_or_insert_with(|| {
                let ahead = (at - now).min(HORIZON);
                (now + ahead, Box::pin(R::sleep(ahead)))
            });
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
    }
}

/// What the future gives, or nothing when it takes longer than the limit.
pub(crate) async fn within<R: Runtime, T>(
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    match select(pin!(future), pin!(R::sleep(limit))).await {
        Either::Left((result, _)) => Some(result),
        Either::Right(((), _)) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;
    use crate::testing::Tokio;

    #[tokio::test(start_paused = true)]
    async fn a_timer_fires_at_its_time_once_and_can_be_set_again() {
        let clock = Clock::start::<Tokio>();
        let mut timer = Timer::<Tokio>::new(clock);
        let at = clock.now() + Duration::from_secs(3);
        timer.set(Some(clock.now() + Duration::from_secs(60)));
        timer.set(Some(at));
        poll_fn(|cx| timer.poll(cx)).await;
        assert!(clock.now() >= at && clock.now() - at < Duration::from_millis(10));
        let again =
            within::<Tokio, _>(Duration::from_secs(600), poll_fn(|cx| timer.poll(cx))).await;
        assert_eq!(again, None, "it is not set any more");
        timer.set(Some(at)); // in the past: at once
        poll_fn(|cx| timer.poll(cx)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_out_of_reach_does_not_panic() {
        let mut timer = Timer::<Tokio>::new(Clock::start::<Tokio>());
        timer.set(Some(Instant::from_origin(Duration::MAX)));
        let fired = within::<Tokio, _>(HORIZON * 3, poll_fn(|cx| timer.poll(cx))).await;
        assert_eq!(fired, None);
    }
}
