//! Going on in another process: what is saved of a session, and how it is restored.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::error::CommandError;
use crate::event::{Event, ReceiptKind};
use crate::ids::{ChatDetails, ItemId, LocalId};
use crate::link::Link;
use crate::resume_state::{ResumeState, Saved, SavedHistory, SavedOutcome, Version};
use crate::session::Session;
use crate::session::connection::Connection;
use crate::time::Start;
use crate::transcript::Position;
use crate::wire::{AbsoluteTime, Item};

/// So many of the newest items can be named in receipts before they have been read again.
const RECENT: usize = 256;

/// What another process has reported: it is not reported again.
#[derive(Debug, Default)]
pub(super) struct Reported {
    up_to: Option<Position>,
    after: BTreeMap<ItemId, Position>,
}

impl Reported {
    pub(super) fn contains(&self, position: &Position) -> bool {
        let before = self.up_to.as_ref().is_some_and(|up_to| position <= up_to);
        before || self.after.contains_key(&position.id)
    }

    /// Where an item stands that another process has reported lately.
    pub(super) fn position(&self, id: &ItemId) -> Option<&Position> {
        self.after.get(id)
    }
}

/// Events that the application has not taken yet: what they tell is to be told again.
#[derive(Default)]
struct Untold<'e> {
    items: Vec<&'e Item>,
    sent: Vec<(LocalId, ItemId, Option<AbsoluteTime>)>,
    failed: BTreeSet<LocalId>,
    settled: Vec<(ReceiptKind, ItemId, SavedOutcome)>,
}

