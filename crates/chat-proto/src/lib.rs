//! The Amazon Connect Chat protocol as a state machine.

mod action;
pub mod api;
mod config;
mod error;
mod event;
mod ids;
mod link;
mod random;
mod session;
mod time;
mod transcript;
pub mod wire;

pub use action::{Action, Network, SocketInput, WakeReason};
pub use api::{Draft, Endpoint, Operation};
pub use config::{Config, ConfigError};
pub use error::{
    CommandError, ConnectError, ProtocolError, Refused, RequestError, RetryClass, SendError,
    ServiceError, TransportError, TransportErrorKind,
};
pub use event::{
    CallAnswer, DeepHeartbeatFailure, Diagnostic, EndReason, Event, GapError, ItemKind, LossCause,
    ReceivedItem,
};
pub use ids::{
    CallId, ChatDetails, ClientToken, ConnectionToken, ContactId, ItemId, LocalId, NextToken,
    ParticipantId, ParticipantToken, RequestId, SocketId, SocketUrl,
};
pub use session::{Phase, Session};
pub use time::{Instant, Seed, Start};
pub use transcript::{Change, Entry, Status, Transcript};
pub use wire::{AbsoluteTime, ContentType, Item};
