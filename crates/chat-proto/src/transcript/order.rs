//! Entries in order, in runs of bounded length. Inserting moves a part of one run; looking up is
//! a search for the run and another one in it.
//!
//! What is searched stands apart from the entries and close together, since at 100,000 entries the
//! way to the memory is what costs: the time of each entry, the time at which each run begins, and
//! its index.

use std::cmp::Ordering;
use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::ids::ItemId;
use crate::transcript::Entry;
use crate::wire::{AbsoluteTime, Item};

/// Where an item stands: by time, and among items of the same time by id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct Position {
    pub(crate) time: AbsoluteTime,
    pub(crate) id: ItemId,
}

impl Position {
    /// The position of an item; `None` when it has no id or no time.
    pub(crate) fn of(item: &Item) -> Option<Self> {
        Some(Self {
            time: item.absolute_time.clone()?,
            id: item.id.clone()?,
        })
    }
}

/// The longest run. At 100,000 entries there are about a thousand.
const RUN: usize = 128;

/// A part of the order. Never empty.
#[derive(Clone, Debug)]
struct Run {
    /// The microsecond of each entry.
    keys: VecDeque<i64>,
    entries: VecDeque<Entry>,
}

#[derive(Clone, Debug)]
pub(super) struct OrderedEntries {
    /// Each run is sorted, and all of it comes before all of the next.
    runs: Vec<Run>,
    /// The key of the first entry of each run.
    firsts: Vec<i64>,
    /// The index of the first entry of each run.
    starts: Vec<usize>,
    len: usize,
}

/// How an entry stands to a position. Keys are compared before: they tell most of them apart.
fn compare(entry: Option<&Entry>, position: &Position) -> Ordering {
    let Some(Entry { item, .. }) = entry else {
        return Ordering::Greater;
    };
    let time = item.absolute_time.as_ref().cmp(&Some(&position.time));
    time.then_with(|| item.id.as_ref().cmp(&Some(&position.id)))
}

impl Run {
    /// Where a position belongs, and whether it is taken.
    fn search(&self, position: &Position) -> (usize, bool) {
        let key = position.time.microsecond();
        let (mut from, mut to) = (0, self.keys.len());
        while from < to {
            let middle = from + (to - from) / 2;
            let entry = || self.entries.get(middle);
            let order = self.keys[middle].cmp(&key);
            match order.then_with(|| compare(entry(), position)) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return (middle, true),
                Ordering::Greater => to = middle,
            }
        }
        (from, false)
    }
}

