//! `POST /participant/connection`

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, WebRtcConnection, private};
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
    /// Ask for what a call takes, of a participant in a call.
    pub webrtc_connection: bool,
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
            webrtc_connection: false,
            connect_participant: None,
        }
    }

    /// Asks for a connection token only.
    #[must_use]
    pub const fn credentials_only() -> Self {
        Self {
            websocket: false,
            connection_credentials: true,
            webrtc_connection: false,
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
    /// What a call takes, when it was asked for.
    pub webrtc_connection: Option<WebRtcConnection>,
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

impl ConnectionCredentials {
    /// A connection token that came from elsewhere, such as an agent's application.
    #[must_use]
    pub const fn new(connection_token: ConnectionToken, expiry: Option<AbsoluteTime>) -> Self {
        Self {
            connection_token,
            expiry,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    r#type: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_participant: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    websocket: Option<AnswerWebsocket>,
    connection_credentials: Option<AnswerCredentials>,
    #[serde(rename = "WebRTCConnection")]
    webrtc_connection: Option<WebRtcConnection>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AnswerWebsocket {
    url: Option<SocketUrl>,
    connection_expiry: Option<String>,
}

impl AnswerWebsocket {
    pub(super) fn read(self, what: &'static str) -> Result<Websocket, ProtocolError> {
        Ok(Websocket {
            url: super::required(what, "Websocket.Url", self.url)?,
            connection_expiry: super::time(self.connection_expiry),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct AnswerCredentials {
    connection_token: Option<ConnectionToken>,
    expiry: Option<String>,
}

impl AnswerCredentials {
    pub(super) fn read(self, what: &'static str) -> Result<ConnectionCredentials, ProtocolError> {
        const FIELD: &str = "ConnectionCredentials.ConnectionToken";
        Ok(ConnectionCredentials {
            connection_token: super::required(what, FIELD, self.connection_token)?,
            expiry: super::time(self.expiry),
        })
    }
}

impl private::Sealed for CreateParticipantConnection {}

impl ApiRequest for CreateParticipantConnection {
    const OPERATION: Operation = Operation::CreateParticipantConnection;
    type Answer = ParticipantConnection;

    fn check(&self) -> Result<(), CommandError> {
        Ok(())
    }

    fn body(&self) -> Vec<u8> {
        let mut types = super::connection_types(self.websocket, self.connection_credentials);
        if self.webrtc_connection {
            types.push("WEBRTC_CONNECTION");
        }
        super::json_body(&Body {
            r#type: types,
            connect_participant: self.connect_participant,
        })
    }

    fn parse(body: &[u8]) -> Result<ParticipantConnection, ProtocolError> {
        const WHAT: &str = "the answer of CreateParticipantConnection";
        let answer: Answer = super::json_answer(WHAT, body)?;
        Ok(ParticipantConnection {
            websocket: answer.websocket.map(|it| it.read(WHAT)).transpose()?,
            connection_credentials: answer
                .connection_credentials
                .map(|it| it.read(WHAT))
                .transpose()?,
            webrtc_connection: answer.webrtc_connection,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_asks_for_nothing_sends_no_empty_list() {
        let mut request = CreateParticipantConnection::credentials_only();
        request.connection_credentials = false;
        request.connect_participant = Some(true);
        assert_eq!(request.body(), br#"{"ConnectParticipant":true}"#);
    }

    #[test]
    fn an_answer_without_a_url_or_a_token_is_refused() {
        for (body, field) in [
            (r#"{"Websocket":{}}"#, "Websocket.Url"),
            (
                r#"{"ConnectionCredentials":{}}"#,
                "ConnectionCredentials.ConnectionToken",
            ),
        ] {
            let error = CreateParticipantConnection::parse(body.as_bytes()).unwrap_err();
            let text = format!("the answer of CreateParticipantConnection has no {field}");
            assert_eq!(error.to_string(), text);
        }
        let neither = CreateParticipantConnection::parse(b"{}").unwrap();
        assert_eq!(neither.websocket, None);
        assert_eq!(neither.connection_credentials, None);
        assert_eq!(neither.webrtc_connection, None);
    }
}
