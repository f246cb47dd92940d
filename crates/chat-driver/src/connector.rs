//! TCP connections: finding addresses, connecting, going through a proxy; for HTTP and WebSocket
//! alike.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use chat_proto::{TransportError, TransportErrorKind};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;

use crate::address::{self, Address};
use crate::clock;
use crate::proxy::{Hop, Proxy};
use crate::runtime::Runtime;

/// After how long the next address of a host is tried beside those before it (RFC 8305 calls it
/// the connection attempt delay, and recommends 250 ms).
const STAGGER: Duration = Duration::from_millis(250);

/// Makes TCP connections. Cheap to clone.
pub struct Connector<R> {
    timeout: Duration,
    allow_insecure: bool,
    proxy: Proxy,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for Connector<R> {
    fn clone(&self) -> Self {
        Self {
            proxy: self.proxy.clone(),
            ..*self
        }
    }
}

impl<R> fmt::Debug for Connector<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("timeout", &self.timeout)
            .field("allow_insecure", &self.allow_insecure)
            .field("proxy", &self.proxy)
            .finish()
    }
}

impl<R: Runtime> Connector<R> {
    /// A connector that gives up after the timeout. The client builder makes one of its settings;
    /// an adapter's tests may make their own.
    pub fn new(timeout: Duration, allow_insecure: bool, proxy: Proxy) -> Self {
        Self {
            timeout,
            allow_insecure,
            proxy,
            runtime: PhantomData,
        }
    }

    /// The same connector on another runtime: for one that wraps it.
    #[must_use]
    pub fn on<S: Runtime>(self) -> Connector<S> {
        Connector::new(self.timeout, self.allow_insecure, self.proxy)
    }

    /// What is not encrypted may go to this machine only, hence not by way of another one.
    fn check_unencrypted(&self, hop: &Hop, address: &Address) -> Result<(), TransportError> {
        if self.allow_insecure || address::is_this_machine(&hop.host) {
            return Ok(());
        }
        let host = &address.host;
        let detail = format!(
            "to {host} without encryption through a proxy on another machine: use https, leave \
             {host} out with Proxy::except, or build the client with allow_insecure(true) if nobody \
             can listen on the way"
        );
        Err(TransportError::new(TransportErrorKind::NotAllowed, detail))
    }

    pub(crate) const fn allow_insecure(&self) -> bool {
        self.allow_insecure
    }

    /// Connects to an address, through the proxy where there is one on the way. Where a host has
    /// several addresses, the next is tried beside those before it after a quarter of a second,
    /// the families in turn.
    ///
    /// Safe to cancel: the connection is given up.
    ///
    /// # Errors
    /// [`TransportError`]: the host is not found, none of its addresses answers in time, or the
    /// proxy refuses.
    pub async fn connect(&self, address: &Address) -> Result<R::TcpStream, TransportError> {
        let hop = self.proxy.on_the_way_to(address)?;
        if let Some(hop) = hop.as_ref().filter(|_| !address.secure) {
            self.check_unencrypted(hop, address)?;
        }
        let connected = clock::within::<R, _>(self.timeout, through::<R>(hop.as_ref(), address));
        connected.await.unwrap_or_else(|| {
            let host = &address.host;
            let kind = match hop {
                Some(_) => TransportErrorKind::Proxy,
                None => TransportErrorKind::Connect,
            };
            let detail = format!("{host}: no connection within {:?}", self.timeout);
            Err(TransportError::new(kind, detail))
        })
    }
}

/// Connects through the proxy, if there is one.
async fn through<R: Runtime>(
    hop: Option<&Hop>,
    to: &Address,
) -> Result<R::TcpStream, TransportError> {
    let Some(hop) = hop else {
        return dial::<R>(&to.host, to.port).await;
    };
    let dialled = dial::<R>(&hop.host, hop.port).await;
    let stream = dialled.map_err(|error| {
        let detail = format!("{}: {}", error.kind, error.detail);
        TransportError::new(TransportErrorKind::Proxy, detail)
    })?;
    hop.tunnel(stream, to).await
}

