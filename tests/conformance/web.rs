//! A web server that answers one request.

use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::service::{on_network, spawn_on_network};
use crate::stage::Stage;

pub(crate) struct Web {
    pub(crate) url: String,
    asked: oneshot::Receiver<Value>,
}

impl Web {
    /// A server that answers with this status and body.
    pub(crate) async fn start(stage: &Stage, status: &'static str, answer: &Value) -> Self {
        let listener = on_network(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).await;
        let listener = listener.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tls = stage.is_encrypted().then(|| stage.authority().server());
        let (answer, (tell, asked)) = (answer.to_string(), oneshot::channel());
        spawn_on_network(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let body = match tls {
                None => serve(stream, status, &answer).await,
                Some(tls) => {
                    let stream = TlsAcceptor::from(tls).accept(stream).await;
                    serve(stream.unwrap(), status, &answer).await
                }
            };
            tell.send(body).unwrap();
        });
        let url = format!("{}/Prod", stage.url("127.0.0.1", port));
        Self { url, asked }
    }

    /// The body of the request.
    pub(crate) async fn asked(self) -> Value {
        self.asked.await.unwrap()
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, status: &str, answer: &str) -> Value {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(given) = line.strip_prefix("content-length:") {
            length = given.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    let length = answer.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{answer}");
    let stream = reader.get_mut();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    serde_json::from_slice(&body).unwrap()
}
