//! One rate limiter for all sessions of a client, with the service's quotas.
//!
//! The service counts requests per instance and not per chat, so sessions that know nothing of
//! each other run into its 429 together. A driver of several sessions puts one of these between
//! what they ask for and the network.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::api::Operation;
use crate::time::Instant;

/// How urgent a request is, the most urgent first: messages outrank receipts, receipts outrank
/// typing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Priority {
    /// What a session cannot live without: connecting, reading what was missed, leaving.
    Session,
    /// A message.
    Message,
    /// What the application has asked for and waits for.
    Call,
    /// A receipt.
    Receipt,
    /// Typing.
    Typing,
}

/// How many requests the service takes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Quota {
    /// How many a second, in the long run.
    pub per_second: NonZeroU32,
    /// How many at once, after a pause.
    pub burst: NonZeroU32,
}

impl Quota {
    /// So many requests a second, and so many at once.
    #[must_use]
    pub const fn new(per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        Self { per_second, burst }
    }

    /// The time one request uses up.
    fn interval(self) -> Duration {
        Duration::from_secs(1) / self.per_second.get()
    }
}

/// What the service counts together. SendMessage and SendEvent share one quota, as its
/// documentation lists them; every other operation has one of its own.
const fn counted_as(operation: Operation) -> Operation {
    if matches!(operation, Operation::SendEvent) {
        Operation::SendMessage
    } else {
        operation
    }
}

/// The quotas a [`RateLimiter`] keeps to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quotas(BTreeMap<Operation, Quota>);

impl Quotas {
    /// No limits.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self(BTreeMap::new())
    }

    /// The quota of an operation; `None` where there is none.
    #[must_use]
    pub fn get(&self, operation: Operation) -> Option<Quota> {
        self.0.get(&counted_as(operation)).copied()
    }

    /// Sets the quota of an operation; `None` takes it away. SendMessage and SendEvent share one.
    pub fn set(&mut self, operation: Operation, quota: Option<Quota>) -> &mut Self {
        let operation = counted_as(operation);
        match quota {
            Some(quota) => self.0.insert(operation, quota),
            None => self.0.remove(&operation),
        };
        self
    }
}

impl Default for Quotas {
    /// The service's default quotas (admin guide, "Amazon Connect service quotas"): per second and
    /// at once, for the operations it lists. They are adjustable there, so they are here.
    fn default() -> Self {
        let mut quotas = Self::unlimited();
        for (operation, per_second, burst) in [
            (Operation::SendMessage, 10, 15), // with SendEvent
            (Operation::GetTranscript, 8, 12),
            (Operation::GetAttachment, 8, 12),
            (Operation::CreateParticipantConnection, 6, 9),
            (Operation::DisconnectParticipant, 3, 5),
            (Operation::StartAttachmentUpload, 2, 5),
            (Operation::CompleteAttachmentUpload, 2, 5),
            (Operation::StartChatContact, 5, 8),
            (Operation::StartContactStreaming, 5, 8),
            (Operation::StopContactStreaming, 5, 8),
            (Operation::CreatePersistentContactAssociation, 5, 8),
            (Operation::CreateParticipant, 5, 8),
            (Operation::UpdateParticipantRoleConfig, 5, 8),
            (Operation::StopContact, 10, 15),
        ] {
            let quota = NonZeroU32::new(per_second).zip(NonZeroU32::new(burst));
            let quota = quota.map(|(per_second, burst)| Quota::new(per_second, burst));
            quotas.set(operation, quota);
        }
        quotas
    }
}

/// The state of one quota.
#[derive(Clone, Debug)]
struct Bucket {
    quota: Quota,
    /// When all that has begun would be paid for. Ahead of the present by at most the burst.
    paid_until: Instant,
}

impl Bucket {
    /// How far ahead of the present it may be paid for when a request begins. One of the burst is
    /// held back: what begins in good time may arrive closer together.
    fn tolerance(&self) -> Duration {
        self.quota.interval() * self.quota.burst.get().saturating_sub(2)
    }

    /// When the next request may begin.
    fn free_at(&self) -> Instant {
        let since_origin = self.paid_until.since_origin();
        Instant::from_origin(since_origin.saturating_sub(self.tolerance()))
    }

    fn begin(&mut self, now: Instant) {
        self.paid_until = self.paid_until.max(now) + self.quota.interval();
    }

    /// Nothing begins before this time, and nothing at once after it.
    fn pause(&mut self, until: Instant) {
        self.paid_until = self.paid_until.max(until + self.tolerance());
    }
}

/// Where a request stands in the line of its quota.
type Place = (Priority, u64);

