//! An agent with two customers, on one socket.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::sync::Arc;
use std::time::Duration;

use chat_sim::{AgentSeat, Role, Simulator};
use chat_tokio::chat_proto::api::ConnectionCredentials;
use chat_tokio::chat_proto::{
    ChatDetails, CommandError, Config, ContactId, Draft, EndReason, Endpoint, Event, HubEvent,
    HubUrl, ItemKind, Network, Phase, SocketUrl, TransportError, TransportErrorKind,
};
use chat_tokio::{
    AgentHub, AgentProvider, AttachmentSource, ChatSession, Client, Events, HubEvents,
    ProvidedFuture,
};

use crate::support::tokio_chat::{in_time, start_chat};

const AGENT: &str = "Kim";

/// The application of the agent: the simulator has the URLs, and it has no connection tokens.
struct Application(Arc<Simulator>);

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

struct Customer {
    contact: String,
    session: ChatSession,
    events: Events,
}

impl Customer {
    /// Reads events until somebody else has said this.
    async fn hears(&mut self, text: &str) {
        while let Some(event) = self.events.next().await {
            if message(&event) == Some(text) {
                return;
            }
        }
    }
}

struct Desk {
    simulator: Arc<Simulator>,
    client: Client,
    config: Config,
    hub: AgentHub,
    events: HubEvents,
    told: Vec<HubEvent>,
}

impl Desk {
    async fn open() -> Self {
        let simulator = Arc::new(Simulator::start().await.unwrap());
        let config = Config::new(Endpoint::custom(&simulator.endpoint()).unwrap());
        let client = Client::builder().build().unwrap();
        let application = Application(Arc::clone(&simulator));
        let (hub, events) = client.hub(config.clone(), application).unwrap();
        Self {
            simulator,
            client,
            config,
            hub,
            events,
            told: Vec::new(),
        }
    }

    async fn customer(&self) -> Customer {
        let (contact, details) = start_chat(&self.simulator);
        let (session, events) = self.client.session(self.config.clone(), details).unwrap();
        session.connect().await.unwrap();
        Customer {
            contact,
            session,
            events,
        }
    }

    fn seat(&self, customer: &Customer) -> ChatSession {
        let seat = self
            .simulator
            .with(|service, now| service.seat_agent(now, &customer.contact, AGENT, Role::Agent));
        self.hub.add(details(seat.unwrap())).unwrap()
    }

    /// Reads events up to the one that is wanted.
    async fn until(&mut self, wanted: impl Fn(&HubEvent) -> bool) {
        loop {
            let event = self.events.next().await.expect("the hub goes on");
            self.told.push(event.clone());
            if wanted(&event) {
                return;
            }
        }
    }

    /// Reads events until this was said in this chat.
    async fn until_message(&mut self, contact: &str, text: &str) {
        self.until(|event| {
            of_contact(contact, event).is_some_and(|event| message(event) == Some(text))
        })
        .await;
    }

    /// The texts of all that others have said in this chat, in the order they were told.
    fn heard(&self, contact: &str) -> Vec<&str> {
        let events = self.told.iter();
        let events = events.filter_map(|event| of_contact(contact, event));
        events.filter_map(message).collect()
    }
}

fn details(seat: AgentSeat) -> ChatDetails {
    ChatDetails {
        contact_id: seat.contact_id.into(),
        participant_id: seat.participant_id.into(),
        participant_token: seat.participant_token.into(),
    }
}

fn of_contact<'e>(contact: &str, event: &'e HubEvent) -> Option<&'e Event> {
    if let HubEvent::Session { contact_id, event } = event {
        return Some(event).filter(|_| contact_id.as_str() == contact);
    }
    None
}

/// The text of an event that is a message of somebody else.
fn message(event: &Event) -> Option<&str> {
    let Event::Item(received) = event else {
        return None;
    };
    let theirs = received.kind == ItemKind::Message && !received.own;
    received.item.content.as_deref().filter(|_| theirs)
}

