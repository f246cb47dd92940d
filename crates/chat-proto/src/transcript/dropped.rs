//! Items that the transcript does not hold any more, or never did, because it is full: remembered
//! to recognise them when they come again. Their ids are kept, as many as the transcript holds
//! items; what is older than all of those counts as known.

use std::collections::BTreeSet;

use crate::ids::ItemId;
use crate::transcript::Position;

#[derive(Clone, Debug)]
pub(super) struct Dropped {
    by_position: BTreeSet<Position>,
    by_id: BTreeSet<ItemId>,
    /// The newest position that is not remembered by its id any more.
    floor: Option<Position>,
    limit: usize,
}

impl Dropped {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            by_position: BTreeSet::new(),
            by_id: BTreeSet::new(),
            floor: None,
            limit,
        }
    }

    pub(super) fn contains(&self, id: &ItemId) -> bool {
        self.by_id.contains(id)
    }

    pub(super) const fn floor(&self) -> Option<&Position> {
        self.floor.as_ref()
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = &Position> {
        self.by_position.iter()
    }

    /// Whether the item at this position has been there before, as far as that is remembered.
    pub(super) fn knows(&self, position: &Position) -> bool {
        self.contains(&position.id) || self.floor.as_ref().is_some_and(|floor| position <= floor)
    }

    pub(super) fn add(&mut self, position: Position) {
        self.by_id.insert(position.id.clone());
        self.by_position.insert(position);
        if self.by_position.len() > self.limit {
            if let Some(oldest) = self.by_position.pop_first() {
                self.by_id.remove(&oldest.id);
                self.floor = self.floor.take().max(Some(oldest));
            }
        }
    }
}
