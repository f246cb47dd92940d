//! Faults that many tests ask for.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};

/// The service answers with this status.
#[must_use]
pub fn refusal(status: u16) -> Effect {
    let error_type = match status {
        400 => "ValidationException",
        403 => "AccessDeniedException",
        404 => "ResourceNotFoundException",
        429 => "ThrottlingException",
        _ => "InternalServerException",
    };
    Effect::Answer {
        status,
        error_type: error_type.to_owned(),
        message: format!("refused with {status}"),
        retry_after: None,
    }
}

/// The service is throttling and says for how long.
#[must_use]
pub fn throttled(retry_after: Duration) -> Effect {
    Effect::Answer {
        status: 429,
        error_type: "ThrottlingException".to_owned(),
        message: "slow down".to_owned(),
        retry_after: Some(retry_after.as_secs()),
    }
}

/// Something that is not the service answers with this body.
#[must_use]
pub fn foreign(status: u16, body: &str) -> Effect {
    Effect::AnswerRaw {
        status,
        content_type: "application/json".to_owned(),
        body: body.to_owned(),
    }
}

/// A fault of CreateParticipantConnection.
#[must_use]
pub fn on_connect(effect: Effect) -> Fault {
    Fault::new(effect).on(Operation::CreateParticipantConnection)
}

/// A fault of SendMessage.
#[must_use]
pub fn on_send(effect: Effect) -> Fault {
    Fault::new(effect).on(Operation::SendMessage)
}

/// A fault of GetTranscript.
#[must_use]
pub fn on_transcript(effect: Effect) -> Fault {
    Fault::new(effect).on(Operation::GetTranscript)
}
