//! `POST /participant/complete-attachment-upload`

use serde::Serialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{AttachmentId, ClientToken};

/// Says that a file has been uploaded, which puts it into the chat.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CompleteAttachmentUpload {
    /// The file, from StartAttachmentUpload; 1 to 256 characters.
    pub attachment_id: AttachmentId,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: ClientToken,
}

impl CompleteAttachmentUpload {
    /// The upload of this file is complete, said under this token.
    #[must_use]
    pub const fn new(attachment_id: AttachmentId, client_token: ClientToken) -> Self {
        Self {
            attachment_id,
            client_token,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    /// The service takes exactly one.
    attachment_ids: [&'a str; 1],
    client_token: &'a str,
}

impl private::Sealed for CompleteAttachmentUpload {}

impl ApiRequest for CompleteAttachmentUpload {
    const OPERATION: Operation = Operation::CompleteAttachmentUpload;
    type Answer = ();

    fn check(&self) -> Result<(), CommandError> {
        limits::length("AttachmentIds", self.attachment_id.as_str(), 256)?;
        limits::length("ClientToken", self.client_token.as_str(), 500)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            attachment_ids: [self.attachment_id.as_str()],
            client_token: self.client_token.as_str(),
        })
    }

    fn parse(body: &[u8]) -> Result<(), ProtocolError> {
        super::empty_answer("the answer of CompleteAttachmentUpload", body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request =
            |id: &str, token: &str| CompleteAttachmentUpload::new(id.into(), token.into());
        assert_eq!(request(&"a".repeat(256), &"t".repeat(500)).check(), Ok(()));
        assert!(refusal(&request("", "t")).starts_with("AttachmentIds is empty"));
        assert!(refusal(&request(&"a".repeat(257), "t")).contains("at most 256"));
        assert!(refusal(&request("a", "")).starts_with("ClientToken is empty"));
        assert!(refusal(&request("a", &"t".repeat(501))).contains("at most 500"));
    }

    #[test]
    fn an_answer_without_a_body_is_success() {
        assert_eq!(CompleteAttachmentUpload::parse(b""), Ok(()));
        assert_eq!(CompleteAttachmentUpload::parse(b"{}"), Ok(()));
    }
}
