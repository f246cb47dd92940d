//! What the flow and its bots say, at once or word by word, and the views they show.

use std::time::Duration;

use chat_sim::{ControlError, Operation, ResponseMode, Script, View};
use http::Method;
use serde_json::{Value, json};

use crate::bench::{Bench, Chat};

const EVERY: Duration = Duration::from_millis(100);

fn stream(bench: &mut Bench, chat: &Chat, chunks: &[&str]) -> Result<String, ControlError> {
    let id = bench
        .service
        .bot_streams(bench.now, &chat.contact, chunks, EVERY);
    bench.drain();
    id
}

fn transcript(bench: &mut Bench, chat: &Chat) -> Vec<Value> {
    let body = json!({ "SortOrder": "ASCENDING" });
    let answer = bench.get(Operation::GetTranscript, &chat.token, &body);
    answer["Transcript"].as_array().expect("a list").clone()
}

#[test]
fn a_message_comes_in_chunks_under_one_id_and_then_whole() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let id = stream(&mut bench, &chat, &["Good ", "morn", "ing"]).expect("it can be said");
    assert_eq!(bench.items(socket).len(), 1, "the first comes at once");
    bench.pass(EVERY * 2);
    assert_eq!(
        transcript(&mut bench, &chat).len(),
        1,
        "chunks are not kept"
    );
    bench.pass(EVERY);

    let published: Vec<Value> = bench
        .truth(&chat)
        .published()
        .skip(1)
        .map(|published| json!(*published.item))
        .collect();
    let told: Vec<_> = published
        .iter()
        .map(|item| (item["Content"].clone(), item["MessageMetadata"].clone()))
        .collect();
    let chunk = |number: u32| json!({ "MessageCompleted": false, "ChunkNumber": number });
    assert_eq!(
        told,
        [
            (json!("Good "), chunk(1)),
            (json!("morn"), chunk(2)),
            (json!("ing"), chunk(3)),
            (json!("Good morning"), json!({ "MessageCompleted": true })),
        ]
    );
    for item in &published {
        assert_eq!(item["Id"], id.as_str());
        assert_eq!(item["ParticipantRole"], "SYSTEM");
    }
    assert_eq!(bench.items(socket), published[1..]);
    let mut whole = published[3].clone();
    let members = whole.as_object_mut().expect("an object");
    members.remove("InitialContactId");
    members.remove("MessageMetadata");
    assert_eq!(transcript(&mut bench, &chat)[1..], [whole]);
}

#[test]
fn a_customer_who_wants_whole_messages_gets_them() {
    let mut bench = Bench::new();
    let body = |mode: &str| {
        json!({
            "InstanceId": "i", "ContactFlowId": "f", "ParticipantDetails": { "DisplayName": "Ana" },
            "ParticipantConfiguration": { "ResponseMode": mode },
        })
    };
    let refused = bench.ask(Operation::StartChatContact, "", &body("SLOW"));
    assert_eq!(refused.error_type(), "InvalidParameterException");
    for (mode, frames) in [("INCREMENTAL", 3), ("COMPLETE", 1)] {
        let started = bench.get(Operation::StartChatContact, "", &body(mode));
        let contact = started["ContactId"].as_str().expect("an id").to_owned();
        bench
            .service
            .bot_streams(bench.now, &contact, &["a", "b"], EVERY)
            .expect("it can be said");
        bench.pass(EVERY * 2);
        let contact = bench.service.contact(&contact).expect("it is known");
        assert_eq!(contact.published().len(), frames, "{mode}");
        let last = contact.transcript().last().expect("it was said");
        assert_eq!(last.content.as_deref(), Some("ab"));
        assert_eq!(last.message_metadata.is_some(), mode == "INCREMENTAL");
    }
}

#[test]
fn a_message_under_way_ends_with_the_chat() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    stream(&mut bench, &chat, &["a", "b", "c"]).expect("it can be said");
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("it goes on");
    bench.items(socket);
    bench.pass_ms(500);
    assert_eq!(bench.take(socket), []);
    assert!(stream(&mut bench, &chat, &["a"]).is_err());
}

#[test]
fn what_cannot_be_streamed_is_refused() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let long = "x".repeat(10_000);
    for chunks in [&[][..], &[""], &["a", ""], &[long.as_str(), &long]] {
        assert!(stream(&mut bench, &chat, chunks).is_err());
    }
    for _ in 0..100 {
        stream(&mut bench, &chat, &["a"]).expect("a hundred may be under way");
    }
    assert!(stream(&mut bench, &chat, &["a"]).is_err());
    bench.pass_ms(500);
    assert_eq!(bench.truth(&chat).transcript().len(), 100);
}

#[test]
fn a_bot_takes_no_place_among_the_participants() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.listen(&chat);
    bench.agent_says(&chat, "x");
    let message = bench
        .service
        .bot_sends(bench.now, &chat.contact, "text/markdown", "*y*")
        .expect("it can be said");
    let body = json!({
        "ContentType": crate::bench::READ,
        "Content": json!({ "messageId": message.id }).to_string(),
    });
    // Receipts are for two; the bot is not counted.
    bench.get(Operation::SendEvent, &chat.token, &body);
}

