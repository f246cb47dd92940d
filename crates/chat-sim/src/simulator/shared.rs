//! The core behind its lock, and the way of its outputs to the connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Response, StatusCode};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};

use super::clock::{self, Clock};
use super::request_body::LARGE_BODIES;
use super::tasks::Tasks;
use super::warnings::Warnings;
use crate::bucket::Rate;
use crate::control;
use crate::cut_off::CutOff;
use crate::memory::{Charge, Memory};
use crate::operation::Operation;
use crate::output::{Output, RequestId, SocketId};
use crate::service::Service;
use crate::settings::Settings;

/// How many frames may wait for a client to read them. A client that lets more wait is cut off.
const SEND_QUEUE: usize = 1_024;
/// How many bytes of frames may wait for a client to read them.
const SEND_QUEUE_BYTES: usize = 4 * 1024 * 1024;
/// How many bytes of frames and large answers may wait for all clients to read them.
const UNREAD_BYTES: usize = 256 * 1024 * 1024;
/// The largest answer that is not counted among them, in bytes.
const SMALL_ANSWER: usize = 16 * 1024;
/// The close code of a server that goes away.
const GOING_AWAY: u16 = 1001;

/// What becomes of a request.
pub(super) enum Reply {
    /// The charge is for as long as it is not read; small ones have none.
    Answer(Response<Vec<u8>>, Option<Charge>),
    Drop,
}

/// What becomes of a handshake.
pub(super) enum Decision {
    Accept(Line),
    Refuse(Response<Vec<u8>>),
}

/// A frame for a socket.
pub(super) enum Command {
    /// The charges are for as long as it waits.
    Send(String, [Charge; 2]),
    Close {
        code: u16,
        reason: String,
    },
}

/// What becomes of a socket as a whole, past everything that waits to be sent on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Healthy,
    Frozen,
    Aborted,
}

/// The receiving ends of a socket's orders.
pub(super) struct Line {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) signal: watch::Receiver<Signal>,
}

/// The sending ends.
struct Orders {
    commands: mpsc::Sender<Command>,
    signal: watch::Sender<Signal>,
    /// What waits on this socket.
    waiting: Memory,
}

struct State {
    service: Service,
    requests: HashMap<RequestId, oneshot::Sender<Reply>>,
    handshakes: HashMap<SocketId, oneshot::Sender<Decision>>,
    sockets: HashMap<SocketId, Orders>,
    numbers: u64,
    /// What waits for all clients to read it.
    unread: Memory,
    warnings: Warnings,
}

/// What of the settings the shell keeps to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    body_bytes: usize,
    file_bytes: usize,
    pub(super) frame_bytes: usize,
    pub(super) frames: Rate,
    pub(super) head_timeout: Duration,
    pub(super) body_timeout: Duration,
    pub(super) read_timeout: Duration,
}

impl Limits {
    fn new(settings: &Settings) -> Self {
        let frames = u64::from(settings.frames_per_second.max(1));
        Self {
            body_bytes: settings.body_limit,
            file_bytes: settings.attachment_bytes,
            frame_bytes: settings.frame_limit,
            frames: Rate {
                per_second: frames,
                burst: frames,
            },
            head_timeout: settings.head_timeout,
            body_timeout: settings.body_timeout,
            read_timeout: settings.read_timeout,
        }
    }
}

/// What all tasks of a simulator share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) connections: Tasks,
    /// True when connections are to finish what they do and end.
    pub(super) closing: watch::Sender<bool>,
    pub(super) limits: Limits,
    /// The places for large bodies that are read.
    pub(super) large_bodies: Semaphore,
    state: Mutex<State>,
    /// Counts the changes of the core.
    changes: watch::Sender<u64>,
    timer: Notify,
}

