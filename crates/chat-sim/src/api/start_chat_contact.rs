//! `PUT /contact/chat`

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::create_participant_connection::Part;
use super::segment_attributes;
use super::{CONTENT_TYPE_LENGTH, ID_LENGTH, INSTANCE_LENGTH};
use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::{INTERACTIVE, INTERACTIVE_RESPONSE, MESSAGE_CONTENT_TYPES, TEXT_PLAIN};
use crate::operation::Operation;
use crate::service::{Draft, NewChat, Service};
use crate::settings::ResponseMode;

/// The most that the attributes of a contact may have, in bytes over all names and values.
const ATTRIBUTE_BYTES: usize = 32_768;

/// The length of the name of an attribute, in characters.
const ATTRIBUTE_NAME_LENGTH: RangeInclusive<usize> = 1..=32_767;

/// The connection types that may be asked for; the last two yield nothing.
const CONNECTION_TYPES: [(&str, Option<Part>); 4] = [
    ("WEBSOCKET", Some(Part::Websocket)),
    ("CONNECTION_CREDENTIALS", Some(Part::Credentials)),
    ("AUTHENTICATION_SESSION", None),
    ("WEBRTC_CONNECTION", None),
];

const MODES: [(&str, ResponseMode); 2] = [
    ("INCREMENTAL", ResponseMode::Incremental),
    ("COMPLETE", ResponseMode::Complete),
];

impl Service {
    pub(crate) fn start_chat_contact(&mut self, fields: &Fields<'_>) -> Result<Value, Refusal> {
        let instance_id = fields.text("InstanceId", INSTANCE_LENGTH)?;
        fields.text("ContactFlowId", 1..=500)?;
        let display_name = fields
            .object("ParticipantDetails")?
            .text("DisplayName", ID_LENGTH)?;
        check_attributes(fields)?;
        segment_attributes::check(fields)?;
        fields.optional_text("CustomerId", 1..=128)?;
        let content_types = supported_content_types(fields)?;
        check_guide(fields, content_types.as_deref())?;
        let agents_leave_with_customer = fields
            .optional_choices("DisconnectOnCustomerExit", 1..=1, &[("AGENT", ())])?
            .is_some();
        let initial_message = initial_message(fields)?;
        let response_mode = match fields.optional_object("ParticipantConfiguration")? {
            Some(configuration) => configuration.optional_choice("ResponseMode", &MODES)?,
            None => None,
        };
        let related = fields.optional_text("RelatedContactId", ID_LENGTH)?;
        let persistent = fields.optional_object("PersistentChat")?;
        if related.is_some() && persistent.is_some() {
            return Err(Refusal::Malformed(
                "PersistentChat and RelatedContactId exclude each other.".to_owned(),
            ));
        }
        let streaming = fields.optional_object("ChatStreamingConfiguration")?;
        if let Some(configuration) = &streaming {
            super::contact_streaming::endpoint(configuration)?;
        }
        let start_token = super::client_token(fields)?;
        let duration = fields
            .optional_integer("ChatDurationInMinutes", 60..=10_080)?
            .and_then(|minutes| u64::try_from(minutes).ok())
            .map(|minutes| Duration::from_secs(minutes * 60));
        let parts: Vec<Part> = fields
            .optional_choices("ConnectionTypes", 1..=2, &CONNECTION_TYPES)?
            .unwrap_or_default()
            .into_iter()
            .flatten()
            .collect();

        let repeated = start_token.and_then(|token| self.by_start_token.get(token).copied());
        let key = match repeated {
            Some(key) => key,
            None => {
                let history = match persistent {
                    Some(persistent) => Some(self.history(instance_id, &persistent)?),
                    None => None,
                };
                let new = NewChat {
                    instance_id,
                    display_name,
                    content_types,
                    duration,
                    response_mode,
                    start_token,
                };
                let key = self
                    .create_chat(new)
                    .map_err(|error| Refusal::LimitExceeded(error.to_string()))?;
                if let Some(contact) = self.contacts.get_mut(&key) {
                    contact.agents_leave_with_customer = agents_leave_with_customer;
                }
                if streaming.is_some() {
                    self.start_streaming(key, start_token.unwrap_or_default());
                }
                if let Some(history) = history {
                    self.rehydrate(key, history);
                }
                if let Some((content_type, content)) = initial_message {
                    let item = self.publish(key, &Draft::message(0, content_type, content));
                    if let Some(item) = item {
                        self.script_on_message(key, &item);
                    }
                }
                key
            }
        };
        self.start_answer(key, &parts)
    }

