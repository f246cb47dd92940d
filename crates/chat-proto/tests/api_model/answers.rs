//! Typed answers in the model's shape again. A member that is forgotten here is missing in what is
//! compared; one that our types lack cannot be written here at all.

use std::fmt::{Debug, Display};

use chat_proto::api::{
    AttachmentUrl, ConnectionCredentials, CreatedParticipant, ErrorDetail, ParticipantConnection,
    SentEvent, SentMessage, StartedAttachmentUpload, StartedChat, TranscriptPage, View,
    WebRtcConnection, Websocket,
};
use chat_proto::wire::{Attachment, MessageMetadata, Receipt};
use chat_proto::{AbsoluteTime, ContactId, Item, ServiceError, SignedUrl, StreamingId};
use serde_json::{Value, json};

/// A structure: of its members, those that say something.
fn structure<const N: usize>(members: [(&str, Value); N]) -> Value {
    let says_something =
        |value: &Value| !value.is_null() && *value != json!([]) && *value != json!({});
    let members = members
        .into_iter()
        .filter(|(_, value)| says_something(value));
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A value of an open enum; whether this version knows it shows.
fn open<T: Display + Debug>(value: Option<&T>) -> Value {
    value
        .map(|value| {
            let unknown = format!("{value:?}").starts_with("Other(");
            format!("{value}{}", if unknown { super::UNKNOWN } else { "" })
        })
        .into()
}

fn time(time: Option<&AbsoluteTime>) -> Value {
    time.map(AbsoluteTime::as_str).into()
}

pub(crate) fn nothing(_: &()) -> Value {
    json!({})
}

pub(crate) fn participant_connection(answer: &ParticipantConnection) -> Value {
    structure([
        ("Websocket", answer.websocket.as_ref().map(websocket).into()),
        (
            "ConnectionCredentials",
            answer
                .connection_credentials
                .as_ref()
                .map(credentials)
                .into(),
        ),
        (
            "WebRTCConnection",
            answer
                .webrtc_connection
                .as_ref()
                .map(webrtc_connection)
                .into(),
        ),
    ])
}

fn websocket(websocket: &Websocket) -> Value {
    structure([
        ("Url", websocket.url.expose().into()),
        (
            "ConnectionExpiry",
            time(websocket.connection_expiry.as_ref()),
        ),
    ])
}

fn credentials(credentials: &ConnectionCredentials) -> Value {
    structure([
        (
            "ConnectionToken",
            credentials.connection_token.expose().into(),
        ),
        ("Expiry", time(credentials.expiry.as_ref())),
    ])
}

fn webrtc_connection(connection: &WebRtcConnection) -> Value {
    let attendee = connection.attendee.as_ref().map(|attendee| {
        let join_token = attendee.join_token.as_ref();
        structure([
            ("AttendeeId", attendee.attendee_id.clone().into()),
            ("JoinToken", join_token.map(|token| token.expose()).into()),
        ])
    });
    let meeting = connection.meeting.as_ref().map(|meeting| {
        let placement = meeting.media_placement.as_ref().map(|placement| {
            structure([
                ("AudioHostUrl", placement.audio_host_url.clone().into()),
                (
                    "AudioFallbackUrl",
                    placement.audio_fallback_url.clone().into(),
                ),
                ("SignalingUrl", placement.signaling_url.clone().into()),
                (
                    "EventIngestionUrl",
                    placement.event_ingestion_url.clone().into(),
                ),
            ])
        });
        let features = meeting.meeting_features.as_ref().map(|features| {
            let audio = features.audio.as_ref();
            let audio = audio
                .map(|audio| structure([("EchoReduction", open(audio.echo_reduction.as_ref()))]));
            structure([("Audio", audio.into())])
        });
        structure([
            ("MeetingId", meeting.meeting_id.clone().into()),
            ("MediaPlacement", placement.into()),
            ("MeetingFeatures", features.into()),
        ])
    });
    structure([("Attendee", attendee.into()), ("Meeting", meeting.into())])
}

pub(crate) fn sent_message(answer: &SentMessage) -> Value {
    let status = answer.message_processing_status.as_ref();
    structure([
        ("Id", answer.id.as_str().into()),
        ("AbsoluteTime", time(answer.absolute_time.as_ref())),
        (
            "MessageMetadata",
            structure([("MessageProcessingStatus", open(status))]),
        ),
    ])
}

pub(crate) fn sent_event(answer: &SentEvent) -> Value {
    structure([
        ("Id", answer.id.as_ref().map(|id| id.as_str()).into()),
        ("AbsoluteTime", time(answer.absolute_time.as_ref())),
    ])
}

pub(crate) fn transcript_page(answer: &TranscriptPage) -> Value {
    assert_eq!(answer.malformed, []);
    let items: Vec<_> = answer.items.iter().map(item).collect();
    structure([
        (
            "InitialContactId",
            contact_id(answer.initial_contact_id.as_ref()),
        ),
        (
            "NextToken",
            answer
                .next_token
                .as_ref()
                .map(|token| token.as_str())
                .into(),
        ),
        ("Transcript", items.into()),
    ])
}

fn contact_id(id: Option<&ContactId>) -> Value {
    id.map(ContactId::as_str).into()
}

fn item(item: &Item) -> Value {
    let attachments: Vec<_> = item.attachments.iter().map(attachment).collect();
    structure([
        ("AbsoluteTime", time(item.absolute_time.as_ref())),
        ("Content", item.content.clone().into()),
        (
            "ContentType",
            item.content_type.as_ref().map(|it| it.as_str()).into(),
        ),
        ("Id", item.id.as_ref().map(|id| id.as_str()).into()),
        ("Type", open(item.item_type.as_ref())),
        (
            "ParticipantId",
            item.participant_id.as_ref().map(|id| id.as_str()).into(),
        ),
        ("DisplayName", item.display_name.clone().into()),
        ("ParticipantRole", open(item.participant_role.as_ref())),
        ("Attachments", attachments.into()),
        (
            "MessageMetadata",
            item.metadata.as_ref().map(metadata).into(),
        ),
        (
            "RelatedContactId",
            contact_id(item.related_contact_id.as_ref()),
        ),
        ("ContactId", contact_id(item.contact_id.as_ref())),
    ])
}

fn attachment(attachment: &Attachment) -> Value {
    structure([
        ("ContentType", attachment.content_type.clone().into()),
        ("AttachmentId", attachment.id.clone().into()),
        ("AttachmentName", attachment.name.clone().into()),
        ("Status", open(attachment.status.as_ref())),
    ])
}

fn metadata(metadata: &MessageMetadata) -> Value {
    let receipts: Vec<_> = metadata.receipts.iter().map(receipt).collect();
    let status = metadata.message_processing_status.as_ref();
    structure([
        (
            "MessageId",
            metadata.message_id.as_ref().map(|id| id.as_str()).into(),
        ),
        ("Receipts", receipts.into()),
        ("MessageProcessingStatus", open(status)),
    ])
}

fn receipt(receipt: &Receipt) -> Value {
    let recipient = receipt.recipient_participant_id.as_ref();
    structure([
        ("DeliveredTimestamp", time(receipt.delivered.as_ref())),
        ("ReadTimestamp", time(receipt.read.as_ref())),
        (
            "RecipientParticipantId",
            recipient.map(|id| id.as_str()).into(),
        ),
    ])
}

pub(crate) fn started_attachment_upload(answer: &StartedAttachmentUpload) -> Value {
    let metadata = &answer.upload_metadata;
    structure([
        ("AttachmentId", answer.attachment_id.as_str().into()),
        (
            "UploadMetadata",
            structure([
                ("Url", metadata.url.expose().into()),
                ("UrlExpiry", time(metadata.url_expiry.as_ref())),
                ("HeadersToInclude", json!(metadata.headers_to_include)),
            ]),
        ),
    ])
}

pub(crate) fn attachment_url(answer: &AttachmentUrl) -> Value {
    structure([
        ("Url", answer.url.expose().into()),
        ("UrlExpiry", time(answer.url_expiry.as_ref())),
        (
            "AttachmentSizeInBytes",
            answer.attachment_size_in_bytes.into(),
        ),
    ])
}

pub(crate) fn view(answer: &View) -> Value {
    let content = answer.content.as_ref().map(|content| {
        structure([
            ("InputSchema", content.input_schema.clone().into()),
            ("Template", content.template.clone().into()),
            ("Actions", content.actions.clone().into()),
        ])
    });
    let view = structure([
        ("Id", answer.id.clone().into()),
        ("Arn", answer.arn.clone().into()),
        ("Name", answer.name.clone().into()),
        ("Version", answer.version.into()),
        ("Content", content.into()),
    ]);
    structure([("View", view)])
}

pub(crate) fn authentication_url(answer: &SignedUrl) -> Value {
    json!({ "AuthenticationUrl": answer.expose() })
}

pub(crate) fn started_chat(answer: &StartedChat) -> Value {
    let details = &answer.details;
    structure([
        ("ContactId", details.contact_id.as_str().into()),
        ("ParticipantId", details.participant_id.as_str().into()),
        (
            "ParticipantToken",
            details.participant_token.expose().into(),
        ),
        (
            "ContinuedFromContactId",
            contact_id(answer.continued_from_contact_id.as_ref()),
        ),
        (
            "ConnectionCredentials",
            answer
                .connection_credentials
                .as_ref()
                .map(credentials)
                .into(),
        ),
        ("Websocket", answer.websocket.as_ref().map(websocket).into()),
        (
            "StreamingId",
            answer.streaming_id.as_ref().map(|id| id.as_str()).into(),
        ),
    ])
}

pub(crate) fn created_participant(answer: &CreatedParticipant) -> Value {
    let credentials = &answer.participant_credentials;
    structure([
        (
            "ParticipantCredentials",
            structure([
                (
                    "ParticipantToken",
                    credentials.participant_token.expose().into(),
                ),
                ("Expiry", time(credentials.expiry.as_ref())),
            ]),
        ),
        ("ParticipantId", answer.participant_id.as_str().into()),
    ])
}

pub(crate) fn continued_from(answer: &Option<ContactId>) -> Value {
    structure([("ContinuedFromContactId", contact_id(answer.as_ref()))])
}

pub(crate) fn streaming_id(answer: &StreamingId) -> Value {
    json!({ "StreamingId": answer.as_str() })
}

pub(crate) fn service_error(error: &ServiceError) -> Value {
    let message = Some(error.message.as_str()).filter(|message| !message.is_empty());
    let message = ("Message", message.into());
    match error.detail.as_deref() {
        Some(ErrorDetail::Resource {
            resource_id,
            resource_type,
            ..
        }) => structure([
            message,
            ("ResourceId", resource_id.clone().into()),
            ("ResourceType", open(resource_type.as_ref())),
        ]),
        Some(ErrorDetail::AttachedFileInvalidRequest(reason)) => {
            let name = "AttachedFileInvalidRequestExceptionReason";
            structure([message, ("Reason", structure([(name, open(Some(reason)))]))])
        }
        Some(ErrorDetail::AttachedFileServiceQuotaExceeded(reason)) => {
            let name = "AttachedFileServiceQuotaExceededExceptionReason";
            structure([message, ("Reason", structure([(name, open(Some(reason)))]))])
        }
        _ => structure([message]),
    }
}
