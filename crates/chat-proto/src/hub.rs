//! Many agent sessions on one connection: an agent's socket carries the items of all chats the
//! agent is in.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::Deserialize;

use crate::action::{Action, Network, RequestProgress, SocketInput, Transferred, WakeReason};
use crate::api::ConnectionCredentials;
use crate::config::Config;
use crate::error::{CommandError, ProtocolError, RequestError, TransportError, TransportErrorKind};
use crate::event::{DeepHeartbeatFailure, Diagnostic, Event, LossCause};
use crate::ids::{ChatDetails, ContactId, ItemId, RequestId, SocketId, SocketUrl};
use crate::link::{ItemJson, Link, Signal};
use crate::random::Random;
use crate::resume_state::ResumeState;
use crate::session::{Session, check_url};
use crate::time::{Instant, Start};
use crate::wire::text::Text;

/// What a hub asks its driver to do. Exhaustive on purpose, as [`Action`] is.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new action must break every driver"
)]
pub enum HubAction {
    /// Get a URL for the shared socket, from wherever the agent's application gets it. Answer with
    /// [`Hub::handle_url`].
    FetchUrl {
        /// Names the answer that is wanted.
        request: RequestId,
    },
    /// Get a connection token for this chat, from wherever the agent's application gets it. Answer
    /// with [`Hub::handle_connection_token`].
    FetchConnectionToken {
        /// The chat.
        contact_id: ContactId,
    },
    /// Something to do for the shared socket.
    Socket(Action),
    /// Something to do for one session: a request or transfer to perform or to cancel. Its [`RequestId`] is
    /// unique within the session.
    Session {
        /// The session's chat.
        contact_id: ContactId,
        /// What to do.
        action: Action,
    },
}

/// Something happened on a hub.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum HubEvent {
    /// The shared connection is up for the first time.
    Established,
    /// The shared connection is lost and being recovered. Each session tells so, too.
    ConnectionLost(LossCause),
    /// The shared connection is up again.
    Reestablished,
    /// The service answered the ping as it should.
    DeepHeartbeatSucceeded,
    /// The service answered the ping badly or not at all.
    DeepHeartbeatFailed(DeepHeartbeatFailure),
    /// Something of the connection worth knowing that asks for no reaction.
    Diagnostic(Diagnostic),
    /// Something happened in one session. After [`Event::Ended`] the hub has let go of it.
    Session {
        /// The session's chat.
        contact_id: ContactId,
        /// What happened.
        event: Event,
    },
}

/// A URL for the shared socket.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the caller makes it")]
pub struct HubUrl {
    /// Where to open it.
    pub url: SocketUrl,
    /// How long the service keeps the socket, where that is known.
    pub lifetime: Option<Duration>,
}

/// The sessions of an agent on one shared connection.
///
/// The agent's application supplies the URL of the socket and the connection token of each chat
/// (Amazon Connect Streams has both); the hub keeps the one socket alive as a [`Session`] does its
/// own, and gives each item to the session of its contact. Each session acknowledges its
/// connection with ConnectParticipant. Where the application has no connection token, one is asked
/// of the service with the chat's participant token.
///
/// A transfer ends the session it concerns with
/// [`EndReason::Transferred`](crate::EndReason::Transferred), and no other.
///
/// It is driven as a session is: commands and inputs with the present time, then
/// [`poll_action`](Self::poll_action), [`poll_event`](Self::poll_event) and
/// [`poll_timeout`](Self::poll_timeout) until all are drained. What a session can do is done on it,
/// through [`session_mut`](Self::session_mut).
#[derive(Debug)]
pub struct Hub {
    config: Config,
    start: Start,
    now: Instant,
    link: Link,
    random: Random,
    established: bool,
    next_request: u64,
    /// The URL that is awaited, and until when.
    url: Option<(RequestId, Instant)>,
    sessions: BTreeMap<ContactId, Session>,
    actions: VecDeque<Action>,
    /// Whether the URL is still to be asked for.
    asks_url: bool,
    events: VecDeque<HubEvent>,
}

/// The contacts an item names.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Contacts<'a> {
    #[serde(borrow)]
    contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    initial_contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
}