/// Connects to whichever address of a host answers first.
async fn dial<R: Runtime>(host: &str, port: u16) -> Result<R::TcpStream, TransportError> {
    let addresses = addresses::<R>(host).await?;
    let mut waiting = in_turn(addresses).into_iter().peekable();
    let mut attempts = FuturesUnordered::new();
    let mut failed = None;
    loop {
        match waiting.next() {
            Some(address) => attempts.push(R::connect(SocketAddr::new(address, port))),
            None if attempts.is_empty() => return Err(none_answers(host, failed)),
            None => {}
        }
        let next_turn = waiting.peek().map(|_| R::sleep(STAGGER));
        let next_turn = pin!(async move {
            match next_turn {
                Some(sleep) => sleep.await,
                None => std::future::pending().await,
            }
        });
        match select(attempts.next(), next_turn).await {
            Either::Left((Some(Ok(stream)), _)) => return Ok(stream),
            Either::Left((Some(Err(error)), _)) => failed = Some(error),
            Either::Left((None, _)) | Either::Right(_) => {}
        }
    }
}

fn none_answers(host: &str, failed: Option<io::Error>) -> TransportError {
    let why = failed.map_or_else(|| "it has no address".to_owned(), |error| error.to_string());
    TransportError::new(TransportErrorKind::Connect, format!("{host}: {why}"))
}

/// The addresses of a host.
async fn addresses<R: Runtime>(host: &str) -> Result<Vec<IpAddr>, TransportError> {
    if let Ok(address) = host.parse() {
        return Ok(vec![address]);
    }
    let failed = |detail| TransportError::new(TransportErrorKind::Resolve, detail);
    let found = R::resolve(host.to_owned()).await;
    let mut found = found.map_err(|error| failed(format!("{host}: {error}")))?;
    // A name server may claim anything of `localhost`, to which no encryption is asked for.
    let local_only = address::is_localhost(host);
    found.retain(|address| !local_only || address.is_loopback());
    if found.is_empty() {
        return Err(failed(format!("{host} has no address")));
    }
    Ok(found)
}

/// The families in turn, beginning with that of the first address.
fn in_turn(addresses: Vec<IpAddr>) -> Vec<IpAddr> {
    let first_is_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
    let count = addresses.len();
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv4() == first_is_v4);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        all.extend(first.next());
        all.extend(second.next());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::connector;

    fn address(host: &str, port: u16) -> Address {
        Address {
            host: host.to_owned(),
            port,
            secure: false,
        }
    }

    #[tokio::test]
    async fn a_name_and_an_address_are_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        for host in ["127.0.0.1", "localhost"] {
            assert!(connector().connect(&address(host, port)).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_refused_connection_and_an_unknown_host_are_told_apart() {
        let port = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            listener.local_addr().unwrap().port()
        };
        let failed = |result: Result<_, _>| result.map(drop).unwrap_err();
        let refused = connector().connect(&address("127.0.0.1", port)).await;
        assert_eq!(failed(refused).kind, TransportErrorKind::Connect);
        // RFC 2606 reserves the domain: nobody can register it.
        let unknown = connector().connect(&address("host.invalid", port)).await;
        let unknown = failed(unknown);
        assert_eq!(unknown.kind, TransportErrorKind::Resolve);
        assert!(unknown.detail.starts_with("host.invalid"), "{unknown}");
    }

    #[test]
    fn the_families_take_turns() {
        let addresses = |list: &[&str]| -> Vec<IpAddr> {
            list.iter().map(|one| one.parse().unwrap()).collect()
        };
        let mixed = addresses(&["::1", "::2", "::3", "10.0.0.1"]);
        assert_eq!(
            in_turn(mixed),
            addresses(&["::1", "10.0.0.1", "::2", "::3"])
        );
        assert_eq!(in_turn(Vec::new()), addresses(&[]));
    }
}
