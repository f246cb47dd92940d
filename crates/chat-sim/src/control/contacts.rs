//! What the control API shows of chats.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Call, Failure};
use crate::contact::{Contact, EndReason, Participant};
use crate::error::ControlError;
use crate::service::{Service, TimerType};

/// How many contacts are listed when the request does not say.
const LISTED: u64 = 100;
/// How many contacts, items or receipts an answer has at most.
const MOST: u64 = 1_000;

impl Service {
    pub(super) fn contacts_json(&self, call: &Call<'_>) -> Result<Value, Failure> {
        let limit = call.number("limit", LISTED)?.clamp(1, MOST);
        let contacts: Vec<Value> = self
            .contacts
            .values()
            .rev()
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|contact| self.summary(contact))
            .collect();
        Ok(json!({ "contacts": contacts, "total": self.contacts.len() }))
    }

    pub(super) fn contact_json(&self, id: &str) -> Result<Value, Failure> {
        let contact = self.known(id)?;
        let mut answer = self.summary(contact);
        let receipts: Vec<Value> = contact
            .receipts()
            .take(usize::try_from(MOST).unwrap_or(usize::MAX))
            .map(|(message, receipt)| {
                json!({
                    "message_id": message,
                    "recipient_participant_id": receipt.recipient_participant_id,
                    "delivered": receipt.delivered_timestamp,
                    "read": receipt.read_timestamp,
                })
            })
            .collect();
        let timers: Vec<Value> = contact
            .timer_config
            .iter()
            .map(|((role, timer), time)| {
                let timer = match timer {
                    TimerType::Idle => "IDLE",
                    TimerType::Disconnect => "DISCONNECT_NONCUSTOMER",
                };
                json!({ "role": role, "type": timer, "ms": milliseconds(*time) })
            })
            .collect();
        let session = contact.authentication.as_ref();
        let more = json!({
            "contact_ids": contact.chain().collect::<Vec<_>>(),
            "instance_id": contact.instance_id(),
            "continued_from": contact.continued_from(),
            "sockets": self.sockets_json(contact),
            "requests": contact.requests,
            "requests_after_end": contact.requests_after_end(),
            "receipts": receipts,
            "authentication_session": session.map(|session| &session.session_id),
            "streaming_id": contact.streaming.as_ref().map(|(id, _)| id),
            "timers": timers,
        });
        if let (Some(answer), Value::Object(mut more)) = (answer.as_object_mut(), more) {
            answer.append(&mut more);
        }
        Ok(answer)
    }

    pub(super) fn transcript_json(&self, id: &str, call: &Call<'_>) -> Result<Value, Failure> {
        let contact = self.known(id)?;
        let after = call.number("after", 0)?;
        let items: Vec<_> = contact
            .transcript()
            .iter()
            .skip(usize::try_from(after).unwrap_or(usize::MAX))
            .take(usize::try_from(MOST).unwrap_or(usize::MAX))
            .map(|item| &**item)
            .collect();
        Ok(json!({ "next": next(after, items.len()), "items": items }))
    }

    pub(super) fn published_json(&self, id: &str, call: &Call<'_>) -> Result<Value, Failure> {
        let contact = self.known(id)?;
        // What was forgotten is passed over.
        let forgotten = contact.published_total() - contact.published().len() as u64;
        let after = call.number("after", 0)?.max(forgotten);
        let published: Vec<Value> = contact
            .published()
            .skip(usize::try_from(after - forgotten).unwrap_or(usize::MAX))
            .take(usize::try_from(MOST).unwrap_or(usize::MAX))
            .map(|published| {
                json!({
                    "item": *published.item,
                    "stored": published.stored,
                    "sockets": published.sockets,
                })
            })
            .collect();
        Ok(json!({ "next": next(after, published.len()), "published": published }))
    }

    fn known(&self, id: &str) -> Result<&Contact, Failure> {
        self.contact(id)
            .ok_or_else(|| ControlError::NoSuchContact(id.to_owned()).into())
    }

    fn summary(&self, contact: &Contact) -> Value {
        let ended = contact
            .end
            .map(|(reason, at)| json!({ "reason": reason_name(reason), "at": self.timestamp(at) }));
        let participants: Vec<Value> = contact.participants().iter().map(participant).collect();
        json!({
            "contact_id": contact.id(),
            "current_contact_id": contact.current_id(),
            "customer": contact.participants().first().map(Participant::display_name),
            "started": self.timestamp(contact.started),
            "ended": ended,
            "participants": participants,
            "open_sockets": contact.open_sockets(),
            "items": contact.transcript().len(),
            "published": contact.published_total(),
        })
    }
}

fn participant(participant: &Participant) -> Value {
    json!({
        "participant_id": participant.id(),
        "role": participant.role(),
        "display_name": participant.display_name(),
        "present": participant.is_present(),
        "left": participant.has_left(),
    })
}

fn reason_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::CustomerLeft => "customer_left",
        EndReason::Stopped => "stopped",
        EndReason::AgentEnded => "agent_ended",
        EndReason::DurationOver => "duration_over",
        EndReason::NeverConnected => "never_connected",
    }
}

/// Where the next page begins.
fn next(after: u64, count: usize) -> u64 {
    after.saturating_add(count as u64)
}

/// A duration in whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
