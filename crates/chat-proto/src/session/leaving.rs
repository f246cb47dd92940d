//! Leaving a chat: send what is queued, tell the service, see the chat end.

use std::time::Duration;

use crate::action::WakeReason;
use crate::api::DisconnectParticipant;
use crate::error::{RequestError, RetryClass};
use crate::event::EndReason;
use crate::ids::ClientToken;
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;

#[derive(Debug)]
pub(super) struct Leaving {
    /// Until when queued messages may go out; `None` once the service is being told.
    flush_until: Option<Instant>,
    /// When it is over, whatever has happened.
    until: Instant,
    request: DisconnectParticipant,
    tries: Tries,
    /// Whether the service has taken note.
    told: bool,
}

impl Leaving {
    /// Begins to leave, under this token. Half of the time is for what is queued.
    pub(super) fn new(now: Instant, limit: Duration, client_token: ClientToken) -> Self {
        Self {
            flush_until: Some(now + limit / 2),
            until: now + limit,
            request: DisconnectParticipant::new(client_token),
            tries: Tries::default(),
            told: false,
        }
    }

    /// The token it is done under.
    pub(super) const fn client_token(&self) -> &ClientToken {
        &self.request.client_token
    }

    /// Goes on with leaving; the reason of the end, once it is over. `hears` says whether the end
    /// that the service announces can reach us.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        flushed: bool,
        hears: bool,
        access: &mut Access,
        outputs: &mut Outputs,
    ) -> Option<EndReason> {
        if now >= self.until || (self.told && !hears) {
            return Some(if self.told {
                EndReason::Disconnected
            } else {
                EndReason::Abandoned
            });
        }
        if !flushed && self.flush_until.is_some_and(|until| now < until) {
            return None;
        }
        // What is queued from here on does not keep the service waiting.
        self.flush_until = None;
        if self.told || outputs.is_pending(Purpose::Disconnect) {
            return None;
        }
        if self.tries.is_due(now) {
            match access.token(now, outputs) {
                TokenState::Ready(bearer) => {
                    outputs.request(now, Purpose::Disconnect, &bearer, &self.request);
                }
                TokenState::Pending => {}
                TokenState::Refused(error) => return Some(refused(&error)),
            }
        }
        None
    }

    /// The service has answered; the reason of the end, when there is no chat to leave any more.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        result: Result<(), RequestError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) -> Option<EndReason> {
        match result {
            Ok(()) => {
                self.told = true;
                None
            }
            Err(error) => match self.tries.failed(now, &error, access, outputs) {
                Verdict::Again => None,
                Verdict::GiveUp => Some(refused(&error)),
            },
        }
    }

    pub(super) fn next_timeout(&self) -> (Instant, WakeReason) {
        let next = self.flush_until.or_else(|| self.tries.not_before());
        let next = next.map_or(self.until, |next| next.min(self.until));
        (next, WakeReason::DisconnectDeadline)
    }
}

/// A refused token means that the chat is over, which is what was wanted.
fn refused(error: &RequestError) -> EndReason {
    match error.retry_class() {
        RetryClass::Denied => EndReason::Disconnected,
        RetryClass::Later | RetryClass::Never => EndReason::Abandoned,
    }
}
