//! The typed request that a value of the model's input shape says; `None` when our types cannot
//! say it. A member that is forgotten here is missing in what is sent, and that is what the check
//! compares.

use chat_proto::api::{
    CancelParticipantAuthentication, CompleteAttachmentUpload, CreateParticipant,
    CreateParticipantConnection, CreatePersistentContactAssociation, DescribeView,
    DisconnectParticipant, GetAttachment, GetAuthenticationUrl, GetTranscript,
    ParticipantTimerConfiguration, ParticipantTimerType, ParticipantTimerValue, PersistentChat,
    RehydrationType, ResponseMode, ScanDirection, SegmentAttributeValue, SendEvent, SendMessage,
    SortOrder, StartAttachmentUpload, StartChatContact, StartContactStreaming, StartPosition,
    StopContact, StopContactStreaming, TimerEligibleParticipantRole, UpdateParticipantRoleConfig,
    UrlContentDisposition,
};
use chat_proto::{ContentType, Draft};
use serde_json::Value;

fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member)?.as_str()
}

fn texts<'a>(input: &'a Value, member: &str) -> impl Iterator<Item = &'a str> {
    let list = input.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}

fn number(input: &Value, member: &str) -> Option<Option<u32>> {
    let Some(number) = input.get(member) else {
        return Some(None);
    };
    Some(Some(number.as_u64()?.try_into().ok()?))
}

/// The value of an enum of ours: absent, or one of these.
fn choice<T: Copy, const N: usize>(
    input: &Value,
    member: &str,
    choices: [(&str, T); N],
) -> Option<Option<T>> {
    let Some(chosen) = text(input, member) else {
        return Some(None);
    };
    let (_, value) = choices.into_iter().find(|(name, _)| *name == chosen)?;
    Some(Some(value))
}

pub(crate) fn create_participant_connection(input: &Value) -> Option<CreateParticipantConnection> {
    let mut request = CreateParticipantConnection::both();
    (request.websocket, request.connection_credentials) = (false, false);
    for connection_type in texts(input, "Type") {
        match connection_type {
            "WEBSOCKET" => request.websocket = true,
            "CONNECTION_CREDENTIALS" => request.connection_credentials = true,
            "WEBRTC_CONNECTION" => request.webrtc_connection = true,
            _ => return None,
        }
    }
    request.connect_participant = input.get("ConnectParticipant").and_then(Value::as_bool);
    Some(request)
}

pub(crate) fn send_message(input: &Value) -> Option<SendMessage> {
    let content_type = ContentType::from(text(input, "ContentType")?);
    let draft = Draft::new(content_type, text(input, "Content")?);
    Some(SendMessage::new(draft, text(input, "ClientToken")?.into()))
}

pub(crate) fn send_event(input: &Value) -> Option<SendEvent> {
    let mut request = SendEvent::new(text(input, "ContentType")?.into());
    request.content = text(input, "Content").map(str::to_owned);
    request.client_token = text(input, "ClientToken").map(Into::into);
    Some(request)
}

pub(crate) fn get_transcript(input: &Value) -> Option<GetTranscript> {
    let mut request = GetTranscript::default();
    request.contact_id = text(input, "ContactId").map(Into::into);
    request.max_results = number(input, "MaxResults")?;
    request.next_token = text(input, "NextToken").map(Into::into);
    let directions = [
        ("FORWARD", ScanDirection::Forward),
        ("BACKWARD", ScanDirection::Backward),
    ];
    request.scan_direction = choice(input, "ScanDirection", directions)?;
    let orders = [
        ("DESCENDING", SortOrder::Descending),
        ("ASCENDING", SortOrder::Ascending),
    ];
    request.sort_order = choice(input, "SortOrder", orders)?;
    if let Some(start) = input.get("StartPosition") {
        let id = text(start, "Id").map(|id| StartPosition::Id(id.into()));
        let time = text(start, "AbsoluteTime");
        let time = time.map(|time| StartPosition::AbsoluteTime(time.to_owned()));
        let most_recent = number(start, "MostRecent")?.map(StartPosition::MostRecent);
        request.start_position = Some(id.or(time).or(most_recent)?);
    }
    Some(request)
}

pub(crate) fn disconnect_participant(input: &Value) -> Option<DisconnectParticipant> {
    Some(DisconnectParticipant::new(
        text(input, "ClientToken")?.into(),
    ))
}

