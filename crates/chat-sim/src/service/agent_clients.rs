//! Agents and bots as clients: their seats in chats, the socket an agent has for all of them, and
//! transfers from one agent to the next.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Service;
use super::faults::Issued;
use super::handshakes::{Owner, URL_TOKEN, WEBSOCKET_PATH};
use crate::chat_event::ChatEvent;
use crate::contact::{ContactKey, Participant, Segment};
use crate::error::{ControlError, check_name};
use crate::grants::{Caller, Grant, GrantKind};
use crate::item::Role;
use crate::output::SocketId;
use crate::weight;

/// How many agents may have sockets for all their chats.
const DESKS: usize = 1_000;

/// What an agent's or a bot's client needs to take part in a chat.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentSeat {
    /// The contact that the items carry while the agent is in it.
    pub contact_id: String,
    /// The first contact of its chain.
    pub initial_contact_id: String,
    /// The agent.
    pub participant_id: String,
    /// What CreateParticipantConnection takes as the bearer.
    pub participant_token: String,
}

// Written by hand: it holds a token.
impl fmt::Debug for AgentSeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentSeat")
            .field("contact_id", &self.contact_id)
            .field("initial_contact_id", &self.initial_contact_id)
            .field("participant_id", &self.participant_id)
            .finish_non_exhaustive()
    }
}

/// The connection of an agent to all of their chats.
#[derive(Default)]
pub(super) struct Desk {
    /// The tokens of URLs that are good, oldest first.
    pub(super) urls: VecDeque<String>,
    pub(super) sockets: BTreeSet<SocketId>,
}

/// A URL for the socket of a desk.
pub(super) struct DeskUrl {
    pub(super) agent: Arc<str>,
    pub(super) expires: Duration,
    pub(super) socket_expires: Duration,
}

