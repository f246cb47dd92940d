//! `POST /participant/event`

use std::sync::Arc;

use serde_json::Value;

use super::{Accepted, CONTENT_TYPE_LENGTH, ID_LENGTH, SendRequest, client_token};
use crate::body::{self, Fields};
use crate::contact::ContactKey;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::{
    CONNECTION_ACKNOWLEDGED, Item, ItemType, MESSAGE_DELIVERED, MESSAGE_METADATA, MESSAGE_READ,
    MessageMetadata, Receipt, Role, TYPING,
};
use crate::operation::Operation;
use crate::service::{Draft, Service};

/// With more people than this in a chat, nobody may send receipts.
const RECEIPT_PARTICIPANTS: usize = 2;

/// What a receipt says of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReceiptKind {
    /// It has arrived.
    Delivered,
    /// It has been read.
    Read,
}

enum Event {
    Typing,
    Acknowledged,
    Receipt(ReceiptKind, String),
}

impl Service {
    pub(crate) fn send_event(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let content_type = fields.text("ContentType", CONTENT_TYPE_LENGTH)?;
        let content = fields.optional_content("Content")?;
        let event = match content_type {
            TYPING => Event::Typing,
            CONNECTION_ACKNOWLEDGED => Event::Acknowledged,
            MESSAGE_DELIVERED => Event::Receipt(ReceiptKind::Delivered, message_id(content)?),
            MESSAGE_READ => Event::Receipt(ReceiptKind::Read, message_id(content)?),
            _ => return Err(fields.invalid("ContentType", "is not an event content type")),
        };
        let request = SendRequest {
            operation: Operation::SendEvent,
            client_token: client_token(fields)?,
            receipt: match &event {
                Event::Receipt(kind, message_id) => Some((*kind, message_id)),
                Event::Typing | Event::Acknowledged => None,
            },
        };
        if let Some(answer) = self.repeated(caller, &request) {
            return Ok(answer);
        }
        let item = match &event {
            Event::Typing => self.publish_typing(caller.contact, caller.participant),
            Event::Acknowledged => {
                self.join(caller);
                // No item is made of it, but the answer has the form of one.
                let id = self.random.uuid();
                let time = self.timestamp(self.now);
                let accepted = Accepted {
                    id: &id,
                    absolute_time: &time,
                    processing: false,
                };
                return Ok(self.accepted(caller, &request, &accepted));
            }
            Event::Receipt(kind, message_id) => {
                self.check_receipt(caller, message_id)?;
                self.require_room(caller)?;
                self.publish_receipt(caller, message_id, *kind)
            }
        };
        let item = item.ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        let accepted = Accepted {
            id: &item.id,
            absolute_time: &item.absolute_time,
            processing: false,
        };
        Ok(self.accepted(caller, &request, &accepted))
    }

    /// Whether a chat is one of receipts: of two people, and without a supervisor.
    pub(crate) fn takes_receipts(&self, key: ContactKey) -> bool {
        self.contacts.get(&key).is_some_and(|contact| {
            let participants = contact.participants.iter();
            let mut present = participants.filter(|who| who.is_present());
            present.clone().count() <= RECEIPT_PARTICIPANTS
                && present.all(|who| who.role != Role::Supervisor)
        })
    }

    fn check_receipt(&self, caller: Caller, message_id: &str) -> Result<(), Refusal> {
        let Some(contact) = self.contacts.get(&caller.contact) else {
            return Err(Refusal::AccessDenied("The contact does not exist."));
        };
        if !self.takes_receipts(caller.contact) {
            return Err(Refusal::Conflict(
                "Receipts are for chats of two participants, none of them a supervisor.",
            ));
        }
        let id = contact
            .participants
            .get(caller.participant)
            .map_or("", |participant| participant.id.as_str());
        let is_message = contact
            .item(message_id)
            .is_some_and(|item| item.item_type == ItemType::Message && item.is_for(id));
        if is_message {
            Ok(())
        } else {
            Err(Refusal::Invalid(
                "Content.messageId is not a message of this contact.".to_owned(),
            ))
        }
    }

    /// Publishes what is known of a message and its recipient from now on.
    pub(crate) fn publish_receipt(
        &mut self,
        caller: Caller,
        message_id: &str,
        kind: ReceiptKind,
    ) -> Option<Arc<Item>> {
        let contact = self.contacts.get(&caller.contact)?;
        let recipient = contact.participants.get(caller.participant)?;
        let key = (message_id.to_owned(), caller.participant);
        let mut receipt = contact
            .receipts
            .get(&key)
            .cloned()
            .unwrap_or_else(|| Receipt {
                recipient_participant_id: recipient.id.clone(),
                delivered_timestamp: None,
                read_timestamp: None,
            });
        let mut draft = Draft::event(None, MESSAGE_METADATA);
        draft.item_type = ItemType::MessageMetadata;
        draft.hidden_from = (!self.settings.echo_receipts).then_some(caller.participant);
        let item = self.publish_with(caller.contact, &draft, |absolute_time| {
            let timestamp = match kind {
                ReceiptKind::Delivered => &mut receipt.delivered_timestamp,
                ReceiptKind::Read => &mut receipt.read_timestamp,
            };
            // The first time counts: a message is read once.
            timestamp.get_or_insert_with(|| absolute_time.to_owned());
            Some(MessageMetadata {
                message_id: message_id.to_owned(),
                receipts: vec![receipt.clone()],
                ..MessageMetadata::default()
            })
        })?;
        if let Some(contact) = self.contacts.get_mut(&caller.contact) {
            contact.note_receipt(key, receipt);
        }
        Some(item)
    }
}

/// The message that the content of a receipt names: JSON in a string.
fn message_id(content: Option<&str>) -> Result<String, Refusal> {
    let content = content.ok_or_else(|| Refusal::Malformed("Content is required.".to_owned()))?;
    let members = body::parse(content.as_bytes())
        .map_err(|_| Refusal::Invalid("Content must be a JSON object.".to_owned()))?;
    Fields::new(&members)
        .text("messageId", ID_LENGTH)
        .map(str::to_owned)
        .map_err(|_| {
            Refusal::Invalid("Content must have a messageId of 1 to 256 characters.".to_owned())
        })
}
