//! Settings of a session. Every default names its source; every value is checked when it is set.

use std::time::Duration;

use thiserror::Error;

use crate::api::Endpoint;

/// A setting outside its range.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{setting} is {given}; it must be {range}")]
pub struct ConfigError {
    setting: &'static str,
    given: String,
    range: String,
}

impl ConfigError {
    pub(crate) fn new(setting: &'static str, given: String, range: impl Into<String>) -> Self {
        Self {
            setting,
            given,
            range: range.into(),
        }
    }
}

/// Settings of a session. Cloned cheaply; nothing here is global.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    pub(crate) endpoint: Endpoint,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) deep_heartbeat_limit: Option<u32>,
    pub(crate) socket_lifetime: Duration,
    pub(crate) open_timeout: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) transfer_timeout: Duration,
    pub(crate) connect_deadline: Duration,
    pub(crate) recovery_limit: Option<Duration>,
    pub(crate) send_deadline: Duration,
    pub(crate) disconnect_deadline: Duration,
    pub(crate) outbox_limit: usize,
    pub(crate) call_limit: usize,
    pub(crate) transcript_limit: usize,
    pub(crate) event_limit: usize,
    pub(crate) hub_session_limit: usize,
    pub(crate) gap_page_limit: u32,
    pub(crate) history_pages: u32,
    pub(crate) receipts: bool,
    pub(crate) receipt_window: Duration,
    pub(crate) delivered_hold: Duration,
}

