//! The core on a bench: virtual time, requests and sockets as calls.

use std::collections::BTreeMap;
use std::time::Duration;

use chat_sim::{
    Contact, Effect, Fault, FaultId, Operation, Output, RequestId, Service, Settings, SocketId,
    Start,
};
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};

/// The wall clock at which every bench starts.
pub(crate) const UNIX: Duration = Duration::from_secs(1_800_000_000);
/// The same as the service writes it.
pub(crate) const UNIX_TEXT: &str = "2027-01-15T08:00:00";

pub(crate) const TYPING: &str = "application/vnd.amazonaws.connect.event.typing";
pub(crate) const READ: &str = "application/vnd.amazonaws.connect.event.message.read";
pub(crate) const DELIVERED: &str = "application/vnd.amazonaws.connect.event.message.delivered";
pub(crate) const ACKNOWLEDGED: &str =
    "application/vnd.amazonaws.connect.event.connection.acknowledged";
pub(crate) const METADATA: &str = "application/vnd.amazonaws.connect.event.message.metadata";
pub(crate) const JOINED: &str = "application/vnd.amazonaws.connect.event.participant.joined";
pub(crate) const LEFT: &str = "application/vnd.amazonaws.connect.event.participant.left";
pub(crate) const ENDED: &str = "application/vnd.amazonaws.connect.event.chat.ended";

pub(crate) const SUBSCRIBE: &str = r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#;

#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("the answer is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("")
    }

    pub(crate) fn error_type(&self) -> &str {
        self.header("x-amzn-errortype")
    }

    pub(crate) fn message(&self) -> String {
        self.json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Answer(Answer),
    Dropped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Accepted,
    Refused(u16),
    Frame(String),
    Closed(u16),
    Aborted,
    Frozen,
}

#[derive(Debug, Clone)]
pub(crate) struct Chat {
    pub(crate) contact: String,
    pub(crate) participant: String,
    pub(crate) participant_token: String,
    pub(crate) token: String,
    /// Path and query of the WebSocket URL.
    pub(crate) url: String,
}

pub(crate) struct Bench {
    pub(crate) service: Service,
    pub(crate) now: Duration,
    numbers: u64,
    replies: BTreeMap<RequestId, Reply>,
    heard: BTreeMap<SocketId, Vec<Heard>>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(set: impl FnOnce(&mut Settings)) -> Self {
        Self::seeded(7, set)
    }

    pub(crate) fn seeded(seed: u64, set: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings::default();
        set(&mut settings);
        let start = Start {
            now: Duration::ZERO,
            unix: UNIX,
            seed,
        };
        Self {
            service: Service::new(start, settings),
            now: Duration::ZERO,
            numbers: 0,
            replies: BTreeMap::new(),
            heard: BTreeMap::new(),
        }
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn drain(&mut self) {
        while let Some(output) = self.service.poll_output() {
            match output {
                Output::Respond { request, response } => {
                    let (head, body) = response.into_parts();
                    let answer = Answer {
                        status: head.status.as_u16(),
                        headers: head.headers,
                        text: String::from_utf8(body).expect("answers are text"),
                    };
                    self.reply(request, Reply::Answer(answer));
                }
                Output::Drop { request } => self.reply(request, Reply::Dropped),
                Output::Accept { socket } => self.hear(socket, Heard::Accepted),
                Output::Refuse { socket, response } => {
                    self.hear(socket, Heard::Refused(response.status().as_u16()));
                }
                Output::Send { socket, text } => self.hear(socket, Heard::Frame(text)),
                Output::Close { socket, code, .. } => self.hear(socket, Heard::Closed(code)),
                Output::Abort { socket } => self.hear(socket, Heard::Aborted),
                Output::Freeze { socket } => self.hear(socket, Heard::Frozen),
                Output::AdvanceClock { by } => self.now += by,
                Output::CutOff { .. } => {}
            }
        }
    }

    fn reply(&mut self, request: RequestId, reply: Reply) {
        let earlier = self.replies.insert(request, reply);
        assert!(earlier.is_none(), "a request is answered once");
    }

    fn hear(&mut self, socket: SocketId, heard: Heard) {
        self.heard.entry(socket).or_default().push(heard);
    }

    /// Lets time pass, from one wake-up to the next.
    pub(crate) fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        self.drain();
        while let Some(due) = self.service.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.service.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
        self.service.handle_timeout(self.now);
        self.drain();
    }

