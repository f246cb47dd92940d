//! Every item is told, and as what it is, from the words that come over the wire.

use chat_proto::{Event, ItemKind, Phase};
use chat_tests::Lone;

const EVENT: &str = "application/vnd.amazonaws.connect.event.";

/// An item with this number and these fields, and as what it is told.
fn told_as(lone: &mut Lone, number: usize, fields: &str) -> Vec<ItemKind> {
    lone.events.clear();
    lone.item(&format!(
        r#"{{"Id":"i-{number}","AbsoluteTime":"2026-01-31T12:00:00.000Z","ParticipantId":"agent-1",{fields}}}"#
    ));
    let mut kinds = Vec::new();
    for event in lone.events.drain(..) {
        if let Event::Item(received) = event {
            kinds.push(received.kind);
        }
    }
    kinds
}

#[test]
fn every_content_type_is_told_as_what_it_is_and_none_is_left_out() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    let kinds = [
        ("typing", ItemKind::Typing),
        ("message.read", ItemKind::ReadReceipt),
        ("message.delivered", ItemKind::DeliveredReceipt),
        ("participant.idle", ItemKind::ParticipantIdle),
        ("participant.returned", ItemKind::ParticipantReturned),
        ("participant.invited", ItemKind::ParticipantInvited),
        ("participant.autodisconnection", ItemKind::AutoDisconnection),
        (
            "participant.displayname.updated",
            ItemKind::DisplayNameUpdated,
        ),
        (
            "authentication.initiated",
            ItemKind::AuthenticationInitiated,
        ),
        (
            "authentication.succeeded",
            ItemKind::AuthenticationSuccessful,
        ),
        ("authentication.failed", ItemKind::AuthenticationFailed),
        ("authentication.timeout", ItemKind::AuthenticationTimeout),
        ("authentication.expired", ItemKind::AuthenticationExpired),
        ("authentication.cancelled", ItemKind::AuthenticationCanceled),
        ("chat.rehydrated", ItemKind::ChatRehydrated),
        ("participant.joined", ItemKind::Event),
        ("participant.left", ItemKind::Event),
        ("participant.active", ItemKind::Event),
        ("participant.inactive", ItemKind::Event),
        ("transfer.succeeded", ItemKind::Event),
        ("transfer.failed", ItemKind::Event),
        ("connection.acknowledged", ItemKind::Event),
        ("workflow.cancelled", ItemKind::Event),
        ("something.unheard.of", ItemKind::Event),
    ];
    for (number, (name, kind)) in kinds.into_iter().enumerate() {
        let fields = format!(r#""Type":"EVENT","ContentType":"{EVENT}{name}""#);
        assert_eq!(told_as(&mut lone, number, &fields), [kind], "{name}");
    }
    assert_eq!(lone.session.phase(), Phase::Live);
}

#[test]
fn messages_attachments_and_receipts_are_told_by_their_type() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    let message = r#""Type":"MESSAGE","ContentType":"text/plain","Content":"hi""#;
    let attachment = r#""Type":"ATTACHMENT","ContentType":"application/pdf","Attachments":[]"#;
    let receipts = |field: &str| {
        format!(
            r#""Type":"MESSAGEMETADATA","MessageMetadata":{{"MessageId":"m","Receipts":[{{{field}}}]}}"#
        )
    };
    let time = "2026-01-31T12:00:01.000Z";
    let kinds = [
        (message.to_owned(), ItemKind::Message),
        (
            format!(r#"{message},"MessageMetadata":{{"MessageCompleted":false,"ChunkNumber":1}}"#),
            ItemKind::PartialMessage,
        ),
        (attachment.to_owned(), ItemKind::Attachment),
        (
            receipts(&format!(r#""ReadTimestamp":"{time}""#)),
            ItemKind::ReadReceipt,
        ),
        (
            receipts(&format!(r#""DeliveredTimestamp":"{time}""#)),
            ItemKind::DeliveredReceipt,
        ),
        (
            receipts(&format!(
                r#""DeliveredTimestamp":"{time}","ReadTimestamp":"{time}""#
            )),
            ItemKind::ReadReceipt,
        ),
    ];
    for (number, (fields, kind)) in kinds.into_iter().enumerate() {
        assert_eq!(told_as(&mut lone, number, &fields), [kind], "{fields}");
    }
}
