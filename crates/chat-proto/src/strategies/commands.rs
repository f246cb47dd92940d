//! What applications ask of a session.

use proptest::prelude::*;

use super::items::text;
use crate::api::{Draft, GetTranscript, NewAttachment, ScanDirection, SendEvent, StartPosition};
use crate::event::ReceiptKind;
use crate::ids::{AttachmentId, SessionId, ViewToken};
use crate::wire::ContentType;

/// A command, in terms that fit any session.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Command {
    /// `connect`
    Connect,
    /// `send_message`
    SendMessage(Draft),
    /// `resend` of the message that failed so many before the last one.
    Resend(u8),
    /// `typing`
    Typing,
    /// `send_receipt` for the entry of the transcript so many from the end.
    SendReceipt(ReceiptKind, u8),
    /// `send_event`
    SendEvent(SendEvent),
    /// `get_transcript`
    GetTranscript(GetTranscript),
    /// `load_older`
    LoadOlder,
    /// `send_attachment`
    SendAttachment(NewAttachment),
    /// `resume_attachment` of the file that failed so many before the last one.
    ResumeAttachment(u8),
    /// `attachment_url`
    AttachmentUrl(AttachmentId),
    /// `download_attachment`
    DownloadAttachment(AttachmentId),
    /// `describe_view`
    DescribeView(ViewToken),
    /// `authentication_url`
    AuthenticationUrl(SessionId),
    /// `cancel_authentication`
    CancelAuthentication(SessionId),
    /// `suspend`
    Suspend,
    /// `resume`
    Resume,
    /// `disconnect`
    Disconnect,
    /// `abandon`
    Abandon,
}

/// Any message, valid ones for the most part.
pub fn draft() -> impl Strategy<Value = Draft> {
    prop_oneof![
        8 => text().prop_map(Draft::text),
        1 => text().prop_map(|text| Draft::new(ContentType::TextMarkdown, text)),
        1 => Just(Draft::text("x".repeat(20_000))),
    ]
}

/// Any command that does not end the session.
pub fn command() -> impl Strategy<Value = Command> {
    let kind = prop_oneof![Just(ReceiptKind::Delivered), Just(ReceiptKind::Read)];
    prop_oneof![
        2 => Just(Command::Connect),
        8 => draft().prop_map(Command::SendMessage),
        2 => (0..4_u8).prop_map(Command::Resend),
        2 => Just(Command::Typing),
        6 => (kind, 0..8_u8).prop_map(|(kind, back)| Command::SendReceipt(kind, back)),
        1 => event().prop_map(Command::SendEvent),
        1 => page().prop_map(Command::GetTranscript),
        2 => Just(Command::LoadOlder),
        2 => (0..3_000_u64).prop_map(|size| {
            Command::SendAttachment(NewAttachment::new("ferry.png", "image/png", size))
        }),
        1 => (0..4_u8).prop_map(Command::ResumeAttachment),
        1 => Just(Command::AttachmentUrl("attachment-1".into())),
        1 => Just(Command::DownloadAttachment("attachment-1".into())),
        1 => Just(Command::DescribeView("view-token".into())),
        1 => (35..38_usize).prop_map(|length| {
            Command::AuthenticationUrl("s".repeat(length).into())
        }),
        1 => Just(Command::CancelAuthentication("s".repeat(36).into())),
        1 => Just(Command::Suspend),
        2 => Just(Command::Resume),
    ]
}

/// A command that ends the session.
pub fn ending() -> impl Strategy<Value = Command> {
    prop_oneof![3 => Just(Command::Disconnect), 1 => Just(Command::Abandon)]
}

fn event() -> impl Strategy<Value = SendEvent> {
    let content_type = prop_oneof![
        Just(ContentType::ConnectionAcknowledged),
        Just(ContentType::ParticipantActive),
        Just(ContentType::from("x".repeat(101).as_str())),
    ];
    (content_type, prop::option::of(text())).prop_map(|(content_type, content)| {
        let event = SendEvent::new(content_type);
        match content {
            Some(content) => event.with_content(content),
            None => event,
        }
    })
}

fn page() -> impl Strategy<Value = GetTranscript> {
    let start = prop_oneof![
        Just(None),
        (0..64_u32).prop_map(|number| Some(StartPosition::Id(format!("item-{number}").into()))),
        (0..200_u32).prop_map(|count| Some(StartPosition::MostRecent(count))),
    ];
    let direction = prop_oneof![
        Just(None),
        Just(Some(ScanDirection::Forward)),
        Just(Some(ScanDirection::Backward)),
    ];
    (prop::option::of(0..120_u32), start, direction).prop_map(
        |(max_results, start_position, scan_direction)| GetTranscript {
            max_results,
            start_position,
            scan_direction,
            ..GetTranscript::default()
        },
    )
}
