//! The service core: inputs, outputs and the truth.

mod agent;
mod agent_clients;
mod attachments;
mod bot;
mod chat;
mod events;
mod faults;
mod handshakes;
mod history;
mod idle;
mod jump;
mod processing;
mod requests;
mod script;
mod sockets;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::agenda::{Agenda, Task, TaskKey};
use crate::blobs::Blobs;
use crate::contact::{Contact, ContactKey};
use crate::control;
use crate::cut_off::CutOff;
use crate::fault_list::FaultList;
use crate::grants::Grants;
use crate::memory::Memory;
use crate::operation::Operation;
use crate::output::{Output, RequestId, SocketId};
use crate::quota::Quotas;
use crate::random::Random;
use crate::script::Script;
use crate::script_run::ScriptSteps;
use crate::settings::{Settings, Start};
use crate::wall;

pub use agent_clients::AgentSeat;
use agent_clients::{Desk, DeskUrl};
pub(crate) use attachments::NewFile;
pub(crate) use bot::Stream;
pub use chat::StartedChat;
pub(crate) use chat::{Draft, NewChat};
pub(crate) use events::Authentication;
pub(crate) use faults::Issued;
pub(crate) use handshakes::{URL_TOKEN, WEBSOCKET_PATH};
pub(crate) use idle::{IdleTimer, TimerType};
pub(crate) use processing::{NewMessage, Processing};
use sockets::Socket;

/// How many delayed outputs may wait; what comes beyond goes out at once.
const DELAYED_OUTPUTS: usize = 10_000;
/// How many tasks are done before the shell takes the outputs.
const TASKS: usize = 100;

/// A local Amazon Connect chat service without IO, clock or runtime.
///
/// * **Inputs**, infallible: [`handle_request`](Self::handle_request),
///   [`handle_upgrade`](Self::handle_upgrade), [`handle_text`](Self::handle_text),
///   [`handle_closed`](Self::handle_closed), [`handle_cut_off`](Self::handle_cut_off),
///   [`handle_timeout`](Self::handle_timeout). Whatever a
///   client sends, it becomes an answer; a number that is not known is ignored.
/// * **Outputs**: [`poll_output`](Self::poll_output) until it is empty, then
///   [`poll_timeout`](Self::poll_timeout): the time at which
///   [`handle_timeout`](Self::handle_timeout) wants to be called.
/// * **The agent's side** (`start_chat`, `agent_*`, `bot_*`, `seat_agent`, `transfer`,
///   `publish_event`, `end_contact`, ...) and **faults** (`inject`,
///   `cut_sockets`, ...): for tests and demonstrations; they produce outputs too.
/// * **The truth**: [`contacts`](Self::contacts) and the other getters.
/// * The last two are served over HTTP too, as the control API under `/_sim`.
///
/// Every input carries `now`, a [`Duration`] since the origin of [`Start::now`]. Time that goes
/// back is taken as standing still.
pub struct Service {
    pub(crate) start: Start,
    pub(crate) settings: Settings,
    pub(crate) script: Arc<Script>,
    pub(crate) script_steps: Arc<ScriptSteps>,
    pub(crate) now: Duration,
    pub(crate) random: Random,
    /// What page tokens are sealed with.
    pub(crate) page_secret: u64,
    pub(crate) contacts: BTreeMap<ContactKey, Contact>,
    contact_numbers: u64,
    by_id: BTreeMap<String, ContactKey>,
    /// The contact of each client token of StartChatContact.
    pub(crate) by_start_token: BTreeMap<String, ContactKey>,
    /// Contacts that have ended, in that order.
    ended: VecDeque<ContactKey>,
    pub(crate) grants: Grants,
    pub(crate) memory: Memory,
    /// The bytes of files.
    blobs: Blobs,
    sockets: BTreeMap<SocketId, Socket>,
    /// The agents who have sockets for all their chats, by name.
    desks: BTreeMap<Arc<str>, Desk>,
    desk_urls: BTreeMap<String, DeskUrl>,
    faults: FaultList,
    agenda: Agenda,
    outputs: VecDeque<Output>,
    delayed_outputs: usize,
    stream_numbers: u64,
    /// A jump of the clock that is under way.
    jump: Option<jump::Jump>,
    requests: BTreeMap<Operation, u64>,
    quotas: Quotas,
    cut_off: BTreeMap<&'static str, u64>,
}

