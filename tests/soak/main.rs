//! The soak: many sessions for many minutes against a service that fails at random, and a ledger
//! of every message.
//!
//! The service is a process of its own, so that the memory is that of the client alone, and the
//! runtime the only one.

#![expect(clippy::print_stdout, reason = "the summary is what it is for")]
#![expect(clippy::print_stderr, reason = "progress, and what went wrong")]

mod arguments;
mod arm;
mod chat;
mod faults;
mod ledger;
mod process;
mod run;
mod serve;
mod service;
mod summary;

use std::error::Error;
use std::process::ExitCode;

use crate::arguments::{Arguments, RuntimeName, Task};

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let task = match Arguments::read(std::env::args().skip(1)) {
        Ok(task) => task,
        Err(problem) => {
            eprintln!("soak: {problem}");
            return ExitCode::from(2);
        }
    };
    let ended = match task {
        Task::Help => {
            print!("{}", arguments::HELP);
            Ok(true)
        }
        Task::Serve { seed } => serve::serve(seed).map(|()| true),
        Task::Soak(arguments) => match arguments.runtime {
            RuntimeName::Tokio => run::soak::<chat_tokio::runtime::Tokio>(&arguments),
            RuntimeName::AsyncStd => run::soak::<chat_async_std::runtime::AsyncStd>(&arguments),
        },
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak: {error}");
            ExitCode::FAILURE
        }
    }
}
