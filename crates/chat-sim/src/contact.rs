//! One chat as the service knows it: the truth that tests compare with.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::agenda::TaskKey;
use crate::api::ReceiptKind;
use crate::item::{Item, Receipt, Role};
use crate::memory::Charge;
use crate::operation::Operation;
use crate::output::SocketId;
use crate::script_run::ScriptRun;
use crate::service::{Authentication, IdleTimer, Processing, Stream, TimerType};
use crate::settings::ResponseMode;
use crate::upload::Upload;
use crate::view::View;
use crate::weight;

/// The number of a contact inside the core, in order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ContactKey(pub(crate) u64);

/// Why a chat ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndReason {
    /// The customer called DisconnectParticipant.
    CustomerLeft,
    /// StopContact was called.
    Stopped,
    /// The agent's side ended it: the script, or [`Service::end_contact`](crate::Service::end_contact).
    AgentEnded,
    /// It lasted as long as a chat may.
    DurationOver,
    /// The customer did not connect in time.
    NeverConnected,
}

/// Somebody in a chat.
#[derive(Clone)]
pub struct Participant {
    pub(crate) id: String,
    pub(crate) role: Role,
    pub(crate) display_name: String,
    /// The name under which they came; an agent's socket for all chats goes by it.
    pub(crate) first_name: String,
    pub(crate) joined: bool,
    pub(crate) left: bool,
    pub(crate) token: Option<String>,
    /// The connection tokens and URL tokens that are good, oldest first.
    pub(crate) granted: VecDeque<String>,
}

impl Participant {
    /// Somebody who has not joined and has no token.
    pub(crate) fn new(id: String, role: Role, display_name: &str) -> Self {
        Self {
            id,
            role,
            display_name: display_name.to_owned(),
            first_name: display_name.to_owned(),
            joined: false,
            left: false,
            token: None,
            granted: VecDeque::new(),
        }
    }

    /// The identity of the participant, a UUID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The part the participant plays.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The name the others see.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// Whether the participant has joined and not left.
    pub fn is_present(&self) -> bool {
        self.joined && !self.left
    }

    /// Whether it is an agent who has a seat and has not joined.
    pub(crate) fn is_awaited(&self) -> bool {
        self.role == Role::Agent && !self.joined && !self.left
    }

    /// Whether the participant has left.
    pub fn has_left(&self) -> bool {
        self.left
    }
}

// Written by hand: it holds tokens.
impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("joined", &self.joined)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// One item that was published, stored or not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Published {
    /// The item.
    pub item: Arc<Item>,
    /// Whether the transcript holds it; typing events are not stored.
    pub stored: bool,
    /// On how many sockets it should have gone out: subscribed, healthy or not.
    pub sockets: usize,
}

/// One SendMessage or SendEvent that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AcceptedSend {
    /// SendMessage or SendEvent.
    pub operation: Operation,
    /// Who sent it.
    pub participant_id: String,
    /// The client token of the request.
    pub client_token: Option<String>,
    /// The id in the answer: that of the item, if one was made. A `connection.acknowledged` event
    /// makes none.
    pub item_id: String,
    /// The time in the answer.
    pub absolute_time: String,
    /// Whether the answer said that the message was being looked at: see
    /// [`Settings::message_processing`](crate::Settings::message_processing).
    pub processing: bool,
    /// How many requests carried it: 1, and one more for each that repeated its client token.
    pub uses: u32,
}

/// What a client token is remembered by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TokenKey {
    pub(crate) participant: usize,
    pub(crate) operation: Operation,
    pub(crate) client_token: String,
    /// What a receipt says, and of which message: a published client sends all of its receipts with
    /// one token, and the service takes them for what they are.
    pub(crate) receipt: Option<(ReceiptKind, String)>,
}

/// A part of a chat that has a contact id of its own: the first, and one after each transfer.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) id: String,
    /// The place of its first item in the transcript.
    pub(crate) first: usize,
}

/// What a chat continues.
#[derive(Default)]
pub(crate) struct History {
    /// Items of earlier chats, oldest first.
    pub(crate) items: Vec<Arc<Item>>,
    /// The last contact of the chain that is continued.
    pub(crate) continued_from: Option<String>,
    /// Whether the customer was told.
    pub(crate) is_announced: bool,
}

