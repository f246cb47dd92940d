//! What a scripted agent does, and the form of it in JSON and TOML.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::chat_event::ChatEvent;
use crate::error::check_name;
use crate::fault::Fault;
use crate::item::{Item, Role};
use crate::millis;
use crate::view::View;

/// How often a [`Step::Chatter`] may say something in a second.
pub(crate) const RATES: RangeInclusive<u32> = 1..=1_000;

/// What the scripted agent, and the flow, do when a customer joins and when a customer says
/// something.
///
/// The steps of a chat are done one after the other, in the order in which they were triggered. The
/// agent joins at the first step that needs one. In JSON:
///
/// ```
/// let script = chat_sim::Script::from_json(
///     r#"{
///         "agent_name": "Jo",
///         "on_join": [{"wait_ms": 300}, "type", {"say": "Hello"}],
///         "on_message": [
///             {"contains": "bye", "steps": ["read", {"say": "Goodbye"}, "end"]},
///             {"steps": [{"say": "You said: {message}"}]}
///         ]
///     }"#,
/// )?;
/// assert_eq!(script.on_message.len(), 2);
/// # Ok::<(), chat_sim::ScriptError>(())
/// ```
///
/// The same in TOML:
///
/// ```
/// let script = chat_sim::Script::from_toml(
///     r#"
///         agent_name = "Jo"
///         on_join = [{ wait_ms = 300 }, "type", { say = "Hello" }]
///
///         [[on_message]]
///         contains = "bye"
///         steps = ["read", { say = "Goodbye" }, "end"]
///
///         [[on_message]]
///         steps = [{ say = "You said: {message}" }]
///     "#,
/// )?;
/// assert_eq!(script.on_message.len(), 2);
/// # Ok::<(), chat_sim::ScriptError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The display name of the agent, 1 to 256 characters. Default `Agent`.
    #[serde(deserialize_with = "name")]
    pub agent_name: String,
    /// The steps that follow when a customer joins.
    pub on_join: Vec<Step>,
    /// What follows a customer's message: the first rule that matches.
    pub on_message: Vec<Rule>,
    /// The steps that follow when a file of a customer is in the chat. `{message}` is its name.
    pub on_attachment: Vec<Step>,
}

/// The answer to some of a customer's messages: to those that meet all the conditions that are
/// there.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The message contains this text; capitals are as good as small letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// The message is this text; capitals are as good as small letters, and spaces around it do
    /// not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<String>,
    /// The message has this content type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// What the agent does.
    pub steps: Vec<Step>,
}

