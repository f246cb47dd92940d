//! Messages that are not taken: by the service, or by the session itself.

use chat_proto::{CommandError, ContentType, Draft, RequestError, SendError, Status};
use chat_sim::{Operation, Settings};
use chat_tests::{SECOND, World, on_connect, on_send, refusal};

fn connected(seed: u64) -> World {
    let mut world = World::new(seed);
    world.connect();
    world.run(SECOND * 5);
    world
}

#[test]
fn what_the_service_will_never_take_is_handed_back_at_once() {
    for status in [400, 404, 409, 413] {
        let mut world = connected(status.into());
        world.inject_fault(on_send(refusal(status)).once());
        let first = world.send("not like this");
        let second = world.send("like this");
        world.run(SECOND * 2);
        let Some(SendError::Refused(RequestError::Service(error))) =
            world.journal.failed.get(&first)
        else {
            panic!("{:?}", world.journal.failed);
        };
        assert_eq!(error.status, status);
        assert!(world.journal.sent.contains_key(&second));
        assert_eq!(world.requests(Operation::SendMessage), 2);
        world.verify();
    }
}

#[test]
fn a_refused_token_is_renewed_once() {
    let mut world = connected(7);
    world.inject_fault(on_send(refusal(403)).once());
    let connections = world.requests(Operation::CreateParticipantConnection);
    let local_id = world.send("with a new token");
    world.run(SECOND * 2);
    assert!(world.journal.sent.contains_key(&local_id));
    let renewals = world.requests(Operation::CreateParticipantConnection) - connections;
    assert_eq!(renewals, 1);
    assert_eq!(world.open_sockets(), 1);
    world.verify();

    world.inject_fault(on_send(refusal(403)).times(2));
    let local_id = world.send("with no token");
    world.run(SECOND * 2);
    assert!(matches!(
        world.journal.failed.get(&local_id),
        Some(SendError::Refused(_))
    ));
    world.send("and on it goes");
    world.verify();
}

#[test]
fn a_token_that_cannot_be_renewed_for_a_while_delays_the_message_only() {
    let mut world = connected(8);
    world.inject_fault(on_send(refusal(403)).once());
    world.inject_fault(on_connect(refusal(500)).times(3));
    let local_id = world.send("patience");
    world.run(SECOND * 30);
    assert!(world.journal.sent.contains_key(&local_id));
    world.verify();
}

#[test]
fn bad_drafts_are_refused_with_the_field_and_handed_back_and_nothing_changes() {
    let mut world = connected(9);
    let items = world.session.transcript().len();
    let empty = |field| CommandError::Empty { field };
    let too_long = |field, actual, limit, unit| CommandError::TooLong {
        field,
        actual,
        limit,
        unit,
    };
    let of_type = |name: &str| Draft::new(ContentType::from(name), "x");
    let cases = [
        (Draft::text(""), empty("Content")),
        (of_type(""), empty("ContentType")),
        (
            Draft::text("x".repeat(16_385)),
            too_long("Content", 16_385, 16_384, "bytes"),
        ),
        (
            Draft::text("\u{1f600}".repeat(4_097)),
            too_long("Content", 16_388, 16_384, "bytes"),
        ),
        (
            of_type(&"x".repeat(101)),
            too_long("ContentType", 101, 100, "characters"),
        ),
    ];
    for (draft, error) in cases {
        let now = world.instant();
        let refused = world.session.send_message(now, draft.clone()).unwrap_err();
        assert_eq!(refused.payload, draft);
        assert_eq!(refused.error, error);
    }
    assert!(world.session.poll_action().is_none());
    assert!(world.session.poll_event().is_none());
    assert_eq!(world.session.transcript().len(), items);
    assert_eq!(
        world.say(&"x".repeat(16_384)).number(),
        1,
        "a refused one has no number"
    );
    world.run(SECOND * 5);
    assert_eq!(world.journal.sent.len(), 1);
}

#[test]
fn a_full_outbox_refuses_and_takes_more_when_there_is_room() {
    let mut world = World::with(10, Settings::default(), |config| {
        config.outbox_limit(3).unwrap();
    });
    for number in 0..3 {
        world.send(&format!("{number}"));
    }
    let now = world.instant();
    let refused = world
        .session
        .send_message(now, Draft::text("one too many"))
        .unwrap_err();
    assert!(matches!(refused.error, CommandError::Full { limit: 3, .. }));
    assert_eq!(refused.payload, Draft::text("one too many"));
    assert_eq!(world.session.transcript().len(), 3);
    world.connect();
    world.run(SECOND * 5);
    for number in 3..6 {
        world.send(&format!("{number}"));
    }
    world.verify();
    assert_eq!(world.journal.sent.len(), 6);
}

#[test]
fn failed_messages_that_are_kept_are_bounded_too() {
    let mut world = World::with(11, Settings::default(), |config| {
        config.outbox_limit(3).unwrap();
    });
    world.connect();
    world.inject_fault(on_send(refusal(400)));
    let locals: Vec<_> = (0..10)
        .map(|number| {
            let local_id = world.send(&format!("{number}"));
            world.run(SECOND);
            local_id
        })
        .collect();
    assert_eq!(world.journal.failed.len(), 10);
    let shown = world.session.transcript().iter();
    assert_eq!(
        shown.filter(|entry| entry.status == Status::Failed).count(),
        3
    );
    let now = world.instant();
    let forgotten = world.session.resend(now, locals[0]);
    assert_eq!(forgotten, Err(CommandError::UnknownMessage(locals[0])));
    world.service.0.clear_faults();
    world.resend(locals[9]);
    world.verify();
    assert!(world.journal.sent.contains_key(&locals[9]));
}

#[test]
fn sending_again_what_has_not_failed_is_refused() {
    let mut world = connected(12);
    let local_id = world.send("fine as it is");
    let now = world.instant();
    assert!(world.session.resend(now, local_id).is_err());
    world.run(SECOND * 5);
    assert!(world.session.resend(now, local_id).is_err());
    world.verify();
}
