//! Nothing grows without end, and nothing secret shows.

use std::time::Duration;

use chat_sim::{ControlError, Effect, Operation, Role, View};
use serde_json::json;

use crate::bench::{Bench, Heard, TYPING};

#[test]
fn the_contact_that_ended_first_makes_room_for_a_new_one() {
    let mut bench = Bench::with(|settings| settings.contacts = 2);
    let (one, two) = (bench.chat(), bench.chat());
    let socket = bench.listen(&one);
    assert_eq!(
        bench.service.start_chat(bench.now, "Ana"),
        Err(ControlError::TooManyContacts(2))
    );
    let start = json!({
        "InstanceId": "i", "ContactFlowId": "f", "ParticipantDetails": { "DisplayName": "Ana" },
    });
    let answer = bench.ask(Operation::StartChatContact, "", &start);
    assert_eq!(
        (answer.status, answer.error_type()),
        (429, "LimitExceededException")
    );

    bench
        .service
        .end_contact(bench.now, &one.contact)
        .expect("it goes on");
    bench.take(socket);
    let three = bench.chat();
    assert!(bench.service.contact(&one.contact).is_none());
    assert_eq!(bench.take(socket), [Heard::Closed(1000)]);
    let answer = bench.ask(Operation::GetTranscript, &one.token, &json!({}));
    assert_eq!(answer.status, 403);
    let ids: Vec<_> = bench
        .service
        .contacts()
        .map(|contact| contact.id())
        .collect();
    assert_eq!(ids, [&two.contact, &three.contact]);
    // What was to come for the forgotten one does no harm.
    bench.pass(Duration::from_secs(26 * 3_600));
}

#[test]
fn the_log_of_what_was_published_is_bounded_and_counted() {
    let mut bench = Bench::with(|settings| settings.log_per_contact = 3);
    let chat = bench.chat();
    for _ in 0..5 {
        bench.get(
            Operation::SendEvent,
            &chat.token,
            &json!({ "ContentType": TYPING }),
        );
    }
    let truth = bench.truth(&chat);
    assert_eq!(truth.published().len(), 3);
    assert_eq!(truth.published_total(), 5);
}

#[test]
fn the_oldest_faults_go_when_there_are_too_many() {
    let mut bench = Bench::new();
    let first = bench.fault(Effect::Stall);
    for _ in 0..1_000 {
        bench.fault(Effect::MutePings);
    }
    assert!(!bench.service.clear_fault(first));
    bench.ask(Operation::SendMessage, "", &json!({}));
}

#[test]
fn while_output_waits_the_timeout_is_now() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.pass_ms(10);
    bench.service.handle_text(bench.now, socket, "x");
    assert_eq!(bench.service.poll_timeout(), Some(bench.now));
    bench.drain();
    assert!(
        bench
            .service
            .poll_timeout()
            .is_some_and(|due| due > bench.now)
    );
}

#[test]
fn an_idle_service_has_nothing_to_wait_for() {
    let mut bench = Bench::new();
    assert_eq!(bench.service.poll_timeout(), None);
    let chat = bench.chat();
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("it goes on");
    bench.pass_ms(1_000);
    assert_eq!(bench.service.poll_timeout(), None);
}

#[test]
fn time_that_goes_back_stands_still() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.pass_ms(5_000);
    bench.now = Duration::ZERO;
    let sent = bench.send(&chat, "a");
    assert_eq!(sent["AbsoluteTime"], "2027-01-15T08:00:05.000Z");
}

#[test]
fn answers_that_are_delayed_beyond_the_bound_go_out_at_once() {
    let mut bench = Bench::new();
    bench.fault(Effect::Delay {
        by: Duration::from_secs(60),
    });
    let mut ask = || bench.call(Operation::SendMessage, "", &json!({}));
    let requests: Vec<_> = (0..10_001).map(|_| ask()).collect();
    assert!(bench.reply_to(requests[9_999]).is_none());
    assert!(bench.reply_to(requests[10_000]).is_some());
    bench.pass(Duration::from_secs(60));
    assert!(bench.reply_to(requests[0]).is_some());
    let later = bench.call(Operation::SendMessage, "", &json!({}));
    assert!(bench.reply_to(later).is_none());
}

#[test]
fn debug_shows_neither_tokens_nor_words() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.open(&chat.url);
    bench
        .service
        .handle_text(bench.now, socket, crate::bench::SUBSCRIBE);
    bench
        .service
        .agent_sends(bench.now, &chat.contact, "text/plain", "the words")
        .expect("the agent can send");
    let view: View =
        serde_json::from_value(json!({ "id": "v", "name": "the words" })).expect("a view");
    bench
        .service
        .bot_shows_view(bench.now, &chat.contact, &view)
        .expect("it can be shown");
    let file = "the words.txt";
    bench
        .service
        .agent_attaches(bench.now, &chat.contact, file, "text/plain", vec![1])
        .expect("the agent may");
    let seat = bench
        .service
        .seat_agent(bench.now, &chat.contact, "Kim", Role::Agent)
        .expect("there is a seat");
    bench
        .service
        .handle_timeout(bench.now + Duration::from_secs(1));
    let mut shown = format!("{view:?}\n{seat:?}\n");
    while let Some(output) = bench.service.poll_output() {
        shown.push_str(&format!("{output:?}\n"));
    }
    bench.connect(&chat.participant_token);
    let truth = bench.truth(&chat);
    shown.push_str(&format!("{:?}\n{truth:?}\n", bench.service));
    for published in truth.published() {
        shown.push_str(&format!("{published:?} {:?}\n", published.item.attachments));
    }
    let started = bench
        .service
        .start_chat(bench.now, "Ana")
        .expect("there is room");
    shown.push_str(&format!("{started:?}"));
    for secret in [
        "the words",
        chat.token.as_str(),
        chat.participant_token.as_str(),
        chat.url.as_str(),
        seat.participant_token.as_str(),
        started.participant_token.as_str(),
    ] {
        assert!(!shown.contains(secret), "{shown}");
    }
}
