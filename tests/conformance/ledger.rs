//! What the service has recorded against what the session has told: nothing is lost, nothing comes
//! twice, and the order is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use chat_sim::{Item, ItemType};

use crate::adapter::Adapter;
use crate::adapter::chat_proto::{Change, Entry, Event};
use crate::chat::{Chat, back, gap_filled, lost, sent};
use crate::service::PATIENCE;

/// The last that the agent says: what comes before it has been told once it has come.
const LAST: &str = "That was all.";

impl<A: Adapter> Chat<A> {
    /// Reads what is still to come, and compares both sides. The session must be connected, or
    /// about to be again.
    pub(crate) async fn balance(&mut self) {
        self.agent_sends(LAST);
        let began = Instant::now();
        while !self.is_complete() && began.elapsed() < PATIENCE {
            self.next_in_time().await;
        }
        self.assert_balanced();
    }

    /// Whether all that is to be told has been told; the comparison says what is missing.
    fn is_complete(&self) -> bool {
        let last = |wanted: fn(&Event) -> bool| self.told.iter().rposition(wanted);
        !self.has_unconfirmed()
            && self.count(back) == self.count(lost)
            && last(gap_filled) > last(back)
            && self.count(sent) == self.recorded().len()
            && self.untold().is_empty()
    }

    /// The items that the service has and that have not been told.
    fn untold(&self) -> BTreeSet<String> {
        let items = self.transcript_of_service().into_iter();
        let mut untold: BTreeSet<_> = items.map(|item| item.id).collect();
        for event in &self.told {
            if let Event::Item(received) = event {
                untold.remove(received.item.id.as_ref().map_or("", |id| id.as_str()));
            }
        }
        untold
    }

    fn has_unconfirmed(&self) -> bool {
        let entries = self.session.transcript();
        entries.iter().any(|entry| entry.item.id.is_none())
    }

    /// The customer's messages as the service recorded them.
    fn recorded(&self) -> Vec<Item> {
        let own = self.session.chat_details().participant_id;
        let is_ours = |item: &Item| item.participant_id.as_deref() == Some(own.as_str());
        let mut items = self.transcript_of_service();
        items.retain(|item| item.item_type == ItemType::Message && is_ours(item));
        items
    }

    /// The texts of the customer's messages as the service recorded them.
    pub(crate) fn recorded_texts(&self) -> Vec<String> {
        let recorded = self.recorded().into_iter();
        recorded.filter_map(|item| item.content).collect()
    }

    fn transcript_of_service(&self) -> Vec<Item> {
        self.service.with(|service, _| {
            let contact = service.contact(&self.contact).unwrap();
            let items = contact.transcript().iter();
            items.map(|item| Item::clone(item)).collect()
        })
    }

    /// What the events tell is what the service has, and so is the transcript.
    pub(crate) fn assert_balanced(&self) {
        let mut theirs = self.transcript_of_service();
        self.assert_told_once(&theirs);
        self.assert_confirmed_once();
        self.assert_connections();
        // A receipt is not an entry, but the status of one.
        theirs.retain(|item| item.item_type != ItemType::MessageMetadata);
        let ours = self.session.transcript();
        let ids_of_theirs: Vec<_> = theirs.iter().map(|item| Some(&*item.id)).collect();
        assert_eq!(ids(&ours), ids_of_theirs, "the transcripts differ");
        for (entry, item) in ours.iter().zip(&theirs) {
            assert_eq!(entry.item.content, item.content, "of {}", item.id);
        }
        assert_eq!(
            self.copy(),
            ours,
            "a copy that follows the changes is another"
        );
    }

    /// Each item of the transcript was told, and none twice.
    fn assert_told_once(&self, theirs: &[Item]) {
        let mut times = BTreeMap::<&str, usize>::new();
        for event in &self.told {
            if let Event::Item(received) = event {
                let id = received.item.id.as_ref();
                *times.entry(id.map_or("", |id| id.as_str())).or_default() += 1;
            }
        }
        for item in theirs {
            let told = times.remove(&*item.id).unwrap_or(0);
            assert_eq!(
                told, 1,
                "{:?} {} was told so often",
                item.item_type, item.id
            );
        }
        // What is left is what the transcript does not keep, such as that somebody types.
        let doubled: Vec<_> = times.iter().filter(|(_, times)| **times > 1).collect();
        assert!(doubled.is_empty(), "told more than once: {doubled:?}");
    }

    /// Each message was confirmed once, as the item that the service has, in the same order.
    fn assert_confirmed_once(&self) {
        let mut confirmed = Vec::new();
        for event in &self.told {
            if let Event::MessageSent { local_id, id, .. } = event {
                confirmed.push((*local_id, id.to_string()));
            }
        }
        confirmed.sort_unstable();
        let ids: Vec<_> = confirmed.into_iter().map(|(_, id)| id).collect();
        let recorded: Vec<_> = self.recorded().into_iter().map(|item| item.id).collect();
        assert_eq!(ids, recorded, "what was confirmed is not what was recorded");
    }

    /// It was told once that the connection is there, and each loss was made good.
    fn assert_connections(&self) {
        let established = |event: &Event| matches!(event, Event::Established);
        assert_eq!(self.count(established), 1);
        let (losses, recoveries) = self.losses();
        assert_eq!(losses, recoveries, "losses, and recoveries of them");
        let unresolved = |event: &Event| matches!(event, Event::GapUnresolved(_));
        assert_eq!(self.count(unresolved), 0);
    }

    /// A copy of the transcript that follows the events.
    fn copy(&self) -> Vec<Entry> {
        let mut copy = Vec::new();
        for event in &self.told {
            let Event::TranscriptChanged(change) = event else {
                continue;
            };
            match change.clone() {
                Change::Inserted { index, entry } => copy.insert(index, entry),
                Change::Updated { index, entry } => copy[index] = entry,
                Change::Removed { index } => drop(copy.remove(index)),
            }
        }
        copy
    }
}

fn ids(entries: &[Entry]) -> Vec<Option<&str>> {
    let ids = entries.iter().map(|entry| entry.item.id.as_ref());
    ids.map(|id| id.map(|id| id.as_str())).collect()
}
