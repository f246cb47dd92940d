//! What is different for an agent's session, which shares its link with others: connection tokens
//! come from the caller, the connection is acknowledged, and a transfer ends it.

use crate::api::{self, ConnectionCredentials, CreateParticipantConnection};
use crate::config::Config;
use crate::error::{CommandError, RequestError, RetryClass, TransportError};
use crate::event::{Diagnostic, EndReason};
use crate::ids::ChatDetails;
use crate::link::Signal;
use crate::resume_state::ResumeState;
use crate::session::Session;
use crate::session::connection::{Connection, Shared};
use crate::session::outputs::Purpose;
use crate::session::phase::Phase;
use crate::session::tries::{Tries, Verdict};
use crate::time::{Instant, Start};
use crate::wire::{ContentType, Item};

/// Acknowledging the connection: CreateParticipantConnection with ConnectParticipant.
#[derive(Debug, Default)]
pub(super) struct Acknowledging {
    tries: Tries,
    done: bool,
}

impl Acknowledging {
    /// When it is to be tried again.
    pub(super) const fn next_timeout(&self) -> Option<Instant> {
        if self.done {
            return None;
        }
        self.tries.not_before()
    }
}

impl Session {
    /// A session on a hub's link.
    pub(crate) fn on_hub(
        start: Start,
        config: Config,
        details: ChatDetails,
    ) -> Result<Self, CommandError> {
        let shared = Connection::Shared(Shared::default());
        Self::with_connection(start, config, details, shared)
    }

    /// A session on a hub's link that goes on where another process was.
    pub(crate) fn restore_on_hub(
        start: Start,
        config: Config,
        state: ResumeState,
    ) -> Result<Self, CommandError> {
        let shared = Connection::Shared(Shared::default());
        Self::restore_with(start, config, state, shared)
    }

    /// Something of the hub's link that concerns this session.
    pub(crate) fn handle_signal(&mut self, now: Instant, signal: Signal) {
        self.begin(now);
        if let Connection::Shared(shared) = &mut self.link {
            shared.push(signal);
        }
        self.advance();
    }

    /// The state of the hub's link.
    pub(crate) fn observe_link(&mut self, last_alive: Instant, reading: bool) {
        if let Connection::Shared(shared) = &mut self.link {
            shared.observe(last_alive, reading);
        }
    }

    /// Whether the caller is to give a connection token. Says so once for each.
    pub(crate) const fn takes_token(&mut self) -> bool {
        self.outputs.takes_token()
    }

    /// Whether the caller is still to be asked for a connection token.
    pub(crate) const fn wants_token(&self) -> bool {
        self.outputs.wants_token()
    }

    /// Whether it is over, and all it had to say has been polled.
    pub(crate) fn is_gone(&self) -> bool {
        self.phase == Phase::Ended && self.poll_timeout().is_none()
    }

    /// The caller's connection token, or why there is none: it is then asked of the service.
    pub(crate) fn handle_connection_token(
        &mut self,
        now: Instant,
        result: Result<ConnectionCredentials, TransportError>,
    ) {
        self.begin(now);
        if self.outputs.token_given() {
            self.token_given(result);
            self.advance();
        }
    }

    pub(super) fn token_given(&mut self, result: Result<ConnectionCredentials, TransportError>) {
        let result = result
            .map_err(RequestError::from)
            .and_then(|given| Ok(self.access.take(self.now, given)?));
        if let Err(error) = result {
            self.outputs
                .report(Diagnostic::ConnectionTokenFailed(error));
            self.access.fetch_agents_token(self.now, &mut self.outputs);
        }
    }

    /// Tells the service that the agent is connected, once.
    pub(super) fn advance_acknowledging(&mut self) {
        let pending = self.outputs.is_pending(Purpose::Acknowledge);
        let wanted = self.link.is_shared() && !self.acknowledging.done && !pending;
        if wanted && self.phase == Phase::Live && self.acknowledging.tries.is_due(self.now) {
            self.access.acknowledge(self.now, &mut self.outputs);
        }
    }

    pub(super) fn acknowledged<B: AsRef<[u8]>>(
        &mut self,
        response: Result<http::Response<B>, RequestError>,
    ) {
        let result =
            response.and_then(|answer| api::from_http::<CreateParticipantConnection>(&answer));
        let Err(error) = result else {
            self.acknowledging.done = true;
            return;
        };
        let denied = error.retry_class() == RetryClass::Denied;
        let (access, outputs) = (&mut self.access, &mut self.outputs);
        let tries = &mut self.acknowledging.tries;
        if denied || tries.failed(self.now, &error, access, outputs) == Verdict::GiveUp {
            self.acknowledging.done = true;
            self.outputs
                .report(Diagnostic::AcknowledgementFailed(error));
        }
    }

    /// The service denies an agent the chat: it has ended, or gone to somebody else.
    pub(super) fn end_if_denied(&mut self) {
        if !self.link.is_shared() || !self.was_live {
            return;
        }
        let denied = self.gap.take_denied().or_else(|| self.access.denied());
        if let Some(error) = denied {
            self.end(EndReason::Inferred(error));
        }
    }

    /// Whether the item says that an agent's chat has gone to somebody else.
    pub(super) fn is_transferred_by(&self, item: &Item) -> bool {
        let succeeded = item.content_type == Some(ContentType::TransferSucceeded);
        let ours = item.contact_id.as_ref();
        let ours = ours.is_none_or(|contact| *contact == self.details.contact_id);
        self.link.is_shared() && succeeded && ours
    }
}
