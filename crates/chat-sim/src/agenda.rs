//! What the core has still to do, by time.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::contact::{ContactKey, EndReason};
use crate::fault::FaultId;
use crate::item::Role;
use crate::memory::Charge;
use crate::output::{Output, SocketId};

/// One thing to do later.
#[derive(Debug)]
pub(crate) enum Task {
    /// Give the shell an output that a fault delays.
    Emit(
        Box<Output>,
        #[expect(dead_code, reason = "its drop is what counts")] Charge,
    ),
    /// Close a socket whose time is over.
    ExpireSocket(SocketId),
    /// Send the frames that a fault holds back on a socket.
    FlushSocket(SocketId),
    /// Close the sockets of a contact that has ended.
    CloseSockets(ContactKey),
    /// End a contact whose time is over.
    EndContact(ContactKey, EndReason),
    /// Go on with the script of a contact.
    RunScript(ContactKey),
    /// The participants of a role in a contact have said nothing for a while.
    Idle(ContactKey, Role),
    /// Send the next chunk of a message of a contact.
    GoOnStreaming(ContactKey, u64),
    /// Publish the messages of a contact that have been looked at.
    PublishMessages(ContactKey),
    /// Say what has become of a file of a contact.
    JudgeFile(ContactKey, u64),
    /// Begin a fault that acts once.
    Strike(FaultId),
}

/// The place of a task in the agenda: when, and which of those due at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskKey {
    due: Duration,
    number: u64,
}

/// The tasks, earliest first; those due at the same time in the order in which they were added.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    tasks: BTreeMap<TaskKey, Task>,
    next: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, due: Duration, task: Task) -> TaskKey {
        let key = TaskKey {
            due,
            number: self.next,
        };
        self.next += 1;
        self.tasks.insert(key, task);
        key
    }

    /// Takes a task off; does nothing when it is done already.
    pub(crate) fn cancel(&mut self, key: TaskKey) {
        self.tasks.remove(&key);
    }

    /// The next task that is due.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<Task> {
        let entry = self.tasks.first_entry()?;
        (entry.key().due <= now).then(|| entry.remove())
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.tasks.keys().next().map(|key| key.due)
    }
}
