//! A chat on real sockets: a simulator, and a session with it.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use chat_sim::{Fault, FaultId, Operation, Script, SimulatorBuilder};

use crate::adapter::chat_proto::{
    ChatDetails, Config, Diagnostic, Endpoint, Event, ItemKind, LossCause, Network,
};
use crate::adapter::{Adapter, ChatSession, Client, ClientBuilder, Events, within};
use crate::faulty_proxy::FaultyProxy;
use crate::service::{PATIENCE, Service, until};
use crate::stage::Stage;

/// A started chat, and everything its session has told.
pub(crate) struct Chat<A: Adapter> {
    pub(crate) service: Service,
    pub(crate) client: Client<A>,
    pub(crate) config: Config,
    pub(crate) session: ChatSession,
    pub(crate) events: Events,
    pub(crate) contact: String,
    pub(crate) told: Vec<Event>,
}

/// How a chat differs from the usual.
pub(crate) struct Plan<A: Adapter> {
    pub(crate) simulator: SimulatorBuilder,
    pub(crate) client: ClientBuilder<A>,
    pub(crate) config: fn(&mut Config),
}

/// The last that was told to any chat, and when.
static LAST_TOLD: Mutex<VecDeque<(Instant, String)>> = Mutex::new(VecDeque::new());

fn note_told(event: &Event) {
    let mut last = LAST_TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    last.push_back((Instant::now(), format!("{event:?}")));
    if last.len() > 20 {
        last.pop_front();
    }
}

/// What was told last, for who wonders why nothing more is.
pub(crate) fn last_told() -> String {
    let mut last = LAST_TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let told = last.drain(..);
    let lines = told.map(|(at, event)| format!("\n{:?} ago: {event:.300}", at.elapsed()));
    lines.collect()
}

/// Heartbeats as often as can be.
pub(crate) fn quick_heartbeats(config: &mut Config) {
    config.heartbeat_interval(Duration::from_secs(1)).unwrap();
}

impl<A: Adapter> Plan<A> {
    pub(crate) fn new(stage: &Stage) -> Self {
        Self {
            simulator: stage.simulator(),
            client: stage.client::<A>(),
            config: |_| {},
        }
    }

    pub(crate) fn script(mut self, script: Script) -> Self {
        self.simulator = self.simulator.script(script);
        self
    }

    pub(crate) fn client(
        mut self,
        change: impl FnOnce(ClientBuilder<A>) -> ClientBuilder<A>,
    ) -> Self {
        self.client = change(self.client);
        self
    }

    pub(crate) fn config(mut self, config: fn(&mut Config)) -> Self {
        self.config = config;
        self
    }

    /// A session that has not been connected.
    pub(crate) async fn start(self) -> Chat<A> {
        let service = Service::start(self.simulator).await;
        let (contact, details) = start_chat(&service);
        let client = self.client.build().unwrap();
        let mut config = Config::new(Endpoint::custom(&service.endpoint()).unwrap());
        (self.config)(&mut config);
        let (session, events) = client.session(config.clone(), details).unwrap();
        Chat {
            service,
            client,
            config,
            session,
            events,
            contact,
            told: Vec::new(),
        }
    }

    /// A session that is connected and has read what there was, so that what comes from here on
    /// comes live.
    pub(crate) async fn connect(self) -> Chat<A> {
        let mut chat = self.start().await;
        chat.connect().await;
        chat
    }

    /// The same, with a proxy between the session and the service.
    pub(crate) async fn connect_through_faults(self) -> (Chat<A>, FaultyProxy) {
        let (mut chat, proxy) = self.start_through_faults("127.0.0.1").await;
        chat.connect().await;
        (chat, proxy)
    }

    /// A session that has not been connected, of a service that is reached through a proxy under
    /// this name.
    pub(crate) async fn start_through_faults(mut self, host: &str) -> (Chat<A>, FaultyProxy) {
        let proxy = FaultyProxy::start().await;
        let reached_at = format!("{host}:{}", proxy.address.port());
        self.simulator = self.simulator.reached_at(reached_at);
        let chat = self.start().await;
        proxy.lead_to(chat.service.port());
        (chat, proxy)
    }
}

/// Starts a chat on the simulator's side.
pub(crate) fn start_chat(service: &Service) -> (String, ChatDetails) {
    let started = service.with(|service, now| service.start_chat(now, "Ann"));
    let started = started.unwrap();
    let details = ChatDetails {
        contact_id: started.contact_id.as_str().into(),
        participant_id: started.participant_id.into(),
        participant_token: started.participant_token.into(),
    };
    (started.contact_id, details)
}

impl<A: Adapter> Chat<A> {
    /// Connects, and reads what there was.
    pub(crate) async fn connect(&mut self) {
        self.session.connect().await.unwrap();
        self.until(gap_filled).await;
        assert!(matches!(self.told[0], Event::Established));
    }

    /// The next event, if it comes in time.
    pub(crate) async fn next_in_time(&mut self) -> Option<Event> {
        let next = within::<A, _>(PATIENCE, self.events.next()).await?;
        let Some(event) = next else {
            panic!("the events have ended: {:#?}", self.told.last());
        };
        note_told(&event);
        self.told.push(event.clone());
        Some(event)
    }

