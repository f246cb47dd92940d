//! `docs/PROTOCOL.md` names a test for each rule, and each of them is there.

#![expect(
    clippy::expect_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// How many defects the document lists.
const DEFECTS: u32 = 47;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn document() -> String {
    fs::read_to_string(root().join("docs/PROTOCOL.md")).expect("the document is there")
}

/// The cells of each row of each table, without the heads of the tables.
pub(crate) fn rows(document: &str) -> Vec<Vec<&str>> {
    let mut rows = Vec::new();
    let mut in_table = false;
    for line in document.lines() {
        let Some(row) = line.trim().strip_prefix('|') else {
            in_table = false;
            continue;
        };
        if row.starts_with("---") {
            in_table = true;
        } else if in_table {
            let cells = row.strip_suffix('|').unwrap_or(row).split(" | ");
            rows.push(cells.map(str::trim).collect());
        }
    }
    rows
}

/// The tests that a cell names.
fn named(cell: &str) -> Vec<&str> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| code.contains("::"))
        .collect()
}

/// Whether it is a row of a defect that cannot apply, and says why.
fn cannot_apply(row: &[&str]) -> bool {
    row.len() == 4
        && row[2]
            .strip_prefix("no: ")
            .is_some_and(|why| why.len() > 10)
}

/// The names of the tests in a file: functions right under `#[test]` or `#[tokio::test]`.
fn tests_in(source: &str) -> Vec<&str> {
    let mut tests = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if !line.starts_with("#[") && !line.starts_with("//") {
            let function = line.strip_prefix("async ").unwrap_or(line);
            let name = function
                .strip_prefix("fn ")
                .and_then(|it| it.split('(').next());
            tests.extend(name.filter(|_| is_test));
            is_test = false;
        }
    }
    tests
}

/// Every Rust source of the workspace by its path, written as a module's: `crates::chat-sim::...`.
pub(crate) fn sources() -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut folders = vec![root().join("crates"), root().join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let module = path.with_extension("");
                let parts = module.iter().map(|part| part.to_string_lossy());
                let name = parts.collect::<Vec<_>>().join("::");
                let source = fs::read_to_string(&path).expect("the file can be read");
                sources.insert(name, source);
            }
        }
    }
    sources
}

/// Whether there is a test of this name, written `module::test`.
pub(crate) fn test_exists(sources: &BTreeMap<String, String>, named: &str) -> bool {
    let Some((module, test)) = named.rsplit_once("::") else {
        return false;
    };
    let end = format!("::{module}");
    let mut files = sources.iter().filter(|(name, _)| name.ends_with(&end));
    files.any(|(_, source)| tests_in(source).contains(&test))
}

#[test]
fn every_rule_names_tests_and_each_of_them_exists() {
    let document = document();
    let sources = sources();
    let mut wrong = Vec::new();
    let rows = rows(&document);
    assert!(rows.len() > 150, "{} rows are not the whole", rows.len());
    for row in &rows {
        let tests = row.last().map(|cell| named(cell)).unwrap_or_default();
        if row.iter().any(|cell| cell.is_empty()) {
            wrong.push(format!("an empty cell: {row:?}"));
        }
        if tests.is_empty() && !cannot_apply(row) {
            wrong.push(format!("no test: {row:?}"));
        }
        let missing = tests
            .into_iter()
            .filter(|test| !test_exists(&sources, test));
        wrong.extend(missing.map(|test| format!("there is no test {test}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_known_defect_of_other_clients_is_listed_once_and_in_order() {
    let document = document();
    let rows = rows(&document);
    let listed: Vec<_> = rows
        .iter()
        .filter_map(|row| row.first()?.strip_prefix('O')?.parse::<u32>().ok())
        .collect();
    assert_eq!(listed, (1..=DEFECTS).collect::<Vec<_>>());
}

#[test]
fn what_is_checked_would_be_noticed() {
    let document =
        "| rule | source | test |\n|---|---|---|\n| a | b | `c::d` and `e` |\n\n| no table |";
    let rows = rows(document);
    assert_eq!(rows, [["a", "b", "`c::d` and `e`"]]);
    assert_eq!(named(rows[0][2]), ["c::d"]);
    let source = "fn helper() {}\n#[test]\nfn one() {}\n#[tokio::test(flavor = \"x\")]\n#[ignore]\nasync fn two() {}\nfn three() {}\n";
    assert_eq!(tests_in(source), ["one", "two"]);
    assert!(cannot_apply(&[
        "O1",
        "x",
        "no: there are no promises here",
        "–"
    ]));
    assert!(!cannot_apply(&["O1", "x", "yes", "–"]));
}
