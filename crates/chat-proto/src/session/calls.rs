//! Calls of the application: one request each, tried a few times, and a result that comes back as
//! an event.

use std::collections::BTreeMap;
use std::fmt;

use http::HeaderValue;

use crate::action::{Action, Transferred, WakeReason};
use crate::api::{self, ApiRequest, AttachmentUrl, GetAttachment, GetTranscript};
use crate::api::{ScanDirection, SortOrder, StartPosition};
use crate::error::{CommandError, RequestError, RetryClass, TransportError};
use crate::event::{CallAnswer, Event};
use crate::ids::{AttachmentId, CallId, ItemId, NextToken};
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::transfer;
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;
use crate::wire::Item;

/// A request of any operation, and how its answer becomes that of a call.
trait Question: fmt::Debug + Send + Sync {
    fn ask(&self, now: Instant, purpose: Purpose, bearer: &HeaderValue, outputs: &mut Outputs);

    fn read(&self, response: &http::Response<&[u8]>) -> Result<CallAnswer, RequestError>;
}

struct Asked<R: ApiRequest> {
    request: R,
    answer: fn(R::Answer) -> CallAnswer,
}

impl<R: ApiRequest + fmt::Debug> fmt::Debug for Asked<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

impl<R: ApiRequest + fmt::Debug + Send + Sync> Question for Asked<R> {
    fn ask(&self, now: Instant, purpose: Purpose, bearer: &HeaderValue, outputs: &mut Outputs) {
        outputs.request(now, purpose, bearer, &self.request);
    }

    fn read(&self, response: &http::Response<&[u8]>) -> Result<CallAnswer, RequestError> {
        api::from_http::<R>(response).map(self.answer)
    }
}

/// What follows when the service has answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    /// The answer is the result.
    Finish,
    /// The items are taken into the transcript.
    TakeIn,
    /// The file is downloaded from the URL answered.
    Download,
}

#[derive(Debug)]
struct Call {
    question: Box<dyn Question>,
    then: Then,
    tries: Tries,
    /// The size of the file that is being downloaded.
    size: u64,
}

#[derive(Debug)]
pub(super) struct Calls {
    calls: BTreeMap<CallId, Call>,
    next: u64,
    limit: usize,
    /// Where the last page of older items ended, or the history of the first connect.
    older_token: Option<NextToken>,
    /// Before which item they are asked for, should that token be good no more.
    oldest: Option<ItemId>,
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
            oldest: None,
        }
    }

    /// A request whose answer is the result.
    pub(super) fn ask<R>(
        &mut self,
        request: R,
        answer: fn(R::Answer) -> CallAnswer,
    ) -> Result<CallId, CommandError>
    where
        R: ApiRequest + fmt::Debug + Send + Sync + 'static,
    {
        self.begin(request, answer, Then::Finish)
    }

    /// The page before the oldest item we have.
    pub(super) fn load_older(&mut self, oldest: Option<ItemId>) -> Result<CallId, CommandError> {
        let request = older_than(oldest.clone(), self.older_token.clone());
        self.oldest = oldest;
        self.begin(request, CallAnswer::Transcript, Then::TakeIn)
    }

    /// A file of the chat.
    pub(super) fn download(&mut self, attachment: AttachmentId) -> Result<CallId, CommandError> {
        let request = GetAttachment::new(attachment);
        self.begin(request, CallAnswer::AttachmentUrl, Then::Download)
    }

    fn begin<R>(
        &mut self,
        request: R,
        answer: fn(R::Answer) -> CallAnswer,
        then: Then,
    ) -> Result<CallId, CommandError>
    where
        R: ApiRequest + fmt::Debug + Send + Sync + 'static,
    {
        if self.calls.len() >= self.limit {
            return Err(CommandError::Full {
                queue: "the list of calls under way",
                limit: self.limit,
            });
        }
        self.next += 1;
        let id = CallId(self.next);
        let call = Call {
            question: Box::new(Asked { request, answer }),
            then,
            tries: Tries::default(),
            size: 0,
        };
        self.calls.insert(id, call);
        Ok(id)
    }

    pub(super) fn advance(&mut self, now: Instant, access: &mut Access, outputs: &mut Outputs) {
        let mut refused = Vec::new();
        for (&id, call) in &mut self.calls {
            let purpose = Purpose::Call(id);
            let under_way =
                outputs.is_pending(purpose) || outputs.is_pending(Purpose::Download(id));
            if under_way || !call.tries.is_due(now) {
                continue;
            }
            match access.token(now, outputs) {
                TokenState::Ready(bearer) => call.question.ask(now, purpose, &bearer, outputs),
                TokenState::Pending => {}
                TokenState::Refused(error) => refused.push((id, error)),
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
        let result = response.and_then(|response| {
            let (head, body) = response.into_parts();
            let response = http::Response::from_parts(head, body.as_ref());
            call.question.read(&response)
        });
        match (result, call.then) {
            (Ok(CallAnswer::Transcript(page)), Then::TakeIn) => {
                let complete = page.next_token.is_none();
                self.older_token = page.next_token;
                return Some(OlderPage {
                    call: id,
                    items: page.items,
                    complete,
                });
            }
            (Ok(CallAnswer::AttachmentUrl(answer)), Then::Download) => {
                if let Err(error) = call.fetch(now, id, &answer, outputs) {
                    self.failed(now, id, error, access, outputs);
                }
            }
            (Ok(answer), _) => self.finish(id, Ok(answer), outputs),
            (Err(error), Then::TakeIn)
                if self.older_token.is_some() && error.retry_class() == RetryClass::Never =>
            {
                // The token is good no more: ask from the oldest item we have.
                self.older_token = None;
                call.question = Box::new(Asked {
                    request: older_than(self.oldest.take(), None),
                    answer: CallAnswer::Transcript,
                });
            }
            (Err(error), _) => self.failed(now, id, error, access, outputs),
        }
        None
    }

    /// A file has been downloaded, or not. A further try asks for another URL, since they do not
    /// last long.
    pub(super) fn downloaded(
        &mut self,
        now: Instant,
        id: CallId,
        result: Result<Transferred, TransportError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        let Some(call) = self.calls.get(&id) else {
            return;
        };
        match transfer::check(result, call.size) {
            Ok(()) => {
                let answer = CallAnswer::AttachmentDownloaded { bytes: call.size };
                self.finish(id, Ok(answer), outputs);
            }
            Err(error) => self.failed(now, id, error, access, outputs),
        }
    }

    /// A try has failed.
    fn failed(
        &mut self,
        now: Instant,
        id: CallId,
        error: RequestError,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        let Some(call) = self.calls.get_mut(&id) else {
            return;
        };
        if call.tries.failed_of_few(now, &error, access, outputs) == Verdict::GiveUp {
            self.finish(id, Err(error), outputs);
        }
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
        self.calls.values().any(|call| call.then == Then::TakeIn)
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

impl Call {
    /// Downloads the file from the URL answered.
    fn fetch(
        &mut self,
        now: Instant,
        id: CallId,
        answer: &AttachmentUrl,
        outputs: &mut Outputs,
    ) -> Result<(), RequestError> {
        let (size, http) = transfer::download(answer)?;
        self.size = size;
        outputs.transfer(now, Purpose::Download(id), |request| Action::Download {
            request,
            call: id,
            size,
            http,
        });
        Ok(())
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
