//! Items: what a transcript is made of, and what arrives on the socket.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;

use crate::error::ProtocolError;
use crate::ids::{ContactId, ItemId, ParticipantId};
use crate::wire::content_type::ContentType;
use crate::wire::open_enum::open_enum;
use crate::wire::text::Text;
use crate::wire::timestamp::AbsoluteTime;

open_enum! {
    /// What an item is.
    ItemType {
        /// Somebody is typing.
        Typing = "TYPING",
        /// A participant has joined.
        ParticipantJoined = "PARTICIPANT_JOINED",
        /// A participant has left.
        ParticipantLeft = "PARTICIPANT_LEFT",
        /// The chat has ended.
        ChatEnded = "CHAT_ENDED",
        /// A transfer succeeded.
        TransferSucceeded = "TRANSFER_SUCCEEDED",
        /// A transfer failed.
        TransferFailed = "TRANSFER_FAILED",
        /// A message.
        Message = "MESSAGE",
        /// An event.
        Event = "EVENT",
        /// Attachments.
        Attachment = "ATTACHMENT",
        /// A participant has connected.
        ConnectionAck = "CONNECTION_ACK",
        /// A message was delivered.
        MessageDelivered = "MESSAGE_DELIVERED",
        /// A message was read.
        MessageRead = "MESSAGE_READ",
        /// Receipts of a message.
        MessageMetadata = "MESSAGEMETADATA",
    }
}

open_enum! {
    /// Who wrote an item.
    ParticipantRole {
        /// An agent.
        Agent = "AGENT",
        /// The customer.
        Customer = "CUSTOMER",
        /// The contact flow, and bots that run in it.
        System = "SYSTEM",
        /// A bot of the company's own.
        CustomBot = "CUSTOM_BOT",
        /// A supervisor.
        Supervisor = "SUPERVISOR",
    }
}

open_enum! {
    /// What has become of an attachment.
    AttachmentStatus {
        /// It can be downloaded.
        Approved = "APPROVED",
        /// The scanner refused it.
        Rejected = "REJECTED",
        /// It is being uploaded or scanned.
        InProgress = "IN_PROGRESS",
    }
}

open_enum! {
    /// What has become of a message that the service processes before it delivers it.
    MessageProcessingStatus {
        /// It is being processed.
        Processing = "PROCESSING",
        /// It could not be processed.
        Failed = "FAILED",
        /// It was processed and will not be delivered.
        Rejected = "REJECTED",
    }
}

/// A file in the chat.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attachment {
    /// Names it in GetAttachment.
    pub id: Option<String>,
    /// The file's name.
    pub name: Option<String>,
    /// The file's MIME type.
    pub content_type: Option<String>,
    /// What has become of it.
    pub status: Option<AttachmentStatus>,
}

/// That somebody has received or read a message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// Who.
    pub recipient_participant_id: Option<ParticipantId>,
    /// When it was delivered.
    pub delivered: Option<AbsoluteTime>,
    /// When it was read.
    pub read: Option<AbsoluteTime>,
}

/// What is said about a message beside its text.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct MessageMetadata {
    /// Which message the receipts are for.
    pub message_id: Option<ItemId>,
    /// All of its receipts.
    pub receipts: Vec<Receipt>,
    /// What has become of it, when the service processes it before it delivers it.
    pub message_processing_status: Option<MessageProcessingStatus>,
    /// For a message sent in parts: whether this is the whole of it.
    pub message_completed: Option<bool>,
    /// For a message sent in parts: which part this is, from 1.
    pub chunk_number: Option<u64>,
}