pub(crate) fn start_attachment_upload(input: &Value) -> Option<StartAttachmentUpload> {
    Some(StartAttachmentUpload::new(
        text(input, "ContentType")?,
        input["AttachmentSizeInBytes"].as_u64()?,
        text(input, "AttachmentName")?,
        text(input, "ClientToken")?.into(),
    ))
}

pub(crate) fn complete_attachment_upload(input: &Value) -> Option<CompleteAttachmentUpload> {
    let mut ids = texts(input, "AttachmentIds");
    let (Some(id), None) = (ids.next(), ids.next()) else {
        return None;
    };
    Some(CompleteAttachmentUpload::new(
        id.into(),
        text(input, "ClientToken")?.into(),
    ))
}

pub(crate) fn get_attachment(input: &Value) -> Option<GetAttachment> {
    let mut request = GetAttachment::new(text(input, "AttachmentId")?.into());
    request.url_expiry_in_seconds = number(input, "UrlExpiryInSeconds")?;
    let dispositions = [
        ("INLINE", UrlContentDisposition::Inline),
        ("ATTACHMENT", UrlContentDisposition::Attachment),
    ];
    request.url_content_disposition = choice(input, "UrlContentDisposition", dispositions)?;
    Some(request)
}

pub(crate) fn describe_view(input: &Value) -> Option<DescribeView> {
    Some(DescribeView::new(text(input, "ViewToken")?.into()))
}

pub(crate) fn get_authentication_url(input: &Value) -> Option<GetAuthenticationUrl> {
    let session_id = text(input, "SessionId")?.into();
    Some(GetAuthenticationUrl::new(
        session_id,
        text(input, "RedirectUri")?,
    ))
}

pub(crate) fn cancel_participant_authentication(
    input: &Value,
) -> Option<CancelParticipantAuthentication> {
    let session_id = text(input, "SessionId")?.into();
    Some(CancelParticipantAuthentication::new(session_id))
}

pub(crate) fn start_chat_contact(input: &Value) -> Option<StartChatContact> {
    let mut request = StartChatContact::new(
        text(input, "InstanceId")?,
        text(input, "ContactFlowId")?,
        text(input.get("ParticipantDetails")?, "DisplayName")?,
    );
    for (key, value) in map(input, "Attributes") {
        request
            .attributes
            .insert(key.clone(), value.as_str()?.to_owned());
    }
    if let Some(configuration) = input.get("ParticipantConfiguration") {
        let modes = [
            ("INCREMENTAL", ResponseMode::Incremental),
            ("COMPLETE", ResponseMode::Complete),
        ];
        request.response_mode = choice(configuration, "ResponseMode", modes)?;
    }
    if let Some(message) = input.get("InitialMessage") {
        let content = text(message, "Content")?.to_owned();
        request.initial_message = Some((text(message, "ContentType")?.into(), content));
    }
    request.client_token = text(input, "ClientToken").map(Into::into);
    request.chat_duration_in_minutes = number(input, "ChatDurationInMinutes")?;
    request.supported_messaging_content_types = texts(input, "SupportedMessagingContentTypes")
        .map(Into::into)
        .collect();
    if let Some(past) = input.get("PersistentChat") {
        request.persistent_chat = Some(PersistentChat::new(
            rehydration_type(past)?,
            text(past, "SourceContactId")?.into(),
        ));
    }
    request.related_contact_id = text(input, "RelatedContactId").map(Into::into);
    for (name, value) in map(input, "SegmentAttributes") {
        let value = segment_attribute(value)?;
        request.segment_attributes.insert(name.clone(), value);
    }
    request.customer_id = text(input, "CustomerId").map(Into::into);
    for participant in texts(input, "DisconnectOnCustomerExit") {
        request.disconnect_on_customer_exit = participant == "AGENT";
    }
    for connection_type in texts(input, "ConnectionTypes") {
        match connection_type {
            "WEBSOCKET" => request.websocket = true,
            "CONNECTION_CREDENTIALS" => request.connection_credentials = true,
            _ => return None,
        }
    }
    if let Some(streaming) = input.get("ChatStreamingConfiguration") {
        let arn = text(streaming, "StreamingEndpointArn")?;
        request.streaming_endpoint_arn = Some(arn.to_owned());
    }
    Some(request)
}

