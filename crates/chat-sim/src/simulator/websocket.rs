//! One WebSocket: frames in to the core, frames out from it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::clock;
use super::shared::{Command, Forget, Line, Shared, Signal};
use crate::bucket::Bucket;
use crate::cut_off::CutOff;
use crate::output::SocketId;

/// How long a socket may take from the order to close it to its end.
const FAREWELL: Duration = Duration::from_secs(60);
/// How long what a client still sends is read after it broke the protocol, so that it comes to
/// read the close frame.
const LINGER: Duration = Duration::from_secs(1);
/// How much is read at a time: frames of clients are small.
const BUFFER: usize = 4_096;
/// How much larger than the core's limit a frame may be on the way in: the core closes the socket
/// with the right code, which it can only do for a frame that it gets to see.
const FRAME_SLACK: usize = 1_024;

/// Serves a socket until it ends.
pub(super) async fn serve<S>(shared: &Arc<Shared>, io: S, line: Line, forget: &Forget)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(id) = forget.socket() else {
        return;
    };
    let limit = shared.limits.frame_bytes.saturating_add(FRAME_SLACK);
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .max_message_size(Some(limit))
        .max_frame_size(Some(limit));
    let stream = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
    let Line {
        commands,
        mut signal,
    } = line;
    let mut exchange = std::pin::pin!(exchange(shared, id, stream, commands));
    loop {
        let current = *signal.borrow_and_update();
        let is_frozen = match current {
            Signal::Healthy => false,
            Signal::Frozen => true,
            // The stream is dropped, which ends the TCP connection.
            Signal::Aborted => return,
        };
        tokio::select! {
            biased;
            changed = signal.changed() => {
                // The orders were dropped without a signal: only a close is still to be sent.
                if changed.is_err() {
                    if !is_frozen {
                        clock::within(FAREWELL, exchange).await;
                    }
                    return;
                }
            }
            // A frozen socket is not even polled: nothing is read, nothing is written.
            () = &mut exchange, if !is_frozen => return,
        }
    }
}

async fn exchange<S>(
    shared: &Arc<Shared>,
    id: SocketId,
    mut stream: WebSocketStream<S>,
    mut commands: mpsc::Receiver<Command>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let rate = shared.limits.frames;
    let mut frames = Bucket::new(rate, shared.clock.real());
    // Nothing more is read then; what is queued still goes out, the close frame at last.
    let mut is_cut_off = false;
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Send(text, charges)) => {
                    let sent = stream.send(Message::text(text)).await;
                    drop(charges);
                    if let Err(error) = sent {
                        if misdeed(&error) == Some(CutOff::Unread) {
                            shared.cut_off(Some(id), CutOff::Unread);
                        }
                        return;
                    }
                }
                Some(Command::Close { code, reason }) => {
                    close(shared, &mut stream, code, reason).await;
                    if is_cut_off {
                        linger(stream.into_inner()).await;
                    }
                    return;
                }
                None => return,
            },
            frame = stream.next(), if !is_cut_off => match frame {
                Some(Ok(_)) if !frames.take(rate, shared.clock.real()) => {
                    is_cut_off = true;
                    shared.cut_off(Some(id), CutOff::FrameRate);
                }
                Some(Ok(Message::Text(text))) => {
                    shared.step(|service, now| service.handle_text(now, id, text.as_str()));
                }
                Some(Ok(Message::Binary(bytes))) => {
                    // The service takes text only; what is not text is no topic either.
                    let text = String::from_utf8_lossy(&bytes);
                    shared.step(|service, now| service.handle_text(now, id, &text));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                // After a close frame the stream is polled until the answer to it is out.
                Some(Ok(Message::Close(_))) => {
                    shared.step(|service, now| service.handle_closed(now, id));
                }
                Some(Err(error)) => {
                    tracing::debug!(socket = id.0, %error, "a socket ended early");
                    let Some(reason) = misdeed(&error) else {
                        return;
                    };
                    is_cut_off = true;
                    shared.cut_off(Some(id), reason);
                }
                None => return,
            },
        }
    }
}

/// What a client has done wrong for which its socket fails; nothing when the network has.
fn misdeed(error: &Error) -> Option<CutOff> {
    if let Error::Io(error) = error {
        return (error.kind() == io::ErrorKind::TimedOut).then_some(CutOff::Unread);
    }
    if let Error::Protocol(error) = error {
        let is_gone = matches!(
            error,
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::ReceivedAfterClosing
        );
        return (!is_gone).then_some(CutOff::Protocol);
    }
    if matches!(error, Error::Utf8(_)) {
        return Some(CutOff::NotText);
    }
    matches!(error, Error::Capacity(_)).then_some(CutOff::FrameSize)
}

/// Sends a close frame and waits for the client's.
async fn close<S>(shared: &Shared, stream: &mut WebSocketStream<S>, code: u16, reason: String)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let frame = CloseFrame {
        code: code.into(),
        reason: reason.into(),
    };
    let farewell = async {
        if stream.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = stream.next().await {}
        }
    };
    clock::within(shared.limits.read_timeout, farewell).await;
}

/// Reads what a client still sends: what is not read when a connection ends takes the close frame
/// with it.
async fn linger<S>(mut io: S)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut rest = [0; BUFFER];
    let reading = async {
        if io.shutdown().await.is_ok() {
            while matches!(io.read(&mut rest).await, Ok(1..)) {}
        }
    };
    clock::within(LINGER, reading).await;
}