impl Session {
    /// All that another process needs to continue this session, once this one is gone.
    ///
    /// It is as the application knows the session: what is told by events that are still to be
    /// polled, or that `undelivered` names because the driver has polled them and the application
    /// has not got them, counts as not told. Save it together with what the application itself
    /// keeps of those events. A process that is killed at any later moment and continued with
    /// [`restore`](Self::restore) then loses nothing and repeats nothing: items are reported that
    /// were not told when it was saved; messages that were not confirmed are sent under their old
    /// client tokens, so that the service has each once; receipts that the service has are not
    /// sent again, and what was asked for settles. A message that was handed back after the saving
    /// is tried again, and then comes after those that were sent meanwhile.
    ///
    /// Not part of it are the transcript, which is read from the service again, calls and
    /// attachments under way, and typing.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the session is over.
    pub fn resume_state<'e>(
        &'e self,
        undelivered: impl IntoIterator<Item = &'e Event>,
    ) -> Result<ResumeState, CommandError> {
        self.check_not_ended("resume_state")?;
        let mut untold = Untold::default();
        let own = self.outputs.events.iter();
        for event in undelivered.into_iter().chain(own) {
            untold.note(event);
        }
        let mut outbox = self.outbox.save(&untold.failed);
        outbox.sent = untold.sent;
        let mut receipts = self.receipts.save();
        receipts.settled = untold.settled;
        let leaving = self.leaving.as_ref().map(|leaving| leaving.client_token());
        Ok(ResumeState(Saved {
            version: Version,
            contact_id: self.details.contact_id.clone(),
            participant_id: self.details.participant_id.clone(),
            participant_token: self.details.participant_token.clone(),
            connection_token: self.access.save(),
            was_live: self.was_live,
            history: self.history(&untold.items),
            outbox,
            receipts,
            leaving: leaving.or(self.leaves_as.as_ref()).cloned(),
        }))
    }

    /// What has been reported, but for these items.
    fn history(&self, untold: &[&Item]) -> SavedHistory {
        let (history_read, interrupted) = self.gap.history();
        let untold_positions: BTreeSet<_> = untold
            .iter()
            .filter_map(|item| Position::of(item))
            .collect();
        let first_untold = untold_positions.first();
        let is_told = |position: &Position| first_untold.is_none_or(|first| position < first);
        let before = self.reported.after.values().cloned();
        let seen: BTreeSet<_> = self.transcript.seen().chain(before).collect();
        // Nothing is missing up to an item that lies before both the anchor and what is untold.
        let anchor = self.gap.anchor().and_then(|anchor| {
            if is_told(anchor) {
                return Some(anchor);
            }
            seen.iter().rev().find(|position| is_told(position))
        });
        let floors = [self.transcript.seen_up_to(), self.reported.up_to.as_ref()];
        let floors = floors.into_iter().flatten().filter(|at| is_told(at));
        let reported_up_to = floors.chain(anchor).max();
        let newest_first = seen.iter().rev().enumerate();
        let told = newest_first.filter(|(back, position)| {
            let named = *back < RECENT || Some(*position) > reported_up_to;
            named && !untold_positions.contains(position)
        });
        let told = told.map(|(_, position)| position);
        let unseen = self.transcript.unseen();
        SavedHistory {
            anchor: anchor.cloned(),
            reported_up_to: reported_up_to.cloned(),
            reported: told.cloned().collect(),
            passing: self.passing.save(untold),
            unseen: unseen.map(|(id, local)| (id.clone(), local)).collect(),
            history_read,
            interrupted: interrupted || (self.was_live && !history_read),
        }
    }

    /// A session that goes on where another process was. It is idle until it is
    /// [connected](Self::connect); [`Event::Established`] then comes again. The transcript begins
    /// with what was not confirmed or reported, and older items can be
    /// [loaded](Self::load_older).
    ///
    /// Use a fresh seed and the present time. A process that may still be running must not be
    /// continued: both would send.
    ///
    /// # Errors
    /// [`CommandError`] naming the field when the state holds an id, token or message that the
    /// service would not accept.
    pub fn restore(start: Start, config: Config, state: ResumeState) -> Result<Self, CommandError> {
        let own = Connection::Own(Link::new(&config));
        Self::restore_with(start, config, state, own)
    }

    pub(super) fn restore_with(
        start: Start,
        config: Config,
        state: ResumeState,
        link: Connection,
    ) -> Result<Self, CommandError> {
        let saved = state.0;
        let details = ChatDetails {
            contact_id: saved.contact_id,
            participant_id: saved.participant_id,
            participant_token: saved.participant_token,
        };
        let mut session = Self::with_connection(start, config, details, link)?;
        session.was_live = saved.was_live;
        session.leaves_as = saved.leaving;
        if let Some(token) = saved.connection_token {
            session.access.restore(session.now, token)?;
        }
        session.gap.restore(&saved.history);
        session.passing.restore(saved.history.passing);
        let after = saved.history.reported.into_iter();
        session.reported = Reported {
            up_to: saved.history.reported_up_to,
            after: after
                .map(|position| (position.id.clone(), position))
                .collect(),
        };
        for (id, local_id) in saved.history.unseen {
            session.transcript.expect_own(id, local_id);
        }
        let outputs = &mut session.outputs;
        let transcript = &mut session.transcript;
        session.outbox.restore(saved.outbox, outputs, transcript)?;
        session
            .receipts
            .restore(session.now, saved.receipts, outputs);
        session.publish_changes();
        Ok(session)
    }
}

impl<'e> Untold<'e> {
    fn note(&mut self, event: &'e Event) {
        if let Event::Item(received) = event {
            self.items.push(&received.item);
        } else if let Event::MessageSent {
            local_id,
            id,
            absolute_time,
        } = event
        {
            let sent = (*local_id, id.clone(), absolute_time.clone());
            self.sent.push(sent);
        } else if let Event::MessageFailed { local_id, .. } = event {
            self.failed.insert(*local_id);
        } else if let Event::ReceiptSettled {
            message_id,
            kind,
            outcome,
        } = event
        {
            let settled = (*kind, message_id.clone(), outcome.into());
            self.settled.push(settled);
        }
    }
}
