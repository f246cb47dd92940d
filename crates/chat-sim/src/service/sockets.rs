//! WebSockets: topics, items on their way out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem::size_of;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::Service;
use super::handshakes::Owner;
use crate::agenda::{Task, TaskKey};
use crate::contact::{Contact, ContactKey, Participant};
use crate::cut_off::CutOff;
use crate::fault::{CutWhen, Effect};
use crate::item::{Item, Role};
use crate::memory::Charge;
use crate::output::{Output, SocketId};

/// The one topic that carries chat items.
const CHAT_TOPIC: &str = "aws/chat";

/// An open socket.
pub(super) struct Socket {
    pub(super) owner: Owner,
    pub(super) half_open: bool,
    pub(super) subscribed: bool,
    pub(super) connection_id: String,
    pub(super) expiry: TaskKey,
    /// Frames that faults hold back, by the time at which they go out.
    pub(super) held: BTreeMap<(Duration, u64), Held>,
    pub(super) held_total: u64,
    pub(super) traffic: Traffic,
}

/// What has gone over a socket.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    opened: Duration,
    expires: Duration,
    frames_in: u64,
    frames_out: u64,
    heartbeats: u64,
    last_heartbeat: Option<Duration>,
    pings: u64,
    last_ping: Option<Duration>,
}

impl Traffic {
    /// None yet, on a socket that is open from now on.
    pub(super) fn begin(opened: Duration, expires: Duration) -> Self {
        Self {
            opened,
            expires,
            ..Self::default()
        }
    }
}

/// A frame that a fault holds back.
pub(super) struct Held {
    text: String,
    /// Whether it goes out after the next frame even when its time has not come.
    after_next: bool,
    /// The task that sends it when its time has come.
    task: TaskKey,
    _charge: Charge,
}

/// The frame that carries an item; the item is JSON inside a JSON string.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFrame<'a> {
    topic: &'a str,
    content_type: &'a str,
    content: &'a str,
}

