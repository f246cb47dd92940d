//! `POST /contact/create-participant`

use serde_json::{Value, json};

use super::{ID_LENGTH, INSTANCE_LENGTH};
use crate::body::Fields;
use crate::error::Refusal;
use crate::item::Role;
use crate::service::Service;
use crate::weight;

const ROLES: [(&str, Role); 5] = [
    ("AGENT", Role::Agent),
    ("CUSTOMER", Role::Customer),
    ("SYSTEM", Role::System),
    ("CUSTOM_BOT", Role::CustomBot),
    ("SUPERVISOR", Role::Supervisor),
];

impl Service {
    pub(crate) fn create_participant(&mut self, fields: &Fields<'_>) -> Result<Value, Refusal> {
        let instance_id = fields.text("InstanceId", INSTANCE_LENGTH)?;
        let contact_id = fields.text("ContactId", ID_LENGTH)?;
        let client_token = super::client_token(fields)?;
        let details = fields.object("ParticipantDetails")?;
        let role = details
            .optional_choice("ParticipantRole", &ROLES)?
            .ok_or_else(|| details.missing("ParticipantRole"))?;
        if role != Role::CustomBot {
            return Err(details.invalid("ParticipantRole", "must be CUSTOM_BOT in a chat"));
        }
        // They are for calls.
        if let Some(capabilities) = details.optional_object("ParticipantCapabilities")? {
            for name in ["Video", "ScreenShare"] {
                capabilities.optional_choice(name, &[("SEND", ())])?;
            }
        }
        let name = details
            .optional_text("DisplayName", ID_LENGTH)?
            .unwrap_or("CUSTOM_BOT");
        let unknown = || Refusal::ResourceNotFound("The contact does not exist.".to_owned());
        let key = self.key(contact_id).ok_or_else(unknown)?;
        let contact = self
            .contacts
            .get(&key)
            .filter(|contact| contact.instance_id == instance_id)
            .ok_or_else(unknown)?;
        let known = client_token.and_then(|token| contact.create_tokens.get(token).copied());
        let participant = match known {
            Some(participant) => participant,
            None if contact.end.is_some() => {
                return Err(Refusal::Conflict("The contact has ended."));
            }
            None => {
                if !self.has_room(key) {
                    let text = "There is no room for another participant.";
                    return Err(Refusal::QuotaExceeded(text.to_owned()));
                }
                // Name and contact are good: what is left is a lack of room.
                let participant = self
                    .add_participant(key, name, role)
                    .map_err(|error| Refusal::QuotaExceeded(error.to_string()))?;
                let contact = self.contacts.get_mut(&key).ok_or_else(unknown)?;
                if let Some(token) = client_token {
                    contact.charge.grow(weight::client_token(token));
                    contact.create_tokens.insert(token.to_owned(), participant);
                }
                participant
            }
        };
        let expiry = self.now.saturating_add(self.settings.token_lifetime);
        let seat = self.seat(key, participant).ok_or_else(unknown)?;
        Ok(json!({
            "ParticipantCredentials": {
                "ParticipantToken": seat.participant_token,
                "Expiry": self.timestamp(expiry),
            },
            "ParticipantId": seat.participant_id,
        }))
    }
}
