//! Waiting for what may never come.

use std::future::pending;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::input::InputLine;

/// The next line of the input, `None` at its end; never, when there is no input.
pub(crate) async fn next_line(input: &mut Option<mpsc::Receiver<InputLine>>) -> Option<InputLine> {
    match input {
        Some(lines) => lines.recv().await,
        None => pending().await,
    }
}

/// Waits until then; for ever, when there is no such time.
pub(crate) async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}
