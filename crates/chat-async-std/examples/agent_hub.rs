//! An agent with several chats, which share one WebSocket.
//!
//! ```sh
//! connect-chat simulate --port 8080                                 # a service
//! connect-chat chat --endpoint http://127.0.0.1:8080 --start Jo     # a customer, elsewhere
//! cargo run -p chat-async-std --example async_std_agent_hub -- http://127.0.0.1:8080 Kim CONTACT_ID...
//! ```
//!
//! The agent greets everybody, notes what they say, and goes home when all chats are over. An
//! agent's URLs and tokens come from where the agent is signed in. That is the control API of the
//! local service here; with Amazon Connect it is Amazon Connect Streams, or a backend of yours.

#![expect(clippy::print_stderr, reason = "a program says why it failed")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an application picks the events it wants"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use async_std::io::{ReadExt, WriteExt};
use async_std::net::TcpStream;
use async_std::task::block_on;
use chat_async_std::chat_proto::api::ConnectionCredentials;
use chat_async_std::chat_proto::{
    ChatDetails, Config, ContactId, Draft, Endpoint, Event, HubEvent, HubUrl, ItemKind,
    TransportError, TransportErrorKind,
};
use chat_async_std::{AgentProvider, Client, ProvidedFuture};
use serde_json::{Value, json};

const USAGE: &str = "Usage: agent_hub http://HOST:PORT AGENT CONTACT_ID...";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match block_on(run(&arguments, &mut io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) async fn run(arguments: &[String], shown: &mut impl Write) -> Result<(), Failure> {
    let [url, agent, contacts @ ..] = arguments else {
        return Err(USAGE.into());
    };
    let desktop = Desktop {
        host: url.strip_prefix("http://").ok_or(USAGE)?.to_owned(),
        agent: agent.clone(),
    };
    let config = Config::new(Endpoint::custom(url)?);
    let client = Client::builder().build()?;
    let (hub, mut events) = client.hub(config, desktop.clone())?;
    hub.connect()?;
    let mut chats = BTreeMap::new();
    for contact in contacts {
        let chat = hub.add(desktop.accept(contact).await?)?;
        chat.queue_message(Draft::text(format!("{agent} here. How can I help?")))?;
        chats.insert(ContactId::from(contact.as_str()), chat);
    }
    while !chats.is_empty() {
        let event = events.next().await.ok_or("the hub is closed")?;
        let HubEvent::Session { contact_id, event } = event else {
            writeln!(shown, "The connection: {event:?}")?;
            continue;
        };
        match event {
            Event::Item(item) if item.kind == ItemKind::Message && !item.own => {
                let text = item.item.content.as_deref().unwrap_or_default();
                writeln!(shown, "{contact_id}: {text}")?;
                if let Some(chat) = chats.get(&contact_id) {
                    chat.queue_message(Draft::text(format!("I have noted: {text}")))?;
                }
            }
            Event::MessageFailed { error, .. } => return Err(error.into()),
            Event::Ended(reason) => {
                writeln!(shown, "{contact_id} is over: {reason:?}")?;
                chats.remove(&contact_id);
            }
            _ => {}
        }
    }
    hub.close();
    Ok(())
}

/// Where the agent is signed in.
#[derive(Clone)]
struct Desktop {
    host: String,
    agent: String,
}

impl Desktop {
    /// Takes a chat, as an agent does who clicks "accept".
    async fn accept(&self, contact: &str) -> Result<ChatDetails, Failure> {
        let path = format!("contacts/{contact}/seats");
        let seat = json!({ "display_name": self.agent, "role": "AGENT" });
        let mut seat = self.ask(&path, &seat).await?;
        Ok(ChatDetails {
            contact_id: serde_json::from_value(seat["contact_id"].take())?,
            participant_id: serde_json::from_value(seat["participant_id"].take())?,
            participant_token: serde_json::from_value(seat["participant_token"].take())?,
        })
    }

    /// A request to the control API.
    async fn ask(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let (host, body) = (&self.host, body.to_string());
        let head = format!("POST /_sim/{path} HTTP/1.0\r\nhost: {host}\r\n");
        let kind = "content-type: application/json\r\n";
        let request = format!("{head}{kind}content-length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        if !head.starts_with("HTTP/1.0 200") {
            return Err(format!("{path}: {body}").into());
        }
        Ok(serde_json::from_str(body)?)
    }
}

impl AgentProvider for Desktop {
    fn socket_url(&self) -> ProvidedFuture<HubUrl> {
        let desktop = self.clone();
        Box::pin(async move {
            let agent = json!({ "agent_name": desktop.agent });
            let answer = desktop.ask("agent-sockets", &agent).await;
            let failed = |error: Failure| {
                TransportError::new(TransportErrorKind::Connect, error.to_string())
            };
            let answer = answer.map_err(failed)?;
            let url = answer["url"].as_str().unwrap_or_default().into();
            Ok(HubUrl {
                url,
                lifetime: None,
            })
        })
    }

    /// This desktop has none: the service is asked, with the participant token of the chat.
    fn connection_token(&self, _: ContactId) -> ProvidedFuture<ConnectionCredentials> {
        let none = TransportError::new(TransportErrorKind::Protocol, "the desktop has none");
        Box::pin(std::future::ready(Err(none)))
    }
}
