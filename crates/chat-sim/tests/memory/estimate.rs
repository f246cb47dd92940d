//! Whether the service knows how much memory it holds. Counted by the allocator.

use std::time::Duration;

use allocation_counter::measure;
use chat_sim::{Operation, Output, RequestId, Service, Settings, SocketId, Start, StartedChat};
use serde_json::{Value, json};

const TYPING: &str = "application/vnd.amazonaws.connect.event.typing";
const READ: &str = "application/vnd.amazonaws.connect.event.message.read";
const SUBSCRIBE: &str = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;

struct Driver {
    service: Service,
    now: Duration,
    number: u64,
}

/// A chat and its connection token.
struct Chat {
    contact: String,
    token: String,
}

impl Driver {
    fn new(set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        set(&mut settings);
        let start = Start {
            now: Duration::ZERO,
            unix: Duration::from_secs(1_800_000_000),
            seed: 1,
        };
        Self {
            service: Service::new(start, settings),
            now: Duration::ZERO,
            number: 0,
        }
    }

    fn drain(&mut self) -> Option<Value> {
        let mut answer = None;
        while let Some(output) = self.service.poll_output() {
            if let Output::Respond { response, .. } = output {
                assert_eq!(response.status(), 200);
                answer = serde_json::from_slice(response.body()).ok();
            }
        }
        answer
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        while self
            .service
            .poll_timeout()
            .is_some_and(|due| due <= self.now)
        {
            self.service.handle_timeout(self.now);
            self.drain();
        }
    }

    fn ask(&mut self, operation: Operation, bearer: &str, body: &Value) -> Value {
        self.number += 1;
        let request = http::Request::builder()
            .method(operation.method())
            .uri(operation.path())
            .header("x-amz-bearer", bearer)
            .body(body.to_string().into_bytes())
            .expect("a request");
        self.service
            .handle_request(self.now, RequestId(self.number), request);
        self.drain().expect("an answer")
    }

    /// A chat whose customer listens on a socket.
    fn chat(&mut self) -> Chat {
        let started = self
            .service
            .start_chat(self.now, "Ana")
            .expect("there is room");
        self.join(&started)
    }

    fn join(&mut self, started: &StartedChat) -> Chat {
        let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
        let operation = Operation::CreateParticipantConnection;
        let answer = self.ask(operation, &started.participant_token, &body);
        let url = answer["Websocket"]["Url"].as_str().expect("a URL");
        let target = url.strip_prefix("ws://127.0.0.1").expect("the base");
        self.number += 1;
        let socket = SocketId(self.number);
        self.service.handle_upgrade(self.now, socket, target);
        self.service.handle_text(self.now, socket, SUBSCRIBE);
        self.drain();
        let token = &answer["ConnectionCredentials"]["ConnectionToken"];
        Chat {
            contact: started.contact_id.clone(),
            token: token.as_str().expect("a token").to_owned(),
        }
    }

    fn send(&mut self, chat: &Chat, content: &str) -> String {
        self.number += 1;
        let body = json!({
            "ContentType": "text/plain",
            "Content": content,
            "ClientToken": format!("00000000-0000-4000-8000-{:012}", self.number),
        });
        let answer = self.ask(Operation::SendMessage, &chat.token, &body);
        answer["Id"].as_str().expect("an id").to_owned()
    }

    fn event(&mut self, chat: &Chat, content_type: &str, content: Option<String>) {
        let body = json!({ "ContentType": content_type, "Content": content });
        self.ask(Operation::SendEvent, &chat.token, &body);
    }
}

/// What the service says it holds is what it holds, give or take.
fn is_honest(what: &str, fill: impl FnOnce() -> Driver) {
    let mut driver = None;
    let real = measure(|| driver = Some(fill())).bytes_current;
    let real = usize::try_from(real).expect("it holds something");
    let estimate = driver.expect("it was filled").service.memory();
    println!(
        "{what}: {estimate} of {real} bytes, {:.2}",
        estimate as f64 / real as f64
    );
    assert!(
        estimate * 4 > real * 3,
        "{what}: {estimate} is too little for {real}"
    );
    assert!(
        estimate < real * 2,
        "{what}: {estimate} is too much for {real}"
    );
}

