//! Every item the transcript knows by its id: those it holds, and those that have left it, or
//! never found room in it, which are remembered to recognise them when they come again. Of the
//! latter, as many are remembered as the transcript holds items; what is older than all of those
//! counts as known.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};

use crate::ids::ItemId;
use crate::transcript::Position;

/// A map whose cost does not grow with its size. Its hashes are the same in every run; the ids
/// are the service's, so nobody else can choose them to collide.
type ById<T> = HashMap<ItemId, T, BuildHasherDefault<DefaultHasher>>;

#[derive(Clone, Debug)]
enum Place {
    Held(Position),
    Dropped,
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    places: ById<Place>,
    dropped: BTreeSet<Position>,
    /// The newest position that is not remembered by its id any more.
    floor: Option<Position>,
    limit: usize,
}

impl Known {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            places: HashMap::with_hasher(BuildHasherDefault::new()),
            dropped: BTreeSet::new(),
            floor: None,
            limit,
        }
    }

    /// Where the item stands that the transcript holds under this id.
    pub(super) fn held(&self, id: &ItemId) -> Option<&Position> {
        match self.places.get(id)? {
            Place::Held(position) => Some(position),
            Place::Dropped => None,
        }
    }

    /// Whether an item of this id was dropped, as far as that is remembered.
    pub(super) fn is_dropped(&self, id: &ItemId) -> bool {
        matches!(self.places.get(id), Some(Place::Dropped))
    }

    /// Whether the item at this position has been there before, as far as that is remembered.
    pub(super) fn knows(&self, position: &Position) -> bool {
        let below = |floor: &Position| position <= floor;
        self.floor.as_ref().is_some_and(below) || self.places.contains_key(&position.id)
    }

    /// Where those stand that are remembered and not held.
    pub(super) fn dropped(&self) -> impl Iterator<Item = &Position> {
        self.dropped.iter()
    }

    /// Everything up to here counts as known.
    pub(super) const fn floor(&self) -> Option<&Position> {
        self.floor.as_ref()
    }

    pub(super) fn hold(&mut self, position: Position) {
        let id = position.id.clone();
        self.places.insert(id, Place::Held(position));
    }

    /// The item leaves, or finds no room, and is remembered.
    pub(super) fn drop(&mut self, position: Position) {
        match self.places.get_mut(&position.id) {
            Some(place) => *place = Place::Dropped,
            None => {
                self.places.insert(position.id.clone(), Place::Dropped);
            }
        }
        self.dropped.insert(position);
        if self.dropped.len() > self.limit {
            if let Some(oldest) = self.dropped.pop_first() {
                self.places.remove(&oldest.id);
                self.floor = self.floor.take().max(Some(oldest));
            }
        }
    }

    /// The item leaves and counts as never seen.
    pub(super) fn forget(&mut self, id: &ItemId) {
        self.places.remove(id);
    }
}
