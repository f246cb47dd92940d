//! A service that goes away and comes back, or refuses.

use std::time::Duration;

use chat_sim::{CutWhen, Effect, Fault, Operation};

use crate::adapter::Adapter;
use crate::adapter::chat_proto::{Diagnostic, Draft, EndReason, Event, LossCause, Network};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Plan, back, lost, sent};
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        what_is_said_while_the_socket_is_cut_comes_once_and_in_order,
        an_item_that_the_cut_swallowed_is_recovered,
        a_service_that_restarts_is_asked_until_it_is_back,
        a_refused_handshake_is_tried_again,
        a_connection_near_its_end_is_replaced_without_a_loss,
        a_close_tells_its_code,
        garbage_is_a_diagnostic_and_what_follows_it_arrives,
        a_throttled_message_is_repeated_and_not_doubled,
        a_message_whose_answer_was_lost_is_not_doubled,
        a_request_that_is_never_answered_is_repeated,
        a_page_of_html_in_place_of_an_answer_is_not_believed,
        a_chat_that_ended_while_nobody_was_connected_is_over,
    ]
}

async fn what_is_said_while_the_socket_is_cut_comes_once_and_in_order<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.agent_sends("before");
    assert!(!chat.until_message("before").await);
    assert_eq!(chat.service.cut_sockets(&chat.contact), 1);
    for number in 1..=5 {
        chat.agent_sends(&format!("missed {number}"));
    }
    chat.until_lost().await;
    let sent = chat.session.send_message(Draft::text("mine")).await;
    sent.unwrap();
    // What is live may come before what is recovered: that is all there, then, before more is said.
    chat.until_message("missed 5").await;
    chat.balance().await;
    let mut texts = vec!["before".to_owned()];
    texts.extend((1..=5).map(|number| format!("missed {number}")));
    assert_eq!(chat.received()[..6], texts);
    assert_eq!(chat.losses(), (1, 1));
    assert_eq!(chat.recorded_texts(), ["mine"]);
}

async fn an_item_that_the_cut_swallowed_is_recovered<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let when = CutWhen::NextItem;
    chat.inject(Fault::new(Effect::CutSocket { when }).once());
    chat.agent_sends("swallowed");
    chat.until_lost().await;
    assert!(chat.until_message("swallowed").await);
    chat.balance().await;
    assert_eq!(chat.requests(Operation::CreateParticipantConnection), 2);
}

async fn a_service_that_restarts_is_asked_until_it_is_back<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.service.stop_listening().await;
    chat.until_lost().await;
    for _ in 0..2 {
        let diagnostic = chat.until_diagnostic("connect_attempt_failed").await;
        let Diagnostic::ConnectAttemptFailed { error, .. } = diagnostic else {
            panic!("{diagnostic:?}");
        };
        let error = error.to_string();
        assert!(error.contains("no connection could be made"), "{error}");
        chat.session.network(Network::Online);
    }
    chat.session
        .queue_message(Draft::text("meanwhile"))
        .unwrap();
    chat.agent_sends("are you there?");
    chat.service.resume_listening().await;
    chat.session.network(Network::Online);
    chat.until(back).await;
    assert!(chat.until_message("are you there?").await);
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), ["meanwhile"]);
    assert_eq!(chat.losses(), (1, 1));
}

async fn a_refused_handshake_is_tried_again<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.inject(Fault::new(Effect::RefuseHandshake { status: 503 }).once());
    chat.service.cut_sockets(&chat.contact);
    chat.agent_sends("missed");
    chat.until_lost().await;
    let diagnostic = chat.until_diagnostic("connect_attempt_failed").await;
    let Diagnostic::ConnectAttemptFailed { error, .. } = diagnostic else {
        panic!("{diagnostic:?}");
    };
    assert!(error.to_string().contains("HTTP 503"), "{error}");
    chat.session.network(Network::Online);
    assert!(chat.until_message("missed").await);
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
}

async fn a_connection_near_its_end_is_replaced_without_a_loss<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).start().await;
    let lifetime = Duration::from_secs(4);
    let short = Fault::new(Effect::ShortConnection { lifetime });
    let connecting = Operation::CreateParticipantConnection;
    chat.inject(short.on(connecting).once());
    chat.session.connect().await.unwrap();
    let mut texts = Vec::new();
    while chat.requests(connecting) < 2 || chat.sockets() != 1 {
        texts.push(format!("message {}", texts.len()));
        chat.agent_sends(texts.last().unwrap());
        chat.until_message(texts.last().unwrap()).await;
        A::sleep(Duration::from_millis(5)).await;
    }
    chat.balance().await;
    assert_eq!(chat.received()[..texts.len()], texts);
    assert_eq!(chat.losses(), (0, 0));
}

async fn a_close_tells_its_code<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.inject(Fault::new(Effect::CloseSocket { code: 1012 }).once());
    assert_eq!(chat.until_lost().await, LossCause::Closed(1012));
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
}

async fn garbage_is_a_diagnostic_and_what_follows_it_arrives<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    for text in ["<html>", "{\"topic\":7}", "[]", "\u{0}"] {
        let text = text.to_owned();
        chat.inject(Fault::new(Effect::RawFrame { text }).once());
        chat.until_diagnostic("malformed_frame").await;
    }
    chat.agent_sends("still here");
    assert!(!chat.until_message("still here").await);
    assert_eq!(chat.count(lost), 0);
    chat.balance().await;
}

async fn a_throttled_message_is_repeated_and_not_doubled<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let fault = Fault::new(chat_tests::refusal(429)).on(Operation::SendMessage);
    chat.inject(fault.times(2));
    let sent = chat.session.send_message(Draft::text("patient")).await;
    sent.unwrap();
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), ["patient"]);
    let retried =
        |event: &Event| matches!(event, Event::Diagnostic(Diagnostic::RequestRetried { .. }));
    assert_eq!(chat.count(retried), 2);
}

async fn a_message_whose_answer_was_lost_is_not_doubled<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let fault = Fault::new(Effect::LoseResponse).on(Operation::SendMessage);
    chat.inject(fault.once());
    let sent = chat.session.send_message(Draft::text("once")).await;
    sent.unwrap();
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), ["once"]);
    let uses = chat.service.with(|service, _| {
        let contact = service.contact(&chat.contact).unwrap();
        contact.sends().map(|send| send.uses).collect::<Vec<_>>()
    });
    assert_eq!(uses, [2], "one message, sent twice under one client token");
}

async fn a_request_that_is_never_answered_is_repeated<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        config.request_timeout(Duration::from_millis(500)).unwrap();
    });
    let mut chat = plan.connect().await;
    chat.inject(Fault::new(Effect::Stall).on(Operation::SendMessage).once());
    let sent = chat.session.send_message(Draft::text("patient")).await;
    sent.unwrap();
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), ["patient"]);
}

async fn a_page_of_html_in_place_of_an_answer_is_not_believed<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
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
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), ["behind 200", "behind 502"]);
}

async fn a_chat_that_ended_while_nobody_was_connected_is_over<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.service.stop_listening().await;
    chat.until_lost().await;
    chat.service
        .with(|service, now| service.end_contact(now, &chat.contact))
        .unwrap();
    chat.service.resume_listening().await;
    chat.session.network(Network::Online);
    let reason = chat.session.ended().await;
    assert!(matches!(reason, EndReason::Inferred(_)), "{reason:?}");
    chat.until_ended().await;
}
