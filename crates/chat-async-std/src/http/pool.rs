//! HTTP connections that are kept for further requests.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::Poll;
use std::time::{Duration, Instant};

use chat_driver::address::Address;
use chat_driver::runtime::{RequestBody, Runtime};
use hyper::client::conn::http1::{self, Connection, SendRequest};

use crate::http::io::Io;
use crate::runtime::AsyncStd;
use crate::tls::Stream;

/// How long the end of a connection's turn is waited for, which takes some microseconds unless the
/// machine is busy.
const PATIENCE: Duration = Duration::from_millis(50);
/// How many connections to one host are kept.
const LIMIT: usize = 64;

/// The kept connections. Each closes when it is dropped here and its last answer has been read, so
/// all of them do with the pool.
#[derive(Debug)]
pub(crate) struct Pool {
    idle_timeout: Duration,
    kept: Mutex<HashMap<Address, Vec<Link>>>,
}

/// A connection, to send requests on. Dropping it closes the connection once it has no work.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) sender: SendRequest<RequestBody>,
    turn: Turn,
    /// When it was put into the pool.
    since: Instant,
}

/// Whether a connection's task is at work at this very moment.
#[derive(Clone, Debug, Default)]
struct Turn(Arc<AtomicBool>);

impl Pool {
    /// A pool whose connections are dropped when they have not been used for this long, or up to
    /// twice as long while nobody asks for one.
    pub(crate) fn new(idle_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            idle_timeout,
            kept: Mutex::default(),
        })
    }

    /// Begins to speak HTTP on a new connection.
    pub(crate) async fn open(self: &Arc<Self>, stream: Stream) -> hyper::Result<Link> {
        let (link, task) = self.link(stream).await?;
        AsyncStd::spawn(task);
        Ok(link)
    }

    /// A connection and its task, which ends when the connection is closed.
    pub(crate) async fn link(
        self: &Arc<Self>,
        stream: Stream,
    ) -> hyper::Result<(Link, impl Future<Output = ()> + Send + use<>)> {
        let (sender, connection) = http1::handshake(Io::new(stream)).await?;
        let turn = Turn::default();
        let task = drive(connection, turn.clone(), Arc::downgrade(self));
        let since = AsyncStd::now();
        let link = Link {
            sender,
            turn,
            since,
        };
        Ok((link, task))
    }

    /// Keeps a connection, whose last answer may still be under way.
    pub(crate) fn put(&self, address: Address, mut link: Link) {
        link.since = AsyncStd::now();
        let mut kept = self.lock();
        let links = kept.entry(address).or_default();
        if links.len() < LIMIT && !link.sender.is_closed() {
            links.push(link);
        }
    }

    /// Takes out a connection that is free for a request.
    pub(crate) async fn take(&self, address: &Address) -> Option<Link> {
        let at_work = match self.find(address) {
            Ok(link) => return Some(link),
            Err(at_work) => at_work,
        };
        // The end of an answer is told a moment before its connection is free again.
        for turn in at_work {
            turn.ended().await;
        }
        self.find(address).ok()
    }

    /// Takes out a free connection, or tells which of the others are at work at this moment.
    fn find(&self, address: &Address) -> Result<Link, Vec<Turn>> {
        let mut kept = self.lock();
        let Some(links) = kept.get_mut(address) else {
            return Err(Vec::new());
        };
        links.retain(|link| link.is_usable(self.idle_timeout));
        // Before it is looked at whether they are free: after its turn a connection is what it is.
        let mut turns: Vec<_> = links.iter().map(|link| link.turn.clone()).collect();
        turns.retain(Turn::lasts);
        let free = links.iter().rposition(|link| link.sender.is_ready());
        free.map(|at| links.remove(at)).ok_or(turns)
    }

    fn sweep(&self) {
        self.lock().retain(|_, links| {
            links.retain(|link| link.is_usable(self.idle_timeout));
            !links.is_empty()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Address, Vec<Link>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link {
    fn is_usable(&self, idle_timeout: Duration) -> bool {
        !self.sender.is_closed() && AsyncStd::now().duration_since(self.since) < idle_timeout
    }
}

impl Turn {
    /// Does something as a turn.
    fn of<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Ends the turn, also when the work panics.
        struct End<'a>(&'a AtomicBool);
        impl Drop for End<'_> {
            fn drop(&mut self) {
                self.0.store(false, Ordering::Release);
            }
        }
        self.0.store(true, Ordering::Release);
        let _end = End(&self.0);
        work()
    }

    fn lasts(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Waits for its end; not for long, since a turn may be one of the application's reader.
    async fn ended(&self) {
        let begun = AsyncStd::now();
        while self.lasts() && begun.elapsed() < PATIENCE {
            AsyncStd::yield_now().await;
        }
    }
}

/// The task of a connection.
async fn drive(connection: Connection<Io<Stream>, RequestBody>, turn: Turn, pool: Weak<Pool>) {
    let Some(idle_timeout) = pool.upgrade().map(|pool| pool.idle_timeout) else {
        return;
    };
    let mut connection = pin!(connection);
    let mut sweep = pin!(AsyncStd::sleep(idle_timeout));
    poll_fn(|cx| {
        if turn.of(|| connection.as_mut().poll(cx)).is_ready() {
            return Poll::Ready(());
        }
        while sweep.as_mut().poll(cx).is_ready() {
            if let Some(pool) = pool.upgrade() {
                pool.sweep();
            }
            sweep.set(AsyncStd::sleep(idle_timeout));
        }
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
impl Pool {
    pub(crate) fn open_connections(&self) -> usize {
        let kept = self.lock();
        let open = |link: &&Link| !link.sender.is_closed();
        kept.values().flatten().filter(open).count()
    }
}
