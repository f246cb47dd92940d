//! What a driver drives: a session, or a hub with all sessions of an agent.

use std::pin::Pin;

use bytes::Bytes;
use chat_proto::{
    Action, CallId, Event, Instant, Phase, RequestId, RequestProgress, Session, SocketId,
    SocketInput, Transferred, UploadId,
};
use http::Response;
use tracing::Span;

use crate::files::{Files, Gone, SharedSink, Upload};
use crate::metrics::{ConnectionMeter, SessionMeter};
use crate::observability;
use crate::requests::Answer;
use crate::waiters::Waiters;

/// What something driven asks for.
#[expect(clippy::large_enum_variant, reason = "almost all of them are actions")]
pub(crate) enum Want<D: Driven + ?Sized> {
    /// Something to do for one of its sessions.
    Act(D::Scope, Action),
    /// Something that the application is asked for.
    Ask(D::Scope, Pin<Box<dyn Future<Output = D::Given> + Send>>),
}

/// The part that decides. A driver does what it wants and feeds it what comes of it.
pub(crate) trait Driven: Send + 'static {
    /// Whose request it is, among several sessions.
    type Scope: Clone + Ord + Send + 'static;
    /// What it tells.
    type Event: Send + 'static;
    /// What the application gives when it is asked.
    type Given: Send + 'static;

    fn poll_action(&mut self) -> Option<Want<Self>>;
    /// The next event. Those who wait for it are told.
    fn poll_event(&mut self, now: Instant) -> Option<Self::Event>;
    fn poll_timeout(&self) -> Option<Instant>;
    /// Lets go of what is over, once all actions and events are polled. Whether everything is.
    /// More may have to be polled after it.
    fn settle(&mut self, now: Instant) -> bool;
    /// What has been let go of.
    fn take_gone(&mut self) -> Vec<Gone>;

    fn handle_socket(&mut self, now: Instant, socket: SocketId, input: SocketInput);
    fn handle_response(
        &mut self,
        now: Instant,
        scope: &Self::Scope,
        request: RequestId,
        answer: Answer<Response<Bytes>>,
    );
    fn handle_transfer(
        &mut self,
        now: Instant,
        scope: &Self::Scope,
        request: RequestId,
        answer: Answer<Transferred>,
    );
    fn handle_progress(
        &mut self,
        now: Instant,
        scope: &Self::Scope,
        request: RequestId,
        progress: RequestProgress,
    );
    fn handle_given(&mut self, now: Instant, scope: &Self::Scope, given: Self::Given);
    fn handle_timeout(&mut self, now: Instant);
    /// Leaves all chats, telling the service, and is over once all have ended. Those that cannot be
    /// left are abandoned.
    fn disconnect(&mut self, now: Instant);
    /// Ends everything without telling the service.
    fn abandon(&mut self, now: Instant);

    /// What is logged for this session stands in here, within the span of the driver.
    fn span(&self, scope: &Self::Scope) -> Span;
    /// What the next upload of this file reads.
    fn upload(&mut self, scope: &Self::Scope, upload: UploadId) -> Option<Upload>;
    /// Where this download goes.
    fn sink(&self, scope: &Self::Scope, call: CallId) -> Option<SharedSink>;
}

/// What is kept beside a session: who waits for what, its files, and what is measured of it.
pub(crate) struct Desk {
    pub(crate) waiters: Waiters,
    pub(crate) files: Files,
    pub(crate) meter: SessionMeter,
}

impl Desk {
    pub(crate) fn new(session: &Session) -> Self {
        Self {
            waiters: Waiters::default(),
            files: Files::default(),
            meter: SessionMeter::new(session),
        }
    }

    pub(crate) fn notice(&mut self, now: Instant, event: &Event) {
        self.meter.notice(now, event);
        observability::log(event);
        self.waiters.notice(event);
        self.files.notice(event);
    }
}

/// Leaves the chat of a session, which ends by itself then.
pub(crate) fn leave(session: &mut Session, now: Instant) {
    if session.disconnect(now).is_err() && session.phase() == Phase::Idle {
        // It has never been connected, so there is nothing to leave.
        drop(session.abandon(now));
    }
}

/// A session that is driven alone.
pub(crate) struct Alone {
    pub(crate) session: Session,
    pub(crate) desk: Desk,
    connection: ConnectionMeter,
}

impl Alone {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            desk: Desk::new(&session),
            session,
            connection: ConnectionMeter::new(),
        }
    }
}

impl Driven for Alone {
    type Scope = ();
    type Event = Event;
    type Given = std::convert::Infallible;

    fn poll_action(&mut self) -> Option<Want<Self>> {
        let action = self.session.poll_action()?;
        Some(Want::Act((), action))
    }

    fn poll_event(&mut self, now: Instant) -> Option<Event> {
        let event = self.session.poll_event()?;
        self.connection.notice(now, &event);
        self.desk.notice(now, &event);
        Some(event)
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.session.poll_timeout().map(|(at, _)| at)
    }

    fn take_gone(&mut self) -> Vec<Gone> {
        self.desk.files.take_gone()
    }

    fn settle(&mut self, _: Instant) -> bool {
        let session = &self.session;
        let files = &mut self.desk.files;
        files.keep(|upload| session.has_attachment(upload));
        session.phase() == Phase::Ended
    }

    fn handle_socket(&mut self, now: Instant, socket: SocketId, input: SocketInput) {
        self.session.handle_socket(now, socket, input);
    }

    fn handle_response(
        &mut self,
        now: Instant,
        (): &(),
        request: RequestId,
        answer: Answer<Response<Bytes>>,
    ) {
        self.session.handle_response(now, request, answer);
    }

    fn handle_transfer(
        &mut self,
        now: Instant,
        (): &(),
        request: RequestId,
        answer: Answer<Transferred>,
    ) {
        self.session.handle_transfer(now, request, answer);
    }

    fn handle_progress(
        &mut self,
        now: Instant,
        (): &(),
        request: RequestId,
        progress: RequestProgress,
    ) {
        self.session.handle_request_progress(now, request, progress);
    }

    fn handle_given(&mut self, _: Instant, (): &(), given: Self::Given) {
        match given {}
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.session.handle_timeout(now);
    }

    fn disconnect(&mut self, now: Instant) {
        leave(&mut self.session, now);
    }

    fn abandon(&mut self, now: Instant) {
        // It refuses only when it is over, which is what is wanted.
        drop(self.session.abandon(now));
    }

    fn span(&self, (): &()) -> Span {
        Span::none()
    }

    fn upload(&mut self, (): &(), upload: UploadId) -> Option<Upload> {
        self.desk.files.upload(upload)
    }

    fn sink(&self, (): &(), call: CallId) -> Option<SharedSink> {
        self.desk.files.sink(call)
    }
}
