//! A process that is killed at any moment and continued from what it had saved loses nothing and
//! repeats nothing.

use std::time::Duration;

use chat_proto::{CommandError, EndReason, Event, Phase, ReceiptKind, ReceiptOutcome, ResumeState};
use chat_sim::{Effect, Operation};
use chat_tests::{SECOND, World, on_send};

#[test]
fn what_was_said_while_the_process_was_gone_is_reported_once() {
    let mut world = World::new(1);
    world.connect();
    world.send("before");
    world.agent_sends("seen before");
    world.run_minutes(5);
    let saved = world.save().unwrap();
    world.kill_and_restore(&saved);
    world.agent_sends("while it was gone");
    world.run_minutes(3);
    world.connect();
    world.agent_sends("after");
    world.send("after");
    world.verify();
    assert_eq!(world.journal.established, 1);
    let gone = world.record().transcript().iter().find(|item| {
        let content = item.content.as_deref();
        content.is_some_and(|content| content.starts_with("while it was gone"))
    });
    let id = gone.expect("it is on the record").id.as_str().into();
    assert!(world.journal.recovered.contains(&id));
}

#[test]
fn a_message_under_way_at_the_kill_is_confirmed_and_stands_once() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        world.connect();
        world.inject_fault(on_send(Effect::Delay { by: SECOND }).times(1));
        world.send("first");
        world.send("second");
        world.send("third");
        world.run(Duration::from_millis(seed * 60));
        let saved = world.save().unwrap();
        world.kill_and_restore(&saved);
        world.connect();
        world.send("fourth");
        world.verify();
        assert_eq!(world.journal.sent.len(), 4, "seed {seed}");
    }
}

#[test]
fn what_was_confirmed_after_the_saving_is_not_sent_twice() {
    let mut world = World::new(3);
    world.connect();
    world.send("one");
    world.send("two");
    let saved = world.save().unwrap();
    world.run_minutes(1);
    world.send("three, which the saved state does not know");
    world.agent_sends("an answer");
    world.run_minutes(1);
    world.kill_and_restore(&saved);
    world.connect();
    world.verify();
    assert_eq!(world.journal.sent.len(), 2);
}

#[test]
fn receipts_that_the_service_has_are_not_sent_again_and_all_settle() {
    let mut world = World::new(4);
    world.connect();
    for text in ["a", "b", "c"] {
        world.agent_sends(text);
    }
    world.run(SECOND);
    let ids: Vec<_> = world
        .session
        .transcript()
        .iter()
        .filter(|entry| entry.item.content.is_some())
        .filter_map(|entry| entry.item.id.clone())
        .collect();
    world.sends_receipt(ReceiptKind::Read, &ids[0]);
    world.run(SECOND * 10);
    let before = world.requests(Operation::SendEvent);
    world.sends_receipt(ReceiptKind::Read, &ids[1]);
    world.sends_receipt(ReceiptKind::Delivered, &ids[2]);
    let saved = world.save().unwrap();
    world.kill_and_restore(&saved);
    world.connect();
    world.sends_receipt(ReceiptKind::Read, &ids[0]);
    world.verify();
    let outcome = |kind, id| world.journal.receipts.get(&(kind, id)).cloned();
    assert_eq!(
        outcome(ReceiptKind::Read, ids[0].clone()),
        Some(ReceiptOutcome::AlreadySent)
    );
    assert_eq!(
        outcome(ReceiptKind::Read, ids[1].clone()),
        Some(ReceiptOutcome::Sent)
    );
    assert_eq!(
        outcome(ReceiptKind::Delivered, ids[2].clone()),
        Some(ReceiptOutcome::Sent)
    );
    assert!(world.requests(Operation::SendEvent) <= before + 3);
}

#[test]
fn what_the_application_was_not_told_is_told_by_the_next_process() {
    let mut world = World::new(5);
    world.connect();
    world.agent_sends("everybody has read this");
    world.run_minutes(2);
    world.takes_events = false;
    let recovered = world.journal.recovered.len();
    world.agent_sends("nobody has read this");
    world.run(SECOND * 5);
    let saved = world.save().unwrap();
    world.takes_events = true;
    world.kill_and_restore(&saved);
    world.connect();
    world.verify();
    assert_eq!(world.journal.recovered.len(), recovered + 1);
}

