//! Chat items as the service publishes and stores them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::memory::Charge;

/// The content type of plain text messages.
pub(crate) const TEXT_PLAIN: &str = "text/plain";
/// The content type of a typing event.
pub(crate) const TYPING: &str = "application/vnd.amazonaws.connect.event.typing";
/// The content type of the event that acknowledges a connection.
pub(crate) const CONNECTION_ACKNOWLEDGED: &str =
    "application/vnd.amazonaws.connect.event.connection.acknowledged";
/// The content type of a delivered receipt, as a participant sends it.
pub(crate) const MESSAGE_DELIVERED: &str =
    "application/vnd.amazonaws.connect.event.message.delivered";
/// The content type of a read receipt, as a participant sends it.
pub(crate) const MESSAGE_READ: &str = "application/vnd.amazonaws.connect.event.message.read";
/// The content type of the item that tells of receipts.
pub(crate) const MESSAGE_METADATA: &str =
    "application/vnd.amazonaws.connect.event.message.metadata";
/// The content type of the event for a participant who has joined.
pub(crate) const PARTICIPANT_JOINED: &str =
    "application/vnd.amazonaws.connect.event.participant.joined";
/// The content type of the event for a participant who has left.
pub(crate) const PARTICIPANT_LEFT: &str =
    "application/vnd.amazonaws.connect.event.participant.left";
/// The content type of the event that ends a chat.
pub(crate) const CHAT_ENDED: &str = "application/vnd.amazonaws.connect.event.chat.ended";

/// The content type of interactive messages, which only the service's side sends.
pub(crate) const INTERACTIVE: &str = "application/vnd.amazonaws.connect.message.interactive";

/// The content type of the answer to an interactive message.
pub(crate) const INTERACTIVE_RESPONSE: &str =
    "application/vnd.amazonaws.connect.message.interactive.response";

/// The message content types that a participant may send, all of them.
pub(crate) const MESSAGE_CONTENT_TYPES: [&str; 4] = [
    TEXT_PLAIN,
    "text/markdown",
    "application/json",
    INTERACTIVE_RESPONSE,
];

/// The kind of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum ItemType {
    /// What somebody said.
    #[serde(rename = "MESSAGE")]
    Message,
    /// Something that happened: typing, joined, left, ended.
    #[serde(rename = "EVENT")]
    Event,
    /// A file.
    #[serde(rename = "ATTACHMENT")]
    Attachment,
    /// A receipt for a message.
    #[serde(rename = "MESSAGEMETADATA")]
    MessageMetadata,
}

/// The part somebody plays in a chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Role {
    /// Who started the chat.
    Customer,
    /// Who answers it.
    Agent,
    /// The flow, and the bots in it.
    System,
    /// A bot of the company's own.
    CustomBot,
    /// Who watches over the agents.
    Supervisor,
}

/// One chat item, as clients receive it on the socket and from GetTranscript.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Item {
    /// When the service took it: UTC, milliseconds, `2026-01-02T03:04:05.678Z`. Strictly
    /// increasing within a contact.
    pub absolute_time: String,
    /// What it is: a MIME type.
    pub content_type: String,
    /// Its identity, a UUID.
    pub id: String,
    /// Its kind.
    #[serde(rename = "Type")]
    pub item_type: ItemType,
    /// What it says, for a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Who it comes from or concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<String>,
    /// The part that participant plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_role: Option<Role>,
    /// The name of that participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The first contact of the chain; the contact itself when there is one only.
    pub initial_contact_id: String,
    /// The contact.
    pub contact_id: String,
    /// The file, for [`ItemType::Attachment`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// The receipts, for [`ItemType::MessageMetadata`]; which chunk it is, for a message in chunks;
    /// what has become of it, for a message that the others do not get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_metadata: Option<MessageMetadata>,
    /// For as long as the service holds it.
    #[serde(skip)]
    pub(crate) charge: Charge,
}

impl Item {
    /// Whether this participant may see it: nobody but the sender sees a message that was not let
    /// through.
    pub(crate) fn is_for(&self, participant_id: &str) -> bool {
        !self.was_held_back() || self.participant_id.as_deref() == Some(participant_id)
    }

    /// Whether it is a message that was not let through.
    pub(crate) fn was_held_back(&self) -> bool {
        let metadata = self.message_metadata.as_ref();
        metadata.is_some_and(|metadata| metadata.message_processing_status.is_some())
    }
}

/// What has become of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum AttachmentStatus {
    /// It can be downloaded.
    Approved,
    /// The scanner did not let it through.
    Rejected,
    /// The scanner is looking at it.
    InProgress,
}

/// A file in a chat.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Attachment {
    /// What GetAttachment takes.
    pub attachment_id: String,
    /// The name of the file.
    pub attachment_name: String,
    /// Its MIME type.
    pub content_type: String,
    /// What has become of it.
    pub status: AttachmentStatus,
}

/// What has become of a message that the service looks at before the others get it: see
/// [`Settings::message_processing`](crate::Settings::message_processing).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ProcessingStatus {
    /// It is being looked at.
    Processing,
    /// It could not be looked at; nobody but the sender gets it.
    Failed,
    /// It was not let through; nobody but the sender gets it.
    Rejected,
}

/// The receipts for one message, which part of one an item is, or what has become of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct MessageMetadata {
    /// The message that the receipts are for; empty, and not on the wire, when there are none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message_id: String,
    /// Who has received or read it, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub receipts: Vec<Receipt>,
    /// Of a message that is sent in chunks: whether this is the whole of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_completed: Option<bool>,
    /// The number of the chunk, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_number: Option<usize>,
    /// What has become of a message that the others do not get.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_processing_status: Option<ProcessingStatus>,
}

impl MessageMetadata {
    /// What a chunk with this number says of itself; without one, the whole message.
    pub(crate) fn of_chunk(number: Option<usize>) -> Self {
        Self {
            message_completed: Some(number.is_none()),
            chunk_number: number,
            ..Self::default()
        }
    }
}

/// When one participant received and read a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct Receipt {
    /// The participant who received or read it.
    pub recipient_participant_id: String,
    /// When it was delivered to that participant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_timestamp: Option<String>,
    /// When that participant read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_timestamp: Option<String>,
}

// Written by hand: what people say to each other stays out of logs.
impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("absolute_time", &self.absolute_time)
            .field("id", &self.id)
            .field("item_type", &self.item_type)
            .field("content_type", &self.content_type)
            .field("content_bytes", &self.content.as_ref().map(String::len))
            .field("participant_role", &self.participant_role)
            .finish_non_exhaustive()
    }
}

// Written by hand: what people call their files stays out of logs.
impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("attachment_id", &self.attachment_id)
            .field("content_type", &self.content_type)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
