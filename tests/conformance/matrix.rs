//! The matrix: all columns at a time, a process each. They wait more than they work.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};

use crate::column;
use crate::connect_proxy::{ConnectProxy, KIM, Manner};
use crate::leaks;
use crate::result::{Outcome, Shown};
use crate::service::block_on_network;

/// A host that the proxy of the environment is not asked for.
pub(crate) const LEFT_OUT: &str = "host.invalid";

/// No column is silent for nearly as long.
const SILENCE: Duration = Duration::from_secs(60);

/// What a column told of each behaviour.
type Column = BTreeMap<String, Shown>;

/// Shows the behaviours in all columns, and prints what came of it.
pub(crate) fn make(names: &[&str], everything: bool) -> ExitCode {
    if names.is_empty() {
        println!("no behaviour has such a name");
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    if leaks::open_files().is_none() {
        println!("this system does not tell file descriptors: they are not counted");
    }
    // Every column is begun behind a proxy that leads to no address of this machine.
    let proxy = block_on_network(async { ConnectProxy::start(Manner::Guarded).await });
    let url = &proxy.url(KIM);
    let columns = std::thread::scope(|scope| {
        let begin = |name| (name, scope.spawn(move || show(name, names, url)));
        let begun = column::NAMES.map(begin).into_iter();
        let end = |(name, shown): (_, ScopedJoinHandle<'_, _>)| (name, shown.join().unwrap());
        begun.map(end).collect::<BTreeMap<_, _>>()
    });
    let matrix = to_markdown(names, &columns);
    println!("\n{matrix}");
    let failures = failures(names, &columns);
    for failure in &failures {
        println!("{failure}\n");
    }
    if everything {
        write(&matrix);
    }
    let (cells, seconds) = (
        names.len() * column::NAMES.len(),
        began.elapsed().as_secs_f64(),
    );
    println!(
        "{} behaviours in {} columns: {} of {cells} failed, in {seconds:.1} s",
        names.len(),
        column::NAMES.len(),
        failures.len()
    );
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Shows the behaviours in one column, by a process of its own.
fn show(column: &str, names: &[&str], proxy: &str) -> Column {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--column", column, "--exact"]).args(names);
    for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
        command.env_remove(variable);
        command.env_remove(variable.to_lowercase());
    }
    command.env("HTTP_PROXY", proxy).env("HTTPS_PROXY", proxy);
    command.env("NO_PROXY", LEFT_OUT);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(process.stdout.take().unwrap());
    let (lines, read) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
    let mut shown = Column::new();
    loop {
        let line = match read.recv_timeout(SILENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                println!("{column}: silent for {SILENCE:?}, and stopped");
                process.kill().unwrap();
                break;
            }
        };
        let Some(told) = Shown::from_line(&line) else {
            println!("{column}: {line}");
            continue;
        };
        if !matches!(told.outcome, Outcome::Skipped) {
            let (word, seconds) = (word(Some(&told)), told.took.as_secs_f64());
            println!("{column:<17} {word:<6} {seconds:5.2} s  {}", told.behaviour);
        }
        shown.insert(told.behaviour.clone(), told);
    }
    process.wait().unwrap();
    reader.join().unwrap();
    shown
}

/// What stands in a cell. A process that ends too early leaves behaviours untold.
fn word(shown: Option<&Shown>) -> &'static str {
    match shown.map(|shown| &shown.outcome) {
        Some(Outcome::Ok) => "ok",
        Some(Outcome::Skipped) => "-",
        Some(Outcome::Failed(_)) | None => "FAILED",
    }
}

fn to_markdown(names: &[&str], columns: &BTreeMap<&str, Column>) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let mut matrix = format!("| {:<width$} |", "behaviour");
    let mut rule = format!("|{}|", "-".repeat(width + 2));
    for column in column::NAMES {
        let _ = write!(matrix, " {column} |");
        let _ = write!(rule, "{}|", "-".repeat(column.len() + 2));
    }
    matrix = format!("{matrix}\n{rule}\n");
    for name in names {
        let _ = write!(matrix, "| {:<width$} |", name.replace('_', " "));
        for column in column::NAMES {
            let cell = word(columns[column].get(*name));
            let _ = write!(matrix, " {cell:<width$} |", width = column.len());
        }
        matrix.push('\n');
    }
    matrix
}

/// What failed, where and why.
fn failures(names: &[&str], columns: &BTreeMap<&str, Column>) -> Vec<String> {
    let mut failures = Vec::new();
    for name in names {
        for column in column::NAMES {
            let reason = match columns[column].get(*name).map(|shown| &shown.outcome) {
                Some(Outcome::Ok | Outcome::Skipped) => continue,
                Some(Outcome::Failed(reason)) => reason,
                None => "the process ended before",
            };
            failures.push(format!("{name}, {column}: {reason}"));
        }
    }
    failures
}

/// Keeps the matrix beside what was built.
fn write(matrix: &str) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let directory = target.join("conformance");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("matrix.md"), matrix).unwrap();
}
