//! The arguments.

use std::time::Duration;

pub(crate) const HELP: &str = "\
Many sessions for many minutes against a service that fails at random.

Usage: soak --runtime tokio|async-std [--sessions N] [--minutes M] [--seed N]

  --runtime NAME   the adapter: tokio or async-std
  --sessions N     how many chats there are at a time, 1 to 4000; 1000 when not given
  --minutes M      how long they talk, 0.01 to 1440; 10 when not given
  --seed N         what the faults and pauses are drawn from; 1 when not given

Every message must be confirmed, recorded and told once and in order, memory must not grow once the
transcripts are full (which is judged from 10 minutes on), and nothing must be left open. The last
line is the summary; the status is 1 unless it ends with ok.

Examples:
  cargo run --release -p chat-tests --bin soak -- --runtime tokio
  cargo run --release -p chat-tests --bin soak -- --runtime async-std --sessions 200 --minutes 1
  cargo run --release -p chat-tests --bin soak -- --runtime tokio --seed 7
";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RuntimeName {
    Tokio,
    AsyncStd,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Task {
    Help,
    /// Be the service: what the soak starts.
    Serve {
        seed: u64,
    },
    Soak(Arguments),
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Arguments {
    pub(crate) runtime: RuntimeName,
    pub(crate) sessions: usize,
    pub(crate) lasting: Duration,
    pub(crate) seed: u64,
}

impl Arguments {
    pub(crate) fn read(mut given: impl Iterator<Item = String>) -> Result<Task, String> {
        let (mut runtime, mut sessions, mut minutes, mut seed) = (None, 1_000, 10.0, 1);
        while let Some(name) = given.next() {
            if name == "--help" || name == "-h" {
                return Ok(Task::Help);
            }
            let value = given.next();
            let value = value.ok_or_else(|| format!("{name} has no value; see --help"))?;
            let wrong = || format!("{name} {value} cannot be used; see --help");
            match name.as_str() {
                "serve" => {
                    let seed = value.parse().map_err(|_| wrong())?;
                    return Ok(Task::Serve { seed });
                }
                "--runtime" => {
                    runtime = match value.as_str() {
                        "tokio" => Some(RuntimeName::Tokio),
                        "async-std" => Some(RuntimeName::AsyncStd),
                        _ => return Err(wrong()),
                    };
                }
                "--sessions" => sessions = within(&value, 1, 4_000).ok_or_else(wrong)?,
                "--minutes" => minutes = within(&value, 0.01, 1440.0).ok_or_else(wrong)?,
                "--seed" => seed = value.parse().map_err(|_| wrong())?,
                _ => return Err(format!("there is no {name}; see --help")),
            }
        }
        let runtime = runtime.ok_or("--runtime must be given: tokio or async-std; see --help")?;
        Ok(Task::Soak(Self {
            runtime,
            sessions,
            lasting: Duration::from_secs_f64(minutes * 60.0),
            seed,
        }))
    }
}

fn within<T: std::str::FromStr + PartialOrd>(value: &str, from: T, to: T) -> Option<T> {
    let number = value.parse().ok()?;
    (from..=to).contains(&number).then_some(number)
}
