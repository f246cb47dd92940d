//! The one loop of a session, or of a hub: does what it asks for and feeds it what comes of it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use chat_proto::{
    Action, Operation, RequestId, RequestProgress, SocketId, SocketInput, Transferred,
};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use http::{Request, Response};
use tracing::{Instrument, Span};

use crate::clock::{Clock, Timer};
use crate::driven::{Driven, Want};
use crate::http::Requester;
use crate::limiter::Limiter;
use crate::metrics::ExchangeMeter;
use crate::requests::{Answer, Requests};
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::socket::{Opener, Socket};

/// After how many rounds in a row the other tasks of the runtime have their turn. A round takes
/// at most one frame from each socket.
const ROUNDS: u32 = 32;
/// The answer to a close frame of the peer repeats its code; this is what is said without one.
const CLOSE_NORMAL: u16 = 1000;

type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a client's drivers have in common.
pub(crate) struct Io<R: Runtime> {
    pub(crate) requester: Requester<R>,
    pub(crate) limiter: Limiter<R>,
    pub(crate) opener: Opener<R>,
}

impl<R: Runtime> Io<R> {
    /// Sends a request whose turn has come, and takes note of the answer.
    pub(crate) fn ask(
        &self,
        operation: Operation,
        http: Request<Vec<u8>>,
    ) -> impl Future<Output = Answer<Response<Bytes>>> + Send + 'static {
        let answer = self.requester.perform(http);
        let answer = self.limiter.clone().heed(operation, answer);
        async move {
            tracing::debug!("sending a request");
            let meter = ExchangeMeter::request(Clock::start::<R>(), operation);
            let answer = answer.await;
            let status = answer.as_ref().ok();
            meter.answered(status.map(|answer| answer.status().as_u16()));
            match &answer {
                Ok(response) => {
                    let status = response.status().as_u16();
                    tracing::debug!(status, "a request is answered");
                }
                Err(error) => tracing::debug!(%error, "a request failed"),
            }
            answer
        }
    }
}

/// A request, and whose it is.
type Key<D> = (<D as Driven>::Scope, RequestId);

/// A request that is to be sent.
struct Due {
    operation: Operation,
    http: Request<Vec<u8>>,
    span: Span,
}

/// Owns the IO of one session or hub. However it ends, that ends with it.
pub(crate) struct Driver<D: Driven, R: Runtime> {
    shared: Arc<Shared<D>>,
    io: Arc<Io<R>>,
    sockets: BTreeMap<SocketId, Socket<R>>,
    closing: FuturesUnordered<Closing>,
    /// Requests that wait for their turn.
    turns: Requests<Key<D>, Due>,
    requests: Requests<Key<D>, Response<Bytes>>,
    transfers: Requests<Key<D>, Transferred>,
    /// What the application has been asked for.
    asked: Requests<D::Scope, D::Given>,
    timer: Timer<R>,
}

/// Something that happened.
enum Input<D: Driven> {
    Socket(SocketId, SocketInput),
    Turn(Key<D>, Due),
    Answer(Key<D>, Answer<Response<Bytes>>),
    Transferred(Key<D>, Answer<Transferred>),
    Given(D::Scope, D::Given),
    Timeout,
}

impl<D: Driven, R: Runtime> Driver<D, R> {
    pub(crate) fn new(shared: Arc<Shared<D>>, io: Arc<Io<R>>) -> Self {
        let timer = Timer::new(shared.clock);
        Self {
            shared,
            io,
            sockets: BTreeMap::new(),
            closing: FuturesUnordered::new(),
            turns: Requests::default(),
            requests: Requests::default(),
            transfers: Requests::default(),
            asked: Requests::default(),
            timer,
        }
    }

    /// Runs until it is over and its sockets are closed.
    pub(crate) async fn run(mut self) {
        let mut rounds = 0;
        while !self.act() {
            let inputs = poll_fn(|cx| self.poll_inputs(cx)).await;
            for input in inputs {
                self.feed(input);
            }
            rounds = (rounds + 1) % ROUNDS;
            if rounds == 0 {
                R::yield_now().await;
            }
        }
        while self.closing.next().await.is_some() {}
    }

