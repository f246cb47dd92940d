//! `PUT /contact/participant-role-config/{InstanceId}/{ContactId}`

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::body::Fields;
use crate::error::Refusal;
use crate::item::Role;
use crate::service::{Service, TimerType};

const ROLES: [(&str, Role); 2] = [("CUSTOMER", Role::Customer), ("AGENT", Role::Agent)];
const TYPES: [(&str, TimerType); 2] = [
    ("IDLE", TimerType::Idle),
    ("DISCONNECT_NONCUSTOMER", TimerType::Disconnect),
];

impl Service {
    pub(crate) fn update_participant_role_config(
        &mut self,
        parameters: &str,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        const LIST: &str = "ParticipantTimerConfigList";
        let (instance_id, contact_id) = super::instance_and_contact(parameters, "ContactId")?;
        let timers = fields
            .object("ChannelConfiguration")?
            .object("Chat")?
            .objects(LIST, 1..=6)?;
        let mut changes = BTreeMap::new();
        for timer in timers {
            let role = timer
                .optional_choice("ParticipantRole", &ROLES)?
                .ok_or_else(|| timer.missing("ParticipantRole"))?;
            let kind = timer
                .optional_choice("TimerType", &TYPES)?
                .ok_or_else(|| timer.missing("TimerType"))?;
            let value = timer.object("TimerValue")?;
            let unset = value.optional_choice("ParticipantTimerAction", &[("Unset", ())])?;
            let minutes = value.optional_integer("ParticipantTimerDurationInMinutes", 2..=480)?;
            let time = match (unset, minutes) {
                (Some(()), None) => None,
                (None, Some(minutes)) => {
                    let minutes = u64::try_from(minutes).unwrap_or_default();
                    Some(Duration::from_secs(minutes * 60))
                }
                (Some(()), Some(_)) | (None, None) => {
                    let rule = "must have one of action and duration";
                    return Err(timer.invalid("TimerValue", rule));
                }
            };
            if changes.insert((role, kind), time).is_some() {
                let rule = "must not name a role and type of timer twice";
                return Err(fields.invalid(LIST, rule));
            }
        }
        let unknown = || Refusal::ResourceNotFound("The contact does not exist.".to_owned());
        let contact = self
            .key(&contact_id)
            .and_then(|key| self.contacts.get_mut(&key))
            .filter(|contact| contact.instance_id == instance_id && contact.end.is_none())
            .ok_or_else(unknown)?;
        for (timer, time) in changes {
            match time {
                Some(time) => contact.timer_config.insert(timer, time),
                None => contact.timer_config.remove(&timer),
            };
        }
        Ok(json!({}))
    }
}
