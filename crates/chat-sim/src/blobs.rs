//! The bytes of files, as many as there is room for.

use std::collections::BTreeMap;
use std::fmt;

/// The name of some bytes, in order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BlobId(u64);

/// A store that forgets the oldest bytes when it has too many.
pub(crate) struct Blobs {
    blobs: BTreeMap<BlobId, Vec<u8>>,
    next: u64,
    held: usize,
    limit: usize,
}

impl Blobs {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            blobs: BTreeMap::new(),
            next: 0,
            held: 0,
            limit,
        }
    }

    pub(crate) fn put(&mut self, bytes: Vec<u8>) -> BlobId {
        let id = BlobId(self.next);
        self.next += 1;
        self.held += bytes.len();
        self.blobs.insert(id, bytes);
        while self.held > self.limit {
            let Some((_, oldest)) = self.blobs.pop_first() else {
                break;
            };
            self.held -= oldest.len();
        }
        id
    }

    /// The bytes; nothing when they had to make room for others.
    pub(crate) fn get(&self, id: BlobId) -> Option<&[u8]> {
        self.blobs.get(&id).map(Vec::as_slice)
    }

    pub(crate) fn remove(&mut self, id: BlobId) {
        if let Some(bytes) = self.blobs.remove(&id) {
            self.held -= bytes.len();
        }
    }
}

// Written by hand: files are nobody's business.
impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blobs")
            .field("blobs", &self.blobs.len())
            .field("held", &self.held)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_bytes_make_room_for_new_ones() {
        let mut blobs = Blobs::new(10);
        let one = blobs.put(vec![1; 6]);
        let two = blobs.put(vec![2; 4]);
        assert!(blobs.get(one).is_some());
        let three = blobs.put(vec![3; 5]);
        assert_eq!(blobs.get(one), None);
        assert_eq!(blobs.get(two), Some(&[2; 4][..]));
        blobs.remove(two);
        assert_eq!(blobs.held, 5);
        assert_eq!(blobs.get(three), Some(&[3; 5][..]));
    }
}