    /// The next event, which must come.
    pub(crate) async fn next(&mut self) -> Event {
        let Some(next) = self.next_in_time().await else {
            let last = self.told.len().saturating_sub(8);
            panic!(
                "nothing is told for {PATIENCE:?}; the last was {:#?}",
                &self.told[last..]
            );
        };
        next
    }

    /// Reads events up to the one that is wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = self.next().await;
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Reads events until so many of a kind have been told since the beginning.
    pub(crate) async fn until_count(&mut self, count: usize, wanted: impl Fn(&Event) -> bool) {
        while self.count(&wanted) < count {
            self.next().await;
        }
    }

    /// Reads events up to the loss of the connection, and has it recovered at once: one that was
    /// lost soon after it was made is otherwise recovered after a pause.
    pub(crate) async fn until_lost(&mut self) -> LossCause {
        let event = self.until(lost).await;
        let Event::ConnectionLost(cause) = event else {
            panic!("{event:?}");
        };
        self.session.network(Network::Online);
        cause
    }

    /// Reads events up to a diagnostic of this kind.
    pub(crate) async fn until_diagnostic(&mut self, kind: &str) -> Diagnostic {
        let wanted = |event: &Event| matches!(event, Event::Diagnostic(diagnostic) if diagnostic.kind() == kind);
        let event = self.until(wanted).await;
        let Event::Diagnostic(diagnostic) = event else {
            panic!("{event:?}");
        };
        diagnostic
    }

    /// Reads events until a message of somebody else with this text has come; whether it was
    /// recovered.
    pub(crate) async fn until_message(&mut self, text: &str) -> bool {
        let event = self.until(|event| message(event) == Some(text)).await;
        matches!(event, Event::Item(received) if received.recovered)
    }

    /// Reads all events there are up to the end of the session.
    pub(crate) async fn until_ended(&mut self) {
        self.until(|event| matches!(event, Event::Ended(_))).await;
        assert_eq!(self.events.next().await, None, "the end is the last event");
    }

    pub(crate) fn agent_sends(&self, text: &str) {
        self.service
            .with(|service, now| service.agent_sends(now, &self.contact, "text/plain", text))
            .unwrap();
    }

    /// Somebody says something who is neither the customer nor the agent.
    pub(crate) fn bot_sends(&self, text: &str) {
        self.service
            .with(|service, now| service.bot_sends(now, &self.contact, "text/plain", text))
            .unwrap();
    }

    pub(crate) fn inject(&self, fault: Fault) -> FaultId {
        self.service.with(|service, now| service.inject(now, fault))
    }

    /// How often a fault has struck.
    pub(crate) fn struck(&self, fault: FaultId) -> u64 {
        self.service.with(|service, _| service.fault_hits(fault))
    }

    /// How often the service was asked for something.
    pub(crate) fn requests(&self, operation: Operation) -> u64 {
        self.service.with(|service, _| service.requests(operation))
    }

    /// How many WebSockets the service knows of this chat.
    pub(crate) fn sockets(&self) -> usize {
        let sockets = |service: &chat_sim::Service| {
            let contact = service.contact(&self.contact).unwrap();
            contact.open_sockets()
        };
        self.service.with(|service, _| sockets(service))
    }

    /// Waits until the service knows so many WebSockets of this chat.
    pub(crate) async fn until_sockets(&self, count: usize) {
        let what = format!("{count} sockets of the chat");
        until::<A>(&what, || self.sockets() == count).await;
    }

    /// The texts of all messages of others told so far, in that order.
    pub(crate) fn received(&self) -> Vec<&str> {
        self.told.iter().filter_map(message).collect()
    }

    /// How many of the events told so far are such.
    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.told.iter().filter(|event| wanted(event)).count()
    }

    /// How the service says that the chat has ended, if it has.
    pub(crate) fn ended_at_service(&self) -> Option<chat_sim::EndReason> {
        let ended = |service: &chat_sim::Service| service.contact(&self.contact).unwrap().ended();
        self.service.with(|service, _| ended(service))
    }

    /// How often the connection was lost, and was there again.
    pub(crate) fn losses(&self) -> (usize, usize) {
        (self.count(lost), self.count(back))
    }
}

/// The text of an event that is a message of somebody else.
pub(crate) fn message(event: &Event) -> Option<&str> {
    let Event::Item(received) = event else {
        return None;
    };
    let theirs = received.kind == ItemKind::Message && !received.own;
    received.item.content.as_deref().filter(|_| theirs)
}

pub(crate) fn is_attachment(event: &Event) -> bool {
    matches!(event, Event::Item(received) if received.kind == ItemKind::Attachment)
}

pub(crate) fn lost(event: &Event) -> bool {
    matches!(event, Event::ConnectionLost(_))
}

pub(crate) fn back(event: &Event) -> bool {
    matches!(event, Event::Reestablished)
}

pub(crate) fn gap_filled(event: &Event) -> bool {
    matches!(event, Event::GapFilled { .. })
}

pub(crate) fn sent(event: &Event) -> bool {
    matches!(event, Event::MessageSent { .. })
}
