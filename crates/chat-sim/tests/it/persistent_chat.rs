//! Chats that continue earlier ones.

use chat_sim::Operation;
use serde_json::{Value, json};

use crate::bench::{Answer, Bench, Chat, JOINED, contents};

const REHYDRATED: &str = "application/vnd.amazonaws.connect.event.chat.rehydrated";

fn start(bench: &mut Bench, source: &str, rehydration: &str) -> Answer {
    let body = json!({
        "InstanceId": "local",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "PersistentChat": { "RehydrationType": rehydration, "SourceContactId": source },
    });
    bench.ask(Operation::StartChatContact, "", &body)
}

/// A chat that has been started over HTTP.
fn chat(bench: &mut Bench, started: &Value) -> Chat {
    let text = |name: &str| started[name].as_str().expect("a text").to_owned();
    let participant_token = text("ParticipantToken");
    let (url, token) = bench.connect(&participant_token);
    Chat {
        contact: text("ContactId"),
        participant: text("ParticipantId"),
        participant_token,
        token,
        url,
    }
}

fn continued(bench: &mut Bench, source: &str, rehydration: &str) -> Chat {
    let answer = start(bench, source, rehydration);
    assert_eq!(answer.status, 200, "{}", answer.text);
    chat(bench, &answer.json())
}

fn end(bench: &mut Bench, chat: &Chat) {
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("it goes on");
    bench.pass_ms(1_000);
}

/// A chat of three contacts, with one message in each, that has ended. Answers their ids.
fn chain(bench: &mut Bench) -> Vec<String> {
    let chat = bench.chat();
    bench.listen(&chat);
    bench.agent_says(&chat, "c1");
    for number in ["c2", "c3"] {
        bench
            .service
            .transfer(bench.now, &chat.contact, number)
            .expect("an agent is there");
        bench.agent_says(&chat, number);
    }
    end(bench, &chat);
    let chain = bench.truth(&chat).chain();
    chain.map(str::to_owned).collect()
}

/// All pages, oldest item first.
fn pages(bench: &mut Bench, chat: &Chat, size: u32) -> Vec<Vec<Value>> {
    let mut pages = Vec::new();
    let mut body = json!({
        "MaxResults": size, "ScanDirection": "BACKWARD", "SortOrder": "ASCENDING",
    });
    loop {
        let answer = bench.get(Operation::GetTranscript, &chat.token, &body);
        assert_eq!(answer["InitialContactId"], chat.contact.as_str());
        let page = answer["Transcript"].as_array().expect("a list");
        pages.insert(0, page.clone());
        match answer.get("NextToken") {
            Some(token) => body["NextToken"] = token.clone(),
            None => return pages,
        }
    }
}

fn said(bench: &mut Bench, chat: &Chat) -> Vec<String> {
    contents(&pages(bench, chat, 100).concat())
}

#[test]
fn the_first_page_of_a_chat_that_continues_another_leads_to_the_past() {
    let mut bench = Bench::new();
    let earlier = bench.chat();
    bench.listen(&earlier);
    for number in 0..5 {
        bench.send(&earlier, &number.to_string());
    }
    end(&mut bench, &earlier);
    let later = continued(&mut bench, &earlier.contact, "ENTIRE_PAST_SESSION");
    bench.listen(&later);
    bench.send(&later, "back again");

    let pages = pages(&mut bench, &later, 3);
    let sizes: Vec<_> = pages.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 3, 3, 2], "no page has items of both chats");
    for item in pages[..3].concat() {
        assert_eq!(item["RelatedContactId"], earlier.contact.as_str());
        assert_eq!(item.get("ContactId"), None);
    }
    for item in &pages[3] {
        assert_eq!(item["ContactId"], later.contact.as_str());
        assert_eq!(item.get("RelatedContactId"), None);
    }
    assert_eq!(
        contents(&pages.concat()),
        ["0", "1", "2", "3", "4", "back again"]
    );
    assert_eq!(bench.truth(&later).past().len(), 7);
}

#[test]
fn the_customer_is_told_once_and_the_transcript_does_not_keep_it() {
    let mut bench = Bench::new();
    let earlier = bench.chat();
    end(&mut bench, &earlier);
    let later = continued(&mut bench, &earlier.contact, "ENTIRE_PAST_SESSION");
    bench.listen(&later);
    bench.listen(&later);
    let published: Vec<_> = bench
        .truth(&later)
        .published()
        .map(|published| (published.item.content_type.clone(), published.stored))
        .collect();
    assert_eq!(
        published,
        [(JOINED.to_owned(), true), (REHYDRATED.to_owned(), false)]
    );
}

#[test]
fn an_entire_session_and_a_segment_differ_in_what_comes_after_it() {
    let mut bench = Bench::new();
    let chain = chain(&mut bench);
    for (source, rehydration, from, expected) in [
        (
            &chain[0],
            "ENTIRE_PAST_SESSION",
            &chain[2],
            &["c1", "c2", "c3"][..],
        ),
        (&chain[1], "FROM_SEGMENT", &chain[1], &["c1", "c2"]),
        (&chain[0], "FROM_SEGMENT", &chain[0], &["c1"]),
    ] {
        let answer = start(&mut bench, source, rehydration).json();
        assert_eq!(answer["ContinuedFromContactId"], from.as_str());
        let later = chat(&mut bench, &answer);
        assert_eq!(said(&mut bench, &later), expected);
        assert_eq!(bench.truth(&later).continued_from(), Some(from.as_str()));
    }
}

