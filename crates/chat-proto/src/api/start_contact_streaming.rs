//! `POST /contact/start-streaming`

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ClientToken, ContactId, StreamingId};

/// Starts to publish a chat to an SNS topic. This operation belongs to the service `connect`,
/// which demands a SigV4 signature.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StartContactStreaming {
    /// The Amazon Connect instance, 1 to 100 characters.
    pub instance_id: String,
    /// The first contact of the chat, 1 to 256 characters.
    pub contact_id: ContactId,
    /// The topic's Amazon resource name, 1 to 350 characters.
    pub streaming_endpoint_arn: String,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: ClientToken,
}

impl StartContactStreaming {
    /// Publishes a contact of an instance to this topic, under this token.
    #[must_use]
    pub fn new(
        instance_id: impl Into<String>,
        contact_id: ContactId,
        streaming_endpoint_arn: impl Into<String>,
        client_token: ClientToken,
    ) -> Self {
        Self {
            instance_id: instance_id.into(),
            contact_id,
            streaming_endpoint_arn: streaming_endpoint_arn.into(),
            client_token,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    instance_id: &'a str,
    contact_id: &'a str,
    chat_streaming_configuration: ChatStreamingConfiguration<'a>,
    client_token: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChatStreamingConfiguration<'a> {
    pub(super) streaming_endpoint_arn: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    streaming_id: Option<StreamingId>,
}

impl private::Sealed for StartContactStreaming {}

impl ApiRequest for StartContactStreaming {
    const OPERATION: Operation = Operation::StartContactStreaming;
    /// Names the publishing in StopContactStreaming.
    type Answer = StreamingId;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("ContactId", self.contact_id.as_str(), 256)?;
        limits::streaming_endpoint(&self.streaming_endpoint_arn)?;
        limits::length("ClientToken", self.client_token.as_str(), 500)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            instance_id: &self.instance_id,
            contact_id: self.contact_id.as_str(),
            chat_streaming_configuration: ChatStreamingConfiguration {
                streaming_endpoint_arn: &self.streaming_endpoint_arn,
            },
            client_token: self.client_token.as_str(),
        })
    }

    fn parse(body: &[u8]) -> Result<StreamingId, ProtocolError> {
        const WHAT: &str = "the answer of StartContactStreaming";
        let answer: Answer = super::json_answer(WHAT, body)?;
        super::required(WHAT, "StreamingId", answer.streaming_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let request = |instance, contact, arn, token| {
            StartContactStreaming::new(
                "i".repeat(instance),
                "c".repeat(contact).into(),
                "a".repeat(arn),
                "t".repeat(token).into(),
            )
        };
        let arn = "ChatStreamingConfiguration.StreamingEndpointArn";
        assert_eq!(request(100, 256, 350, 500).check(), Ok(()));
        for (broken, text) in [
            (request(0, 1, 1, 1), "InstanceId is empty".to_owned()),
            (request(101, 1, 1, 1), "InstanceId has 101".to_owned()),
            (request(1, 0, 1, 1), "ContactId is empty".to_owned()),
            (request(1, 257, 1, 1), "ContactId has 257".to_owned()),
            (request(1, 1, 0, 1), format!("{arn} is empty")),
            (request(1, 1, 351, 1), format!("{arn} has 351")),
            (request(1, 1, 1, 0), "ClientToken is empty".to_owned()),
            (request(1, 1, 1, 501), "ClientToken has 501".to_owned()),
        ] {
            assert!(refusal(&broken).starts_with(&text), "{text}");
        }
    }

    #[test]
    fn the_answer_is_the_streaming_id() {
        let parse = StartContactStreaming::parse;
        assert_eq!(parse(br#"{"StreamingId":"s1"}"#), Ok("s1".into()));
        let error = parse(b"{}").unwrap_err();
        assert!(error.to_string().ends_with("has no StreamingId"), "{error}");
    }
}
