//! Faults: injecting, clearing, striking.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Service;
use crate::agenda::Task;
use crate::contact::ContactKey;
use crate::fault::{CutWhen, Effect, Fault, FaultId, FaultState};
use crate::operation::Operation;
use crate::output::{Output, SocketId};

impl Service {
    /// Makes something go wrong. A thousand faults are kept, spent ones included; the oldest go
    /// first.
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

    /// The faults.
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
                Some(_) | None => {}
            }
        }
        self.faults.end(fault);
    }
}
