//! The agent's side, and what else a test or a demonstration asks of the service directly.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use super::chat::{Draft, NewChat, StartedChat};
use crate::api::ReceiptKind;
use crate::body::CONTENT_BYTES;
use crate::contact::{ContactKey, EndReason};
use crate::error::{ControlError, check_name};
use crate::grants::Caller;
use crate::item::{Item, ItemType, Role, TYPING};
use crate::weight::ROOM;

impl Service {
    /// Starts a chat as StartChatContact does with nothing but a display name.
    ///
    /// # Errors
    ///
    /// When the name has not 1 to 256 characters, or there is no room for another chat.
    pub fn start_chat(
        &mut self,
        now: Duration,
        display_name: &str,
    ) -> Result<StartedChat, ControlError> {
        self.advance(now);
        check_name(display_name)?;
        let new = NewChat {
            instance_id: "local",
            display_name,
            content_types: None,
            duration: None,
            response_mode: None,
            start_token: None,
        };
        let key = self.create_chat(new)?;
        self.started(key)
            .ok_or_else(|| ControlError::NoSuchContact(key.0.to_string()))
    }

    /// An agent joins the chat: the one of this name who has a seat in it, or a new one. Answers
    /// the agent's participant id.
    ///
    /// # Errors
    ///
    /// When the name has not 1 to 256 characters, the chat does not exist or has ended, or has as
    /// many participants as it may.
    pub fn agent_joins(
        &mut self,
        now: Duration,
        contact: &str,
        display_name: &str,
    ) -> Result<String, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        let agent = self.let_agent_join(key, display_name)?;
        self.contacts
            .get(&key)
            .and_then(|contact| contact.participants.get(agent))
            .map(|participant| participant.id.clone())
            .ok_or_else(|| ControlError::NoSuchContact(contact.to_owned()))
    }

    /// The agent sends a message, of any content type. When no agent is in the chat, one joins
    /// first. Answers the item.
    ///
    /// # Errors
    ///
    /// When the content has not 1 to 16,384 bytes, the content type not 1 to 100 characters, the
    /// chat does not exist or has ended, or its transcript is full.
    pub fn agent_sends(
        &mut self,
        now: Duration,
        contact: &str,
        content_type: &str,
        content: &str,
    ) -> Result<Item, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.agent_says(key, content_type, content)
            .map(|item| Item::clone(&item))
    }

    /// The agent is typing. When no agent is in the chat, one joins first.
    ///
    /// # Errors
    ///
    /// When the chat does not exist or has ended, or has no room for an agent.
    pub fn agent_types(&mut self, now: Duration, contact: &str) -> Result<(), ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.agent_typing(key)
    }

    /// The agent has received a message.
    ///
    /// # Errors
    ///
    /// When the chat does not exist or has ended, no agent is in it, it has no such message, more
    /// than two people or a supervisor are in it, or its transcript is full.
    pub fn agent_delivers(
        &mut self,
        now: Duration,
        contact: &str,
        message_id: &str,
    ) -> Result<(), ControlError> {
        self.agent_receipt(now, contact, message_id, ReceiptKind::Delivered)
    }

    /// The agent has read a message.
    ///
    /// # Errors
    ///
    /// When the chat does not exist or has ended, no agent is in it, it has no such message, more
    /// than two people or a supervisor are in it, or its transcript is full.
    pub fn agent_reads(
        &mut self,
        now: Duration,
        contact: &str,
        message_id: &str,
    ) -> Result<(), ControlError> {
        self.agent_receipt(now, contact, message_id, ReceiptKind::Read)
    }

    /// The agent leaves; the chat goes on.
    ///
    /// # Errors
    ///
    /// When the chat does not exist or has ended, or no agent is in it.
    pub fn agent_leaves(&mut self, now: Duration, contact: &str) -> Result<(), ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        let caller = self.present_agent(key, contact)?;
        self.leave(caller);
        Ok(())
    }

    /// Ends the chat.
    ///
    /// # Errors
    ///
    /// When the chat does not exist or has ended.
    pub fn end_contact(&mut self, now: Duration, contact: &str) -> Result<(), ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.end(key, EndReason::AgentEnded);
        Ok(())
    }

    fn agent_receipt(
        &mut self,
        now: Duration,
        contact: &str,
        message_id: &str,
        kind: ReceiptKind,
    ) -> Result<(), ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        let caller = self.present_agent(key, contact)?;
        let is_message = self
            .contact(contact)
            .and_then(|contact| contact.item(message_id))
            .is_some_and(|item| item.item_type == ItemType::Message);
        if !is_message {
            return Err(ControlError::NoSuchMessage(message_id.to_owned()));
        }
        if !self.takes_receipts(key) {
            return Err(ControlError::NoReceipts);
        }
        self.check_room(key)?;
        self.publish_receipt(caller, message_id, kind);
        Ok(())
    }

    pub(super) fn agent_says(
        &mut self,
        key: ContactKey,
        content_type: &str,
        content: &str,
    ) -> Result<Arc<Item>, ControlError> {
        check_message(content_type, content)?;
        self.check_room(key)?;
        let agent = self.agent(key)?;
        self.is_not_idle(key, Role::Agent);
        self.publish(key, &Draft::message(agent, content_type, content))
            .ok_or_else(|| ControlError::NoSuchContact(key.0.to_string()))
    }

    pub(super) fn agent_typing(&mut self, key: ContactKey) -> Result<(), ControlError> {
        let agent = self.agent(key)?;
        self.publish_typing(key, agent);
        Ok(())
    }

    /// The agent in the chat; when there is none, the one who has a seat joins, or a new one.
    pub(super) fn agent(&mut self, key: ContactKey) -> Result<usize, ControlError> {
        let present = self
            .contacts
            .get(&key)
            .and_then(|contact| contact.present_agent());
        if let Some(agent) = present {
            return Ok(agent);
        }
        let awaited = self.contacts.get(&key).and_then(|contact| {
            let mut participants = contact.participants.iter();
            participants.find(|participant| participant.is_awaited())
        });
        let name = match awaited {
            Some(agent) => agent.display_name.clone(),
            None => self.script.agent_name.clone(),
        };
        self.let_agent_join(key, &name)
    }

    /// An agent joins: the one of this name who has a seat, or a new one.
    pub(super) fn let_agent_join(
        &mut self,
        key: ContactKey,
        display_name: &str,
    ) -> Result<usize, ControlError> {
        let seated = self.contacts.get(&key).and_then(|contact| {
            contact.participants.iter().position(|participant| {
                participant.is_awaited() && participant.display_name == display_name
            })
        });
        let participant = match seated {
            Some(participant) => participant,
            None => {
                self.check_room(key)?;
                self.add_participant(key, display_name, Role::Agent)?
            }
        };
        self.join(Caller {
            contact: key,
            participant,
        });
        Ok(participant)
    }

    /// The contact, which exists and has not ended.
    pub(super) fn live(&self, contact: &str) -> Result<ContactKey, ControlError> {
        let known = self
            .key(contact)
            .and_then(|key| self.contacts.get(&key).map(|contact| (key, contact)));
        match known {
            None => Err(ControlError::NoSuchContact(contact.to_owned())),
            Some((_, known)) if known.end.is_some() => Err(ControlError::Ended(contact.to_owned())),
            Some((key, _)) => Ok(key),
        }
    }

    fn present_agent(&self, key: ContactKey, contact: &str) -> Result<Caller, ControlError> {
        self.contacts
            .get(&key)
            .and_then(|contact| contact.present_agent())
            .map(|participant| Caller {
                contact: key,
                participant,
            })
            .ok_or_else(|| ControlError::NoAgent(contact.to_owned()))
    }

    pub(super) fn check_room(&self, key: ContactKey) -> Result<(), ControlError> {
        self.check_memory(0)?;
        if self.has_room(key) {
            Ok(())
        } else {
            Err(ControlError::TranscriptFull(
                self.settings.items_per_contact,
            ))
        }
    }

    /// Whether there is memory for so many bytes, and for what comes with them.
    pub(super) fn check_memory(&self, bytes: usize) -> Result<(), ControlError> {
        if self.memory.fits(bytes.saturating_add(ROOM)) {
            Ok(())
        } else {
            Err(ControlError::MemoryFull(self.memory.held()))
        }
    }

    /// Publishes a typing event, which is not stored.
    pub(crate) fn publish_typing(&mut self, key: ContactKey, from: usize) -> Option<Arc<Item>> {
        let mut draft = Draft::event(Some(from), TYPING);
        draft.stored = false;
        self.publish(key, &draft)
    }
}

/// Refuses a message that the service would not take.
pub(super) fn check_message(content_type: &str, content: &str) -> Result<(), ControlError> {
    if !(1..=CONTENT_BYTES).contains(&content.len()) {
        return Err(ControlError::Invalid(format!(
            "the content has {} bytes; the service allows 1 to {CONTENT_BYTES}",
            content.len()
        )));
    }
    if !(1..=100).contains(&content_type.chars().count()) {
        return Err(ControlError::Invalid(
            "the content type must have 1 to 100 characters".to_owned(),
        ));
    }
    Ok(())
}
