//! Chats begin and end: StartChatContact, StopContact, DisconnectParticipant, time limits.

use std::time::Duration;

use chat_sim::{EndReason, Operation, Role};
use serde_json::{Value, json};

use crate::bench::{Bench, ENDED, Heard, JOINED, LEFT, target};

fn start_body() -> Value {
    json!({
        "InstanceId": "instance",
        "ContactFlowId": "flow",
        "ParticipantDetails": { "DisplayName": "Ana" },
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut body = start_body();
    body[name] = value;
    body
}

#[test]
fn starting_a_chat_gives_all_that_a_customer_needs() {
    let mut bench = Bench::new();
    let answer = bench.get(Operation::StartChatContact, "", &start_body());
    let contact = bench
        .service
        .contact(answer["ContactId"].as_str().expect("an id"))
        .expect("the contact is known");
    assert_eq!(contact.instance_id(), "instance");
    assert_eq!(contact.participants().len(), 1);
    let customer = &contact.participants()[0];
    assert_eq!(answer["ParticipantId"], customer.id());
    assert_eq!(customer.display_name(), "Ana");
    assert_eq!(customer.role(), Role::Customer);
    assert!(!customer.is_present());
    assert!(contact.transcript().is_empty());
    assert!(answer.get("Websocket").is_none());
    let token = answer["ParticipantToken"].as_str().expect("a token");
    assert!((1..=1000).contains(&token.len()));
    bench.connect(token);
}

#[test]
fn an_initial_message_is_the_first_of_the_transcript() {
    let mut bench = Bench::new();
    let body = with(
        "InitialMessage",
        json!({ "ContentType": "text/plain", "Content": "Hi" }),
    );
    let answer = bench.get(Operation::StartChatContact, "", &body);
    let contact = bench
        .service
        .contact(answer["ContactId"].as_str().expect("an id"))
        .expect("the contact is known");
    let item = &contact.transcript()[0];
    assert_eq!(item.content.as_deref(), Some("Hi"));
    assert_eq!(item.participant_role, Some(Role::Customer));
    assert_eq!(item.initial_contact_id, item.contact_id);
}

#[test]
fn connection_types_bring_the_connection_with_the_start() {
    let mut bench = Bench::new();
    let body = with(
        "ConnectionTypes",
        json!(["WEBSOCKET", "CONNECTION_CREDENTIALS"]),
    );
    let answer = bench.get(Operation::StartChatContact, "", &body);
    let token = answer["ConnectionCredentials"]["ConnectionToken"]
        .as_str()
        .expect("a token");
    bench.get(Operation::GetTranscript, token, &json!({}));
    let url = answer["Websocket"]["Url"].as_str().expect("a URL");
    bench.open(&target(url));
}

#[test]
fn a_repeated_start_repeats_the_contact() {
    let mut bench = Bench::new();
    let body = with("ClientToken", json!("start-1"));
    let first = bench.get(Operation::StartChatContact, "", &body);
    let again = bench.get(Operation::StartChatContact, "", &body);
    assert_eq!(first, again);
    let other = bench.get(
        Operation::StartChatContact,
        "",
        &with("ClientToken", json!("start-2")),
    );
    assert_ne!(first["ContactId"], other["ContactId"]);
    assert_eq!(bench.service.contacts().count(), 2);
}

#[test]
fn members_of_which_nothing_is_kept_can_be_given() {
    let mut bench = Bench::new();
    let mut body = start_body();
    body["CustomerId"] = json!("x".repeat(128));
    body["DisconnectOnCustomerExit"] = json!(["AGENT"]);
    body["SegmentAttributes"] = json!({
        "connect:Subtype": { "ValueString": "connect:Guide" },
        "a": { "ValueMap": { "b": { "ValueList": [{ "ValueInteger": -1 }, {}] } } },
    });
    body["SupportedMessagingContentTypes"] = json!([
        "text/plain",
        "application/vnd.amazonaws.connect.message.interactive",
        "application/vnd.amazonaws.connect.message.interactive.response",
    ]);
    bench.get(Operation::StartChatContact, "", &body);
}

#[test]
fn each_member_of_a_start_is_checked() {
    let mut bench = Bench::new();
    let long = |length: usize| json!("x".repeat(length));
    let cases = [
        ("InstanceId", json!(null), "InvalidRequestException"),
        ("InstanceId", json!(1), "InvalidRequestException"),
        ("InstanceId", long(101), "InvalidParameterException"),
        ("ContactFlowId", json!(null), "InvalidRequestException"),
        ("ContactFlowId", long(501), "InvalidParameterException"),
        ("ParticipantDetails", json!(null), "InvalidRequestException"),
        (
            "ParticipantDetails",
            json!("Ana"),
            "InvalidRequestException",
        ),
        ("ParticipantDetails", json!({}), "InvalidRequestException"),
        (
            "ParticipantDetails",
            json!({ "DisplayName": "" }),
            "InvalidParameterException",
        ),
        (
            "ParticipantDetails",
            json!({ "DisplayName": "x".repeat(257) }),
            "InvalidParameterException",
        ),
        ("Attributes", json!([]), "InvalidRequestException"),
        ("Attributes", json!({ "a": 1 }), "InvalidRequestException"),
        (
            "Attributes",
            json!({ "a b": "" }),
            "InvalidParameterException",
        ),
        (
            "Attributes",
            json!({ "a": "x".repeat(20_000), "b": "x".repeat(20_000) }),
            "InvalidParameterException",
        ),
        (
            "InitialMessage",
            json!({ "ContentType": "text/plain" }),
            "InvalidRequestException",
        ),
        (
            "InitialMessage",
            json!({ "ContentType": "text/html", "Content": "x" }),
            "InvalidParameterException",
        ),
        (
            "InitialMessage",
            json!({ "ContentType": "text/plain", "Content": "x".repeat(16_385) }),
            "InvalidParameterException",
        ),
        ("ClientToken", long(501), "InvalidParameterException"),
        (
            "ChatDurationInMinutes",
            json!(59),
            "InvalidParameterException",
        ),
        (
            "ChatDurationInMinutes",
            json!(10_081),
            "InvalidParameterException",
        ),
        (
            "ChatDurationInMinutes",
            json!(60.5),
            "InvalidRequestException",
        ),
        (
            "SupportedMessagingContentTypes",
            json!(["text/markdown"]),
            "InvalidParameterException",
        ),
        (
            "SupportedMessagingContentTypes",
            json!(["text/plain", "text/html"]),
            "InvalidParameterException",
        ),
        (
            "Attributes",
            json!({ "x".repeat(32_768): "" }),
            "InvalidParameterException",
        ),
        ("CustomerId", long(129), "InvalidParameterException"),
        ("CustomerId", json!(1), "InvalidRequestException"),
        (
            "DisconnectOnCustomerExit",
            json!(["AGENT", "AGENT"]),
            "InvalidParameterException",
        ),
        (
            "DisconnectOnCustomerExit",
            json!(["CUSTOMER"]),
            "InvalidParameterException",
        ),
        ("SegmentAttributes", json!([]), "InvalidRequestException"),
        (
            "SegmentAttributes",
            json!({ "x".repeat(129): {} }),
            "InvalidParameterException",
        ),
        (
            "SegmentAttributes",
            json!({ "a": { "ValueString": "x".repeat(1_025) } }),
            "InvalidParameterException",
        ),
        (
            "SegmentAttributes",
            json!({ "a": { "ValueInteger": 2_147_483_648_u32 } }),
            "InvalidParameterException",
        ),
        (
            "SegmentAttributes",
            json!({ "a": { "ValueMap": { "b": { "ValueList": [{ "ValueArn": 1 }] } } } }),
            "InvalidRequestException",
        ),
        ("ConnectionTypes", json!([]), "InvalidParameterException"),
        (
            "ConnectionTypes",
            json!(["CARRIER_PIGEON"]),
            "InvalidParameterException",
        ),
    ];
    for (name, value, error_type) in cases {
        let answer = bench.ask(Operation::StartChatContact, "", &with(name, value.clone()));
        assert_eq!(answer.status, 400, "{name}: {value}");
        assert_eq!(answer.error_type(), error_type, "{name}: {value}");
        assert!(answer.message().contains(name), "{}", answer.message());
    }
    assert_eq!(bench.service.contacts().count(), 0);
}

#[test]
fn stopping_a_contact_ends_the_chat_once() {
    let mut bench = Bench::new();
    let answer = bench.get(Operation::StartChatContact, "", &start_body());
    let id = answer["ContactId"].as_str().expect("an id").to_owned();
    let body = json!({ "ContactId": id, "InstanceId": "instance" });

    let elsewhere = json!({ "ContactId": id, "InstanceId": "another" });
    let refused = bench.ask(Operation::StopContact, "", &elsewhere);
    assert_eq!(
        (refused.status, refused.error_type()),
        (404, "ResourceNotFoundException")
    );

    assert_eq!(bench.get(Operation::StopContact, "", &body), json!({}));
    let contact = bench.service.contact(&id).expect("the contact is known");
    assert_eq!(contact.ended(), Some(EndReason::Stopped));
    assert_eq!(contact.requests(Operation::StopContact), 2);

    for id in [id.as_str(), "unknown"] {
        let body = json!({ "ContactId": id, "InstanceId": "instance" });
        let answer = bench.ask(Operation::StopContact, "", &body);
        assert_eq!(
            (answer.status, answer.error_type()),
            (410, "ContactNotFoundException")
        );
    }
}

#[test]
fn stopping_without_naming_a_contact_is_refused() {
    let mut bench = Bench::new();
    for body in [
        json!({}),
        json!({ "ContactId": "a" }),
        json!({ "InstanceId": "a" }),
        json!({ "ContactId": 1, "InstanceId": "a" }),
    ] {
        let answer = bench.ask(Operation::StopContact, "", &body);
        assert_eq!(
            (answer.status, answer.error_type()),
            (400, "InvalidRequestException")
        );
    }
}

#[test]
fn a_customer_who_disconnects_leaves_and_ends_the_chat() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let body = json!({ "ClientToken": "bye" });
    let answer = bench.get(Operation::DisconnectParticipant, &chat.token, &body);
    assert_eq!(answer, json!({}));
    assert_eq!(bench.stored_types(&chat), [JOINED, LEFT, ENDED]);
    let items = bench.items(socket);
    assert_eq!(items[0]["ContentType"], LEFT);
    assert_eq!(items[0]["ParticipantId"], chat.participant.as_str());
    assert_eq!(items[1]["ContentType"], ENDED);
    assert!(items[1].get("ParticipantId").is_none());
    assert_eq!(bench.truth(&chat).ended(), Some(EndReason::CustomerLeft));

    bench.pass_ms(999);
    assert_eq!(bench.take(socket), []);
    bench.pass_ms(1);
    assert_eq!(bench.take(socket), [Heard::Closed(1000)]);
    assert_eq!(bench.truth(&chat).open_sockets(), 0);
}

#[test]
fn a_client_token_of_a_disconnect_is_checked() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let body = json!({ "ClientToken": "x".repeat(501) });
    let answer = bench.ask(Operation::DisconnectParticipant, &chat.token, &body);
    assert_eq!(
        (answer.status, answer.error_type()),
        (400, "ValidationException")
    );
    assert_eq!(bench.truth(&chat).ended(), None);
}

