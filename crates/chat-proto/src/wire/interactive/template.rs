//! The templates of interactive messages and their parts, with the service's names.
//!
//! The service's limits on the lengths of titles and subtitles are the displaying client's task
//! (it shortens them), so they are not checked here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::ViewToken;
use crate::wire::interactive::InteractiveMessage;
use crate::wire::interactive::json::Json;
use crate::wire::open_enum::open_enum;

/// What an interactive message shows.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Template {
    /// Short answers to choose from.
    QuickReply(QuickReply),
    /// A list to choose from, each element with its own subtitle and image.
    ListPicker(ListPicker),
    /// Times to choose from.
    TimePicker(TimePicker),
    /// Choices under one image.
    Panel(Panel),
    /// Panels or list pickers side by side.
    Carousel(Carousel),
    /// A view, such as a form.
    ViewResource(ViewResource),
    /// A template this version does not know.
    Other(OtherTemplate),
}

impl Template {
    /// The service's name of it (`templateType`).
    #[must_use]
    pub fn template_type(&self) -> &str {
        match self {
            Self::QuickReply(_) => "QuickReply",
            Self::ListPicker(_) => "ListPicker",
            Self::TimePicker(_) => "TimePicker",
            Self::Panel(_) => "Panel",
            Self::Carousel(_) => "Carousel",
            Self::ViewResource(_) => "ViewResource",
            Self::Other(other) => &other.template_type,
        }
    }
}

/// Short answers to choose from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct QuickReply {
    /// What is asked.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// The answers: 1 to 10 (Apple Messages for Business shows 5).
    pub elements: Vec<Element>,
}

/// A list to choose from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListPicker {
    /// What is asked.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// A picture above the list.
    #[serde(flatten)]
    pub image: Option<Image>,
    /// The list: 1 to 6 elements.
    pub elements: Vec<Element>,
}

/// Choices under one image.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Panel {
    /// What is asked.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// A picture above the choices.
    #[serde(flatten)]
    pub image: Option<Image>,
    /// The choices: 1 to 10.
    pub elements: Vec<Element>,
}

/// One choice of a [`QuickReply`], [`ListPicker`] or [`Panel`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Element {
    /// What it says.
    pub title: String,
    /// More about it; shown in list pickers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// A picture; shown in list pickers.
    #[serde(flatten)]
    pub image: Option<Image>,
    /// What it does when it is chosen; `None` means [`ElementType::Action`].
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub element_type: Option<ElementType>,
    /// Where a hyperlink leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Element {
    /// A choice that is answered with its title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            image: None,
            element_type: None,
            url: None,
        }
    }

    /// A link, for the panels and list pickers of a [`Carousel`]: it is opened, not answered.
    #[must_use]
    pub fn hyperlink(title: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            element_type: Some(ElementType::Hyperlink),
            url: Some(url.into()),
            ..Self::new(title)
        }
    }

    /// Whether it is a link, which is opened and not answered.
    #[must_use]
    pub fn is_hyperlink(&self) -> bool {
        self.element_type == Some(ElementType::Hyperlink)
    }
}

open_enum! {
    /// What an element does when it is chosen.
    ElementType {
        /// It is the answer.
        Action = "action",
        /// It opens a link.
        Hyperlink = "hyperlink",
    }
}

impl Serialize for ElementType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ElementType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// A picture.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Image {
    /// How `image_data` is meant; `URL` is the only way documented.
    #[serde(default = "Image::by_url")]
    pub image_type: String,
    /// The picture's URL.
    pub image_data: String,
    /// What it shows, for those who cannot see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_description: Option<String>,
}

impl Image {
    /// The picture behind this URL.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            image_type: Self::by_url(),
            image_data: url.into(),
            image_description: None,
        }
    }

    fn by_url() -> String {
        "URL".to_owned()
    }
}

/// Times to choose from.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TimePicker {
    /// What is asked.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// In which zone to show the times: minutes from UTC; `None` leaves it to the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone_offset: Option<i64>,
    /// Where to be at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// The times: 1 to 40.
    pub timeslots: Vec<Timeslot>,
}

/// A place.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Location {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// What it is called.
    pub title: String,
    /// How large it is; the service documents no unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<u64>,
}

impl Location {
    /// The place at this latitude and longitude, in degrees.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64, title: impl Into<String>) -> Self {
        Self {
            latitude,
            longitude,
            title: title.into(),
            radius: None,
        }
    }
}

