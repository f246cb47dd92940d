//! `POST /participant/disconnect`

use serde_json::{Value, json};

use super::client_token;
use crate::body::Fields;
use crate::contact::{ContactKey, EndReason};
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::Role;
use crate::service::Service;

impl Service {
    pub(crate) fn disconnect_participant(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        client_token(fields)?;
        self.leave(caller);
        let customer_stays = self.contacts.get(&caller.contact).is_some_and(|contact| {
            contact
                .participants
                .iter()
                .any(|participant| participant.role == Role::Customer && !participant.left)
        });
        if !customer_stays {
            self.agents_leave_with_customer(caller.contact);
            self.end(caller.contact, EndReason::CustomerLeft);
        }
        Ok(json!({}))
    }

    /// The customer has left: so do the agents, when StartChatContact asked for it.
    fn agents_leave_with_customer(&mut self, key: ContactKey) {
        let agents: Vec<usize> = self
            .contacts
            .get(&key)
            .filter(|contact| contact.agents_leave_with_customer)
            .map(|contact| {
                let participants = contact.participants.iter().enumerate();
                participants
                    .filter(|(_, who)| who.role == Role::Agent && who.is_present())
                    .map(|(place, _)| place)
                    .collect()
            })
            .unwrap_or_default();
        for participant in agents {
            self.leave(Caller {
                contact: key,
                participant,
            });
        }
    }
}
