//! What happens to a session from outside: frames, the fate of sockets, and the network's hints.

use proptest::prelude::*;
use serde_json::json;

use super::items::{chat_ended_json, item_json, text};
use crate::action::{Network, SocketInput};
use crate::error::{TransportError, TransportErrorKind};

/// The answer to a subscription.
pub(super) const SUBSCRIBED: &str =
    r#"{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}"#;
/// The answer to a ping.
pub(super) const PONG: &str = r#"{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}"#;

/// The text frame that carries this item.
#[must_use]
pub fn chat_frame(item: &str) -> String {
    json!({ "topic": "aws/chat", "contentType": "application/json", "content": item }).to_string()
}

/// Any text frame: those of the service, items among them, and some that it never sends. About one
/// in a hundred ends the chat.
pub fn frame() -> impl Strategy<Value = String> {
    let fixed = |frame: &'static str| Just(frame.to_owned());
    let whole = prop_oneof![
        48 => item_json().prop_map(|item| chat_frame(&item)),
        1 => chat_ended_json().prop_map(|item| chat_frame(&item)),
        8 => fixed(SUBSCRIBED),
        2 => fixed(r#"{"topic":"aws/subscribe","content":{"status":"failure"}}"#),
        8 => fixed(r#"{"topic":"aws/heartbeat"}"#),
        8 => fixed(PONG),
        2 => fixed(r#"{"topic":"aws/ping","statusCode":500,"statusContent":"no"}"#),
        2 => fixed(r#"{"message":"Forbidden","connectionId":"a","requestId":"b"}"#),
        2 => fixed(r#"{"topic":"aws/weather","content":{"sunny":true}}"#),
        2 => fixed(r#"{"topic":"aws/chat","content":"{\"Content\":1}"}"#),
        2 => fixed(r#"{"topic":"aws/chat"}"#),
        2 => fixed("[]"),
        2 => fixed(" \n"),
    ];
    let cut = (item_json(), any::<prop::sample::Index>()).prop_map(|(item, end)| {
        let frame: Vec<char> = chat_frame(&item).chars().collect();
        frame.iter().take(end.index(frame.len())).collect()
    });
    prop_oneof![16 => whole, 1 => cut, 1 => text()]
}

/// Any failure of the network.
pub fn transport_error() -> impl Strategy<Value = TransportError> {
    let kinds = vec![
        TransportErrorKind::Timeout,
        TransportErrorKind::Resolve,
        TransportErrorKind::Connect,
        TransportErrorKind::Proxy,
        TransportErrorKind::Tls,
        TransportErrorKind::Broken,
        TransportErrorKind::HandshakeRefused,
        TransportErrorKind::TooLarge,
        TransportErrorKind::NotAllowed,
        TransportErrorKind::Protocol,
    ];
    prop::sample::select(kinds).prop_map(|kind| TransportError::new(kind, "drawn by a strategy"))
}

/// Anything that can happen to a socket.
pub fn socket_input() -> impl Strategy<Value = SocketInput> {
    let code = prop::sample::select(vec![1000, 1001, 1006, 1011, 4000, 0, u16::MAX]);
    prop_oneof![
        4 => Just(SocketInput::Opened),
        16 => frame().prop_map(SocketInput::Text),
        1 => any::<usize>().prop_map(SocketInput::Binary),
        2 => code.prop_map(SocketInput::Closed),
        2 => transport_error().prop_map(SocketInput::Failed),
        1 => Just(SocketInput::ReadingPaused),
        1 => Just(SocketInput::ReadingResumed),
    ]
}

/// Any hint of the operating system.
pub fn network() -> impl Strategy<Value = Network> {
    prop_oneof![Just(Network::Online), Just(Network::Offline)]
}
