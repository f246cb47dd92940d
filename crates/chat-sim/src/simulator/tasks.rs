//! The tasks of a simulator, so that all of them end with it.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

/// A group of tasks.
#[derive(Debug, Default)]
pub(super) struct Tasks(Mutex<JoinSet<()>>);

impl Tasks {
    fn lock(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.lock();
        // Those that have ended are taken out, or the set would only grow.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }

    /// Whether there is no task.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Tells all tasks to end at once.
    pub(super) fn abort(&self) {
        self.lock().abort_all();
    }

    /// Waits until all tasks have ended.
    pub(super) async fn ended(&self) {
        loop {
            let mut tasks = std::mem::take(&mut *self.lock());
            if tasks.is_empty() {
                return;
            }
            // A task that ends may have begun another in the meantime.
            while tasks.join_next().await.is_some() {}
        }
    }

    /// Ends all tasks at once and waits until they have ended.
    pub(super) async fn stop(&self) {
        loop {
            let mut tasks = std::mem::take(&mut *self.lock());
            if tasks.is_empty() {
                return;
            }
            // A task may have begun another before it was told to end: hence the loop.
            tasks.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_that_have_ended_are_not_kept() {
        let tasks = Tasks::default();
        for _ in 0..100 {
            tasks.spawn(async {});
            tokio::task::yield_now().await;
        }
        assert!(tasks.lock().len() < 10);
        tasks.ended().await;
        assert!(tasks.is_empty());
    }
}
