//! The WebSocket's frames: topics, and what is said on them.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::ProtocolError;
use crate::wire::text::{Text, read_string};

/// Subscribes to the chat.
pub const SUBSCRIBE: &str = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;
/// The heartbeat, answered with itself.
pub const HEARTBEAT: &str = r#"{"topic":"aws/heartbeat"}"#;
/// The ping, or "deep heartbeat", answered with a status.
pub const PING: &str = r#"{"topic":"aws/ping"}"#;

/// A text frame from the service. Text is borrowed from the frame where it holds no escapes.
///
/// `Debug` shows an item's length only: what people write to each other stays out of logs.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame<'a> {
    /// The answer to [`SUBSCRIBE`].
    Subscribed {
        /// `success`, or something else for a failure.
        status: Cow<'a, str>,
    },
    /// The answer to [`HEARTBEAT`].
    Heartbeat,
    /// The answer to [`PING`].
    Pong {
        /// 200 when all is well; `None` when it was missing or no number.
        status_code: Option<u16>,
        /// `OK` when all is well.
        status_content: Option<Cow<'a, str>>,
    },
    /// An item of the chat.
    Chat {
        /// The item, as JSON.
        item: Cow<'a, str>,
    },
    /// A frame without a topic: the service refuses something.
    Refusal {
        /// The service's explanation, such as `Forbidden`.
        message: Cow<'a, str>,
    },
    /// A frame on a topic this version does not know.
    UnknownTopic {
        /// The topic.
        topic: Cow<'a, str>,
    },
    /// A frame with nothing in it.
    Empty,
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscribed { status } => write!(f, "Subscribed({status})"),
            Self::Heartbeat => f.write_str("Heartbeat"),
            Self::Pong { status_code, .. } => write!(f, "Pong({status_code:?})"),
            Self::Chat { item } => write!(f, "Chat({} bytes)", item.len()),
            Self::Refusal { message } => write!(f, "Refusal({message})"),
            Self::UnknownTopic { topic } => write!(f, "UnknownTopic({topic})"),
            Self::Empty => f.write_str("Empty"),
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    topic: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow, rename = "statusCode")]
    status_code: Option<&'a RawValue>,
    #[serde(borrow, rename = "statusContent")]
    status_content: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct SubscribeAnswer<'a> {
    #[serde(borrow)]
    status: Option<Text<'a>>,
}

impl<'a> Frame<'a> {
    /// Reads a text frame.
    ///
    /// # Errors
    /// [`ProtocolError`] when it is not JSON of the envelope's shape, has neither a topic nor a
    /// message, or is a chat frame without an item.
    pub fn parse(text: &'a str) -> Result<Self, ProtocolError> {
        const WHAT: &str = "the frame";
        if text.trim().is_empty() {
            return Ok(Self::Empty);
        }
        let envelope: Envelope<'a> =
            serde_json::from_str(text).map_err(|error| ProtocolError::json(WHAT, &error))?;
        let Some(Text(topic)) = envelope.topic else {
            return match envelope.message {
                Some(Text(message)) => Ok(Self::Refusal { message }),
                None => Err(ProtocolError::Missing {
                    what: WHAT,
                    field: "topic",
                }),
            };
        };
        match &*topic {
            "aws/subscribe" => {
                let answer = envelope
                    .content
                    .and_then(parse_lossy::<SubscribeAnswer<'a>>);
                let status = answer.and_then(|answer| answer.status);
                Ok(Self::Subscribed {
                    status: status.map_or(Cow::Borrowed("no status"), |Text(status)| status),
                })
            }
            "aws/heartbeat" => Ok(Self::Heartbeat),
            "aws/ping" => Ok(Self::Pong {
                status_code: envelope.status_code.and_then(parse_lossy),
                status_content: envelope
                    .status_content
                    .and_then(parse_lossy)
                    .map(|Text(content)| content),
            }),
            "aws/chat" => {
                let content = envelope.content.ok_or(ProtocolError::Missing {
                    what: "the chat frame",
                    field: "content",
                })?;
                let item = read_string(content.get())
                    .map_err(|error| ProtocolError::json("the chat frame's content", &error))?;
                Ok(Self::Chat { item })
            }
            _ => Ok(Self::UnknownTopic { topic }),
        }
    }
}

/// A part of the envelope that says less when it has another type, but breaks nothing.
fn parse_lossy<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    serde_json::from_str(raw.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_read() {
        let parse = |text| Frame::parse(text).unwrap();
        assert_eq!(
            parse(
                r#"{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}"#
            ),
            Frame::Subscribed {
                status: "success".into()
            }
        );
        assert_eq!(parse(r#"{"topic": "aws/heartbeat"}"#), Frame::Heartbeat);
        assert_eq!(
            parse(r#"{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}"#),
            Frame::Pong {
                status_code: Some(200),
                status_content: Some("OK".into())
            }
        );
        assert_eq!(
            parse(
                r#"{"topic":"aws/chat","contentType":"application/json","content":"{\"Id\":\"1\"}"}"#
            ),
            Frame::Chat {
                item: r#"{"Id":"1"}"#.into()
            }
        );
        assert_eq!(
            parse(r#"{"message":"Forbidden","connectionId":"a","requestId":"b"}"#),
            Frame::Refusal {
                message: "Forbidden".into()
            }
        );
        assert_eq!(
            parse(r#"{"topic":"aws/weather"}"#),
            Frame::UnknownTopic {
                topic: "aws/weather".into()
            }
        );
        assert_eq!(parse("  \n"), Frame::Empty);
    }

    #[test]
    fn parts_of_another_type_say_less_but_break_nothing() {
        assert_eq!(
            Frame::parse(r#"{"topic":"aws/ping","statusCode":"bad","statusContent":{}}"#).unwrap(),
            Frame::Pong {
                status_code: None,
                status_content: None
            }
        );
        assert_eq!(
            Frame::parse(r#"{"topic":"aws/subscribe","content":[1]}"#).unwrap(),
            Frame::Subscribed {
                status: "no status".into()
            }
        );
    }

    #[test]
    fn debug_does_not_show_what_was_written() {
        let frame = Frame::Chat {
            item: "secret".into(),
        };
        assert_eq!(format!("{frame:?}"), "Chat(6 bytes)");
    }

    #[test]
    fn what_is_no_frame_is_an_error_that_does_not_quote_it() {
        for text in [
            "<html>secret</html>",
            "{}",
            "[]",
            "\"secret\"",
            r#"{"topic":5}"#,
            r#"{"topic":"aws/chat"}"#,
            r#"{"topic":"aws/chat","content":{"Content":"secret"}}"#,
            "{\"topic\":\"aws/heartbeat\"",
        ] {
            let error = Frame::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"), "{error}");
        }
    }
}
