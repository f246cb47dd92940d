//! The steps and conditions of scripts, one by one.

use std::time::Duration;

use chat_sim::{Item, Operation, Role, Script, Step};
use serde_json::json;

use crate::attachments::upload;
use crate::bench::{Bench, Chat, Heard, JOINED, LEFT, METADATA, contents};

const NO_WORDS: [&str; 0] = [];

fn scripted(json: &str) -> Bench {
    let script = Script::from_json(json).expect("a script");
    Bench::with(|settings| settings.script = script)
}

/// What the agent's side says to a message of the customer.
fn answers(bench: &mut Bench, chat: &Chat, content_type: &str, content: &str) -> Vec<String> {
    let before = bench.truth(chat).transcript().len();
    let body = json!({ "ContentType": content_type, "Content": content });
    bench.get(Operation::SendMessage, &chat.token, &body);
    bench.pass_ms(1_000);
    let items = &bench.truth(chat).transcript()[before..];
    let items: Vec<_> = items
        .iter()
        .filter(|item| item.participant_role != Some(Role::Customer))
        .map(|item| json!(**item))
        .collect();
    contents(&items)
}

/// The receipts in the transcript: whether delivered, whether read.
fn receipts(bench: &Bench, chat: &Chat) -> Vec<(String, bool, bool)> {
    let items = bench.truth(chat).transcript().iter();
    items
        .filter(|item| item.content_type == METADATA)
        .map(|item| {
            let metadata = item.message_metadata.as_ref().expect("receipts");
            let receipt = &metadata.receipts[0];
            (
                metadata.message_id.clone(),
                receipt.delivered_timestamp.is_some(),
                receipt.read_timestamp.is_some(),
            )
        })
        .collect()
}

fn names(bench: &Bench, chat: &Chat, content_type: &str) -> Vec<String> {
    let items = bench.truth(chat).transcript().iter();
    items
        .filter(|item| item.content_type == content_type)
        .filter_map(|item| item.display_name.clone())
        .collect()
}

#[test]
fn a_rule_has_conditions_that_must_all_be_met() {
    let mut bench = scripted(
        r#"{"on_message": [
            {"equals": "Stop", "steps": [{"say": "equals"}]},
            {"contains": "Stop", "content_type": "text/markdown", "steps": [{"say": "both"}]},
            {"content_type": "application/json", "steps": [{"say": "json"}]},
            {"contains": "stop", "steps": [{"say": "contains"}]}
        ]}"#,
    );
    let chat = bench.chat();
    let plain = "text/plain";
    for (content_type, content, answer) in [
        (plain, "stop", "equals"),
        (plain, " STOP ", "equals"),
        (plain, "please stop", "contains"),
        ("text/markdown", "*stop*", "both"),
        ("application/json", "{\"stop\":1}", "json"),
    ] {
        let said = answers(&mut bench, &chat, content_type, content);
        assert_eq!(said, [answer], "{content}");
    }
    assert_eq!(answers(&mut bench, &chat, plain, "go on"), NO_WORDS);
}

#[test]
fn an_agent_confirms_the_message_that_is_answered() {
    let mut bench = scripted(
        r#"{"on_join": ["read", "deliver"],
            "on_message": [{"steps": ["deliver", {"wait_ms": 100}, "read", {"say": "seen"}]}]}"#,
    );
    let chat = bench.chat();
    bench.listen(&chat);
    bench.pass_ms(1);
    assert_eq!(receipts(&bench, &chat), [], "nothing is answered");
    let ids: Vec<String> = ["a", "b"]
        .into_iter()
        .map(|text| {
            bench.send(&chat, text)["Id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect();
    bench.pass_ms(1_000);
    let expected: Vec<_> = ids
        .iter()
        .flat_map(|id| [(id.clone(), true, false), (id.clone(), true, true)])
        .collect();
    assert_eq!(receipts(&bench, &chat), expected);
}

#[test]
fn with_more_than_two_people_nothing_is_confirmed() {
    let mut bench = scripted(
        r#"{"on_message": [{"steps": [{"supervisor_joins": "Sue"}, "deliver", "read", {"say": "x"}]}]}"#,
    );
    let chat = bench.chat();
    bench.listen(&chat);
    let said = answers(&mut bench, &chat, "text/plain", "hello");
    assert_eq!(said, ["x"]);
    assert_eq!(receipts(&bench, &chat), []);
}

#[test]
fn others_join_once_and_the_last_agent_acts() {
    let mut bench = scripted(
        r#"{"on_message": [
            {"equals": "leave", "steps": ["leave"]},
            {"steps": [{"join": "Jo"}, {"join": "Kim"}, {"join": "Jo"}, {"bot_joins": "Helper"},
                {"bot_joins": "Helper"}, {"supervisor_joins": "Sue"}, {"say": "hi"}]}
        ]}"#,
    );
    let chat = bench.chat();
    assert_eq!(answers(&mut bench, &chat, "text/plain", "a"), ["hi"]);
    assert_eq!(names(&bench, &chat, JOINED), ["Jo", "Kim", "Helper", "Sue"]);
    let roles: Vec<Role> = bench.truth(&chat).participants()[1..]
        .iter()
        .map(|participant| participant.role())
        .collect();
    let expected = [Role::Agent, Role::Agent, Role::CustomBot, Role::Supervisor];
    assert_eq!(roles, expected);
    let last = |bench: &Bench| -> Item {
        let items = bench.truth(&chat).transcript();
        Item::clone(items.last().expect("an item"))
    };
    assert_eq!(last(&bench).display_name.as_deref(), Some("Kim"));
    answers(&mut bench, &chat, "text/plain", "leave");
    assert_eq!(names(&bench, &chat, LEFT), ["Kim"]);
}

