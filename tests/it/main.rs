//! The behaviour tests, one file for each behaviour.

mod schedules;
mod simulated_recovery;
mod support;
mod tokio_conversation;
mod tokio_lifetime;
mod tokio_pace;
mod tokio_recovery;
mod tokio_requests;
mod tokio_tls;
