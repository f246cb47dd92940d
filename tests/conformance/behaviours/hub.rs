//! An agent with the chats of two customers, on one socket.

use std::time::Duration;

use chat_sim::Role;

use crate::adapter::chat_proto::api::{ConnectionCredentials, GetTranscript};
use crate::adapter::chat_proto::{
    ChatDetails, CommandError, ContactId, Draft, EndReason, Event, HubEvent, HubUrl, LossCause,
    Network, Phase, SocketUrl, TransportError, TransportErrorKind,
};
use crate::adapter::{
    Adapter, AgentHub, AgentProvider, AttachmentSource, ChatSession, HubEvents, ProvidedFuture,
    SessionError, within,
};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::{Chat, Plan, is_attachment, message, quick_heartbeats, start_chat};
use crate::faulty_proxy::FaultyProxy;
use crate::service::{PATIENCE, Service, open_sockets, until};
use crate::stage::Stage;
use crate::units::Unit;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        an_agent_talks_to_two_customers_on_one_socket_which_may_be_cut,
        an_agent_sends_a_file_and_receives_one,
        a_transfer_ends_the_session_it_concerns_and_no_other,
        a_closed_hub_tells_the_end_of_all_sessions_and_takes_no_more,
        a_session_on_a_hub_is_abandoned_with_its_last_handle_and_restored,
        an_agents_socket_that_is_reset_is_recovered,
        an_agents_socket_that_is_half_open_is_found_and_replaced,
        an_agents_socket_that_is_cut_in_the_middle_of_a_message_is_recovered,
    ]
}

const AGENT: &str = "Kim";

/// The application of the agent: the simulator has the URLs, and it has no connection tokens.
struct Application(Service);

impl AgentProvider for Application {
    fn socket_url(&self) -> ProvidedFuture<HubUrl> {
        let url = self
            .0
            .with(|service, now| service.agent_socket_url(now, AGENT));
        let url = SocketUrl::from(url.unwrap());
        let lifetime = Some(Duration::from_secs(3_600));
        Box::pin(std::future::ready(Ok(HubUrl { url, lifetime })))
    }

    fn connection_token(&self, _: ContactId) -> ProvidedFuture<ConnectionCredentials> {
        let detail = "the application has none";
        let none = TransportError::new(TransportErrorKind::Protocol, detail);
        Box::pin(std::future::ready(Err(none)))
    }
}

/// An agent, and two customers of the same service.
pub(super) struct Desk<A: Adapter> {
    pub(super) ann: Chat<A>,
    pub(super) bob: Chat<A>,
    hub: AgentHub,
    events: HubEvents,
    told: Vec<HubEvent>,
}

impl<A: Adapter> Desk<A> {
    pub(super) async fn open(plan: Plan<A>) -> Self {
        Self::beside(plan.connect().await).await
    }

    /// The same, with one of the customers there already.
    async fn beside(ann: Chat<A>) -> Self {
        let (contact, details) = start_chat(&ann.service);
        let (session, events) = ann.client.session(ann.config.clone(), details).unwrap();
        session.connect().await.unwrap();
        let bob = Chat {
            service: ann.service.clone(),
            client: ann.client.clone(),
            config: ann.config.clone(),
            session,
            events,
            contact,
            told: Vec::new(),
        };
        let application = Application(ann.service.clone());
        let (hub, events) = ann.client.hub(ann.config.clone(), application).unwrap();
        hub.connect().unwrap();
        let mut desk = Self {
            ann,
            bob,
            hub,
            events,
            told: Vec::new(),
        };
        desk.until(|event| matches!(event, HubEvent::Established))
            .await;
        desk
    }

    /// Tries to begin another hub.
    pub(super) fn another_hub(&self) -> Result<(), SessionError> {
        let application = Application(self.ann.service.clone());
        let hub = self.ann.client.hub(self.ann.config.clone(), application);
        hub.map(drop)
    }

    /// The agent gets a place in a chat.
    pub(super) fn seat(&self, customer: &Chat<A>) -> ChatSession {
        self.try_seat(&customer.contact).unwrap()
    }

    /// Tries to get a place in another chat.
    pub(super) fn another_seat(&self) -> Result<(), CommandError> {
        let (contact, _) = start_chat(&self.ann.service);
        self.try_seat(&contact).map(drop)
    }

