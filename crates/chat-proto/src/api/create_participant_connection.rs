//! `POST /participant/connection`

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ConnectionToken, SocketUrl};
use crate::wire::AbsoluteTime;

/// Asks for what a participant needs to be connected. Its bearer is the participant token.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CreateParticipantConnection {
    /// Ask for a WebSocket URL.
    pub websocket: bool,
    /// Ask for a connection token.
    pub connection_credentials: bool,
    /// Mark the participant as connected.
    pub connect_participant: Option<bool>,
}

impl CreateParticipantConnection {
    /// Asks for a WebSocket URL and a connection token.
    #[must_use]
    pub const fn both() -> Self {
        Self {
            websocket: true,
            connection_credentials: true,
            connect_participant: None,
        }
    }

    /// Asks for a connection token only.
    #[must_use]
    pub const fn credentials_only() -> Self {
        Self {
            websocket: false,
            connection_credentials: true,
            connect_participant: None,
        }
    }
}

/// What CreateParticipantConnection answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ParticipantConnection {
    /// The WebSocket, when it was asked for.
    pub websocket: Option<Websocket>,
    /// The connection token, when it was asked for.
    pub connection_credentials: Option<ConnectionCredentials>,
}

/// A WebSocket to open.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Websocket {
    /// Where; good for 100 s.
    pub url: SocketUrl,
    /// When the service will close it.
    pub connection_expiry: Option<AbsoluteTime>,
}

/// A connection token.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct ConnectionCredentials {
    /// The token.
    pub connection_token: ConnectionToken,
    /// When it stops working.
    pub expiry: Option<AbsoluteTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    r#type: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_participant: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    websocket: Option<AnswerWebsocket>,
    connection_credentials: Option<AnswerCredentials>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerWebsocket {
    url: Option<SocketUrl>,
    connection_expiry: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerCredentials {
    connection_token: Option<ConnectionToken>,
    expiry: Option<String>,
}

impl private::Sealed for CreateParticipantConnection {}

impl ApiRequest for CreateParticipantConnection {
    const OPERATION: Operation = Operation::CreateParticipantConnection;
    type Answer = ParticipantConnection;

    fn check(&self) -> Result<(), CommandError> {
        Ok(())
    }

    fn body(&self) -> Vec<u8> {
        let mut types = Vec::new();
        if self.websocket {
            types.push("WEBSOCKET");
        }
        if self.connection_credentials {
            types.push("CONNECTION_CREDENTIALS");
        }
        super::json_body(&Body {
            r#type: types,
            connect_participant: self.connect_participant,
        })
    }

    fn parse(body: &[u8]) -> Result<ParticipantConnection, ProtocolError> {
        const WHAT: &str = "the answer of CreateParticipantConnection";
        let answer: Answer = super::json_answer(WHAT, body)?;
        let time = |text: Option<String>| text.and_then(|text| AbsoluteTime::parse(&text));
        let missing = |field| ProtocolError::Missing { what: WHAT, field };
        let websocket = answer
            .websocket
            .map(|websocket| {
                Ok(Websocket {
                    url: websocket.url.ok_or_else(|| missing("Websocket.Url"))?,
                    connection_expiry: time(websocket.connection_expiry),
                })
            })
            .transpose()?;
        let connection_credentials = answer
            .connection_credentials
            .map(|credentials| {
                Ok(ConnectionCredentials {
                    connection_token: credentials
                        .connection_token
                        .ok_or_else(|| missing("ConnectionCredentials.ConnectionToken"))?,
                    expiry: time(credentials.expiry),
                })
            })
            .transpose()?;
        Ok(ParticipantConnection {
            websocket,
            connection_credentials,
        })
    }
}
