//! Scripts as JSON and TOML.

use chat_sim::{Script, Step};
use serde_json::json;

const JSON: &str = r#"{
    "agent_name": "Jo",
    "on_join": [
        {"wait_ms": 5}, "type", {"say": "Hello"}, {"join": "Kim"}, {"bot_joins": "Helper"},
        {"supervisor_joins": "Sue"}, {"transfer": "Lee"}, "leave",
        {"show_view": {"id": "v1", "name": "Form"}},
        {"event": {"name": {"display_name_updated": "Ana B."}, "about": "CUSTOMER"}}
    ],
    "on_message": [
        {"contains": "bye", "steps": ["deliver", "read", "end"]},
        {"equals": "now", "content_type": "text/plain", "steps": [
            {"say_many": {"count": 2, "every_ms": 7, "text": "x"}},
            {"stream": {"text": "y", "chunks": 2, "every_ms": 9}},
            {"chatter": {"per_second": 3, "text": "{n}"}}
        ]}
    ],
    "on_attachment": [
        {"attach": {"name": "a.txt", "content_type": "text/plain", "text": "z"}},
        {"send": {"content_type": "application/json", "content": "{}"}}
    ]
}"#;

const TOML: &str = r#"
agent_name = "Jo"
on_join = [
    { wait_ms = 5 }, "type", { say = "Hello" }, { join = "Kim" }, { bot_joins = "Helper" },
    { supervisor_joins = "Sue" }, { transfer = "Lee" }, "leave",
    { show_view = { id = "v1", name = "Form" } },
    { event = { name = { display_name_updated = "Ana B." }, about = "CUSTOMER" } },
]
on_attachment = [
    { attach = { name = "a.txt", content_type = "text/plain", text = "z" } },
    { send = { content_type = "application/json", content = "{}" } },
]

[[on_message]]
contains = "bye"
steps = ["deliver", "read", "end"]

[[on_message]]
equals = "now"
content_type = "text/plain"
steps = [
    { say_many = { count = 2, every_ms = 7, text = "x" } },
    { stream = { text = "y", chunks = 2, every_ms = 9 } },
    { chatter = { per_second = 3, text = "{n}" } },
]
"#;

#[test]
fn json_and_toml_say_the_same() {
    let script = Script::from_json(JSON).expect("a script");
    assert_eq!(script.on_join.len(), 10);
    assert_eq!(script.on_message[0].steps[1], Step::Read);
    assert_eq!(Script::from_toml(TOML).expect("a script"), script);
    assert_eq!(Script::from_toml("").expect("a script"), Script::silent());
}

#[test]
fn scripts_survive_json() {
    let script = Script::from_json(JSON).expect("a script");
    let text = json!(script).to_string();
    assert_eq!(Script::from_json(&text).expect("a script"), script);
    for name in Script::READY {
        let script = Script::ready(name).expect("it is ready");
        let text = json!(script).to_string();
        assert_eq!(Script::from_json(&text).expect("a script"), script);
    }
}

#[test]
fn what_is_wrong_in_json_is_told_with_its_place() {
    for (bad, told) in [
        ("", "EOF"),
        ("{\n\"on_joining\": []}", "unknown field `on_joining`"),
        ("{\n\"on_join\": [\"dance\"]}", "unknown variant `dance`"),
        ("{\n\"on_join\": [{\"wait_ms\": \"long\"}]}", "expected u64"),
        ("{\n\"agent_name\": \"\"}", "1 to 256 characters"),
        ("{\n\"on_join\": [{\"join\": \"\"}]}", "1 to 256 characters"),
        (
            "{\n\"on_join\": [{\"chatter\": {\"per_second\": 0, \"text\": \"\"}}]}",
            "per_second must be 1 to 1000",
        ),
        (
            "{\n\"on_message\": [{\"steps\": [], \"matches\": \"x\"}]}",
            "unknown field `matches`",
        ),
    ] {
        let error = Script::from_json(bad)
            .expect_err("not a script")
            .to_string();
        assert!(error.starts_with("this is not a script: "), "{error}");
        assert!(error.contains(told), "{error}");
        let line = if bad.is_empty() { "line 1" } else { "line 2" };
        assert!(error.contains(line), "{error}");
    }
}

#[test]
fn what_is_wrong_in_toml_is_told_with_its_place() {
    for (bad, told) in [
        ("\n  on_join = ", "line 2 column"),
        ("\n  on_joining = []", "unknown field `on_joining`"),
        ("\n  on_join = [\"dance\"]", "unknown variant `dance`"),
        ("\n  on_join = [{ wait_ms = \"long\" }]", "expected u64"),
        ("\n  on_join = [{ join = \"\" }]", "1 to 256 characters"),
        (
            "\n  on_message = [{ steps = [], matches = \"x\" }]",
            "unknown field `matches`",
        ),
    ] {
        let error = Script::from_toml(bad)
            .expect_err("not a script")
            .to_string();
        assert!(error.starts_with("this is not a script: "), "{error}");
        assert!(error.contains(told), "{error}");
        assert!(error.contains("at line 2 column "), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}
