//! The control API, on virtual time.

use std::time::Duration;

use chat_sim::{Operation, Role};
use http::Method;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, Heard, SUBSCRIBE, contents};

impl Bench {
    /// Puts a request to the control API.
    pub(crate) fn control(&mut self, method: Method, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.raw(method, &format!("/_sim/{path}"), "", &body)
    }

    /// The same; it must succeed.
    pub(crate) fn look(&mut self, path: &str) -> Value {
        let answer = self.control(Method::GET, path, &Value::Null);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// The same, with a body.
    pub(crate) fn act(&mut self, path: &str, body: &Value) -> Value {
        let answer = self.control(Method::POST, path, body);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().expect("a text").to_owned()
}

#[test]
fn a_chat_is_had_from_the_agents_side() {
    let mut bench = Bench::new();
    let started = bench.act("contacts", &json!({ "display_name": "Ana" }));
    let contact = started["contact_id"].as_str().expect("an id").to_owned();
    let token = started["participant_token"].as_str().expect("a token");
    let (url, token) = bench.connect(token);
    let socket = bench.open(&url);
    bench.text(socket, SUBSCRIBE);
    bench.take(socket);

    let at = |act: &str| format!("contacts/{contact}/{act}");
    let joined = bench.act(&at("agent/join"), &json!({ "display_name": "Jo" }));
    bench.act(&at("agent/typing"), &Value::Null);
    let said = bench.act(&at("agent/message"), &json!({ "content": "Hello" }));
    assert_eq!(said["item"]["ParticipantId"], joined["participant_id"]);
    let items = bench.items(socket);
    assert_eq!(items.len(), 3);
    assert_eq!(items[0]["DisplayName"], "Jo");
    assert_eq!(items[2], said["item"]);

    let body = json!({ "ContentType": "text/plain", "Content": "Hi" });
    let sent = bench.get(Operation::SendMessage, &token, &body);
    let message = json!({ "message_id": sent["Id"] });
    bench.act(&at("agent/delivered"), &message);
    bench.act(&at("agent/read"), &message);
    let shown = bench.look(&format!("contacts/{contact}"));
    let receipts = shown["receipts"].as_array().expect("a list");
    assert_eq!(receipts.len(), 1);
    assert_eq!(receipts[0]["message_id"], sent["Id"]);
    assert_eq!(
        receipts[0]["recipient_participant_id"],
        joined["participant_id"]
    );
    assert!(receipts[0]["delivered"].is_string() && receipts[0]["read"].is_string());

    let seat = bench.act(&at("transfer"), &json!({ "to_agent": "Kim" }));
    assert_eq!(seat["initial_contact_id"], contact.as_str());
    assert_ne!(seat["contact_id"], contact.as_str());
    bench.act(&at("agent/join"), &json!({ "display_name": "Kim" }));
    bench.act(&at("agent/leave"), &Value::Null);
    bench.act(&at("end"), &Value::Null);
    let shown = bench.look(&format!("contacts/{contact}"));
    assert_eq!(shown["ended"]["reason"], "agent_ended");
    assert_eq!(shown["contact_ids"], json!([contact, seat["contact_id"]]));
    let names: Vec<&str> = shown["participants"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|who| who["display_name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["Ana", "Jo", "Kim"]);
}

#[test]
fn what_the_flow_and_its_bots_do_is_told_too() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.take(socket);
    let at = |act: &str| format!("contacts/{}/{act}", chat.contact);
    let interactive = "application/vnd.amazonaws.connect.message.interactive";
    bench.act(
        &at("bot/message"),
        &json!({ "content": "{}", "content_type": interactive }),
    );
    bench.act(&at("bot/view"), &json!({ "id": "v1", "name": "Form" }));
    let stream = json!({ "chunks": ["a", "b"], "every_ms": 100 });
    let id = bench.act(&at("bot/stream"), &stream)["id"].clone();
    bench.pass_ms(1_000);
    let event = json!({ "name": "participant_idle", "about": "CUSTOMER" });
    bench.act(&at("events"), &event);
    let named = json!({ "name": { "display_name_updated": "Ana B." } });
    bench.act(&at("events"), &named);
    let items = bench.items(socket);
    assert_eq!(items[0]["ContentType"], interactive);
    assert!(contents(&items)[1].contains("viewToken"));
    let streamed: Vec<&Value> = items.iter().filter(|item| item["Id"] == id).collect();
    assert_eq!(streamed.len(), 3);
    assert_eq!(streamed[2]["Content"], "ab");
    assert_eq!(items[items.len() - 1]["DisplayName"], "Ana B.");

    let seat = json!({ "display_name": "Sam", "role": "SUPERVISOR" });
    let seat = bench.act(&at("seats"), &seat);
    assert!(seat["participant_token"].is_string());
    assert!(
        bench
            .truth(&chat)
            .participants()
            .iter()
            .any(|who| who.role() == Role::Supervisor && who.display_name() == "Sam")
    );
    let url = bench.act("agent-sockets", &json!({ "agent_name": "Jo" }));
    assert!(
        url["url"]
            .as_str()
            .is_some_and(|url| url.starts_with("ws://"))
    );
}

#[test]
fn an_agent_sends_a_file_as_it_is() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let path = format!(
        "/_sim/contacts/{}/agent/attachment?name=a%20b.txt",
        chat.contact
    );
    let request = http::Request::post(path)
        .header("content-type", "text/plain")
        .body(b"\x00\xffhello".to_vec())
        .expect("a request");
    let request = bench.put(request);
    let answer = bench.answer_to(request);
    assert_eq!(answer.status, 200, "{}", answer.text);
    bench.pass_ms(1_000);
    let items = bench.items(socket);
    let file = &items[items.len() - 1]["Attachments"][0];
    assert_eq!(file["AttachmentName"], "a b.txt");
    let id = file["AttachmentId"].as_str().expect("an id");
    assert_eq!(answer.json()["attachment_id"], id);
    assert_eq!(
        bench.service.attachment_bytes(&chat.contact, id),
        Some(&b"\x00\xffhello"[..])
    );
}

#[test]
fn transcript_and_log_are_read_page_by_page() {
    let mut bench = Bench::with(|settings| settings.log_per_contact = 1_500);
    let chat = bench.chat();
    for number in 0..1_700 {
        bench.agent_says(&chat, &number.to_string());
    }
    let path =
        |what: &str, after: &Value| format!("contacts/{}/{what}?after={after}", chat.contact);
    let mut said = Vec::new();
    let mut after = json!(0);
    loop {
        let page = bench.look(&path("transcript", &after));
        let items = page["items"].as_array().expect("a list");
        if items.is_empty() {
            break;
        }
        assert!(items.len() <= 1_000);
        said.extend(contents(items));
        after = page["next"].clone();
    }
    let expected: Vec<String> = (0..1_700).map(|number| number.to_string()).collect();
    assert_eq!(said, expected);

    // The log has forgotten the oldest: 1,701 were published, the agent's joining among them.
    let page = bench.look(&path("published", &json!(0)));
    assert_eq!(page["published"][0]["item"]["Content"], "200");
    assert_eq!(page["next"], 201 + 1_000);
    let page = bench.look(&path("published", &page["next"]));
    assert_eq!(page["next"], 1_701);
    assert_eq!(page["published"][499]["item"]["Content"], "1699");
    assert_eq!(bench.look(&path("published", &json!(9_999)))["next"], 9_999);
}

#[test]
fn sockets_show_what_goes_over_them() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(5_000);
    bench.text(socket, r#"{"topic":"aws/heartbeat"}"#);
    bench.pass_ms(5_000);
    bench.text(socket, r#"{"topic":"aws/ping"}"#);
    let shown = bench.look(&format!("contacts/{}", chat.contact));
    let shown = &shown["sockets"][0];
    assert_eq!(shown["participant_id"], chat.participant.as_str());
    assert_eq!(shown["subscribed"], true);
    assert_eq!(shown["half_open"], false);
    assert_eq!(shown["frames_in"], 3);
    // The answers, and the customer's joining.
    assert_eq!(shown["frames_out"], 4);
    assert_eq!(shown["heartbeats"], 1);
    assert_eq!(shown["pings"], 1);
    let time = |name: &str| shown[name].as_str().expect("a time")[17..].to_owned();
    assert_eq!(time("opened"), "00.000Z");
    assert_eq!(time("last_heartbeat"), "05.000Z");
    assert_eq!(time("last_ping"), "10.000Z");

    let cut = bench.act(
        &format!("contacts/{}/sockets/cut", chat.contact),
        &json!({}),
    );
    assert_eq!(cut, json!({ "cut": 1 }));
    let shown = bench.look(&format!("contacts/{}", chat.contact));
    assert_eq!(shown["sockets"], json!([]));
}

#[test]
fn contacts_are_listed_newest_first() {
    let mut bench = Bench::new();
    for name in ["Ana", "Ben", "Cleo"] {
        bench.act("contacts", &json!({ "display_name": name }));
    }
    let shown = bench.look("contacts?limit=2");
    assert_eq!(shown["total"], 3);
    let contacts = shown["contacts"].as_array().expect("a list");
    assert_eq!(contacts.len(), 2);
    assert_eq!(contacts[0]["customer"], "Cleo");
    assert_eq!(contacts[1]["customer"], "Ben");
}

#[test]
fn faults_are_injected_counted_and_cleared() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let fault = json!({
        "effect": { "answer": { "status": 429, "error_type": "ThrottlingException",
                                "message": "Rate exceeded", "retry_after": 2 } },
        "operation": "SendMessage",
    });
    let id = bench.act("faults", &fault)["fault"].clone();
    let body = json!({ "ContentType": "text/plain", "Content": "Hi" });
    let answer = bench.ask(Operation::SendMessage, &chat.token, &body);
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), "2");
    let shown = bench.look("faults");
    assert_eq!(shown["struck"], json!({ "answer": 1 }));
    assert_eq!(shown["faults"][0]["fault"], id);
    assert_eq!(shown["faults"][0]["active"], true);
    assert_eq!(shown["faults"][0]["struck"], 1);
    assert_eq!(shown["faults"][0]["definition"]["operation"], "SendMessage");

