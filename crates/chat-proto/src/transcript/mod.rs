//! The transcript: one total order of everything said, whatever way and in whatever order it came.
//!
//! Items the service has numbered are ordered by (time, id). Messages that are not confirmed yet
//! come after all of them, in the order they were sent.

mod entry;
mod known;
mod order;
mod partial;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::Draft;
use crate::ids::{ItemId, LocalId, ParticipantId};
use crate::transcript::known::{Known, Place};
use crate::transcript::order::OrderedEntries;
use crate::transcript::partial::{Part, Partials};
use crate::wire::{AbsoluteTime, Attachment, AttachmentStatus, Item, ItemType};

pub use entry::{Change, Entry, Status};
pub(crate) use order::Position;

/// The most receipts kept for messages that have not come yet.
const RECEIPTS_LIMIT: usize = 1_000;
/// For how many changes there is room while none waits.
const SPARE_CHANGES: usize = 16;

/// What an arriving item was to the transcript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// Never seen before; where it confirms one of our messages, that message.
    New(Option<LocalId>),
    /// Seen before.
    Known,
    /// A part of a message that is not kept, and so not known here when it comes again.
    Passing,
}

/// Everything said in a chat, in one total order.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// Items the service has numbered.
    ordered: OrderedEntries,
    /// Where each of them stands, and which are not held any more.
    known: Known,
    /// Those that only an HTTP answer has told of: the item itself is still to come.
    unseen: BTreeMap<ItemId, LocalId>,
    /// Those that are still being written.
    partials: Partials,
    /// Our messages that are not confirmed, in the order of sending.
    local: Vec<Entry>,
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
            known: Known::new(limit),
            unseen: BTreeMap::new(),
            partials: Partials::new(),
            local: Vec::new(),
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
        let (index, _) = self.ordered.find(self.known.held(id)?)?;
        Some(index)
    }

    /// Whether the service has told us of this item: by showing it, or as the answer to a message.
    pub(crate) fn knows(&self, id: &ItemId) -> bool {
        let held = self.known.held(id).is_some();
        held || self.known.is_dropped(id) || self.unseen.contains_key(id)
    }

    /// Where the item with this id stands.
    pub(crate) fn position(&self, id: &ItemId) -> Option<&Position> {
        self.known.held(id)
    }

    /// Where each item stands that the service has shown us, as far as that is remembered.
    pub(crate) fn seen(&self) -> impl Iterator<Item = Position> {
        let held = self.ordered.iter().filter(|entry| !entry.is_partial());
        let held = held.filter_map(|entry| Position::of(&entry.item));
        let shown = held.filter(|position| !self.unseen.contains_key(&position.id));
        shown.chain(self.known.dropped().cloned())
    }

    /// Everything up to here counts as shown, since more than that is not remembered.
    pub(crate) const fn seen_up_to(&self) -> Option<&Position> {
        self.known.floor()
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

    /// The oldest item, if it is one from which the service can read on: of this chat, not of a
    /// past one, and completely written.
    pub(crate) fn oldest(&self) -> Option<&ItemId> {
        let item = &self.ordered.get(0)?.item;
        let is_start = item.related_contact_id.is_none() && !item.is_partial();
        item.id.as_ref().filter(|_| is_start)
    }

    /// Gives back the room that a burst of changes took.
    pub(crate) fn shrink(&mut self) {
        self.changes.shrink_to(SPARE_CHANGES);
    }

    /// The changes since the last call.
    pub(crate) fn take_changes(&mut self) -> impl Iterator<Item = Change> {
        self.changes.drain(..)
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
        let was_open = self.partials.close(&position.id);
        match self.known.get(&position.id) {
            Some(Place::Held(known)) => {
                let known = known.clone();
                return self.receive_again(item, &known, position, ours);
            }
            Some(Place::Dropped) => return Arrival::Known,
            None => {
                let is_awaited = was_open || ours.is_some();
                if !is_awaited && self.known.is_too_old(&position) {
                    return Arrival::Known;
                }
            }
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

    /// An item of an id that the transcript holds: the one that its entry was made for, one that
    /// says it better, or the same.
    fn receive_again(
        &mut self,
        item: &Arc<Item>,
        known: &Position,
        position: Position,
        ours: Option<LocalId>,
    ) -> Arrival {
        if ours.is_some() || self.is_partial(known) {
            self.replace(known, position, item, ours);
            return Arrival::New(ours);
        }
        if self.is_amended_by(known, item) || self.has_new_attachments(known, item) {
            self.replace(known, position, item, None);
        }
        Arrival::Known
    }

    /// A part of a message that is still being written.
    pub(crate) fn receive_part(&mut self, item: &Arc<Item>) -> Arrival {
        let Some(id) = &item.id else {
            return Arrival::Passing;
        };
        let held = self.known.held(id).cloned();
        let is_whole = held.as_ref().is_some_and(|at| !self.is_partial(at));
        let is_too_old = || Position::of(item).is_some_and(|at| self.known.is_too_old(&at));
        if is_whole || self.known.is_dropped(id) || is_too_old() {
            return Arrival::Known; // it comes after the whole message
        }
        match self.partials.take(id, item) {
            Part::Apart => return Arrival::Passing,
            Part::Known => return Arrival::Known,
            Part::Waits => return Arrival::New(None),
            Part::Grows => {}
        }
        let Some(so_far) = self.partials.so_far(id).map(Arc::new) else {
            return Arrival::New(None);
        };
        if let Some(at) = held {
            self.update(&at, |entry| {
                let length = |item: &Item| item.content.as_ref().map(String::len);
                let grows = length(&entry.item) <= length(&so_far);
                if grows {
                    entry.item = so_far;
                }
                grows
            });
        } else if let Some(position) = Position::of(&so_far) {
            let entry = Entry {
                item: so_far,
                local_id: None,
                status: Status::Sent,
            };
            self.insert(position, entry);
        }
        Arrival::New(None)
    }

    fn is_partial(&self, position: &Position) -> bool {
        let found = self.ordered.find(position);
        found.is_some_and(|(_, entry)| entry.is_partial())
    }

    /// Whether a whole message says something else than what a page of the transcript gave as
    /// such: the page was read while the message was being written.
    fn is_amended_by(&self, known: &Position, item: &Item) -> bool {
        let found = self.ordered.find(known);
        item.is_completed()
            && found.is_some_and(|(_, entry)| {
                !entry.item.is_completed() && entry.item.content != item.content
            })
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
            self.disown(echo);
        }
        if self.known.held(id).is_some() {
            self.remove_local(local_id);
            self.set_local_id(id, Some(local_id));
            return;
        }
        if self.known.is_dropped(id) {
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
        let Some(position) = self.known.held(id).cloned() else {
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

    /// The item is not the echo of the message of ours that it was taken for.
    pub(crate) fn disown(&mut self, id: &ItemId) {
        self.set_local_id(id, None);
    }

    fn set_local_id(&mut self, id: &ItemId, local_id: Option<LocalId>) {
        if let Some(position) = self.known.held(id).cloned() {
            self.update(&position, |entry| {
                let changes = entry.local_id != local_id;
                entry.local_id = local_id;
                changes
            });
        }
    }

    /// Whether attachments come again with another status, which is to be taken over. It never
    /// goes back to being in progress, in whatever order they come.
    fn has_new_attachments(&self, known: &Position, item: &Item) -> bool {
        let is_settled = |attachment: &Attachment| match attachment.status {
            Some(AttachmentStatus::InProgress) | None => false,
            Some(_) => true,
        };
        let Some((_, entry)) = self.ordered.find(known) else {
            return false;
        };
        let differs = entry.item.attachments != item.attachments && !item.attachments.is_empty();
        differs && item.attachments.iter().all(is_settled)
    }

    /// The item itself has come for an entry made of an HTTP answer or of parts, or a later form
    /// of it.
    fn replace(
        &mut self,
        known: &Position,
        position: Position,
        item: &Arc<Item>,
        ours: Option<LocalId>,
    ) {
        if *known == position {
            self.update(known, |entry| {
                entry.item = Arc::clone(item);
                true
            });
            return;
        }
        let Some((index, mut entry)) = self.ordered.remove(known) else {
            return;
        };
        self.changes.push(Change::Removed { index });
        entry.item = Arc::clone(item);
        entry.local_id = ours.or(entry.local_id);
        self.insert(position, entry);
    }

    fn update(&mut self, position: &Position, change: impl FnOnce(&mut Entry) -> bool) {
        let Some((index, entry)) = self.ordered.find_mut(position) else {
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
        if self.is_full() && self.ordered.begins_after(&position) {
            self.leave(position, &entry);
            return;
        }
        let index = self.ordered.insert(&position, entry.clone());
        self.known.hold(position);
        self.changes.push(Change::Inserted { index, entry });
        if self.ordered.len() > self.limit {
            if let Some(entry) = self.ordered.pop_first() {
                if let Some(position) = Position::of(&entry.item) {
                    self.leave(position, &entry);
                }
                self.changes.push(Change::Removed { index: 0 });
            }
        }
    }

    /// There is no room for an entry. One whose item has not come is not remembered, so that the
    /// item is still reported.
    fn leave(&mut self, position: Position, entry: &Entry) {
        if self.unseen.remove(&position.id).is_some() || entry.is_partial() {
            self.known.forget(&position.id);
        } else {
            self.known.drop(position);
        }
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