/// One chat, with everything the service knows of it.
pub struct Contact {
    pub(crate) id: String,
    /// The chain of contacts; the first has the id of the chat.
    pub(crate) segments: Vec<Segment>,
    pub(crate) history: History,
    pub(crate) instance_id: String,
    pub(crate) started: Duration,
    pub(crate) content_types: Vec<String>,
    pub(crate) participants: Vec<Participant>,
    pub(crate) items: Vec<Arc<Item>>,
    /// The milliseconds since 1970 of each item.
    pub(crate) item_times: Vec<u64>,
    positions: BTreeMap<String, usize>,
    last_time: u64,
    /// By message and recipient.
    pub(crate) receipts: BTreeMap<(String, usize), Receipt>,
    published: VecDeque<Published>,
    published_total: u64,
    sends: VecDeque<(u64, AcceptedSend, Option<TokenKey>)>,
    sends_total: u64,
    client_tokens: BTreeMap<TokenKey, u64>,
    /// Files, by number in order of their beginning.
    pub(crate) uploads: BTreeMap<u64, Upload>,
    pub(crate) upload_numbers: u64,
    /// Messages that go out in chunks, by number in order of their beginning.
    pub(crate) streams: BTreeMap<u64, Stream>,
    /// Messages that were accepted and are looked at, in that order.
    pub(crate) processing: VecDeque<Processing>,
    pub(crate) response_mode: ResponseMode,
    /// Whether agents leave when the customer does.
    pub(crate) agents_leave_with_customer: bool,
    pub(crate) authentication: Option<Authentication>,
    /// How long people may be silent; takes effect when the next agent joins.
    pub(crate) timer_config: BTreeMap<(Role, TimerType), Duration>,
    pub(crate) idle_timers: BTreeMap<Role, IdleTimer>,
    /// The StreamingId of the contact, and the client token of its StartContactStreaming.
    pub(crate) streaming: Option<(String, String)>,
    /// The views that can be described, by token, oldest first.
    pub(crate) views: VecDeque<(String, View)>,
    pub(crate) sockets: BTreeSet<SocketId>,
    pub(crate) requests: BTreeMap<Operation, u64>,
    pub(crate) requests_after_end: u64,
    pub(crate) end: Option<(EndReason, Duration)>,
    /// What makes its transcript page tokens its own.
    pub(crate) page_key: u64,
    /// The client token of the StartChatContact that made it.
    pub(crate) start_token: Option<String>,
    /// The participant of each client token of CreateParticipant.
    pub(crate) create_tokens: BTreeMap<String, usize>,
    pub(crate) connect_timer: Option<TaskKey>,
    pub(crate) duration_timer: Option<TaskKey>,
    /// Closes its sockets after its end.
    pub(crate) close_task: Option<TaskKey>,
    pub(crate) script: ScriptRun,
    log_limit: usize,
    /// For everything but the items.
    pub(crate) charge: Charge,
}

impl Contact {
    pub(crate) fn new(
        id: String,
        instance_id: String,
        content_types: Vec<String>,
        page_key: u64,
        log_limit: usize,
    ) -> Self {
        let first = Segment {
            id: id.clone(),
            first: 0,
        };
        Self {
            id,
            segments: vec![first],
            history: History::default(),
            instance_id,
            started: Duration::ZERO,
            content_types,
            participants: Vec::new(),
            items: Vec::new(),
            item_times: Vec::new(),
            positions: BTreeMap::new(),
            last_time: 0,
            receipts: BTreeMap::new(),
            published: VecDeque::new(),
            published_total: 0,
            sends: VecDeque::new(),
            sends_total: 0,
            client_tokens: BTreeMap::new(),
            uploads: BTreeMap::new(),
            upload_numbers: 0,
            streams: BTreeMap::new(),
            processing: VecDeque::new(),
            response_mode: ResponseMode::Incremental,
            agents_leave_with_customer: false,
            authentication: None,
            timer_config: BTreeMap::new(),
            idle_timers: BTreeMap::new(),
            streaming: None,
            views: VecDeque::new(),
            sockets: BTreeSet::new(),
            requests: BTreeMap::new(),
            requests_after_end: 0,
            end: None,
            page_key,
            start_token: None,
            create_tokens: BTreeMap::new(),
            connect_timer: None,
            duration_timer: None,
            close_task: None,
            script: ScriptRun::default(),
            log_limit,
            charge: Charge::default(),
        }
    }

