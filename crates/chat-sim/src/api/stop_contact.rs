//! `POST /contact/stop`

use serde_json::{Value, json};

use super::{ID_LENGTH, INSTANCE_LENGTH};
use crate::body::Fields;
use crate::contact::EndReason;
use crate::error::Refusal;
use crate::service::Service;

impl Service {
    pub(crate) fn stop_contact(&mut self, fields: &Fields<'_>) -> Result<Value, Refusal> {
        let contact_id = fields.text("ContactId", ID_LENGTH)?;
        let instance_id = fields.text("InstanceId", INSTANCE_LENGTH)?;
        if let Some(reason) = fields.optional_object("DisconnectReason")? {
            reason.optional_text("Code", 0..=usize::MAX)?;
        }
        let key = self
            .key(contact_id)
            .ok_or(Refusal::ContactNotFound("The contact does not exist."))?;
        let contact = self
            .contacts
            .get(&key)
            .ok_or(Refusal::ContactNotFound("The contact does not exist."))?;
        if contact.instance_id != instance_id {
            return Err(Refusal::ResourceNotFound(
                "The contact is not of this instance.".to_owned(),
            ));
        }
        if contact.end.is_some() {
            return Err(Refusal::ContactNotFound("The contact has ended."));
        }
        self.end(key, EndReason::Stopped);
        Ok(json!({}))
    }
}