impl OrderedEntries {
    pub(super) const fn new() -> Self {
        Self {
            runs: Vec::new(),
            firsts: Vec::new(),
            starts: Vec::new(),
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.runs.iter().flat_map(|run| &run.entries)
    }

    /// Whether this position comes before all entries.
    pub(super) fn begins_after(&self, position: &Position) -> bool {
        compare(self.get(0), position) == Ordering::Greater
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        let run = self.starts.partition_point(|start| *start <= index);
        let run = run.checked_sub(1)?;
        self.runs[run].entries.get(index - self.starts[run])
    }

    /// The entry at this position, with its index.
    pub(super) fn find(&self, position: &Position) -> Option<(usize, &Entry)> {
        let (run, at) = self.search(position)?;
        let entry = self.runs[run].entries.get(at)?;
        Some((self.starts[run] + at, entry))
    }

    /// The same, to be changed; but not its item's id and time.
    pub(super) fn find_mut(&mut self, position: &Position) -> Option<(usize, &mut Entry)> {
        let (run, at) = self.search(position)?;
        let entry = self.runs[run].entries.get_mut(at)?;
        Some((self.starts[run] + at, entry))
    }

    /// Inserts an entry at its position, which is not taken, and tells its index.
    pub(super) fn insert(&mut self, position: &Position, entry: Entry) -> usize {
        self.len += 1;
        let key = position.time.microsecond();
        let Some(number) = self.run_for(position) else {
            self.starts.push(0);
            self.firsts.push(key);
            self.runs.push(Run {
                keys: [key].into(),
                entries: [entry].into(),
            });
            return 0;
        };
        let run = &mut self.runs[number];
        let (at, _) = run.search(position);
        if at == 0 {
            self.firsts[number] = key;
        }
        run.keys.insert(at, key);
        run.entries.insert(at, entry);
        for start in &mut self.starts[number + 1..] {
            *start += 1;
        }
        let index = self.starts[number] + at;
        if run.keys.len() > RUN {
            // What grows at its end, as a chat does, leaves full runs behind.
            self.split(number, if at == RUN { RUN } else { RUN / 2 });
        }
        index
    }

    /// Makes a run of its own of what follows the first `keep` entries of a run.
    fn split(&mut self, number: usize, keep: usize) {
        let run = &mut self.runs[number];
        let rest = Run {
            keys: run.keys.split_off(keep),
            entries: run.entries.split_off(keep),
        };
        let Some(first) = rest.keys.front() else {
            return;
        };
        self.firsts.insert(number + 1, *first);
        self.starts.insert(number + 1, self.starts[number] + keep);
        self.runs.insert(number + 1, rest);
    }

    pub(super) fn remove(&mut self, position: &Position) -> Option<(usize, Entry)> {
        let (run, at) = self.search(position)?;
        let index = self.starts[run] + at;
        Some((index, self.take(run, at)?))
    }

    pub(super) fn pop_first(&mut self) -> Option<Entry> {
        if self.runs.is_empty() {
            return None;
        }
        self.take(0, 0)
    }

    fn take(&mut self, number: usize, at: usize) -> Option<Entry> {
        let run = &mut self.runs[number];
        run.keys.remove(at);
        let taken = run.entries.remove(at)?;
        self.len -= 1;
        for start in &mut self.starts[number + 1..] {
            *start -= 1;
        }
        if let Some(first) = run.keys.front() {
            self.firsts[number] = *first;
        } else {
            self.runs.remove(number);
            self.firsts.remove(number);
            self.starts.remove(number);
        }
        Some(taken)
    }

    /// The run a position belongs to: the last one that begins at or before it, or the first.
    fn run_for(&self, position: &Position) -> Option<usize> {
        let last = self.runs.len().checked_sub(1)?;
        let key = position.time.microsecond();
        let begins_later = |number: usize| {
            let first = || self.runs[number].entries.front();
            let order = self.firsts[number].cmp(&key);
            order.then_with(|| compare(first(), position)) == Ordering::Greater
        };
        if !begins_later(last) {
            return Some(last); // where most of what arrives belongs
        }
        let (mut from, mut to) = (0, last);
        while from < to {
            let middle = from + (to - from) / 2;
            if begins_later(middle) {
                to = middle;
            } else {
                from = middle + 1;
            }
        }
        Some(from.saturating_sub(1))
    }

    fn search(&self, position: &Position) -> Option<(usize, usize)> {
        let run = self.run_for(position)?;
        let (at, taken) = self.runs[run].search(position);
        taken.then_some((run, at))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::transcript::Status;

    fn entry(id: u16) -> (Position, Entry) {
        let json = format!(
            r#"{{"Type":"MESSAGE","Id":"{id}","AbsoluteTime":"2026-01-31T12:00:{:02}Z"}}"#,
            id % 60
        );
        let item = Item::parse(&json).unwrap();
        let position = Position::of(&item).unwrap();
        let entry = Entry {
            item: Arc::new(item),
            local_id: None,
            status: Status::Sent,
        };
        (position, entry)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn it_does_what_a_sorted_set_does(
            steps in prop::collection::vec((0..2_000_u16, 0..8_u8), 1..3_000)
        ) {
            let mut ordered = OrderedEntries::new();
            let mut set = BTreeSet::new();
            for (id, what) in steps {
                let (position, entry) = entry(id);
                match what {
                    0 => prop_assert_eq!(
                        ordered.pop_first().and_then(|entry| Position::of(&entry.item)),
                        set.pop_first()
                    ),
                    1 | 2 => {
                        let index = ordered.remove(&position).map(|(index, _)| index);
                        let expected = set.range(..&position).count();
                        prop_assert_eq!(index, set.remove(&position).then_some(expected));
                    }
                    _ if set.contains(&position) => {
                        let (index, _) = ordered.find(&position).unwrap();
                        prop_assert_eq!(index, set.range(..&position).count());
                    }
                    _ => {
                        let index = ordered.insert(&position, entry);
                        prop_assert_eq!(index, set.range(..&position).count());
                        set.insert(position.clone());
                    }
                }
                prop_assert_eq!(ordered.len(), set.len());
                if let Some(first) = set.first() {
                    prop_assert_eq!(ordered.begins_after(&position), position < *first);
                }
            }
            for (index, position) in set.iter().enumerate() {
                let id = ordered.get(index).and_then(|entry| entry.item.id.as_ref());
                prop_assert_eq!(id, Some(&position.id));
            }
            prop_assert!(ordered.get(set.len()).is_none());
            prop_assert_eq!(ordered.iter().count(), set.len());
        }
    }
}
