//! What a scripted agent does, and the JSON form of it.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chat_event::ChatEvent;
use crate::item::Role;
use crate::millis;
use crate::view::View;

/// What the scripted agent does when a customer joins and when a customer writes.
///
/// The agent joins the chat at the first step that needs one. In JSON:
///
/// ```
/// let script = chat_sim::Script::from_json(
///     r#"{
///         "agent_name": "Jo",
///         "on_join": [{"wait_ms": 300}, "type", {"say": "Hello"}],
///         "on_message": [
///             {"contains": "bye", "steps": [{"say": "Goodbye"}, "end"]},
///             {"steps": [{"say": "You said: {message}"}]}
///         ]
///     }"#,
/// )?;
/// assert_eq!(script.on_message.len(), 2);
/// # Ok::<(), chat_sim::ScriptError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// The display name of the agent, 1 to 256 characters. Default `Agent`.
    pub agent_name: String,
    /// The steps that follow when a customer joins.
    pub on_join: Vec<Step>,
    /// What follows a customer's message: the first rule that matches.
    pub on_message: Vec<Rule>,
}

/// The answer to some of a customer's messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule is for messages that contain this text; for all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
    /// What the agent does.
    pub steps: Vec<Step>,
}

/// One thing a scripted agent does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The flow sends a message of any content type, such as an interactive one. In JSON
    /// `{"send": {"content_type": "application/json", "content": "{}"}}`.
    Send {
        /// Its content type, 1 to 100 characters.
        content_type: String,
        /// Its content, 1 to 16,384 bytes.
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
    /// The agent hands the chat over to another one, who joins. In JSON `{"transfer": "Kim"}`.
    Transfer(String),
    /// The agent leaves; the chat goes on.
    Leave,
    /// The chat ends.
    End,
}

fn customer() -> Role {
    Role::Customer
}

/// A script that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is not a script: {0}; see the documentation of Script for the form")]
pub struct ScriptError(#[from] serde_json::Error);

impl Script {
    /// No agent at all.
    pub fn silent() -> Self {
        Self {
            agent_name: "Agent".to_owned(),
            on_join: Vec::new(),
            on_message: Vec::new(),
        }
    }

    /// An agent who greets the customer: joins, types, says hello.
    pub fn greeter() -> Self {
        Self {
            on_join: vec![
                Step::Wait(Duration::from_millis(200)),
                Step::Type,
                Step::Wait(Duration::from_millis(400)),
                Step::Say("Hello, how can I help you?".to_owned()),
            ],
            ..Self::silent()
        }
    }

    /// An agent who types and then answers each message with its own text.
    pub fn echo() -> Self {
        Self {
            on_message: vec![Rule {
                contains: None,
                steps: vec![
                    Step::Type,
                    Step::Wait(Duration::from_millis(100)),
                    Step::Say("{message}".to_owned()),
                ],
            }],
            ..Self::silent()
        }
    }

    /// A bot that answers each message word by word.
    pub fn streaming_bot() -> Self {
        Self {
            on_message: vec![Rule {
                contains: None,
                steps: vec![Step::Stream {
                    text: "I have read your message, and this is my answer to it: {message}"
                        .to_owned(),
                    chunks: 10,
                    every: Duration::from_millis(100),
                }],
            }],
            ..Self::silent()
        }
    }

    /// The names of the scripts that are ready.
    pub const READY: &[&str] = &["silent", "greeter", "echo", "streaming-bot"];

    /// The ready script.
    pub fn ready(name: &str) -> Result<Self, crate::ControlError> {
        match name {
            "silent" => Ok(Self::silent()),
            "greeter" => Ok(Self::greeter()),
            "echo" => Ok(Self::echo()),
            "streaming-bot" => Ok(Self::streaming_bot()),
            _ => Err(crate::ControlError::Invalid(format!(
                "there is no script {name}"
            ))),
        }
    }

    /// Reads a script from JSON.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where when the text is not a script.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        Ok(serde_json::from_str(text)?)
    }
}

impl Default for Script {
    fn default() -> Self {
        Self::silent()
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
            Self::Transfer(_) => f.write_str("Transfer"),
            Self::Leave => f.write_str("Leave"),
            Self::End => f.write_str("End"),
        }
    }
}
