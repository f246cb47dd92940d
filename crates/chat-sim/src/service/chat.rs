//! The life of a chat: it begins, people join, things are published, it ends and is forgotten.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Service;
use super::handshakes::Owner;
use crate::agenda::Task;
use crate::contact::{Contact, ContactKey, EndReason, Participant, Published};
use crate::error::ControlError;
use crate::grants::{Caller, Grant, GrantKind};
use crate::item::{
    Attachment, CHAT_ENDED, Item, ItemType, MessageMetadata, PARTICIPANT_JOINED, PARTICIPANT_LEFT,
    Role,
};
use crate::memory::Charge;
use crate::settings::ResponseMode;
use crate::wall;
use crate::weight::{self, ROOM};

/// What StartChatContact answers: all that a client needs to connect.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartedChat {
    /// The contact.
    pub contact_id: String,
    /// The customer.
    pub participant_id: String,
    /// What CreateParticipantConnection takes as the bearer.
    pub participant_token: String,
}

// Written by hand: it holds a token.
impl fmt::Debug for StartedChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartedChat")
            .field("contact_id", &self.contact_id)
            .field("participant_id", &self.participant_id)
            .finish_non_exhaustive()
    }
}

/// A chat to be.
pub(crate) struct NewChat<'a> {
    pub(crate) instance_id: &'a str,
    pub(crate) display_name: &'a str,
    pub(crate) content_types: Option<Vec<String>>,
    pub(crate) duration: Option<Duration>,
    pub(crate) response_mode: Option<ResponseMode>,
    pub(crate) start_token: Option<&'a str>,
}

/// An item to be.
pub(crate) struct Draft<'a> {
    pub(crate) item_type: ItemType,
    pub(crate) content_type: &'a str,
    pub(crate) content: Option<&'a str>,
    /// The participant whom the item names.
    pub(crate) from: Option<usize>,
    /// Whether the transcript keeps it.
    pub(crate) stored: bool,
    /// The participant whose sockets do not get it.
    pub(crate) hidden_from: Option<usize>,
    /// The file that the item tells of.
    pub(crate) attachment: Option<Attachment>,
    /// The id of the item; it gets one of its own when there is none.
    pub(crate) id: Option<&'a str>,
    pub(crate) metadata: Option<MessageMetadata>,
}

impl<'a> Draft<'a> {
    /// A message.
    pub(crate) fn message(from: usize, content_type: &'a str, content: &'a str) -> Self {
        Self {
            item_type: ItemType::Message,
            content_type,
            content: Some(content),
            from: Some(from),
            stored: true,
            hidden_from: None,
            attachment: None,
            id: None,
            metadata: None,
        }
    }

    /// An event that the transcript keeps.
    pub(crate) fn event(from: Option<usize>, content_type: &'a str) -> Self {
        Self {
            item_type: ItemType::Event,
            content_type,
            content: None,
            from,
            stored: true,
            hidden_from: None,
            attachment: None,
            id: None,
            metadata: None,
        }
    }
}

impl Service {
    /// Begins a chat with its customer, if there is room for it.
    pub(crate) fn create_chat(&mut self, new: NewChat<'_>) -> Result<ContactKey, ControlError> {
        let most = self.settings.contacts;
        while self.contacts.len() >= most {
            if !self.forget_oldest() {
                return Err(ControlError::TooManyContacts(most));
            }
        }
        self.check_memory(0)?;
        let key = ContactKey(self.contact_numbers);
        self.contact_numbers += 1;
        let id = self.random.uuid();
        let content_types = new
            .content_types
            .unwrap_or_else(|| self.settings.unspecified_content_types.clone());
        let mut contact = Contact::new(
            id.clone(),
            new.instance_id.to_owned(),
            content_types,
            self.random.number(),
            self.settings.log_per_contact,
        );
        contact.started = self.now;
        let token = self.random.token();
        contact.response_mode = new
            .response_mode
            .unwrap_or(self.settings.unspecified_response_mode);
        let id_of_customer = self.random.uuid();
        let mut customer = Participant::new(id_of_customer, Role::Customer, new.display_name);
        customer.token = Some(token.clone());
        let caller = Caller {
            contact: key,
            participant: 0,
        };
        self.grants.add(
            token,
            Grant {
                caller,
                kind: GrantKind::Participant,
                expires: None,
            },
        );
        contact.connect_timer = Some(self.schedule(
            self.settings.connect_within,
            Task::EndContact(key, EndReason::NeverConnected),
        ));
        let duration = new.duration.unwrap_or(self.settings.chat_duration);
        contact.duration_timer =
            Some(self.schedule(duration, Task::EndContact(key, EndReason::DurationOver)));
        if let Some(token) = new.start_token {
            contact.start_token = Some(token.to_owned());
            self.by_start_token.insert(token.to_owned(), key);
        }
        contact.charge = self.memory.charge(weight::contact(&contact));
        contact.add_participant(customer);
        self.by_id.insert(id, key);
        self.contacts.insert(key, contact);
        Ok(key)
    }

