//! Whatever clients send, in whatever order, with whatever faults: the core answers or stays
//! silent, keeps its promises and never panics.

use std::collections::BTreeSet;
use std::time::Duration;

use chat_sim::{ChatEvent, CutWhen, Effect, Fault, Operation, Role, SocketId};
use http::{Method, Request};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use crate::bench::{Bench, Chat, SUBSCRIBE};

#[derive(Debug, Clone)]
enum Move {
    Raw {
        method: u8,
        path: String,
        bearer: u8,
        body: Vec<u8>,
    },
    Call {
        operation: usize,
        bearer: u8,
        body: serde_json::Value,
    },
    Frame {
        socket: usize,
        text: String,
    },
    Subscribe(usize),
    Connect,
    Knock(String),
    Close(usize),
    Inject(Box<Fault>),
    ClearFaults,
    Cut,
    AgentSays(String),
    BotStreams(Vec<String>),
    AgentAttaches(u8),
    Tell(u8),
    Transfer,
    OpenDesk,
    AgentLeaves,
    Pass(u64),
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    prop_oneof![
        Just(json!(null)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,40}".prop_map(|text| json!(text)),
        Just(json!(["WEBSOCKET", "CONNECTION_CREDENTIALS"])),
        Just(json!("text/plain")),
        Just(json!("a.txt")),
        Just(json!("FORWARD")),
        Just(json!("BACKWARD")),
        Just(json!(crate::bench::TYPING)),
        Just(json!(crate::bench::READ)),
        (0_u8..200).prop_map(|number| json!({ "MostRecent": number })),
        ".{0,30}".prop_map(|text| json!({ "AbsoluteTime": text })),
        ".{0,30}".prop_map(|text| json!({ "messageId": text }).to_string().into()),
    ]
}

fn body() -> impl Strategy<Value = serde_json::Value> {
    let name = prop_oneof![
        Just("ContentType"),
        Just("Content"),
        Just("ClientToken"),
        Just("Type"),
        Just("ConnectParticipant"),
        Just("MaxResults"),
        Just("NextToken"),
        Just("ScanDirection"),
        Just("StartPosition"),
        Just("SortOrder"),
        Just("ContactId"),
        Just("InstanceId"),
        Just("Attributes"),
        Just("InitialMessage"),
        Just("UrlExpiryInSeconds"),
        Just("ParticipantDetails"),
        Just("PersistentChat"),
        Just("RehydrationType"),
        Just("SourceContactId"),
        Just("SessionId"),
        Just("RedirectUri"),
        Just("AttachmentSizeInBytes"),
        Just("AttachmentName"),
        Just("AttachmentId"),
        Just("AttachmentIds"),
    ];
    vec((name, value()), 0..6).prop_map(|members| {
        let members = members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        serde_json::Value::Object(members.collect())
    })
}

fn fault() -> impl Strategy<Value = Fault> {
    let by = (0_u64..3_000).prop_map(Duration::from_millis);
    let effect = prop_oneof![
        (any::<u16>(), ".{0,20}", any::<Option<u64>>()).prop_map(|(status, text, retry_after)| {
            Effect::Answer {
                status,
                error_type: text.clone(),
                message: text,
                retry_after,
            }
        }),
        (any::<u16>(), ".{0,20}").prop_map(|(status, text)| Effect::AnswerRaw {
            status,
            content_type: text.clone(),
            body: text,
        }),
        Just(Effect::DropRequest),
        Just(Effect::LoseResponse),
        by.clone().prop_map(|by| Effect::Delay { by }),
        Just(Effect::Stall),
        any::<u16>().prop_map(|status| Effect::RefuseHandshake { status }),
        Just(Effect::StallHandshake),
        Just(Effect::CutSocket { when: CutWhen::Now }),
        Just(Effect::CutSocket {
            when: CutWhen::NextItem
        }),
        any::<u16>().prop_map(|code| Effect::CloseSocket { code }),
        Just(Effect::HalfOpen),
        Just(Effect::MuteHeartbeats),
        Just(Effect::MutePings),
        Just(Effect::MuteSubscribe),
        Just(Effect::FailSubscribe),
        Just(Effect::DropItems),
        Just(Effect::DuplicateItems),
        by.clone()
            .prop_map(|within| Effect::ReorderItems { within }),
        by.clone().prop_map(|by| Effect::DelayItems { by }),
        ".{0,20}".prop_map(|text| Effect::RawFrame { text }),
        (0_usize..2_000).prop_map(|bytes| Effect::GarbageFrame { bytes }),
        (0_usize..2_000).prop_map(|bytes| Effect::OversizedFrame { bytes }),
        by.clone()
            .prop_map(|lifetime| Effect::ShortUrl { lifetime }),
        by.clone()
            .prop_map(|lifetime| Effect::ShortConnection { lifetime }),
        by.prop_map(|lifetime| Effect::ShortToken { lifetime }),
    ];
    (effect, any::<Option<u8>>(), any::<f64>(), 0_u64..1_000).prop_map(
        |(effect, times, probability, after)| {
            let mut fault = Fault::new(effect)
                .with_probability(probability)
                .after(Duration::from_millis(after));
            fault.times = times.map(u32::from);
            fault
        },
    )
}

