//! The events of a session on their way to the application.

use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use chat_proto::Event;
use futures_core::Stream;

use crate::driven::{Alone, Driven};
use crate::metrics::Depth;
use crate::shared::Lifeline;

/// For how many events there is room while none waits.
const SPARE: usize = 16;

/// The events of a session, in the order they happened. It ends after [`Event::Ended`].
///
/// It keeps the session alive, as a [`ChatSession`](crate::ChatSession) does. An application that
/// does not care about events may drop it: they are discarded then, and the session goes on. One
/// that keeps it must read it: when more than
/// [`event_queue`](crate::ClientBuilder::event_queue) events wait, the session's WebSockets are not
/// read until it has caught up with half of them. Nothing is lost by that.
pub struct Events {
    reader: Reader<Alone>,
}

impl Events {
    pub(crate) const fn new(lifeline: Arc<Lifeline<Alone>>) -> Self {
        let reader = Reader::new(lifeline);
        Self { reader }
    }

    /// The next event; `None` after [`Event::Ended`]. Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Event> {
        poll_fn(|cx| self.reader.poll(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.reader.poll(cx)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// The reading end of a queue of events.
pub(crate) struct Reader<D: Driven> {
    lifeline: Arc<Lifeline<D>>,
}

impl<D: Driven> Reader<D> {
    pub(crate) const fn new(lifeline: Arc<Lifeline<D>>) -> Self {
        Self { lifeline }
    }

    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Option<D::Event>> {
        let shared = self.lifeline.shared();
        let (polled, caught_up) = shared.events.poll(cx);
        if caught_up {
            shared.wake_driver();
        }
        polled
    }
}

impl<D: Driven> Drop for Reader<D> {
    fn drop(&mut self) {
        let shared = self.lifeline.shared();
        shared.events.discard();
        shared.wake_driver();
    }
}

/// Events that wait to be read. What exceeds the limit is kept all the same, and says that the
/// sockets, where events come from, are not to be read until half of the limit is free. Were it
/// one place only, an application that stays slow would be told of pauses more than of anything
/// else, since each of them is an event too.
pub(crate) struct EventQueue<E> {
    limit: usize,
    waiting: Mutex<Waiting<E>>,
}

struct Waiting<E> {
    events: VecDeque<E>,
    depth: Depth,
    /// Whether there were more than may be, and still are too many to go on.
    over: bool,
    /// Whether no more will come.
    ended: bool,
    /// Whether nobody reads them.
    discarded: bool,
    reader: Option<Waker>,
}

impl<E> EventQueue<E> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            waiting: Mutex::new(Waiting {
                events: VecDeque::new(),
                depth: Depth::events(),
                over: false,
                ended: false,
                discarded: false,
                reader: None,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<E>> {
        // Nothing in here panics; what is there is whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes events in.
    pub(crate) fn extend(&self, events: impl Iterator<Item = E>) {
        let reader = {
            let mut waiting = self.lock();
            let mut came = false;
            for event in events {
                came = true;
                if !waiting.discarded {
                    waiting.events.push_back(event);
                }
            }
            let length = waiting.events.len();
            waiting.depth.set(length);
            waiting.over |= length > self.limit;
            waiting.reader.take_if(|_| came)
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// No more will come.
    pub(crate) fn end(&self) {
        let mut waiting = self.lock();
        waiting.ended = true;
        let reader = waiting.reader.take();
        drop(waiting);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    /// Looks at the events that wait, oldest first. None is taken meanwhile.
    pub(crate) fn look<T>(&self, see: impl FnOnce(&VecDeque<E>) -> T) -> T {
        see(&self.lock().events)
    }

    /// Whether the application is behind: sockets are not to be read.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().over
    }

    /// The next event, and whether the application has caught up by taking it.
    fn poll(&self, cx: &Context<'_>) -> (Poll<Option<E>>, bool) {
        let mut waiting = self.lock();
        if let Some(event) = waiting.events.pop_front() {
            let length = waiting.events.len();
            waiting.depth.set(length);
            let caught_up = waiting.over && length <= self.limit / 2;
            waiting.over &= !caught_up;
            return (Poll::Ready(Some(event)), caught_up);
        }
        waiting.events.shrink_to(SPARE); // what a burst took is given back
        if waiting.ended {
            return (Poll::Ready(None), false);
        }
        waiting.reader = Some(cx.waker().clone());
        (Poll::Pending, false)
    }

    /// Nobody reads events any more.
    fn discard(&self) {
        let mut waiting = self.lock();
        waiting.discarded = true;
        waiting.over = false;
        waiting.events = VecDeque::new();
        waiting.depth.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_keeps_order_and_ends_after_the_last_event() {
        let queue = EventQueue::new(8);
        let cx = Context::from_waker(Waker::noop());
        assert_eq!(queue.poll(&cx), (Poll::Pending, false));
        queue.extend([Event::Established].into_iter());
        let ended = Event::Ended(chat_proto::EndReason::Disconnected);
        queue.extend([Event::Reestablished, ended.clone()].into_iter());
        queue.end();
        let next = || queue.poll(&cx).0;
        assert_eq!(next(), Poll::Ready(Some(Event::Established)));
        assert_eq!(next(), Poll::Ready(Some(Event::Reestablished)));
        assert_eq!(next(), Poll::Ready(Some(ended)));
        assert_eq!(next(), Poll::Ready(None));
        assert_eq!(next(), Poll::Ready(None));
    }

    #[test]
    fn a_queue_that_is_over_stays_so_until_half_of_it_is_free() {
        let queue = EventQueue::new(4);
        let cx = Context::from_waker(Waker::noop());
        queue.extend((0..4).map(|_| Event::Reestablished));
        assert!(!queue.is_over());
        queue.extend((0..2).map(|_| Event::Reestablished));
        let mut caught_up = Vec::new();
        while queue.is_over() {
            caught_up.push(queue.poll(&cx).1);
        }
        assert_eq!(caught_up, [false, false, false, true], "two are left");
        assert!(!queue.poll(&cx).1);
    }

    #[test]
    fn the_room_that_a_burst_took_is_given_back() {
        let queue = EventQueue::new(1_000);
        let cx = Context::from_waker(Waker::noop());
        queue.extend((0..1_000).map(|_| Event::Reestablished));
        while queue.poll(&cx).0.is_ready() {}
        let capacity = queue.lock().events.capacity();
        assert!(capacity < 64, "for {capacity} events");
    }

    #[test]
    fn discarded_events_do_not_pile_up() {
        let queue = EventQueue::new(1);
        queue.extend([Event::Established, Event::Reestablished].into_iter());
        queue.discard();
        queue.extend([Event::Reestablished, Event::Reestablished].into_iter());
        assert!(!queue.is_over());
    }
}
