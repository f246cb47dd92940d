//! `POST /participant/transcript`

use serde_json::{Map, Value, json};

use super::ID_LENGTH;
use crate::body::Fields;
use crate::contact::Contact;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::item::Item;
use crate::page_token;
use crate::service::Service;
use crate::wall;

/// How many items a page has when MaxResults is absent or zero.
const PAGE: usize = 10;

/// What tokens hold for the gap before the first item of the chat itself. Gaps are counted from
/// there, because a chat can come to continue others while it goes on.
const FIRST: usize = 1 << 30;

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
    /// Between two items, those of earlier chats that this one continues included: 0 is before
    /// the first of all.
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
        let past = contact.history.items.len();
        let window = match fields.optional_text("ContactId", ID_LENGTH)? {
            None => 0..past + contact.items.len(),
            Some(id) => {
                let places = contact.places_of(id).ok_or_else(|| {
                    fields.invalid("ContactId", "is not in the chain of this contact")
                })?;
                past + places.start..past + places.end
            }
        };
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
            Some(Start { direction, gap }) => {
                let gap = gap.clamp(window.start, window.end);
                match direction {
                    Direction::Forward => (gap, gap.saturating_add(most).min(window.end)),
                    Direction::Backward => {
                        // A page has items of this chat or of earlier ones, not of both.
                        let floor = if gap > past { past } else { 0 };
                        (gap.saturating_sub(most).max(floor).max(window.start), gap)
                    }
                }
            }
        };
        let caller_id = contact
            .participants
            .get(caller.participant)
            .map_or("", |participant| participant.id.as_str());
        let mut items: Vec<Value> = (from..to)
            .filter_map(|place| match place.checked_sub(past) {
                Some(place) => contact
                    .items
                    .get(place)
                    .filter(|item| item.is_for(caller_id))
                    .map(|item| of_transcript(item)),
                None => contact.history.items.get(place).map(|item| of_past(item)),
            })
            .collect();
        if !ascending {
            items.reverse();
        }
        let next = match start.map(|start| start.direction) {
            Some(Direction::Forward) if to < window.end => Some((Direction::Forward, to)),
            Some(Direction::Backward) if from > window.start => Some((Direction::Backward, from)),
            Some(_) | None => None,
        };
        let mut answer = Map::new();
        answer.insert("InitialContactId".to_owned(), json!(contact.id));
        answer.insert("Transcript".to_owned(), Value::Array(items));
        if let Some((direction, gap)) = next {
            let gap = gap + FIRST - past;
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
    let past = contact.history.items.len();
    if let Some(token) = fields.optional_text("NextToken", 1..=1000)? {
        let (direction, gap) = page_token::open(secret, contact.page_key, token)
            .and_then(|(direction, gap)| Some((direction, (gap + past).checked_sub(FIRST)?)))
            .filter(|(_, gap)| *gap <= past + contact.items.len())
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
            gap: past + contact.items.len(),
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
    Ok(gap.map(|gap| Start {
        direction,
        gap: past + gap,
    }))
}

/// An item as a transcript has it: without what only sockets tell of it. The first contact of the
/// chain stands beside the items, and a message that was sent in chunks is one like any other.
fn of_transcript(item: &Item) -> Value {
    let metadata = item.message_metadata.as_ref();
    let was_streamed = metadata.is_some_and(|metadata| metadata.message_completed.is_some());
    let mut item = json!(item);
    if let Some(members) = item.as_object_mut() {
        members.remove("InitialContactId");
        if was_streamed {
            members.remove("MessageMetadata");
        }
    }
    item
}

/// An item of an earlier chat, as the transcript of a later one has it.
fn of_past(item: &Item) -> Value {
    let mut item = of_transcript(item);
    if let Some(members) = item.as_object_mut() {
        if let Some(contact_id) = members.remove("ContactId") {
            members.insert("RelatedContactId".to_owned(), contact_id);
        }
    }
    item
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