    let path = format!("faults/{id}");
    let cleared = bench.control(Method::DELETE, &path, &Value::Null);
    assert_eq!(cleared.status, 200);
    assert_eq!(bench.look("faults")["faults"][0]["active"], false);
    bench.send(&chat, "through");
    assert_eq!(bench.look("state")["faults_struck"], json!({ "answer": 1 }));
    let cleared = bench.control(Method::DELETE, "faults", &Value::Null);
    assert_eq!(cleared.status, 200);
    let unknown = bench.control(Method::DELETE, "faults/77", &Value::Null);
    assert_eq!(unknown.status, 404);
}

#[test]
fn settings_change_all_at_once_or_not_at_all() {
    let mut bench = Bench::new();
    let before = bench.look("settings");
    let wrong = json!({ "socket_lifetime_ms": 5_000, "quotas": "yes" });
    let refused = bench.control(Method::PATCH, "settings", &wrong);
    assert_eq!(refused.status, 400);
    assert!(error(&refused).contains("quotas must be true or false"));
    assert_eq!(bench.look("settings"), before);

    let right = json!({ "socket_lifetime_ms": 5_000, "quotas": true });
    let changed = bench.control(Method::PATCH, "settings", &right).json();
    assert_eq!(changed["socket_lifetime_ms"], 5_000);
    assert_eq!(bench.look("settings"), changed);
    assert_eq!(bench.look("state")["quotas"], true);
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(5_000);
    assert_eq!(bench.take(socket), [Heard::Closed(1000)]);
}