#[test]
fn the_estimate_is_honest_for_chats_of_every_kind() {
    is_honest("chats in which nothing happens", || {
        let mut driver = Driver::new(|_| {});
        for _ in 0..300 {
            driver
                .service
                .start_chat(driver.now, "Ana")
                .expect("there is room");
        }
        driver
    });
    is_honest("chats that were connected to", || {
        let mut driver = Driver::new(|_| {});
        for _ in 0..300 {
            driver.chat();
        }
        driver
    });
    is_honest("short messages", || {
        let mut driver = Driver::new(|_| {});
        let chat = driver.chat();
        for number in 0..5_000 {
            driver.send(&chat, &"short ".repeat(number % 10 + 1));
        }
        driver
    });
    is_honest("long messages", || {
        let mut driver = Driver::new(|_| {});
        let chat = driver.chat();
        for _ in 0..300 {
            driver.send(&chat, &"x".repeat(16_000));
        }
        driver
    });
    is_honest("typing", || {
        let mut driver = Driver::new(|_| {});
        let chat = driver.chat();
        for _ in 0..5_000 {
            driver.event(&chat, TYPING, None);
        }
        driver
    });
    is_honest("typing of which little is remembered", || {
        let mut driver = Driver::new(|settings| settings.log_per_contact = 500);
        let chat = driver.chat();
        for _ in 0..5_000 {
            driver.event(&chat, TYPING, None);
        }
        driver
    });
    is_honest("receipts", || {
        let mut driver = Driver::new(|_| {});
        let chat = driver.chat();
        for _ in 0..2_000 {
            let item = driver
                .service
                .agent_sends(driver.now, &chat.contact, "text/plain", "Hello")
                .expect("the agent can send");
            driver.drain();
            let content = json!({ "messageId": item.id }).to_string();
            driver.event(&chat, READ, Some(content));
        }
        driver
    });
    is_honest("tokens", || {
        let mut driver = Driver::new(|_| {});
        for _ in 0..20 {
            let started = driver
                .service
                .start_chat(driver.now, "Ana")
                .expect("there is room");
            for _ in 0..200 {
                let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
                let operation = Operation::CreateParticipantConnection;
                driver.ask(operation, &started.participant_token, &body);
            }
        }
        driver
    });
    is_honest("chats that continue forgotten ones", || {
        let mut driver = Driver::new(|settings| settings.contacts = 2);
        let mut source = driver.chat();
        for _ in 0..20 {
            for _ in 0..50 {
                driver.send(&source, "x");
            }
            driver.ask(Operation::DisconnectParticipant, &source.token, &json!({}));
            let body = json!({
                "InstanceId": "local",
                "ContactFlowId": "f",
                "ParticipantDetails": { "DisplayName": "Ana" },
                "PersistentChat": {
                    "RehydrationType": "ENTIRE_PAST_SESSION",
                    "SourceContactId": source.contact,
                },
            });
            let answer = driver.ask(Operation::StartChatContact, "", &body);
            let contact = answer["ContactId"].as_str().expect("an id").to_owned();
            let token = answer["ParticipantToken"].as_str().expect("a token");
            let body = json!({ "Type": ["CONNECTION_CREDENTIALS"] });
            let answer = driver.ask(Operation::CreateParticipantConnection, token, &body);
            let token = &answer["ConnectionCredentials"]["ConnectionToken"];
            source = Chat {
                contact,
                token: token.as_str().expect("a token").to_owned(),
            };
        }
        driver
    });
}

#[test]
fn what_is_forgotten_is_held_no_longer() {
    let mut driver = Driver::new(|settings| settings.contacts = 1);
    driver
        .service
        .start_chat(driver.now, "Ana")
        .expect("there is room");
    let alone = driver.service.memory();
    let contact = driver
        .service
        .contacts()
        .next()
        .expect("a chat")
        .id()
        .to_owned();
    driver
        .service
        .end_contact(driver.now, &contact)
        .expect("it goes on");
    for _ in 0..5 {
        let chat = driver.chat();
        let id = driver.send(&chat, "x");
        driver.event(&chat, TYPING, None);
        driver
            .service
            .agent_attaches(driver.now, &chat.contact, "a.txt", "text/plain", vec![1])
            .expect("the agent may");
        driver
            .service
            .bot_streams(
                driver.now,
                &chat.contact,
                &["a", "b"],
                Duration::from_secs(1),
            )
            .expect("the bot can");
        driver
            .service
            .agent_leaves(driver.now, &chat.contact)
            .expect("it is there");
        driver
            .service
            .agent_reads(driver.now, &chat.contact, &id)
            .expect_err("nobody is there");
        driver.pass(Duration::from_secs(5));
        driver
            .service
            .end_contact(driver.now, &chat.contact)
            .expect("it goes on");
        driver.pass(Duration::from_secs(5));
    }
    driver
        .service
        .start_chat(driver.now, "Ana")
        .expect("there is room");
    assert_eq!(driver.service.memory(), alone);
}
