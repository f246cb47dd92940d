//! What an adapter supplies: everything that depends on the runtime.

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

/// Where bytes are read from, such as a file.
pub type Reader = Pin<Box<dyn AsyncRead + Send>>;

/// Where bytes are written to, such as a file.
pub type Writer = Pin<Box<dyn AsyncWrite + Send>>;

/// A runtime, with the libraries for HTTP, TLS and WebSockets that work on it. Nothing here knows
/// the protocol: the driver decides what to do, and a runtime does it.
///
/// To bring a runtime of your own, implement this trait for a unit type, as `chat-tokio` and
/// `chat-async-std` do, and use [`Client<YourRuntime>`](crate::Client).
pub trait Runtime: Copy + fmt::Debug + Send + Sync + 'static {
    /// The adapter's name in the header `User-Agent`, such as `chat-tokio/0.1.0`.
    const USER_AGENT: &'static str;

    /// A TCP connection.
    type TcpStream: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static;

    /// An open WebSocket.
    type WebSocket: Stream<Item = Result<Message, WebSocketError>>
        + Sink<Message, Error = WebSocketError>
        + Send
        + Unpin
        + 'static;

    /// The client for HTTP requests.
    type Http: Http;

    /// Checks that tasks can be spawned here.
    ///
    /// # Errors
    /// [`NoRuntime`] when the caller must be inside the runtime, and is not.
    fn check() -> Result<(), NoRuntime>;

    /// Spawns a task, which runs to its end without being waited for. It is called where
    /// [`check`](Self::check) has succeeded.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// The time on the clock that [`sleep`](Self::sleep) uses.
    fn now() -> Instant {
        Instant::now()
    }

    /// Waits for this long. The driver asks for a day at most.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + Send + 'static;

    /// Lets other tasks run first.
    fn yield_now() -> impl Future<Output = ()> + Send;

    /// Runs work that blocks its thread, such as opening a file, on a thread where it holds up no
    /// task.
    ///
    /// # Errors
    /// The error of the work, or one that says that the runtime has stopped.
    fn unblock<T: Send + 'static>(
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> impl Future<Output = io::Result<T>> + Send;

    /// Reads a file without blocking the thread.
    fn file_reader(file: std::fs::File) -> Reader;

    /// Writes a file without blocking the thread.
    fn file_writer(file: std::fs::File) -> Writer;

    /// Asks the operating system for the addresses of a host.
    ///
    /// # Errors
    /// Those of the operating system.
    fn resolve(host: String) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;

    /// Connects to an address. Small packets are sent without delay (`TCP_NODELAY`).
    ///
    /// # Errors
    /// Those of the operating system.
    fn connect(address: SocketAddr) -> impl Future<Output = io::Result<Self::TcpStream>> + Send;

    /// Opens a WebSocket on a connection, over TLS if `tls` is given.
    ///
    /// # Errors
    /// [`OpenError`] when the handshake of TLS or of the WebSocket fails.
    fn web_socket(
        tcp: Self::TcpStream,
        tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
        request: Request<()>,
        config: WebSocketConfig,
    ) -> impl Future<Output = Result<Self::WebSocket, OpenError>> + Send;

    /// Makes the client for HTTP requests. It opens its connections with this connector, and keeps
    /// them for later requests.
    fn http(connector: Connector<Self>, tls: ClientConfig) -> Self::Http;
}

/// A client for HTTP requests. Clones are cheap and share their connections.
pub trait Http: Clone + fmt::Debug + Send + Sync + 'static {
    /// Sends a request, and returns the answer once its head is there; the body may still be on its
    /// way. Dropping the future cancels the request.
    ///
    /// # Errors
    /// [`TransportError`] when no connection can be opened, or when it breaks.
    fn exchange(
        &self,
        request: Request<RequestBody>,
    ) -> impl Future<Output = Result<Response<Incoming>, TransportError>> + Send;
}

/// A runtime on which attachments can be read from a `T`, such as a reader of that runtime.
pub trait ReadFrom<T>: Runtime {
    /// Makes it what the driver reads from.
    fn reader(reader: T) -> Reader;
}

/// A runtime on which attachments can be written to a `T`, such as a writer of that runtime.
pub trait WriteTo<T>: Runtime {
    /// Makes it what the driver writes to.
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