fn any_move() -> impl Strategy<Value = Move> {
    let path = prop_oneof![
        "/[a-z/-]{0,20}",
        Just("/participant/message".to_owned()),
        Just("/contact/chat".to_owned()),
    ];
    prop_oneof![
        1 => (any::<u8>(), path, any::<u8>(), vec(any::<u8>(), 0..60)).prop_map(
            |(method, path, bearer, body)| Move::Raw { method, path, bearer, body }
        ),
        6 => (0..Operation::ALL.len(), any::<u8>(), body()).prop_map(|(operation, bearer, body)| Move::Call {
            operation,
            bearer,
            body
        }),
        2 => (any::<usize>(), ".{0,60}").prop_map(|(socket, text)| Move::Frame { socket, text }),
        3 => any::<usize>().prop_map(Move::Subscribe),
        3 => Just(Move::Connect),
        1 => ".{0,30}".prop_map(Move::Knock),
        1 => any::<usize>().prop_map(Move::Close),
        2 => fault().prop_map(|fault| Move::Inject(Box::new(fault))),
        1 => Just(Move::ClearFaults),
        1 => Just(Move::Cut),
        3 => ".{1,30}".prop_map(Move::AgentSays),
        1 => vec(".{0,9}", 0..4).prop_map(Move::BotStreams),
        1 => any::<u8>().prop_map(Move::AgentAttaches),
        2 => any::<u8>().prop_map(Move::Tell),
        1 => Just(Move::Transfer),
        1 => Just(Move::OpenDesk),
        1 => Just(Move::AgentLeaves),
        3 => (0_u64..4_000).prop_map(Move::Pass),
    ]
}

