//! What holds for every fault: it strikes only where it should, as often as it should, by its seed,
//! and is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_sim::{CutWhen, Effect, Fault, FaultId, Operation};
use serde_json::{Value, json};

use crate::bench::{Bench, Chat, Heard, Reply, SUBSCRIBE, item};

const SECOND: Duration = Duration::from_secs(1);

/// When an effect strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Occasion {
    /// A SendMessage.
    Request,
    /// A handshake.
    Handshake,
    /// The beginning of the fault, on a socket that is open then.
    Beginning,
    /// A heartbeat, a ping and a message, on a socket that is subscribed.
    Traffic,
    /// A subscribe frame.
    Subscribing,
    /// A CreateParticipantConnection.
    Issue,
}

impl Occasion {
    /// The operation it belongs to.
    fn operation(self) -> Option<Operation> {
        match self {
            Self::Request => Some(Operation::SendMessage),
            Self::Issue => Some(Operation::CreateParticipantConnection),
            Self::Handshake | Self::Beginning | Self::Traffic | Self::Subscribing => None,
        }
    }
}

/// Every effect.
fn effects() -> Vec<(Effect, Occasion)> {
    use Occasion::{Beginning, Handshake, Issue, Request, Subscribing, Traffic};
    let text = || "x".to_owned();
    vec![
        (
            Effect::Answer {
                status: 429,
                error_type: text(),
                message: text(),
                retry_after: None,
            },
            Request,
        ),
        (
            Effect::AnswerRaw {
                status: 502,
                content_type: text(),
                body: text(),
            },
            Request,
        ),
        (Effect::DropRequest, Request),
        (Effect::LoseResponse, Request),
        (Effect::Delay { by: SECOND }, Request),
        (Effect::Stall, Request),
        (Effect::RefuseHandshake { status: 503 }, Handshake),
        (Effect::StallHandshake, Handshake),
        (Effect::CutSocket { when: CutWhen::Now }, Beginning),
        (Effect::CloseSocket { code: 1011 }, Beginning),
        (Effect::HalfOpen, Beginning),
        (Effect::RawFrame { text: text() }, Beginning),
        (Effect::GarbageFrame { bytes: 20 }, Beginning),
        (Effect::OversizedFrame { bytes: 20_000 }, Beginning),
        (
            Effect::CutSocket {
                when: CutWhen::NextItem,
            },
            Traffic,
        ),
        (Effect::MuteHeartbeats, Traffic),
        (Effect::MutePings, Traffic),
        (
            Effect::BadPong {
                status_code: 500,
                status_content: text(),
            },
            Traffic,
        ),
        (Effect::DropItems, Traffic),
        (Effect::DuplicateItems, Traffic),
        (Effect::ReorderItems { within: SECOND }, Traffic),
        (Effect::DelayItems { by: SECOND }, Traffic),
        (Effect::MuteSubscribe, Subscribing),
        (Effect::FailSubscribe, Subscribing),
        (Effect::ShortUrl { lifetime: SECOND }, Issue),
        (Effect::ShortConnection { lifetime: SECOND }, Issue),
        (Effect::ShortToken { lifetime: SECOND }, Issue),
    ]
}

