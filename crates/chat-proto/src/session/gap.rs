//! Finding what the live stream did not bring: after every connect the transcript is read from
//! the last item that is certainly known, until it meets the live stream.
//!
//! The anchor is the newest item up to which nothing can be missing. An item that has just
//! arrived is not one: something older may still be on its way, so an anchor is at least
//! [`SETTLE`] old. What is read again because of that is recognised by its id.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::action::WakeReason;
use crate::api::{GetTranscript, TranscriptPage};
use crate::config::Config;
use crate::error::{RequestError, RetryClass};
use crate::event::{Event, GapError};
use crate::ids::{ItemId, NextToken};
use crate::resume_state::SavedHistory;
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;
use crate::transcript::Position;
use crate::wire::Item;

/// How long after its arrival an item may still be overtaken by an older one. Generous: the price
/// is that a minute of chat is read again after a loss.
const SETTLE: Duration = Duration::from_secs(60);
/// The most recent arrivals kept. When there are more, the anchor lags behind and a little more
/// is read again.
const RECENT_LIMIT: usize = 256;
/// The most live items remembered to recognise where a page meets the live stream. When there are
/// more, the pages are read to their end.
const LIVE_LIMIT: usize = 1_024;

#[derive(Debug)]
pub(super) struct Gap {
    anchor: Option<Position>,
    /// Whether nothing is missing between the anchor and what arrives.
    joined: bool,
    /// Whether the history of the first connect has been read.
    history_read: bool,
    /// Whether a scan has come to its end in this process.
    read_here: bool,
    /// Whether a connection was lost before that, so that it is not known how far back what was
    /// missed goes.
    interrupted: bool,
    /// Gives the page before the history that was read.
    older: Option<NextToken>,
    /// Items that arrived lately, with the time of arrival.
    recent: VecDeque<(Instant, Position)>,
    scan: Option<Scan>,
    /// The last scan ended because the service denied it.
    denied: Option<RequestError>,
    page_limit: u32,
    history_pages: u32,
}

#[derive(Debug)]
struct Scan {
    way: Way,
    /// Whether to report a scan that found nothing.
    report_nothing: bool,
    next_token: Option<NextToken>,
    tries: Tries,
    pages: u32,
    recovered: u64,
    /// Whether the chat is over: there is no new token to be had, and no further scan.
    last: bool,
    /// Whether it is only taken to be sure, so that it says nothing when it is denied.
    quiet: bool,
    newest: Option<Position>,
    /// What arrived live since the scan began.
    live: BTreeSet<ItemId>,
    /// Whether the next page waits for events to be polled.
    waits_for_events: bool,
}

#[derive(Debug)]
enum Way {
    /// Towards newer items, from this one on.
    Forward(ItemId),
    /// Towards older items; pages are held until one reaches what is known, newest page first.
    Backward(Vec<Vec<Item>>),
}

impl Gap {
    pub(super) const fn new(config: &Config) -> Self {
        Self {
            anchor: None,
            joined: false,
            history_read: false,
            read_here: false,
            interrupted: false,
            older: None,
            recent: VecDeque::new(),
            scan: None,
            denied: None,
            page_limit: config.gap_page_limit,
            history_pages: config.history_pages,
        }
    }

    /// Whether the history of the first connect has been read, and whether a connection was lost
    /// before it was.
    pub(super) const fn history(&self) -> (bool, bool) {
        (self.history_read, self.interrupted)
    }

    /// Goes on where another process was.
    pub(super) fn restore(&mut self, saved: &SavedHistory) {
        self.anchor.clone_from(&saved.anchor);
        self.history_read = saved.history_read;
        self.interrupted = saved.interrupted;
    }

    pub(super) const fn anchor(&self) -> Option<&Position> {
        self.anchor.as_ref()
    }

    /// Why the service denied the last scan, when it did. Says so once.
    pub(super) const fn take_denied(&mut self) -> Option<RequestError> {
        self.denied.take()
    }

    pub(super) const fn is_scanning(&self) -> bool {
        self.scan.is_some()
    }

    /// Whether what was missed has been read once in this process. Until then, what is older than
    /// the oldest item need not be history.
    pub(super) const fn is_history_read(&self) -> bool {
        self.read_here
    }

