//! What a session asks its driver to do, and how the driver answers for sockets.

use std::borrow::Cow;
use std::fmt;

use crate::api::Operation;
use crate::error::TransportError;
use crate::ids::{CallId, RequestId, SocketId, SocketUrl, UploadId};
use crate::rate_limiter::Priority;

/// A piece of IO for the driver to do. Exhaustive on purpose: a driver that does not know one of
/// them must not compile.
#[derive(Clone)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a new action must break every driver"
)]
pub enum Action {
    /// Open a WebSocket. Answer with [`SocketInput::Opened`] or [`SocketInput::Failed`], then feed
    /// what arrives.
    OpenSocket {
        /// Its name from now on.
        socket: SocketId,
        /// Where. Use it at once: the service accepts it for 100 s.
        url: SocketUrl,
    },
    /// Send a text frame.
    SendText {
        /// On this socket. If it is gone, do nothing.
        socket: SocketId,
        /// The frame. Frames hold no secrets.
        text: Cow<'static, str>,
    },
    /// Close a socket, or give up opening it. What it still brings is ignored, so the driver may
    /// let go of it as soon as the close frame is sent.
    CloseSocket {
        /// This one.
        socket: SocketId,
        /// The close code, 1000.
        code: u16,
    },
    /// Perform an HTTP request. Answer with
    /// [`Session::handle_response`](crate::Session::handle_response). The session keeps the time
    /// limit and sends [`Action::CancelRequest`] when it has passed.
    Request {
        /// Its name.
        request: RequestId,
        /// Which operation it is, for logs.
        operation: Operation,
        /// How urgent it is, for a [`RateLimiter`](crate::RateLimiter).
        priority: Priority,
        /// The request, with an absolute URI.
        http: http::Request<Vec<u8>>,
    },
    /// Upload a file: perform this HTTP request with the file's bytes as its body, and with no
    /// other headers than HTTP itself needs. Answer with
    /// [`Session::handle_transfer`](crate::Session::handle_transfer). The same file may have to be
    /// uploaded again.
    Upload {
        /// Its name.
        request: RequestId,
        /// Which file, from [`Session::send_attachment`](crate::Session::send_attachment).
        upload: UploadId,
        /// The file's size in bytes, for Content-Length.
        size: u64,
        /// The request without its body, with an absolute URI.
        http: http::Request<()>,
    },
    /// Download a file: perform this HTTP request and give the body to whoever wants the file, if
    /// the status says success; the body of any other answer is not the file. Answer with
    /// [`Session::handle_transfer`](crate::Session::handle_transfer). The same file may have to be
    /// downloaded again from its beginning.
    Download {
        /// Its name.
        request: RequestId,
        /// The call it is for, from
        /// [`Session::download_attachment`](crate::Session::download_attachment).
        call: CallId,
        /// The file's size in bytes. What is longer is not the file: stop reading.
        size: u64,
        /// The request, with an absolute URI.
        http: http::Request<()>,
    },
    /// Stop an HTTP request or a transfer; its answer is not wanted any more.
    CancelRequest {
        /// This one.
        request: RequestId,
    },
}

impl fmt::Debug for Action {
    /// Shows which action on what; never a URL, header or body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenSocket { socket, .. } => write!(f, "OpenSocket({})", socket.0),
            Self::SendText { socket, text } => write!(f, "SendText({}, {text})", socket.0),
            Self::CloseSocket { socket, code } => write!(f, "CloseSocket({}, {code})", socket.0),
            Self::Request {
                request, operation, ..
            } => write!(f, "Request({}, {operation})", request.0),
            Self::Upload {
                request, upload, ..
            } => write!(f, "Upload({}, {upload})", request.0),
            Self::Download { request, call, .. } => {
                write!(f, "Download({}, call {})", request.0, call.0)
            }
            Self::CancelRequest { request } => write!(f, "CancelRequest({})", request.0),
        }
    }
}

/// How a transfer has ended that was answered at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a driver makes these; the session reads them"
)]
pub struct Transferred {
    /// The HTTP status of the answer.
    pub status: u16,
    /// How many bytes of the file went across.
    pub bytes: u64,
}

/// What a driver tells about a socket.
#[derive(Clone, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver makes these; the session reads them"
)]
pub enum SocketInput {
    /// The handshake succeeded.
    Opened,
    /// A text frame arrived.
    Text(String),
    /// A binary frame arrived, of this many bytes. The service sends none.
    Binary(usize),
    /// The peer closed the socket, with this close code (1006 when it sent none).
    Closed(u16),
    /// The socket could not be opened, or broke.
    Failed(TransportError),
    /// The driver has stopped reading, because the application does not take its events. Missing
    /// answers to heartbeats are not held against the socket until it reads again.
    ReadingPaused,
    /// The driver reads again.
    ReadingResumed,
}

impl fmt::Debug for SocketInput {
    /// Shows what kind of input; never a frame's text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(length) => write!(f, "Binary({length} bytes)"),
            Self::Closed(code) => write!(f, "Closed({code})"),
            Self::Failed(error) => write!(f, "Failed({error})"),
            Self::ReadingPaused => f.write_str("ReadingPaused"),
            Self::ReadingResumed => f.write_str("ReadingResumed"),
        }
    }
}

/// How far a request has come that a driver does not perform at once, because a
/// [`RateLimiter`](crate::RateLimiter) stands between.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no other states")]
pub enum RequestProgress {
    /// It waits for its turn: its time limit does not run.
    Waiting,
    /// It is being performed: its time limit runs from here on.
    Begun,
}

/// What the operating system says of the network. Hints only: the session is right without them
/// and does not trust them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no other states")]
pub enum Network {
    /// There seems to be a network: a waiting reconnect is tried at once.
    Online,
    /// There seems to be none: the connection is checked at once.
    Offline,
}

/// Why the driver is to call [`Session::handle_timeout`](crate::Session::handle_timeout).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum WakeReason {
    /// An action or event waits to be polled.
    Output,
    /// The next try to connect is due.
    ConnectAttempt,
    /// A socket takes too long to open.
    SocketOpen,
    /// The subscription has not been acknowledged.
    SubscribeAnswer,
    /// A heartbeat is due.
    Heartbeat,
    /// The socket's lifetime comes to its end.
    SocketLifetime,
    /// The first connect takes too long.
    ConnectDeadline,
    /// The recovery takes too long.
    RecoveryLimit,
    /// A request or a transfer takes too long.
    RequestTimeout,
    /// A message, a call or an attachment is due to be tried again.
    SendRetry,
    /// A receipt is due to go out.
    Receipt,
    /// A message could not be sent in time.
    SendDeadline,
    /// A page of the transcript is due to be tried again.
    TranscriptRetry,
    /// The connection token is due to be renewed.
    TokenRefresh,
    /// Leaving the chat takes too long.
    DisconnectDeadline,
}
