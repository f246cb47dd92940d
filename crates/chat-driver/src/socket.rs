//! One WebSocket: opening it, reading and writing, closing it. Nothing here waits for the driver
//! or makes it wait: the driver polls.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chat_proto::{SocketInput, SocketUrl, TransportError, TransportErrorKind};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use http::{HeaderMap, Uri};
use rustls::ClientConfig;
use tracing::{Instrument, Span};
use tungstenite::client::IntoClientRequest;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Error as WebSocketError, Message};

use crate::address::{self, Address};
use crate::connector::Connector;
use crate::runtime::{OpenError, Runtime};
use crate::{clock, failure};

/// How many frames may wait to be written. A session writes two in ten seconds.
const WRITE_QUEUE: usize = 64;
/// How long a close frame may take to go out and be answered.
const FAREWELL: Duration = Duration::from_secs(2);
/// What is set aside for reading on each socket. Longer frames get more while they are read.
const READ_BUFFER: usize = 8 * 1024;
/// The close code that stands for none (RFC 6455, section 7.4.1).
const NO_CODE: u16 = 1006;

type Opening<R> =
    Pin<Box<dyn Future<Output = Result<<R as Runtime>::WebSocket, TransportError>> + Send>>;

/// Makes another URL of the service's one.
pub(crate) type Rewrite = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// What is needed to open WebSockets.
pub(crate) struct Opener<R> {
    pub(crate) connector: Connector<R>,
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) frame_limit: usize,
    pub(crate) headers: HeaderMap,
    pub(crate) rewrite: Option<Rewrite>,
}

impl<R> Clone for Opener<R> {
    fn clone(&self) -> Self {
        Self {
            connector: self.connector.clone(),
            tls: Arc::clone(&self.tls),
            frame_limit: self.frame_limit,
            headers: self.headers.clone(),
            rewrite: self.rewrite.clone(),
        }
    }
}

enum State<R: Runtime> {
    Opening(Opening<R>),
    Open(Box<R::WebSocket>),
    /// It broke, or never opened.
    Gone,
}

pub(crate) struct Socket<R: Runtime> {
    state: State<R>,
    /// What happens on it is logged in here.
    span: Span,
    outgoing: VecDeque<Message>,
    /// Whether something written may not have been flushed.
    unflushed: bool,
    reading: bool,
    /// Whether it has brought a frame.
    heard: bool,
    /// Whether the peer has closed it.
    closed: bool,
}

impl<R: Runtime> Socket<R> {
    /// Begins to open a WebSocket.
    pub(crate) fn open(opener: Opener<R>, url: SocketUrl, span: Span) -> Self {
        span.in_scope(|| tracing::debug!("opening a WebSocket"));
        Self {
            state: State::Opening(Box::pin(open(opener, url))),
            span,
            outgoing: VecDeque::new(),
            unflushed: false,
            reading: true,
            heard: false,
            closed: false,
        }
    }

    /// Queues a text frame.
    pub(crate) fn send(&mut self, text: Cow<'static, str>) -> Result<(), TransportError> {
        if self.outgoing.len() >= WRITE_QUEUE {
            let detail = format!("{WRITE_QUEUE} frames wait to be written and none goes out");
            return Err(TransportError::new(TransportErrorKind::Broken, detail));
        }
        self.outgoing.push_back(match text {
            Cow::Borrowed(text) => Message::Text(text.into()),
            Cow::Owned(text) => Message::Text(text.into()),
        });
        Ok(())
    }

    /// Stops reading or goes on; whether that is a change. Reading stops only after the first
    /// frame: without it, no connection would come about for an application that is slow.
    pub(crate) fn set_reading(&mut self, reading: bool) -> bool {
        let changes = self.reading != reading && (reading || self.heard);
        if changes {
            self.reading = reading;
            let reads = || tracing::debug!(reading, "the application's pace");
            self.span.in_scope(reads);
        }
        changes
    }

