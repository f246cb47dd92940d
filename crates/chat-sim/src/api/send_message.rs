//! `POST /participant/message`

use serde_json::Value;

use super::{Accepted, CONTENT_TYPE_LENGTH, SendRequest, client_token};
use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::{MESSAGE_CONTENT_TYPES, Role};
use crate::operation::Operation;
use crate::service::{Draft, NewMessage, Service};

impl Service {
    pub(crate) fn send_message(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let content_type = fields.text("ContentType", CONTENT_TYPE_LENGTH)?;
        if !MESSAGE_CONTENT_TYPES.contains(&content_type) {
            return Err(fields.invalid("ContentType", "is not a message content type"));
        }
        let content = fields.content("Content")?;
        let request = SendRequest {
            operation: Operation::SendMessage,
            client_token: client_token(fields)?,
            receipt: None,
        };
        if let Some(answer) = self.repeated(caller, &request) {
            return Ok(answer);
        }
        let supported = self.contacts.get(&caller.contact).is_some_and(|contact| {
            contact
                .content_types
                .iter()
                .any(|supported| supported == content_type)
        });
        if !supported {
            return Err(fields.invalid("ContentType", "is not supported by this chat"));
        }
        self.require_room(caller)?;
        let role = self
            .contacts
            .get(&caller.contact)
            .and_then(|contact| contact.role(caller.participant));
        if let Some(role) = role {
            self.is_not_idle(caller.contact, role);
        }
        let message = NewMessage {
            content_type,
            content,
        };
        if let Some(id) = self.process(caller, message) {
            let accepted = Accepted {
                id: &id,
                absolute_time: &self.timestamp(self.now),
                processing: true,
            };
            return Ok(self.accepted(caller, &request, &accepted));
        }
        let draft = Draft::message(caller.participant, content_type, content);
        let item = self
            .publish(caller.contact, &draft)
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        let accepted = Accepted {
            id: &item.id,
            absolute_time: &item.absolute_time,
            processing: false,
        };
        let answer = self.accepted(caller, &request, &accepted);
        if role == Some(Role::Customer) {
            self.script_on_message(caller.contact, &item);
        }
        Ok(answer)
    }
}
