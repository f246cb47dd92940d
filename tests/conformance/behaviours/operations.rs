//! Every operation of a session that is a call of its own.

use chat_sim::{ChatEvent, Effect, Fault, Operation, Role, View};

use crate::adapter::chat_proto::api::{Exception, GetTranscript, SendEvent};
use crate::adapter::chat_proto::{
    ConnectError, ContentType, Draft, Event, ItemKind, Phase, RequestError, SendError, SessionId,
    ViewToken,
};
use crate::adapter::{Adapter, CallError, ConnectFailure, SendFailure, poll_once};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan};
use crate::service::until;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        events_are_sent_and_pages_are_read,
        a_view_is_described,
        a_customer_signs_in_or_does_not,
        a_refused_message_is_handed_back_and_can_be_sent_again,
        a_wrong_token_fails_the_connect_with_the_services_words,
        a_send_whose_future_is_dropped_is_sent_exactly_once,
        a_call_that_the_service_refuses_says_why,
    ]
}

async fn events_are_sent_and_pages_are_read<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    for number in 1..=3 {
        chat.agent_sends(&number.to_string());
    }
    chat.until_message("3").await;
    let acknowledged = SendEvent::new(ContentType::ConnectionAcknowledged);
    let sent = chat.session.send_event(acknowledged).await.unwrap();
    assert!(sent.id.is_some());
    let page = chat.session.get_transcript(GetTranscript::default()).await;
    let items = page.unwrap().items.into_iter();
    let texts: Vec<_> = items.filter_map(|item| item.content).collect();
    assert_eq!(texts, ["3", "2", "1"]);
    let older = chat.session.load_older().await.unwrap();
    assert!(older.complete);
    chat.balance().await;
}

async fn a_view_is_described<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let view = View {
        id: "view-1".to_owned(),
        name: "Address".to_owned(),
        version: 3,
        input_schema: "{}".to_owned(),
        template: "{}".to_owned(),
        actions: vec!["Submit".to_owned()],
    };
    chat.service
        .with(|service, now| service.bot_shows_view(now, &chat.contact, &view))
        .unwrap();
    let event = chat
        .until(|event| matches!(event, Event::Item(item) if item.kind == ItemKind::Message))
        .await;
    let Event::Item(shown) = event else {
        panic!("{event:?}");
    };
    let content: serde_json::Value =
        serde_json::from_str(shown.item.content.as_deref().unwrap()).unwrap();
    let token = content["data"]["content"]["viewToken"].as_str().unwrap();
    let described = chat.session.describe_view(ViewToken::from(token)).await;
    let described = described.unwrap();
    assert_eq!(described.id.as_deref(), Some("view-1"));
    assert_eq!(described.name.as_deref(), Some("Address"));
    let unknown = chat.session.describe_view("nothing".into()).await;
    let unknown = unknown.unwrap_err();
    assert!(
        matches!(unknown, CallError::Request(RequestError::Service(_))),
        "{unknown:?}"
    );
    chat.balance().await;
}

/// The customer is asked to sign in; the session of it.
async fn asked_to_sign_in<A: Adapter>(chat: &mut Chat<A>) -> SessionId {
    let asked = ChatEvent::AuthenticationInitiated;
    chat.service
        .with(|service, now| service.publish_event(now, &chat.contact, &asked, Role::Customer))
        .unwrap();
    let event = chat
        .until(|event| {
            matches!(event, Event::Item(item) if item.kind == ItemKind::AuthenticationInitiated)
        })
        .await;
    let Event::Item(received) = event else {
        panic!("{event:?}");
    };
    let content = received.item.content.as_deref().unwrap();
    let content: serde_json::Value = serde_json::from_str(content).unwrap();
    content["SessionId"].as_str().unwrap().into()
}

async fn a_customer_signs_in_or_does_not<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let id = asked_to_sign_in(&mut chat).await;
    let back = "https://shop.example/back";
    let url = chat.session.authentication_url(id.clone(), back).await;
    let url = url.unwrap();
    assert!(url.expose().starts_with(&chat.service.endpoint()));
    chat.session
        .cancel_authentication(id.clone())
        .await
        .unwrap();
    chat.until(
        |event| matches!(event, Event::Item(item) if item.kind == ItemKind::AuthenticationCanceled),
    )
    .await;
    let over = chat.session.authentication_url(id, back).await.unwrap_err();
    assert!(
        matches!(over, CallError::Request(RequestError::Service(_))),
        "{over:?}"
    );
    chat.balance().await;
}

async fn a_refused_message_is_handed_back_and_can_be_sent_again<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let refusal = Effect::Answer {
        status: 400,
        error_type: "ValidationException".to_owned(),
        message: "Not today".to_owned(),
        retry_after: None,
    };
    chat.inject(Fault::new(refusal).on(Operation::SendMessage).once());
    let failure = chat.session.send_message(Draft::text("mine")).await;
    let SendFailure::Failed(failed) = failure.unwrap_err() else {
        panic!("it was not accepted");
    };
    assert_eq!(failed.draft, Draft::text("mine"));
    let SendError::Refused(RequestError::Service(error)) = &failed.error else {
        panic!("{failed:?}");
    };
    assert_eq!(error.exception, Exception::Validation);
    assert!(failed.to_string().contains("Not today"), "{failed}");
    let sent = chat.session.resend(failed.local_id).await.unwrap();
    assert_eq!(sent.local_id, failed.local_id);
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), ["mine"]);
}

async fn a_wrong_token_fails_the_connect_with_the_services_words<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).start().await;
    let mut details = chat.session.chat_details();
    details.participant_token = "wrong".into();
    let config = chat.config.clone();
    (chat.session, chat.events) = chat.client.session(config, details).unwrap();
    for _ in 0..2 {
        let failure = chat.session.connect().await.unwrap_err();
        let ConnectFailure::Failed(ConnectError::Request(RequestError::Service(error))) = &failure
        else {
            panic!("{failure:?}");
        };
        assert_eq!(error.status, 403);
        assert!(!error.message.is_empty());
        assert!(failure.to_string().contains(&error.message), "{failure}");
        assert_eq!(chat.session.phase(), Phase::Idle, "it can be tried again");
    }
}

async fn a_send_whose_future_is_dropped_is_sent_exactly_once<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let texts: Vec<String> = (1..=20).map(|number| format!("message {number}")).collect();
    for text in &texts {
        let sending = chat.session.send_message(Draft::text(text));
        poll_once(sending);
    }
    drop(chat.session.send_message(Draft::text("never polled")));
    until::<A>("all messages", || {
        chat.recorded_texts().len() == texts.len()
    })
    .await;
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), texts);
}

async fn a_call_that_the_service_refuses_says_why<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let fault = Fault::new(chat_tests::refusal(404)).on(Operation::GetTranscript);
    chat.inject(fault.once());
    let refused = chat.session.get_transcript(GetTranscript::default()).await;
    let Err(CallError::Request(RequestError::Service(error))) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error.exception, Exception::ResourceNotFound);
    chat.balance().await;
}
