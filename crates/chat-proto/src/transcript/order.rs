//! Entries in order, in runs of bounded length: inserting moves at most one run, and looking up
//! is a binary search for the run and another one in it.

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

/// The longest run. At 100,000 entries there are a few hundred runs of a few hundred entries.
const RUN: usize = 512;

#[derive(Clone, Debug)]
pub(super) struct OrderedEntries {
    /// Runs of positions with their entries. Each run is sorted and not empty, and all of it
    /// comes before all of the next.
    runs: Vec<Vec<(Position, Entry)>>,
    len: usize,
}

impl OrderedEntries {
    pub(super) const fn new() -> Self {
        Self {
            runs: Vec::new(),
            len: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.runs.iter().flatten().map(|(_, entry)| entry)
    }

    pub(super) fn first(&self) -> Option<&Position> {
        self.runs.first()?.first().map(|(position, _)| position)
    }

    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        let mut left = index;
        for run in &self.runs {
            if left < run.len() {
                return run.get(left).map(|(_, entry)| entry);
            }
            left -= run.len();
        }
        None
    }

    pub(super) fn get_mut(&mut self, position: &Position) -> Option<&mut Entry> {
        let (run, at) = self.find(position)?;
        self.runs
            .get_mut(run)
            .and_then(|run| run.get_mut(at))
            .map(|(_, entry)| entry)
    }

    pub(super) fn index_of(&self, position: &Position) -> Option<usize> {
        let (run, at) = self.find(position)?;
        Some(self.index(run, at))
    }

    /// Inserts an entry at a position that is not taken, and tells its index.
    pub(super) fn insert(&mut self, position: Position, entry: Entry) -> usize {
        let run = self.run_for(&position);
        if self.runs.is_empty() {
            self.runs.push(Vec::new());
        }
        let entries = &mut self.runs[run];
        let at = entries.partition_point(|(other, _)| *other < position);
        entries.insert(at, (position, entry));
        self.len += 1;
        let index = self.index(run, at);
        if self.runs[run].len() > RUN {
            // What grows at its end, as a chat does, leaves full runs behind.
            let keep = if at == RUN { RUN } else { RUN / 2 };
            let rest = self.runs[run].split_off(keep);
            self.runs.insert(run + 1, rest);
        }
        index
    }

    pub(super) fn remove(&mut self, position: &Position) -> Option<(usize, Entry)> {
        let (run, at) = self.find(position)?;
        let index = self.index(run, at);
        let (_, entry) = self.runs[run].remove(at);
        self.len -= 1;
        if self.runs[run].is_empty() {
            self.runs.remove(run);
        }
        Some((index, entry))
    }

    pub(super) fn pop_first(&mut self) -> Option<(Position, Entry)> {
        let run = self.runs.first_mut()?;
        let first = run.remove(0);
        if run.is_empty() {
            self.runs.remove(0);
        }
        self.len -= 1;
        Some(first)
    }

    /// The run a position belongs to: the last one that begins at or before it.
    fn run_for(&self, position: &Position) -> usize {
        self.runs
            .partition_point(|run| run.first().is_some_and(|(first, _)| first <= position))
            .saturating_sub(1)
    }

    fn find(&self, position: &Position) -> Option<(usize, usize)> {
        let run = self.run_for(position);
        let entries = self.runs.get(run)?;
        let at = entries
            .binary_search_by(|(other, _)| other.cmp(position))
            .ok()?;
        Some((run, at))
    }

    fn index(&self, run: usize, at: usize) -> usize {
        self.runs.iter().take(run).map(Vec::len).sum::<usize>() + at
    }
}