    /// Does all that is asked for. Whether it is over.
    fn act(&mut self) -> bool {
        loop {
            let wants = self.shared.drain();
            let acted = !wants.wants.is_empty();
            for want in wants.wants {
                match want {
                    Want::Act(scope, action) => self.perform(scope, action),
                    Want::Ask(scope, given) => {
                        self.asked.begin(scope, async move { Ok(given.await) });
                    }
                }
            }
            if wants.ended {
                return true;
            }
            let regulated = self.regulate_reading();
            if !acted && !regulated {
                self.timer.set(wants.wake_at);
                return false;
            }
        }
    }

    fn perform(&mut self, scope: D::Scope, action: Action) {
        match action {
            Action::OpenSocket { socket, url } => {
                let span = tracing::debug_span!("socket", socket = socket.number());
                let opened = Socket::open(self.io.opener.clone(), url, span);
                self.sockets.insert(socket, opened);
            }
            Action::SendText { socket, text } => {
                let sent = self.sockets.get_mut(&socket).map(|open| open.send(text));
                if let Some(Err(error)) = sent {
                    self.feed(Input::Socket(socket, SocketInput::Failed(error)));
                }
            }
            Action::CloseSocket { socket, code } => self.close(socket, code),
            Action::Request {
                request,
                operation,
                priority,
                http,
            } => {
                let span = self.span(&scope, request, operation.name());
                let due = Due {
                    operation,
                    http,
                    span,
                };
                match self.io.limiter.turn(operation, priority) {
                    Some(turn) => {
                        let waits = || tracing::debug!("a request waits for its turn");
                        due.span.in_scope(waits);
                        self.progress(&scope, request, RequestProgress::Waiting);
                        let turn = turn.come();
                        self.turns.begin((scope, request), async move {
                            turn.await;
                            Ok(due)
                        });
                    }
                    None => self.send((scope, request), due),
                }
            }
            Action::Upload {
                request,
                upload,
                size,
                http,
            } => {
                let span = self.span(&scope, request, "upload");
                let upload = self.shared.lock().upload(&scope, upload);
                if let Some(upload) = upload {
                    let transfer =
                        transfer::<R>("upload", size, self.io.requester.upload(http, size, upload));
                    self.transfers
                        .begin((scope, request), transfer.instrument(span));
                }
            }
            Action::Download {
                request,
                call,
                size,
                http,
            } => {
                let span = self.span(&scope, request, "download");
                let sink = self.shared.lock().sink(&scope, call);
                if let Some(sink) = sink {
                    let transfer = transfer::<R>(
                        "download",
                        size,
                        self.io.requester.download(http, size, sink),
                    );
                    self.transfers
                        .begin((scope, request), transfer.instrument(span));
                }
            }
            Action::CancelRequest { request } => {
                tracing::debug!(request = request.number(), "a request is cancelled");
                let key = (scope, request);
                self.turns.cancel(&key);
                self.requests.cancel(&key);
                self.transfers.cancel(&key);
            }
        }
    }

    /// Sends a request whose turn has come.
    fn send(&mut self, key: Key<D>, due: Due) {
        let answer = self.io.ask(due.operation, due.http);
        self.requests.begin(key, answer.instrument(due.span));
    }

    /// What a request is logged in.
    fn span(&self, scope: &D::Scope, request: RequestId, operation: &str) -> Span {
        let session = self.shared.lock().span(scope);
        let request = request.number();
        session.in_scope(|| tracing::debug_span!("request", request, operation))
    }

    fn progress(&self, scope: &D::Scope, request: RequestId, progress: RequestProgress) {
        self.shared
            .input(|driven, now| driven.handle_progress(now, scope, request, progress));
    }

    /// Stops reading the sockets when the application falls behind with the events, and reads
    /// again when it has caught up. Whether anything has changed.
    fn regulate_reading(&mut self) -> bool {
        let reading = !self.shared.events.is_over();
        let mut changed = false;
        for (&id, socket) in &mut self.sockets {
            if socket.set_reading(reading) {
                changed = true;
                let input = if reading {
                    SocketInput::ReadingResumed
                } else {
                    SocketInput::ReadingPaused
                };
                self.shared.socket_input(id, input);
            }
        }
        changed
    }

