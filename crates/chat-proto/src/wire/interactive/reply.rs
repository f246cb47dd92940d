//! What the customer sends back for each template.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::Draft;
use crate::error::{CommandError, ProtocolError};
use crate::wire::content_type::ContentType;
use crate::wire::interactive::json::Json;
use crate::wire::interactive::template::{
    Carousel, Element, ListPicker, Panel, QuickReply, Template, TimePicker,
};
use crate::wire::interactive::{VERSION, from_json, written};

const VIEW_RESOURCE: &str = "ViewResource";

impl QuickReply {
    /// The answer that chooses the element at this index: its title as plain text.
    ///
    /// The service documents no form for it; plain text is what every chat accepts.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] when there is no such element or it is a hyperlink, and the
    /// errors of [`Draft::check`].
    pub fn reply(&self, element: usize) -> Result<Draft, CommandError> {
        title("QuickReply.elements", &self.elements, element)
    }
}

impl ListPicker {
    /// The answer that chooses the element at this index: its title as plain text.
    ///
    /// The service documents no form for it; plain text is what every chat accepts. Inside a
    /// carousel use [`Carousel::reply`].
    ///
    /// # Errors
    /// [`CommandError::Invalid`] when there is no such element or it is a hyperlink, and the
    /// errors of [`Draft::check`].
    pub fn reply(&self, element: usize) -> Result<Draft, CommandError> {
        title("ListPicker.elements", &self.elements, element)
    }
}

impl Panel {
    /// The answer that chooses the element at this index: its title as plain text.
    ///
    /// The service documents no form for it; plain text is what every chat accepts. Inside a
    /// carousel use [`Carousel::reply`].
    ///
    /// # Errors
    /// [`CommandError::Invalid`] when there is no such element or it is a hyperlink, and the
    /// errors of [`Draft::check`].
    pub fn reply(&self, element: usize) -> Result<Draft, CommandError> {
        title("Panel.elements", &self.elements, element)
    }
}

impl TimePicker {
    /// The answer that chooses the time slot at this index: its date, as the template wrote it,
    /// as plain text.
    ///
    /// The service documents no form for it. A time slot has no title, and its date is the one
    /// text that names it in every language and time zone.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] when there is no such time slot, and the errors of
    /// [`Draft::check`].
    pub fn reply(&self, timeslot: usize) -> Result<Draft, CommandError> {
        let slot = self.timeslots.get(timeslot).ok_or(CommandError::Invalid {
            field: "TimePicker.timeslots",
            problem: "there is no time slot at this index",
        })?;
        checked(Draft::text(slot.date.as_str()))
    }
}

impl Carousel {
    /// The answer that chooses the element at index `choice` of the panel or list picker at
    /// index `element`; [`CarouselReply::to_draft`] makes it a message.
    ///
    /// # Errors
    /// [`CommandError::Invalid`] when there is no such element, it is a hyperlink, or what it
    /// stands in is neither a panel nor a list picker or has no template identifier.
    pub fn reply(&self, element: usize, choice: usize) -> Result<CarouselReply, CommandError> {
        const FIELD: &str = "Carousel.elements";
        let invalid = |problem| CommandError::Invalid {
            field: FIELD,
            problem,
        };
        let message = self
            .elements
            .get(element)
            .ok_or_else(|| invalid("there is no element at this index"))?;
        let (list_title, choices) = match &message.template {
            Template::Panel(panel) => (&panel.title, &panel.elements),
            Template::ListPicker(list) => (&list.title, &list.elements),
            Template::QuickReply(_)
            | Template::TimePicker(_)
            | Template::Carousel(_)
            | Template::ViewResource(_)
            | Template::Other(_) => {
                return Err(invalid(
                    "only panels and list pickers of a carousel are answered",
                ));
            }
        };
        let identifier = message
            .template_identifier
            .as_deref()
            .ok_or_else(|| invalid("it has no templateIdentifier, so it cannot be answered"))?;
        Ok(CarouselReply {
            template_identifier: identifier.to_owned(),
            list_title: list_title.clone(),
            selection_text: chosen(FIELD, choices, choice)?.title.clone(),
        })
    }
}