#[test]
fn an_agent_sends_files_and_goes_on_when_one_is_not_taken() {
    let mut bench = scripted(
        r#"{"on_message": [{"steps": [
            {"attach": {"name": "a.exe", "content_type": "text/plain", "text": "x"}},
            {"attach": {"name": "a.txt", "content_type": "text/plain", "text": "Grüße"}},
            {"say": "done"}
        ]}]}"#,
    );
    let chat = bench.chat();
    let said = answers(&mut bench, &chat, "text/plain", "file?");
    assert_eq!(said, ["done"]);
    assert_eq!(bench.truth(&chat).dropped_script_steps(), 1);
    let items = bench.truth(&chat).transcript();
    let file = items
        .iter()
        .find_map(|item| item.attachments.first())
        .expect("a file");
    assert_eq!(file.attachment_name, "a.txt");
    let bytes = bench
        .service
        .attachment_bytes(&chat.contact, &file.attachment_id);
    assert_eq!(bytes, Some("Grüße".as_bytes()));
}

#[test]
fn a_file_of_the_customer_is_answered_when_it_is_in_the_chat() {
    let script = r#"{"on_attachment": [
        "read",
        {"send": {"content_type": "text/plain", "content": "Thank you for {message}"}},
        {"attach": {"name": "b.txt", "content_type": "text/plain", "text": "no answer to this"}}
    ]}"#;
    let words = |rejected: &str, announced: bool| {
        let mut bench = scripted(script);
        let mut settings = bench.service.settings().clone();
        settings.rejected_files = rejected.to_owned();
        settings.announce_scans = announced;
        settings.script = Script::from_json(script).expect("a script");
        bench = Bench::with(|own| *own = settings);
        let chat = bench.chat();
        upload(&mut bench, &chat);
        bench.pass_ms(499);
        assert_eq!(
            bench
                .service
                .contacts()
                .next()
                .expect("a chat")
                .participants()
                .len(),
            1
        );
        bench.pass_ms(10_000);
        assert_eq!(receipts(&bench, &chat), [], "a file has no receipts");
        let items = bench.truth(&chat).transcript().iter();
        let messages = items.filter_map(|item| item.content.clone());
        messages.collect::<Vec<_>>()
    };
    assert_eq!(words("", false), ["Thank you for Küste.png"]);
    assert_eq!(words("", true), ["Thank you for Küste.png"]);
    assert_eq!(words("png", false), NO_WORDS);
}

#[test]
fn text_of_the_flow_can_say_what_it_answers() {
    let mut bench = scripted(
        r#"{"on_message": [{"steps": [
            {"send": {"content_type": "text/markdown", "content": "*{message}*"}},
            {"send": {"content_type": "application/json", "content": "{\"a\":\"{message}\"}"}}
        ]}]}"#,
    );
    let chat = bench.chat();
    let said = answers(&mut bench, &chat, "text/plain", "\"x");
    assert_eq!(said, ["*\"x*", r#"{"a":"{message}"}"#]);
}

#[test]
fn chatter_keeps_its_rhythm_until_the_chat_ends() {
    let mut bench = scripted(
        r#"{"on_join": [{"wait_ms": 10}, {"chatter": {"per_second": 3, "text": "{n}"}},
            {"say": "never"}]}"#,
    );
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(10);
    assert_eq!(bench.said(socket), ["1"]);
    bench.pass_ms(1_000);
    assert_eq!(bench.said(socket), ["2", "3", "4"]);
    bench.pass_ms(999_000);
    assert_eq!(bench.said(socket).len(), 2_997);
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("it goes on");
    bench.take(socket);
    bench.pass_ms(500);
    assert_eq!(bench.take(socket), []);
}

