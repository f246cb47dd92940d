//! Faults that lose items, and frames that nobody meant to send.

use chat_sim::{Effect, Fault};
use serde_json::Value;

use crate::bench::{Bench, Chat, Heard, METADATA, SUBSCRIBE, item, target};

const MEBIBYTE: usize = 1024 * 1024;

/// The text of the one frame that a fault makes on a socket of its own.
fn frame_of(seed: u64, effect: Effect) -> (String, Bench, Chat) {
    let mut bench = Bench::seeded(seed, |_| {});
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(effect);
    let heard = bench.take(socket);
    let [Heard::Frame(text)] = heard.as_slice() else {
        panic!("no frame but {heard:?}");
    };
    (text.clone(), bench, chat)
}

#[test]
fn a_dropped_item_is_in_the_transcript() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(Fault::new(Effect::DropItems).once());
    for text in ["a", "b"] {
        bench.send(&chat, text);
    }
    assert_eq!(bench.said(socket), ["b"]);
    let stored: Vec<_> = bench.truth(&chat).transcript()[1..]
        .iter()
        .map(|item| item.content.as_deref())
        .collect();
    assert_eq!(stored, [Some("a"), Some("b")]);
    let published = bench.truth(&chat).published().nth(1).expect("an item");
    assert_eq!(published.sockets, 1);
}

#[test]
fn garbage_has_its_size_and_is_never_json() {
    for bytes in [1, 2, 200] {
        for seed in 0..50 {
            let (text, ..) = frame_of(seed, Effect::GarbageFrame { bytes });
            assert_eq!(text.len(), bytes);
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
        }
    }
    let (text, ..) = frame_of(7, Effect::GarbageFrame { bytes: 0 });
    assert_eq!(text, "");
    let garbage = |seed| frame_of(seed, Effect::GarbageFrame { bytes: 200 }).0;
    assert_eq!(garbage(7), garbage(7));
    assert_ne!(garbage(7), garbage(8));
}

#[test]
fn an_oversized_frame_is_a_message_that_no_transcript_has() {
    let (text, bench, chat) = frame_of(7, Effect::OversizedFrame { bytes: 200_000 });
    assert_eq!(text.len(), 200_000);
    let item = item(&serde_json::from_str(&text).expect("JSON"));
    assert_eq!(item["Type"], "MESSAGE");
    assert_eq!(item["ContactId"], chat.contact.as_str());
    assert!(item["Content"].as_str().expect("a content").len() > 190_000);
    let id = item["Id"].as_str().expect("an id");
    assert!(bench.truth(&chat).item(id).is_none());
    assert_eq!(bench.truth(&chat).published_total(), 1);
}

#[test]
fn frames_of_faults_are_bounded() {
    for effect in [
        Effect::GarbageFrame { bytes: usize::MAX },
        Effect::OversizedFrame { bytes: usize::MAX },
    ] {
        let mut bench = Bench::with(|settings| settings.sockets_per_participant = 9);
        let chat = bench.chat();
        let sockets: Vec<_> = (0..9).map(|_| bench.listen(&chat)).collect();
        let fault = bench.fault(effect);
        let sizes: Vec<usize> = sockets
            .into_iter()
            .flat_map(|socket| bench.take(socket))
            .map(|heard| {
                let Heard::Frame(text) = &heard else {
                    panic!("no frame but {heard:?}");
                };
                text.len()
            })
            .collect();
        assert_eq!(sizes, [16 * MEBIBYTE; 4]);
        assert_eq!(bench.service.fault_hits(fault), 4);
    }
    let (text, ..) = frame_of(7, Effect::OversizedFrame { bytes: 0 });
    let item = item(&serde_json::from_str(&text).expect("JSON"));
    assert_eq!(item["Content"], "");
}

#[test]
fn on_the_socket_of_an_agent_the_items_of_one_contact_can_be_lost() {
    let mut bench = Bench::new();
    let chats = [bench.chat(), bench.chat()];
    let url = bench.service.agent_socket_url(bench.now, "Jo");
    let socket = bench.open(&target(&url.expect("there is room")));
    bench.text(socket, SUBSCRIBE);
    for chat in &chats {
        bench
            .service
            .agent_joins(bench.now, &chat.contact, "Jo")
            .expect("there is room");
    }
    bench.take(socket);
    let fault = bench.inject(Fault::new(Effect::DropItems).in_contact(&chats[0].contact));
    for chat in &chats {
        bench.send(chat, &chat.contact);
    }
    assert_eq!(bench.said(socket), [chats[1].contact.as_str()]);
    assert_eq!(bench.service.fault_hits(fault), 1);
    // A heartbeat is of no contact.
    let beats = Fault::new(Effect::MuteHeartbeats).in_contact(&chats[0].contact);
    bench.inject(beats);
    bench.text(socket, r#"{"topic":"aws/heartbeat"}"#);
    assert_eq!(bench.take(socket).len(), 1);
}

#[test]
fn a_lost_receipt_is_a_lost_item() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let answer = bench.send(&chat, "read me");
    bench
        .service
        .agent_joins(bench.now, &chat.contact, "Jo")
        .expect("there is room");
    bench.take(socket);
    bench.inject(Fault::new(Effect::DropItems).once());
    let id = answer["Id"].as_str().expect("an id");
    for _ in 0..2 {
        bench
            .service
            .agent_reads(bench.now, &chat.contact, id)
            .expect("a receipt");
    }
    let items = bench.items(socket);
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["ContentType"], METADATA);
}
