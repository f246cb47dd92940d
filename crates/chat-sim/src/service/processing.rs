//! Messages that the service looks at before anybody gets them.

use std::mem::size_of;
use std::time::Duration;

use super::Service;
use super::chat::Draft;
use crate::agenda::Task;
use crate::contact::ContactKey;
use crate::grants::Caller;
use crate::item::{MessageMetadata, ProcessingStatus, Role};
use crate::memory::Charge;

/// A message to be.
#[derive(Clone, Copy)]
pub(crate) struct NewMessage<'a> {
    pub(crate) content_type: &'a str,
    pub(crate) content: &'a str,
}

/// A message that was accepted and is looked at.
pub(crate) struct Processing {
    from: usize,
    id: String,
    content_type: String,
    content: String,
    due: Duration,
    /// For the message while it waits.
    charge: Charge,
}

impl Service {
    /// Looks at a message for as long as the settings say, and behind those that are being looked
    /// at. Answers the id that it will have; nothing when it need not be looked at.
    pub(crate) fn process(&mut self, caller: Caller, message: NewMessage<'_>) -> Option<String> {
        let contact = self.contacts.get_mut(&caller.contact)?;
        let last = contact.processing.back().map(|last| last.due);
        if self.settings.message_processing.is_none() && last.is_none() {
            return None;
        }
        let time = self.settings.message_processing.unwrap_or_default();
        let due = self.now.saturating_add(time).max(last.unwrap_or_default());
        let id = self.random.uuid();
        let bytes = size_of::<Processing>() + message.content_type.len() + message.content.len();
        contact.processing.push_back(Processing {
            from: caller.participant,
            id: id.clone(),
            content_type: message.content_type.to_owned(),
            content: message.content.to_owned(),
            due,
            charge: self.memory.charge(bytes + id.len()),
        });
        self.agenda.add(due, Task::PublishMessages(caller.contact));
        Some(id)
    }

    /// Publishes the messages whose time has come.
    pub(super) fn publish_processed(&mut self, key: ContactKey) {
        self.publish_processed_until(key, self.now);
    }

    /// Publishes at once what is still being looked at.
    pub(super) fn hurry_processing(&mut self, key: ContactKey) {
        self.publish_processed_until(key, Duration::MAX);
    }

    fn publish_processed_until(&mut self, key: ContactKey, until: Duration) {
        while let Some(contact) = self.contacts.get_mut(&key) {
            let is_due = |first: &Processing| first.due <= until;
            if !contact.processing.front().is_some_and(is_due) {
                return;
            }
            let Some(mut message) = contact.processing.pop_front() else {
                return;
            };
            // From here on the item is charged for.
            message.charge = Charge::default();
            let status = self.verdict(&message.content);
            let mut draft = Draft::message(message.from, &message.content_type, &message.content);
            draft.id = Some(&message.id);
            draft.metadata = status.map(|status| MessageMetadata {
                message_processing_status: Some(status),
                ..MessageMetadata::default()
            });
            let item = self.publish(key, &draft);
            let role = self
                .contacts
                .get(&key)
                .and_then(|contact| contact.role(message.from));
            if let (Some(item), None, Some(Role::Customer)) = (item, status, role) {
                self.script_on_message(key, &item);
            }
        }
    }

    /// What is wrong with a message.
    fn verdict(&self, content: &str) -> Option<ProcessingStatus> {
        let has = |marker: &str| !marker.is_empty() && content.contains(marker);
        if has(&self.settings.failed_messages) {
            Some(ProcessingStatus::Failed)
        } else if has(&self.settings.rejected_messages) {
            Some(ProcessingStatus::Rejected)
        } else {
            None
        }
    }
}
