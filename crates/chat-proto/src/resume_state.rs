//! What a session is continued from in another process. The form it is serialized in is all here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::api::Draft;
use crate::error::RequestError;
use crate::event::{ReceiptKind, ReceiptOutcome};
use crate::ids::{
    ClientToken, ConnectionToken, ContactId, ItemId, LocalId, ParticipantId, ParticipantToken,
};
use crate::transcript::Position;
use crate::wire::{AbsoluteTime, ContentType};

/// The version of the serialized form. Another one is refused.
const VERSION: u32 = 1;

/// All that another process needs to continue a session: see
/// [`Session::resume_state`](crate::Session::resume_state).
///
/// It is serialized with serde, in any format. **The serialized form is secret**: it holds the
/// chat's tokens and the text of messages that are not confirmed. Whoever has it can take part in
/// the chat. `Debug` shows the contact only.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResumeState(pub(crate) Saved);

impl ResumeState {
    /// The chat it is of.
    #[must_use]
    pub const fn contact_id(&self) -> &ContactId {
        &self.0.contact_id
    }

    /// Who we are in it.
    #[must_use]
    pub const fn participant_id(&self) -> &ParticipantId {
        &self.0.participant_id
    }
}

impl fmt::Debug for ResumeState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResumeState")
            .field("contact_id", &self.0.contact_id)
            .finish_non_exhaustive()
    }
}

/// The version of a serialized form, which is the first thing read of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u32(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let version = u32::deserialize(from)?;
        if version == VERSION {
            return Ok(Self);
        }
        Err(serde::de::Error::custom(format_args!(
            "the resume state has version {version}, and this program reads version {VERSION}: \
             begin a new session with the chat's details"
        )))
    }
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Saved {
    pub(crate) version: Version,
    pub(crate) contact_id: ContactId,
    pub(crate) participant_id: ParticipantId,
    #[serde(serialize_with = "expose_participant_token")]
    pub(crate) participant_token: ParticipantToken,
    pub(crate) connection_token: Option<SavedToken>,
    /// Whether it has ever been live, in any process.
    pub(crate) was_live: bool,
    pub(crate) history: SavedHistory,
    pub(crate) outbox: SavedOutbox,
    pub(crate) receipts: SavedReceipts,
    /// It was leaving, under this client token.
    pub(crate) leaving: Option<ClientToken>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SavedToken {
    #[serde(serialize_with = "expose_connection_token")]
    pub(crate) token: ConnectionToken,
    /// When it expires, in milliseconds since 1970; `None` when the service did not say.
    pub(crate) expires: Option<i64>,
}

/// What has been reported.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct SavedHistory {
    /// Nothing is missing up to here.
    pub(crate) anchor: Option<Position>,
    /// What has been reported: everything up to here, which is at or after the anchor,
    pub(crate) reported_up_to: Option<Position>,
    /// and these, all after it and the newest of those before,
    pub(crate) reported: Vec<Position>,
    /// and these, which the transcript does not hold: id and part.
    pub(crate) passing: Vec<(ItemId, Option<u64>)>,
    /// Confirmed messages of ours whose items have not.
    pub(crate) unseen: Vec<(ItemId, LocalId)>,
    pub(crate) history_read: bool,
    pub(crate) interrupted: bool,
}

/// Messages of ours.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct SavedOutbox {
    pub(crate) last_local_id: u64,
    /// To be sent, in order.
    pub(crate) queue: Vec<SavedMessage>,
    /// The item taken for the echo of the first of them.
    pub(crate) echo: Option<ItemId>,
    pub(crate) failed: Vec<SavedMessage>,
    /// Confirmed, which has not been told.
    pub(crate) sent: Vec<(LocalId, ItemId, Option<AbsoluteTime>)>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SavedMessage {
    pub(crate) local_id: LocalId,
    content_type: String,
    content: String,
    pub(crate) client_token: ClientToken,
    /// Whether it has ever been on its way.
    pub(crate) requested: bool,
}

impl SavedMessage {
    pub(crate) fn new(
        local_id: LocalId,
        draft: &Draft,
        client_token: ClientToken,
        requested: bool,
    ) -> Self {
        Self {
            local_id,
            content_type: draft.content_type.as_str().to_owned(),
            content: draft.content.clone(),
            client_token,
            requested,
        }
    }

    pub(crate) fn draft(&self) -> Draft {
        let content_type = ContentType::from(self.content_type.as_str());
        Draft::new(content_type, self.content.clone())
    }
}

/// Receipts of ours.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct SavedReceipts {
    /// The newest message the service has our receipt for, by kind.
    pub(crate) done: Vec<(ReceiptKind, Position)>,
    pub(crate) waiting: Vec<(ReceiptKind, Position)>,
    pub(crate) sending: Vec<SavedReceipt>,
    /// Settled, which has not been told.
    pub(crate) settled: Vec<(ReceiptKind, ItemId, SavedOutcome)>,
}

/// A receipt on its way.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SavedReceipt {
    pub(crate) kind: ReceiptKind,
    pub(crate) newest: Position,
    /// What it covers besides.
    pub(crate) covered: Vec<(ReceiptKind, ItemId)>,
    pub(crate) client_token: ClientToken,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum SavedOutcome {
    Sent,
    Superseded(ItemId),
    AlreadySent,
    Failed,
}

impl From<&ReceiptOutcome> for SavedOutcome {
    fn from(outcome: &ReceiptOutcome) -> Self {
        match outcome {
            ReceiptOutcome::Sent => Self::Sent,
            ReceiptOutcome::Superseded { by } => Self::Superseded(by.clone()),
            ReceiptOutcome::AlreadySent => Self::AlreadySent,
            ReceiptOutcome::Failed(_) => Self::Failed,
        }
    }
}

impl From<SavedOutcome> for ReceiptOutcome {
    fn from(outcome: SavedOutcome) -> Self {
        match outcome {
            SavedOutcome::Sent => Self::Sent,
            SavedOutcome::Superseded(by) => Self::Superseded { by },
            SavedOutcome::AlreadySent => Self::AlreadySent,
            // The error itself is not saved; the session that knew it is over.
            SavedOutcome::Failed => Self::Failed(RequestError::Ended),
        }
    }
}

fn expose_participant_token<S: Serializer>(
    token: &ParticipantToken,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_str(token.expose())
}

fn expose_connection_token<S: Serializer>(
    token: &ConnectionToken,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.serialize_str(token.expose())
}
