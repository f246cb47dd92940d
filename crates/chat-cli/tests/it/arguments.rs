use crate::support::{file, run};

const CHAT: [&str; 6] = [
    "--contact-id",
    "c",
    "--participant-id",
    "p",
    "--participant-token",
    "hush",
];

fn pipe_with(arguments: &[&str]) -> crate::support::Ran {
    run(["pipe"].iter().chain(&CHAT).chain(arguments))
}

#[test]
fn every_command_has_help_with_an_example() {
    for command in ["demo", "chat", "pipe", "simulate"] {
        let ran = run([command, "--help"]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("Examples:"), "{}", ran.stdout);
        let example = format!("connect-chat {command} ");
        assert!(ran.stdout.contains(&example), "{}", ran.stdout);
        assert!(ran.stdout.contains("xit status"), "{}", ran.stdout);
    }
    let ran = run(["--help"]);
    assert!(ran.stdout.contains("connect-chat demo"), "{}", ran.stdout);
}

#[test]
fn help_does_not_show_the_token_of_the_environment() {
    let mut command = crate::support::connect_chat();
    command
        .args(["pipe", "--help"])
        .env("CONNECT_CHAT_PARTICIPANT_TOKEN", "hush");
    let ran = crate::support::Program::start(&mut command).end();
    assert!(ran.stdout.contains("CONNECT_CHAT_PARTICIPANT_TOKEN"));
    assert!(!ran.stdout.contains("hush"), "{}", ran.stdout);
}

#[test]
fn arguments_that_cannot_be_used_are_refused_with_status_2() {
    let config = file("unknown.json", r#"{"send_timeout": 1}"#);
    let broken = file("broken.json", "{");
    let local = "http://127.0.0.1:1";
    let cases: [(&[&str], &str); 8] = [
        (&[], "--endpoint"),
        (&["--endpoint", "127.0.0.1"], "https://example.com"),
        (&["--region", "Mars"], "us-west-2"),
        (&["--endpoint", local, "--color", "blue"], "never"),
        (&["--endpoint", local, "--log", "a=loud"], "debug"),
        (&["--endpoint", local, "--config", &config], "send_deadline"),
        (&["--endpoint", local, "--config", &broken], "JSON"),
        (&["--endpoint", local, "--config", "/no/where"], "/no/where"),
    ];
    for (arguments, told) in cases {
        let ran = pipe_with(arguments);
        assert_eq!(ran.status, 2, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(!ran.stderr.contains("hush"), "{arguments:?}");
    }
}

#[test]
fn a_chat_that_is_not_named_completely_is_refused() {
    let ran = run([
        "pipe",
        "--region",
        "us-west-2",
        "--contact-id",
        "c",
        "--participant-id",
        "p",
    ]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("--participant-token"), "{}", ran.stderr);
    let ran = run([
        "pipe",
        "--region",
        "us-west-2",
        "--contact-id",
        "",
        "--participant-id",
        "p",
        "--participant-token",
        "hush",
    ]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("ContactId"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("hush"), "{}", ran.stderr);
}

#[test]
fn there_is_no_command_but_those_there_are() {
    for arguments in [vec![], vec!["transcript"], vec!["demo", "--slow"]] {
        assert_eq!(run(&arguments).status, 2, "{arguments:?}");
    }
}
