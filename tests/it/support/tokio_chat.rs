//! A chat over real sockets: a simulator, and a session of `chat_tokio` with it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test tells what is wrong by panicking"
)]

use std::time::Duration;

use chat_sim::{Fault, FaultId, Settings, Simulator, SimulatorBuilder};
use chat_tokio::chat_proto::{
    ChatDetails, Config, Diagnostic, Endpoint, Event, ItemKind, LossCause, Network,
};
use chat_tokio::{ChatSession, Client, ClientBuilder, Events};

/// No test takes nearly as long.
const DEADLINE: Duration = Duration::from_secs(40);

/// What the test does, unless it takes too long.
pub(crate) async fn in_time<T>(test: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, test).await {
        Ok(done) => done,
        Err(_) => panic!("the test takes longer than {DEADLINE:?}"),
    }
}

/// A started chat, and everything its session has told.
pub(crate) struct Chat {
    pub(crate) simulator: Simulator,
    pub(crate) session: ChatSession,
    pub(crate) events: Events,
    pub(crate) contact: String,
    pub(crate) told: Vec<Event>,
}

/// How a chat differs from the usual.
pub(crate) struct Plan {
    pub(crate) simulator: SimulatorBuilder,
    pub(crate) client: ClientBuilder,
    pub(crate) config: fn(&mut Config),
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            simulator: Simulator::builder().settings(Settings::default()),
            client: Client::builder(),
            config: |_| {},
        }
    }
}

impl Plan {
    /// A session that has not been connected.
    pub(crate) async fn start(self) -> Chat {
        let simulator = self.simulator.start().await.unwrap();
        let (contact, details) = start_chat(&simulator);
        let client = self.client.build().unwrap();
        let mut config = Config::new(Endpoint::custom(&simulator.endpoint()).unwrap());
        (self.config)(&mut config);
        let (session, events) = client.session(config, details).unwrap();
        Chat {
            simulator,
            session,
            events,
            contact,
            told: Vec::new(),
        }
    }

    /// A session that is connected and has read its history, so that what comes from here on
    /// comes live. What it has told is forgotten.
    pub(crate) async fn connect(self) -> Chat {
        let mut chat = self.start().await;
        chat.agent_sends("history");
        chat.session.connect().await.unwrap();
        chat.until(|event| matches!(event, Event::GapFilled { .. }))
            .await;
        assert!(matches!(chat.told[0], Event::Established));
        assert_eq!(chat.received(), ["history"]);
        chat.told.clear();
        chat
    }
}

/// Starts a chat on the simulator's side.
pub(crate) fn start_chat(simulator: &Simulator) -> (String, ChatDetails) {
    let started = simulator.with(|service, now| service.start_chat(now, "Ann"));
    let started = started.unwrap();
    let details = ChatDetails {
        contact_id: started.contact_id.as_str().into(),
        participant_id: started.participant_id.into(),
        participant_token: started.participant_token.into(),
    };
    (started.contact_id, details)
}

impl Chat {
    /// A usual chat, connected.
    pub(crate) async fn connect() -> Self {
        Plan::default().connect().await
    }

    /// Reads events up to the one that is wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let Some(event) = self.events.next().await else {
                panic!("the events have ended: {:#?}", self.told);
            };
            self.told.push(event.clone());
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Reads events up to the loss of the connection, and has it recovered at once: one that was
    /// lost soon after it was made is otherwise recovered after a pause.
    pub(crate) async fn until_lost(&mut self) -> LossCause {
        let event = self
            .until(|event| matches!(event, Event::ConnectionLost(_)))
            .await;
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

    /// Reads events until a message of the agent with this text has come; whether it was
    /// recovered.
    pub(crate) async fn until_message(&mut self, text: &str) -> bool {
        let event = self.until(|event| message(event) == Some(text)).await;
        matches!(event, Event::Item(received) if received.recovered)
    }

    /// Reads all events there are up to the end of the session.
    pub(crate) async fn until_ended(&mut self) {
        while let Some(event) = self.events.next().await {
            self.told.push(event);
        }
        assert!(matches!(self.told.last(), Some(Event::Ended(_))));
    }

    pub(crate) fn agent_sends(&self, text: &str) {
        self.simulator
            .with(|service, now| service.agent_sends(now, &self.contact, "text/plain", text))
            .unwrap();
    }

    pub(crate) fn inject(&self, fault: Fault) -> FaultId {
        self.simulator
            .with(|service, now| service.inject(now, fault))
    }

    /// Waits until a fault has struck as often.
    pub(crate) async fn until_struck(&self, fault: FaultId, times: u64) {
        self.simulator
            .wait_until(|service| service.fault_hits(fault) >= times, DEADLINE)
            .await
            .unwrap();
    }

    /// The texts of all messages of the agent told so far, in that order.
    pub(crate) fn received(&self) -> Vec<&str> {
        self.told.iter().filter_map(message).collect()
    }

    /// How many of the events told so far are such.
    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.told.iter().filter(|event| wanted(event)).count()
    }

    /// The texts of the customer's messages as the service recorded them.
    pub(crate) fn recorded(&self) -> Vec<String> {
        let own = self.session.chat_details().participant_id;
        self.simulator.with(|service, _| {
            let contact = service.contact(&self.contact).unwrap();
            let items = contact.transcript().iter();
            items
                .filter(|item| item.participant_id.as_deref() == Some(own.as_str()))
                .filter_map(|item| item.content.clone())
                .collect()
        })
    }

    /// The session's transcript is that of the service.
    pub(crate) fn assert_same_transcript(&self) {
        let ours: Vec<_> = self
            .session
            .transcript()
            .iter()
            .map(|entry| {
                let id = entry.item.id.as_ref().map(ToString::to_string);
                (id, entry.item.content.clone())
            })
            .collect();
        let theirs: Vec<_> = self.simulator.with(|service, _| {
            let contact = service.contact(&self.contact).unwrap();
            let items = contact.transcript().iter();
            items
                .map(|item| (Some(item.id.clone()), item.content.clone()))
                .collect()
        });
        assert_eq!(ours, theirs);
    }
}

/// The text of an event that is a message of somebody else.
fn message(event: &Event) -> Option<&str> {
    let Event::Item(received) = event else {
        return None;
    };
    let theirs = received.kind == ItemKind::Message && !received.own;
    received.item.content.as_deref().filter(|_| theirs)
}
