//! `POST /contact/stop-streaming`

use serde::Serialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ContactId, StreamingId};

/// Stops publishing a chat to an SNS topic. This operation belongs to the service `connect`,
/// which demands a SigV4 signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct StopContactStreaming {
    /// The Amazon Connect instance, 1 to 100 characters.
    pub instance_id: String,
    /// The contact, 1 to 256 characters.
    pub contact_id: ContactId,
    /// The publishing, from StartContactStreaming; 1 to 100 characters.
    pub streaming_id: StreamingId,
}

impl StopContactStreaming {
    /// Stops this publishing of a contact of an instance.
    #[must_use]
    pub fn new(
        instance_id: impl Into<String>,
        contact_id: ContactId,
        streaming_id: StreamingId,
    ) -> Self {
        Self {
            instance_id: instance_id.into(),
            contact_id,
            streaming_id,
        }
    }
}

impl private::Sealed for StopContactStreaming {}

impl ApiRequest for StopContactStreaming {
    const OPERATION: Operation = Operation::StopContactStreaming;
    type Answer = ();

    fn check(&self) -> Result<(), CommandError> {
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("ContactId", self.contact_id.as_str(), 256)?;
        limits::length("StreamingId", self.streaming_id.as_str(), 100)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(self)
    }

    fn parse(body: &[u8]) -> Result<(), ProtocolError> {
        super::empty_answer("the answer of StopContactStreaming", body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request = |instance, contact, streaming| {
            StopContactStreaming::new(
                "i".repeat(instance),
                "c".repeat(contact).into(),
                "s".repeat(streaming).into(),
            )
        };
        assert_eq!(request(100, 256, 100).check(), Ok(()));
        for (broken, text) in [
            (request(0, 1, 1), "InstanceId is empty"),
            (request(101, 1, 1), "InstanceId has 101"),
            (request(1, 0, 1), "ContactId is empty"),
            (request(1, 257, 1), "ContactId has 257"),
            (request(1, 1, 0), "StreamingId is empty"),
            (request(1, 1, 101), "StreamingId has 101"),
        ] {
            assert!(refusal(&broken).starts_with(text), "{text}");
        }
    }

    #[test]
    fn an_answer_without_a_body_is_success() {
        assert_eq!(StopContactStreaming::parse(b""), Ok(()));
        assert_eq!(StopContactStreaming::parse(b"{}"), Ok(()));
    }
}
