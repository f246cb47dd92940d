//! A bot: answers what others write in a chat, until somebody says goodbye or nobody says anything.
//!
//! ```sh
//! connect-chat simulate --port 8080 --script greeter                # a service
//! cargo run -p chat-async-std --example async_std_bot -- http://127.0.0.1:8080    # elsewhere
//! ```
//!
//! Of a chat that a backend has started, it is given the ids, and the token in the environment
//! variable `CONNECT_CHAT_PARTICIPANT_TOKEN`:
//!
//! ```sh
//! cargo run -p chat-async-std --example async_std_bot -- us-west-2 CONTACT_ID PARTICIPANT_ID
//! ```

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
use chat_async_std::chat_proto::{
    ChatDetails, Config, Draft, Endpoint, Event, ItemKind, ReceiptKind,
};
use chat_async_std::{Client, Events};

/// How long the bot waits for somebody to say something.
const PATIENCE: Duration = Duration::from_secs(30);

const USAGE: &str = "Usage: bot URL|REGION [CONTACT_ID PARTICIPANT_ID], with the participant token \
                     in CONNECT_CHAT_PARTICIPANT_TOKEN. Without ids a chat is started, which a local \
                     service allows.";

type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let token = std::env::var("CONNECT_CHAT_PARTICIPANT_TOKEN").ok();
    match block_on(run(&arguments, token, &mut io::stdout())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) async fn run(
    arguments: &[String],
    token: Option<String>,
    shown: &mut impl Write,
) -> Result<(), Failure> {
    let (service, ids) = arguments.split_first().ok_or(USAGE)?;
    let endpoint = Endpoint::custom(service).or_else(|_| Endpoint::region(service))?;
    let client = Client::builder().build()?;
    let details = match (ids, token) {
        ([contact, participant], Some(token)) => ChatDetails {
            contact_id: contact.as_str().into(),
            participant_id: participant.as_str().into(),
            participant_token: token.into(),
        },
        ([], _) => {
            let request = StartChatContact::new("local", "flow", "Bot");
            client.start_chat(&endpoint, &request).await?
        }
        _ => return Err(USAGE.into()),
    };
    let (session, mut events) = client.session(Config::new(endpoint), details)?;
    session.connect().await?;
    writeln!(shown, "In the chat {}.", session.chat_details().contact_id)?;

    // What was said before it came is history, and needs no answer. What it missed later does.
    let mut history = true;
    let mut goodbye = false;
    while !goodbye {
        let Ok(event) = timeout(PATIENCE, next_for_bot(&mut events)).await else {
            writeln!(shown, "Nobody says anything.")?;
            break;
        };
        match event {
            Some(Event::GapFilled { .. } | Event::GapUnresolved(_)) if history => {
                history = false;
                session.queue_message(Draft::text("I am a bot. What can I do for you?"))?;
            }
            Some(Event::Item(received)) if !(history && received.recovered) => {
                let text = received.item.content.as_deref().unwrap_or_default();
                writeln!(shown, "They say: {text}")?;
                if let Some(message) = &received.item.id {
                    session.send_receipt(ReceiptKind::Read, message)?;
                }
                let (answer, last) = answer(text);
                goodbye = last;
                writeln!(shown, "The bot says: {answer}")?;
                // It is not waited for, so the next event is read at once. Messages go out in
                // this order, and when there is no connection, after it is there again.
                session.queue_message(Draft::text(answer))?;
            }
            Some(Event::MessageFailed { error, .. }) => return Err(error.into()),
            Some(Event::Ended(reason)) => {
                writeln!(shown, "The chat is over: {reason:?}")?;
                return Ok(());
            }
            Some(_) => {}
            None => return Err("the events have ended without an end".into()),
        }
    }
    drop(events); // nobody reads them any more
    let reason = session.disconnect().await?; // sends what is queued first
    writeln!(shown, "The bot has left: {reason:?}")?;
    Ok(())
}

/// The next event that is for a bot. Heartbeats and the like are no sign of anybody.
async fn next_for_bot(events: &mut Events) -> Option<Event> {
    loop {
        let event = events.next().await?;
        match &event {
            Event::Item(received) if received.own || received.kind != ItemKind::Message => {}
            Event::Item(_)
            | Event::GapFilled { .. }
            | Event::GapUnresolved(_)
            | Event::MessageFailed { .. }
            | Event::Ended(_) => return Some(event),
            _ => {}
        }
    }
}

/// What the bot says to that, and whether it is the last.
fn answer(text: &str) -> (String, bool) {
    if text.to_lowercase().contains("bye") {
        return ("Goodbye.".to_owned(), true);
    }
    (format!("You said: {text}"), false)
}