    /// What gives the page before the history that was read, once it has been: items of past
    /// chats can be had by it alone.
    pub(super) const fn take_older(&mut self) -> Option<NextToken> {
        self.older.take()
    }

    /// A connection is up: what is missing is looked for.
    pub(super) fn begin(&mut self, report_nothing: bool, outputs: &mut Outputs) {
        // A page that was asked for before does not say what was said since.
        outputs.cancel(Purpose::GapPage);
        self.joined = false;
        let way = match &self.anchor {
            Some(anchor) => Way::Forward(anchor.id.clone()),
            None => Way::Backward(Vec::new()),
        };
        // One that was under way reports for both.
        let reported = self.scan.take();
        let recovered = reported.as_ref().map_or(0, |scan| scan.recovered);
        let report_nothing = report_nothing || reported.is_some_and(|scan| scan.report_nothing);
        self.scan = Some(Scan {
            way,
            report_nothing,
            next_token: None,
            tries: Tries::default(),
            pages: 0,
            recovered,
            last: false,
            quiet: false,
            newest: None,
            live: BTreeSet::new(),
            waits_for_events: false,
        });
    }

    /// The chat is over: what came before its end and has been overtaken by the news of it is
    /// looked for. `missed` says whether it is known that anything was missed, `good_token` whether
    /// a denial means that there is nothing more to be had, and not only that the token is too old.
    pub(super) fn begin_last(&mut self, missed: bool, good_token: bool, outputs: &mut Outputs) {
        let nothing_missed = self.joined && !missed && good_token;
        self.begin(missed, outputs);
        if let Some(scan) = &mut self.scan {
            scan.last = true;
            scan.quiet = nothing_missed;
        }
    }

    /// An item arrived live.
    pub(super) fn arrived(&mut self, now: Instant, position: Position) {
        if let Some(scan) = &mut self.scan {
            if scan.live.len() < LIVE_LIMIT {
                scan.live.insert(position.id.clone());
            }
        }
        if self.recent.len() < RECENT_LIMIT {
            self.recent.push_back((now, position));
        }
    }

    /// The connection is lost: what has just arrived may have overtaken what did not.
    pub(super) fn lost(&mut self) {
        self.recent.clear();
        self.joined = false;
        self.interrupted |= !self.history_read;
    }

    /// Moves the anchor up to what can no longer be overtaken. `alive` is when the connection last
    /// showed life: on a dead one, nothing is overtaken and everything is missing.
    pub(super) fn settle(&mut self, alive: Instant) {
        if !self.joined {
            return;
        }
        while let Some((arrived, _)) = self.recent.front() {
            if alive - *arrived < SETTLE {
                break;
            }
            if let Some((_, position)) = self.recent.pop_front() {
                self.raise(position);
            }
        }
    }

    fn raise(&mut self, position: Position) {
        self.anchor = self.anchor.take().max(Some(position));
    }

