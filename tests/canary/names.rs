//! What is logged is what the documentation lists.

use std::collections::BTreeSet;

use crate::capture::{Place, Record, is_loud};

const DOCUMENTATION: &str = include_str!("../../crates/chat-driver/src/observability.rs");

/// The rows of the table with this head, without the lines below the head.
fn table(head: &str) -> Vec<Vec<&'static str>> {
    let mut lines = DOCUMENTATION.lines();
    assert!(lines.any(|line| line == head), "{head}");
    lines
        .skip(1)
        .take_while(|line| line.starts_with("//! |"))
        .map(|line| line.split('|').skip(1).collect())
        .collect()
}

/// What stands between back ticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Every span and event occurs, at its level and in its place, and no others do.
pub(crate) fn are_the_documented_ones(records: &BTreeSet<Record>) {
    let ours = |place| {
        let ours = records.iter().filter(move |record| record.place == place);
        ours.filter(|record| record.target.starts_with("chat_driver"))
    };
    let spans: BTreeSet<_> = ours(Place::Span)
        .map(|span| (span.name.as_str(), span.level.as_str()))
        .collect();
    let documented = table("//! | span | level | fields | is |");
    let documented: BTreeSet<_> = documented
        .iter()
        .map(|row| (quoted(row[0]).next().unwrap(), row[1].trim()))
        .collect();
    assert_eq!(spans, documented);

    let mut documented = BTreeSet::new();
    let mut places = "";
    for row in table("//! | in | event | fields |") {
        if !row[0].trim().is_empty() {
            places = row[0];
        }
        for event in quoted(row[1]) {
            documented.insert((event, places));
        }
    }
    for event in ours(Place::Event) {
        let place = event.within.last().map_or("", String::as_str);
        let listed = documented
            .iter()
            .any(|(name, places)| *name == event.name && quoted(places).any(|one| one == place));
        assert!(listed, "{event} within {:?}", event.within);
        assert!(!is_loud(&event.level), "{event}");
    }
    for (event, _) in &documented {
        assert!(
            ours(Place::Event).any(|found| found.name == *event),
            "{event} did not occur"
        );
    }

    let nested = |names: &[&str]| ours(Place::Event).any(|event| event.within == names);
    for names in [
        ["chat"].as_slice(),
        &["chat", "socket"],
        &["chat", "request"],
        &["agent"],
        &["agent", "socket"],
        &["agent", "chat"],
        &["agent", "chat", "request"],
        &["request"],
    ] {
        assert!(nested(names), "nothing within {names:?}");
    }
}
