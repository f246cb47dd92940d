//! The transcript: one total order of everything said, whatever way and in whatever order it came.
//!
//! Items the service has numbered are ordered by (time, id). Messages that are not confirmed yet
//! come after all of them, in the order they were sent.

mod dropped;
mod order;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::Draft;
use crate::ids::{ItemId, LocalId, ParticipantId};
use crate::transcript::dropped::Dropped;
use crate::transcript::order::OrderedEntries;
use crate::wire::{AbsoluteTime, Item, ItemType};

pub(crate) use order::Position;

/// The most receipts kept for messages that have not come yet.
const RECEIPTS_LIMIT: usize = 1_000;

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
    /// time.
    pub item: Arc<Item>,
    /// The message of this session it is.
    pub local_id: Option<LocalId>,
    /// How far it has come.
    pub status: Status,
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

/// What an arriving item was to the transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// Never seen before; where it confirms one of our messages, that message.
    New(Option<LocalId>),
    /// Seen before.
    Known,
}

/// Everything said in a chat, in one total order.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Items the service has numbered.
    ordered: OrderedEntries,
    /// Where each of them stands.
    positions: BTreeMap<ItemId, Position>,
    /// Those of them that only an HTTP answer has told of: the item itself is still to come.
    unseen: BTreeMap<ItemId, LocalId>,
    /// Our messages that are not confirmed, in the order of sending.
    local: Vec<Entry>,
    /// Items that were dropped, or never taken in, to stay within the limit.
    dropped: Dropped,
    /// Receipts of messages that have not come yet.
    receipts: BTreeMap<ItemId, Status>,
    limit: usize,
    own: ParticipantId,
    changes: Vec<Change>,
}

impl Transcript {
    pub(crate) const fn new(own: ParticipantId, limit: usize) -> Self {
        Self {
            ordered: OrderedEntries::new(),
            positions: BTreeMap::new(),
            unseen: BTreeMap::new(),
            local: Vec::new(),
            dropped: Dropped::new(limit),
            receipts: BTreeMap::new(),
            limit,
            own,
            changes: Vec::new(),
        }
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ordered.len() + self.local.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at this index, 0 being the oldest.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Entry> {
        match index.checked_sub(self.ordered.len()) {
            None => self.ordered.get(index),
            Some(index) => self.local.get(index),
        }
    }

    /// All entries, oldest first. Borrowed, not copied.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.ordered.iter().chain(&self.local)
    }

    /// The index of the item with this id.
    #[must_use]
    pub fn index_of(&self, id: &ItemId) -> Option<usize> {
        let position = self.positions.get(id)?;
        self.ordered.index_of(position)
    }

    /// Whether the service itself has shown us this item.
    pub(crate) fn has_seen(&self, id: &ItemId) -> bool {
        let known = self.positions.contains_key(id) || self.dropped.contains(id);
        known && !self.unseen.contains_key(id)
    }

    /// Where the item with this id stands.
    pub(crate) fn position(&self, id: &ItemId) -> Option<&Position> {
        self.positions.get(id)
    }

