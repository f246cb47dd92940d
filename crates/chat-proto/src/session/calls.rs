//! Calls of the application: one request each, tried a few times, and a result that comes back as
//! an event.

use std::collections::BTreeMap;

use crate::action::WakeReason;
use crate::api::{self, GetTranscript, ScanDirection, SendEvent, SortOrder, StartPosition};
use crate::error::{CommandError, RequestError, RetryClass};
use crate::event::{CallAnswer, Event};
use crate::ids::{CallId, ItemId, NextToken};
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;
use crate::wire::Item;

#[derive(Debug)]
pub(super) enum Ask {
    SendEvent(SendEvent),
    GetTranscript(GetTranscript),
    /// The page before the oldest item we have.
    LoadOlder(Option<ItemId>),
}

#[derive(Debug)]
struct Call {
    ask: Ask,
    tries: Tries,
}

#[derive(Debug)]
pub(super) struct Calls {
    calls: BTreeMap<CallId, Call>,
    next: u64,
    limit: usize,
    /// Where the last page of older items ended, or the history of the first connect.
    older_token: Option<NextToken>,
}

/// Older items that a call has brought: to be taken in, and then reported.
#[derive(Debug)]
pub(super) struct OlderPage {
    pub(super) call: CallId,
    pub(super) items: Vec<Item>,
    pub(super) complete: bool,
}

impl Calls {
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            calls: BTreeMap::new(),
            next: 0,
            limit,
            older_token: None,
        }
    }

    pub(super) fn begin(&mut self, ask: Ask) -> Result<CallId, CommandError> {
        if self.calls.len() >= self.limit {
            return Err(CommandError::Full {
                queue: "the list of calls under way",
                limit: self.limit,
            });
        }
        self.next += 1;
        let id = CallId(self.next);
        let tries = Tries::default();
        self.calls.insert(id, Call { ask, tries });
        Ok(id)
    }

    pub(super) fn advance(&mut self, now: Instant, access: &mut Access, outputs: &mut Outputs) {
        let mut refused = Vec::new();
        for (&id, call) in &mut self.calls {
            let purpose = Purpose::Call(id);
            if outputs.is_pending(purpose) || !call.tries.is_due(now) {
                continue;
            }
            let bearer = match access.token(now, outputs) {
                TokenState::Ready(bearer) => bearer,
                TokenState::Pending => continue,
                TokenState::Refused(error) => {
                    refused.push((id, error));
                    continue;
                }
            };
            match &call.ask {
                Ask::SendEvent(request) => outputs.request(now, purpose, &bearer, request),
                Ask::GetTranscript(request) => outputs.request(now, purpose, &bearer, request),
                Ask::LoadOlder(oldest) => {
                    let token = self.older_token.clone();
                    outputs.request(now, purpose, &bearer, &older_than(oldest.clone(), token));
                }
            }
        }
        for (id, error) in refused {
            self.finish(id, Err(error), outputs);
        }
    }

    /// A call has its answer. Older items are handed back to be taken in.
    pub(super) fn answered<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        id: CallId,
        response: Result<http::Response<B>, RequestError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) -> Option<OlderPage> {
        let call = self.calls.get_mut(&id)?;
        let result = response.and_then(|response| match &call.ask {
            Ask::SendEvent(_) => api::from_http::<SendEvent>(&response).map(CallAnswer::EventSent),
            Ask::GetTranscript(_) | Ask::LoadOlder(_) => {
                api::from_http::<GetTranscript>(&response).map(CallAnswer::Transcript)
            }
        });
        match (result, &call.ask) {
            (Ok(CallAnswer::Transcript(page)), Ask::LoadOlder(_)) => {
                let complete = page.next_token.is_none();
                self.older_token = page.next_token;
                return Some(OlderPage {
                    call: id,
                    items: page.items,
                    complete,
                });
            }
            (Ok(answer), _) => self.finish(id, Ok(answer), outputs),
            (Err(error), Ask::LoadOlder(_))
                if self.older_token.is_some() && error.retry_class() == RetryClass::Never =>
            {
                self.older_token = None; // it is good no more: ask from the oldest item we have
            }
            (Err(error), _) => {
                let verdict = call.tries.failed_of_few(now, &error, access, outputs);
                if verdict == Verdict::GiveUp {
                    self.finish(id, Err(error), outputs);
                }
            }
        }
        None
    }

    pub(super) fn finish(
        &mut self,
        id: CallId,
        result: Result<CallAnswer, RequestError>,
        outputs: &mut Outputs,
    ) {
        if self.calls.remove(&id).is_some() {
            let event = Event::CallFinished { call: id, result };
            outputs.events.push_back(event);
        }
    }

    /// The history of the first connect has been read; the token gives the page before it.
    pub(super) fn history_read(&mut self, older: NextToken) {
        self.older_token.get_or_insert(older);
    }

    /// Whether older items are being loaded.
    pub(super) fn is_loading_older(&self) -> bool {
        self.calls
            .values()
            .any(|call| matches!(call.ask, Ask::LoadOlder(_)))
    }

    /// The session is over: no call will be answered.
    pub(super) fn end(&mut self, outputs: &mut Outputs) {
        while let Some((call, _)) = self.calls.pop_first() {
            let result = Err(RequestError::Ended);
            outputs
                .events
                .push_back(Event::CallFinished { call, result });
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        let retries = self.calls.values().map(|call| call.tries.not_before());
        let retry = retries.flatten().min()?;
        Some((retry, WakeReason::SendRetry))
    }
}

/// The page before this item, or after the page that gave the token.
fn older_than(oldest: Option<ItemId>, next_token: Option<NextToken>) -> GetTranscript {
    let start = oldest.filter(|_| next_token.is_none());
    GetTranscript {
        max_results: Some(api::PAGE),
        scan_direction: Some(ScanDirection::Backward),
        sort_order: Some(SortOrder::Ascending),
        start_position: start.map(StartPosition::Id),
        next_token,
        contact_id: None,
    }
}