    fn start_answer(
        &mut self,
        key: crate::contact::ContactKey,
        parts: &[Part],
    ) -> Result<Value, Refusal> {
        let started = self
            .started(key)
            .ok_or(Refusal::ContactNotFound("The contact does not exist."))?;
        let mut answer = Map::new();
        answer.insert("ContactId".to_owned(), json!(started.contact_id));
        answer.insert("ParticipantId".to_owned(), json!(started.participant_id));
        answer.insert(
            "ParticipantToken".to_owned(),
            json!(started.participant_token),
        );
        let contact = self.contacts.get(&key);
        if let Some(source) = contact.and_then(|contact| contact.continued_from()) {
            answer.insert("ContinuedFromContactId".to_owned(), json!(source));
        }
        if let Some((id, _)) = contact.and_then(|contact| contact.streaming.as_ref()) {
            answer.insert("StreamingId".to_owned(), json!(id));
        }
        let over = contact.is_none_or(|contact| contact.end.is_some());
        if !parts.is_empty() && !over {
            let caller = Caller {
                contact: key,
                participant: 0,
            };
            self.has_connected(caller);
            let operation = Operation::StartChatContact;
            answer.append(&mut self.connection_parts(caller, operation, parts));
        }
        Ok(Value::Object(answer))
    }
}

/// Attribute names are of letters, digits, `-` and `_`; all together are bounded.
fn check_attributes(fields: &Fields<'_>) -> Result<(), Refusal> {
    let Some(attributes) = fields.optional_object("Attributes")? else {
        return Ok(());
    };
    let mut bytes = 0;
    for (name, _) in attributes.members() {
        let value = attributes.text(name, 0..=32_767)?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !ATTRIBUTE_NAME_LENGTH.contains(&name.len()) || !name.chars().all(allowed) {
            let rule = "must have names of 1 to 32767 letters, digits, - and _";
            return Err(attributes.refused(rule));
        }
        bytes += name.len() + value.len();
    }
    if bytes > ATTRIBUTE_BYTES {
        let rule = format!("must have no more than {ATTRIBUTE_BYTES} bytes in all");
        return Err(fields.invalid("Attributes", &rule));
    }
    Ok(())
}

/// What the chat may carry; it must contain plain text.
fn supported_content_types(fields: &Fields<'_>) -> Result<Option<Vec<String>>, Refusal> {
    const NAME: &str = "SupportedMessagingContentTypes";
    let choices: Vec<(&str, &str)> = MESSAGE_CONTENT_TYPES
        .into_iter()
        .chain([INTERACTIVE])
        .map(|content_type| (content_type, content_type))
        .collect();
    let Some(types) = fields.optional_choices(NAME, 0..=usize::MAX, &choices)? else {
        return Ok(None);
    };
    if types.is_empty() {
        return Ok(None);
    }
    if !types.contains(&TEXT_PLAIN) {
        return Err(fields.invalid(NAME, "must contain text/plain"));
    }
    // However often each is named, it is kept once.
    let types: BTreeSet<&str> = types.into_iter().collect();
    Ok(Some(types.into_iter().map(str::to_owned).collect()))
}

/// A guide is made of interactive messages: the chat must be able to carry them and the answers.
fn check_guide(fields: &Fields<'_>, content_types: Option<&[String]>) -> Result<(), Refusal> {
    const NAME: &str = "SegmentAttributes";
    let subtype = match fields.optional_object(NAME)? {
        Some(attributes) => attributes.optional_object("connect:Subtype")?,
        None => None,
    };
    let value = match &subtype {
        Some(subtype) => subtype.optional_text("ValueString", 0..=1_024)?,
        None => None,
    };
    let carries = |wanted: &str| {
        let types = content_types.unwrap_or_default();
        types.iter().any(|content_type| content_type == wanted)
    };
    if value != Some("connect:Guide") || (carries(INTERACTIVE) && carries(INTERACTIVE_RESPONSE)) {
        return Ok(());
    }
    let rule = format!(
        "has the subtype connect:Guide, for which SupportedMessagingContentTypes must contain \
         {INTERACTIVE} and {INTERACTIVE_RESPONSE}"
    );
    Err(fields.invalid(NAME, &rule))
}

fn initial_message<'a>(fields: &Fields<'a>) -> Result<Option<(&'a str, &'a str)>, Refusal> {
    let Some(message) = fields.optional_object("InitialMessage")? else {
        return Ok(None);
    };
    let content_type = message.text("ContentType", CONTENT_TYPE_LENGTH)?;
    if !MESSAGE_CONTENT_TYPES.contains(&content_type) {
        return Err(message.invalid("ContentType", "is not a message content type"));
    }
    Ok(Some((content_type, message.content("Content")?)))
}
