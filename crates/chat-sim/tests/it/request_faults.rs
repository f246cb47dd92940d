//! Faults on requests.

use std::time::Duration;

use chat_sim::{Effect, Fault, Operation};
use serde_json::{Value, json};

use crate::bench::{Bench, Reply};

fn throttled() -> Effect {
    Effect::Answer {
        status: 429,
        error_type: "ThrottlingException".to_owned(),
        message: "Rate exceeded".to_owned(),
        retry_after: Some(2),
    }
}

fn message(content: &str) -> Value {
    json!({ "ContentType": "text/plain", "Content": content })
}

#[test]
fn an_error_answer_comes_before_anything_is_done() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let fault = bench.inject(Fault::new(throttled()).on(Operation::SendMessage).times(2));
    for _ in 0..2 {
        let answer = bench.ask(Operation::SendMessage, &chat.token, &message("x"));
        assert_eq!(answer.status, 429);
        assert_eq!(answer.error_type(), "ThrottlingException");
        assert_eq!(answer.message(), "Rate exceeded");
        assert_eq!(answer.header("retry-after"), "2");
    }
    assert!(bench.truth(&chat).transcript().is_empty());
    bench.send(&chat, "x");
    assert_eq!(bench.service.fault_hits(fault), 2);
    assert_eq!(bench.service.fault_hits_by_effect()["answer"], 2);
    assert_eq!(bench.truth(&chat).requests(Operation::SendMessage), 3);
}

#[test]
fn a_raw_answer_need_not_be_json() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.fault(Effect::AnswerRaw {
        status: 502,
        content_type: "text/html".to_owned(),
        body: "<h1>Bad gateway</h1>".to_owned(),
    });
    let answer = bench.ask(Operation::SendMessage, &chat.token, &message("x"));
    assert_eq!(answer.status, 502);
    assert_eq!(answer.header("content-type"), "text/html");
    assert_eq!(answer.text, "<h1>Bad gateway</h1>");
    assert!(bench.truth(&chat).transcript().is_empty());
}

#[test]
fn statuses_and_types_that_http_does_not_know_do_no_harm() {
    let mut bench = Bench::new();
    bench.inject(
        Fault::new(Effect::AnswerRaw {
            status: 1,
            content_type: "a\nb".to_owned(),
            body: String::new(),
        })
        .once(),
    );
    bench.inject(
        Fault::new(Effect::Answer {
            status: 0,
            error_type: "\u{7f}".to_owned(),
            message: String::new(),
            retry_after: None,
        })
        .once(),
    );
    for _ in 0..2 {
        let answer = bench.ask(Operation::SendMessage, "", &json!({}));
        assert_eq!(answer.status, 500);
    }
}

#[test]
fn a_dropped_request_is_not_processed() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.inject(Fault::new(Effect::DropRequest).once());
    let request = bench.call(Operation::SendMessage, &chat.token, &message("x"));
    assert!(matches!(bench.reply_to(request), Some(Reply::Dropped)));
    assert!(bench.truth(&chat).transcript().is_empty());
}

#[test]
fn a_lost_answer_is_processed_and_a_retry_repeats_it() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.inject(
        Fault::new(Effect::LoseResponse)
            .on(Operation::SendMessage)
            .once(),
    );
    let mut body = message("x");
    body["ClientToken"] = json!("t");
    let request = bench.call(Operation::SendMessage, &chat.token, &body);
    assert!(matches!(bench.reply_to(request), Some(Reply::Dropped)));
    assert_eq!(bench.truth(&chat).transcript().len(), 1);
    let answer = bench.get(Operation::SendMessage, &chat.token, &body);
    let truth = bench.truth(&chat);
    assert_eq!(answer["Id"], truth.transcript()[0].id.as_str());
    assert_eq!(truth.transcript().len(), 1);
    assert_eq!(truth.sends().next().expect("a send").uses, 2);
}

#[test]
fn a_delayed_answer_comes_after_the_item() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench.inject(
        Fault::new(Effect::Delay {
            by: Duration::from_millis(700),
        })
        .once(),
    );
    let request = bench.call(Operation::SendMessage, &chat.token, &message("x"));
    assert_eq!(bench.said(socket), ["x"]);
    bench.pass_ms(699);
    assert!(bench.reply_to(request).is_none());
    bench.pass_ms(1);
    assert_eq!(bench.answer_to(request).status, 200);
}