    /// What a client needs to connect to the chat.
    pub(crate) fn started(&self, key: ContactKey) -> Option<StartedChat> {
        let contact = self.contacts.get(&key)?;
        let customer = contact.participants.first()?;
        Some(StartedChat {
            contact_id: contact.id.clone(),
            participant_id: customer.id.clone(),
            participant_token: customer.token.clone()?,
        })
    }

    /// A token for a participant, in place of the oldest when there are too many.
    pub(crate) fn grant(
        &mut self,
        caller: Caller,
        kind: GrantKind,
        lifetime: Duration,
    ) -> Option<String> {
        let limit = self.settings.tokens_per_participant.max(1);
        let token = self.random.token();
        let contact = self.contacts.get_mut(&caller.contact)?;
        let granted = &mut contact.participants.get_mut(caller.participant)?.granted;
        granted.push_back(token.clone());
        contact.charge.grow(weight::token());
        while granted.len() > limit {
            if let Some(oldest) = granted.pop_front() {
                contact.charge.shrink(weight::token());
                self.grants.remove(&oldest);
            }
        }
        let grant = Grant {
            caller,
            kind,
            expires: Some(self.now.saturating_add(lifetime)),
        };
        self.grants.add(token.clone(), grant);
        Some(token)
    }

    /// Somebody has connected; when it is the customer, it was in time.
    pub(crate) fn has_connected(&mut self, caller: Caller) {
        let timer = self
            .contacts
            .get_mut(&caller.contact)
            .filter(|contact| contact.role(caller.participant) == Some(Role::Customer))
            .and_then(|contact| contact.connect_timer.take());
        if let Some(timer) = timer {
            self.agenda.cancel(timer);
        }
    }

    /// The participant is in the chat from now on; nothing happens when they already were.
    pub(crate) fn join(&mut self, caller: Caller) {
        let Some(contact) = self.contacts.get_mut(&caller.contact) else {
            return;
        };
        let ended = contact.end.is_some();
        let Some(participant) = contact.participants.get_mut(caller.participant) else {
            return;
        };
        if participant.joined || ended {
            return;
        }
        participant.joined = true;
        let role = participant.role;
        self.publish(
            caller.contact,
            &Draft::event(Some(caller.participant), PARTICIPANT_JOINED),
        );
        if matches!(role, Role::Customer | Role::Agent) {
            self.start_idle_timers(caller.contact);
        }
        if role == Role::Customer {
            self.announce_rehydration(caller.contact);
            self.script_on_join(caller.contact);
        }
    }

    /// The participant leaves; nothing happens when they already have.
    pub(crate) fn leave(&mut self, caller: Caller) {
        let Some(participant) = self
            .contacts
            .get_mut(&caller.contact)
            .and_then(|contact| contact.participants.get_mut(caller.participant))
        else {
            return;
        };
        if participant.left {
            return;
        }
        let is_customer = participant.role == Role::Customer;
        // Who leaves has said it before.
        self.hurry_processing(caller.contact);
        if let Some(participant) = self
            .contacts
            .get_mut(&caller.contact)
            .and_then(|contact| contact.participants.get_mut(caller.participant))
        {
            participant.left = true;
        }
        self.publish(
            caller.contact,
            &Draft::event(Some(caller.participant), PARTICIPANT_LEFT),
        );
        self.stop_idle_timers_without_agent(caller.contact);
        if !is_customer {
            for socket in self.sockets_of(&Owner::Participant(caller)) {
                self.close_socket(socket, 1000, "The participant has left");
            }
        }
    }

