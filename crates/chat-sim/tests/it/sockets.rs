//! WebSockets: topics, who gets which item, closing.

use chat_sim::SocketId;
use serde_json::{Value, json};

use crate::bench::{Bench, Heard, JOINED, SUBSCRIBE};

fn none() -> [Value; 0] {
    []
}

#[test]
fn subscribing_is_acknowledged_and_joins_the_customer() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.text(socket, SUBSCRIBE);
    let frames = bench.frames(socket);
    assert_eq!(
        frames[0],
        json!({ "topic": "aws/subscribe", "content": { "status": "success", "topics": ["aws/chat"] } })
    );
    let joined = crate::bench::item(&frames[1]);
    assert_eq!(joined["ContentType"], JOINED);
    assert_eq!(joined["Type"], "EVENT");
    assert_eq!(joined["ParticipantRole"], "CUSTOMER");
    assert_eq!(frames.len(), 2);

    bench.text(socket, SUBSCRIBE);
    assert_eq!(bench.frames(socket).len(), 1);
    assert_eq!(bench.stored_types(&chat), [JOINED]);
}

#[test]
fn unknown_topics_cannot_be_subscribed_to() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    for topics in [
        json!([]),
        json!(["aws/other"]),
        json!(["aws/chat", "aws/other"]),
        json!("aws/chat"),
        json!([1]),
        json!(null),
    ] {
        let frame = json!({ "topic": "aws/subscribe", "content": { "topics": topics } });
        bench.text(socket, &frame.to_string());
        let frames = bench.frames(socket);
        assert_eq!(frames[0]["content"]["status"], "failure", "{topics}");
        assert_eq!(frames.len(), 1);
    }
    bench.send(&chat, "unheard");
    assert_eq!(bench.items(socket), none());
}

#[test]
fn heartbeats_and_pings_are_answered() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.text(socket, r#"{"topic": "aws/heartbeat"}"#);
    bench.text(socket, r#"{"topic": "aws/ping"}"#);
    assert_eq!(
        bench.frames(socket),
        [
            json!({ "topic": "aws/heartbeat" }),
            json!({ "topic": "aws/ping", "statusCode": 200, "statusContent": "OK" }),
        ]
    );
}

#[test]
fn what_follows_the_json_is_ignored() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.text(socket, &format!("{SUBSCRIBE})"));
    assert_eq!(bench.frames(socket)[0]["content"]["status"], "success");
}

#[test]
fn anything_else_is_forbidden() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    for text in [
        "",
        "x",
        "{",
        "[]",
        "{}",
        r#"{"topic":1}"#,
        r#"{"topic":"aws/chat"}"#,
        r#"{"topic":"aws/elsewhere"}"#,
    ] {
        bench.text(socket, text);
        let frames = bench.frames(socket);
        assert_eq!(frames.len(), 1, "{text}");
        assert_eq!(frames[0]["message"], "Forbidden");
        assert!(frames[0]["connectionId"].is_string());
        assert!(frames[0]["requestId"].is_string());
    }
}

#[test]
fn a_frame_beyond_the_limit_closes_the_socket() {
    let mut bench = Bench::with(|settings| settings.frame_limit = 100);
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.text(socket, &" ".repeat(100));
    assert_eq!(bench.frames(socket).len(), 1);
    bench.text(socket, &" ".repeat(101));
    assert_eq!(bench.take(socket), [Heard::Closed(1009)]);
}

#[test]
fn every_subscribed_socket_of_the_chat_gets_every_item() {
    let mut bench = Bench::new();
    let (chat, other) = (bench.chat(), bench.chat());
    let sockets: Vec<SocketId> = (0..3).map(|_| bench.listen(&chat)).collect();
    let elsewhere = bench.listen(&other);
    bench.take(sockets[0]);
    bench.send(&chat, "mine");
    bench.agent_says(&chat, "yours");
    for socket in &sockets {
        let items = bench.items(*socket);
        let types: Vec<_> = items.iter().map(|item| &item["Type"]).collect();
        assert_eq!(types, ["MESSAGE", "EVENT", "MESSAGE"]);
    }
    assert_eq!(bench.items(elsewhere), none());
    assert!(
        bench
            .truth(&chat)
            .published()
            .skip(1)
            .all(|published| published.sockets == 3)
    );
}

#[test]
fn what_is_published_while_nobody_listens_is_not_queued() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let first = bench.listen(&chat);
    bench.send(&chat, "1");
    assert_eq!(bench.said(first), ["1"]);
    bench.service.handle_closed(bench.now, first);
    bench.send(&chat, "2");
    let (url, _) = bench.connect(&chat.participant_token);
    let second = bench.open(&url);
    bench.send(&chat, "3");
    bench.text(second, SUBSCRIBE);
    assert_eq!(bench.frames(second).len(), 1);
    bench.send(&chat, "4");
    assert_eq!(bench.said(second), ["4"]);
    assert_eq!(bench.take(first), []);
}

#[test]
fn sockets_that_are_not_known_are_ignored() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.service.handle_closed(bench.now, socket);
    bench.text(socket, SUBSCRIBE);
    bench.text(SocketId(999), SUBSCRIBE);
    bench.service.handle_closed(bench.now, socket);
    assert_eq!(bench.take(socket), []);
    assert_eq!(bench.take(SocketId(999)), []);
    assert!(bench.stored_types(&chat).is_empty());
}

#[test]
fn cutting_sockets_ends_those_of_the_contact_at_once() {
    let mut bench = Bench::new();
    let (chat, other) = (bench.chat(), bench.chat());
    let sockets = [bench.listen(&chat), bench.listen(&chat)];
    let elsewhere = bench.listen(&other);
    assert_eq!(bench.service.cut_sockets(bench.now, &chat.contact), 2);
    for socket in sockets {
        assert_eq!(bench.take(socket), [Heard::Aborted]);
    }
    assert_eq!(bench.take(elsewhere), []);
    assert_eq!(bench.service.cut_sockets(bench.now, &chat.contact), 0);
    assert_eq!(bench.service.cut_sockets(bench.now, "unknown"), 0);
    assert_eq!(bench.service.open_sockets(), 1);
}
