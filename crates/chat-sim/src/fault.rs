//! Faults on demand: what can go wrong, where, how often and when.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::millis;
use crate::operation::Operation;

/// The identity of an injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(pub u64);

/// Something that goes wrong.
///
/// ```
/// use chat_sim::{Effect, Fault, Operation};
///
/// // Every third answer or so to SendMessage is lost, ten times in all.
/// let fault = Fault::new(Effect::LoseResponse)
///     .on(Operation::SendMessage)
///     .with_probability(0.3)
///     .times(10);
/// # let _ = fault;
/// ```
///
/// In JSON:
///
/// ```
/// let fault: chat_sim::Fault = serde_json::from_str(
///     r#"{
///         "effect": {"answer": {"status": 429, "error_type": "ThrottlingException",
///                               "message": "Rate exceeded", "retry_after": 2}},
///         "operation": "SendMessage",
///         "times": 3,
///         "after_ms": 500
///     }"#,
/// )?;
/// assert_eq!(fault.times, Some(3));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// The operation it concerns; every one when absent. Handshakes and sockets belong to no
    /// operation: a fault of theirs that names one never strikes. Those of credentials belong to
    /// the operation that issues them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The contact it concerns; every one when absent. A request that belongs to no contact, such
    /// as StartChatContact, is not concerned by a fault that names one. An agent's socket for all
    /// chats belongs to no contact either, but the items on it do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// How often it strikes; until cleared when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The chance that it strikes at each occasion, 0 to 1. Default 1.
    #[serde(default = "certain")]
    pub probability: f64,
    /// How long after it was injected it begins; at once when absent. In JSON `after_ms`.
    #[serde(
        default,
        rename = "after_ms",
        with = "millis::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub after: Option<Duration>,
}

/// When [`Effect::CutSocket`] cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CutWhen {
    /// At once: the sockets that are open when the fault begins.
    Now,
    /// When the next chat item should go out on a socket; that item does not get through.
    NextItem,
}

/// What goes wrong.
///
/// *Requests*: `Answer`, `AnswerRaw`, `DropRequest`, `LoseResponse` and `Stall` strike at most once
/// for each request, in the order in which they were injected; `Delay` may come on top.
///
/// *Handshakes*: `RefuseHandshake`, `StallHandshake`.
///
/// *Sockets, once*: `CutSocket` with [`CutWhen::Now`], `CloseSocket`, `HalfOpen`, `RawFrame`,
/// `GarbageFrame` and `OversizedFrame` act on the sockets that are open when the fault begins, on
/// at most `times` of them, and are then spent.
///
/// *Sockets, at each occasion*: `CutSocket` with [`CutWhen::NextItem`], and those that mute, fail,
/// drop, duplicate, reorder and delay.
///
/// *Credentials*: `ShortUrl`, `ShortConnection` and `ShortToken` strike when
/// CreateParticipantConnection, or StartChatContact with `ConnectionTypes`, issues what they
/// shorten; the first two also when
/// [`Service::agent_socket_url`](crate::Service::agent_socket_url) does, which belongs to no
/// operation and no contact.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// An error in the service's own form; nothing is processed.
    Answer {
        /// The HTTP status, 200 to 999; anything else becomes 500.
        status: u16,
        /// The name of the exception.
        error_type: String,
        /// The text of the error.
        message: String,
        /// Seconds for a `Retry-After` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
    },
    /// An answer that is not in the service's form; nothing is processed.
    AnswerRaw {
        /// The HTTP status, 200 to 999; anything else becomes 500.
        status: u16,
        /// The `Content-Type` header; left out when it cannot be one.
        content_type: String,
        /// The body.
        body: String,
    },
    /// The connection ends without an answer; nothing is processed.
    DropRequest,
    /// The request is processed, but the connection ends without an answer.
    LoseResponse,
    /// The request is processed at once and answered later.
    Delay {
        /// How much later. In JSON `by_ms`.
        #[serde(rename = "by_ms", with = "millis")]
        by: Duration,
    },
    /// Neither processed nor answered; the connection stays open.
    Stall,
    /// The WebSocket handshake is answered with an HTTP error; the URL stays usable.
    RefuseHandshake {
        /// The HTTP status, 200 to 999; anything else becomes 500.
        status: u16,
    },
    /// The WebSocket handshake is never answered; the URL stays usable.
    StallHandshake,
    /// The TCP connection ends without a close frame.
    CutSocket {
        /// When.
        when: CutWhen,
    },
    /// The service closes the socket with this code.
    CloseSocket {
        /// The code of the close frame.
        code: u16,
    },
    /// The socket stays open, but nothing goes out on it any more and nothing that comes in is
    /// processed. It stays so when the fault is cleared, and no longer counts as one of the
    /// participant's sockets.
    HalfOpen,
    /// Heartbeats are not answered.
    MuteHeartbeats,
    /// Pings are not answered.
    MutePings,
    /// Pings are answered badly.
    BadPong {
        /// The `statusCode` of the answer.
        status_code: u16,
        /// The `statusContent` of the answer.
        status_content: String,
    },
    /// Subscribe frames are neither processed nor answered.
    MuteSubscribe,
    /// Subscribe frames are answered with a failure.
    FailSubscribe,
    /// Items do not go out, though the transcript has them. Whether the service ever loses one on
    /// a socket that stays healthy is not documented: this is for testing how a client finds and
    /// fills a gap.
    DropItems,
    /// Items go out twice.
    DuplicateItems,
    /// An item is held until the one after it has gone out, or for a bounded time.
    ReorderItems {
        /// How long it is held when no other item comes. In JSON `within_ms`.
        #[serde(rename = "within_ms", with = "millis")]
        within: Duration,
    },
    /// Items go out later.
    DelayItems {
        /// How much later. In JSON `by_ms`.
        #[serde(rename = "by_ms", with = "millis")]
        by: Duration,
    },
    /// A text frame that the service did not mean to send.
    RawFrame {
        /// The text of the frame.
        text: String,
    },
    /// A text frame of random characters that is not JSON. The characters come from the seed. When
    /// the frames of one fault come to 64 MiB, the other sockets are spared.
    GarbageFrame {
        /// The size of the frame; 16 MiB when it is more.
        bytes: usize,
    },
    /// A frame with a chat message of any size, which nobody sent and no transcript has. When the
    /// frames of one fault come to 64 MiB, the other sockets are spared.
    OversizedFrame {
        /// The size of the frame; 16 MiB when it is more, and that of a message without content
        /// when it is less.
        bytes: usize,
    },
    /// A WebSocket URL opens nothing sooner.
    ShortUrl {
        /// How long it opens something, when that is less than usual. In JSON `lifetime_ms`.
        #[serde(rename = "lifetime_ms", with = "millis")]
        lifetime: Duration,
    },
    /// The socket of a WebSocket URL is closed sooner, as the `ConnectionExpiry` in the answer says.
    ShortConnection {
        /// How long after the URL was issued, when that is less than usual. In JSON `lifetime_ms`.
        #[serde(rename = "lifetime_ms", with = "millis")]
        lifetime: Duration,
    },
    /// A connection token expires sooner, as the `Expiry` in the answer says.
    ShortToken {
        /// How long it is good, when that is less than usual. In JSON `lifetime_ms`.
        #[serde(rename = "lifetime_ms", with = "millis")]
        lifetime: Duration,
    },
}

