//! Futures that are dropped: at their first wait, and at any later moment.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};

use crate::adapter::chat_proto::{Draft, Event};
use crate::adapter::{Adapter, AttachmentSink, AttachmentSource, poll_once, within};
use crate::behaviours::files::{boat, temporary};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Plan, is_attachment, sent};
use crate::service::until;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        a_connect_whose_future_is_dropped_goes_on,
        messages_whose_futures_are_dropped_at_any_moment_are_sent_once,
        a_file_whose_future_is_dropped_is_sent_once,
        a_download_whose_future_is_dropped_is_completed,
        a_disconnect_whose_future_is_dropped_goes_on,
        waiting_for_events_in_vain_loses_none,
    ]
}

async fn a_connect_whose_future_is_dropped_goes_on<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).start().await;
    drop(chat.session.connect()); // which has done nothing
    poll_once(chat.session.connect());
    chat.until(|event| matches!(event, Event::Established))
        .await;
    chat.balance().await;
    assert_eq!(chat.requests(Operation::CreateParticipantConnection), 1);
}

/// Moments after which a future is dropped, from before its first answer to after its last one.
fn moments() -> impl Iterator<Item = Duration> {
    (0..20).map(|number| Duration::from_micros(number * number * 50))
}

async fn messages_whose_futures_are_dropped_at_any_moment_are_sent_once<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    // One has to be repeated, and some are confirmed after their future is gone.
    let fault = Fault::new(Effect::LoseResponse).on(Operation::SendMessage);
    chat.inject(fault.once());
    let mut texts = Vec::new();
    for moment in moments() {
        let text = format!("dropped after {moment:?}");
        let sending = chat.session.send_message(Draft::text(&text));
        within::<A, _>(moment, sending).await;
        texts.push(text);
    }
    chat.until_count(texts.len(), sent).await;
    chat.balance().await;
    assert_eq!(chat.recorded_texts(), texts);
}

async fn a_file_whose_future_is_dropped_is_sent_once<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let mut files = 0;
    for moment in moments().step_by(6) {
        let source = AttachmentSource::<A>::bytes(boat());
        let sending = chat.session.send_attachment("a.txt", "text/plain", source);
        within::<A, _>(moment, sending).await;
        files += 1;
    }
    chat.until_count(files, is_attachment).await;
    chat.balance().await;
    assert_eq!(chat.count(is_attachment), files);
    let completed = chat.requests(Operation::CompleteAttachmentUpload);
    assert_eq!(usize::try_from(completed).unwrap(), files);
}

async fn a_download_whose_future_is_dropped_is_completed<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let source = AttachmentSource::<A>::bytes(boat());
    let sent = chat.session.send_attachment("a.txt", "text/plain", source);
    let id = sent.await.unwrap();
    chat.until(is_attachment).await;
    let path = temporary("dropped.txt");
    let sink = AttachmentSink::<A>::file(&path);
    let downloading = chat.session.download_attachment(id, sink);
    poll_once(downloading);
    until::<A>("the file", || path.exists()).await;
    assert!(std::fs::read(&path).unwrap() == boat(), "another file");
    std::fs::remove_file(&path).unwrap();
    chat.balance().await;
}

async fn a_disconnect_whose_future_is_dropped_goes_on<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.session.queue_message(Draft::text("last")).unwrap();
    poll_once(chat.session.disconnect());
    chat.until_ended().await;
    assert_eq!(chat.recorded_texts(), ["last"]);
    assert!(chat.ended_at_service().is_some());
}

async fn waiting_for_events_in_vain_loses_none<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let texts: Vec<String> = (1..=50).map(|number| format!("message {number}")).collect();
    for text in &texts {
        chat.agent_sends(text);
        // Each time it is given up before anything can have come, or just then.
        if let Some(event) = within::<A, _>(Duration::from_micros(200), chat.events.next()).await {
            chat.told.extend(event);
        }
    }
    chat.balance().await;
    assert_eq!(chat.received()[..50], texts);
}
