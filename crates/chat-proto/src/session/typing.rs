//! Our own typing events: at most one in ten seconds, the first at once.

use std::time::Duration;

use crate::time::Instant;

/// At most one typing event in this time, as ChatJS has it.
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Default, Debug)]
pub(super) struct Typing {
    last: Option<Instant>,
}

impl Typing {
    /// Whether a typing event may be sent now; if so, the next one may not for a while.
    pub(super) fn begin(&mut self, now: Instant) -> bool {
        let free = self.last.is_none_or(|last| now - last >= WINDOW);
        if free {
            self.last = Some(now);
        }
        free
    }

    /// The last one was not sent, so it does not count.
    pub(super) fn failed(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_in_ten_seconds_and_a_failed_one_does_not_count() {
        let start = Instant::ORIGIN;
        let mut typing = Typing::default();
        assert!(typing.begin(start));
        assert!(!typing.begin(start + Duration::from_millis(9_999)));
        assert!(typing.begin(start + WINDOW));
        typing.failed();
        assert!(typing.begin(start + WINDOW));
    }
}
