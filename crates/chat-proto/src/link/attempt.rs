//! An attempt to get a subscribed socket: wait, fetch a URL, open, subscribe.

use std::time::Duration;

use crate::action::WakeReason;
use crate::error::ConnectError;
use crate::ids::SocketId;
use crate::random::Random;
use crate::time::Instant;

/// The first wait after a failure; each further one doubles it.
const BACKOFF_FIRST: Duration = Duration::from_secs(2);
/// The longest wait, before jitter.
const BACKOFF_LIMIT: Duration = Duration::from_secs(30);
/// How long a subscription may go unanswered before it is sent again.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a subscription is sent before no answer means failure.
const UNANSWERED_LIMIT: u32 = 4;
/// How long to wait after a failure answer before subscribing again.
const REFUSED_PAUSE: Duration = Duration::from_millis(500);
/// How many failure answers in a row mean failure.
const REFUSED_LIMIT: u32 = 5;

/// The wait after this many failures in a row.
pub(super) fn backoff(failures: u32, random: &mut Random) -> Duration {
    let doublings = failures.saturating_sub(1).min(8);
    random.jitter((BACKOFF_FIRST * 2_u32.pow(doublings)).min(BACKOFF_LIMIT))
}

#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) step: Step,
    /// How long the service will keep the socket, where it said so.
    pub(super) lifetime: Option<Duration>,
    /// Whether the service itself has asked to wait.
    pub(super) demanded: bool,
}

#[derive(Debug)]
pub(super) enum Step {
    Waiting { at: Instant },
    FetchingUrl,
    Opening { socket: SocketId, deadline: Instant },
    Subscribing(Subscription),
}

impl Attempt {
    pub(super) const fn waiting(at: Instant) -> Self {
        Self {
            step: Step::Waiting { at },
            lifetime: None,
            demanded: false,
        }
    }

    pub(super) const fn socket(&self) -> Option<SocketId> {
        match &self.step {
            Step::Waiting { .. } | Step::FetchingUrl => None,
            Step::Opening { socket, .. } => Some(*socket),
            Step::Subscribing(subscription) => Some(subscription.socket),
        }
    }

    pub(super) fn is_subscribing(&self, socket: SocketId) -> bool {
        matches!(&self.step, Step::Subscribing(subscription) if subscription.socket == socket)
    }

    /// Ends a wait early, unless the service itself has asked for it.
    pub(super) fn hurry(&mut self, to: Instant) {
        if let Step::Waiting { at } = &mut self.step {
            if !self.demanded {
                *at = to.min(*at);
            }
        }
    }

    pub(super) const fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        match &self.step {
            Step::Waiting { at } => Some((*at, WakeReason::ConnectAttempt)),
            Step::FetchingUrl => None, // the request has a time limit of its own
            Step::Opening { deadline, .. } => Some((*deadline, WakeReason::SocketOpen)),
            Step::Subscribing(subscription) => {
                Some((subscription.due, WakeReason::SubscribeAnswer))
            }
        }
    }
}

/// A socket whose subscription is not acknowledged yet.
#[derive(Debug)]
pub(super) struct Subscription {
    socket: SocketId,
    due: Instant,
    unanswered: u32,
    refused: u32,
    last_answer: Option<String>,
}

impl Subscription {
    /// The first frame is being sent.
    pub(super) fn new(now: Instant, socket: SocketId) -> Self {
        Self {
            socket,
            due: now + ANSWER_TIMEOUT,
            unanswered: 1,
            refused: 0,
            last_answer: None,
        }
    }

    pub(super) const fn socket(&self) -> SocketId {
        self.socket
    }

    pub(super) const fn due(&self) -> Instant {
        self.due
    }

    /// It is time to send the subscription again, or to give up.
    pub(super) fn timeout(&mut self, now: Instant) -> Result<(), ConnectError> {
        if self.unanswered >= UNANSWERED_LIMIT {
            return Err(ConnectError::Subscription {
                answer: self
                    .last_answer
                    .take()
                    .unwrap_or_else(|| "no answer".to_owned()),
            });
        }
        self.unanswered += 1;
        self.due = now + ANSWER_TIMEOUT;
        Ok(())
    }

    /// The service has answered that it failed.
    pub(super) fn refused(&mut self, now: Instant, answer: String) -> Result<(), ConnectError> {
        self.refused += 1;
        if self.refused >= REFUSED_LIMIT {
            return Err(ConnectError::Subscription { answer });
        }
        self.unanswered = 0;
        self.last_answer = Some(answer);
        self.due = now + REFUSED_PAUSE;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Seed;

    #[test]
    fn the_backoff_doubles_from_two_seconds_to_thirty_with_thirty_percent_jitter() {
        let mut random = Random::new(Seed::from_number(3));
        for (failures, middle) in [
            (1, 2.0),
            (2, 4.0),
            (3, 8.0),
            (4, 16.0),
            (5, 30.0),
            (99, 30.0),
        ] {
            for _ in 0..100 {
                let wait = backoff(failures, &mut random).as_secs_f64();
                assert!(
                    (middle * 0.7..=middle * 1.3).contains(&wait),
                    "{failures}: {wait}"
                );
            }
        }
    }

    #[test]
    fn a_subscription_is_sent_four_times_and_five_refusals_end_it() {
        let start = Instant::ORIGIN;
        let mut silent = Subscription::new(start, SocketId(1));
        assert!((0..3).all(|_| silent.timeout(start).is_ok()));
        assert!(silent.timeout(start).is_err());

        let mut refused = Subscription::new(start, SocketId(1));
        for _ in 0..4 {
            refused.refused(start, "failure".to_owned()).unwrap();
            assert_eq!(refused.due(), start + REFUSED_PAUSE);
            refused.timeout(start).unwrap();
        }
        assert!(refused.refused(start, "failure".to_owned()).is_err());
    }
}