    fn try_seat(&self, contact: &str) -> Result<ChatSession, CommandError> {
        let service = &self.ann.service;
        let seat = service.with(|service, now| {
            let seat = service.seat_agent(now, contact, AGENT, Role::Agent);
            seat.unwrap()
        });
        self.hub.add(ChatDetails {
            contact_id: seat.contact_id.into(),
            participant_id: seat.participant_id.into(),
            participant_token: seat.participant_token.into(),
        })
    }

    pub(super) async fn next(&mut self) -> Option<HubEvent> {
        let next = within::<A, _>(PATIENCE, self.events.next()).await;
        let event = next.expect("the hub tells more in time")?;
        self.told.push(event.clone());
        Some(event)
    }

    /// Reads events up to the one that is wanted.
    async fn until(&mut self, wanted: impl Fn(&HubEvent) -> bool) {
        while !wanted(&self.next().await.expect("the hub goes on")) {}
    }

    /// Reads events until this was said in this chat.
    async fn until_message(&mut self, contact: &str, text: &str) {
        self.until(|event| of_contact(contact, event).and_then(message) == Some(text))
            .await;
    }

    /// The texts of all that others have said in this chat, in the order they were told.
    fn heard(&self, contact: &str) -> Vec<&str> {
        let events = self.told.iter();
        let events = events.filter_map(|event| of_contact(contact, event));
        events.filter_map(message).collect()
    }

    fn agent_sockets(&self) -> usize {
        self.ann
            .service
            .with(|service, _| service.agent_sockets(AGENT))
    }
}

fn of_contact<'e>(contact: &str, event: &'e HubEvent) -> Option<&'e Event> {
    if let HubEvent::Session { contact_id, event } = event {
        return Some(event).filter(|_| contact_id.as_str() == contact);
    }
    None
}

fn say<A: Adapter>(customer: &Chat<A>, text: &str) {
    customer.session.queue_message(Draft::text(text)).unwrap();
}

async fn an_agent_talks_to_two_customers_on_one_socket_which_may_be_cut<A: Adapter>(stage: Stage) {
    let mut desk = Desk::<A>::open(Plan::new(&stage)).await;
    let (to_ann, to_bob) = (desk.seat(&desk.ann), desk.seat(&desk.bob));
    let (ann, bob) = (desk.ann.contact.clone(), desk.bob.contact.clone());
    to_ann.send_message(Draft::text("Hello Ann")).await.unwrap();
    to_bob.send_message(Draft::text("Hello Bob")).await.unwrap();
    desk.ann.until_message("Hello Ann").await;
    desk.bob.until_message("Hello Bob").await;
    say(&desk.ann, "I am Ann");
    desk.until_message(&ann, "I am Ann").await;
    say(&desk.bob, "I am Bob");
    desk.until_message(&bob, "I am Bob").await;
    assert_eq!(desk.agent_sockets(), 1);
    let cut = desk
        .ann
        .service
        .with(|service, now| service.cut_agent_sockets(now, AGENT));
    assert_eq!(cut, 1);
    for number in 1..=3 {
        for customer in [&desk.ann, &desk.bob] {
            let missed = Draft::text(format!("missed {number}"));
            customer.session.send_message(missed).await.unwrap();
        }
    }
    desk.until(|event| matches!(event, HubEvent::ConnectionLost(_)))
        .await;
    desk.hub.network(Network::Online);
    desk.until(|event| matches!(event, HubEvent::Reestablished))
        .await;
    // What is live may come before what is recovered.
    for contact in [&ann, &bob] {
        let missed = ["missed 1", "missed 2", "missed 3"];
        while !missed.iter().all(|text| desk.heard(contact).contains(text)) {
            desk.next().await.expect("the hub goes on");
        }
    }
    say(&desk.bob, "Are you there?");
    desk.until_message(&bob, "Are you there?").await;
    say(&desk.ann, "Hello?");
    desk.until_message(&ann, "Hello?").await;
    assert_eq!(desk.agent_sockets(), 1);
    for (contact, first, last) in [
        (&ann, "I am Ann", "Hello?"),
        (&bob, "I am Bob", "Are you there?"),
    ] {
        let mut heard = desk.heard(contact);
        let end = heard.len() - 1;
        // What was live already when it was said may come before what is recovered.
        heard[1..end].sort_unstable();
        assert_eq!(heard, [first, "missed 1", "missed 2", "missed 3", last]);
    }
}

