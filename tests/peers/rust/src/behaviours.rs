//! What the SDK is asked for, and what it must receive.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_connectparticipant::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_connectparticipant::operation::RequestId;
use aws_sdk_connectparticipant::types::{
    ArtifactStatus, ChatItemType, ConnectionType, ParticipantRole, ScanDirection, SortKey,
    StartPosition,
};
use serde_json::{Value, json};

use crate::chat::{Chat, client, is_time};
use crate::simulator::Simulator;

type Check = fn() -> Pin<Box<dyn Future<Output = ()>>>;

/// A behaviour, what exactly, and the check.
pub const ALL: &[(&str, &str, Check)] = &[
    (
        "connect",
        "URL, token and their ends; a wrong token",
        || Box::pin(connect()),
    ),
    ("messages", "both ways, with every field", || {
        Box::pin(messages())
    }),
    ("typing", "both ways", || Box::pin(typing())),
    (
        "receipts",
        "recorded, and received",
        || Box::pin(receipts()),
    ),
    ("transcript", "typed items, from a position", || {
        Box::pin(transcript())
    }),
    (
        "paging",
        "every item once, both ways",
        || Box::pin(paging()),
    ),
    ("attachments", "up and down, byte by byte", || {
        Box::pin(attachments())
    }),
    ("view", "described", || Box::pin(view())),
    ("authentication", "a URL, and cancelled", || {
        Box::pin(authentication())
    }),
    (
        "idempotency",
        "retries and repeats make one message",
        || Box::pin(idempotency()),
    ),
    (
        "errors",
        "each as the SDK's own type",
        || Box::pin(errors()),
    ),
    ("chat ended", "by the customer", || Box::pin(ended())),
];

const EVENT: &str = "application/vnd.amazonaws.connect.event";

async fn connect() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let prefix = simulator.endpoint.replace("http", "ws");
    assert!(chat.url.starts_with(&prefix), "{}", chat.url);
    chat.socket().await;
    let acknowledged = chat
        .client
        .create_participant_connection()
        .participant_token(&chat.participant_token)
        .connect_participant(true)
        .send()
        .await
        .expect("it is acknowledged");
    assert!(acknowledged.websocket().is_none());
    assert!(acknowledged.request_id().is_some());
    let denied = chat
        .client
        .create_participant_connection()
        .participant_token("nobody")
        .r#type(ConnectionType::Websocket)
        .send()
        .await
        .expect_err("nobody is denied");
    assert!(denied.into_service_error().is_access_denied_exception());
}

async fn send(chat: &Chat, content: &str) -> String {
    let sent = chat
        .client
        .send_message()
        .connection_token(&chat.token)
        .content_type("text/plain")
        .content(content)
        .send()
        .await
        .expect("it is sent");
    assert!(is_time(sent.absolute_time()));
    sent.id().expect("an id").to_owned()
}

async fn messages() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let mut socket = chat.socket().await;
    let id = send(&chat, "Grüße 👋").await;
    let echo = socket.item().await;
    assert_eq!(echo["Id"], id.as_str());
    assert_eq!(echo["Content"], "Grüße 👋");
    assert_eq!(echo["ParticipantId"], chat.participant.as_str());
    let said = simulator.post(&chat.at("agent/message"), json!({ "content": "Hello" }));
    let joined = socket.item().await;
    assert_eq!(joined["ContentType"], format!("{EVENT}.participant.joined"));
    assert_eq!(socket.item().await, said["item"]);
}

async fn event(chat: &Chat, name: &str, content: Option<&str>) -> String {
    let sent = chat
        .client
        .send_event()
        .connection_token(&chat.token)
        .content_type(format!("{EVENT}.{name}"))
        .set_content(content.map(str::to_owned))
        .send()
        .await
        .expect("it is sent");
    assert!(is_time(sent.absolute_time()));
    sent.id().expect("an id").to_owned()
}

async fn typing() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let mut socket = chat.socket().await;
    let id = event(&chat, "typing", None).await;
    let own = socket.item().await;
    assert_eq!(own["Id"], id.as_str());
    assert_eq!(own["ParticipantRole"], "CUSTOMER");
    simulator.post(&chat.at("agent/join"), json!({ "display_name": "Jo" }));
    socket.item().await;
    simulator.post(&chat.at("agent/typing"), json!({}));
    let theirs = socket.item().await;
    assert_eq!(theirs["ContentType"], format!("{EVENT}.typing"));
    assert_eq!(theirs["DisplayName"], "Jo");
}

