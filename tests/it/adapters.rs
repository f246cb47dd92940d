//! The adapters are the same to those who use them.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::collections::BTreeSet;

const TOKIO: [&str; 2] = [
    include_str!("../../crates/chat-tokio/src/lib.rs"),
    include_str!("../../crates/chat-tokio/Cargo.toml"),
];
const ASYNC_STD: [&str; 2] = [
    include_str!("../../crates/chat-async-std/src/lib.rs"),
    include_str!("../../crates/chat-async-std/Cargo.toml"),
];

/// What stands between these two.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(begin).unwrap();
    rest.split_once(end).unwrap().0
}

/// The names a crate gives on.
fn given_on(library: &str) -> BTreeSet<&str> {
    let names = between(library, "pub use chat_driver::{", "};").split(',');
    names
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

/// The names a crate gives to types of its runtime, and what they stand for.
fn aliases(library: &str) -> BTreeSet<(&str, &str)> {
    let lines = library.lines();
    let aliases = lines.filter_map(|line| line.strip_prefix("pub type "));
    let aliases = aliases.map(|alias| alias.split_once(" = ").unwrap());
    aliases
        .map(|(name, of)| (name, of.split('<').next().unwrap()))
        .collect()
}

fn features(manifest: &str) -> BTreeSet<&str> {
    let lines = between(manifest, "[features]\n", "\n\n").lines();
    let features = lines.filter(|line| !line.starts_with('#'));
    features
        .map(|line| line.split_once(" = ").unwrap().0)
        .collect()
}

#[test]
fn both_have_the_same_names() {
    assert!(given_on(TOKIO[0]).len() > 20);
    assert_eq!(given_on(TOKIO[0]), given_on(ASYNC_STD[0]));
    assert_eq!(aliases(TOKIO[0]).len(), 4);
    assert_eq!(aliases(TOKIO[0]), aliases(ASYNC_STD[0]));
}

#[test]
fn both_have_the_same_features_but_for_http_2() {
    let mut of_tokio = features(TOKIO[1]);
    assert!(of_tokio.remove("http2"));
    assert_eq!(of_tokio, features(ASYNC_STD[1]));
}
