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

mod journal;
mod model;
mod network;
mod schedule;
mod world;

pub use journal::Journal;
pub use network::Network;
pub use schedule::{Disturbance, Schedule, run_schedule, schedules};
pub use world::{START_UNIX, ServiceBox, World};