async fn receipts() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let mut socket = chat.socket().await;
    let said = simulator.post(&chat.at("agent/message"), json!({ "content": "Hello" }));
    let message = said["item"]["Id"].as_str().expect("an id");
    let content = json!({ "messageId": message }).to_string();
    event(&chat, "message.delivered", Some(&content)).await;
    event(&chat, "message.read", Some(&content)).await;
    let shown = simulator.get(&format!("/contacts/{}", chat.contact));
    let receipt = &shown["receipts"][0];
    assert_eq!(receipt["message_id"], message);
    assert_eq!(
        receipt["recipient_participant_id"],
        chat.participant.as_str()
    );
    assert!(receipt["read"].is_string());

    let id = send(&chat, "Hi").await;
    simulator.post(&chat.at("agent/read"), json!({ "message_id": id }));
    let read = loop {
        let item = socket.item().await;
        if item["MessageMetadata"]["MessageId"] == id.as_str() {
            break item;
        }
    };
    assert_eq!(read["Type"], "MESSAGEMETADATA");
    assert!(read["MessageMetadata"]["Receipts"][0]["ReadTimestamp"].is_string());
}

async fn transcript() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    chat.socket().await;
    let mine = send(&chat, "Hi").await;
    simulator.post(&chat.at("agent/message"), json!({ "content": "Hello" }));
    let page = chat
        .client
        .get_transcript()
        .connection_token(&chat.token)
        .scan_direction(ScanDirection::Forward)
        .sort_order(SortKey::Ascending)
        .start_position(StartPosition::builder().id(&mine).build())
        .send()
        .await
        .expect("a page");
    assert_eq!(page.initial_contact_id(), Some(chat.contact.as_str()));
    assert_eq!(page.next_token(), None);
    let [hi, joined, hello] = page.transcript() else {
        panic!("three items, but {:?}", page.transcript().len());
    };
    assert_eq!(hi.id(), Some(mine.as_str()));
    assert_eq!(hi.r#type(), Some(&ChatItemType::Message));
    assert_eq!(hi.participant_role(), Some(&ParticipantRole::Customer));
    assert_eq!(hi.participant_id(), Some(chat.participant.as_str()));
    assert_eq!(hi.display_name(), Some("Ana"));
    assert_eq!(hi.content(), Some("Hi"));
    assert_eq!(hi.content_type(), Some("text/plain"));
    assert_eq!(hi.contact_id(), Some(chat.contact.as_str()));
    assert_eq!(hi.related_contact_id(), None);
    assert_eq!(joined.r#type(), Some(&ChatItemType::Event));
    assert_eq!(hello.participant_role(), Some(&ParticipantRole::Agent));
    assert!(
        page.transcript()
            .iter()
            .all(|item| is_time(item.absolute_time()))
    );
}

async fn paging() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    for number in 0..230 {
        simulator.post(
            &chat.at("agent/message"),
            json!({ "content": number.to_string() }),
        );
    }
    let record = simulator.get(&chat.at("transcript"));
    let record: Vec<&Value> = record["items"].as_array().expect("items").iter().collect();
    let first = record[0]["Id"].as_str().expect("an id");
    let from_first = StartPosition::builder().id(first).build();
    for (direction, start) in [
        (ScanDirection::Backward, None),
        (ScanDirection::Forward, Some(from_first)),
    ] {
        let mut ids: Vec<String> = Vec::new();
        let mut next = None;
        loop {
            let page = chat
                .client
                .get_transcript()
                .connection_token(&chat.token)
                .max_results(100)
                .scan_direction(direction.clone())
                .sort_order(SortKey::Ascending)
                .set_start_position(start.clone().filter(|_| next.is_none()))
                .set_next_token(next)
                .send()
                .await
                .expect("a page");
            let page_ids = page.transcript().iter().filter_map(|item| item.id());
            let page_ids = page_ids.map(str::to_owned);
            if direction == ScanDirection::Backward {
                ids = page_ids.chain(ids).collect();
            } else {
                ids.extend(page_ids);
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        let expected: Vec<&str> = record
            .iter()
            .filter_map(|item| item["Id"].as_str())
            .collect();
        assert_eq!(ids, expected, "{direction:?}");
    }
}

async fn attachments() {
    let simulator = Simulator::start(&["--set", "scan_delay_ms=0"]);
    let chat = Chat::connect(&simulator).await;
    let mut socket = chat.socket().await;
    let bytes: Vec<u8> = (0..100_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let started = chat
        .client
        .start_attachment_upload()
        .connection_token(&chat.token)
        .content_type("application/pdf")
        .attachment_size_in_bytes(bytes.len() as i64)
        .attachment_name("plan.pdf")
        .send()
        .await
        .expect("a place to upload to");
    let id = started.attachment_id().expect("an id");
    let metadata = started.upload_metadata().expect("where to");
    assert!(is_time(metadata.url_expiry()));
    let url = metadata.url().expect("a URL");
    let refused = ureq::put(url).send(&bytes[..]);
    assert!(
        matches!(refused, Err(ureq::Error::StatusCode(403))),
        "without its headers"
    );
    let mut upload = ureq::put(url);
    for (name, value) in metadata.headers_to_include().expect("headers") {
        upload = upload.header(name, value);
    }
    assert_eq!(
        upload.send(&bytes[..]).expect("it is uploaded").status(),
        200
    );
    chat.client
        .complete_attachment_upload()
        .connection_token(&chat.token)
        .attachment_ids(id)
        .send()
        .await
        .expect("it is complete");
    let item = socket.item().await;
    assert_eq!(item["Type"], "ATTACHMENT");
    assert_eq!(item["Attachments"][0]["AttachmentId"], id);
    assert_eq!(item["Attachments"][0]["Status"], "APPROVED");

    let page = chat
        .client
        .get_transcript()
        .connection_token(&chat.token)
        .max_results(1)
        .send()
        .await
        .expect("a page");
    let file = &page.transcript()[0].attachments()[0];
    assert_eq!(file.attachment_name(), Some("plan.pdf"));
    assert_eq!(file.status(), Some(&ArtifactStatus::Approved));
    let there = chat
        .client
        .get_attachment()
        .connection_token(&chat.token)
        .attachment_id(id)
        .send()
        .await
        .expect("a URL");
    assert_eq!(there.attachment_size_in_bytes(), bytes.len() as i64);
    let mut answer = ureq::get(there.url().expect("a URL"))
        .call()
        .expect("the file");
    assert_eq!(answer.body_mut().read_to_vec().expect("bytes"), bytes);
}

async fn view() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let view = json!({
        "id": "form:1", "name": "Form", "version": 3, "actions": ["Submit"],
        "input_schema": "{}", "template": "{\"a\":1}",
    });
    let shown = simulator.post(&chat.at("bot/view"), view);
    let content = shown["item"]["Content"].as_str().expect("a text");
    let content: Value = serde_json::from_str(content).expect("JSON");
    let token = content["data"]["content"]["viewToken"]
        .as_str()
        .expect("a token");
    let described = chat
        .client
        .describe_view()
        .connection_token(&chat.token)
        .view_token(token)
        .send()
        .await
        .expect("a view");
    let view = described.view().expect("a view");
    assert_eq!(view.id(), Some("form:1"));
    assert_eq!(view.name(), Some("Form"));
    assert_eq!(view.version(), Some(3));
    let content = view.content().expect("a content");
    assert_eq!(content.template(), Some("{\"a\":1}"));
    assert_eq!(content.actions(), ["Submit"]);
    let unknown = chat
        .client
        .describe_view()
        .connection_token(&chat.token)
        .view_token("a/b+c=")
        .send()
        .await
        .expect_err("there is none")
        .into_service_error();
    assert!(unknown.is_resource_not_found_exception(), "{unknown}");
}

async fn authentication() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let event = json!({ "name": "authentication_initiated" });
    let told = simulator.post(&chat.at("events"), event);
    let content: Value =
        serde_json::from_str(told["item"]["Content"].as_str().expect("a text")).expect("JSON");
    let session = content["SessionId"].as_str().expect("a session");
    let url = chat
        .client
        .get_authentication_url()
        .connection_token(&chat.token)
        .session_id(session)
        .redirect_uri("https://x.example/back")
        .send()
        .await
        .expect("a URL");
    let page = ureq::get(url.authentication_url().expect("a URL")).call();
    assert_eq!(page.expect("a page").status(), 200);
    chat.client
        .cancel_participant_authentication()
        .connection_token(&chat.token)
        .session_id(session)
        .send()
        .await
        .expect("it is cancelled");
    let shown = simulator.get(&format!("/contacts/{}", chat.contact));
    assert!(shown["authentication_session"].is_null());
}

async fn idempotency() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    // Taken, but the answer is lost: the SDK tries again with the same token.
    let fault = json!({ "effect": "lose_response", "operation": "SendMessage", "times": 2 });
    simulator.post("/faults", fault);
    let id = send(&chat, "once").await;
    let requests = simulator.get(&format!("/contacts/{}", chat.contact))["requests"].clone();
    assert_eq!(requests["SendMessage"], 3);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let sent = chat
            .client
            .send_message()
            .connection_token(&chat.token)
            .content_type("text/plain")
            .content("again")
            .client_token("my own")
            .send()
            .await
            .expect("it is sent");
        ids.push(sent.id().map(str::to_owned));
    }
    assert_eq!(ids[0], ids[1]);
    let record = simulator.get(&chat.at("transcript"));
    let said: Vec<&str> = record["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["Content"].as_str())
        .collect();
    assert_eq!(said, ["once", "again"]);
    assert_eq!(record["items"][0]["Id"], id.as_str());
}

