//! A client and a service on one virtual clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chat_proto::{
    CallId, ChatDetails, Config, Draft, Endpoint, Instant, ItemId, LocalId, Phase, ReceiptKind,
    RequestId, Seed, Session, SocketId, SocketInput, Start, TransportError, TransportErrorKind,
    UploadId,
};
use chat_sim::{Contact, Effect, Fault, FaultId, Service, Settings};

use crate::journal::{CANARY, Journal};
use crate::model;
use crate::network::Network;
use crate::trace::Trace;

mod restart;
mod wiring;

pub use restart::Saved;

/// The wall clock at the beginning of every simulation: 2026-01-31T12:00:00Z.
pub const START_UNIX: Duration = Duration::from_secs(1_769_860_800);

/// At most so many actions may a client take in a simulated minute. Heartbeats alone are twelve.
const ACTIONS_PER_MINUTE: u32 = 1_000;
/// At most so many steps may happen without time going on.
const STEPS_PER_INSTANT: u32 = 10_000;
/// A life of the client has fewer sockets and requests than this.
const LIFE: u64 = 1_000_000;
/// The whole transcript is compared after every step while it is no longer than this, and after
/// every hundredth step otherwise.
const COMPARE_ALWAYS: usize = 64;

/// One client, one service, and the network between them.
#[derive(Debug)]
pub struct World {
    /// The client core.
    pub session: Session,
    /// The service core.
    pub service: ServiceBox,
    /// What is between them.
    pub network: Network,
    /// What the client reported.
    pub journal: Journal,
    /// Everything it put out.
    pub trace: Trace,
    /// Whether the application takes the events. While it does not, the session is woken by its
    /// input alone.
    pub takes_events: bool,
    now: Duration,
    seed: u64,
    contact: String,
    /// Messages given to be sent, with their text.
    given: BTreeMap<LocalId, String>,
    sockets: BTreeSet<SocketId>,
    /// The client's names of what the service knows by number.
    socket_names: BTreeMap<u64, SocketId>,
    request_names: BTreeMap<u64, RequestId>,
    cancelled: BTreeSet<RequestId>,
    /// The bytes of the files that are being sent.
    pub(crate) files: BTreeMap<UploadId, Vec<u8>>,
    /// What has been downloaded.
    pub downloaded: BTreeMap<CallId, Vec<u8>>,
    /// Transfers under way, with the bytes they bring to the service.
    uploads: BTreeMap<RequestId, u64>,
    downloads: BTreeMap<RequestId, CallId>,
    messages: u32,
    minute: u64,
    actions: u32,
    actions_total: u64,
    steps: u64,
    steps_at_instant: u32,
    agent_messages: u32,
    /// How often the client was killed and continued.
    lives: u64,
    config: Config,
    /// What was sent and forgotten by a client that was killed.
    forgotten: BTreeSet<String>,
}

/// The service, which has no `Debug` of its own worth printing.
pub struct ServiceBox(pub Service);

impl std::fmt::Debug for ServiceBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Service")
    }
}

