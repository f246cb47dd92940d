//! The chats of an agent, on one connection.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use chat_proto::api::ConnectionCredentials;
use chat_proto::{
    CallId, ChatDetails, CommandError, Config, ContactId, Event, Hub, HubAction, HubEvent, HubUrl,
    Instant, Network, Phase, RequestId, RequestProgress, ResumeState, Session, SocketId,
    SocketInput, Start, Transferred, TransportError, UploadId,
};
use futures_core::Stream;
use http::Response;
use tracing::Span;

use crate::driven::{self, Desk, Driven, Want};
use crate::events::Reader;
use crate::files::{Gone, SharedSink, Upload};
use crate::metrics::ConnectionMeter;
use crate::observability;
use crate::requests::Answer;
use crate::session::{ChatSession, State};
use crate::shared::Lifeline;

/// What an [`AgentProvider`] gives, some time later.
pub type ProvidedFuture<T> = Pin<Box<dyn Future<Output = Result<T, TransportError>> + Send>>;

/// What the application of an agent supplies, from wherever it has it. Its errors are those of a
/// connection: it is asked again later.
pub trait AgentProvider: Send + Sync + 'static {
    /// A URL for the agent's WebSocket, which is used once, at once. It may take as long as
    /// [`Config::request_timeout`] says.
    fn socket_url(&self) -> ProvidedFuture<HubUrl>;

    /// A connection token for this chat. Where there is none, it is asked of the service with the
    /// participant token of the chat.
    fn connection_token(&self, contact: ContactId) -> ProvidedFuture<ConnectionCredentials>;
}

/// The chats of an agent on their one WebSocket. Cheap to clone; clones are the same hub.
///
/// The connection is recovered and renewed by itself, and what was missed is brought to each
/// session. A transfer ends the session it concerns, and no other.
///
/// When all clones, all its sessions and the [`HubEvents`] are dropped, the hub is closed.
///
/// ```no_run
/// # use chat_driver as chat_tokio; // or chat_async_std
/// use chat_tokio::chat_proto::api::ConnectionCredentials;
/// use chat_tokio::chat_proto::{ChatDetails, Config, ContactId, Draft, HubEvent, HubUrl};
/// use chat_tokio::{AgentProvider, ChatSession, Client, ProvidedFuture};
///
/// /// Where the application is signed in.
/// struct Desktop;
///
/// impl AgentProvider for Desktop {
///     fn socket_url(&self) -> ProvidedFuture<HubUrl> {
///         Box::pin(async { todo!("ask where the agent is signed in") })
///     }
///
///     fn connection_token(&self, contact: ContactId) -> ProvidedFuture<ConnectionCredentials> {
///         Box::pin(async { todo!("ask where the agent is signed in") })
///     }
/// }
///
/// # async fn example<R: chat_driver::runtime::Runtime>(
/// #     client: Client<R>,
/// #     config: Config,
/// #     details: ChatDetails,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// let (hub, mut events) = client.hub(config, Desktop)?;
/// hub.connect()?;
/// let session: ChatSession = hub.add(details)?; // of a chat the agent has accepted
/// session.queue_message(Draft::text("How can I help?"))?;
/// while let Some(event) = events.next().await {
///     if let HubEvent::Session { contact_id, event } = event {
///         println!("{contact_id}: {event:?}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AgentHub {
    lifeline: Arc<Lifeline<Agents>>,
}

impl AgentHub {
    pub(crate) const fn new(lifeline: Arc<Lifeline<Agents>>) -> Self {
        Self { lifeline }
    }

    /// Connects, and goes on trying for as long as it takes:
    /// [`HubEvent::Established`] follows. Repeating it does nothing.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the hub is closed.
    pub fn connect(&self) -> Result<(), CommandError> {
        self.command(|agents, now| {
            agents.check_open("connect")?;
            agents.hub.connect(now);
            Ok(())
        })
    }