fn is_attachment(event: &Event) -> bool {
    matches!(event, Event::Item(received) if received.kind == ItemKind::Attachment)
}

#[tokio::test]
async fn an_agent_talks_to_two_customers_on_one_socket_which_may_be_cut() {
    in_time(async {
        let mut desk = Desk::open().await;
        let mut ann = desk.customer().await;
        let mut bob = desk.customer().await;
        desk.hub.connect().unwrap();
        desk.until(|event| matches!(event, HubEvent::Established))
            .await;
        let to_ann = desk.seat(&ann);
        let to_bob = desk.seat(&bob);
        to_ann.send_message(Draft::text("Hello Ann")).await.unwrap();
        to_bob.send_message(Draft::text("Hello Bob")).await.unwrap();
        ann.hears("Hello Ann").await;
        bob.hears("Hello Bob").await;
        let say = |customer: &Customer, text: &str| {
            customer.session.queue_message(Draft::text(text)).unwrap();
        };
        say(&ann, "I am Ann");
        desk.until_message(&ann.contact, "I am Ann").await;
        say(&bob, "I am Bob");
        desk.until_message(&bob.contact, "I am Bob").await;

        let agent_sockets = |desk: &Desk| {
            desk.simulator
                .with(|service, _| service.agent_sockets(AGENT))
        };
        assert_eq!(agent_sockets(&desk), 1);
        let cut = desk
            .simulator
            .with(|service, now| service.cut_agent_sockets(now, AGENT));
        assert_eq!(cut, 1);
        for number in 1..=3 {
            for customer in [&ann, &bob] {
                let text = format!("missed {number}");
                let sent = customer.session.send_message(Draft::text(text));
                sent.await.unwrap();
            }
        }
        desk.until(|event| matches!(event, HubEvent::ConnectionLost(_)))
            .await;
        desk.hub.network(Network::Online);
        desk.until(|event| matches!(event, HubEvent::Reestablished))
            .await;
        // What is live may come before what is recovered.
        let missed = ["missed 1", "missed 2", "missed 3"];
        for contact in [&ann.contact, &bob.contact] {
            while !missed.iter().all(|text| desk.heard(contact).contains(text)) {
                desk.until(|_| true).await;
            }
        }
        say(&bob, "Are you there?");
        desk.until_message(&bob.contact, "Are you there?").await;
        say(&ann, "Hello?");
        desk.until_message(&ann.contact, "Hello?").await;
        assert_eq!(agent_sockets(&desk), 1);
        for (contact, first, last) in [
            (&ann.contact, "I am Ann", "Hello?"),
            (&bob.contact, "I am Bob", "Are you there?"),
        ] {
            let mut heard = desk.heard(contact);
            let end = heard.len() - 1;
            // What was live already when it was said may come before what is recovered.
            heard[1..end].sort_unstable();
            assert_eq!(heard, [&[first], missed.as_slice(), &[last]].concat());
        }
    })
    .await;
}

#[tokio::test]
async fn an_agent_sends_a_file_and_receives_one() {
    in_time(async {
        let mut desk = Desk::open().await;
        let mut ann = desk.customer().await;
        desk.hub.connect().unwrap();
        let to_ann = desk.seat(&ann);
        to_ann.send_message(Draft::text("Look")).await.unwrap();
        let file = |text: &'static str| AttachmentSource::bytes(text);
        let sent = to_ann.send_attachment("a.txt", "text/plain", file("a small boat"));
        let sent = sent.await.unwrap();
        while !is_attachment(&ann.events.next().await.unwrap()) {}
        let received = ann.session.attachment_bytes(sent).await.unwrap();
        assert_eq!(received, b"a small boat");
        let sent = ann
            .session
            .send_attachment("b.txt", "text/plain", file("a larger boat"));
        let sent = sent.await.unwrap();
        desk.until(|event| {
            of_contact(&ann.contact, event).is_some_and(|event| {
                is_attachment(event) && !matches!(event, Event::Item(item) if item.own)
            })
        })
        .await;
        let received = to_ann.attachment_bytes(sent).await.unwrap();
        assert_eq!(received, b"a larger boat");
    })
    .await;
}