#[test]
fn the_script_is_replaced_for_what_comes() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.send(&chat, "anybody?");
    bench.pass_ms(1_000);
    let changed = bench.control(Method::PUT, "script", &json!({ "ready": "echo" }));
    assert_eq!(changed.status, 200);
    assert_eq!(bench.look("script"), changed.json());
    assert_eq!(bench.look("state")["script"], "echo");
    bench.take(socket);
    bench.send(&chat, "hello?");
    bench.pass_ms(1_000);
    assert_eq!(bench.said(socket), ["hello?", "hello?"]);

    let own = json!({ "on_message": [{ "steps": [{ "say": "no" }] }] });
    let changed = bench.control(Method::PUT, "script", &own);
    assert_eq!(changed.status, 200);
    assert_eq!(bench.look("state")["script"], "custom");
    for wrong in [json!({ "ready": "nobody" }), json!({ "on_mess": [] })] {
        let refused = bench.control(Method::PUT, "script", &wrong);
        assert_eq!(refused.status, 400, "{wrong}");
    }
    let ready = bench.look("scripts");
    assert!(
        ready["ready"]
            .as_array()
            .is_some_and(|ready| ready.len() >= 4)
    );
}

#[test]
fn time_jumps_and_what_is_due_on_the_way_happens_in_its_order() {
    let mut bench = Bench::new();
    bench.control(Method::PUT, "script", &json!({ "ready": "greeter" }));
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let before = bench.look("state");
    let answer = bench.act("clock", &json!({ "advance_ms": 26 * 3_600_000 }));
    assert_eq!(
        &answer["now"].as_str().expect("a time")[..13],
        "2027-01-16T10"
    );
    let items = bench.items_and_close(socket);
    let stamps: Vec<&str> = items
        .iter()
        .map(|item| item["AbsoluteTime"].as_str().expect("a time"))
        .collect();
    assert!(stamps.is_sorted(), "{stamps:?}");
    // The greeting came in its own second; the chat ended a day and an hour later.
    assert_eq!(contents(&items), ["Hello, how can I help you?"]);
    let ended = bench.look(&format!("contacts/{}", chat.contact));
    assert_eq!(ended["ended"]["reason"], "duration_over");
    assert_eq!(ended["ended"]["at"], "2027-01-16T09:00:00.000Z");
    let after = bench.look("state");
    let up = |state: &Value| state["uptime_ms"].as_u64().expect("a number");
    assert_eq!(up(&after) - up(&before), 26 * 3_600_000);

    for wrong in [
        json!({}),
        json!({ "advance_ms": -1 }),
        json!({ "advance_ms": 604_800_001 }),
    ] {
        let refused = bench.control(Method::POST, "clock", &wrong);
        assert_eq!(refused.status, 400, "{wrong}");
        assert!(error(&refused).contains("advance_ms"));
    }
}