impl World {
    /// A chat that has been started and not connected to, with default settings on both sides.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(seed, Settings::default(), |_| {})
    }

    /// The same with other settings.
    ///
    /// # Panics
    /// When the service refuses to start a chat.
    #[must_use]
    pub fn with(seed: u64, settings: Settings, configure: impl FnOnce(&mut Config)) -> Self {
        let start = chat_sim::Start {
            now: Duration::ZERO,
            unix: START_UNIX,
            seed,
        };
        let mut service = Service::new(start, settings);
        let chat = service
            .start_chat(Duration::ZERO, "Ada")
            .expect("a new service has room for a chat");
        let details = ChatDetails {
            contact_id: chat.contact_id.as_str().into(),
            participant_id: chat.participant_id.as_str().into(),
            participant_token: chat.participant_token.as_str().into(),
        };
        let endpoint = Endpoint::custom("http://127.0.0.1:1").expect("the URL is one");
        let mut config = Config::new(endpoint);
        configure(&mut config);
        let start = Start {
            now: Instant::ORIGIN,
            unix: START_UNIX,
            seed: Seed::from_number(seed),
        };
        Self {
            lives: 0,
            config: config.clone(),
            forgotten: BTreeSet::new(),
            session: Session::new(start, config, details).expect("the service's ids are valid"),
            service: ServiceBox(service),
            network: Network::new(seed),
            journal: Journal::default(),
            trace: Trace::default(),
            takes_events: true,
            now: Duration::ZERO,
            seed,
            contact: chat.contact_id,
            given: BTreeMap::new(),
            sockets: BTreeSet::new(),
            socket_names: BTreeMap::new(),
            request_names: BTreeMap::new(),
            cancelled: BTreeSet::new(),
            files: BTreeMap::new(),
            downloaded: BTreeMap::new(),
            uploads: BTreeMap::new(),
            downloads: BTreeMap::new(),
            messages: 0,
            minute: 0,
            actions: 0,
            actions_total: 0,
            steps: 0,
            steps_at_instant: 0,
            agent_messages: 0,
        }
    }

    /// The virtual time since the beginning.
    #[must_use]
    pub const fn now(&self) -> Duration {
        self.now
    }

    /// The virtual time as the client counts it.
    #[must_use]
    pub const fn instant(&self) -> Instant {
        Instant::from_origin(self.now)
    }

    /// The seed, for messages.
    #[must_use]
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// How many actions the client has taken.
    #[must_use]
    pub const fn actions_total(&self) -> u64 {
        self.actions_total
    }

    /// The sockets that are open or being opened.
    #[must_use]
    pub fn open_sockets(&self) -> usize {
        self.sockets.len()
    }

    /// What the service recorded.
    ///
    /// # Panics
    /// When the service has forgotten the contact.
    #[must_use]
    pub fn record(&self) -> &Contact {
        self.service
            .0
            .contact(&self.contact)
            .expect("the service keeps its contacts")
    }

    /// Connects, and waits until the session is live.
    ///
    /// # Panics
    /// When it does not come to be.
    pub fn connect(&mut self) {
        let now = self.instant();
        self.session.connect(now).expect("the session is idle");
        self.run_until(Duration::from_secs(60), |world| {
            world.session.phase() == Phase::Live
        });
    }

    /// The customer sends a message.
    ///
    /// # Panics
    /// When the session refuses it.
    pub fn send(&mut self, text: &str) -> LocalId {
        self.messages += 1;
        let text = format!("{text} {CANARY} {}", self.messages);
        let now = self.instant();
        let local_id = self
            .session
            .send_message(now, Draft::text(text.as_str()))
            .expect("the message is valid and the session is not over");
        self.given.insert(local_id, text);
        self.settle();
        local_id
    }

    /// The customer sends a message, unless the session refuses it.
    pub fn tries_to_send(&mut self, text: &str) {
        self.messages += 1;
        let text = format!("{text} {CANARY} {}", self.messages);
        let now = self.instant();
        let sent = self.session.send_message(now, Draft::text(text.as_str()));
        if let Ok(local_id) = sent {
            self.given.insert(local_id, text);
        }
        self.settle();
    }

    /// Sends the first failed message again, if there is one and the session does not refuse.
    pub fn resends_the_first_failed(&mut self) {
        let now = self.instant();
        let Some(local_id) = self.journal.failed.keys().next().copied() else {
            return;
        };
        if self.session.resend(now, local_id).is_ok() {
            self.journal.resend(local_id);
        }
        self.settle();
    }

    /// The agent has received or read one of the customer's messages, if there is an agent.
    pub fn agent_sends_receipt(&mut self, kind: ReceiptKind, message: &ItemId) {
        let service = &mut self.service.0;
        let message = message.as_str();
        let _ = match kind {
            ReceiptKind::Delivered => service.agent_delivers(self.now, &self.contact, message),
            ReceiptKind::Read => service.agent_reads(self.now, &self.contact, message),
        };
        self.settle();
    }

    /// Sends a failed message again.
    ///
    /// # Panics
    /// When the session refuses it.
    pub fn resend(&mut self, local_id: LocalId) {
        let now = self.instant();
        self.journal.resend(local_id);
        self.session
            .resend(now, local_id)
            .expect("the message has failed before");
        self.settle();
    }

    /// The agent sends a message; whether the chat was still on.
    pub fn agent_sends(&mut self, text: &str) -> bool {
        self.agent_messages += 1;
        let text = format!("{text} {CANARY} agent {}", self.agent_messages);
        let sent = self
            .service
            .0
            .agent_sends(self.now, &self.contact, "text/plain", &text);
        self.settle();
        sent.is_ok()
    }

    /// A bot sends a message in so many parts.
    pub fn bot_streams(&mut self, parts: usize) {
        let parts = vec!["and so on "; parts];
        let every = Duration::from_millis(200);
        let streamed = self
            .service
            .0
            .bot_streams(self.now, &self.contact, &parts, every);
        drop(streamed); // it refuses when the chat is over
        self.settle();
    }

    /// The agent types.
    pub fn agent_types(&mut self) {
        let _ = self.service.0.agent_types(self.now, &self.contact);
        self.settle();
    }

    /// The agent ends the chat.
    pub fn agent_ends(&mut self) {
        let _ = self.service.0.end_contact(self.now, &self.contact);
        self.settle();
    }

    /// A fault of the service.
    pub fn inject(&mut self, effect: Effect, times: Option<u32>) -> FaultId {
        let mut fault = Fault::new(effect);
        fault.times = times;
        self.inject_fault(fault)
    }

    /// A fault of the service, in detail.
    pub fn inject_fault(&mut self, fault: Fault) -> FaultId {
        let id = self.service.0.inject(self.now, fault);
        self.settle();
        id
    }

    /// Something happens to the socket opened last.
    ///
    /// # Panics
    /// When there is none.
    pub fn socket_input(&mut self, input: SocketInput) {
        let newest = self.sockets.last().copied();
        let socket = newest.expect("a socket is open");
        let now = self.instant();
        self.session.handle_socket(now, socket, input);
        self.settle();
    }

    /// Cuts every socket, at both ends; what is under way on them is lost.
    pub fn cut(&mut self) {
        for socket in std::mem::take(&mut self.sockets) {
            self.network.forget_socket(socket);
            let id = chat_sim::SocketId(self.name_of(socket.number()));
            self.service.0.handle_closed(self.now, id);
            let broken = TransportError::new(TransportErrorKind::Broken, "the cable was cut");
            let now = self.instant();
            self.session
                .handle_socket(now, socket, SocketInput::Failed(broken));
        }
        self.settle();
    }

    /// Cuts every socket and takes the network away for this long.
    pub fn outage(&mut self, lasting: Duration) {
        self.network.down_until(self.now + lasting);
        self.cut();
    }

    /// What is sent on the sockets that are open disappears from now on, unnoticed.
    pub fn half_open(&mut self) {
        self.inject(Effect::HalfOpen, None);
        self.service.0.clear_faults();
    }

    /// The client's process sleeps: time passes for everybody, but the client sees nothing.
    pub fn sleep(&mut self, lasting: Duration) {
        let until = self.now + lasting;
        while let Some(at) = self.service.0.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.service.0.handle_timeout(self.now);
            self.drain_service();
        }
        self.now = until;
        self.settle();
    }

    /// Runs for this many minutes of virtual time.
    pub fn run_minutes(&mut self, minutes: u64) {
        self.run(Duration::from_secs(60 * minutes));
    }

    /// Runs for this much virtual time.
    pub fn run(&mut self, lasting: Duration) {
        let until = self.now + lasting;
        while self.step(until) {}
        self.now = until;
    }

    /// Runs until the condition holds.
    ///
    /// # Panics
    /// When it does not within this much virtual time.
    pub fn run_until(&mut self, within: Duration, condition: impl Fn(&Self) -> bool) {
        let until = self.now + within;
        self.settle();
        while !condition(self) {
            assert!(
                self.step(until),
                "seed {}: it did not come to be within {within:?}; the session is {}, last events \
                 {:?}",
                self.seed,
                self.session.phase(),
                self.journal.events.iter().rev().take(5).collect::<Vec<_>>()
            );
        }
    }

    /// Lets everything calm down on a healthy network and service, and compares the client with
    /// the record: nothing lost, nothing twice, one order, everything settled.
    ///
    /// # Panics
    /// When they differ.
    pub fn verify(&mut self) {
        self.service.0.clear_faults();
        self.run_minutes(5);
        let given: Vec<_> = self.given.keys().copied().collect();
        let files = self.files.keys().copied();
        self.journal.check_settled(&given, files, &self.session);
        self.journal.check_transcript(self.session.transcript());
        let contact = self.record();
        model::compare(
            contact,
            &self.journal,
            self.session.transcript(),
            &self.given,
            &self.forgotten,
        );
    }

    /// Compares only what the client has seen with the record, of which more may be unknown to it.
    ///
    /// # Panics
    /// When it has seen what is not there, or in another order.
    pub fn verify_seen(&mut self) {
        model::compare_seen(self.record(), self.session.transcript());
    }

    /// Compares only what the client sent with the record.
    ///
    /// # Panics
    /// When they differ.
    pub fn verify_sent(&mut self) {
        let given: Vec<_> = self.given.keys().copied().collect();
        let files = self.files.keys().copied();
        self.journal.check_settled(&given, files, &self.session);
        self.journal.check_transcript(self.session.transcript());
        model::compare_sent(self.record(), &self.journal, &self.given, &self.forgotten);
    }

    /// One step: everything due happens, and then time jumps. `false` when the next thing is due
    /// after `until`.
    fn step(&mut self, until: Duration) -> bool {
        self.settle();
        let client = self.session.poll_timeout().filter(|_| self.takes_events);
        let next = [
            self.network.next(),
            self.service.0.poll_timeout(),
            client.map(|(at, _)| at.since_origin()),
        ];
        let Some(next) = next.into_iter().flatten().min() else {
            return false;
        };
        if next > until {
            return false;
        }
        self.count_step(next);
        self.now = self.now.max(next);
        while let Some(delivery) = self.network.arrive(self.now) {
            self.deliver(delivery);
        }
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= self.now);
        if due(self.service.0.poll_timeout()) {
            self.service.0.handle_timeout(self.now);
        }
        if due(client.map(|(at, _)| at.since_origin())) {
            let now = self.instant();
            self.session.handle_timeout(now);
        }
        self.settle();
        true
    }

    /// Time goes on: a client that asks to be woken at once again and again is a busy loop.
    fn count_step(&mut self, next: Duration) {
        if next > self.now {
            self.steps_at_instant = 0;
        }
        self.steps_at_instant += 1;
        assert!(
            self.steps_at_instant < STEPS_PER_INSTANT,
            "seed {}: time stands still at {:?}, the session waits for {:?}",
            self.seed,
            self.now,
            self.session.poll_timeout()
        );
    }

    /// Lets everything happen that can happen at once.
    pub fn settle(&mut self) {
        for _ in 0..STEPS_PER_INSTANT {
            let acted = self.drain_client() | self.drain_service();
            if !acted {
                self.check();
                return;
            }
        }
        panic!("seed {}: time stands still at {:?}", self.seed, self.now);
    }

    /// Checks what must hold after every step.
    ///
    /// # Panics
    /// When it does not.
    pub fn check(&mut self) {
        if !self.takes_events {
            return;
        }
        self.steps += 1;
        let short = self.session.transcript().len() <= COMPARE_ALWAYS;
        if short || self.steps % 100 == 0 {
            let transcript = self.session.transcript();
            self.journal.check_changed_transcript(transcript);
        }
        let ended = self.session.phase() == Phase::Ended;
        assert_eq!(
            self.journal.ended.is_some(),
            ended,
            "seed {}: the end was not reported",
            self.seed
        );
        if ended {
            assert_eq!(self.session.poll_timeout(), None, "it waits after its end");
            assert_eq!(self.sockets.len(), 0, "a socket is open after the end");
        }
        let limit = 2;
        assert!(self.sockets.len() <= limit, "more than {limit} sockets");
    }
}