    /// What has happened since, at most one thing of each kind and socket, so that none can keep
    /// the others waiting. Ready with nothing when a handle has called.
    fn poll_inputs(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Input<D>>> {
        let mut inputs = Vec::new();
        let mut ready = self.shared.poll_called(cx).is_ready();
        if self.timer.poll(cx).is_ready() {
            inputs.push(Input::Timeout);
        }
        if let Poll::Ready((key, turn)) = self.turns.poll(cx) {
            inputs.extend(turn.map(|due| Input::Turn(key, due)));
        }
        if let Poll::Ready((key, answer)) = self.requests.poll(cx) {
            inputs.push(Input::Answer(key, answer));
        }
        if let Poll::Ready((key, answer)) = self.transfers.poll(cx) {
            inputs.push(Input::Transferred(key, answer));
        }
        if let Poll::Ready((scope, given)) = self.asked.poll(cx) {
            inputs.extend(given.map(|given| Input::Given(scope, given)));
        }
        for (&id, socket) in &mut self.sockets {
            if let Poll::Ready(input) = socket.poll(cx) {
                ready = true;
                inputs.extend(input.map(|input| Input::Socket(id, input)));
            }
        }
        // Sockets that close have nothing to tell.
        while let Poll::Ready(Some(())) = self.closing.poll_next_unpin(cx) {}
        if ready || !inputs.is_empty() {
            Poll::Ready(inputs)
        } else {
            Poll::Pending
        }
    }

    /// Tells what has happened.
    fn feed(&mut self, input: Input<D>) {
        match input {
            Input::Socket(id, input) => {
                self.let_go(id, &input);
                self.shared.socket_input(id, input);
            }
            Input::Turn(key, due) => {
                self.progress(&key.0, key.1, RequestProgress::Begun);
                self.send(key, due);
            }
            Input::Answer((scope, request), answer) => self
                .shared
                .input(|driven, now| driven.handle_response(now, &scope, request, answer)),
            Input::Transferred((scope, request), answer) => self
                .shared
                .input(|driven, now| driven.handle_transfer(now, &scope, request, answer)),
            Input::Given(scope, given) => self
                .shared
                .input(|driven, now| driven.handle_given(now, &scope, given)),
            Input::Timeout => self.shared.input(D::handle_timeout),
        }
    }

    /// Lets go of a socket that is no more.
    fn let_go(&mut self, id: SocketId, input: &SocketInput) {
        match input {
            SocketInput::Closed(_) => self.close(id, CLOSE_NORMAL),
            SocketInput::Failed(_) => {
                self.sockets.remove(&id);
            }
            SocketInput::Opened
            | SocketInput::Text(_)
            | SocketInput::Binary(_)
            | SocketInput::ReadingPaused
            | SocketInput::ReadingResumed => {}
        }
    }

    fn close(&mut self, socket: SocketId, code: u16) {
        if let Some(socket) = self.sockets.remove(&socket) {
            self.closing.push(Box::pin(socket.close(code)));
        }
    }
}

impl<D: Driven, R: Runtime> Drop for Driver<D, R> {
    /// The runtime may go away before what it drives: those who wait are told.
    fn drop(&mut self) {
        self.shared.abandon();
        self.shared.drain();
    }
}

/// Transfers the bytes of a file, and takes note of how it ends.
async fn transfer<R: Runtime>(
    direction: &'static str,
    size: u64,
    transfer: impl Future<Output = Answer<Transferred>>,
) -> Answer<Transferred> {
    tracing::debug!(size, "transferring a file");
    let meter = ExchangeMeter::transfer(Clock::start::<R>(), direction);
    let ended = transfer.await;
    meter.answered(ended.as_ref().ok().map(|ended| ended.status));
    match &ended {
        Ok(Transferred { status, bytes }) => {
            tracing::debug!(status, bytes, "a transfer has ended");
        }
        Err(error) => tracing::debug!(%error, "a transfer failed"),
    }
    ended
}