/// Defines a setter that checks its range.
macro_rules! setting {
    ($(#[$doc:meta])* $name:ident: $type:ty, $from:expr, $to:expr) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`ConfigError`] when the value is outside the range; the setting stays as it was.
        pub fn $name(&mut self, value: $type) -> Result<&mut Self, ConfigError> {
            let range = $from..=$to;
            if !range.contains(&value) {
                return Err(ConfigError::new(
                    stringify!($name),
                    format!("{value:?}"),
                    format!("from {:?} to {:?}", range.start(), range.end()),
                ));
            }
            self.$name = value;
            Ok(self)
        }
    };
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);

impl Config {
    /// The default settings for a service at this endpoint.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            heartbeat_interval: Duration::from_secs(10),
            deep_heartbeat_limit: None,
            socket_lifetime: Duration::from_secs(59 * 60),
            open_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(10),
            transfer_timeout: Duration::from_secs(5 * 60),
            connect_deadline: Duration::from_secs(20),
            recovery_limit: None,
            send_deadline: Duration::from_secs(60),
            disconnect_deadline: Duration::from_secs(10),
            outbox_limit: 1_000,
            call_limit: 100,
            transcript_limit: 10_000,
            event_limit: 1_000,
            hub_session_limit: 100,
            gap_page_limit: 100,
            history_pages: 1,
            receipts: true,
            receipt_window: Duration::from_secs(5),
            delivered_hold: Duration::from_millis(300),
        }
    }

    /// Where the service is.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    setting! {
        /// Time between heartbeats, and how long after one a sign of life may take.
        /// Default 10 s, as every client of the service has it. 1 s to 1 min.
        heartbeat_interval: Duration, SECOND, SECOND * 60
    }
    setting! {
        /// The longest a socket is used before another takes over. An earlier ConnectionExpiry
        /// of the service wins. Default 59 min, ChatJS's value. 10 s to 24 h.
        socket_lifetime: Duration, SECOND * 10, HOUR * 24
    }
    setting! {
        /// How long opening a socket may take. Default 10 s (ours: ChatJS waits without end).
        /// 100 ms to 2 min; the service's URL is good for 100 s.
        open_timeout: Duration, MILLISECOND * 100, SECOND * 120
    }
    setting! {
        /// How long one HTTP request may take. Default 10 s (ours: ChatJS waits without end).
        /// 100 ms to 5 min.
        request_timeout: Duration, MILLISECOND * 100, SECOND * 300
    }
    setting! {
        /// How long the bytes of one file may take, up or down. Default 5 min (ours): 20 MB, the
        /// service's default limit, at half a megabit per second. 1 s to 24 h.
        transfer_timeout: Duration, SECOND, HOUR * 24
    }
    setting! {
        /// How long the first connect may try, repeats included, before it fails.
        /// Default 20 s (ours). 100 ms to 1 h.
        connect_deadline: Duration, MILLISECOND * 100, HOUR
    }
    setting! {
        /// How long a message may be tried while the connection is up before it is handed back.
        /// Default 60 s (ours). 1 s to 24 h.
        send_deadline: Duration, SECOND, HOUR * 24
    }
    setting! {
        /// How long `disconnect` may take to send what is queued and see the chat end.
        /// Default 10 s (ours). Up to 5 min; zero leaves at once.
        disconnect_deadline: Duration, Duration::ZERO, SECOND * 300
    }
    setting! {
        /// The most messages that may wait to be sent, and, apart from those, the most failed
        /// ones kept for `resend`. Default 1,000 (ours). 1 to 1,000,000.
        outbox_limit: usize, 1, 1_000_000
    }
    setting! {
        /// The most calls (`send_event`, `get_transcript`, `load_older`, `attachment_url` and all
        /// others that end with [`CallFinished`](crate::Event::CallFinished)) that may be under
        /// way. Default 100 (ours). 1 to 10,000.
        call_limit: usize, 1, 10_000
    }
    setting! {
        /// The most items the transcript holds; beyond it the oldest leave. Default 10,000
        /// (ours). 100 to 10,000,000.
        transcript_limit: usize, 100, 10_000_000
    }
    setting! {
        /// While more events than this wait to be polled, no further page of the transcript is
        /// asked for. Default 1,000 (ours). 1 to 1,000,000.
        event_limit: usize, 1, 1_000_000
    }
    setting! {
        /// The most sessions a [`Hub`](crate::Hub) holds. Default 100 (ours; the service's own
        /// quota is 10 active chats for an agent). 1 to 10,000.
        hub_session_limit: usize, 1, 10_000
    }
    setting! {
        /// The most pages of 100 items one gap fill reads before it is given up as
        /// [`GapUnresolved`](crate::Event::GapUnresolved). Default 100 (ours). 1 to 100,000.
        gap_page_limit: u32, 1, 100_000
    }
    setting! {
        /// How many of the newest pages of 100 items the first connect brings. What lies further
        /// back is not reported, and can be loaded with
        /// [`load_older`](crate::Session::load_older). Default 1 (ours). 1 to 100,000.
        history_pages: u32, 1, 100_000
    }

    setting! {
        /// At most one read and one delivered receipt go out in this time. Default 5 s, as every
        /// client of the service has it. Up to 1 min; zero sends each at once.
        receipt_window: Duration, Duration::ZERO, SECOND * 60
    }
    setting! {
        /// How long a delivered receipt is held, so that a read one can make it needless. Default
        /// 300 ms, ChatJS's value. Up to 1 min.
        delivered_hold: Duration, Duration::ZERO, SECOND * 60
    }

    /// Whether receipts may be sent. Default true.
    pub const fn receipts(&mut self, value: bool) -> &mut Self {
        self.receipts = value;
        self
    }

    /// After how many bad or missing answers to the ping in a row the socket is replaced.
    /// Default `None`: they are reported, and the socket stays while anything else arrives.
    pub const fn deep_heartbeat_limit(&mut self, value: Option<u32>) -> &mut Self {
        self.deep_heartbeat_limit = value;
        self
    }

    /// How long a lost connection is tried to be had again before the session ends with
    /// [`EndReason::GaveUp`](crate::EndReason::GaveUp). Default `None`: until the service says
    /// that the chat has ended, which the chat's own duration bounds.
    pub const fn recovery_limit(&mut self, value: Option<Duration>) -> &mut Self {
        self.recovery_limit = value;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_outside_its_range_is_refused_and_changes_nothing() {
        let mut config = Config::new(Endpoint::custom("http://127.0.0.1:1").unwrap());
        let before = config.clone();
        let error = config.send_deadline(Duration::ZERO).unwrap_err();
        assert_eq!(
            error.to_string(),
            "send_deadline is 0ns; it must be from 1s to 86400s"
        );
        assert_eq!(config, before);
    }
}
