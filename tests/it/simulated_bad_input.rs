//! Whatever arrives, it does no harm and is told of.

use std::time::Duration;

use chat_proto::{
    Event, Instant, Operation, Phase, SocketInput, TransportError, TransportErrorKind,
};
use chat_sim::Effect;
use chat_tests::{CONTACT, Lone, SECOND, World, chat_frame, message};
use proptest::prelude::*;

/// The kinds of diagnostics told, and the number of items.
fn told(lone: &mut Lone) -> (Vec<&'static str>, usize) {
    let mut kinds = Vec::new();
    let mut items = 0;
    for event in lone.events.drain(..) {
        if let Event::Diagnostic(diagnostic) = event {
            kinds.push(diagnostic.kind());
        } else if matches!(event, Event::Item(_)) {
            items += 1;
        }
    }
    (kinds, items)
}

/// The next message is still heard.
fn assert_hears(lone: &mut Lone, number: u32) {
    lone.item(&message(number));
    assert_eq!(lone.contents().last(), Some(&format!("text {number}")));
    assert_eq!(lone.session.phase(), Phase::Live);
    let (kinds, items) = told(lone);
    assert_eq!((kinds.len(), items), (0, 1));
}

#[test]
fn frames_that_are_none_are_told_of_and_passed_over() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let deep = format!(
        r#"{{"topic":"aws/heartbeat","content":{}}}"#,
        nested(50_000)
    );
    let deep_item = chat_frame(&nested(50_000));
    let deep_frame = nested(50_000);
    let cases = [
        ("{not json", vec!["malformed_frame"]),
        ("<html>gateway</html>", vec!["malformed_frame"]),
        ("{}", vec!["malformed_frame"]),
        ("[]", vec!["malformed_frame"]),
        ("null", vec!["malformed_frame"]),
        ("17", vec!["malformed_frame"]),
        (r#"{"topic":17}"#, vec!["malformed_frame"]),
        (r#"{"topic":"aws/chat"}"#, vec!["malformed_frame"]),
        (
            r#"{"topic":"aws/chat","content":{"Id":"1"}}"#,
            vec!["malformed_frame"],
        ),
        (
            r#"{"topic":"aws/chat","content":5}"#,
            vec!["malformed_frame"],
        ),
        (
            r#"{"topic":"aws/chat","content":"not json"}"#,
            vec!["malformed_item"],
        ),
        (
            r#"{"topic":"aws/chat","content":"[]"}"#,
            vec!["malformed_item"],
        ),
        (
            r#"{"topic":"aws/chat","content":""}"#,
            vec!["malformed_item"],
        ),
        (
            r#"{"topic":"aws/weather","content":"rain"}"#,
            vec!["unknown_topic"],
        ),
        (r#"{"topic":""}"#, vec!["unknown_topic"]),
        (
            r#"{"message":"Forbidden","connectionId":"a","requestId":"b"}"#,
            vec!["refusal"],
        ),
        ("", vec![]),
        ("  \r\n", vec![]),
        (r#"{"topic":"aws/heartbeat","extra":[{}]}"#, vec![]),
        (
            r#"{"topic":"aws/subscribe","content":{"status":"failure"}}"#,
            vec![],
        ),
        (
            r#"{"topic":"aws/subscribe","content":{"status":"success"}}"#,
            vec![],
        ),
        (&deep, vec![]),
        (&deep_item, vec!["malformed_item"]),
        (&deep_frame, vec!["malformed_frame"]),
    ];
    let mut lone = Lone::live(|_| {});
    told(&mut lone);
    for ((frame, kinds), number) in cases.into_iter().zip(1..) {
        lone.text(frame);
        let shown = &frame[..frame.len().min(60)];
        assert_eq!(told(&mut lone), (kinds, 0), "{shown}");
        assert_hears(&mut lone, number);
    }
}

#[test]
fn binary_frames_are_told_of_and_count_as_life() {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    told(&mut lone);
    for _ in 0..10 {
        lone.input(SocketInput::Binary(1 << 20));
        lone.pass(SECOND * 9);
    }
    assert_eq!(lone.session.phase(), Phase::Live);
    assert_eq!(told(&mut lone).0, ["malformed_frame"; 10]);
    assert_hears(&mut lone, 1);
}

#[test]
fn items_that_lack_something_are_told_of() {
    let mut lone = Lone::live(|_| {});
    told(&mut lone);
    let cases: [(&str, Vec<&str>, usize); 9] = [
        (
            r#"{"Id":"a","Content":"no type"}"#,
            vec!["malformed_item"],
            0,
        ),
        (r#"{"Id":{},"Type":"MESSAGE"}"#, vec!["malformed_item"], 0),
        (
            r#"{"Type":"MESSAGE","Content":"no id and no time"}"#,
            vec!["unplaced_item"],
            1,
        ),
        (
            r#"{"Type":"MESSAGE","Id":"","AbsoluteTime":""}"#,
            vec!["unplaced_item"],
            1,
        ),
        (
            r#"{"Type":"MESSAGE","Id":"b","AbsoluteTime":"yesterday"}"#,
            vec!["unplaced_item"],
            1,
        ),
        (
            r#"{"Type":"MESSAGE","Id":"c","InitialContactId":"another","ContactId":"another"}"#,
            vec!["unknown_contact"],
            0,
        ),
        (r#"{"Type":"HOLOGRAM","Id":"d"}"#, vec![], 1),
        (
            r#"{"Type":"MESSAGEMETADATA","Id":"e","MessageMetadata":{"Receipts":[]}}"#,
            vec![],
            1,
        ),
        (
            r#"{"Type":"MESSAGEMETADATA","Id":"f","MessageMetadata":{"MessageId":"x"}}"#,
            vec![],
            1,
        ),
    ];
    for ((item, kinds, items), number) in cases.into_iter().zip(1..) {
        lone.item(item);
        assert_eq!(told(&mut lone), (kinds, items), "{item}");
        assert_hears(&mut lone, number);
    }
}

#[test]
fn a_contact_after_a_transfer_is_ours_by_its_first_contact() {
    let mut lone = Lone::live(|_| {});
    let item = message(1).replace(
        &format!(r#""ContactId":"{CONTACT}"}}"#),
        r#""ContactId":"next"}"#,
    );
    lone.item(&item);
    assert_eq!(lone.contents(), ["text 1"]);
    let item = message(2).replace(&format!(r#""InitialContactId":"{CONTACT}","#), "");
    lone.item(&item);
    assert_eq!(lone.contents(), ["text 1", "text 2"]);
}

#[test]
fn bad_frames_of_the_service_do_no_harm_in_a_whole_chat() {
    let frames = [
        "{not json",
        "{}",
        r#"{"topic":"aws/unheard-of"}"#,
        r#"{"topic":"aws/chat","content":{}}"#,
        r#"{"topic":"aws/chat","content":"{}"}"#,
        r#"{"message":"Forbidden"}"#,
    ];
    let mut world = World::new(1);
    world.connect();
    for frame in frames.iter().cycle().take(60) {
        let text = (*frame).to_owned();
        world.inject(Effect::RawFrame { text }, None);
        world.agent_sends("undisturbed");
        world.send("undisturbed");
        world.run(SECOND);
    }
    for kind in [
        "malformed_frame",
        "malformed_item",
        "unknown_topic",
        "refusal",
    ] {
        assert!(world.journal.has_diagnostic(kind), "{kind}");
    }
    world.verify();
    assert_eq!(world.journal.lost, 0);
}

#[test]
fn what_belongs_to_nothing_any_more_is_ignored() {
    let mut lone = Lone::live(|_| {});
    let old = lone.socket.unwrap();
    lone.input(SocketInput::Closed(1006));
    lone.comes_up();
    assert_ne!(lone.socket, Some(old));
    told(&mut lone);
    let broken = || TransportError::new(TransportErrorKind::Broken, "late news");
    let now = lone.instant();
    for input in [
        SocketInput::Text(chat_frame(&message(1))),
        SocketInput::Opened,
        SocketInput::Closed(1000),
        SocketInput::Failed(broken()),
        SocketInput::Binary(5),
        SocketInput::ReadingPaused,
        SocketInput::ReadingResumed,
    ] {
        lone.session.handle_socket(now, old, input);
        lone.drain();
    }
    assert_eq!(told(&mut lone), (vec![], 0));
    assert_hears(&mut lone, 2);
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut lone = Lone::live(|_| {});
    lone.pass(SECOND * 5);
    lone.session.handle_timeout(Instant::ORIGIN);
    let socket = lone.socket.unwrap();
    let frame = chat_frame(&message(1));
    lone.session
        .handle_socket(Instant::ORIGIN, socket, SocketInput::Text(frame));
    lone.drain();
    assert_eq!(lone.contents(), ["text 1"]);
    assert!(lone.session.poll_timeout().unwrap().0 > lone.instant());
}

/// Anything that may arrive.
#[derive(Clone, Debug)]
enum Junk {
    Frame(String),
    Item(String),
    Answer(u16, String),
    Failure,
    Closed(u16),
    Binary(usize),
    Reading(bool),
    Wait(u16),
}

/// Texts that are close to being right, and texts that are not.
fn texts() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("1e400".to_owned()),
        Just("-0".to_owned()),
        Just(r#""aws/chat""#.to_owned()),
        Just(r#""aws/subscribe""#.to_owned()),
        Just(r#""aws/ping""#.to_owned()),
        Just(r#""MESSAGE""#.to_owned()),
        Just(r#""MESSAGEMETADATA""#.to_owned()),
        Just(r#""2026-01-31T12:00:00Z""#.to_owned()),
        Just(r#""-009999-01-01T00:00:00Z""#.to_owned()),
        Just(r#""9999-12-31T23:59:60.999999999Z""#.to_owned()),
        Just(r#"{"status":"success"}"#.to_owned()),
        Just(r#"{"Receipts":[{"ReadTimestamp":""}],"MessageCompleted":false}"#.to_owned()),
        Just(r#"[{"Type":"MESSAGE","Id":"z","AbsoluteTime":"2026-01-31T12:00:00Z"}]"#.to_owned()),
        "\"[a-z]{0,3}\"",
        Just("\"\\ud800\"".to_owned()),
    ];
    let name = prop_oneof![
        Just("topic"),
        Just("content"),
        Just("message"),
        Just("statusCode"),
        Just("Id"),
        Just("Type"),
        Just("ContentType"),
        Just("AbsoluteTime"),
        Just("MessageMetadata"),
        Just("Content"),
        Just("Transcript"),
        Just("NextToken"),
        Just("Websocket"),
        Just("ParticipantId"),
        Just("Attachments"),
    ];
    let object = prop::collection::vec((name, value), 0..6).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", members.join(","))
    });
    prop_oneof![4 => object, 1 => any::<String>()]
}

fn junk() -> impl Strategy<Value = Junk> {
    let status = prop_oneof![Just(200), Just(204), Just(403), Just(500), 100..1_000_u16];
    prop_oneof![
        4 => texts().prop_map(Junk::Frame),
        4 => texts().prop_map(Junk::Item),
        4 => (status, texts()).prop_map(|(status, body)| Junk::Answer(status, body)),
        1 => Just(Junk::Failure),
        1 => any::<u16>().prop_map(Junk::Closed),
        1 => any::<usize>().prop_map(Junk::Binary),
        1 => any::<bool>().prop_map(Junk::Reading),
        4 => any::<u16>().prop_map(Junk::Wait),
    ]
}

const OPERATIONS: [Operation; 4] = [
    Operation::GetTranscript,
    Operation::SendMessage,
    Operation::SendEvent,
    Operation::CreateParticipantConnection,
];

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_junk_makes_it_panic_or_turn_in_circles(arrivals in prop::collection::vec(junk(), 1..60)) {
        let mut lone = Lone::live(|_| {});
        let now = lone.instant();
        let _ = lone.session.send_message(now, chat_proto::Draft::text("hello"));
        let _ = lone.session.typing(now);
        for arrival in arrivals {
            match arrival {
                Junk::Frame(text) => lone.text(&text),
                Junk::Item(text) => lone.item(&text),
                Junk::Answer(status, body) => {
                    let _ = OPERATIONS.iter().any(|of| lone.answer(*of, status, &body));
                }
                Junk::Failure => lone.input(SocketInput::Failed(TransportError::new(
                    TransportErrorKind::Broken,
                    "junk",
                ))),
                Junk::Closed(code) => lone.input(SocketInput::Closed(code)),
                Junk::Binary(length) => lone.input(SocketInput::Binary(length)),
                Junk::Reading(true) => lone.input(SocketInput::ReadingResumed),
                Junk::Reading(false) => lone.input(SocketInput::ReadingPaused),
                Junk::Wait(milliseconds) => lone.pass(Duration::from_millis(milliseconds.into())),
            }
        }
        let ends = lone.events.iter().filter(|event| matches!(event, Event::Ended(_))).count();
        prop_assert_eq!(ends, usize::from(lone.session.phase() == Phase::Ended));
        if ends == 0 {
            // It comes up again, and hears what is said.
            lone.pass(SECOND * 60);
            if lone.session.phase() == Phase::Recovering {
                lone.comes_up();
            }
            if lone.session.phase() == Phase::Live {
                lone.item(&message(3_599));
                prop_assert!(lone.contents().contains(&"text 3599".to_owned()));
            }
        }
    }
}
