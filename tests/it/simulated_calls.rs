//! Calls of the application: each is answered once, in its kind.

#![expect(
    clippy::unwrap_used,
    reason = "a test tells what is wrong by panicking"
)]

use chat_proto::api::{GetAttachment, GetTranscript, SendEvent};
use chat_proto::{
    CallAnswer, CallId, CommandError, ContentType, Event, Instant, NewAttachment, Operation,
    RequestError, Session,
};
use chat_tests::{Lone, SECOND, World};

type Command = fn(&mut Session, Instant) -> Result<CallId, CommandError>;

fn authentication() -> String {
    "s".repeat(36)
}

/// Every command that is answered as a call, with its operation and an answer of the service.
const CALLS: [(Command, Operation, &str); 7] = [
    (
        |session, now| session.send_event(now, SendEvent::new(ContentType::Typing)),
        Operation::SendEvent,
        r#"{"Id":"i"}"#,
    ),
    (
        |session, now| session.get_transcript(now, GetTranscript::default()),
        Operation::GetTranscript,
        r#"{"Transcript":[]}"#,
    ),
    (
        |session, now| session.load_older(now),
        Operation::GetTranscript,
        r#"{"Transcript":[]}"#,
    ),
    (
        |session, now| session.attachment_url(now, GetAttachment::new("a".into())),
        Operation::GetAttachment,
        r#"{"Url":"https://files.example/SECRET"}"#,
    ),
    (
        |session, now| session.describe_view(now, "v".into()),
        Operation::DescribeView,
        r#"{"View":{"Id":"view-1"}}"#,
    ),
    (
        |session, now| {
            let id = authentication().as_str().into();
            session.authentication_url(now, id, "https://shop.example/back")
        },
        Operation::GetAuthenticationUrl,
        r#"{"AuthenticationUrl":"https://sign.in/SECRET"}"#,
    ),
    (
        |session, now| session.cancel_authentication(now, authentication().as_str().into()),
        Operation::CancelParticipantAuthentication,
        "{}",
    ),
];

fn live() -> Lone {
    let mut lone = Lone::live(|_| {});
    lone.page(&[]);
    lone.events.clear();
    lone
}

fn begun((command, ..): (Command, Operation, &str), lone: &mut Lone) -> CallId {
    let now = lone.instant();
    let call = command(&mut lone.session, now).unwrap();
    lone.drain();
    call
}

/// The result of this call, which must be the only one.
fn finished(call: CallId, lone: &mut Lone) -> Result<CallAnswer, RequestError> {
    let events = std::mem::take(&mut lone.events);
    assert!(!format!("{events:?}").contains("SECRET"), "{events:?}");
    let mut results = events.into_iter().filter_map(|event| {
        if let Event::CallFinished { call: of, result } = event {
            assert_eq!(of, call);
            Some(result)
        } else {
            None
        }
    });
    let result = results.next().unwrap();
    assert_eq!(results.next(), None);
    result
}

#[test]
fn each_is_answered_once_in_its_kind() {
    let kinds = CALLS.map(|call| {
        let mut lone = live();
        let id = begun(call, &mut lone);
        assert!(lone.answer(call.1, 200, call.2));
        match finished(id, &mut lone).unwrap() {
            CallAnswer::EventSent(sent) => sent.id.unwrap().to_string(),
            CallAnswer::Transcript(page) => format!("{} items", page.items.len()),
            CallAnswer::OlderLoaded { complete, .. } => format!("complete: {complete}"),
            CallAnswer::AttachmentUrl(answer) => answer.url.expose().to_owned(),
            CallAnswer::View(view) => view.id.unwrap(),
            CallAnswer::AuthenticationUrl(url) => url.expose().to_owned(),
            CallAnswer::AuthenticationCanceled => "canceled".to_owned(),
            other @ (CallAnswer::AttachmentDownloaded { .. } | _) => panic!("{other:?}"),
        }
    });
    assert_eq!(
        kinds,
        [
            "i",
            "0 items",
            "complete: true",
            "https://files.example/SECRET",
            "view-1",
            "https://sign.in/SECRET",
            "canceled"
        ]
    );
}

