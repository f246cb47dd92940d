//! `POST /participant/message`

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ClientToken, ItemId};
use crate::wire::{AbsoluteTime, ContentType, MessageProcessingStatus};

/// A message to send: what it says, and in which form.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draft {
    /// The form. The chat must support it (SupportedMessagingContentTypes of StartChatContact).
    pub content_type: ContentType,
    /// What it says: 1 to 16,384 bytes of UTF-8.
    pub content: String,
}

impl Draft {
    /// A message of this form.
    #[must_use]
    pub fn new(content_type: ContentType, content: impl Into<String>) -> Self {
        Self {
            content_type,
            content: content.into(),
        }
    }

    /// A message of plain text.
    #[must_use]
    pub fn text(content: impl Into<String>) -> Self {
        Self::new(ContentType::TextPlain, content)
    }

    /// Checks the draft against the service's limits.
    ///
    /// # Errors
    /// [`CommandError`] naming the field and its limit.
    pub fn check(&self) -> Result<(), CommandError> {
        limits::length("ContentType", self.content_type.as_str(), 100)?;
        limits::content("Content", &self.content)
    }
}

impl fmt::Debug for Draft {
    /// Shows the form and length; what it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Draft({}, {} bytes)",
            self.content_type,
            self.content.len()
        )
    }
}

/// Sends a message.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SendMessage {
    /// What to send.
    pub draft: Draft,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: ClientToken,
}

impl SendMessage {
    /// Sends this draft under this token.
    #[must_use]
    pub const fn new(draft: Draft, client_token: ClientToken) -> Self {
        Self {
            draft,
            client_token,
        }
    }
}

/// What SendMessage answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct SentMessage {
    /// The item the message has become.
    pub id: ItemId,
    /// When the service took it in.
    pub absolute_time: Option<AbsoluteTime>,
    /// What has become of it, when the service processes it before it delivers it.
    pub message_processing_status: Option<MessageProcessingStatus>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    content_type: &'a str,
    content: &'a str,
    client_token: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    pub(super) id: Option<ItemId>,
    pub(super) absolute_time: Option<String>,
    message_metadata: Option<MessageProcessingMetadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MessageProcessingMetadata {
    message_processing_status: Option<String>,
}

impl private::Sealed for SendMessage {}

impl ApiRequest for SendMessage {
    const OPERATION: Operation = Operation::SendMessage;
    type Answer = SentMessage;

    fn check(&self) -> Result<(), CommandError> {
        self.draft.check()?;
        limits::length("ClientToken", self.client_token.as_str(), 500)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            content_type: self.draft.content_type.as_str(),
            content: &self.draft.content,
            client_token: self.client_token.as_str(),
        })
    }

    fn parse(body: &[u8]) -> Result<SentMessage, ProtocolError> {
        const WHAT: &str = "the answer of SendMessage";
        let sent: Sent = super::json_answer(WHAT, body)?;
        Ok(SentMessage {
            id: super::required(WHAT, "Id", sent.id)?,
            absolute_time: super::time(sent.absolute_time),
            message_processing_status: sent
                .message_metadata
                .and_then(|metadata| metadata.message_processing_status)
                .map(|status| status.as_str().into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_names_the_message_and_says_what_has_become_of_it() {
        let sent = SendMessage::parse(
            br#"{"Id":"m1","MessageMetadata":{"MessageProcessingStatus":"PROCESSING"}}"#,
        )
        .unwrap();
        assert_eq!(sent.id.as_str(), "m1");
        let status = sent.message_processing_status.unwrap();
        assert_eq!(status, MessageProcessingStatus::Processing);
        let plain = SendMessage::parse(br#"{"Id":"m1","MessageMetadata":{}}"#).unwrap();
        assert_eq!(plain.message_processing_status, None);
    }
}
