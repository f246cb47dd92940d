//! What the parts of a session produce: actions and events, and the requests under way.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::HeaderValue;

use crate::action::{Action, RequestProgress, WakeReason};
use crate::api::{self, ApiRequest, Endpoint};
use crate::config::Config;
use crate::error::{TransportError, TransportErrorKind};
use crate::event::{Diagnostic, Event, ReceiptKind};
use crate::ids::{CallId, RequestId, UploadId};
use crate::random::Random;
use crate::rate_limiter::Priority;
use crate::time::Instant;

/// What a request is for, so that its answer finds its part.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Purpose {
    /// A URL for the link, and a connection token with it.
    Url,
    /// A connection token.
    Token,
    /// A connection token that the caller gives. No request of ours.
    CallerToken,
    /// Telling the service that an agent is connected.
    Acknowledge,
    /// The message at the head of the outbox.
    Message,
    /// A typing event.
    Typing,
    /// A receipt of this kind.
    Receipt(ReceiptKind),
    /// A page of the transcript, for the gap.
    GapPage,
    /// A call of the application.
    Call(CallId),
    /// The bytes of a file that a call downloads.
    Download(CallId),
    /// Where to upload an attachment, or that it has been uploaded.
    Attachment(UploadId),
    /// The bytes of an attachment.
    Upload(UploadId),
    /// Leaving the chat.
    Disconnect,
}

impl Purpose {
    /// Whether it is a transfer, which is answered in another way than a request.
    pub(super) const fn is_transfer(self) -> bool {
        matches!(self, Self::Download(_) | Self::Upload(_))
    }

    const fn priority(self) -> Priority {
        match self {
            Self::Url
            | Self::Token
            | Self::CallerToken
            | Self::Acknowledge
            | Self::GapPage
            | Self::Disconnect => Priority::Session,
            Self::Message => Priority::Message,
            Self::Call(_) | Self::Download(_) | Self::Attachment(_) | Self::Upload(_) => {
                Priority::Call
            }
            Self::Receipt(_) => Priority::Receipt,
            Self::Typing => Priority::Typing,
        }
    }
}

#[derive(Debug)]
struct Pending {
    request: RequestId,
    /// When it has taken too long; `None` while it waits for its turn.
    deadline: Option<Instant>,
    /// How long it may take.
    limit: Duration,
}

/// The outputs of a session. At most one request of each purpose is under way.
#[derive(Debug)]
pub(super) struct Outputs {
    pub(super) actions: VecDeque<Action>,
    pub(super) events: VecDeque<Event>,
    pub(super) random: Random,
    endpoint: Endpoint,
    request_timeout: Duration,
    transfer_timeout: Duration,
    next_request: u64,
    pending: BTreeMap<Purpose, Pending>,
    /// Whether the caller is still to be asked for a connection token.
    wants_token: bool,
}

impl Outputs {
    pub(super) fn new(random: Random, config: &Config) -> Self {
        Self {
            actions: VecDeque::new(),
            events: VecDeque::new(),
            random,
            endpoint: config.endpoint.clone(),
            request_timeout: config.request_timeout,
            transfer_timeout: config.transfer_timeout,
            next_request: 0,
            pending: BTreeMap::new(),
            wants_token: false,
        }
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.events.push_back(Event::Diagnostic(diagnostic));
    }

    /// Sends a request that has been checked. One of the same purpose that is still under way is cancelled.
    pub(super) fn request<R: ApiRequest>(
        &mut self,
        now: Instant,
        purpose: Purpose,
        bearer: &HeaderValue,
        request: &R,
    ) {
        let http = api::build(&self.endpoint, Some(bearer.clone()), request);
        let request = self.begin(now, purpose, self.request_timeout);
        self.actions.push_back(Action::Request {
            request,
            operation: R::OPERATION,
            priority: purpose.priority(),
            http,
        });
    }

    /// Asks the caller for a connection token.
    pub(super) fn ask_for_token(&mut self, now: Instant) {
        self.begin(now, Purpose::CallerToken, self.request_timeout);
        self.wants_token = true;
    }

    pub(super) const fn wants_token(&self) -> bool {
        self.wants_token
    }

    /// Whether the caller is to be asked for a connection token. Says so once.
    pub(super) const fn takes_token(&mut self) -> bool {
        std::mem::replace(&mut self.wants_token, false)
    }

    /// The caller has answered; whether that was still waited for.
    pub(super) fn token_given(&mut self) -> bool {
        self.pending.remove(&Purpose::CallerToken).is_some()
    }

    /// Begins a transfer.
    pub(super) fn transfer(
        &mut self,
        now: Instant,
        purpose: Purpose,
        action: impl FnOnce(RequestId) -> Action,
    ) {
        let request = self.begin(now, purpose, self.transfer_timeout);
        self.actions.push_back(action(request));
    }

    fn begin(&mut self, now: Instant, purpose: Purpose, limit: Duration) -> RequestId {
        self.cancel(purpose);
        self.next_request += 1;
        let request = RequestId(self.next_request);
        let deadline = Some(now + limit);
        let pending = Pending {
            request,
            deadline,
            limit,
        };
        self.pending.insert(purpose, pending);
        request
    }

    pub(super) fn is_pending(&self, purpose: Purpose) -> bool {
        self.pending.contains_key(&purpose)
    }

    /// The purpose of a request, or of a transfer, that has been answered; `None` when nobody waits
    /// for it.
    pub(super) fn answered(&mut self, request: RequestId, transfer: bool) -> Option<Purpose> {
        let purpose = self
            .pending
            .iter()
            .find_map(|(purpose, pending)| (pending.request == request).then_some(*purpose))
            .filter(|purpose| purpose.is_transfer() == transfer)?;
        self.pending.remove(&purpose);
        Some(purpose)
    }

    /// A request waits for its turn, or has begun. Typing that waits is a lie before long, so its
    /// time runs on.
    pub(super) fn progressed(
        &mut self,
        now: Instant,
        request: RequestId,
        progress: RequestProgress,
    ) {
        let mut all = self.pending.iter_mut();
        let of_request = all.find(|(_, pending)| pending.request == request);
        if let Some((_, pending)) = of_request.filter(|(of, _)| **of != Purpose::Typing) {
            pending.deadline = match progress {
                RequestProgress::Waiting => None,
                RequestProgress::Begun => Some(now + pending.limit),
            };
        }
    }

    /// A request that has taken too long, and what is to be said of it.
    pub(super) fn overdue(&mut self, now: Instant) -> Option<(Purpose, TransportError)> {
        let is_overdue = |pending: &Pending| pending.deadline.is_some_and(|at| at <= now);
        let mut all = self.pending.iter();
        let (&purpose, pending) = all.find(|(_, pending)| is_overdue(pending))?;
        let limit = pending.limit;
        self.cancel(purpose);
        let detail = format!("no answer within {limit:?}");
        let error = TransportError::new(TransportErrorKind::Timeout, detail);
        Some((purpose, error))
    }

    pub(super) fn cancel(&mut self, purpose: Purpose) {
        let Some(pending) = self.pending.remove(&purpose) else {
            return;
        };
        if purpose == Purpose::CallerToken {
            self.wants_token = false; // it is no request
            return;
        }
        let request = pending.request;
        self.actions.push_back(Action::CancelRequest { request });
    }

    pub(super) fn cancel_all(&mut self) {
        while let Some(purpose) = self.pending.keys().next().copied() {
            self.cancel(purpose);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        let deadlines = self.pending.values().filter_map(|pending| pending.deadline);
        deadlines
            .min()
            .map(|deadline| (deadline, WakeReason::RequestTimeout))
    }
}