    pub(crate) fn pass_ms(&mut self, milliseconds: u64) {
        self.pass(Duration::from_millis(milliseconds));
    }

    /// Puts a request and does not wait for its answer.
    pub(crate) fn put(&mut self, request: Request<Vec<u8>>) -> RequestId {
        let id = RequestId(self.number());
        self.service.handle_request(self.now, id, request);
        self.drain();
        while self.service.is_jumping() {
            self.service.handle_timeout(self.now);
            self.drain();
        }
        id
    }

    pub(crate) fn call(&mut self, operation: Operation, bearer: &str, body: &Value) -> RequestId {
        let mut request = Request::builder()
            .method(operation.method())
            .uri(operation.path());
        if !bearer.is_empty() {
            request = request.header("x-amz-bearer", bearer);
        }
        self.put(
            request
                .body(body.to_string().into_bytes())
                .expect("a request"),
        )
    }

    pub(crate) fn reply_to(&self, request: RequestId) -> Option<Reply> {
        self.replies.get(&request).cloned()
    }

    pub(crate) fn answer_to(&self, request: RequestId) -> Answer {
        match self.reply_to(request) {
            Some(Reply::Answer(answer)) => answer,
            other => panic!("no answer but {other:?}"),
        }
    }

    /// Puts a request that is answered at once.
    pub(crate) fn ask(&mut self, operation: Operation, bearer: &str, body: &Value) -> Answer {
        let request = self.call(operation, bearer, body);
        self.answer_to(request)
    }

    /// The same; it must succeed.
    pub(crate) fn get(&mut self, operation: Operation, bearer: &str, body: &Value) -> Value {
        let answer = self.ask(operation, bearer, body);
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    pub(crate) fn raw(&mut self, method: Method, path: &str, bearer: &str, body: &[u8]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !bearer.is_empty() {
            request = request.header("x-amz-bearer", bearer);
        }
        let id = self.put(request.body(body.to_vec()).expect("a request"));
        self.answer_to(id)
    }

    /// A chat whose customer has a token and a URL.
    pub(crate) fn chat(&mut self) -> Chat {
        let started = self
            .service
            .start_chat(self.now, "Ana")
            .expect("there is room for a chat");
        let (url, token) = self.connect(&started.participant_token);
        Chat {
            contact: started.contact_id,
            participant: started.participant_id,
            participant_token: started.participant_token,
            token,
            url,
        }
    }

    /// A new URL and a new connection token.
    pub(crate) fn connect(&mut self, participant_token: &str) -> (String, String) {
        let body = json!({ "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"] });
        let answer = self.get(
            Operation::CreateParticipantConnection,
            participant_token,
            &body,
        );
        let url = answer["Websocket"]["Url"].as_str().expect("a URL");
        let token = answer["ConnectionCredentials"]["ConnectionToken"]
            .as_str()
            .expect("a token");
        (target(url), token.to_owned())
    }

    /// Puts a handshake and does not wait for its answer.
    pub(crate) fn knock(&mut self, path_and_query: &str) -> SocketId {
        let id = SocketId(self.number());
        self.service.handle_upgrade(self.now, id, path_and_query);
        self.drain();
        id
    }

    /// An open socket.
    pub(crate) fn open(&mut self, path_and_query: &str) -> SocketId {
        let socket = self.knock(path_and_query);
        assert_eq!(self.take(socket), [Heard::Accepted]);
        socket
    }