/// An item. Fields the service may leave out are optional; the whole of it, with fields this
/// version does not know, is in [`raw`](Self::raw).
///
/// `Debug` shows ids, types and times only: what people write to each other stays out of logs.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Item {
    /// The service's name of it.
    pub id: Option<ItemId>,
    /// When the service took it in.
    pub absolute_time: Option<AbsoluteTime>,
    /// What it is.
    pub item_type: Option<ItemType>,
    /// What kind of message or event it is.
    pub content_type: Option<ContentType>,
    /// What it says.
    pub content: Option<String>,
    /// Who wrote it.
    pub participant_id: Option<ParticipantId>,
    /// What part they play.
    pub participant_role: Option<ParticipantRole>,
    /// What they call themselves.
    pub display_name: Option<String>,
    /// The first contact of the chain the chat belongs to.
    pub initial_contact_id: Option<ContactId>,
    /// The contact it belongs to, for items of the present chat.
    pub contact_id: Option<ContactId>,
    /// The contact it belongs to, for items of a past chat.
    pub related_contact_id: Option<ContactId>,
    /// Files.
    pub attachments: Vec<Attachment>,
    /// What is said about it beside its text.
    pub metadata: Option<MessageMetadata>,
    /// The JSON the service sent; `None` for what this session made itself, such as a message
    /// that is not confirmed yet.
    pub raw: Option<Arc<str>>,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("id", &self.id)
            .field("absolute_time", &self.absolute_time)
            .field("item_type", &self.item_type)
            .field("content_type", &self.content_type)
            .field("participant_role", &self.participant_role)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("id", &self.id)
            .field("content_type", &self.content_type)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireItem<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    absolute_time: Option<Text<'a>>,
    #[serde(borrow)]
    r#type: Option<Text<'a>>,
    #[serde(borrow)]
    content_type: Option<Text<'a>>,
    content: Option<String>,
    #[serde(borrow)]
    participant_id: Option<Text<'a>>,
    #[serde(borrow)]
    participant_role: Option<Text<'a>>,
    display_name: Option<String>,
    #[serde(borrow)]
    initial_contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    related_contact_id: Option<Text<'a>>,
    #[serde(borrow)]
    attachments: Option<Vec<WireAttachment<'a>>>,
    #[serde(borrow)]
    message_metadata: Option<WireMetadata<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireAttachment<'a> {
    attachment_id: Option<String>,
    attachment_name: Option<String>,
    content_type: Option<String>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireMetadata<'a> {
    #[serde(borrow)]
    message_id: Option<Text<'a>>,
    #[serde(borrow)]
    receipts: Option<Vec<WireReceipt<'a>>>,
    #[serde(borrow)]
    message_processing_status: Option<Text<'a>>,
    message_completed: Option<bool>,
    chunk_number: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WireReceipt<'a> {
    #[serde(borrow)]
    recipient_participant_id: Option<Text<'a>>,
    #[serde(borrow)]
    delivered_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    read_timestamp: Option<Text<'a>>,
}

impl Item {
    /// Reads an item from its JSON.
    ///
    /// # Errors
    /// [`ProtocolError`] when it is not a JSON object with fields of the service's types, or has
    /// neither a type nor a content type.
    pub fn parse(json: &str) -> Result<Self, ProtocolError> {
        Self::read(json.into(), &mut LastIds::default())
    }

    /// The same, of JSON that is to be kept. Ids that are those of the item before are shared
    /// with it.
    pub(crate) fn read(json: Arc<str>, last: &mut LastIds) -> Result<Self, ProtocolError> {
        const WHAT: &str = "the item";
        let wire: WireItem<'_> =
            serde_json::from_str(&json).map_err(|error| ProtocolError::json(WHAT, &error))?;
        if wire.r#type.is_none() && wire.content_type.is_none() {
            return Err(ProtocolError::Missing {
                what: WHAT,
                field: "Type",
            });
        }
        Ok(Self {
            id: wire
                .id
                .filter(|id| !id.as_str().is_empty())
                .map(|id| ItemId::from(id.as_str())),
            absolute_time: time(wire.absolute_time),
            item_type: wire.r#type.map(|text| ItemType::from(text.as_str())),
            content_type: wire
                .content_type
                .map(|text| ContentType::from(text.as_str())),
            content: wire.content,
            participant_id: last.participant(wire.participant_id),
            participant_role: wire
                .participant_role
                .map(|text| ParticipantRole::from(text.as_str())),
            display_name: wire.display_name,
            initial_contact_id: last.contact(wire.initial_contact_id),
            contact_id: last.contact(wire.contact_id),
            related_contact_id: last.contact(wire.related_contact_id),
            attachments: wire
                .attachments
                .unwrap_or_default()
                .into_iter()
                .map(Attachment::from)
                .collect(),
            metadata: wire.message_metadata.map(MessageMetadata::from),
            raw: Some(json),
        })
    }

    /// Whether the service keeps it in the transcript: messages, attachments, and a few events.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        let by_type = match self.item_type {
            Some(ItemType::Message | ItemType::Attachment) => Some(true),
            Some(
                ItemType::ParticipantJoined
                | ItemType::ParticipantLeft
                | ItemType::ChatEnded
                | ItemType::TransferSucceeded
                | ItemType::TransferFailed,
            ) => Some(true),
            Some(
                ItemType::Typing
                | ItemType::ConnectionAck
                | ItemType::MessageDelivered
                | ItemType::MessageRead
                | ItemType::MessageMetadata,
            ) => Some(false),
            Some(ItemType::Event | ItemType::Other(_)) | None => None,
        };
        by_type.unwrap_or_else(|| self.content_type.as_ref().is_some_and(ContentType::is_kept))
    }

    /// Whether it is a part of a message that is not complete yet.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.message_completed() == Some(false)
    }

    /// Whether it is the whole of a message that may have been sent in parts before.
    pub(crate) fn is_completed(&self) -> bool {
        self.message_completed() == Some(true)
    }

    fn message_completed(&self) -> Option<bool> {
        let metadata = self.metadata.as_ref()?;
        metadata.message_completed
    }

    /// Whether it says that the chat has ended.
    #[must_use]
    pub fn is_chat_ended(&self) -> bool {
        self.content_type == Some(ContentType::ChatEnded)
            || self.item_type == Some(ItemType::ChatEnded)
    }
}

