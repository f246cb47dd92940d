//! A session that another one continues from what was stored.

use std::collections::BTreeMap;

use chat_sim::{Effect, Fault, Operation};

use crate::adapter::chat_proto::{Draft, Event, ResumeState};
use crate::adapter::{Adapter, begin};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan};
use crate::service::PATIENCE;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All: a_session_is_continued_from_its_state_and_nothing_is_lost_or_twice]
}

const MESSAGES: usize = 6;

async fn a_session_is_continued_from_its_state_and_nothing_is_lost_or_twice<A: Adapter>(
    stage: Stage,
) {
    for events in [0, 1, 4, 9, 16] {
        continue_after::<A>(&stage, events).await;
    }
}

/// The session is gone after so many events.
async fn continue_after<A: Adapter>(stage: &Stage, events: usize) {
    let mut chat = Plan::<A>::new(stage).start().await;
    for number in 1..=3 {
        chat.agent_sends(&format!("before {number}"));
    }
    let fault = Fault::new(Effect::LoseResponse).on(Operation::SendMessage);
    chat.inject(fault.once());
    let session = chat.session.clone();
    begin::<A, _>(async move { session.connect().await });
    let mine: Vec<String> = (1..=MESSAGES)
        .map(|number| format!("mine {number}"))
        .collect();
    for text in &mine {
        chat.session.queue_message(Draft::text(text)).unwrap();
    }
    for _ in 0..events {
        chat.next().await;
    }
    let state = serde_json::to_string(&chat.session.resume_state().unwrap()).unwrap();
    chat.session.abandon().await.unwrap();
    chat.agent_sends("while nobody is there");

    let state: ResumeState = serde_json::from_str(&state).unwrap();
    let restored = chat.client.restore(chat.config.clone(), state).unwrap();
    (chat.session, chat.events) = restored;
    chat.session.connect().await.unwrap();
    chat.agent_sends("after");
    let began = std::time::Instant::now();
    while !is_complete(&chat) && began.elapsed() < PATIENCE {
        chat.next().await;
    }
    assert_eq!(chat.recorded_texts(), mine, "after {events} events");
    let (items, confirmed) = told(&chat);
    let once: BTreeMap<_, _> = ids(&chat).into_iter().map(|id| (id, 1)).collect();
    assert_eq!(items, once, "after {events} events");
    let once: BTreeMap<_, _> = (1..).take(MESSAGES).map(|number| (number, 1)).collect();
    assert_eq!(confirmed, once, "after {events} events");
}

/// The ids of all items that the service has.
fn ids<A: Adapter>(chat: &Chat<A>) -> Vec<String> {
    chat.service.with(|service, _| {
        let items = service.contact(&chat.contact).unwrap().transcript();
        items.iter().map(|item| item.id.clone()).collect()
    })
}

/// How often each item, and each confirmation of a message, was told.
fn told<A: Adapter>(chat: &Chat<A>) -> (BTreeMap<String, usize>, BTreeMap<u64, usize>) {
    let (mut items, mut confirmed) = (BTreeMap::new(), BTreeMap::new());
    for event in &chat.told {
        if let Event::Item(received) = event {
            let id = received.item.id.as_ref().unwrap().to_string();
            *items.entry(id).or_default() += 1;
        } else if let Event::MessageSent { local_id, .. } = event {
            *confirmed.entry(local_id.number()).or_default() += 1;
        }
    }
    (items, confirmed)
}

fn is_complete<A: Adapter>(chat: &Chat<A>) -> bool {
    let (items, confirmed) = told(chat);
    confirmed.len() == MESSAGES && ids(chat).iter().all(|id| items.contains_key(id))
}
