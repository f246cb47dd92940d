//! `POST /participant/event`

use std::fmt;

use serde::Serialize;

use crate::api::send_message::Sent;
use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ClientToken, ItemId};
use crate::wire::{AbsoluteTime, ContentType};

/// Sends an event.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendEvent {
    /// Which event.
    pub content_type: ContentType,
    /// What it says, for events that say something: 1 to 16,384 bytes of UTF-8.
    pub content: Option<String>,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: Option<ClientToken>,
}

impl SendEvent {
    /// An event without content.
    #[must_use]
    pub const fn new(content_type: ContentType) -> Self {
        Self {
            content_type,
            content: None,
            client_token: None,
        }
    }

    /// The same event with this content.
    #[must_use]
    pub fn with_content(self, content: impl Into<String>) -> Self {
        Self {
            content: Some(content.into()),
            ..self
        }
    }

    pub(crate) fn with_client_token(self, client_token: ClientToken) -> Self {
        Self {
            client_token: Some(client_token),
            ..self
        }
    }
}

impl fmt::Debug for SendEvent {
    /// Shows which event; what it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendEvent({})", self.content_type)
    }
}

/// What SendEvent answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SentEvent {
    /// The event's id, when the service gave it one.
    pub id: Option<ItemId>,
    /// When the service took it in.
    pub absolute_time: Option<AbsoluteTime>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
}

impl private::Sealed for SendEvent {}

impl ApiRequest for SendEvent {
    const OPERATION: Operation = Operation::SendEvent;
    type Answer = SentEvent;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("ContentType", self.content_type.as_str(), 100)?;
        if let Some(content) = &self.content {
            limits::content("Content", content)?;
        }
        let client_token = self.client_token.as_ref().map(ClientToken::as_str);
        limits::optional_length("ClientToken", client_token, 500)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            content_type: self.content_type.as_str(),
            content: self.content.as_deref(),
            client_token: self.client_token.as_ref().map(ClientToken::as_str),
        })
    }

    fn parse(body: &[u8]) -> Result<SentEvent, ProtocolError> {
        let sent: Sent = super::json_answer("the answer of SendEvent", body)?;
        Ok(SentEvent {
            id: sent.id,
            absolute_time: super::time(sent.absolute_time),
        })
    }
}
