//! How often and when one request is tried again.

use std::time::Duration;

use crate::error::{RequestError, RetryClass};
use crate::event::Diagnostic;
use crate::session::access::Access;
use crate::session::outputs::Outputs;
use crate::time::Instant;

/// The first wait after a failed request; each further one doubles it.
const WAIT_FIRST: Duration = Duration::from_millis(500);
/// The longest wait, before jitter.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// How often a request is tried for which the application can ask again, as AWS's SDKs do by
/// default.
const FEW: u32 = 3;

/// The tries of one logical request.
#[derive(Clone, Default, Debug)]
pub(super) struct Tries {
    failures: u32,
    not_before: Option<Instant>,
    /// A refused token has been replaced once.
    refreshed: bool,
}

/// What a failed try means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It is to be tried again, when `is_due` says so.
    Again,
    /// It will not succeed.
    GiveUp,
}

impl Tries {
    /// Whether the next try may begin; it then does not wait any more.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.not_before.is_none_or(|at| at <= now);
        if due {
            self.not_before = None;
        }
        due
    }

    /// When the next try may begin, when it may not at once.
    pub(super) const fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// A try of a request that is tried only a few times has failed.
    pub(super) fn failed_of_few(
        &mut self,
        now: Instant,
        error: &RequestError,
        access: &mut Access,
        outputs: &mut Outputs,
    ) -> Verdict {
        if self.failures + 1 >= FEW && error.retry_class() == RetryClass::Later {
            return Verdict::GiveUp;
        }
        self.failed(now, error, access, outputs)
    }

    /// A try has failed.
    pub(super) fn failed(
        &mut self,
        now: Instant,
        error: &RequestError,
        access: &mut Access,
        outputs: &mut Outputs,
    ) -> Verdict {
        self.failures = self.failures.saturating_add(1);
        let wait = match error.retry_class() {
            RetryClass::Never => return Verdict::GiveUp,
            RetryClass::Denied if self.refreshed => return Verdict::GiveUp,
            RetryClass::Denied => {
                self.refreshed = true;
                access.token_refused();
                Duration::ZERO
            }
            RetryClass::Later => error.retry_after().unwrap_or_else(|| {
                let doublings = self.failures.saturating_sub(1).min(8);
                let wait = (WAIT_FIRST * 2_u32.pow(doublings)).min(WAIT_LIMIT);
                outputs.random.jitter(wait)
            }),
        };
        self.not_before = Some(now + wait);
        outputs.report(Diagnostic::RequestRetried {
            error: error.clone(),
            retry_in: wait,
        });
        Verdict::Again
    }
}
