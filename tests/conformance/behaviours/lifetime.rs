//! How long a session lives, and how it ends.

use crate::adapter::chat_proto::api::GetTranscript;
use crate::adapter::chat_proto::{CommandError, Draft, EndReason, Event, LossCause, Phase};
use crate::adapter::{Adapter, CallError, ConnectFailure, ResendFailure, SendFailure, begin};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::Plan;
use crate::service::until;
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        a_suspended_session_has_no_socket_and_recovers_when_it_is_resumed,
        disconnect_sends_what_is_queued_and_tells_the_service,
        an_abandoned_chat_goes_on_without_us,
        the_last_handle_takes_the_session_with_it,
        events_alone_keep_a_session_alive,
        a_refused_command_says_why_and_hands_back_what_it_carried,
    ]
}

async fn a_suspended_session_has_no_socket_and_recovers_when_it_is_resumed<A: Adapter>(
    stage: Stage,
) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    chat.session.suspend().unwrap();
    assert_eq!(chat.session.phase(), Phase::Suspended);
    chat.until_sockets(0).await;
    chat.agent_sends("are you asleep?");
    let suspended = Event::ConnectionLost(LossCause::Suspended);
    chat.until(|event| *event == suspended).await;
    chat.session.resume().unwrap();
    assert!(chat.until_message("are you asleep?").await);
    chat.balance().await;
    assert_eq!(chat.losses(), (1, 1));
}

async fn disconnect_sends_what_is_queued_and_tells_the_service<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    for text in ["one", "two", "three"] {
        chat.session.queue_message(Draft::text(text)).unwrap();
    }
    let session = chat.session.clone();
    let waiting = begin::<A, _>(async move { session.ended().await });
    let reason = chat.session.disconnect().await.unwrap();
    assert_eq!(reason, EndReason::Disconnected);
    assert_eq!(waiting.await.unwrap(), EndReason::Disconnected);
    assert_eq!(chat.recorded_texts(), ["one", "two", "three"]);
    chat.until_ended().await;
    assert!(chat.ended_at_service().is_some());
    chat.until_sockets(0).await;
}

async fn an_abandoned_chat_goes_on_without_us<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let reason = chat.session.abandon().await.unwrap();
    assert_eq!(reason, EndReason::Abandoned);
    chat.until_ended().await;
    chat.until_sockets(0).await;
    assert_eq!(chat.ended_at_service(), None);
}

async fn the_last_handle_takes_the_session_with_it<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let clone = chat.session.clone();
    // Another session in the place of this one, which is dropped.
    let details = chat.session.chat_details();
    let (session, events) = chat.client.session(chat.config.clone(), details).unwrap();
    drop((chat.session, chat.events));
    let sent = clone
        .send_message(Draft::text("one handle is enough"))
        .await;
    sent.unwrap();
    drop(clone);
    (chat.session, chat.events) = (session, events);
    chat.until_sockets(0).await;
    assert_eq!(chat.ended_at_service(), None);
}

async fn events_alone_keep_a_session_alive<A: Adapter>(stage: Stage) {
    let mut chat = Plan::<A>::new(&stage).connect().await;
    let details = chat.session.chat_details();
    let (another, _) = chat.client.session(chat.config.clone(), details).unwrap();
    drop(std::mem::replace(&mut chat.session, another));
    chat.agent_sends("hello");
    chat.until_message("hello").await;
    assert_eq!(chat.sockets(), 1);
}

async fn a_refused_command_says_why_and_hands_back_what_it_carried<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).connect().await;
    let session = &chat.session;
    assert!(matches!(
        session.connect().await,
        Err(ConnectFailure::Command(CommandError::WrongPhase { .. }))
    ));
    let too_long = Draft::text("x".repeat(16_385));
    let refused = session.send_message(too_long.clone()).await.unwrap_err();
    assert!(matches!(&refused, SendFailure::Refused(_)), "{refused}");
    assert_eq!(refused.into_draft(), too_long);
    let local_id = session.queue_message(Draft::text("fine")).unwrap();
    assert!(matches!(
        session.resend(local_id).await,
        Err(ResendFailure::Command(CommandError::UnknownMessage(_)))
    ));
    until::<A>("the message", || chat.recorded_texts() == ["fine"]).await;
    assert_eq!(session.abandon().await, Ok(EndReason::Abandoned));
    let after = session.get_transcript(GetTranscript::default()).await;
    assert!(matches!(after, Err(CallError::Command(_))), "{after:?}");
    let after = session.send_message(Draft::text("late")).await;
    assert_eq!(after.unwrap_err().into_draft(), Draft::text("late"));
}
