//! Events that the service's side publishes when it is told to, and what hangs on them.

use std::time::Duration;

use serde_json::json;

use super::Service;
use super::chat::Draft;
use crate::chat_event::ChatEvent;
use crate::contact::ContactKey;
use crate::error::{ControlError, check_name};
use crate::grants::Caller;
use crate::item::{Item, Role};

/// A customer is proving who they are.
#[derive(Debug, Clone)]
pub(crate) struct Authentication {
    /// 36 characters.
    pub(crate) session_id: String,
    pub(crate) initiated: Duration,
    /// Where GetAuthenticationUrl wants the customer to go afterwards.
    pub(crate) redirect_uri: Option<String>,
}

impl Service {
    /// Publishes an event about the customer or the agent. Answers its item.
    ///
    /// Of these events the transcript keeps `participant.invited` and the two of transfers only,
    /// as the service does. Those of authentication carry their session as
    /// `{"SessionId":"..."}`; the service documents no form.
    ///
    /// # Errors
    ///
    /// When nobody in the chat has this role, a new name has not 1 to 256 characters, the chat
    /// does not exist or has ended, or its transcript is full.
    pub fn publish_event(
        &mut self,
        now: Duration,
        contact: &str,
        event: &ChatEvent,
        about: Role,
    ) -> Result<Item, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.tell(key, event, about)
    }

    pub(super) fn tell(
        &mut self,
        key: ContactKey,
        event: &ChatEvent,
        about: Role,
    ) -> Result<Item, ControlError> {
        let unknown = || ControlError::NoSuchContact(key.0.to_string());
        let contact = self.contacts.get_mut(&key).ok_or_else(unknown)?;
        let participant = contact
            .participants
            .iter()
            .rposition(|participant| participant.role == about && !participant.left)
            .ok_or(ControlError::NobodyWithRole(about))?;
        if let ChatEvent::DisplayNameUpdated(name) = event {
            check_name(name)?;
            if let Some(participant) = contact.participants.get_mut(participant) {
                participant.display_name.clone_from(name);
            }
        }
        if event.is_stored() {
            self.check_room(key)?;
        }
        let caller = Caller {
            contact: key,
            participant,
        };
        self.publish_chat_event(caller, event).ok_or_else(unknown)
    }

    pub(crate) fn publish_chat_event(&mut self, about: Caller, event: &ChatEvent) -> Option<Item> {
        let now = self.now;
        let session_id = self.random.uuid();
        let contact = self.contacts.get_mut(&about.contact)?;
        if *event == ChatEvent::AuthenticationInitiated {
            contact.authentication = Some(Authentication {
                session_id,
                initiated: now,
                redirect_uri: None,
            });
        }
        let concerns_session =
            *event == ChatEvent::AuthenticationInitiated || event.ends_authentication();
        let content = contact
            .authentication
            .as_ref()
            .filter(|_| concerns_session)
            .map(|session| json!({ "SessionId": session.session_id }).to_string());
        if event.ends_authentication() {
            contact.authentication = None;
        }
        let content_type = event.content_type();
        let mut draft = Draft::event(Some(about.participant), &content_type);
        draft.content = content.as_deref();
        draft.stored = event.is_stored();
        self.publish(about.contact, &draft)
            .map(|item| Item::clone(&item))
    }
}
