//! The handle of a session.

mod attachments;

use std::fmt;
use std::sync::Arc;

use chat_proto::api::{GetTranscript, SendEvent, SentEvent, TranscriptPage, View};
use chat_proto::{
    AbsoluteTime, CallAnswer, CallId, ChatDetails, CommandError, Draft, EndReason, Entry, Instant,
    ItemId, LocalId, Network, Phase, ReceiptKind, Refused, RequestError, ResumeState, Session,
    SessionId, SignedUrl, ViewToken,
};
use tokio::sync::oneshot;

use crate::driven::{Alone, Desk};
use crate::error::{CallError, ConnectFailure, ResendFailure, SendFailure};
use crate::hub::Seat;
use crate::shared::Lifeline;

/// A chat. Cheap to clone; clones are handles of the same chat.
///
/// Getters and commands that have nothing to wait for are plain methods. The others are `async`,
/// and give their command to the session when they are first polled. From then on the future only
/// waits: dropping it neither takes the command back nor repeats it, and what comes of it is still
/// among the [`Events`](crate::Events). A future that was never polled has done nothing.
///
/// When all handles and the [`Events`](crate::Events) are dropped, the session is abandoned: its
/// WebSocket is closed and its task ends. The service is not told that we leave; use
/// [`disconnect`](Self::disconnect) for that.
///
/// One of an agent ([`AgentHub`](crate::AgentHub)) is the same, but that the hub connects it, and
/// tells what happens in it.
#[derive(Clone)]
pub struct ChatSession {
    place: Place,
}

/// Where a session is.
#[derive(Clone)]
enum Place {
    Alone(Arc<Lifeline<Alone>>),
    Hub(Arc<Seat>),
}

/// A session as a command has it, with what is kept beside it.
pub(crate) struct State<'a> {
    pub(crate) session: &'a mut Session,
    pub(crate) desk: &'a mut Desk,
}

impl State<'_> {
    fn send_message(&mut self, now: Instant, draft: Draft) -> Result<LocalId, Refused<Draft>> {
        let local_id = self.session.send_message(now, draft)?;
        self.desk.meter.given(now, local_id);
        Ok(local_id)
    }
}

/// A message the service has confirmed.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Sent {
    /// Which message.
    pub local_id: LocalId,
    /// The item it has become.
    pub id: ItemId,
    /// When the service took it in.
    pub absolute_time: Option<AbsoluteTime>,
}

/// What [`ChatSession::load_older`] has brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct OlderLoaded {
    /// How many items are new in the transcript.
    pub items: u64,
    /// Whether the beginning of the transcript is reached.
    pub complete: bool,
}

impl ChatSession {
    pub(crate) const fn alone(lifeline: Arc<Lifeline<Alone>>) -> Self {
        let place = Place::Alone(lifeline);
        Self { place }
    }

    pub(crate) const fn on_hub(seat: Arc<Seat>) -> Self {
        let place = Place::Hub(seat);
        Self { place }
    }

    // Getters.

