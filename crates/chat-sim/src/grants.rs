//! The tokens the service has handed out and what each one opens.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::contact::ContactKey;

/// Somebody in a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) contact: ContactKey,
    /// The place in the contact's list of participants.
    pub(crate) participant: usize,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GrantKind {
    /// CreateParticipantConnection, for as long as the participant is in the contact.
    Participant,
    /// Every other operation of the participant.
    Connection,
    /// One WebSocket handshake.
    Url {
        /// When the service closes the socket that it opens.
        socket_expires: Duration,
    },
    /// The upload of a file.
    Upload {
        /// The number of the file in its contact.
        number: u64,
    },
    /// The download of a file.
    Download {
        /// The number of the file in its contact.
        number: u64,
        /// Whether it is to be shown rather than saved.
        inline: bool,
    },
}

/// What a token opens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grant {
    pub(crate) caller: Caller,
    pub(crate) kind: GrantKind,
    /// The time from which on it opens nothing.
    pub(crate) expires: Option<Duration>,
}

impl Grant {
    pub(crate) fn is_expired(&self, now: Duration) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }
}

/// All tokens.
#[derive(Default)]
pub(crate) struct Grants(BTreeMap<String, Grant>);

impl Grants {
    pub(crate) fn add(&mut self, token: String, grant: Grant) {
        self.0.insert(token, grant);
    }

    pub(crate) fn get(&self, token: &str) -> Option<Grant> {
        self.0.get(token).copied()
    }

    pub(crate) fn remove(&mut self, token: &str) {
        self.0.remove(token);
    }
}

// Written by hand: the keys are tokens.
impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Grants").field(&self.0.len()).finish()
    }
}
