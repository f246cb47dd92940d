//! Where the units of a stream begin and end: TLS records, HTTP answers, WebSocket frames.

/// What can be cut in its middle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unit {
    /// A TLS record that carries data of the application.
    Record,
    /// A WebSocket frame.
    Frame,
    /// An HTTP answer's body.
    Body,
}

/// How a server speaks, so far.
#[derive(Clone, Copy)]
enum Speech {
    /// The first byte tells.
    Unknown,
    Tls,
    Http,
    WebSocket,
}

/// Follows what a server sends, unit by unit.
pub(crate) struct Follower(Speech);

/// The next unit of a stream.
pub(crate) struct Next {
    /// The length of all of it.
    pub(crate) length: usize,
    /// Where the middle of what it carries is, if it can be cut there.
    pub(crate) middle: Option<(Unit, usize)>,
}

impl Next {
    fn new(unit: Unit, head: usize, carried: usize) -> Self {
        let middle = (carried > 1).then_some((unit, head + carried / 2));
        Self {
            length: head + carried,
            middle,
        }
    }
}

impl Follower {
    pub(crate) const fn new() -> Self {
        Self(Speech::Unknown)
    }

    /// The unit at the beginning of these bytes, once its head is there.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Option<Next> {
        match self.0 {
            Speech::Unknown => {
                let handshake = 22;
                self.0 = match bytes.first()? {
                    first if *first == handshake => Speech::Tls,
                    _ => Speech::Http,
                };
                self.next(bytes)
            }
            Speech::Tls => record(bytes),
            Speech::WebSocket => frame(bytes),
            Speech::Http => {
                let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
                let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
                if text.starts_with("http/1.1 101") {
                    self.0 = Speech::WebSocket;
                }
                let length = text.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    (name == "content-length").then(|| value.trim().parse().unwrap())
                });
                Some(Next::new(Unit::Body, head, length.unwrap_or(0)))
            }
        }
    }
}

fn record(bytes: &[u8]) -> Option<Next> {
    const APPLICATION_DATA: u8 = 23;
    let [kind, _, _, high, low, ..] = *bytes else {
        return None;
    };
    let carried = usize::from(u16::from_be_bytes([high, low]));
    let mut next = Next::new(Unit::Record, 5, carried);
    next.middle.take_if(|_| kind != APPLICATION_DATA);
    Some(next)
}

/// A frame of a server, which has no mask.
fn frame(bytes: &[u8]) -> Option<Next> {
    let short = usize::from(bytes.get(1)? & 0x7f);
    let wide = match short {
        126 => 2,
        127 => 8,
        _ => return Some(Next::new(Unit::Frame, 2, short)),
    };
    let length = bytes.get(2..2 + wide)?;
    let carried = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    Some(Next::new(Unit::Frame, 2 + wide, carried))
}