impl Service {
    /// Acts on a text frame.
    pub(super) fn receive_text(&mut self, id: SocketId, text: &str) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.half_open {
            return;
        }
        socket.traffic.frames_in += 1;
        if text.len() > self.settings.frame_limit {
            self.cut_off_client(Some(id), CutOff::FrameSize);
            return;
        }
        // Only the first JSON value counts: a published client sends a stray bracket behind it.
        let frame = serde_json::Deserializer::from_str(text)
            .into_iter::<Value>()
            .next()
            .and_then(Result::ok)
            .unwrap_or(Value::Null);
        let contact = socket.owner.contact();
        match frame.get("topic").and_then(Value::as_str) {
            Some("aws/subscribe") => self.subscribe(id, &frame["content"]["topics"]),
            Some("aws/heartbeat") => {
                socket.traffic.heartbeats += 1;
                socket.traffic.last_heartbeat = Some(self.now);
                let muted = self.strike(contact, None, |effect| {
                    matches!(effect, Effect::MuteHeartbeats)
                });
                if muted.is_none() {
                    self.send_frame(id, json!({ "topic": "aws/heartbeat" }).to_string());
                }
            }
            Some("aws/ping") => {
                socket.traffic.pings += 1;
                socket.traffic.last_ping = Some(self.now);
                self.pong(id, contact);
            }
            Some(_) | None => {
                let frame = json!({
                    "message": "Forbidden",
                    "connectionId": socket.connection_id,
                    "requestId": self.random.uuid(),
                });
                self.send_frame(id, frame.to_string());
            }
        }
    }

    fn pong(&mut self, id: SocketId, contact: Option<ContactKey>) {
        let fault = self.strike(contact, None, |effect| {
            matches!(effect, Effect::MutePings | Effect::BadPong { .. })
        });
        let (status_code, status_content) = match fault {
            Some(Effect::MutePings) => return,
            Some(Effect::BadPong {
                status_code,
                status_content,
            }) => (status_code, status_content),
            Some(_) | None => (200, "OK".to_owned()),
        };
        let frame = json!({
            "topic": "aws/ping",
            "statusCode": status_code,
            "statusContent": status_content,
        });
        self.send_frame(id, frame.to_string());
    }

    fn subscribe(&mut self, id: SocketId, topics: &Value) {
        let Some(owner) = self.sockets.get(&id).map(|socket| socket.owner.clone()) else {
            return;
        };
        let fault = self.strike(owner.contact(), None, |effect| {
            matches!(effect, Effect::MuteSubscribe | Effect::FailSubscribe)
        });
        let known = topics.as_array().is_some_and(|topics| {
            !topics.is_empty() && topics.iter().all(|topic| topic == CHAT_TOPIC)
        });
        let success = match fault {
            Some(Effect::MuteSubscribe) => return,
            Some(_) => false,
            None => known,
        };
        let topics = match (success, topics) {
            (true, _) => json!([CHAT_TOPIC]),
            (false, Value::Array(_)) => topics.clone(),
            (false, _) => json!([]),
        };
        let status = if success { "success" } else { "failure" };
        let frame = json!({
            "topic": "aws/subscribe",
            "content": { "status": status, "topics": topics },
        });
        self.send_frame(id, frame.to_string());
        if !success {
            return;
        }
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.subscribed = true;
        }
        let Owner::Participant(caller) = owner else {
            return;
        };
        let is_customer = self
            .contacts
            .get(&caller.contact)
            .and_then(|contact| contact.participants.get(caller.participant))
            .is_some_and(|participant| participant.role == Role::Customer);
        if is_customer {
            self.join(caller);
        }
    }

    /// Sends an item to every subscribed socket that may see it. Answers how many there are.
    pub(super) fn send_item(
        &mut self,
        key: ContactKey,
        item: &Item,
        hidden_from: Option<usize>,
    ) -> usize {
        let Some(contact) = self.contacts.get(&key) else {
            return 0;
        };
        let may_see = |(place, participant): &(usize, &Participant)| {
            Some(*place) != hidden_from && item.is_for(&participant.id)
        };
        let agents: BTreeSet<&str> = contact
            .participants
            .iter()
            .enumerate()
            .filter(may_see)
            .filter(|(_, participant)| participant.role == Role::Agent && participant.is_present())
            .map(|(_, participant)| participant.first_name.as_str())
            .collect();
        let shared = agents
            .into_iter()
            .filter_map(|agent| self.desks.get(agent))
            .flat_map(|desk| &desk.sockets);
        let own = contact.sockets.iter().filter(|id| {
            self.sockets.get(id).is_some_and(|socket| {
                let Owner::Participant(caller) = &socket.owner else {
                    return false;
                };
                let participant = contact.participants.get(caller.participant);
                participant.is_some_and(|who| may_see(&(caller.participant, who)))
            })
        });
        let sockets: Vec<SocketId> = own
            .chain(shared)
            .copied()
            .filter(|id| self.sockets.get(id).is_some_and(|socket| socket.subscribed))
            .collect();
        if sockets.is_empty() {
            return 0;
        }
        let Some(text) = item_frame(item) else {
            return 0;
        };
        for socket in &sockets {
            self.send_item_on(*socket, key, &text);
        }
        sockets.len()
    }

    /// Sends an item on one socket, as the faults allow.
    fn send_item_on(&mut self, id: SocketId, contact: ContactKey, text: &str) {
        if self.sockets.get(&id).is_none_or(|socket| socket.half_open) {
            return;
        }
        let contact = Some(contact);
        let cut = self.strike(contact, None, |effect| {
            matches!(
                effect,
                Effect::CutSocket {
                    when: CutWhen::NextItem
                }
            )
        });
        if cut.is_some() {
            self.abort_socket(id);
            return;
        }
        let dropped = self.strike(contact, None, |effect| matches!(effect, Effect::DropItems));
        if dropped.is_some() {
            return;
        }
        let twice = self.strike(contact, None, |effect| {
            matches!(effect, Effect::DuplicateItems)
        });
        let held = self.strike(contact, None, |effect| {
            matches!(
                effect,
                Effect::DelayItems { .. } | Effect::ReorderItems { .. }
            )
        });
        for _ in 0..=usize::from(twice.is_some()) {
            match held {
                Some(Effect::DelayItems { by }) => self.hold(id, text, by, false),
                Some(Effect::ReorderItems { within }) => self.hold(id, text, within, true),
                Some(_) | None => self.send_frame(id, text.to_owned()),
            }
        }
        if !matches!(held, Some(Effect::ReorderItems { .. })) {
            self.release(id, |_, held| held.after_next);
        }
    }

    /// Holds a frame back; the socket is cut when it holds too many.
    fn hold(&mut self, id: SocketId, text: &str, by: Duration, after_next: bool) {
        let due = self.now.saturating_add(by);
        let limit = self.settings.held_frames_per_socket;
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        let bytes = text.len() + size_of::<Held>();
        if socket.held.len() >= limit || !self.memory.fits(bytes) {
            self.cut_off_client(Some(id), CutOff::HeldFrames);
            return;
        }
        let held = Held {
            text: text.to_owned(),
            after_next,
            task: self.agenda.add(due, Task::FlushSocket(id)),
            _charge: self.memory.charge(bytes),
        };
        socket.held.insert((due, socket.held_total), held);
        socket.held_total += 1;
    }

    /// Sends the frames whose time has come.
    pub(super) fn flush_socket(&mut self, id: SocketId) {
        let now = self.now;
        self.release(id, |due, _| due <= now);
    }

    /// Sends the held frames that are chosen, in the order in which they are due.
    fn release(&mut self, id: SocketId, chosen: impl Fn(Duration, &Held) -> bool) {
        let Some(socket) = self.sockets.get_mut(&id) else {
            return;
        };
        if socket.held.is_empty() || socket.half_open {
            return;
        }
        let (released, kept) = std::mem::take(&mut socket.held)
            .into_iter()
            .partition(|((due, _), held)| chosen(*due, held));
        socket.held = kept;
        let released: BTreeMap<_, Held> = released;
        for held in released.into_values() {
            self.agenda.cancel(held.task);
            self.send_frame(id, held.text);
        }
    }

    /// Sends a frame, unless nothing goes out on the socket.
    fn send_frame(&mut self, socket: SocketId, text: String) {
        let open = self.sockets.get_mut(&socket);
        if let Some(open) = open.filter(|open| !open.half_open) {
            open.traffic.frames_out += 1;
            self.emit(Output::Send { socket, text });
        }
    }

    /// Closes a socket the orderly way: what is held back goes out first.
    pub(super) fn close_socket(&mut self, id: SocketId, code: u16, reason: &str) {
        let Some(socket) = self.sockets.get(&id) else {
            return;
        };
        if socket.half_open {
            self.abort_socket(id);
            return;
        }
        self.release(id, |_, _| true);
        self.forget_socket(id);
        self.emit(Output::Close {
            socket: id,
            code,
            reason: reason.to_owned(),
        });
    }

    /// What the control API shows of the sockets of a contact.
    pub(crate) fn sockets_json(&self, contact: &Contact) -> Vec<Value> {
        let at = |at: Duration| self.timestamp(at);
        let open = contact
            .sockets
            .iter()
            .filter_map(|id| Some((id, self.sockets.get(id)?)));
        open.map(|(id, socket)| {
            let participant = match socket.owner {
                Owner::Participant(caller) => contact.participants.get(caller.participant),
                Owner::Agent(_) => None,
            };
            let traffic = &socket.traffic;
            json!({
                "socket": id.0,
                "participant_id": participant.map(Participant::id),
                "opened": at(traffic.opened),
                "expires": at(traffic.expires),
                "subscribed": socket.subscribed,
                "half_open": socket.half_open,
                "frames_in": traffic.frames_in,
                "frames_out": traffic.frames_out,
                "heartbeats": traffic.heartbeats,
                "last_heartbeat": traffic.last_heartbeat.map(at),
                "pings": traffic.pings,
                "last_ping": traffic.last_ping.map(at),
            })
        })
        .collect()
    }

    /// Closes all sockets of a contact.
    pub(super) fn close_sockets(&mut self, key: ContactKey, reason: &str) {
        let sockets: Vec<SocketId> = self
            .contacts
            .get(&key)
            .map(|contact| contact.sockets.iter().copied().collect())
            .unwrap_or_default();
        for socket in sockets {
            self.close_socket(socket, 1000, reason);
        }
    }

    /// Cuts a socket without a close frame.
    pub(super) fn abort_socket(&mut self, id: SocketId) {
        if self.sockets.contains_key(&id) {
            self.forget_socket(id);
            self.emit(Output::Abort { socket: id });
        }
    }

    /// Counts a client that is cut off or turned away. When it is an open socket, it ends.
    pub(super) fn cut_off_client(&mut self, socket: Option<SocketId>, reason: CutOff) {
        *self.cut_off.entry(reason.name()).or_default() += 1;
        self.emit(Output::CutOff { socket, reason });
        match (socket, reason.close_code()) {
            (Some(socket), Some(code)) => self.close_socket(socket, code, reason.reason()),
            (Some(socket), None) => self.abort_socket(socket),
            (None, _) => {}
        }
    }

    /// Makes a socket half open.
    pub(super) fn freeze_socket(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get_mut(&id) {
            socket.half_open = true;
            for held in std::mem::take(&mut socket.held).into_values() {
                self.agenda.cancel(held.task);
            }
            self.emit(Output::Freeze { socket: id });
        }
    }

    pub(super) fn forget_socket(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.remove(&id) else {
            return;
        };
        self.agenda.cancel(socket.expiry);
        for held in socket.held.values() {
            self.agenda.cancel(held.task);
        }
        match socket.owner {
            Owner::Participant(caller) => {
                if let Some(contact) = self.contacts.get_mut(&caller.contact) {
                    contact.sockets.remove(&id);
                }
            }
            Owner::Agent(agent) => {
                if let Some(desk) = self.desks.get_mut(&agent) {
                    desk.sockets.remove(&id);
                }
            }
        }
    }
}

/// The text frame that carries an item.
pub(super) fn item_frame(item: &Item) -> Option<String> {
    let content = serde_json::to_string(item).ok()?;
    serde_json::to_string(&ItemFrame {
        topic: CHAT_TOPIC,
        content_type: "application/json",
        content: &content,
    })
    .ok()
}

// Written by hand: held frames carry what people say.
impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("contact", &self.owner.contact())
            .field("half_open", &self.half_open)
            .field("subscribed", &self.subscribed)
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}
