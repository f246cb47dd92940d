//! A bridge: many chats in one process, each joined to a conversation elsewhere, such as one of SMS.
//! Both ways are slowed down by whoever is slow, and nothing piles up or gets lost.
//!
//! ```sh
//! connect-chat simulate --port 8080 --script echo                          # a service
//! cargo run -p chat-async-std --example async_std_bridge -- http://127.0.0.1:8080 100    # elsewhere
//! ```
//!
//! It keeps to the service's default quotas, so a hundred chats take a minute. `unlimited` leaves
//! them out. The other side is a stand-in, `phone`: it says something, expects to hear it again from
//! the agent, and hangs up.

#![expect(clippy::print_stderr, reason = "a program says why it failed")]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an application picks the events it wants"
)]

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use async_std::future::timeout;
use async_std::task::block_on;
use chat_async_std::chat_proto::api::StartChatContact;
use chat_async_std::chat_proto::{Config, Draft, Endpoint, Event, ItemKind, Quotas};
use chat_async_std::{ChatSession, Client, Events};
use futures_channel::mpsc::{Receiver, Sender, channel};
use futures_util::future::{try_join, try_join_all, try_join3};
use futures_util::{SinkExt, StreamExt};

/// How many messages may wait between a chat and its phone, each way.
const QUEUE: usize = 2;
/// How many messages each phone says.
const MESSAGES: usize = 4;
/// How long a phone waits for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

const USAGE: &str = "Usage: bridge URL|REGION CHATS [unlimited]";

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
    let [service, chats, rest @ ..] = arguments else {
        return Err(USAGE.into());
    };
    let endpoint = Endpoint::custom(service).or_else(|_| Endpoint::region(service))?;
    let chats: usize = chats.parse()?;
    let mut builder = Client::builder();
    match rest {
        [] => {}
        [quotas] if quotas == "unlimited" => builder = builder.quotas(Quotas::unlimited()),
        _ => return Err(USAGE.into()),
    }
    let client = builder.build()?; // one for all: it keeps to the quotas for all of them
    let bridged = (0..chats).map(|number| bridge(&client, &endpoint, number));
    let messages: usize = try_join_all(bridged).await?.into_iter().sum();
    writeln!(shown, "{chats} chats, {messages} messages each way.")?;
    Ok(())
}

/// One chat and its phone, until the phone hangs up.
async fn bridge(client: &Client, endpoint: &Endpoint, number: usize) -> Result<usize, Failure> {
    // A local service allows this. For AWS take `start_chat_through_proxy`, or a backend of yours.
    let request = StartChatContact::new("local", "flow", format!("Phone {number}"));
    let details = client.start_chat(endpoint, &request).await?;
    let (session, events) = client.session(Config::new(endpoint.clone()), details)?;
    session.connect().await?;
    let (to_chat, from_phone) = channel(QUEUE);
    let (to_phone, from_chat) = channel(QUEUE);
    let ((), (), messages) = try_join3(
        into_chat(&session, from_phone),
        out_of_chat(events, to_phone),
        phone(number, to_chat, from_chat),
    )
    .await?;
    Ok(messages)
}

/// From the phone into the chat. The next message is taken when the service has this one: a phone
/// that is faster than the service waits, and so does one whose chat has no connection.
async fn into_chat(session: &ChatSession, mut texts: Receiver<String>) -> Result<(), Failure> {
    while let Some(text) = texts.next().await {
        session.send_message(Draft::text(text)).await?;
    }
    session.disconnect().await?;
    Ok(())
}

/// From the chat to the phone, in the order of the chat. While there is no room for a message, no
/// event is read; when too many wait, the session does not read its WebSocket, and the service has
/// to wait.
async fn out_of_chat(mut events: Events, mut to_phone: Sender<String>) -> Result<(), Failure> {
    // What a lost connection missed is told after what the new one brings. Both wait for each
    // other, and are no more than `Config::gap_page_limit` allows.
    let mut catching_up = true;
    let mut waiting = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Event::ConnectionLost(_) => catching_up = true,
            Event::GapFilled { .. } | Event::GapUnresolved(_) | Event::Ended(_) => {
                catching_up = false;
            }
            Event::Item(received) if received.kind == ItemKind::Message && !received.own => {
                let text = received.item.content.clone().unwrap_or_default();
                waiting.push((received.item.absolute_time.clone(), text));
            }
            _ => continue,
        }
        if catching_up {
            continue;
        }
        waiting.sort();
        for (_, text) in waiting.drain(..) {
            if to_phone.send(text).await.is_err() {
                return Ok(()); // it has hung up; dropped events keep nobody waiting
            }
        }
    }
    Ok(())
}

/// The other side. It says all it has to say and hears the answers at the same time, as fast as it
/// is let.
async fn phone(
    number: usize,
    mut to_chat: Sender<String>,
    mut from_chat: Receiver<String>,
) -> Result<usize, Failure> {
    let texts: Vec<_> = (0..MESSAGES)
        .map(|turn| format!("{number}.{turn}"))
        .collect();
    let says = async {
        for text in &texts {
            to_chat.send(text.clone()).await?;
        }
        Ok(())
    };
    let hears = async {
        for text in &texts {
            let heard = timeout(PATIENCE, from_chat.next()).await?;
            if heard.ok_or("the chat is over too early")? != *text {
                return Err(Failure::from("an answer was lost, doubled or overtaken"));
            }
        }
        Ok(())
    };
    try_join(says, hears).await?;
    Ok(texts.len()) // the ends of both queues are dropped here: it hangs up
}
