//! Conversations, when nothing goes wrong.

use std::time::Duration;

use chat_sim::Script;

use crate::adapter::Adapter;
use crate::adapter::chat_proto::{
    Draft, EndReason, Entry, Event, ItemKind, Phase, ReceiptKind, ReceiptOutcome, Status,
};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan};
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        a_conversation_goes_both_ways_and_ends,
        messages_are_queued_and_confirmed_in_order,
        typing_is_told_once_in_ten_seconds,
        receipts_reach_the_agent_each_window_once,
        receipts_of_the_agent_raise_the_status,
        what_was_said_before_is_recovered,
        a_bot_that_writes_word_by_word_makes_one_message,
        the_agents_end_of_the_chat_is_told,
    ]
}

async fn a_conversation_goes_both_ways_and_ends<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).script(Script::echo());
    let mut chat = plan.connect().await;
    assert_eq!(chat.session.phase(), Phase::Live);
    for text in ["one", "two", "three"] {
        let sent = chat.session.send_message(Draft::text(text)).await.unwrap();
        assert!(!chat.until_message(text).await, "it comes live");
        let entries = chat.session.transcript();
        let mut ids = entries.iter().filter_map(|entry| entry.item.id.as_ref());
        assert!(ids.any(|id| *id == sent.id));
    }
    assert_eq!(chat.received(), ["one", "two", "three"]);
    assert_eq!(chat.recorded_texts(), ["one", "two", "three"]);
    let typing = |event: &Event| matches!(event, Event::Item(item) if item.kind == ItemKind::Typing && !item.own);
    assert_eq!(chat.count(typing), 3);
    chat.balance().await;
    let ended = chat.session.disconnect().await.unwrap();
    assert_eq!(ended, EndReason::Disconnected);
    assert_eq!(chat.session.ended().await, EndReason::Disconnected);
    assert_eq!(chat.session.end_reason(), Some(EndReason::Disconnected));
    assert_eq!(chat.session.phase(), Phase::Ended);
    chat.until_ended().await;
    let present = chat.service.with(|service, _| {
        let contact = service.contact(&chat.contact).unwrap();
        contact.participants()[0].is_present()
    });
    assert!(!present, "the service was told that the customer left");
}

async fn messages_are_queued_and_confirmed_in_order<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let texts: Vec<String> = (1..=20).map(|number| format!("message {number}")).collect();
    for text in &texts {
        chat.session.queue_message(Draft::text(text)).unwrap();
    }
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), texts);
}

async fn typing_is_told_once_in_ten_seconds<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    assert_eq!(chat.session.typing(), Ok(true));
    assert_eq!(chat.session.typing(), Ok(false));
    let own_typing = |item: &chat_sim::Item| item.content_type.ends_with("event.typing");
    crate::service::until::<A>("typing", || {
        chat.service.with(|service, _| {
            let contact = service.contact(&chat.contact).unwrap();
            contact
                .published()
                .any(|published| own_typing(&published.item))
        })
    })
    .await;
    chat.service
        .with(|service, now| service.agent_types(now, &chat.contact))
        .unwrap();
    chat.until(|event| matches!(event, Event::Item(item) if item.kind == ItemKind::Typing))
        .await;
    chat.balance().await;
}

