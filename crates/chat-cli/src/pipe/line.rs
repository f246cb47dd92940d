//! The pipe's output lines: one JSON object each.

use chat_driver::OlderLoaded;
use chat_proto::api::{SentEvent, TranscriptPage, View};
use chat_proto::{
    AttachmentId, Change, DeepHeartbeatFailure, Diagnostic, EndReason, Entry, Item, ItemId,
    ItemKind, LocalId, LossCause, ReceiptKind, ReceiptOutcome, ReceivedItem, SignedUrl, Status,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::pipe::item;
use crate::problem::Problem;

/// The version of the contract: of the commands, the events, and their fields.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Stamped<'a> {
    t_ms: u64,
    #[serde(flatten)]
    line: &'a Line,
}

/// A line. Fields that mean nothing in a particular case are left out; `tag` is always there and
/// is null when the command had none.
#[derive(Serialize, Debug)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Line {
    ConnectionEstablished {
        version: u32,
    },
    ConnectionReestablished,
    ConnectFailed(ErrorFields),
    ConnectionLost(Lost),
    DeepHeartbeatSuccess,
    DeepHeartbeatFailure(BadPong),
    MessageSent {
        local_id: LocalId,
        id: ItemId,
        tag: Option<String>,
    },
    MessageFailed {
        /// Absent when the message was refused before it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        local_id: Option<LocalId>,
        #[serde(flatten)]
        error: ErrorFields,
        tag: Option<String>,
    },
    ReceiptSettled(Receipt),
    TranscriptChanged(Changed),
    GapFilled {
        items: u64,
    },
    GapUnresolved(ErrorFields),
    Diagnostic(DiagnosticFields),
    Response {
        tag: Option<String>,
        ok: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        data: Option<Data>,
        #[serde(flatten)]
        error: Option<ErrorFields>,
    },
    CommandError {
        #[serde(flatten)]
        error: ErrorFields,
        line: u64,
        tag: Option<String>,
    },
    Ended(End),
    #[serde(untagged)]
    Item(ItemLine),
}

/// An inbound item. Its event name depends on what it is.
#[derive(Serialize, Debug)]
pub(super) struct ItemLine {
    event: &'static str,
    item: Box<RawValue>,
    recovered: bool,
    own: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_id: Option<LocalId>,
    /// Whether it is a part of a message that is still being written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
}

#[derive(Serialize, Debug)]
pub(super) struct ErrorFields {
    error: String,
    error_kind: String,
}

#[derive(Serialize, Debug)]
pub(super) struct Receipt {
    message_id: ItemId,
    kind: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<ItemId>,
    #[serde(flatten)]
    error: Option<ErrorFields>,
}

#[derive(Serialize, Debug)]
pub(super) struct Lost {
    cause: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(flatten)]
    error: Option<ErrorFields>,
}

#[derive(Serialize, Debug)]
pub(super) struct BadPong {
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_content: Option<String>,
}

#[derive(Serialize, Debug)]
pub(super) struct Changed {
    change: &'static str,
    index: usize,
    id: Option<ItemId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_id: Option<LocalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// For an item with attachments that has changed: their status is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Box<RawValue>>,
}

#[derive(Serialize, Debug, Default)]
pub(super) struct DiagnosticFields {
    kind: &'static str,
    #[serde(flatten)]
    error: Option<ErrorFields>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_ms: Option<u64>,
}

#[derive(Serialize, Debug)]
pub(super) struct End {
    reason: &'static str,
    #[serde(flatten)]
    error: Option<ErrorFields>,
}

/// What a command was answered with.
#[derive(Serialize, Debug)]
#[serde(untagged)]
pub(super) enum Data {
    Typing {
        /// Whether it was sent: at most one in 10 s is.
        sent: bool,
    },
    EventSent {
        id: Option<ItemId>,
        absolute_time: Option<String>,
    },
    Page {
        items: Vec<Box<RawValue>>,
        next_token: Option<String>,
        /// How many things stood among the items that are none.
        malformed: usize,
    },
    Older {
        /// How many items were new.
        items: u64,
        /// Whether the beginning of the transcript is reached.
        complete: bool,
    },
    Transcript {
        entries: Vec<EntryFields>,
    },
    AttachmentSent {
        attachment_id: AttachmentId,
    },
    Downloaded {
        /// The size of the file.
        bytes: u64,
    },
    View {
        view: ViewFields,
    },
    AuthenticationUrl {
        url: String,
    },
}

/// A view, under the service's own field names.
#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ViewFields {
    id: Option<String>,
    arn: Option<String>,
    name: Option<String>,
    version: Option<i64>,
    content: Option<ViewContentFields>,
}

#[derive(Serialize, Debug)]
#[serde(rename_all = "PascalCase")]
struct ViewContentFields {
    input_schema: Option<String>,
    template: Option<String>,
    actions: Vec<String>,
}

#[derive(Serialize, Debug)]
pub(super) struct EntryFields {
    item: Box<RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_id: Option<LocalId>,
    status: &'static str,
}