#[test]
fn a_chat_that_ended_meanwhile_ends_with_its_last_words() {
    let mut settings = chat_sim::Settings::default();
    settings.transcript_grace = Duration::from_secs(3_600);
    let mut world = World::with(6, settings, |_| {});
    world.connect();
    world.run_minutes(2);
    let saved = world.save().unwrap();
    world.kill_and_restore(&saved);
    world.agent_sends("goodbye");
    world.agent_ends();
    world.run_minutes(1);
    world.begin_to_connect();
    world.run_minutes(1);
    assert_eq!(world.session.phase(), Phase::Ended);
    assert!(matches!(
        world.journal.ended,
        Some(EndReason::ChatEnded | EndReason::Inferred(_))
    ));
    let last_words = world.journal.events.iter().any(|event| {
        let Event::Item(received) = event else {
            return false;
        };
        let content = received.item.content.as_deref();
        content.is_some_and(|content| content.starts_with("goodbye"))
    });
    assert!(last_words, "{:?}", world.journal.events);
}

#[test]
fn a_process_that_was_leaving_leaves() {
    let mut world = World::new(7);
    world.connect();
    world.send("bye");
    world.disconnect();
    let saved = world.save().unwrap();
    world.kill_and_restore(&saved);
    world.begin_to_connect();
    world.run_minutes(2);
    assert_eq!(world.journal.ended, Some(EndReason::Disconnected));
    assert!(world.record().ended().is_some());
    world.verify_sent();
}

#[test]
fn older_items_wait_until_what_was_missed_has_been_read() {
    let mut world = World::new(10);
    world.connect();
    world.agent_sends("before");
    world.run_minutes(5);
    let saved = world.save().unwrap();
    world.kill_and_restore(&saved);
    world.agent_sends("missed");
    world.connect();
    let now = world.instant();
    let early = world.session.load_older(now).unwrap_err();
    assert!(matches!(early, CommandError::TooEarly { .. }), "{early}");
    world.run(SECOND);
    world.session.load_older(now).unwrap();
    world.verify();
}

#[test]
fn a_session_that_never_connected_can_be_saved_and_continued() {
    let mut world = World::new(8);
    world.send("in time");
    let saved = world.save().unwrap();
    world.kill_and_restore(&saved);
    world.connect();
    world.verify();
    assert_eq!(world.journal.sent.len(), 1);
}

#[test]
fn the_state_says_what_it_is_and_hides_what_it_holds() {
    let mut world = World::new(9);
    world.connect();
    world.agent_sends("hello");
    world.cut();
    world.send("unsent");
    let state = world.session.resume_state([]).unwrap();
    assert_eq!(state.contact_id(), &world.session.chat_details().contact_id);
    let shown = format!("{state:?}");
    let token = world.session.chat_details().participant_token.expose();
    assert!(
        !shown.contains(token) && !shown.contains("unsent"),
        "{shown}"
    );
    let json = serde_json::to_string(&state).unwrap();
    let other = json.replace("\"version\":1", "\"version\":2");
    let error = serde_json::from_str::<ResumeState>(&other).unwrap_err();
    assert!(error.to_string().contains("has version 2"), "{error}");
    world.run_minutes(1);
    world.agent_ends();
    world.run_minutes(1);
    let over = world.session.resume_state([]).unwrap_err();
    assert!(over.to_string().contains("begin a new session"), "{over}");
}

#[test]
fn a_page_that_was_asked_for_as_an_older_one_may_hold_what_is_new() {
    for seed in 0..40 {
        let mut world = World::new(seed);
        world.connect();
        world.agent_sends("before");
        world.run(SECOND);
        let transcript = world.session.transcript();
        let last = transcript.iter().last();
        let last = last.and_then(|entry| entry.item.id.clone()).unwrap();
        world.sends_receipt(ReceiptKind::Delivered, &last);
        world.run_minutes(5);
        world.cut();
        world.run_minutes(1);
        let saved = world.save().unwrap();
        world.kill_and_restore(&saved);
        world.connect();
        world.run(SECOND);
        // The anchor is a receipt, which is no line: the transcript is empty, and the page before
        // nothing is the newest one. A message may be recorded before it is read.
        assert!(world.session.transcript().is_empty());
        let now = world.instant();
        world.send("new");
        world.session.load_older(now).unwrap();
        world.verify();
    }
}
