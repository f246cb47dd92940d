//! What the allocator counts. A program of its own, because it has an allocator of its own.

#[cfg(test)]
mod estimate;
