//! Persistent chat: chats that continue earlier ones.

use std::sync::Arc;

use super::Service;
use crate::body::Fields;
use crate::chat_event::ChatEvent;
use crate::contact::{ContactKey, History};
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::ItemType;
use crate::weight;

/// How much of an earlier chat is continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rehydration {
    /// All of it; it is named by its first contact.
    EntirePastSession,
    /// What came up to the end of the named contact.
    FromSegment,
}

const REHYDRATIONS: [(&str, Rehydration); 2] = [
    ("ENTIRE_PAST_SESSION", Rehydration::EntirePastSession),
    ("FROM_SEGMENT", Rehydration::FromSegment),
];

impl Service {
    /// What a chat of this instance continues that names a source like this.
    pub(crate) fn history(
        &self,
        instance_id: &str,
        fields: &Fields<'_>,
    ) -> Result<History, Refusal> {
        const TYPE: &str = "RehydrationType";
        const SOURCE: &str = "SourceContactId";
        let rehydration = fields
            .optional_choice(TYPE, &REHYDRATIONS)?
            .ok_or_else(|| fields.missing(TYPE))?;
        let source_id = fields.text(SOURCE, 1..=256)?;
        let source = self
            .key(source_id)
            .and_then(|key| self.contacts.get(&key))
            .filter(|source| source.instance_id == instance_id)
            .ok_or_else(|| {
                Refusal::ResourceNotFound("The source contact does not exist.".to_owned())
            })?;
        if source.end.is_none() {
            return Err(Refusal::Malformed(
                "The source contact has not ended.".to_owned(),
            ));
        }
        let (end, continued_from) = match rehydration {
            Rehydration::EntirePastSession if source.id != source_id => {
                return Err(fields.invalid(SOURCE, "must be the first contact of a chat"));
            }
            Rehydration::EntirePastSession => (source.items.len(), source.current_id()),
            Rehydration::FromSegment => {
                let places = source.places_of(source_id).unwrap_or_default();
                (places.end, source_id)
            }
        };
        let mut items = source.history.items.clone();
        let own = source.items.iter().take(end);
        // The transcript of a chat that has ended has no receipts, and what the others were not to
        // see is not theirs now.
        items.extend(
            own.filter(|item| item.item_type != ItemType::MessageMetadata && !item.was_held_back())
                .map(Arc::clone),
        );
        let surplus = items.len().saturating_sub(self.settings.items_per_contact);
        items.drain(..surplus);
        let history = History {
            items,
            continued_from: Some(continued_from.to_owned()),
            is_announced: false,
        };
        self.check_memory(weight::history(&history))
            .map_err(|error| Refusal::LimitExceeded(error.to_string()))?;
        Ok(history)
    }

    /// The chat continues others from now on.
    pub(crate) fn rehydrate(&mut self, key: ContactKey, history: History) {
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.charge.grow(weight::history(&history));
            contact.history = history;
        }
        self.announce_rehydration(key);
    }

    /// Tells the customer, once there is one, that the chat continues others.
    pub(super) fn announce_rehydration(&mut self, key: ContactKey) {
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        let is_there = contact
            .participants
            .first()
            .is_some_and(|customer| customer.is_present());
        let history = &mut contact.history;
        if history.continued_from.is_none() || history.is_announced || !is_there {
            return;
        }
        history.is_announced = true;
        let customer = Caller {
            contact: key,
            participant: 0,
        };
        self.publish_chat_event(customer, &ChatEvent::ChatRehydrated);
    }
}
