//! What goes wrong with requests, and is made good again.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};
use chat_tests::{on_send, refusal};
use chat_tokio::SendFailure;
use chat_tokio::chat_proto::api::Exception;
use chat_tokio::chat_proto::{Diagnostic, Draft, Event, RequestError, SendError};

use crate::support::tokio_chat::{Chat, Plan, in_time};

fn sent(event: &Event) -> bool {
    matches!(event, Event::MessageSent { .. })
}

#[tokio::test]
async fn a_throttled_message_is_repeated_and_not_doubled() {
    in_time(async {
        let mut chat = Chat::connect().await;
        let fault = on_send(refusal(429)).times(2);
        chat.inject(fault);
        chat.session
            .send_message(Draft::text("patient"))
            .await
            .unwrap();
        chat.until(sent).await;
        assert_eq!(chat.recorded(), ["patient"]);
        let retried =
            |event: &Event| matches!(event, Event::Diagnostic(Diagnostic::RequestRetried { .. }));
        assert_eq!(chat.count(retried), 2);
    })
    .await;
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_not_doubled() {
    in_time(async {
        let mut chat = Chat::connect().await;
        let fault = Fault::new(Effect::LoseResponse).on(Operation::SendMessage);
        chat.inject(fault.once());
        chat.session
            .send_message(Draft::text("once"))
            .await
            .unwrap();
        chat.until(sent).await;
        assert_eq!(chat.recorded(), ["once"]);
        let uses = chat.simulator.with(|service, _| {
            let contact = service.contact(&chat.contact).unwrap();
            contact.sends().map(|send| send.uses).collect::<Vec<_>>()
        });
        assert_eq!(uses, [2], "one message, sent twice under one client token");
    })
    .await;
}

#[tokio::test]
async fn a_page_of_html_in_place_of_an_answer_is_not_believed() {
    in_time(async {
        let mut chat = Chat::connect().await;
        let html = |status| Effect::AnswerRaw {
            status,
            content_type: "text/html".to_owned(),
            body: "<html>gateway</html>".to_owned(),
        };
        for status in [200, 502] {
            let fault = Fault::new(html(status)).on(Operation::SendMessage);
            chat.inject(fault.once());
            let text = format!("behind {status}");
            chat.session.send_message(Draft::text(text)).await.unwrap();
            chat.until(sent).await;
        }
        assert_eq!(chat.recorded(), ["behind 200", "behind 502"]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_message_is_handed_back_and_can_be_sent_again() {
    in_time(async {
        let chat = Chat::connect().await;
        let refusal = Effect::Answer {
            status: 400,
            error_type: "ValidationException".to_owned(),
            message: "Not today".to_owned(),
            retry_after: None,
        };
        chat.inject(Fault::new(refusal).on(Operation::SendMessage).once());
        let failure = chat.session.send_message(Draft::text("mine")).await;
        let SendFailure::Failed(failed) = failure.unwrap_err() else {
            panic!("it was accepted");
        };
        assert_eq!(failed.draft, Draft::text("mine"));
        let SendError::Refused(RequestError::Service(error)) = &failed.error else {
            panic!("{failed:?}");
        };
        assert_eq!(error.exception, Exception::Validation);
        assert!(failed.to_string().contains("Not today"), "{failed}");
        let sent = chat.session.resend(failed.local_id).await.unwrap();
        assert_eq!(sent.local_id, failed.local_id);
        assert_eq!(chat.recorded(), ["mine"]);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_is_never_answered_is_cancelled_and_repeated() {
    in_time(async {
        let mut chat = Plan {
            config: |config| {
                config.request_timeout(Duration::from_millis(500)).unwrap();
            },
            ..Plan::default()
        }
        .connect()
        .await;
        chat.inject(Fault::new(Effect::Stall).on(Operation::SendMessage).once());
        chat.session
            .send_message(Draft::text("patient"))
            .await
            .unwrap();
        chat.until(sent).await;
        assert_eq!(chat.recorded(), ["patient"]);
    })
    .await;
}

#[tokio::test]
async fn a_send_whose_future_is_dropped_is_sent_exactly_once() {
    in_time(async {
        let mut chat = Chat::connect().await;
        let texts: Vec<String> = (0..20).map(|number| format!("message {number}")).collect();
        for text in &texts {
            let session = chat.session.clone();
            let mut sending = pin!(session.send_message(Draft::text(text.as_str())));
            // Polled once, as `select!` does, and dropped.
            poll_fn(|cx| {
                assert!(sending.as_mut().poll(cx).is_pending());
                Poll::Ready(())
            })
            .await;
        }
        drop(chat.session.send_message(Draft::text("never polled")));
        for _ in &texts {
            chat.until(sent).await;
        }
        assert_eq!(chat.recorded(), texts);
    })
    .await;
}
