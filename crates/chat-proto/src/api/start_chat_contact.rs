//! `PUT /contact/chat`

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::create_participant_connection::{AnswerCredentials, AnswerWebsocket};
use crate::api::start_contact_streaming::ChatStreamingConfiguration;
use crate::api::{
    ApiRequest, ConnectionCredentials, Operation, RehydrationType, SegmentAttributeValue,
    Websocket, limits, private, segment_attributes,
};
use crate::error::{CommandError, ProtocolError, RequestError};
use crate::ids::{
    ChatDetails, ClientToken, ContactId, CustomerId, ParticipantId, ParticipantToken, StreamingId,
};
use crate::wire::ContentType;

/// Starts a chat. This operation belongs to the service `connect`, which demands a SigV4
/// signature from AWS credentials: sign the request before sending it to AWS (`api::sigv4`, with the
/// feature `sigv4`), or let a backend start the chat, such as the one of
/// [`start_chat_proxy`](crate::api::start_chat_proxy). A local simulator needs no signature.
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
    /// How answers reach the customer. The service has a default.
    pub response_mode: Option<ResponseMode>,
    /// What the customer says first: a message form and 1 to 16,384 bytes of UTF-8.
    pub initial_message: Option<(ContentType, String)>,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: Option<ClientToken>,
    /// How many minutes the chat may last, 60 to 10,080. The service's default is 25 hours.
    pub chat_duration_in_minutes: Option<u32>,
    /// The message forms the customer's side can show. Must contain `text/plain`.
    pub supported_messaging_content_types: Vec<ContentType>,
    /// A past chat to continue. Excludes `related_contact_id`.
    pub persistent_chat: Option<PersistentChat>,
    /// A contact this chat has to do with, 1 to 256 characters. Excludes `persistent_chat`.
    pub related_contact_id: Option<ContactId>,
    /// What the service's own features are told, by names of 1 to 128 characters.
    pub segment_attributes: BTreeMap<String, SegmentAttributeValue>,
    /// Who the customer is, 1 to 128 characters.
    pub customer_id: Option<CustomerId>,
    /// Disconnect the agent when the customer leaves.
    pub disconnect_on_customer_exit: bool,
    /// Ask for a WebSocket URL; read it with [`read_answer`](Self::read_answer).
    pub websocket: bool,
    /// Ask for a connection token; read it with [`read_answer`](Self::read_answer).
    pub connection_credentials: bool,
    /// Publish the chat to the SNS topic of this Amazon resource name, 1 to 350 characters.
    pub streaming_endpoint_arn: Option<String>,
}

/// How answers reach a customer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum ResponseMode {
    /// Piece by piece, as they are made.
    Incremental,
    /// Each as a whole.
    Complete,
}

/// A past chat that a new one continues.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct PersistentChat {
    /// How much of the past comes back.
    pub rehydration_type: RehydrationType,
    /// The contact of the past, which must have ended; 1 to 256 characters.
    pub source_contact_id: ContactId,
}

