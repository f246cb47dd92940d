//! Agents and bots as clients: seats, the socket for all chats, transfers.

use std::time::Duration;

use chat_sim::{AgentSeat, ChatEvent, ControlError, Effect, Fault, Operation, Role, Script};
use http::Method;
use serde_json::{Value, json};

use crate::bench::{
    ACKNOWLEDGED, Bench, Chat, ENDED, Heard, JOINED, LEFT, Reply, SUBSCRIBE, target,
};

fn seat(bench: &mut Bench, chat: &Chat, name: &str, role: Role) -> AgentSeat {
    bench
        .service
        .seat_agent(bench.now, &chat.contact, name, role)
        .expect("there is a seat")
}

/// Connects without a socket. Answers the connection token.
fn credentials(bench: &mut Bench, seat: &AgentSeat) -> String {
    let body = json!({ "Type": ["CONNECTION_CREDENTIALS"] });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.get(operation, &seat.participant_token, &body);
    let token = answer["ConnectionCredentials"]["ConnectionToken"].as_str();
    token.expect("a token").to_owned()
}

fn connect_participant(bench: &mut Bench, seat: &AgentSeat) {
    let body = json!({ "Type": null, "ConnectParticipant": true });
    let operation = Operation::CreateParticipantConnection;
    let answer = bench.get(operation, &seat.participant_token, &body);
    assert_eq!(answer, json!({}));
}

fn says(bench: &mut Bench, token: &str, content: &str) -> Value {
    let body = json!({ "ContentType": "text/plain", "Content": content });
    bench.get(Operation::SendMessage, token, &body)
}

/// A subscribed socket for all chats of an agent.
fn desk(bench: &mut Bench, agent: &str) -> chat_sim::SocketId {
    let url = bench
        .service
        .agent_socket_url(bench.now, agent)
        .expect("there is room");
    let socket = bench.open(&target(&url));
    bench.text(socket, SUBSCRIBE);
    assert_eq!(bench.frames(socket)[0]["content"]["status"], "success");
    socket
}

fn transfer(bench: &mut Bench, chat: &Chat, to: &str) -> Result<AgentSeat, ControlError> {
    let seat = bench.service.transfer(bench.now, &chat.contact, to);
    bench.drain();
    seat
}

fn types(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .map(|item| item["ContentType"].as_str().expect("a type").to_owned())
        .collect()
}

#[test]
fn an_agent_joins_by_connecting_the_participant_and_speaks_as_an_agent() {
    let mut bench = Bench::with(|settings| settings.script = Script::echo());
    let chat = bench.chat();
    let customer = bench.listen(&chat);
    let agent = seat(&mut bench, &chat, "Kim", Role::Agent);
    assert_eq!(agent.contact_id, chat.contact);
    assert_eq!(agent.initial_contact_id, chat.contact);
    let token = credentials(&mut bench, &agent);
    assert_eq!(bench.items(customer).len(), 0, "a seat is no joining");
    connect_participant(&mut bench, &agent);
    connect_participant(&mut bench, &agent);
    let joined = bench.items(customer);
    assert_eq!(types(&joined), [JOINED]);
    assert_eq!(joined[0]["ParticipantId"], agent.participant_id.as_str());

    says(&mut bench, &token, "Hello");
    bench.pass_ms(1_000);
    let items = bench.items(customer);
    assert_eq!(items.len(), 1, "the script answers customers only");
    assert_eq!(items[0]["ParticipantRole"], "AGENT");
    assert_eq!(items[0]["DisplayName"], "Kim");
    let receipt = json!({
        "ContentType": crate::bench::READ,
        "Content": json!({ "messageId": items[0]["Id"] }).to_string(),
    });
    bench.get(Operation::SendEvent, &chat.token, &receipt);
    assert_eq!(bench.truth(&chat).receipts().count(), 1);
}

#[test]
fn an_agent_can_have_a_socket_of_its_own_and_loses_it_when_it_leaves() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.listen(&chat);
    let agent = seat(&mut bench, &chat, "Kim", Role::Agent);
    let (url, token) = bench.connect(&agent.participant_token);
    let socket = bench.open(&url);
    bench.text(socket, SUBSCRIBE);
    let body = json!({ "ContentType": ACKNOWLEDGED, "Content": "{}" });
    bench.get(Operation::SendEvent, &token, &body);
    bench.send(&chat, "x");
    bench.get(Operation::DisconnectParticipant, &token, &json!({}));
    let mut heard = bench.take(socket);
    assert_eq!(heard.pop(), Some(Heard::Closed(1000)));
    assert_eq!(
        heard.len(),
        4,
        "the answer, the joining, the message, the leaving"
    );
    assert_eq!(bench.truth(&chat).ended(), None, "the chat goes on");
    for token in [&token, &agent.participant_token] {
        for operation in [
            Operation::SendMessage,
            Operation::CreateParticipantConnection,
        ] {
            let body =
                json!({ "Type": ["WEBSOCKET"], "ContentType": "text/plain", "Content": "x" });
            assert_eq!(bench.ask(operation, token, &body).status, 403);
        }
    }
}

