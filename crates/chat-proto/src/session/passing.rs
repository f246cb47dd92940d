//! Items that only pass by, such as typing and receipts: the transcript does not hold them, so
//! the last few are remembered to recognise one that comes twice.

use std::collections::{BTreeSet, VecDeque};

use crate::ids::ItemId;
use crate::wire::Item;

/// The most items remembered. Two sockets overlap for seconds only.
const LIMIT: usize = 1_024;

/// What tells two of them apart: parts of one message share its id.
type Key = (ItemId, Option<u64>);

#[derive(Default, Debug)]
pub(super) struct Passing {
    known: BTreeSet<Key>,
    order: VecDeque<Key>,
}

impl Passing {
    /// Whether this item comes for the first time. One without an id always does.
    pub(super) fn is_new(&mut self, item: &Item) -> bool {
        let Some(id) = item.id.clone() else {
            return true;
        };
        let chunk = item.metadata.as_ref().and_then(|data| data.chunk_number);
        let key = (id, chunk);
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
