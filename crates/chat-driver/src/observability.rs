//! What can be seen from outside: spans and events of `tracing`, and measurements.
//!
//! At the default level, INFO, nothing is logged: all events are at DEBUG. What an application must
//! know comes as an [`Event`] or an error. The names here are stable.
//!
//! | span | level | fields | is |
//! |---|---|---|---|
//! | `chat` | INFO | `contact_id` | a session, for as long as its task runs; within `agent` when it is on a hub |
//! | `agent` | INFO | | a hub, for as long as its task runs |
//! | `socket` | DEBUG | `socket`: its number in the session | a WebSocket, from opening to closed; within `chat` or `agent` |
//! | `request` | DEBUG | `request`: its number in the session; `operation`: the service's name of it, or `upload`, `download` | an HTTP request, with its wait for the rate limiter; within `chat`. One that starts a chat has no number and no parent |
//!
//! | in | event | fields |
//! |---|---|---|
//! | `chat`, `agent` | `connected`, `connected again` | |
//! | | `the first connect failed`, `the gap could not be filled` | |
//! | | `the connection is lost` | `cause`: see [`loss_name`] |
//! | | `the gap is filled` | `items` |
//! | | `diagnostic` | `kind`: that of [`Diagnostic::kind`](chat_proto::Diagnostic::kind) |
//! | | `a request is cancelled` | `request` |
//! | `chat` | `the session is over` | `reason`: see [`end_name`] |
//! | `socket` | `opening a WebSocket`, `a WebSocket is open` | |
//! | | `a WebSocket failed` | `error` |
//! | | `the service closed a WebSocket`, `closing a WebSocket` | `code` |
//! | | `the application's pace` | `reading`: whether the socket is read, which it is not while the application is behind with its events |
//! | `request` | `a request waits for its turn`, `sending a request` | |
//! | | `a request is answered` | `status` |
//! | | `a request failed`, `a transfer failed` | `error` |
//! | | `transferring a file` | `size` |
//! | | `a transfer has ended` | `status`, `bytes` |
//!
//! A subscriber of `tracing`, or a recorder of measurements, is called while a session is at work: it
//! must not call a session itself.
//!
//! # What is never shown
//!
//! Tokens, URLs, header values, the proxy's password, and what people wrote are in no log of this
//! crate and of `chat-proto`, at no level, in no `Debug`, and in no error's text. Contact ids and
//! host names are shown. Tests hold all of that against marked secrets.
//!
//! One crate below is an exception that cannot be taken back from here: `tungstenite` logs by itself,
//! through `log`, and at the level TRACE it shows whole handshakes, whose URL carries a token, and
//! whole frames, which carry what people wrote. At DEBUG and above it shows neither. An application
//! that has a logger for `log` (`tracing_subscriber`'s `init` installs one) and lets TRACE through
//! must shut this out: with the filter `tungstenite=debug`, or for good with the feature
//! `release_max_level_debug` of the crate `log`, turned on in its own `Cargo.toml`.

use chat_proto::{Diagnostic, EndReason, Event, HubEvent, LossCause};

/// Logs an event of a session, as far as it is worth it.
pub(crate) fn log(event: &Event) {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all others are the application's"
    )]
    match event {
        Event::Established => connected(),
        Event::ConnectFailed(_) => tracing::debug!("the first connect failed"),
        Event::ConnectionLost(cause) => lost(cause),
        Event::Reestablished => connected_again(),
        Event::GapFilled { items } => tracing::debug!(items, "the gap is filled"),
        Event::GapUnresolved(_) => tracing::debug!("the gap could not be filled"),
        Event::Diagnostic(diagnostic) => noticed(diagnostic),
        Event::Ended(reason) => tracing::debug!(reason = end_name(reason), "the session is over"),
        _ => {}
    }
}

/// Logs an event of a hub, as far as it is worth it. Those of its sessions are logged as such.
pub(crate) fn log_hub(event: &HubEvent) {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "all others are the application's"
    )]
    match event {
        HubEvent::Established => connected(),
        HubEvent::ConnectionLost(cause) => lost(cause),
        HubEvent::Reestablished => connected_again(),
        HubEvent::Diagnostic(diagnostic) => noticed(diagnostic),
        _ => {}
    }
}

fn connected() {
    tracing::debug!("connected");
}

fn connected_again() {
    tracing::debug!("connected again");
}

fn lost(cause: &LossCause) {
    tracing::debug!(cause = loss_name(cause), "the connection is lost");
}

fn noticed(diagnostic: &Diagnostic) {
    tracing::debug!(kind = diagnostic.kind(), "diagnostic");
}

/// The cause of a loss in one word: `closed`, `failed`, `heartbeat_missed`,
/// `deep_heartbeat_failed`, `suspended`.
#[must_use]
pub const fn loss_name(cause: &LossCause) -> &'static str {
    match cause {
        LossCause::Closed(_) => "closed",
        LossCause::Failed(_) => "failed",
        LossCause::HeartbeatMissed => "heartbeat_missed",
        LossCause::DeepHeartbeatFailed => "deep_heartbeat_failed",
        LossCause::Suspended => "suspended",
        _ => "other",
    }
}

/// The reason of an end in one word: `chat_ended`, `inferred`, `transferred`, `disconnected`,
/// `abandoned`, `fatal`, `gave_up`.
#[must_use]
pub const fn end_name(reason: &EndReason) -> &'static str {
    match reason {
        EndReason::ChatEnded => "chat_ended",
        EndReason::Inferred(_) => "inferred",
        EndReason::Transferred => "transferred",
        EndReason::Disconnected => "disconnected",
        EndReason::Abandoned => "abandoned",
        EndReason::Fatal(_) => "fatal",
        EndReason::GaveUp { .. } => "gave_up",
        _ => "other",
    }
}