/// A time to choose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Timeslot {
    /// When it begins, as `2030-01-02T09:00+00:00`: in UTC and without seconds.
    pub date: String,
    /// How long it lasts; the service documents no unit.
    pub duration: u64,
}

impl Timeslot {
    /// The time from this date on.
    #[must_use]
    pub fn new(date: impl Into<String>, duration: u64) -> Self {
        Self {
            date: date.into(),
            duration,
        }
    }
}

/// Panels or list pickers side by side.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Carousel {
    /// What is asked.
    pub title: String,
    /// Whether the answer is to go without a title. Which title, and where, is not verified:
    /// [`Carousel::reply`] writes the same answer either way, because one that lacks a field is
    /// not recognised as an answer.
    pub omit_title_from_carousel_response: bool,
    /// 2 to 5 panels or list pickers, each with a template identifier. A carousel inside a
    /// carousel is not looked into: it is [`Template::Other`].
    pub elements: Vec<InteractiveMessage>,
}

/// A view to show, such as a form.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ViewResource {
    /// Which view: 1 to 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view_id: Option<String>,
    /// What DescribeView wants to describe it: 1 to 1,000 characters.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "written_view_token"
    )]
    pub view_token: Option<ViewToken>,
    /// What to fill it with. JSON's `null` is read as `None`, here and below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view_data: Option<Json>,
    /// What can be done in it.
    #[serde(rename = "Actions", skip_serializing_if = "Option::is_none")]
    pub actions: Option<Json>,
    /// The JSON schema of `view_data`.
    #[serde(rename = "InputSchema", skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Json>,
    /// How it is laid out.
    #[serde(rename = "Template", skip_serializing_if = "Option::is_none")]
    pub template: Option<Json>,
}

/// The token is part of the message, so writing the message is the one place that shows it.
fn written_view_token<S: Serializer>(
    token: &Option<ViewToken>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    token.as_ref().map(ViewToken::expose).serialize(serializer)
}

/// A template this version does not know.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherTemplate {
    /// The service's name of it.
    pub template_type: String,
    /// The whole message. When the message is written, it is written as this, and nothing else.
    pub json: Json,
}

/// What is shown after a choice.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ReplyMessage {
    /// What it says.
    pub title: String,
    /// More about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// A picture; shown after list pickers.
    #[serde(flatten)]
    pub image: Option<Image>,
}

impl ReplyMessage {
    /// A reply message of this title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            image: None,
        }
    }
}

impl QuickReply {
    /// Asks `title`, with these answers.
    #[must_use]
    pub fn new(title: impl Into<String>, elements: Vec<Element>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            elements,
        }
    }
}

impl ListPicker {
    /// Asks `title`, with this list.
    #[must_use]
    pub fn new(title: impl Into<String>, elements: Vec<Element>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            image: None,
            elements,
        }
    }
}

impl Panel {
    /// Asks `title`, with these choices.
    #[must_use]
    pub fn new(title: impl Into<String>, elements: Vec<Element>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            image: None,
            elements,
        }
    }
}

impl TimePicker {
    /// Asks `title`, with these times.
    #[must_use]
    pub fn new(title: impl Into<String>, timeslots: Vec<Timeslot>) -> Self {
        Self {
            title: title.into(),
            subtitle: None,
            time_zone_offset: None,
            location: None,
            timeslots,
        }
    }
}

impl Carousel {
    /// Asks `title`, with these panels or list pickers.
    #[must_use]
    pub fn new(title: impl Into<String>, elements: Vec<InteractiveMessage>) -> Self {
        Self {
            title: title.into(),
            omit_title_from_carousel_response: false,
            elements,
        }
    }
}

/// `Debug` that shows how many parts there are; what they say stays out of logs.
macro_rules! debug_without_texts {
    ($( $name:ident $(, $list:ident)?; )+) => {
        $(
            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.debug_struct(stringify!($name))
                        $( .field(stringify!($list), &self.$list.len()) )?
                        .finish_non_exhaustive()
                }
            }
        )+
    };
}

debug_without_texts! {
    QuickReply, elements;
    ListPicker, elements;
    TimePicker, timeslots;
    Panel, elements;
    Carousel, elements;
    ViewResource;
    OtherTemplate;
    Element;
    Image;
    Location;
    Timeslot;
    ReplyMessage;
}
