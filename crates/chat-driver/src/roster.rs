//! Who is there: the sessions and hubs of a client, so that they can be told to leave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::driven::Driven;
use crate::error::SessionError;
use crate::shared::Shared;

/// How [`Client::shutdown`](crate::Client::shutdown) ends sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Shutdown {
    /// As [`ChatSession::disconnect`](crate::ChatSession::disconnect) does: what is queued is
    /// sent, the service is told that we leave, which ends a customer's chat. Sessions that have
    /// not been connected are abandoned.
    Disconnect,
    /// As [`ChatSession::abandon`](crate::ChatSession::abandon) does: at once, without telling
    /// the service, for which the chats go on. With a
    /// [`resume_state`](crate::ChatSession::resume_state) taken before, another process goes on.
    Abandon,
}

/// Clones are the same roster.
#[derive(Clone, Default)]
pub(crate) struct Roster(Arc<Shelf>);

#[derive(Default)]
struct Shelf {
    entries: Mutex<Entries>,
    /// Tells those who wait that somebody has gone.
    gone: Notify,
}

#[derive(Default)]
struct Entries {
    present: BTreeMap<u64, Weak<dyn Leave>>,
    last: u64,
    /// Whether nobody may come any more.
    closed: bool,
}

/// Something that can be told to leave. It is gone some time later, by itself.
trait Leave: Send + Sync {
    fn leave(&self, how: Shutdown);
}

impl<D: Driven> Leave for Shared<D> {
    fn leave(&self, how: Shutdown) {
        self.command(match how {
            Shutdown::Disconnect => D::disconnect,
            Shutdown::Abandon => D::abandon,
        });
    }
}

impl Roster {
    /// Enters somebody, who is there until the entry is dropped.
    pub(crate) fn enter<D: Driven>(&self, shared: Arc<Shared<D>>) -> Result<Entry, SessionError> {
        let present: Arc<dyn Leave> = shared;
        let mut entries = self.lock();
        if entries.closed {
            return Err(SessionError::ShutDown);
        }
        entries.last += 1;
        let number = entries.last;
        entries.present.insert(number, Arc::downgrade(&present));
        Ok(Entry {
            roster: self.clone(),
            number,
        })
    }

    /// Tells all to leave, lets nobody in any more, and waits until all are gone.
    pub(crate) async fn dismiss(&self, how: Shutdown) {
        let present: Vec<_> = {
            let mut entries = self.lock();
            entries.closed = true;
            entries.present.values().filter_map(Weak::upgrade).collect()
        };
        for one in present {
            one.leave(how);
        }
        loop {
            let gone = self.0.gone.notified();
            if self.lock().present.is_empty() {
                return;
            }
            gone.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing in here panics; what is there is whole.
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody's place on a roster.
pub(crate) struct Entry {
    roster: Roster,
    number: u64,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.roster.lock().present.remove(&self.number);
        self.roster.0.gone.notify_waiters();
    }
}