#[tokio::test]
async fn a_transfer_ends_the_session_it_concerns_and_no_other() {
    in_time(async {
        let mut desk = Desk::open().await;
        let ann = desk.customer().await;
        let mut bob = desk.customer().await;
        desk.hub.connect().unwrap();
        let to_ann = desk.seat(&ann);
        let to_bob = desk.seat(&bob);
        to_ann.send_message(Draft::text("Hello Ann")).await.unwrap();
        to_bob.send_message(Draft::text("Hello Bob")).await.unwrap();
        desk.simulator
            .with(|service, now| service.transfer(now, &ann.contact, "Lee"))
            .unwrap();
        assert_eq!(to_ann.ended().await, EndReason::Transferred);
        let ended = Event::Ended(EndReason::Transferred);
        desk.until(|event| of_contact(&ann.contact, event) == Some(&ended))
            .await;
        // What is over can still be looked at, and takes nothing more.
        assert_eq!(to_ann.phase(), Phase::Ended);
        assert_eq!(to_ann.end_reason(), Some(EndReason::Transferred));
        let said: Vec<_> = to_ann.transcript();
        assert!(
            said.iter()
                .any(|entry| entry.item.content.as_deref() == Some("Hello Ann"))
        );
        let refused = to_ann.queue_message(Draft::text("too late")).unwrap_err();
        assert!(matches!(refused.error, CommandError::WrongPhase { .. }));
        assert_eq!(to_bob.phase(), Phase::Live);
        to_bob.send_message(Draft::text("Bye Bob")).await.unwrap();
        bob.hears("Bye Bob").await;
    })
    .await;
}

#[tokio::test]
async fn a_closed_hub_tells_the_end_of_all_sessions_and_takes_no_more() {
    in_time(async {
        let mut desk = Desk::open().await;
        let ann = desk.customer().await;
        desk.hub.connect().unwrap();
        let to_ann = desk.seat(&ann);
        to_ann.send_message(Draft::text("Hello")).await.unwrap();
        desk.hub.close();
        assert_eq!(to_ann.ended().await, EndReason::Abandoned);
        while let Some(event) = desk.events.next().await {
            desk.told.push(event);
        }
        let last = desk.told.last().unwrap();
        let ended = Event::Ended(EndReason::Abandoned);
        assert_eq!(of_contact(&ann.contact, last), Some(&ended));
        let refused = desk.hub.add(to_ann.chat_details()).unwrap_err();
        assert!(matches!(refused, CommandError::WrongPhase { .. }));
        assert_eq!(ann.session.phase(), Phase::Live);
    })
    .await;
}

#[tokio::test]
async fn a_session_on_a_hub_is_abandoned_with_its_last_handle_and_can_be_added_again() {
    in_time(async {
        let mut desk = Desk::open().await;
        let ann = desk.customer().await;
        desk.hub.connect().unwrap();
        let to_ann = desk.seat(&ann);
        to_ann.send_message(Draft::text("Hello")).await.unwrap();
        let again = desk.hub.add(to_ann.chat_details()).unwrap_err();
        assert!(matches!(again, CommandError::Invalid { .. }));
        let state = to_ann.resume_state().unwrap();
        drop(to_ann);
        let ended = Event::Ended(EndReason::Abandoned);
        desk.until(|event| of_contact(&ann.contact, event) == Some(&ended))
            .await;
        let to_ann = desk.hub.restore(state).unwrap();
        to_ann.send_message(Draft::text("Again")).await.unwrap();
        assert_eq!(to_ann.phase(), Phase::Live);
    })
    .await;
}
