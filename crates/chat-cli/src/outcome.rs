//! How the program ends.

use std::process::ExitCode;

use crate::stop::Stop;

/// How a command ended that did what it was asked to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// In good order.
    Orderly,
    /// The session failed; what failed has been shown.
    Failed,
    /// By a signal.
    Stopped(Stop),
}

impl Outcome {
    /// That of a session: which signal stopped it, and whether it failed.
    pub(crate) const fn of_session(stop: Option<Stop>, failed: bool) -> Self {
        match (stop, failed) {
            (Some(stop), _) => Self::Stopped(stop),
            (None, true) => Self::Failed,
            (None, false) => Self::Orderly,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Orderly => Self::SUCCESS,
            Outcome::Failed => Self::from(1),
            // 128 plus the number of the signal, as shells have it.
            Outcome::Stopped(Stop::Interrupt) => Self::from(130),
            Outcome::Stopped(Stop::Terminate) => Self::from(143),
        }
    }
}

/// Why a command could not be carried out: an exit status, and a text for standard error.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Failure {
    status: u8,
    text: String,
}

impl Failure {
    /// The arguments, or a file that they name, cannot be used.
    pub(crate) fn arguments(text: impl Into<String>) -> Self {
        Self {
            status: 2,
            text: text.into(),
        }
    }

    /// What was asked for failed.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self {
            status: 1,
            text: text.into(),
        }
    }

    /// The exit status.
    pub(crate) fn status(&self) -> ExitCode {
        ExitCode::from(self.status)
    }
}
