//! The service's times: ISO 8601 text, compared as times and never as text.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time as the service wrote it, and as what it means.
///
/// Two of them are ordered by the time they mean: `05Z` and `05.000Z` are equal, and `05Z` comes
/// before `05.100Z`, which text comparison gets wrong.
#[derive(Clone)]
pub struct AbsoluteTime {
    text: Arc<str>,
    time: jiff::Timestamp,
}

impl AbsoluteTime {
    /// Reads an ISO 8601 time with an offset, such as `2026-01-31T12:00:00.123Z`; `None` when it
    /// is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time = text.parse().ok()?;
        Some(Self {
            text: text.into(),
            time,
        })
    }

    /// The text as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded towards zero.
    #[must_use]
    pub fn unix_millis(&self) -> i64 {
        self.time.as_millisecond()
    }
}

impl PartialEq for AbsoluteTime {
    fn eq(&self, other: &Self) -> bool {
        self.time == other.time
    }
}

impl Eq for AbsoluteTime {}

impl PartialOrd for AbsoluteTime {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AbsoluteTime {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.time.cmp(&other.time)
    }
}

impl fmt::Display for AbsoluteTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for AbsoluteTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for AbsoluteTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AbsoluteTime {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not an ISO 8601 time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixed_precision_is_ordered_by_time_and_not_by_text() {
        let whole = AbsoluteTime::parse("2026-01-31T12:00:05Z").unwrap();
        let tenth = AbsoluteTime::parse("2026-01-31T12:00:05.100Z").unwrap();
        let padded = AbsoluteTime::parse("2026-01-31T12:00:05.000Z").unwrap();
        assert!(whole < tenth);
        assert_eq!(whole, padded);
        assert_eq!(whole.unix_millis(), 1_769_860_805_000);
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "yesterday", "2026-01-31", "2026-01-31T12:00:05", "0"] {
            assert!(AbsoluteTime::parse(text).is_none(), "{text}");
        }
    }
}
