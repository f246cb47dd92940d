//! Why clients are cut off.

/// Why a client is cut off or turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CutOff {
    /// It sends more frames than [`Settings::frames_per_second`](crate::Settings::frames_per_second)
    /// allows.
    FrameRate,
    /// It sends a frame that is larger than [`Settings::frame_limit`](crate::Settings::frame_limit).
    FrameSize,
    /// What it sends is not the WebSocket protocol.
    Protocol,
    /// It sends a text frame that is not UTF-8.
    NotText,
    /// It wants more sockets than
    /// [`Settings::sockets_per_participant`](crate::Settings::sockets_per_participant) allows.
    TooManySockets,
    /// It does not read what it is sent.
    Unread,
    /// A fault holds back more frames for it than
    /// [`Settings::held_frames_per_socket`](crate::Settings::held_frames_per_socket) allows, or
    /// than there is memory for.
    HeldFrames,
    /// It takes too long to send the body of a request.
    SlowBody,
}

impl CutOff {
    /// The name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::FrameRate => "frame_rate",
            Self::FrameSize => "frame_size",
            Self::Protocol => "protocol",
            Self::NotText => "not_text",
            Self::TooManySockets => "too_many_sockets",
            Self::Unread => "unread",
            Self::HeldFrames => "held_frames",
            Self::SlowBody => "slow_body",
        }
    }

    /// The reason in words, for a log and for the close frame.
    pub fn reason(self) -> &'static str {
        match self {
            Self::FrameRate => "Too many frames",
            Self::FrameSize => "The frame is too large",
            Self::Protocol => "Not the WebSocket protocol",
            Self::NotText => "The text is not UTF-8",
            Self::TooManySockets => "Too many sockets",
            Self::Unread => "What is sent is not read",
            Self::HeldFrames => "Too many frames are held back",
            Self::SlowBody => "The body of a request takes too long",
        }
    }

    /// The code of the close frame; without one, the connection just ends.
    pub(crate) fn close_code(self) -> Option<u16> {
        match self {
            Self::FrameRate => Some(1008),
            Self::FrameSize => Some(1009),
            Self::Protocol => Some(1002),
            Self::NotText => Some(1007),
            Self::TooManySockets | Self::Unread | Self::HeldFrames | Self::SlowBody => None,
        }
    }
}
