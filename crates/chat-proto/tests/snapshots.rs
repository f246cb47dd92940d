//! Every frame and every request the core writes, as it goes over the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write;

use chat_proto::api::{
    self, ApiRequest, CancelParticipantAuthentication, CompleteAttachmentUpload, CreateParticipant,
    CreateParticipantConnection, CreatePersistentContactAssociation, DescribeView,
    DisconnectParticipant, GetAttachment, GetAuthenticationUrl, GetTranscript,
    ParticipantTimerConfiguration, ParticipantTimerType, ParticipantTimerValue, PersistentChat,
    RehydrationType, ResponseMode, ScanDirection, SegmentAttributeValue, SendEvent, SendMessage,
    SortOrder, StartAttachmentUpload, StartChatContact, StartContactStreaming, StartPosition,
    StopContact, StopContactStreaming, TimerEligibleParticipantRole, UpdateParticipantRoleConfig,
    UrlContentDisposition,
};
use chat_proto::wire::{HEARTBEAT, PING, SUBSCRIBE};
use chat_proto::{ClientToken, ContentType, Draft, Endpoint, NextToken};

/// A request as text. The bearer, which must never be shown, shows as marked secret.
fn written<R: ApiRequest>(bearer: Option<&str>, request: &R) -> String {
    let endpoint = Endpoint::region("us-west-2").unwrap();
    shown(&api::to_http(&endpoint, bearer, request).unwrap())
}

fn shown(http: &http::Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", http.method(), http.uri());
    for (name, value) in http.headers() {
        writeln!(text, "{name}: {value:?}").unwrap();
    }
    text + "\n" + std::str::from_utf8(http.body()).unwrap()
}

fn token() -> ClientToken {
    ClientToken::from("5a3ee1ac-40f1-4f1c-9d1b-7f6f3d0d2c55")
}

#[test]
fn frames() {
    insta::assert_snapshot!("frames", [SUBSCRIBE, HEARTBEAT, PING].join("\n"));
}

#[test]
fn create_participant_connection() {
    let both = CreateParticipantConnection::both();
    insta::assert_snapshot!("connection", written(Some("secret"), &both));
    let renewal = CreateParticipantConnection::credentials_only();
    insta::assert_snapshot!("connection_credentials", written(Some("secret"), &renewal));
    let mut call = CreateParticipantConnection::both();
    call.webrtc_connection = true;
    call.connect_participant = Some(true);
    insta::assert_snapshot!("connection_all_fields", written(Some("secret"), &call));
}

#[test]
fn send_message() {
    let text = "Is the \"Ferry\" on time?\n\u{26f4} — yes/no";
    let message = SendMessage::new(Draft::text(text), token());
    insta::assert_snapshot!("message", written(Some("secret"), &message));
    let markdown = Draft::new(ContentType::TextMarkdown, "**now**");
    let message = SendMessage::new(markdown, token());
    insta::assert_snapshot!("message_markdown", written(Some("secret"), &message));
}

