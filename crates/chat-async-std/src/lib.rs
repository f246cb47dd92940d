//! An Amazon Connect Chat client for async-std.
//!
//! The protocol is the crate [`chat_proto`]; this one does its input and output: HTTP, WebSockets,
//! TLS and time. A [`Client`] holds what sessions share, a [`ChatSession`] is the handle of one
//! chat, and [`Events`] is what happens in it.
//!
//! ```no_run
//! use chat_async_std::Client;
//! use chat_async_std::chat_proto::api::Endpoint;
//! use chat_async_std::chat_proto::{ChatDetails, Config, Draft, Event};
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
//! async_std::task::spawn(async move {
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
//! Everything here is as in `chat-tokio`, whose front page says more: the same handles, events,
//! errors and settings, from the crate [`chat_driver`]. What differs is the runtime, and that
//! readers and writers of attachments are those of `futures-io`. No tokio runtime is needed, and
//! none is linked.
//!
//! Logs go to [`tracing`](https://docs.rs/tracing), at the level DEBUG; they hold no tokens, URLs or
//! texts. [`observability`] lists the spans and events. The crate `tungstenite` below logs by itself,
//! through `log`: at the level TRACE it shows whole handshakes and frames, and the URL of a handshake
//! carries a token. Shut that out with the filter `tungstenite=debug`, or for good with the feature
//! `release_max_level_debug` of the crate `log` in the application.
//!
//! # async-std is discontinued
//!
//! Its authors ended it in 2025 and recommend [smol](https://docs.rs/smol); the advisory is
//! [RUSTSEC-2025-0052](https://rustsec.org/advisories/RUSTSEC-2025-0052.html). Nobody mends it if
//! something is found in it. So this crate is not where a new program begins: take `chat-tokio`,
//! or a runtime of your choice with [`chat_driver::runtime::Runtime`].
//!
//! It is here for the programs that run on async-std today, and as the adapter to read for any
//! runtime whose IO is that of `futures-io`. Nobody else has to do with it: it is a crate of its
//! own, and no other library of this project brings async-std. The program `connect-chat` has both
//! adapters.
//!
//! # How to move to smol
//!
//! The file `runtime.rs` is the only one that names async-std. In a copy of this crate it is the
//! one to change, call by call:
//!
//! | async-std | smol |
//! |---|---|
//! | `task::spawn(task)`, whose handle is dropped | `smol::spawn(task).detach()` |
//! | `task::sleep(duration).await` | `smol::Timer::after(duration).await` |
//! | `task::yield_now()` | `smol::future::yield_now()` |
//! | `task::spawn_blocking(work)` | `smol::unblock(work)` |
//! | `fs::File::from(file)` | `smol::fs::File::from(file)` |
//! | `net::TcpStream::connect(address)` | `smol::net::TcpStream::connect(address)` |
//! | `task::block_on(test)`, in unit tests | `smol::block_on(test)` |
//!
//! smol runs the tasks of `smol::spawn` on one thread, unless `SMOL_THREADS` names a number.

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

use runtime::AsyncStd;

/// Where sessions come from, on async-std.
pub type Client = chat_driver::Client<AsyncStd>;

/// Settings of a client, on async-std.
pub type ClientBuilder = chat_driver::ClientBuilder<AsyncStd>;

/// A file to send, from memory, a path, or any `AsyncRead` of `futures-io`.
pub type AttachmentSource = chat_driver::AttachmentSource<AsyncStd>;

/// Where a downloaded file goes: to a path, or any `AsyncWrite` of `futures-io`.
pub type AttachmentSink = chat_driver::AttachmentSink<AsyncStd>;
