//! Faults: injecting, clearing, striking.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Service;
use super::sockets::item_frame;
use crate::agenda::Task;
use crate::contact::ContactKey;
use crate::fault::{CutWhen, Effect, Fault, FaultId, FaultState};
use crate::item::{Item, ItemType, Role, TEXT_PLAIN};
use crate::memory::Charge;
use crate::operation::Operation;
use crate::output::{Output, SocketId};

/// The largest frame that a fault makes, in bytes.
const FRAME_BYTES: usize = 16 * 1024 * 1024;
/// How many bytes all frames of one fault have at most.
const FRAMES_BYTES: usize = 4 * FRAME_BYTES;

/// What is issued to a participant and has a lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Issued {
    /// A WebSocket URL.
    Url,
    /// The socket that the URL opens.
    Connection,
    /// A connection token.
    Token,
}

impl Service {
    /// Makes something go wrong. A thousand faults are kept; of more, those that are over go first,
    /// and the oldest of them.
    pub fn inject(&mut self, now: Duration, mut fault: Fault) -> FaultId {
        self.advance(now);
        // Whichever contact of a chain is named, the fault is for the chat.
        let chat = fault.contact.as_deref().and_then(|id| self.contact(id));
        if let Some(chat) = chat {
            fault.contact = Some(chat.id.clone());
        }
        let acts_at_once = fault.effect.acts_at_once();
        let id = self.faults.add(self.now, fault);
        if acts_at_once {
            let begins = self.faults.begins(id).unwrap_or(self.now);
            if begins <= self.now {
                self.strike_sockets(id);
            } else {
                self.agenda.add(begins, Task::Strike(id));
            }
        }
        id
    }

    /// Ends one fault; false when it had ended.
    pub fn clear_fault(&mut self, fault: FaultId) -> bool {
        self.faults.end(fault)
    }

    /// Ends all faults. Sockets that are half open stay so.
    pub fn clear_faults(&mut self) {
        self.faults.end_all();
    }

    /// Ends the faults that are for one chat.
    pub(super) fn clear_faults_of(&mut self, key: ContactKey) {
        let Some(contact) = self.contacts.get(&key) else {
            return;
        };
        let id = contact.id.as_str();
        let own: Vec<FaultId> = self
            .faults
            .states()
            .filter(|state| state.fault.contact.as_deref() == Some(id))
            .map(|state| state.id)
            .collect();
        for fault in own {
            self.faults.end(fault);
        }
    }

