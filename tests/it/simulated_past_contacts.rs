//! Persistent chat: what was said in past contacts stands in this chat's transcript.

use chat_proto::{Action, CallAnswer, Event, Operation, Phase, Status};
use chat_tests::{Lone, PARTICIPANT, message};

/// A message of a past contact.
fn past(n: u32) -> String {
    message(n)
        .replace("2026-01-31", "2026-01-30")
        .replace("item-", "past-")
        .replace("text ", "past ")
        .replace(
            r#""InitialContactId":"contact-1","ContactId":"contact-1""#,
            r#""RelatedContactId":"contact-0""#,
        )
}

/// A receipt for a message, as it stands in a transcript.
fn receipt(id: &str, message: &str, by: &str, what: &str) -> String {
    format!(
        r#"{{"Id":"{id}","Type":"MESSAGEMETADATA","ContentType":"application/vnd.amazonaws.connect.event.message.metadata","AbsoluteTime":"2026-01-31T12:59:00.000Z","MessageMetadata":{{"MessageId":"{message}","Receipts":[{{"RecipientParticipantId":"{by}","{what}":"2026-01-31T12:59:00.000Z"}}]}}}}"#
    )
}

/// Answers GetTranscript with a page that has another one before it.
fn page_with_token(lone: &mut Lone, items: &[String], token: &str) -> bool {
    let items = items.join(",");
    let page = format!(r#"{{"NextToken":"{token}","Transcript":[{items}]}}"#);
    lone.answer(Operation::GetTranscript, 200, &page)
}

/// Asks for older items; what GetTranscript was asked for.
fn load_older(lone: &mut Lone) -> Option<String> {
    let now = lone.instant();
    lone.session.load_older(now).ok()?;
    next_page_request(lone)
}

fn next_page_request(lone: &mut Lone) -> Option<String> {
    while let Some(action) = lone.session.poll_action() {
        if let Action::Request {
            request,
            operation: operation @ Operation::GetTranscript,
            http,
            ..
        } = action
        {
            lone.pending.push((request, operation));
            return String::from_utf8(http.into_body()).ok();
        }
    }
    None
}

fn older_loaded(lone: &Lone) -> Option<(u64, bool)> {
    lone.events.iter().rev().find_map(|event| {
        if let Event::CallFinished {
            result: Ok(CallAnswer::OlderLoaded { items, complete }),
            ..
        } = event
        {
            return Some((*items, *complete));
        }
        None
    })
}

#[test]
fn the_first_pages_bring_past_contacts_as_history() {
    let mut lone = Lone::live(|_| {});
    assert!(lone.page(&[past(1), past(2), message(3)]));
    assert_eq!(lone.contents(), ["past 1", "past 2", "text 3"]);
    let mut entries = lone.session.transcript().iter();
    let first = &entries.next().unwrap().item;
    assert_eq!(first.related_contact_id, Some("contact-0".into()));
    assert_eq!(first.contact_id, None);
    let items = lone
        .events
        .iter()
        .filter(|event| matches!(event, Event::Item(received) if received.recovered));
    assert_eq!(items.count(), 3);
}

#[test]
fn older_pages_go_on_from_the_token_of_the_history() {
    // A start position is not supported where the oldest item is of a past contact.
    let mut lone = Lone::live(|_| {});
    assert!(page_with_token(&mut lone, &[past(8), message(9)], "t1"));
    let asked = load_older(&mut lone).unwrap();
    assert!(asked.contains(r#""NextToken":"t1""#), "{asked}");
    assert!(!asked.contains("StartPosition"), "{asked}");
    assert!(page_with_token(&mut lone, &[past(4), past(6)], "t2"));
    assert_eq!(older_loaded(&lone), Some((2, false)));
    let asked = load_older(&mut lone).unwrap();
    assert!(asked.contains(r#""NextToken":"t2""#), "{asked}");
    assert!(lone.page(&[past(1)]));
    assert_eq!(older_loaded(&lone), Some((1, true)));
    assert_eq!(
        lone.contents(),
        ["past 1", "past 4", "past 6", "past 8", "text 9"]
    );
}

#[test]
fn a_token_that_is_good_no_more_is_replaced_by_a_start_position() {
    let mut lone = Lone::live(|_| {});
    assert!(page_with_token(&mut lone, &[message(5)], "old"));
    let asked = load_older(&mut lone).unwrap();
    assert!(asked.contains("old"), "{asked}");
    let now = lone.instant();
    let (request, _) = lone.pending.pop().unwrap();
    let refused = http::Response::builder()
        .status(400)
        .body(r#"{"message":"NextToken is not valid"}"#)
        .unwrap();
    lone.session.handle_response(now, request, Ok(refused));
    let asked = next_page_request(&mut lone).unwrap();
    assert!(
        asked.contains(r#""StartPosition":{"Id":"item-5"}"#),
        "{asked}"
    );
    assert!(lone.page(&[message(2), message(5)]));
    assert_eq!(older_loaded(&lone), Some((1, true)));
}

#[test]
fn the_live_end_of_a_past_contact_does_not_end_this_one() {
    let mut lone = Lone::live(|_| {});
    assert!(lone.page(&[]));
    lone.item(
        r#"{"Id":"e","Type":"EVENT","AbsoluteTime":"2026-01-30T12:00:01.000Z","ContentType":"application/vnd.amazonaws.connect.event.chat.ended","RelatedContactId":"contact-0"}"#,
    );
    assert_eq!(lone.session.phase(), Phase::Live);
    assert_eq!(lone.session.transcript().len(), 1);
}

#[test]
fn receipts_in_a_page_count_and_are_no_lines_whether_before_or_after_their_message() {
    let mut lone = Lone::live(|_| {});
    assert!(lone.page(&[
        receipt("r1", "past-1", "agent-0", "ReadTimestamp"),
        receipt("r2", "item-3", PARTICIPANT, "ReadTimestamp"),
        past(1),
        message(2),
        message(3),
        receipt("r3", "item-2", "agent-1", "DeliveredTimestamp"),
    ]));
    let statuses: Vec<_> = lone
        .session
        .transcript()
        .iter()
        .map(|entry| entry.status)
        .collect();
    assert_eq!(statuses, [Status::Read, Status::Delivered, Status::Sent]);
    // Ours is known, so that it is not sent again.
    let now = lone.instant();
    lone.session
        .send_receipt(now, chat_proto::ReceiptKind::Read, &"item-2".into())
        .unwrap();
    lone.drain();
    assert!(matches!(
        lone.events.last(),
        Some(Event::ReceiptSettled {
            outcome: chat_proto::ReceiptOutcome::AlreadySent,
            ..
        })
    ));
}

#[test]
fn a_status_is_never_lowered_and_survives_a_page_that_is_read_again() {
    let mut lone = Lone::live(|_| {});
    assert!(lone.page(&[message(1)]));
    lone.item(&receipt("r1", "item-1", "agent-1", "ReadTimestamp"));
    lone.item(&receipt("r2", "item-1", "agent-2", "DeliveredTimestamp"));
    lone.input(chat_proto::SocketInput::Closed(1006));
    lone.comes_up();
    assert!(lone.page(&[
        message(1),
        receipt("r2", "item-1", "agent-2", "DeliveredTimestamp")
    ]));
    let transcript = lone.session.transcript();
    assert_eq!(transcript.len(), 1);
    assert_eq!(transcript.get(0).unwrap().status, Status::Read);
    let told = lone
        .events
        .iter()
        .filter(|event| matches!(event, Event::Item(_)));
    assert_eq!(told.count(), 3);
}

#[test]
fn every_receipt_of_a_message_counts_and_not_the_first_alone() {
    let mut lone = Lone::live(|_| {});
    assert!(lone.page(&[message(1)]));
    lone.item(&format!(
        r#"{{"Id":"r","Type":"MESSAGEMETADATA","MessageMetadata":{{"MessageId":"item-1","Receipts":[{{}},{{"RecipientParticipantId":"{PARTICIPANT}","ReadTimestamp":"2026-01-31T12:00:02Z"}},{{"RecipientParticipantId":"agent-1","DeliveredTimestamp":"2026-01-31T12:00:02Z"}},{{"RecipientParticipantId":"agent-2","ReadTimestamp":"2026-01-31T12:00:03Z"}}]}}}}"#
    ));
    let entry = lone.session.transcript().get(0).unwrap();
    assert_eq!(entry.status, Status::Read);
    let now = lone.instant();
    let ours = chat_proto::ReceiptKind::Read;
    lone.session
        .send_receipt(now, ours, &"item-1".into())
        .unwrap();
    lone.drain();
    assert!(matches!(
        lone.events.last(),
        Some(Event::ReceiptSettled {
            outcome: chat_proto::ReceiptOutcome::AlreadySent,
            ..
        })
    ));
}
