//! How a behaviour came out, and the form in which a column tells it.

use std::time::Duration;

use serde_json::{Value, json};

#[derive(Clone)]
pub(crate) enum Outcome {
    Ok,
    /// It has no meaning in this column.
    Skipped,
    /// Why.
    Failed(String),
}

/// A behaviour in a column.
pub(crate) struct Shown {
    pub(crate) behaviour: String,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

impl Shown {
    /// As a line of JSON.
    pub(crate) fn to_line(&self) -> String {
        let (outcome, reason) = match &self.outcome {
            Outcome::Ok => ("ok", None),
            Outcome::Skipped => ("skipped", None),
            Outcome::Failed(reason) => ("failed", Some(reason)),
        };
        json!({
            "behaviour": self.behaviour,
            "outcome": outcome,
            "reason": reason,
            "seconds": self.took.as_secs_f64(),
        })
        .to_string()
    }

    /// From a line, unless it is something else.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(line).ok()?;
        let outcome = match value["outcome"].as_str()? {
            "ok" => Outcome::Ok,
            "skipped" => Outcome::Skipped,
            "failed" => Outcome::Failed(value["reason"].as_str()?.to_owned()),
            _ => return None,
        };
        Some(Self {
            behaviour: value["behaviour"].as_str()?.to_owned(),
            outcome,
            took: Duration::try_from_secs_f64(value["seconds"].as_f64()?).ok()?,
        })
    }
}
