//! Faults on what CreateParticipantConnection and StartChatContact issue.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};
use serde_json::{Value, json};

use crate::bench::{Bench, Heard, target};

const SECOND: Duration = Duration::from_secs(1);

fn both() -> Value {
    json!(["WEBSOCKET", "CONNECTION_CREDENTIALS"])
}

#[test]
fn a_url_with_a_short_life_opens_nothing_afterwards() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let short = Effect::ShortUrl { lifetime: SECOND };
    bench.inject(Fault::new(short).times(2));
    let (in_time, _) = bench.connect(&chat.participant_token);
    let (late, _) = bench.connect(&chat.participant_token);
    let (usual, _) = bench.connect(&chat.participant_token);
    bench.pass_ms(999);
    bench.open(&in_time);
    bench.pass_ms(1);
    let socket = bench.knock(&late);
    assert_eq!(bench.take(socket), [Heard::Refused(403)]);
    bench.open(&usual);
}

#[test]
fn a_short_connection_is_announced_and_closed() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let short = Effect::ShortConnection {
        lifetime: SECOND * 5,
    };
    bench.inject(Fault::new(short).on(Operation::CreateParticipantConnection));
    let body = json!({ "Type": both() });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.get(operation, &chat.participant_token, &body);
    assert_eq!(
        answer["Websocket"]["ConnectionExpiry"],
        "2027-01-15T08:00:05.000Z"
    );
    assert_eq!(
        answer["ConnectionCredentials"]["Expiry"],
        "2027-01-16T08:00:00.000Z"
    );
    let socket = bench.open(&target(answer["Websocket"]["Url"].as_str().expect("a URL")));
    bench.pass_ms(4_999);
    assert_eq!(bench.take(socket), []);
    bench.pass_ms(1);
    assert_eq!(bench.take(socket), [Heard::Closed(1000)]);
    bench.send(&chat, "the token is still good");
}

#[test]
fn a_short_token_is_announced_and_expires() {
    let mut bench = Bench::new();
    let short = Effect::ShortToken {
        lifetime: SECOND * 5,
    };
    bench.inject(Fault::new(short).on(Operation::StartChatContact));
    let body = json!({
        "InstanceId": "i",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "ConnectionTypes": both(),
    });
    let started = bench.get(Operation::StartChatContact, "", &body);
    assert_eq!(
        started["ConnectionCredentials"]["Expiry"],
        "2027-01-15T08:00:05.000Z"
    );
    let token = started["ConnectionCredentials"]["ConnectionToken"]
        .as_str()
        .expect("a token");
    let message = json!({ "ContentType": "text/plain", "Content": "x" });
    bench.pass_ms(4_999);
    bench.get(Operation::SendMessage, token, &message);
    bench.pass_ms(1);
    let answer = bench.ask(Operation::SendMessage, token, &message);
    assert_eq!(answer.status, 403);
    // The fault was for the other operation: what is issued now lives as usual.
    let bearer = started["ParticipantToken"].as_str().expect("a token");
    let (_, token) = bench.connect(bearer);
    bench.pass(SECOND * 10);
    bench.get(Operation::SendMessage, &token, &message);
}

#[test]
fn nothing_lives_longer_by_a_fault() {
    let mut bench = Bench::with(|settings| settings.token_lifetime = SECOND);
    let chat = bench.chat();
    bench.fault(Effect::ShortToken {
        lifetime: SECOND * 9,
    });
    let (_, token) = bench.connect(&chat.participant_token);
    bench.pass(SECOND);
    let answer = bench.ask(Operation::GetTranscript, &token, &json!({}));
    assert_eq!(answer.status, 403);
}

#[test]
fn the_socket_of_an_agent_can_be_short_too() {
    let mut bench = Bench::new();
    bench.fault(Effect::ShortConnection { lifetime: SECOND });
    bench.inject(Fault::new(Effect::ShortUrl { lifetime: SECOND }).once());
    let urls: Vec<String> = (0..2)
        .map(|_| bench.service.agent_socket_url(bench.now, "Jo"))
        .map(|url| target(&url.expect("there is room")))
        .collect();
    let socket = bench.open(&urls[1]);
    bench.pass(SECOND);
    assert_eq!(bench.take(socket), [Heard::Closed(1000)]);
    let socket = bench.knock(&urls[0]);
    assert_eq!(bench.take(socket), [Heard::Refused(403)]);
}
