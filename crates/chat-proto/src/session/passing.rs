//! Items that only pass by, such as typing and receipts: the transcript does not hold them, so
//! the last few are remembered to recognise one that comes twice.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::ItemId;
use crate::wire::Item;

/// The most items remembered. Two sockets overlap for seconds only, and a thousand sessions hold as
/// many of these each.
const LIMIT: usize = 256;

/// What tells two of them apart: parts of one message share its id.
type Key = (ItemId, Option<u64>);

#[derive(Default, Debug)]
pub(super) struct Passing {
    known: BTreeSet<Key>,
    order: VecDeque<Key>,
}

impl Passing {
    /// What another process needs to recognise the same ones, but for these items.
    pub(super) fn save(&self, untold: &[&Item]) -> Vec<(ItemId, Option<u64>)> {
        let untold: BTreeSet<_> = untold.iter().filter_map(|item| key(item)).collect();
        let known = self.order.iter().filter(|key| !untold.contains(key));
        known.cloned().collect()
    }

    /// Recognises those that another process has seen.
    pub(super) fn restore(&mut self, saved: Vec<(ItemId, Option<u64>)>) {
        for key in saved {
            self.add(key);
        }
    }

    /// Whether this item comes for the first time. One without an id always does.
    pub(super) fn is_new(&mut self, item: &Item) -> bool {
        key(item).is_none_or(|key| self.add(key))
    }

    fn add(&mut self, key: Key) -> bool {
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > LIMIT {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
        true
    }
}

fn key(item: &Item) -> Option<Key> {
    let chunk = item.metadata.as_ref().and_then(|data| data.chunk_number);
    Some((item.id.clone()?, chunk))
}
