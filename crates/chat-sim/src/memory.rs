//! How much is held, and how much may be: everything that grows with what clients send is charged
//! here as long as it is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Some bytes of memory that several things share.
#[derive(Debug, Clone)]
pub(crate) struct Memory(Arc<Account>);

#[derive(Debug)]
struct Account {
    held: AtomicUsize,
    limit: usize,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Self {
        Self(Arc::new(Account {
            held: AtomicUsize::new(0),
            limit,
        }))
    }

    pub(crate) fn held(&self) -> usize {
        self.0.held.load(Ordering::Relaxed)
    }

    /// Whether there is room for so many more bytes.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.held().saturating_add(bytes) <= self.0.limit
    }

    /// Whether there is room for so many more bytes, or nothing else is held.
    pub(crate) fn admits(&self, bytes: usize) -> bool {
        self.held() == 0 || self.fits(bytes)
    }

    /// Charges for so many bytes, whether they fit or not.
    pub(crate) fn charge(&self, bytes: usize) -> Charge {
        let mut charge = Charge {
            memory: Some(self.clone()),
            bytes: 0,
        };
        charge.grow(bytes);
        charge
    }
}

/// Bytes that are held until this is dropped. A copy of what it is for is not charged for.
#[derive(Debug, Default)]
pub(crate) struct Charge {
    memory: Option<Memory>,
    bytes: usize,
}

impl Charge {
    /// Whether there is room for so many more bytes; always, where nothing is charged for.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        self.memory.as_ref().is_none_or(|memory| memory.fits(bytes))
    }

    pub(crate) fn grow(&mut self, bytes: usize) {
        if let Some(memory) = &self.memory {
            memory.0.held.fetch_add(bytes, Ordering::Relaxed);
            self.bytes += bytes;
        }
    }

    pub(crate) fn shrink(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        if let Some(memory) = &self.memory {
            memory.0.held.fetch_sub(bytes, Ordering::Relaxed);
            self.bytes -= bytes;
        }
    }
}

impl Clone for Charge {
    fn clone(&self) -> Self {
        Self::default()
    }
}

// What is charged for something says nothing of what it is.
impl PartialEq for Charge {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Charge {}

impl Drop for Charge {
    fn drop(&mut self) {
        self.shrink(self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_no_longer_held() {
        let memory = Memory::new(100);
        assert!(memory.admits(101));
        let mut charge = memory.charge(60);
        assert!(memory.fits(40));
        assert!(!memory.fits(41) && !memory.admits(41));
        charge.grow(10);
        charge.shrink(30);
        let other = memory.charge(100);
        assert_eq!(memory.held(), 140);
        drop(charge);
        assert_eq!(memory.held(), 100);
        drop(other);
        assert_eq!(memory.held(), 0);
    }

    #[test]
    fn what_is_of_no_account_costs_nothing() {
        let mut charge = Charge::default();
        charge.grow(10);
        assert_eq!(charge.bytes, 0);
    }
}
