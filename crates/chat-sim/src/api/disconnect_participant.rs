//! `POST /participant/disconnect`

use serde_json::{Value, json};

use super::client_token;
use crate::body::Fields;
use crate::contact::EndReason;
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
            self.end(caller.contact, EndReason::CustomerLeft);
        }
        Ok(json!({}))
    }
}
