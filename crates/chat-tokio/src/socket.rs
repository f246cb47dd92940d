//! WebSockets, over TCP or TLS.

use std::sync::Arc;

use ::http::Request;
use chat_driver::runtime::OpenError;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::tls;

/// A connection, with or without TLS.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An open WebSocket.
pub type WebSocket = WebSocketStream<Box<dyn Io>>;

/// Opens a WebSocket on a connection.
pub(crate) async fn open(
    tcp: TcpStream,
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
    request: Request<()>,
    config: WebSocketConfig,
) -> Result<WebSocket, OpenError> {
    let io: Box<dyn Io> = match tls {
        Some((name, config)) => Box::new(tls::secure(config, name, tcp).await?),
        None => Box::new(tcp),
    };
    let (stream, _) = client_async_with_config(request, io, Some(config)).await?;
    Ok(stream)
}
