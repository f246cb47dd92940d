//! A program that may be stopped at any moment, even killed, and goes on where it was: it stores the
//! session's state together with what came of its events.
//!
//! ```sh
//! connect-chat simulate --port 8080 --script echo                          # a service
//! cargo run -p chat-tokio --example resume -- http://127.0.0.1:8080 chat.json 20   # elsewhere
//! cargo run -p chat-tokio --example resume -- http://127.0.0.1:8080 chat.json      # and again
//! ```
//!
//! It asks some questions and collects the answers. The first run stops after twenty events; the
//! second goes on from the file, loses nothing and repeats nothing.

#![expect(clippy::print_stderr, reason = "a program says why it failed")]

use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use chat_tokio::chat_proto::api::StartChatContact;
use chat_tokio::chat_proto::{AbsoluteTime, Config, Draft, Endpoint, Event, ItemKind, ResumeState};
use chat_tokio::{ChatSession, Client};
use serde_json::json;
use tokio::time::timeout;

/// How many questions there are.
const QUESTIONS: usize = 5;
/// How long to wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(60);

const USAGE: &str = "Usage: resume URL|REGION FILE [STOP_AFTER_EVENTS]";

type Failure = Box<dyn Error + Send + Sync>;

/// What was said, and when.
type Answer = (Option<AbsoluteTime>, String);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match run(&arguments, &mut io::stdout()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) async fn run(arguments: &[String], shown: &mut impl Write) -> Result<(), Failure> {
    let (service, file, stop_after) = match arguments {
        [service, file] => (service, file, None),
        [service, file, events] => (service, file, Some(events.parse::<usize>()?)),
        _ => return Err(USAGE.into()),
    };
    let file = Path::new(file);
    let endpoint = Endpoint::custom(service).or_else(|_| Endpoint::region(service))?;
    let client = Client::builder().build()?;
    let (session, mut events, mut answers) = if file.exists() {
        let (state, answers) = load(file)?;
        writeln!(shown, "Going on with {} answers.", answers.len())?;
        let (session, events) = client.restore(Config::new(endpoint), state)?;
        (session, events, answers)
    } else {
        let request = StartChatContact::new("local", "flow", "Ada");
        let details = client.start_chat(&endpoint, &request).await?;
        let (session, events) = client.session(Config::new(endpoint), details)?;
        for number in 1..=QUESTIONS {
            session.queue_message(Draft::text(format!("Question {number}")))?;
        }
        store(file, &session, &[])?; // from here on the questions are not lost
        (session, events, Vec::new())
    };
    session.connect().await?;

    let mut taken = 0;
    while answers.len() < QUESTIONS {
        if stop_after == Some(taken) {
            writeln!(shown, "Stopped with {} answers.", answers.len())?;
            return Ok(());
        }
        let event = timeout(PATIENCE, events.next()).await?;
        let event = event.ok_or("the chat is over too early")?;
        taken += 1;
        if let Event::Item(received) = &event {
            if received.kind == ItemKind::Message && !received.own {
                let text = received.item.content.clone().unwrap_or_default();
                answers.push((received.item.absolute_time.clone(), text));
            }
        }
        // Before the next event is taken, what came of this one is stored, with the state in
        // which the session has told it.
        store(file, &session, &answers)?;
    }
    answers.sort(); // what was missed is told after what came meanwhile
    for (_, answer) in &answers {
        writeln!(shown, "Answer: {answer}")?;
    }
    fs::remove_file(file)?;
    drop(events);
    session.disconnect().await?;
    Ok(())
}

/// Writes both as one: beside its place first, so that there is always a whole file. The state is
/// secret, since it holds the chat's tokens and texts.
fn store(file: &Path, session: &ChatSession, answers: &[Answer]) -> Result<(), Failure> {
    let stored = json!({ "state": session.resume_state()?, "answers": answers });
    let beside = file.with_extension("part");
    // The mode is that of a new file: one that a killed process left behind is replaced.
    drop(fs::remove_file(&beside));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut part = options.open(&beside)?;
    part.write_all(stored.to_string().as_bytes())?;
    part.sync_all()?;
    fs::rename(beside, file)?;
    Ok(())
}

fn load(file: &Path) -> Result<(ResumeState, Vec<Answer>), Failure> {
    let mut stored: serde_json::Value = serde_json::from_slice(&fs::read(file)?)?;
    let state = serde_json::from_value(stored["state"].take())?;
    let answers = serde_json::from_value(stored["answers"].take())?;
    Ok((state, answers))
}
