//! The Amazon Connect Chat protocol as a pure state machine.
//!
//! A [`Session`] is one participant's side of one chat: it gets credentials, keeps a WebSocket
//! alive and replaces it in time, recovers it when it is lost, reads from the transcript what the
//! stream missed, sends messages exactly once and in order, and keeps the transcript in one total
//! order. It does none of the IO that this takes. It has no clock, no randomness of its own, no
//! runtime and no global state: what it is told, and when, decides what it does, bit for bit.
//!
//! Take this crate to run chats in an event loop of your own, or to test against the protocol
//! without a network. For tokio there is `chat-tokio`, for async-std `chat-async-std`: the loop below
//! made real.
//!
//! | to | see |
//! |---|---|
//! | drive a session | the loop below, and the example `blocking`: the same over blocking sockets of `std`, without any async runtime |
//! | know what can happen in a chat | [`Event`], and [`ItemKind`] for what the others do |
//! | show the conversation | [`Transcript`], and the [`Change`]s that keep a copy of it equal |
//! | run all chats of an agent, on one socket | [`Hub`] |
//! | run many sessions within the service's quotas | [`RateLimiter`] |
//! | go on after a restart of the process | [`Session::resume_state`], [`ResumeState`], [`Session::restore`] |
//! | call the REST API alone | [`api`] |
//! | start chats from a backend of your own | [`api::StartChatContact`], signed by `api::sigv4` |
//! | test a client of your own against anything that can happen | `strategies` |
//! | change a limit or a time | [`Config`], where each default names its source |
//!
//! # The driving loop
//!
//! 1. Make a [`Session`] from a [`Start`] (the time, the wall clock, a random seed), a [`Config`]
//!    and the [`ChatDetails`] that StartChatContact gave, and call [`Session::connect`].
//! 2. Drain [`Session::poll_action`] and begin each [`Action`]: open or close a socket, send a
//!    text frame, perform or cancel an HTTP request, transfer the bytes of a file. Do not wait for
//!    any of them.
//! 3. Drain [`Session::poll_event`] and hand each [`Event`] to the application.
//! 4. Ask [`Session::poll_timeout`] how long to wait. It says "now" while 2 or 3 left anything.
//! 5. Wait for whatever comes first: socket input, an HTTP response, that time, a command of the
//!    application.
//! 6. Feed it with the present time: [`Session::handle_socket`], [`Session::handle_response`],
//!    [`Session::handle_transfer`], [`Session::handle_timeout`], or a command such as [`Session::send_message`].
//! 7. Go on at 2, until [`Event::Ended`], which is always the last event.
//!
//! Sockets and requests have ids that are never used twice; input for one that is no longer
//! wanted is ignored, so a driver need not race with the session. Inputs cannot fail: what the
//! peer sends, however wrong, becomes an event.
//!
//! This is the whole loop, with the network played by a function:
//!
//! ```
//! use std::collections::VecDeque;
//! use std::time::Duration;
//!
//! use chat_proto::{
//!     Action, ChatDetails, Config, Draft, Endpoint, Event, Instant, Operation, RequestId, Seed,
//!     Session, SocketId, SocketInput, Start,
//! };
//!
//! /// What the network brings.
//! enum Input {
//!     Socket(SocketId, SocketInput),
//!     Response(RequestId, http::Response<String>),
//! }
//!
//! /// A real driver opens sockets and performs requests here.
//! fn begin(action: Action) -> Option<Input> {
//!     match action {
//!         Action::OpenSocket { socket, .. } => Some(Input::Socket(socket, SocketInput::Opened)),
//!         Action::SendText { socket, text } => {
//!             let answer = if text.contains("aws/subscribe") {
//!                 r#"{"topic":"aws/subscribe","content":{"status":"success"}}"#.into()
//!             } else {
//!                 text.into_owned() // a heartbeat is answered with itself
//!             };
//!             Some(Input::Socket(socket, SocketInput::Text(answer)))
//!         }
//!         Action::Request { request, operation, .. } => {
//!             let body = match operation {
//!                 Operation::CreateParticipantConnection => {
//!                     r#"{"Websocket":{"Url":"wss://example.com"},
//!                         "ConnectionCredentials":{"ConnectionToken":"t"}}"#
//!                 }
//!                 Operation::SendMessage => {
//!                     r#"{"Id":"m1","AbsoluteTime":"2026-01-31T12:00:00.000Z"}"#
//!                 }
//!                 _ => "{}",
//!             };
//!             Some(Input::Response(request, http::Response::new(body.to_owned())))
//!         }
//!         Action::Upload { .. } | Action::Download { .. } => None, // this chat has no files
//!         Action::CloseSocket { .. } | Action::CancelRequest { .. } => None,
//!     }
//! }
//!
//! let mut now = Instant::ORIGIN; // a real driver asks its clock
//! let start = Start { now, unix: Duration::from_secs(1_769_860_800), seed: Seed::from_number(1) };
//! let config = Config::new(Endpoint::region("us-west-2")?);
//! let details = ChatDetails {
//!     contact_id: "c".into(),
//!     participant_id: "p".into(),
//!     participant_token: "secret".into(),
//! };
//! let mut session = Session::new(start, config, details)?;
//! session.connect(now)?;
//!
//! let mut inputs = VecDeque::new();
//! let mut sent = false;
//! while !sent {
//!     while let Some(action) = session.poll_action() {
//!         inputs.extend(begin(action));
//!     }
//!     while let Some(event) = session.poll_event() {
//!         match event {
//!             Event::Established => {
//!                 session.send_message(now, Draft::text("Is the ferry on time?"))?;
//!             }
//!             Event::MessageSent { id, .. } => sent = id.as_str() == "m1",
//!             _ => {}
//!         }
//!     }
//!     match inputs.pop_front() {
//!         Some(Input::Socket(socket, input)) => session.handle_socket(now, socket, input),
//!         Some(Input::Response(request, answer)) => {
//!             session.handle_response(now, request, Ok(answer));
//!         }
//!         None => {
//!             let (at, _why) = session.poll_timeout().ok_or("nothing to wait for")?;
//!             now = at; // a real driver sleeps until then
//!             session.handle_timeout(now);
//!         }
//!     }
//! }
//! assert_eq!(session.transcript().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The example makes it real: `cargo run -p chat-proto --example blocking -- --endpoint URL`.
//!
//! # What it guarantees
//!
//! Whatever the network does: every item the service has for us is reported exactly once; every
//! message given to [`Session::send_message`] is confirmed or handed back, exactly once, and
//! reaches the service at most once; the transcript has one order, whatever the order of arrival;
//! [`Event::Established`] comes once and before any item; there is exactly one [`Event::Ended`],
//! and nothing after it; every queue is bounded by a setting of [`Config`]; no `Debug` and no
//! error text shows a token, a URL or what people wrote.
//!
//! # Features
//!
//! Both are off by default.
//!
//! | feature | brings |
//! |---|---|
//! | `proptest` | `strategies`: inputs, commands and whole lives of a session, for properties of your own |
//! | `sigv4` | `api::sigv4`: signatures for the operations of the service `connect` |

