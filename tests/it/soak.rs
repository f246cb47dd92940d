//! The soak, small: it runs, on each adapter, and nothing is wrong.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::process::Command;

fn soak(arguments: &[&str]) -> (Option<i32>, String, String) {
    let soak = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (soak.status.code(), text(soak.stdout), text(soak.stderr))
}

fn a_small_one(runtime: &str) {
    let small = ["--sessions", "20", "--minutes", "0.08", "--seed", "3"];
    let (code, said, problems) = soak(&[&["--runtime", runtime], &small[..]].concat());
    assert_eq!(code, Some(0), "{said}{problems}");
    let begins = format!("soak: runtime {runtime}, sessions 20, seconds ");
    assert!(said.starts_with(&begins), "{said}");
    assert!(
        said.contains(", lost 0, duplicated 0, reconnects "),
        "{said}"
    );
    assert!(said.ends_with(", ok\n"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(problems.contains("faults that have struck: "), "{problems}");
}

#[test]
fn the_soak_finds_nothing_wrong_on_tokio() {
    a_small_one("tokio");
}

#[test]
fn the_soak_finds_nothing_wrong_on_async_std() {
    a_small_one("async-std");
}

#[test]
fn the_soak_says_how_it_is_used() {
    let (code, said, _) = soak(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("Examples:"), "{said}");
    for wrong in [
        &["--runtime", "smol"][..],
        &["--runtime"],
        &["--sessions", "5"],
        &["--runtime", "tokio", "--minutes", "0"],
        &["--runtime", "tokio", "--hours", "1"],
    ] {
        let (code, said, problem) = soak(wrong);
        assert_eq!((code, &*said), (Some(2), ""), "{wrong:?}");
        assert!(problem.contains("see --help"), "{problem}");
    }
}
