//! What this process holds, as far as `/proc` and its allocator tell.

use std::alloc::System;
use std::fs;

use cap::Cap;

/// Counts what is allocated.
#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// The memory at a moment, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// What the system has given to the process, where it tells. The allocator keeps what was in use
    /// at the busiest moment.
    pub(crate) resident: Option<u64>,
    /// What is in use of it.
    pub(crate) heap: u64,
}

impl Memory {
    pub(crate) fn now() -> Self {
        Self {
            resident: resident(),
            heap: HEAP.allocated() as u64,
        }
    }
}

fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// How many file descriptors it has open.
pub(crate) fn open_files() -> Option<usize> {
    // The one by which they are counted is not counted.
    Some(
        fs::read_dir("/proc/self/fd")
            .ok()?
            .count()
            .saturating_sub(1),
    )
}
