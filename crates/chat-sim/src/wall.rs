//! The wall clock of the service: conversion between the caller's time, milliseconds since 1970
//! and the timestamps on the wire.

use std::time::Duration;

use jiff::Timestamp;

use crate::settings::Start;

/// The last whole second that a timestamp can name, in milliseconds: near the end of the year 9999.
const LAST_MILLISECOND: u64 = 253_402_207_200_000;

/// Milliseconds since 1970 at the caller's time `at`.
pub(crate) fn milliseconds(start: Start, at: Duration) -> u64 {
    let unix = start.unix.saturating_add(at.saturating_sub(start.now));
    u64::try_from(unix.as_millis())
        .unwrap_or(u64::MAX)
        .min(LAST_MILLISECOND)
}

/// A timestamp as the service writes it: `2026-01-02T03:04:05.678Z`.
pub(crate) fn timestamp(milliseconds: u64) -> String {
    let milliseconds = i64::try_from(milliseconds.min(LAST_MILLISECOND)).unwrap_or(0);
    Timestamp::from_millisecond(milliseconds)
        .unwrap_or(Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
        .to_string()
}

/// Nanoseconds since 1970 of an ISO 8601 timestamp, or nothing when it is none.
pub(crate) fn parse(text: &str) -> Option<i128> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_nanosecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_three_digits_of_milliseconds_and_parse_back() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(1_767_323_045_070), "2026-01-02T03:04:05.070Z");
        assert_eq!(
            parse("2026-01-02T03:04:05.070Z"),
            Some(1_767_323_045_070_000_000)
        );
        assert_eq!(parse("yesterday"), None);
    }

    #[test]
    fn a_wall_clock_beyond_the_calendar_stops_at_its_end() {
        let start = Start {
            now: Duration::ZERO,
            unix: Duration::MAX,
            seed: 0,
        };
        let last = milliseconds(start, Duration::MAX);
        assert_eq!(last, LAST_MILLISECOND);
        assert_eq!(timestamp(last), "9999-12-30T22:00:00.000Z");
    }
}
