//! WebSocket handshakes: who may open a socket.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::Service;
use super::requests::status_or_500;
use super::sockets::{Socket, Traffic};
use crate::agenda::Task;
use crate::contact::ContactKey;
use crate::cut_off::CutOff;
use crate::fault::Effect;
use crate::grants::{Caller, GrantKind};
use crate::output::{Output, SocketId};
use crate::weight;

/// The path of WebSocket URLs.
pub(crate) const WEBSOCKET_PATH: &str = "/participant/websocket";
/// The parameter of WebSocket URLs that carries the token.
pub(crate) const URL_TOKEN: &str = "token";

/// Whose socket it is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Owner {
    /// A participant's, for the items of one contact.
    Participant(Caller),
    /// An agent's, for the items of every contact that the agent is in.
    Agent(Arc<str>),
}

impl Owner {
    /// The contact that it belongs to, when it is one only.
    pub(super) fn contact(&self) -> Option<ContactKey> {
        match self {
            Self::Participant(caller) => Some(caller.contact),
            Self::Agent(_) => None,
        }
    }
}

/// What a URL opens.
struct Opening {
    owner: Owner,
    is_expired: bool,
    socket_expires: Duration,
}

impl Service {
    /// Accepts or refuses a handshake, as the faults allow.
    pub(super) fn open_socket(&mut self, socket: SocketId, path_and_query: &str) {
        if self.sockets.contains_key(&socket) {
            return;
        }
        let (path, query) = path_and_query
            .split_once('?')
            .unwrap_or((path_and_query, ""));
        let token = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find_map(|(name, value)| (name == URL_TOKEN).then_some(value))
            .unwrap_or_default();
        let opening = self.opening(token);
        let contact = opening.as_ref().and_then(|opening| opening.owner.contact());
        let fault = self.strike(contact, None, |effect| {
            matches!(
                effect,
                Effect::RefuseHandshake { .. } | Effect::StallHandshake
            )
        });
        match fault {
            Some(Effect::StallHandshake) => return,
            Some(Effect::RefuseHandshake { status }) => {
                self.refuse_socket(socket, status_or_500(status), "Refused by a fault.");
                return;
            }
            Some(_) | None => {}
        }
        if path != WEBSOCKET_PATH {
            self.refuse_socket(socket, StatusCode::NOT_FOUND, "No WebSocket is here.");
            return;
        }
        let Some(opening) = opening else {
            self.refuse_socket(socket, StatusCode::FORBIDDEN, "The URL is not known.");
            return;
        };
        if opening.is_expired {
            self.refuse_socket(socket, StatusCode::FORBIDDEN, "The URL has expired.");
            return;
        }
        if self.is_over(&opening.owner) {
            self.refuse_socket(socket, StatusCode::FORBIDDEN, "The contact has ended.");
            return;
        }
        if !self.make_room(&opening.owner) {
            self.cut_off_client(Some(socket), CutOff::TooManySockets);
            let message = "The participant has as many connections as allowed.";
            self.refuse_socket(socket, StatusCode::TOO_MANY_REQUESTS, message);
            return;
        }
        self.use_up(token, socket, &opening.owner);
        let connection_id = self.random.uuid();
        let expiry = self
            .agenda
            .add(opening.socket_expires, Task::ExpireSocket(socket));
        self.sockets.insert(
            socket,
            Socket {
                owner: opening.owner,
                half_open: false,
                subscribed: false,
                connection_id,
                expiry,
                held: BTreeMap::new(),
                held_total: 0,
                traffic: Traffic::begin(self.now, opening.socket_expires),
            },
        );
        self.emit(Output::Accept { socket });
    }

    fn opening(&self, token: &str) -> Option<Opening> {
        if let Some(url) = self.desk_urls.get(token) {
            return Some(Opening {
                owner: Owner::Agent(Arc::clone(&url.agent)),
                is_expired: self.now >= url.expires,
                socket_expires: url.socket_expires,
            });
        }
        let grant = self.grants.get(token)?;
        match grant.kind {
            GrantKind::Url { socket_expires } => Some(Opening {
                owner: Owner::Participant(grant.caller),
                is_expired: grant.is_expired(self.now),
                socket_expires,
            }),
            GrantKind::Participant
            | GrantKind::Connection
            | GrantKind::Upload { .. }
            | GrantKind::Download { .. } => None,
        }
    }

    /// The URL opens nothing more, and the socket is its owner's.
    fn use_up(&mut self, token: &str, socket: SocketId, owner: &Owner) {
        match owner {
            Owner::Participant(caller) => {
                self.grants.remove(token);
                if let Some(contact) = self.contacts.get_mut(&caller.contact) {
                    contact.sockets.insert(socket);
                    if let Some(participant) = contact.participants.get_mut(caller.participant) {
                        participant.granted.retain(|granted| granted != token);
                        contact.charge.shrink(weight::token());
                    }
                }
            }
            Owner::Agent(agent) => {
                self.desk_urls.remove(token);
                if let Some(desk) = self.desks.get_mut(agent) {
                    desk.urls.retain(|url| url != token);
                    desk.sockets.insert(socket);
                }
            }
        }
    }

    /// Whether the contact has ended or the participant has left. Never of an agent's socket.
    fn is_over(&self, owner: &Owner) -> bool {
        let Owner::Participant(caller) = owner else {
            return false;
        };
        self.contacts.get(&caller.contact).is_none_or(|contact| {
            contact.end.is_some()
                || contact
                    .participants
                    .get(caller.participant)
                    .is_none_or(|participant| participant.left)
        })
    }

    /// Whether the owner may open another socket. As half-open ones do not count, the oldest of
    /// them is cut when there are as many as there may be healthy ones.
    fn make_room(&mut self, owner: &Owner) -> bool {
        let limit = self.settings.sockets_per_participant;
        let mut healthy = 0;
        let mut frozen = Vec::new();
        for id in self.sockets_of(owner) {
            match self.sockets.get(&id) {
                Some(socket) if socket.half_open => frozen.push(id),
                Some(_) => healthy += 1,
                None => {}
            }
        }
        if healthy >= limit {
            return false;
        }
        if frozen.len() >= limit.max(1) {
            self.abort_socket(frozen[0]);
        }
        true
    }

    /// The open sockets of an owner.
    pub(super) fn sockets_of(&self, owner: &Owner) -> Vec<SocketId> {
        let all = match owner {
            Owner::Participant(caller) => self
                .contacts
                .get(&caller.contact)
                .map(|contact| &contact.sockets),
            Owner::Agent(agent) => self.desks.get(agent).map(|desk| &desk.sockets),
        };
        all.into_iter()
            .flatten()
            .copied()
            .filter(|id| {
                self.sockets
                    .get(id)
                    .is_some_and(|socket| socket.owner == *owner)
            })
            .collect()
    }

    fn refuse_socket(&mut self, socket: SocketId, status: StatusCode, message: &str) {
        let error_type = match status {
            StatusCode::NOT_FOUND => "ResourceNotFoundException",
            StatusCode::FORBIDDEN => "AccessDeniedException",
            StatusCode::TOO_MANY_REQUESTS => "ThrottlingException",
            _ => "InternalServerException",
        };
        let response = self.error(status, error_type, message);
        self.emit(Output::Refuse { socket, response });
    }
}
