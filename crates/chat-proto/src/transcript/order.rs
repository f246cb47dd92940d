//! Entries in order, in runs of bounded length. Inserting moves a part of one run; looking up is
//! a search for the run and another one in it. Beside the runs stand the indices at which they
//! begin: a few hundred numbers at 100,000 entries, which an insert raises in one sweep.

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

/// The longest run.
const RUN: usize = 256;

/// A part of the order. Never empty.
#[derive(Clone, Debug)]
struct Run {
    /// Where its first entry stands: kept here, so that the search for a run does not read runs.
    first: Position,
    entries: VecDeque<(Position, Entry)>,
}

impl Run {
    /// `None` when there is no entry.
    fn of(entries: VecDeque<(Position, Entry)>) -> Option<Self> {
        let (first, _) = entries.front()?;
        let first = first.clone();
        Some(Self { first, entries })
    }
}

#[derive(Clone, Debug)]
pub(super) struct OrderedEntries {
    /// Each run is sorted, and all of it comes before all of the next.
    runs: Vec<Run>,
    /// The index of the first entry of each run.
    starts: Vec<usize>,
    len: usize,
}

impl OrderedEntries {
    pub(super) const fn new() -> Self {
        Self {
            runs: Vec::new(),
            starts: Vec::new(),
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        let entries = self.runs.iter().flat_map(|run| &run.entries);
        entries.map(|(_, entry)| entry)
    }

    /// All of them, with where they stand.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&Position, &Entry)> {
        let entries = self.runs.iter().flat_map(|run| &run.entries);
        entries.map(|(position, entry)| (position, entry))
    }

    pub(super) fn first(&self) -> Option<&Position> {
        self.runs.first().map(|run| &run.first)
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        let run = self.starts.partition_point(|start| *start <= index);
        let run = run.checked_sub(1)?;
        let (_, entry) = self.runs[run].entries.get(index - self.starts[run])?;
        Some(entry)
    }

    /// The entry at this position, with its index.
    pub(super) fn find(&self, position: &Position) -> Option<(usize, &Entry)> {
        let (run, at) = self.search(position)?;
        let (_, entry) = self.runs[run].entries.get(at)?;
        Some((self.starts[run] + at, entry))
    }

    /// The same, to be changed.
    pub(super) fn find_mut(&mut self, position: &Position) -> Option<(usize, &mut Entry)> {
        let (run, at) = self.search(position)?;
        let (_, entry) = self.runs[run].entries.get_mut(at)?;
        Some((self.starts[run] + at, entry))
    }

    /// Inserts an entry at a position that is not taken, and tells its index.
    pub(super) fn insert(&mut self, position: Position, entry: Entry) -> usize {
        self.len += 1;
        let Some(run) = self.run_for(&position) else {
            self.starts.push(0);
            self.runs.extend(Run::of([(position, entry)].into()));
            return 0;
        };
        let Run { first, entries } = &mut self.runs[run];
        let at = entries.partition_point(|(other, _)| *other < position);
        if at == 0 {
            first.clone_from(&position);
        }
        entries.insert(at, (position, entry));
        let index = self.starts[run] + at;
        let overflow = if entries.len() > RUN {
            // What grows at its end, as a chat does, leaves full runs behind.
            let keep = if at == RUN { RUN } else { RUN / 2 };
            Run::of(entries.split_off(keep))
        } else {
            None
        };
        for start in &mut self.starts[run + 1..] {
            *start += 1;
        }
        if let Some(rest) = overflow {
            let start = self.starts[run] + self.runs[run].entries.len();
            self.starts.insert(run + 1, start);
            self.runs.insert(run + 1, rest);
        }
        index
    }

    pub(super) fn remove(&mut self, position: &Position) -> Option<(usize, Entry)> {
        let (run, at) = self.search(position)?;
        let index = self.starts[run] + at;
        let (_, entry) = self.take(run, at)?;
        Some((index, entry))
    }

    pub(super) fn pop_first(&mut self) -> Option<(Position, Entry)> {
        if self.runs.is_empty() {
            return None;
        }
        self.take(0, 0)
    }

    fn take(&mut self, run: usize, at: usize) -> Option<(Position, Entry)> {
        let Run { first, entries } = &mut self.runs[run];
        let taken = entries.remove(at)?;
        self.len -= 1;
        for start in &mut self.starts[run + 1..] {
            *start -= 1;
        }
        match entries.front() {
            Some((position, _)) if at == 0 => first.clone_from(position),
            Some(_) => {}
            None => {
                self.runs.remove(run);
                self.starts.remove(run);
            }
        }
        Some(taken)
    }

    /// The run a position belongs to: the last one that begins at or before it, or the first.
    fn run_for(&self, position: &Position) -> Option<usize> {
        let last = self.runs.last()?;
        if last.first <= *position {
            return Some(self.runs.len() - 1); // where most of what arrives belongs
        }
        let before = self.runs.partition_point(|run| run.first <= *position);
        Some(before.saturating_sub(1))
    }

    fn search(&self, position: &Position) -> Option<(usize, usize)> {
        let run = self.run_for(position)?;
        let entries = &self.runs[run].entries;
        let at = entries
            .binary_search_by(|(other, _)| other.cmp(position))
            .ok()?;
        Some((run, at))
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
                        ordered.pop_first().map(|(position, _)| position),
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
                        let index = ordered.insert(position.clone(), entry);
                        prop_assert_eq!(index, set.range(..&position).count());
                        set.insert(position);
                    }
                }
                prop_assert_eq!(ordered.len(), set.len());
                prop_assert_eq!(ordered.first(), set.first());
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
