//! All that the shell knows of real time.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper_util::rt::TokioTimer;
use tokio::time::Instant;

/// A clock that began when the simulator did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    origin: Instant,
    unix: Duration,
}

impl Clock {
    pub(super) fn start() -> Self {
        Self {
            origin: Instant::now(),
            unix: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default(),
        }
    }

    /// The time since the clock began.
    pub(super) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The wall clock when the clock began, since 1970.
    pub(super) fn unix(&self) -> Duration {
        self.unix
    }

    /// A seed that differs from run to run.
    pub(super) fn seed(&self) -> u64 {
        u64::try_from(self.unix.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Waits for a time; for ever when there is none, or none that a clock can reach.
    pub(super) async fn sleep_until(&self, at: Option<Duration>) {
        match at.and_then(|at| self.origin.checked_add(at)) {
            Some(at) => tokio::time::sleep_until(at).await,
            None => std::future::pending().await,
        }
    }
}

/// Waits a little, before something that failed is tried again.
pub(super) async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// What the future gives, or nothing when it takes longer than the limit.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, future).await.ok()
}

/// The timer of the HTTP server.
pub(super) fn http_timer() -> TokioTimer {
    TokioTimer::new()
}
