//! The agent's side.

use chat_sim::{ControlError, EndReason, Role};

use crate::bench::{Bench, ENDED, JOINED, LEFT, TYPING};

#[test]
fn an_agent_joins_before_the_first_word() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let item = bench
        .service
        .agent_sends(bench.now, &chat.contact, "text/markdown", "*Hello*")
        .expect("the agent can send");
    let items = bench.items(socket);
    assert_eq!(items[0]["ContentType"], JOINED);
    assert_eq!(items[0]["ParticipantRole"], "AGENT");
    assert_eq!(items[0]["DisplayName"], "Agent");
    assert_eq!(items[1]["Content"], "*Hello*");
    assert_eq!(items[1]["Id"], item.id.as_str());
    bench.agent_says(&chat, "again");
    assert_eq!(bench.truth(&chat).participants().len(), 2);
}

#[test]
fn an_agent_joins_types_and_leaves() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    let id = bench
        .service
        .agent_joins(bench.now, &chat.contact, "Jo")
        .expect("there is room");
    bench
        .service
        .agent_types(bench.now, &chat.contact)
        .expect("the agent can type");
    bench
        .service
        .agent_leaves(bench.now, &chat.contact)
        .expect("the agent is there");
    let items = bench.items(socket);
    let types: Vec<_> = items.iter().map(|item| &item["ContentType"]).collect();
    assert_eq!(types, [JOINED, TYPING, LEFT]);
    assert!(
        items
            .iter()
            .all(|item| item["ParticipantId"] == id.as_str())
    );
    let agent = &bench.truth(&chat).participants()[1];
    assert_eq!((agent.role(), agent.display_name()), (Role::Agent, "Jo"));
    assert!(agent.has_left() && !agent.is_present());
    assert_eq!(bench.truth(&chat).ended(), None);
    assert_eq!(
        bench.service.agent_leaves(bench.now, &chat.contact),
        Err(ControlError::NoAgent(chat.contact.clone()))
    );
}

#[test]
fn ending_a_contact_is_seen_by_the_customer() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench
        .service
        .end_contact(bench.now, &chat.contact)
        .expect("the chat goes on");
    assert_eq!(bench.items(socket)[0]["ContentType"], ENDED);
    assert_eq!(bench.truth(&chat).ended(), Some(EndReason::AgentEnded));
    assert_eq!(
        bench.service.end_contact(bench.now, &chat.contact),
        Err(ControlError::Ended(chat.contact.clone()))
    );
}

#[test]
fn receipts_of_the_agent_reach_the_customer() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = bench.listen(&chat);
    bench
        .service
        .agent_joins(bench.now, &chat.contact, "Jo")
        .expect("there is room");
    let sent = bench.send(&chat, "read me");
    let id = sent["Id"].as_str().expect("an id");
    bench.take(socket);
    bench
        .service
        .agent_delivers(bench.now, &chat.contact, id)
        .expect("it is a message");
    bench
        .service
        .agent_reads(bench.now, &chat.contact, id)
        .expect("it is a message");
    let items = bench.items(socket);
    let receipt = &items[1]["MessageMetadata"]["Receipts"][0];
    assert!(receipt["DeliveredTimestamp"].is_string());
    assert!(receipt["ReadTimestamp"].is_string());
    assert_eq!(
        bench
            .service
            .agent_reads(bench.now, &chat.contact, "unknown"),
        Err(ControlError::NoSuchMessage("unknown".to_owned()))
    );
}

#[test]
fn what_cannot_be_done_changes_nothing() {
    let mut bench = Bench::with(|settings| {
        settings.participants_per_contact = 2;
        settings.items_per_contact = 3;
    });
    let chat = bench.chat();
    let now = bench.now;
    let service = &mut bench.service;
    let missing = Err(ControlError::NoSuchContact("unknown".to_owned()));
    assert_eq!(service.agent_types(now, "unknown"), missing);
    let nobody = service.agent_reads(now, &chat.contact, "x");
    assert_eq!(nobody, Err(ControlError::NoAgent(chat.contact.clone())));
    for (content_type, content) in [
        ("text/plain", String::new()),
        ("text/plain", "x".repeat(16_385)),
        ("", "x".to_owned()),
    ] {
        let refused = service.agent_sends(now, &chat.contact, content_type, &content);
        assert!(matches!(refused, Err(ControlError::Invalid(_))));
    }
    let long = "x".repeat(257);
    assert!(service.agent_joins(now, &chat.contact, &long).is_err());
    assert!(service.start_chat(now, "").is_err());
    assert!(bench.truth(&chat).transcript().is_empty());

    let service = &mut bench.service;
    service.agent_joins(now, &chat.contact, "Jo").expect("room");
    assert_eq!(
        service.agent_joins(now, &chat.contact, "Jim"),
        Err(ControlError::TooManyParticipants(2))
    );
    bench.agent_says(&chat, "1");
    bench.agent_says(&chat, "2");
    let full = bench
        .service
        .agent_sends(now, &chat.contact, "text/plain", "3");
    assert_eq!(full, Err(ControlError::TranscriptFull(3)));
    assert_eq!(bench.truth(&chat).transcript().len(), 3);
}
