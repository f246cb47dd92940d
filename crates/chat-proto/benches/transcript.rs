//! What an item of the transcript costs, in a transcript of 1,000 and in one of 100,000 items: to
//! take in, whatever order they arrive in; to load by older pages; to look up; to page through.
//!
//! After criterion's own report it prints the ratios of the two sizes, taken in turns in one run.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a measurement reads the clock"
)]
#![expect(clippy::print_stdout, reason = "the ratios are the result")]
#![expect(clippy::expect_used, reason = "a bench that goes wrong stops")]

mod support;

use std::hint::black_box;
use std::time::{Duration, Instant};

use chat_proto::{ItemId, Transcript};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use support::{FRAMES, Live, item};

const SMALL: u32 = 1_000;
const LARGE: u32 = 100_000;
const LIMIT: usize = 200_000;
/// Items on a page.
const PAGE: usize = 100;
/// Samples of each side; the least of them counts.
const SAMPLES: u32 = 5;

/// The numbers below `count`, shuffled.
fn shuffled(count: u32) -> Vec<u32> {
    let mut random = SplitMix64::seed_from_u64(7);
    let mut numbers: Vec<u32> = (0..count).collect();
    for last in (1..numbers.len()).rev() {
        let other = random.next_u64() % (last as u64 + 1);
        numbers.swap(
            last,
            usize::try_from(other).expect("it is below the length"),
        );
    }
    numbers
}

fn shuffled_frames(count: u32) -> Vec<String> {
    let [plain, ..] = FRAMES;
    let numbers = shuffled(count).into_iter();
    numbers.map(|number| plain.frame(number)).collect()
}

fn insert_all(frames: Vec<String>) -> Live {
    let count = frames.len();
    let mut live = Live::new(LIMIT, &[]);
    for frame in frames {
        live.receive(frame);
    }
    assert_eq!(live.session.transcript().len(), count);
    live
}

/// Answers of GetTranscript that bring so many items, the newest page first.
fn pages(count: u32) -> Vec<String> {
    let numbers: Vec<u32> = (0..count).collect();
    let pages = numbers.chunks(PAGE).rev();
    pages
        .map(|numbers| {
            let items = numbers
                .iter()
                .map(|number| item(*number, "The ferry leaves."));
            let items: Vec<_> = items.collect();
            let token = if numbers.first() == Some(&0) {
                "null"
            } else {
                "\"next\""
            };
            format!(
                r#"{{"NextToken":{token},"Transcript":[{}]}}"#,
                items.join(",")
            )
        })
        .collect()
}

fn load_older(live: &mut Live, pages: &[String]) {
    let mut pages = pages.iter();
    while pages.len() > 0 {
        let now = chat_proto::Instant::ORIGIN;
        live.session.load_older(now).expect("there is room");
        live.play(&mut pages);
    }
}

fn load_all(pages: &[String]) -> Live {
    let mut live = Live::new(LIMIT, &pages[..1]);
    load_older(&mut live, &pages[1..]);
    assert_eq!(live.session.transcript().len(), pages.len() * PAGE);
    live
}

fn ids(count: u32) -> Vec<ItemId> {
    let numbers = shuffled(count).into_iter();
    numbers
        .map(|number| format!("{number:08x}-1b2c-4d3e-8f4a-5b6c7d8e9f00").into())
        .collect()
}

fn look_up_all(transcript: &Transcript, ids: &[ItemId]) {
    for id in ids {
        black_box(transcript.index_of(id).expect("it is there"));
    }
}

/// Reads pages by index, newest first, as a view that is scrolled up does.
fn page_backwards(transcript: &Transcript, from: usize, to: usize) {
    let mut end = to;
    while end > from {
        let start = end.saturating_sub(PAGE);
        for index in start..end {
            black_box(transcript.get(index).expect("it is there"));
        }
        end = start;
    }
}

