//! Simulation of whole chats on a virtual clock: the client core of `chat-proto` and the service
//! core of `chat-sim`, joined by a seeded network, without sockets and without waiting.
//!
//! A [`World`] is one such pair. Time stands still while something can happen at once, and then
//! jumps to the next moment at which anything is due. What the service recorded is the truth that
//! the client is compared with; [`invariants`](World::check) are checked after every step, and the
//! whole conversation by [`World::verify`].
//!
//! ```
//! use chat_tests::World;
//!
//! let mut world = World::new(7);
//! world.connect();
//! world.send("Is the ferry on time?");
//! world.agent_sends("It is.");
//! world.run_minutes(5);
//! world.cut();
//! world.agent_sends("Sorry, ten minutes late.");
//! world.run_minutes(5);
//! world.verify();
//! ```
//!
//! # A life of your own
//!
//! [`schedules`] draws lives of an hour and more, full of [`Disturbance`]s; [`run_schedule`] lives
//! through one and compares. A property of yours looks at the [`World`] that comes out of it:
//!
//! ```
//! use chat_tests::{run_schedule, schedules};
//! use proptest::prelude::*;
//!
//! // Whatever the transcript shows of the service's items, an event has told of.
//! proptest!(ProptestConfig::with_cases(20), |(schedule in schedules(15))| {
//!     let world = run_schedule(&schedule);
//!     let entries = world.session.transcript().iter();
//!     for id in entries.filter_map(|entry| entry.item.id.as_ref()) {
//!         prop_assert_eq!(world.journal.items.get(id), Some(&1));
//!     }
//! });
//! ```
//!
//! # A property of your own
//!
//! Where the service would only be in the way, [`Lone`] is a session that the test feeds itself,
//! and the strategies of [`chat_proto::strategies`] draw what it is fed with:
//!
//! ```
//! use chat_proto::strategies;
//! use chat_tests::Lone;
//! use proptest::prelude::*;
//!
//! // Whatever arrives, and however often, the transcript shows an item once.
//! let frames = prop::collection::vec(strategies::frame(), 0..40);
//! proptest!(ProptestConfig::with_cases(50), |(frames in frames)| {
//!     let mut lone = Lone::live(|_| {});
//!     for frame in frames.iter().chain(&frames) {
//!         lone.text(frame);
//!     }
//!     let entries = lone.session.transcript().iter();
//!     let mut ids: Vec<_> = entries.filter_map(|entry| entry.item.id.as_ref()).collect();
//!     let shown = ids.len();
//!     ids.sort();
//!     ids.dedup();
//!     prop_assert_eq!(ids.len(), shown);
//! });
//! ```

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a harness tells what is wrong by panicking"
)]

/// A second of virtual time.
pub const SECOND: std::time::Duration = std::time::Duration::from_secs(1);

mod commands;
mod faults;
mod journal;
mod lone;
mod model;
mod network;
mod schedule;
mod trace;
mod world;

pub use chat_proto::strategies::{CONTACT, PARTICIPANT, chat_frame};
pub use faults::{foreign, on_connect, on_send, on_transcript, refusal, throttled};
pub use journal::Journal;
pub use lone::{Lone, message};
pub use network::Network;
pub use schedule::{
    Disturbance, Ending, Lifetimes, Schedule, check_schedules, run_schedule, schedules,
    schedules_that_end,
};
pub use trace::Trace;
pub use world::{START_UNIX, Saved, ServiceBox, World};

/// The examples of the README compile, and run where they can.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct ReadmeExamples;

/// The examples of the guide for those who come from ChatJS compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/from-chatjs.md")]
pub struct FromChatJsExamples;
