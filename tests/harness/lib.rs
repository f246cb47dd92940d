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

pub use faults::{foreign, on_connect, on_send, on_transcript, refusal, throttled};
pub use journal::Journal;
pub use lone::{CONTACT, Lone, PARTICIPANT, chat_frame, message};
pub use network::Network;
pub use schedule::{Disturbance, Schedule, run_schedule, run_schedule_to_its_end, schedules};
pub use trace::Trace;
pub use world::{START_UNIX, Saved, ServiceBox, World};

/// The examples of the README compile, and run where they can.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct ReadmeExamples;
