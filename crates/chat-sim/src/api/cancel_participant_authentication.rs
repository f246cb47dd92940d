//! `POST /participant/cancel-authentication`

use serde_json::{Value, json};

use crate::body::Fields;
use crate::chat_event::ChatEvent;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::service::{Authentication, Service};

impl Service {
    pub(crate) fn cancel_participant_authentication(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        self.authentication(caller, fields)?;
        self.publish_chat_event(caller, &ChatEvent::AuthenticationCancelled);
        Ok(json!({}))
    }

    /// The authentication session that the request names, which is under way.
    pub(super) fn authentication(
        &self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<&Authentication, Refusal> {
        const NAME: &str = "SessionId";
        let id = fields.text(NAME, 36..=36)?;
        self.contacts
            .get(&caller.contact)
            .and_then(|contact| contact.authentication.as_ref())
            .filter(|session| session.session_id == id)
            .ok_or_else(|| fields.invalid(NAME, "is not a session that is under way"))
    }
}