async fn an_agent_sends_a_file_and_receives_one<A: Adapter>(stage: Stage) {
    let mut desk = Desk::<A>::open(Plan::new(&stage)).await;
    let to_ann = desk.seat(&desk.ann);
    let contact = desk.ann.contact.clone();
    to_ann.send_message(Draft::text("Look")).await.unwrap();
    let small = AttachmentSource::<A>::bytes("a small boat");
    let sent = to_ann.send_attachment("a.txt", "text/plain", small).await;
    desk.ann.until(is_attachment).await;
    let received = desk.ann.session.attachment_bytes(sent.unwrap()).await;
    assert_eq!(received.unwrap(), b"a small boat");
    let large = AttachmentSource::<A>::bytes("a larger boat");
    let customer = &desk.ann.session;
    let sent = customer.send_attachment("b.txt", "text/plain", large).await;
    desk.until(|event| {
        of_contact(&contact, event).is_some_and(|event| {
            is_attachment(event) && !matches!(event, Event::Item(item) if item.own)
        })
    })
    .await;
    let received = to_ann.attachment_bytes(sent.unwrap()).await.unwrap();
    assert_eq!(received, b"a larger boat");
}

async fn a_transfer_ends_the_session_it_concerns_and_no_other<A: Adapter>(stage: Stage) {
    let mut desk = Desk::<A>::open(Plan::new(&stage)).await;
    let (to_ann, to_bob) = (desk.seat(&desk.ann), desk.seat(&desk.bob));
    let contact = desk.ann.contact.clone();
    to_ann.send_message(Draft::text("Hello Ann")).await.unwrap();
    to_bob.send_message(Draft::text("Hello Bob")).await.unwrap();
    desk.ann
        .service
        .with(|service, now| service.transfer(now, &contact, "Lee"))
        .unwrap();
    assert_eq!(to_ann.ended().await, EndReason::Transferred);
    let ended = Event::Ended(EndReason::Transferred);
    desk.until(|event| of_contact(&contact, event) == Some(&ended))
        .await;
    // What is over can still be looked at, and takes nothing more.
    assert_eq!(to_ann.phase(), Phase::Ended);
    assert_eq!(to_ann.end_reason(), Some(EndReason::Transferred));
    let entries = to_ann.transcript();
    let mut said = entries.iter().map(|entry| entry.item.content.as_deref());
    assert!(said.any(|text| text == Some("Hello Ann")));
    let refused = to_ann.queue_message(Draft::text("too late")).unwrap_err();
    assert!(matches!(refused.error, CommandError::WrongPhase { .. }));
    assert_eq!(to_bob.phase(), Phase::Live);
    to_bob.send_message(Draft::text("Bye Bob")).await.unwrap();
    desk.bob.until_message("Bye Bob").await;
}

async fn a_closed_hub_tells_the_end_of_all_sessions_and_takes_no_more<A: Adapter>(stage: Stage) {
    let mut desk = Desk::<A>::open(Plan::new(&stage)).await;
    let to_ann = desk.seat(&desk.ann);
    to_ann.send_message(Draft::text("Hello")).await.unwrap();
    desk.hub.close();
    assert_eq!(to_ann.ended().await, EndReason::Abandoned);
    while desk.next().await.is_some() {}
    let ended = Event::Ended(EndReason::Abandoned);
    let last = desk.told.last().unwrap();
    assert_eq!(of_contact(&desk.ann.contact, last), Some(&ended));
    let refused = desk.hub.add(to_ann.chat_details()).unwrap_err();
    assert!(matches!(refused, CommandError::WrongPhase { .. }));
    assert_eq!(desk.ann.session.phase(), Phase::Live);
    until::<A>("the socket's end", || desk.agent_sockets() == 0).await;
}

async fn a_session_on_a_hub_is_abandoned_with_its_last_handle_and_restored<A: Adapter>(
    stage: Stage,
) {
    let mut desk = Desk::<A>::open(Plan::new(&stage)).await;
    let to_ann = desk.seat(&desk.ann);
    let contact = desk.ann.contact.clone();
    to_ann.send_message(Draft::text("Hello")).await.unwrap();
    let again = desk.hub.add(to_ann.chat_details()).unwrap_err();
    assert!(matches!(again, CommandError::Invalid { .. }));
    let state = to_ann.resume_state().unwrap();
    drop(to_ann);
    let ended = Event::Ended(EndReason::Abandoned);
    desk.until(|event| of_contact(&contact, event) == Some(&ended))
        .await;
    let to_ann = desk.hub.restore(state).unwrap();
    to_ann.send_message(Draft::text("Again")).await.unwrap();
    assert_eq!(to_ann.phase(), Phase::Live);
    desk.ann.until_message("Again").await;
}