impl PersistentChat {
    /// Continues the source.
    #[must_use]
    pub const fn new(rehydration_type: RehydrationType, source_contact_id: ContactId) -> Self {
        Self {
            rehydration_type,
            source_contact_id,
        }
    }
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
            response_mode: None,
            initial_message: None,
            client_token: None,
            chat_duration_in_minutes: None,
            supported_messaging_content_types: Vec::new(),
            persistent_chat: None,
            related_contact_id: None,
            segment_attributes: BTreeMap::new(),
            customer_id: None,
            disconnect_on_customer_exit: false,
            websocket: false,
            connection_credentials: false,
            streaming_endpoint_arn: None,
        }
    }

    /// The whole answer, with what only some requests ask for.
    /// [`from_http`](crate::api::from_http) gives the chat's details alone.
    ///
    /// # Errors
    /// [`RequestError`]: the service's error, or a body that is not what the service answers.
    pub fn read_answer(
        response: &http::Response<impl AsRef<[u8]>>,
    ) -> Result<StartedChat, RequestError> {
        let answer: Answer = super::json_answer(WHAT, super::success::<Self>(response)?)?;
        Ok(answer.read()?)
    }

    /// Everything but which instance and which flow.
    pub(super) fn check_chat(&self) -> Result<(), CommandError> {
        limits::length("ParticipantDetails.DisplayName", &self.display_name, 256)?;
        limits::attributes(&self.attributes)?;
        if let Some((content_type, content)) = &self.initial_message {
            limits::length("InitialMessage.ContentType", content_type.as_str(), 100)?;
            limits::content("InitialMessage.Content", content)?;
        }
        let client_token = self.client_token.as_ref().map(ClientToken::as_str);
        limits::optional_length("ClientToken", client_token, 500)?;
        let minutes = self.chat_duration_in_minutes;
        limits::range("ChatDurationInMinutes", minutes, 60, 10_080)?;
        segment_attributes::check(&self.segment_attributes)?;
        self.check_content_types()?;
        self.check_past()?;
        let customer_id = self.customer_id.as_ref().map(CustomerId::expose);
        limits::optional_length("CustomerId", customer_id, 128)?;
        match &self.streaming_endpoint_arn {
            Some(arn) => limits::streaming_endpoint(arn),
            None => Ok(()),
        }
    }

    fn check_content_types(&self) -> Result<(), CommandError> {
        const FIELD: &str = "SupportedMessagingContentTypes";
        let types = &self.supported_messaging_content_types;
        types
            .iter()
            .try_for_each(|content_type| limits::length(FIELD, content_type.as_str(), 100))?;
        if !types.is_empty() && !types.contains(&ContentType::TextPlain) {
            return Err(CommandError::Invalid {
                field: FIELD,
                problem: "it must contain text/plain",
            });
        }
        let guide = SegmentAttributeValue::ValueString("connect:Guide".to_owned());
        if self.segment_attributes.get("connect:Subtype") == Some(&guide)
            && !(types.contains(&ContentType::Interactive)
                && types.contains(&ContentType::InteractiveResponse))
        {
            return Err(CommandError::Invalid {
                field: FIELD,
                problem: "a guide (connect:Subtype) needs both interactive forms in it",
            });
        }
        Ok(())
    }

    fn check_past(&self) -> Result<(), CommandError> {
        let related = self.related_contact_id.as_ref().map(ContactId::as_str);
        limits::optional_length("RelatedContactId", related, 256)?;
        let Some(persistent) = &self.persistent_chat else {
            return Ok(());
        };
        if related.is_some() {
            return Err(CommandError::Invalid {
                field: "RelatedContactId",
                problem: "PersistentChat excludes it: give one of the two",
            });
        }
        limits::length(
            "PersistentChat.SourceContactId",
            persistent.source_contact_id.as_str(),
            256,
        )
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

/// The whole answer of StartChatContact.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StartedChat {
    /// What a participant needs to take part.
    pub details: ChatDetails,
    /// The past contact that the chat continues.
    pub continued_from_contact_id: Option<ContactId>,
    /// The WebSocket, when it was asked for. A repeated request may lack it.
    pub websocket: Option<Websocket>,
    /// The connection token, when it was asked for.
    pub connection_credentials: Option<ConnectionCredentials>,
    /// The publishing to an SNS topic, when it was asked for.
    pub streaming_id: Option<StreamingId>,
}

const WHAT: &str = "the answer of StartChatContact";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'a> {
    instance_id: &'a str,
    contact_flow_id: &'a str,
    participant_details: ParticipantDetails<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant_configuration: Option<ParticipantConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_message: Option<InitialMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_duration_in_minutes: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    supported_messaging_content_types: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    persistent_chat: Option<&'a PersistentChat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    related_contact_id: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    segment_attributes: &'a BTreeMap<String, SegmentAttributeValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_on_customer_exit: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    connection_types: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_streaming_configuration: Option<ChatStreamingConfiguration<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParticipantDetails<'a> {
    display_name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ParticipantConfiguration {
    response_mode: ResponseMode,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InitialMessage<'a> {
    content_type: &'a str,
    content: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    contact_id: Option<ContactId>,
    participant_id: Option<ParticipantId>,
    participant_token: Option<ParticipantToken>,
    continued_from_contact_id: Option<ContactId>,
    websocket: Option<AnswerWebsocket>,
    connection_credentials: Option<AnswerCredentials>,
    streaming_id: Option<StreamingId>,
}

impl Answer {
    pub(super) fn read(self) -> Result<StartedChat, ProtocolError> {
        Ok(StartedChat {
            details: ChatDetails {
                contact_id: super::required(WHAT, "ContactId", self.contact_id)?,
                participant_id: super::required(WHAT, "ParticipantId", self.participant_id)?,
                participant_token: super::required(
                    WHAT,
                    "ParticipantToken",
                    self.participant_token,
                )?,
            },
            continued_from_contact_id: self.continued_from_contact_id,
            websocket: self.websocket.map(|it| it.read(WHAT)).transpose()?,
            connection_credentials: self
                .connection_credentials
                .map(|it| it.read(WHAT))
                .transpose()?,
            streaming_id: self.streaming_id,
        })
    }
}