    /// Asks for the next page, when there is one to ask for.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        event_limit: usize,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        let Some(scan) = &mut self.scan else { return };
        if outputs.is_pending(Purpose::GapPage) || !scan.tries.is_due(now) {
            return;
        }
        scan.waits_for_events = outputs.events.len() > event_limit;
        if scan.waits_for_events {
            return;
        }
        let token = if scan.last {
            access.last_token()
        } else {
            access.token(now, outputs)
        };
        match token {
            TokenState::Ready(bearer) => {
                let next = scan.next_token.clone();
                let request = match &scan.way {
                    Way::Forward(start) => GetTranscript::forward_from(start.clone(), next),
                    Way::Backward(_) => GetTranscript::backward(next),
                };
                outputs.request(now, Purpose::GapPage, &bearer, &request);
            }
            TokenState::Pending => {}
            TokenState::Refused(error) => {
                self.give_up(GapError::Refused(error), outputs);
            }
        }
    }

    /// A page has come, or failed to. Answers items to be taken in, oldest first, after which
    /// `recovered` is to be called with the number of new ones: the scan then goes on or is over.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        result: Result<TranscriptPage, RequestError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) -> Option<Vec<Item>> {
        let scan = self.scan.as_mut()?;
        let page = match result {
            Ok(page) => page,
            Err(error) => {
                let forward = matches!(scan.way, Way::Forward(_));
                if forward && error.retry_class() == RetryClass::Never {
                    // The service does not know the anchor any more: look for what it has in
                    // common with us from its other end.
                    scan.turn_back();
                    return None;
                }
                let denied = scan.last && error.retry_class() == RetryClass::Denied;
                if denied || scan.tries.failed(now, &error, access, outputs) == Verdict::GiveUp {
                    self.give_up(GapError::Refused(error), outputs);
                }
                return None;
            }
        };
        scan.tries = Tries::default();
        scan.pages += 1;
        let nothing = page.items.is_empty() && page.next_token.is_none();
        if nothing && scan.pages == 1 && matches!(scan.way, Way::Forward(_)) {
            // A start position the service knows brings at least its own item.
            scan.turn_back();
            return None;
        }
        scan.next_token = page.next_token;
        match &mut scan.way {
            Way::Forward(_) => {}
            Way::Backward(held) => {
                let oldest = page.items.iter().filter_map(Position::of).min();
                held.push(page.items);
                let known = |limit: &Position| oldest.as_ref().is_some_and(|at| at <= limit);
                let reached = match (&self.anchor, self.history_read) {
                    (Some(anchor), _) => known(anchor),
                    (None, true) => false,
                    (None, false) => !self.interrupted && scan.pages >= self.history_pages,
                };
                let more = scan.next_token.is_some();
                if !reached && more && scan.pages < self.page_limit {
                    return None;
                }
                if reached {
                    let older = scan.next_token.take();
                    if !self.history_read {
                        self.older = older;
                    }
                }
                let pages = std::mem::take(held).into_iter().rev();
                return Some(pages.flatten().collect());
            }
        }
        Some(page.items)
    }

    /// The items of a page have been taken in; `new` of them were missing. Goes on, or reports.
    pub(super) fn recovered(&mut self, items: &[Position], new: u64, outputs: &mut Outputs) {
        let Some(scan) = &mut self.scan else { return };
        scan.recovered += new;
        scan.newest = scan.newest.take().max(items.iter().max().cloned());
        let met = matches!(scan.way, Way::Forward(_))
            && items
                .iter()
                .any(|position| scan.live.contains(&position.id));
        if scan.next_token.is_some() && !met {
            if scan.pages < self.page_limit {
                return;
            }
            let limit = self.page_limit;
            // What has been read is without a hole from the old anchor on.
            if let (Way::Forward(_), Some(newest)) = (&scan.way, scan.newest.clone()) {
                self.raise(newest);
            }
            self.give_up(GapError::TooManyPages { limit }, outputs);
            return;
        }
        let Some(scan) = self.scan.take() else { return };
        if let Some(newest) = scan.newest {
            self.raise(newest);
        }
        self.joined = true;
        self.history_read = true;
        self.read_here = true;
        if scan.recovered > 0 || scan.report_nothing {
            outputs.events.push_back(Event::GapFilled {
                items: scan.recovered,
            });
        }
    }

    /// The session is over.
    pub(super) fn end(&mut self, outputs: &mut Outputs) {
        if self.scan.is_some() {
            self.give_up(GapError::Ended, outputs);
        }
    }

    /// The scan cannot go on.
    fn give_up(&mut self, error: GapError, outputs: &mut Outputs) {
        let denial = match &error {
            GapError::Refused(cause) if cause.retry_class() == RetryClass::Denied => Some(cause),
            GapError::Refused(_) | GapError::Ended | GapError::TooManyPages { .. } => None,
        };
        let denied = denial.is_some();
        self.denied = denial.cloned();
        let quiet = self.scan.take().is_some_and(|scan| scan.quiet);
        if !(quiet && denied) {
            outputs.events.push_back(Event::GapUnresolved(error));
        }
    }

    pub(super) fn next_timeout(&self, now: Instant) -> Option<(Instant, WakeReason)> {
        let scan = self.scan.as_ref()?;
        if scan.waits_for_events {
            return Some((now, WakeReason::TranscriptRetry));
        }
        let retry = scan.tries.not_before()?;
        Some((retry, WakeReason::TranscriptRetry))
    }
}

impl Scan {
    /// Starts again from the newest items.
    fn turn_back(&mut self) {
        self.way = Way::Backward(Vec::new());
        self.next_token = None;
        self.tries = Tries::default();
        self.pages = 0;
    }
}