impl Hub {
    /// A hub without sessions. Its sessions have the settings of `config`.
    #[must_use]
    pub fn new(start: Start, config: Config) -> Self {
        Self {
            now: start.now,
            link: Link::new(&config),
            random: Random::new(start.seed),
            config,
            start,
            established: false,
            next_request: 0,
            url: None,
            sessions: BTreeMap::new(),
            actions: VecDeque::new(),
            asks_url: false,
            events: VecDeque::new(),
        }
    }

    // Getters.

    /// The chats it has sessions of.
    pub fn contacts(&self) -> impl Iterator<Item = &ContactId> {
        self.sessions.keys()
    }

    /// The session of this chat.
    #[must_use]
    pub fn session(&self, contact: &ContactId) -> Option<&Session> {
        self.sessions.get(contact)
    }

    // Commands.

    /// The session of this chat, to give it commands. Drain the hub's outputs afterwards.
    pub fn session_mut(&mut self, contact: &ContactId) -> Option<&mut Session> {
        self.sessions.get_mut(contact)
    }

    /// Connects the shared socket. It is tried for as long as it takes. Repeating it does nothing.
    pub fn connect(&mut self, now: Instant) {
        self.begin(now);
        self.link.start(self.now);
        self.advance();
    }

    /// Adds a session, which is live as soon as the shared connection is.
    ///
    /// # Errors
    /// [`CommandError`] when there is a session of this chat already, there are as many as
    /// [`Config::hub_session_limit`] allows, or the details break a limit of the service.
    pub fn add(&mut self, now: Instant, details: ChatDetails) -> Result<(), CommandError> {
        self.begin(now);
        self.check_room(&details.contact_id)?;
        let session = Session::on_hub(self.session_start(), self.config.clone(), details)?;
        self.insert(session)
    }