    /// Begins a session of a chat, which is live as soon as the connection is. What happens in it
    /// is told by the [`HubEvents`]. When all its handles are dropped, it is abandoned.
    ///
    /// # Errors
    /// [`CommandError`] when there is a session of this chat already, there are as many as
    /// [`Config::hub_session_limit`] allows, the details break a limit of the service, or the hub
    /// is closed.
    pub fn add(&self, details: ChatDetails) -> Result<ChatSession, CommandError> {
        let contact_id = details.contact_id.clone();
        self.begin(contact_id, |agents, now| {
            let last = Session::new(agents.start, agents.config.clone(), details.clone())?;
            agents.hub.add(now, details)?;
            Ok(last)
        })
    }

    /// Begins a session that goes on where another process was, from what
    /// [`ChatSession::resume_state`] gave there. Otherwise as [`add`](Self::add).
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub fn restore(&self, state: ResumeState) -> Result<ChatSession, CommandError> {
        let contact_id = state.contact_id().clone();
        self.begin(contact_id, |agents, now| {
            let last = Session::restore(agents.start, agents.config.clone(), state.clone())?;
            agents.hub.restore(now, state)?;
            Ok(last)
        })
    }

    /// Tells what the operating system says of the network. A hint, as
    /// [`ChatSession::network`] is, which does nothing on a hub.
    pub fn network(&self, network: Network) {
        self.command(|agents, now| agents.hub.handle_network(now, network));
    }

    /// Closes the connection and abandons all sessions. The service is not told that we leave.
    pub fn close(&self) {
        self.lifeline.shared().abandon();
    }

    /// `make` adds the session to the hub, and gives what stands for it when it is over.
    fn begin(
        &self,
        contact_id: ContactId,
        make: impl FnOnce(&mut Agents, Instant) -> Result<Session, CommandError>,
    ) -> Result<ChatSession, CommandError> {
        let held = self.command(|agents, now| {
            agents.check_open("add")?;
            let mut last = make(agents, now)?;
            let desk = Desk::new(&last);
            // It has just been made, so it can be abandoned.
            drop(last.abandon(now));
            let span = tracing::info_span!(parent: &agents.span, "chat", %contact_id);
            let held = Held(Arc::new(Mutex::new(Seated { last, desk, span })));
            agents.seats.insert(contact_id.clone(), held.clone());
            Ok::<_, CommandError>(held)
        })?;
        let lifeline = Arc::clone(&self.lifeline);
        Ok(ChatSession::on_hub(Arc::new(Seat {
            lifeline,
            contact_id,
            held,
        })))
    }

    fn command<T>(&self, give: impl FnOnce(&mut Agents, Instant) -> T) -> T {
        self.lifeline.shared().command(give)
    }
}

impl fmt::Debug for AgentHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agents = self.lifeline.shared().lock();
        f.debug_struct("AgentHub")
            .field("contacts", &agents.seats.keys())
            .finish_non_exhaustive()
    }
}

/// What happens on a hub, in the order it happened. It ends once the hub is closed.
///
/// What is said of [`Events`](crate::Events) is true of it: it is to be read, or dropped.
pub struct HubEvents {
    reader: Reader<Agents>,
}

impl HubEvents {
    pub(crate) const fn new(lifeline: Arc<Lifeline<Agents>>) -> Self {
        let reader = Reader::new(lifeline);
        Self { reader }
    }

    /// The next event; `None` once the hub is closed. Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<HubEvent> {
        poll_fn(|cx| self.reader.poll(cx)).await
    }
}

impl Stream for HubEvents {
    type Item = HubEvent;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<HubEvent>> {
        self.reader.poll(cx)
    }
}

impl fmt::Debug for HubEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubEvents").finish_non_exhaustive()
    }
}

/// The handle of a session on a hub: when it is dropped, the session is abandoned.
pub(crate) struct Seat {
    lifeline: Arc<Lifeline<Agents>>,
    contact_id: ContactId,
    held: Held,
}

/// What is kept of a session on a hub. To be locked only under the hub's lock.
#[derive(Clone)]
struct Held(Arc<Mutex<Seated>>);