/// One thing a scripted agent does.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Step {
    /// Waits. In JSON `{"wait_ms": 500}`.
    #[serde(rename = "wait_ms")]
    Wait(#[serde(with = "millis")] Duration),
    /// Sends a typing event.
    Type,
    /// Says a text; `{message}` in it is replaced by the message that the step answers. What is
    /// longer than a message may be is cut.
    Say(String),
    /// Says a text several times.
    SayMany {
        /// How often.
        count: u32,
        /// The time between two. In JSON `every_ms`.
        #[serde(rename = "every_ms", with = "millis")]
        every: Duration,
        /// The text; `{n}` in it is replaced by the number, from 1, and `{message}` as in
        /// [`Step::Say`].
        text: String,
    },
    /// Says something over and over, until the chat ends or its transcript is full. What is queued
    /// after it is never done. In JSON `{"chatter": {"per_second": 5, "text": "{n}"}}`.
    Chatter {
        /// How often in a second, evenly, 1 to 1000. What could not be said in time for more than
        /// a second is not made up for.
        #[serde(deserialize_with = "rate")]
        per_second: u32,
        /// The text, as in [`Step::SayMany`].
        text: String,
    },
    /// The agent has received the message that the step answers. Nothing happens when it answers
    /// none, or when more than two people are in the chat.
    Deliver,
    /// The agent has read the message that the step answers; otherwise like [`Step::Deliver`].
    Read,
    /// The agent sends a file. In JSON
    /// `{"attach": {"name": "a.txt", "content_type": "text/plain", "text": "..."}}`. When the
    /// service would not take it, the step counts as dropped.
    Attach {
        /// The name of the file.
        name: String,
        /// Its MIME type.
        content_type: String,
        /// Its content.
        text: String,
    },
    /// The flow sends a message of any content type, such as an interactive one. In JSON
    /// `{"send": {"content_type": "application/json", "content": "{}"}}`.
    Send {
        /// Its content type, 1 to 100 characters.
        content_type: String,
        /// Its content, 1 to 16,384 bytes. When it is text, with `{message}` as in [`Step::Say`].
        content: String,
    },
    /// A bot says a text chunk by chunk. In JSON
    /// `{"stream": {"text": "...", "chunks": 5, "every_ms": 100}}`.
    Stream {
        /// The text, with `{message}` as in [`Step::Say`].
        text: String,
        /// Into how many chunks it is cut; fewer when it has fewer characters.
        chunks: u32,
        /// The time between two, and between the last and the whole. In JSON `every_ms`.
        #[serde(rename = "every_ms", with = "millis")]
        every: Duration,
    },
    /// An event is published. In JSON `{"event": {"name": "participant_idle"}}`, with
    /// `"about": "AGENT"` when it is about the agent. Nothing happens when there is nobody whom
    /// it could be about.
    Event {
        /// Which.
        name: ChatEvent,
        /// Whom it is about. Default the customer.
        #[serde(default = "customer")]
        about: Role,
    },
    /// A view is shown. In JSON `{"show_view": {"id": "v1", "name": "Form"}}`.
    ShowView(View),
    /// An agent of this name joins, and is the one who acts from then on; nothing happens when one
    /// of this name is there. In JSON `{"join": "Jo"}`.
    Join(#[serde(deserialize_with = "name")] String),
    /// A custom bot of this name joins and says nothing. In JSON `{"bot_joins": "Helper"}`.
    BotJoins(#[serde(deserialize_with = "name")] String),
    /// A supervisor of this name joins and says nothing. In JSON `{"supervisor_joins": "Sue"}`.
    SupervisorJoins(#[serde(deserialize_with = "name")] String),
    /// The agent hands the chat over to another one, who joins. In JSON `{"transfer": "Kim"}`.
    Transfer(#[serde(deserialize_with = "name")] String),
    /// The agent leaves; the chat goes on.
    Leave,
    /// Something goes wrong: in this chat, unless it says in which. In JSON
    /// `{"fault": {"effect": "half_open", "after_ms": 500}}`.
    Fault(Box<Fault>),
    /// The faults that are for this chat end.
    ClearFaults,
    /// The chat ends.
    End,
}

fn customer() -> Role {
    Role::Customer
}

/// A name that somebody in a chat can have.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    check_name(&name).map_err(D::Error::custom)?;
    Ok(name)
}

/// How often something may happen in a second.
fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let rate = u32::deserialize(deserializer)?;
    if RATES.contains(&rate) {
        return Ok(rate);
    }
    let (least, most) = (RATES.start(), RATES.end());
    Err(D::Error::custom(format_args!(
        "per_second must be {least} to {most}"
    )))
}

impl Rule {
    /// Whether the rule is for this message.
    pub(crate) fn is_for(&self, message: &Item) -> bool {
        let content = message.content.as_deref().unwrap_or_default();
        let same = |text: &String| content.trim().to_lowercase() == text.trim().to_lowercase();
        let part = |text: &String| content.to_lowercase().contains(&text.to_lowercase());
        let content_type = |wanted: &String| message.content_type == *wanted;
        self.contains.as_ref().is_none_or(part)
            && self.equals.as_ref().is_none_or(same)
            && self.content_type.as_ref().is_none_or(content_type)
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::silent()
    }
}

// Written by hand: what is said stays out of logs.
impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rule")
            .field("content_type", &self.content_type)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

// Written by hand: what is said stays out of logs.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wait(by) => f.debug_tuple("Wait").field(by).finish(),
            Self::Type => f.write_str("Type"),
            Self::Say(text) => f.debug_tuple("Say").field(&text.len()).finish(),
            Self::SayMany { count, every, .. } => f
                .debug_struct("SayMany")
                .field("count", count)
                .field("every", every)
                .finish_non_exhaustive(),
            Self::Chatter { per_second, .. } => f
                .debug_struct("Chatter")
                .field("per_second", per_second)
                .finish_non_exhaustive(),
            Self::Deliver => f.write_str("Deliver"),
            Self::Read => f.write_str("Read"),
            Self::Attach { content_type, .. } => f
                .debug_struct("Attach")
                .field("content_type", content_type)
                .finish_non_exhaustive(),
            Self::Send { content_type, .. } => f
                .debug_struct("Send")
                .field("content_type", content_type)
                .finish_non_exhaustive(),
            Self::Stream { chunks, every, .. } => f
                .debug_struct("Stream")
                .field("chunks", chunks)
                .field("every", every)
                .finish_non_exhaustive(),
            Self::Event { name, about } => f
                .debug_struct("Event")
                .field("name", name)
                .field("about", about)
                .finish(),
            Self::ShowView(view) => f.debug_tuple("ShowView").field(view).finish(),
            Self::Join(_) => f.write_str("Join"),
            Self::BotJoins(_) => f.write_str("BotJoins"),
            Self::SupervisorJoins(_) => f.write_str("SupervisorJoins"),
            Self::Transfer(_) => f.write_str("Transfer"),
            Self::Leave => f.write_str("Leave"),
            Self::Fault(fault) => f.debug_tuple("Fault").field(fault).finish(),
            Self::ClearFaults => f.write_str("ClearFaults"),
            Self::End => f.write_str("End"),
        }
    }
}
