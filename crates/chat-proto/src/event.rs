//! What a session tells the application.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::api::{AttachmentUrl, Draft, SentEvent, TranscriptPage, View};
use crate::error::{
    AttachmentError, ConnectError, ProtocolError, RequestError, SendError, TransportError,
};
use crate::ids::{AttachmentId, CallId, ItemId, LocalId, SignedUrl, UploadId};
use crate::transcript::Change;
use crate::wire::{AbsoluteTime, ContentType, Item, ItemType};

/// Something happened.
///
/// Events come in the order in which the session learnt of them. Items that were missed are learnt
/// of after newer ones that arrived meanwhile; their place is told by
/// [`Event::TranscriptChanged`], and by their times.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The connection is up for the first time: the service has acknowledged the subscription.
    /// Comes once, before any item.
    Established,
    /// The first connect failed and the session is idle again. `connect` can be repeated.
    ConnectFailed(ConnectError),
    /// The connection is lost and being recovered. Comes once per loss.
    ConnectionLost(LossCause),
    /// The connection is up again.
    Reestablished,
    /// An item arrived. Every item the service has for us comes exactly once. When an attachment
    /// comes again with another status, [`Event::TranscriptChanged`] tells it.
    Item(ReceivedItem),
    /// A message is confirmed by the service.
    MessageSent {
        /// Which message.
        local_id: LocalId,
        /// The item it has become.
        id: ItemId,
        /// When the service took it in.
        absolute_time: Option<AbsoluteTime>,
    },
    /// A message could not be sent. `resend` starts again, with the same client token.
    MessageFailed {
        /// Which message.
        local_id: LocalId,
        /// What it was.
        draft: Draft,
        /// Why.
        error: SendError,
    },
    /// A file has been sent. The service may have to scan it before the others see it; its item
    /// follows then.
    AttachmentSent {
        /// Which file.
        upload: UploadId,
        /// The service's name of it.
        attachment_id: AttachmentId,
    },
    /// A file could not be sent. `resume_attachment` goes on where it stopped.
    AttachmentFailed {
        /// Which file.
        upload: UploadId,
        /// At which stage, and why.
        error: AttachmentError,
    },
    /// A receipt that was asked for has settled.
    ReceiptSettled {
        /// The message it is for.
        message_id: ItemId,
        /// Which receipt.
        kind: ReceiptKind,
        /// What has become of it.
        outcome: ReceiptOutcome,
    },
    /// The transcript has changed. A copy that applies these changes in order is the transcript.
    TranscriptChanged(Change),
    /// Everything missed while there was no connection has been reported, as items flagged
    /// `recovered`. After the first connect: the history that was there already. Comes after every
    /// [`Event::Established`] and [`Event::Reestablished`] whose connection lasts long enough. It
    /// also comes by itself: when a connection was replaced without a loss and its last items were
    /// not brought by its socket.
    GapFilled {
        /// How many items were recovered.
        items: u64,
    },
    /// What was missed could not be read completely.
    GapUnresolved(GapError),
    /// The service answered the ping as it should.
    DeepHeartbeatSucceeded,
    /// The service answered the ping badly or not at all. The connection itself may be fine.
    DeepHeartbeatFailed(DeepHeartbeatFailure),
    /// A call has its result.
    CallFinished {
        /// Which call.
        call: CallId,
        /// Its result.
        result: Result<CallAnswer, RequestError>,
    },
    /// Something worth knowing that asks for no reaction.
    Diagnostic(Diagnostic),
    /// The session is over. Always the last event, and always exactly one.
    Ended(EndReason),
}

/// An item, and how it came.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ReceivedItem {
    /// The item.
    pub item: Arc<Item>,
    /// What it is.
    pub kind: ItemKind,
    /// Whether it was read from the transcript because the live stream did not bring it.
    pub recovered: bool,
    /// Whether we wrote it ourselves.
    pub own: bool,
    /// The message of this session that it confirms, where that is known already.
    pub local_id: Option<LocalId>,
}