#[test]
fn chatter_makes_up_for_a_late_wake_up_but_not_for_a_long_sleep() {
    let script = r#"{"on_join": [{"chatter": {"per_second": 100, "text": "{n}"}}]}"#;
    let mut bench = scripted(script);
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(0);
    bench.take(socket);
    let sleep = |bench: &mut Bench, milliseconds| {
        bench.now += Duration::from_millis(milliseconds);
        bench.service.handle_timeout(bench.now);
        bench.said(socket).len()
    };
    for _ in 0..10 {
        assert_eq!(sleep(&mut bench, 15) + sleep(&mut bench, 5), 2);
    }
    assert_eq!(sleep(&mut bench, 500), 50);
    let caught_up = sleep(&mut bench, 60_000);
    assert!((100..=102).contains(&caught_up), "{caught_up}");
    assert_eq!(sleep(&mut bench, 1_000), 100);
}

#[test]
fn another_script_is_for_what_comes_and_not_for_what_is_queued() {
    let mut bench = scripted(
        r#"{"agent_name": "Jo", "on_message": [{"steps": [{"wait_ms": 100}, {"say": "old {message}"}]}]}"#,
    );
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "a");
    let mut new = Script::echo();
    new.agent_name = "Kim".to_owned();
    bench.service.set_script(bench.now, new.clone());
    assert_eq!(*bench.service.script(), new);
    bench.send(&chat, "b");
    bench.pass_ms(1_000);
    assert_eq!(bench.said(socket), ["a", "b", "old a", "b"]);
    let other = bench.chat();
    bench.send(&other, "c");
    bench.pass_ms(1_000);
    assert_eq!(names(&bench, &other, JOINED), ["Kim"]);
}

#[test]
fn what_is_said_stays_out_of_logs() {
    let script = Script::from_json(
        r#"{"on_join": [{"chatter": {"per_second": 1, "text": "secret"}}, {"join": "secret"},
            {"bot_joins": "secret"}, {"supervisor_joins": "secret"}, "read", "deliver",
            {"attach": {"name": "secret", "content_type": "text/plain", "text": "secret"}}]}"#,
    )
    .expect("a script");
    assert!(!format!("{:?}", script.on_join).contains("secret"));
    assert!(format!("{:?}", Step::Read).contains("Read"));
}

#[test]
fn a_script_makes_things_go_wrong_in_its_own_chat() {
    let script = Script::from_json(
        r#"{"on_message": [
            {"equals": "fail", "steps": [
                {"fault": {"effect": {"answer": {"status": 500, "error_type": "InternalServerException",
                    "message": "x"}}, "operation": "SendMessage"}}]},
            {"equals": "cut", "steps": [{"fault": {"effect": {"cut_socket": {"when": "now"}}}}]}
        ]}"#,
    )
    .expect("a script");
    let mut bench = Bench::with(|settings| settings.script = script);
    let (chat, other) = (bench.chat(), bench.chat());
    let (socket, others) = (bench.listen(&chat), bench.listen(&other));
    bench.send(&chat, "cut");
    bench.pass_ms(1);
    assert_eq!(bench.take(socket).last(), Some(&Heard::Aborted));
    bench.send(&chat, "fail");
    bench.pass_ms(1);
    let body = serde_json::json!({ "ContentType": "text/plain", "Content": "again" });
    let answer = bench.ask(Operation::SendMessage, &chat.token, &body);
    assert_eq!(answer.status, 500);
    // The other chat has nothing of it.
    bench.send(&other, "hello");
    assert!(
        bench
            .take(others)
            .iter()
            .all(|heard| matches!(heard, Heard::Frame(_)))
    );
}

#[test]
fn a_script_ends_the_faults_of_its_own_chat() {
    let script =
        r#"{"on_join": [{"fault": {"effect": "mute_pings"}}, {"wait_ms": 1000}, "clear_faults"]}"#;
    let script = Script::from_json(script).expect("a script");
    let mut bench = Bench::with(|settings| settings.script = script);
    let chat = bench.chat();
    let elsewhere = bench.fault(chat_sim::Effect::MuteHeartbeats);
    let socket = bench.listen(&chat);
    bench.pass_ms(1);
    bench.text(socket, r#"{"topic":"aws/ping"}"#);
    assert_eq!(bench.take(socket), []);
    bench.pass_ms(1_000);
    bench.text(socket, r#"{"topic":"aws/ping"}"#);
    assert_eq!(bench.frames(socket)[0]["statusCode"], 200);
    let active: Vec<_> = bench
        .service
        .faults()
        .filter(|state| state.active)
        .map(|state| state.id)
        .collect();
    assert_eq!(active, [elsewhere]);
}

#[test]
fn a_step_that_has_nothing_to_say_is_done() {
    let script = r#"{"on_join": [
        {"say_many": {"count": 4294967295, "every_ms": 0, "text": ""}},
        {"chatter": {"per_second": 1000, "text": "{message}"}},
        {"say": "done"}
    ]}"#;
    let script = Script::from_json(script).expect("a script");
    let mut bench = Bench::with(|settings| settings.script = script);
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(10);
    assert_eq!(bench.said(socket), ["done"]);
}
