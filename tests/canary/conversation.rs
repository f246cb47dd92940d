//! A chat in which nothing goes wrong but what the application asks for.

use std::num::NonZeroU32;

use chat_driver::Client;
use chat_driver::runtime::Runtime;
use chat_proto::api::{GetTranscript, SendEvent};
use chat_proto::wire::interactive::Template;
use chat_proto::{
    ContentType, Draft, Event, InteractiveMessage, ItemKind, LocalId, Operation, Phase, Quota,
    Quotas, ReceiptKind, ResumeState, SessionId, ViewToken,
};
use chat_sim::{ChatEvent, Role, Settings, View};

use crate::capture::{see, see_error};
use crate::marks::{mark, note, note_url};
use crate::stage::{Chat, Stage, client, gap_filled};

fn sent(event: &Event) -> bool {
    matches!(event, Event::MessageSent { .. })
}

/// Every command, in time and out of it.
pub(crate) async fn everything_is_said<R: Runtime>() {
    let mut quotas = Quotas::unlimited();
    let (ten, one) = (NonZeroU32::new(10).unwrap(), NonZeroU32::MIN);
    quotas.set(Operation::SendMessage, Some(Quota::new(ten, one)));
    let client = client::<R>().quotas(quotas).user_agent_suffix("canary/1");
    let stage = Stage::open(Settings::default(), client).await;
    let mut chat = stage.chat();
    see_error(&chat.session.typing().unwrap_err());
    see_error(&chat.session.suspend().unwrap_err());
    see_error(&chat.session.disconnect().await.unwrap_err());
    chat.agent_sends(&mark("text"));
    chat.session.connect().await.unwrap();
    see_error(&chat.session.connect().await.unwrap_err());
    chat.until(gap_filled).await;

    let (first, second) = (Draft::text(mark("text")), Draft::text(mark("text")));
    see(&first);
    see(&chat.session.queue_message(first).unwrap());
    see(&chat.session.send_message(second).await.unwrap());
    let long = format!("{}{}", mark("text"), "x".repeat(20_000));
    for refused in ["", long.as_str()] {
        let refused = chat.session.send_message(Draft::text(refused)).await;
        let refused = refused.unwrap_err();
        see_error(&refused);
        see(&refused.into_draft());
    }
    chat.session.typing().unwrap();
    chat.session.typing().unwrap();
    let event = SendEvent::new(ContentType::Typing).with_content(mark("event"));
    see(&event);
    match chat.session.send_event(event).await {
        Ok(sent) => see(&sent),
        Err(error) => see_error(&error),
    }

    let text = mark("text");
    chat.agent_sends(&text);
    let theirs = chat
        .until(|event| content(event) == Some(text.as_str()))
        .await;
    let Event::Item(received) = theirs else {
        unreachable!("it is what was waited for");
    };
    let id = received.item.id.clone().unwrap();
    chat.session.send_receipt(ReceiptKind::Read, &id).unwrap();
    chat.session
        .send_receipt(ReceiptKind::Delivered, &id)
        .unwrap();
    let settled = |event: &Event| matches!(event, Event::ReceiptSettled { .. });
    chat.until(settled).await;
    see_error(
        &chat
            .session
            .send_receipt(ReceiptKind::Read, &"nothing".into())
            .unwrap_err(),
    );
    see_error(&chat.session.resend(sent_long_ago(&chat)).await.unwrap_err());

    see(&chat
        .session
        .get_transcript(GetTranscript::default())
        .await
        .unwrap());
    match chat.session.load_older().await {
        Ok(loaded) => see(&loaded),
        Err(error) => see_error(&error),
    }
    a_view(&mut chat).await;
    signing_in(&mut chat).await;

    see(&chat.session.transcript());
    see(&chat.session.chat_details());
    see(&chat.session.phase());
    chat.session.suspend().unwrap();
    chat.agent_sends(&mark("text"));
    chat.session.resume().unwrap();
    chat.until_back().await;
    chat.since_lost(gap_filled).await;
    see(&chat.session.disconnect().await.unwrap());
    chat.until_ended().await;
    see_error(&chat.session.resume_state().unwrap_err());
    see_error(
        &chat
            .session
            .queue_message(Draft::text(mark("text")))
            .unwrap_err(),
    );
    stage
        .client
        .shutdown(chat_driver::Shutdown::Disconnect)
        .await;
    let (_, details) = stage.start();
    see_error(&stage.client.session(stage.config(), details).unwrap_err());
}