    /// Ends the chat; nothing happens when it already has.
    pub(crate) fn end(&mut self, key: ContactKey, reason: EndReason) {
        let now = self.now;
        if self
            .contacts
            .get(&key)
            .is_none_or(|contact| contact.end.is_some())
        {
            return;
        }
        self.hurry_processing(key);
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        contact.end = Some((reason, now));
        contact.script.steps.clear();
        let timers = [
            contact.connect_timer.take(),
            contact.duration_timer.take(),
            contact.script.task.take(),
        ];
        let streams = std::mem::take(&mut contact.streams);
        let streams = streams.into_values().map(|stream| stream.task);
        for timer in timers.into_iter().flatten().chain(streams) {
            self.agenda.cancel(timer);
        }
        self.ended.push_back(key);
        self.stop_idle_timers(key);
        self.publish(key, &Draft::event(None, CHAT_ENDED));
        let task = self.schedule(self.settings.close_after_end, Task::CloseSockets(key));
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.close_task = Some(task);
        }
    }

    /// Makes an item, stores it if it is to be kept and sends it to everybody subscribed.
    pub(crate) fn publish(&mut self, key: ContactKey, draft: &Draft<'_>) -> Option<Arc<Item>> {
        self.publish_with(key, draft, |_| None)
    }

    /// The same, with metadata made from the item's timestamp.
    pub(crate) fn publish_with(
        &mut self,
        key: ContactKey,
        draft: &Draft<'_>,
        metadata: impl FnOnce(&str) -> Option<MessageMetadata>,
    ) -> Option<Arc<Item>> {
        let wall = wall::milliseconds(self.start, self.now);
        let id = match draft.id {
            Some(id) => id.to_owned(),
            None => self.random.uuid(),
        };
        let contact = self.contacts.get_mut(&key)?;
        let milliseconds = contact.stamp(wall);
        let absolute_time = wall::timestamp(milliseconds);
        let from = draft
            .from
            .and_then(|participant| contact.participants.get(participant));
        let mut item = Item {
            message_metadata: metadata(&absolute_time).or_else(|| draft.metadata.clone()),
            absolute_time,
            content_type: draft.content_type.to_owned(),
            id,
            item_type: draft.item_type,
            content: draft.content.map(str::to_owned),
            participant_id: from.map(|participant| participant.id.clone()),
            participant_role: from.map(|participant| participant.role),
            display_name: from.map(|participant| participant.display_name.clone()),
            initial_contact_id: contact.id.clone(),
            contact_id: contact.current_id().to_owned(),
            attachments: draft.attachment.clone().into_iter().collect(),
            charge: Charge::default(),
        };
        let bytes = weight::item(&item);
        // What is only logged makes room. What cannot be refused goes out in any case.
        while !self.memory.fits(bytes) && contact.forget_published() {}
        let kept = self.memory.fits(bytes);
        if kept {
            item.charge = self.memory.charge(bytes);
        }
        let item = Arc::new(item);
        let stored = kept && draft.stored;
        if stored {
            contact.store(Arc::clone(&item), milliseconds);
        }
        let sockets = self.send_item(key, &item, draft.hidden_from);
        if let Some(contact) = self.contacts.get_mut(&key) {
            if kept {
                contact.log_published(Published {
                    item: Arc::clone(&item),
                    stored,
                    sockets,
                });
            } else {
                contact.count_published();
            }
        }
        Some(item)
    }

    /// Whether there is room for another item of a participant, in the transcript and at all.
    pub(crate) fn has_room(&self, key: ContactKey) -> bool {
        self.memory.fits(ROOM)
            && self.contacts.get(&key).is_some_and(|contact| {
                let items = contact.items.len() + contact.processing.len();
                items < self.settings.items_per_contact
            })
    }

    /// Forgets contacts that have ended while there is not enough memory.
    pub(super) fn free_memory(&mut self) {
        while !self.memory.fits(ROOM) && self.forget_oldest() {}
    }

    /// Forgets the contact that ended first; false when none has ended.
    fn forget_oldest(&mut self) -> bool {
        let oldest = self.ended.pop_front();
        if let Some(oldest) = oldest {
            self.forget_contact(oldest);
        }
        oldest.is_some()
    }

    /// Forgets a contact that has ended, with its sockets and tokens.
    fn forget_contact(&mut self, key: ContactKey) {
        self.close_sockets(key, "The chat has ended");
        let Some(contact) = self.contacts.remove(&key) else {
            return;
        };
        if let Some(task) = contact.close_task {
            self.agenda.cancel(task);
        }
        for segment in &contact.segments {
            self.by_id.remove(&segment.id);
        }
        if let Some(token) = &contact.start_token {
            self.by_start_token.remove(token);
        }
        for upload in contact.uploads.values() {
            self.forget_bytes(upload);
        }
        for participant in &contact.participants {
            for token in participant.token.iter().chain(&participant.granted) {
                self.grants.remove(token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Settings, Start};

    #[test]
    fn a_forgotten_contact_leaves_no_token_behind() {
        let start = Start {
            now: Duration::ZERO,
            unix: Duration::ZERO,
            seed: 1,
        };
        let settings = Settings {
            contacts: 1,
            ..Settings::default()
        };
        let mut service = Service::new(start, settings);
        let now = Duration::ZERO;
        let chat = service.start_chat(now, "Ana").expect("there is room");
        let key = service.key(&chat.contact_id).expect("it is known");
        let caller = Caller {
            contact: key,
            participant: 0,
        };
        let lifetime = Duration::from_secs(1);
        let token = service
            .grant(caller, GrantKind::Connection, lifetime)
            .expect("it is known");
        service
            .end_contact(now, &chat.contact_id)
            .expect("it goes on");
        service.start_chat(now, "Ben").expect("there is room");
        assert!(service.grants.get(&token).is_none());
        assert!(service.grants.get(&chat.participant_token).is_none());
    }
}
