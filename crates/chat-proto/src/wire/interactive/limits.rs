//! What an interactive message must hold to be accepted; checked when one is written.

use crate::api::limits;
use crate::error::CommandError;
use crate::ids::ViewToken;
use crate::wire::AbsoluteTime;
use crate::wire::interactive::InteractiveMessage;
use crate::wire::interactive::template::{
    Carousel, Element, Location, Template, TimePicker, Timeslot, ViewResource,
};

/// Checks a message that stands for itself.
pub(super) fn message(message: &InteractiveMessage) -> Result<(), CommandError> {
    if let Template::Carousel(template) = &message.template {
        carousel(template)?;
        return envelope(message);
    }
    simple(message)
}

fn envelope(message: &InteractiveMessage) -> Result<(), CommandError> {
    not_empty("version", &message.version)?;
    match &message.reply_message {
        Some(reply) => not_empty("replyMessage.title", &reply.title),
        None => Ok(()),
    }
}

/// Everything but a carousel.
fn simple(message: &InteractiveMessage) -> Result<(), CommandError> {
    match &message.template {
        Template::QuickReply(template) => {
            not_empty("QuickReply.title", &template.title)?;
            count("QuickReply.elements", template.elements.len(), 1, 10)?;
            elements("QuickReply.elements.title", &template.elements)?;
        }
        Template::ListPicker(template) => {
            not_empty("ListPicker.title", &template.title)?;
            // The guide's own number; summaries by others say 10.
            count("ListPicker.elements", template.elements.len(), 1, 6)?;
            elements("ListPicker.elements.title", &template.elements)?;
        }
        Template::Panel(template) => {
            not_empty("Panel.title", &template.title)?;
            count("Panel.elements", template.elements.len(), 1, 10)?;
            elements("Panel.elements.title", &template.elements)?;
        }
        Template::TimePicker(template) => time_picker(template)?,
        Template::ViewResource(template) => view_resource(template)?,
        // It is written as it is, so there is nothing else to check.
        Template::Other(_) => return Ok(()),
        Template::Carousel(_) => {
            return Err(CommandError::Invalid {
                field: "Carousel.elements",
                problem: "only panels and list pickers can stand in a carousel",
            });
        }
    }
    envelope(message)
}

fn carousel(template: &Carousel) -> Result<(), CommandError> {
    const ELEMENTS: &str = "Carousel.elements";
    not_empty("Carousel.title", &template.title)?;
    count(ELEMENTS, template.elements.len(), 2, 5)?;
    for element in &template.elements {
        match &element.template {
            Template::Panel(_) | Template::ListPicker(_) => {}
            Template::QuickReply(_)
            | Template::TimePicker(_)
            | Template::Carousel(_)
            | Template::ViewResource(_)
            | Template::Other(_) => {
                return Err(CommandError::Invalid {
                    field: ELEMENTS,
                    problem: "only panels and list pickers can stand in a carousel",
                });
            }
        }
        let identifier = element.template_identifier.as_deref().unwrap_or_default();
        not_empty("Carousel.elements.templateIdentifier", identifier)?;
        simple(element)?;
    }
    Ok(())
}

fn elements(field: &'static str, elements: &[Element]) -> Result<(), CommandError> {
    for element in elements {
        not_empty(field, &element.title)?;
        if element.is_hyperlink() {
            not_empty("elements.url", element.url.as_deref().unwrap_or_default())?;
        }
    }
    Ok(())
}

fn time_picker(template: &TimePicker) -> Result<(), CommandError> {
    not_empty("TimePicker.title", &template.title)?;
    count("TimePicker.timeslots", template.timeslots.len(), 1, 40)?;
    template.timeslots.iter().try_for_each(timeslot)?;
    template.location.as_ref().map_or(Ok(()), location)
}

fn timeslot(slot: &Timeslot) -> Result<(), CommandError> {
    // The form says where the digits are; reading it says whether there is such a time.
    let form = "0000-00-00T00:00+00:00";
    let date = slot.date.as_str();
    let right = date.len() == form.len()
        && date.ends_with("+00:00")
        && form
            .bytes()
            .zip(date.bytes())
            .all(|(form, byte)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            })
        && AbsoluteTime::parse(date).is_some();
    if right {
        return Ok(());
    }
    Err(CommandError::Invalid {
        field: "TimePicker.timeslots.date",
        problem: "it is not a time in UTC as 2030-01-02T09:00+00:00",
    })
}

fn location(location: &Location) -> Result<(), CommandError> {
    not_empty("TimePicker.location.title", &location.title)?;
    // NaN is in no range.
    if !(-90.0..=90.0).contains(&location.latitude) {
        return Err(CommandError::Invalid {
            field: "TimePicker.location.latitude",
            problem: "it is not a number of degrees from -90 to 90",
        });
    }
    if !(-180.0..=180.0).contains(&location.longitude) {
        return Err(CommandError::Invalid {
            field: "TimePicker.location.longitude",
            problem: "it is not a number of degrees from -180 to 180",
        });
    }
    Ok(())
}

fn view_resource(template: &ViewResource) -> Result<(), CommandError> {
    let token = template.view_token.as_ref().map(ViewToken::expose);
    length("ViewResource.viewId", template.view_id.as_deref(), 500)?;
    length("ViewResource.viewToken", token, 1_000)
}

fn length(field: &'static str, text: Option<&str>, limit: usize) -> Result<(), CommandError> {
    text.map_or(Ok(()), |text| limits::length(field, text, limit))
}

fn not_empty(field: &'static str, text: &str) -> Result<(), CommandError> {
    if text.is_empty() {
        return Err(CommandError::Empty { field });
    }
    Ok(())
}

fn count(field: &'static str, actual: usize, from: usize, to: usize) -> Result<(), CommandError> {
    if (from..=to).contains(&actual) {
        return Ok(());
    }
    // What is counted is in memory, so its number fits.
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Err(CommandError::OutOfRange {
        field,
        actual: number(actual),
        from: number(from),
        to: number(to),
    })
}
