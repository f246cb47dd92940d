//! The client: what all sessions of a program share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_proto::api::{self, Endpoint, StartChatContact, StartedChat, start_chat_proxy};
use chat_proto::{
    ChatDetails, CommandError, Config, Hub, Operation, Priority, RequestError, ResumeState, Seed,
    Session, Start, TransportError, TransportErrorKind,
};
use http::{Request, Response};
use tracing::Instrument;

use crate::builder::ClientBuilder;
use crate::clock::{self, Clock};
use crate::driven::{Alone, Driven};
use crate::driver::{Driver, Io};
use crate::error::{SessionError, StartChatError};
use crate::events::Events;
use crate::hub::{AgentHub, AgentProvider, Agents, HubEvents};
use crate::metrics;
use crate::roster::{Roster, Shutdown};
use crate::runtime::Runtime;
use crate::session::ChatSession;
use crate::shared::{Lifeline, Shared};

/// How long StartChatContact may take: the time a session gives a request by default.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Where sessions come from. Cheap to clone; clones share settings, HTTP connections, TLS and the
/// rate limiter. HTTP connections that are kept for further requests are closed when the last
/// clone and all sessions are gone.
pub struct Client<R: Runtime> {
    io: Arc<Io<R>>,
    event_queue: usize,
    roster: Roster,
}

impl<R: Runtime> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self {
            io: Arc::clone(&self.io),
            event_queue: self.event_queue,
            roster: self.roster.clone(),
        }
    }
}

impl<R: Runtime> Client<R> {
    /// A client with other settings.
    pub fn builder() -> ClientBuilder<R> {
        ClientBuilder::default()
    }

    pub(crate) fn new(io: Io<R>, event_queue: usize) -> Self {
        metrics::describe();
        Self {
            io: Arc::new(io),
            event_queue,
            roster: Roster::default(),
        }
    }

    /// Starts a chat, without a signature: with the simulator, or a proxy that signs. AWS itself
    /// demands one, of credentials that a program at a customer's must not have. Let a backend of
    /// yours start chats, such as the proxy that AWS publishes
    /// ([`start_chat_through_proxy`](Self::start_chat_through_proxy)); a program with credentials
    /// signs the request with `chat_proto::api::sigv4` (feature `sigv4` of `chat-proto`). It takes
    /// 10 s at most once its turn has come, and is not repeated.
    ///
    /// Not safe to cancel: the chat may have been started all the same. A
    /// [`client_token`](StartChatContact::client_token) makes repeating it harmless.
    ///
    /// # Errors
    /// [`StartChatError`]: the request breaks a limit, or the service refused it or could not be
    /// reached.
    pub async fn start_chat(
        &self,
        endpoint: &Endpoint,
        request: &StartChatContact,
    ) -> Result<ChatDetails, StartChatError> {
        let request = api::to_http(endpoint, None, request)?;
        let answer = self.start(request).await?;
        Ok(api::from_http::<StartChatContact>(&answer)?)
    }

    /// Starts a chat through the proxy that AWS publishes, or one that speaks as it does:
    /// [`chat_proto::api::start_chat_proxy`] says how. The URL is used as it is given. Otherwise as
    /// [`start_chat`](Self::start_chat), and as little safe to cancel.
    ///
    /// # Errors
    /// [`StartChatError`]: the request breaks a limit, the URL cannot be used, or the service or
    /// the proxy refused it or could not be reached.
    pub async fn start_chat_through_proxy(
        &self,
        url: &str,
        request: &StartChatContact,
    ) -> Result<StartedChat, StartChatError> {
        let request = start_chat_proxy::to_http(url, request)?;
        let answer = self.start(request).await?;
        Ok(start_chat_proxy::from_http(&answer)?)
    }

    /// Performs a request that starts a chat.
    async fn start(&self, request: Request<Vec<u8>>) -> Result<Response<Bytes>, StartChatError> {
        R::check()?;
        let operation = Operation::StartChatContact;
        let span = tracing::debug_span!("request", operation = operation.name());
        if let Some(turn) = self.io.limiter.turn(operation, Priority::Call) {
            turn.come().await;
        }
        let answer = self.io.ask(operation, request).instrument(span);
        // On the heap: the application has this in its own futures, which it may move about.
        let answer = Box::pin(answer);
        let answer = clock::within::<R, _>(START_TIMEOUT, answer).await;
        let answer = answer.unwrap_or_else(|| {
            let detail = format!("no answer within {START_TIMEOUT:?}");
            Err(TransportError::new(TransportErrorKind::Timeout, detail))
        });
        Ok(answer.map_err(RequestError::from)?)
    }

