//! The AWS SDK for Rust, unmodified, against the simulator. Writes a line of result for each
//! behaviour to the file that `PEER_RESULTS` names, and fails when one does not hold.

mod behaviours;
mod chat;
mod simulator;

use std::fs::OpenOptions;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use serde_json::json;

fn main() -> ExitCode {
    let mut failed = 0;
    for (behaviour, title, check) in behaviours::ALL {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let held = catch_unwind(AssertUnwindSafe(|| runtime.block_on(check()))).is_ok();
        println!(
            "{} {behaviour}: {title}",
            if held { "ok    " } else { "FAILED" }
        );
        failed += usize::from(!held);
        let result = if held { "ok" } else { "failed" };
        record(&json!({ "peer": "rust", "behaviour": behaviour, "result": result, "note": title }));
    }
    println!("{} passed, {failed} failed", behaviours::ALL.len() - failed);
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn record(line: &serde_json::Value) {
    if let Some(path) = std::env::var_os("PEER_RESULTS") {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .expect("the results can be written");
        writeln!(file, "{line}").expect("the results can be written");
    }
}