impl private::Sealed for StartChatContact {}

impl ApiRequest for StartChatContact {
    const OPERATION: Operation = Operation::StartChatContact;
    type Answer = ChatDetails;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("InstanceId", &self.instance_id, 100)?;
        limits::length("ContactFlowId", &self.contact_flow_id, 500)?;
        self.check_chat()
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(&Body {
            instance_id: &self.instance_id,
            contact_flow_id: &self.contact_flow_id,
            participant_details: ParticipantDetails {
                display_name: &self.display_name,
            },
            attributes: &self.attributes,
            participant_configuration: self
                .response_mode
                .map(|response_mode| ParticipantConfiguration { response_mode }),
            initial_message: self
                .initial_message
                .as_ref()
                .map(|(content_type, content)| InitialMessage {
                    content_type: content_type.as_str(),
                    content,
                }),
            client_token: self.client_token.as_ref().map(ClientToken::as_str),
            chat_duration_in_minutes: self.chat_duration_in_minutes,
            supported_messaging_content_types: self
                .supported_messaging_content_types
                .iter()
                .map(ContentType::as_str)
                .collect(),
            persistent_chat: self.persistent_chat.as_ref(),
            related_contact_id: self.related_contact_id.as_ref().map(ContactId::as_str),
            segment_attributes: &self.segment_attributes,
            customer_id: self.customer_id.as_ref().map(CustomerId::expose),
            disconnect_on_customer_exit: self.disconnect_on_customer_exit.then_some(["AGENT"]),
            connection_types: super::connection_types(self.websocket, self.connection_credentials),
            chat_streaming_configuration: self.streaming_endpoint_arn.as_deref().map(
                |streaming_endpoint_arn| ChatStreamingConfiguration {
                    streaming_endpoint_arn,
                },
            ),
        })
    }

    fn parse(body: &[u8]) -> Result<ChatDetails, ProtocolError> {
        let answer: Answer = super::json_answer(WHAT, body)?;
        Ok(answer.read()?.details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    fn broken(change: fn(&mut StartChatContact)) -> String {
        let mut request = StartChatContact::new("instance", "flow", "Ada");
        assert_eq!(request.check(), Ok(()));
        change(&mut request);
        refusal(&request)
    }

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        assert!(broken(|it| it.instance_id = "i".repeat(101)).starts_with("InstanceId has 101"));
        assert!(broken(|it| it.contact_flow_id.clear()).starts_with("ContactFlowId is empty"));
        let name = "ParticipantDetails.DisplayName has 257";
        assert!(broken(|it| it.display_name = "n".repeat(257)).starts_with(name));
        let value = broken(|it| _ = it.attributes.insert("k".into(), "v".repeat(32_768)));
        assert!(value.starts_with("Attributes has 32768 characters in a key or value"));
        let bytes = broken(|it| {
            it.attributes.insert("k".into(), "v".repeat(32_767));
            it.attributes.insert("l".into(), String::new());
        });
        assert!(bytes.starts_with("Attributes has 32769 bytes"));
        let key = broken(|it| _ = it.attributes.insert("a key".into(), String::new()));
        assert!(key.starts_with("Attributes is not valid"));
        let said = |text: &str| Some((ContentType::TextPlain, text.to_owned()));
        let mut silent = StartChatContact::new("instance", "flow", "Ada");
        silent.initial_message = said("");
        assert!(refusal(&silent).starts_with("InitialMessage.Content is empty"));
        let token = broken(|it| it.client_token = Some("t".repeat(501).into()));
        assert!(token.starts_with("ClientToken has 501"));
        let duration = "the service accepts 60 to 10080";
        assert!(broken(|it| it.chat_duration_in_minutes = Some(59)).ends_with(duration));
        assert!(broken(|it| it.chat_duration_in_minutes = Some(10_081)).ends_with(duration));
        let customer = broken(|it| it.customer_id = Some("c".repeat(129).into()));
        assert!(customer.starts_with("CustomerId has 129"));
        let customer = broken(|it| it.customer_id = Some("".into()));
        assert!(customer.starts_with("CustomerId is empty"));
        let topic = broken(|it| it.streaming_endpoint_arn = Some("a".repeat(351)));
        assert!(topic.starts_with("ChatStreamingConfiguration.StreamingEndpointArn has 351"));
        let segment = broken(|it| {
            let value = SegmentAttributeValue::ValueInteger(1);
            it.segment_attributes.insert(String::new(), value);
        });
        assert!(segment.starts_with("SegmentAttributes is empty"));
    }

    #[test]
    fn a_past_contact_is_either_continued_or_related() {
        let related = broken(|it| it.related_contact_id = Some("c".repeat(257).into()));
        assert!(related.starts_with("RelatedContactId has 257"));
        let chat = |source: &str| {
            Some(PersistentChat::new(
                RehydrationType::FromSegment,
                source.into(),
            ))
        };
        let mut request = StartChatContact::new("instance", "flow", "Ada");
        request.persistent_chat = chat("");
        assert!(refusal(&request).starts_with("PersistentChat.SourceContactId is empty"));
        request.persistent_chat = chat("past");
        assert_eq!(request.check(), Ok(()));
        request.related_contact_id = Some("other".into());
        assert!(refusal(&request).contains("PersistentChat excludes it"));
    }

    #[test]
    fn plain_text_is_always_supported_and_a_guide_needs_the_interactive_forms() {
        let plain = broken(|it| {
            it.supported_messaging_content_types = vec![ContentType::TextMarkdown];
        });
        assert!(plain.contains("must contain text/plain"));
        let long = broken(|it| {
            let long = ContentType::from("x".repeat(101).as_str());
            it.supported_messaging_content_types = vec![ContentType::TextPlain, long];
        });
        assert!(long.contains("at most 100"));
        let mut guide = StartChatContact::new("instance", "flow", "Ada");
        guide.segment_attributes.insert(
            "connect:Subtype".to_owned(),
            SegmentAttributeValue::ValueString("connect:Guide".to_owned()),
        );
        guide.supported_messaging_content_types =
            vec![ContentType::TextPlain, ContentType::Interactive];
        assert!(refusal(&guide).contains("both interactive forms"));
        let types = &mut guide.supported_messaging_content_types;
        types.push(ContentType::InteractiveResponse);
        assert_eq!(guide.check(), Ok(()));
    }

    #[test]
    fn the_answer_is_read_as_details_or_as_a_whole() {
        let body = br#"{"ContactId":"c","ParticipantId":"p","ParticipantToken":"SECRET",
            "ContinuedFromContactId":"past","StreamingId":"s",
            "ConnectionCredentials":{"ConnectionToken":"SECRET","Expiry":"2026-02-01T12:00:00Z"},
            "Websocket":{"Url":"wss://SECRET","ConnectionExpiry":"2026-01-31T12:00:00Z"}}"#;
        let response = http::Response::new(body.as_slice());
        let details = crate::api::from_http::<StartChatContact>(&response).unwrap();
        let chat = StartChatContact::read_answer(&response).unwrap();
        assert_eq!(chat.details, details);
        assert_eq!(details.participant_token.expose(), "SECRET");
        assert_eq!(chat.continued_from_contact_id, Some("past".into()));
        assert_eq!(chat.streaming_id, Some("s".into()));
        let credentials = chat.connection_credentials.as_ref().unwrap();
        assert_eq!(credentials.connection_token.expose(), "SECRET");
        assert!(credentials.expiry.is_some());
        let websocket = chat.websocket.as_ref().unwrap();
        assert_eq!(websocket.url.expose(), "wss://SECRET");
        assert!(websocket.connection_expiry.is_some());
        assert!(!format!("{chat:?}").contains("SECRET"), "{chat:?}");
    }

    #[test]
    fn an_answer_without_what_was_not_asked_for_is_whole() {
        let body = r#"{"ContactId":"c","ParticipantId":"p","ParticipantToken":"t"}"#;
        let chat = StartChatContact::read_answer(&http::Response::new(body)).unwrap();
        assert_eq!(chat.continued_from_contact_id, None);
        assert_eq!(chat.websocket, None);
        assert_eq!(chat.connection_credentials, None);
        assert_eq!(chat.streaming_id, None);
        let body = http::Response::new(r#"{"ContactId":"c","ParticipantToken":"t"}"#);
        let nobody = StartChatContact::read_answer(&body).unwrap_err();
        assert!(
            nobody.to_string().ends_with("has no ParticipantId"),
            "{nobody}"
        );
        let mut refused = http::Response::new(r#"{"__type":"LimitExceededException"}"#);
        *refused.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        assert!(matches!(
            StartChatContact::read_answer(&refused),
            Err(RequestError::Service(_))
        ));
    }
}
