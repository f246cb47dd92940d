//! `PUT /contact/chat`

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ChatDetails, ClientToken};
use crate::wire::ContentType;

/// Starts a chat. This operation belongs to the service `connect`, which demands a SigV4
/// signature from AWS credentials: sign the request before sending it to AWS, or let a backend of
/// yours start the chat. A local simulator needs no signature.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartChatContact {
    /// The Amazon Connect instance, 1 to 100 characters.
    pub instance_id: String,
    /// The flow that handles the chat, 1 to 500 characters.
    pub contact_flow_id: String,
    /// What the customer is called, 1 to 256 characters.
    pub display_name: String,
    /// What the flow is told, at most 32,768 bytes in total.
    pub attributes: BTreeMap<String, String>,
    /// What the customer says first: a message form and 1 to 16,384 bytes of UTF-8.
    pub initial_message: Option<(ContentType, String)>,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: Option<ClientToken>,
    /// The message forms the customer's side can show. Must contain `text/plain`.
    pub supported_messaging_content_types: Vec<ContentType>,
}

impl StartChatContact {
    /// A chat of a customer by this name with this flow.
    #[must_use]
    pub fn new(
        instance_id: impl Into<String>,
        contact_flow_id: impl Into<String>,
        display_name: impl Into<String>,
    ) -> Self {
        Self {
            instance_id: instance_id.into(),
            contact_flow_id: contact_flow_id.into(),
            display_name: display_name.into(),
            attributes: BTreeMap::new(),
            initial_message: None,
            client_token: None,
            supported_messaging_content_types: Vec::new(),
        }
    }
}

impl fmt::Debug for StartChatContact {
    /// Shows where the chat goes; who the customer is and what they say stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartChatContact")
            .field("instance_id", &self.instance_id)
            .field("contact_flow_id", &self.contact_flow_id)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    instance_id: &'a str,
    contact_flow_id: &'a str,
    participant_details: ParticipantDetails<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_message: Option<InitialMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supported_messaging_content_types: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParticipantDetails<'a> {
    display_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InitialMessage<'a> {
    content_type: &'a str,
    content: &'a str,
}

impl private::Sealed for StartChatContact {}

impl ApiRequest for StartChatContact {
    const OPERATION: Operation = Operation::StartChatContact;
    type Answer = ChatDetails;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("ContactFlowId", &self.contact_flow_id, 500)?;
        limits::length("ParticipantDetails.DisplayName", &self.display_name, 256)?;
        limits::attributes(&self.attributes)?;
        if let Some((content_type, content)) = &self.initial_message {
            limits::length("InitialMessage.ContentType", content_type.as_str(), 100)?;
            limits::content("InitialMessage.Content", content)?;
        }
        if let Some(token) = &self.client_token {
            limits::length("ClientToken", token.as_str(), 500)?;
        }
        let types = &self.supported_messaging_content_types;
        if !types.is_empty() && !types.contains(&ContentType::TextPlain) {
            return Err(CommandError::Invalid {
                field: "SupportedMessagingContentTypes",
                problem: "it must contain text/plain",
            });
        }
        Ok(())
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            instance_id: &self.instance_id,
            contact_flow_id: &self.contact_flow_id,
            participant_details: ParticipantDetails {
                display_name: &self.display_name,
            },
            attributes: &self.attributes,
            initial_message: self
                .initial_message
                .as_ref()
                .map(|(content_type, content)| InitialMessage {
                    content_type: content_type.as_str(),
                    content,
                }),
            client_token: self.client_token.as_ref().map(ClientToken::as_str),
            supported_messaging_content_types: self
                .supported_messaging_content_types
                .iter()
                .map(ContentType::as_str)
                .collect(),
        })
    }

    fn parse(body: &[u8]) -> Result<ChatDetails, ProtocolError> {
        super::json_answer("the answer of StartChatContact", body)
    }
}
