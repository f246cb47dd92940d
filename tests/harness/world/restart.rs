//! Clients that are killed, and continued from what they had saved.

use std::collections::BTreeMap;

use chat_proto::{Instant, LocalId, ResumeState, Seed, Session, Start};

use super::{START_UNIX, World};
use crate::journal::Journal;

/// What an application has written to its disk: the session's resume state, and what it knows of
/// the chat itself.
#[derive(Clone, Debug)]
pub struct Saved {
    state: String,
    journal: Journal,
    given: BTreeMap<LocalId, String>,
}

impl World {
    /// The application saves what it would need to go on; nothing once the session is over.
    ///
    /// # Panics
    /// When the state cannot be written.
    #[must_use]
    pub fn save(&self) -> Option<Saved> {
        let state = self.session.resume_state([]).ok()?;
        Some(Saved {
            state: serde_json::to_string(&state).expect("a state can be written"),
            journal: self.journal.clone(),
            given: self.given.clone(),
        })
    }

    /// The client is killed as it stands, and another process goes on with what was saved. It is
    /// connected to by [`connect`](Self::connect) or
    /// [`begin_to_connect`](Self::begin_to_connect).
    ///
    /// # Panics
    /// When it cannot be restored.
    pub fn kill_and_restore(&mut self, saved: &Saved) {
        for (request, http) in self.network.client_dies() {
            let id = chat_sim::RequestId(self.name_of(request.number()));
            self.service.0.handle_request(self.now, id, http);
        }
        for socket in std::mem::take(&mut self.sockets) {
            let id = chat_sim::SocketId(self.name_of(socket.number()));
            self.service.0.handle_closed(self.now, id);
        }
        self.request_names.clear();
        self.socket_names.clear();
        self.cancelled.clear();
        self.files.clear();
        self.uploads.clear();
        self.downloads.clear();
        self.lives += 1;
        // What was given after the saving is forgotten, whether it went out or not.
        let given = std::mem::replace(&mut self.given, saved.given.clone());
        let lost = given
            .into_iter()
            .filter(|(id, _)| !saved.given.contains_key(id));
        self.forgotten.extend(lost.map(|(_, text)| text));
        let handed_back: Vec<_> = self.journal.failed.keys().copied().collect();
        self.journal = saved.journal.clone();
        self.journal.continue_in_another_life();
        // What was handed back after the saving is tried again, and has a new place in the order.
        let failed = &self.journal.failed;
        let again = handed_back.iter().filter(|id| !failed.contains_key(id));
        self.journal
            .resent
            .extend(again.copied().filter(|id| self.given.contains_key(id)));
        let state: ResumeState = serde_json::from_str(&saved.state).expect("it was written so");
        let start = Start {
            now: Instant::from_origin(self.now),
            unix: START_UNIX + self.now,
            seed: Seed::from_number(self.seed ^ (self.lives << 32)),
        };
        self.session =
            Session::restore(start, self.config.clone(), state).expect("it was saved so");
        self.settle();
    }
}
