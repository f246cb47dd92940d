//! async-std, as the driver of sessions uses it. No other file names it.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::http::Request;
use async_std::fs::File;
use async_std::net::TcpStream;
use async_std::task;
#[cfg(test)]
pub(crate) use async_std::task::block_on;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use chat_driver::NoRuntime;
use chat_driver::connector::Connector;
use chat_driver::runtime::{OpenError, ReadFrom, Reader, Runtime, WriteTo, Writer};
use futures_util::{AsyncRead, AsyncWrite};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use crate::socket;

pub use crate::http::PooledHttp;
pub use crate::http::io::Io;
pub use crate::socket::WebSocket;

/// A TCP connection of async-std.
pub type Tcp = TcpStream;

/// The runtime async-std. Its threads begin with the first task, wherever that is.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStd;

impl Runtime for AsyncStd {
    const USER_AGENT: &'static str = concat!("chat-async-std/", env!("CARGO_PKG_VERSION"));

    type TcpStream = Io<Tcp>;
    type WebSocket = WebSocket;
    type Http = PooledHttp;

    fn check() -> Result<(), NoRuntime> {
        Ok(())
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        drop(task::spawn(task)); // which goes on
    }

    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        // async-std counts from the first poll.
        let called = Instant::now();
        async move { task::sleep(duration.saturating_sub(called.elapsed())).await }
    }

    async fn yield_now() {
        task::yield_now().await;
    }

    async fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        task::spawn_blocking(work).await
    }

    fn file_reader(file: fs::File) -> Reader {
        Box::pin(File::from(file))
    }

    fn file_writer(file: fs::File) -> Writer {
        Box::pin(File::from(file))
    }

    async fn resolve(host: String) -> io::Result<Vec<IpAddr>> {
        Self::unblock(move || {
            let found = (host, 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        })
        .await
    }

    async fn connect(address: SocketAddr) -> io::Result<Io<Tcp>> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Io::new(stream))
    }

    async fn web_socket(
        tcp: Io<Tcp>,
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

impl<T: AsyncRead + Send + 'static> ReadFrom<T> for AsyncStd {
    fn reader(reader: T) -> Reader {
        Box::pin(reader)
    }
}

impl<T: AsyncWrite + Send + 'static> WriteTo<T> for AsyncStd {
    fn writer(writer: T) -> Writer {
        Box::pin(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_does_not_delay_small_packets() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream = block_on(AsyncStd::connect(address)).unwrap();
        assert!(stream.into_inner().nodelay().unwrap());
    }
}
