//! GetTranscript: start positions, directions, orders, pages.

use chat_sim::Operation;
use serde_json::{Value, json};

use crate::bench::{Bench, Chat, UNIX_TEXT, contents};

const OPERATION: Operation = Operation::GetTranscript;

/// A chat with the messages 0 to `count`, one a second; the customer never joins.
fn filled(bench: &mut Bench, count: usize) -> Chat {
    let chat = bench.chat();
    for number in 0..count {
        bench.send(&chat, &number.to_string());
        bench.pass_ms(1_000);
    }
    chat
}

fn id(bench: &Bench, chat: &Chat, place: usize) -> String {
    bench.truth(chat).transcript()[place].id.clone()
}

fn page(bench: &mut Bench, chat: &Chat, body: &Value) -> (Vec<String>, Option<String>) {
    let answer = bench.get(OPERATION, &chat.token, body);
    assert_eq!(answer["InitialContactId"], chat.contact.as_str());
    let items = answer["Transcript"].as_array().expect("a list");
    let next = answer.get("NextToken").map(|token| {
        let token = token.as_str().expect("a token");
        assert!((1..=1000).contains(&token.len()));
        token.to_owned()
    });
    (contents(items), next)
}

fn texts(range: impl Iterator<Item = usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
fn without_anything_said_the_ten_newest_come_newest_first() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 25);
    let (items, next) = page(&mut bench, &chat, &json!({}));
    assert_eq!(items, texts((15..25).rev()));
    assert!(next.is_some());
    // Zero is how some clients write "not given".
    let (items, _) = page(&mut bench, &chat, &json!({ "MaxResults": 0 }));
    assert_eq!(items.len(), 10);
}

#[test]
fn an_empty_chat_has_an_empty_transcript() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    assert_eq!(page(&mut bench, &chat, &json!({})), (vec![], None));
}

#[test]
fn items_are_as_on_the_socket_without_the_first_contact_which_stands_beside_them() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let joined = bench.truth(&chat).transcript()[0].clone();
    bench.send(&chat, "x");
    let published = bench.items(socket);
    let answer = bench.get(OPERATION, &chat.token, &json!({ "SortOrder": "ASCENDING" }));
    let mut expected = json!([json!(*joined), published[0].clone()]);
    for item in expected.as_array_mut().expect("items") {
        let members = item.as_object_mut().expect("an object");
        assert_eq!(
            members.remove("InitialContactId").as_ref(),
            Some(&answer["InitialContactId"])
        );
    }
    assert_eq!(answer["Transcript"], expected);
}

#[test]
fn paging_backward_reaches_the_first_item_and_stops() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 25);
    for ascending in [true, false] {
        let order = if ascending { "ASCENDING" } else { "DESCENDING" };
        let mut all = Vec::new();
        let mut body = json!({ "SortOrder": order });
        loop {
            let (mut items, next) = page(&mut bench, &chat, &body);
            if !ascending {
                items.reverse();
            }
            items.extend(std::mem::take(&mut all));
            all = items;
            let Some(next) = next else { break };
            body["NextToken"] = json!(next);
        }
        assert_eq!(all, texts(0..25), "{order}");
    }
}

#[test]
fn paging_forward_reaches_what_arrives_meanwhile() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 25);
    let mut all = Vec::new();
    let mut body = json!({
        "ScanDirection": "FORWARD",
        "SortOrder": "ASCENDING",
        "MaxResults": 7,
        "StartPosition": { "Id": id(&bench, &chat, 3) },
    });
    let mut arriving = 25..28;
    loop {
        let (items, next) = page(&mut bench, &chat, &body);
        all.extend(items);
        let Some(next) = next else { break };
        // The start position may stay in the request: the token counts.
        body["NextToken"] = json!(next);
        if let Some(number) = arriving.next() {
            bench.send(&chat, &number.to_string());
        }
    }
    assert_eq!(all, texts(3..28));
}

#[test]
fn a_start_position_by_id_includes_the_item() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 20);
    let start = json!({ "Id": id(&bench, &chat, 12) });
    for (direction, expected, more) in [
        (json!(null), texts(12..15), true),
        (json!("FORWARD"), texts(12..15), true),
        (json!("BACKWARD"), texts(10..13), true),
    ] {
        let body = json!({
            "StartPosition": start,
            "ScanDirection": direction,
            "SortOrder": "ASCENDING",
            "MaxResults": 3,
        });
        let (items, next) = page(&mut bench, &chat, &body);
        assert_eq!(items, expected, "{direction}");
        assert_eq!(next.is_some(), more);
    }
}

#[test]
fn forward_from_the_last_item_gives_it_alone() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 3);
    let body = json!({
        "StartPosition": { "Id": id(&bench, &chat, 2) },
        "ScanDirection": "FORWARD",
    });
    assert_eq!(page(&mut bench, &chat, &body), (texts(2..3), None));
}

#[test]
fn an_unknown_start_id_gives_an_empty_page() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 3);
    for direction in ["FORWARD", "BACKWARD"] {
        let body = json!({ "StartPosition": { "Id": "unknown" }, "ScanDirection": direction });
        assert_eq!(page(&mut bench, &chat, &body), (vec![], None));
    }
}

