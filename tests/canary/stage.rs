//! Where the canary's chats take place.

use std::sync::Arc;
use std::time::Duration;

use chat_driver::runtime::Runtime;
use chat_driver::{ChatSession, Client, ClientBuilder, Events, Proxy};
use chat_proto::{ChatDetails, Config, Diagnostic, Endpoint, Event, Network};
use chat_sim::{Fault, FaultId, Settings, Simulator};

use crate::capture::see;
use crate::gateway;
use crate::marks::{mark, note, note_url};

/// Nothing that is waited for takes nearly as long.
const DEADLINE: Duration = Duration::from_secs(40);

/// A client whose headers and URLs are marked.
pub(crate) fn client<R: Runtime>() -> ClientBuilder<R> {
    Client::builder()
        .header("x-gateway", mark("header"))
        .proxy(Proxy::none())
        .rewrite_websocket_url(|url| {
            note_url("WebSocket URL", url);
            url.to_owned()
        })
}

/// A service, and a client of it.
pub(crate) struct Stage<R: Runtime> {
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) endpoint: Endpoint,
    pub(crate) client: Client<R>,
}

impl<R: Runtime> Stage<R> {
    pub(crate) async fn open(settings: Settings, client: ClientBuilder<R>) -> Self {
        let simulator = Simulator::builder().settings(settings);
        let simulator = Arc::new(simulator.start().await.unwrap());
        let gateway = gateway::before(simulator.port());
        let endpoint = Endpoint::custom(&format!("http://{gateway}")).unwrap();
        see(&client);
        let client = client.build().unwrap();
        see(&client);
        Self {
            simulator,
            endpoint,
            client,
        }
    }

    pub(crate) fn config(&self) -> Config {
        let mut config = Config::new(self.endpoint.clone());
        config.request_timeout(Duration::from_millis(800)).unwrap();
        config.open_timeout(Duration::from_millis(800)).unwrap();
        see(&config);
        config
    }

    /// The contact and the details of a chat that begins.
    pub(crate) fn start(&self) -> (String, ChatDetails) {
        let name = mark("display name");
        let started = self
            .simulator
            .with(|service, now| service.start_chat(now, &name));
        let started = started.unwrap();
        note("participant token", &started.participant_token);
        let details = ChatDetails {
            contact_id: started.contact_id.as_str().into(),
            participant_id: started.participant_id.into(),
            participant_token: started.participant_token.into(),
        };
        see(&details);
        (started.contact_id, details)
    }

    /// A session that has not been connected.
    pub(crate) fn chat(&self) -> Chat {
        let (contact, details) = self.start();
        let (session, events) = self.client.session(self.config(), details).unwrap();
        see(&session);
        see(&events);
        Chat {
            simulator: Arc::clone(&self.simulator),
            session,
            events,
            contact,
            since_lost: Vec::new(),
        }
    }

    /// One that is connected.
    pub(crate) async fn connect(&self) -> Chat {
        let mut chat = self.chat();
        chat.session.connect().await.unwrap();
        chat.until(gap_filled).await;
        chat
    }
}

pub(crate) fn gap_filled(event: &Event) -> bool {
    matches!(event, Event::GapFilled { .. })
}

pub(crate) fn lost(event: &Event) -> bool {
    matches!(event, Event::ConnectionLost(_))
}

pub(crate) fn back(event: &Event) -> bool {
    matches!(event, Event::Reestablished)
}

/// A chat whose every event is shown.
pub(crate) struct Chat {
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) session: ChatSession,
    pub(crate) events: Events,
    pub(crate) contact: String,
    since_lost: Vec<Event>,
}

impl Chat {
    /// Reads events up to the one that is wanted.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = tokio::time::timeout(DEADLINE, self.events.next()).await;
            let event = event.expect("it comes in time").expect("the chat goes on");
            see(&event);
            if lost(&event) {
                self.since_lost.clear();
            }
            self.since_lost.push(event.clone());
            if wanted(&event) {
                return event;
            }
        }
    }

    /// Reads events until such a one has come since the connection was lost the last time.
    pub(crate) async fn since_lost(&mut self, wanted: impl Fn(&Event) -> bool) {
        if !self.since_lost.iter().any(&wanted) {
            self.until(wanted).await;
        }
    }

    pub(crate) async fn until_diagnostic(&mut self, kind: &str) -> Diagnostic {
        let wanted =
            |event: &Event| matches!(event, Event::Diagnostic(found) if found.kind() == kind);
        let Event::Diagnostic(diagnostic) = self.until(wanted).await else {
            unreachable!("it is what was waited for");
        };
        diagnostic
    }

    /// Reads all events there are.
    pub(crate) async fn until_ended(&mut self) {
        let rest = async {
            while let Some(event) = self.events.next().await {
                see(&event);
            }
        };
        tokio::time::timeout(DEADLINE, rest)
            .await
            .expect("it ends in time");
        see(&self.session);
        see(&self.session.end_reason());
    }

    /// Waits until the connection is up again, which is tried at once.
    pub(crate) async fn until_back(&mut self) {
        self.session.network(Network::Online);
        loop {
            let event = self
                .until(|event| back(event) || attempt_failed(event))
                .await;
            if back(&event) {
                return;
            }
            self.session.network(Network::Online);
        }
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
}

fn attempt_failed(event: &Event) -> bool {
    matches!(
        event,
        Event::Diagnostic(Diagnostic::ConnectAttemptFailed { .. })
    )
}
