//! Everything a session put out, as the texts a log may show.

use std::time::Duration;

/// Actions and events in the order they were polled, each with its time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Trace(Vec<(Duration, String)>);

impl Trace {
    pub(crate) fn note(&mut self, now: Duration, shown: String) {
        self.0.push((now, shown));
    }

    /// When each output came whose text begins like this, from `since` on.
    #[must_use]
    pub fn times(&self, since: Duration, beginning: &str) -> Vec<Duration> {
        let matching = self.0.iter().filter(|(at, _)| *at >= since);
        matching
            .filter(|(_, text)| text.starts_with(beginning))
            .map(|(at, _)| *at)
            .collect()
    }

    /// How many outputs from `since` on have a text that contains this.
    #[must_use]
    pub fn count(&self, since: Duration, part: &str) -> usize {
        let matching = self.0.iter().filter(|(at, _)| *at >= since);
        matching.filter(|(_, text)| text.contains(part)).count()
    }

    /// All texts, with their times.
    #[must_use]
    pub fn lines(&self) -> &[(Duration, String)] {
        &self.0
    }
}
