//! Subscribing to the chat's topic.

use std::time::Duration;

use chat_proto::Event;
use chat_sim::{Effect, Operation, Settings};
use chat_tests::{SECOND, World};

/// The beginning of the trace of a subscribe frame on this socket.
fn subscribe(socket: u64) -> String {
    format!(r#"SendText({socket}, {{"topic":"aws/subscribe""#)
}

#[test]
fn an_unanswered_subscription_is_sent_four_times_and_then_a_fresh_url_is_asked_for() {
    let mut world = World::new(1);
    world.inject(Effect::MuteSubscribe, Some(4));
    world.connect();
    let sent = world.trace.times(Duration::ZERO, &subscribe(1));
    assert_eq!(sent.len(), 4);
    for pair in sent.windows(2) {
        assert_eq!(pair[1] - pair[0], SECOND);
    }
    assert_eq!(world.trace.times(Duration::ZERO, "CloseSocket(1,").len(), 1);
    assert_eq!(world.trace.times(Duration::ZERO, &subscribe(2)).len(), 1);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 2);
    assert!(world.journal.has_diagnostic("connect_attempt_failed"));
    world.verify();
}

#[test]
fn a_single_lost_acknowledgement_costs_a_second_and_no_socket() {
    let mut world = World::new(2);
    world.inject(Effect::MuteSubscribe, Some(1));
    world.connect();
    assert!(world.now() < SECOND * 2);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    world.verify();
}

#[test]
fn four_failure_answers_are_lived_through() {
    let mut world = World::new(3);
    world.inject(Effect::FailSubscribe, Some(4));
    world.connect();
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 1);
    assert_eq!(world.trace.times(Duration::ZERO, &subscribe(1)).len(), 5);
    world.verify();
}

#[test]
fn five_failure_answers_in_a_row_fail_the_attempt() {
    let mut world = World::new(4);
    world.inject(Effect::FailSubscribe, Some(5));
    world.connect();
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 2);
    assert_eq!(world.trace.times(Duration::ZERO, &subscribe(1)).len(), 5);
    assert_eq!(world.trace.times(Duration::ZERO, "CloseSocket(1,").len(), 1);
    world.verify();
}

#[test]
fn a_chat_that_can_never_be_subscribed_to_does_not_look_connected() {
    for effect in [Effect::MuteSubscribe, Effect::FailSubscribe] {
        let mut world = World::new(5);
        world.inject(effect, None);
        world.begin_to_connect();
        world.run(SECOND * 30);
        assert_eq!(world.journal.established, 0);
        assert_eq!(world.journal.connect_failed.len(), 1);
    }
}

#[test]
fn an_item_before_the_acknowledgement_counts_as_one() {
    // The service takes the subscription in, and its acknowledgement is lost on the way.
    let mut lone = chat_tests::Lone::unsubscribed();
    assert!(!lone.events.contains(&Event::Established));
    lone.item(&chat_tests::message(1));
    let established = lone
        .events
        .iter()
        .position(|event| *event == Event::Established);
    let item = lone
        .events
        .iter()
        .position(|event| matches!(event, Event::Item(_)));
    assert!(established.is_some(), "{:?}", lone.events);
    assert!(established < item);
    lone.page(&[chat_tests::message(1)]);
    assert_eq!(lone.contents(), ["text 1"]);
    let items = lone
        .events
        .iter()
        .filter(|event| matches!(event, Event::Item(_)));
    assert_eq!(items.count(), 1);
}

#[test]
fn nothing_of_the_subscribing_is_left_after_it_succeeded() {
    // The answer comes late, after repeats: none of them may go on.
    let mut world = World::new(6);
    world.inject(Effect::FailSubscribe, Some(2));
    world.inject(Effect::MuteSubscribe, Some(1));
    world.connect();
    let up = world.now();
    world.run_minutes(30);
    assert_eq!(world.trace.count(up + SECOND / 10, "aws/subscribe"), 0);
    // Two heartbeat frames each ten seconds, and nothing else.
    let frames = world.trace.times(up + SECOND, "SendText");
    assert_eq!(frames.len(), 2 * 6 * 30);
    world.verify();
}

#[test]
fn trouble_with_one_subscription_does_not_follow_the_next() {
    let mut settings = Settings::default();
    settings.socket_lifetime = SECOND * 300;
    let mut world = World::with(7, settings, |_| {});
    world.inject(Effect::FailSubscribe, Some(4));
    world.connect();
    let up = world.now();
    // Counted anew for each socket: three unanswered ones at the renewal are no failure.
    world.inject(Effect::MuteSubscribe, Some(3));
    world.run_minutes(6);
    assert_eq!(world.trace.times(up, &subscribe(2)).len(), 4);
    assert_eq!(world.requests(Operation::CreateParticipantConnection), 2);
    assert_eq!(world.journal.lost, 0);
    world.verify();
}

#[test]
fn a_socket_closed_before_its_acknowledgement_is_replaced_without_a_tight_loop() {
    let mut world = World::new(8);
    world.inject(Effect::MuteSubscribe, None);
    world.begin_to_connect();
    for _ in 0..40 {
        world.run(SECOND / 2);
        world.inject(Effect::CloseSocket { code: 1011 }, None);
    }
    assert!(
        world.requests(Operation::CreateParticipantConnection) <= 6,
        "{} connections",
        world.requests(Operation::CreateParticipantConnection)
    );
    world.service.0.clear_faults();
    if world.journal.connect_failed.is_empty() {
        world.run_until(SECOND * 60, |world| world.journal.established == 1);
    } else {
        world.connect();
    }
    world.verify();
}
