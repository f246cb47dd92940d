//! An application that is slow loses nothing and keeps nobody waiting.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::time::Duration;

use chat_sim::{Effect, Fault};
use chat_tokio::Client;
use chat_tokio::chat_proto::{Diagnostic, Draft, Event, Phase};

use crate::support::tokio_chat::{Plan, in_time};

/// A plan with room for two events, and quick heartbeats.
fn narrow() -> Plan {
    Plan {
        client: Client::builder().event_queue(2),
        config: |config| {
            config.heartbeat_interval(Duration::from_secs(1)).unwrap();
        },
        ..Plan::default()
    }
}

fn paused(event: &Event) -> bool {
    matches!(event, Event::Diagnostic(Diagnostic::ReadingPaused))
}

#[tokio::test]
async fn a_slow_application_loses_nothing_and_the_heartbeats_go_on() {
    in_time(async {
        let mut chat = narrow().connect().await;
        // Answers to pings do not matter to the session; the fault counts the pings.
        let pings = chat.inject(Fault::new(Effect::MutePings));
        let texts: Vec<String> = (1..=300)
            .map(|number| format!("message {number}"))
            .collect();
        for text in &texts {
            chat.agent_sends(text);
        }
        // Nobody reads events; three heartbeats later the connection is still there.
        chat.until_struck(pings, 3).await;
        let read = chat.session.transcript().len();
        assert!(read < 10, "{read} items were read from the socket");
        // A send is confirmed to who waits for it, though the event stands in line.
        chat.session
            .send_message(Draft::text("mine"))
            .await
            .unwrap();
        chat.until_message("message 300").await;
        assert_eq!(chat.received(), texts);
        assert!(chat.count(paused) >= 1);
        let lost = |event: &Event| matches!(event, Event::ConnectionLost(_));
        assert_eq!(chat.count(lost), 0);
        let sent = |event: &Event| matches!(event, Event::MessageSent { .. });
        if chat.count(sent) == 0 {
            chat.until(sent).await;
        }
        assert_eq!(chat.recorded(), ["mine"]);
    })
    .await;
}

#[tokio::test]
async fn a_slow_application_does_not_keep_a_lost_connection_from_being_recovered() {
    in_time(async {
        let mut chat = narrow().connect().await;
        for number in 1..=10 {
            chat.agent_sends(&number.to_string());
        }
        // It is cut while it is not read: the loss shows when a heartbeat cannot be written.
        let waits = |service: &chat_sim::Service| {
            service.requests(chat_sim::Operation::CreateParticipantConnection)
        };
        assert_eq!(chat.simulator.cut_sockets(&chat.contact), 1);
        let limit = Duration::from_secs(20);
        let again = chat
            .simulator
            .wait_until(|service| waits(service) == 2, limit);
        again.await.unwrap();
        // Still nobody reads events.
        while chat.session.phase() != Phase::Live {
            tokio::task::yield_now().await;
        }
        chat.agent_sends("last");
        // What is live may come before what is recovered.
        let filled = |event: &Event| matches!(event, Event::GapFilled { .. });
        chat.until_message("last").await;
        if chat.count(filled) == 0 {
            chat.until(filled).await;
        }
        let texts = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "last"];
        let mut received = chat.received();
        received.sort_unstable_by_key(|text| texts.iter().position(|known| known == text));
        assert_eq!(received, texts, "each once");
    })
    .await;
}

#[tokio::test]
async fn an_application_that_has_dropped_the_events_hinders_nothing() {
    in_time(async {
        let chat = narrow().connect().await;
        drop(chat.events);
        for number in 1..=100 {
            let text = number.to_string();
            chat.simulator
                .with(|service, now| service.agent_sends(now, &chat.contact, "text/plain", &text))
                .unwrap();
        }
        let wanted = chat.simulator.with(|service, _| {
            let contact = service.contact(&chat.contact).unwrap();
            contact.transcript().len()
        });
        while chat.session.transcript().len() < wanted {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
