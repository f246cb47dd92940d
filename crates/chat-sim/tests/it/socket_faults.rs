//! Faults on handshakes and sockets.

use std::time::Duration;

use chat_sim::{CutWhen, Effect, Fault};
use serde_json::{Value, json};

use crate::bench::{Bench, Heard, SUBSCRIBE};

const HEARTBEAT: &str = r#"{"topic":"aws/heartbeat"}"#;
const PING: &str = r#"{"topic":"aws/ping"}"#;

fn none() -> [&'static str; 0] {
    []
}

#[test]
fn a_refused_handshake_leaves_the_url_usable() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.inject(Fault::new(Effect::RefuseHandshake { status: 503 }).once());
    let socket = bench.knock(&chat.url);
    assert_eq!(bench.take(socket), [Heard::Refused(503)]);
    bench.open(&chat.url);
}

#[test]
fn a_stalled_handshake_is_never_answered() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.inject(
        Fault::new(Effect::StallHandshake)
            .in_contact(&chat.contact)
            .once(),
    );
    let socket = bench.knock(&chat.url);
    bench.pass_ms(60_000);
    assert_eq!(bench.take(socket), []);
    bench.service.handle_closed(bench.now, socket);
    bench.open(&chat.url);
}

#[test]
fn a_socket_is_cut_at_once() {
    let mut bench = Bench::new();
    let (chat, other) = (bench.chat(), bench.chat());
    let (socket, elsewhere) = (bench.listen(&chat), bench.listen(&other));
    let cut = Effect::CutSocket { when: CutWhen::Now };
    let fault = bench.inject(
        Fault::new(cut)
            .in_contact(&chat.contact)
            .after(Duration::from_millis(250)),
    );
    bench.pass_ms(249);
    assert_eq!(bench.take(socket), []);
    bench.pass_ms(1);
    assert_eq!(bench.take(socket), [Heard::Aborted]);
    assert_eq!(bench.take(elsewhere), []);
    assert_eq!(bench.service.fault_hits(fault), 1);
    // It is spent: the next socket lives.
    let next = bench.listen(&chat);
    bench.pass_ms(1_000);
    assert_eq!(bench.take(next), []);
}

#[test]
fn a_socket_is_cut_when_the_next_item_should_go_out() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(
        Fault::new(Effect::CutSocket {
            when: CutWhen::NextItem,
        })
        .once(),
    );
    bench.text(socket, HEARTBEAT);
    assert_eq!(bench.frames(socket).len(), 1);
    bench.send(&chat, "x");
    assert_eq!(bench.take(socket), [Heard::Aborted]);
    assert_eq!(bench.truth(&chat).transcript().len(), 2);
    let published = bench.truth(&chat).published().last().expect("an item");
    assert_eq!(published.sockets, 1);
}

#[test]
fn sockets_are_closed_with_a_code_as_many_as_told() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let sockets = [bench.listen(&chat), bench.listen(&chat)];
    bench.take(sockets[0]);
    bench.inject(Fault::new(Effect::CloseSocket { code: 4000 }).once());
    assert_eq!(bench.take(sockets[0]), [Heard::Closed(4000)]);
    assert_eq!(bench.take(sockets[1]), []);
}

#[test]
fn a_half_open_socket_is_deaf_and_dumb_but_there() {
    let mut bench = Bench::with(|settings| settings.socket_lifetime = Duration::from_secs(60));
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(Effect::HalfOpen);
    assert_eq!(bench.take(socket), [Heard::Frozen]);
    bench.send(&chat, "x");
    bench.text(socket, HEARTBEAT);
    bench.text(socket, SUBSCRIBE);
    bench.service.clear_faults();
    bench.text(socket, PING);
    assert_eq!(bench.take(socket), []);
    assert_eq!(bench.truth(&chat).open_sockets(), 1);
    let published = bench.truth(&chat).published().last().expect("an item");
    assert_eq!(published.sockets, 1);

    let healthy = bench.listen(&chat);
    bench.send(&chat, "y");
    assert_eq!(bench.said(healthy), ["y"]);
    bench.pass_ms(60_000);
    assert_eq!(bench.take(socket), [Heard::Aborted]);
}

#[test]
fn a_half_open_socket_cannot_subscribe() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.fault(Effect::HalfOpen);
    bench.text(socket, SUBSCRIBE);
    assert!(bench.stored_types(&chat).is_empty());
}

#[test]
fn half_open_sockets_take_no_place_but_do_not_pile_up() {
    let mut bench = Bench::with(|settings| settings.sockets_per_participant = 2);
    let chat = bench.chat();
    let mut frozen = Vec::new();
    for _ in 0..2 {
        frozen.push(bench.listen(&chat));
        bench.fault(Effect::HalfOpen);
    }
    bench.take(frozen[0]);
    bench.listen(&chat);
    assert_eq!(bench.take(frozen[0]), [Heard::Aborted]);
    assert_eq!(bench.truth(&chat).open_sockets(), 2);
}

