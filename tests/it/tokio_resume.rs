//! A client that is gone in the middle, and another one that goes on from what it had stored.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::sync::{Arc, Mutex};

use chat_sim::{Fault, Simulator};
use chat_tokio::chat_proto::{
    Config, Draft, Endpoint, Event, ItemId, LocalId, Network, ResumeState,
};
use chat_tokio::{ChatSession, Client, Events};
use tokio::sync::oneshot;

use crate::support::tokio_chat::{in_time, start_chat};

/// How many messages the customer sends.
const MESSAGES: usize = 8;

/// What an application keeps on its disk.
#[derive(Clone, Default)]
struct Store(Arc<Mutex<Stored>>);

#[derive(Default)]
struct Stored {
    items: Vec<ItemId>,
    sent: Vec<LocalId>,
    /// The serialized resume state.
    state: String,
}

impl Store {
    /// Keeps what an event tells, and the state with it.
    fn note(&self, session: &ChatSession, event: Option<&Event>) {
        let state = session.resume_state().unwrap();
        let mut stored = self.0.lock().unwrap();
        stored.state = serde_json::to_string(&state).unwrap();
        if let Some(Event::Item(received)) = event {
            stored.items.extend(received.item.id.clone());
        } else if let Some(Event::MessageSent { local_id, .. }) = event {
            stored.sent.push(*local_id);
        }
    }

    fn state(&self) -> ResumeState {
        serde_json::from_str(&self.0.lock().unwrap().state).unwrap()
    }

    /// Each item of the record has been told once, and each message is on it once, in order.
    fn verify(&self, record: Vec<(ItemId, Option<String>)>, limit: usize) {
        let mut expected: Vec<_> = record.iter().map(|(id, _)| id.clone()).collect();
        expected.sort_unstable();
        let stored = self.0.lock().unwrap();
        let mut told = stored.items.clone();
        told.sort_unstable();
        assert_eq!(told, expected, "{limit} events");
        let sent: Vec<_> = stored.sent.iter().map(|id| id.number()).collect();
        assert_eq!(sent, (1..=8).collect::<Vec<_>>(), "{limit} events");
        let mine: Vec<_> = record
            .into_iter()
            .filter_map(|(_, content)| content.filter(|text| text.starts_with("mine")))
            .collect();
        let expected: Vec<_> = (0..MESSAGES)
            .map(|number| format!("mine {number}"))
            .collect();
        assert_eq!(mine, expected, "{limit} events");
    }

    fn is_complete(&self, record: &[ItemId]) -> bool {
        let stored = self.0.lock().unwrap();
        stored.sent.len() >= MESSAGES && record.iter().all(|id| stored.items.contains(id))
    }
}

/// Sends its messages, and keeps what it is told, up to this many events. Then it hangs.
async fn application(
    session: ChatSession,
    mut events: Events,
    store: Store,
    limit: usize,
    hangs: oneshot::Sender<()>,
) {
    let connect = session.clone();
    tokio::spawn(async move { connect.connect().await });
    for number in 0..MESSAGES {
        session
            .queue_message(Draft::text(format!("mine {number}")))
            .unwrap();
    }
    store.note(&session, None);
    for _ in 0..limit {
        let event = events.next().await.expect("the chat goes on");
        store.note(&session, Some(&event));
    }
    hangs.send(()).unwrap();
    std::future::pending::<()>().await;
}

fn record(simulator: &Simulator, contact: &str) -> Vec<(ItemId, Option<String>)> {
    simulator.with(|service, _| {
        let items = service.contact(contact).unwrap().transcript().iter();
        items
            .map(|item| (item.id.as_str().into(), item.content.clone()))
            .collect()
    })
}

#[tokio::test]
async fn a_client_that_is_gone_is_continued_and_nothing_is_lost_or_twice() {
    in_time(async {
        for limit in [0, 1, 3, 6, 10, 15, 21] {
            let simulator = Simulator::start().await.unwrap();
            let (contact, details) = start_chat(&simulator);
            let agent_sends = |text: &str| {
                simulator
                    .with(|service, now| service.agent_sends(now, &contact, "text/plain", text))
                    .unwrap();
            };
            for number in 0..5 {
                agent_sends(&format!("before {number}"));
            }
            let lose: Fault = serde_json::from_str(
                r#"{"effect":"lose_response","operation":"SendMessage","times":1}"#,
            )
            .unwrap();
            simulator.with(|service, now| service.inject(now, lose));
            let config = || Config::new(Endpoint::custom(&simulator.endpoint()).unwrap());
            let client = Client::builder().build().unwrap();
            let store = Store::default();

            let (session, events) = client.session(config(), details).unwrap();
            let (hangs, hanging) = oneshot::channel();
            let first = tokio::spawn(application(session, events, store.clone(), limit, hangs));
            hanging.await.unwrap();
            agent_sends("while it hangs");
            first.abort();
            assert!(first.await.unwrap_err().is_cancelled());
            agent_sends("while nobody is there");

            let (session, mut events) = client.restore(config(), store.state()).unwrap();
            let connect = session.clone();
            tokio::spawn(async move { connect.connect().await });
            session.network(Network::Online);
            let mut said_more = false;
            loop {
                let ids = record(&simulator, &contact);
                let ids: Vec<_> = ids.into_iter().map(|(id, _)| id).collect();
                if store.is_complete(&ids) {
                    if said_more {
                        break;
                    }
                    said_more = true;
                    agent_sends("after");
                }
                let event = events.next().await.expect("the chat goes on");
                store.note(&session, Some(&event));
            }

            store.verify(record(&simulator, &contact), limit);
            drop(events);
            session.abandon().await.unwrap();
        }
    })
    .await;
}
