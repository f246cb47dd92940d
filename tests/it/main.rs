//! The behaviour tests, one file for each behaviour.

mod properties;
mod schedules;
mod simulated_backoff;
mod simulated_bad_input;
mod simulated_connect;
mod simulated_end;
mod simulated_gap;
mod simulated_gap_limits;
mod simulated_leaving;
mod simulated_liveness;
mod simulated_outbox;
mod simulated_receipts;
mod simulated_recovery;
mod simulated_refusals;
mod simulated_repeatable;
mod simulated_rotation;
mod simulated_subscribe;
mod simulated_suspend;
mod simulated_typing;
mod support;
mod tokio_conversation;
mod tokio_lifetime;
mod tokio_pace;
mod tokio_recovery;
mod tokio_requests;
mod tokio_tls;
