//! Living through many schedules.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use super::{Schedule, run_schedule};

/// How many schedules all tests together live through, unless `CHAT_SIM_SCHEDULES` says otherwise.
const SCHEDULES: u64 = 2_000;
/// The seed of the first schedule, unless `CHAT_SIM_SEED` says otherwise.
const FIRST_SEED: u64 = 1;
/// How many lives the search for a shorter one that fails too may take.
const SHRINK_LIMIT: u32 = 2_000;

/// Lives through the `share`, in percent, of the schedules for the test of this name. Each has a
/// seed of its own, and the seed of one that fails is enough to repeat it.
///
/// # Panics
/// When one fails: with the shortest that fails too, and the command that repeats it.
pub fn check_schedules(test: &str, share: u64, schedules: &impl Strategy<Value = Schedule>) {
    let count = variable("CHAT_SIM_SCHEDULES").unwrap_or(SCHEDULES);
    let first = variable("CHAT_SIM_SEED").unwrap_or(FIRST_SEED);
    let count = (count * share).div_ceil(100);
    for seed in first..first.saturating_add(count) {
        let config = Config {
            cases: 1,
            failure_persistence: None,
            max_shrink_iters: SHRINK_LIMIT,
            ..Config::default()
        };
        let mut runner = TestRunner::new_with_rng(config, generator(test, seed));
        let outcome = runner.run(schedules, |schedule| {
            run_schedule(&schedule);
            Ok(())
        });
        match outcome {
            Ok(()) => {}
            Err(TestError::Fail(why, schedule)) => panic!(
                "schedule {seed} fails: {why}\nthe shortest found that fails: {schedule:#?}\n\
                 to repeat it: CHAT_SIM_SEED={seed} CHAT_SIM_SCHEDULES=1 \
                 cargo test -p chat-tests --test it {test}"
            ),
            Err(TestError::Abort(why)) => panic!("schedule {seed} was not drawn: {why}"),
        }
    }
}

/// The generator of one schedule.
fn generator(test: &str, seed: u64) -> TestRng {
    let mut bytes = [0; 32];
    SplitMix64::seed_from_u64(seed).fill_bytes(&mut bytes);
    // Each test has schedules of its own.
    for (byte, of_test) in bytes.iter_mut().zip(test.bytes().rev()) {
        *byte ^= of_test;
    }
    TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)
}

fn variable(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is {text:?}; it must be a number")))
}