impl Line {
    /// The JSON of it, `t_ms` milliseconds after the start of the program.
    pub(super) fn json(&self, t_ms: u64) -> String {
        // Every key is text and no value has a fallible form.
        serde_json::to_string(&Stamped { t_ms, line: self }).unwrap_or_default()
    }

    pub(super) const fn established() -> Self {
        Self::ConnectionEstablished { version: VERSION }
    }

    pub(super) fn connect_failed(error: impl Into<Problem>) -> Self {
        Self::ConnectFailed(error.into().into())
    }

    pub(super) fn connection_lost(cause: &LossCause) -> Self {
        let lost = |cause| Lost {
            cause,
            code: None,
            error: None,
        };
        Self::ConnectionLost(match cause {
            LossCause::Closed(code) => Lost {
                code: Some(*code),
                ..lost("closed")
            },
            LossCause::Failed(error) => Lost {
                error: Some(Problem::from(error).into()),
                ..lost("failed")
            },
            LossCause::HeartbeatMissed => lost("heartbeat_missed"),
            LossCause::DeepHeartbeatFailed => lost("deep_heartbeat_failed"),
            LossCause::Suspended => lost("suspended"),
            _ => lost("other"),
        })
    }

    pub(super) fn received(received: &ReceivedItem) -> Self {
        Self::item(
            received.kind,
            &received.item,
            received.recovered,
            received.own,
            received.local_id,
        )
    }

    fn item(
        kind: ItemKind,
        item: &Item,
        recovered: bool,
        own: bool,
        local_id: Option<LocalId>,
    ) -> Self {
        Self::Item(ItemLine {
            event: item_event(kind),
            item: item::json(item),
            recovered,
            own,
            local_id,
            partial: kind == ItemKind::PartialMessage,
        })
    }

    pub(super) fn message_failed(
        local_id: Option<LocalId>,
        error: impl Into<Problem>,
        tag: Option<String>,
    ) -> Self {
        Self::MessageFailed {
            local_id,
            error: error.into().into(),
            tag,
        }
    }

    pub(super) fn receipt_settled(
        message_id: ItemId,
        kind: ReceiptKind,
        outcome: ReceiptOutcome,
    ) -> Self {
        let (outcome, by, error) = match outcome {
            ReceiptOutcome::Sent => ("sent", None, None),
            ReceiptOutcome::Superseded { by } => ("superseded", Some(by), None),
            ReceiptOutcome::AlreadySent => ("already_sent", None, None),
            ReceiptOutcome::Failed(error) => ("failed", None, Some(Problem::from(&error))),
            _ => ("other", None, None),
        };
        let kind = match kind {
            ReceiptKind::Delivered => "delivered",
            ReceiptKind::Read => "read",
        };
        Self::ReceiptSettled(Receipt {
            message_id,
            kind,
            outcome,
            by,
            error: error.map(ErrorFields::from),
        })
    }

    pub(super) fn transcript_changed(change: &Change) -> Self {
        let (change, index, entry) = match change {
            Change::Inserted { index, entry } => ("inserted", *index, Some(entry)),
            Change::Updated { index, entry } => ("updated", *index, Some(entry)),
            Change::Removed { index } => ("removed", *index, None),
        };
        let renewed = entry
            .filter(|entry| change == "updated" && !entry.item.attachments.is_empty())
            .map(|entry| item::json(&entry.item));
        Self::TranscriptChanged(Changed {
            change,
            index,
            id: entry.and_then(|entry| entry.item.id.clone()),
            local_id: entry.and_then(|entry| entry.local_id),
            status: entry.map(|entry| status(entry.status)),
            item: renewed,
        })
    }

    pub(super) fn gap_unresolved(error: impl Into<Problem>) -> Self {
        Self::GapUnresolved(error.into().into())
    }

    pub(super) fn deep_heartbeat_failure(failure: DeepHeartbeatFailure) -> Self {
        Self::DeepHeartbeatFailure(match failure {
            DeepHeartbeatFailure::BadAnswer {
                status_code,
                status_content,
            } => BadPong {
                error: "the service answered the ping badly; its backend may be in trouble",
                status_code,
                status_content,
            },
            DeepHeartbeatFailure::NoAnswer | _ => BadPong {
                error: "the service did not answer the ping; its backend may be in trouble",
                status_code: None,
                status_content: None,
            },
        })
    }

    pub(super) fn diagnostic(diagnostic: &Diagnostic) -> Self {
        let plain = DiagnosticFields {
            kind: diagnostic.kind(),
            ..DiagnosticFields::default()
        };
        let failed = |problem: Problem| Some(ErrorFields::from(problem));
        Self::Diagnostic(match diagnostic {
            Diagnostic::ConnectAttemptFailed {
                failures,
                error,
                retry_in,
            } => DiagnosticFields {
                error: failed(error.into()),
                failures: Some(*failures),
                retry_in_ms: Some(millis(*retry_in)),
                ..plain
            },
            Diagnostic::RequestRetried { error, retry_in } => DiagnosticFields {
                error: failed(error.into()),
                retry_in_ms: Some(millis(*retry_in)),
                ..plain
            },
            Diagnostic::TypingFailed(error) => DiagnosticFields {
                error: failed(error.into()),
                ..plain
            },
            Diagnostic::MalformedFrame(error) | Diagnostic::MalformedItem(error) => {
                DiagnosticFields {
                    detail: Some(error.to_string()),
                    ..plain
                }
            }
            Diagnostic::UnknownTopic(text) | Diagnostic::Refusal(text) => DiagnosticFields {
                detail: Some(text.clone()),
                ..plain
            },
            Diagnostic::UnknownContact { id } => DiagnosticFields {
                detail: id.as_ref().map(ToString::to_string),
                ..plain
            },
            Diagnostic::UnplacedItem | Diagnostic::ReadingPaused | _ => plain,
        })
    }

