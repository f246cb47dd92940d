//! What was missed while there was no connection is found, all of it, once.

use std::time::Duration;

use chat_proto::{Event, Phase};
use chat_sim::{CutWhen, Effect, Operation, Settings};
use chat_tests::{SECOND, World, foreign, on_connect, on_send, on_transcript, refusal};

fn connected(seed: u64) -> World {
    let mut world = World::new(seed);
    world.connect();
    world.agent_sends("hello");
    world.run(SECOND * 90);
    world
}

#[test]
fn three_hundred_and_fifty_missed_items_come_once_with_a_failed_page_and_a_waiting_message() {
    for (seed, effect) in (0..).zip([
        refusal(500),
        refusal(429),
        refusal(403),
        Effect::DropRequest,
        Effect::LoseResponse,
        Effect::Stall,
        foreign(200, "<html>"),
        foreign(200, r#"{"Transcript":5}"#),
    ]) {
        let mut world = connected(seed);
        world.outage(SECOND * 20);
        world.agent_sends_many(349);
        let local_id = world.send("are you there?");
        world.run(SECOND * 15);
        world.inject_fault(on_transcript(effect.clone()).times(1));
        world.run_minutes(2);
        world.verify();
        let own = u64::from(
            world
                .journal
                .recovered
                .contains(&world.journal.sent[&local_id]),
        );
        let gaps: Vec<_> = world
            .journal
            .gaps
            .iter()
            .filter(|items| **items > 10)
            .collect();
        assert_eq!(gaps, [&(349 + own)], "{effect:?}");
    }
}

#[test]
fn a_loss_that_missed_nothing_says_so() {
    let mut world = connected(1);
    let before = world.journal.gaps.len();
    world.cut();
    world.run(SECOND * 10);
    assert_eq!(world.journal.gaps[before..], [0]);
    world.verify();
}

#[test]
fn what_is_recovered_is_flagged_and_comes_before_gap_filled_in_order() {
    let mut world = connected(2);
    world.outage(SECOND * 20);
    world.agent_sends_many(250);
    let from = world.journal.events.len();
    world.run(SECOND * 60);
    let mut recovered = Vec::new();
    for event in &world.journal.events[from..] {
        if let Event::Item(received) = event {
            assert!(received.recovered);
            recovered.push(received.item.absolute_time.clone());
        } else if let Event::GapFilled { items } = event {
            assert_eq!(*items, 250);
            assert_eq!(recovered.len(), 250);
        }
    }
    assert!(recovered.is_sorted());
    world.verify();
}

#[test]
fn our_own_message_whose_echo_was_missed_is_reported_once() {
    for seed in 0..40 {
        let mut world = connected(seed);
        let fault = Effect::CutSocket {
            when: CutWhen::NextItem,
        };
        world.inject(fault, Some(1));
        let local_id = world.send("did you get this?");
        world.run(SECOND * 30);
        let id = &world.journal.sent[&local_id];
        assert_eq!(world.journal.items.get(id), Some(&1), "seed {seed}");
        assert_eq!(world.journal.lost, 1);
        world.verify();
    }
}

#[test]
fn our_own_message_whose_echo_and_answer_were_missed_is_one_message() {
    for seed in 0..40 {
        let mut world = connected(seed);
        let cut = Effect::CutSocket {
            when: CutWhen::NextItem,
        };
        world.inject(cut, Some(1));
        world.inject_fault(on_send(Effect::LoseResponse).times(2));
        world.send("did you get this?");
        world.send("and this?");
        world.run_minutes(1);
        world.verify();
        assert_eq!(world.journal.sent.len(), 2);
        assert_eq!(world.journal.lost, 1);
        let uses: Vec<_> = world.record().sends().map(|send| send.uses).collect();
        assert_eq!(uses, [3, 1]);
    }
}

#[test]
fn several_losses_within_a_second_are_lived_through() {
    for seed in 0..40 {
        let mut world = connected(seed);
        for _ in 0..8 {
            world.agent_sends_many(30);
            world.cut();
            world.agent_sends_many(30);
            world.run(Duration::from_millis(120));
        }
        world.verify();
    }
}

#[test]
fn a_loss_while_a_gap_is_being_filled_is_lived_through() {
    for seed in 0..40 {
        let mut world = connected(seed);
        world.outage(SECOND * 5);
        world.agent_sends_many(350);
        world.run_until(SECOND * 30, |world| world.session.phase() == Phase::Live);
        let asked = world.requests(Operation::GetTranscript);
        world.run_until(SECOND * 30, |world| {
            world.requests(Operation::GetTranscript) >= asked + 1 + seed % 3
        });
        world.agent_sends_many(50);
        world.cut();
        world.agent_sends_many(50);
        world.verify();
    }
}

#[test]
fn an_item_that_was_overtaken_just_before_a_loss_is_not_lost() {
    for (seed, effect) in (0..).zip([
        Effect::DelayItems { by: SECOND * 40 },
        Effect::ReorderItems {
            within: SECOND * 40,
        },
        Effect::DelayItems { by: SECOND * 5 },
    ]) {
        let mut world = connected(seed);
        world.agent_sends("before");
        world.run(SECOND * 90);
        world.inject(effect.clone(), Some(1));
        world.agent_sends("overtaken");
        world.agent_sends_many(1);
        world.run(SECOND * 2);
        world.cut();
        world.verify();
        assert_eq!(world.journal.lost, 1, "{effect:?}");
    }
}

#[test]
fn items_that_come_twice_or_out_of_order_are_reported_once_and_stand_in_order() {
    for seed in 0..20 {
        let mut world = connected(seed);
        world.inject(Effect::DuplicateItems, None);
        world.inject(Effect::ReorderItems { within: SECOND * 3 }, Some(50));
        for _ in 0..100 {
            world.agent_sends("twice");
            world.send("twice, too");
            world.run(Duration::from_millis(seed * 40));
        }
        world.verify();
        assert_eq!(world.journal.lost, 0);
    }
}

#[test]
fn a_gap_of_a_chat_that_had_said_nothing_is_filled() {
    let mut world = World::new(9);
    world.connect();
    world.outage(SECOND * 20);
    world.agent_sends_many(250);
    world.verify();
}

#[test]
fn a_connection_lost_before_the_history_was_read_loses_nothing() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.agent_sends_many(30);
        world.inject_fault(on_transcript(Effect::DropRequest).times(3));
        world.connect();
        world.run(Duration::from_millis(seed * 10));
        world.outage(SECOND * 20);
        world.agent_sends_many(300);
        world.run_minutes(2);
        world.verify();
    }
}