    /// What there is to tell the session; `None` when only something else was done.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<SocketInput>> {
        let span = self.span.clone();
        span.in_scope(|| {
            let polled = self.poll_state(cx);
            if let Poll::Ready(Some(input)) = &polled {
                log(input);
            }
            polled
        })
    }

    fn poll_state(&mut self, cx: &mut Context<'_>) -> Poll<Option<SocketInput>> {
        let polled = match &mut self.state {
            State::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Ready(Ok(stream)) => {
                    self.state = State::Open(Box::new(stream));
                    return Poll::Ready(Some(SocketInput::Opened));
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            },
            State::Open(_) => self.poll_open(cx),
            State::Gone => return Poll::Pending,
        };
        polled.map(|result| {
            result.unwrap_or_else(|error| {
                self.state = State::Gone;
                Some(SocketInput::Failed(error))
            })
        })
    }

    fn poll_open(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<SocketInput>, TransportError>> {
        let State::Open(stream) = &mut self.state else {
            return Poll::Pending;
        };
        let mut stream = Pin::new(&mut **stream);
        let mut is_free = true;
        while let Some(message) = self.outgoing.pop_front() {
            match stream.as_mut().poll_ready(cx) {
                Poll::Ready(ready) => ready.map_err(|error| broken(&error))?,
                Poll::Pending => {
                    self.outgoing.push_front(message);
                    is_free = false;
                    break;
                }
            }
            let sent = stream.as_mut().start_send(message);
            sent.map_err(|error| broken(&error))?;
            self.unflushed = true;
        }
        if is_free && self.unflushed {
            if let Poll::Ready(flushed) = stream.as_mut().poll_flush(cx) {
                flushed.map_err(|error| broken(&error))?;
                self.unflushed = false;
            }
        }
        if !self.reading {
            return Poll::Pending;
        }
        let Poll::Ready(frame) = stream.poll_next(cx) else {
            return Poll::Pending;
        };
        let input = match frame {
            None => Some(SocketInput::Closed(NO_CODE)),
            Some(Ok(Message::Text(text))) => Some(SocketInput::Text(text.as_str().to_owned())),
            Some(Ok(Message::Binary(bytes))) => Some(SocketInput::Binary(bytes.len())),
            Some(Ok(Message::Close(frame))) => {
                self.closed = true;
                let code = frame.map_or(NO_CODE, |frame| frame.code.into());
                Some(SocketInput::Closed(code))
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {
                // The answer to a ping goes out with the next flush.
                self.unflushed = true;
                None
            }
            Some(Err(error)) if is_end(&error) => Some(SocketInput::Closed(NO_CODE)),
            Some(Err(error)) => return Poll::Ready(Err(broken(&error))),
        };
        self.heard |= input.is_some();
        Poll::Ready(Ok(input))
    }

    /// Closes the socket in good order, as far as that can be had in two seconds: what is queued
    /// and the close frame go out, the peer's answer comes in. One that is not open is dropped.
    pub(crate) async fn close(self, code: u16) {
        let span = self.span.clone();
        self.part(code).instrument(span).await;
    }

    async fn part(self, code: u16) {
        let State::Open(mut stream) = self.state else {
            return;
        };
        let farewell = async {
            if !self.closed {
                tracing::debug!(code, "closing a WebSocket");
                for message in self.outgoing {
                    stream.feed(message).await?;
                }
                let frame = CloseFrame {
                    code: code.into(),
                    reason: "".into(),
                };
                stream.send(Message::Close(Some(frame))).await?;
            }
            // Reading writes the answer to the peer's close frame, or brings the peer's answer to
            // ours. Bytes left unread would make the kernel reset the connection, which can
            // overtake the close frame.
            while let Some(Ok(_)) = stream.next().await {}
            Ok::<(), WebSocketError>(())
        };
        clock::within::<R, _>(FAREWELL, farewell).await;
    }
}

async fn open<R: Runtime>(
    opener: Opener<R>,
    url: SocketUrl,
) -> Result<R::WebSocket, TransportError> {
    let unusable = |detail| TransportError::new(TransportErrorKind::Protocol, detail);
    let rewritten = opener.rewrite.map(|rewrite| rewrite(url.expose()));
    let (url, whose) = match &rewritten {
        Some(rewritten) => (rewritten.as_str(), "the rewritten"),
        None => (url.expose(), "the service's"),
    };
    let uri: Uri = url
        .parse()
        .map_err(|_| unusable(format!("{whose} WebSocket URL is not a URL")))?;
    let address = Address::of(&uri, address::WEBSOCKET, opener.connector.allow_insecure())?;
    let mut request = uri
        .into_client_request()
        .map_err(|_| unusable(format!("{whose} WebSocket URL cannot be asked for")))?;
    request.headers_mut().extend(opener.headers);
    let tls = if address.secure {
        Some((address.server_name()?, opener.tls))
    } else {
        None
    };
    let tcp = opener.connector.connect(&address).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0) // a frame goes out when it is there
        .max_message_size(Some(opener.frame_limit))
        .max_frame_size(Some(opener.frame_limit));
    let opened = R::web_socket(tcp, tls, request, config).await;
    opened.map_err(|error| match error {
        OpenError::Tls(error) => failure::tls(&error),
        OpenError::WebSocket(error) => broken(&error),
    })
}

