//! The injected faults: which are active, which strikes next, how often they struck.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::fault::{Effect, Fault, FaultId, FaultState};
use crate::operation::Operation;
use crate::random::Random;

/// How many faults are kept, spent ones included.
const KEPT: usize = 1_000;

#[derive(Debug)]
struct Entry {
    fault: Fault,
    from: Duration,
    /// How often it may still strike.
    left: Option<u32>,
    hits: u64,
}

/// The faults in the order of their injection.
#[derive(Debug, Default)]
pub(crate) struct FaultList {
    entries: BTreeMap<FaultId, Entry>,
    next: u64,
    hits: BTreeMap<&'static str, u64>,
}

impl FaultList {
    pub(crate) fn add(&mut self, now: Duration, fault: Fault) -> FaultId {
        let id = FaultId(self.next);
        self.next += 1;
        let entry = Entry {
            from: now.saturating_add(fault.after.unwrap_or_default()),
            left: fault.times,
            hits: 0,
            fault,
        };
        self.entries.insert(id, entry);
        if self.entries.len() > KEPT {
            let mut entries = self.entries.iter();
            let over = entries.find_map(|(id, entry)| (entry.left == Some(0)).then_some(*id));
            match over {
                Some(over) => self.entries.remove(&over),
                None => self.entries.pop_first().map(|(_, entry)| entry),
            };
        }
        id
    }

    /// When the fault begins.
    pub(crate) fn begins(&self, id: FaultId) -> Option<Duration> {
        self.entries.get(&id).map(|entry| entry.from)
    }

    /// Ends the fault; false when it had ended.
    pub(crate) fn end(&mut self, id: FaultId) -> bool {
        match self.entries.get_mut(&id) {
            Some(entry) if entry.left != Some(0) => {
                entry.left = Some(0);
                true
            }
            Some(_) | None => false,
        }
    }

    pub(crate) fn end_all(&mut self) {
        for entry in self.entries.values_mut() {
            entry.left = Some(0);
        }
    }

    pub(crate) fn hits(&self, id: FaultId) -> u64 {
        self.entries.get(&id).map_or(0, |entry| entry.hits)
    }

    pub(crate) fn hits_by_effect(&self) -> &BTreeMap<&'static str, u64> {
        &self.hits
    }

    /// Every fault that is kept, oldest first.
    pub(crate) fn states(&self) -> impl Iterator<Item = FaultState<'_>> {
        self.entries.iter().map(|(id, entry)| FaultState {
            id: *id,
            fault: &entry.fault,
            active: entry.left != Some(0),
            struck: entry.hits,
        })
    }

    /// The first fault with a wanted effect that strikes here and now.
    pub(crate) fn take(
        &mut self,
        random: &mut Random,
        now: Duration,
        contact: Option<&str>,
        operation: Option<Operation>,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        for entry in self.entries.values_mut() {
            let fault = &entry.fault;
            let concerned = (fault.operation.is_none() || fault.operation == operation)
                && (fault.contact.is_none() || fault.contact.as_deref() == contact);
            if wanted(&fault.effect) && concerned && entry.from <= now {
                if let Some(effect) = strike(entry, &mut self.hits, random) {
                    return Some(effect);
                }
            }
        }
        None
    }

    /// The effect of one fault, when it strikes in this contact, outside of every operation.
    pub(crate) fn take_one(
        &mut self,
        random: &mut Random,
        id: FaultId,
        contact: Option<&str>,
    ) -> Option<Effect> {
        let entry = self.entries.get_mut(&id)?;
        let wanted = entry.fault.contact.as_deref();
        if entry.fault.operation.is_some() || (wanted.is_some() && wanted != contact) {
            return None;
        }
        strike(entry, &mut self.hits, random)
    }
}

/// Uses the fault up by one, if it may strike and chance will have it.
fn strike(
    entry: &mut Entry,
    hits: &mut BTreeMap<&'static str, u64>,
    random: &mut Random,
) -> Option<Effect> {
    if entry.left == Some(0) || !random.chance(entry.fault.probability) {
        return None;
    }
    entry.left = entry.left.map(|left| left - 1);
    entry.hits += 1;
    *hits.entry(entry.fault.effect.name()).or_default() += 1;
    Some(entry.fault.effect.clone())
}
