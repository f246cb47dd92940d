//! Messages on their way out: one at a time, in the order they were given, each under one client
//! token however often it is tried.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::action::WakeReason;
use crate::api::{Draft, SendMessage, SentMessage};
use crate::error::{CommandError, Refused, RequestError, RetryClass, SendError};
use crate::event::Event;
use crate::ids::{ClientToken, ItemId, LocalId};
use crate::resume_state::{SavedMessage, SavedOutbox};
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;
use crate::transcript::{Status, Transcript};
use crate::wire::Item;

#[derive(Debug)]
struct Message {
    local_id: LocalId,
    draft: Draft,
    client_token: ClientToken,
    /// Whether it has ever been on its way.
    requested: bool,
}

impl Message {
    /// Whether this item, which we wrote, may be this message.
    fn is_told_by(&self, item: &Item) -> bool {
        self.requested
            && item.content.as_ref() == Some(&self.draft.content)
            && item.content_type.as_ref() == Some(&self.draft.content_type)
    }
}

/// The message being sent: the first of the queue, once it has been begun.
#[derive(Debug, Default)]
struct Head {
    tries: Tries,
    /// How long it has been tried before the connection was last lost.
    spent: Duration,
    /// Since when it is being tried; `None` while the connection is down.
    since: Option<Instant>,
    last_error: Option<RequestError>,
    /// The item taken for its echo.
    echo: Option<ItemId>,
    /// Whether that may as well be the echo of another one that says the same.
    echo_is_doubtful: bool,
}

#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Message>,
    head: Option<Head>,
    failed: VecDeque<Message>,
    next_local: u64,
    limit: usize,
    deadline: Duration,
}

impl Outbox {
    pub(super) const fn new(limit: usize, deadline: Duration) -> Self {
        Self {
            queue: VecDeque::new(),
            head: None,
            failed: VecDeque::new(),
            next_local: 0,
            limit,
            deadline,
        }
    }

    /// What another process needs to go on. `untold` are failures that the application has not
    /// been told of: those messages are to be tried again.
    pub(super) fn save(&self, untold: &BTreeSet<LocalId>) -> SavedOutbox {
        let save = |message: &Message| {
            let token = message.client_token.clone();
            SavedMessage::new(message.local_id, &message.draft, token, message.requested)
        };
        let is_untold = |message: &&Message| untold.contains(&message.local_id);
        let again = self.failed.iter().filter(is_untold);
        // The echo is of the message that is first now.
        let head = self.head.as_ref().filter(|_| untold.is_empty());
        let failed = self.failed.iter().filter(|message| !is_untold(message));
        SavedOutbox {
            last_local_id: self.next_local,
            queue: again.chain(&self.queue).map(save).collect(),
            echo: head.and_then(|head| head.echo.clone()),
            failed: failed.map(save).collect(),
            sent: Vec::new(),
        }
    }

    /// Goes on where another process was.
    pub(super) fn restore(
        &mut self,
        saved: SavedOutbox,
        outputs: &mut Outputs,
        transcript: &mut Transcript,
    ) -> Result<(), CommandError> {
        self.next_local = saved.last_local_id;
        let restore = |saved: SavedMessage| Message {
            local_id: saved.local_id,
            draft: saved.draft(),
            client_token: saved.client_token,
            requested: saved.requested,
        };
        self.failed = saved.failed.into_iter().map(restore).collect();
        self.queue = saved.queue.into_iter().map(restore).collect();
        for message in self.failed.iter().chain(&self.queue) {
            message.draft.check()?;
            transcript.push_local(message.local_id, &message.draft);
        }
        for message in &self.failed {
            transcript.set_local_status(message.local_id, Status::Failed);
        }
        if saved.echo.is_some() {
            let head = self.head.get_or_insert_default();
            head.echo = saved.echo;
            head.echo_is_doubtful = true; // what else was sent meanwhile is not known
        }
        for (local_id, id, absolute_time) in saved.sent {
            outputs.events.push_back(Event::MessageSent {
                local_id,
                id,
                absolute_time,
            });
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    fn check_room(&self) -> Result<(), CommandError> {
        if self.queue.len() >= self.limit {
            return Err(CommandError::Full {
                queue: "the outbox",
                limit: self.limit,
            });
        }
        Ok(())
    }

    /// Takes a message in.
    pub(super) fn push(
        &mut self,
        draft: Draft,
        outputs: &mut Outputs,
        transcript: &mut Transcript,
    ) -> Result<LocalId, Refused<Draft>> {
        if let Err(error) = self.check_room().and_then(|()| draft.check()) {
            return Err(Refused {
                error,
                payload: draft,
            });
        }
        self.next_local += 1;
        let local_id = LocalId(self.next_local);
        transcript.push_local(local_id, &draft);
        self.queue.push_back(Message {
            local_id,
            draft,
            client_token: outputs.random.client_token(),
            requested: false,
        });
        Ok(local_id)
    }

    /// Takes a failed message in again, under its old token.
    pub(super) fn resend(
        &mut self,
        local_id: LocalId,
        transcript: &mut Transcript,
    ) -> Result<(), CommandError> {
        self.check_room()?;
        let at = self
            .failed
            .iter()
            .position(|message| message.local_id == local_id);
        let Some(message) = at.and_then(|at| self.failed.remove(at)) else {
            return Err(CommandError::UnknownMessage(local_id));
        };
        // It is last again in the order of sending.
        transcript.remove_local(local_id);
        transcript.push_local(local_id, &message.draft);
        self.queue.push_back(message);
        Ok(())
    }

    /// Sends what can be sent.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        access: &mut Access,
        outputs: &mut Outputs,
        transcript: &mut Transcript,
    ) {
        while let Some(message) = self.queue.front_mut() {
            let head = self.head.get_or_insert_default();
            let since = *head.since.get_or_insert(now);
            if head.spent + (now - since) >= self.deadline {
                outputs.cancel(Purpose::Message);
                let error = SendError::Deadline {
                    limit: self.deadline,
                    last: head.last_error.take(),
                };
                self.settle_failed(error, outputs, transcript);
                continue;
            }
            if outputs.is_pending(Purpose::Message) || !head.tries.is_due(now) {
                return;
            }
            match access.token(now, outputs) {
                TokenState::Ready(bearer) => {
                    let request =
                        SendMessage::new(message.draft.clone(), message.client_token.clone());
                    outputs.request(now, Purpose::Message, &bearer, &request);
                    message.requested = true;
                    return;
                }
                TokenState::Pending => return,
                TokenState::Refused(error) => {
                    self.settle_failed(SendError::Refused(error), outputs, transcript);
                }
            }
        }
    }

    /// The connection is down: time does not count until it is up again.
    pub(super) fn pause(&mut self, now: Instant) {
        if let Some(head) = &mut self.head {
            if let Some(since) = head.since.take() {
                head.spent += now - since;
            }
        }
    }

    /// The service has answered.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        result: Result<SentMessage, RequestError>,
        access: &mut Access,
        outputs: &mut Outputs,
        transcript: &mut Transcript,
    ) {
        let Some(head) = &mut self.head else { return };
        match result {
            Ok(sent) => {
                let echo = head.echo.take();
                let Some(message) = self.pop_head() else {
                    return;
                };
                transcript.confirm(
                    message.local_id,
                    &message.draft,
                    &sent.id,
                    sent.absolute_time.as_ref(),
                    echo.as_ref(),
                );
                outputs.events.push_back(Event::MessageSent {
                    local_id: message.local_id,
                    id: sent.id,
                    absolute_time: sent.absolute_time,
                });
            }
            Err(error) => match head.tries.failed(now, &error, access, outputs) {
                Verdict::Again => head.last_error = Some(error),
                Verdict::GiveUp => {
                    self.settle_failed(SendError::Refused(error), outputs, transcript);
                }
            },
        }
    }