#[test]
fn an_expired_token_at_the_gap_is_renewed() {
    let mut settings = Settings::default();
    settings.token_lifetime = SECOND * 100;
    let mut world = World::with(10, settings, |_| {});
    world.connect();
    world.run(SECOND * 200);
    world.inject_fault(on_connect(refusal(500)).times(1));
    world.outage(SECOND * 2);
    world.agent_sends_many(350);
    world.run_minutes(2);
    world.verify();
}

#[test]
fn the_end_of_a_past_chat_in_the_history_does_not_end_this_one() {
    // Persistent chat: the transcript begins with the items of an earlier, ended contact.
    let page = r#"{"Transcript":[
        {"Id":"past-1","AbsoluteTime":"2026-01-30T12:00:00.000Z","Type":"MESSAGE","Content":"then",
         "ContentType":"text/plain","ParticipantId":"agent-0","RelatedContactId":"past"},
        {"Id":"past-2","AbsoluteTime":"2026-01-30T12:00:01.000Z","Type":"EVENT",
         "ContentType":"application/vnd.amazonaws.connect.event.chat.ended",
         "RelatedContactId":"past"}]}"#;
    let mut world = World::new(12);
    world.inject_fault(on_transcript(foreign(200, page)).times(1));
    world.connect();
    world.run(SECOND * 30);
    assert_eq!(world.journal.ended, None);
    assert_eq!(world.session.phase(), Phase::Live);
    let shown = world.session.transcript().iter().next();
    let contact = shown.and_then(|entry| entry.item.related_contact_id.clone());
    assert_eq!(contact, Some("past".into()));
}