#[test]
fn the_customer_must_connect_in_time_whatever_the_agent_does() {
    let mut bench = Bench::new();
    let started = bench
        .service
        .start_chat(bench.now, "Ana")
        .expect("there is room");
    let agent = bench
        .service
        .seat_agent(bench.now, &started.contact_id, "Kim", Role::Agent)
        .expect("there is a seat");
    connect_participant(&mut bench, &agent);
    bench.pass(Duration::from_secs(300));
    let contact = bench.service.contact(&started.contact_id);
    assert!(contact.is_some_and(|contact| contact.ended().is_some()));
}

#[test]
fn the_seated_agent_is_the_one_who_joins_and_speaks() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let kim = seat(&mut bench, &chat, "Kim", Role::Agent);
    let lee = seat(&mut bench, &chat, "Lee", Role::Agent);
    let joined = bench
        .service
        .agent_joins(bench.now, &chat.contact, "Lee")
        .expect("there is a seat");
    assert_eq!(joined, lee.participant_id);
    bench
        .service
        .agent_leaves(bench.now, &chat.contact)
        .expect("an agent is there");
    bench.agent_says(&chat, "x");
    let transcript = bench.truth(&chat).transcript();
    let last = transcript
        .last()
        .and_then(|item| item.participant_id.clone());
    assert_eq!(last, Some(kim.participant_id));
    assert_eq!(bench.truth(&chat).participants().len(), 3);
}

#[test]
fn the_socket_of_an_agent_carries_all_chats_it_is_in_and_no_other() {
    let mut bench = Bench::new();
    let (one, two, other) = (bench.chat(), bench.chat(), bench.chat());
    let socket = desk(&mut bench, "Kim");
    for chat in [&one, &two] {
        let agent = seat(&mut bench, chat, "Kim", Role::Agent);
        connect_participant(&mut bench, &agent);
    }
    // A name that the customer sees does not change whose chats they are.
    let renamed = ChatEvent::DisplayNameUpdated("Kim from sales".to_owned());
    bench
        .service
        .publish_event(bench.now, &two.contact, &renamed, Role::Agent)
        .expect("an agent is there");
    bench.agent_says(&other, "not for Kim");
    bench.send(&one, "1");
    bench.send(&two, "2");
    let items = bench.items(socket);
    assert_eq!(
        types(&items),
        [
            JOINED,
            JOINED,
            &renamed.content_type(),
            "text/plain",
            "text/plain"
        ]
    );
    for (item, chat) in items.iter().zip([&one, &two, &two, &one, &two]) {
        assert_eq!(item["ContactId"], chat.contact.as_str());
        assert_eq!(item["InitialContactId"], chat.contact.as_str());
    }
    bench
        .service
        .end_contact(bench.now, &one.contact)
        .expect("it goes on");
    assert_eq!(types(&bench.items(socket)), [ENDED]);
    bench.pass_ms(2_000);
    bench.send(&two, "still there");
    assert_eq!(bench.said(socket), ["still there"]);
}