impl Service {
    /// A service without chats.
    pub fn new(start: Start, mut settings: Settings) -> Self {
        let memory = Memory::new(settings.memory);
        let blobs = Blobs::new(settings.attachment_memory);
        let mut random = Random::new(start.seed);
        let script = Arc::new(std::mem::take(&mut settings.script));
        Self {
            start,
            settings,
            script_steps: Arc::new(ScriptSteps::from(&*script)),
            script,
            now: start.now,
            page_secret: random.number(),
            random,
            contacts: BTreeMap::new(),
            contact_numbers: 0,
            by_id: BTreeMap::new(),
            by_start_token: BTreeMap::new(),
            ended: VecDeque::new(),
            grants: Grants::default(),
            memory,
            blobs,
            sockets: BTreeMap::new(),
            desks: BTreeMap::new(),
            desk_urls: BTreeMap::new(),
            faults: FaultList::default(),
            agenda: Agenda::default(),
            outputs: VecDeque::new(),
            delayed_outputs: 0,
            stream_numbers: 0,
            jump: None,
            requests: BTreeMap::new(),
            quotas: Quotas::default(),
            cut_off: BTreeMap::new(),
        }
    }

    /// A whole HTTP request has arrived. It is answered by [`Output::Respond`] or
    /// [`Output::Drop`], unless a fault stalls it.
    pub fn handle_request(
        &mut self,
        now: Duration,
        request: RequestId,
        http: http::Request<Vec<u8>>,
    ) {
        self.advance(now);
        if http.method() != http::Method::OPTIONS && control::is_control(http.uri().path()) {
            self.serve_control(request, &http);
        } else {
            self.serve(request, &http);
        }
    }

    /// A WebSocket handshake has arrived for this path and query. It is answered by
    /// [`Output::Accept`] or [`Output::Refuse`], unless a fault stalls it.
    pub fn handle_upgrade(&mut self, now: Duration, socket: SocketId, path_and_query: &str) {
        self.advance(now);
        self.open_socket(socket, path_and_query);
    }

    /// A text frame has arrived.
    pub fn handle_text(&mut self, now: Duration, socket: SocketId, text: &str) {
        self.advance(now);
        self.receive_text(socket, text);
    }

    /// The peer or the network has closed the socket.
    pub fn handle_closed(&mut self, now: Duration, socket: SocketId) {
        self.advance(now);
        self.forget_socket(socket);
    }

    /// The shell has found that a client must be cut off, for something that the core cannot see.
    /// When it is a socket, it is closed or cut.
    pub fn handle_cut_off(&mut self, now: Duration, socket: Option<SocketId>, reason: CutOff) {
        self.advance(now);
        self.cut_off_client(socket, reason);
    }

