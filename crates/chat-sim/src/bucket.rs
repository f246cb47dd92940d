//! How often something may happen: so many times a second, and so many at once.

use std::time::Duration;

/// A whole token. Buckets count in parts of it: at 1 token a second, one part a nanosecond.
const TOKEN: u64 = 1_000_000_000;

/// How fast a bucket fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// How many tokens it gets in a second.
    pub(crate) per_second: u64,
    /// How many it holds.
    pub(crate) burst: u64,
}

/// A bucket of tokens, one for each time that something may happen. It begins full.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    level: u64,
    at: Duration,
}

impl Bucket {
    pub(crate) fn new(rate: Rate, now: Duration) -> Self {
        Self {
            level: rate.burst.saturating_mul(TOKEN),
            at: now,
        }
    }

    fn level(&self, rate: Rate, now: Duration) -> u64 {
        let passed = u64::try_from(now.saturating_sub(self.at).as_nanos()).unwrap_or(u64::MAX);
        self.level
            .saturating_add(passed.saturating_mul(rate.per_second))
            .min(rate.burst.saturating_mul(TOKEN))
    }

    /// Takes a token; false when there is none.
    pub(crate) fn take(&mut self, rate: Rate, now: Duration) -> bool {
        let level = self.level(rate, now);
        let left = level.checked_sub(TOKEN);
        *self = Self {
            level: left.unwrap_or(level),
            at: now,
        };
        left.is_some()
    }

    pub(crate) fn is_full(&self, rate: Rate, now: Duration) -> bool {
        self.level(rate, now) >= rate.burst.saturating_mul(TOKEN)
    }
}