#[test]
fn the_socket_of_an_agent_lives_and_fails_like_any_other() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let socket = desk(&mut bench, "Kim");
    bench.text(socket, r#"{"topic":"aws/heartbeat"}"#);
    assert_eq!(bench.frames(socket)[0]["topic"], "aws/heartbeat");
    bench.fault(Effect::MutePings);
    bench.text(socket, r#"{"topic":"aws/ping"}"#);
    assert_eq!(bench.take(socket), []);
    bench.service.cut_sockets(bench.now, &chat.contact);
    assert_eq!(bench.service.agent_sockets("Kim"), 1, "it is of no contact");
    assert_eq!(bench.service.cut_agent_sockets(bench.now, "Kim"), 1);
    assert_eq!(bench.take(socket), [Heard::Aborted]);

    let url = |bench: &mut Bench| {
        let url = bench.service.agent_socket_url(bench.now, "Kim");
        target(&url.expect("there is room"))
    };
    let late = url(&mut bench);
    bench.pass_ms(100_000);
    let late = bench.knock(&late);
    assert_eq!(bench.take(late), [Heard::Refused(403)]);
    let used = url(&mut bench);
    bench.open(&used);
    let again = bench.knock(&used);
    assert_eq!(bench.take(again), [Heard::Refused(403)]);
    for _ in 0..4 {
        let next = url(&mut bench);
        bench.open(&next);
    }
    let sixth = url(&mut bench);
    let sixth = bench.knock(&sixth);
    assert_eq!(bench.take(sixth), [Heard::Refused(429)]);
    bench.pass(Duration::from_secs(3_600));
    assert_eq!(bench.service.agent_sockets("Kim"), 0);
}

#[test]
fn after_a_transfer_the_chat_goes_on_as_the_next_contact_of_its_chain() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let customer = bench.listen(&chat);
    let (kims, lees) = (desk(&mut bench, "Kim"), desk(&mut bench, "Lee"));
    let kim = seat(&mut bench, &chat, "Kim", Role::Agent);
    let kims_token = credentials(&mut bench, &kim);
    connect_participant(&mut bench, &kim);
    says(&mut bench, &kims_token, "One moment");
    bench.items(customer);
    bench.items(kims);

    let lee = transfer(&mut bench, &chat, "Lee").expect("an agent is there");
    assert_ne!(lee.contact_id, chat.contact);
    assert_eq!(lee.initial_contact_id, chat.contact);
    let succeeded = "application/vnd.amazonaws.connect.event.transfer.succeeded";
    assert_eq!(types(&bench.items(kims)), [succeeded]);
    let items = bench.items(customer);
    assert_eq!(types(&items), [succeeded, LEFT]);
    assert!(
        items
            .iter()
            .all(|item| item["ContactId"] == chat.contact.as_str())
    );
    let body = json!({ "ContentType": "text/plain", "Content": "x" });
    let refused = bench.ask(Operation::SendMessage, &kims_token, &body);
    assert_eq!(refused.status, 403);

    connect_participant(&mut bench, &lee);
    bench.send(&chat, "Are you there?");
    let items = bench.items(customer);
    assert_eq!(types(&items), [JOINED, "text/plain"]);
    for item in &items {
        assert_eq!(item["ContactId"], lee.contact_id.as_str());
        assert_eq!(item["InitialContactId"], chat.contact.as_str());
    }
    assert_eq!(bench.items(lees), items);
    assert_eq!(bench.take(kims), []);
    let truth = bench.truth(&chat);
    assert_eq!(
        truth.chain().collect::<Vec<_>>(),
        [&chat.contact, &lee.contact_id]
    );
    assert_eq!(truth.current_id(), lee.contact_id);

    // Either contact can be asked for alone.
    let mut page = |contact: &str, more: Value| {
        let mut body = json!({ "ContactId": contact, "SortOrder": "ASCENDING", "MaxResults": 3 });
        body.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        let answer = bench.get(Operation::GetTranscript, &chat.token, &body);
        let items = answer["Transcript"].as_array().expect("a list").clone();
        (types(&items), answer.get("NextToken").cloned())
    };
    assert_eq!(
        page(&lee.contact_id, json!({})),
        (vec![JOINED.to_owned(), "text/plain".to_owned()], None)
    );
    let (newest, next) = page(&chat.contact, json!({}));
    assert_eq!(newest, ["text/plain", succeeded, LEFT]);
    let (oldest, next) = page(&chat.contact, json!({ "NextToken": next }));
    assert_eq!(
        (oldest, next),
        (vec![JOINED.to_owned(), JOINED.to_owned()], None)
    );

    // The end of it is the end of the chat.
    let stop = json!({ "ContactId": lee.contact_id, "InstanceId": "local" });
    bench.get(Operation::StopContact, "", &stop);
    assert!(bench.truth(&chat).ended().is_some());
}

#[test]
fn a_fault_can_name_any_contact_of_the_chain() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    bench.agent_says(&chat, "x");
    let seat = transfer(&mut bench, &chat, "Lee").expect("an agent is there");
    bench.inject(
        Fault::new(Effect::DropRequest)
            .in_contact(&seat.contact_id)
            .once(),
    );
    let body = json!({ "ContentType": "text/plain", "Content": "x" });
    let request = bench.call(Operation::SendMessage, &chat.token, &body);
    assert!(matches!(bench.reply_to(request), Some(Reply::Dropped)));
}

#[test]
fn a_transfer_needs_an_agent() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    assert_eq!(
        transfer(&mut bench, &chat, "Lee"),
        Err(ControlError::NobodyWithRole(Role::Agent))
    );
    assert_eq!(bench.truth(&chat).current_id(), chat.contact);
    assert_eq!(bench.truth(&chat).transcript().len(), 0);
}

