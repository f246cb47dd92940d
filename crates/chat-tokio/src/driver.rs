//! The one loop of a session: does what it asks for and feeds it what comes of it.

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
use crate::http::Http;
use crate::limiter::Limiter;
use crate::requests::{Answer, Requests};
use crate::shared::Shared;
use crate::socket::{Opener, Socket};

/// After how many rounds in a row the other tasks of the runtime have their turn. A round takes
/// at most one frame from each socket.
const ROUNDS: u32 = 32;
/// The answer to a close frame of the peer repeats its code; this is what is said without one.
const CLOSE_NORMAL: u16 = 1000;

type Closing = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Owns the IO of one session. However it ends, the session ends with it.
pub(crate) struct Driver {
    shared: Arc<Shared>,
    http: Http,
    limiter: Limiter,
    opener: Opener,
    sockets: BTreeMap<SocketId, Socket>,
    closing: FuturesUnordered<Closing>,
    /// Requests that wait for their turn.
    turns: Requests<(Operation, Request<Vec<u8>>)>,
    requests: Requests<Response<Bytes>>,
    transfers: Requests<Transferred>,
    timer: Timer,
}

/// Something that happened.
enum Input {
    Socket(SocketId, SocketInput),
    Turn(RequestId, Operation, Request<Vec<u8>>),
    Answer(RequestId, Answer<Response<Bytes>>),
    Transferred(RequestId, Answer<Transferred>),
    Timeout,
}

impl Driver {
    pub(crate) fn new(shared: Arc<Shared>, http: Http, limiter: Limiter, opener: Opener) -> Self {
        let timer = Timer::new(shared.clock);
        Self {
            shared,
            http,
            limiter,
            opener,
            sockets: BTreeMap::new(),
            closing: FuturesUnordered::new(),
            turns: Requests::default(),
            requests: Requests::default(),
            transfers: Requests::default(),
            timer,
        }
    }

    /// Runs until the session is over and its sockets are closed.
    pub(crate) async fn run(mut self) {
        let mut rounds = 0;
        while !self.act() {
            let inputs = poll_fn(|cx| self.poll_inputs(cx)).await;
            for input in inputs {
                self.feed(input);
            }
            rounds += 1;
            if rounds % ROUNDS == 0 {
                tokio::task::yield_now().await;
            }
        }
        tracing::debug!("the session is over");
        while self.closing.next().await.is_some() {}
    }

    /// Does all that the session asks for. Whether it is over.
    fn act(&mut self) -> bool {
        loop {
            let wants = self.shared.drain();
            let acted = !wants.actions.is_empty();
            for action in wants.actions {
                self.perform(action);
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

    fn perform(&mut self, action: Action) {
        match action {
            Action::OpenSocket { socket, url } => {
                tracing::debug!(socket = socket.number(), "opening a WebSocket");
                let opened = Socket::open(self.opener.clone(), url);
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
            } => match self.limiter.turn(operation, priority) {
                Some(turn) => {
                    tracing::debug!(request = request.number(), %operation, "a request waits");
                    self.progress(request, RequestProgress::Waiting);
                    let turn = turn.come();
                    self.turns.begin(request, async move {
                        turn.await;
                        Ok((operation, http))
                    });
                }
                None => self.send(request, operation, http),
            },
            Action::Upload {
                request,
                upload,
                size,
                http,
            } => {
                tracing::debug!(request = request.number(), size, "uploading a file");
                if let Some(content) = self.shared.lock().files.content(upload) {
                    let transfer = self.http.upload(http, size, content);
                    self.transfers.begin(request, transfer);
                }
            }
            Action::Download {
                request,
                call,
                size,
                http,
            } => {
                tracing::debug!(request = request.number(), size, "downloading a file");
                if let Some(sink) = self.shared.lock().files.sink(call) {
                    let transfer = self.http.download(http, size, sink);
                    self.transfers.begin(request, transfer);
                }
            }
            Action::CancelRequest { request } => {
                tracing::debug!(request = request.number(), "cancelling a request");
                self.turns.cancel(request);
                self.requests.cancel(request);
                self.transfers.cancel(request);
            }
        }
    }

    /// Sends a request whose turn has come.
    fn send(&mut self, request: RequestId, operation: Operation, http: Request<Vec<u8>>) {
        tracing::debug!(request = request.number(), %operation, "sending a request");
        let answer = self.http.perform(http);
        let answer = self.limiter.clone().heed(operation, answer);
        self.requests.begin(request, answer);
    }

    fn progress(&self, request: RequestId, progress: RequestProgress) {
        self.shared
            .input(|session, now| session.handle_request_progress(now, request, progress));
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
                self.shared
                    .input(|session, now| session.handle_socket(now, id, input));
            }
        }
        changed
    }

    /// What has happened since, at most one thing of each kind and socket, so that none can keep
    /// the others waiting. Ready with nothing when a handle has called.
    fn poll_inputs(&mut self, cx: &mut Context<'_>) -> Poll<Vec<Input>> {
        let mut inputs = Vec::new();
        let mut ready = self.shared.poll_called(cx).is_ready();
        if self.timer.poll(cx).is_ready() {
            inputs.push(Input::Timeout);
        }
        if let Poll::Ready((request, turn)) = self.turns.poll(cx) {
            inputs.extend(turn.map(|(operation, http)| Input::Turn(request, operation, http)));
        }
        if let Poll::Ready((request, answer)) = self.requests.poll(cx) {
            inputs.push(Input::Answer(request, answer));
        }
        if let Poll::Ready((request, answer)) = self.transfers.poll(cx) {
            inputs.push(Input::Transferred(request, answer));
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

    /// Tells the session what has happened.
    fn feed(&mut self, input: Input) {
        match input {
            Input::Socket(id, input) => {
                self.note(id, &input);
                self.shared
                    .input(|session, now| session.handle_socket(now, id, input));
            }
            Input::Turn(request, operation, http) => {
                self.progress(request, RequestProgress::Begun);
                self.send(request, operation, http);
            }
            Input::Answer(request, answer) => {
                log_answer(request, &answer);
                self.shared
                    .input(|session, now| session.handle_response(now, request, answer));
            }
            Input::Transferred(request, answer) => {
                let number = request.number();
                match &answer {
                    Ok(ended) => {
                        let Transferred { status, bytes } = *ended;
                        tracing::debug!(request = number, status, bytes, "a transfer has ended");
                    }
                    Err(error) => tracing::debug!(request = number, %error, "a transfer failed"),
                }
                self.shared
                    .input(|session, now| session.handle_transfer(now, request, answer));
            }
            Input::Timeout => self
                .shared
                .input(|session, now| session.handle_timeout(now)),
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

impl Drop for Driver {
    /// The runtime may go away before the session: those who wait are told.
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
