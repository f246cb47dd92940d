//! How chats are started.

use chat_sim::Operation;
use serde_json::json;

use crate::adapter::chat_proto::api::{Exception, StartChatContact};
use crate::adapter::chat_proto::{Draft, RequestError};
use crate::adapter::{Adapter, StartChatError};
use crate::behaviours::{Behaviour, behaviours};
use crate::chat::Plan;
use crate::stage::Stage;
use crate::web::Web;

pub(super) fn all<A: Adapter>() -> Vec<Behaviour> {
    behaviours![A on All:
        a_chat_is_started_over_http,
        a_chat_is_started_through_the_proxy_of_aws,
        what_the_proxy_of_aws_refuses_is_told_as_the_services_refusal,
    ]
}

async fn a_chat_is_started_over_http<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).start().await;
    let request = StartChatContact::new("instance", "flow", "Ann");
    let started = chat.client.start_chat(chat.config.endpoint(), &request);
    let details = started.await.unwrap();
    let session = chat.client.session(chat.config.clone(), details);
    let (session, events) = session.unwrap();
    drop(events); // the session goes on without
    session.connect().await.unwrap();
    session.send_message(Draft::text("hello")).await.unwrap();
    assert_eq!(chat.requests(Operation::SendMessage), 1);
}

async fn a_chat_is_started_through_the_proxy_of_aws<A: Adapter>(stage: Stage) {
    let chat = Plan::<A>::new(&stage).start().await;
    let details = chat.session.chat_details();
    let answer = json!({"data": {"startChatResult": {
        "ContactId": details.contact_id.as_str(),
        "ParticipantId": details.participant_id.as_str(),
        "ParticipantToken": details.participant_token.expose(),
    }}});
    let web = Web::start(&stage, "200 OK", &answer).await;
    let request = StartChatContact::new("", "", "Ann");
    let started = chat.client.start_chat_through_proxy(&web.url, &request);
    let started = started.await.unwrap();
    assert_eq!(
        web.asked().await["ParticipantDetails"]["DisplayName"],
        "Ann"
    );
    let session = chat.client.session(chat.config.clone(), started.details);
    let (session, _events) = session.unwrap();
    session.connect().await.unwrap();
}

async fn what_the_proxy_of_aws_refuses_is_told_as_the_services_refusal<A: Adapter>(stage: Stage) {
    let error = json!({"code": "LimitExceededException", "statusCode": 429, "message": "m"});
    let web = Web::start(&stage, "500 Oops", &json!({"data": {"Error": error}})).await;
    let client = stage.client::<A>().build().unwrap();
    let request = StartChatContact::new("", "", "Ann");
    let refused = client.start_chat_through_proxy(&web.url, &request).await;
    web.asked().await;
    let Err(StartChatError::Request(RequestError::Service(error))) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (error.status, error.exception),
        (429, Exception::LimitExceeded)
    );
    for url in ["ftp://example.com", "Prod"] {
        let refused = client.start_chat_through_proxy(url, &request).await;
        assert!(matches!(refused, Err(StartChatError::Command(_))), "{url}");
    }
}
