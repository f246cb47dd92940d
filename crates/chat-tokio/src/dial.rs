//! TCP connections: finding addresses and connecting, for HTTP and WebSocket alike.

use std::error::Error;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use chat_proto::{TransportError, TransportErrorKind};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::address::{self, Address};
use crate::tls;

/// How long all addresses of a host together may take. Shorter than the 10 s the session gives an
/// attempt by default, so that a silent first address does not keep the second from its turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);

pub(crate) type Dialler = HttpConnector<Resolver>;

/// Connects without delaying small packets. Where a host has addresses of both families, the
/// second is tried beside the first after 300 ms.
pub(crate) fn dialler() -> Dialler {
    let mut dialler = HttpConnector::new_with_resolver(Resolver);
    dialler.enforce_http(false);
    dialler.set_nodelay(true);
    dialler.set_connect_timeout(Some(CONNECT_TIMEOUT));
    dialler
}

/// Connects to an address.
pub(crate) async fn connect(
    mut dialler: Dialler,
    address: &Address,
) -> Result<TcpStream, TransportError> {
    let uri = address.dial_uri()?;
    let connected = dialler.call(uri).await;
    match connected {
        Ok(stream) => Ok(stream.into_inner()),
        Err(error) => Err(failure(&error)),
    }
}

/// What kept a connection from being made, from the error and its causes.
pub(crate) fn failure(error: &(dyn Error + 'static)) -> TransportError {
    let mut cause = error;
    loop {
        if let Some(known) = cause.downcast_ref::<TransportError>() {
            return known.clone();
        }
        if let Some(reason) = cause.downcast_ref::<io::Error>().and_then(tls::reason) {
            return tls::refused(reason);
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return TransportError::new(TransportErrorKind::Connect, cause.to_string()),
        }
    }
}

/// Finds the addresses of a host through the operating system.
#[derive(Clone, Debug)]
pub(crate) struct Resolver;

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        Box::pin(resolve(name))
    }
}

async fn resolve(name: Name) -> Result<std::vec::IntoIter<SocketAddr>, TransportError> {
    let host = name.as_str();
    let failed = |detail| TransportError::new(TransportErrorKind::Resolve, detail);
    let found = tokio::net::lookup_host((host, 0)).await;
    let found = found.map_err(|error| failed(format!("{host}: {error}")))?;
    // A name server may claim anything of `localhost`, to which no encryption is asked for.
    let local_only = address::is_localhost(host);
    let addresses: Vec<_> = found
        .filter(|address| !local_only || address.ip().is_loopback())
        .collect();
    if addresses.is_empty() {
        return Err(failed(format!("{host} has no address")));
    }
    Ok(addresses.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: u16) -> Address {
        Address {
            host: host.to_owned(),
            port,
            secure: false,
        }
    }

    #[tokio::test]
    async fn a_connection_is_made_without_delay_of_small_packets() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost"] {
            let stream = connect(dialler(), &address(host, port)).await.unwrap();
            assert!(stream.nodelay().unwrap());
        }
    }

    #[tokio::test]
    async fn a_refused_connection_and_an_unknown_host_are_told_apart() {
        let port = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().port()
        };
        let refused = connect(dialler(), &address("127.0.0.1", port)).await;
        assert_eq!(refused.unwrap_err().kind, TransportErrorKind::Connect);
        // RFC 2606 reserves the domain: nobody can register it.
        let unknown = connect(dialler(), &address("host.invalid", port)).await;
        let unknown = unknown.unwrap_err();
        assert_eq!(unknown.kind, TransportErrorKind::Resolve);
        assert!(unknown.detail.starts_with("host.invalid"), "{unknown}");
    }
}