#[test]
fn send_event() {
    let typing = SendEvent::new(ContentType::Typing);
    insta::assert_snapshot!("event_typing", written(Some("secret"), &typing));
    let read = SendEvent::new(ContentType::MessageRead).with_content(r#"{"messageId":"m1"}"#);
    insta::assert_snapshot!("event_read", written(Some("secret"), &read));
}

#[test]
fn get_transcript() {
    let defaults = GetTranscript::default();
    insta::assert_snapshot!("transcript", written(Some("secret"), &defaults));
    let mut all = GetTranscript::default();
    all.contact_id = Some("contact".into());
    all.max_results = Some(100);
    all.next_token = Some(NextToken::from("next"));
    all.scan_direction = Some(ScanDirection::Forward);
    all.sort_order = Some(SortOrder::Ascending);
    all.start_position = Some(StartPosition::Id("m1".into()));
    insta::assert_snapshot!("transcript_all_fields", written(Some("secret"), &all));
    let mut positions = String::new();
    for position in [
        StartPosition::AbsoluteTime("2026-01-31T12:00:00.000Z".to_owned()),
        StartPosition::MostRecent(5),
    ] {
        let mut request = GetTranscript::default();
        request.start_position = Some(position);
        writeln!(positions, "{}\n", written(Some("secret"), &request)).unwrap();
    }
    insta::assert_snapshot!("transcript_start_positions", positions);
}

#[test]
fn disconnect_participant() {
    let disconnect = DisconnectParticipant::new(token());
    insta::assert_snapshot!("disconnect", written(Some("secret"), &disconnect));
}

#[test]
fn start_chat_contact() {
    let mut start = StartChatContact::new("instance", "flow", "Ada");
    insta::assert_snapshot!("start_chat", written(None, &start));
    start.attributes.insert("ferry".into(), "north".into());
    start.initial_message = Some((ContentType::TextPlain, "Hello".into()));
    start.client_token = Some(token());
    start.supported_messaging_content_types =
        vec![ContentType::TextPlain, ContentType::Interactive];
    start.response_mode = Some(ResponseMode::Incremental);
    start.chat_duration_in_minutes = Some(60);
    start.persistent_chat = Some(PersistentChat::new(
        RehydrationType::EntirePastSession,
        "past".into(),
    ));
    start.segment_attributes = every_segment_attribute();
    start.customer_id = Some("customer".into());
    start.disconnect_on_customer_exit = true;
    start.websocket = true;
    start.connection_credentials = true;
    start.streaming_endpoint_arn = Some("arn:topic".into());
    insta::assert_snapshot!("start_chat_all_fields", written(None, &start));
    let mut related = StartChatContact::new("instance", "flow", "Ada");
    related.related_contact_id = Some("other".into());
    related.response_mode = Some(ResponseMode::Complete);
    insta::assert_snapshot!("start_chat_related", written(None, &related));
}

#[test]
fn start_chat_through_the_proxy() {
    let mut start = StartChatContact::new("", "flow", "Ada");
    start.chat_duration_in_minutes = Some(60);
    let url = "https://0123456789.execute-api.us-west-2.amazonaws.com/Prod";
    let request = api::start_chat_proxy::to_http(url, &start).unwrap();
    insta::assert_snapshot!("start_chat_through_the_proxy", shown(&request));
}

fn every_segment_attribute() -> BTreeMap<String, SegmentAttributeValue> {
    let integer = || SegmentAttributeValue::ValueInteger(-7);
    let map = BTreeMap::from([("inner".to_owned(), integer())]);
    [
        ("arn", SegmentAttributeValue::ValueArn("arn:a".into())),
        ("integer", integer()),
        ("list", SegmentAttributeValue::ValueList(vec![integer()])),
        ("map", SegmentAttributeValue::ValueMap(map)),
        ("string", SegmentAttributeValue::ValueString("text".into())),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

#[test]
fn attachments() {
    let start = StartAttachmentUpload::new("image/png", 1_024, "ferry.png", token());
    insta::assert_snapshot!("attachment_start", written(Some("secret"), &start));
    let complete = CompleteAttachmentUpload::new("a1".into(), token());
    insta::assert_snapshot!("attachment_complete", written(Some("secret"), &complete));
    let mut get = GetAttachment::new("a1".into());
    insta::assert_snapshot!("attachment_get", written(Some("secret"), &get));
    get.url_expiry_in_seconds = Some(300);
    get.url_content_disposition = Some(UrlContentDisposition::Inline);
    insta::assert_snapshot!("attachment_get_all_fields", written(Some("secret"), &get));
}

#[test]
fn describe_view_encodes_all_of_the_token_and_has_no_body() {
    let view = DescribeView::new("a/b+c=é?#%.-_~ /..".into());
    insta::assert_snapshot!("view", written(Some("secret"), &view));
}

#[test]
fn authentication() {
    let session = "0d5f1f5e-6c1b-4a7a-8f0e-2b8f3a1c9d4e";
    let url = GetAuthenticationUrl::new(session.into(), "https://ferry.example/back");
    insta::assert_snapshot!("authentication_url", written(Some("secret"), &url));
    let cancel = CancelParticipantAuthentication::new(session.into());
    insta::assert_snapshot!("authentication_cancel", written(Some("secret"), &cancel));
}

#[test]
fn stop_contact() {
    let mut stop = StopContact::new("instance", "contact".into());
    insta::assert_snapshot!("stop_contact", written(None, &stop));
    stop.disconnect_reason = Some("DONE".into());
    insta::assert_snapshot!("stop_contact_all_fields", written(None, &stop));
}

#[test]
fn create_participant() {
    let mut bot = CreateParticipant::custom_bot("instance", "contact".into(), "Bot");
    insta::assert_snapshot!("participant", written(None, &bot));
    bot.client_token = Some(token());
    bot.participant_role = "CUSTOMER".into();
    bot.video = true;
    bot.screen_share = true;
    insta::assert_snapshot!("participant_all_fields", written(None, &bot));
}

#[test]
fn create_persistent_contact_association() {
    let mut join = CreatePersistentContactAssociation::new(
        "instance/1",
        "contact 2".into(),
        RehydrationType::FromSegment,
        "past".into(),
    );
    insta::assert_snapshot!("association", written(None, &join));
    join.client_token = Some(token());
    insta::assert_snapshot!("association_all_fields", written(None, &join));
}

#[test]
fn contact_streaming() {
    let start = StartContactStreaming::new("instance", "contact".into(), "arn:topic", token());
    insta::assert_snapshot!("streaming_start", written(None, &start));
    let stop = StopContactStreaming::new("instance", "contact".into(), "s1".into());
    insta::assert_snapshot!("streaming_stop", written(None, &stop));
}

#[test]
fn update_participant_role_config() {
    use ParticipantTimerType::{DisconnectNoncustomer, Idle};
    use TimerEligibleParticipantRole::{Agent, Customer};
    let minutes = ParticipantTimerValue::Minutes(480);
    let unset = ParticipantTimerValue::Unset;
    let timers = vec![
        ParticipantTimerConfiguration::new(Customer, Idle, minutes),
        ParticipantTimerConfiguration::new(Agent, DisconnectNoncustomer, unset),
    ];
    let update = UpdateParticipantRoleConfig::new("instance", "contact".into(), timers);
    insta::assert_snapshot!("role_config", written(None, &update));
}

#[test]
fn what_breaks_a_limit_is_refused_with_the_fields_name() {
    let endpoint = Endpoint::region("us-west-2").unwrap();
    let refusal = |content: &str| {
        let message = SendMessage::new(Draft::text(content), token());
        let refused = api::to_http(&endpoint, Some("secret"), &message).unwrap_err();
        refused.to_string()
    };
    let mut refusals = vec![refusal(""), refusal(&"é".repeat(8_193))];
    let mut page = GetTranscript::default();
    page.max_results = Some(101);
    let refused = api::to_http(&endpoint, Some("secret"), &page).unwrap_err();
    refusals.push(refused.to_string());
    let refused = api::to_http(&endpoint, Some("line\nbreak"), &GetTranscript::default());
    refusals.push(refused.unwrap_err().to_string());
    insta::assert_snapshot!("refusals", refusals.join("\n"));
}
