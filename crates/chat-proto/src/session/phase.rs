//! The phases of a session: the whole table, and nothing else that decides about them.
//!
//! ```text
//!            connect            up                  lost
//!   Idle ------------> Connecting -----> Live <--------------> Recovering
//!    ^                  |                  |         up              |
//!    +------------------+                  |                         |
//!       connect failed        suspend from any of the three above,
//!                             resume back to Connecting or Recovering
//!
//!   any but Ended -- end --> Ended
//! ```

use std::fmt;

/// Where a session is in its life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "an application that shows the phase must show each"
)]
pub enum Phase {
    /// Not connected, and not trying to be.
    Idle,
    /// Connecting for the first time.
    Connecting,
    /// Connected.
    Live,
    /// The connection is lost and being recovered.
    Recovering,
    /// Put to sleep by the application: no socket, no attempt.
    Suspended,
    /// Over, for good.
    Ended,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Idle => "idle",
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Recovering => "recovering",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        })
    }
}

/// What moves a session from phase to phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trigger {
    /// The application wants to connect.
    Connect,
    /// The first connect failed.
    ConnectFailed,
    /// A socket is subscribed.
    Up,
    /// The connection is lost.
    Lost,
    /// The application puts the session to sleep.
    Suspend,
    /// The application wakes the session; `was_live` says whether it has ever been connected.
    Resume {
        /// Whether the session has been live before.
        was_live: bool,
    },
    /// It is over.
    End,
}

impl Phase {
    /// The phase that follows, or `None` where the trigger has no meaning in this phase.
    pub(super) const fn after(self, trigger: Trigger) -> Option<Self> {
        match (self, trigger) {
            (Self::Ended, _) => None,
            (_, Trigger::End) => Some(Self::Ended),
            (Self::Idle, Trigger::Connect) => Some(Self::Connecting),
            (Self::Connecting, Trigger::ConnectFailed) => Some(Self::Idle),
            (Self::Connecting | Self::Recovering, Trigger::Up) => Some(Self::Live),
            (Self::Live, Trigger::Lost) => Some(Self::Recovering),
            (Self::Connecting | Self::Live | Self::Recovering, Trigger::Suspend) => {
                Some(Self::Suspended)
            }
            (Self::Suspended, Trigger::Resume { was_live: true }) => Some(Self::Recovering),
            (Self::Suspended, Trigger::Resume { was_live: false }) => Some(Self::Connecting),
            (
                Self::Idle | Self::Connecting | Self::Live | Self::Recovering | Self::Suspended,
                _,
            ) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_as_drawn() {
        use Phase::{Connecting, Ended, Idle, Live, Recovering, Suspended};
        let triggers = [
            Trigger::Connect,
            Trigger::ConnectFailed,
            Trigger::Up,
            Trigger::Lost,
            Trigger::Suspend,
            Trigger::Resume { was_live: true },
            Trigger::Resume { was_live: false },
            Trigger::End,
        ];
        let table = [
            (Idle, [Some(Connecting), None, None, None, None, None, None]),
            (
                Connecting,
                [
                    None,
                    Some(Idle),
                    Some(Live),
                    None,
                    Some(Suspended),
                    None,
                    None,
                ],
            ),
            (
                Live,
                [
                    None,
                    None,
                    None,
                    Some(Recovering),
                    Some(Suspended),
                    None,
                    None,
                ],
            ),
            (
                Recovering,
                [None, None, Some(Live), None, Some(Suspended), None, None],
            ),
            (
                Suspended,
                [
                    None,
                    None,
                    None,
                    None,
                    None,
                    Some(Recovering),
                    Some(Connecting),
                ],
            ),
            (Ended, [None; 7]),
        ];
        for (phase, after) in table {
            for (trigger, expected) in triggers.into_iter().zip(after) {
                assert_eq!(phase.after(trigger), expected, "{phase} {trigger:?}");
            }
            let end = (phase != Ended).then_some(Ended);
            assert_eq!(phase.after(Trigger::End), end, "{phase} end");
        }
    }
}
