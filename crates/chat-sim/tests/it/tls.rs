//! Encrypted connections, with a certificate of the caller's or of the simulator's own authority.

use std::sync::Arc;

use chat_sim::Simulator;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::http_client::{dial, hear, listen, soon, start, tell};

/// A client that trusts one certificate.
fn trusting(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("a certificate");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn connect(
    connector: &TlsConnector,
    simulator: &Simulator,
    name: &str,
) -> std::io::Result<TlsStream<tokio::net::TcpStream>> {
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    soon(connector.connect(name, dial(simulator).await)).await
}

/// HTTP and a WebSocket, encrypted.
async fn talk(connector: &TlsConnector, simulator: &Simulator, name: &str) {
    assert_eq!(
        simulator.endpoint(),
        format!("https://127.0.0.1:{}", simulator.port())
    );
    let mut http = connect(connector, simulator, name).await.expect("TLS");
    let chat = start(&mut http).await;
    assert!(chat.url.starts_with("wss://127.0.0.1:"));
    let stream = connect(connector, simulator, name).await.expect("TLS");
    let mut socket = listen(stream, &chat.url).await;
    tell(&mut socket, r#"{"topic":"aws/heartbeat"}"#).await;
    assert_eq!(hear(&mut socket).await["topic"], "aws/heartbeat");
}

#[tokio::test]
async fn a_certificate_of_the_callers_serves_both_kinds_of_connection() {
    let identity =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let certificate = identity.cert.der().clone();
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).expect("a key");
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("the certificate fits the key");
    let simulator = Simulator::builder()
        .tls(Arc::new(server))
        .seed(3)
        .start()
        .await
        .expect("a free port");
    assert_eq!(simulator.seed(), 3);
    assert_eq!(simulator.ca(), None);
    talk(&trusting(certificate), &simulator, "127.0.0.1").await;
}

#[tokio::test]
async fn an_authority_of_its_own_is_trusted_by_its_certificate_alone() {
    let start = || async {
        Simulator::builder()
            .tls_self_signed()
            .start()
            .await
            .expect("a free port")
    };
    let simulator = start().await;
    let ca = |simulator: &Simulator| {
        let pem = simulator.ca().expect("a certificate").as_bytes().to_vec();
        CertificateDer::from_pem_slice(&pem).expect("PEM")
    };
    let connector = trusting(ca(&simulator));
    for name in ["127.0.0.1", "localhost", "::1"] {
        talk(&connector, &simulator, name).await;
    }
    assert!(connect(&connector, &simulator, "x.example").await.is_err());
    let other = start().await;
    let stranger = trusting(ca(&other));
    assert!(connect(&stranger, &simulator, "127.0.0.1").await.is_err());
}
