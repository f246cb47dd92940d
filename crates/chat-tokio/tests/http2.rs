//! HTTP/2, against a server that offers it.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chat_tokio::Client;
use chat_tokio::chat_proto::Endpoint;
use chat_tokio::chat_proto::api::StartChatContact;
use http::{Request, Response, Version};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::CertifiedKey;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A server that starts a chat for whoever asks by HTTP/2, on any number of connections.
async fn serve(listener: TcpListener, tls: ServerConfig) {
    let tls = TlsAcceptor::from(Arc::new(tls));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let stream = tls.accept(stream).await.unwrap();
        let answer = service_fn(|request: Request<Incoming>| async move {
            let started = r#"{"ContactId":"c","ParticipantId":"p","ParticipantToken":"t"}"#;
            let status = match request.version() {
                Version::HTTP_2 => 200,
                _ => 505,
            };
            let body = Full::new(Bytes::from_static(started.as_bytes()));
            Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
        });
        let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let connection = server.serve_connection(TokioIo::new(stream), answer);
        tokio::spawn(connection);
    }
}

/// What stands between the client and the server.
#[derive(Default)]
struct Between {
    connections: AtomicUsize,
    /// The connections up to this one swallow everything.
    swallowing: AtomicUsize,
}

impl Between {
    /// Passes on what comes, and counts connections.
    async fn relay(self: Arc<Self>, listener: TcpListener, to: SocketAddr) {
        loop {
            let (client, _) = listener.accept().await.unwrap();
            let number = self.connections.fetch_add(1, Ordering::AcqRel) + 1;
            let server = TcpStream::connect(to).await.unwrap();
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::spawn(Arc::clone(&self).pass(number, from_client, to_server));
            tokio::spawn(Arc::clone(&self).pass(number, from_server, to_client));
        }
    }

    async fn pass(
        self: Arc<Self>,
        number: usize,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) {
        let mut bytes = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            if number > self.swallowing.load(Ordering::Acquire)
                && to.write_all(&bytes[..length]).await.is_err()
            {
                return;
            }
        }
    }
}

/// A client, the service as it reaches it, and what is between them.
async fn begin() -> (Client, Endpoint, Arc<Between>) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![cert.der().clone()],
            PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into(),
        )
        .unwrap();
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let trusting = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let behind = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let before = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = before.local_addr().unwrap();
    let between = Arc::new(Between::default());
    let relay = Arc::clone(&between).relay(before, behind.local_addr().unwrap());
    tokio::spawn(relay);
    tokio::spawn(serve(behind, server));
    let client = Client::builder().tls_config(Arc::new(trusting));
    let endpoint = Endpoint::custom(&format!("https://{address}")).unwrap();
    (client.build().unwrap(), endpoint, between)
}

fn request() -> StartChatContact {
    StartChatContact::new("instance", "flow", "Ann")
}

#[tokio::test]
async fn requests_share_one_connection_of_http_2() {
    let (client, endpoint, between) = begin().await;
    for _ in 0..2 {
        let details = client.start_chat(&endpoint, &request()).await.unwrap();
        assert_eq!(details.contact_id.as_str(), "c");
    }
    assert_eq!(between.connections.load(Ordering::Acquire), 1);
}

#[tokio::test]
async fn a_connection_that_swallows_everything_is_given_up_with_the_request_that_found_it() {
    let (client, endpoint, between) = begin().await;
    client.start_chat(&endpoint, &request()).await.unwrap();
    between.swallowing.store(1, Ordering::Release);
    let found = client.start_chat(&endpoint, &request()).await;
    found.unwrap_err();
    // Its end and that of the connection come at the same time, so one more may still meet it.
    if client.start_chat(&endpoint, &request()).await.is_err() {
        client.start_chat(&endpoint, &request()).await.unwrap();
    }
    assert_eq!(between.connections.load(Ordering::Acquire), 2);
}