    /// Where the session is in its life.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.look(Session::phase)
    }

    /// The chat this is a session of.
    #[must_use]
    pub fn chat_details(&self) -> ChatDetails {
        self.look(|session| session.chat_details().clone())
    }

    /// Everything said so far, oldest first; messages of ours that are not confirmed come last.
    /// The entries share their items with the session, so a copy of them is cheap. An application
    /// that holds a copy of its own follows
    /// [`Event::TranscriptChanged`](chat_proto::Event::TranscriptChanged).
    #[must_use]
    pub fn transcript(&self) -> Vec<Entry> {
        self.look(|session| session.transcript().iter().cloned().collect())
    }

    /// Why the session is over, once it is.
    #[must_use]
    pub fn end_reason(&self) -> Option<EndReason> {
        self.look(|session| session.end_reason().cloned())
    }

    /// All that another process needs to continue this session, once this one is gone:
    /// [`Client::restore`](crate::Client::restore) takes it.
    ///
    /// It is the session as the application has been told of it. Events that still wait in
    /// [`Events`](crate::Events) count as not told and are told again by the process that goes on;
    /// those that have been taken are not. So store it together with what came of the events taken
    /// so far, in one step, and take no further ones in between. A process that is killed at any
    /// later moment then loses nothing and repeats nothing. What it is told after the last storing
    /// is told again, and a message given to [`send_message`](Self::send_message) after it is not
    /// known to the next process: one that must not be lost asks for a state once it is given.
    /// What the futures of a session told counts only with the event that tells it too.
    ///
    /// The state is secret: it holds the chat's tokens and texts.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the session is over.
    pub fn resume_state(&self) -> Result<ResumeState, CommandError> {
        match &self.place {
            Place::Alone(lifeline) => {
                let shared = lifeline.shared();
                let alone = shared.lock();
                shared
                    .events
                    .look(|waiting| alone.session.resume_state(waiting))
            }
            Place::Hub(seat) => seat.resume_state(),
        }
    }

    // Commands.

    /// Connects, and waits until the service has acknowledged the subscription. After a failure
    /// it can be repeated.
    ///
    /// Safe to cancel: the connecting goes on.
    ///
    /// # Errors
    /// [`ConnectFailure`]: the session is not idle, the attempt failed, or the session ended.
    pub async fn connect(&self) -> Result<(), ConnectFailure> {
        let connected = self.command(|state, now| {
            state.session.connect(now)?;
            Ok::<_, CommandError>(state.desk.waiters.connect())
        })?;
        outcome(connected).await
    }

    /// Sends a message, and waits until the service has confirmed it. While the connection is
    /// down, that is after it is up again.
    ///
    /// Safe to cancel: the message goes out, once.
    ///
    /// # Errors
    /// [`SendFailure`], which hands the message back.
    pub async fn send_message(&self, draft: Draft) -> Result<Sent, SendFailure> {
        let settled = self.command(|mut state, now| {
            let local_id = state.send_message(now, draft)?;
            Ok::<_, Refused<Draft>>(state.desk.waiters.message(local_id))
        })?;
        Ok(outcome(settled).await?)
    }

    /// Sends a message without waiting:
    /// [`Event::MessageSent`](chat_proto::Event::MessageSent) or
    /// [`Event::MessageFailed`](chat_proto::Event::MessageFailed) follows.
    ///
    /// # Errors
    /// [`Refused`] with the message when the session is over, the message breaks a limit of the
    /// service, or the outbox is full.
    pub fn queue_message(&self, draft: Draft) -> Result<LocalId, Refused<Draft>> {
        self.command(|mut state, now| state.send_message(now, draft))
    }

    /// Sends a message that has failed again, and waits until the service has confirmed it. If it
    /// has reached the service before, it is not doubled.
    ///
    /// Safe to cancel: the message goes out, once.
    ///
    /// # Errors
    /// [`ResendFailure`]: there is no such message, or it failed again.
    pub async fn resend(&self, local_id: LocalId) -> Result<Sent, ResendFailure> {
        let settled = self.command(|state, now| {
            state.session.resend(now, local_id)?;
            state.desk.meter.given(now, local_id);
            Ok::<_, CommandError>(state.desk.waiters.message(local_id))
        })?;
        Ok(outcome(settled).await?)
    }

    /// Tells the others that we are typing. At most one such event goes out in 10 s; `false` says
    /// that this one did not.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] unless the session is live.
    pub fn typing(&self) -> Result<bool, CommandError> {
        self.command(|state, now| state.session.typing(now))
    }

    /// Tells the others that we have received or read a message, and with it all before it.
    /// [`Event::ReceiptSettled`](chat_proto::Event::ReceiptSettled) follows.
    ///
    /// # Errors
    /// [`CommandError`] when receipts are switched off, the transcript does not hold the message,
    /// too many receipts wait, or the session is over.
    pub fn send_receipt(&self, kind: ReceiptKind, message: &ItemId) -> Result<(), CommandError> {
        self.command(|state, now| state.session.send_receipt(now, kind, message))
    }

    /// Sends an event, and waits for the service's answer.
    ///
    /// Safe to cancel: the event goes out, once.
    ///
    /// # Errors
    /// [`CallError`]: the event was refused, or could not be sent.
    pub async fn send_event(&self, event: SendEvent) -> Result<SentEvent, CallError> {
        let begin = |session: &mut Session, now| session.send_event(now, event);
        self.call(begin, |answer| {
            if let CallAnswer::EventSent(sent) = answer {
                Some(sent)
            } else {
                None
            }
        })
        .await
    }

    /// Reads a page of the transcript from the service. The session's own transcript does not
    /// change by it.
    ///
    /// Safe to cancel: the answer is discarded.
    ///
    /// # Errors
    /// [`CallError`]: the request was refused, or could not be sent.
    pub async fn get_transcript(
        &self,
        request: GetTranscript,
    ) -> Result<TranscriptPage, CallError> {
        let begin = |session: &mut Session, now| session.get_transcript(now, request);
        self.call(begin, |answer| {
            if let CallAnswer::Transcript(page) = answer {
                Some(page)
            } else {
                None
            }
        })
        .await
    }

    /// Takes the 100 items before the oldest one into the session's transcript.
    ///
    /// Safe to cancel: the items are taken in all the same.
    ///
    /// # Errors
    /// [`CallError`]: older items are being loaded already, the transcript is full, or the
    /// request failed.
    pub async fn load_older(&self) -> Result<OlderLoaded, CallError> {
        self.call(Session::load_older, |answer| {
            if let CallAnswer::OlderLoaded { items, complete } = answer {
                Some(OlderLoaded { items, complete })
            } else {
                None
            }
        })
        .await
    }

    /// Reads a view that a flow shows, named by the token of an interactive message.
    ///
    /// Safe to cancel: the answer is discarded.
    ///
    /// # Errors
    /// [`CallError`]: the request was refused, or could not be sent.
    pub async fn describe_view(&self, view: ViewToken) -> Result<View, CallError> {
        let begin = |session: &mut Session, now| session.describe_view(now, view);
        self.call(begin, |answer| {
            if let CallAnswer::View(view) = answer {
                Some(view)
            } else {
                None
            }
        })
        .await
    }

    /// Asks where the customer signs in, to come back to `redirect_uri`. The service answers it
    /// within one minute of the event `authentication.initiated`, which gives the session id.
    ///
    /// Safe to cancel: the answer is discarded.
    ///
    /// # Errors
    /// [`CallError`]: the request was refused, or could not be sent.
    pub async fn authentication_url(
        &self,
        session_id: SessionId,
        redirect_uri: impl Into<String>,
    ) -> Result<SignedUrl, CallError> {
        let begin =
            |session: &mut Session, now| session.authentication_url(now, session_id, redirect_uri);
        self.call(begin, |answer| {
            if let CallAnswer::AuthenticationUrl(url) = answer {
                Some(url)
            } else {
                None
            }
        })
        .await
    }

    /// Gives up the customer's signing in.
    ///
    /// Safe to cancel: it is given up all the same.
    ///
    /// # Errors
    /// [`CallError`]: the request was refused, or could not be sent.
    pub async fn cancel_authentication(&self, session_id: SessionId) -> Result<(), CallError> {
        let begin = |session: &mut Session, now| session.cancel_authentication(now, session_id);
        self.call(begin, |answer| {
            matches!(answer, CallAnswer::AuthenticationCanceled).then_some(())
        })
        .await
    }

    /// Tells the session what the operating system says of the network. A hint: the session is
    /// right without it, and quicker with it.
    pub fn network(&self, network: Network) {
        self.command(|state, now| state.session.handle_network(now, network));
    }

    /// Puts the session to sleep: its sockets are closed, nothing is sent. For an application
    /// that is put into the background.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when it is idle, suspended or over.
    pub fn suspend(&self) -> Result<(), CommandError> {
        self.command(|state, now| state.session.suspend(now))
    }

    /// Wakes a suspended session. What was missed is recovered.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] unless it is suspended.
    pub fn resume(&self) -> Result<(), CommandError> {
        self.command(|state, now| state.session.resume(now))
    }

    /// Leaves the chat: sends what is queued, tells the service, waits for the end.
    ///
    /// Safe to cancel: the leaving goes on.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the session has never been connected or is over.
    pub async fn disconnect(&self) -> Result<EndReason, CommandError> {
        let ended = self.command(|state, now| {
            state.session.disconnect(now)?;
            Ok(state.desk.waiters.end())
        })?;
        Ok(outcome(ended).await)
    }

    /// Leaves at once without telling the service, for which the chat goes on.
    ///
    /// Safe to cancel: the session is over at the first poll.
    ///
    /// # Errors
    /// [`CommandError::WrongPhase`] when the session is over.
    pub async fn abandon(&self) -> Result<EndReason, CommandError> {
        let ended = self.command(|state, now| {
            state.session.abandon(now)?;
            Ok(state.desk.waiters.end())
        })?;
        Ok(outcome(ended).await)
    }

    /// Waits for the end of the session, and says why it came; at once when it is over.
    ///
    /// Safe to cancel: it changes nothing.
    pub async fn ended(&self) -> EndReason {
        let ended = self.command(|state, _| match state.session.end_reason() {
            Some(reason) => Err(reason.clone()),
            None => Ok(state.desk.waiters.end()),
        });
        match ended {
            Ok(ended) => outcome(ended).await,
            Err(reason) => reason,
        }
    }

    fn look<T>(&self, see: impl FnOnce(&Session) -> T) -> T {
        match &self.place {
            Place::Alone(lifeline) => see(&lifeline.shared().lock().session),
            Place::Hub(seat) => seat.look(see),
        }
    }

    fn command<T>(&self, give: impl FnOnce(State<'_>, Instant) -> T) -> T {
        match &self.place {
            Place::Alone(lifeline) => lifeline.shared().command(|alone, now| {
                let Alone { session, desk, .. } = alone;
                give(State { session, desk }, now)
            }),
            Place::Hub(seat) => seat.command(give),
        }
    }

    /// Begins a call, and waits for its answer, from which `take` takes what the call is about.
    async fn call<T>(
        &self,
        begin: impl FnOnce(&mut Session, Instant) -> Result<CallId, CommandError>,
        take: impl FnOnce(CallAnswer) -> Option<T>,
    ) -> Result<T, CallError> {
        let answered = self.command(|state, now| {
            let call = begin(state.session, now)?;
            Ok::<_, CommandError>(state.desk.waiters.call(call))
        })?;
        Self::answer(answered, take).await
    }

    /// Waits for the answer of a call that has begun.
    async fn answer<T>(
        answered: oneshot::Receiver<Result<CallAnswer, RequestError>>,
        take: impl FnOnce(CallAnswer) -> Option<T>,
    ) -> Result<T, CallError> {
        let answer = outcome(answered).await?;
        // A session answers a call in its own kind, so there is always something to take.
        take(answer).ok_or(CallError::Request(RequestError::Ended))
    }
}

impl fmt::Debug for ChatSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.look(|session| {
            f.debug_struct("ChatSession")
                .field("contact_id", &session.chat_details().contact_id)
                .field("phase", &session.phase())
                .finish_non_exhaustive()
        })
    }
}

/// What is waited for. The other end stands in the state that the handle shares with the driver;
/// it leaves it only to tell, since a session settles everything before its end.
async fn outcome<T>(receiver: oneshot::Receiver<T>) -> T {
    match receiver.await {
        Ok(outcome) => outcome,
        Err(_) => std::future::pending().await,
    }
}