/// Whether the peer has ended the connection without a close frame. TLS calls it an error of its
/// own when its own farewell is missing too, or a record is not whole.
fn is_end(error: &WebSocketError) -> bool {
    match error {
        WebSocketError::Protocol(error) => {
            matches!(error, ProtocolError::ResetWithoutClosingHandshake)
        }
        WebSocketError::Io(error) => error.kind() == io::ErrorKind::UnexpectedEof,
        WebSocketError::ConnectionClosed
        | WebSocketError::AlreadyClosed
        | WebSocketError::Tls(_)
        | WebSocketError::Capacity(_)
        | WebSocketError::WriteBufferFull(_)
        | WebSocketError::Utf8(_)
        | WebSocketError::AttackAttempt
        | WebSocketError::Url(_)
        | WebSocketError::Http(_)
        | WebSocketError::HttpFormat(_) => false,
    }
}

fn log(input: &SocketInput) {
    match input {
        SocketInput::Opened => tracing::debug!("a WebSocket is open"),
        SocketInput::Closed(code) => tracing::debug!(code, "the service closed a WebSocket"),
        SocketInput::Failed(error) => tracing::debug!(%error, "a WebSocket failed"),
        SocketInput::Text(_)
        | SocketInput::Binary(_)
        | SocketInput::ReadingPaused
        | SocketInput::ReadingResumed => {}
    }
}

fn broken(error: &WebSocketError) -> TransportError {
    use TransportErrorKind::{Broken, HandshakeRefused, Protocol, TooLarge};
    let (kind, detail) = match error {
        WebSocketError::Io(error) => (Broken, error.to_string()),
        WebSocketError::ConnectionClosed | WebSocketError::AlreadyClosed => {
            (Broken, "the connection is closed".to_owned())
        }
        WebSocketError::WriteBufferFull(_) => (Broken, "the write buffer is full".to_owned()),
        WebSocketError::Protocol(ProtocolError::HandshakeIncomplete) => (
            Broken,
            "the connection ended during the handshake".to_owned(),
        ),
        WebSocketError::Http(response) => (
            HandshakeRefused,
            format!("answered with HTTP {}", response.status().as_u16()),
        ),
        WebSocketError::Capacity(error) => (
            TooLarge,
            format!("{error}; frame_limit of the client builder sets the limit"),
        ),
        // Errors about the URL show parts of it, so their text stays out.
        WebSocketError::Url(_) => (Protocol, "the WebSocket URL is not usable".to_owned()),
        WebSocketError::HttpFormat(_) => (Protocol, "the handshake is not HTTP".to_owned()),
        WebSocketError::Utf8(_) => (Protocol, "a text frame is not UTF-8".to_owned()),
        WebSocketError::AttackAttempt => (Protocol, "the handshake answer never ends".to_owned()),
        WebSocketError::Protocol(error) => (Protocol, error.to_string()),
        WebSocketError::Tls(error) => (TransportErrorKind::Tls, error.to_string()),
    };
    TransportError::new(kind, detail)
}

#[cfg(test)]
mod tests;
