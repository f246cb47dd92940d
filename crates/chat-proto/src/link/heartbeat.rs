//! Heartbeats of one socket: sent on time, and judged by any sign of life.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use crate::action::Action;
use crate::ids::SocketId;
use crate::time::Instant;
use crate::wire::{HEARTBEAT, PING};

/// So long before a silent socket is judged, the driver is woken once to read what lies unread: a
/// process that slept would otherwise judge before it has read. At most half an interval.
const TIME_TO_READ: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Heartbeat {
    /// When the next one is sent, and this one judged.
    beat_at: Instant,
    /// When the driver is woken to read, if nothing has come until then.
    read_by: Instant,
    /// How long it is given then.
    time_to_read: Duration,
    /// The next beat judges nothing: an answer may not have had its time, or lie unread.
    lenient: bool,
    /// Whether the driver has been given time to read what lies unread.
    given_time: bool,
    /// Whether anything has come in since the last heartbeat was sent.
    alive: bool,
    /// Whether the last ping is still to be answered.
    pong_pending: bool,
    /// Bad and missing answers to pings, in a row.
    bad_pongs: u32,
    /// Whether the driver reads the socket.
    reading: bool,
}

/// What a beat found out about the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Beat {
    /// Nothing yet: it is put off for a moment.
    PutOff,
    /// The socket lives, or cannot be judged.
    Alive {
        /// The ping was not answered.
        pong_missed: bool,
    },
    /// No sign of life since.
    Missed,
}

impl Heartbeat {
    /// A heartbeat that is due at once.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            beat_at: now,
            read_by: now,
            time_to_read: Duration::ZERO,
            lenient: true,
            given_time: false,
            alive: true,
            pong_pending: false,
            bad_pongs: 0,
            reading: true,
        }
    }

    pub(super) const fn due(&self) -> Instant {
        if self.alive || self.given_time {
            self.beat_at
        } else {
            self.read_by
        }
    }

    pub(super) const fn bad_pongs(&self) -> u32 {
        self.bad_pongs
    }

    /// Beats at once, unless a heartbeat is out already: its answer is awaited first, so that
    /// however often this is asked for, a dead socket is found.
    pub(super) const fn check_at(&mut self, now: Instant) {
        if self.alive {
            self.beat_at = now;
            self.lenient = true;
        }
    }

    pub(super) const fn sign_of_life(&mut self) {
        self.alive = true;
    }

    pub(super) const fn pong(&mut self, good: bool) {
        self.pong_pending = false;
        self.bad_pongs = if good {
            0
        } else {
            self.bad_pongs.saturating_add(1)
        };
    }

    pub(super) const fn is_reading(&self) -> bool {
        self.reading
    }

    pub(super) const fn set_reading(&mut self, reading: bool) {
        self.reading = reading;
        self.lenient = true;
    }

    /// The time of a heartbeat has come: judges the last one and sets the time of the next.
    pub(super) fn beat(&mut self, now: Instant, interval: Duration) -> Beat {
        if !self.alive && !self.given_time {
            self.given_time = true;
            self.beat_at = self.beat_at.max(now + self.time_to_read);
            return Beat::PutOff;
        }
        let judge = !self.lenient && self.reading;
        self.lenient = false;
        self.given_time = false;
        self.beat_at = now + interval;
        self.time_to_read = TIME_TO_READ.min(interval / 2);
        self.read_by = now + (interval - self.time_to_read);
        if judge && !self.alive {
            return Beat::Missed;
        }
        let pong_missed = judge && self.pong_pending;
        if pong_missed {
            self.bad_pongs = self.bad_pongs.saturating_add(1);
        }
        Beat::Alive { pong_missed }
    }

    pub(super) fn send(&mut self, socket: SocketId, actions: &mut VecDeque<Action>) {
        self.alive = false;
        self.pong_pending = true;
        for text in [HEARTBEAT, PING] {
            actions.push_back(Action::SendText {
                socket,
                text: Cow::Borrowed(text),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(10);

    fn beating(at: Instant) -> Heartbeat {
        let mut heartbeat = Heartbeat::new(at);
        heartbeat.beat(at, INTERVAL);
        heartbeat.send(SocketId(1), &mut VecDeque::new());
        heartbeat
    }

    #[test]
    fn silence_for_one_interval_is_a_miss_and_any_frame_is_life() {
        let start = Instant::ORIGIN;
        let mut silent = beating(start);
        assert_eq!(silent.due(), start + (INTERVAL - TIME_TO_READ));
        assert_eq!(silent.beat(silent.due(), INTERVAL), Beat::PutOff);
        assert_eq!(silent.due(), start + INTERVAL);
        assert_eq!(silent.beat(silent.due(), INTERVAL), Beat::Missed);

        let mut heard = beating(start);
        heard.sign_of_life();
        assert_eq!(heard.due(), start + INTERVAL);
        let beat = heard.beat(heard.due(), INTERVAL);
        assert_eq!(beat, Beat::Alive { pong_missed: true });
    }

    #[test]
    fn a_process_that_slept_reads_before_it_judges() {
        let start = Instant::ORIGIN;
        let woken = start + INTERVAL * 100;
        let mut slept = beating(start);
        assert_eq!(slept.beat(woken, INTERVAL), Beat::PutOff);
        assert_eq!(slept.due(), woken + TIME_TO_READ);
        assert_eq!(slept.beat(slept.due(), INTERVAL), Beat::Missed);
    }

    #[test]
    fn a_socket_that_is_not_read_is_not_judged() {
        let start = Instant::ORIGIN;
        let mut heartbeat = beating(start);
        heartbeat.set_reading(false);
        assert_eq!(heartbeat.beat(start + INTERVAL, INTERVAL), Beat::PutOff);
        let beat = heartbeat.beat(start + INTERVAL * 2, INTERVAL);
        assert_eq!(beat, Beat::Alive { pong_missed: false });
    }
}
