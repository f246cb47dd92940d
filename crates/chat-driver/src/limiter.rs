//! When the requests of a client's sessions begin: one rate limiter for all of them.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chat_proto::{Instant, Operation, Priority, Quotas, RateLimiter};
use http::Response;
use tokio::sync::{Notify, oneshot};

use crate::clock::{self, Clock};
use crate::metrics::Depth;
use crate::requests::Answer;
use crate::runtime::Runtime;

/// Names a request that waits.
type Ticket = u64;

/// Clones are the same limiter.
pub(crate) struct Limiter<R> {
    shared: Arc<Shared>,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for Limiter<R> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            ..*self
        }
    }
}

struct Shared {
    clock: Clock,
    lines: Mutex<Lines>,
    /// Tells the task that serves the lines that a request has joined them, or the last has left.
    joined: Notify,
}

struct Lines {
    limiter: RateLimiter<Ticket>,
    /// Those who wait to be told that they may begin.
    waiting: BTreeMap<Ticket, oneshot::Sender<()>>,
    depth: Depth,
    last_ticket: Ticket,
    /// Whether a task serves the lines. There is one while anybody waits.
    served: bool,
}

impl Lines {
    /// Lets all begin that may.
    fn serve(&mut self, now: Instant) {
        while let Some(ticket) = self.limiter.poll(now) {
            if let Some(waits) = self.waiting.remove(&ticket) {
                // Who has gone away meanwhile has used up a turn.
                let _ = waits.send(());
            }
        }
        self.depth.set(self.limiter.waiting());
    }
}

impl<R: Runtime> Limiter<R> {
    pub(crate) fn new(quotas: &Quotas) -> Self {
        let shared = Arc::new(Shared {
            clock: Clock::start::<R>(),
            lines: Mutex::new(Lines {
                limiter: RateLimiter::new(quotas),
                waiting: BTreeMap::new(),
                depth: Depth::requests(),
                last_ticket: 0,
                served: false,
            }),
            joined: Notify::new(),
        });
        Self {
            shared,
            runtime: PhantomData,
        }
    }

    /// Asks for the turn of a request; `None` when it may begin at once. To be called on a
    /// task of the runtime.
    pub(crate) fn turn(&self, operation: Operation, priority: Priority) -> Option<Turn<R>> {
        let (begins, mut may_begin) = oneshot::channel();
        let mut lines = self.lock();
        lines.last_ticket += 1;
        let ticket = lines.last_ticket;
        lines.limiter.submit(ticket, operation, priority);
        lines.waiting.insert(ticket, begins);
        lines.serve(self.shared.clock.now());
        if may_begin.try_recv().is_ok() {
            return None;
        }
        let served = std::mem::replace(&mut lines.served, true);
        // A runtime that shuts down drops the task at once, which locks the lines.
        drop(lines);
        if served {
            self.shared.joined.notify_one();
        } else {
            R::spawn(Server::new(self.clone()).run());
        }
        Some(Turn {
            limiter: self.clone(),
            operation,
            priority,
            ticket,
            may_begin,
        })
    }

