//! The lines of a transcript, and how it says that they have changed.

use std::sync::Arc;

use crate::ids::LocalId;
use crate::wire::Item;

/// How far a message has come. Only ever rises, except that a failed one can be sent again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Status {
    /// Ours, and could not be sent.
    Failed,
    /// Ours, and not confirmed yet.
    Sending,
    /// The service has it.
    Sent,
    /// Somebody has received it.
    Delivered,
    /// Somebody has read it.
    Read,
}

/// A line of the transcript. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The item. For a message that is not confirmed yet, one made of its draft, without id and
    /// time. For one that is [still being written](Self::is_partial), one made of its parts.
    pub item: Arc<Item>,
    /// The message of this session it is.
    pub local_id: Option<LocalId>,
    /// How far it has come.
    pub status: Status,
}

impl Entry {
    /// Whether it is a message that is still being written, as a bot does that answers in parts.
    ///
    /// Its content is what has come so far, from the beginning and without a hole; the number of
    /// the last part in it is [`chunk_number`](crate::wire::MessageMetadata::chunk_number). It
    /// grows by [`Change::Updated`], until the whole message replaces it. One whose end never
    /// comes stays as it is.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.item.is_partial()
    }
}

/// A change of the transcript. Indices are those at the moment of the change, so a copy that
/// applies all changes in order stays equal to the transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a copy must apply every change")]
pub enum Change {
    /// An entry is new at this index; those from there on moved up by one.
    Inserted {
        /// Where.
        index: usize,
        /// What.
        entry: Entry,
    },
    /// The entry at this index is another one.
    Updated {
        /// Where.
        index: usize,
        /// What it is.
        entry: Entry,
    },
    /// The entry at this index is gone; those after it moved down by one.
    Removed {
        /// Where.
        index: usize,
    },
}
