//! What went wrong below HTTP and WebSocket, and whose fault it is: from the errors of libraries.

use std::error::Error;
use std::io;

use chat_proto::{TransportError, TransportErrorKind};

use crate::transfer::FileError;

/// What kept a connection from being made, from the error and its causes. A connector's own errors
/// are those of this crate, so an error of IO beside them is of the TLS handshake.
#[must_use]
pub fn connecting(error: &(dyn Error + 'static)) -> TransportError {
    let mut cause = error;
    loop {
        if let Some(known) = cause.downcast_ref::<TransportError>() {
            return known.clone();
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return tls(error);
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return TransportError::new(TransportErrorKind::Connect, cause.to_string()),
        }
    }
}

/// What went wrong between a request and the end of its answer.
#[must_use]
pub fn exchange(error: &(dyn Error + 'static)) -> TransportError {
    let mut kind = TransportErrorKind::Broken;
    let mut cause = error;
    loop {
        if cause.is::<FileError>() {
            kind = TransportErrorKind::File;
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            if error.is_parse() || error.is_parse_status() {
                kind = TransportErrorKind::Protocol;
            }
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return TransportError::new(kind, cause.to_string()),
        }
    }
}

/// What went wrong while a connection was secured.
#[must_use]
pub fn tls(error: &io::Error) -> TransportError {
    match tls_reason(error) {
        Some(reason) => refused(reason),
        None => TransportError::new(
            TransportErrorKind::Tls,
            format!("the connection ended during the handshake: {error}"),
        ),
    }
}

/// What rustls says of a failure, when it is one of TLS.
fn tls_reason(error: &io::Error) -> Option<&rustls::Error> {
    // An io::Error leaves the error it wraps out of its chain of sources.
    let inner = error.get_ref()?;
    if let Some(reason) = inner.downcast_ref() {
        return Some(reason);
    }
    tls_reason(inner.downcast_ref()?)
}

fn refused(reason: &rustls::Error) -> TransportError {
    let advice = if matches!(reason, rustls::Error::InvalidCertificate(_)) {
        "; if the server's certificate is of a private authority, pass a tls_config that trusts it"
    } else {
        ""
    };
    TransportError::new(TransportErrorKind::Tls, format!("{reason}{advice}"))
}
