//! One WebSocket: opened, read and written by one thread.

use std::net::TcpStream;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use chat_proto::{SocketInput, SocketUrl, TransportError, TransportErrorKind};
use tungstenite::{HandshakeError, Message, WebSocket};

use super::dial::{dial, failed, is_timeout};

/// How long the thread reads before it looks for something to write. `std` has no way to wait for
/// both.
const READ_SLICE: Duration = Duration::from_millis(20);
/// How long the peer may take to end a connection that nobody wants any more.
const FAREWELL: Duration = Duration::from_secs(1);
/// The code that stands for a close without one (RFC 6455, section 7.4.1).
pub(super) const NO_CODE: u16 = 1006;

/// The life of a socket, until it has been closed.
pub(super) fn converse(
    url: &SocketUrl,
    queue: &Receiver<Message>,
    tell: &impl Fn(SocketInput),
) -> Result<(), TransportError> {
    let mut socket = open(url)?;
    tell(SocketInput::Opened);
    let mut let_go_at: Option<Instant> = None;
    loop {
        match queue.try_recv() {
            Ok(message) => {
                socket.send(message).map_err(|error| broken(&error))?;
                continue;
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => {
                let since = *let_go_at.get_or_insert_with(Instant::now);
                if since.elapsed() > FAREWELL {
                    return Ok(());
                }
            }
        }
        match socket.read() {
            Ok(Message::Text(text)) => tell(SocketInput::Text(text.as_str().to_owned())),
            Ok(Message::Binary(bytes)) => tell(SocketInput::Binary(bytes.len())),
            Ok(Message::Close(frame)) => {
                let code = frame.map_or(NO_CODE, |frame| frame.code.into());
                tell(SocketInput::Closed(code));
            }
            // Reading has answered the ping already.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Err(tungstenite::Error::Io(error)) if is_timeout(&error) => {}
            Err(tungstenite::Error::ConnectionClosed) => return Ok(()),
            Err(error) => return Err(broken(&error)),
        }
    }
}

fn open(url: &SocketUrl) -> Result<WebSocket<TcpStream>, TransportError> {
    let unusable = |_| TransportError::new(TransportErrorKind::Protocol, "not a WebSocket URL");
    let uri: http::Uri = url.expose().parse().map_err(unusable)?;
    let stream = dial(&uri, "ws")?;
    let (socket, _) = tungstenite::client(uri, stream).map_err(|error| match error {
        HandshakeError::Interrupted(_) => TransportError::new(
            TransportErrorKind::Timeout,
            "the handshake was not answered",
        ),
        HandshakeError::Failure(tungstenite::Error::Http(answer)) => TransportError::new(
            TransportErrorKind::HandshakeRefused,
            format!("HTTP {}", answer.status().as_u16()),
        ),
        HandshakeError::Failure(error) => broken(&error),
    })?;
    let stream = socket.get_ref();
    stream
        .set_read_timeout(Some(READ_SLICE))
        .map_err(|error| failed(&error))?;
    Ok(socket)
}

/// What went wrong with an open socket. Errors about a URL would show it, so they keep silent.
fn broken(error: &tungstenite::Error) -> TransportError {
    if let tungstenite::Error::Io(error) = error {
        return failed(error);
    }
    let detail = match error {
        tungstenite::Error::Url(_) => "the URL is not usable".to_owned(),
        error => error.to_string(),
    };
    TransportError::new(TransportErrorKind::Broken, detail)
}
