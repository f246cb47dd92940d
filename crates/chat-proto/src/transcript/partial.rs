//! Messages that are still being written: their parts, put together by number, whatever order
//! they arrive in.
//!
//! What can be shown of such a message is what its parts say without a hole from the first one
//! on. Parts after a hole wait. When the whole message has come, its parts are forgotten.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::ids::ItemId;
use crate::wire::Item;

/// The most messages put together at a time. A bot writes one after the other; of those that are
/// never completed, the ones begun first make room.
const OPEN_LIMIT: usize = 32;
/// The most parts of a message that wait for one before them.
const WAITING_LIMIT: usize = 256;
/// The most bytes of a message that are put together: four times the 16,384 that the service
/// takes in a message.
const BYTES_LIMIT: usize = 65_536;

/// What a part is to its message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// With it, there is more to show.
    Grows,
    /// New, and to be shown when those before it have come.
    Waits,
    /// It has come before.
    Known,
    /// It has no number, or there is no room for it.
    Apart,
}

#[derive(Clone, Debug)]
struct Partial {
    /// The first part, which gives the message its place.
    first: Option<Arc<Item>>,
    /// What the parts before `next` say.
    text: String,
    /// The number of the first part that has not come.
    next: u64,
    waiting: BTreeMap<u64, String>,
    /// Of the text and of what waits.
    bytes: usize,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Partials {
    open: BTreeMap<ItemId, Partial>,
    /// Those open, in the order in which they were begun.
    order: VecDeque<ItemId>,
}

impl Partials {
    pub(super) const fn new() -> Self {
        Self {
            open: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }

    /// A part has come.
    pub(super) fn take(&mut self, id: &ItemId, item: &Arc<Item>) -> Part {
        let number = item.metadata.as_ref().and_then(|data| data.chunk_number);
        let Some(number) = number.filter(|number| *number > 0) else {
            return Part::Apart;
        };
        if !self.open.contains_key(id) {
            self.order.push_back(id.clone());
            if self.order.len() > OPEN_LIMIT {
                if let Some(oldest) = self.order.pop_front() {
                    self.open.remove(&oldest);
                }
            }
        }
        let partial = self.open.entry(id.clone()).or_insert_with(Partial::new);
        partial.take(number, item)
    }

    /// The message as far as it can be shown: the first part, with the text of those that follow.
    pub(super) fn so_far(&self, id: &ItemId) -> Option<Item> {
        let partial = self.open.get(id)?;
        let mut item = Item::clone(partial.first.as_ref()?);
        item.content = Some(partial.text.clone());
        item.raw = None;
        if let Some(metadata) = &mut item.metadata {
            metadata.chunk_number = Some(partial.next - 1);
        }
        Some(item)
    }

    /// The message is complete: whether it was being put together.
    pub(super) fn close(&mut self, id: &ItemId) -> bool {
        let was_open = self.open.remove(id).is_some();
        if was_open {
            self.order.retain(|open| open != id);
        }
        was_open
    }
}

impl Partial {
    const fn new() -> Self {
        Self {
            first: None,
            text: String::new(),
            next: 1,
            waiting: BTreeMap::new(),
            bytes: 0,
        }
    }

    fn take(&mut self, number: u64, item: &Arc<Item>) -> Part {
        if number < self.next || self.waiting.contains_key(&number) {
            return Part::Known;
        }
        let text = item.content.as_deref().unwrap_or_default();
        let is_next = number == self.next;
        if self.bytes + text.len() > BYTES_LIMIT
            || (!is_next && self.waiting.len() >= WAITING_LIMIT)
        {
            return Part::Apart;
        }
        self.bytes += text.len();
        if !is_next {
            self.waiting.insert(number, text.to_owned());
            return Part::Waits;
        }
        if number == 1 {
            self.first = Some(Arc::clone(item));
        }
        self.text.push_str(text);
        self.next += 1;
        while let Some(text) = self.waiting.remove(&self.next) {
            self.text.push_str(&text);
            self.next += 1;
        }
        Part::Grows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(id: &str, number: u64, text: &str) -> (ItemId, Arc<Item>) {
        let json = format!(
            r#"{{"Type":"MESSAGE","Id":"{id}","Content":"{text}",
                "MessageMetadata":{{"MessageCompleted":false,"ChunkNumber":{number}}}}}"#
        );
        (id.into(), Arc::new(Item::parse(&json).unwrap()))
    }

    fn take(partials: &mut Partials, id: &str, number: u64, text: &str) -> Part {
        let (id, item) = part(id, number, text);
        partials.take(&id, &item)
    }

    fn text(partials: &Partials, id: &str) -> Option<String> {
        partials.so_far(&id.into()).and_then(|item| item.content)
    }

    #[test]
    fn parts_after_a_hole_wait_for_it_to_be_filled() {
        let mut partials = Partials::new();
        assert_eq!(take(&mut partials, "m", 3, "c"), Part::Waits);
        assert_eq!(text(&partials, "m"), None);
        assert_eq!(take(&mut partials, "m", 1, "a"), Part::Grows);
        assert_eq!(text(&partials, "m").as_deref(), Some("a"));
        assert_eq!(take(&mut partials, "m", 3, "c"), Part::Known);
        assert_eq!(take(&mut partials, "m", 2, "b"), Part::Grows);
        assert_eq!(text(&partials, "m").as_deref(), Some("abc"));
        assert_eq!(take(&mut partials, "m", 1, "a"), Part::Known);
    }

    #[test]
    fn what_has_no_number_stands_apart() {
        let json = r#"{"Type":"MESSAGE","Id":"m","MessageMetadata":{"MessageCompleted":false}}"#;
        let item = Arc::new(Item::parse(json).unwrap());
        let mut partials = Partials::new();
        assert_eq!(partials.take(&"m".into(), &item), Part::Apart);
        assert_eq!(take(&mut partials, "m", 0, "a"), Part::Apart);
        assert!(partials.open.is_empty());
    }

    #[test]
    fn messages_that_are_never_completed_do_not_pile_up() {
        let mut partials = Partials::new();
        for number in 0..1_000 {
            take(&mut partials, &format!("m{number}"), 1, "a");
        }
        assert_eq!(partials.open.len(), OPEN_LIMIT);
        assert_eq!(partials.order.len(), OPEN_LIMIT);
        assert!(text(&partials, "m999").is_some() && text(&partials, "m0").is_none());
        for number in 0..1_000 {
            partials.close(&format!("m{number}").as_str().into());
        }
        assert!(partials.open.is_empty() && partials.order.is_empty());
    }

    #[test]
    fn one_message_does_not_grow_without_end() {
        let mut partials = Partials::new();
        for number in 2..1_000 {
            take(&mut partials, "m", number, "a");
        }
        assert_eq!(partials.open[&"m".into()].waiting.len(), WAITING_LIMIT);
        assert_eq!(take(&mut partials, "m", 1, "a"), Part::Grows);
        let long = "x".repeat(BYTES_LIMIT);
        assert_eq!(take(&mut partials, "m", 1_000, &long), Part::Apart);
    }
}
