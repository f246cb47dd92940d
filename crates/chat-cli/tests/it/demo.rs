use std::io::{BufRead, BufReader};

use crate::support::{Program, connect_chat, run};

#[test]
fn both_sides_have_the_same_conversation_after_two_network_failures() {
    let ran = run(["demo", "--fast", "--seed", "7"]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let summary = lines.last().unwrap();
    assert_eq!(
        *summary,
        "demo: sent 12, confirmed 12, received 14, lost 0, duplicated 0, reconnects 2, ok",
        "{}",
        ran.stdout
    );
    assert_eq!(ran.status, 0);
    assert_eq!(ran.stderr, "");
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("demo:"), 1);
    assert_eq!(count("[recovered]"), 4, "{}", ran.stdout);
    assert_eq!(count("confirmed after the cut"), 3, "{}", ran.stdout);
    assert_eq!(count("under the same ClientToken: 1"), 1, "{}", ran.stdout);
    assert!(count("Maja is typing") > 0, "{}", ran.stdout);
    assert!(count("Noor is typing") > 0, "{}", ran.stdout);
}

/// Everything else is tested on either runtime: CONNECT_CHAT_RUNTIME names it to all tests here.
#[test]
fn the_client_runs_on_the_runtime_that_is_named() {
    for (runtime, is_async_std) in [("tokio", false), ("async-std", true)] {
        let demo = Program::start(connect_chat().args(["demo", "--runtime", runtime]));
        let first = demo.line();
        assert!(first.contains(&format!("client on {runtime})")), "{first}");
        demo.line_with("connected");
        if cfg!(target_os = "linux") {
            let threads = demo.thread_names();
            let named = threads.iter().any(|name| name.starts_with("async-std"));
            assert_eq!(named, is_async_std, "{runtime}: {threads:?}");
        }
        let ran = demo.end();
        assert!(
            ran.stdout.trim_end().ends_with("reconnects 2, ok"),
            "{}",
            ran.stdout
        );
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let plain = run(["demo", "--fast"]).stdout;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = run(["demo", "--fast", "--color", "always"]).stdout;
    assert!(coloured.contains('\u{1b}'), "{coloured}");
}

#[test]
fn it_ends_quietly_when_nobody_reads() {
    let (demo, stdout) = Program::start_unread(connect_chat().args(["demo", "--fast"]));
    let mut stdout = BufReader::new(stdout);
    stdout.read_line(&mut String::new()).unwrap();
    drop(stdout);
    let ran = demo.end();
    assert_eq!(ran.status, 0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn ctrl_c_stops_it() {
    let mut demo = Program::start(connect_chat().arg("demo"));
    demo.line();
    demo.signal("INT");
    assert_eq!(demo.status(), 130);
}
