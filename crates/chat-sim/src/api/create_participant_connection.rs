//! `POST /participant/connection`

use serde_json::{Map, Value, json};

use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::{Caller, GrantKind};
use crate::operation::Operation;
use crate::service::{Issued, Service, URL_TOKEN, WEBSOCKET_PATH};

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A URL for a socket.
    Websocket,
    /// A connection token.
    Credentials,
}

/// What may be asked for; a chat has nothing to answer to the last.
const TYPES: [(&str, Option<Part>); 3] = [
    ("WEBSOCKET", Some(Part::Websocket)),
    ("CONNECTION_CREDENTIALS", Some(Part::Credentials)),
    ("WEBRTC_CONNECTION", None),
];

impl Service {
    pub(crate) fn create_participant_connection(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let types = fields.optional_choices("Type", 1..=usize::MAX, &TYPES)?;
        let connect = fields.flag("ConnectParticipant")?;
        if types.is_none() && !connect {
            return Err(Refusal::Invalid(
                "Type or ConnectParticipant is required.".to_owned(),
            ));
        }
        self.require_memory()?;
        let parts: Vec<Part> = types.unwrap_or_default().into_iter().flatten().collect();
        self.has_connected(caller);
        let operation = Operation::CreateParticipantConnection;
        let answer = self.connection_parts(caller, operation, &parts);
        if connect {
            self.join(caller);
        }
        Ok(Value::Object(answer))
    }

    /// The parts that the operation is asked for, each once.
    pub(super) fn connection_parts(
        &mut self,
        caller: Caller,
        operation: Operation,
        parts: &[Part],
    ) -> Map<String, Value> {
        let mut answer = Map::new();
        let (contact, operation) = (Some(caller.contact), Some(operation));
        if parts.contains(&Part::Websocket) {
            let lifetime = self.lifetime_of(Issued::Url, contact, operation);
            let socket_lifetime = self.lifetime_of(Issued::Connection, contact, operation);
            let socket_expires = self.now.saturating_add(socket_lifetime);
            let kind = GrantKind::Url { socket_expires };
            if let Some(token) = self.grant(caller, kind, lifetime) {
                let base = &self.settings.websocket_base;
                let websocket = json!({
                    "Url": format!("{base}{WEBSOCKET_PATH}?{URL_TOKEN}={token}"),
                    "ConnectionExpiry": self.timestamp(socket_expires),
                });
                answer.insert("Websocket".to_owned(), websocket);
            }
        }
        if parts.contains(&Part::Credentials) {
            let lifetime = self.lifetime_of(Issued::Token, contact, operation);
            if let Some(token) = self.grant(caller, GrantKind::Connection, lifetime) {
                let credentials = json!({
                    "ConnectionToken": token,
                    "Expiry": self.timestamp(self.now.saturating_add(lifetime)),
                });
                answer.insert("ConnectionCredentials".to_owned(), credentials);
            }
        }
        answer
    }
}