/// Says when each request of many sessions may begin.
///
/// `K` names a request, such as the number of its session with its
/// [`RequestId`](crate::RequestId). The driver's part:
///
/// 1. [`submit`](Self::submit) a request when a session asks for it, and tell the session that it
///    waits: [`Session::handle_request_progress`](crate::Session::handle_request_progress).
/// 2. Drain [`poll`](Self::poll): each request it names may begin; tell its session so.
/// 3. Ask [`poll_timeout`](Self::poll_timeout) when to poll again.
/// 4. [`cancel`](Self::cancel) what a session cancels, and pass every answer's status to
///    [`handle_response`](Self::handle_response).
///
/// Of a burst of two or more, one is held back: requests do not take equally long on their way, so
/// those that begin in good time may arrive closer together than they began.
///
/// Requests of one quota begin in the order of their [`Priority`], and of one priority in the
/// order in which they were submitted, so no session can push another aside. It holds no more
/// than the sessions have asked for, which is bounded for each.
#[derive(Clone, Debug)]
pub struct RateLimiter<K> {
    buckets: BTreeMap<Operation, Bucket>,
    /// Requests that wait, by quota and place.
    waiting: BTreeMap<Operation, BTreeMap<Place, K>>,
    /// The same by name.
    places: BTreeMap<K, (Operation, Place)>,
    /// Requests without a quota, which may begin at once.
    free: VecDeque<K>,
    submitted: u64,
}

impl<K: Clone + Ord> RateLimiter<K> {
    /// A limiter that keeps to these quotas.
    #[must_use]
    pub fn new(quotas: &Quotas) -> Self {
        let bucket = |quota: &Quota| Bucket {
            quota: *quota,
            paid_until: Instant::ORIGIN,
        };
        let buckets = quotas.0.iter();
        Self {
            buckets: buckets.map(|(of, quota)| (*of, bucket(quota))).collect(),
            waiting: BTreeMap::new(),
            places: BTreeMap::new(),
            free: VecDeque::new(),
            submitted: 0,
        }
    }

    /// A session asks for a request. [`poll`](Self::poll) names it when it may begin. One of the
    /// same name that still waits is replaced.
    pub fn submit(&mut self, key: K, operation: Operation, priority: Priority) {
        self.cancel(&key);
        self.submitted += 1;
        let operation = counted_as(operation);
        if !self.buckets.contains_key(&operation) {
            self.free.push_back(key);
            return;
        }
        let place = (priority, self.submitted);
        self.places.insert(key.clone(), (operation, place));
        self.waiting
            .entry(operation)
            .or_default()
            .insert(place, key);
    }

    /// A request is not wanted any more. Whether it was still waiting.
    pub fn cancel(&mut self, key: &K) -> bool {
        let Some((operation, place)) = self.places.remove(key) else {
            let before = self.free.len();
            self.free.retain(|free| free != key);
            return self.free.len() < before;
        };
        if let Some(line) = self.waiting.get_mut(&operation) {
            line.remove(&place);
            if line.is_empty() {
                self.waiting.remove(&operation);
            }
        }
        true
    }

    /// The next request that may begin.
    #[must_use]
    pub fn poll(&mut self, now: Instant) -> Option<K> {
        if let Some(key) = self.free.pop_front() {
            return Some(key);
        }
        let operation = self.waiting.keys().copied().find(|operation| {
            let bucket = self.buckets.get(operation);
            bucket.is_some_and(|bucket| bucket.free_at() <= now)
        })?;
        let key = self.waiting.get(&operation)?.values().next()?.clone();
        self.cancel(&key);
        self.buckets.get_mut(&operation)?.begin(now);
        Some(key)
    }