#[test]
fn a_delay_comes_on_top_of_another_fault() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.fault(throttled());
    bench.fault(Effect::Delay {
        by: Duration::from_millis(300),
    });
    let request = bench.call(Operation::SendMessage, &chat.token, &message("x"));
    assert!(bench.reply_to(request).is_none());
    bench.pass_ms(300);
    assert_eq!(bench.answer_to(request).status, 429);
}

#[test]
fn a_stalled_request_is_never_answered() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.inject(Fault::new(Effect::Stall).once());
    let request = bench.call(Operation::SendMessage, &chat.token, &message("x"));
    bench.pass(Duration::from_secs(600));
    assert!(bench.reply_to(request).is_none());
    assert!(bench.truth(&chat).transcript().is_empty());
}

#[test]
fn a_fault_of_one_contact_spares_the_others() {
    let mut bench = Bench::new();
    let (chat, other) = (bench.chat(), bench.chat());
    bench.inject(Fault::new(throttled()).in_contact(&chat.contact));
    bench.send(&other, "x");
    bench.chat();
    for (operation, token) in [
        (Operation::SendMessage, &chat.token),
        (
            Operation::CreateParticipantConnection,
            &chat.participant_token,
        ),
    ] {
        assert_eq!(bench.ask(operation, token, &json!({})).status, 429);
    }
    let stop = json!({ "ContactId": chat.contact, "InstanceId": "local" });
    assert_eq!(bench.ask(Operation::StopContact, "", &stop).status, 429);
}

#[test]
fn a_fault_begins_when_it_is_told_to() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.inject(Fault::new(throttled()).after(Duration::from_secs(5)));
    bench.pass_ms(4_999);
    bench.send(&chat, "x");
    bench.pass_ms(1);
    let answer = bench.ask(Operation::SendMessage, &chat.token, &message("x"));
    assert_eq!(answer.status, 429);
}

#[test]
fn cleared_faults_strike_no_more() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let one = bench.fault(throttled());
    let two = bench.fault(Effect::DropRequest);
    assert!(bench.service.clear_fault(one));
    assert!(!bench.service.clear_fault(one));
    let request = bench.call(Operation::SendMessage, &chat.token, &message("x"));
    assert!(matches!(bench.reply_to(request), Some(Reply::Dropped)));
    bench.service.clear_faults();
    bench.send(&chat, "x");
    assert!(!bench.service.clear_fault(two));
}

#[test]
fn chances_come_from_the_seed() {
    let struck = |probability: f64| {
        let mut bench = Bench::new();
        let fault = bench.inject(Fault::new(throttled()).with_probability(probability));
        for _ in 0..1_000 {
            bench.ask(Operation::SendMessage, "", &json!({}));
        }
        bench.service.fault_hits(fault)
    };
    let hits = struck(0.3);
    assert!((250..350).contains(&hits), "{hits}");
    assert_eq!(struck(0.3), hits);
    assert_eq!(struck(0.0), 0);
    assert_eq!(struck(f64::NAN), 0);
    assert_eq!(struck(-1.0), 0);
    assert_eq!(struck(7.0), 1_000);
}

#[test]
fn faults_survive_json() {
    let faults = [
        Fault::new(throttled())
            .on(Operation::GetTranscript)
            .times(3)
            .after(Duration::from_millis(5)),
        Fault::new(Effect::Delay {
            by: Duration::from_millis(9),
        })
        .with_probability(0.5),
        Fault::new(Effect::CutSocket {
            when: chat_sim::CutWhen::NextItem,
        })
        .in_contact("c"),
    ];
    for fault in faults {
        let text = json!(fault).to_string();
        let back: Fault = serde_json::from_str(&text).expect("a fault");
        assert_eq!(back, fault);
    }
    let short: Fault = serde_json::from_str(r#"{"effect":"stall"}"#).expect("a fault");
    assert_eq!(short, Fault::new(Effect::Stall));
    let unknown = serde_json::from_str::<Fault>(r#"{"effect":"lose_items"}"#);
    assert!(unknown.is_err());
}
