//! TCP connections, and what their errors mean.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use chat_proto::{TransportError, TransportErrorKind};

/// How long connecting, one read and one write may take. The session has its own time limits;
/// this one sees to it that no thread outlives them for long.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection to the host of a URL. TLS would begin here.
pub(super) fn dial(uri: &http::Uri, scheme: &str) -> Result<TcpStream, TransportError> {
    let (Some(host), true) = (uri.host(), uri.scheme_str() == Some(scheme)) else {
        let detail = format!("this example speaks {scheme}:// only, without TLS");
        return Err(TransportError::new(TransportErrorKind::NotAllowed, detail));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found = (host, uri.port_u16().unwrap_or(80)).to_socket_addrs();
    let mut found = found
        .map_err(|error| TransportError::new(TransportErrorKind::Resolve, error.to_string()))?;
    // Tokens are not for others to read.
    let Some(address) = found.find(|address| address.ip().is_loopback()) else {
        let detail = "this example speaks with this machine only, since it knows no TLS";
        return Err(TransportError::new(TransportErrorKind::NotAllowed, detail));
    };
    let stream = TcpStream::connect_timeout(&address, IO_TIMEOUT)
        .map_err(|error| TransportError::new(TransportErrorKind::Connect, error.to_string()))?;
    let set = stream
        .set_nodelay(true)
        .and_then(|()| stream.set_read_timeout(Some(IO_TIMEOUT)))
        .and_then(|()| stream.set_write_timeout(Some(IO_TIMEOUT)));
    set.map_err(|error| failed(&error))?;
    Ok(stream)
}

pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

pub(super) fn failed(error: &io::Error) -> TransportError {
    let kind = if is_timeout(error) {
        TransportErrorKind::Timeout
    } else if error.kind() == io::ErrorKind::InvalidData {
        TransportErrorKind::Protocol
    } else {
        TransportErrorKind::Broken
    };
    TransportError::new(kind, error.to_string())
}
