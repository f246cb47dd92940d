//! What a session costs in memory, and how often it asks for it. Counted, not timed.

#[path = "../benches/support/mod.rs"]
mod support;

use std::mem::size_of;

use allocation_counter::measure;
use chat_proto::Session;
use support::{FRAMES, Live, idle};

/// The most that a session may take, its own size and what it has on the heap together.
const SESSION_LIMIT: u64 = 4_096;
/// The most allocations that one plain frame may cost.
const ALLOCATIONS: u64 = 12;

#[test]
fn an_idle_session_takes_at_most_four_kibibytes() {
    let mut session = None;
    let heap = measure(|| session = Some(idle(10_000)));
    let size = size_of::<Session>() as u64;
    let heap = u64::try_from(heap.bytes_current).unwrap();
    println!("an idle session: {size} B and {heap} B on the heap");
    assert!(
        size + heap <= SESSION_LIMIT,
        "{size} B + {heap} B on the heap"
    );
}

#[test]
fn a_live_session_takes_at_most_eight_kibibytes_before_anything_is_said() {
    let mut live = None;
    let heap = measure(|| live = Some(Live::new(10_000, &[])));
    let size = size_of::<Session>() as u64;
    let heap = u64::try_from(heap.bytes_current).unwrap();
    println!("a live session: {size} B and {heap} B on the heap");
    assert!(
        size + heap <= 2 * SESSION_LIMIT,
        "{size} B + {heap} B on the heap"
    );
}

#[test]
fn a_plain_frame_costs_at_most_twelve_allocations() {
    const MANY: u32 = 1_000;
    let [plain, ..] = FRAMES;
    let mut live = Live::new(10_000, &[]);
    for number in 0..MANY {
        live.receive(plain.frame(number));
    }
    // Growth of the transcript's own memory is spread over many frames, and so over the average.
    let mut count = 0;
    for number in MANY..2 * MANY {
        let frame = plain.frame(number);
        count += measure(|| assert_eq!(live.receive(frame), 1)).count_total;
    }
    println!("{:.2} allocations a frame", count as f64 / f64::from(MANY));
    assert!(
        count <= ALLOCATIONS * u64::from(MANY),
        "{count} in {MANY} frames"
    );
}
