//! The quotas of the service, to which the sessions of a client keep together.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::num::NonZeroU32;
use std::sync::Arc;

use chat_sim::{Operation, Settings, Simulator};
use chat_tokio::Client;
use chat_tokio::chat_proto::{
    self, ChatDetails, Config, Draft, Endpoint, Event, Quota, Quotas, ReceiptKind,
};
use tokio::sync::Barrier;

use crate::support::tokio_chat::{Plan, in_time, start_chat};

fn with_quotas() -> Settings {
    let mut settings = Settings::default();
    settings.quotas = true;
    settings
}

/// A customer who connects, and sends the texts once all others are connected.
async fn chat(
    client: Client,
    config: Config,
    details: ChatDetails,
    connected: Arc<Barrier>,
    texts: &'static [&'static str],
) {
    let (session, _events) = client.session(config, details).unwrap();
    session.connect().await.unwrap();
    connected.wait().await;
    let sending = texts.iter().map(|text| {
        let session = session.clone();
        tokio::spawn(async move { session.send_message(Draft::text(*text)).await })
    });
    for sent in sending.collect::<Vec<_>>() {
        sent.await.unwrap().unwrap();
    }
}

/// So many customers at once; the simulator, once all messages have been confirmed.
async fn chat_together(
    customers: usize,
    texts: &'static [&'static str],
    quotas: Quotas,
) -> Simulator {
    let simulator = Simulator::builder().settings(with_quotas());
    let simulator = simulator.start().await.unwrap();
    let client = Client::builder().quotas(quotas).build().unwrap();
    let connected = Arc::new(Barrier::new(customers));
    let mut contacts = Vec::new();
    let mut running = Vec::new();
    for _ in 0..customers {
        let (contact, details) = start_chat(&simulator);
        let config = Config::new(Endpoint::custom(&simulator.endpoint()).unwrap());
        let connected = Arc::clone(&connected);
        let chat = chat(client.clone(), config, details, connected, texts);
        running.push(tokio::spawn(chat));
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
        assert_eq!(said, texts);
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
        let simulator = chat_together(30, &["one"], Quotas::default()).await;
        for (operation, times) in throttled(&simulator) {
            assert_eq!(times, 0, "{operation:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_quotas_the_service_throttles_and_nothing_is_lost() {
    in_time(async {
        let simulator = chat_together(12, &["one", "two"], Quotas::unlimited()).await;
        let times = simulator.with(|service, _| service.throttled(Operation::SendMessage));
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