fn play(bench: &mut Bench, chat: &Chat, sockets: &mut Vec<SocketId>, step: Move) {
    let token = |bearer: u8| match bearer % 4 {
        0 => chat.participant_token.clone(),
        3 => format!("{bearer}"),
        _ => chat.token.clone(),
    };
    let pick = |sockets: &[SocketId], number: usize| {
        let none = SocketId(u64::MAX);
        sockets
            .get(number % sockets.len().max(1))
            .copied()
            .unwrap_or(none)
    };
    match step {
        Move::Raw {
            method,
            path,
            bearer,
            body,
        } => {
            let methods = [Method::GET, Method::POST, Method::PUT, Method::OPTIONS];
            let request = Request::builder()
                .method(methods[usize::from(method) % methods.len()].clone())
                .uri(path)
                .header("x-amz-bearer", token(bearer))
                .body(body)
                .expect("a request");
            bench.put(request);
        }
        Move::Call {
            operation,
            bearer,
            body,
        } => {
            bench.call(Operation::ALL[operation], &token(bearer), &body);
        }
        Move::Frame { socket, text } => bench.text(pick(sockets, socket), &text),
        Move::Subscribe(socket) => bench.text(pick(sockets, socket), SUBSCRIBE),
        Move::Connect => {
            let body = json!({ "Type": ["WEBSOCKET"] });
            let operation = Operation::CreateParticipantConnection;
            let request = bench.call(operation, &chat.participant_token, &body);
            let url = match bench.reply_to(request) {
                Some(crate::bench::Reply::Answer(answer)) => {
                    serde_json::from_str::<serde_json::Value>(&answer.text)
                        .ok()
                        .and_then(|answer| {
                            answer["Websocket"]["Url"]
                                .as_str()
                                .map(crate::bench::target)
                        })
                }
                Some(crate::bench::Reply::Dropped) | None => None,
            };
            if let Some(url) = url {
                sockets.push(bench.knock(&url));
            }
        }
        Move::Knock(target) => sockets.push(bench.knock(&target)),
        Move::Close(socket) => {
            let socket = pick(sockets, socket);
            bench.service.handle_closed(bench.now, socket);
        }
        Move::Inject(fault) => {
            bench.inject(*fault);
        }
        Move::ClearFaults => bench.service.clear_faults(),
        Move::Cut => {
            bench.service.cut_sockets(bench.now, &chat.contact);
        }
        Move::AgentSays(text) => {
            // Refused after the end of the chat, which the moves may bring about.
            let _ = bench
                .service
                .agent_sends(bench.now, &chat.contact, "text/plain", &text);
        }
        Move::BotStreams(chunks) => {
            let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            let every = Duration::from_millis(300);
            let _ = bench
                .service
                .bot_streams(bench.now, &chat.contact, &chunks, every);
        }
        Move::AgentAttaches(size) => {
            let bytes = vec![0; usize::from(size)];
            let _ = bench.service.agent_attaches(
                bench.now,
                &chat.contact,
                "a.txt",
                "text/plain",
                bytes,
            );
        }
        Move::Tell(number) => {
            let event = match number % 4 {
                0 => ChatEvent::AuthenticationInitiated,
                1 => ChatEvent::AuthenticationFailed,
                2 => ChatEvent::ParticipantInvited,
                _ => ChatEvent::DisplayNameUpdated(number.to_string()),
            };
            let about = if number < 128 {
                Role::Customer
            } else {
                Role::Agent
            };
            let _ = bench
                .service
                .publish_event(bench.now, &chat.contact, &event, about);
        }
        Move::Transfer => {
            let _ = bench.service.transfer(bench.now, &chat.contact, "Kim");
        }
        Move::OpenDesk => {
            let url = bench.service.agent_socket_url(bench.now, "Kim");
            let target = crate::bench::target(&url.expect("there is room"));
            sockets.push(bench.knock(&target));
        }
        Move::AgentLeaves => {
            let _ = bench.service.agent_leaves(bench.now, &chat.contact);
        }
        Move::Pass(milliseconds) => bench.pass_ms(milliseconds),
    }
    bench.drain();
}

fn check(bench: &Bench) {
    for contact in bench.service.contacts() {
        let items = contact.transcript();
        assert!(
            items
                .windows(2)
                .all(|pair| pair[0].absolute_time < pair[1].absolute_time),
            "times strictly increase"
        );
        let ids: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids.len(), items.len(), "identifiers are unique");
        let ended = items
            .iter()
            .filter(|item| item.content_type == crate::bench::ENDED)
            .count();
        assert_eq!(ended, usize::from(contact.ended().is_some()));
        let stored = contact
            .published()
            .filter(|published| published.stored)
            .count();
        assert_eq!(stored, items.len(), "what is stored was published");
        assert!(contact.open_sockets() <= 10);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_moves_is_survived(
        moves in vec(any_move(), 1..60),
        processing in any::<Option<u16>>(),
    ) {
        let mut bench = Bench::with(|settings| {
            settings.script = chat_sim::Script::echo();
            settings.message_processing =
                processing.map(|time| Duration::from_millis(u64::from(time % 4_000)));
        });
        let chat = bench.chat();
        let mut sockets = Vec::new();
        for step in moves {
            play(&mut bench, &chat, &mut sockets, step);
            check(&bench);
        }
        bench.pass(Duration::from_secs(30 * 3_600));
        check(&bench);
        prop_assert_eq!(bench.service.open_sockets(), 0);
        prop_assert_eq!(bench.service.poll_timeout(), None);
    }

    #[test]
    fn any_frame_is_answered_or_ignored(text in ".*") {
        let mut bench = Bench::new();
        let chat = bench.chat();
        let socket = bench.open(&chat.url);
        bench.text(socket, &text);
        prop_assert!(bench.take(socket).len() <= 2);
    }

    #[test]
    fn any_body_is_answered(operation in 0..Operation::ALL.len(), body in vec(any::<u8>(), 0..200)) {
        let mut bench = Bench::new();
        let chat = bench.chat();
        let operation = Operation::ALL[operation];
        for bearer in [&chat.token, &chat.participant_token] {
            let answer = bench.raw(operation.method(), operation.path(), bearer, &body);
            prop_assert!(answer.status < 500);
        }
    }
}