/// The state of an injected fault.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FaultState<'a> {
    /// Its identity.
    pub id: FaultId,
    /// What was injected.
    pub fault: &'a Fault,
    /// Whether it may still strike: it is neither spent nor cleared.
    pub active: bool,
    /// How often it has struck.
    pub struck: u64,
}

fn certain() -> f64 {
    1.0
}

impl Fault {
    /// The effect everywhere, always, from now on until it is cleared.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            operation: None,
            contact: None,
            times: None,
            probability: certain(),
            after: None,
        }
    }

    /// Only on this operation.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Only in this contact.
    #[must_use]
    pub fn in_contact(mut self, contact: &str) -> Self {
        self.contact = Some(contact.to_owned());
        self
    }

    /// Only this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Only once.
    #[must_use]
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only with this chance at each occasion, 0 to 1; what lies outside is brought inside.
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// Only from this long after its injection.
    #[must_use]
    pub fn after(mut self, after: Duration) -> Self {
        self.after = Some(after);
        self
    }
}

impl Effect {
    /// The name of the effect, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::AnswerRaw { .. } => "answer_raw",
            Self::DropRequest => "drop_request",
            Self::LoseResponse => "lose_response",
            Self::Delay { .. } => "delay",
            Self::Stall => "stall",
            Self::RefuseHandshake { .. } => "refuse_handshake",
            Self::StallHandshake => "stall_handshake",
            Self::CutSocket { .. } => "cut_socket",
            Self::CloseSocket { .. } => "close_socket",
            Self::HalfOpen => "half_open",
            Self::MuteHeartbeats => "mute_heartbeats",
            Self::MutePings => "mute_pings",
            Self::BadPong { .. } => "bad_pong",
            Self::MuteSubscribe => "mute_subscribe",
            Self::FailSubscribe => "fail_subscribe",
            Self::DropItems => "drop_items",
            Self::DuplicateItems => "duplicate_items",
            Self::ReorderItems { .. } => "reorder_items",
            Self::DelayItems { .. } => "delay_items",
            Self::RawFrame { .. } => "raw_frame",
            Self::GarbageFrame { .. } => "garbage_frame",
            Self::OversizedFrame { .. } => "oversized_frame",
            Self::ShortUrl { .. } => "short_url",
            Self::ShortConnection { .. } => "short_connection",
            Self::ShortToken { .. } => "short_token",
        }
    }

    /// Whether it acts once, on the sockets that are open when the fault begins.
    pub(crate) fn acts_at_once(&self) -> bool {
        matches!(
            self,
            Self::CutSocket { when: CutWhen::Now }
                | Self::CloseSocket { .. }
                | Self::HalfOpen
                | Self::RawFrame { .. }
                | Self::GarbageFrame { .. }
                | Self::OversizedFrame { .. }
        )
    }

    /// Whether it decides what becomes of a request, other than when.
    pub(crate) fn decides_request(&self) -> bool {
        matches!(
            self,
            Self::Answer { .. }
                | Self::AnswerRaw { .. }
                | Self::DropRequest
                | Self::LoseResponse
                | Self::Stall
        )
    }
}

// Written by hand: texts stay out of logs.
impl fmt::Debug for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = serde_json::to_value(self).map_err(|_| fmt::Error)?;
        if let Some(members) = shown.get_mut(self.name()).and_then(Value::as_object_mut) {
            for text in ["message", "body", "text", "status_content"] {
                members.remove(text);
            }
        }
        write!(f, "{shown}")
    }
}