    /// The answer to a command that was carried out.
    pub(super) const fn done(tag: Option<String>, data: Option<Data>) -> Self {
        Self::Response {
            tag,
            ok: true,
            data,
            error: None,
        }
    }

    /// The answer to a command that was not.
    pub(super) fn refused(tag: Option<String>, error: impl Into<Problem>) -> Self {
        Self::Response {
            tag,
            ok: false,
            data: None,
            error: Some(error.into().into()),
        }
    }

    pub(super) fn command_error(problem: Problem, line: u64, tag: Option<String>) -> Self {
        Self::CommandError {
            error: problem.into(),
            line,
            tag,
        }
    }

    pub(super) fn ended(reason: &EndReason) -> Self {
        let name = match reason {
            EndReason::ChatEnded => "chat_ended",
            EndReason::Inferred(_) => "inferred",
            EndReason::Transferred => "transferred",
            EndReason::Disconnected => "disconnected",
            EndReason::Abandoned => "abandoned",
            EndReason::Fatal(_) => "fatal",
            EndReason::GaveUp { .. } => "gave_up",
            _ => "other",
        };
        // The refusal from which the end was inferred is no failure, but worth knowing.
        let problem = if let EndReason::Inferred(error) = reason {
            Some(error.into())
        } else {
            Problem::of_end(reason)
        };
        Self::Ended(End {
            reason: name,
            error: problem.map(ErrorFields::from),
        })
    }
}

impl Data {
    pub(super) fn event_sent(sent: &SentEvent) -> Self {
        Self::EventSent {
            id: sent.id.clone(),
            absolute_time: sent.absolute_time.as_ref().map(ToString::to_string),
        }
    }

    pub(super) fn page(page: &TranscriptPage) -> Self {
        Self::Page {
            items: page.items.iter().map(item::json).collect(),
            next_token: page.next_token.as_ref().map(ToString::to_string),
            malformed: page.malformed.len(),
        }
    }

    pub(super) fn view(view: View) -> Self {
        let content = view.content.map(|content| ViewContentFields {
            input_schema: content.input_schema,
            template: content.template,
            actions: content.actions,
        });
        let view = ViewFields {
            id: view.id,
            arn: view.arn,
            name: view.name,
            version: view.version,
            content,
        };
        Self::View { view }
    }

    pub(super) fn authentication_url(url: &SignedUrl) -> Self {
        Self::AuthenticationUrl {
            url: url.expose().to_owned(),
        }
    }

    pub(super) const fn older(older: OlderLoaded) -> Self {
        Self::Older {
            items: older.items,
            complete: older.complete,
        }
    }

    pub(super) fn transcript(entries: &[Entry]) -> Self {
        let fields = |entry: &Entry| EntryFields {
            item: item::json(&entry.item),
            local_id: entry.local_id,
            status: status(entry.status),
        };
        Self::Transcript {
            entries: entries.iter().map(fields).collect(),
        }
    }
}

impl From<Problem> for ErrorFields {
    fn from(problem: Problem) -> Self {
        Self {
            error: problem.text,
            error_kind: problem.kind,
        }
    }
}

const fn item_event(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Message | ItemKind::PartialMessage => "message",
        ItemKind::Attachment => "attachment",
        ItemKind::Typing => "typing",
        ItemKind::ReadReceipt => "read_receipt",
        ItemKind::DeliveredReceipt => "delivered_receipt",
        ItemKind::ParticipantIdle => "participant_idle",
        ItemKind::ParticipantReturned => "participant_returned",
        ItemKind::ParticipantInvited => "participant_invited",
        ItemKind::AutoDisconnection => "auto_disconnection",
        ItemKind::AuthenticationInitiated => "authentication_initiated",
        ItemKind::AuthenticationSuccessful => "authentication_successful",
        ItemKind::AuthenticationFailed => "authentication_failed",
        ItemKind::AuthenticationTimeout => "authentication_timeout",
        ItemKind::AuthenticationExpired => "authentication_expired",
        ItemKind::AuthenticationCanceled => "authentication_canceled",
        ItemKind::DisplayNameUpdated => "display_name_updated",
        ItemKind::ChatRehydrated => "chat_rehydrated",
        ItemKind::Event | _ => "event",
    }
}

const fn status(status: Status) -> &'static str {
    match status {
        Status::Failed => "failed",
        Status::Sending => "sending",
        Status::Sent => "sent",
        Status::Delivered => "delivered",
        Status::Read => "read",
        _ => "other",
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
