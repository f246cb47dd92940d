//! `POST /contact/persistent-contact-association/{InstanceId}/{InitialContactId}`

use serde_json::{Value, json};

use crate::body::Fields;
use crate::error::Refusal;
use crate::service::Service;

impl Service {
    pub(crate) fn create_persistent_contact_association(
        &mut self,
        parameters: &str,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let unknown = || Refusal::ResourceNotFound("The contact does not exist.".to_owned());
        let (instance_id, contact_id) =
            super::instance_and_contact(parameters, "InitialContactId")?;
        super::client_token(fields)?;
        let history = self.history(&instance_id, fields)?;
        let key = self.key(&contact_id).ok_or_else(unknown)?;
        let contact = self
            .contacts
            .get(&key)
            .filter(|contact| contact.id == contact_id && contact.instance_id == instance_id)
            .ok_or_else(unknown)?;
        if contact.end.is_some() {
            return Err(Refusal::Malformed("The contact has ended.".to_owned()));
        }
        let answer = json!({ "ContinuedFromContactId": history.continued_from });
        match &contact.history.continued_from {
            None => self.rehydrate(key, history),
            Some(_) if contact.history.continued_from == history.continued_from => {}
            Some(_) => {
                let text = "The contact continues another one already.";
                return Err(Refusal::Malformed(text.to_owned()));
            }
        }
        Ok(answer)
    }
}
