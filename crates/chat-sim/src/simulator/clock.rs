//! All that the shell knows of real time.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper_util::rt::TokioTimer;
use tokio::time::{Instant, Sleep};

/// A clock that began when the simulator did. It can be made to jump, and may stand still otherwise.
#[derive(Debug)]
pub(super) struct Clock {
    origin: Instant,
    unix: Duration,
    stands_still: bool,
    /// How far it has jumped, in nanoseconds.
    jumped: AtomicU64,
}

impl Clock {
    /// A clock that goes, or one that only jumps.
    pub(super) fn start(stands_still: bool) -> Self {
        Self {
            origin: Instant::now(),
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
            stands_still,
            jumped: AtomicU64::new(0),
        }
    }

    /// The time since the clock began.
    pub(super) fn now(&self) -> Duration {
        let gone = if self.stands_still {
            Duration::ZERO
        } else {
            self.origin.elapsed()
        };
        gone.saturating_add(self.jumped())
    }

    fn jumped(&self) -> Duration {
        Duration::from_nanos(self.jumped.load(Ordering::SeqCst))
    }

    /// Makes the clock jump forward.
    pub(super) fn jump(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        self.jumped.fetch_add(by, Ordering::SeqCst);
    }

    /// The same, of the real clock, by which clients are measured.
    pub(super) fn real(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The wall clock when the clock began, since 1970.
    pub(super) fn unix(&self) -> Duration {
        self.unix
    }

    /// A seed that differs from run to run, small enough to be read from JSON in JavaScript.
    pub(super) fn seed(&self) -> u64 {
        let nanoseconds = u64::try_from(self.unix.as_nanos()).unwrap_or(u64::MAX);
        nanoseconds % (1 << 53)
    }

    /// Waits for a time; for ever when there is none, or none that the clock can reach by itself.
    pub(super) async fn sleep_until(&self, at: Option<Duration>) {
        let Some(at) = at else {
            return std::future::pending().await;
        };
        if at <= self.now() {
            return;
        }
        let reached = self.origin.checked_add(at.saturating_sub(self.jumped()));
        match reached.filter(|_| !self.stands_still) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

/// Waits a little, before something that failed is tried again.
pub(super) async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Waits for as long as a client may need to read what waits for it.
pub(super) async fn moment() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// What the future gives, or nothing when it takes longer than the limit.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}

/// The timer of the HTTP server.
pub(super) fn http_timer() -> TokioTimer {
    TokioTimer::new()
}

/// Rings once.
pub(super) type Alarm = Pin<Box<Sleep>>;

/// An alarm that rings after a time.
pub(super) fn alarm(after: Duration) -> Alarm {
    Box::pin(tokio::time::sleep(after))
}
