//! The program `connect-chat`: a client for Amazon Connect Chat, and a local service to try it
//! with.

mod arguments;
mod chat;
mod client;
mod connection;
mod demo;
mod input;
mod logging;
mod outcome;
mod output;
mod pipe;
mod problem;
mod settings_file;
mod simulate;
mod stop;
mod text;
mod trust;
mod wait;

use std::io::{self, Write};
use std::process::ExitCode;

use anstream::ColorChoice;
use clap::Parser;

use crate::arguments::{Arguments, Command, RuntimeName};
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::stop::StopSignals;

fn main() -> ExitCode {
    run(Arguments::parse()).map_or_else(
        |failure| {
            complain(&format!("connect-chat: {failure}"));
            failure.status()
        },
        ExitCode::from,
    )
}

fn run(arguments: Arguments) -> Result<Outcome, Failure> {
    let color = ColorChoice::from(arguments.color);
    logging::start(arguments.log.as_deref(), color)?;
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::failed(format!("the runtime cannot be started: {error}")))?;
    let outcome = runtime.block_on(carry_out(arguments.command, arguments.runtime, color));
    // Whatever is still under way, such as the resolving of a name, is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn carry_out(
    command: Command,
    runtime: RuntimeName,
    color: ColorChoice,
) -> Result<Outcome, Failure> {
    let mut signals = StopSignals::listen()
        .map_err(|error| Failure::failed(format!("signals cannot be listened for: {error}")))?;
    match command {
        Command::Demo(arguments) => {
            demo::run(&arguments, runtime, Output::to_people(color)?, &mut signals).await
        }
        Command::Chat(arguments) => {
            chat::run(arguments, runtime, Output::to_people(color)?, &mut signals).await
        }
        Command::Pipe(arguments) => {
            pipe::run(arguments, runtime, Output::to_programs()?, &mut signals).await
        }
        Command::Simulate(arguments) => {
            simulate::run(&arguments, Output::to_programs()?, &mut signals).await
        }
    }
}

/// Says something on standard error. When even that fails, there is nobody to tell.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
