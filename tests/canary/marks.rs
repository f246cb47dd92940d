//! Secrets that can be recognised wherever they turn up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::capture::{Place, Record};

/// The marks, and of what they are.
static MARKS: Mutex<BTreeMap<String, &'static str>> = Mutex::new(BTreeMap::new());
static COUNT: AtomicU64 = AtomicU64::new(0);

fn marks() -> MutexGuard<'static, BTreeMap<String, &'static str>> {
    MARKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new secret.
pub(crate) fn mark(what: &'static str) -> String {
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let mark = format!("canary{number:04}{}", what.replace(' ', ""));
    note(what, &mark);
    mark
}

/// A secret that somebody else has made.
pub(crate) fn note(what: &'static str, secret: &str) {
    assert!(
        secret.len() >= 8,
        "{what} is too short to be told from other text"
    );
    marks().insert(secret.to_owned(), what);
}

/// A URL that is secret: what follows the host, and the signature or token in it.
pub(crate) fn note_url(what: &'static str, url: &str) {
    let (_, behind) = url.split_once("://").unwrap_or(("", url));
    let (_, path) = behind.split_once('/').unwrap_or(("", url));
    note(what, path);
    for value in path
        .split(['?', '&', '='])
        .filter(|value| value.len() >= 24)
    {
        note(what, value);
    }
}

/// How many kinds of secrets there are, for which nothing was missed.
pub(crate) fn kinds() -> BTreeSet<&'static str> {
    marks().values().copied().collect()
}

/// What was shown and holds a mark.
pub(crate) fn leaks<'r>(records: &'r BTreeSet<Record>) -> Vec<(&'static str, &'r Record)> {
    let marks = marks();
    let leak = |record: &'r Record| {
        let mut marks = marks.iter();
        let found = marks.find(|(mark, _)| record.text.contains(mark.as_str()));
        found.map(|(_, what)| (*what, record))
    };
    records.iter().filter_map(leak).collect()
}

/// `tungstenite` shows handshakes and frames by itself, at TRACE, through `log`: only the logger
/// of an application can stop it, and the documentation says how.
pub(crate) fn is_known(leak: &Record) -> bool {
    let target = leak.target.split("::").next();
    leak.place == Place::Log && leak.level == "TRACE" && target == Some("tungstenite")
}