#[test]
fn the_table_has_every_effect() {
    let error = serde_json::from_str::<Effect>(r#"{"no_such_effect":1}"#).expect_err("no effect");
    let error = error.to_string();
    let known: BTreeSet<&str> = error.split('`').skip(3).step_by(2).collect();
    assert!(known.contains("answer") && known.contains("short_token"));
    let tabled: BTreeSet<&str> = effects().iter().map(|(effect, _)| effect.name()).collect();
    assert_eq!(tabled, known);
}

/// A fault that is tried on a bench of its own: at each step an occasion for it in one of two
/// chats.
struct Trial {
    bench: Bench,
    occasion: Occasion,
    fault: Fault,
    /// The fault, once it has been injected.
    id: Option<FaultId>,
}

impl Trial {
    fn new(seed: u64, occasion: Occasion) -> (Self, [Chat; 2]) {
        let mut bench = Bench::seeded(seed, |settings| settings.sockets_per_participant = 1_000);
        let chats = [bench.chat(), bench.chat()];
        for chat in &chats {
            // The customer has joined: from now on, nothing but messages is published.
            let socket = bench.listen(chat);
            bench.service.handle_closed(bench.now, socket);
        }
        let trial = Self {
            bench,
            occasion,
            fault: Fault::new(Effect::Stall),
            id: None,
        };
        (trial, chats)
    }

    /// Whether something was amiss at each of the occasions.
    fn run(&mut self, fault: Fault, chats: &[&Chat]) -> Vec<bool> {
        self.fault = fault;
        if self.occasion == Occasion::Beginning {
            let sockets: Vec<_> = chats.iter().map(|chat| self.bench.listen(chat)).collect();
            self.begin();
            return sockets
                .into_iter()
                .map(|socket| !self.bench.take(socket).is_empty())
                .collect();
        }
        self.begin();
        chats.iter().map(|chat| self.amiss(chat)).collect()
    }

    fn begin(&mut self) {
        self.id = Some(self.bench.inject(self.fault.clone()));
    }

    fn hits(&self) -> u64 {
        self.bench.service.fault_hits(self.id.expect("a fault"))
    }

    fn amiss(&mut self, chat: &Chat) -> bool {
        let bench = &mut self.bench;
        match self.occasion {
            Occasion::Request => {
                let body = json!({ "ContentType": "text/plain", "Content": "x" });
                let request = bench.call(Operation::SendMessage, &chat.token, &body);
                !matches!(
                    bench.reply_to(request),
                    Some(Reply::Answer(answer)) if answer.status == 200
                )
            }
            Occasion::Handshake => {
                let (url, _) = bench.connect(&chat.participant_token);
                let socket = bench.knock(&url);
                bench.take(socket) != [Heard::Accepted]
            }
            Occasion::Subscribing => {
                let (url, _) = bench.connect(&chat.participant_token);
                let socket = bench.open(&url);
                bench.text(socket, SUBSCRIBE);
                let frames = bench.frames(socket);
                let amiss = frames
                    .first()
                    .is_none_or(|frame| frame["content"]["status"] != "success");
                bench.service.handle_closed(bench.now, socket);
                amiss
            }
            Occasion::Traffic => {
                let socket = bench.listen(chat);
                bench.text(socket, r#"{"topic":"aws/heartbeat"}"#);
                bench.text(socket, r#"{"topic":"aws/ping"}"#);
                bench.send(chat, "x");
                let heard = bench.take(socket);
                bench.service.handle_closed(bench.now, socket);
                !is_healthy(&heard)
            }
            Occasion::Issue => issues_less(bench, chat),
            Occasion::Beginning => unreachable!("it has one occasion only"),
        }
    }
}

/// Whether both beats and the one message were answered, each once.
fn is_healthy(heard: &[Heard]) -> bool {
    let mut frames = Vec::new();
    for heard in heard {
        let Heard::Frame(text) = heard else {
            return false;
        };
        frames.push(serde_json::from_str::<Value>(text).expect("frames are JSON"));
    }
    let [beat, pong, message] = frames.as_slice() else {
        return false;
    };
    *beat == json!({ "topic": "aws/heartbeat" })
        && *pong == json!({ "topic": "aws/ping", "statusCode": 200, "statusContent": "OK" })
        && item(message)["Content"] == "x"
}

/// Whether one of the three lifetimes is shorter than those of the settings.
fn issues_less(bench: &mut Bench, chat: &Chat) -> bool {
    let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.get(operation, &chat.participant_token, &body);
    let issued = bench.now;
    let expiry = |part: &str, name: &str| {
        let text = answer[part][name].as_str().expect("a time");
        let time: jiff::Timestamp = text.parse().expect("a time");
        Duration::try_from(time.duration_since(jiff::Timestamp::UNIX_EPOCH)).expect("a time")
            - crate::bench::UNIX
            - issued
    };
    let settings = bench.service.settings().clone();
    let connection = expiry("Websocket", "ConnectionExpiry") < settings.socket_lifetime;
    let token = expiry("ConnectionCredentials", "Expiry") < settings.token_lifetime;
    bench.pass(SECOND);
    let url = crate::bench::target(answer["Websocket"]["Url"].as_str().expect("a URL"));
    let socket = bench.knock(&url);
    let opened = bench.take(socket).first() == Some(&Heard::Accepted);
    bench.service.handle_closed(bench.now, socket);
    connection || token || !opened
}

#[test]
fn a_fault_of_one_contact_strikes_there_only_and_is_counted() {
    for (effect, occasion) in effects() {
        let (mut trial, [chat, other]) = Trial::new(7, occasion);
        let fault = Fault::new(effect.clone()).in_contact(&chat.contact);
        let amiss = trial.run(fault, &[&other, &chat, &other, &chat]);
        assert_eq!(amiss, [false, true, false, true], "{effect:?}");
        assert_eq!(trial.hits(), 2, "{effect:?}");
        let counted = BTreeMap::from([(effect.name(), 2)]);
        assert_eq!(*trial.bench.service.fault_hits_by_effect(), counted);
    }
}

#[test]
fn a_fault_of_one_operation_strikes_there_only() {
    for (effect, occasion) in effects() {
        for operation in Operation::ALL {
            let (mut trial, [chat, other]) = Trial::new(7, occasion);
            let fault = Fault::new(effect.clone())
                .on(operation)
                .in_contact(&chat.contact);
            let strikes = occasion.operation() == Some(operation);
            let amiss = trial.run(fault, &[&chat, &other]);
            assert_eq!(amiss, [strikes, false], "{effect:?} on {operation:?}");
            assert_eq!(trial.hits(), u64::from(strikes));
        }
    }
}

#[test]
fn a_fault_strikes_so_often_and_no_more() {
    for (effect, occasion) in effects() {
        let (mut trial, [chat, other]) = Trial::new(7, occasion);
        let fault = Fault::new(effect.clone()).times(2);
        let amiss = trial.run(fault, &[&chat, &other, &chat, &other]);
        assert_eq!(amiss, [true, true, false, false], "{effect:?}");
        assert_eq!(trial.hits(), 2, "{effect:?}");
        let state = trial.bench.service.faults().next().expect("a fault");
        assert!(!state.active);
        assert_eq!(state.struck, 2);
    }
}

#[test]
fn a_fault_strikes_not_before_its_time() {
    for (effect, occasion) in effects() {
        if occasion == Occasion::Beginning {
            continue;
        }
        let (mut trial, [chat, _]) = Trial::new(7, occasion);
        let fault = Fault::new(effect.clone()).after(SECOND * 10);
        assert_eq!(trial.run(fault, &[&chat, &chat]), [false, false]);
        trial.bench.pass(SECOND * 10);
        assert!(trial.amiss(&chat), "{effect:?}");
        assert_eq!(trial.hits(), 1, "{effect:?}");
    }
}

#[test]
fn chance_decides_by_the_seed() {
    for (effect, occasion) in effects() {
        let run = |seed| {
            let (mut trial, [chat, other]) = Trial::new(seed, occasion);
            let fault = Fault::new(effect.clone())
                .in_contact(&chat.contact)
                .with_probability(0.5);
            let chats: Vec<&Chat> = [&chat, &other].into_iter().cycle().take(160).collect();
            let amiss = trial.run(fault, &chats);
            assert!(amiss.iter().skip(1).step_by(2).all(|amiss| !amiss));
            let struck = amiss.iter().filter(|amiss| **amiss).count();
            assert_eq!(trial.hits(), struck as u64, "{effect:?}");
            assert!((20..60).contains(&struck), "{effect:?}: {struck}");
            amiss
        };
        assert_eq!(run(7), run(7), "{effect:?}");
        assert_ne!(run(7), run(8), "{effect:?}");
        let (mut trial, [chat, _]) = Trial::new(7, occasion);
        let never = Fault::new(effect.clone()).with_probability(0.0);
        assert_eq!(trial.run(never, &[&chat, &chat]), [false, false]);
    }
}

#[test]
fn every_fault_survives_json() {
    for (effect, _) in effects() {
        let fault = Fault::new(effect).times(3);
        let text = json!(fault).to_string();
        assert!(text.contains(fault.effect.name()));
        assert_eq!(
            serde_json::from_str::<Fault>(&text).expect("a fault"),
            fault
        );
    }
}

#[test]
fn faults_are_listed_with_what_has_become_of_them() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let spent = bench.inject(Fault::new(Effect::DropItems).once());
    let cleared = bench.inject(Fault::new(Effect::Stall).on(Operation::StopContact));
    let active = bench.inject(Fault::new(Effect::MutePings).in_contact(&chat.contact));
    let socket = bench.open(&chat.url);
    bench.text(socket, SUBSCRIBE);
    bench.service.clear_fault(cleared);
    let listed: Vec<_> = bench
        .service
        .faults()
        .map(|state| {
            (
                state.id,
                state.fault.effect.name(),
                state.active,
                state.struck,
            )
        })
        .collect();
    let expected = [
        (spent, "drop_items", false, 1),
        (cleared, "stall", false, 0),
        (active, "mute_pings", true, 0),
    ];
    assert_eq!(listed, expected);
}