#![warn(clippy::exhaustive_enums)]

mod action;
pub mod api;
mod config;
mod error;
mod event;
mod hub;
mod ids;
mod link;
mod random;
mod rate_limiter;
mod resume_state;
mod session;
#[cfg(feature = "proptest")]
pub mod strategies;
mod time;
mod transcript;
pub mod wire;

pub use action::{Action, Network, RequestProgress, SocketInput, Transferred, WakeReason};
pub use api::{Draft, Endpoint, NewAttachment, Operation};
pub use config::{Config, ConfigError};
pub use error::{
    AttachmentError, AttachmentStage, CommandError, ConnectError, ProtocolError, Refused,
    RequestError, RetryClass, SendError, ServiceError, TransferError, TransportError,
    TransportErrorKind,
};
pub use event::{
    CallAnswer, DeepHeartbeatFailure, Diagnostic, EndReason, Event, GapError, ItemKind, LossCause,
    ReceiptKind, ReceiptOutcome, ReceivedItem,
};
pub use hub::{Hub, HubAction, HubEvent, HubUrl};
pub use ids::{
    AttachmentId, CallId, ChatDetails, ClientToken, ConnectionToken, ContactId, CustomerId, ItemId,
    JoinToken, LocalId, NextToken, ParticipantId, ParticipantToken, RequestId, SessionId,
    SignedUrl, SocketId, SocketUrl, StreamingId, UploadId, ViewToken,
};
pub use rate_limiter::{Priority, Quota, Quotas, RateLimiter};
pub use resume_state::ResumeState;
pub use session::{Phase, Session};
pub use time::{Instant, Seed, Start};
pub use transcript::{Change, Entry, Status, Transcript};
pub use wire::{AbsoluteTime, ContentType, InteractiveMessage, Item};

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
