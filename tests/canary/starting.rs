//! Before there is a session: chats that are started, settings that cannot be used.

use std::time::Duration;

use chat_driver::Client;
use chat_driver::runtime::Runtime;
use chat_proto::api::StartChatContact;
use chat_proto::{Config, ContentType, CustomerId, Endpoint};
use chat_sim::{Fault, Operation, Settings};
use chat_tests::{foreign, refusal};
use serde_json::json;

use crate::capture::{see, see_error};
use crate::gateway;
use crate::marks::mark;
use crate::stage::{Stage, client};

pub(crate) async fn chats_are_started<R: Runtime>() {
    let stage = Stage::open(Settings::default(), client::<R>()).await;
    let mut request = StartChatContact::new("local", "flow", mark("display name"));
    request
        .attributes
        .insert("key".to_owned(), mark("attribute"));
    request.initial_message = Some((ContentType::TextPlain, mark("text")));
    request.customer_id = Some(CustomerId::from(mark("customer")));
    see(&request);
    see(&stage
        .client
        .start_chat(&stage.endpoint, &request)
        .await
        .unwrap());
    let body = format!(r#"{{"ParticipantToken":"{}"}}"#, mark("foreign body"));
    for effect in [
        refusal(400),
        refusal(403),
        refusal(429),
        foreign(200, &body),
        foreign(200, &mark("foreign body")),
        foreign(404, &mark("foreign body")),
    ] {
        let fault = Fault::new(effect).on(Operation::StartChatContact).once();
        stage
            .simulator
            .with(|service, now| service.inject(now, fault));
        let refused = stage.client.start_chat(&stage.endpoint, &request).await;
        see_error(&refused.unwrap_err());
    }
    let mut long = request.clone();
    long.display_name = mark("display name").repeat(30);
    see_error(
        &stage
            .client
            .start_chat(&stage.endpoint, &long)
            .await
            .unwrap_err(),
    );

    let token = mark("participant token");
    let started = json!({"data": {"startChatResult": {
        "ContactId": "c", "ParticipantId": "p", "ParticipantToken": token,
    }}});
    let error = json!({"data": {"Error": {
        "code": "LimitExceededException", "statusCode": 429, "message": "m",
    }}});
    for (status, body) in [
        ("200 OK", started.to_string()),
        ("500 Oops", error.to_string()),
        ("200 OK", mark("foreign body")),
        ("502 Bad Gateway", mark("foreign body")),
    ] {
        let proxy = gateway::answering(gateway::http(status, &body));
        let url = format!("http://{proxy}/{}?key={}", mark("path"), mark("path"));
        match stage.client.start_chat_through_proxy(&url, &request).await {
            Ok(started) => see(&started),
            Err(error) => see_error(&error),
        }
    }
    for begin in [
        "http://127.0.0.1:1/",
        "http://example.com/",
        "ftp://x/",
        "",
        "http://[",
    ] {
        let url = format!("{begin}{}", mark("path"));
        let refused = stage.client.start_chat_through_proxy(&url, &request).await;
        see_error(&refused.unwrap_err());
    }
}

pub(crate) async fn settings_are_wrong<R: Runtime>() {
    let builder = Client::<R>::builder;
    for builder in [
        builder().event_queue(0),
        builder().connect_timeout(Duration::ZERO),
        builder().user_agent_suffix("a\nb"),
        builder().header("x-key", format!("{}\n", mark("header"))),
        builder().header("host", mark("header")),
    ] {
        see(&builder);
        see_error(&builder.build().unwrap_err());
    }
    let secret = mark("path");
    for url in ["http://user:", "", "http://[", "ftp://x/"] {
        if let Err(error) = Endpoint::custom(&format!("{url}{secret}")) {
            see_error(&error);
        }
    }
    let mut config = Config::new(Endpoint::region("us-west-2").unwrap());
    see_error(&config.send_deadline(Duration::ZERO).unwrap_err());
}
