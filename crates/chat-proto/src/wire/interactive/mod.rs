//! Interactive messages: templates that the customer answers by choosing.
//!
//! [`Item::interactive`] reads the one an item carries. The `reply` methods of the templates make
//! the customer's answer, ready for [`Session::send_message`](crate::Session::send_message).
//! [`InteractiveMessage::to_json`] writes a message, for bots and simulations.
//!
//! Reading takes what it can: unknown fields are passed over, counts beyond the service's limits
//! are accepted, and a template of an unknown type is kept. Writing checks the limits.

mod json;
mod limits;
mod reply;
mod template;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

pub use json::Json;
pub use reply::{CarouselReply, ViewReply};
pub use template::{
    Carousel, Element, ElementType, Image, ListPicker, Location, OtherTemplate, Panel, QuickReply,
    ReplyMessage, Template, TimePicker, Timeslot, ViewResource,
};

use crate::api::Draft;
use crate::error::{CommandError, ProtocolError};
use crate::wire::content_type::ContentType;
use crate::wire::item::Item;

const WHAT: &str = "the interactive message";
const VERSION: &str = "1.0";

/// A template with what is around it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct InteractiveMessage {
    /// What it shows.
    pub template: Template,
    /// What the answer names the template by; required for the elements of a carousel.
    pub template_identifier: Option<String>,
    /// The version of the template's form; `1.0` where none is given.
    pub version: String,
    /// What to show after a choice; one that cannot be read is left out, since the template can
    /// be answered without it.
    pub reply_message: Option<ReplyMessage>,
    /// The JSON it was read from; `None` for what was not read. It is not written again: what is
    /// written are the fields above.
    pub raw: Option<Arc<str>>,
}

impl InteractiveMessage {
    /// A message of this template.
    #[must_use]
    pub fn new(template: Template) -> Self {
        Self {
            template,
            template_identifier: None,
            version: VERSION.to_owned(),
            reply_message: None,
            raw: None,
        }
    }

    /// The same with this template identifier.
    #[must_use]
    pub fn with_identifier(mut self, identifier: impl Into<String>) -> Self {
        self.template_identifier = Some(identifier.into());
        self
    }

    /// Reads the content of an interactive message.
    ///
    /// # Errors
    /// [`ProtocolError`] when it is not a JSON object, or lacks a field without which its
    /// template has no meaning: the type, the title, the elements or time slots.
    pub fn parse(json: &str) -> Result<Self, ProtocolError> {
        Self::read(json, Place::Alone)
    }

    fn read(json: &str, place: Place) -> Result<Self, ProtocolError> {
        let envelope: Envelope<'_> = from_json(WHAT, json)?;
        let template_type = envelope
            .template_type
            .ok_or_else(|| missing("templateType"))?;
        let data = match envelope.data {
            Some(data) => data.get(),
            None => "{}",
        };
        let (template, reply_message) = match Known::from_name(&template_type, place) {
            Some(known) => {
                let data: Data<'_> = from_json("the data of the interactive message", data)?;
                let content = data.content.ok_or_else(|| missing("data.content"))?;
                let reply = data
                    .reply_message
                    .and_then(|reply| serde_json::from_str(reply.get()).ok());
                (known.read(content.get())?, reply)
            }
            None => {
                let other = OtherTemplate {
                    template_type,
                    json: Json::parse(json)?,
                };
                (Template::Other(other), None)
            }
        };
        Ok(Self {
            template,
            template_identifier: envelope.template_identifier,
            version: envelope.version.unwrap_or_else(|| VERSION.to_owned()),
            reply_message,
            raw: Some(json.into()),
        })
    }

    /// Writes it as the content of a message of type [`ContentType::Interactive`].
    ///
    /// # Errors
    /// [`CommandError`] naming the field and its limit when the service would not accept it.
    pub fn to_json(&self) -> Result<String, CommandError> {
        limits::message(self)?;
        let json = written(&Written(self))?;
        Draft::new(ContentType::Interactive, json.as_str()).check()?;
        Ok(json)
    }
}

impl fmt::Debug for InteractiveMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InteractiveMessage")
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}

impl Item {
    /// The interactive message it carries; `None` when it is something else.
    ///
    /// # Errors
    /// As [`InteractiveMessage::parse`], inside the option.
    #[must_use]
    pub fn interactive(&self) -> Option<Result<InteractiveMessage, ProtocolError>> {
        if self.content_type != Some(ContentType::Interactive) {
            return None;
        }
        Some(match &self.content {
            Some(content) => InteractiveMessage::parse(content),
            None => Err(missing("Content")),
        })
    }
}