    /// Begins a session of a chat, as a task of the runtime this is called in. It does
    /// nothing until [`ChatSession::connect`].
    ///
    /// # Errors
    /// [`SessionError`]: the details break a limit of the service, there is no runtime, no
    /// randomness, or the client is shut down.
    pub fn session(
        &self,
        config: Config,
        details: ChatDetails,
    ) -> Result<(ChatSession, Events), SessionError> {
        self.begin(|start| Session::new(start, config, details))
    }

    /// Begins a session that goes on where another process was, from what
    /// [`ChatSession::resume_state`] gave there. It is idle until it is
    /// [connected](ChatSession::connect), and has nothing in its transcript but what was not
    /// confirmed or told. The other process must be gone: both would send.
    ///
    /// # Errors
    /// [`SessionError`]: the state holds what the service would not accept, there is no runtime,
    /// no randomness, or the client is shut down.
    pub fn restore(
        &self,
        config: Config,
        state: ResumeState,
    ) -> Result<(ChatSession, Events), SessionError> {
        self.begin(|start| Session::restore(start, config, state))
    }

    fn begin(
        &self,
        make: impl FnOnce(Start) -> Result<Session, CommandError>,
    ) -> Result<(ChatSession, Events), SessionError> {
        let lifeline = self.drive(|start| {
            let session = make(start)?;
            let contact_id = session.chat_details().contact_id.clone();
            let span = tracing::info_span!("chat", %contact_id);
            Ok((Alone::new(session), span))
        })?;
        let events = Events::new(Arc::clone(&lifeline));
        Ok((ChatSession::alone(lifeline), events))
    }

    /// Begins a hub for the chats of an agent, which share one WebSocket, as a task of the
    /// runtime this is called in. It does nothing until [`AgentHub::connect`]. The settings are
    /// those of its sessions.
    ///
    /// # Errors
    /// [`SessionError`]: there is no runtime, no randomness, or the client is shut down.
    pub fn hub(
        &self,
        config: Config,
        provider: impl AgentProvider,
    ) -> Result<(AgentHub, HubEvents), SessionError> {
        let lifeline = self.drive(|start| {
            let hub = Hub::new(start, config.clone());
            let span = tracing::info_span!("agent");
            let agents = Agents::new(hub, Arc::new(provider), start, config, span.clone());
            Ok((agents, span))
        })?;
        let events = HubEvents::new(Arc::clone(&lifeline));
        Ok((AgentHub::new(lifeline), events))
    }

    /// Ends all sessions and hubs of this client and its clones, and waits until their tasks are
    /// gone and their WebSockets closed. It begins no others afterwards.
    ///
    /// [`Shutdown::Disconnect`] takes no longer than
    /// [`Config::disconnect_deadline`](chat_proto::Config::disconnect_deadline) of the sessions, and
    /// two seconds for the WebSockets.
    ///
    /// Safe to cancel: sessions leave and hubs close all the same. Repeating it goes on waiting.
    pub async fn shutdown(&self, how: Shutdown) {
        self.roster.dismiss(how).await;
    }

    /// Begins the task that drives what is made.
    fn drive<D: Driven>(
        &self,
        make: impl FnOnce(Start) -> Result<(D, tracing::Span), SessionError>,
    ) -> Result<Arc<Lifeline<D>>, SessionError> {
        R::check()?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let clock = Clock::start::<R>();
        let (driven, span) = make(clock.session_start(Seed::new(seed)))?;
        let shared = Arc::new(Shared::new(clock, driven, self.event_queue));
        let entry = self.roster.enter(Arc::clone(&shared))?;
        let driver = Driver::new(Arc::clone(&shared), Arc::clone(&self.io));
        let task = async move {
            driver.run().await;
            drop(entry);
        };
        R::spawn(task.instrument(span));
        Ok(Arc::new(Lifeline::new(shared)))
    }
}

impl<R: Runtime> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("event_queue", &self.event_queue)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tokio;

    #[test]
    fn what_an_application_waits_for_takes_little_room() {
        let client = Client::<Tokio>::builder().build().unwrap();
        let endpoint = Endpoint::custom("http://127.0.0.1:1").unwrap();
        let request = StartChatContact::new("instance", "flow", "Ada");
        let started = client.start_chat(&endpoint, &request);
        let through_proxy = client.start_chat_through_proxy("http://127.0.0.1:1", &request);
        let sizes = [size_of_val(&started), size_of_val(&through_proxy)];
        assert!(sizes.iter().all(|size| *size < 2048), "{sizes:?} bytes");
    }
}
