//! One WebSocket: frames in to the core, frames out from it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};

use super::clock;
use super::shared::{Command, Forget, Line, Shared, Signal};
use crate::output::SocketId;

/// How long a client may take to read one frame, or to answer a close frame.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(10);
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
    let limit = shared.frame_limit.saturating_add(FRAME_SLACK);
    let config = WebSocketConfig::default()
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
                        exchange.await;
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
    loop {
        tokio::select! {
            command = commands.recv() => match command {
                Some(Command::Send(text)) => {
                    let sent = clock::within(CLIENT_TIMEOUT, stream.send(Message::text(text)));
                    match sent.await {
                        Some(Ok(())) => {}
                        Some(Err(_)) => return,
                        None => {
                            tracing::warn!(
                                socket = id.0,
                                "cut off a client that does not read what it is sent"
                            );
                            return;
                        }
                    }
                }
                Some(Command::Close { code, reason }) => {
                    close(stream, code, reason).await;
                    return;
                }
                None => return,
            },
            frame = stream.next() => match frame {
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
                    return;
                }
                None => return,
            },
        }
    }
}

/// Sends a close frame and waits for the client's.
async fn close<S>(mut stream: WebSocketStream<S>, code: u16, reason: String)
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
    clock::within(CLIENT_TIMEOUT, farewell).await;
}