struct Seated {
    /// What answers once the session is over and the hub has let go of it.
    last: Session,
    desk: Desk,
    span: Span,
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, Seated> {
        // A session does not panic; were it to, its state would still be of use to read.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    pub(crate) fn look<T>(&self, see: impl FnOnce(&Session) -> T) -> T {
        let agents = self.lifeline.shared().lock();
        let held = self.held.lock();
        let seated = agents.seats.get(&self.contact_id);
        let live = seated
            .filter(|seated| Arc::ptr_eq(&seated.0, &self.held.0))
            .and_then(|_| agents.hub.session(&self.contact_id));
        see(live.unwrap_or(&held.last))
    }

    pub(crate) fn command<T>(&self, give: impl FnOnce(State<'_>, Instant) -> T) -> T {
        self.lifeline.shared().command(|agents, now| {
            let mut held = self.held.lock();
            let Seated { last, desk, .. } = &mut *held;
            let seated = agents.seats.get(&self.contact_id);
            let live = seated
                .filter(|seated| Arc::ptr_eq(&seated.0, &self.held.0))
                .and_then(|_| agents.hub.session_mut(&self.contact_id));
            let session = live.unwrap_or(last);
            give(State { session, desk }, now)
        })
    }

    pub(crate) fn resume_state(&self) -> Result<ResumeState, CommandError> {
        let events = &self.lifeline.shared().events;
        self.look(|session| {
            events.look(|waiting| {
                let of_session = |event| Self::event(&self.contact_id, event);
                session.resume_state(waiting.iter().filter_map(of_session))
            })
        })
    }

    /// An event of this session.
    fn event<'e>(of: &ContactId, event: &'e HubEvent) -> Option<&'e Event> {
        if let HubEvent::Session { contact_id, event } = event {
            return Some(event).filter(|_| contact_id == of);
        }
        None
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.command(|state, now| {
            // It refuses only when it is over, which is what is wanted.
            drop(state.session.abandon(now));
        });
    }
}

/// A hub, and what is kept beside its sessions.
pub(crate) struct Agents {
    hub: Hub,
    provider: Arc<dyn AgentProvider>,
    start: Start,
    config: Config,
    seats: BTreeMap<ContactId, Held>,
    span: Span,
    connection: ConnectionMeter,
    /// Whether it closes once its sessions have left, and takes no others.
    leaving: bool,
    closed: bool,
    gone: Vec<Gone>,
}

impl Agents {
    pub(crate) fn new(
        hub: Hub,
        provider: Arc<dyn AgentProvider>,
        start: Start,
        config: Config,
        span: Span,
    ) -> Self {
        Self {
            hub,
            provider,
            start,
            config,
            seats: BTreeMap::new(),
            span,
            connection: ConnectionMeter::new(),
            leaving: false,
            closed: false,
            gone: Vec::new(),
        }
    }

    const fn check_open(&self, command: &'static str) -> Result<(), CommandError> {
        if self.closed || self.leaving {
            return Err(CommandError::WrongPhase {
                command,
                phase: Phase::Ended,
                advice: "the hub is closed; begin another one",
            });
        }
        Ok(())
    }
}

/// What the application has given.
pub(crate) enum Given {
    Url(RequestId, Result<HubUrl, TransportError>),
    ConnectionToken(ContactId, Result<ConnectionCredentials, TransportError>),
}

impl Driven for Agents {
    /// The chat; none for the hub itself.
    type Scope = Option<ContactId>;
    type Event = HubEvent;
    type Given = Given;

    fn poll_action(&mut self) -> Option<Want<Self>> {
        // The application is called outside of the lock: it may call the hub.
        let provider = Arc::clone(&self.provider);
        Some(match self.hub.poll_action()? {
            HubAction::FetchUrl { request } => {
                let given = async move { Given::Url(request, provider.socket_url().await) };
                Want::Ask(None, Box::pin(given))
            }
            HubAction::FetchConnectionToken { contact_id } => {
                let scope = Some(contact_id.clone());
                let given = async move {
                    let token = provider.connection_token(contact_id.clone()).await;
                    Given::ConnectionToken(contact_id, token)
                };
                Want::Ask(scope, Box::pin(given))
            }
            HubAction::Socket(action) => Want::Act(None, action),
            HubAction::Session { contact_id, action } => Want::Act(Some(contact_id), action),
        })
    }