/// The name of a message that was confirmed long ago.
fn sent_long_ago(chat: &Chat) -> LocalId {
    let entries = chat.session.transcript();
    entries.iter().find_map(|entry| entry.local_id).unwrap()
}

pub(crate) fn content(event: &Event) -> Option<&str> {
    if let Event::Item(received) = event {
        return received.item.content.as_deref();
    }
    None
}

async fn a_view(chat: &mut Chat) {
    let view = View {
        id: "form-1".to_owned(),
        name: "Form".to_owned(),
        version: 1,
        input_schema: format!(r#"{{"title":"{}"}}"#, mark("text")),
        template: format!(r#"{{"title":"{}"}}"#, mark("text")),
        actions: vec!["Submit".to_owned()],
    };
    let shown = chat
        .simulator
        .with(|service, now| service.bot_shows_view(now, &chat.contact, &view));
    shown.unwrap();
    let shows = |event: &Event| content(event).and_then(view_token).is_some();
    let event = chat.until(shows).await;
    let message = InteractiveMessage::parse(content(&event).unwrap()).unwrap();
    see(&message);
    let token = content(&event).and_then(view_token).unwrap();
    note("view token", token.expose());
    see(&token);
    see(&chat.session.describe_view(token).await.unwrap());
    let wrong = ViewToken::from(mark("view token"));
    see_error(&chat.session.describe_view(wrong).await.unwrap_err());
}

fn view_token(content: &str) -> Option<ViewToken> {
    let message = InteractiveMessage::parse(content).ok()?;
    if let Template::ViewResource(view) = message.template {
        view.view_token
    } else {
        None
    }
}

async fn signing_in(chat: &mut Chat) {
    let initiated = &ChatEvent::AuthenticationInitiated;
    chat.simulator
        .with(|service, now| service.publish_event(now, &chat.contact, initiated, Role::Customer))
        .unwrap();
    let initiated = |event: &Event| matches!(event, Event::Item(item) if item.kind == ItemKind::AuthenticationInitiated);
    let event = chat.until(initiated).await;
    let told: serde_json::Value = serde_json::from_str(content(&event).unwrap()).unwrap();
    let session_id = told["SessionId"].as_str().unwrap();
    note("session id", session_id);
    let session_id = SessionId::from(session_id);
    see(&session_id);
    let back = format!("https://example.com/{}", mark("path"));
    let url = chat
        .session
        .authentication_url(session_id.clone(), back)
        .await;
    let url = url.unwrap();
    note_url("signed URL", url.expose());
    see(&url);
    chat.session
        .cancel_authentication(session_id)
        .await
        .unwrap();
    let wrong = SessionId::from(format!("{:-<36}", mark("session id")));
    see_error(&chat.session.cancel_authentication(wrong).await.unwrap_err());
}

/// A resume state goes to another process with all it holds.
pub(crate) async fn another_process_goes_on<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>()).await;
    let mut chat = stage.connect().await;
    chat.session
        .send_message(Draft::text(mark("text")))
        .await
        .unwrap();
    chat.until(sent).await;
    chat.session.suspend().unwrap();
    chat.session
        .queue_message(Draft::text(mark("text")))
        .unwrap();
    let state = chat.session.resume_state().unwrap();
    see(&state);
    let stored = serde_json::to_string(&state).unwrap();
    chat.session.abandon().await.unwrap();
    chat.until_ended().await;
    let broken = stored.replacen("\"version\":1", "\"version\":9", 1);
    let broken = serde_json::from_str::<ResumeState>(&broken);
    see_error(&broken.unwrap_err());
    let state = serde_json::from_str(&stored).unwrap();
    let (session, events) = stage.client.restore(stage.config(), state).unwrap();
    (chat.session, chat.events) = (session, events);
    assert_eq!(chat.session.phase(), Phase::Idle);
    chat.session.connect().await.unwrap();
    chat.until(sent).await;
    let ended = chat
        .simulator
        .with(|service, now| service.end_contact(now, &chat.contact));
    ended.unwrap();
    chat.until_ended().await;
}

/// An application that does not read its events stops the reading of the socket.
pub(crate) async fn the_application_is_slow<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>().event_queue(4)).await;
    let mut chat = stage.connect().await;
    let texts: Vec<_> = (0..20).map(|_| mark("text")).collect();
    for text in &texts {
        chat.agent_sends(text);
    }
    chat.until_diagnostic("reading_paused").await;
    let last = texts.last().unwrap();
    chat.until(|event| content(event) == Some(last.as_str()))
        .await;
    see(&Client::<R>::builder());
}