/// Where a message stands. A carousel is looked into only when it stands alone: that bounds the
/// depth, whatever the peer sends.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Alone,
    InCarousel,
}

#[derive(Clone, Copy)]
enum Known {
    QuickReply,
    ListPicker,
    TimePicker,
    Panel,
    Carousel,
    ViewResource,
}

impl Known {
    fn from_name(name: &str, place: Place) -> Option<Self> {
        match name {
            "QuickReply" => Some(Self::QuickReply),
            "ListPicker" => Some(Self::ListPicker),
            "TimePicker" => Some(Self::TimePicker),
            "Panel" => Some(Self::Panel),
            "Carousel" if place == Place::Alone => Some(Self::Carousel),
            "ViewResource" => Some(Self::ViewResource),
            _ => None,
        }
    }

    fn read(self, content: &str) -> Result<Template, ProtocolError> {
        Ok(match self {
            Self::QuickReply => Template::QuickReply(from_json("the QuickReply", content)?),
            Self::ListPicker => Template::ListPicker(from_json("the ListPicker", content)?),
            Self::TimePicker => Template::TimePicker(from_json("the TimePicker", content)?),
            Self::Panel => Template::Panel(from_json("the Panel", content)?),
            Self::Carousel => Template::Carousel(carousel(content)?),
            Self::ViewResource => Template::ViewResource(from_json("the ViewResource", content)?),
        })
    }
}

fn carousel(content: &str) -> Result<Carousel, ProtocolError> {
    let wire: WireCarousel<'_> = from_json("the Carousel", content)?;
    let elements = wire
        .elements
        .into_iter()
        .map(|element| InteractiveMessage::read(element.get(), Place::InCarousel))
        .collect::<Result<_, _>>()?;
    Ok(Carousel {
        title: wire.title,
        omit_title_from_carousel_response: wire.omit_title_from_carousel_response == Some(true),
        elements,
    })
}

fn missing(field: &'static str) -> ProtocolError {
    ProtocolError::Missing { what: WHAT, field }
}

fn from_json<'a, T: Deserialize<'a>>(
    what: &'static str,
    json: &'a str,
) -> Result<T, ProtocolError> {
    serde_json::from_str(json).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ProtocolError::Json {
            what,
            problem: "a field that is needed is missing or of another type".to_owned(),
        },
        serde_json::error::Category::Io
        | serde_json::error::Category::Syntax
        | serde_json::error::Category::Eof => ProtocolError::json(what, &error),
    })
}

fn written<T: Serialize>(value: &T) -> Result<String, CommandError> {
    serde_json::to_string(value).map_err(|_| CommandError::Invalid {
        field: "Content",
        problem: "it cannot be written as JSON",
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    template_type: Option<String>,
    template_identifier: Option<String>,
    version: Option<String>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    reply_message: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireCarousel<'a> {
    title: String,
    omit_title_from_carousel_response: Option<bool>,
    #[serde(borrow)]
    elements: Vec<&'a RawValue>,
}

/// A message as it is written. Not `Serialize` for the message itself, which would write without
/// checking the limits.
struct Written<'a>(&'a InteractiveMessage);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let message = self.0;
        let content = match &message.template {
            Template::QuickReply(template) => WrittenContent::QuickReply(template),
            Template::ListPicker(template) => WrittenContent::ListPicker(template),
            Template::TimePicker(template) => WrittenContent::TimePicker(template),
            Template::Panel(template) => WrittenContent::Panel(template),
            Template::ViewResource(template) => WrittenContent::ViewResource(template),
            Template::Carousel(template) => WrittenContent::Carousel {
                title: &template.title,
                omit_title_from_carousel_response: template.omit_title_from_carousel_response,
                elements: template.elements.iter().map(Written).collect(),
            },
            Template::Other(other) => return other.json.serialize(serializer),
        };
        let message = WrittenMessage {
            template_identifier: message.template_identifier.as_deref(),
            template_type: message.template.template_type(),
            version: &message.version,
            data: WrittenData {
                reply_message: message.reply_message.as_ref(),
                content,
            },
        };
        message.serialize(serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    template_identifier: Option<&'a str>,
    template_type: &'a str,
    version: &'a str,
    data: WrittenData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_message: Option<&'a ReplyMessage>,
    content: WrittenContent<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenContent<'a> {
    QuickReply(&'a QuickReply),
    ListPicker(&'a ListPicker),
    TimePicker(&'a TimePicker),
    Panel(&'a Panel),
    ViewResource(&'a ViewResource),
    #[serde(rename_all = "camelCase")]
    Carousel {
        title: &'a str,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        omit_title_from_carousel_response: bool,
        elements: Vec<Written<'a>>,
    },
}
