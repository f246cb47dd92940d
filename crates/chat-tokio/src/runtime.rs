//! tokio, as the driver of sessions uses it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::Request;
use chat_driver::NoRuntime;
use chat_driver::connector::Connector;
use chat_driver::runtime::{OpenError, ReadFrom, Reader, Runtime, WriteTo, Writer};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

use crate::socket;

pub use crate::http::PooledHttp;
pub use crate::socket::{Io, WebSocket};

/// The tokio runtime that a session is begun in.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

impl Runtime for Tokio {
    const USER_AGENT: &'static str = concat!("chat-tokio/", env!("CARGO_PKG_VERSION"));
    type TcpStream = TokioIo<TcpStream>;
    type WebSocket = WebSocket;
    type Http = PooledHttp;

    fn check() -> Result<(), NoRuntime> {
        match tokio::runtime::Handle::try_current() {
            Ok(_) => Ok(()),
            Err(error) => {
                let advice = "begin it inside a tokio runtime with its IO and time enabled";
                Err(NoRuntime::new(advice, &error))
            }
        }
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn now() -> Instant {
        // A runtime whose time is paused, in a test, has this for its clock.
        tokio::time::Instant::now().into_std()
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        tokio::time::sleep(duration)
    }

    fn yield_now() -> impl Future<Output = ()> + Send {
        tokio::task::yield_now()
    }

    async fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        runtime.spawn_blocking(work).await?
    }

    fn file_reader(file: std::fs::File) -> Reader {
        Self::reader(tokio::fs::File::from_std(file))
    }

    fn file_writer(file: std::fs::File) -> Writer {
        Self::writer(tokio::fs::File::from_std(file))
    }

    async fn resolve(host: String) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn connect(address: SocketAddr) -> io::Result<Self::TcpStream> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(TokioIo::new(stream))
    }

    async fn web_socket(
        tcp: Self::TcpStream,
        tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
        request: Request<()>,
        config: WebSocketConfig,
    ) -> Result<WebSocket, OpenError> {
        socket::open(tcp.into_inner(), tls, request, config).await
    }

    fn http(connector: Connector<Self>, tls: ClientConfig) -> PooledHttp {
        PooledHttp::new(connector, tls)
    }
}

impl<T: AsyncRead + Send + 'static> ReadFrom<T> for Tokio {
    fn reader(reader: T) -> Reader {
        Box::pin(reader.compat())
    }
}

impl<T: AsyncWrite + Send + 'static> WriteTo<T> for Tokio {
    fn writer(writer: T) -> Writer {
        Box::pin(writer.compat_write())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use chat_driver::chat_proto::api::{Endpoint, StartChatContact};
    use chat_driver::chat_proto::{ChatDetails, Config};

    use super::*;
    use crate::{AttachmentSource, Client, SessionError, StartChatError};

    #[tokio::test]
    async fn a_connection_does_not_delay_small_packets() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = Tokio::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        assert!(stream.inner().nodelay().unwrap());
    }

    #[test]
    fn a_session_outside_a_runtime_is_refused() {
        let endpoint = Endpoint::custom("http://127.0.0.1:1").unwrap();
        let details = ChatDetails {
            contact_id: "c".into(),
            participant_id: "p".into(),
            participant_token: "t".into(),
        };
        let client = Client::builder().build().unwrap();
        let error = client.session(Config::new(endpoint), details).unwrap_err();
        assert!(matches!(error, SessionError::NoRuntime(_)), "{error}");
        assert!(error.to_string().contains("tokio runtime"), "{error}");
    }

    #[test]
    fn outside_a_runtime_nothing_panics() {
        let client = Client::builder().build().unwrap();
        let endpoint = Endpoint::custom("http://127.0.0.1:1").unwrap();
        let request = StartChatContact::new("instance", "flow", "Ann");
        let mut cx = Context::from_waker(Waker::noop());
        let started = pin!(client.start_chat(&endpoint, &request)).poll(&mut cx);
        let is_told = matches!(started, Poll::Ready(Err(StartChatError::NoRuntime(_))));
        assert!(is_told, "{started:?}");
        let source = pin!(AttachmentSource::file("Cargo.toml")).poll(&mut cx);
        assert!(matches!(source, Poll::Ready(Err(_))), "{source:?}");
    }
}
