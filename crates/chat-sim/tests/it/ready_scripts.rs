//! The scripts that are ready.

use chat_sim::{Operation, Role, Script};
use serde_json::{Value, json};

use crate::bench::{Bench, Chat, METADATA, TYPING};

const INTERACTIVE: &str = "application/vnd.amazonaws.connect.message.interactive";
const RESPONSE: &str = "application/vnd.amazonaws.connect.message.interactive.response";

fn playing(name: &str) -> Bench {
    let script = Script::ready(name).expect("it is ready");
    Bench::with(|settings| settings.script = script)
}

#[test]
fn scripts_are_known_by_their_names() {
    for name in Script::READY {
        Script::ready(name).expect("it is ready");
    }
    assert_eq!(Script::ready("echo").expect("it is ready"), Script::echo());
    let rate = |name| Script::ready(name).expect("it is ready");
    assert_eq!(rate("chatterbox=1000"), Script::chatterbox(1_000));
    assert_eq!(rate("chatterbox"), rate("chatterbox=1"));
    for name in [
        "",
        "Echo",
        "echo=2",
        "chatterbox=",
        "chatterbox=0",
        "chatterbox=1001",
    ] {
        let error = Script::ready(name).expect_err("no such script").to_string();
        assert!(error.contains("silent, greeter, echo"), "{error}");
        assert!(error.contains("chatterbox=N"), "{error}");
    }
    assert_eq!(Script::chatterbox(0), Script::chatterbox(1));
}

#[test]
fn the_chatterbox_says_so_many_messages_a_second() {
    let mut bench = playing("chatterbox=20");
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(9_999);
    let said = bench.said(socket);
    assert_eq!(said.len(), 200);
    assert_eq!(said[199], "Message 200");
    bench.pass_ms(600_000);
    assert_eq!(bench.said(socket).len(), 12_000);
}

#[test]
fn the_slow_agent_receives_reads_types_and_answers_late() {
    let mut bench = playing("slow-agent");
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "hello?");
    bench.take(socket);
    let mut heard = Vec::new();
    for second in 1..=10 {
        bench.pass_ms(1_000);
        for item in bench.items(socket) {
            let kind = match item["ContentType"].as_str().expect("a type") {
                METADATA if item["MessageMetadata"]["Receipts"][0]["ReadTimestamp"].is_string() => {
                    "read"
                }
                METADATA => "delivered",
                TYPING => "typing",
                "text/plain" => "answer",
                _ => "joined",
            };
            heard.push((second, kind));
        }
    }
    let expected = [
        (1, "joined"),
        (1, "delivered"),
        (4, "read"),
        (6, "typing"),
        (10, "answer"),
    ];
    assert_eq!(heard, expected);
    let last = bench
        .truth(&chat)
        .transcript()
        .last()
        .expect("an item")
        .clone();
    assert!(last.content.as_ref().expect("a text").contains("hello?"));
}

/// What the menu says to a message.
fn menu(bench: &mut Bench, chat: &Chat, content_type: &str, content: &str) -> Value {
    let body = json!({ "ContentType": content_type, "Content": content });
    bench.get(Operation::SendMessage, &chat.token, &body);
    bench.pass_ms(10);
    json!(**bench.truth(chat).transcript().last().expect("an answer"))
}

fn template(bench: &mut Bench, chat: &Chat, word: &str) -> Value {
    let item = menu(bench, chat, "text/plain", word);
    assert_eq!(item["ContentType"], INTERACTIVE, "{word}");
    assert_eq!(item["ParticipantRole"], "SYSTEM");
    let content = item["Content"].as_str().expect("a content");
    assert!(content.len() <= 12_000);
    let template: Value = serde_json::from_str(content).expect("JSON");
    assert_eq!(template["version"], "1.0");
    template
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// The elements of a template, so many, each with a title.
fn elements(content: &Value, count: std::ops::RangeInclusive<usize>) -> &Vec<Value> {
    assert!(is_text(&content["title"]));
    let elements = content["elements"].as_array().expect("elements");
    assert!(count.contains(&elements.len()));
    elements
}

#[test]
fn the_menu_tells_what_there_is() {
    let mut bench = playing("menu");
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(10);
    let said = bench.said(socket);
    for word in ["list", "time", "panel", "carousel", "quick", "view"] {
        assert!(said[0].contains(word));
    }
}

#[test]
fn the_menu_has_every_template_by_its_rules() {
    let mut bench = playing("menu");
    let chat = bench.chat();
    for (word, kind, most) in [
        ("quick", "QuickReply", 10),
        ("List", "ListPicker", 6),
        ("panel", "Panel", 10),
    ] {
        let template = template(&mut bench, &chat, word);
        assert_eq!(template["templateType"], kind);
        let content = &template["data"]["content"];
        for element in elements(content, 1..=most) {
            assert!(is_text(&element["title"]));
        }
    }

    let carousel = template(&mut bench, &chat, "carousel");
    assert_eq!(carousel["templateType"], "Carousel");
    for element in elements(&carousel["data"]["content"], 2..=5) {
        assert!(is_text(&element["templateIdentifier"]));
        assert_eq!(element["templateType"], "Panel");
        assert_eq!(element["version"], "1.0");
        elements(&element["data"]["content"], 1..=10);
    }

    let time = template(&mut bench, &chat, "time");
    assert_eq!(time["templateType"], "TimePicker");
    let content = &time["data"]["content"];
    assert!(content["timeZoneOffset"].is_i64());
    let location = &content["location"];
    assert!(location["latitude"].is_f64() && location["longitude"].is_f64());
    assert!(is_text(&location["title"]) && location["radius"].is_i64());
    let slots = content["timeslots"].as_array().expect("slots");
    assert!((1..=40).contains(&slots.len()));
    for slot in slots {
        let date = slot["date"].as_str().expect("a date");
        assert_eq!(date.len(), "2030-01-02T09:00+00:00".len());
        date.parse::<jiff::Timestamp>().expect("a time");
        assert!(slot["duration"].is_i64());
    }
    let view = template(&mut bench, &chat, "view");
    assert_eq!(view["templateType"], "ViewResource");
    let token = view["data"]["content"]["viewToken"].as_str();
    let escaped: String = token
        .expect("a token")
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    let path = format!("{}{escaped}", Operation::DescribeView.path());
    let described = bench.raw(Operation::DescribeView.method(), &path, &chat.token, b"");
    let described = described.json();
    assert_eq!(
        described["View"]["Content"]["Actions"],
        json!(["Submit", "Cancel"])
    );
    for part in ["InputSchema", "Template"] {
        let text = described["View"]["Content"][part].as_str().expect("a text");
        serde_json::from_str::<Value>(text).expect("JSON");
    }
}

#[test]
fn the_menu_says_what_was_chosen() {
    let mut bench = playing("menu");
    let chat = bench.chat();
    let form = json!({
        "templateType": "ViewResource",
        "version": "1.0",
        "action": "Submit",
        "data": { "name": "Ana" },
    });
    let trip = json!({
        "templateIdentifier": "north",
        "listTitle": "Northern islands",
        "selectionText": "Book",
    });
    for (content_type, content) in [
        ("text/plain", "Dinghy".to_owned()),
        ("text/plain", trip.to_string()),
        (RESPONSE, form.to_string()),
    ] {
        let answer = menu(&mut bench, &chat, content_type, &content);
        assert_eq!(answer["Content"], format!("You chose: {content}"));
    }
    let roles = bench.truth(&chat).participants().iter();
    assert!(roles.map(|who| who.role()).all(|role| role != Role::Agent));
}