#[test]
fn a_start_position_by_time_includes_that_time() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 10);
    for (time, direction, expected) in [
        (
            format!("{UNIX_TEXT_MINUTE}:04.000Z"),
            "FORWARD",
            texts(4..10),
        ),
        (
            format!("{UNIX_TEXT_MINUTE}:04.001Z"),
            "FORWARD",
            texts(5..10),
        ),
        (
            format!("{UNIX_TEXT_MINUTE}:04.000Z"),
            "BACKWARD",
            texts(0..5),
        ),
        (
            format!("{UNIX_TEXT_MINUTE}:03.999Z"),
            "BACKWARD",
            texts(0..4),
        ),
        (format!("{UNIX_TEXT_MINUTE}:04Z"), "FORWARD", texts(4..10)),
        (
            "2027-01-15T09:00:04.000+01:00".to_owned(),
            "FORWARD",
            texts(4..10),
        ),
        ("1999-01-01T00:00:00Z".to_owned(), "FORWARD", texts(0..10)),
        ("1999-01-01T00:00:00Z".to_owned(), "BACKWARD", texts(0..0)),
        ("2999-01-01T00:00:00Z".to_owned(), "FORWARD", texts(0..0)),
        ("2999-01-01T00:00:00Z".to_owned(), "BACKWARD", texts(0..10)),
    ] {
        let body = json!({
            "StartPosition": { "AbsoluteTime": time },
            "ScanDirection": direction,
            "SortOrder": "ASCENDING",
            "MaxResults": 100,
        });
        assert_eq!(
            page(&mut bench, &chat, &body),
            (expected, None),
            "{time} {direction}"
        );
    }
}

const UNIX_TEXT_MINUTE: &str = "2027-01-15T08:00";

#[test]
fn a_start_position_by_count_is_so_many_from_the_end() {
    let mut bench = Bench::new();
    assert!(UNIX_TEXT.starts_with(UNIX_TEXT_MINUTE));
    let chat = filled(&mut bench, 10);
    for (number, direction, expected) in [
        (3, "FORWARD", texts(7..10)),
        (1, "FORWARD", texts(9..10)),
        (0, "FORWARD", texts(9..10)),
        (100, "FORWARD", texts(0..10)),
        (1, "BACKWARD", texts(0..10)),
        (3, "BACKWARD", texts(0..8)),
        (100, "BACKWARD", texts(0..1)),
    ] {
        let body = json!({
            "StartPosition": { "MostRecent": number },
            "ScanDirection": direction,
            "SortOrder": "ASCENDING",
            "MaxResults": 100,
        });
        let (items, _) = page(&mut bench, &chat, &body);
        assert_eq!(items, expected, "{number} {direction}");
    }
}

#[test]
fn a_next_token_is_stable_and_good_for_its_contact_and_direction_only() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 25);
    let other = filled(&mut bench, 25);
    let (_, token) = page(&mut bench, &chat, &json!({}));
    let token = token.expect("there is more");
    let body = json!({ "NextToken": token });
    let once = page(&mut bench, &chat, &body);
    bench.send(&chat, "newer");
    assert_eq!(page(&mut bench, &chat, &body), once);
    assert_eq!(once.0, texts((5..15).rev()));

    let elsewhere = bench.ask(OPERATION, &other.token, &body);
    assert_eq!(elsewhere.status, 400);
    let turned = json!({ "NextToken": token, "ScanDirection": "FORWARD" });
    let turned = bench.ask(OPERATION, &chat.token, &turned);
    assert_eq!(turned.status, 400);
    assert!(turned.message().contains("ScanDirection"));
}

#[test]
fn each_member_of_the_request_is_checked() {
    let mut bench = Bench::new();
    let chat = filled(&mut bench, 3);
    let other = bench.chat();
    let cases = [
        ("ContactId", json!(""), "ContactId"),
        ("ContactId", json!(other.contact), "ContactId"),
        ("MaxResults", json!(-1), "MaxResults"),
        ("MaxResults", json!(101), "MaxResults"),
        ("MaxResults", json!("10"), "MaxResults"),
        ("MaxResults", json!(1.5), "MaxResults"),
        ("NextToken", json!(""), "NextToken"),
        ("NextToken", json!("x".repeat(1001)), "NextToken"),
        ("NextToken", json!("guess"), "NextToken"),
        ("ScanDirection", json!("SIDEWAYS"), "ScanDirection"),
        ("ScanDirection", json!("FORWARD"), "StartPosition"),
        ("SortOrder", json!("RANDOM"), "SortOrder"),
        ("SortOrder", json!(1), "SortOrder"),
        ("StartPosition", json!("x"), "StartPosition"),
        ("StartPosition", json!({ "Id": "" }), "StartPosition.Id"),
        (
            "StartPosition",
            json!({ "Id": "x".repeat(257) }),
            "StartPosition.Id",
        ),
        (
            "StartPosition",
            json!({ "AbsoluteTime": "yesterday" }),
            "StartPosition.AbsoluteTime",
        ),
        (
            "StartPosition",
            json!({ "MostRecent": 101 }),
            "StartPosition.MostRecent",
        ),
        (
            "StartPosition",
            json!({ "Id": "x", "MostRecent": 1 }),
            "StartPosition",
        ),
    ];
    for (name, value, named) in cases {
        let mut body = json!({});
        body[name] = value.clone();
        let answer = bench.ask(OPERATION, &chat.token, &body);
        assert_eq!(answer.status, 400, "{name}: {value}");
        assert_eq!(answer.error_type(), "ValidationException");
        assert!(answer.message().starts_with(named), "{}", answer.message());
    }
    let own = json!({ "ContactId": chat.contact, "StartPosition": {}, "MaxResults": 100 });
    assert_eq!(page(&mut bench, &chat, &own).0.len(), 3);
}