impl Shared {
    pub(super) fn new(clock: Clock, service: Service) -> Arc<Self> {
        let warnings = Warnings::new(clock.real());
        Arc::new(Self {
            clock,
            connections: Tasks::default(),
            closing: watch::Sender::new(false),
            limits: Limits::new(service.settings()),
            large_bodies: Semaphore::new(LARGE_BODIES),
            state: Mutex::new(State {
                service,
                requests: HashMap::new(),
                handshakes: HashMap::new(),
                sockets: HashMap::new(),
                numbers: 0,
                unread: Memory::new(UNREAD_BYTES),
                warnings,
            }),
            changes: watch::Sender::new(0),
            timer: Notify::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The core keeps its own state whole: a caller's closure that panics does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the core and passes on what comes of it.
    pub(super) fn step<T>(&self, act: impl FnOnce(&mut Service, Duration) -> T) -> T {
        let result = {
            let mut state = self.lock();
            let now = self.clock.now();
            let result = act(&mut state.service, now);
            state.drain(&self.clock);
            result
        };
        self.timer.notify_one();
        self.changes.send_modify(|number| *number += 1);
        result
    }

    /// How large a body the core takes on this path, in bytes.
    pub(super) fn body_limit(&self, path: &str) -> usize {
        if path.starts_with(Operation::UploadAttachment.path()) || control::takes_file(path) {
            self.limits.file_bytes
        } else {
            self.limits.body_bytes
        }
    }

    /// Cuts a client off, for something that the core cannot see.
    pub(super) fn cut_off(&self, socket: Option<SocketId>, reason: CutOff) {
        self.step(|service, now| service.handle_cut_off(now, socket, reason));
    }

    /// An error in the service's own form.
    pub(super) fn refuse(
        &self,
        status: StatusCode,
        error_type: &str,
        message: &str,
    ) -> Response<Vec<u8>> {
        self.step(|service, _| service.error(status, error_type, message))
    }

    /// Writes a warning to the log, unless there are too many.
    pub(super) fn warn(&self, text: &str) {
        let now = self.clock.real();
        if let Some(left_out) = self.lock().warnings.next(now) {
            tracing::warn!(left_out, "{text}");
        }
    }

    /// Looks at the core.
    pub(super) fn look<T>(&self, see: impl FnOnce(&Service) -> T) -> T {
        see(&self.lock().service)
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Calls the core whenever its time has come. Never ends.
    pub(super) async fn keep_time(&self) {
        loop {
            let due = self.look(Service::poll_timeout);
            tokio::select! {
                () = self.clock.sleep_until(due) => {
                    if self.must_wait_for_clients() {
                        clock::moment().await;
                    } else {
                        self.step(|service, now| service.handle_timeout(now));
                        // What has come of it is to go out before more comes.
                        tokio::task::yield_now().await;
                    }
                }
                () = self.timer.notified() => {}
            }
        }
    }

    /// Whether a jump of the clock has brought more than clients have read: what is due in hours
    /// must not cut off those who read as fast as they can.
    fn must_wait_for_clients(&self) -> bool {
        let state = self.lock();
        state.service.is_jumping()
            && (state.unread.held() > UNREAD_BYTES / 2
                || state.sockets.values().any(|orders| {
                    orders.commands.capacity() < SEND_QUEUE / 2
                        || orders.waiting.held() > SEND_QUEUE_BYTES / 2
                }))
    }

    /// Puts a request to the core.
    pub(super) fn request(self: &Arc<Self>, http: http::Request<Vec<u8>>) -> Pending<Reply> {
        let (sender, receiver) = oneshot::channel();
        let id = {
            let mut state = self.lock();
            let id = RequestId(state.number());
            state.requests.insert(id, sender);
            id
        };
        self.step(|service, now| service.handle_request(now, id, http));
        Pending {
            receiver,
            forget: Forget {
                shared: Arc::clone(self),
                what: Subject::Request(id),
            },
        }
    }

    /// Puts a WebSocket handshake to the core.
    pub(super) fn handshake(self: &Arc<Self>, path_and_query: &str) -> Pending<Decision> {
        let (sender, receiver) = oneshot::channel();
        let id = {
            let mut state = self.lock();
            let id = SocketId(state.number());
            state.handshakes.insert(id, sender);
            id
        };
        self.step(|service, now| service.handle_upgrade(now, id, path_and_query));
        Pending {
            receiver,
            forget: Forget {
                shared: Arc::clone(self),
                what: Subject::Socket(id),
            },
        }
    }

    /// Tells every client that the service goes away, and closes its socket.
    pub(super) fn close_all_sockets(&self) {
        let sockets: Vec<SocketId> = {
            let mut state = self.lock();
            let orders = std::mem::take(&mut state.sockets);
            for order in orders.values() {
                let close = Command::Close {
                    code: GOING_AWAY,
                    reason: "The service is going away".to_owned(),
                };
                if order.commands.try_send(close).is_err() {
                    order.signal.send_replace(Signal::Aborted);
                }
            }
            orders.into_keys().collect()
        };
        for socket in sockets {
            self.step(|service, now| service.handle_closed(now, socket));
        }
    }
}

impl State {
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Hands the outputs of the core to the connections they are for. An output for a connection
    /// that is gone is dropped with it.
    fn drain(&mut self, clock: &Clock) {
        let now = clock.now();
        while let Some(output) = self.service.poll_output() {
            match output {
                Output::Respond { request, response } => self.answer(request, response),
                Output::Drop { request } => self.reply(request, Reply::Drop),
                Output::Accept { socket } => self.accept(now, socket),
                Output::Refuse { socket, response } => {
                    if let Some(sender) = self.handshakes.remove(&socket) {
                        // The client may have gone while it waited.
                        let _ = sender.send(Decision::Refuse(response));
                    }
                }
                Output::Send { socket, text } => {
                    self.send(now, socket, text);
                }
                Output::Close {
                    socket,
                    code,
                    reason,
                } => {
                    self.order(now, socket, Command::Close { code, reason });
                    self.sockets.remove(&socket);
                }
                Output::CutOff { socket, reason } => {
                    if let Some(left_out) = self.warnings.next(clock.real()) {
                        tracing::warn!(
                            socket = socket.map(|socket| socket.0),
                            reason = reason.name(),
                            left_out,
                            "cut off a client: {}",
                            reason.reason()
                        );
                    }
                }
                Output::Abort { socket } => {
                    if let Some(orders) = self.sockets.remove(&socket) {
                        orders.signal.send_replace(Signal::Aborted);
                    }
                }
                Output::AdvanceClock { by } => clock.jump(by),
                Output::Freeze { socket } => {
                    if let Some(orders) = self.sockets.get(&socket) {
                        orders.signal.send_replace(Signal::Frozen);
                    }
                }
            }
        }
    }

    fn reply(&mut self, request: RequestId, reply: Reply) {
        if let Some(sender) = self.requests.remove(&request) {
            // The client may have gone while it waited.
            let _ = sender.send(reply);
        }
    }

    fn accept(&mut self, now: Duration, socket: SocketId) {
        let (commands, command_line) = mpsc::channel(SEND_QUEUE);
        let (signal, signal_line) = watch::channel(Signal::Healthy);
        let line = Line {
            commands: command_line,
            signal: signal_line,
        };
        let taken = self
            .handshakes
            .remove(&socket)
            .is_some_and(|sender| sender.send(Decision::Accept(line)).is_ok());
        if taken {
            let orders = Orders {
                commands,
                signal,
                waiting: Memory::new(SEND_QUEUE_BYTES),
            };
            self.sockets.insert(socket, orders);
        } else {
            self.service.handle_closed(now, socket);
        }
    }

    /// Passes an answer on, or a refusal when too many wait to be read.
    fn answer(&mut self, request: RequestId, response: Response<Vec<u8>>) {
        let bytes = response.body().len();
        let reply = if bytes <= SMALL_ANSWER {
            Reply::Answer(response, None)
        } else if self.unread.admits(bytes) {
            Reply::Answer(response, Some(self.unread.charge(bytes)))
        } else {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let message = "Too much that was answered before has not been read yet.";
            let refusal = self
                .service
                .error(status, "ServiceUnavailableException", message);
            Reply::Answer(refusal, None)
        };
        self.reply(request, reply);
    }

    /// Queues a text frame, if there is room for it.
    fn send(&mut self, now: Duration, socket: SocketId, text: String) {
        let Some(orders) = self.sockets.get(&socket) else {
            return;
        };
        let bytes = text.len();
        if orders.waiting.admits(bytes) && self.unread.admits(bytes) {
            let charges = [orders.waiting.charge(bytes), self.unread.charge(bytes)];
            self.order(now, socket, Command::Send(text, charges));
        } else {
            self.cut_off_unread(now, socket);
        }
    }

    /// Queues a command, if there is room for it.
    fn order(&mut self, now: Duration, socket: SocketId, command: Command) {
        let Some(orders) = self.sockets.get(&socket) else {
            return;
        };
        if orders.commands.try_send(command).is_err() {
            self.cut_off_unread(now, socket);
        }
    }

    /// Cuts a client off that does not read. The core may have forgotten it by now.
    fn cut_off_unread(&mut self, now: Duration, socket: SocketId) {
        if let Some(orders) = self.sockets.remove(&socket) {
            orders.signal.send_replace(Signal::Aborted);
        }
        self.service
            .handle_cut_off(now, Some(socket), CutOff::Unread);
    }
}

/// Something the core has still to decide.
pub(super) struct Pending<T> {
    receiver: oneshot::Receiver<T>,
    forget: Forget,
}

impl<T> Pending<T> {
    /// The decision, and what keeps it known while it is acted on. Nothing when the simulator has
    /// ended.
    pub(super) async fn decided(self) -> Option<(T, Forget)> {
        let decision = self.receiver.await.ok()?;
        Some((decision, self.forget))
    }
}

#[derive(Debug, Clone, Copy)]
enum Subject {
    Request(RequestId),
    Socket(SocketId),
}

/// Makes core and shell forget a request or socket when it is dropped, whatever ends it.
pub(super) struct Forget {
    shared: Arc<Shared>,
    what: Subject,
}

impl Forget {
    /// The socket, when it is one.
    pub(super) fn socket(&self) -> Option<SocketId> {
        match self.what {
            Subject::Socket(socket) => Some(socket),
            Subject::Request(_) => None,
        }
    }
}

impl Drop for Forget {
    fn drop(&mut self) {
        match self.what {
            Subject::Request(request) => {
                self.shared.lock().requests.remove(&request);
            }
            Subject::Socket(socket) => {
                {
                    let mut state = self.shared.lock();
                    state.handshakes.remove(&socket);
                    state.sockets.remove(&socket);
                }
                self.shared
                    .step(|service, now| service.handle_closed(now, socket));
            }
        }
    }
}
