//! `POST /contact/start-streaming` and `POST /contact/stop-streaming`: what is asked for is
//! checked and remembered, but nothing is streamed.

use serde_json::{Value, json};

use super::{ID_LENGTH, INSTANCE_LENGTH, TOKEN_LENGTH};
use crate::body::Fields;
use crate::contact::ContactKey;
use crate::error::Refusal;
use crate::service::Service;
use crate::weight;

impl Service {
    pub(crate) fn start_contact_streaming(
        &mut self,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let key = self.streaming_contact(fields)?;
        endpoint(&fields.object("ChatStreamingConfiguration")?)?;
        let token = fields.text("ClientToken", TOKEN_LENGTH)?;
        let streaming = self
            .contacts
            .get(&key)
            .and_then(|contact| contact.streaming.clone());
        let id = match streaming {
            Some((id, known)) if known == token => id,
            Some(_) => {
                return Err(Refusal::LimitExceeded(
                    "The contact is streamed already.".to_owned(),
                ));
            }
            None => self.start_streaming(key, token),
        };
        Ok(json!({ "StreamingId": id }))
    }

    pub(crate) fn stop_contact_streaming(&mut self, fields: &Fields<'_>) -> Result<Value, Refusal> {
        let key = self.streaming_contact(fields)?;
        let id = fields.text("StreamingId", 1..=100)?;
        let unknown = || Refusal::ResourceNotFound("The streaming does not exist.".to_owned());
        let contact = self.contacts.get_mut(&key).ok_or_else(unknown)?;
        let (_, token) = contact
            .streaming
            .take_if(|(known, _)| known == id)
            .ok_or_else(unknown)?;
        contact.charge.shrink(weight::client_token(&token));
        Ok(json!({}))
    }

    /// The contact is streamed from now on. Answers the id of that.
    pub(super) fn start_streaming(&mut self, key: ContactKey, client_token: &str) -> String {
        let id = self.random.uuid();
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.charge.grow(weight::client_token(client_token));
            contact.streaming = Some((id.clone(), client_token.to_owned()));
        }
        id
    }

    /// The contact that the request names, by its first id.
    fn streaming_contact(&self, fields: &Fields<'_>) -> Result<ContactKey, Refusal> {
        let instance_id = fields.text("InstanceId", INSTANCE_LENGTH)?;
        let contact_id = fields.text("ContactId", ID_LENGTH)?;
        self.key(contact_id)
            .filter(|key| {
                self.contacts.get(key).is_some_and(|contact| {
                    contact.id == contact_id
                        && contact.instance_id == instance_id
                        && contact.end.is_none()
                })
            })
            .ok_or_else(|| Refusal::ResourceNotFound("The contact does not exist.".to_owned()))
    }
}

/// Checks where a chat is to be streamed to.
pub(super) fn endpoint(configuration: &Fields<'_>) -> Result<(), Refusal> {
    configuration.text("StreamingEndpointArn", 1..=350)?;
    Ok(())
}
