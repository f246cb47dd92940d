//! The events that the service's side publishes when it is told to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something that happens in a chat without anybody saying anything.
///
/// Those who join, leave and type, receipts and the end of the chat have methods of their own. In
/// JSON: `"participant_idle"`, `{"display_name_updated": "Ana B."}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChatEvent {
    /// The participant has not said anything for a while.
    ParticipantIdle,
    /// The participant is no longer idle.
    ParticipantReturned,
    /// The participant was asked to join. The transcript keeps it.
    ParticipantInvited,
    /// The participant was idle for too long. Only the event: who leaves is up to the caller.
    AutoDisconnection,
    /// The customer is asked to prove who they are. Begins a session for GetAuthenticationUrl and
    /// CancelParticipantAuthentication, in place of an earlier one.
    AuthenticationInitiated,
    /// The customer has proven who they are. Ends the session, like those that follow.
    AuthenticationSucceeded,
    /// The customer could not prove who they are.
    AuthenticationFailed,
    /// The customer took too long.
    AuthenticationTimeout,
    /// The URL had expired.
    AuthenticationExpired,
    /// The customer did not want to.
    AuthenticationCancelled,
    /// The participant has this name from now on, of 1 to 256 characters.
    DisplayNameUpdated(String),
    /// The chat continues an earlier one.
    ChatRehydrated,
    /// The chat goes on with another agent. The transcript keeps it. Only the event:
    /// [`Service::transfer`](crate::Service::transfer) does what it tells of.
    TransferSucceeded,
    /// No other agent was found. The transcript keeps it.
    TransferFailed,
}

impl ChatEvent {
    /// The content type of the event.
    pub fn content_type(&self) -> String {
        format!("application/vnd.amazonaws.connect.event.{}", self.name())
    }

    fn name(&self) -> &'static str {
        match self {
            Self::ParticipantIdle => "participant.idle",
            Self::ParticipantReturned => "participant.returned",
            Self::ParticipantInvited => "participant.invited",
            Self::AutoDisconnection => "participant.autodisconnection",
            Self::AuthenticationInitiated => "authentication.initiated",
            Self::AuthenticationSucceeded => "authentication.succeeded",
            Self::AuthenticationFailed => "authentication.failed",
            Self::AuthenticationTimeout => "authentication.timeout",
            Self::AuthenticationExpired => "authentication.expired",
            Self::AuthenticationCancelled => "authentication.cancelled",
            Self::DisplayNameUpdated(_) => "participant.displayname.updated",
            Self::ChatRehydrated => "chat.rehydrated",
            Self::TransferSucceeded => "transfer.succeeded",
            Self::TransferFailed => "transfer.failed",
        }
    }

    /// Whether the transcript keeps it.
    pub(crate) fn is_stored(&self) -> bool {
        matches!(
            self,
            Self::ParticipantInvited | Self::TransferSucceeded | Self::TransferFailed
        )
    }

    /// Whether it ends an authentication session.
    pub(crate) fn ends_authentication(&self) -> bool {
        matches!(
            self,
            Self::AuthenticationSucceeded
                | Self::AuthenticationFailed
                | Self::AuthenticationTimeout
                | Self::AuthenticationExpired
                | Self::AuthenticationCancelled
        )
    }
}

// Written by hand: names stay out of logs.
impl fmt::Debug for ChatEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ChatEvent").field(&self.name()).finish()
    }
}