async fn errors() {
    let simulator = Simulator::start(&["--set", "attachments_per_contact=0"]);
    let chat = Chat::connect(&simulator).await;
    let once = client(&simulator, 1);
    let message = |content_type: &str, token: &str| {
        once.send_message()
            .connection_token(token)
            .content_type(content_type)
            .content("x")
            .send()
    };
    let invalid = message("text/html", &chat.token)
        .await
        .expect_err("refused");
    let status = invalid
        .raw_response()
        .map(|response| response.status().as_u16());
    assert_eq!(status, Some(400));
    assert!(
        invalid
            .as_service_error()
            .is_some_and(|error| error.is_validation_exception())
    );
    assert!(
        invalid
            .message()
            .is_some_and(|text| text.contains("ContentType"))
    );
    let denied = message("text/plain", "nobody").await.expect_err("denied");
    assert!(denied.into_service_error().is_access_denied_exception());

    for (status, name) in [
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
    ] {
        let answer = json!({ "status": status, "error_type": name, "message": "try later" });
        let fault = json!({ "effect": { "answer": answer }, "times": 1 });
        simulator.post("/faults", fault);
        let error = message("text/plain", &chat.token)
            .await
            .expect_err("a fault");
        assert!(matches!(error, SdkError::ServiceError(_)));
        let error = error.into_service_error();
        assert_eq!(error.message(), Some("try later"));
        assert_eq!(error.code(), Some(name));
        assert_eq!(error.is_throttling_exception(), status == 429);
        assert_eq!(error.is_internal_server_exception(), status == 500);
    }

    let quota = once
        .start_attachment_upload()
        .connection_token(&chat.token)
        .content_type("text/plain")
        .attachment_size_in_bytes(1)
        .attachment_name("a.txt")
        .send()
        .await
        .expect_err("there may be none");
    let status = quota
        .raw_response()
        .map(|response| response.status().as_u16());
    assert_eq!(status, Some(402));
    assert!(
        quota
            .into_service_error()
            .is_service_quota_exceeded_exception()
    );

    simulator.post(&chat.at("agent/join"), json!({ "display_name": "Jo" }));
    let seat = json!({ "display_name": "Sam", "role": "SUPERVISOR" });
    let seat = simulator.post(&chat.at("seats"), seat);
    once.create_participant_connection()
        .participant_token(seat["participant_token"].as_str().expect("a token"))
        .connect_participant(true)
        .send()
        .await
        .expect("the supervisor joins");
    once.create_participant_connection()
        .participant_token(&chat.participant_token)
        .connect_participant(true)
        .send()
        .await
        .expect("the customer joins");
    let id = send(&chat, "Hi").await;
    let conflict = once
        .send_event()
        .connection_token(&chat.token)
        .content_type(format!("{EVENT}.message.read"))
        .content(json!({ "messageId": id }).to_string())
        .send()
        .await
        .expect_err("three are too many for receipts");
    assert!(conflict.into_service_error().is_conflict_exception());

    let unknown = once
        .describe_view()
        .connection_token(&chat.token)
        .view_token("none")
        .send()
        .await
        .expect_err("there is none");
    assert!(
        unknown
            .into_service_error()
            .is_resource_not_found_exception()
    );
}

async fn ended() {
    let simulator = Simulator::start(&[]);
    let chat = Chat::connect(&simulator).await;
    let mut socket = chat.socket().await;
    chat.client
        .disconnect_participant()
        .connection_token(&chat.token)
        .send()
        .await
        .expect("it is left");
    assert_eq!(
        socket.item().await["ContentType"],
        format!("{EVENT}.participant.left")
    );
    let ended = socket.item().await;
    assert_eq!(ended["ContentType"], format!("{EVENT}.chat.ended"));
    assert_eq!(ended["Type"], "EVENT");
    let shown = simulator.get(&format!("/contacts/{}", chat.contact));
    assert_eq!(shown["ended"]["reason"], "customer_left");
    let denied = chat
        .client
        .create_participant_connection()
        .participant_token(&chat.participant_token)
        .r#type(ConnectionType::Websocket)
        .send()
        .await
        .expect_err("it is over");
    assert!(denied.into_service_error().is_access_denied_exception());
}