impl Service {
    /// Gives somebody a place in a chat who is a client like the customer: with the participant
    /// token, CreateParticipantConnection and everything else can be called. They join when they
    /// call it with `ConnectParticipant`, or send a `connection.acknowledged` event.
    ///
    /// # Errors
    ///
    /// When the role is neither an agent's, a custom bot's nor a supervisor's, the name has not 1
    /// to 256 characters, the chat does not exist or has ended, has as many participants as it may,
    /// or has a custom bot or a supervisor and may have one only, or its transcript is full.
    pub fn seat_agent(
        &mut self,
        now: Duration,
        contact: &str,
        display_name: &str,
        role: Role,
    ) -> Result<AgentSeat, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        if !matches!(role, Role::Agent | Role::CustomBot | Role::Supervisor) {
            return Err(ControlError::Invalid(
                "only agents, custom bots and supervisors can be given a seat".to_owned(),
            ));
        }
        self.check_room(key)?;
        let participant = self.add_participant(key, display_name, role)?;
        self.seat(key, participant)
            .ok_or_else(|| ControlError::NoSuchContact(contact.to_owned()))
    }

    /// A URL for a socket on which the items of all chats arrive that an agent of this name is in.
    /// It opens one socket, like the URLs of participants, and lives as long.
    ///
    /// # Errors
    ///
    /// When the name has not 1 to 256 characters, or a thousand agents have such sockets.
    pub fn agent_socket_url(
        &mut self,
        now: Duration,
        agent_name: &str,
    ) -> Result<String, ControlError> {
        self.advance(now);
        check_name(agent_name)?;
        if !self.desks.contains_key(agent_name) && self.desks.len() >= DESKS {
            return Err(ControlError::Invalid(format!(
                "{DESKS} agents have sockets of their own, which is all that may"
            )));
        }
        let agent: Arc<str> = agent_name.into();
        let token = self.random.token();
        let limit = self.settings.tokens_per_participant.max(1);
        let desk = self.desks.entry(Arc::clone(&agent)).or_default();
        desk.urls.push_back(token.clone());
        while desk.urls.len() > limit {
            if let Some(oldest) = desk.urls.pop_front() {
                self.desk_urls.remove(&oldest);
            }
        }
        let lifetime = self.lifetime_of(Issued::Url, None, None);
        let socket_lifetime = self.lifetime_of(Issued::Connection, None, None);
        let url = DeskUrl {
            agent,
            expires: self.now.saturating_add(lifetime),
            socket_expires: self.now.saturating_add(socket_lifetime),
        };
        self.desk_urls.insert(token.clone(), url);
        let base = &self.settings.websocket_base;
        Ok(format!("{base}{WEBSOCKET_PATH}?{URL_TOKEN}={token}"))
    }

    /// How many sockets an agent has open for all chats, half-open ones included.
    pub fn agent_sockets(&self, agent_name: &str) -> usize {
        self.desks
            .get(agent_name)
            .map_or(0, |desk| desk.sockets.len())
    }

    /// Ends the TCP connections of the sockets that an agent has for all chats, without a close
    /// frame. Answers how many there were.
    pub fn cut_agent_sockets(&mut self, now: Duration, agent_name: &str) -> usize {
        self.advance(now);
        let sockets = self.sockets_of(&Owner::Agent(agent_name.into()));
        for socket in &sockets {
            self.abort_socket(*socket);
        }
        sockets.len()
    }

    /// The agent in the chat hands it over to another one: `transfer.succeeded` is published, the
    /// first agent leaves, and the chat goes on as the next contact of its chain. Items carry its
    /// id from then on; their `InitialContactId` and the customer's session stay what they were.
    /// The other agent has a seat, and joins as those of [`seat_agent`](Self::seat_agent) do, or
    /// by [`agent_joins`](Self::agent_joins).
    ///
    /// # Errors
    ///
    /// When the name has not 1 to 256 characters, the chat does not exist or has ended, no agent
    /// is in it, or its transcript is full.
    pub fn transfer(
        &mut self,
        now: Duration,
        contact: &str,
        to_agent: &str,
    ) -> Result<AgentSeat, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        let participant = self.hand_over(key, to_agent)?;
        self.seat(key, participant)
            .ok_or_else(|| ControlError::NoSuchContact(contact.to_owned()))
    }

    /// Answers the place of the other agent.
    pub(super) fn hand_over(
        &mut self,
        key: ContactKey,
        to_agent: &str,
    ) -> Result<usize, ControlError> {
        check_name(to_agent)?;
        self.check_room(key)?;
        let agent = self
            .contacts
            .get(&key)
            .and_then(|contact| contact.present_agent())
            .ok_or(ControlError::NobodyWithRole(Role::Agent))?;
        let agent = Caller {
            contact: key,
            participant: agent,
        };
        self.publish_chat_event(agent, &ChatEvent::TransferSucceeded);
        self.leave(agent);
        let id = self.random.uuid();
        if let Some(contact) = self.contacts.get_mut(&key) {
            let first = contact.items.len();
            contact.charge.grow(weight::segment(&id));
            contact.segments.push(Segment {
                id: id.clone(),
                first,
            });
            self.by_id.insert(id, key);
        }
        self.add_participant(key, to_agent, Role::Agent)
    }

    /// Somebody has a place in the chat and has not joined. Answers where.
    pub(crate) fn add_participant(
        &mut self,
        key: ContactKey,
        display_name: &str,
        role: Role,
    ) -> Result<usize, ControlError> {
        check_name(display_name)?;
        let id = self.random.uuid();
        let limit = self.settings.participants_per_contact;
        let Some(contact) = self.contacts.get_mut(&key) else {
            return Err(ControlError::NoSuchContact(key.0.to_string()));
        };
        let staying = contact
            .participants
            .iter()
            .filter(|participant| !participant.left && participant.role != Role::System);
        if staying.clone().count() >= limit {
            return Err(ControlError::TooManyParticipants(limit));
        }
        let has_one = staying.clone().any(|participant| participant.role == role);
        if role == Role::CustomBot && has_one {
            return Err(ControlError::TooManyBots);
        }
        if role == Role::Supervisor && has_one {
            return Err(ControlError::TooManySupervisors);
        }
        Ok(contact.add_participant(Participant::new(id, role, display_name)))
    }

    /// What the client of a participant needs; it gets a token when it has none.
    pub(crate) fn seat(&mut self, key: ContactKey, participant: usize) -> Option<AgentSeat> {
        let fresh = self.random.token();
        let contact = self.contacts.get_mut(&key)?;
        let contact_id = contact.current_id().to_owned();
        let initial_contact_id = contact.id.clone();
        let somebody = contact.participants.get_mut(participant)?;
        let token = somebody.token.get_or_insert(fresh).clone();
        let grant = Grant {
            caller: Caller {
                contact: key,
                participant,
            },
            kind: GrantKind::Participant,
            expires: None,
        };
        self.grants.add(token.clone(), grant);
        Some(AgentSeat {
            contact_id,
            initial_contact_id,
            participant_id: somebody.id.clone(),
            participant_token: token,
        })
    }
}
