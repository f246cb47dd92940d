use std::time::Duration;

use chat_proto::api::Exception;
use chat_proto::{
    ConnectError, GapError, Operation, ProtocolError, RequestError, SendError, ServiceError,
    TransportError, TransportErrorKind,
};

use super::*;

fn local(number: u64) -> LocalId {
    serde_json::from_value(number.into()).unwrap()
}

fn message() -> Item {
    Item::parse(r#"{"Type":"MESSAGE", "Id":"i1", "Content":"hi"}"#).unwrap()
}

fn attachment() -> Item {
    Item::parse(
        r#"{"Type":"ATTACHMENT","Id":"i1","Attachments":[{"AttachmentId":"a","Status":"APPROVED"}]}"#,
    )
    .unwrap()
}

fn throttled() -> RequestError {
    RequestError::Service(ServiceError {
        operation: Operation::GetTranscript,
        status: 429,
        exception: Exception::Throttling,
        message: "Rate exceeded".to_owned(),
        detail: None,
        retry_after: None,
    })
}

fn broken() -> TransportError {
    TransportError::new(TransportErrorKind::Broken, "connection reset by peer")
}

fn tag() -> Option<String> {
    Some("t1".to_owned())
}

/// The lines as JSON, each of which must be one line of one JSON object.
fn shown(lines: &[Line]) -> String {
    let shown: Vec<String> = lines
        .iter()
        .map(|line| {
            let json = line.json(7);
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert_eq!(value["t_ms"], 7, "{json}");
            assert!(value["event"].is_string(), "{json}");
            assert!(!json.contains('\n'), "{json}");
            json
        })
        .collect();
    shown.join("\n")
}

#[test]
fn receipts() {
    let settled = |kind, outcome| Line::receipt_settled(ItemId::from("i1"), kind, outcome);
    let by = ItemId::from("i2");
    insta::assert_snapshot!(shown(&[
        settled(ReceiptKind::Read, ReceiptOutcome::Sent),
        settled(ReceiptKind::Delivered, ReceiptOutcome::Superseded { by }),
        settled(ReceiptKind::Delivered, ReceiptOutcome::AlreadySent),
        settled(ReceiptKind::Read, ReceiptOutcome::Failed(throttled())),
    ]));
}

#[test]
fn the_connection() {
    insta::assert_snapshot!(shown(&[
        Line::established(),
        Line::ConnectionReestablished,
        Line::connect_failed(&ConnectError::Request(throttled())),
        Line::connect_failed(&ConnectError::Closed { code: 1006 }),
        Line::connection_lost(&LossCause::Closed(1001)),
        Line::connection_lost(&LossCause::Failed(broken())),
        Line::connection_lost(&LossCause::HeartbeatMissed),
        Line::connection_lost(&LossCause::DeepHeartbeatFailed),
        Line::connection_lost(&LossCause::Suspended),
        Line::DeepHeartbeatSuccess,
        Line::deep_heartbeat_failure(DeepHeartbeatFailure::NoAnswer),
        Line::deep_heartbeat_failure(DeepHeartbeatFailure::BadAnswer {
            status_code: Some(500),
            status_content: Some("broken".to_owned()),
        }),
        Line::GapFilled { items: 3 },
        Line::gap_unresolved(&GapError::Ended),
        Line::gap_unresolved(&GapError::Refused(throttled())),
        Line::gap_unresolved(&GapError::TooManyPages { limit: 100 }),
    ]));
}

#[test]
fn an_item_of_every_kind() {
    let kinds = [
        ItemKind::Message,
        ItemKind::PartialMessage,
        ItemKind::Attachment,
        ItemKind::Typing,
        ItemKind::ReadReceipt,
        ItemKind::DeliveredReceipt,
        ItemKind::ParticipantIdle,
        ItemKind::ParticipantReturned,
        ItemKind::ParticipantInvited,
        ItemKind::AutoDisconnection,
        ItemKind::AuthenticationInitiated,
        ItemKind::AuthenticationSuccessful,
        ItemKind::AuthenticationFailed,
        ItemKind::AuthenticationTimeout,
        ItemKind::AuthenticationExpired,
        ItemKind::AuthenticationCanceled,
        ItemKind::DisplayNameUpdated,
        ItemKind::ChatRehydrated,
        ItemKind::Event,
    ];
    let mut lines: Vec<Line> = kinds
        .into_iter()
        .map(|kind| Line::item(kind, &message(), false, false, None))
        .collect();
    lines.push(Line::item(
        ItemKind::Message,
        &message(),
        true,
        true,
        Some(local(1)),
    ));
    insta::assert_snapshot!(shown(&lines));
}

#[test]
fn messages_and_the_transcript() {
    let id = || ItemId::from("i1");
    let changed = |change, status| {
        Line::TranscriptChanged(Changed {
            change,
            index: 4,
            id: Some(id()),
            local_id: None,
            status: Some(self::status(status)),
            item: None,
        })
    };
    insta::assert_snapshot!(shown(&[
        Line::MessageSent {
            local_id: local(1),
            id: id(),
            tag: tag(),
        },
        Line::MessageSent {
            local_id: local(2),
            id: id(),
            tag: None,
        },
        Line::message_failed(
            Some(local(3)),
            &SendError::Deadline {
                limit: Duration::from_secs(60),
                last: Some(RequestError::Transport(broken())),
            },
            tag(),
        ),
        Line::message_failed(Some(local(4)), &SendError::Ended, None),
        Line::message_failed(None, Problem::new("empty", "Content is empty"), tag()),
        Line::TranscriptChanged(Changed {
            change: "inserted",
            index: 5,
            id: None,
            local_id: Some(local(5)),
            status: Some(status(Status::Sending)),
            item: None,
        }),
        changed("inserted", Status::Sent),
        changed("updated", Status::Delivered),
        changed("updated", Status::Read),
        changed("updated", Status::Failed),
        Line::TranscriptChanged(Changed {
            change: "updated",
            index: 6,
            id: Some(id()),
            local_id: None,
            status: Some(status(Status::Sent)),
            item: Some(item::json(&attachment())),
        }),
        Line::transcript_changed(&Change::Removed { index: 0 }),
    ]));
}

#[test]
fn every_diagnostic() {
    let problem = ProtocolError::Missing {
        what: "the item",
        field: "Type",
    };
    let wait = Duration::from_millis(2_100);
    let diagnostics = [
        Diagnostic::ConnectAttemptFailed {
            failures: 2,
            error: ConnectError::Socket(broken()),
            retry_in: wait,
        },
        Diagnostic::MalformedFrame(problem.clone()),
        Diagnostic::MalformedItem(problem),
        Diagnostic::UnknownTopic("aws/new".to_owned()),
        Diagnostic::Refusal("Forbidden".to_owned()),
        Diagnostic::UnknownContact {
            id: Some(ItemId::from("i9")),
        },
        Diagnostic::UnplacedItem,
        Diagnostic::RequestRetried {
            error: throttled(),
            retry_in: wait,
        },
        Diagnostic::TypingFailed(throttled()),
        Diagnostic::ReadingPaused,
    ];
    let lines: Vec<Line> = diagnostics.iter().map(Line::diagnostic).collect();
    insta::assert_snapshot!(shown(&lines));
}

#[test]
fn answers_to_commands() {
    let answered = |data| Line::done(tag(), Some(data));
    insta::assert_snapshot!(shown(&[
        Line::done(None, None),
        answered(Data::Typing { sent: false }),
        answered(Data::EventSent {
            id: Some(ItemId::from("i1")),
            absolute_time: Some("2026-01-31T12:00:00.000Z".to_owned()),
        }),
        answered(Data::Page {
            items: vec![item::json(&message())],
            next_token: Some("n".to_owned()),
            malformed: 0,
        }),
        answered(Data::Older {
            items: 12,
            complete: true,
        }),
        answered(Data::Transcript {
            entries: vec![EntryFields {
                item: item::json(&message()),
                local_id: Some(local(1)),
                status: status(Status::Sent),
            }],
        }),
        answered(Data::AttachmentSent {
            attachment_id: "a1".into(),
        }),
        answered(Data::Downloaded { bytes: 7 }),
        answered(Data::View {
            view: ViewFields {
                id: Some("v1".to_owned()),
                arn: None,
                name: Some("form".to_owned()),
                version: Some(1),
                content: Some(ViewContentFields {
                    input_schema: Some("{}".to_owned()),
                    template: Some("{}".to_owned()),
                    actions: vec!["Submit".to_owned()],
                }),
            },
        }),
        answered(Data::authentication_url(&"https://sign.in/?state=s".into())),
        Line::refused(tag(), &throttled()),
        Line::refused(None, &RequestError::Ended),
        Line::command_error(Problem::new("bad_json", "it is not JSON"), 12, None),
        Line::command_error(Problem::new("unknown_command", "there is none"), 13, tag()),
    ]));
}

#[test]
fn every_end() {
    insta::assert_snapshot!(shown(&[
        Line::ended(&EndReason::ChatEnded),
        Line::ended(&EndReason::Inferred(throttled())),
        Line::ended(&EndReason::Disconnected),
        Line::ended(&EndReason::Abandoned),
        Line::ended(&EndReason::Fatal(throttled())),
        Line::ended(&EndReason::GaveUp {
            limit: Duration::from_secs(90),
        }),
    ]));
}