    /// An open socket of its own that is subscribed; what came with that is taken off.
    pub(crate) fn listen(&mut self, chat: &Chat) -> SocketId {
        let (url, _) = self.connect(&chat.participant_token);
        let socket = self.open(&url);
        self.text(socket, SUBSCRIBE);
        let frames = self.frames(socket);
        assert_eq!(frames[0]["content"]["status"], "success");
        socket
    }

    pub(crate) fn text(&mut self, socket: SocketId, text: &str) {
        self.service.handle_text(self.now, socket, text);
        self.drain();
    }

    /// Takes what was heard on a socket since the last time.
    pub(crate) fn take(&mut self, socket: SocketId) -> Vec<Heard> {
        self.drain();
        self.heard.remove(&socket).unwrap_or_default()
    }

    /// The same, of frames only, as JSON.
    pub(crate) fn frames(&mut self, socket: SocketId) -> Vec<Value> {
        self.take(socket)
            .into_iter()
            .map(|heard| {
                let Heard::Frame(text) = &heard else {
                    panic!("no frame but {heard:?}");
                };
                serde_json::from_str(text).expect("frames are JSON")
            })
            .collect()
    }

    /// The same, of items.
    pub(crate) fn items(&mut self, socket: SocketId) -> Vec<Value> {
        self.frames(socket).iter().map(item).collect()
    }

    /// The items of a socket that has been closed meanwhile.
    pub(crate) fn items_and_close(&mut self, socket: SocketId) -> Vec<Value> {
        let mut heard = self.take(socket);
        assert!(matches!(heard.pop(), Some(Heard::Closed(_))));
        heard
            .into_iter()
            .map(|heard| {
                let Heard::Frame(text) = &heard else {
                    panic!("no frame but {heard:?}");
                };
                item(&serde_json::from_str(text).expect("frames are JSON"))
            })
            .collect()
    }

    /// The content of the messages among what was heard.
    pub(crate) fn said(&mut self, socket: SocketId) -> Vec<String> {
        contents(&self.items(socket))
    }

    pub(crate) fn send(&mut self, chat: &Chat, content: &str) -> Value {
        let body = json!({ "ContentType": "text/plain", "Content": content });
        self.get(Operation::SendMessage, &chat.token, &body)
    }

    pub(crate) fn agent_says(&mut self, chat: &Chat, content: &str) -> String {
        let item = self
            .service
            .agent_sends(self.now, &chat.contact, "text/plain", content)
            .expect("the agent can send");
        self.drain();
        item.id
    }

    pub(crate) fn inject(&mut self, fault: Fault) -> FaultId {
        let id = self.service.inject(self.now, fault);
        self.drain();
        id
    }

    pub(crate) fn fault(&mut self, effect: Effect) -> FaultId {
        self.inject(Fault::new(effect))
    }

    pub(crate) fn truth(&self, chat: &Chat) -> &Contact {
        self.service
            .contact(&chat.contact)
            .expect("the contact is known")
    }

    /// The content types of the transcript.
    pub(crate) fn stored_types(&self, chat: &Chat) -> Vec<String> {
        self.truth(chat)
            .transcript()
            .iter()
            .map(|item| item.content_type.clone())
            .collect()
    }
}

/// Path and query of a URL.
pub(crate) fn target(url: &str) -> String {
    let (_, rest) = url.split_once("://").expect("a URL");
    let (_, target) = rest.split_once('/').expect("a path");
    format!("/{target}")
}

/// The item in a frame.
pub(crate) fn item(frame: &Value) -> Value {
    assert_eq!(frame["topic"], "aws/chat");
    assert_eq!(frame["contentType"], "application/json");
    let content = frame["content"].as_str().expect("the item is a string");
    serde_json::from_str(content).expect("the item is JSON")
}

/// The content of the messages among items.
pub(crate) fn contents(items: &[Value]) -> Vec<String> {
    items
        .iter()
        .filter(|item| item["Type"] == "MESSAGE")
        .map(|item| item["Content"].as_str().expect("a content").to_owned())
        .collect()
}
