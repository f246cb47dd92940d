//! The service never holds more than it may, and goes on serving.

use std::time::Duration;

use chat_sim::{ControlError, Effect, Operation, Role, Script};
use proptest::prelude::*;
use serde_json::json;

use crate::bench::{Bench, Chat, Heard, TYPING};

const LIMIT: usize = 1_000_000;

fn small() -> Bench {
    Bench::with(|settings| settings.memory = LIMIT)
}

fn fill(bench: &mut Bench, chat: &Chat) -> usize {
    let body = json!({ "ContentType": "text/plain", "Content": "x".repeat(10_000) });
    for sent in 0.. {
        let answer = bench.ask(Operation::SendMessage, &chat.token, &body);
        if answer.status != 200 {
            assert_eq!(
                (answer.status, answer.error_type()),
                (400, "ValidationException")
            );
            assert!(answer.message().contains("Settings::memory"));
            return sent;
        }
        assert!(bench.service.memory() <= LIMIT);
    }
    unreachable!()
}

#[test]
fn a_service_that_is_full_refuses_and_lets_live_chats_end() {
    let mut bench = small();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let sent = fill(&mut bench, &chat);
    assert!((60..100).contains(&sent), "{sent}");
    bench.take(socket);

    let full = |result| matches!(result, Err(ControlError::MemoryFull(_)));
    assert!(full(bench.service.start_chat(bench.now, "Ben").map(|_| ())));
    assert!(full(
        bench
            .service
            .agent_joins(bench.now, &chat.contact, "Jo")
            .map(|_| ())
    ));
    assert!(full(
        bench
            .service
            .seat_agent(bench.now, &chat.contact, "Jo", Role::Agent)
            .map(|_| ())
    ));
    let start = json!({
        "InstanceId": "i", "ContactFlowId": "f", "ParticipantDetails": { "DisplayName": "Ana" },
    });
    let answer = bench.ask(Operation::StartChatContact, "", &start);
    assert_eq!(
        (answer.status, answer.error_type()),
        (429, "LimitExceededException")
    );
    let connect = json!({ "Type": ["WEBSOCKET"] });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.ask(operation, &chat.participant_token, &connect);
    assert_eq!(answer.status, 400);

    // What cannot be refused goes out, and the end of a chat makes room.
    bench.get(Operation::GetTranscript, &chat.token, &json!({}));
    bench.get(
        Operation::SendEvent,
        &chat.token,
        &json!({ "ContentType": TYPING }),
    );
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    assert_eq!(bench.frames(socket).len(), 3);
    assert!(bench.service.memory() <= LIMIT);
    bench.chat();
    assert!(bench.service.contact(&chat.contact).is_none());
    assert!(bench.service.memory() < LIMIT / 10);
}

#[test]
fn the_chats_that_ended_first_make_room() {
    let mut bench = small();
    let mut chats = Vec::new();
    for _ in 0..30 {
        let chat = bench.chat();
        for _ in 0..10 {
            bench.send(&chat, &"x".repeat(10_000));
        }
        bench
            .service
            .end_contact(bench.now, &chat.contact)
            .expect("it goes on");
        assert!(bench.service.memory() <= LIMIT);
        chats.push(chat);
    }
    let known: Vec<bool> = chats
        .iter()
        .map(|chat| bench.service.contact(&chat.contact).is_some())
        .collect();
    assert!(known.windows(2).all(|pair| pair[0] <= pair[1]), "{known:?}");
    assert!(!known[0] && known[29]);
}

#[test]
fn what_is_only_logged_makes_room_for_what_is_said() {
    let mut bench = small();
    let chat = bench.chat();
    for _ in 0..5_000 {
        bench.get(
            Operation::SendEvent,
            &chat.token,
            &json!({ "ContentType": TYPING }),
        );
        assert!(bench.service.memory() <= LIMIT);
    }
    let truth = bench.truth(&chat);
    assert_eq!(truth.published_total(), 5_000);
    assert_eq!(truth.sends_total(), 5_000);
    assert!(truth.published().len() < 2_000);
}

