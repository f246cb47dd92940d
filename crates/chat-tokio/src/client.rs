//! The client: what all sessions of a program share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_proto::api::{self, Endpoint, StartChatContact, StartedChat, start_chat_proxy};
use chat_proto::{
    ChatDetails, CommandError, Config, Hub, Operation, Priority, Quotas, RequestError, ResumeState,
    Seed, Session, Start, TransportError, TransportErrorKind,
};
use http::header::HeaderValue;
use http::{Request, Response};
use tracing::Instrument;

use crate::clock::{self, Clock};
use crate::dial;
use crate::driven::{Alone, Desk, Driven};
use crate::driver::{Driver, Io};
use crate::error::{ClientError, SessionError, StartChatError};
use crate::events::Events;
use crate::http::Http;
use crate::hub::{AgentHub, AgentProvider, Agents, HubEvents};
use crate::limiter::Limiter;
use crate::session::ChatSession;
use crate::shared::{Lifeline, Shared};
use crate::socket::Opener;
use crate::tls;

/// How long StartChatContact may take: the time a session gives a request by default.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// Where sessions come from. Cheap to clone; clones share settings, HTTP connections, TLS and the
/// rate limiter.
#[derive(Clone)]
pub struct Client {
    io: Io,
    event_queue: usize,
}

impl Client {
    /// A client with other settings.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
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
    /// [`start_chat`](Self::start_chat).
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
    async fn start(&self, request: Request<Vec<u8>>) -> Result<Response<Bytes>, RequestError> {
        let operation = Operation::StartChatContact;
        if let Some(turn) = self.io.limiter.turn(operation, Priority::Call) {
            turn.come().await;
        }
        let answer = self.io.http.perform(request);
        let answer = self.io.limiter.clone().heed(operation, answer);
        let answer = clock::within(START_TIMEOUT, answer).await;
        let answer = answer.unwrap_or_else(|| {
            let detail = format!("no answer within {START_TIMEOUT:?}");
            Err(TransportError::new(TransportErrorKind::Timeout, detail))
        });
        answer.map_err(RequestError::from)
    }

    /// Begins a session of a chat, as a task of the tokio runtime this is called in. It does
    /// nothing until [`ChatSession::connect`].
    ///
    /// # Errors
    /// [`SessionError`]: the details break a limit of the service, there is no runtime, or no
    /// randomness.
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
    /// or no randomness.
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
            let desk = Desk::default();
            let span = tracing::info_span!("chat", %contact_id);
            Ok((Alone { session, desk }, span))
        })?;
        let events = Events::new(Arc::clone(&lifeline));
        Ok((ChatSession::alone(lifeline), events))
    }

    /// Begins a hub for the chats of an agent, which share one WebSocket, as a task of the tokio
    /// runtime this is called in. It does nothing until [`AgentHub::connect`]. The settings are
    /// those of its sessions.
    ///
    /// # Errors
    /// [`SessionError`]: there is no runtime, or no randomness.
    pub fn hub(
        &self,
        config: Config,
        provider: impl AgentProvider,
    ) -> Result<(AgentHub, HubEvents), SessionError> {
        let lifeline = self.drive(|start| {
            let hub = Hub::new(start, config.clone());
            let agents = Agents::new(hub, Arc::new(provider), start, config);
            Ok((agents, tracing::info_span!("agent")))
        })?;
        let events = HubEvents::new(Arc::clone(&lifeline));
        Ok((AgentHub::new(lifeline), events))
    }

    /// Begins the task that drives what is made.
    fn drive<D: Driven>(
        &self,
        make: impl FnOnce(Start) -> Result<(D, tracing::Span), SessionError>,
    ) -> Result<Arc<Lifeline<D>>, SessionError> {
        let runtime = tokio::runtime::Handle::try_current()?;
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let clock = Clock::start();
        let (driven, span) = make(clock.session_start(Seed::new(seed)))?;
        let shared = Arc::new(Shared::new(clock, driven, self.event_queue));
        let driver = Driver::new(Arc::clone(&shared), self.io.clone());
        runtime.spawn(driver.run().instrument(span));
        Ok(Arc::new(Lifeline::new(shared)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("event_queue", &self.event_queue)
            .finish_non_exhaustive()
    }
}

/// Settings of a client. Values are checked by [`build`](Self::build).
#[derive(Clone)]
#[must_use = "a builder does nothing until build is called"]
pub struct ClientBuilder {
    tls: Option<Arc<rustls::ClientConfig>>,
    allow_insecure: bool,
    frame_limit: usize,
    body_limit: usize,
    event_queue: usize,
    quotas: Quotas,
    user_agent_suffix: String,
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self {
            tls: None,
            allow_insecure: false,
            frame_limit: 1024 * 1024,
            body_limit: 8 * 1024 * 1024,
            event_queue: 256,
            quotas: Quotas::default(),
            user_agent_suffix: String::new(),
        }
    }
}