    /// When [`poll`](Self::poll) will name the next request; `None` while none waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if !self.free.is_empty() {
            return Some(Instant::ORIGIN);
        }
        let buckets = self.waiting.keys().filter_map(|of| self.buckets.get(of));
        buckets.map(Bucket::free_at).min()
    }

    /// How many requests wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.places.len() + self.free.len()
    }

    /// A request was answered. When the service is throttling (429), nothing more is asked of that
    /// quota for as long as it says, or, where it says nothing, for the time of one request: other
    /// clients use up the same quota.
    pub fn handle_response<B>(
        &mut self,
        now: Instant,
        operation: Operation,
        response: &http::Response<B>,
    ) {
        let bucket = self.buckets.get_mut(&counted_as(operation));
        let throttled = response.status() == http::StatusCode::TOO_MANY_REQUESTS;
        let (Some(bucket), true) = (bucket, throttled) else {
            return;
        };
        let pause = crate::api::retry_after(response.headers());
        let pause = pause.unwrap_or_else(|| bucket.quota.interval());
        bucket.pause(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: f64) -> Instant {
        Instant::from_origin(Duration::from_secs_f64(seconds))
    }

    fn begun(limiter: &mut RateLimiter<u32>, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| limiter.poll(now)).collect()
    }

    #[test]
    fn a_burst_begins_at_once_and_the_rest_at_the_rate() {
        let mut limiter = RateLimiter::new(&Quotas::default());
        for key in 0..20 {
            limiter.submit(key, Operation::SendMessage, Priority::Message);
        }
        assert_eq!(begun(&mut limiter, at(100.0)).len(), 14);
        assert_eq!(limiter.poll_timeout(), Some(at(100.1)));
        assert!(begun(&mut limiter, at(100.099)).is_empty());
        assert_eq!(begun(&mut limiter, at(100.1)), [14]);
        assert_eq!(begun(&mut limiter, at(100.35)), [15, 16]);
        assert_eq!(begun(&mut limiter, at(200.0)), [17, 18, 19]);
        assert_eq!(limiter.poll_timeout(), None);
    }

    #[test]
    fn messages_outrank_receipts_and_receipts_outrank_typing() {
        let mut quotas = Quotas::unlimited();
        let one = NonZeroU32::MIN;
        quotas.set(Operation::SendEvent, Some(Quota::new(one, one)));
        let mut limiter = RateLimiter::new(&quotas);
        limiter.submit(1, Operation::SendEvent, Priority::Typing);
        limiter.submit(2, Operation::SendEvent, Priority::Receipt);
        limiter.submit(3, Operation::SendMessage, Priority::Message);
        limiter.submit(4, Operation::SendMessage, Priority::Message);
        limiter.submit(5, Operation::GetTranscript, Priority::Call);
        let mut order = Vec::new();
        for second in 1..10_u32 {
            order.extend(begun(&mut limiter, Instant::ORIGIN + SECOND * second));
        }
        assert_eq!(order, [5, 3, 4, 2, 1], "what has no quota does not wait");
    }

    #[test]
    fn what_is_cancelled_does_not_begin_and_uses_nothing_up() {
        let mut limiter = RateLimiter::new(&Quotas::default());
        for key in 0..30 {
            limiter.submit(key, Operation::SendMessage, Priority::Message);
        }
        assert!((0..15).all(|key| limiter.cancel(&key)));
        assert!(!limiter.cancel(&0));
        assert_eq!(limiter.waiting(), 15);
        assert_eq!(begun(&mut limiter, at(0.0)), (15..29).collect::<Vec<_>>());
        assert!(limiter.cancel(&29));
        limiter.submit(50, Operation::DescribeView, Priority::Call);
        assert!(limiter.cancel(&50));
        assert_eq!(limiter.poll_timeout(), None);
    }

    #[test]
    fn a_throttled_answer_pauses_all_sessions_for_as_long_as_it_says() {
        let mut limiter = RateLimiter::new(&Quotas::default());
        let answer = |retry_after: Option<&str>| {
            let mut answer = http::Response::builder().status(429);
            if let Some(retry_after) = retry_after {
                answer = answer.header("Retry-After", retry_after);
            }
            answer.body(()).unwrap()
        };
        limiter.handle_response(at(10.0), Operation::SendEvent, &answer(Some("3")));
        limiter.submit(1, Operation::SendMessage, Priority::Message);
        limiter.submit(2, Operation::GetTranscript, Priority::Session);
        assert_eq!(begun(&mut limiter, at(12.9)), [2]);
        assert_eq!(limiter.poll_timeout(), Some(at(13.0)));
        assert_eq!(begun(&mut limiter, at(13.0)), [1]);
        limiter.handle_response(at(20.0), Operation::SendMessage, &answer(None));
        limiter.submit(3, Operation::SendMessage, Priority::Message);
        limiter.submit(5, Operation::SendMessage, Priority::Message);
        assert!(begun(&mut limiter, at(20.09)).is_empty());
        assert_eq!(begun(&mut limiter, at(20.1)), [3]);
        assert_eq!(begun(&mut limiter, at(20.2)), [5], "no burst after a pause");
        let fine = http::Response::new(());
        limiter.handle_response(at(30.0), Operation::SendMessage, &fine);
        limiter.submit(4, Operation::SendMessage, Priority::Message);
        assert_eq!(begun(&mut limiter, at(30.0)), [4]);
    }

    #[test]
    fn no_window_of_time_sees_more_than_its_quota() {
        let mut limiter = RateLimiter::new(&Quotas::default());
        for key in 0..500 {
            limiter.submit(
                key,
                Operation::CreateParticipantConnection,
                Priority::Session,
            );
        }
        let mut times = Vec::new();
        while let Some(now) = limiter.poll_timeout() {
            times.extend(begun(&mut limiter, now).iter().map(|_| now));
        }
        assert_eq!(times.len(), 500);
        for (from, start) in times.iter().enumerate() {
            let within = times[from..].iter().filter(|at| **at - *start < SECOND);
            assert!(
                within.count() < 9 + 6,
                "6 a second and 9 at once, of which one is held back"
            );
        }
    }
}
