//! TLS, where a connection has it.

use std::io;
use std::sync::Arc;

use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_util::future::Either;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::runtime::Tcp;

/// A connection, with TLS or without.
pub(crate) type Stream = Either<Tcp, TlsStream<Tcp>>;

/// The connection, secured if that is asked for.
pub(crate) async fn secure(
    tcp: Tcp,
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
) -> io::Result<Stream> {
    Ok(match tls {
        None => Either::Left(tcp),
        Some((name, config)) => {
            let secured = TlsConnector::from(config).connect(name, tcp).await;
            Either::Right(secured?)
        }
    })
}
