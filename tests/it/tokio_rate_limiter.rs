//! The quotas of the service, to which the sessions of a client keep together.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::num::NonZeroU32;

use chat_sim::{Operation, Settings, Simulator};
use chat_tokio::chat_proto::{
    self, ChatDetails, Config, Draft, Endpoint, Event, Quota, Quotas, ReceiptKind,
};
use chat_tokio::{Client, Events};

use crate::support::tokio_chat::{Plan, in_time, start_chat};

fn with_quotas() -> Settings {
    let mut settings = Settings::default();
    settings.quotas = true;
    settings
}

/// A customer who connects and sends two messages at once.
async fn chats(client: Client, config: Config, details: ChatDetails) -> Events {
    let (session, events) = client.session(config, details).unwrap();
    session.connect().await.unwrap();
    let second = session.clone();
    let second = tokio::spawn(async move { second.send_message(Draft::text("two")).await });
    // The other task has not run yet: this one is the first.
    session.send_message(Draft::text("one")).await.unwrap();
    second.await.unwrap().unwrap();
    events
}

/// So many customers at once; the simulator, once all messages have been confirmed.
async fn chat_together(sessions: usize, quotas: Quotas) -> Simulator {
    let simulator = Simulator::builder().settings(with_quotas());
    let simulator = simulator.start().await.unwrap();
    let client = Client::builder().quotas(quotas).build().unwrap();
    let mut contacts = Vec::new();
    let mut running = Vec::new();
    for _ in 0..sessions {
        let (contact, details) = start_chat(&simulator);
        let config = Config::new(Endpoint::custom(&simulator.endpoint()).unwrap());
        running.push(tokio::spawn(chats(client.clone(), config, details)));
        contacts.push(contact);
    }
    for chat in running {
        chat.await.unwrap();
    }
    for contact in contacts {
        let said: Vec<_> = simulator.with(|service, _| {
            let items = service.contact(&contact).unwrap().transcript().iter();
            items.filter_map(|item| item.content.clone()).collect()
        });
        assert_eq!(said, ["one", "two"]);
    }
    simulator
}

fn throttled(simulator: &Simulator) -> Vec<(Operation, u64)> {
    let operations = [
        Operation::CreateParticipantConnection,
        Operation::GetTranscript,
        Operation::SendMessage,
    ];
    let count = |operation| simulator.with(|service, _| service.throttled(operation));
    operations
        .map(|operation| (operation, count(operation)))
        .into()
}

#[tokio::test]
async fn sessions_of_one_client_are_never_throttled_together() {
    in_time(async {
        let simulator = chat_together(30, Quotas::default()).await;
        for (operation, times) in throttled(&simulator) {
            assert_eq!(times, 0, "{operation:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_quotas_the_service_throttles_and_nothing_is_lost() {
    in_time(async {
        let simulator = chat_together(12, Quotas::unlimited()).await;
        let times: u64 = throttled(&simulator).iter().map(|(_, times)| times).sum();
        assert!(times > 0);
    })
    .await;
}

#[tokio::test]
async fn messages_go_before_a_receipt_that_was_asked_for_earlier() {
    in_time(async {
        let mut quotas = Quotas::unlimited();
        let (two, one) = (NonZeroU32::new(2).unwrap(), NonZeroU32::MIN);
        let operation = chat_proto::Operation::SendMessage;
        quotas.set(operation, Some(Quota::new(two, one)));
        let mut chat = Plan {
            client: Client::builder().quotas(quotas),
            ..Plan::default()
        }
        .connect()
        .await;
        chat.agent_sends("read me");
        chat.until_message("read me").await;
        let last = chat.session.transcript().pop().unwrap();
        let id = last.item.id.clone().expect("it is the agent's");
        chat.session.queue_message(Draft::text("1")).unwrap();
        chat.session.send_receipt(ReceiptKind::Read, &id).unwrap();
        for text in ["2", "3"] {
            chat.session.queue_message(Draft::text(text)).unwrap();
        }
        chat.until(|event| matches!(event, Event::ReceiptSettled { .. }))
            .await;
        let sent = chat.count(|event| matches!(event, Event::MessageSent { .. }));
        assert_eq!(sent, 3);
    })
    .await;
}

#[tokio::test]
async fn chats_are_started_within_the_quota() {
    in_time(async {
        let simulator = Simulator::builder().settings(with_quotas());
        let simulator = simulator.start().await.unwrap();
        let client = Client::builder().build().unwrap();
        let endpoint = Endpoint::custom(&simulator.endpoint()).unwrap();
        let request = chat_proto::api::StartChatContact::new("local", "flow", "Ann");
        let starts = (0..12).map(|_| client.start_chat(&endpoint, &request));
        let mut running: Vec<_> = starts.map(Box::pin).collect();
        // All ask before the first is answered.
        for start in &mut running {
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(start.as_mut().poll(cx)));
            assert!(polled.await.is_pending());
        }
        for start in running {
            start.await.unwrap();
        }
        let started = |service: &chat_sim::Service| service.contacts().count();
        assert_eq!(simulator.with(|service, _| started(service)), 12);
        let times = simulator.with(|service, _| service.throttled(Operation::StartChatContact));
        assert_eq!(times, 0);
    })
    .await;
}
