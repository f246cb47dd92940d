//! What the soak says: a line now and then, and one at the end.

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::ledger::Difference;
use crate::process::Memory;

/// How many problems are shown.
const SHOWN: usize = 20;

/// In the middle of a run that lasts as long, sessions are as large as they become: their
/// transcripts are full.
const FULL: Duration = Duration::from_secs(10 * 60);
/// The heap may grow by so much from then to the end: what a session remembers of typing and
/// receipts is full much later.
const GROWTH: f64 = 0.1;

/// What all sessions have told together.
#[derive(Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) sent: u64,
    pub(crate) confirmed: u64,
    pub(crate) received: u64,
    pub(crate) reconnects: u64,
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sent, confirmed, received) = (self.sent, self.confirmed, self.received);
        write!(f, "sent {sent}, confirmed {confirmed}, received {received}")
    }
}

/// When a line is due that says how far it is.
pub(crate) struct Progress {
    began: Instant,
    every: Duration,
    said: u32,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let seconds = if io::stderr().is_terminal() { 10 } else { 60 };
        Self {
            began: Instant::now(),
            every: Duration::from_secs(seconds),
            said: 0,
        }
    }

    pub(crate) fn say(&mut self, totals: impl FnOnce() -> Totals) {
        let elapsed = self.began.elapsed();
        if elapsed < self.every * (self.said + 1) {
            return;
        }
        self.said += 1;
        let totals = totals();
        eprintln!(
            "soak: {} s, {totals}, reconnects {}, memory {}",
            elapsed.as_secs(),
            totals.reconnects,
            Memory::now()
        );
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resident {
            Some(bytes) => write!(f, "{:.1} MiB", mebibytes(bytes))?,
            None => write!(f, "unknown")?,
        }
        write!(f, " (heap {:.1} MiB)", mebibytes(self.heap))
    }
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

/// The outcome.
pub(crate) struct Summary {
    pub(crate) runtime: &'static str,
    pub(crate) sessions: usize,
    pub(crate) lasted: Duration,
    pub(crate) totals: Totals,
    pub(crate) difference: Difference,
    /// At the start, in the middle and at the end.
    pub(crate) memory: [Memory; 3],
    /// How many tasks are left, and how many there were before.
    pub(crate) tasks: [Option<usize>; 2],
    /// The same of file descriptors.
    pub(crate) files: [Option<usize>; 2],
}

impl Summary {
    /// Shows what is wrong, and answers whether nothing is.
    pub(crate) fn judge(&mut self) -> bool {
        let problems = &mut self.difference.problems;
        let [_, middle, end] = self.memory.map(|memory| memory.heap as f64);
        if self.lasted >= FULL && end > middle * (1.0 + GROWTH) {
            problems.push("memory grows".to_owned());
        }
        for (what, [left, before]) in [("tasks", self.tasks), ("file descriptors", self.files)] {
            if left > before {
                problems.push(format!("{what} are left"));
            }
        }
        for problem in problems.iter().take(SHOWN) {
            eprintln!("soak: {problem}");
        }
        if problems.len() > SHOWN {
            eprintln!("soak: and {} more problems", problems.len() - SHOWN);
        }
        self.difference.is_none()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |[left, before]: [Option<usize>; 2]| match (left, before) {
            (Some(left), Some(before)) => format!("{left} (before {before})"),
            (None, _) | (_, None) => "uncounted".to_owned(),
        };
        let [start, middle, end] = self.memory;
        write!(
            f,
            "soak: runtime {}, sessions {}, seconds {}, {}, lost {}, duplicated {}, reconnects {}, \
             memory start {start}, middle {middle}, end {end}, after shutdown tasks {}, fds {}, {}",
            self.runtime,
            self.sessions,
            self.lasted.as_secs(),
            self.totals,
            self.difference.lost,
            self.difference.duplicated,
            self.totals.reconnects,
            count(self.tasks),
            count(self.files),
            if self.difference.is_none() {
                "ok"
            } else {
                "FAILED"
            }
        )
    }
}