fn time(text: Option<Text<'_>>) -> Option<AbsoluteTime> {
    text.and_then(|text| AbsoluteTime::parse(text.as_str()))
}

/// The ids of the last item that was read: most often those of the next one, too.
#[derive(Clone, Default, Debug)]
pub(crate) struct LastIds {
    contact: Option<ContactId>,
    participant: Option<ParticipantId>,
}

impl LastIds {
    fn contact(&mut self, text: Option<Text<'_>>) -> Option<ContactId> {
        let text = text?;
        if self.contact.as_ref().map(ContactId::as_str) != Some(text.as_str()) {
            self.contact = Some(ContactId::from(text.as_str()));
        }
        self.contact.clone()
    }

    fn participant(&mut self, text: Option<Text<'_>>) -> Option<ParticipantId> {
        let text = text?;
        if self.participant.as_ref().map(ParticipantId::as_str) != Some(text.as_str()) {
            self.participant = Some(ParticipantId::from(text.as_str()));
        }
        self.participant.clone()
    }
}

impl From<WireAttachment<'_>> for Attachment {
    fn from(wire: WireAttachment<'_>) -> Self {
        Self {
            id: wire.attachment_id,
            name: wire.attachment_name,
            content_type: wire.content_type,
            status: wire
                .status
                .map(|text| AttachmentStatus::from(text.as_str())),
        }
    }
}

impl From<WireMetadata<'_>> for MessageMetadata {
    fn from(wire: WireMetadata<'_>) -> Self {
        let receipts = wire.receipts.unwrap_or_default();
        Self {
            message_id: wire.message_id.map(|text| ItemId::from(text.as_str())),
            receipts: receipts.into_iter().map(Receipt::from).collect(),
            message_processing_status: wire
                .message_processing_status
                .map(|text| MessageProcessingStatus::from(text.as_str())),
            message_completed: wire.message_completed,
            chunk_number: wire.chunk_number,
        }
    }
}

impl From<WireReceipt<'_>> for Receipt {
    fn from(wire: WireReceipt<'_>) -> Self {
        Self {
            recipient_participant_id: wire
                .recipient_participant_id
                .map(|text| ParticipantId::from(text.as_str())),
            delivered: time(wire.delivered_timestamp),
            read: time(wire.read_timestamp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_type_is_required_and_unknown_values_survive() {
        let item = Item::parse(r#"{"Type":"HOLOGRAM","New":{"a":1}}"#).unwrap();
        assert_eq!(item.item_type.unwrap().as_str(), "HOLOGRAM");
        assert_eq!(&*item.raw.unwrap(), r#"{"Type":"HOLOGRAM","New":{"a":1}}"#);
        assert!(Item::parse("{}").is_err());
    }

    #[test]
    fn all_receipts_are_read_and_an_empty_list_is_fine() {
        let item = Item::parse(
            r#"{"Type":"MESSAGEMETADATA","MessageMetadata":{"MessageId":"m","Receipts":[
                {"RecipientParticipantId":"a","DeliveredTimestamp":"2026-01-31T12:00:05Z"},
                {"RecipientParticipantId":"b","ReadTimestamp":"2026-01-31T12:00:06Z"}]}}"#,
        )
        .unwrap();
        let metadata = item.metadata.unwrap();
        assert_eq!(metadata.receipts.len(), 2);
        assert!(metadata.receipts[1].read.is_some());
        let empty = r#"{"Type":"MESSAGEMETADATA","MessageMetadata":{"Receipts":[]}}"#;
        assert!(
            Item::parse(empty)
                .unwrap()
                .metadata
                .unwrap()
                .receipts
                .is_empty()
        );
    }

    #[test]
    fn debug_does_not_show_what_was_written() {
        let item =
            Item::parse(r#"{"Type":"MESSAGE","Id":"1","Content":"secret","DisplayName":"secret"}"#)
                .unwrap();
        assert!(!format!("{item:?}").contains("secret"));
    }

    #[test]
    fn typing_and_receipts_are_not_kept_and_messages_are() {
        let kept = |json| Item::parse(json).unwrap().is_kept();
        assert!(kept(r#"{"Type":"MESSAGE","ContentType":"text/plain"}"#));
        assert!(kept(r#"{"Type":"ATTACHMENT"}"#));
        assert!(kept(
            r#"{"Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.chat.ended"}"#
        ));
        assert!(!kept(
            r#"{"Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.typing"}"#
        ));
        assert!(!kept(r#"{"Type":"TYPING"}"#));
    }
}
