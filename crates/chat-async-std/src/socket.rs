//! WebSockets.

use std::sync::Arc;

use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use chat_driver::runtime::OpenError;
use http::Request;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::runtime::Tcp;
use crate::tls::{self, Stream};

/// An open WebSocket.
pub type WebSocket = WebSocketStream<Stream>;

/// Opens a WebSocket on a connection.
pub(crate) async fn open(
    tcp: Tcp,
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
    request: Request<()>,
    config: WebSocketConfig,
) -> Result<WebSocket, OpenError> {
    let stream = tls::secure(tcp, tls).await?;
    let opened = async_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    let (socket, _) = opened?;
    Ok(socket)
}
