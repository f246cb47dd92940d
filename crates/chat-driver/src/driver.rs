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

use crate::clock::Timer;
use crate::driven::{Driven, Want};
use crate::http::Requester;
use crate::limiter::Limiter;
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

impl<R: Runtime> Clone for Io<R> {
    fn clone(&self) -> Self {
        Self {
            requester: self.requester.clone(),
            limiter: self.limiter.clone(),
            opener: self.opener.clone(),
        }
    }
}

/// A request, and whose it is.
type Key<D> = (<D as Driven>::Scope, RequestId);

/// Owns the IO of one session or hub. However it ends, that ends with it.
pub(crate) struct Driver<D: Driven, R: Runtime> {
    shared: Arc<Shared<D>>,
    io: Io<R>,
    sockets: BTreeMap<SocketId, Socket<R>>,
    closing: FuturesUnordered<Closing>,
    /// Requests that wait for their turn.
    turns: Requests<Key<D>, (Operation, Request<Vec<u8>>)>,
    requests: Requests<Key<D>, Response<Bytes>>,
    transfers: Requests<Key<D>, Transferred>,
    /// What the application has been asked for.
    asked: Requests<D::Scope, D::Given>,
    timer: Timer<R>,
}

/// Something that happened.
enum Input<D: Driven> {
    Socket(SocketId, SocketInput),
    Turn(Key<D>, Operation, Request<Vec<u8>>),
    Answer(Key<D>, Answer<Response<Bytes>>),
    Transferred(Key<D>, Answer<Transferred>),
    Given(D::Scope, D::Given),
    Timeout,
}

impl<D: Driven, R: Runtime> Driver<D, R> {
    pub(crate) fn new(shared: Arc<Shared<D>>, io: Io<R>) -> Self {
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
            rounds += 1;
            if rounds % ROUNDS == 0 {
                R::yield_now().await;
            }
        }
        tracing::debug!("the session is over");
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
                tracing::debug!(socket = socket.number(), "opening a WebSocket");
                let opened = Socket::open(self.io.opener.clone(), url);
                self.sockets.insert(socket, opened);
            }
            Action::SendText { socket, text } => {
                let sent = self.sockets.get_mut(&socket).map(|open| open.send(text));
                if let Some(Err(error)) = sent {
                    self.feed(Input::Socket(socket, SocketInput::Failed(error)));
                }
            }
            Action::CloseSocket { socket, code } => {
                tracing::debug!(socket = socket.number(), code, "closing a WebSocket");
                self.close(socket, code);
            }
            Action::Request {
                request,
                operation,
                priority,
                http,
            } => match self.io.limiter.turn(operation, priority) {
                Some(turn) => {
                    tracing::debug!(request = request.number(), %operation, "a request waits");
                    self.progress(&scope, request, RequestProgress::Waiting);
                    let turn = turn.come();
                    self.turns.begin((scope, request), async move {
                        turn.await;
                        Ok((operation, http))
                    });
                }
                None => self.send((scope, request), operation, http),
            },
            Action::Upload {
                request,
                upload,
                size,
                http,
            } => {
                tracing::debug!(request = request.number(), size, "uploading a file");
                let upload = self.shared.lock().upload(&scope, upload);
                if let Some(upload) = upload {
                    let transfer = self.io.requester.upload(http, size, upload);
                    self.transfers.begin((scope, request), transfer);
                }
            }
            Action::Download {
                request,
                call,
                size,
                http,
            } => {
                tracing::debug!(request = request.number(), size, "downloading a file");
                let sink = self.shared.lock().sink(&scope, call);
                if let Some(sink) = sink {
                    let transfer = self.io.requester.download(http, size, sink);
                    self.transfers.begin((scope, request), transfer);
                }
            }
            Action::CancelRequest { request } => {
                tracing::debug!(request = request.number(), "cancelling a request");
                let key = (scope, request);
                self.turns.cancel(&key);
                self.requests.cancel(&key);
                self.transfers.cancel(&key);
            }
        }
    }

    /// Sends a request whose turn has come.
    fn send(&mut self, key: Key<D>, operation: Operation, http: Request<Vec<u8>>) {
        tracing::debug!(request = key.1.number(), %operation, "sending a request");
        let answer = self.io.requester.perform(http);
        let answer = self.io.limiter.clone().heed(operation, answer);
        self.requests.begin(key, answer);
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
                tracing::debug!(socket = id.number(), reading, "the application's pace");
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
            inputs.extend(turn.map(|(operation, http)| Input::Turn(key, operation, http)));
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
                self.note(id, &input);
                self.shared.socket_input(id, input);
            }
            Input::Turn(key, operation, http) => {
                self.progress(&key.0, key.1, RequestProgress::Begun);
                self.send(key, operation, http);
            }
            Input::Answer((scope, request), answer) => {
                log_answer(request, &answer);
                self.shared
                    .input(|driven, now| driven.handle_response(now, &scope, request, answer));
            }
            Input::Transferred((scope, request), answer) => {
                let number = request.number();
                match &answer {
                    Ok(ended) => {
                        let Transferred { status, bytes } = *ended;
                        tracing::debug!(request = number, status, bytes, "a transfer has ended");
                    }
                    Err(error) => tracing::debug!(request = number, %error, "a transfer failed"),
                }
                self.shared
                    .input(|driven, now| driven.handle_transfer(now, &scope, request, answer));
            }
            Input::Given(scope, given) => self
                .shared
                .input(|driven, now| driven.handle_given(now, &scope, given)),
            Input::Timeout => self.shared.input(D::handle_timeout),
        }
    }

    /// Lets go of a socket that is no more.
    fn note(&mut self, id: SocketId, input: &SocketInput) {
        let socket = id.number();
        match input {
            SocketInput::Opened => tracing::debug!(socket, "a WebSocket is open"),
            SocketInput::Closed(code) => {
                tracing::debug!(socket, code, "the service closed a WebSocket");
                self.close(id, CLOSE_NORMAL);
            }
            SocketInput::Failed(error) => {
                tracing::debug!(socket, %error, "a WebSocket failed");
                self.sockets.remove(&id);
            }
            SocketInput::Text(_)
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

fn log_answer(request: RequestId, answer: &Answer<Response<Bytes>>) {
    let request = request.number();
    match answer {
        Ok(response) => {
            let status = response.status().as_u16();
            tracing::debug!(request, status, "a request is answered");
        }
        Err(error) => tracing::debug!(request, %error, "a request failed"),
    }
}
