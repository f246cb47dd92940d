//! The operations, one file each.

mod cancel_participant_authentication;
mod complete_attachment_upload;
mod contact_streaming;
mod create_participant;
mod create_participant_connection;
mod create_persistent_contact_association;
mod describe_view;
mod disconnect_participant;
mod get_attachment;
mod get_authentication_url;
mod get_transcript;
mod segment_attributes;
mod send_event;
mod send_message;
mod start_attachment_upload;
mod start_chat_contact;
mod stop_contact;
mod update_participant_role_config;

use serde_json::{Value, json};

use crate::body::Fields;
use crate::contact::{AcceptedSend, TokenKey};
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::ProcessingStatus;
use crate::operation::Operation;
use crate::service::Service;
use crate::weight::ROOM;

pub(crate) use get_transcript::Direction;
pub(crate) use send_event::ReceiptKind;

/// The lengths of an item id, contact id or display name, in characters.
const ID_LENGTH: std::ops::RangeInclusive<usize> = 1..=256;
/// The length of an instance id, in characters.
const INSTANCE_LENGTH: std::ops::RangeInclusive<usize> = 1..=100;
/// The length of a client token that is required, in characters.
const TOKEN_LENGTH: std::ops::RangeInclusive<usize> = 1..=500;
/// The length of a content type, in characters.
const CONTENT_TYPE_LENGTH: std::ops::RangeInclusive<usize> = 1..=100;

/// The client token of a request; an empty one is none.
fn client_token<'a>(fields: &Fields<'a>) -> Result<Option<&'a str>, Refusal> {
    Ok(fields
        .optional_text("ClientToken", 0..=500)?
        .filter(|token| !token.is_empty()))
}

/// A parameter of a path without its escapes; nothing when they are none or give no text.
fn decode(parameter: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = parameter.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            let value = digit()? * 16 + digit()?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// The instance and the contact that a path names. The operation has a name of its own for the
/// latter.
fn instance_and_contact(parameters: &str, contact: &str) -> Result<(String, String), Refusal> {
    let (first, second) = parameters
        .split_once('/')
        .and_then(|(first, second)| Some((decode(first)?, decode(second)?)))
        .ok_or_else(|| Refusal::ResourceNotFound("The contact does not exist.".to_owned()))?;
    for (name, value, length) in [
        ("InstanceId", &first, INSTANCE_LENGTH),
        (contact, &second, ID_LENGTH),
    ] {
        if !length.contains(&value.chars().count()) {
            return Err(Refusal::Invalid(format!(
                "{name} must have {} to {} characters.",
                length.start(),
                length.end()
            )));
        }
    }
    Ok((first, second))
}

/// What SendMessage and SendEvent answer.
struct Accepted<'a> {
    id: &'a str,
    absolute_time: &'a str,
    processing: bool,
}

/// A SendMessage or SendEvent, as its client token knows it.
struct SendRequest<'a> {
    operation: Operation,
    client_token: Option<&'a str>,
    /// What a receipt says, and of which message.
    receipt: Option<(ReceiptKind, &'a str)>,
}

impl SendRequest<'_> {
    /// What is the same of all its repeats; nothing when it cannot be repeated.
    fn key(&self, caller: Caller) -> Option<TokenKey> {
        Some(TokenKey {
            participant: caller.participant,
            operation: self.operation,
            client_token: self.client_token?.to_owned(),
            receipt: self
                .receipt
                .map(|(kind, message)| (kind, message.to_owned())),
        })
    }
}

impl Accepted<'_> {
    fn answer(&self) -> Value {
        let mut answer = json!({ "Id": self.id, "AbsoluteTime": self.absolute_time });
        if self.processing {
            let status = ProcessingStatus::Processing;
            answer["MessageMetadata"] = json!({ "MessageProcessingStatus": status });
        }
        answer
    }
}

impl Service {
    /// The answer that a client token has had before.
    fn repeated(&mut self, caller: Caller, request: &SendRequest<'_>) -> Option<Value> {
        let key = request.key(caller)?;
        let send = self.contacts.get_mut(&caller.contact)?.repeat_send(&key)?;
        let accepted = Accepted {
            id: &send.item_id,
            absolute_time: &send.absolute_time,
            processing: send.processing,
        };
        Some(accepted.answer())
    }

    /// Remembers what was accepted and makes the answer to it.
    fn accepted(
        &mut self,
        caller: Caller,
        request: &SendRequest<'_>,
        accepted: &Accepted<'_>,
    ) -> Value {
        if let Some(contact) = self.contacts.get_mut(&caller.contact) {
            let participant_id = contact
                .participants
                .get(caller.participant)
                .map(|participant| participant.id.clone())
                .unwrap_or_default();
            let send = AcceptedSend {
                operation: request.operation,
                participant_id,
                client_token: request.client_token.map(str::to_owned),
                item_id: accepted.id.to_owned(),
                absolute_time: accepted.absolute_time.to_owned(),
                processing: accepted.processing,
                uses: 1,
            };
            contact.log_send(send, request.key(caller));
        }
        accepted.answer()
    }

    /// Refuses what there is no memory for.
    fn require_memory(&self) -> Result<(), Refusal> {
        if self.memory.fits(ROOM) {
            return Ok(());
        }
        Err(Refusal::Invalid(
            "This simulator holds as much as it may; end a chat, or raise Settings::memory."
                .to_owned(),
        ))
    }

    /// Refuses what the transcript has no room for.
    fn require_room(&self, caller: Caller) -> Result<(), Refusal> {
        self.require_memory()?;
        if self.has_room(caller.contact) {
            return Ok(());
        }
        Err(Refusal::Invalid(format!(
            "The contact has {} items, which is all that this simulator keeps of one.",
            self.settings.items_per_contact
        )))
    }
}