#[test]
fn what_is_continued_brings_what_it_continued_itself() {
    let mut bench = Bench::new();
    let chain = chain(&mut bench);
    let second = continued(&mut bench, &chain[1], "FROM_SEGMENT");
    bench.send(&second, "second");
    end(&mut bench, &second);
    let third = continued(&mut bench, &second.contact, "ENTIRE_PAST_SESSION");
    bench.send(&third, "third");
    assert_eq!(said(&mut bench, &third), ["c1", "c2", "second", "third"]);
}

#[test]
fn start_positions_and_contacts_of_the_past_are_not_supported() {
    let mut bench = Bench::new();
    let chain = chain(&mut bench);
    let later = continued(&mut bench, &chain[0], "ENTIRE_PAST_SESSION");
    bench.send(&later, "x");
    let past = bench.truth(&later).past()[0].id.clone();
    let body = json!({ "StartPosition": { "Id": past } });
    let answer = bench.get(Operation::GetTranscript, &later.token, &body);
    assert_eq!(answer["Transcript"], json!([]));
    let body = json!({ "ContactId": chain[0] });
    let answer = bench.ask(Operation::GetTranscript, &later.token, &body);
    assert_eq!(answer.status, 400);
    let body = json!({ "ContactId": later.contact });
    let answer = bench.get(Operation::GetTranscript, &later.token, &body);
    assert_eq!(answer.get("NextToken"), None);
}

#[test]
fn receipts_of_the_past_are_not_in_the_transcript() {
    let mut bench = Bench::new();
    let earlier = bench.chat();
    let sent = bench.send(&earlier, "x");
    bench.agent_says(&earlier, "y");
    bench
        .service
        .agent_reads(
            bench.now,
            &earlier.contact,
            sent["Id"].as_str().expect("an id"),
        )
        .expect("it is a message");
    end(&mut bench, &earlier);
    let later = continued(&mut bench, &earlier.contact, "ENTIRE_PAST_SESSION");
    let past = bench.truth(&later).past();
    assert!(past.iter().all(|item| item.message_metadata.is_none()));
    assert_eq!(said(&mut bench, &later), ["x", "y"]);
}

#[test]
fn only_what_has_ended_can_be_continued() {
    let mut bench = Bench::new();
    let going_on = bench.chat();
    let chain = chain(&mut bench);
    for (source, rehydration, status, error) in [
        (
            going_on.contact.as_str(),
            "ENTIRE_PAST_SESSION",
            400,
            "InvalidRequestException",
        ),
        (
            "nothing",
            "ENTIRE_PAST_SESSION",
            404,
            "ResourceNotFoundException",
        ),
        (
            &chain[1],
            "ENTIRE_PAST_SESSION",
            400,
            "InvalidParameterException",
        ),
        (&chain[0], "SOME", 400, "InvalidParameterException"),
    ] {
        let answer = start(&mut bench, source, rehydration);
        assert_eq!((answer.status, answer.error_type()), (status, error));
    }
    let both = json!({
        "InstanceId": "local",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "RelatedContactId": "x",
        "PersistentChat": {
            "RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": chain[0],
        },
    });
    let answer = bench.ask(Operation::StartChatContact, "", &both);
    assert_eq!(answer.error_type(), "InvalidRequestException");
}

fn associate(bench: &mut Bench, contact: &str, source: &str, rehydration: &str) -> Answer {
    let operation = Operation::CreatePersistentContactAssociation;
    let path = format!("{}local/{contact}", operation.path());
    let body = json!({ "RehydrationType": rehydration, "SourceContactId": source });
    bench.raw(operation.method(), &path, "", body.to_string().as_bytes())
}

#[test]
fn a_chat_can_come_to_continue_another_while_it_goes_on() {
    let mut bench = Bench::new();
    let chain = chain(&mut bench);
    let later = bench.chat();
    let socket = bench.listen(&later);
    for number in 0..3 {
        bench.send(&later, &number.to_string());
    }
    bench.items(socket);
    let body = json!({ "MaxResults": 2, "ScanDirection": "BACKWARD" });
    let first = bench.get(Operation::GetTranscript, &later.token, &body);

    let answer = associate(&mut bench, &later.contact, &chain[1], "FROM_SEGMENT");
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json(), json!({ "ContinuedFromContactId": chain[1] }));
    assert_eq!(bench.items(socket)[0]["ContentType"], REHYDRATED);
    assert_eq!(said(&mut bench, &later), ["c1", "c2", "0", "1", "2"]);
    // A token from before goes on where it was.
    let body = json!({ "MaxResults": 1, "NextToken": first["NextToken"] });
    let second = bench.get(Operation::GetTranscript, &later.token, &body);
    let items = second["Transcript"].as_array().expect("a list");
    assert_eq!(contents(items), ["0"]);

    let again = associate(&mut bench, &later.contact, &chain[1], "FROM_SEGMENT");
    assert_eq!(again.json(), answer.json());
    assert_eq!(bench.take(socket), [], "told once");
    let other = associate(&mut bench, &later.contact, &chain[0], "ENTIRE_PAST_SESSION");
    assert_eq!(other.error_type(), "InvalidRequestException");
    let unknown = associate(&mut bench, "nothing", &chain[0], "FROM_SEGMENT");
    assert_eq!(unknown.error_type(), "ResourceNotFoundException");
    end(&mut bench, &later);
    let ended = associate(&mut bench, &later.contact, &chain[1], "FROM_SEGMENT");
    assert_eq!(ended.error_type(), "InvalidRequestException");
}