    /// The message of ours that this item, which we wrote, is taken for: the one being sent, when
    /// it says the same, or one that failed although it had been on its way. For the former, the
    /// answer to the request tells for certain, whatever comes first.
    pub(super) fn echo(&mut self, item: &Item) -> Option<LocalId> {
        let mut others = self.failed.iter().chain(self.queue.iter().skip(1));
        let is_other = others.any(|message| message.is_told_by(item));
        if let (Some(message), Some(head)) = (self.queue.front(), &mut self.head) {
            let known = head.echo.is_some() && head.echo == item.id;
            if known || (head.echo.is_none() && message.is_told_by(item)) {
                head.echo = item.id.clone();
                head.echo_is_doubtful |= known || is_other;
                return Some(message.local_id);
            }
        }
        let arrived = self
            .failed
            .iter()
            .position(|message| message.is_told_by(item))?;
        let message = self.failed.remove(arrived)?;
        Some(message.local_id)
    }

    /// The session is over: what is not confirmed has failed.
    pub(super) fn end(&mut self, outputs: &mut Outputs, transcript: &mut Transcript) {
        while !self.queue.is_empty() {
            self.settle_failed(SendError::Ended, outputs, transcript);
        }
        self.failed.clear();
    }

    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        let head = self.head.as_ref()?;
        let since = head.since?;
        let deadline = since + self.deadline.saturating_sub(head.spent);
        let deadline = (deadline, WakeReason::SendDeadline);
        let retry = head.tries.not_before();
        let retry = retry.map(|at| (at, WakeReason::SendRetry));
        Some(retry.map_or(deadline, |retry| retry.min(deadline)))
    }

    fn pop_head(&mut self) -> Option<Message> {
        self.head = None;
        self.queue.pop_front()
    }

    fn settle_failed(
        &mut self,
        error: SendError,
        outputs: &mut Outputs,
        transcript: &mut Transcript,
    ) {
        let head = self.head.take().unwrap_or_default();
        let Some(message) = self.pop_head() else {
            return;
        };
        let local_id = message.local_id;
        // A service that has it does not refuse its repetition.
        let refused = matches!(&error, SendError::Refused(cause)
            if cause.retry_class() == RetryClass::Never);
        if let Some(id) = head.echo {
            if refused || head.echo_is_doubtful {
                transcript.disown(&id);
                transcript.push_local(local_id, &message.draft);
            } else {
                // The service has shown it to us, so it has it, whatever became of its answer.
                let absolute_time = transcript
                    .index_of(&id)
                    .and_then(|index| transcript.get(index))
                    .and_then(|entry| entry.item.absolute_time.clone());
                outputs.events.push_back(Event::MessageSent {
                    local_id,
                    id,
                    absolute_time,
                });
                return;
            }
        }
        transcript.set_local_status(local_id, Status::Failed);
        outputs.events.push_back(Event::MessageFailed {
            local_id,
            draft: message.draft.clone(),
            error,
        });
        self.failed.push_back(message);
        if self.failed.len() > self.limit {
            if let Some(forgotten) = self.failed.pop_front() {
                transcript.remove_local(forgotten.local_id);
            }
        }
    }
}