#[test]
fn errors_say_what_to_do() {
    let mut bench = Bench::with(|settings| settings.body_limit = 1_000);
    let chat = bench.chat();
    let contact = &chat.contact;
    let gone = bench.chat().contact;
    let now = bench.now;
    bench.service.end_contact(now, &gone).expect("it goes on");
    bench.drain();
    let long = "x".repeat(1_001);
    for (method, path, body, status, told) in [
        (
            Method::GET,
            "contacts/none".to_owned(),
            json!(null),
            404,
            "StartChatContact",
        ),
        (
            Method::POST,
            "contacts/none/sockets/cut".to_owned(),
            json!({}),
            404,
            "no contact none",
        ),
        (
            Method::POST,
            format!("contacts/{gone}/agent/typing"),
            json!({}),
            409,
            "has ended",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/leave"),
            json!({}),
            409,
            "join first",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/message"),
            json!({}),
            400,
            "content is required",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/message"),
            json!({ "content": 1 }),
            400,
            "a string",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/message"),
            json!({ "content": long }),
            413,
            "1000 bytes",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/dance"),
            json!({}),
            404,
            "openapi.json",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/events"),
            json!({ "name": "nothing" }),
            400,
            "participant_idle",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/bot/view"),
            json!({ "id": "v" }),
            400,
            "name",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/seats"),
            json!({ "display_name": "x", "role": "CUSTOMER" }),
            400,
            "seat",
        ),
        (
            Method::GET,
            format!("contacts/{contact}/transcript?after=x"),
            json!(null),
            400,
            "whole number",
        ),
        (
            Method::DELETE,
            "state".to_owned(),
            json!(null),
            405,
            "GET only",
        ),
        (
            Method::PATCH,
            "faults".to_owned(),
            json!({}),
            405,
            "GET and POST and DELETE",
        ),
        (
            Method::POST,
            "faults".to_owned(),
            json!({ "effect": "nothing" }),
            400,
            "drop_request",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/message"),
            json!({ "content": "x", "contentType": "text/markdown" }),
            400,
            "there are content, content_type",
        ),
        (
            Method::POST,
            format!("contacts/{contact}/agent/typing"),
            json!({ "a": 1 }),
            400,
            "no member a",
        ),
        (
            Method::POST,
            "contacts".to_owned(),
            json!({ "display_name": "" }),
            400,
            "display_name",
        ),
    ] {
        let answer = bench.control(method.clone(), &path, &body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert!(
            error(&answer).contains(told),
            "{method} {path}: {}",
            answer.text
        );
    }
    let elsewhere = bench.raw(Method::GET, "/_simulator", "", b"");
    assert_eq!(elsewhere.error_type(), "UnknownOperationException");
}

#[test]
fn looking_changes_nothing_that_clients_see() {
    let run = |look: bool| {
        let mut bench = Bench::new();
        let chat = bench.chat();
        let socket = bench.listen(&chat);
        for number in 0..5 {
            if look {
                bench.look("state");
                bench.look("contacts");
                bench.look(&format!("contacts/{}", chat.contact));
                bench.look("faults");
            }
            bench.send(&chat, &number.to_string());
            bench.pass(Duration::from_secs(1));
        }
        (
            bench.take(socket),
            bench.service.requests(Operation::SendMessage),
        )
    };
    assert_eq!(run(true), run(false));
}

#[test]
fn no_fault_strikes_the_control_api() {
    let mut bench = Bench::new();
    for effect in [json!("stall"), json!({ "delay": { "by_ms": 1_000 } })] {
        bench.act("faults", &json!({ "effect": effect }));
    }
    assert_eq!(bench.look("state")["contacts"], 0);
}
