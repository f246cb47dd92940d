//! A chat of a customer whose client is the SDK.

use std::time::Duration;

use aws_sdk_connectparticipant::Client;
use aws_sdk_connectparticipant::config::retry::RetryConfig;
use aws_sdk_connectparticipant::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_connectparticipant::types::ConnectionType;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::simulator::Simulator;

/// How long a test waits for what must come.
const SOON: Duration = Duration::from_secs(10);

pub struct Chat {
    pub client: Client,
    pub contact: String,
    pub participant: String,
    pub participant_token: String,
    pub token: String,
    /// The socket's URL.
    pub url: String,
}

impl Chat {
    /// A chat whose customer has a connection token.
    pub async fn connect(simulator: &Simulator) -> Self {
        let client = client(simulator, 3);
        let started = simulator.post("/contacts", json!({ "display_name": "Ana" }));
        let text = |name: &str| started[name].as_str().expect("a text").to_owned();
        let participant_token = text("participant_token");
        let connection = client
            .create_participant_connection()
            .participant_token(&participant_token)
            .r#type(ConnectionType::Websocket)
            .r#type(ConnectionType::ConnectionCredentials)
            .send()
            .await
            .expect("a connection");
        let websocket = connection.websocket().expect("a socket");
        let credentials = connection.connection_credentials().expect("credentials");
        assert!(is_time(websocket.connection_expiry()));
        assert!(is_time(credentials.expiry()));
        Self {
            client,
            contact: text("contact_id"),
            participant: text("participant_id"),
            participant_token,
            token: credentials.connection_token().expect("a token").to_owned(),
            url: websocket.url().expect("a URL").to_owned(),
        }
    }

    /// The chat's socket, subscribed.
    pub async fn socket(&self) -> Socket {
        let (mut stream, _) = tokio_tungstenite::connect_async(&self.url)
            .await
            .expect("the handshake");
        let subscribe = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;
        stream
            .send(Message::text(subscribe))
            .await
            .expect("it is sent");
        let mut socket = Socket(stream);
        assert_eq!(socket.frame().await["content"]["status"], "success");
        let joined = socket.item().await;
        assert_eq!(
            joined["ContentType"],
            "application/vnd.amazonaws.connect.event.participant.joined"
        );
        socket
    }

    /// A path of the control API within this chat.
    pub fn at(&self, path: &str) -> String {
        format!("/contacts/{}/{path}", self.contact)
    }
}

pub struct Socket(
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
);

impl Socket {
    async fn frame(&mut self) -> Value {
        let frame = tokio::time::timeout(SOON, self.0.next()).await;
        match frame.expect("a frame comes in time") {
            Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
            other => panic!("no text frame but {other:?}"),
        }
    }

    /// The next item.
    pub async fn item(&mut self) -> Value {
        let frame = self.frame().await;
        assert_eq!(frame["topic"], "aws/chat");
        serde_json::from_str(frame["content"].as_str().expect("a text")).expect("JSON")
    }
}

/// A client of the SDK, that tries so often.
pub fn client(simulator: &Simulator, attempts: u32) -> Client {
    let config = aws_sdk_connectparticipant::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&simulator.endpoint)
        .credentials_provider(Credentials::new("id", "secret", None, None, "none"))
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(attempts)
                .with_initial_backoff(Duration::from_millis(10)),
        )
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// Whether a text is a timestamp in the service's form.
pub fn is_time(text: Option<&str>) -> bool {
    text.is_some_and(|text| {
        text.len() == 24
            && text.bytes().enumerate().all(|(place, byte)| match place {
                4 | 7 => byte == b'-',
                10 => byte == b'T',
                13 | 16 => byte == b':',
                19 => byte == b'.',
                23 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
    })
}
