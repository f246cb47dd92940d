//! An Amazon Connect Chat client for tokio.
//!
//! The protocol is the crate [`chat_proto`]; this one does its input and output: HTTP, WebSockets,
//! TLS and time. A [`Client`] holds what sessions share, a [`ChatSession`] is the handle of one
//! chat, and [`Events`] is what happens in it.
//!
//! ```no_run
//! use chat_tokio::chat_proto::api::Endpoint;
//! use chat_tokio::chat_proto::{ChatDetails, Config, Draft, Event};
//! use chat_tokio::Client;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder().build()?;
//! // From your backend, which calls StartChatContact.
//! let details = ChatDetails {
//!     contact_id: "contact".into(),
//!     participant_id: "participant".into(),
//!     participant_token: "token".into(),
//! };
//! let config = Config::new(Endpoint::region("us-west-2")?);
//! let (session, mut events) = client.session(config, details)?;
//!
//! // Events are read beside the session: while too many wait, its WebSocket is not read.
//! tokio::spawn(async move {
//!     while let Some(event) = events.next().await {
//!         if let Event::Item(received) = event {
//!             println!("{:?}", received.item.content);
//!         }
//!     }
//! });
//!
//! session.connect().await?;
//! let sent = session.send_message(Draft::text("Hello")).await?;
//! println!("the service calls it {}", sent.id);
//! session.disconnect().await?;
//! # Ok(())
//! # }
//! ```
//!
//! All sessions of a client share one rate limiter, with the service's default quotas. Where yours
//! are others, tell the client: [`ClientBuilder::quotas`].
//!
//! An agent has one WebSocket for all chats: [`Client::hub`] gives the sessions on it.
//!
//! A process that must not lose its chats when it is killed stores
//! [`ChatSession::resume_state`] with what it made of the events, and goes on with
//! [`Client::restore`].
//!
//! Connections go through the HTTP proxy that the environment names, where it does: [`Proxy`]. TLS
//! trusts Mozilla's root certificates, those of the platform (feature `platform-verifier`), or what
//! you pass: [`ClientBuilder`] has all that concerns the network.
//!
//! Every `async` method says what dropping its future does. Messages, files and events are neither
//! lost nor repeated by it.
//!
//! A session is one task of the runtime. It ends when the chat does, and when all of its handles
//! are dropped. Lost connections are recovered and what was missed is brought by themselves; the
//! events say so. Logs go to [`tracing`](https://docs.rs/tracing), at the level DEBUG; they hold no
//! tokens, URLs or texts. [`observability`] lists the spans and events. The crate `tungstenite` below
//! logs by itself, through `log`: at the level TRACE it shows whole handshakes and frames, and the URL
//! of a handshake carries a token. Shut that out with the filter `tungstenite=debug`, or for good with
//! the feature `release_max_level_debug` of the crate `log` in the application.
//!
//! With the feature `metrics`, measurements go to the facade
//! [`metrics`](https://docs.rs/metrics): the module of the same name lists them.

mod http;
pub mod runtime;
mod socket;
mod tls;

#[doc(inline)]
pub use chat_driver::{
    AgentHub, AgentProvider, AttachmentFailure, CallError, ChatSession, ClientError,
    ConnectFailure, Events, FailedAttachment, FailedMessage, HubEvents, NoRuntime, OlderLoaded,
    Progress, ProvidedFuture, Proxy, ResendFailure, SendFailure, Sent, SessionError, Shutdown,
    StartChatError, chat_proto, observability,
};

#[cfg(feature = "metrics")]
#[doc(inline)]
pub use chat_driver::metrics;

use runtime::Tokio;

/// Where sessions come from, on tokio.
pub type Client = chat_driver::Client<Tokio>;

/// Settings of a client, on tokio.
pub type ClientBuilder = chat_driver::ClientBuilder<Tokio>;

/// A file to send, from memory, a path, or any `tokio::io::AsyncRead`.
pub type AttachmentSource = chat_driver::AttachmentSource<Tokio>;

/// Where a downloaded file goes: to a path, or any `tokio::io::AsyncWrite`.
pub type AttachmentSink = chat_driver::AttachmentSink<Tokio>;