fn map<'a>(input: &'a Value, member: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    input
        .get(member)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn segment_attribute(value: &Value) -> Option<SegmentAttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "ValueString" => SegmentAttributeValue::ValueString(value.as_str()?.to_owned()),
        "ValueArn" => SegmentAttributeValue::ValueArn(value.as_str()?.to_owned()),
        "ValueInteger" => SegmentAttributeValue::ValueInteger(value.as_i64()?.try_into().ok()?),
        "ValueMap" => {
            let map = value.as_object()?.iter();
            let map = map.map(|(name, value)| Some((name.clone(), segment_attribute(value)?)));
            SegmentAttributeValue::ValueMap(map.collect::<Option<_>>()?)
        }
        "ValueList" => {
            let list = value.as_array()?.iter().map(segment_attribute);
            SegmentAttributeValue::ValueList(list.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn rehydration_type(input: &Value) -> Option<RehydrationType> {
    let types = [
        ("ENTIRE_PAST_SESSION", RehydrationType::EntirePastSession),
        ("FROM_SEGMENT", RehydrationType::FromSegment),
    ];
    choice(input, "RehydrationType", types)?
}

pub(crate) fn stop_contact(input: &Value) -> Option<StopContact> {
    let contact_id = text(input, "ContactId")?.into();
    let mut request = StopContact::new(text(input, "InstanceId")?, contact_id);
    if let Some(reason) = input.get("DisconnectReason") {
        request.disconnect_reason = Some(text(reason, "Code")?.to_owned());
    }
    Some(request)
}

pub(crate) fn create_participant(input: &Value) -> Option<CreateParticipant> {
    let details = input.get("ParticipantDetails")?;
    let mut request = CreateParticipant::custom_bot(
        text(input, "InstanceId")?,
        text(input, "ContactId")?.into(),
        text(details, "DisplayName")?,
    );
    request.client_token = text(input, "ClientToken").map(Into::into);
    request.participant_role = text(details, "ParticipantRole")?.into();
    if let Some(capabilities) = details.get("ParticipantCapabilities") {
        let send = |member| choice(capabilities, member, [("SEND", true)]);
        request.video = send("Video")?.unwrap_or_default();
        request.screen_share = send("ScreenShare")?.unwrap_or_default();
    }
    Some(request)
}

pub(crate) fn create_persistent_contact_association(
    input: &Value,
) -> Option<CreatePersistentContactAssociation> {
    let mut request = CreatePersistentContactAssociation::new(
        text(input, "InstanceId")?,
        text(input, "InitialContactId")?.into(),
        rehydration_type(input)?,
        text(input, "SourceContactId")?.into(),
    );
    request.client_token = text(input, "ClientToken").map(Into::into);
    Some(request)
}

pub(crate) fn start_contact_streaming(input: &Value) -> Option<StartContactStreaming> {
    Some(StartContactStreaming::new(
        text(input, "InstanceId")?,
        text(input, "ContactId")?.into(),
        text(&input["ChatStreamingConfiguration"], "StreamingEndpointArn")?,
        text(input, "ClientToken")?.into(),
    ))
}

pub(crate) fn stop_contact_streaming(input: &Value) -> Option<StopContactStreaming> {
    Some(StopContactStreaming::new(
        text(input, "InstanceId")?,
        text(input, "ContactId")?.into(),
        text(input, "StreamingId")?.into(),
    ))
}

pub(crate) fn update_participant_role_config(input: &Value) -> Option<UpdateParticipantRoleConfig> {
    let chat = input.get("ChannelConfiguration")?.get("Chat")?;
    let timers = chat.get("ParticipantTimerConfigList")?.as_array()?;
    Some(UpdateParticipantRoleConfig::new(
        text(input, "InstanceId")?,
        text(input, "ContactId")?.into(),
        timers.iter().map(timer).collect::<Option<_>>()?,
    ))
}

fn timer(input: &Value) -> Option<ParticipantTimerConfiguration> {
    let roles = [
        ("CUSTOMER", TimerEligibleParticipantRole::Customer),
        ("AGENT", TimerEligibleParticipantRole::Agent),
    ];
    let types = [
        ("IDLE", ParticipantTimerType::Idle),
        (
            "DISCONNECT_NONCUSTOMER",
            ParticipantTimerType::DisconnectNoncustomer,
        ),
    ];
    let value = input.get("TimerValue")?;
    let unset = [("Unset", ParticipantTimerValue::Unset)];
    let unset = choice(value, "ParticipantTimerAction", unset)?;
    let minutes = number(value, "ParticipantTimerDurationInMinutes")?;
    Some(ParticipantTimerConfiguration::new(
        choice(input, "ParticipantRole", roles)??,
        choice(input, "TimerType", types)??,
        unset.or_else(|| minutes.map(ParticipantTimerValue::Minutes))?,
    ))
}
