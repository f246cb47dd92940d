//! Messages on their way out: in order, once, and settled.

use std::time::Duration;

use chat_proto::{Event, Phase, RequestError, SendError, Status};
use chat_sim::{Effect, Fault, Operation, Settings};
use chat_tests::{SECOND, World, foreign, on_send, refusal, throttled};

fn connected(seed: u64) -> World {
    let mut world = World::new(seed);
    world.connect();
    world.run(SECOND * 5);
    world
}

/// Every item of the record was sent by one request token, and a token made one item.
fn assert_single(world: &World) {
    let mut ids: Vec<_> = world.record().sends().map(|send| &send.item_id).collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert!(
        world
            .record()
            .sends()
            .all(|send| send.client_token.is_some())
    );
}

#[test]
fn order_is_kept_whatever_happens() {
    for seed in 0..20 {
        let mut world = connected(seed);
        let troubles = [
            refusal(500),
            throttled(SECOND * 2),
            Effect::DropRequest,
            Effect::LoseResponse,
            Effect::Delay { by: SECOND * 3 },
            foreign(200, "{}"),
        ];
        for (number, effect) in troubles.into_iter().enumerate() {
            for part in 0..5 {
                world.send(&format!("{number}.{part}"));
            }
            world.inject_fault(on_send(effect).with_probability(0.4).times(2));
            world.run(Duration::from_millis(700));
            if number % 3 == 0 {
                world.cut();
            }
        }
        world.run_minutes(3);
        world.verify();
        assert_eq!(world.journal.sent.len(), 30, "seed {seed}");
        assert_single(&world);
    }
}

#[test]
fn one_message_is_under_way_at_a_time() {
    let mut world = connected(1);
    world.inject_fault(on_send(Effect::Delay { by: SECOND }));
    for number in 0..10 {
        world.send(&format!("{number}"));
    }
    for _ in 0..100 {
        world.run(SECOND / 10);
        let settled = world.journal.sent.len() as u64;
        assert!(world.requests(Operation::SendMessage) <= settled + 1);
    }
    world.verify();
}

#[test]
fn a_message_whose_answer_is_lost_is_not_doubled() {
    for seed in 0..20 {
        let mut world = connected(seed);
        world.inject_fault(on_send(Effect::LoseResponse).times(3));
        world.send("once");
        world.send("once, too");
        world.run_minutes(1);
        world.verify();
        let uses: Vec<_> = world.record().sends().map(|send| send.uses).collect();
        assert_eq!(uses, [4, 1], "seed {seed}");
        assert_single(&world);
    }
}

#[test]
fn echo_first_and_answer_first_give_the_same_and_there_is_one_bubble_all_the_time() {
    for (seed, echo_first) in (0..40).map(|seed| (seed, seed % 2 == 0)) {
        let mut world = connected(seed);
        let items = world.session.transcript().len();
        if echo_first {
            world.inject_fault(on_send(Effect::Delay { by: SECOND }).once());
        } else {
            world.inject(Effect::DelayItems { by: SECOND }, Some(1));
        }
        let local_id = world.send("which way round?");
        for _ in 0..300 {
            assert_eq!(world.session.transcript().len(), items + 1, "seed {seed}");
            let entry = world.session.transcript().iter().next_back().unwrap();
            assert_eq!(entry.local_id, Some(local_id));
            world.run(Duration::from_millis(10));
        }
        let entry = world.session.transcript().iter().next_back().unwrap();
        assert_eq!(entry.status, Status::Sent);
        assert_eq!(entry.item.id.as_ref(), Some(&world.journal.sent[&local_id]));
        assert!(entry.item.raw.is_some(), "it is the item itself");
        world.verify();
    }
}

#[test]
fn the_same_text_sent_twice_is_two_messages() {
    for (seed, effect) in (0..).zip([
        None,
        Some(on_send(Effect::LoseResponse).times(2)),
        Some(on_send(Effect::Delay { by: SECOND * 2 })),
        Some(Fault::new(Effect::DelayItems { by: SECOND * 2 })),
        Some(Fault::new(Effect::DuplicateItems)),
        Some(Fault::new(Effect::ReorderItems { within: SECOND * 2 })),
    ]) {
        let mut world = connected(seed);
        let items = world.session.transcript().len();
        if let Some(fault) = effect.clone() {
            world.inject_fault(fault);
        }
        let locals: Vec<_> = (0..4).map(|_| world.say("ok")).collect();
        for _ in 0..600 {
            assert_eq!(world.session.transcript().len(), items + 4, "{effect:?}");
            world.run(SECOND / 10);
        }
        let ids: Vec<_> = locals
            .iter()
            .map(|local| &world.journal.sent[local])
            .collect();
        let recorded: Vec<_> = world.record().sends().map(|send| &send.item_id).collect();
        let shown: Vec<_> = ids.iter().map(|id| id.as_str()).collect();
        assert_eq!(shown, recorded, "{effect:?}");
    }
}