/// What an item is, in the terms applications act on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum ItemKind {
    /// A message.
    Message,
    /// A part of a message that is still being written; the whole comes as [`Self::Message`].
    PartialMessage,
    /// Attachments.
    Attachment,
    /// Somebody is typing.
    Typing,
    /// Somebody has read a message.
    ReadReceipt,
    /// Somebody has received a message.
    DeliveredReceipt,
    /// A participant has not written for a while.
    ParticipantIdle,
    /// An idle participant has written again.
    ParticipantReturned,
    /// A participant was invited.
    ParticipantInvited,
    /// A participant was disconnected for being idle.
    AutoDisconnection,
    /// Customer authentication began.
    AuthenticationInitiated,
    /// Customer authentication succeeded.
    AuthenticationSuccessful,
    /// Customer authentication failed.
    AuthenticationFailed,
    /// Customer authentication timed out.
    AuthenticationTimeout,
    /// Customer authentication expired.
    AuthenticationExpired,
    /// Customer authentication was cancelled.
    AuthenticationCanceled,
    /// A participant's display name has changed.
    DisplayNameUpdated,
    /// A past chat was brought into this one.
    ChatRehydrated,
    /// Any other event: joined, left, transfers, the end of the chat, and what is new.
    Event,
}

impl ItemKind {
    /// What this item is.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        if item.item_type == Some(ItemType::MessageMetadata) {
            return Self::of_receipts(item);
        }
        match item.content_type {
            Some(ContentType::Typing) => return Self::Typing,
            Some(ContentType::MessageRead) => return Self::ReadReceipt,
            Some(ContentType::MessageDelivered) => return Self::DeliveredReceipt,
            Some(ContentType::MessageMetadata) => return Self::of_receipts(item),
            Some(ContentType::ParticipantIdle) => return Self::ParticipantIdle,
            Some(ContentType::ParticipantReturned) => return Self::ParticipantReturned,
            Some(ContentType::ParticipantInvited) => return Self::ParticipantInvited,
            Some(ContentType::ParticipantAutoDisconnection) => return Self::AutoDisconnection,
            Some(ContentType::AuthenticationInitiated) => return Self::AuthenticationInitiated,
            Some(ContentType::AuthenticationSucceeded) => return Self::AuthenticationSuccessful,
            Some(ContentType::AuthenticationFailed) => return Self::AuthenticationFailed,
            Some(ContentType::AuthenticationTimeout) => return Self::AuthenticationTimeout,
            Some(ContentType::AuthenticationExpired) => return Self::AuthenticationExpired,
            Some(ContentType::AuthenticationCancelled) => return Self::AuthenticationCanceled,
            Some(ContentType::ParticipantDisplayNameUpdated) => return Self::DisplayNameUpdated,
            Some(ContentType::ChatRehydrated) => return Self::ChatRehydrated,
            _ => {}
        }
        match item.item_type {
            Some(ItemType::Message) if item.is_partial() => Self::PartialMessage,
            Some(ItemType::Message) => Self::Message,
            Some(ItemType::Attachment) => Self::Attachment,
            Some(ItemType::Typing) => Self::Typing,
            Some(ItemType::MessageRead) => Self::ReadReceipt,
            Some(ItemType::MessageDelivered) => Self::DeliveredReceipt,
            _ => Self::Event,
        }
    }

    fn of_receipts(item: &Item) -> Self {
        let receipts = item.metadata.iter().flat_map(|data| &data.receipts);
        let mut delivered = false;
        for receipt in receipts {
            if receipt.read.is_some() {
                return Self::ReadReceipt;
            }
            delivered |= receipt.delivered.is_some();
        }
        if delivered {
            Self::DeliveredReceipt
        } else {
            Self::Event
        }
    }
}

/// What a receipt says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "there are no other receipts")]
pub enum ReceiptKind {
    /// We have received the message.
    Delivered,
    /// We have read the message.
    Read,
}

/// What has become of a receipt.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ReceiptOutcome {
    /// The service has it.
    Sent,
    /// The service has one that says it too: of a newer message, or that this one was read.
    Superseded {
        /// The message that one is for.
        by: ItemId,
    },
    /// The service had it, or one that says it too, before this was asked.
    AlreadySent,
    /// It could not be sent. It can be asked for again.
    Failed(RequestError),
}

/// What a call was answered with.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CallAnswer {
    /// Of `send_event`.
    EventSent(SentEvent),
    /// Of `get_transcript`.
    Transcript(TranscriptPage),
    /// Of `load_older`. The items themselves are in the transcript.
    OlderLoaded {
        /// How many items were new.
        items: u64,
        /// Whether the beginning of the transcript is reached.
        complete: bool,
    },
    /// Of `attachment_url`.
    AttachmentUrl(AttachmentUrl),
    /// Of `download_attachment`. The driver has the file itself.
    AttachmentDownloaded {
        /// The file's size in bytes.
        bytes: u64,
    },
    /// Of `describe_view`.
    View(View),
    /// Of `authentication_url`: where to send the customer.
    AuthenticationUrl(SignedUrl),
    /// Of `cancel_authentication`.
    AuthenticationCanceled,
}