#[test]
fn a_script_streams_events_and_views() {
    let script = r#"{"on_message": [{"steps": [
        {"stream": {"text": "Grüße, {message}", "chunks": 3, "every_ms": 100}},
        {"event": {"name": "participant_idle"}},
        {"event": {"name": "participant_idle", "about": "SUPERVISOR"}},
        {"event": {"name": {"display_name_updated": "Ana B."}}},
        {"show_view": {"id": "v1", "name": "Form"}},
        {"send": {"content_type": "application/json", "content": "{}"}},
        {"say": "done"}
    ]}]}"#;
    let script = Script::from_json(script).expect("a script");
    let written = serde_json::to_string(&script).expect("JSON");
    assert_eq!(Script::from_json(&written).expect("a script"), script);
    let mut bench = Bench::with(|settings| {
        settings.script = script;
        settings.unspecified_response_mode = ResponseMode::Incremental;
    });
    let chat = bench.chat();
    bench.send(&chat, "Ana");
    bench.pass_ms(1_000);
    let said: Vec<_> = bench
        .truth(&chat)
        .published()
        .map(|published| {
            let item = &published.item;
            let name = item.content_type.rsplit('.').next().expect("a name");
            (name.to_owned(), item.content.clone().unwrap_or_default())
        })
        .collect();
    let words: Vec<_> = said.iter().map(|(_, content)| content.as_str()).collect();
    assert_eq!(words[1..5], ["Grüß", "e, A", "na", "Grüße, Ana"]);
    let names: Vec<_> = said.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names[5..],
        [
            "idle",
            "updated",
            "interactive",
            "application/json",
            "joined",
            "text/plain"
        ]
    );
    let customer = &bench.truth(&chat).participants()[0];
    assert_eq!(customer.display_name(), "Ana B.");
}

#[test]
fn the_streaming_bot_answers_in_chunks() {
    let mut bench = Bench::with(|settings| settings.script = Script::streaming_bot());
    let chat = bench.chat();
    bench.send(&chat, "one");
    bench.send(&chat, "two");
    bench.pass_ms(3_000);
    assert_eq!(bench.truth(&chat).published().len(), 2 + 2 * 11);
    let transcript = bench.truth(&chat).transcript();
    assert_eq!(transcript.len(), 4);
    let last = transcript[3].content.as_deref();
    assert!(last.is_some_and(|content| content.ends_with("two")));
}

fn view() -> View {
    View {
        id: "form:1".to_owned(),
        name: "Form".to_owned(),
        version: 3,
        input_schema: r#"{"type":"object"}"#.to_owned(),
        template: "{}".to_owned(),
        actions: vec!["Submit".to_owned()],
    }
}

/// The path of DescribeView for the token in an item.
fn path(content: &str) -> String {
    let content: Value = serde_json::from_str(content).expect("JSON");
    let token = content["data"]["content"]["viewToken"].as_str();
    let escaped = token
        .expect("a token")
        .replace('/', "%2F")
        .replace('+', "%2b")
        .replace('=', "%3D");
    format!("/participant/views/{escaped}")
}

#[test]
fn a_view_that_was_shown_can_be_described_by_its_token() {
    let mut bench = Bench::new();
    let (chat, other) = (bench.chat(), bench.chat());
    let item = bench
        .service
        .bot_shows_view(bench.now, &chat.contact, &view())
        .expect("it can be shown");
    assert!(item.content_type.ends_with("message.interactive"));
    let path = path(&item.content.expect("a content"));
    let answer = bench.raw(Method::GET, &path, &chat.token, b"");
    assert_eq!(answer.status, 200, "{}", answer.text);
    let described = &answer.json()["View"];
    assert_eq!(
        (&described["Id"], &described["Name"], &described["Version"]),
        (&json!("form:1"), &json!("Form"), &json!(3))
    );
    assert_eq!(
        described["Content"],
        json!({ "InputSchema": r#"{"type":"object"}"#, "Template": "{}", "Actions": ["Submit"] })
    );
    assert_eq!(bench.service.requests(Operation::DescribeView), 1);

    let foreign = bench.raw(Method::GET, &path, &other.token, b"");
    assert_eq!(foreign.error_type(), "ResourceNotFoundException");
    let long = format!("/participant/views/{}", "x".repeat(1_001));
    for path in [
        long.as_str(),
        "/participant/views/%zz",
        "/participant/views/%",
    ] {
        let answer = bench.raw(Method::GET, path, &chat.token, b"");
        assert_eq!(answer.error_type(), "ValidationException", "{path}");
    }
    let stranger = bench.raw(Method::GET, &path, "", b"");
    assert_eq!(stranger.status, 403);
}

#[test]
fn a_view_that_the_service_would_not_have_is_refused() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let changes: [fn(&mut View); 4] = [
        |view| view.id = "a b".to_owned(),
        |view| view.id.clear(),
        |view| view.name = "x".repeat(256),
        |view| view.actions.push(String::new()),
    ];
    for change in changes {
        let mut view = view();
        change(&mut view);
        let shown = bench
            .service
            .bot_shows_view(bench.now, &chat.contact, &view);
        assert!(shown.is_err(), "{view:?}");
    }
    assert_eq!(bench.truth(&chat).transcript().len(), 0);
}