#[test]
fn a_service_that_says_when_is_asked_then() {
    let mut world = connected(2);
    world.inject_fault(on_send(throttled(SECOND * 7)).times(2));
    let from = world.now();
    world.send("patience");
    world.run(SECOND * 30);
    let lines = world.trace.lines().iter().filter(|(at, _)| *at >= from);
    let tries: Vec<_> = lines
        .filter(|(_, text)| text.starts_with("Request(") && text.contains("SendMessage"))
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(tries.len(), 3);
    for pair in tries.windows(2) {
        assert!((SECOND * 7..SECOND * 8).contains(&(pair[1] - pair[0])));
    }
    world.verify();
}

#[test]
fn a_minute_of_errors_hands_the_message_back_and_the_next_one_goes_on() {
    let mut world = connected(3);
    world.inject_fault(on_send(refusal(500)));
    let from = world.now();
    let first = world.send("refused for a minute");
    let second = world.send("the next one");
    world.run_until(SECOND * 70, |world| !world.journal.failed.is_empty());
    assert_eq!(
        world.trace.times(from, "MessageFailed")[0] - from,
        SECOND * 60
    );
    let Some(SendError::Deadline { limit, last }) = world.journal.failed.get(&first) else {
        panic!("{:?}", world.journal.failed);
    };
    assert_eq!(*limit, SECOND * 60);
    assert!(matches!(last, Some(RequestError::Service(error)) if error.status == 500));
    assert!(
        (8..30).contains(&world.requests(Operation::SendMessage)),
        "{} tries",
        world.requests(Operation::SendMessage)
    );
    world.service.0.clear_faults();
    world.run(SECOND * 30);
    assert!(world.journal.sent.contains_key(&second));
    let failed = world.session.transcript().iter().next_back().unwrap();
    assert_eq!(
        (failed.local_id, failed.status),
        (Some(first), Status::Failed)
    );

    world.resend(first);
    let entry = world.session.transcript().iter().next_back().unwrap();
    assert_eq!(
        (entry.local_id, entry.status),
        (Some(first), Status::Sending)
    );
    world.verify();
    assert!(world.journal.sent.contains_key(&first));
}

#[test]
fn a_resent_message_keeps_its_token_and_so_is_not_doubled() {
    for seed in 0..10 {
        // The service takes it in, and neither its answer nor its echo comes through.
        let mut world = World::with(seed, Settings::default(), |config| {
            config.send_deadline(SECOND * 5).unwrap();
        });
        world.connect();
        world.run(SECOND * 9);
        world.half_open();
        world.inject_fault(on_send(Effect::LoseResponse));
        let local_id = world.send("did it arrive?");
        world.run(SECOND * 7);
        assert!(world.journal.failed.contains_key(&local_id), "seed {seed}");
        world.service.0.clear_faults();
        world.resend(local_id);
        world.verify();
        assert_eq!(world.record().sends().count(), 1);
        assert!(world.record().sends().all(|send| send.uses > 1));
    }
}

#[test]
fn a_failed_message_that_turns_out_to_have_arrived_is_one_bubble() {
    let mut world = World::with(4, Settings::default(), |config| {
        config.send_deadline(SECOND * 5).unwrap();
    });
    world.connect();
    world.run(SECOND * 9);
    let before = world.session.transcript().len();
    world.half_open();
    world.inject_fault(on_send(Effect::LoseResponse));
    let local_id = world.send("did it arrive?");
    world.run(SECOND * 7);
    assert!(world.journal.failed.contains_key(&local_id));
    world.service.0.clear_faults();
    world.run_minutes(2); // the loss is found, and the message is read from the transcript
    assert_eq!(
        world.session.transcript().len(),
        before + 1,
        "it shows twice"
    );
}

#[test]
fn time_without_a_connection_does_not_count_against_the_deadline() {
    let mut world = connected(5);
    world.inject_fault(on_send(refusal(500)));
    let local_id = world.send("offline for long");
    world.run(SECOND * 30);
    world.outage(SECOND * 600);
    world.run(SECOND * 590);
    assert!(world.journal.failed.is_empty());
    world.run(SECOND * 40);
    assert_eq!(world.session.phase(), Phase::Live);
    assert!(world.journal.failed.is_empty());
    world.service.0.clear_faults();
    world.verify();
    assert!(world.journal.sent.contains_key(&local_id));
}

#[test]
fn connections_that_last_seconds_do_not_stretch_the_deadline_without_end() {
    let mut world = connected(6);
    world.inject_fault(on_send(refusal(500)));
    let local_id = world.send("up and down");
    for _ in 0..40 {
        world.run(SECOND * 12);
        world.cut();
    }
    assert!(world.journal.failed.contains_key(&local_id));
    world.verify();
}

#[test]
fn an_answer_without_a_time_confirms_the_message_all_the_same() {
    let mut world = connected(13);
    let items = world.session.transcript().len();
    world.inject_fault(on_send(foreign(200, r#"{"Id":"made-up"}"#)).once());
    let local_id = world.say("what is the time?");
    world.run(SECOND * 5);
    assert!(world.journal.events.iter().any(|event| matches!(
        event,
        Event::MessageSent { local_id: sent, absolute_time: None, .. } if *sent == local_id
    )));
    assert_eq!(
        world.session.transcript().len(),
        items + 1,
        "a confirmed message is not shown"
    );
}
