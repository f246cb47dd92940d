//! Time as an argument: the core never asks a clock.

use std::ops::{Add, Sub};
use std::time::Duration;

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

/// A point on the driver's monotonic clock, as the time since an origin the driver chooses.
///
/// The origin is usually the moment the driver was made. Only differences matter, so any origin
/// works as long as one session always sees the same one. Arithmetic saturates; nothing panics.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(Duration);

impl Instant {
    /// The origin itself.
    pub const ORIGIN: Self = Self(Duration::ZERO);

    /// The instant that lies `since_origin` after the origin.
    #[must_use]
    pub const fn from_origin(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// How long after the origin this instant lies.
    #[must_use]
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// The time from `earlier` to this instant; zero when `earlier` is later.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

/// What a session is told about the outside world when it is made.
///
/// The same `Start`, commands and inputs give the same outputs, bit for bit.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// The present moment on the driver's monotonic clock.
    pub now: Instant,
    /// The same moment on the wall clock, as the time since 1970-01-01T00:00:00Z. It is needed
    /// only to read the service's expiry times; a wrong one costs a few needless renewals.
    pub unix: Duration,
    /// Seed of the session's generator: jitter, and the client tokens that make repeated sends
    /// harmless. Take it from the operating system's generator, and never use one twice, except
    /// to repeat a test.
    pub seed: Seed,
}

/// 32 random bytes. `Debug` hides them, since client tokens follow from them.
#[derive(Clone, Copy)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed for a repeatable test, from a small number.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        // Near numbers give seeds that have nothing in common.
        let mut bytes = [0; 32];
        SplitMix64::seed_from_u64(number).fill_bytes(&mut bytes);
        Self(bytes)
    }

    pub(crate) const fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(REDACTED)")
    }
}

/// Translates the service's wall-clock times into [`Instant`]s.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    now: Instant,
    unix: Duration,
}

impl WallClock {
    pub(crate) const fn new(start: &Start) -> Self {
        Self {
            now: start.now,
            unix: start.unix,
        }
    }

    /// The time left until the wall-clock time `unix_millis`, or `None` when it has passed.
    ///
    /// The service's clock and ours may differ, and what the service says is not trusted: the
    /// answer is at most `longest`.
    pub(crate) fn time_left(
        &self,
        now: Instant,
        unix_millis: i64,
        longest: Duration,
    ) -> Option<Duration> {
        let unix = Duration::from_millis(u64::try_from(unix_millis).ok()?);
        let unix_now = self.unix.saturating_add(now - self.now);
        let left = unix.checked_sub(unix_now)?;
        (!left.is_zero()).then(|| left.min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_panicking() {
        let early = Instant::from_origin(Duration::from_secs(1));
        let late = Instant::from_origin(Duration::MAX);
        assert_eq!(early - late, Duration::ZERO);
        assert_eq!(late + Duration::from_secs(1), late);
    }

    #[test]
    fn a_seed_does_not_show_itself() {
        assert_eq!(format!("{:?}", Seed::from_number(0x2a)), "Seed(REDACTED)");
    }

    #[test]
    fn time_left_is_clamped_and_the_past_is_none() {
        let clock = WallClock::new(&Start {
            now: Instant::ORIGIN,
            unix: Duration::from_secs(1_000),
            seed: Seed::from_number(0),
        });
        let now = Instant::from_origin(Duration::from_secs(10));
        let hour = Duration::from_secs(3_600);
        assert_eq!(
            clock.time_left(now, 1_015_000, hour),
            Some(Duration::from_secs(5))
        );
        assert_eq!(clock.time_left(now, i64::MAX, hour), Some(hour));
        assert_eq!(clock.time_left(now, 1_010_000, hour), None);
        assert_eq!(clock.time_left(now, -1, hour), None);
    }
}
