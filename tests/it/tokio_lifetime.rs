//! How long a session lives, and that nothing of it stays behind.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::time::Duration;

use chat_sim::Simulator;
use chat_tokio::Client;
use chat_tokio::chat_proto::{Config, Draft, EndReason, Endpoint, Event, Phase};
use tokio::runtime::Runtime;

use crate::support::tokio_chat::{Chat, in_time, start_chat};

const DEADLINE: Duration = Duration::from_secs(10);

/// A runtime of its own for the client, so that its tasks can be counted.
fn client_runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

#[tokio::test]
async fn when_all_handles_are_gone_the_socket_is_closed_and_no_task_is_left() {
    let runtime = client_runtime();
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let (contact, details) = start_chat(&simulator);
        let endpoint = Endpoint::custom(&simulator.endpoint()).unwrap();
        let on_runtime = async move {
            let client = Client::builder().build().unwrap();
            let (session, events) = client.session(Config::new(endpoint), details).unwrap();
            session.connect().await.unwrap();
            session.send_message(Draft::text("hello")).await.unwrap();
            (session, events)
        };
        let (session, events) = runtime.spawn(on_runtime).await.unwrap();
        let open = |service: &chat_sim::Service| service.contact(&contact).unwrap().open_sockets();
        assert_eq!(simulator.with(|service, _| open(service)), 1);
        assert!(runtime.metrics().num_alive_tasks() > 0);
        let clone = session.clone();
        drop((session, events));
        clone
            .send_message(Draft::text("one handle is enough"))
            .await
            .unwrap();
        drop(clone);
        let closed = simulator.wait_until(|service| open(service) == 0, DEADLINE);
        closed.await.unwrap();
        while runtime.metrics().num_alive_tasks() > 0 {
            tokio::task::yield_now().await;
        }
        // It was abandoned: for the service, the chat goes on.
        let ended = simulator.with(|service, _| service.contact(&contact).unwrap().ended());
        assert_eq!(ended, None);
    })
    .await;
    runtime.shutdown_background();
}

#[tokio::test]
async fn events_alone_keep_a_session_alive() {
    in_time(async {
        let chat = Chat::connect().await;
        let Chat {
            simulator,
            session,
            mut events,
            contact,
            ..
        } = chat;
        drop(session);
        simulator
            .with(|service, now| service.agent_sends(now, &contact, "text/plain", "hello"))
            .unwrap();
        loop {
            let event = events.next().await.unwrap();
            if matches!(&event, Event::Item(item) if item.item.content.as_deref() == Some("hello"))
            {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn when_the_runtime_goes_away_those_who_wait_are_told() {
    let runtime = client_runtime();
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let (_, details) = start_chat(&simulator);
        let endpoint = Endpoint::custom(&simulator.endpoint()).unwrap();
        let on_runtime = async move {
            let client = Client::builder().build().unwrap();
            client.session(Config::new(endpoint), details).unwrap()
        };
        let (session, mut events) = runtime.spawn(on_runtime).await.unwrap();
        let waiting = tokio::spawn({
            let session = session.clone();
            async move { session.ended().await }
        });
        runtime.shutdown_background();
        assert_eq!(waiting.await.unwrap(), EndReason::Abandoned);
        assert_eq!(session.phase(), Phase::Ended);
        let last = Event::Ended(EndReason::Abandoned);
        assert_eq!(events.next().await, Some(last));
        assert_eq!(events.next().await, None);
    })
    .await;
}

#[tokio::test]
async fn a_suspended_session_has_no_socket_and_recovers_when_it_is_resumed() {
    in_time(async {
        let mut chat = Chat::connect().await;
        chat.session.suspend().unwrap();
        assert_eq!(chat.session.phase(), Phase::Suspended);
        let contact = chat.contact.clone();
        let none_open = move |service: &chat_sim::Service| {
            service.contact(&contact).unwrap().open_sockets() == 0
        };
        let closed = chat.simulator.wait_until(none_open, DEADLINE);
        closed.await.unwrap();
        chat.agent_sends("are you asleep?");
        chat.session.resume().unwrap();
        assert!(chat.until_message("are you asleep?").await);
    })
    .await;
}
