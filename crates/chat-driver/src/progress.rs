//! How far the transfer of a file is.

use std::sync::{Arc, Mutex, PoisonError};

/// How much of a file has gone over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// The bytes so far.
    pub bytes: u64,
    /// The bytes of the whole file.
    pub total: u64,
}

/// Who is told, if anybody. Clones tell the same.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<Mutex<Tell>>>);

type Tell = dyn FnMut(Progress) + Send;

impl Watcher {
    pub(crate) fn new(tell: impl FnMut(Progress) + Send + 'static) -> Self {
        Self(Some(Arc::new(Mutex::new(tell))))
    }

    pub(crate) fn tell(&self, bytes: u64, total: u64) {
        if let Some(watcher) = &self.0 {
            // One that has panicked before is the application's own, and is called all the same.
            let mut tell = watcher.lock().unwrap_or_else(PoisonError::into_inner);
            tell(Progress { bytes, total });
        }
    }
}
