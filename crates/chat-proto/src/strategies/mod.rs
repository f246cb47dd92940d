//! Strategies for [proptest](https://docs.rs/proptest): anything that can be said to a session, for
//! properties of your own. Behind the feature `proptest`, which is off by default.
//!
//! What a session is fed with: [`item`], [`item_json`], [`history`], [`frame`], [`socket_input`],
//! [`answer`], [`response`], [`transport_error`], [`transfer`], [`network`], [`command`]. Whole lives of one:
//! [`schedule`], which [`Schedule::run`] does to a [`session`] without a network and without
//! waiting. A [`Driver`] does the same step by step.
//!
//! Sockets and requests have ids that only the session can make. So a [`Step`] names them by how
//! new they are, and fits any session, of any configuration.
//!
//! ```
//! use chat_proto::Event;
//! use chat_proto::strategies::{self, Output};
//! use proptest::prelude::*;
//!
//! // Whatever happens, an application that shows how many messages are on their way comes to zero
//! // when the chat is over.
//! proptest!(|(schedule in strategies::schedule(60), seed: u64)| {
//!     let (mut settled, mut ended) = (0, false);
//!     let driver = schedule.run(strategies::session(seed), |output| match output {
//!         Output::Event(Event::MessageSent { .. } | Event::MessageFailed { .. }) => settled += 1,
//!         Output::Event(Event::Ended(_)) => ended = true,
//!         Output::Event(_) | Output::Action(_) => {}
//!     });
//!     let entries = driver.session().transcript().iter();
//!     let waiting = entries
//!         .filter(|entry| entry.status == chat_proto::Status::Sending)
//!         .count();
//!     prop_assert!(!ended || waiting == 0, "{settled} settled, {waiting} wait for ever");
//! });
//! ```

#![expect(
    clippy::expect_used,
    reason = "a test tells what is wrong by panicking"
)]

mod answers;
mod commands;
mod driver;
mod inputs;
mod items;
mod schedule;

use std::time::Duration;

pub use answers::{Answer, Good, answer, good, response};
pub use commands::{Command, command, draft, ending};
pub use driver::{Driver, Output};
pub use inputs::{chat_frame, frame, network, socket_input, transport_error};
pub use items::{chat_ended_json, history, item, item_json};
pub use schedule::{Schedule, Step, schedule, step, transfer};

use crate::api::Endpoint;
use crate::config::Config;
use crate::ids::ChatDetails;
use crate::session::Session;
use crate::time::{Instant, Seed, Start};

/// The contact of the chat that the strategies speak of.
pub const CONTACT: &str = "contact-1";
/// Who the session is in it.
pub const PARTICIPANT: &str = "participant-1";
/// The wall clock at the beginning: 2026-01-31T12:00:00Z.
const START_UNIX: Duration = Duration::from_secs(1_769_860_800);

/// A session of that chat, with the default settings.
#[must_use]
pub fn session(seed: u64) -> Session {
    session_with(seed, |_| {})
}

/// A session of that chat, with other settings.
///
/// # Panics
/// Never: the ids are valid.
#[must_use]
pub fn session_with(seed: u64, configure: impl FnOnce(&mut Config)) -> Session {
    let endpoint = Endpoint::custom("http://127.0.0.1:1").expect("the URL is one");
    let mut config = Config::new(endpoint);
    configure(&mut config);
    let start = Start {
        now: Instant::ORIGIN,
        unix: START_UNIX,
        seed: Seed::from_number(seed),
    };
    let details = ChatDetails {
        contact_id: CONTACT.into(),
        participant_id: PARTICIPANT.into(),
        participant_token: "participant-token".into(),
    };
    Session::new(start, config, details).expect("the ids are valid")
}

/// The time so long after the beginning, as the service writes it.
fn time_text(since_start: Duration) -> String {
    let millis = START_UNIX.saturating_add(since_start).as_millis();
    let time = i64::try_from(millis)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}