    /// The answer to a request, of which note is taken: when the service throttles, nothing more
    /// is asked for a while.
    pub(crate) async fn heed(
        self,
        operation: Operation,
        answer: impl Future<Output = Answer<Response<Bytes>>>,
    ) -> Answer<Response<Bytes>> {
        let answer = answer.await;
        if let Ok(response) = &answer {
            let now = self.shared.clock.now();
            let mut lines = self.lock();
            lines.limiter.handle_response(now, operation, response);
        }
        answer
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        // Nothing in here panics; what is there is whole.
        self.shared
            .lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn of a request. Dropping it gives the turn up.
pub(crate) struct Turn<R: Runtime> {
    limiter: Limiter<R>,
    operation: Operation,
    priority: Priority,
    ticket: Ticket,
    may_begin: oneshot::Receiver<()>,
}

impl<R: Runtime> Turn<R> {
    /// Waits until the request may begin.
    pub(crate) async fn come(mut self) {
        // The task that served the lines may be gone with its runtime: who is left asks again.
        while (&mut self.may_begin).await.is_err() {
            R::yield_now().await; // nor can this task go on where that runtime shuts down
            match self.limiter.turn(self.operation, self.priority) {
                Some(turn) => self = turn,
                None => return,
            }
        }
    }
}

impl<R: Runtime> Drop for Turn<R> {
    fn drop(&mut self) {
        let mut lines = self.limiter.lock();
        let Lines {
            limiter,
            waiting,
            depth,
            ..
        } = &mut *lines;
        waiting.remove(&self.ticket);
        limiter.cancel(&self.ticket);
        depth.set(limiter.waiting());
        if lines.served && lines.waiting.is_empty() {
            self.limiter.shared.joined.notify_one(); // the task has nobody left to serve
        }
    }
}

/// The task that serves the lines, for as long as anybody waits.
struct Server<R: Runtime> {
    limiter: Limiter<R>,
    done: bool,
}

impl<R: Runtime> Server<R> {
    const fn new(limiter: Limiter<R>) -> Self {
        let done = false;
        Self { limiter, done }
    }

    async fn run(mut self) {
        while let Some((now, next)) = self.serve() {
            let joined = self.limiter.shared.joined.notified();
            clock::within::<R, _>(next - now, joined).await;
        }
    }

    /// Lets all begin that may. The time, and when the next one may; `None` when nobody waits.
    fn serve(&mut self) -> Option<(Instant, Instant)> {
        let now = self.limiter.shared.clock.now();
        let mut lines = self.limiter.lock();
        lines.serve(now);
        let next = lines.limiter.poll_timeout();
        if next.is_none() {
            lines.served = false;
            drop(lines);
            self.done = true;
        }
        next.map(|next| (now, next))
    }
}

impl<R: Runtime> Drop for Server<R> {
    fn drop(&mut self) {
        if !self.done {
            let mut lines = self.limiter.lock();
            lines.served = false;
            // They ask again, on a runtime that is still there.
            lines.waiting.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chat_proto::Quota;

    use super::*;
    use crate::testing::Tokio;

    const SECOND: Duration = Duration::from_secs(1);

    /// One message a second.
    fn slow() -> Limiter<Tokio> {
        let mut quotas = Quotas::unlimited();
        let one = std::num::NonZeroU32::MIN;
        quotas.set(Operation::SendMessage, Some(Quota::new(one, one)));
        Limiter::new(&quotas)
    }

    fn message(limiter: &Limiter<Tokio>) -> Option<Turn<Tokio>> {
        limiter.turn(Operation::SendMessage, Priority::Message)
    }

    #[tokio::test(start_paused = true)]
    async fn turns_come_in_the_order_of_priority_and_then_of_asking() {
        let limiter = slow();
        assert!(message(&limiter).is_none());
        assert!(
            limiter
                .turn(Operation::GetTranscript, Priority::Call)
                .is_none()
        );
        let start = tokio::time::Instant::now();
        let (order, mut came) = tokio::sync::mpsc::unbounded_channel();
        for (name, operation, priority) in [
            ("typing", Operation::SendEvent, Priority::Typing),
            ("receipt", Operation::SendEvent, Priority::Receipt),
            ("first", Operation::SendMessage, Priority::Message),
            ("second", Operation::SendMessage, Priority::Message),
        ] {
            let turn = limiter.turn(operation, priority).unwrap();
            let order = order.clone();
            tokio::spawn(async move {
                turn.come().await;
                order.send(name).unwrap();
            });
        }
        for (second, name) in (1..).zip(["first", "second", "receipt", "typing"]) {
            assert_eq!(came.recv().await, Some(name));
            let late = start.elapsed() - SECOND * second;
            assert!(late < Duration::from_millis(10), "{name} is {late:?} late");
        }
        tokio::task::yield_now().await;
        assert!(!limiter.lock().served, "nobody waits");
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_given_up_is_nobodys_and_the_next_one_has_it() {
        let limiter = slow();
        assert!(message(&limiter).is_none());
        let turns: Vec<_> = (0..100).map(|_| message(&limiter).unwrap()).collect();
        let last = message(&limiter).unwrap();
        let start = tokio::time::Instant::now();
        drop(turns);
        last.come().await;
        assert!(start.elapsed() < SECOND * 2);
        assert_eq!(limiter.lock().limiter.waiting(), 0);
        assert!(limiter.lock().waiting.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_last_turn_is_given_up_no_task_is_left() {
        let limiter = slow();
        let throttled = Response::builder().status(429).header("Retry-After", "60");
        let answer = std::future::ready(Ok(throttled.body(Bytes::new()).unwrap()));
        let answer = limiter.clone().heed(Operation::SendMessage, answer).await;
        answer.unwrap();
        let turn = message(&limiter).unwrap();
        tokio::task::yield_now().await;
        assert!(limiter.lock().served);
        drop(turn);
        for _ in 0..10 {
            tokio::task::yield_now().await; // time stands still meanwhile
        }
        assert!(!limiter.lock().served);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_answer_makes_all_wait() {
        let limiter = slow();
        let throttled = Response::builder().status(429).header("Retry-After", "30");
        let answer = std::future::ready(Ok(throttled.body(Bytes::new()).unwrap()));
        let answer = limiter.clone().heed(Operation::SendMessage, answer).await;
        assert_eq!(answer.unwrap().status(), 429);
        let start = tokio::time::Instant::now();
        message(&limiter).unwrap().come().await;
        assert!(start.elapsed() >= SECOND * 30);
    }

    #[test]
    fn a_turn_that_is_asked_for_while_the_runtime_goes_away_does_not_hang() {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let limiter = slow();
        assert!(message(&limiter).is_none());
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (go_on, may_go_on) = std::sync::mpsc::channel::<()>();
        let (over, is_over) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            begun.send(()).unwrap();
            may_go_on.recv().unwrap();
            if let Some(turn) = message(&limiter) {
                over.send(()).unwrap();
                turn.come().await;
            }
        });
        has_begun.recv().unwrap();
        runtime.shutdown_background();
        go_on.send(()).unwrap();
        is_over.recv_timeout(SECOND * 10).unwrap();
    }

    #[test]
    fn a_runtime_that_goes_away_takes_no_turn_of_another_with_it() {
        let runtime = || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_time().start_paused(true).build().unwrap()
        };
        let (first, second) = (runtime(), runtime());
        let limiter = slow();
        let turn = first.block_on(async {
            assert!(message(&limiter).is_none());
            message(&limiter).unwrap()
        });
        drop(first);
        second.block_on(turn.come());
    }
}
