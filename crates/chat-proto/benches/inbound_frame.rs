//! What one inbound chat frame costs on its way through link, session and transcript of a live
//! session, beside the floor: reading the same frame into borrowed text and nothing else.
//!
//! After criterion's own report it prints the ratios of the two, taken in turns in one run.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]
#![expect(clippy::print_stdout, reason = "the ratios are the result")]
#![expect(clippy::expect_used, reason = "a bench that goes wrong stops")]

mod support;

use std::borrow::Cow;
use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput};
use serde::Deserialize;

use support::{FRAMES, FrameKind, Live};

/// Frames in one sample.
const BATCH: u32 = 1_000;
/// Samples of each side; the least of them counts.
const SAMPLES: u32 = 60;
/// How many items the transcript holds in the case where it is full.
const FULL: u32 = 2_000;

#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is only read")]
struct Envelope<'a> {
    #[serde(borrow)]
    topic: Option<Text<'a>>,
    #[serde(borrow, rename = "contentType")]
    content_type: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "it is only read")]
struct Item<'a> {
    #[serde(borrow)]
    absolute_time: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    content_type: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    #[serde(borrow)]
    participant_id: Option<Text<'a>>,
    #[serde(borrow)]
    display_name: Option<Text<'a>>,
    #[serde(borrow)]
    participant_role: Option<Text<'a>>,
    #[serde(borrow)]
    initial_contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    contact_id: Option<Text<'a>>,
}

/// The floor: the frame, and the item in it, as borrowed text.
fn floor(frame: &str) {
    let envelope: Envelope<'_> = serde_json::from_str(frame).expect("the frame is one");
    let Text(content) = envelope.content.as_ref().expect("it has an item");
    let item: Item<'_> = serde_json::from_str(content).expect("the item is one");
    black_box((&envelope, &item));
}

fn frames(kind: FrameKind, from: u32) -> Vec<String> {
    (from..from + BATCH)
        .map(|number| kind.frame(number))
        .collect()
}

fn receive_all(live: &mut Live, frames: Vec<String>) {
    for frame in frames {
        assert_eq!(live.receive(frame), 1);
    }
}

fn full(kind: FrameKind) -> Live {
    let mut live = Live::new(FULL as usize, &[]);
    for number in 0..FULL * 2 {
        live.receive(kind.frame(number));
    }
    live
}

fn reports(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("inbound frame");
    group.throughput(Throughput::Elements(BATCH.into()));
    for kind in FRAMES {
        group.bench_function(format!("floor, {}", kind.name), |bencher| {
            let frames = frames(kind, 0);
            bencher.iter(|| frames.iter().for_each(|frame| floor(frame)));
        });
        group.bench_function(format!("session, {}", kind.name), |bencher| {
            bencher.iter_batched(
                || (Live::new(10_000, &[]), frames(kind, 0)),
                |(mut live, frames)| {
                    receive_all(&mut live, frames);
                    live
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn timed(work: impl FnOnce()) -> Duration {
    let from = Instant::now();
    work();
    from.elapsed() / BATCH
}

fn ratios() {
    println!("\nns per frame, the least of {SAMPLES} samples of {BATCH}, taken in turns");
    println!(
        "{:<26}{:>8}{:>20}{:>20}",
        "", "floor", "session", "full transcript"
    );
    for kind in FRAMES {
        let mut least = [Duration::MAX; 3];
        let mut full = full(kind);
        for sample in 0..SAMPLES {
            let borrowed = frames(kind, 0);
            let mut live = Live::new(10_000, &[]);
            let (owned, next) = (frames(kind, 0), frames(kind, FULL * 2 + sample * BATCH));
            let took = [
                timed(|| borrowed.iter().for_each(|frame| floor(frame))),
                timed(|| receive_all(&mut live, owned)),
                timed(|| receive_all(&mut full, next)),
            ];
            for (least, took) in least.iter_mut().zip(took) {
                *least = took.min(*least);
            }
        }
        let [floor, session, full] = least.map(|took| took.as_nanos());
        let ratio = |took: u128| took as f64 / floor as f64;
        println!(
            "{:<26}{floor:>8}{session:>12} = {:.2}x{full:>12} = {:.2}x",
            kind.name,
            ratio(session),
            ratio(full)
        );
    }
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    reports(&mut criterion);
    criterion.final_summary();
    ratios();
}
