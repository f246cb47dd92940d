//! What a session has told, against what the service has recorded. It takes the same room however
//! long they talk, but for a bit for each message.

use std::hash::{DefaultHasher, Hash, Hasher};

use chat_driver::chat_proto::{Event, ItemKind, LocalId, ReceivedItem};
use serde::{Deserialize, Serialize};

/// How many problems of one session are kept.
const PROBLEMS: usize = 5;

/// Which messages of one side were there: each carries its number, from 1 upwards.
#[derive(Default)]
pub(crate) struct Numbers {
    seen: Vec<u64>,
    /// How many different ones.
    pub(crate) count: u64,
    /// How many came again.
    pub(crate) repeated: u64,
    /// Whether each was greater by one than the one before.
    pub(crate) out_of_order: bool,
}

impl Numbers {
    /// A message with this text.
    pub(crate) fn note(&mut self, text: &str) {
        let number = text.split(' ').next().and_then(|word| word.parse().ok());
        let number: usize = number.unwrap_or_default();
        let (word, bit) = (number / 64, 1 << (number % 64));
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        if self.seen[word] & bit == 0 {
            self.seen[word] |= bit;
            self.count += 1;
        } else {
            self.repeated += 1;
        }
        self.out_of_order |= self.count != number as u64;
    }
}

/// A set of items, in which the order does not matter.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Items {
    count: u64,
    sum: u64,
}

impl Items {
    pub(crate) fn add(&mut self, id: &str) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(hash(id));
    }
}

/// A list of items, in which it does.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Sequence {
    count: u64,
    chain: u64,
}

impl Sequence {
    pub(crate) fn add(&mut self, id: &str) {
        self.count += 1;
        self.chain = hash((self.chain, id));
    }
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new(); // the same in both processes
    value.hash(&mut hasher);
    hasher.finish()
}

/// What the service has recorded of a chat.
#[derive(Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) contact: String,
    /// How many different messages the customer has sent.
    pub(crate) customer: u64,
    /// How many of them came again.
    pub(crate) repeated: u64,
    /// Whether they are in another order than that of their numbers.
    pub(crate) out_of_order: bool,
    /// The ids of the customer's messages.
    pub(crate) ids: Sequence,
    /// How many messages the agent has sent.
    pub(crate) agent: u64,
    /// Everything in the transcript.
    pub(crate) items: Items,
}

/// What a session has told.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Of which chat, once it is started.
    pub(crate) contact: Option<String>,
    pub(crate) connected: bool,
    pub(crate) ended: bool,
    /// How many messages the application has given to it.
    pub(crate) sent: u64,
    confirmed: Sequence,
    last_confirmed: Option<LocalId>,
    own: Numbers,
    agent: Numbers,
    items: Items,
    pub(crate) reconnects: u64,
    problems: Vec<String>,
}

/// What does not agree.
#[derive(Default)]
pub(crate) struct Difference {
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) problems: Vec<String>,
}

impl Difference {
    pub(crate) fn is_none(&self) -> bool {
        self.lost == 0 && self.duplicated == 0 && self.problems.is_empty()
    }
}

impl Ledger {
    pub(crate) fn confirmed(&self) -> u64 {
        self.confirmed.count
    }

    /// How many messages of the agent have come.
    pub(crate) fn received(&self) -> u64 {
        self.agent.count
    }

    pub(crate) fn problem(&mut self, problem: String) {
        if self.problems.len() < PROBLEMS {
            self.problems.push(problem);
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "an application picks the events it wants"
    )]
    pub(crate) fn note(&mut self, event: &Event) {
        match event {
            Event::Item(received) => self.note_item(received),
            Event::MessageSent { local_id, id, .. } => {
                if self.last_confirmed >= Some(*local_id) {
                    self.problem(format!("{local_id} was confirmed late or again"));
                }
                self.last_confirmed = Some(*local_id);
                self.confirmed.add(id.as_str());
            }
            Event::MessageFailed {
                local_id, error, ..
            } => self.problem(format!("{local_id} was not sent: {error}")),
            Event::Reestablished => self.reconnects += 1,
            Event::GapUnresolved(error) => self.problem(format!("a gap is left: {error:?}")),
            Event::Ended(_) => self.ended = true,
            _ => {}
        }
    }

