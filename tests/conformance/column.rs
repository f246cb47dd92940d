//! A column: one adapter, plain or with TLS. It shows the behaviours one after the other.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::adapter::{Adapter, within};
use crate::async_std::AsyncStd;
use crate::behaviours::{self, Behaviour};
use crate::chat::last_told;
use crate::leaks::{self, Held};
use crate::result::{Outcome, Shown};
use crate::stage::Stage;
use crate::tokio::Tokio;

/// The columns, from left to right.
pub(crate) const NAMES: [&str; 4] = [
    "tokio plain",
    "tokio tls",
    "async-std plain",
    "async-std tls",
];

/// No behaviour takes nearly as long.
const DEADLINE: Duration = Duration::from_secs(30);

/// What panicked, in any thread, since the last behaviour.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Shows these behaviours in this column, and tells each outcome on a line.
pub(crate) fn show(column: &str, names: &[&str]) -> ExitCode {
    match column {
        "tokio plain" => show_all::<Tokio>(&Stage::new(false), names),
        "tokio tls" => show_all::<Tokio>(&Stage::new(true), names),
        "async-std plain" => show_all::<AsyncStd>(&Stage::new(false), names),
        "async-std tls" => show_all::<AsyncStd>(&Stage::new(true), names),
        _ => return ExitCode::FAILURE,
    }
    ExitCode::SUCCESS
}

fn show_all<A: Adapter>(stage: &Stage, names: &[&str]) {
    // What a runtime makes at its first use is there before anything is counted.
    behaviours::warm_up::<A>(stage);
    A::block_on(leaks::service_gone::<A>()).unwrap();
    let mut before = Held::now::<A>();
    std::panic::set_hook(Box::new(note_panic));
    for behaviour in behaviours::all::<A>() {
        if !names.contains(&behaviour.name) {
            continue;
        }
        let began = Instant::now();
        let outcome = show_one::<A>(stage, &behaviour, before);
        if matches!(outcome, Outcome::Failed(_)) {
            // What it left is not the fault of the next one.
            before = Held::now::<A>();
        }
        let shown = Shown {
            behaviour: behaviour.name.to_owned(),
            outcome,
            took: began.elapsed(),
        };
        println!("{}", shown.to_line());
    }
}

fn show_one<A: Adapter>(stage: &Stage, behaviour: &Behaviour, before: Held) -> Outcome {
    if !behaviour.stages.have(stage) {
        return Outcome::Skipped;
    }
    let run = || A::block_on(within::<A, _>(DEADLINE, (behaviour.run)(stage.clone())));
    drop(last_told()); // to others
    let finished = catch_unwind(AssertUnwindSafe(run));
    let given_back = A::block_on(leaks::given_back::<A>(before));
    let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
    if !panics.is_empty() {
        return Outcome::Failed(panics.join("; then "));
    }
    match (finished, given_back) {
        (Err(_), _) => Outcome::Failed("it panicked without a word".to_owned()),
        (Ok(None), _) => {
            let last = last_told();
            Outcome::Failed(format!(
                "it takes longer than {DEADLINE:?}; the last:{last}"
            ))
        }
        (Ok(Some(())), Err(left)) => Outcome::Failed(left),
        (Ok(Some(())), Ok(())) => Outcome::Ok,
    }
}

fn note_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let words = payload.downcast_ref::<&str>().copied();
    let words = words.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let words = words.unwrap_or("no words");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    panics.push(format!("{place}: {words}"));
}
