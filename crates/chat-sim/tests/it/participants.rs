//! Who may be in a chat together, and who goes when the customer does.

use chat_sim::{ControlError, Operation, Role};
use serde_json::{Value, json};

use crate::bench::{Bench, Chat, ENDED, JOINED, LEFT, READ};

fn seat(bench: &mut Bench, chat: &Chat, role: Role) -> Result<String, ControlError> {
    let name = format!("{role:?}");
    let seat = bench
        .service
        .seat_agent(bench.now, &chat.contact, &name, role)?;
    let body = json!({ "Type": ["CONNECTION_CREDENTIALS"], "ConnectParticipant": true });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.get(operation, &seat.participant_token, &body);
    let token = answer["ConnectionCredentials"]["ConnectionToken"].as_str();
    Ok(token.expect("a token").to_owned())
}

fn receipt(bench: &mut Bench, token: &str, message: &Value) -> u16 {
    let content = json!({ "messageId": message["Id"] }).to_string();
    let body = json!({ "ContentType": READ, "Content": content });
    bench.ask(Operation::SendEvent, token, &body).status
}

#[test]
fn one_supervisor_may_be_in_a_chat() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let token = seat(&mut bench, &chat, Role::Supervisor).expect("there is room");
    let second = seat(&mut bench, &chat, Role::Supervisor);
    assert_eq!(second, Err(ControlError::TooManySupervisors));
    bench.get(Operation::DisconnectParticipant, &token, &json!({}));
    seat(&mut bench, &chat, Role::Supervisor).expect("the first has left");
}

#[test]
fn nobody_confirms_anything_while_a_supervisor_is_there() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.listen(&chat);
    let message = bench.send(&chat, "x");
    let agent = seat(&mut bench, &chat, Role::Agent).expect("there is room");
    assert_eq!(receipt(&mut bench, &agent, &message), 200);
    let supervisor = seat(&mut bench, &chat, Role::Supervisor).expect("there is room");
    for token in [&chat.token, &agent, &supervisor] {
        assert_eq!(receipt(&mut bench, token, &message), 409);
    }
    let id = message["Id"].as_str().expect("an id");
    let refused = bench.service.agent_reads(bench.now, &chat.contact, id);
    assert_eq!(refused, Err(ControlError::NoReceipts));
    // Two are left, but one of them is the supervisor.
    bench.get(Operation::DisconnectParticipant, &agent, &json!({}));
    assert_eq!(receipt(&mut bench, &supervisor, &message), 409);
    bench.get(Operation::DisconnectParticipant, &supervisor, &json!({}));
    assert_eq!(receipt(&mut bench, &chat.token, &message), 200);
}

#[test]
fn six_may_be_in_a_chat() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    for role in [
        Role::CustomBot,
        Role::Supervisor,
        Role::Agent,
        Role::Agent,
        Role::Agent,
    ] {
        seat(&mut bench, &chat, role).expect("there is room");
    }
    let seventh = seat(&mut bench, &chat, Role::Agent);
    assert_eq!(seventh, Err(ControlError::TooManyParticipants(6)));
}

fn start(members: &Value) -> Value {
    let mut body = json!({
        "InstanceId": "local",
        "ContactFlowId": "f",
        "ParticipantDetails": { "DisplayName": "Ana" },
        "ConnectionTypes": ["CONNECTION_CREDENTIALS"],
    });
    for (name, value) in members.as_object().expect("members") {
        body[name] = value.clone();
    }
    body
}

/// What is told of participants and the end when the customer leaves.
fn after_the_customer(members: &Value) -> Vec<(String, Option<Role>)> {
    let mut bench = Bench::new();
    let started = bench.get(Operation::StartChatContact, "", &start(members));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let chat = Chat {
        contact: text(&started["ContactId"]),
        participant: text(&started["ParticipantId"]),
        participant_token: text(&started["ParticipantToken"]),
        token: text(&started["ConnectionCredentials"]["ConnectionToken"]),
        url: String::new(),
    };
    for role in [Role::CustomBot, Role::Agent, Role::Agent] {
        seat(&mut bench, &chat, role).expect("there is room");
    }
    // This one has a seat and never came: nobody sees them leave.
    bench
        .service
        .seat_agent(bench.now, &chat.contact, "Late", Role::Agent)
        .expect("there is room");
    bench.get(Operation::DisconnectParticipant, &chat.token, &json!({}));
    assert!(bench.truth(&chat).ended().is_some());
    let items = bench.truth(&chat).transcript().iter();
    items
        .filter(|item| item.content_type != JOINED)
        .map(|item| (item.content_type.clone(), item.participant_role))
        .collect()
}

#[test]
fn agents_leave_with_the_customer_when_it_was_asked_for() {
    let left = |role| (LEFT.to_owned(), Some(role));
    let ended = (ENDED.to_owned(), None);
    assert_eq!(
        after_the_customer(&json!({ "DisconnectOnCustomerExit": ["AGENT"] })),
        [
            left(Role::Customer),
            left(Role::Agent),
            left(Role::Agent),
            ended.clone()
        ]
    );
    assert_eq!(
        after_the_customer(&json!({})),
        [left(Role::Customer), ended]
    );
}

#[test]
fn only_agents_can_be_made_to_leave() {
    let mut bench = Bench::new();
    for roles in [
        json!([]),
        json!(["CUSTOMER"]),
        json!(["AGENT", "AGENT"]),
        json!("AGENT"),
    ] {
        let body = start(&json!({ "DisconnectOnCustomerExit": roles }));
        assert_eq!(
            bench.ask(Operation::StartChatContact, "", &body).status,
            400
        );
    }
}

#[test]
fn a_guide_needs_a_chat_that_carries_interactive_messages() {
    let mut bench = Bench::new();
    let types = |types: &[&str]| {
        let types: Vec<String> = types
            .iter()
            .map(|name| match *name {
                "text" => "text/plain".to_owned(),
                name => format!("application/vnd.amazonaws.connect.message.{name}"),
            })
            .collect();
        json!(types)
    };
    let mut status = |subtype: &str, types: Value| {
        let body = start(&json!({
            "SegmentAttributes": { "connect:Subtype": { "ValueString": subtype } },
            "SupportedMessagingContentTypes": types,
        }));
        bench.ask(Operation::StartChatContact, "", &body).status
    };
    let both = types(&["text", "interactive", "interactive.response"]);
    assert_eq!(status("connect:Guide", both), 200);
    for lacking in [
        Value::Null,
        types(&["text", "interactive"]),
        types(&["text", "interactive.response"]),
    ] {
        assert_eq!(status("connect:Guide", lacking.clone()), 400);
        assert_eq!(status("connect:Chat", lacking), 200);
    }
}
