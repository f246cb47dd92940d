//! What the control API does in chats.

use std::time::Duration;

use http::header;
use serde::Deserialize;
use serde_json::{Value, json};

use super::endpoint::Act;
use super::{Call, Failure};
use crate::chat_event::ChatEvent;
use crate::item::{Role, TEXT_PLAIN};
use crate::service::{AgentSeat, Service};
use crate::view::View;

/// The longest id in a body, in characters.
const ID_LENGTH: std::ops::RangeInclusive<usize> = 1..=256;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventBody {
    name: ChatEvent,
    #[serde(default = "customer")]
    about: Role,
}

fn customer() -> Role {
    Role::Customer
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeatBody {
    display_name: String,
    role: Role,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamBody {
    chunks: Vec<String>,
    every_ms: u64,
}

impl Call<'_> {
    /// The only member of the body: a name or an id.
    fn text(&self, name: &str) -> Result<String, Failure> {
        self.read(&[name], |fields| {
            Ok(fields.text(name, ID_LENGTH)?.to_owned())
        })
    }
}

impl Service {
    pub(super) fn start_chat_by(&mut self, call: &Call<'_>) -> Result<Value, Failure> {
        let name = call.text("display_name")?;
        let chat = self.start_chat(self.now, &name)?;
        Ok(json!({
            "contact_id": chat.contact_id,
            "participant_id": chat.participant_id,
            "participant_token": chat.participant_token,
        }))
    }

    pub(super) fn agent_socket_by(&mut self, call: &Call<'_>) -> Result<Value, Failure> {
        let name = call.text("agent_name")?;
        Ok(json!({ "url": self.agent_socket_url(self.now, &name)? }))
    }

    pub(super) fn act_in_chat(
        &mut self,
        id: &str,
        act: Act,
        call: &Call<'_>,
    ) -> Result<Value, Failure> {
        let now = self.now;
        let answer = match act {
            Act::AgentJoins => {
                let name = call.text("display_name")?;
                json!({ "participant_id": self.agent_joins(now, id, &name)? })
            }
            Act::AgentSends => {
                let (content_type, content) = message(call)?;
                json!({ "item": self.agent_sends(now, id, &content_type, &content)? })
            }
            Act::AgentTypes => {
                call.nothing()?;
                done(self.agent_types(now, id)?)
            }
            Act::AgentAttaches => {
                let name = call.parameter("name").unwrap_or_default();
                let content_type = call
                    .http
                    .headers()
                    .get(header::CONTENT_TYPE)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or("application/octet-stream");
                let bytes = call.http.body().clone();
                json!({ "attachment_id": self.agent_attaches(now, id, &name, content_type, bytes)? })
            }
            Act::AgentDelivers => {
                let message = call.text("message_id")?;
                done(self.agent_delivers(now, id, &message)?)
            }
            Act::AgentReads => {
                let message = call.text("message_id")?;
                done(self.agent_reads(now, id, &message)?)
            }
            Act::AgentLeaves => {
                call.nothing()?;
                done(self.agent_leaves(now, id)?)
            }
            Act::BotSends => {
                let (content_type, content) = message(call)?;
                json!({ "item": self.bot_sends(now, id, &content_type, &content)? })
            }
            Act::BotStreams => {
                let StreamBody { chunks, every_ms } = call.value("a streamed message")?;
                let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
                let every = Duration::from_millis(every_ms);
                json!({ "id": self.bot_streams(now, id, &chunks, every)? })
            }
            Act::BotShowsView => {
                let view: View = call.value("a view")?;
                json!({ "item": self.bot_shows_view(now, id, &view)? })
            }
            Act::Event => {
                let EventBody { name, about } = call.value("an event")?;
                json!({ "item": self.publish_event(now, id, &name, about)? })
            }
            Act::Seat => {
                let SeatBody { display_name, role } = call.value("a seat")?;
                seat(&self.seat_agent(now, id, &display_name, role)?)
            }
            Act::Transfer => {
                let to_agent = call.text("to_agent")?;
                seat(&self.transfer(now, id, &to_agent)?)
            }
            Act::End => {
                call.nothing()?;
                done(self.end_contact(now, id)?)
            }
            Act::CutSockets => {
                call.nothing()?;
                if self.contact(id).is_none() {
                    return Err(crate::ControlError::NoSuchContact(id.to_owned()).into());
                }
                json!({ "cut": self.cut_sockets(now, id) })
            }
        };
        Ok(answer)
    }
}

/// The content type and content of a message; plain text when nothing is said of its type.
fn message(call: &Call<'_>) -> Result<(String, String), Failure> {
    call.read(&["content", "content_type"], |fields| {
        let content_type = fields
            .optional_text("content_type", 1..=100)?
            .unwrap_or(TEXT_PLAIN);
        Ok((
            content_type.to_owned(),
            fields.content("content")?.to_owned(),
        ))
    })
}

fn seat(seat: &AgentSeat) -> Value {
    json!({
        "contact_id": seat.contact_id,
        "initial_contact_id": seat.initial_contact_id,
        "participant_id": seat.participant_id,
        "participant_token": seat.participant_token,
    })
}

/// The answer when there is nothing to say.
fn done((): ()) -> Value {
    json!({})
}
