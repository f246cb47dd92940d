//! What goes wrong between a session and the service, and is made good again: connections.

use chat_sim::{CutWhen, Effect, Fault, Operation};
use chat_tokio::Client;
use chat_tokio::chat_proto::{Diagnostic, Draft, Event, LossCause, Network, TransportErrorKind};

use crate::support::tokio_chat::{Chat, Plan, in_time};

fn lost(event: &Event) -> bool {
    matches!(event, Event::ConnectionLost(_))
}

fn back(event: &Event) -> bool {
    matches!(event, Event::Reestablished)
}

fn gap_filled(event: &Event) -> bool {
    matches!(event, Event::GapFilled { .. })
}

#[tokio::test]
async fn what_is_said_while_the_socket_is_cut_comes_once_and_in_order() {
    in_time(async {
        let mut chat = Chat::connect().await;
        chat.agent_sends("before");
        assert!(!chat.until_message("before").await);
        assert_eq!(chat.simulator.cut_sockets(&chat.contact), 1);
        for number in 1..=5 {
            chat.agent_sends(&format!("missed {number}"));
        }
        chat.until_lost().await;
        chat.session
            .send_message(Draft::text("mine"))
            .await
            .unwrap();
        chat.until(gap_filled).await;
        chat.agent_sends("after");
        assert!(!chat.until_message("after").await);
        assert_eq!(
            chat.received(),
            [
                "before", "missed 1", "missed 2", "missed 3", "missed 4", "missed 5", "after"
            ]
        );
        assert_eq!((chat.count(lost), chat.count(back)), (1, 1));
        assert_eq!(chat.recorded(), ["mine"]);
        chat.assert_same_transcript();
    })
    .await;
}

#[tokio::test]
async fn a_refused_handshake_is_tried_again() {
    in_time(async {
        let mut chat = Chat::connect().await;
        chat.inject(Fault::new(Effect::RefuseHandshake { status: 503 }).once());
        chat.simulator.cut_sockets(&chat.contact);
        chat.agent_sends("missed");
        chat.until_lost().await;
        let diagnostic = chat.until_diagnostic("connect_attempt_failed").await;
        let Diagnostic::ConnectAttemptFailed { error, .. } = diagnostic else {
            panic!("{diagnostic:?}");
        };
        assert!(error.to_string().contains("HTTP 503"), "{error}");
        chat.session.network(Network::Online);
        assert!(chat.until_message("missed").await);
        chat.until(gap_filled).await;
        assert_eq!((chat.count(lost), chat.count(back)), (1, 1));
        chat.assert_same_transcript();
    })
    .await;
}

#[tokio::test]
async fn a_server_that_is_away_is_asked_until_it_is_back() {
    in_time(async {
        let mut chat = Chat::connect().await;
        chat.simulator.stop_listening().await;
        chat.until_lost().await;
        for _ in 0..2 {
            let diagnostic = chat.until_diagnostic("connect_attempt_failed").await;
            let Diagnostic::ConnectAttemptFailed { error, .. } = diagnostic else {
                panic!("{diagnostic:?}");
            };
            assert!(
                error.to_string().contains("no connection could be made"),
                "{error}"
            );
            chat.session.network(Network::Online);
        }
        let queued = chat.session.queue_message(Draft::text("meanwhile")).unwrap();
        chat.simulator.resume_listening().await.unwrap();
        chat.agent_sends("welcome back");
        chat.session.network(Network::Online);
        chat.until(back).await;
        assert!(chat.until_message("welcome back").await);
        let sent = |event: &Event| {
            matches!(event, Event::MessageSent { local_id, .. } if *local_id == queued)
        };
        if chat.count(sent) == 0 {
            chat.until(sent).await;
        }
        assert_eq!(chat.recorded(), ["meanwhile"]);
        assert_eq!((chat.count(lost), chat.count(back)), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn a_frame_over_the_limit_loses_the_socket_and_its_item_comes_by_the_transcript() {
    in_time(async {
        let mut chat = Plan {
            client: Client::builder().frame_limit(4 * 1024),
            ..Plan::default()
        }
        .connect()
        .await;
        let long = "x".repeat(6_000);
        chat.agent_sends("short");
        chat.agent_sends(&long);
        let loss = chat.until_lost().await;
        let LossCause::Failed(error) = &loss else {
            panic!("{loss:?}");
        };
        assert_eq!(error.kind, TransportErrorKind::TooLarge);
        assert!(chat.until_message(&long).await);
        chat.until(gap_filled).await;
        assert_eq!(chat.received(), ["short", long.as_str()]);
        chat.assert_same_transcript();
    })
    .await;
}

#[tokio::test]
async fn garbage_is_a_diagnostic_and_what_follows_it_arrives() {
    in_time(async {
        let mut chat = Chat::connect().await;
        for text in ["<html>", "{\"topic\":7}", "[]", "\u{0}"] {
            let text = text.to_owned();
            chat.inject(Fault::new(Effect::RawFrame { text }).once());
            chat.until_diagnostic("malformed_frame").await;
        }
        chat.agent_sends("still here");
        assert!(!chat.until_message("still here").await);
        assert_eq!(chat.count(lost), 0);
    })
    .await;
}

#[tokio::test]
async fn an_item_that_the_cut_swallowed_is_recovered() {
    in_time(async {
        let mut chat = Chat::connect().await;
        let when = CutWhen::NextItem;
        chat.inject(Fault::new(Effect::CutSocket { when }).once());
        chat.agent_sends("swallowed");
        chat.until_lost().await;
        assert!(chat.until_message("swallowed").await);
        chat.until(gap_filled).await;
        assert_eq!(chat.received(), ["swallowed"]);
        let requests =
            |service: &chat_sim::Service| service.requests(Operation::CreateParticipantConnection);
        assert_eq!(chat.simulator.with(|service, _| requests(service)), 2);
    })
    .await;
}

#[tokio::test]
async fn a_close_of_the_service_tells_its_code() {
    in_time(async {
        let mut chat = Chat::connect().await;
        chat.inject(Fault::new(Effect::CloseSocket { code: 1012 }).once());
        assert_eq!(chat.until_lost().await, LossCause::Closed(1012));
        chat.until(back).await;
    })
    .await;
}
