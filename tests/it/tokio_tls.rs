//! Encrypted chats, with an authority of the test's own.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::sync::Arc;

use chat_sim::Simulator;
use chat_tokio::Client;
use chat_tokio::chat_proto::{
    ConnectError, Diagnostic, Draft, Event, RequestError, TransportError, TransportErrorKind,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::support::tokio_chat::{Plan, in_time};

/// An authority, and a server with a certificate of it.
fn authority() -> (CertificateDer<'static>, Arc<ServerConfig>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    (issuer.der().clone(), Arc::new(server))
}

fn trusting(authority: CertificateDer<'static>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

#[tokio::test]
async fn http_and_websocket_are_encrypted_for_an_authority_that_is_trusted() {
    in_time(async {
        let (authority, server) = authority();
        let mut chat = Plan {
            simulator: Simulator::builder().tls(server),
            client: Client::builder().tls_config(trusting(authority)),
            ..Plan::default()
        }
        .connect()
        .await;
        assert!(chat.simulator.endpoint().starts_with("https://"));
        chat.session
            .send_message(Draft::text("secret"))
            .await
            .unwrap();
        chat.agent_sends("understood");
        chat.until_message("understood").await;
        chat.simulator.cut_sockets(&chat.contact);
        chat.agent_sends("still secret");
        chat.until_lost().await;
        assert!(chat.until_message("still secret").await);
        chat.until(|event| matches!(event, Event::GapFilled { .. }))
            .await;
        chat.assert_same_transcript();
    })
    .await;
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused_and_told_why() {
    in_time(async {
        let (_, server) = authority();
        let mut chat = Plan {
            simulator: Simulator::builder().tls(server),
            ..Plan::default()
        }
        .start()
        .await;
        let connecting = tokio::spawn({
            let session = chat.session.clone();
            async move { session.connect().await }
        });
        let diagnostic = chat.until_diagnostic("connect_attempt_failed").await;
        let Diagnostic::ConnectAttemptFailed { error, .. } = &diagnostic else {
            panic!("{diagnostic:?}");
        };
        let ConnectError::Request(RequestError::Transport(TransportError { kind, detail, .. })) =
            error
        else {
            panic!("{error:?}");
        };
        assert_eq!(*kind, TransportErrorKind::Tls);
        assert!(detail.contains("UnknownIssuer"), "{detail}");
        assert!(detail.contains("tls_config"), "{detail}");
        chat.session.abandon().await.unwrap();
        assert!(connecting.await.unwrap().is_err());
    })
    .await;
}