    /// The faults that are kept, spent and cleared ones included, oldest first.
    pub fn faults(&self) -> impl Iterator<Item = FaultState<'_>> {
        self.faults.states()
    }

    /// How often the fault has struck.
    pub fn fault_hits(&self, fault: FaultId) -> u64 {
        self.faults.hits(fault)
    }

    /// How often faults have struck, by [`Effect::name`].
    pub fn fault_hits_by_effect(&self) -> &BTreeMap<&'static str, u64> {
        self.faults.hits_by_effect()
    }

    /// Ends the TCP connections of all sockets of a contact at once, without a close frame.
    /// Answers how many there were.
    pub fn cut_sockets(&mut self, now: Duration, contact: &str) -> usize {
        self.advance(now);
        let sockets: Vec<SocketId> = self
            .contact(contact)
            .map(|contact| contact.sockets.iter().copied().collect())
            .unwrap_or_default();
        for socket in &sockets {
            self.abort_socket(*socket);
        }
        sockets.len()
    }

    /// The effect of the first wanted fault that strikes.
    pub(super) fn strike(
        &mut self,
        contact: Option<ContactKey>,
        operation: Option<Operation>,
        wanted: impl Fn(&Effect) -> bool,
    ) -> Option<Effect> {
        let contact = contact
            .and_then(|key| self.contacts.get(&key))
            .map(|contact| contact.id.as_str());
        self.faults
            .take(&mut self.random, self.now, contact, operation, wanted)
    }

    /// Lets a fault that acts once act on the sockets that are open.
    pub(super) fn strike_sockets(&mut self, fault: FaultId) {
        let sockets: Vec<(SocketId, Option<ContactKey>)> = self
            .sockets
            .iter()
            .filter(|(_, socket)| !socket.half_open)
            .map(|(id, socket)| (*id, socket.owner.contact()))
            .collect();
        let mut made = 0;
        for (socket, key) in sockets {
            let contact = key
                .and_then(|key| self.contacts.get(&key))
                .map(|contact| contact.id.as_str());
            let effect = self.faults.take_one(&mut self.random, fault, contact);
            match effect {
                Some(Effect::CutSocket { when: CutWhen::Now }) => self.abort_socket(socket),
                Some(Effect::CloseSocket { code }) => {
                    self.close_socket(socket, code, "Closed by a fault");
                }
                Some(Effect::HalfOpen) => self.freeze_socket(socket),
                Some(Effect::RawFrame { text }) => self.emit(Output::Send { socket, text }),
                Some(Effect::GarbageFrame { bytes }) => {
                    let text = self.garbage(bytes);
                    made += text.len();
                    self.emit(Output::Send { socket, text });
                }
                Some(Effect::OversizedFrame { bytes }) => {
                    let text = self.oversized(key, bytes);
                    made += text.len();
                    self.emit(Output::Send { socket, text });
                }
                Some(_) | None => {}
            }
            if made.saturating_add(FRAME_BYTES) > FRAMES_BYTES {
                break;
            }
        }
        self.faults.end(fault);
    }

    /// Text that is not JSON.
    fn garbage(&mut self, bytes: usize) -> String {
        let mut text = self.random.text(bytes.min(FRAME_BYTES));
        if !text.is_empty() {
            // What the random characters begin with may be a number.
            text.replace_range(..1, "%");
        }
        text
    }

    /// The frame of a message that fills it.
    fn oversized(&mut self, key: Option<ContactKey>, bytes: usize) -> String {
        let contact = key.and_then(|key| self.contacts.get(&key));
        let ids = contact.map(|contact| (contact.id.clone(), contact.current_id().to_owned()));
        let (initial_contact_id, contact_id) = ids.unwrap_or_else(|| {
            let id = self.random.uuid();
            (id.clone(), id)
        });
        let mut item = Item {
            absolute_time: self.timestamp(self.now),
            content_type: TEXT_PLAIN.to_owned(),
            id: self.random.uuid(),
            item_type: ItemType::Message,
            content: Some(String::new()),
            participant_id: Some(self.random.uuid()),
            participant_role: Some(Role::System),
            display_name: None,
            initial_contact_id,
            contact_id,
            attachments: Vec::new(),
            message_metadata: None,
            charge: Charge::default(),
        };
        let without = item_frame(&item).unwrap_or_default().len();
        item.content = Some("x".repeat(bytes.min(FRAME_BYTES).saturating_sub(without)));
        item_frame(&item).unwrap_or_default()
    }

    /// How long something lives that is issued now, as the faults allow.
    pub(crate) fn lifetime_of(
        &mut self,
        issued: Issued,
        contact: Option<ContactKey>,
        operation: Option<Operation>,
    ) -> Duration {
        let usual = match issued {
            Issued::Url => self.settings.url_lifetime,
            Issued::Connection => self.settings.socket_lifetime,
            Issued::Token => self.settings.token_lifetime,
        };
        let effect = self.strike(contact, operation, |effect| match issued {
            Issued::Url => matches!(effect, Effect::ShortUrl { .. }),
            Issued::Connection => matches!(effect, Effect::ShortConnection { .. }),
            Issued::Token => matches!(effect, Effect::ShortToken { .. }),
        });
        match effect {
            Some(
                Effect::ShortUrl { lifetime }
                | Effect::ShortConnection { lifetime }
                | Effect::ShortToken { lifetime },
            ) => usual.min(lifetime),
            Some(_) | None => usual,
        }
    }
}