#[test]
fn a_script_transfers_to_an_agent_who_joins() {
    let script = r#"{"agent_name": "Kim", "on_message": [{"steps": [
        {"say": "wait"}, {"transfer": "Lee"}, {"say": "here I am"}
    ]}]}"#;
    let script = Script::from_json(script).expect("a script");
    let mut bench = Bench::with(|settings| settings.script = script);
    let chat = bench.chat();
    bench.send(&chat, "x");
    bench.pass_ms(100);
    let truth = bench.truth(&chat);
    let last = truth.transcript().last().expect("it was said");
    assert_eq!(last.display_name.as_deref(), Some("Lee"));
    assert_eq!(last.contact_id, truth.current_id());
    assert_eq!(truth.chain().len(), 2);
}

fn create(contact: &str) -> Value {
    json!({
        "InstanceId": "local",
        "ContactId": contact,
        "ClientToken": "t",
        "ParticipantDetails": { "ParticipantRole": "CUSTOM_BOT", "DisplayName": "Robo" },
    })
}

#[test]
fn a_custom_bot_is_created_once_and_gets_no_files_of_customers() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let body = create(&chat.contact);
    let created = bench.get(Operation::CreateParticipant, "", &body);
    let token = created["ParticipantCredentials"]["ParticipantToken"].as_str();
    let (_, token) = bench.connect(token.expect("a token"));
    assert_eq!(bench.get(Operation::CreateParticipant, "", &body), created);
    let mut second = body.clone();
    second["ClientToken"] = json!("u");
    let refused = bench.ask(Operation::CreateParticipant, "", &second);
    assert_eq!(
        (refused.status, refused.error_type()),
        (402, "ServiceQuotaExceededException")
    );

    let sent = says(&mut bench, &token, "Beep");
    let id = sent["Id"].as_str().expect("an id");
    let item = bench.truth(&chat).item(id).expect("it is stored");
    assert_eq!(item.participant_role, Some(Role::CustomBot));

    let upload = json!({
        "ContentType": "text/plain", "AttachmentSizeInBytes": 1,
        "AttachmentName": "a.txt", "ClientToken": "s",
    });
    let upload = bench.get(Operation::StartAttachmentUpload, &chat.token, &upload);
    let mut put = http::Request::builder().method(Method::PUT).uri(target(
        upload["UploadMetadata"]["Url"].as_str().expect("a URL"),
    ));
    for (name, value) in upload["UploadMetadata"]["HeadersToInclude"]
        .as_object()
        .expect("headers")
    {
        put = put.header(name, value.as_str().expect("a text"));
    }
    bench.put(put.body(vec![b'x']).expect("a request"));
    let body = json!({ "AttachmentIds": [upload["AttachmentId"]], "ClientToken": "c" });
    bench.get(Operation::CompleteAttachmentUpload, &chat.token, &body);
    bench.pass_ms(500);
    let body = json!({ "AttachmentId": upload["AttachmentId"] });
    bench.get(Operation::GetAttachment, &chat.token, &body);
    let denied = bench.ask(Operation::GetAttachment, &token, &body);
    assert_eq!(denied.error_type(), "AccessDeniedException");
}

#[test]
fn what_is_no_custom_bot_cannot_be_created() {
    let mut bench = Bench::new();
    let chat = bench.chat();
    let details = |members: Value| {
        let mut details = json!({ "ParticipantRole": "CUSTOM_BOT" });
        for (name, value) in members.as_object().expect("an object") {
            details[name.as_str()] = value.clone();
        }
        details
    };
    // The operation has no InvalidParameterException.
    let invalid = "InvalidRequestException";
    let camera = json!({ "ParticipantCapabilities": { "Video": "RECEIVE" } });
    let cases: [(&str, Value, &str); 7] = [
        (
            "ParticipantDetails",
            details(json!({ "ParticipantRole": "AGENT" })),
            invalid,
        ),
        (
            "ParticipantDetails",
            details(json!({ "DisplayName": "" })),
            invalid,
        ),
        ("ParticipantDetails", details(camera), invalid),
        ("ParticipantDetails", json!({}), invalid),
        ("ContactId", json!("x".repeat(257)), invalid),
        ("ContactId", json!("x"), "ResourceNotFoundException"),
        ("InstanceId", json!("x"), "ResourceNotFoundException"),
    ];
    for (name, value, error) in cases {
        let mut body = create(&chat.contact);
        body[name] = value;
        let answer = bench.ask(Operation::CreateParticipant, "", &body);
        assert_eq!(answer.error_type(), error, "{body}");
    }
    let refused = bench
        .service
        .seat_agent(bench.now, &chat.contact, "Ana", Role::Customer);
    assert!(refused.is_err());
}