impl ClientBuilder {
    /// TLS for HTTP and WebSocket alike, such as one that trusts a private authority. Its ALPN
    /// protocols are left out: HTTP/1.1 is all that is spoken. Default: Mozilla's root certificates, TLS 1.2 and
    /// 1.3, by ring.
    pub fn tls_config(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Whether `http` and `ws` URLs to other machines may be used. Default `false`: without TLS
    /// only 127.0.0.0/8, `::1` and `localhost` are spoken to, since tokens and messages would be
    /// readable on the way.
    pub const fn allow_insecure(mut self, allow: bool) -> Self {
        self.allow_insecure = allow;
        self
    }

    /// The longest WebSocket message that is taken in, in bytes. A longer one loses the
    /// connection, and the item it carried is read from the transcript. Default 1 MiB (ours: the
    /// service's longest item has 16 KiB of content). 1 KiB to 1 GiB.
    pub const fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }

    /// The longest body of an HTTP answer that is taken in, in bytes. Default 8 MiB (ours: a page
    /// of 100 items of 16 KiB each, escaped, stays below it). 1 KiB to 1 GiB.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How many events of a session may wait to be read. When there are more, its WebSockets are
    /// not read until half of the places are free. Default 256 (ours). 1 to 1,000,000.
    pub const fn event_queue(mut self, events: usize) -> Self {
        self.event_queue = events;
        self
    }

    /// What the service's quotas are, to which all sessions of this client keep together. A request
    /// that must wait for its turn does not time out meanwhile; messages go before receipts, and
    /// receipts before typing. Default: the service's own defaults, per second and operation. A
    /// company may have higher ones, and several programs share what its instance has.
    /// [`Quotas::unlimited`] switches it off.
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// What is added to the header `User-Agent`, such as the application's name and version.
    /// Default: nothing.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = suffix.into();
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ClientError`] naming the setting that cannot be used.
    pub fn build(self) -> Result<Client, ClientError> {
        const KIB: usize = 1024;
        const GIB: usize = KIB * KIB * KIB;
        in_range("frame_limit", self.frame_limit, KIB, GIB)?;
        in_range("body_limit", self.body_limit, KIB, GIB)?;
        in_range("event_queue", self.event_queue, 1, 1_000_000)?;
        let user_agent = concat!("chat-tokio/", env!("CARGO_PKG_VERSION"));
        let user_agent = format!("{user_agent} {}", self.user_agent_suffix);
        let user_agent =
            HeaderValue::from_str(user_agent.trim_end()).map_err(ClientError::UserAgent)?;
        let mut tls = match self.tls {
            Some(tls) => Arc::unwrap_or_clone(tls),
            None => tls::default_config().map_err(ClientError::Tls)?,
        };
        tls.alpn_protocols.clear();
        let tls = Arc::new(tls);
        let dialler = dial::dialler();
        let opener = Opener {
            dialler: dialler.clone(),
            tls: Arc::clone(&tls),
            frame_limit: self.frame_limit,
            allow_insecure: self.allow_insecure,
            user_agent: user_agent.clone(),
        };
        let (body_limit, allow_insecure) = (self.body_limit, self.allow_insecure);
        Ok(Client {
            io: Io {
                http: Http::new(dialler, tls, body_limit, allow_insecure, user_agent),
                limiter: Limiter::new(&self.quotas),
                opener,
            },
            event_queue: self.event_queue,
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("tls_config", &self.tls.is_some())
            .field("allow_insecure", &self.allow_insecure)
            .field("frame_limit", &self.frame_limit)
            .field("body_limit", &self.body_limit)
            .field("event_queue", &self.event_queue)
            .field("quotas", &self.quotas)
            .field("user_agent_suffix", &self.user_agent_suffix)
            .finish()
    }
}

fn in_range(
    setting: &'static str,
    given: usize,
    from: usize,
    to: usize,
) -> Result<(), ClientError> {
    if (from..=to).contains(&given) {
        return Ok(());
    }
    Err(ClientError::OutOfRange {
        setting,
        given,
        from,
        to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_cannot_be_used_is_named() {
        let of = |builder: ClientBuilder| builder.build().unwrap_err().to_string();
        assert_eq!(
            of(Client::builder().event_queue(0)),
            "event_queue is 0; it must be from 1 to 1000000"
        );
        assert!(of(Client::builder().frame_limit(1)).starts_with("frame_limit is 1;"));
        assert!(of(Client::builder().body_limit(usize::MAX)).starts_with("body_limit is"));
        assert!(of(Client::builder().user_agent_suffix("a\nb")).starts_with("user_agent_suffix"));
    }

    #[test]
    fn a_session_outside_a_runtime_is_refused() {
        let endpoint = Endpoint::custom("http://127.0.0.1:1").unwrap();
        let details = ChatDetails {
            contact_id: "c".into(),
            participant_id: "p".into(),
            participant_token: "t".into(),
        };
        let client = Client::builder().build().unwrap();
        let error = client.session(Config::new(endpoint), details).unwrap_err();
        assert!(matches!(error, SessionError::NoRuntime(_)), "{error}");
    }
}
