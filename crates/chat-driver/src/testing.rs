//! A runtime for the unit tests: tokio, without TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chat_proto::TransportError;
use futures_util::io::AllowStdIo;
use futures_util::{AsyncRead, AsyncWrite};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tungstenite::protocol::WebSocketConfig;

use crate::address::Address;
use crate::connector::Connector;
use crate::error::NoRuntime;
use crate::failure;
use crate::http::Requester;
use crate::proxy::Proxy;
use crate::runtime::{Http, OpenError, ReadFrom, Reader, RequestBody, Runtime, WriteTo, Writer};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokio;

impl Runtime for Tokio {
    const USER_AGENT: &'static str = "chat-driver-tests";
    type TcpStream = TokioIo<TcpStream>;
    type WebSocket = WebSocketStream<TcpStream>;
    type Http = OneByOne;

    fn check() -> Result<(), NoRuntime> {
        match tokio::runtime::Handle::try_current() {
            Ok(_) => Ok(()),
            Err(error) => Err(NoRuntime::new("begin it inside a tokio runtime", &error)),
        }
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn now() -> Instant {
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
        work()
    }

    fn file_reader(file: std::fs::File) -> Reader {
        Box::pin(AllowStdIo::new(file))
    }

    fn file_writer(file: std::fs::File) -> Writer {
        Box::pin(AllowStdIo::new(file))
    }

    async fn resolve(host: String) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }

    async fn connect(address: SocketAddr) -> io::Result<Self::TcpStream> {
        Ok(TokioIo::new(TcpStream::connect(address).await?))
    }

    async fn web_socket(
        tcp: Self::TcpStream,
        _: Option<(ServerName<'static>, Arc<ClientConfig>)>,
        request: Request<()>,
        config: WebSocketConfig,
    ) -> Result<Self::WebSocket, OpenError> {
        let io = tcp.into_inner();
        let opened = tokio_tungstenite::client_async_with_config(request, io, Some(config));
        Ok(opened.await?.0)
    }

    fn http(connector: Connector<Self>, _: ClientConfig) -> OneByOne {
        OneByOne(connector)
    }
}

impl<T: AsyncRead + Send + 'static> ReadFrom<T> for Tokio {
    fn reader(reader: T) -> Reader {
        Box::pin(reader)
    }
}

impl<T: AsyncWrite + Send + 'static> WriteTo<T> for Tokio {
    fn writer(writer: T) -> Writer {
        Box::pin(writer)
    }
}

/// A connection for each request.
#[derive(Clone, Debug)]
pub(crate) struct OneByOne(Connector<Tokio>);

impl Http for OneByOne {
    async fn exchange(
        &self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TransportError> {
        let stream = self.0.connect(&Address::of_http(request.uri())?).await?;
        let handshake = hyper::client::conn::http1::handshake(stream).await;
        let (mut sender, connection) = handshake.map_err(|error| failure::exchange(&error))?;
        tokio::spawn(connection);
        let (mut head, body) = request.into_parts();
        let host = head.uri.authority().unwrap().as_str().parse().unwrap();
        head.headers.insert(http::header::HOST, host);
        head.uri = head.uri.path_and_query().unwrap().as_str().parse().unwrap();
        let answer = sender.send_request(Request::from_parts(head, body)).await;
        answer.map_err(|error| failure::exchange(&error))
    }
}

/// Makes connections without a proxy.
pub(crate) fn connector() -> Connector<Tokio> {
    Connector::new(Duration::from_secs(8), false, Proxy::none())
}

/// Performs requests, and takes bodies of ten bytes at most.
pub(crate) fn requester() -> Requester<Tokio> {
    Requester {
        http: OneByOne(connector()),
        body_limit: 10,
        allow_insecure: false,
        headers: [(
            http::header::USER_AGENT,
            http::HeaderValue::from_static("test"),
        )]
        .into_iter()
        .collect(),
    }
}
