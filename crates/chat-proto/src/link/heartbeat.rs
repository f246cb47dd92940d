//! Heartbeats of one socket: sent on time, and judged by any sign of life.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::Duration;

use crate::action::Action;
use crate::ids::SocketId;
use crate::time::Instant;
use crate::wire::{HEARTBEAT, PING};

#[derive(Debug)]
pub(super) struct Heartbeat {
    due: Instant,
    /// The next beat judges nothing: what is missing may still lie unread.
    lenient: bool,
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
pub(super) struct Beat {
    /// No sign of life since.
    pub(super) missed: bool,
    /// No answer to the ping.
    pub(super) pong_missed: bool,
}

impl Heartbeat {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            due: now,
            lenient: true,
            alive: true,
            pong_pending: false,
            bad_pongs: 0,
            reading: true,
        }
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    pub(super) const fn bad_pongs(&self) -> u32 {
        self.bad_pongs
    }

    /// Beats at once, without judging what is missing until the one after.
    pub(super) const fn check_at(&mut self, now: Instant) {
        self.due = now;
        self.lenient = true;
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
        // A beat that comes much too late says that this process slept: what arrived meanwhile
        // has not been read yet.
        let late = now - self.due >= interval;
        let judge = !self.lenient && !late && self.reading;
        let beat = Beat {
            missed: judge && !self.alive,
            pong_missed: judge && self.pong_pending,
        };
        if beat.pong_missed {
            self.bad_pongs = self.bad_pongs.saturating_add(1);
        }
        self.lenient = false;
        self.due = now + interval;
        beat
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
        let mut heartbeat = beating(start);
        assert!(heartbeat.beat(start + INTERVAL, INTERVAL).missed);

        let mut heartbeat = beating(start);
        heartbeat.sign_of_life();
        let beat = heartbeat.beat(start + INTERVAL, INTERVAL);
        assert!(!beat.missed);
        assert!(beat.pong_missed);
    }

    #[test]
    fn a_beat_after_a_long_sleep_and_one_of_an_unread_socket_judge_nothing() {
        let start = Instant::ORIGIN;
        let mut slept = beating(start);
        assert!(!slept.beat(start + INTERVAL * 100, INTERVAL).missed);
        assert!(slept.beat(start + INTERVAL * 101, INTERVAL).missed);

        let mut unread = beating(start);
        unread.set_reading(false);
        assert!(!unread.beat(start + INTERVAL, INTERVAL).missed);
    }
}