#[test]
fn each_is_tried_a_few_times_and_then_tells_why_it_failed() {
    for call in CALLS {
        let mut lone = live();
        let id = begun(call, &mut lone);
        for _ in 0..3 {
            assert!(lone.answer(call.1, 500, "{}"), "{}", call.1);
            lone.pass(SECOND * 2);
        }
        let error = finished(id, &mut lone).unwrap_err();
        let RequestError::Service(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!((error.operation, error.status), (call.1, 500));
        let bodies = lone.bodies(call.1);
        let tries = &bodies[bodies.len() - 3..];
        assert!(tries.iter().all(|body| *body == tries[0]), "{tries:?}");
    }
}

#[test]
fn a_refusal_for_good_is_told_at_once() {
    for call in CALLS {
        let mut lone = live();
        let id = begun(call, &mut lone);
        let body = r#"{"__type":"ResourceNotFoundException","Message":"it is not there"}"#;
        assert!(lone.answer(call.1, 404, body));
        let error = finished(id, &mut lone).unwrap_err().to_string();
        assert!(error.contains("it is not there"), "{error}");
    }
}

#[test]
fn a_refused_token_is_replaced_once() {
    for call in CALLS {
        let mut lone = live();
        let id = begun(call, &mut lone);
        lone.answer(call.1, 403, "{}");
        lone.pass(SECOND);
        let token = r#"{"ConnectionCredentials":{"ConnectionToken":"another"}}"#;
        assert!(lone.answer(Operation::CreateParticipantConnection, 200, token));
        let (_, http) = lone.requests.last().unwrap();
        assert_eq!(http.headers()["x-amz-bearer"], "another");
        assert!(lone.answer(call.1, 200, call.2));
        assert!(finished(id, &mut lone).is_ok());
    }
}

#[test]
fn each_is_refused_before_connect_while_suspended_and_after_the_end() {
    let mut commands: Vec<Command> = CALLS.iter().map(|(command, ..)| *command).collect();
    commands.push(|session, now| session.download_attachment(now, "a".into()));
    let mut world = World::new(1);
    let refused = |world: &mut World, advice: &str| {
        let now = world.instant();
        for command in &commands {
            let error = command(&mut world.session, now).unwrap_err().to_string();
            assert!(error.contains(advice), "{error}");
        }
        let file = NewAttachment::new("a", "b/c", 1);
        let error = world.session.send_attachment(now, file).unwrap_err();
        assert!(error.to_string().contains(advice), "{error}");
    };
    refused(&mut world, "connect first");
    world.connect();
    world.run(SECOND * 5);
    world.suspend();
    refused(&mut world, "resume it first");
    world.resume();
    world.agent_ends();
    world.run(SECOND * 30);
    refused(&mut world, "begin a new session");
}

#[test]
fn each_settles_when_the_session_ends() {
    for call in CALLS {
        let mut lone = live();
        let id = begun(call, &mut lone);
        let now = lone.instant();
        lone.session.abandon(now).unwrap();
        lone.drain();
        assert_eq!(finished(id, &mut lone), Err(RequestError::Ended));
    }
}

#[test]
fn limits_of_the_service_are_checked_before_anything_is_sent() {
    let mut lone = live();
    let now = lone.instant();
    let session = &mut lone.session;
    let refused = [
        session.attachment_url(now, GetAttachment::new("".into())),
        session.download_attachment(now, "".into()),
        session.describe_view(now, "".into()),
        session.authentication_url(now, "short".into(), "https://a.example"),
        session.authentication_url(now, authentication().as_str().into(), ""),
        session.cancel_authentication(now, "short".into()),
    ];
    let before = lone.requests.len();
    for refused in refused {
        assert!(refused.is_err(), "{refused:?}");
    }
    lone.pass(SECOND);
    assert_eq!(lone.requests.len(), before);
}