#[test]
fn heartbeats_and_pings_can_be_muted_apart() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(Fault::new(Effect::MuteHeartbeats).once());
    bench.text(socket, HEARTBEAT);
    bench.text(socket, PING);
    let topics: Vec<Value> = bench
        .frames(socket)
        .iter()
        .map(|frame| frame["topic"].clone())
        .collect();
    assert_eq!(topics, ["aws/ping"]);
    bench.inject(Fault::new(Effect::MutePings).once());
    bench.text(socket, PING);
    bench.text(socket, HEARTBEAT);
    assert_eq!(bench.frames(socket), [json!({ "topic": "aws/heartbeat" })]);
}

#[test]
fn pings_can_be_answered_badly() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(Effect::BadPong {
        status_code: 500,
        status_content: "ERROR".to_owned(),
    });
    bench.text(socket, PING);
    assert_eq!(
        bench.frames(socket),
        [json!({ "topic": "aws/ping", "statusCode": 500, "statusContent": "ERROR" })]
    );
}

#[test]
fn subscribing_can_be_muted_or_fail() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench.inject(Fault::new(Effect::MuteSubscribe).once());
    bench.inject(Fault::new(Effect::FailSubscribe).once());
    bench.text(socket, SUBSCRIBE);
    assert_eq!(bench.take(socket), []);
    bench.text(socket, SUBSCRIBE);
    let frames = bench.frames(socket);
    assert_eq!(frames[0]["content"]["status"], "failure");
    bench.send(&chat, "unheard");
    assert_eq!(bench.take(socket), []);
    bench.text(socket, SUBSCRIBE);
    assert_eq!(bench.frames(socket)[0]["content"]["status"], "success");
}

#[test]
fn items_can_come_twice() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(Fault::new(Effect::DuplicateItems).once());
    bench.send(&chat, "a");
    bench.send(&chat, "b");
    assert_eq!(bench.said(socket), ["a", "a", "b"]);
    assert_eq!(bench.truth(&chat).transcript().len(), 3);
}

#[test]
fn an_item_can_come_after_the_next() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(Fault::new(reorder(10_000)).once());
    for text in ["a", "b", "c"] {
        bench.send(&chat, text);
    }
    assert_eq!(bench.said(socket), ["b", "a", "c"]);
    bench.pass_ms(20_000);
    assert_eq!(bench.said(socket), none());
}

#[test]
fn a_held_item_comes_in_time_when_no_other_does() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(Fault::new(reorder(400)).once());
    bench.send(&chat, "a");
    bench.pass_ms(399);
    assert_eq!(bench.said(socket), none());
    bench.pass_ms(1);
    assert_eq!(bench.said(socket), ["a"]);
}

fn reorder(within: u64) -> Effect {
    Effect::ReorderItems {
        within: Duration::from_millis(within),
    }
}

#[test]
fn items_can_come_late_and_a_close_brings_them_first() {
    let mut bench = Bench::with(|settings| settings.socket_lifetime = Duration::from_secs(60));
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(Effect::DelayItems {
        by: Duration::from_millis(500),
    });
    bench.send(&chat, "a");
    bench.send(&chat, "b");
    bench.pass_ms(499);
    assert_eq!(bench.said(socket), none());
    bench.pass_ms(1);
    assert_eq!(bench.said(socket), ["a", "b"]);

    bench.pass_ms(59_400);
    bench.send(&chat, "c");
    bench.pass_ms(100);
    let heard = bench.take(socket);
    assert!(matches!(heard[0], Heard::Frame(_)));
    assert_eq!(heard[1], Heard::Closed(1000));
}

#[test]
fn a_socket_that_holds_too_much_is_cut() {
    let mut bench = Bench::with(|settings| settings.held_frames_per_socket = 2);
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(Effect::DelayItems {
        by: Duration::from_secs(60),
    });
    for text in ["a", "b"] {
        bench.send(&chat, text);
    }
    assert_eq!(bench.take(socket), []);
    bench.send(&chat, "c");
    assert_eq!(bench.take(socket), [Heard::Aborted]);
    bench.pass_ms(60_000);
    assert_eq!(bench.take(socket), []);
}

#[test]
fn garbage_can_be_sent() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(Effect::RawFrame {
        text: "{not json".to_owned(),
    });
    assert_eq!(bench.take(socket), [Heard::Frame("{not json".to_owned())]);
    bench.send(&chat, "x");
    assert_eq!(bench.said(socket), ["x"]);
}
