//! What the Amazon Connect Chat clients of all runtimes have in common.
//!
//! The protocol is the crate [`chat_proto`]; this one drives it. It holds all that needs no
//! particular runtime: the handles of sessions and hubs, their events, the one loop that feeds a
//! session, the rate limiter, files, proxies. What needs one is behind the trait
//! [`Runtime`](runtime::Runtime), which an adapter implements: `chat-tokio` and `chat-async-std`.
//! An application uses one of those, which give the types of this crate under their own names.
//!
//! To bring another runtime, implement [`Runtime`](runtime::Runtime) and
//! [`Http`](runtime::Http) for types of your own. Nothing else is to be written: `chat-async-std`
//! is the example to follow, for any runtime whose IO is that of `futures-io`.
//!
//! What is logged and measured is listed in [`observability`] and, with the feature
//! `metrics`, in `metrics`.

pub mod address;
pub mod connector;
pub mod failure;
pub mod runtime;

mod builder;
mod client;
mod clock;
mod driven;
mod driver;
mod error;
mod events;
mod files;
mod http;
mod hub;
mod limiter;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "unmetered.rs"]
mod metrics;
pub mod observability;
mod progress;
mod proxy;
mod requests;
mod roster;
mod session;
mod shared;
mod socket;
#[cfg(test)]
mod testing;
mod tls;
mod transfer;
mod waiters;

pub use builder::ClientBuilder;
pub use chat_proto;
pub use client::Client;
pub use error::{
    AttachmentFailure, CallError, ClientError, ConnectFailure, FailedAttachment, FailedMessage,
    NoRuntime, ResendFailure, SendFailure, SessionError, StartChatError,
};
pub use events::Events;
pub use files::{AttachmentSink, AttachmentSource};
pub use hub::{AgentHub, AgentProvider, HubEvents, ProvidedFuture};
pub use progress::Progress;
pub use proxy::Proxy;
pub use roster::Shutdown;
pub use session::{ChatSession, OlderLoaded, Sent};