/// The answer to a [`Carousel`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CarouselReply {
    /// Which panel or list picker.
    pub template_identifier: String,
    /// Its title.
    pub list_title: String,
    /// The title of what was chosen in it.
    pub selection_text: String,
}

impl CarouselReply {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`ProtocolError`] when it is not a JSON object with these three texts.
    pub fn parse(json: &str) -> Result<Self, ProtocolError> {
        from_json("the answer to a Carousel", json)
    }

    /// The message that gives the answer: its JSON as plain text.
    ///
    /// The JSON is what other clients send. Its content type is not documented; plain text is
    /// what every chat accepts.
    ///
    /// # Errors
    /// The errors of [`Draft::check`].
    pub fn to_draft(&self) -> Result<Draft, CommandError> {
        checked(Draft::text(written(self)?))
    }
}

/// The answer to a [`ViewResource`](super::ViewResource).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewReply {
    /// What was done in the view; at least one character.
    pub action: String,
    /// What was filled in.
    pub data: Json,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadViewReply {
    template_type: String,
    action: String,
    #[serde(default)]
    data: Json,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenViewReply<'a> {
    template_type: &'a str,
    version: &'a str,
    action: &'a str,
    data: &'a Json,
}

impl ViewReply {
    /// This action, with this data.
    #[must_use]
    pub fn new(action: impl Into<String>, data: Json) -> Self {
        Self {
            action: action.into(),
            data,
        }
    }

    /// Reads the content of an answer.
    ///
    /// # Errors
    /// [`ProtocolError`] when it is not the answer to a view or has no action.
    pub fn parse(json: &str) -> Result<Self, ProtocolError> {
        const WHAT: &str = "the answer to a ViewResource";
        let wire: ReadViewReply = from_json(WHAT, json)?;
        if wire.template_type != VIEW_RESOURCE {
            return Err(ProtocolError::Json {
                what: WHAT,
                problem: "its templateType is another".to_owned(),
            });
        }
        Ok(Self {
            action: wire.action,
            data: wire.data,
        })
    }

    /// The message that gives the answer, of type [`ContentType::InteractiveResponse`]. The chat
    /// must have been started with support for that type.
    ///
    /// # Errors
    /// [`CommandError::Empty`] when the action is empty, and the errors of [`Draft::check`].
    pub fn to_draft(&self) -> Result<Draft, CommandError> {
        if self.action.is_empty() {
            return Err(CommandError::Empty { field: "action" });
        }
        let json = written(&WrittenViewReply {
            template_type: VIEW_RESOURCE,
            version: VERSION,
            action: &self.action,
            data: &self.data,
        })?;
        checked(Draft::new(ContentType::InteractiveResponse, json))
    }
}

fn title(field: &'static str, elements: &[Element], index: usize) -> Result<Draft, CommandError> {
    checked(Draft::text(chosen(field, elements, index)?.title.as_str()))
}

fn chosen<'a>(
    field: &'static str,
    elements: &'a [Element],
    index: usize,
) -> Result<&'a Element, CommandError> {
    match elements.get(index) {
        Some(element) if element.is_hyperlink() => Err(CommandError::Invalid {
            field,
            problem: "the element is a hyperlink, which is opened and not answered",
        }),
        Some(element) => Ok(element),
        None => Err(CommandError::Invalid {
            field,
            problem: "there is no element at this index",
        }),
    }
}

fn checked(draft: Draft) -> Result<Draft, CommandError> {
    draft.check()?;
    Ok(draft)
}

impl fmt::Debug for CarouselReply {
    /// What it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CarouselReply").finish_non_exhaustive()
    }
}

impl fmt::Debug for ViewReply {
    /// What it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ViewReply").finish_non_exhaustive()
    }
}
