//! How chats are started.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;

use chat_sim::Simulator;
use chat_tokio::chat_proto::api::{Exception, StartChatContact};
use chat_tokio::chat_proto::{ChatDetails, Config, Endpoint, RequestError};
use chat_tokio::{Client, StartChatError};
use serde_json::{Value, json};

use crate::support::tokio_chat::{in_time, start_chat};

/// Answers one request with this status and body, and gives the body of the request.
fn proxy(status: &'static str, answer: &Value) -> (String, std::thread::JoinHandle<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/Prod", listener.local_addr().unwrap());
    let answer = answer.to_string();
    let served = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let line = line.trim().to_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(given) = line.strip_prefix("content-length:") {
                length = given.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let length = answer.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{answer}");
        reader.get_mut().write_all(head.as_bytes()).unwrap();
        serde_json::from_slice(&body).unwrap()
    });
    (url, served)
}

#[tokio::test]
async fn a_chat_started_through_a_proxy_is_connected_to() {
    in_time(async {
        let simulator = Simulator::start().await.unwrap();
        let (contact, details) = start_chat(&simulator);
        let ChatDetails {
            participant_id,
            participant_token,
            ..
        } = details;
        let (url, served) = proxy(
            "200 OK",
            &json!({"data": {"startChatResult": {
                "ContactId": contact,
                "ParticipantId": participant_id.as_str(),
                "ParticipantToken": participant_token.expose(),
            }}}),
        );
        let client = Client::builder().build().unwrap();
        let chat = StartChatContact::new("", "", "Ann");
        let started = client.start_chat_through_proxy(&url, &chat).await.unwrap();
        let asked = served.join().unwrap();
        assert_eq!(asked["ParticipantDetails"]["DisplayName"], "Ann");
        let config = Config::new(Endpoint::custom(&simulator.endpoint()).unwrap());
        let (session, _events) = client.session(config, started.details).unwrap();
        session.connect().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_a_proxy_refuses_is_told_as_the_services_refusal() {
    in_time(async {
        let error = json!({"code": "LimitExceededException", "statusCode": 429, "message": "m"});
        let (url, served) = proxy("500 Oops", &json!({"data": {"Error": error}}));
        let client = Client::builder().build().unwrap();
        let chat = StartChatContact::new("", "", "Ann");
        let refused = client.start_chat_through_proxy(&url, &chat).await;
        served.join().unwrap();
        let Err(StartChatError::Request(RequestError::Service(error))) = refused else {
            unreachable!("{refused:?}");
        };
        assert_eq!(
            (error.status, error.exception),
            (429, Exception::LimitExceeded)
        );
        for url in ["ftp://example.com", "Prod"] {
            let refused = client.start_chat_through_proxy(url, &chat).await;
            assert!(matches!(refused, Err(StartChatError::Command(_))), "{url}");
        }
    })
    .await;
}