/// Why the connection counts as lost.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LossCause {
    /// The peer closed the socket, with this close code (1006 when it sent none).
    Closed(u16),
    /// The socket broke.
    Failed(TransportError),
    /// The peer showed no sign of life after a heartbeat.
    HeartbeatMissed,
    /// The peer's answers to pings were bad or missing as often as
    /// [`Config::deep_heartbeat_limit`](crate::Config::deep_heartbeat_limit) allows.
    DeepHeartbeatFailed,
    /// The application has suspended the session.
    Suspended,
}

/// What was wrong with the answer to a ping.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum DeepHeartbeatFailure {
    /// None came before the next heartbeat.
    NoAnswer,
    /// It came with another status than 200 `OK`.
    BadAnswer {
        /// The status; `None` when it was missing or no number.
        status_code: Option<u16>,
        /// What it says, at most 200 characters.
        status_content: Option<String>,
    },
}

/// Why a gap could not be filled.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum GapError {
    /// The service refuses to give the transcript.
    Refused(RequestError),
    /// The session ended first.
    Ended,
    /// More pages than [`Config::gap_page_limit`](crate::Config::gap_page_limit) allows.
    TooManyPages {
        /// The configured limit.
        limit: u32,
    },
}

/// Why the session is over.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum EndReason {
    /// The service said that the chat has ended.
    ChatEnded,
    /// The service refused a new connection with 403 after the session had been live, which it
    /// does when the chat has ended meanwhile.
    Inferred(RequestError),
    /// An agent's chat has gone to somebody else.
    Transferred,
    /// We left with `disconnect`.
    Disconnected,
    /// We left with `abandon`: the service was not told, and the chat may go on.
    Abandoned,
    /// The service refuses this session for good.
    Fatal(RequestError),
    /// The connection could not be had again within
    /// [`Config::recovery_limit`](crate::Config::recovery_limit).
    GaveUp {
        /// The configured limit.
        limit: Duration,
    },
}

/// Something worth knowing that asks for no reaction.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Diagnostic {
    /// An attempt to connect failed; the next comes by itself.
    ConnectAttemptFailed {
        /// How many have failed in a row.
        failures: u32,
        /// Why.
        error: ConnectError,
        /// When the next one comes.
        retry_in: Duration,
    },
    /// A frame could not be understood. It was passed over.
    MalformedFrame(ProtocolError),
    /// An item could not be understood. It was passed over.
    MalformedItem(ProtocolError),
    /// A frame on a topic this version does not know. It was passed over.
    UnknownTopic(String),
    /// The service refuses something on the socket, such as a frame it does not know.
    Refusal(String),
    /// An item of another contact arrived on this chat's socket. It was passed over.
    UnknownContact {
        /// The item, where it has a name.
        id: Option<ItemId>,
    },
    /// An item of the transcript without an id or a time arrived. It was reported, but has no
    /// place in the transcript.
    UnplacedItem,
    /// A request is tried again.
    RequestRetried {
        /// Why the last try failed.
        error: RequestError,
        /// When the next one comes.
        retry_in: Duration,
    },
    /// A typing event could not be sent. The next one may be sent at once.
    TypingFailed(RequestError),
    /// The caller gave no usable connection token; the service is asked for one.
    ConnectionTokenFailed(RequestError),
    /// The service could not be told that an agent is connected.
    AcknowledgementFailed(RequestError),
    /// The application does not take its events; the driver has stopped reading the socket.
    ReadingPaused,
}

impl Diagnostic {
    /// A short name of the kind, stable over versions.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ConnectAttemptFailed { .. } => "connect_attempt_failed",
            Self::MalformedFrame(_) => "malformed_frame",
            Self::MalformedItem(_) => "malformed_item",
            Self::UnknownTopic(_) => "unknown_topic",
            Self::Refusal(_) => "refusal",
            Self::UnknownContact { .. } => "unknown_contact",
            Self::UnplacedItem => "unplaced_item",
            Self::RequestRetried { .. } => "request_retried",
            Self::TypingFailed(_) => "typing_failed",
            Self::ConnectionTokenFailed(_) => "connection_token_failed",
            Self::AcknowledgementFailed(_) => "acknowledgement_failed",
            Self::ReadingPaused => "reading_paused",
        }
    }
}
