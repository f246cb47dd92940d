//! Every item the transcript knows by its id: those it holds, and those that have left it, or
//! never found room in it, which are remembered to recognise them when they come again. Of the
//! latter, as many are remembered as the transcript holds items; what is older than all of those
//! counts as known.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash, Hasher};

use crate::ids::ItemId;
use crate::transcript::Position;

/// An id with its hash, so that a map that grows need not read all ids again, which at 100,000
/// of them lie all over the memory. Hashes are the same in every run; the ids are the service's,
/// so nobody else can choose them to collide.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    hash: u64,
    id: ItemId,
}

impl Key {
    fn of(id: &ItemId) -> Self {
        let hash = BuildHasherDefault::<DefaultHasher>::new().hash_one(id);
        let id = id.clone();
        Self { hash, id }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Hands on the hash that a [`Key`] brings.
#[derive(Clone, Default, Debug)]
struct Brought(u64);

impl Hasher for Brought {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What is known of an id.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The item stands here.
    Held(Position),
    /// It was dropped.
    Dropped,
}

#[derive(Clone, Debug)]
pub(super) struct Known {
    places: HashMap<Key, Place, BuildHasherDefault<Brought>>,
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

    pub(super) fn get(&self, id: &ItemId) -> Option<&Place> {
        self.places.get(&Key::of(id))
    }

    /// Where the item stands that the transcript holds under this id.
    pub(super) fn held(&self, id: &ItemId) -> Option<&Position> {
        match self.get(id)? {
            Place::Held(position) => Some(position),
            Place::Dropped => None,
        }
    }

    /// Whether an item of this id was dropped, as far as that is remembered.
    pub(super) fn is_dropped(&self, id: &ItemId) -> bool {
        matches!(self.get(id), Some(Place::Dropped))
    }

    /// Whether an item at this position, whose id is not known, counts as known all the same.
    pub(super) fn is_too_old(&self, position: &Position) -> bool {
        self.floor.as_ref().is_some_and(|floor| position <= floor)
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
        let key = Key::of(&position.id);
        self.places.insert(key, Place::Held(position));
    }

    /// The item leaves, or finds no room, and is remembered.
    pub(super) fn drop(&mut self, position: Position) {
        self.places.insert(Key::of(&position.id), Place::Dropped);
        self.dropped.insert(position);
        if self.dropped.len() > self.limit {
            if let Some(oldest) = self.dropped.pop_first() {
                self.places.remove(&Key::of(&oldest.id));
                self.floor = self.floor.take().max(Some(oldest));
            }
        }
    }

    /// The item leaves and counts as never seen.
    pub(super) fn forget(&mut self, id: &ItemId) {
        self.places.remove(&Key::of(id));
    }
}
