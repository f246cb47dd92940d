//! `POST /participant/transcript`

use serde_json::{Map, Value, json};

use super::ID_LENGTH;
use crate::body::Fields;
use crate::contact::Contact;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::page_token;
use crate::service::Service;
use crate::wall;

/// How many items a page has when MaxResults is absent or zero.
const PAGE: usize = 10;

/// Which way a page goes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To newer items.
    Forward,
    /// To older items.
    Backward,
}

const DIRECTIONS: [(&str, Direction); 2] = [
    ("FORWARD", Direction::Forward),
    ("BACKWARD", Direction::Backward),
];

/// Where a page begins and which way it goes.
#[derive(Debug, Clone, Copy)]
struct Start {
    direction: Direction,
    /// Between two items: 0 is before the first.
    gap: usize,
}

impl Service {
    pub(crate) fn get_transcript(
        &self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let contact = self
            .contacts
            .get(&caller.contact)
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        if let Some(id) = fields.optional_text("ContactId", ID_LENGTH)? {
            if id != contact.id {
                return Err(fields.invalid("ContactId", "is not in the chain of this contact"));
            }
        }
        let most = fields
            .optional_integer("MaxResults", 0..=100)?
            .and_then(|most| usize::try_from(most).ok())
            .filter(|most| *most > 0)
            .unwrap_or(PAGE);
        let ascending = fields
            .optional_choice("SortOrder", &[("ASCENDING", true), ("DESCENDING", false)])?
            .unwrap_or(false);
        let start = start(contact, fields, self.page_secret)?;

        let (from, to) = match start {
            None => (0, 0),
            Some(Start {
                direction: Direction::Forward,
                gap,
            }) => (gap, gap.saturating_add(most).min(contact.items.len())),
            Some(Start {
                direction: Direction::Backward,
                gap,
            }) => (gap.saturating_sub(most), gap),
        };
        let page = contact.items.get(from..to).unwrap_or_default();
        let items: Vec<Value> = if ascending {
            page.iter().map(|item| json!(**item)).collect()
        } else {
            page.iter().rev().map(|item| json!(**item)).collect()
        };
        let next = match start.map(|start| start.direction) {
            Some(Direction::Forward) if to < contact.items.len() => Some((Direction::Forward, to)),
            Some(Direction::Backward) if from > 0 => Some((Direction::Backward, from)),
            Some(_) | None => None,
        };
        let mut answer = Map::new();
        answer.insert("InitialContactId".to_owned(), json!(contact.id));
        answer.insert("Transcript".to_owned(), Value::Array(items));
        if let Some((direction, gap)) = next {
            let token = page_token::seal(self.page_secret, contact.page_key, direction, gap);
            answer.insert("NextToken".to_owned(), json!(token));
        }
        Ok(Value::Object(answer))
    }
}

/// Where the page begins; nothing when the start position names an unknown item.
fn start(contact: &Contact, fields: &Fields<'_>, secret: u64) -> Result<Option<Start>, Refusal> {
    let asked = fields.optional_choice("ScanDirection", &DIRECTIONS)?;
    let position = position(contact, fields)?;
    if let Some(token) = fields.optional_text("NextToken", 1..=1000)? {
        let (direction, gap) = page_token::open(secret, contact.page_key, token)
            .filter(|(_, gap)| *gap <= contact.items.len())
            .ok_or_else(|| fields.invalid("NextToken", "is not a token of this contact"))?;
        if asked.is_some_and(|asked| asked != direction) {
            return Err(fields.invalid("ScanDirection", "must be that of the NextToken"));
        }
        return Ok(Some(Start { direction, gap }));
    }
    let Some(position) = position else {
        if asked == Some(Direction::Forward) {
            return Err(Refusal::Invalid(
                "StartPosition is required when ScanDirection is FORWARD.".to_owned(),
            ));
        }
        return Ok(Some(Start {
            direction: Direction::Backward,
            gap: contact.items.len(),
        }));
    };
    let direction = asked.unwrap_or(Direction::Forward);
    let gap = match position {
        // The item that is named is part of the page, whichever way it goes.
        Position::Item(place) => place.map(|place| place + usize::from(backward(direction))),
        Position::Time(time) => {
            let in_time = |milliseconds: &u64| {
                let item = i128::from(*milliseconds) * 1_000_000;
                item < time || (backward(direction) && item == time)
            };
            Some(contact.item_times.partition_point(in_time))
        }
        Position::MostRecent(number) => {
            let place = contact.items.len().saturating_sub(number.max(1));
            let last = contact.items.len();
            Some((place + usize::from(backward(direction))).min(last))
        }
    };
    Ok(gap.map(|gap| Start { direction, gap }))
}

fn backward(direction: Direction) -> bool {
    direction == Direction::Backward
}

/// A start position.
enum Position {
    /// The place of an item; nothing when no item has the id.
    Item(Option<usize>),
    /// Nanoseconds since 1970.
    Time(i128),
    /// The so-and-so-many newest item, from 1.
    MostRecent(usize),
}

fn position(contact: &Contact, fields: &Fields<'_>) -> Result<Option<Position>, Refusal> {
    let Some(start) = fields.optional_object("StartPosition")? else {
        return Ok(None);
    };
    let id = start.optional_text("Id", ID_LENGTH)?;
    let time = start.optional_text("AbsoluteTime", 1..=100)?;
    let most_recent = start.optional_integer("MostRecent", 0..=100)?;
    match (id, time, most_recent) {
        (None, None, None) => Ok(None),
        (Some(id), None, None) => Ok(Some(Position::Item(contact.position(id)))),
        (None, Some(time), None) => match wall::parse(time) {
            Some(time) => Ok(Some(Position::Time(time))),
            None => Err(start.invalid("AbsoluteTime", "must be an ISO 8601 timestamp")),
        },
        (None, None, Some(number)) => Ok(Some(Position::MostRecent(
            usize::try_from(number).unwrap_or(0),
        ))),
        _ => Err(fields.invalid(
            "StartPosition",
            "must have one of Id, AbsoluteTime and MostRecent",
        )),
    }
}
