//! The conformance script: the same behaviour of every adapter, over real sockets, plain and with
//! TLS.
//!
//! Each column of the matrix is a process of its own, so that what it holds can be counted.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a behaviour tells what is wrong by panicking"
)]
#![expect(clippy::print_stdout, reason = "the matrix is what it is for")]

mod adapter;
mod arguments;
mod async_std;
mod behaviours;
mod certificates;
mod chat;
mod column;
mod connect_proxy;
mod counted;
mod faulty_proxy;
mod leaks;
mod ledger;
mod matrix;
mod recorder;
mod result;
mod service;
mod stage;
mod tokio;
mod units;
mod web;

use std::process::ExitCode;

use crate::arguments::{Arguments, Task};

fn main() -> ExitCode {
    let arguments = Arguments::read(std::env::args().skip(1));
    let names = behaviours::names(|name| arguments.wants(name));
    match &arguments.task {
        Task::List => {
            for name in names {
                println!("{name}: test");
            }
            ExitCode::SUCCESS
        }
        Task::Column(column) => column::show(column, &names),
        Task::Matrix => matrix::make(&names, arguments.is_everything()),
    }
}
