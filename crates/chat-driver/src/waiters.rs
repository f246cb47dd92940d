//! Who waits for which event.

use std::collections::BTreeMap;

use chat_proto::{
    AttachmentId, CallAnswer, CallId, ConnectError, EndReason, Event, ItemId, LocalId,
    RequestError, UploadId,
};
use tokio::sync::oneshot;

use crate::error::{ConnectFailure, FailedAttachment, FailedMessage};
use crate::session::Sent;

/// What becomes of a message.
pub(crate) type SendResult = Result<Sent, Box<FailedMessage>>;

/// What becomes of a file that is sent.
pub(crate) type AttachmentResult = Result<AttachmentId, FailedAttachment>;

#[derive(Debug, Default)]
pub(crate) struct Waiters {
    connect: Vec<oneshot::Sender<Result<(), ConnectFailure>>>,
    messages: BTreeMap<LocalId, Vec<oneshot::Sender<SendResult>>>,
    attachments: BTreeMap<UploadId, oneshot::Sender<AttachmentResult>>,
    calls: BTreeMap<CallId, oneshot::Sender<Result<CallAnswer, RequestError>>>,
    end: Vec<oneshot::Sender<EndReason>>,
}

impl Waiters {
    /// Waits for the end of a connect.
    pub(crate) fn connect(&mut self) -> oneshot::Receiver<Result<(), ConnectFailure>> {
        wait_in(&mut self.connect)
    }

    /// Waits for a message to settle.
    pub(crate) fn message(&mut self, local_id: LocalId) -> oneshot::Receiver<SendResult> {
        wait_in(self.messages.entry(local_id).or_default())
    }

    /// Waits for a file to be sent, or to fail.
    pub(crate) fn attachment(&mut self, upload: UploadId) -> oneshot::Receiver<AttachmentResult> {
        let (sender, receiver) = oneshot::channel();
        self.attachments.insert(upload, sender);
        receiver
    }

    /// Waits for a call to finish.
    pub(crate) fn call(
        &mut self,
        call: CallId,
    ) -> oneshot::Receiver<Result<CallAnswer, RequestError>> {
        let (sender, receiver) = oneshot::channel();
        self.calls.insert(call, sender);
        receiver
    }

    /// Waits for the end of the session.
    pub(crate) fn end(&mut self) -> oneshot::Receiver<EndReason> {
        wait_in(&mut self.end)
    }

    /// Tells those who wait for this event.
    pub(crate) fn notice(&mut self, event: &Event) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "nobody waits for any other event"
        )]
        match event {
            Event::Established => self.connect_settled(&Ok(())),
            Event::ConnectFailed(error) => {
                self.connect_settled(&Err(ConnectError::clone(error).into()));
            }
            Event::MessageSent {
                local_id,
                id,
                absolute_time,
            } => {
                let sent = Sent {
                    local_id: *local_id,
                    id: ItemId::clone(id),
                    absolute_time: absolute_time.clone(),
                };
                self.message_settled(*local_id, &Ok(sent));
            }
            Event::MessageFailed {
                local_id,
                draft,
                error,
            } => {
                let failed = FailedMessage {
                    local_id: *local_id,
                    draft: draft.clone(),
                    error: error.clone(),
                };
                self.message_settled(*local_id, &Err(Box::new(failed)));
            }
            Event::AttachmentSent {
                upload,
                attachment_id,
            } => self.attachment_settled(*upload, Ok(AttachmentId::clone(attachment_id))),
            Event::AttachmentFailed { upload, error } => {
                let failed = FailedAttachment {
                    upload: *upload,
                    error: error.clone(),
                };
                self.attachment_settled(*upload, Err(failed));
            }
            Event::CallFinished { call, result } => {
                if let Some(waiter) = self.calls.remove(call) {
                    tell(waiter, result.clone());
                }
            }
            Event::Ended(reason) => {
                self.connect_settled(&Err(ConnectFailure::Ended(reason.clone())));
                for waiter in std::mem::take(&mut self.end) {
                    tell(waiter, reason.clone());
                }
            }
            _ => {}
        }
    }

    fn connect_settled(&mut self, result: &Result<(), ConnectFailure>) {
        for waiter in std::mem::take(&mut self.connect) {
            tell(waiter, result.clone());
        }
    }

    fn attachment_settled(&mut self, upload: UploadId, result: AttachmentResult) {
        if let Some(waiter) = self.attachments.remove(&upload) {
            tell(waiter, result);
        }
    }

    fn message_settled(&mut self, local_id: LocalId, result: &SendResult) {
        for waiter in self.messages.remove(&local_id).unwrap_or_default() {
            tell(waiter, result.clone());
        }
    }
}

/// Joins a list of those who wait. Those who have given up leave it, so that it stays as long as
/// the number of futures that wait.
fn wait_in<T>(waiters: &mut Vec<oneshot::Sender<T>>) -> oneshot::Receiver<T> {
    waiters.retain(|waiter| !waiter.is_closed());
    let (sender, receiver) = oneshot::channel();
    waiters.push(sender);
    receiver
}

/// Tells one who waits, or has given up.
fn tell<T>(waiter: oneshot::Sender<T>, result: T) {
    drop(waiter.send(result));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_have_given_up_do_not_pile_up() {
        let mut waiters = Waiters::default();
        let patient = waiters.end();
        for _ in 0..100 {
            drop(waiters.end());
        }
        assert!(waiters.end.len() <= 2, "{}", waiters.end.len());
        waiters.notice(&Event::Ended(EndReason::Disconnected));
        assert_eq!(patient.blocking_recv(), Ok(EndReason::Disconnected));
    }

    #[test]
    fn a_connect_settles_by_whatever_comes_first() {
        for (event, succeeds) in [
            (Event::Established, true),
            (
                Event::ConnectFailed(ConnectError::Closed { code: 1006 }),
                false,
            ),
            (Event::Ended(EndReason::Abandoned), false),
        ] {
            let mut waiters = Waiters::default();
            let connected = waiters.connect();
            waiters.notice(&Event::ConnectionLost(chat_proto::LossCause::Closed(1006)));
            waiters.notice(&event);
            assert_eq!(connected.blocking_recv().unwrap().is_ok(), succeeds);
        }
    }
}
