//! `PUT /contact/participant-role-config/{InstanceId}/{ContactId}`

use serde::{Serialize, Serializer};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::ContactId;

/// Whose silence a timer measures.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum TimerEligibleParticipantRole {
    /// The customer's.
    Customer,
    /// The agent's.
    Agent,
}

/// What happens when a timer runs out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ParticipantTimerType {
    /// The participant counts as idle.
    Idle,
    /// Everybody but the customer is disconnected.
    DisconnectNoncustomer,
}

/// How long a timer runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ParticipantTimerValue {
    /// It does not run.
    Unset,
    /// This many minutes, 2 to 480.
    Minutes(u32),
}

impl Serialize for ParticipantTimerValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        enum Member {
            #[serde(rename = "ParticipantTimerAction")]
            Action(&'static str),
            #[serde(rename = "ParticipantTimerDurationInMinutes")]
            Minutes(u32),
        }
        match *self {
            Self::Unset => Member::Action("Unset"),
            Self::Minutes(minutes) => Member::Minutes(minutes),
        }
        .serialize(to)
    }
}

/// One timer of a chat.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ParticipantTimerConfiguration {
    /// Whose silence it measures.
    pub participant_role: TimerEligibleParticipantRole,
    /// What happens when it runs out.
    pub timer_type: ParticipantTimerType,
    /// How long it runs.
    pub timer_value: ParticipantTimerValue,
}

impl ParticipantTimerConfiguration {
    /// A timer of this role and type that runs this long.
    #[must_use]
    pub const fn new(
        participant_role: TimerEligibleParticipantRole,
        timer_type: ParticipantTimerType,
        timer_value: ParticipantTimerValue,
    ) -> Self {
        Self {
            participant_role,
            timer_type,
            timer_value,
        }
    }
}

/// Sets a chat's timers for idle participants. This operation belongs to the service `connect`,
/// which demands a SigV4 signature.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct UpdateParticipantRoleConfig {
    /// The Amazon Connect instance, 1 to 100 characters.
    pub instance_id: String,
    /// The chat, 1 to 256 characters.
    pub contact_id: ContactId,
    /// The timers, 1 to 6, each role and type at most once.
    pub participant_timer_config_list: Vec<ParticipantTimerConfiguration>,
}

impl UpdateParticipantRoleConfig {
    /// Sets these timers of a chat of an instance.
    #[must_use]
    pub fn new(
        instance_id: impl Into<String>,
        contact_id: ContactId,
        participant_timer_config_list: Vec<ParticipantTimerConfiguration>,
    ) -> Self {
        Self {
            instance_id: instance_id.into(),
            contact_id,
            participant_timer_config_list,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    channel_configuration: ChannelConfiguration<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChannelConfiguration<'a> {
    chat: Chat<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Chat<'a> {
    participant_timer_config_list: &'a [ParticipantTimerConfiguration],
}

impl private::Sealed for UpdateParticipantRoleConfig {}

impl ApiRequest for UpdateParticipantRoleConfig {
    const OPERATION: Operation = Operation::UpdateParticipantRoleConfig;
    type Answer = ();

    fn check(&self) -> Result<(), CommandError> {
        const LIST: &str = "ParticipantTimerConfigList";
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("ContactId", self.contact_id.as_str(), 256)?;
        let timers = &self.participant_timer_config_list;
        if timers.is_empty() || timers.len() > 6 {
            return Err(CommandError::Invalid {
                field: LIST,
                problem: "it must hold 1 to 6 timers",
            });
        }
        for (index, timer) in timers.iter().enumerate() {
            let same = |other: &ParticipantTimerConfiguration| {
                other.participant_role == timer.participant_role
                    && other.timer_type == timer.timer_type
            };
            if timers.iter().take(index).any(same) {
                return Err(CommandError::Invalid {
                    field: LIST,
                    problem: "a role and type may be in it only once",
                });
            }
            if let ParticipantTimerValue::Minutes(minutes) = timer.timer_value {
                limits::range("ParticipantTimerDurationInMinutes", Some(minutes), 2, 480)?;
            }
        }
        Ok(())
    }

    fn labels(&self) -> Vec<&str> {
        vec![&self.instance_id, self.contact_id.as_str()]
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            channel_configuration: ChannelConfiguration {
                chat: Chat {
                    participant_timer_config_list: &self.participant_timer_config_list,
                },
            },
        })
    }

    fn parse(body: &[u8]) -> Result<(), ProtocolError> {
        super::empty_answer("the answer of UpdateParticipantRoleConfig", body)
    }
}

#[cfg(test)]
mod tests {
    use super::ParticipantTimerType::{DisconnectNoncustomer, Idle};
    use super::TimerEligibleParticipantRole::{Agent, Customer};
    use super::*;
    use crate::api::refusal;

    fn idle(role: TimerEligibleParticipantRole, minutes: u32) -> ParticipantTimerConfiguration {
        ParticipantTimerConfiguration::new(role, Idle, ParticipantTimerValue::Minutes(minutes))
    }

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request = |instance, contact, timers| {
            UpdateParticipantRoleConfig::new(
                "i".repeat(instance),
                "c".repeat(contact).into(),
                timers,
            )
        };
        let one = || vec![idle(Agent, 2)];
        assert_eq!(request(100, 256, vec![idle(Agent, 480)]).check(), Ok(()));
        for (broken, text) in [
            (request(0, 1, one()), "InstanceId is empty"),
            (request(101, 1, one()), "InstanceId has 101"),
            (request(1, 0, one()), "ContactId is empty"),
            (request(1, 257, one()), "ContactId has 257"),
            (request(1, 1, vec![]), "ParticipantTimerConfigList"),
            (request(1, 1, one().repeat(7)), "ParticipantTimerConfigList"),
            (
                request(1, 1, vec![idle(Agent, 1)]),
                "ParticipantTimerDurationInMinutes is 1",
            ),
            (
                request(1, 1, vec![idle(Agent, 481)]),
                "ParticipantTimerDurationInMinutes is 481",
            ),
        ] {
            assert!(refusal(&broken).starts_with(text), "{text}");
        }
    }

    #[test]
    fn a_role_and_type_is_set_only_once() {
        let unset = ParticipantTimerValue::Unset;
        let different = vec![
            idle(Agent, 2),
            idle(Customer, 2),
            ParticipantTimerConfiguration::new(Agent, DisconnectNoncustomer, unset),
        ];
        let mut request = UpdateParticipantRoleConfig::new("i", "c".into(), different);
        assert_eq!(request.check(), Ok(()));
        let twice = ParticipantTimerConfiguration::new(Customer, Idle, unset);
        request.participant_timer_config_list.push(twice);
        assert!(refusal(&request).contains("only once"));
    }

    #[test]
    fn an_answer_without_a_body_is_success() {
        assert_eq!(UpdateParticipantRoleConfig::parse(b""), Ok(()));
        assert_eq!(UpdateParticipantRoleConfig::parse(b"{}"), Ok(()));
    }
}