    /// The identity of the contact, a UUID: the `InitialContactId` of its items.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The `ContactId` of the items that are published: that of the last transfer, or
    /// [`id`](Self::id) when there was none.
    pub fn current_id(&self) -> &str {
        self.segments
            .last()
            .map_or(self.id.as_str(), |segment| segment.id.as_str())
    }

    /// The chain of contacts that the chat is made of, oldest first.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &str> {
        self.segments.iter().map(|segment| segment.id.as_str())
    }

    /// The items of the earlier chats that this one continues, oldest first: GetTranscript goes on
    /// with them behind the first item of this one.
    pub fn past(&self) -> &[Arc<Item>] {
        &self.history.items
    }

    /// The contact that the chat continues.
    pub fn continued_from(&self) -> Option<&str> {
        self.history.continued_from.as_deref()
    }

    /// The places in the transcript of the items of one contact of the chain.
    pub(crate) fn places_of(&self, contact_id: &str) -> Option<std::ops::Range<usize>> {
        let index = self
            .segments
            .iter()
            .position(|segment| segment.id == contact_id)?;
        let first = self.segments.get(index)?.first;
        let next = self
            .segments
            .get(index + 1)
            .map_or(self.items.len(), |next| next.first);
        Some(first..next)
    }

    /// The instance that StartChatContact named.
    pub fn instance_id(&self) -> &str {
        &self.instance_id
    }

    /// Every item that is stored, in order: what GetTranscript answers from.
    pub fn transcript(&self) -> &[Arc<Item>] {
        &self.items
    }

    /// The stored item with this id.
    pub fn item(&self, id: &str) -> Option<&Arc<Item>> {
        self.items.get(self.position(id)?)
    }

    /// Where in the transcript the item with this id is.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// What was published, in order, typing events included; the oldest are forgotten beyond
    /// [`Settings::log_per_contact`](crate::Settings::log_per_contact).
    pub fn published(&self) -> impl ExactSizeIterator<Item = &Published> {
        self.published.iter()
    }

    /// How many items were published, forgotten ones included.
    pub fn published_total(&self) -> u64 {
        self.published_total
    }

    /// The SendMessage and SendEvent calls that were accepted, in order; bounded like
    /// [`Contact::published`].
    pub fn sends(&self) -> impl ExactSizeIterator<Item = &AcceptedSend> {
        self.sends.iter().map(|(_, send, _)| send)
    }

    /// How many sends were accepted, forgotten ones included; repeats of a client token are not
    /// counted.
    pub fn sends_total(&self) -> u64 {
        self.sends_total
    }

    /// The receipts so far: message id and receipt, by message id.
    pub fn receipts(&self) -> impl Iterator<Item = (&str, &Receipt)> {
        self.receipts
            .iter()
            .map(|((message, _), receipt)| (message.as_str(), receipt))
    }

    /// Everybody who was ever in the chat, in order of arrival; the customer is the first.
    pub fn participants(&self) -> &[Participant] {
        &self.participants
    }

    /// Why the chat ended, when it has.
    pub fn ended(&self) -> Option<EndReason> {
        self.end.map(|(reason, _)| reason)
    }

    /// How many sockets are open, half-open ones included.
    pub fn open_sockets(&self) -> usize {
        self.sockets.len()
    }

    /// How many requests of this operation came with a token of this contact, or named it;
    /// those that a fault kept from being processed included.
    pub fn requests(&self, operation: Operation) -> u64 {
        self.requests.get(&operation).copied().unwrap_or(0)
    }

    /// How many of the requests came after the end of the chat.
    pub fn requests_after_end(&self) -> u64 {
        self.requests_after_end
    }

    /// How many script steps were dropped because too many waited.
    pub fn dropped_script_steps(&self) -> u64 {
        self.script.dropped
    }

    /// The next timestamp, strictly after the last one.
    pub(crate) fn stamp(&mut self, milliseconds: u64) -> u64 {
        self.last_time = milliseconds.max(self.last_time + 1);
        self.last_time
    }

    pub(crate) fn store(&mut self, item: Arc<Item>, milliseconds: u64) {
        self.positions.insert(item.id.clone(), self.items.len());
        self.items.push(item);
        self.item_times.push(milliseconds);
    }

    pub(crate) fn log_published(&mut self, published: Published) {
        self.published_total += 1;
        self.published.push_back(published);
        while self.published.len() > self.log_limit {
            self.published.pop_front();
        }
    }

    /// Forgets what was published first; false when nothing is remembered.
    pub(crate) fn forget_published(&mut self) -> bool {
        self.published.pop_front().is_some()
    }

    /// Something was published that there is no room to remember.
    pub(crate) fn count_published(&mut self) {
        self.published_total += 1;
    }

    /// Adds somebody. Answers where.
    pub(crate) fn add_participant(&mut self, participant: Participant) -> usize {
        self.charge.grow(weight::participant(&participant));
        self.participants.push(participant);
        self.participants.len() - 1
    }

    /// Remembers what is known of a message and a recipient.
    pub(crate) fn note_receipt(&mut self, key: (String, usize), receipt: Receipt) {
        let weight = weight::receipt(&key.0);
        if self.receipts.insert(key, receipt).is_none() {
            self.charge.grow(weight);
        }
    }

    /// The earlier send with this client token; it counts as used once more.
    pub(crate) fn repeat_send(&mut self, key: &TokenKey) -> Option<&AcceptedSend> {
        let number = *self.client_tokens.get(key)?;
        let index = self
            .sends
            .binary_search_by_key(&number, |(number, ..)| *number)
            .ok()?;
        let (_, send, _) = self.sends.get_mut(index)?;
        send.uses = send.uses.saturating_add(1);
        Some(send)
    }

    /// Remembers a send, and what finds it again.
    pub(crate) fn log_send(&mut self, send: AcceptedSend, key: Option<TokenKey>) {
        let number = self.sends_total;
        self.sends_total += 1;
        let weight = weight::send(&send, key.as_ref());
        // A typing event is accepted even where there is no room to remember it.
        if !self.charge.fits(weight) {
            return;
        }
        self.charge.grow(weight);
        if let Some(key) = &key {
            self.client_tokens.insert(key.clone(), number);
        }
        self.sends.push_back((number, send, key));
        while self.sends.len() > self.log_limit {
            let Some((number, send, key)) = self.sends.pop_front() else {
                break;
            };
            self.charge.shrink(weight::send(&send, key.as_ref()));
            if let Some(key) = key.filter(|key| self.client_tokens.get(key) == Some(&number)) {
                self.client_tokens.remove(&key);
            }
        }
    }

    /// The part a participant plays.
    pub(crate) fn role(&self, participant: usize) -> Option<Role> {
        self.participants
            .get(participant)
            .map(|participant| participant.role)
    }

    /// The agent who answers: the last to arrive of those present.
    pub(crate) fn present_agent(&self) -> Option<usize> {
        self.participants
            .iter()
            .rposition(|participant| participant.role == Role::Agent && participant.is_present())
    }
}

// Written by hand: it holds tokens and what people say.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("participants", &self.participants)
            .field("items", &self.items.len())
            .field("sockets", &self.sockets.len())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_tokens_are_remembered_no_longer_than_their_sends() {
        let id = || "id".to_owned();
        let mut contact = Contact::new(id(), id(), Vec::new(), 0, 2);
        contact
            .participants
            .push(Participant::new(id(), Role::Customer, "Ana"));
        for number in 0..5 {
            let send = AcceptedSend {
                operation: Operation::SendMessage,
                participant_id: id(),
                client_token: Some(number.to_string()),
                item_id: id(),
                absolute_time: id(),
                processing: false,
                uses: 1,
            };
            let key = TokenKey {
                participant: 0,
                operation: Operation::SendMessage,
                client_token: number.to_string(),
                receipt: None,
            };
            contact.log_send(send, Some(key));
        }
        assert_eq!(contact.sends().len(), 2);
        assert_eq!(contact.client_tokens.len(), 2);
    }
}