#[test]
fn after_the_end_every_token_is_denied() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let (url, _) = bench.connect(&chat.participant_token);
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    for (operation, token) in [
        (
            Operation::CreateParticipantConnection,
            &chat.participant_token,
        ),
        (Operation::SendMessage, &chat.token),
        (Operation::SendEvent, &chat.token),
        (Operation::GetTranscript, &chat.token),
        (Operation::DisconnectParticipant, &chat.token),
    ] {
        let answer = bench.ask(operation, token, &json!({}));
        assert_eq!(answer.status, 403, "{operation:?}");
        assert_eq!(answer.error_type(), "AccessDeniedException");
    }
    let socket = bench.knock(&url);
    assert_eq!(bench.take(socket), [Heard::Refused(403)]);
    assert_eq!(bench.truth(&chat).requests_after_end(), 5);
}

#[test]
fn a_transcript_can_outlive_its_chat_for_a_grace() {
    let mut bench = Bench::with(|settings| settings.transcript_grace = Duration::from_secs(10));
    let chat = bench.chat();
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    bench.pass_ms(9_999);
    bench.get(Operation::GetTranscript, &chat.token, &json!({}));
    bench.pass_ms(1);
    let answer = bench.ask(Operation::GetTranscript, &chat.token, &json!({}));
    assert_eq!(answer.status, 403);
}

