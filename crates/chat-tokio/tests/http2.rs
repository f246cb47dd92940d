//! HTTP/2, against a server that offers it.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::convert::Infallible;
use std::sync::Arc;

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
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A server that starts a chat for whoever asks by HTTP/2, and takes one connection only.
async fn serve(listener: TcpListener, tls: ServerConfig) {
    let (stream, _) = listener.accept().await.unwrap();
    let stream = TlsAcceptor::from(Arc::new(tls))
        .accept(stream)
        .await
        .unwrap();
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
    drop(server.serve_connection(TokioIo::new(stream), answer).await);
}

#[tokio::test]
async fn requests_share_one_connection_of_http_2() {
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

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}", listener.local_addr().unwrap());
    let endpoint = Endpoint::custom(&endpoint).unwrap();
    let served = tokio::spawn(serve(listener, server));
    let client = Client::builder()
        .tls_config(Arc::new(trusting))
        .build()
        .unwrap();
    let request = StartChatContact::new("instance", "flow", "Ann");
    for _ in 0..2 {
        let details = client.start_chat(&endpoint, &request).await.unwrap();
        assert_eq!(details.contact_id.as_str(), "c");
    }
    drop(client);
    served.await.unwrap();
}