    fn note_item(&mut self, received: &ReceivedItem) {
        if received.kind == ItemKind::Typing {
            return; // it is not recorded
        }
        let item = &received.item;
        self.items
            .add(item.id.as_ref().map_or("", |id| id.as_str()));
        if received.kind == ItemKind::Message {
            let numbers = if received.own {
                &mut self.own
            } else {
                &mut self.agent
            };
            numbers.note(item.content.as_deref().unwrap_or_default());
        }
    }

    /// What does not agree with the record, once nothing is under way any more.
    pub(crate) fn compare(&self, record: &Record) -> Difference {
        let mut difference = Difference {
            lost: self.sent.abs_diff(record.customer)
                + record.customer.abs_diff(self.own.count)
                + record.agent.abs_diff(self.agent.count),
            duplicated: record.repeated + self.own.repeated + self.agent.repeated,
            problems: self.problems.clone(),
        };
        let mut check = |is_so: bool, problem: String| {
            if !is_so {
                difference.problems.push(problem);
            }
        };
        let (sent, confirmed) = (self.sent, self.confirmed.count);
        check(!self.ended, "the session has ended".to_owned());
        check(!record.out_of_order, "recorded in another order".to_owned());
        check(
            sent == confirmed,
            format!("{confirmed} of {sent} messages are confirmed"),
        );
        check(
            self.confirmed == record.ids,
            "what was confirmed is not what was recorded, in its order".to_owned(),
        );
        let (told, there) = (self.items.count, record.items.count);
        check(
            self.items == record.items,
            format!("the {told} items that were told are not the {there} that are recorded"),
        );
        difference
    }
}

#[cfg(test)]
mod tests {
    use chat_driver::chat_proto::EndReason;

    use super::*;

    /// What the service has of these messages, as if each had its text for an id.
    fn recorded(customer: &[&str], agent: u64) -> Record {
        let (mut numbers, mut ids, mut items) =
            (Numbers::default(), Sequence::default(), Items::default());
        for text in customer {
            numbers.note(text);
            ids.add(text);
            items.add(text);
        }
        Record {
            contact: String::new(),
            customer: numbers.count,
            repeated: numbers.repeated,
            out_of_order: numbers.out_of_order,
            ids,
            agent,
            items,
        }
    }

    /// What a session has told of these messages.
    fn told(sent: u64, confirmed: &[&str], own: &[&str]) -> Ledger {
        let mut ledger = Ledger {
            sent,
            ..Ledger::default()
        };
        for text in confirmed {
            ledger.confirmed.add(text);
        }
        for text in own {
            ledger.own.note(text);
            ledger.items.add(text);
        }
        ledger
    }

    fn difference(ledger: &Ledger, record: &Record) -> (u64, u64, bool) {
        let found = ledger.compare(record);
        assert_eq!(
            found.is_none(),
            found.lost + found.duplicated == 0 && found.problems.is_empty()
        );
        (found.lost, found.duplicated, !found.problems.is_empty())
    }

    #[test]
    fn what_agrees_is_no_difference() {
        let ledger = told(3, &["1 x", "2", "3 xx"], &["3 xx", "1 x", "2"]);
        let record = recorded(&["1 x", "2", "3 xx"], 0);
        assert_eq!(difference(&ledger, &record), (0, 0, false));
    }

    #[test]
    fn what_is_missing_doubled_or_in_another_order_is_found() {
        let all = ["1", "2", "3"];
        let good = || told(3, &all, &all);
        assert_eq!(difference(&good(), &recorded(&["1", "2"], 0)), (2, 0, true));
        assert_eq!(
            difference(&good(), &recorded(&["1", "2", "3", "3"], 0)),
            (0, 1, true)
        );
        assert_eq!(
            difference(&good(), &recorded(&["2", "1", "3"], 0)),
            (0, 0, true)
        );
        assert_eq!(difference(&good(), &recorded(&all, 2)), (2, 0, false));
        let record = recorded(&all, 0);
        let not_confirmed = told(3, &["1", "2"], &all);
        assert_eq!(difference(&not_confirmed, &record), (0, 0, true));
        let not_told = told(3, &all, &["1", "2"]);
        assert_eq!(difference(&not_told, &record), (1, 0, true));
        let told_twice = told(3, &all, &["1", "2", "3", "2"]);
        assert_eq!(difference(&told_twice, &record), (0, 1, true));
        let mut over = good();
        over.note(&Event::Ended(EndReason::ChatEnded));
        assert_eq!(difference(&over, &record), (0, 0, true));
    }
}
