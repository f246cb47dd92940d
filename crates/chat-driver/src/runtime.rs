//! What an adapter supplies: all that depends on a runtime.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chat_proto::TransportError;
use futures_util::{AsyncRead, AsyncWrite, Sink, Stream};
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error as WebSocketError, Message};

use crate::connector::Connector;
use crate::error::NoRuntime;

/// The body of a request.
pub type RequestBody = UnsyncBoxBody<Bytes, Box<dyn Error + Send + Sync>>;

/// Bytes to be read, such as a file.
pub type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// Where bytes are written, such as a file.
pub type Writer = Pin<Box<dyn AsyncWrite + Send>>;

/// A runtime, with the libraries for HTTP, TLS and WebSockets that fit it. What happens is decided
/// elsewhere: nothing here knows the protocol.
///
/// To bring a runtime of your own, implement this for a unit type, as `chat-tokio` and
/// `chat-async-std` do, and name [`Client<YourRuntime>`](crate::Client).
pub trait Runtime: Copy + fmt::Debug + Send + Sync + 'static {
    /// How the adapter calls itself in the header `User-Agent`, such as `chat-tokio/0.1.0`.
    const USER_AGENT: &'static str;

    /// A TCP connection.
    type TcpStream: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static;

    /// An open WebSocket.
    type WebSocket: Stream<Item = Result<Message, WebSocketError>>
        + Sink<Message, Error = WebSocketError>
        + Send
        + Unpin
        + 'static;

    /// What performs HTTP requests.
    type Http: Http;

    /// Whether tasks can be begun here.
    ///
    /// # Errors
    /// [`NoRuntime`] when the runtime is one that must have been entered, and has not been.
    fn check() -> Result<(), NoRuntime>;

    /// Begins a task, where [`check`](Self::check) has said that it can be.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// The time by the clock that [`sleep`](Self::sleep) goes by.
    fn now() -> Instant {
        Instant::now()
    }

    /// Waits as long. Up to a day is asked for.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static;

    /// Lets the other tasks have their turn.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Does what blocks the thread, such as opening a file, where that disturbs nobody.
    ///
    /// # Errors
    /// Those of the work, or that the runtime is gone.
    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send;

    /// A file, to be read without blocking the thread.
    fn file_reader(file: std::fs::File) -> Reader;

    /// A file, to be written without blocking the thread.
    fn file_writer(file: std::fs::File) -> Writer;

    /// The addresses of a host, as the operating system knows them.
    ///
    /// # Errors
    /// Those of the operating system.
    fn resolve(host: String) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;

    /// Connects to an address, without delaying small packets (`TCP_NODELAY`).
    ///
    /// # Errors
    /// Those of the operating system.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::TcpStream>> + Send;

    /// Opens a WebSocket on a connection, with TLS where that is given.
    ///
    /// # Errors
    /// [`OpenError`]: the TLS handshake or the one of the WebSocket has failed.
    fn web_socket(
        tcp: Self::TcpStream,
        tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
        request: Request<()>,
        config: WebSocketConfig,
    ) -> impl Future<Output = Result<Self::WebSocket, OpenError>> + Send;

    /// What performs HTTP requests over connections of this connector, which it keeps for further
    /// ones.
    fn http(connector: Connector<Self>, tls: ClientConfig) -> Self::Http;
}

/// Performs HTTP requests. Cheap to clone; clones share their connections.
pub trait Http: Clone + fmt::Debug + Send + Sync + 'static {
    /// Sends a request, and gives the answer as soon as it begins. Dropping the future cancels it.
    ///
    /// # Errors
    /// [`TransportError`]: there is no connection, or it broke.
    fn exchange(
        &self,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Result<Response<Incoming>, TransportError>> + Send;
}

/// Reads attachments from such readers: those of the runtime.
pub trait ReadFrom<T>: Runtime {
    /// The reader as this crate reads it.
    fn reader(reader: T) -> Reader;
}

/// Writes attachments to such writers: those of the runtime.
pub trait WriteTo<T>: Runtime {
    /// The writer as this crate writes to it.
    fn writer(writer: T) -> Writer;
}

/// A WebSocket could not be opened on a connection.
#[derive(Debug)]
pub enum OpenError {
    /// The TLS handshake failed.
    Tls(io::Error),
    /// The handshake of the WebSocket failed.
    WebSocket(WebSocketError),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Tls(error)
    }
}

impl From<WebSocketError> for OpenError {
    fn from(error: WebSocketError) -> Self {
        Self::WebSocket(error)
    }
}