    /// Adds a session that goes on where another process was.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn restore(&mut self, now: Instant, state: ResumeState) -> Result<(), CommandError> {
        self.begin(now);
        self.check_room(state.contact_id())?;
        let session = Session::restore_on_hub(self.session_start(), self.config.clone(), state)?;
        self.insert(session)
    }

    /// Takes out the session of this chat once it is over and all it had to say has been polled,
    /// to look at it further. The hub itself lets go of it at the next input.
    pub fn take_ended(&mut self, contact: &ContactId) -> Option<Session> {
        self.sessions.get(contact).filter(|it| it.is_gone())?;
        self.sessions.remove(contact)
    }

    /// Closes the shared socket and abandons all sessions: each tells its end.
    /// [`connect`](Self::connect) begins anew.
    pub fn close(&mut self, now: Instant) {
        self.begin(now);
        self.url = None;
        self.link.stop(&mut self.actions);
        for session in self.sessions.values_mut() {
            // It refuses only when it is over, which is what is wanted.
            let _ = session.abandon(self.now);
        }
        self.advance();
    }

    // Inputs.

    /// The answer to [`HubAction::FetchUrl`].
    pub fn handle_url(
        &mut self,
        now: Instant,
        request: RequestId,
        result: Result<HubUrl, TransportError>,
    ) {
        self.begin(now);
        if self.url.take_if(|(wanted, _)| *wanted == request).is_some() {
            self.url_given(result);
        }
        self.advance();
    }

    /// The answer to [`HubAction::FetchConnectionToken`].
    pub fn handle_connection_token(
        &mut self,
        now: Instant,
        contact: &ContactId,
        result: Result<ConnectionCredentials, TransportError>,
    ) {
        self.begin(now);
        if let Some(session) = self.sessions.get_mut(contact) {
            session.handle_connection_token(self.now, result);
        }
        self.advance();
    }

    /// Something happened to the shared socket.
    pub fn handle_socket(&mut self, now: Instant, socket: SocketId, input: SocketInput) {
        self.begin(now);
        let (random, actions) = (&mut self.random, &mut self.actions);
        self.link
            .handle_socket(self.now, socket, input, random, actions);
        self.advance();
    }

    /// A request of a session was answered, or failed.
    pub fn handle_response<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        contact: &ContactId,
        request: RequestId,
        result: Result<http::Response<B>, TransportError>,
    ) {
        self.begin(now);
        if let Some(session) = self.sessions.get_mut(contact) {
            session.handle_response(self.now, request, result);
        }
        self.advance();
    }

    /// A transfer of a session has ended.
    pub fn handle_transfer(
        &mut self,
        now: Instant,
        contact: &ContactId,
        request: RequestId,
        result: Result<Transferred, TransportError>,
    ) {
        self.begin(now);
        if let Some(session) = self.sessions.get_mut(contact) {
            session.handle_transfer(self.now, request, result);
        }
        self.advance();
    }

    /// A request of a session waits for its turn, or has begun.
    pub fn handle_request_progress(
        &mut self,
        now: Instant,
        contact: &ContactId,
        request: RequestId,
        progress: RequestProgress,
    ) {
        self.begin(now);
        if let Some(session) = self.sessions.get_mut(contact) {
            session.handle_request_progress(self.now, request, progress);
        }
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.begin(now);
        if let Some((_, deadline)) = self.url {
            if deadline <= self.now {
                self.url = None;
                let limit = self.config.request_timeout;
                let detail = format!("the application gave no URL within {limit:?}");
                self.url_given(Err(TransportError::new(
                    TransportErrorKind::Timeout,
                    detail,
                )));
            }
        }
        let (random, actions) = (&mut self.random, &mut self.actions);
        self.link.handle_timeout(self.now, random, actions);
        for session in self.sessions.values_mut() {
            session.handle_timeout(self.now);
        }
        self.advance();
    }

    /// The operating system says something of the network.
    pub fn handle_network(&mut self, now: Instant, network: Network) {
        self.begin(now);
        match network {
            Network::Online | Network::Offline => self.link.check(self.now, &mut self.random),
        }
        self.advance();
    }

    // Outputs.

    /// The next thing to do.
    #[must_use]
    pub fn poll_action(&mut self) -> Option<HubAction> {
        if let Some(action) = self.actions.pop_front() {
            return Some(HubAction::Socket(action));
        }
        if let Some((request, _)) = self.url.filter(|_| self.asks_url) {
            self.asks_url = false;
            return Some(HubAction::FetchUrl { request });
        }
        self.sessions.iter_mut().find_map(|(contact, session)| {
            let contact_id = contact.clone();
            if session.takes_token() {
                return Some(HubAction::FetchConnectionToken { contact_id });
            }
            let action = session.poll_action()?;
            Some(HubAction::Session { contact_id, action })
        })
    }

    /// The next thing to tell the application.
    #[must_use]
    pub fn poll_event(&mut self) -> Option<HubEvent> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let mut sessions = self.sessions.iter_mut();
        let (contact_id, event) = sessions.find_map(|(contact, session)| {
            let event = session.poll_event()?;
            Some((contact.clone(), event))
        })?;
        Some(HubEvent::Session { contact_id, event })
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why. While output waits to be
    /// polled, it says "now".
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, WakeReason)> {
        let asks = self.asks_url && self.url.is_some();
        if asks || !self.actions.is_empty() || !self.events.is_empty() {
            return Some((self.now, WakeReason::Output));
        }
        let url = self.url.map(|(_, at)| (at, WakeReason::RequestTimeout));
        let sessions = self.sessions.values();
        let sessions = sessions.filter_map(|session| {
            if session.wants_token() {
                return Some((self.now, WakeReason::Output));
            }
            session.poll_timeout()
        });
        let all = sessions.chain(url).chain(self.link.next_timeout());
        all.min()
    }

    /// Takes note of the time, which never goes back, and lets go of sessions that are over.
    fn begin(&mut self, now: Instant) {
        self.now = self.now.max(now);
        self.sessions.retain(|_, session| !session.is_gone());
    }

    fn check_room(&self, contact: &ContactId) -> Result<(), CommandError> {
        if self.sessions.contains_key(contact) {
            return Err(CommandError::Invalid {
                field: "ContactId",
                problem: "the hub has a session of this chat already",
            });
        }
        let limit = self.config.hub_session_limit;
        if self.sessions.len() >= limit {
            let queue = "the hub";
            return Err(CommandError::Full { queue, limit });
        }
        Ok(())
    }

    /// What a session is told when it begins.
    fn session_start(&mut self) -> Start {
        Start {
            now: self.now,
            unix: self.start.unix.saturating_add(self.now - self.start.now),
            seed: self.random.seed(),
        }
    }

    fn insert(&mut self, mut session: Session) -> Result<(), CommandError> {
        if self.link.is_up() {
            session.handle_signal(self.now, Signal::Up { after_loss: true });
        }
        session.connect(self.now)?;
        let contact = session.chat_details().contact_id.clone();
        self.sessions.insert(contact, session);
        self.advance();
        Ok(())
    }

    fn url_given(&mut self, result: Result<HubUrl, TransportError>) {
        let result = result.map_err(RequestError::from).and_then(|given| {
            check_url(&given.url)?;
            Ok(given)
        });
        match result {
            Ok(HubUrl { url, lifetime }) => {
                let actions = &mut self.actions;
                self.link.url_ready(self.now, url, lifetime, actions);
            }
            Err(error) => {
                let random = &mut self.random;
                self.link.url_failed(self.now, error.into(), None, random);
            }
        }
    }

    fn advance(&mut self) {
        let (alive, reading) = (self.link.last_alive(), self.link.is_reading());
        for session in self.sessions.values_mut() {
            session.observe_link(alive, reading);
        }
        while let Some(signal) = self.link.poll_signal() {
            self.react(signal);
        }
    }

    fn react(&mut self, signal: Signal) {
        let event = match signal {
            Signal::UrlWanted => {
                self.next_request += 1;
                let deadline = self.now + self.config.request_timeout;
                self.url = Some((RequestId(self.next_request), deadline));
                self.asks_url = true;
                return;
            }
            Signal::Item(json) => return self.route(json),
            Signal::Up { after_loss } => {
                self.tell_all(&Signal::Up { after_loss });
                let first = !std::mem::replace(&mut self.established, true);
                match (first, after_loss) {
                    (true, _) => HubEvent::Established,
                    (false, true) => HubEvent::Reestablished,
                    (false, false) => return, // a quiet renewal
                }
            }
            Signal::Lost(cause) => {
                self.tell_all(&Signal::Lost(cause.clone()));
                HubEvent::ConnectionLost(cause)
            }
            Signal::AttemptFailed { error, retry_at } => {
                HubEvent::Diagnostic(Diagnostic::ConnectAttemptFailed {
                    failures: self.link.failures(),
                    error,
                    retry_in: retry_at - self.now,
                })
            }
            Signal::Pong => HubEvent::DeepHeartbeatSucceeded,
            Signal::BadPong(failure) => HubEvent::DeepHeartbeatFailed(failure),
            Signal::Diagnostic(diagnostic) => HubEvent::Diagnostic(diagnostic),
        };
        self.events.push_back(event);
    }

    fn tell_all(&mut self, signal: &Signal) {
        for session in self.sessions.values_mut() {
            session.handle_signal(self.now, signal.clone());
        }
    }

    /// Gives an item to the session it belongs to: that of its contact, else that of the first
    /// contact of its chain, else, where it names none, the only one there is.
    fn route(&mut self, json: ItemJson) {
        let named = match serde_json::from_str::<Contacts<'_>>(&json.0) {
            Ok(named) => named,
            Err(error) => {
                let error = ProtocolError::json("the item", &error);
                return self.report(Diagnostic::MalformedItem(error));
            }
        };
        let names = [&named.contact_id, &named.initial_contact_id];
        let names: Vec<_> = names.into_iter().flatten().collect();
        let key = if names.is_empty() {
            let only = self.sessions.keys().next();
            only.filter(|_| self.sessions.len() == 1).cloned()
        } else {
            let mut contacts = names.iter().map(|name| ContactId::from(name.as_str()));
            contacts.find(|contact| self.sessions.contains_key(contact))
        };
        let id = named.id.map(|id| ItemId::from(id.as_str()));
        match key.and_then(|key| self.sessions.get_mut(&key)) {
            Some(session) => session.handle_signal(self.now, Signal::Item(json)),
            None => self.report(Diagnostic::UnknownContact { id }),
        }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.events.push_back(HubEvent::Diagnostic(diagnostic));
    }
}
