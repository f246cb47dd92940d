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
    text: TimeText,
    time: jiff::Timestamp,
}

/// How long the service's times are: `2026-01-31T12:00:00.123Z`.
const USUAL: usize = 24;

/// The text of a time, in place where it is as long as usual: every item has one.
#[derive(Clone)]
enum TimeText {
    Usual([u8; USUAL]),
    Other(Arc<str>),
}

impl AbsoluteTime {
    /// Reads an ISO 8601 time with an offset, such as `2026-01-31T12:00:00.123Z`; `None` when it
    /// is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let time = usual_form(text).or_else(|| text.parse().ok())?;
        let text = match text.as_bytes().try_into() {
            Ok(bytes) => TimeText::Usual(bytes),
            Err(_) => TimeText::Other(text.into()),
        };
        Some(Self { text, time })
    }

    /// The text as the service wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.text {
            // It was text before, so it is.
            TimeText::Usual(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            TimeText::Other(text) => text,
        }
    }

    /// Microseconds since 1970-01-01T00:00:00Z, rounded towards zero. Never out of order, but
    /// the same for times that differ by less.
    pub(crate) fn microsecond(&self) -> i64 {
        self.time.as_microsecond()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, rounded towards zero.
    #[must_use]
    pub fn unix_millis(&self) -> i64 {
        self.time.as_millisecond()
    }
}

/// Reads the one form the service uses, `2026-01-31T12:00:00.123Z`, with one to nine digits of a
/// second or none; `None` for any other, which may still be a time.
fn usual_form(text: &str) -> Option<jiff::Timestamp> {
    let bytes = text.as_bytes();
    let (date_and_time, rest) = bytes.split_at_checked(19)?;
    let number = |from: usize, to: usize| digits(&date_and_time[from..to]);
    let separated = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separated.iter().any(|(at, by)| date_and_time[*at] != *by) {
        return None;
    }
    let nanosecond = match rest.strip_suffix(b"Z")? {
        [] => 0,
        [b'.', fraction @ ..] if (1..=9).contains(&fraction.len()) => {
            let unit = 10_i32.pow(9 - u32::try_from(fraction.len()).ok()?);
            digits(fraction)? * unit
        }
        _ => return None,
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = days_since_1970(year, month, day)?;
    let seconds = ((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60;
    jiff::Timestamp::new(seconds + i64::from(second), nanosecond).ok()
}

fn digits(text: &[u8]) -> Option<i32> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i32::from(byte - b'0'))
    })
}

/// By years that begin in March, so that the leap day is their last one.
fn days_since_1970(year: i32, month: i32, day: i32) -> Option<i64> {
    const FROM_YEAR_0: i64 = 719_468;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month < 3 { year - 1 } else { year };
    let (year, month) = (i64::from(year), i64::from((month + 9) % 12));
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    Some(year * 365 + leap_days + day_of_year - FROM_YEAR_0)
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
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AbsoluteTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    use proptest::prelude::*;

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
    fn other_forms_mean_the_same_times() {
        for (text, millis) in [
            ("2026-01-31T13:00:05+01:00", 1_769_860_805_000),
            ("2026-01-31 12:00:05Z", 1_769_860_805_000),
            ("2026-01-31T12:00:05.123456789Z", 1_769_860_805_123),
            ("1970-01-01T00:00:00Z", 0),
            ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ] {
            let time = AbsoluteTime::parse(text).unwrap();
            assert_eq!((time.unix_millis(), time.as_str()), (millis, text));
        }
    }

    proptest! {
        #[test]
        fn the_usual_form_is_read_as_jiff_reads_it(
            year in 0..=9_999, month in 0..=13, day in 0..=32, hour in 0..=24, minute in 0..=60,
            second in 0..=59, fraction in "(\\.[0-9]{1,9})?"
        ) {
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z"
            );
            let expected = text.parse::<jiff::Timestamp>().ok();
            prop_assert_eq!(usual_form(&text), expected, "{}", text);
        }

        #[test]
        fn the_first_and_last_days_of_months_are_read(year in 1_600..2_500, month in 1..=12) {
            for day in [1, 28, 29, 30, 31] {
                let text = format!("{year:04}-{month:02}-{day:02}T23:59:59.5Z");
                prop_assert_eq!(usual_form(&text), text.parse::<jiff::Timestamp>().ok());
            }
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "yesterday", "2026-01-31", "2026-01-31T12:00:05", "0"] {
            assert!(AbsoluteTime::parse(text).is_none(), "{text}");
        }
    }
}