    /// Where each item stands that the service has shown us, as far as that is remembered.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &Position> {
        let held = self.positions.values();
        let held = held.filter(|position| !self.unseen.contains_key(&position.id));
        held.chain(self.dropped.positions())
    }

    /// Everything up to here counts as shown, since more than that is not remembered.
    pub(crate) const fn seen_up_to(&self) -> Option<&Position> {
        self.dropped.floor()
    }

    /// Items that confirmed messages of ours have become, and which the service has not shown us.
    pub(crate) fn unseen(&self) -> impl Iterator<Item = (&ItemId, LocalId)> {
        self.unseen.iter().map(|(id, local_id)| (id, *local_id))
    }

    /// A confirmed message of ours is to become this item.
    pub(crate) fn expect_own(&mut self, id: ItemId, local_id: LocalId) {
        self.unseen.insert(id, local_id);
    }

    /// Whether no further, older item would fit.
    pub(crate) fn is_full(&self) -> bool {
        self.ordered.len() >= self.limit
    }

    /// The oldest item the service has shown us.
    pub(crate) fn oldest(&self) -> Option<&ItemId> {
        self.ordered.get(0).and_then(|entry| entry.item.id.as_ref())
    }

    /// The changes since the last call.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// A message of ours that is to be sent.
    pub(crate) fn push_local(&mut self, local_id: LocalId, draft: &Draft) {
        let item = draft_item(draft, &self.own, None, None);
        let entry = Entry {
            item: Arc::new(item),
            local_id: Some(local_id),
            status: Status::Sending,
        };
        self.changes.push(Change::Inserted {
            index: self.len(),
            entry: entry.clone(),
        });
        self.local.push(entry);
    }

    /// Marks a message of ours as failed, or as being sent again.
    pub(crate) fn set_local_status(&mut self, local_id: LocalId, status: Status) {
        let Some(at) = self.local_index(local_id) else {
            return;
        };
        if self.local[at].status != status {
            self.local[at].status = status;
            self.changes.push(Change::Updated {
                index: self.ordered.len() + at,
                entry: self.local[at].clone(),
            });
        }
    }

    /// Forgets a message of ours that is not confirmed.
    pub(crate) fn remove_local(&mut self, local_id: LocalId) {
        if let Some(at) = self.local_index(local_id) {
            self.local.remove(at);
            self.changes.push(Change::Removed {
                index: self.ordered.len() + at,
            });
        }
    }

    /// An item the service shows us, and its position. `echo_of` is the message of ours it is
    /// taken for.
    pub(crate) fn receive(
        &mut self,
        item: &Arc<Item>,
        position: Position,
        echo_of: Option<LocalId>,
    ) -> Arrival {
        let ours = self.unseen.remove(&position.id);
        if let Some(known) = self.positions.get(&position.id).cloned() {
            let Some(local_id) = ours else {
                return Arrival::Known;
            };
            self.replace(&known, position, item, local_id);
            return Arrival::New(Some(local_id));
        }
        if self.dropped.knows(&position) {
            return Arrival::Known;
        }
        let local_id = ours.or(echo_of);
        if let Some(local_id) = local_id {
            self.remove_local(local_id);
        }
        self.insert(
            position,
            Entry {
                item: Arc::clone(item),
                local_id,
                status: Status::Sent,
            },
        );
        Arrival::New(local_id)
    }

    /// The service has confirmed a message of ours under this id and time.
    ///
    /// `echo` is the item that had been taken for its echo.
    pub(crate) fn confirm(
        &mut self,
        local_id: LocalId,
        draft: &Draft,
        id: &ItemId,
        time: Option<&AbsoluteTime>,
        echo: Option<&ItemId>,
    ) {
        if let Some(echo) = echo.filter(|echo| *echo != id) {
            // The service says that another item is ours: the one taken for it stands alone.
            self.set_local_id(echo, None);
        }
        if self.positions.contains_key(id) {
            self.remove_local(local_id);
            self.set_local_id(id, Some(local_id));
            return;
        }
        if self.dropped.contains(id) {
            self.remove_local(local_id);
            return;
        }
        self.unseen.insert(id.clone(), local_id);
        let item = Arc::new(draft_item(draft, &self.own, Some(id), time));
        let Some(position) = Position::of(&item) else {
            // Without a time it has no place yet; the item itself will bring one.
            self.set_local_status(local_id, Status::Sent);
            return;
        };
        self.remove_local(local_id);
        self.insert(
            position,
            Entry {
                item,
                local_id: Some(local_id),
                status: Status::Sent,
            },
        );
    }

    /// Receipts raise the status of the message they are for, and never lower it.
    pub(crate) fn apply_receipts(&mut self, item: &Item) {
        let Some(metadata) = &item.metadata else {
            return;
        };
        let Some(id) = &metadata.message_id else {
            return;
        };
        let others = metadata
            .receipts
            .iter()
            .filter(|receipt| receipt.recipient_participant_id.as_ref() != Some(&self.own));
        let status = others
            .filter_map(|receipt| match (&receipt.read, &receipt.delivered) {
                (Some(_), _) => Some(Status::Read),
                (None, Some(_)) => Some(Status::Delivered),
                (None, None) => None,
            })
            .max();
        let Some(status) = status else { return };
        let Some(position) = self.positions.get(id).cloned() else {
            // It has overtaken its message.
            let waiting = self.receipts.entry(id.clone()).or_insert(status);
            *waiting = status.max(*waiting);
            if self.receipts.len() > RECEIPTS_LIMIT {
                self.receipts.pop_first();
            }
            return;
        };
        self.update(&position, |entry| {
            let rises = status > entry.status;
            if rises {
                entry.status = status;
            }
            rises
        });
    }

    fn set_local_id(&mut self, id: &ItemId, local_id: Option<LocalId>) {
        if let Some(position) = self.positions.get(id).cloned() {
            self.update(&position, |entry| {
                let changes = entry.local_id != local_id;
                entry.local_id = local_id;
                changes
            });
        }
    }

    /// The item itself has come for an entry made of an HTTP answer.
    fn replace(&mut self, known: &Position, position: Position, item: &Arc<Item>, ours: LocalId) {
        if *known == position {
            self.update(known, |entry| {
                entry.item = Arc::clone(item);
                true
            });
            return;
        }
        let status = match self.ordered.remove(known) {
            Some((index, entry)) => {
                self.changes.push(Change::Removed { index });
                entry.status
            }
            None => Status::Sent,
        };
        self.insert(
            position,
            Entry {
                item: Arc::clone(item),
                local_id: Some(ours),
                status,
            },
        );
    }

    fn update(&mut self, position: &Position, change: impl FnOnce(&mut Entry) -> bool) {
        let Some(index) = self.ordered.index_of(position) else {
            return;
        };
        let Some(entry) = self.ordered.get_mut(position) else {
            return;
        };
        if change(entry) {
            let entry = entry.clone();
            self.changes.push(Change::Updated { index, entry });
        }
    }

    fn insert(&mut self, position: Position, mut entry: Entry) {
        if let Some(status) = self.receipts.remove(&position.id) {
            entry.status = entry.status.max(status);
        }
        let oldest = self.ordered.first();
        if self.is_full() && oldest.is_some_and(|oldest| position < *oldest) {
            self.unseen.remove(&position.id);
            self.dropped.add(position);
            return;
        }
        self.positions.insert(position.id.clone(), position.clone());
        let index = self.ordered.insert(position, entry.clone());
        self.changes.push(Change::Inserted { index, entry });
        if self.ordered.len() > self.limit {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some((position, _)) = self.ordered.pop_first() else {
            return;
        };
        self.positions.remove(&position.id);
        self.unseen.remove(&position.id);
        self.dropped.add(position);
        self.changes.push(Change::Removed { index: 0 });
    }

    fn local_index(&self, local_id: LocalId) -> Option<usize> {
        self.local
            .iter()
            .position(|entry| entry.local_id == Some(local_id))
    }
}

/// The item a draft of ours becomes, as far as it is known.
fn draft_item(
    draft: &Draft,
    own: &ParticipantId,
    id: Option<&ItemId>,
    time: Option<&AbsoluteTime>,
) -> Item {
    Item {
        id: id.cloned(),
        absolute_time: time.cloned(),
        item_type: Some(ItemType::Message),
        content_type: Some(draft.content_type.clone()),
        content: Some(draft.content.clone()),
        participant_id: Some(own.clone()),
        participant_role: None,
        display_name: None,
        initial_contact_id: None,
        contact_id: None,
        related_contact_id: None,
        attachments: Vec::new(),
        metadata: None,
        raw: None,
    }
}
