//! Content types of items: what kind of message or event an item is.

use crate::wire::open_enum::open_enum;

open_enum! {
    /// What an item's content is: a kind of message, or a kind of event.
    ContentType {
        /// A message of plain text.
        TextPlain = "text/plain",
        /// A message of Markdown.
        TextMarkdown = "text/markdown",
        /// A message of JSON.
        ApplicationJson = "application/json",
        /// An interactive message: a template to choose from.
        Interactive = "application/vnd.amazonaws.connect.message.interactive",
        /// The answer to an interactive message.
        InteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response",
        /// Somebody is typing.
        Typing = "application/vnd.amazonaws.connect.event.typing",
        /// Somebody has received a message.
        MessageDelivered = "application/vnd.amazonaws.connect.event.message.delivered",
        /// Somebody has read a message.
        MessageRead = "application/vnd.amazonaws.connect.event.message.read",
        /// Receipts of a message.
        MessageMetadata = "application/vnd.amazonaws.connect.event.message.metadata",
        /// A participant has connected.
        ConnectionAcknowledged = "application/vnd.amazonaws.connect.event.connection.acknowledged",
        /// A participant is active.
        ParticipantActive = "application/vnd.amazonaws.connect.event.participant.active",
        /// A participant is inactive.
        ParticipantInactive = "application/vnd.amazonaws.connect.event.participant.inactive",
        /// A participant has not written for a while.
        ParticipantIdle = "application/vnd.amazonaws.connect.event.participant.idle",
        /// An idle participant has written again.
        ParticipantReturned = "application/vnd.amazonaws.connect.event.participant.returned",
        /// A participant was invited.
        ParticipantInvited = "application/vnd.amazonaws.connect.event.participant.invited",
        /// A participant has joined.
        ParticipantJoined = "application/vnd.amazonaws.connect.event.participant.joined",
        /// A participant has left.
        ParticipantLeft = "application/vnd.amazonaws.connect.event.participant.left",
        /// A participant was disconnected for being idle.
        ParticipantAutoDisconnection =
            "application/vnd.amazonaws.connect.event.participant.autodisconnection",
        /// A participant's display name has changed.
        ParticipantDisplayNameUpdated =
            "application/vnd.amazonaws.connect.event.participant.displayname.updated",
        /// A transfer succeeded.
        TransferSucceeded = "application/vnd.amazonaws.connect.event.transfer.succeeded",
        /// A transfer failed.
        TransferFailed = "application/vnd.amazonaws.connect.event.transfer.failed",
        /// Customer authentication began.
        AuthenticationInitiated =
            "application/vnd.amazonaws.connect.event.authentication.initiated",
        /// Customer authentication succeeded.
        AuthenticationSucceeded =
            "application/vnd.amazonaws.connect.event.authentication.succeeded",
        /// Customer authentication failed.
        AuthenticationFailed =
            "application/vnd.amazonaws.connect.event.authentication.failed",
        /// Customer authentication timed out.
        AuthenticationTimeout =
            "application/vnd.amazonaws.connect.event.authentication.timeout",
        /// Customer authentication expired.
        AuthenticationExpired =
            "application/vnd.amazonaws.connect.event.authentication.expired",
        /// Customer authentication was cancelled.
        AuthenticationCancelled =
            "application/vnd.amazonaws.connect.event.authentication.cancelled",
        /// A past chat was brought into this one.
        ChatRehydrated = "application/vnd.amazonaws.connect.event.chat.rehydrated",
        /// The chat has ended.
        ChatEnded = "application/vnd.amazonaws.connect.event.chat.ended",
    }
}

impl ContentType {
    /// Whether the service keeps items of this content type in the transcript. Events it does not
    /// keep (typing, receipts, idle and authentication events) only pass by.
    pub(crate) fn is_kept(&self) -> bool {
        matches!(
            self,
            Self::ParticipantInvited
                | Self::ParticipantJoined
                | Self::ParticipantLeft
                | Self::ChatEnded
                | Self::TransferSucceeded
                | Self::TransferFailed
        )
    }
}
