//! Names of things, each a type of its own, so that none can be taken for another.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::api::limits;
use crate::error::CommandError;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text as the service writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// The secret itself. Never log it.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(SecretString::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(SecretString::from(text))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.expose() == other.expose()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(REDACTED)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from).map(Self::from)
            }
        }
    };
}

text_id! {
    /// A contact: one chat, 1 to 256 characters, usually a UUID.
    ContactId
}
text_id! {
    /// A participant of a chat: the customer, an agent, a bot. 1 to 256 characters.
    ParticipantId
}
text_id! {
    /// An item of the transcript, as the service numbers it. 1 to 256 characters.
    ItemId
}
text_id! {
    /// The idempotency key of one logical send, the same over all its repetitions.
    ClientToken
}
text_id! {
    /// The service's mark of a place between two pages of the transcript. 1 to 1000 characters.
    NextToken
}
text_id! {
    /// A file of a chat. 1 to 256 characters.
    AttachmentId
}
text_id! {
    /// The publishing of a chat to an SNS topic. 1 to 100 characters.
    StreamingId
}

secret_text! {
    /// Lets a participant open connections while it is in the contact (from StartChatContact or
    /// CreateParticipant). 1 to 1000 characters. `Debug` hides it.
    ParticipantToken
}
secret_text! {
    /// Lets a participant call the other operations, for one day (from
    /// CreateParticipantConnection). 1 to 1000 characters. `Debug` hides it.
    ConnectionToken
}
secret_text! {
    /// Where to open a WebSocket. It carries a signature, so `Debug` hides it.
    SocketUrl
}
secret_text! {
    /// Where to upload or download a file, or to sign in. It carries a signature or a state, so
    /// `Debug` hides it.
    SignedUrl
}
secret_text! {
    /// Lets a participant read a view. 1 to 1000 characters. `Debug` hides it.
    ViewToken
}
secret_text! {
    /// An authentication of a customer, from the event `authentication.initiated`. 36 characters.
    /// `Debug` hides it.
    SessionId
}
secret_text! {
    /// Lets a participant join the media of a call (from CreateParticipantConnection). `Debug`
    /// hides it.
    JoinToken
}
secret_text! {
    /// Who a customer is, in the company's own terms. 1 to 128 characters. `Debug` hides it.
    CustomerId
}

/// A message this session was asked to send, before and after the service has named it.
/// Unique within a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LocalId(pub(crate) u64);

impl LocalId {
    /// The number itself, from 1 upwards in the order of sending.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LocalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "local-{}", self.0)
    }
}

/// A call whose result comes back as [`Event::CallFinished`](crate::Event::CallFinished).
/// Unique within a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CallId(pub(crate) u64);

/// A file this session was asked to send: what it is called before the service has named it.
/// Unique within a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UploadId(pub(crate) u64);

impl UploadId {
    /// The number itself, from 1 upwards in the order of sending.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upload-{}", self.0)
    }
}

/// One WebSocket. Every socket a session asks for has a new one, and input that carries an old
/// one is ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SocketId(pub(crate) u64);

impl SocketId {
    /// The number itself, from 1 upwards in the order of opening.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// One HTTP request. Every request a session asks for has a new one, and a response that carries
/// an old one is ignored.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub(crate) u64);

impl RequestId {
    /// The number itself, from 1 upwards in the order of asking.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What a participant needs to take part in a chat: the answer of StartChatContact.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ChatDetails {
    /// The chat.
    pub contact_id: ContactId,
    /// Who we are in it.
    pub participant_id: ParticipantId,
    /// Lets us in.
    pub participant_token: ParticipantToken,
}

impl ChatDetails {
    pub(crate) fn check(&self) -> Result<(), CommandError> {
        limits::length("ContactId", self.contact_id.as_str(), 256)?;
        limits::length("ParticipantId", self.participant_id.as_str(), 256)
    }
}