#[test]
fn a_customer_who_never_connects_loses_the_chat() {
    let mut bench = Bench::new();
    let answer = bench.get(Operation::StartChatContact, "", &start_body());
    let id = answer["ContactId"].as_str().expect("an id").to_owned();
    let connected = bench.chat();
    bench.pass(Duration::from_secs(5 * 60));
    let contact = bench.service.contact(&id).expect("the contact is known");
    assert_eq!(contact.ended(), Some(EndReason::NeverConnected));
    assert_eq!(bench.truth(&connected).ended(), None);
}

#[test]
fn a_chat_ends_when_its_duration_is_over() {
    let mut bench = Bench::new();
    let body = {
        let mut body = with("ChatDurationInMinutes", json!(60));
        body["ConnectionTypes"] = json!(["CONNECTION_CREDENTIALS"]);
        body
    };
    let answer = bench.get(Operation::StartChatContact, "", &body);
    let id = answer["ContactId"].as_str().expect("an id").to_owned();
    bench.pass(Duration::from_secs(3_599));
    assert_eq!(bench.service.contact(&id).expect("known").ended(), None);
    bench.pass(Duration::from_secs(1));
    let contact = bench.service.contact(&id).expect("the contact is known");
    assert_eq!(contact.ended(), Some(EndReason::DurationOver));
}

#[test]
fn the_same_seed_gives_the_same_identifiers() {
    let ids = || {
        let mut bench = Bench::new();
        let chat = bench.chat();
        let sent = bench.send(&chat, "x");
        (chat.contact, chat.token, chat.url, sent.to_string())
    };
    assert_eq!(ids(), ids());
}