async fn receipts_reach_the_agent_each_window_once<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        let window = Duration::from_millis(300);
        config.receipt_window(window).unwrap();
    });
    let mut chat = plan.connect().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "three"] {
        chat.agent_sends(text);
        chat.until_message(text).await;
        ids.extend(chat.session.transcript().last().unwrap().item.id.clone());
    }
    for id in &ids {
        chat.session.send_receipt(ReceiptKind::Read, id).unwrap();
    }
    let settled = |event: &Event| matches!(event, Event::ReceiptSettled { .. });
    chat.until_count(3, settled).await;
    let mut outcomes = Vec::new();
    for event in &chat.told {
        if let Event::ReceiptSettled {
            message_id,
            outcome,
            ..
        } = event
        {
            outcomes.push((message_id.clone(), outcome.clone()));
        }
    }
    outcomes.sort_by_key(|(id, _)| ids.iter().position(|known| known == id));
    let outcomes: Vec<_> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    let by = ids[2].clone();
    let superseded = ReceiptOutcome::Superseded { by };
    let expected = [ReceiptOutcome::Sent, superseded, ReceiptOutcome::Sent];
    assert_eq!(outcomes, expected);
    let mut read: Vec<_> = chat.service.with(|service, _| {
        let receipts = service.contact(&chat.contact).unwrap().receipts();
        let read = receipts.filter(|(_, receipt)| receipt.read_timestamp.is_some());
        read.map(|(message, _)| message.to_owned()).collect()
    });
    read.sort_unstable_by_key(|read| ids.iter().position(|id| id.as_str() == read));
    assert_eq!(read, [ids[0].as_str(), ids[2].as_str()]);
    chat.balance().await;
}

async fn receipts_of_the_agent_raise_the_status<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.agent_sends("hello");
    chat.until_message("hello").await;
    let sent = chat.session.send_message(Draft::text("hi")).await.unwrap();
    let id = sent.id.as_str();
    let status = |chat: &Chat<A>| {
        let entries = chat.session.transcript();
        let mut ours = entries.iter();
        let ours = ours.find(|entry| entry.local_id == Some(sent.local_id));
        ours.unwrap().status
    };
    chat.service
        .with(|service, now| service.agent_delivers(now, &chat.contact, id))
        .unwrap();
    chat.until(
        |event| matches!(event, Event::Item(item) if item.kind == ItemKind::DeliveredReceipt),
    )
    .await;
    assert_eq!(status(&chat), Status::Delivered);
    chat.service
        .with(|service, now| service.agent_reads(now, &chat.contact, id))
        .unwrap();
    chat.until(|event| matches!(event, Event::Item(item) if item.kind == ItemKind::ReadReceipt))
        .await;
    assert_eq!(status(&chat), Status::Read);
    chat.balance().await;
}

async fn what_was_said_before_is_recovered<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).start().await;
    let texts: Vec<String> = (1..=150)
        .map(|number| format!("earlier {number}"))
        .collect();
    for text in &texts {
        chat.agent_sends(text);
    }
    chat.session.connect().await.unwrap();
    chat.until(|event| matches!(event, Event::GapFilled { .. }))
        .await;
    assert!(chat.session.transcript().len() < texts.len(), "one page");
    let older = chat.session.load_older().await.unwrap();
    assert!(older.items > 0 && older.complete, "{older:?}");
    let entries = chat.session.transcript().into_iter();
    let said: Vec<_> = entries
        .filter_map(|entry| entry.item.content.clone())
        .collect();
    assert_eq!(said, texts);
    chat.agent_sends("now");
    assert!(!chat.until_message("now").await);
}

async fn a_bot_that_writes_word_by_word_makes_one_message<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let (words, every) = (
        ["One ", "message, ", "word by word."],
        Duration::from_millis(20),
    );
    let id = chat
        .service
        .with(|service, now| service.bot_streams(now, &chat.contact, &words, every))
        .unwrap();
    let whole = words.concat();
    chat.until_message(&whole).await;
    let is_it = |entry: &&Entry| entry.item.id.as_ref().is_some_and(|it| it.as_str() == id);
    let entries = chat.session.transcript();
    let its: Vec<_> = entries.iter().filter(is_it).collect();
    assert_eq!(its.len(), 1);
    assert_eq!(its[0].item.content.as_deref(), Some(whole.as_str()));
    assert_eq!(chat.received(), [whole]);
}

async fn the_agents_end_of_the_chat_is_told<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.agent_sends("Goodbye");
    chat.service
        .with(|service, now| service.end_contact(now, &chat.contact))
        .unwrap();
    assert_eq!(chat.session.ended().await, EndReason::ChatEnded);
    chat.until_ended().await;
    assert_eq!(chat.received(), ["Goodbye"]);
    chat.until_sockets(0).await;
}