    /// The time of [`poll_timeout`](Self::poll_timeout) has come. Calling it early does no harm.
    /// When much is due, it does a part of it, and wants to be called again at once.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.advance(now);
        if self.is_jumping() {
            self.go_on_jumping();
            return;
        }
        for _ in 0..TASKS {
            if !self.do_next() {
                return;
            }
        }
    }

    /// Does the next thing that is due; false when nothing is.
    fn do_next(&mut self) -> bool {
        let Some(task) = self.agenda.pop_due(self.now) else {
            return false;
        };
        match task {
            Task::Emit(output, _) => {
                self.delayed_outputs = self.delayed_outputs.saturating_sub(1);
                self.outputs.push_back(*output);
            }
            Task::ExpireSocket(socket) => {
                self.close_socket(socket, 1000, "The connection has expired");
            }
            Task::FlushSocket(socket) => self.flush_socket(socket),
            Task::CloseSockets(contact) => self.close_sockets(contact, "The chat has ended"),
            Task::EndContact(contact, reason) => self.end(contact, reason),
            Task::RunScript(contact) => self.run_script(contact),
            Task::GoOnStreaming(contact, number) => self.go_on_streaming(contact, number),
            Task::Idle(contact, role) => self.idle(contact, role),
            Task::PublishMessages(contact) => self.publish_processed(contact),
            Task::JudgeFile(contact, number) => self.judge_file(contact, number),
            Task::Strike(fault) => self.strike_sockets(fault),
        }
        true
    }

    /// The next thing for the shell to do. To be drained after every call that takes `&mut self`.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; nothing while there is
    /// nothing to wait for. While outputs wait, or the clock jumps, it is the present.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.jump {
            // The caller's clock has not followed yet.
            Some(jump) => Some(jump.from),
            None if self.outputs.is_empty() => self.agenda.next_due(),
            None => Some(self.now),
        }
    }

    /// The contacts that the service remembers, in order of creation.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.contacts.values()
    }

    /// The contact with this id.
    pub fn contact(&self, id: &str) -> Option<&Contact> {
        self.contacts.get(&self.key(id)?)
    }

    /// How many requests of this operation have arrived, over all contacts and without one.
    pub fn requests(&self, operation: Operation) -> u64 {
        self.requests.get(&operation).copied().unwrap_or(0)
    }

    /// How many requests of this operation were refused because they exceeded a quota: see
    /// [`Settings::quotas`].
    pub fn throttled(&self, operation: Operation) -> u64 {
        self.quotas.throttled(operation)
    }

    /// How many bytes of memory the service holds, by the estimate of [`Settings::memory`].
    pub fn memory(&self) -> usize {
        self.memory.held()
    }

    /// How many clients were cut off or turned away, by [`CutOff::name`].
    pub fn cut_off(&self) -> &BTreeMap<&'static str, u64> {
        &self.cut_off
    }

    /// How many sockets are open, half-open ones included.
    pub fn open_sockets(&self) -> usize {
        self.sockets.len()
    }

    /// How the service behaves; the script is not part of it any more.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many requests have arrived, by operation.
    pub(crate) fn request_counts(&self) -> &BTreeMap<Operation, u64> {
        &self.requests
    }

    /// How many requests exceeded a quota, by operation.
    pub(crate) fn throttle_counts(&self) -> &BTreeMap<Operation, u64> {
        self.quotas.throttle_counts()
    }

    fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
        self.free_memory();
    }

    pub(crate) fn key(&self, id: &str) -> Option<ContactKey> {
        self.by_id.get(id).copied()
    }

    /// The timestamp on the wire for a time.
    pub(crate) fn timestamp(&self, at: Duration) -> String {
        wall::timestamp(wall::milliseconds(self.start, at))
    }

    fn schedule(&mut self, after: Duration, task: Task) -> TaskKey {
        self.agenda.add(self.now.saturating_add(after), task)
    }

    pub(crate) fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    /// Emits later, or at once when too much is waiting.
    fn emit_after(&mut self, delay: Duration, output: Output) {
        let bytes = output.bytes();
        if delay.is_zero() || self.delayed_outputs >= DELAYED_OUTPUTS || !self.memory.fits(bytes) {
            self.emit(output);
        } else {
            self.delayed_outputs += 1;
            let charge = self.memory.charge(bytes);
            self.schedule(delay, Task::Emit(Box::new(output), charge));
        }
    }
}

// Written by hand: it holds tokens and what people say.
impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("now", &self.now)
            .field("contacts", &self.contacts.len())
            .field("sockets", &self.sockets.len())
            .finish_non_exhaustive()
    }
}
