//! Telling WebSocket handshakes from other requests, and bad ones from good ones.

use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, StatusCode, Version};

use crate::service::WEBSOCKET_PATH;

/// What a request is.
pub(super) enum Handshake {
    /// Another request.
    None,
    /// A handshake with this key.
    Good(HeaderValue),
    /// One that cannot be completed.
    Bad(BadHandshake),
}

/// Why a handshake cannot be completed.
pub(super) struct BadHandshake {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
    /// The header that says what would be right.
    pub(super) hint: Option<(HeaderName, HeaderValue)>,
}

impl Handshake {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let headers = request.headers();
        if request.method() != Method::GET {
            return Self::None;
        }
        if !names(headers, header::UPGRADE, "websocket") {
            return if request.uri().path() == WEBSOCKET_PATH {
                let hint = (header::UPGRADE, HeaderValue::from_static("websocket"));
                bad(
                    StatusCode::UPGRADE_REQUIRED,
                    "A WebSocket is here.",
                    Some(hint),
                )
            } else {
                Self::None
            };
        }
        if request.version() < Version::HTTP_11 || !names(headers, header::CONNECTION, "upgrade") {
            let message = "A WebSocket handshake is HTTP/1.1 with Connection: Upgrade.";
            return bad(StatusCode::BAD_REQUEST, message, None);
        }
        if !names(headers, header::SEC_WEBSOCKET_VERSION, "13") {
            let hint = (
                header::SEC_WEBSOCKET_VERSION,
                HeaderValue::from_static("13"),
            );
            let message = "Sec-WebSocket-Version must be 13.";
            return bad(StatusCode::UPGRADE_REQUIRED, message, Some(hint));
        }
        match headers.get(header::SEC_WEBSOCKET_KEY) {
            Some(key) if is_key(key.as_bytes()) => Self::Good(key.clone()),
            Some(_) | None => bad(
                StatusCode::BAD_REQUEST,
                "Sec-WebSocket-Key must be 16 bytes in Base64.",
                None,
            ),
        }
    }
}

fn bad(
    status: StatusCode,
    message: &'static str,
    hint: Option<(HeaderName, HeaderValue)>,
) -> Handshake {
    Handshake::Bad(BadHandshake {
        status,
        message,
        hint,
    })
}

/// Whether a header is a list that has a word in it.
fn names(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(word))
}

/// Whether it is 16 bytes in Base64.
fn is_key(key: &[u8]) -> bool {
    key.len() == 24
        && key.ends_with(b"==")
        && key[..22]
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte))
}