    fn poll_event(&mut self, now: Instant) -> Option<HubEvent> {
        let event = self.hub.poll_event()?;
        self.connection.notice_hub(now, &event);
        observability::log_hub(&event);
        if let HubEvent::Session { contact_id, event } = &event {
            if let Some(held) = self.seats.get(contact_id) {
                let mut held = held.lock();
                let Seated { desk, span, .. } = &mut *held;
                span.in_scope(|| desk.notice(now, event));
            }
        }
        Some(event)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.hub.poll_timeout().map(|(at, _)| at)
    }

    fn take_gone(&mut self) -> Vec<Gone> {
        std::mem::take(&mut self.gone)
    }

    fn settle(&mut self, now: Instant) -> bool {
        let hub = &mut self.hub;
        let gone = &mut self.gone;
        self.seats.retain(|contact_id, held| {
            let mut held = held.lock();
            if let Some(over) = hub.take_ended(contact_id) {
                held.last = over;
                held.span = Span::none(); // handles of it may be kept
                gone.push(Box::new(std::mem::take(&mut held.desk.files)));
                return false;
            }
            if let Some(session) = hub.session(contact_id) {
                let files = &mut held.desk.files;
                files.keep(|upload| session.has_attachment(upload));
                gone.extend(files.take_gone());
            }
            true
        });
        if self.leaving && self.seats.is_empty() && !self.closed {
            self.abandon(now);
        }
        self.closed && self.seats.is_empty()
    }

    fn handle_socket(&mut self, now: Instant, socket: SocketId, input: SocketInput) {
        self.hub.handle_socket(now, socket, input);
    }

    fn handle_response(
        &mut self,
        now: Instant,
        scope: &Self::Scope,
        request: RequestId,
        answer: Answer<Response<Bytes>>,
    ) {
        if let Some(contact_id) = scope {
            self.hub.handle_response(now, contact_id, request, answer);
        }
    }

    fn handle_transfer(
        &mut self,
        now: Instant,
        scope: &Self::Scope,
        request: RequestId,
        answer: Answer<Transferred>,
    ) {
        if let Some(contact_id) = scope {
            self.hub.handle_transfer(now, contact_id, request, answer);
        }
    }

    fn handle_progress(
        &mut self,
        now: Instant,
        scope: &Self::Scope,
        request: RequestId,
        progress: RequestProgress,
    ) {
        if let Some(contact_id) = scope {
            self.hub
                .handle_request_progress(now, contact_id, request, progress);
        }
    }

    fn handle_given(&mut self, now: Instant, _: &Self::Scope, given: Given) {
        match given {
            Given::Url(request, url) => self.hub.handle_url(now, request, url),
            Given::ConnectionToken(contact_id, token) => {
                self.hub.handle_connection_token(now, &contact_id, token);
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.hub.handle_timeout(now);
    }

    fn disconnect(&mut self, now: Instant) {
        self.leaving = true;
        for contact_id in self.seats.keys() {
            if let Some(session) = self.hub.session_mut(contact_id) {
                driven::leave(session, now);
            }
        }
    }

    fn abandon(&mut self, now: Instant) {
        self.closed = true;
        self.hub.close(now);
    }

    fn span(&self, scope: &Self::Scope) -> Span {
        let held = scope.as_ref().and_then(|contact| self.seats.get(contact));
        held.map_or_else(Span::none, |held| held.lock().span.clone())
    }

    fn upload(&mut self, scope: &Self::Scope, upload: UploadId) -> Option<Upload> {
        let held = self.seats.get(scope.as_ref()?)?;
        held.lock().desk.files.upload(upload)
    }

    fn sink(&self, scope: &Self::Scope, call: CallId) -> Option<SharedSink> {
        let held = self.seats.get(scope.as_ref()?)?;
        held.lock().desk.files.sink(call)
    }
}