/// What is said while the agent's socket is broken.
const MISSED: [&str; 3] = ["missed 1", "missed 2", "missed 3"];

/// The agent's socket is broken in this way, through a proxy; how that was told. Then both go on
/// talking, and nothing is lost or comes twice.
async fn break_agents_socket<A: Adapter>(
    plan: Plan<A>,
    break_it: impl AsyncFnOnce(&mut Desk<A>, &ChatSession, &FaultyProxy),
) -> LossCause {
    let (ann, proxy) = plan.connect_through_faults().await;
    let mut desk = Desk::beside(ann).await;
    let to_ann = desk.seat(&desk.ann);
    let contact = desk.ann.contact.clone();
    to_ann.send_message(Draft::text("Hello")).await.unwrap();
    desk.ann.until_message("Hello").await;
    break_it(&mut desk, &to_ann, &proxy).await;
    for text in MISSED {
        desk.ann.bot_sends(text);
    }
    desk.until(is_loss).await;
    desk.hub.network(Network::Online);
    while desk.heard(&contact).len() < MISSED.len() {
        desk.next().await.expect("the hub goes on");
    }
    to_ann.send_message(Draft::text("Bye")).await.unwrap();
    if desk.ann.session.phase() == Phase::Suspended {
        desk.ann.session.resume().unwrap();
    }
    desk.ann.session.network(Network::Online);
    say(&desk.ann, "Until tomorrow");
    desk.ann.balance().await;
    desk.until_message(&contact, "Until tomorrow").await;
    let mut heard = desk.heard(&contact);
    // What is live already may come before what is recovered.
    heard.sort_unstable();
    assert_eq!(heard, [&["Until tomorrow"], MISSED.as_slice()].concat());
    let mut losses = desk.told.into_iter().filter(is_loss);
    let Some(HubEvent::ConnectionLost(cause)) = losses.next() else {
        panic!("it was lost");
    };
    assert_eq!(losses.count(), 0, "and once only");
    cause
}

const fn is_loss(event: &HubEvent) -> bool {
    matches!(event, HubEvent::ConnectionLost(_))
}

async fn an_agents_socket_that_is_reset_is_recovered<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage);
    let cause = break_agents_socket(plan, async |_, _, proxy| proxy.reset()).await;
    let LossCause::Failed(error) = &cause else {
        panic!("{cause:?}");
    };
    assert_eq!(error.kind, TransportErrorKind::Broken);
}

async fn an_agents_socket_that_is_half_open_is_found_and_replaced<A: Adapter>(stage: Stage) {
    let plan = Plan::<A>::new(&stage).config(|config| {
        quick_heartbeats(config);
        config.request_timeout(Duration::from_secs(1)).unwrap();
    });
    let cause = break_agents_socket(plan, async |_, _, proxy| proxy.swallow()).await;
    assert_eq!(cause, LossCause::HeartbeatMissed);
}

async fn an_agents_socket_that_is_cut_in_the_middle_of_a_message_is_recovered<A: Adapter>(
    stage: Stage,
) {
    let unit = if stage.is_encrypted() {
        Unit::Record
    } else {
        Unit::Frame
    };
    let plan = Plan::<A>::new(&stage);
    let cause = break_agents_socket(plan, async |desk, to_ann, proxy| {
        // The next that the service sends is a message for the agent: nobody else has a socket,
        // and what the agent's side has asked for is answered.
        for customer in [&desk.ann, &desk.bob] {
            customer.session.suspend().unwrap();
        }
        until::<A>("one socket", || open_sockets() == 1).await;
        let answered = |event: &HubEvent| matches!(event, HubEvent::DeepHeartbeatSucceeded);
        if !desk.told.iter().any(answered) {
            desk.until(answered).await;
        }
        let page = to_ann.get_transcript(GetTranscript::default()).await;
        page.unwrap();
        proxy.cut_inside(unit);
    })
    .await;
    assert_eq!(cause, LossCause::Closed(1006));
}
