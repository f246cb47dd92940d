//! The description of the control API against what is served.

use http::Method;
use serde_json::{Value, json};

use crate::bench::Bench;

/// The methods that a description can name.
const METHODS: [(&str, Method); 5] = [
    ("get", Method::GET),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
];

fn description(bench: &mut Bench) -> Value {
    bench.look("openapi.json")
}

/// Puts a request with nothing in it. The status, and what the answer says.
fn knock(bench: &mut Bench, method: &Method, path: &str, contact: &str) -> (u16, String) {
    let path = path
        .replace("{contact_id}", contact)
        .replace("{fault}", "77");
    let answer = bench.raw(method.clone(), &path, "", b"");
    (answer.status, answer.text)
}

#[test]
fn what_is_described_is_served_and_with_no_other_method() {
    let mut bench = Bench::new();
    let contact = bench.chat().contact;
    let description = description(&mut bench);
    let paths = description["paths"].as_object().expect("paths");
    assert!(paths.len() > 30);
    for (path, operations) in paths {
        let mut described = 0;
        for (name, method) in &METHODS {
            let (status, text) = knock(&mut bench, method, path, &contact);
            let operation = &operations[*name];
            if operation.is_null() {
                assert_eq!(status, 405, "{name} {path}: {text}");
                continue;
            }
            described += 1;
            let status = status.to_string();
            assert!(
                operation["responses"].get(&status).is_some(),
                "{name} {path} answers {status}, which is not described: {text}"
            );
            assert!(!text.contains("Nothing is at"), "{name} {path}");
        }
        assert_eq!(
            operations.as_object().map(serde_json::Map::len),
            Some(described)
        );
    }
}

#[test]
fn settings_operations_and_events_are_described_as_they_are() {
    let mut bench = Bench::new();
    let description = description(&mut bench);
    let schemas = &description["components"]["schemas"];
    let described = schemas["Settings"]["properties"]
        .as_object()
        .expect("settings");
    let described: Vec<&String> = described.keys().collect();
    let mut named = chat_sim::Settings::NAMES.to_vec();
    named.sort_unstable();
    assert_eq!(described, named);
    let operations: Vec<Value> = chat_sim::Operation::ALL
        .iter()
        .map(|operation| json!(operation.name()))
        .collect();
    assert_eq!(schemas["Operation"]["enum"], json!(operations));
    for name in schemas["Event"]["properties"]["name"]["oneOf"][0]["enum"]
        .as_array()
        .expect("names")
    {
        serde_json::from_value::<chat_sim::ChatEvent>(name.clone()).expect("an event");
    }
    for name in schemas["Effect"]["oneOf"][0]["enum"]
        .as_array()
        .expect("names")
    {
        let effect: chat_sim::Effect = serde_json::from_value(name.clone()).expect("an effect");
        assert_eq!(effect.name(), name);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let mut bench = Bench::new();
    let description = description(&mut bench);
    let text = description.to_string();
    let mut references = 0;
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().expect("a first part");
        assert!(description.pointer(pointer).is_some(), "{pointer}");
        references += 1;
    }
    assert!(references > 50);
}
