//! What the core asks its shell to do, and the numbers both use to speak of requests and sockets.

use std::fmt;
use std::mem::size_of;
use std::time::Duration;

use crate::cut_off::CutOff;

/// One HTTP request, numbered by the shell. A number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One WebSocket connection, numbered by the shell. A number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// One thing for the shell to do, in the order given.
///
/// Every variant must be handled: the enum is exhaustive on purpose, so that a new kind of output
/// does not compile in a shell that would ignore it.
pub enum Output {
    /// Answer the request.
    Respond {
        /// The request that is answered.
        request: RequestId,
        /// The whole answer.
        response: http::Response<Vec<u8>>,
    },
    /// End the connection that carried the request, without an answer.
    Drop {
        /// The request that gets no answer.
        request: RequestId,
    },
    /// Complete the WebSocket handshake.
    Accept {
        /// The socket that is open from now on.
        socket: SocketId,
    },
    /// Answer the handshake with an HTTP error; the socket never opens.
    Refuse {
        /// The socket that is refused.
        socket: SocketId,
        /// The whole answer.
        response: http::Response<Vec<u8>>,
    },
    /// Send a text frame.
    Send {
        /// The socket that carries it.
        socket: SocketId,
        /// The text of the frame.
        text: String,
    },
    /// Close with a close frame, after everything sent before. The core forgets the socket.
    Close {
        /// The socket to close.
        socket: SocketId,
        /// The code of the close frame.
        code: u16,
        /// The reason of the close frame.
        reason: String,
    },
    /// End the TCP connection without a close frame, at once. The core forgets the socket.
    Abort {
        /// The socket to cut.
        socket: SocketId,
    },
    /// Keep the TCP connection, but read nothing from it and write nothing to it any more, not
    /// even the pong to a protocol ping. The core neither sends on the socket nor hears it.
    Freeze {
        /// The socket that is half open from now on.
        socket: SocketId,
    },
    /// Let the clock jump: every later `now` is to be later by this much. The core has already done
    /// what was due on the way. Comes only when it was asked for, by
    /// [`Service::advance_clock`](crate::Service::advance_clock) or over the control API.
    AdvanceClock {
        /// How far.
        by: Duration,
    },
    /// Write to the log that a client is cut off or turned away. What is to be done about it comes
    /// as an output of its own.
    CutOff {
        /// The socket, when it is one.
        socket: Option<SocketId>,
        /// Why.
        reason: CutOff,
    },
}

impl Output {
    /// How many bytes of memory it takes, by estimate.
    pub(crate) fn bytes(&self) -> usize {
        let body = match self {
            Self::Respond { response, .. } | Self::Refuse { response, .. } => {
                // The headers, and the map they are in.
                response.body().len() + 1_024
            }
            Self::Send { text, .. } => text.len(),
            Self::Drop { .. }
            | Self::Accept { .. }
            | Self::Close { .. }
            | Self::Abort { .. }
            | Self::Freeze { .. }
            | Self::CutOff { .. }
            | Self::AdvanceClock { .. } => 0,
        };
        size_of::<Self>() + body
    }
}

// Written by hand: answers and frames carry tokens and message text.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Respond { request, response } => f
                .debug_struct("Respond")
                .field("request", request)
                .field("status", &response.status().as_u16())
                .finish_non_exhaustive(),
            Self::Drop { request } => f.debug_struct("Drop").field("request", request).finish(),
            Self::Accept { socket } => f.debug_struct("Accept").field("socket", socket).finish(),
            Self::Refuse { socket, response } => f
                .debug_struct("Refuse")
                .field("socket", socket)
                .field("status", &response.status().as_u16())
                .finish_non_exhaustive(),
            Self::Send { socket, text } => f
                .debug_struct("Send")
                .field("socket", socket)
                .field("bytes", &text.len())
                .finish_non_exhaustive(),
            Self::Close {
                socket,
                code,
                reason,
            } => f
                .debug_struct("Close")
                .field("socket", socket)
                .field("code", code)
                .field("reason", reason)
                .finish(),
            Self::Abort { socket } => f.debug_struct("Abort").field("socket", socket).finish(),
            Self::Freeze { socket } => f.debug_struct("Freeze").field("socket", socket).finish(),
            Self::AdvanceClock { by } => f.debug_struct("AdvanceClock").field("by", by).finish(),
            Self::CutOff { socket, reason } => f
                .debug_struct("CutOff")
                .field("socket", socket)
                .field("reason", reason)
                .finish(),
        }
    }
}