fn reports(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transcript");
    group.sample_size(10);
    for count in [SMALL, LARGE] {
        group.throughput(Throughput::Elements(count.into()));
        group.bench_function(
            BenchmarkId::new("insert in random order", count),
            |bencher| {
                bencher.iter_batched(
                    || shuffled_frames(count),
                    insert_all,
                    BatchSize::PerIteration,
                );
            },
        );
        let answers = pages(count);
        group.bench_function(BenchmarkId::new("load older pages", count), |bencher| {
            bencher.iter(|| load_all(&answers));
        });
        let live = insert_all(shuffled_frames(count));
        let transcript = live.session.transcript();
        let ids = ids(count);
        group.bench_function(BenchmarkId::new("look up by id", count), |bencher| {
            bencher.iter(|| look_up_all(transcript, &ids));
        });
        group.bench_function(BenchmarkId::new("page backwards", count), |bencher| {
            bencher.iter(|| page_backwards(transcript, 0, transcript.len()));
        });
    }
    group.finish();
}

const OPERATIONS: [&str; 4] = [
    "insert in random order",
    "load older pages",
    "look up by id",
    "page backwards",
];

/// How long each thousand items took, for each operation: 100 of each, whatever the size.
type Laps = [Vec<Duration>; 4];

/// Does something with every part of the work, and notes how long each took.
fn laps<T>(laps: &mut Vec<Duration>, parts: impl IntoIterator<Item = T>, mut work: impl FnMut(T)) {
    for part in parts {
        let from = Instant::now();
        work(part);
        laps.push(from.elapsed());
    }
}

fn sample(count: u32) -> Laps {
    const LAP: usize = SMALL as usize;
    let [plain, ..] = FRAMES;
    let mut took = Laps::default();
    let [insert, load, look_up, page] = &mut took;
    let answers = pages(count + PAGE as u32); // the first is read as history
    let ids = ids(count);
    for _ in 0..LARGE / count {
        let mut live = Live::new(LIMIT, &[]);
        for numbers in shuffled(count).chunks(LAP) {
            // Made anew each time, so that the frames themselves are not what grows.
            let frames: Vec<_> = numbers.iter().map(|number| plain.frame(*number)).collect();
            laps(insert, [frames], |frames| {
                for frame in frames {
                    live.receive(frame);
                }
            });
        }
        let transcript = live.session.transcript();
        laps(look_up, ids.chunks(LAP), |ids| look_up_all(transcript, ids));
        let mut end = transcript.len();
        laps(page, 0..count / SMALL, |_| {
            page_backwards(transcript, end - LAP, end);
            end -= LAP;
        });
        drop(live);
        let mut live = Live::new(LIMIT, &answers[..1]);
        laps(load, answers[1..].chunks(LAP / PAGE), |pages| {
            load_older(&mut live, pages);
        });
    }
    took
}

/// In a busy machine a lap may be interrupted: the least of several is taken of each lap.
fn ratios() {
    println!("\nns per item, the least of {SAMPLES} samples of each thousand, taken in turns");
    let mut least = [sample(SMALL), sample(LARGE)];
    for _ in 1..SAMPLES {
        for (least, count) in least.iter_mut().zip([SMALL, LARGE]) {
            let took = sample(count);
            let (least, took) = (least.iter_mut().flatten(), took.iter().flatten());
            for (least, took) in least.zip(took) {
                *least = (*least).min(*took);
            }
        }
    }
    let per_item = |laps: Vec<Duration>| {
        let sum: Duration = laps.iter().sum();
        sum.as_nanos() as f64 / f64::from(LARGE)
    };
    let [small, large] = least.map(|laps| laps.map(per_item));
    println!("{:<26}{SMALL:>12}{LARGE:>12}{:>8}", "", "ratio");
    for ((name, small), large) in OPERATIONS.iter().zip(small).zip(large) {
        println!(
            "{name:<26}{small:>12.1}{large:>12.1}{:>7.2}x",
            large / small
        );
    }
    let both = |took: [f64; 4]| took[0] + took[3];
    println!(
        "{:<26}{:>12.1}{:>12.1}{:>7.2}x",
        "insert and page backwards",
        both(small),
        both(large),
        both(large) / both(small)
    );
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    reports(&mut criterion);
    criterion.final_summary();
    ratios();
}
