//! A client of its own kind: HTTP/1.1 by hand and a raw WebSocket, over any stream.

use std::io;
use std::time::Duration;

use chat_sim::{Operation, Simulator};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::bench::SUBSCRIBE;

/// How long a test waits for what must come.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// What must come soon.
pub(crate) async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future)
        .await
        .expect("it comes in time")
}

pub(crate) async fn dial(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(("127.0.0.1", simulator.port()))
        .await
        .expect("the simulator listens")
}

/// Writes a request.
pub(crate) async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    operation: Operation,
    bearer: &str,
    body: &[u8],
) -> io::Result<()> {
    let head = format!(
        "{} {} HTTP/1.1\r\nhost: localhost\r\nx-amz-bearer: {bearer}\r\ncontent-length: {}\r\n\r\n",
        operation.method(),
        operation.path(),
        body.len()
    );
    // In one piece: the second of two small ones would wait for the first to be acknowledged.
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    stream.flush().await
}

/// Reads an answer: its status and body. Nothing when the connection ends before it is whole.
pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<(u16, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length: usize = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                let status = head.split(' ').nth(1)?.parse().ok()?;
                return Some((status, body.to_owned()));
            }
        }
        let mut buffer = [0; 4_096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

pub(crate) async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    operation: Operation,
    bearer: &str,
    body: &Value,
) -> (u16, Value) {
    write(stream, operation, bearer, body.to_string().as_bytes())
        .await
        .expect("the request is written");
    let (status, text) = soon(read(stream)).await.expect("an answer");
    (status, serde_json::from_str(&text).expect("JSON"))
}

#[derive(Debug)]
pub(crate) struct Connected {
    pub(crate) contact: String,
    pub(crate) participant_token: String,
    pub(crate) token: String,
    pub(crate) url: String,
}

/// A chat that is started and connected over HTTP.
pub(crate) async fn start<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Connected {
    let body = json!({
        "InstanceId": "i",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
    });
    let (status, started) = ask(stream, Operation::StartChatContact, "", &body).await;
    assert_eq!(status, 200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let participant_token = text(&started["ParticipantToken"]);
    let (url, token) = connect(stream, &participant_token).await;
    Connected {
        contact: text(&started["ContactId"]),
        participant_token,
        token,
        url,
    }
}

/// A new URL and a new token.
pub(crate) async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    participant_token: &str,
) -> (String, String) {
    let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
    let operation = Operation::CreateParticipantConnection;
    let (status, connection) = ask(stream, operation, participant_token, &body).await;
    assert_eq!(status, 200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (
        text(&connection["Websocket"]["Url"]),
        text(&connection["ConnectionCredentials"]["ConnectionToken"]),
    )
}

pub(crate) type Socket<S> = WebSocketStream<S>;

pub(crate) async fn open<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    url: &str,
) -> Result<Socket<S>, tungstenite::Error> {
    soon(tokio_tungstenite::client_async(url, stream))
        .await
        .map(|(socket, _)| socket)
}

/// An open socket that is subscribed and has heard of the customer's joining.
pub(crate) async fn listen<S: AsyncRead + AsyncWrite + Unpin>(stream: S, url: &str) -> Socket<S> {
    let mut socket = open(stream, url).await.expect("the handshake");
    tell(&mut socket, SUBSCRIBE).await;
    assert_eq!(hear(&mut socket).await["content"]["status"], "success");
    let joined = crate::bench::item(&hear(&mut socket).await);
    assert_eq!(joined["ContentType"], crate::bench::JOINED);
    socket
}

pub(crate) async fn tell<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>, text: &str) {
    socket
        .send(Message::text(text))
        .await
        .expect("the frame is sent");
}

/// The next message of any kind.
pub(crate) async fn next<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut Socket<S>,
) -> Option<Result<Message, tungstenite::Error>> {
    soon(socket.next()).await
}

/// The next text frame, as JSON.
pub(crate) async fn hear<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>) -> Value {
    match next(socket).await {
        Some(Ok(Message::Text(text))) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("no text frame but {other:?}"),
    }
}
