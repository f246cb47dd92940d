//! Gaps that cannot be filled at once, or not whole.

use chat_proto::{Config, GapError, Phase};
use chat_sim::{Effect, Operation, Settings};
use chat_tests::{SECOND, World, foreign, on_transcript, refusal};

fn configured(seed: u64, configure: impl FnOnce(&mut Config)) -> World {
    let mut world = World::with(seed, Settings::default(), configure);
    world.connect();
    world.agent_sends("hello");
    world.run(SECOND * 90);
    world
}

fn connected(seed: u64) -> World {
    configured(seed, |_| {})
}

#[test]
fn an_anchor_the_service_does_not_know_is_no_dead_end() {
    for (seed, effect) in (0..).zip([
        refusal(400),
        refusal(404),
        foreign(200, r#"{"Transcript":[]}"#),
        foreign(200, "{}"),
    ]) {
        let mut world = connected(seed);
        world.outage(SECOND * 20);
        world.agent_sends_many(350);
        world.run(SECOND * 15);
        world.inject_fault(on_transcript(effect.clone()).times(1));
        world.run(SECOND * 60);
        assert!(world.journal.unresolved.is_empty(), "{effect:?}");
        assert_eq!(world.journal.gaps.last(), Some(&350), "{effect:?}");
        world.verify();
    }
}

#[test]
fn a_gap_longer_than_the_limit_is_said_to_be_unresolved_and_the_next_one_goes_on_from_there() {
    let mut world = configured(4, |config| {
        config.gap_page_limit(2).unwrap();
    });
    world.outage(SECOND * 20);
    world.agent_sends_many(500);
    world.run(SECOND * 60);
    assert_eq!(
        world.journal.unresolved,
        [GapError::TooManyPages { limit: 2 }]
    );
    assert_eq!(world.journal.lost, world.journal.reestablished);
    let known = world.journal.items.len();
    assert!((190..210).contains(&known), "{known}");
    for _ in 0..3 {
        world.cut();
        world.run(SECOND * 60);
    }
    world.verify();
}

#[test]
fn a_transcript_that_is_refused_for_good_is_said_to_be_unresolved() {
    let mut world = connected(5);
    world.outage(SECOND * 20);
    world.agent_sends_many(20);
    world.run(SECOND * 15);
    world.inject_fault(on_transcript(refusal(403)).times(2));
    world.run(SECOND * 60);
    assert!(matches!(
        world.journal.unresolved.as_slice(),
        [GapError::Refused(_)]
    ));
    assert_eq!(world.session.phase(), Phase::Live);
    world.cut(); // the next one finds it
    world.verify();
}

#[test]
fn an_hour_without_a_transcript_is_lived_through() {
    let mut world = connected(6);
    world.inject_fault(on_transcript(refusal(500)));
    world.outage(SECOND * 20);
    world.agent_sends_many(120);
    world.run_minutes(60);
    world.agent_sends_many(120);
    assert!(
        world.requests(Operation::GetTranscript) < 600,
        "{} requests in an hour",
        world.requests(Operation::GetTranscript)
    );
    world.verify();
}

#[test]
fn events_that_are_not_taken_stop_the_reading_of_pages() {
    let mut world = configured(7, |config| {
        config.event_limit(150).unwrap();
    });
    world.outage(SECOND * 5);
    world.agent_sends_many(2_000);
    world.run_until(SECOND * 30, |world| world.session.phase() == Phase::Live);
    let before = world.requests(Operation::GetTranscript);
    world.takes_events = false;
    world.run(SECOND * 5);
    let asked = world.requests(Operation::GetTranscript) - before;
    assert!((1..=3).contains(&asked), "{asked} pages");
    world.takes_events = true;
    world.verify();
}

#[test]
fn what_was_missed_is_reported_even_where_the_transcript_is_too_short_to_hold_it() {
    for seed in 0..10 {
        let mut world = configured(seed, |config| {
            config.transcript_limit(100).unwrap();
        });
        world.outage(SECOND * 20);
        world.agent_sends_many(50);
        world.inject_fault(on_transcript(Effect::DropRequest).times(5));
        world.run_until(SECOND * 60, |world| world.session.phase() == Phase::Live);
        // More than the transcript holds comes live before the missed ones are read.
        world.agent_sends_many(150);
        world.run_minutes(2);
        for item in world.record().transcript() {
            let times = world.journal.items.get(&item.id.as_str().into());
            assert_eq!(times, Some(&1), "seed {seed}: {}", item.absolute_time);
        }
        assert_eq!(world.session.transcript().len(), 100);
    }
}

#[test]
fn a_gap_longer_than_the_transcript_is_reported_whole() {
    let mut world = configured(8, |config| {
        config.transcript_limit(100).unwrap();
    });
    world.outage(SECOND * 20);
    world.agent_sends_many(450);
    world.run_minutes(2);
    assert_eq!(world.journal.gaps.last(), Some(&450));
    let newest: Vec<_> = world.record().transcript().iter().rev().take(100).collect();
    let shown = world.session.transcript().iter().rev();
    let shown: Vec<_> = shown.filter_map(|entry| entry.item.id.clone()).collect();
    assert!(
        shown
            .iter()
            .map(chat_proto::ItemId::as_str)
            .eq(newest.iter().map(|item| item.id.as_str()))
    );
}

#[test]
fn a_page_that_holds_what_is_no_item_is_read_all_the_same() {
    let mut world = connected(11);
    world.outage(SECOND * 5);
    world.run(SECOND * 4);
    let page =
        r#"{"Transcript":[5,null,{},{"Id":7},[],{"Type":"EVENT"},{"Type":"MESSAGE","Id":"odd"}]}"#;
    world.inject_fault(on_transcript(foreign(200, page)).times(1));
    world.run(SECOND * 30);
    assert!(world.journal.has_diagnostic("malformed_item"));
    assert!(world.journal.has_diagnostic("unplaced_item"));
    world.agent_sends("and on it goes");
    world.run(SECOND * 5);
    assert_eq!(world.session.phase(), Phase::Live);
    assert_eq!(world.journal.items.values().max(), Some(&1));
}
