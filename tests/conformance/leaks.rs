//! What a behaviour must give back: tasks, file descriptors and sockets.

use std::fmt;
use std::time::{Duration, Instant};

use crate::adapter::Adapter;
use crate::counted;
use crate::service;

/// How long tasks may take to end and sockets to close.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often they are counted.
const GLANCE: Duration = Duration::from_millis(5);

/// What is held now. What cannot be counted is none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Held {
    files: Option<usize>,
    /// Those that the driver and the script have begun.
    tasks: usize,
    /// All that the runtime has.
    all_tasks: Option<usize>,
}

impl Held {
    pub(crate) fn now<A: Adapter>() -> Self {
        Self {
            files: open_files(),
            tasks: counted::tasks(),
            all_tasks: A::tasks(),
        }
    }

    fn exceeds(self, before: Self) -> bool {
        self.files > before.files || self.tasks > before.tasks || self.all_tasks > before.all_tasks
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: Option<usize>| {
            number.map_or_else(|| "uncounted".to_owned(), |number| number.to_string())
        };
        let (files, all_tasks) = (number(self.files), number(self.all_tasks));
        let tasks = self.tasks;
        write!(
            f,
            "{files} file descriptors and {tasks} tasks ({all_tasks} of all kinds)"
        )
    }
}

/// Waits until no more is held than before, now that the sessions are gone; otherwise says what
/// is.
pub(crate) async fn given_back<A: Adapter>(before: Held) -> Result<(), String> {
    service_gone::<A>().await?;
    if settled::<A>(|| !Held::now::<A>().exceeds(before)).await {
        return Ok(());
    }
    let now = Held::now::<A>();
    Err(format!("{now} are left; there were {before}"))
}

/// Waits until all sockets are closed, and then until nothing of the service is left.
pub(crate) async fn service_gone<A: Adapter>() -> Result<(), String> {
    let closed = settled::<A>(|| service::open_sockets() == 0).await;
    let open = service::open_sockets();
    service::forget();
    let gone = settled::<A>(service::is_gone).await;
    if !closed {
        return Err(format!("{open} sockets are still open at the service"));
    }
    if !gone {
        return Err("connections to the service are left".to_owned());
    }
    Ok(())
}

async fn settled<A: Adapter>(is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > PATIENCE {
            return false;
        }
        A::sleep(GLANCE).await;
    }
    true
}

/// How many file descriptors this process has open; none where the system does not tell.
pub(crate) fn open_files() -> Option<usize> {
    Some(std::fs::read_dir("/proc/self/fd").ok()?.count())
}
