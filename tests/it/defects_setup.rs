//! Defects of other clients in making and configuring a session, which this one must not have.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use std::time::Duration;

use chat_proto::{
    Action, ChatDetails, CommandError, Config, Endpoint, Instant, Seed, Session, Start,
};
use chat_tests::{SECOND, START_UNIX};

fn details() -> ChatDetails {
    ChatDetails {
        contact_id: "contact-1".into(),
        participant_id: "participant-1".into(),
        participant_token: "participant-token".into(),
    }
}

fn session(endpoint: &str, details: ChatDetails) -> Result<Session, CommandError> {
    let start = Start {
        now: Instant::ORIGIN,
        unix: START_UNIX,
        seed: Seed::from_number(1),
    };
    Session::new(start, config(endpoint), details)
}

fn config(endpoint: &str) -> Config {
    Config::new(Endpoint::custom(endpoint).unwrap())
}

#[test]
fn details_that_cannot_be_used_are_refused_when_the_session_is_made() {
    let empty = |change: fn(&mut ChatDetails)| {
        let mut details = details();
        change(&mut details);
        session("http://127.0.0.1:1", details)
            .unwrap_err()
            .to_string()
    };
    let contact = empty(|details| details.contact_id = "".into());
    assert!(contact.contains("ContactId"), "{contact}");
    let participant = empty(|details| details.participant_id = "".into());
    assert!(participant.contains("ParticipantId"), "{participant}");
    let token = empty(|details| details.participant_token = "two\nlines".into());
    assert!(token.to_lowercase().contains("token"), "{token}");
    assert!(!token.contains("two"), "it quotes the token: {token}");
}

#[test]
fn each_session_asks_its_own_endpoint() {
    let mut hosts = Vec::new();
    for endpoint in ["https://one.example", "https://two.example"] {
        let mut session = session(endpoint, details()).unwrap();
        session.connect(Instant::ORIGIN).unwrap();
        session.handle_timeout(Instant::ORIGIN);
        while let Some(action) = session.poll_action() {
            if let Action::Request { http, .. } = action {
                hosts.push(http.uri().host().unwrap().to_owned());
            }
        }
    }
    assert_eq!(hosts, ["one.example", "two.example"]);
}

#[test]
fn a_setting_changes_no_other_whatever_the_order() {
    let endpoint = "https://one.example";
    let (mut one, mut two, untouched) = (config(endpoint), config(endpoint), config(endpoint));
    one.receipt_window(SECOND).unwrap();
    one.request_timeout(SECOND * 2).unwrap();
    one.receipts(false).outbox_limit(7).unwrap();
    two.receipts(false).outbox_limit(7).unwrap();
    two.request_timeout(SECOND * 2).unwrap();
    assert_ne!(one, two);
    two.receipt_window(SECOND).unwrap();
    assert_eq!(one, two);
    assert_eq!(untouched, config(endpoint), "settings are global");
    assert!(one.delivered_hold(Duration::from_secs(3_600)).is_err());
    assert_eq!(one, two);
}