#[test]
fn what_faults_hold_back_is_bounded_too() {
    let mut bench = small();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.fault(Effect::DelayItems {
        by: Duration::from_secs(60),
    });
    let content = "x".repeat(16_000);
    for _ in 0..20 {
        bench.send(&chat, &content);
        assert!(bench.service.memory() <= LIMIT);
    }
    let body = json!({ "ContentType": "text/plain", "Content": content });
    while bench.ask(Operation::SendMessage, &chat.token, &body).status == 200 {
        assert!(bench.service.memory() <= LIMIT);
    }
    // A frame needs less room than a message: the socket may still hold some more.
    for _ in 0..200 {
        bench.get(
            Operation::SendEvent,
            &chat.token,
            &json!({ "ContentType": TYPING }),
        );
        assert!(bench.service.memory() <= LIMIT);
    }
    assert_eq!(bench.take(socket), [Heard::Aborted]);
    assert_eq!(bench.service.cut_off().get("held_frames"), Some(&1));

    let mut bench = small();
    let chat = bench.chat();
    bench.fault(Effect::Delay {
        by: Duration::from_secs(60),
    });
    let transcript = json!({ "MaxResults": 100 });
    for _ in 0..20 {
        bench.call(Operation::SendMessage, &chat.token, &body);
    }
    let asked: Vec<_> = (0..20)
        .map(|_| {
            let asked = bench.call(Operation::GetTranscript, &chat.token, &transcript);
            assert!(bench.service.memory() <= LIMIT);
            asked
        })
        .collect();
    let at_once = asked
        .iter()
        .filter(|asked| bench.reply_to(**asked).is_some())
        .count();
    assert!((1..20).contains(&at_once), "{at_once}");
    bench.pass_ms(60_000);
    assert!(asked.iter().all(|asked| bench.reply_to(*asked).is_some()));
}

#[test]
fn a_held_frame_that_went_out_leaves_nothing_to_do() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let due = bench.service.poll_timeout();
    let fault = bench.fault(Effect::ReorderItems {
        within: Duration::from_secs(10),
    });
    bench.send(&chat, "1");
    assert_ne!(bench.service.poll_timeout(), due);
    bench.service.clear_fault(fault);
    bench.send(&chat, "2");
    assert_eq!(bench.said(socket), ["2", "1"]);
    assert_eq!(bench.service.poll_timeout(), due);
}

#[test]
fn however_often_a_content_type_is_named_it_is_kept_once() {
    let mut bench = Bench::new();
    let start = |types: Vec<&str>| {
        json!({
            "InstanceId": "i",
            "ContactFlowId": "f",
            "ParticipantDetails": { "DisplayName": "Ana" },
            "SupportedMessagingContentTypes": types,
        })
    };
    bench.get(Operation::StartChatContact, "", &start(vec!["text/plain"]));
    let once = bench.service.memory();
    let many = start(vec!["text/plain"; 10_000]);
    bench.get(Operation::StartChatContact, "", &many);
    assert_eq!(bench.service.memory(), 2 * once);
}

#[test]
fn what_is_due_all_at_once_comes_in_parts() {
    let mut bench = Bench::with(|settings| {
        settings.script = Script::from_json(
            r#"{"on_join": [{"say_many": {"count": 100000, "every_ms": 0, "text": "{n}"}}]}"#,
        )
        .expect("a script");
        settings.items_per_contact = 1_000;
    });
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.service.handle_timeout(bench.now);
    let mut outputs = 0;
    while bench.service.poll_output().is_some() {
        outputs += 1;
    }
    assert!((50..=200).contains(&outputs), "{outputs}");
    assert_eq!(bench.service.poll_timeout(), Some(bench.now));
    bench.pass_ms(1);
    assert_eq!(bench.truth(&chat).transcript().len(), 1_000);
    assert!(!bench.take(socket).is_empty());
}

#[derive(Debug, Clone)]
enum Move {
    Start,
    Connect(usize),
    Send(usize, usize),
    Type(usize),
    AgentSays(usize, usize),
    Stream(usize, usize),
    Seat(usize),
    Leave(usize),
    End(usize),
    Delay(bool),
    Pass(u64),
}

fn any_move() -> impl Strategy<Value = Move> {
    let size = prop_oneof![1_usize..200, 1_000_usize..16_000];
    prop_oneof![
        2 => Just(Move::Start),
        2 => any::<usize>().prop_map(Move::Connect),
        8 => (any::<usize>(), size.clone()).prop_map(|(chat, size)| Move::Send(chat, size)),
        3 => any::<usize>().prop_map(Move::Type),
        4 => (any::<usize>(), size.clone()).prop_map(|(chat, size)| Move::AgentSays(chat, size)),
        1 => (any::<usize>(), size).prop_map(|(chat, size)| Move::Stream(chat, size)),
        1 => any::<usize>().prop_map(Move::Seat),
        1 => any::<usize>().prop_map(Move::Leave),
        1 => any::<usize>().prop_map(Move::End),
        1 => any::<bool>().prop_map(Move::Delay),
        1 => (0_u64..3_000).prop_map(Move::Pass),
    ]
}

