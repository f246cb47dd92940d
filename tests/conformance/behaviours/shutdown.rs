//! The end of a client, with everything it has.

use std::time::Duration;

use crate::adapter::chat_proto::{CommandError, Draft, EndReason, Phase};
use crate::adapter::{Adapter, ChatSession, Events, SessionError, Shutdown, poll_once, within};
use crate::behaviours::hub::Desk;
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan, start_chat};
use crate::counted;
use crate::service::{PATIENCE, open_sockets, until};
use crate::stage::Stage;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        shutdown_with_disconnect_sends_what_is_queued_and_leaves_every_chat,
        shutdown_with_abandon_ends_everything_and_tells_nobody,
        shutdown_without_a_service_does_not_wait_for_it,
        a_shutdown_that_nobody_waits_for_goes_on,
    ]
}

/// A client with a session for everything that a session can be doing, and a hub.
struct Everything<A: Adapter> {
    desk: Desk<A>,
    seat: ChatSession,
    /// Connected, and with nothing to do.
    resting: (ChatSession, Events, String),
    asleep: (ChatSession, Events, String),
    never_connected: (ChatSession, Events, String),
}

impl<A: Adapter> Everything<A> {
    async fn begin(stage: &Stage) -> Self {
        // Who leaves before the others may not be told of the end that follows.
        let plan = Plan::new(stage).config(|config| {
            let deadline = Duration::from_secs(3);
            config.disconnect_deadline(deadline).unwrap();
        });
        let desk = Desk::<A>::open(plan).await;
        let seat = desk.seat(&desk.bob);
        let begin = || {
            let (contact, details) = start_chat(&desk.ann.service);
            let session = desk.ann.client.session(desk.ann.config.clone(), details);
            let (session, events) = session.unwrap();
            (session, events, contact)
        };
        let (resting, asleep, never_connected) = (begin(), begin(), begin());
        resting.0.connect().await.unwrap();
        asleep.0.connect().await.unwrap();
        asleep.0.suspend().unwrap();
        seat.send_message(Draft::text("Hello Bob")).await.unwrap();
        Self {
            desk,
            seat,
            resting,
            asleep,
            never_connected,
        }
    }

    fn sessions(&self) -> [&ChatSession; 6] {
        let Desk { ann, bob, .. } = &self.desk;
        let others = [&self.resting, &self.asleep, &self.never_connected];
        let [resting, asleep, never_connected] = others.map(|(session, ..)| session);
        let (ann, bob) = (&ann.session, &bob.session);
        [ann, bob, resting, asleep, never_connected, &self.seat]
    }

    /// Nothing is left of it, and nothing begins any more.
    async fn assert_gone(&mut self) {
        let chat = &self.desk.ann;
        until::<A>("no task", || counted::tasks() == 0).await;
        until::<A>("no socket", || open_sockets() == 0).await;
        for session in self.sessions() {
            assert_eq!(session.phase(), Phase::Ended);
        }
        let details = chat.session.chat_details();
        let refused = chat.client.session(chat.config.clone(), details).map(drop);
        assert!(
            matches!(refused, Err(SessionError::ShutDown)),
            "{refused:?}"
        );
        let refused = self.desk.another_hub();
        assert!(
            matches!(refused, Err(SessionError::ShutDown)),
            "{refused:?}"
        );
        // Whoever reads on comes to the end.
        let Self { desk, resting, .. } = self;
        while resting.1.next().await.is_some() {}
        while desk.next().await.is_some() {}
    }

    fn is_over_at_service(&self, contact: &str) -> bool {
        self.desk.ann.service.with(|service, _| {
            let contact = service.contact(contact).unwrap();
            contact.ended().is_some()
        })
    }
}

/// Shuts a client down, in time.
async fn shut_down<A: Adapter>(chat: &Chat<A>, how: Shutdown) {
    let down = within::<A, _>(PATIENCE, chat.client.shutdown(how)).await;
    assert!(down.is_some(), "it takes longer than {PATIENCE:?}");
}

async fn shutdown_with_disconnect_sends_what_is_queued_and_leaves_every_chat<A: Adapter>(
    stage: Stage,
) {
    let mut all = Everything::<A>::begin(&stage).await;
    let texts = ["one", "two", "three"];
    for text in texts {
        let queued = all.desk.ann.session.queue_message(Draft::text(text));
        queued.unwrap();
    }
    shut_down(&all.desk.ann, Shutdown::Disconnect).await;
    all.assert_gone().await;
    assert_eq!(all.desk.ann.recorded_texts(), texts);
    for left in [&all.desk.ann.session, &all.resting.0] {
        assert_eq!(left.end_reason(), Some(EndReason::Disconnected));
        let contact = left.chat_details().contact_id;
        assert!(all.is_over_at_service(contact.as_str()), "it was told");
    }
    assert!(all.is_over_at_service(&all.desk.bob.contact));
    let reason = all.never_connected.0.end_reason();
    assert_eq!(reason, Some(EndReason::Abandoned));
    assert!(!all.is_over_at_service(&all.never_connected.2));
    // It has left already.
    shut_down(&all.desk.ann, Shutdown::Disconnect).await;
}

async fn shutdown_with_abandon_ends_everything_and_tells_nobody<A: Adapter>(stage: Stage) {
    let mut all = Everything::<A>::begin(&stage).await;
    shut_down(&all.desk.ann, Shutdown::Abandon).await;
    all.assert_gone().await;
    for session in all.sessions() {
        assert_eq!(session.end_reason(), Some(EndReason::Abandoned));
        let contact = session.chat_details().contact_id;
        assert!(!all.is_over_at_service(contact.as_str()));
    }
}

async fn shutdown_without_a_service_does_not_wait_for_it<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        let deadline = Duration::from_secs(1);
        config.disconnect_deadline(deadline).unwrap();
    });
    let mut chat = plan.connect().await;
    chat.service.stop_listening().await;
    chat.until_lost().await;
    chat.session.queue_message(Draft::text("in vain")).unwrap();
    shut_down(&chat, Shutdown::Disconnect).await;
    assert_eq!(chat.session.phase(), Phase::Ended);
    chat.until_ended().await;
}

async fn a_shutdown_that_nobody_waits_for_goes_on<A: Adapter>(stage: Stage) {
    let mut all = Everything::<A>::begin(&stage).await;
    let going = all.desk.ann.client.shutdown(Shutdown::Disconnect);
    poll_once(going);
    until::<A>("the service knows", || {
        all.is_over_at_service(&all.desk.ann.contact)
    })
    .await;
    let refused = all.desk.another_seat();
    assert!(
        matches!(refused, Err(CommandError::WrongPhase { .. })),
        "{refused:?}"
    );
    all.assert_gone().await;
}
