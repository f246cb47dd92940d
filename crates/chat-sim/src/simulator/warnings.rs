//! The warnings that go to the log: not all of them, when a client provokes many.

use std::time::Duration;

use crate::bucket::{Bucket, Rate};

/// How many lines there may be.
const RATE: Rate = Rate {
    per_second: 1,
    burst: 20,
};

/// Counts the warnings.
#[derive(Debug)]
pub(super) struct Warnings {
    lines: Bucket,
    left_out: u64,
}

impl Warnings {
    pub(super) fn new(now: Duration) -> Self {
        Self {
            lines: Bucket::new(RATE, now),
            left_out: 0,
        }
    }

    /// Whether a warning goes to the log; then, how many before it did not.
    pub(super) fn next(&mut self, now: Duration) -> Option<u64> {
        if self.lines.take(RATE, now) {
            return Some(std::mem::take(&mut self.left_out));
        }
        self.left_out += 1;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_warnings_becomes_a_few_lines_that_say_how_many_there_were() {
        let mut warnings = Warnings::new(Duration::ZERO);
        let mut next = |now| warnings.next(Duration::from_secs(now));
        let lines = (0..10_000).filter_map(|_| next(0));
        assert_eq!(lines.collect::<Vec<_>>(), [0; 20]);
        assert_eq!(next(1), Some(9_980));
        assert_eq!(next(1), None);
        assert_eq!(next(60), Some(1));
    }
}