fn play(bench: &mut Bench, chats: &mut Vec<(String, String, String)>, step: Move) {
    let pick = |chats: &[(String, String, String)], number: usize| {
        let none = (String::new(), String::new(), String::new());
        chats
            .get(number % chats.len().max(1))
            .cloned()
            .unwrap_or(none)
    };
    // Whatever is refused here is refused because of the moves before.
    match step {
        Move::Start => {
            if let Ok(started) = bench.service.start_chat(bench.now, "Ana") {
                chats.push((started.contact_id, started.participant_token, String::new()));
            }
        }
        Move::Connect(number) => {
            let (_, token, _) = pick(chats, number);
            let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
            let request = bench.call(Operation::CreateParticipantConnection, &token, &body);
            let Some(crate::bench::Reply::Answer(answer)) = bench.reply_to(request) else {
                return;
            };
            let answer = answer.json();
            let token = &answer["ConnectionCredentials"]["ConnectionToken"];
            if let Some(token) = token.as_str() {
                let place = number % chats.len();
                chats[place].2 = token.to_owned();
                let url = answer["Websocket"]["Url"].as_str().expect("a URL");
                let socket = bench.knock(&crate::bench::target(url));
                bench.text(socket, crate::bench::SUBSCRIBE);
            }
        }
        Move::Send(number, size) => {
            let body = json!({
                "ContentType": "text/plain",
                "Content": "x".repeat(size),
                "ClientToken": size.to_string(),
            });
            bench.call(Operation::SendMessage, &pick(chats, number).2, &body);
        }
        Move::Type(number) => {
            let body = json!({ "ContentType": TYPING });
            bench.call(Operation::SendEvent, &pick(chats, number).2, &body);
        }
        Move::AgentSays(number, size) => {
            let (contact, ..) = pick(chats, number);
            let text = "y".repeat(size);
            let _ = bench
                .service
                .agent_sends(bench.now, &contact, "text/plain", &text);
        }
        Move::Stream(number, size) => {
            let (contact, ..) = pick(chats, number);
            let chunks = vec!["z"; size];
            let every = Duration::from_millis(100);
            let _ = bench
                .service
                .bot_streams(bench.now, &contact, &chunks, every);
        }
        Move::Seat(number) => {
            let (contact, ..) = pick(chats, number);
            let _ = bench
                .service
                .seat_agent(bench.now, &contact, "Jo", Role::Agent);
        }
        Move::Leave(number) => {
            let (contact, ..) = pick(chats, number);
            let _ = bench.service.agent_leaves(bench.now, &contact);
        }
        Move::End(number) => {
            let (contact, ..) = pick(chats, number);
            let _ = bench.service.end_contact(bench.now, &contact);
        }
        Move::Delay(yes) => {
            bench.service.clear_faults();
            if yes {
                let by = Duration::from_secs(30);
                bench.fault(Effect::Delay { by });
                bench.fault(Effect::DelayItems { by });
            }
        }
        Move::Pass(milliseconds) => bench.pass_ms(milliseconds),
    }
    bench.drain();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_service_holds_no_more_than_it_may(
        moves in prop::collection::vec(any_move(), 400..500)
    ) {
        let mut bench = Bench::with(|settings| {
            settings.memory = 300_000;
            settings.script = Script::echo();
        });
        let mut chats = Vec::new();
        let mut most = 0;
        for step in moves {
            play(&mut bench, &mut chats, step);
            most = most.max(bench.service.memory());
            prop_assert!(bench.service.memory() <= 300_000);
        }
        // It was full, or this shows nothing.
        prop_assert!(most > 200_000, "{}", most);
        bench.service.clear_faults();
        bench.pass(Duration::from_secs(30 * 3_600));
        prop_assert!(bench.service.memory() <= 300_000);
        prop_assert_eq!(bench.service.poll_timeout(), None);
        // All chats have ended by now: there is room.
        bench.chat();
    }
}
