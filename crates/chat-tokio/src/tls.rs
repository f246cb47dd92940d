//! TLS: one configuration for HTTP and WebSocket.

use std::io;
use std::sync::Arc;

use chat_proto::{TransportError, TransportErrorKind};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Mozilla's root certificates, TLS 1.2 and 1.3, by ring.
pub(crate) fn default_config() -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    // With an explicit provider: without one rustls panics when a program has linked two.
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Secures a connection to this host.
pub(crate) async fn secure(
    config: Arc<ClientConfig>,
    host: &str,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, TransportError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        let detail = format!("{host} is neither a host name nor an address");
        TransportError::new(TransportErrorKind::Tls, detail)
    })?;
    let secured = TlsConnector::from(config).connect(name, stream).await;
    secured.map_err(|error| failure(&error))
}

fn failure(error: &io::Error) -> TransportError {
    match reason(error) {
        Some(reason) => refused(reason),
        None => TransportError::new(
            TransportErrorKind::Tls,
            format!("the connection ended during the handshake: {error}"),
        ),
    }
}

/// What rustls says of a failure, when it is one of TLS.
pub(crate) fn reason(error: &io::Error) -> Option<&rustls::Error> {
    // An io::Error leaves the error it wraps out of its chain of sources.
    let inner = error.get_ref()?;
    if let Some(reason) = inner.downcast_ref() {
        return Some(reason);
    }
    reason(inner.downcast_ref()?)
}

pub(crate) fn refused(reason: &rustls::Error) -> TransportError {
    let advice = if matches!(reason, rustls::Error::InvalidCertificate(_)) {
        "; if the server's certificate is of a private authority, pass a tls_config that trusts it"
    } else {
        ""
    };
    TransportError::new(TransportErrorKind::Tls, format!("{reason}{advice}"))
}
