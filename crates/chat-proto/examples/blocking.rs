//! A chat over the blocking sockets of `std`, without any async runtime: the driving loop of the
//! crate's front page, made real with threads.
//!
//! ```sh
//! cargo run -p chat-cli -- simulate --port 8080 --script echo       # a service, in one terminal
//! cargo run -p chat-proto --example blocking -- --endpoint http://127.0.0.1:8080    # in another
//! ```
//!
//! It says something, shows what arrives until somebody has answered, and leaves. Each socket and
//! each request has a thread that may block. All of them tell what happens through one channel,
//! and the main thread, which owns the session, waits for that channel and never for the network.
//!
//! It speaks `http` and `ws` with this machine only. For the real service, wrap the stream that
//! [`dial::dial`] returns into TLS, and give it the details of a chat that a backend has started.

// The core may do no IO, and its clippy.toml says so for the whole package. A driver does it.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "a driver does the IO"
)]
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "an application picks the events it wants"
)]

#[path = "blocking/dial.rs"]
mod dial;
#[path = "blocking/request.rs"]
pub(crate) mod request;
#[path = "blocking/socket.rs"]
mod socket;

use std::collections::BTreeMap;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chat_proto::{
    Action, ChatDetails, Config, Draft, Endpoint, Event, Instant, ItemKind, LocalId, RequestId,
    Seed, Session, SocketId, SocketInput, Start, TransportError, TransportErrorKind, api,
};
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;

/// How long we wait for an answer to what we say.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the last threads may take when the chat is over.
const FAREWELL: Duration = Duration::from_secs(2);
/// How many inputs may wait. Threads with more wait themselves, which slows the peer down.
const INPUTS: usize = 64;

const USAGE: &str = "\
Usage: blocking --endpoint URL [--contact-id ID --participant-id ID] [--message TEXT]
The participant token is taken from the environment variable CONNECT_CHAT_PARTICIPANT_TOKEN.
Without ids a chat is started, which a local service allows.";

fn main() -> ExitCode {
    let token = std::env::var("CONNECT_CHAT_PARTICIPANT_TOKEN").ok();
    match run(std::env::args().skip(1), token, &mut io::stdout()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Something that happened.
enum Input {
    Socket(SocketId, SocketInput),
    Response(RequestId, Result<http::Response<Vec<u8>>, TransportError>),
    NoTransfer(RequestId),
}

pub(crate) fn run(
    arguments: impl Iterator<Item = String>,
    token: Option<String>,
    shown: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let (endpoint, details, message) = read_arguments(arguments, token)?;
    let clock = std::time::Instant::now();
    let now = || Instant::from_origin(clock.elapsed());
    let (sender, inputs) = sync_channel(INPUTS);
    let mut driver = Driver {
        sender,
        sockets: BTreeMap::new(),
    };

    // 1. A session, which does nothing until it is to connect.
    let start = Start {
        now: now(),
        unix: SystemTime::now().duration_since(UNIX_EPOCH)?,
        seed: seed(),
    };
    let mut session = Session::new(start, Config::new(endpoint), details)?;
    session.connect(now())?;

    let mut said = None; // our message
    let mut give_up_at = None;
    let mut over = None;
    loop {
        // 2. What the session wants is begun, and not waited for.
        while let Some(action) = session.poll_action() {
            driver.begin(action)?;
        }
        if let Some(reason) = over {
            writeln!(shown, "The chat is over: {reason:?}")?;
            break;
        }

        // 3. What it tells is for the application, which answers with commands.
        while let Some(event) = session.poll_event() {
            match event {
                Event::Established => {
                    writeln!(shown, "Connected.")?;
                    said = Some(session.send_message(now(), Draft::text(message.as_str()))?);
                    give_up_at = Some(now() + PATIENCE);
                }
                Event::ConnectFailed(error) => {
                    let advice = "Check the endpoint, the ids and the token.";
                    return Err(format!("No connection: {error}\n{advice}").into());
                }
                Event::MessageFailed { error, .. } => {
                    return Err(format!("The message was not sent: {error}").into());
                }
                Event::ConnectionLost(_) => writeln!(shown, "Connection lost.")?,
                Event::Reestablished => writeln!(shown, "Connected again.")?,
                Event::Item(received) if received.kind == ItemKind::Message => {
                    let name = received.item.display_name.as_deref().unwrap_or("?");
                    let text = received.item.content.as_deref().unwrap_or("");
                    writeln!(shown, "{name}: {text}")?;
                }
                Event::Ended(reason) => over = Some(reason),
                _ => {} // the list of events says what else there is
            }
        }
        if over.is_some() {
            continue; // its last actions are still to be done
        }
        if give_up_at.is_some_and(|at| at <= now() || is_answered(&session, said)) {
            give_up_at = None;
            session.disconnect(now())?;
        }

        // 4. When it wants to be woken. While output waits, that is now.
        let wake_at = session.poll_timeout().map(|(at, _why)| at);
        let wait = match wake_at.into_iter().chain(give_up_at).min() {
            Some(at) => at - now(),
            None => PATIENCE,
        };

        // 5. Whatever comes first is waited for, and 6. told with the present time. 7. Once more.
        match inputs.recv_timeout(wait) {
            Ok(Input::Socket(socket, input)) => {
                if matches!(input, SocketInput::Closed(_) | SocketInput::Failed(_)) {
                    driver.sockets.remove(&socket);
                }
                session.handle_socket(now(), socket, input);
            }
            Ok(Input::Response(request, answer)) => {
                session.handle_response(now(), request, answer);
            }
            Ok(Input::NoTransfer(request)) => {
                let detail = "this example sends and saves no files";
                let error = TransportError::new(TransportErrorKind::File, detail);
                session.handle_transfer(now(), request, Err(error));
            }
            Err(RecvTimeoutError::Timeout) => session.handle_timeout(now()),
            Err(RecvTimeoutError::Disconnected) => return Err("all threads are gone".into()),
        }
    }

    // The channel closes when the last thread is gone, and with it the last socket.
    drop(driver);
    while inputs.recv_timeout(FAREWELL).is_ok() {}
    if is_answered(&session, said) {
        Ok(())
    } else {
        Err("Nobody has answered. The simulator's agent does with --script echo.".into())
    }
}

/// Whether somebody else has written after us. The transcript has one order, whatever the order in
/// which things arrived.
fn is_answered(session: &Session, said: Option<LocalId>) -> bool {
    let Some(said) = said else {
        return false;
    };
    let own = &session.chat_details().participant_id;
    let mut entries = session.transcript().iter();
    entries.any(|entry| entry.local_id == Some(said))
        && entries.any(|entry| {
            ItemKind::of(&entry.item) == ItemKind::Message
                && entry.item.participant_id.as_ref() != Some(own)
        })
}

/// The endpoint, the chat and what to say in it.
fn read_arguments(
    mut arguments: impl Iterator<Item = String>,
    token: Option<String>,
) -> Result<(Endpoint, ChatDetails, String), Box<dyn Error>> {
    let (mut endpoint, mut contact, mut participant) = (None, None, None);
    let mut message = "Is the ferry on time?".to_owned();
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match name.as_str() {
            "--endpoint" => endpoint = Some(Endpoint::custom(&value)?),
            "--contact-id" => contact = Some(value),
            "--participant-id" => participant = Some(value),
            "--message" => message = value,
            _ => return Err(USAGE.into()),
        }
    }
    let endpoint = endpoint.ok_or(USAGE)?;
    let details = match (contact, participant, token) {
        (Some(contact), Some(participant), Some(token)) => ChatDetails {
            contact_id: contact.into(),
            participant_id: participant.into(),
            participant_token: token.into(),
        },
        (None, None, _) => {
            // The real service wants this request signed: `api::sigv4`.
            let request = api::StartChatContact::new("local", "flow", "Ada");
            let answer = request::perform(api::to_http(&endpoint, None, &request)?)
                .map_err(|error| format!("No chat could be started: {error}\n{USAGE}"))?;
            api::from_http::<api::StartChatContact>(&answer)?
        }
        (Some(_), Some(_), None) => {
            return Err(
                "The environment variable CONNECT_CHAT_PARTICIPANT_TOKEN is not set.".into(),
            );
        }
        _ => return Err(USAGE.into()),
    };
    Ok((endpoint, details, message))
}

/// 32 bytes from the operating system's randomness, of which `std` has no more than the keys of
/// its hash maps. A program of your own takes the crate `getrandom`.
fn seed() -> Seed {
    let keys = RandomState::new();
    let mut bytes = [0; 32];
    for (number, part) in bytes.chunks_exact_mut(8).enumerate() {
        part.copy_from_slice(&keys.hash_one(number).to_le_bytes());
    }
    Seed::new(bytes)
}

/// Begins what a session wants. Nothing here blocks.
struct Driver {
    sender: SyncSender<Input>,
    sockets: BTreeMap<SocketId, SyncSender<Message>>,
}

impl Driver {
    fn begin(&mut self, action: Action) -> io::Result<()> {
        match action {
            Action::OpenSocket { socket, url } => {
                let (outgoing, queue) = sync_channel(INPUTS);
                self.sockets.insert(socket, outgoing);
                self.spawn(move |sender| {
                    let tell = |input| {
                        // Nobody listens any more when the chat is over.
                        let _ = sender.send(Input::Socket(socket, input));
                    };
                    tell(match socket::converse(&url, &queue, &tell) {
                        Ok(()) => SocketInput::Closed(socket::NO_CODE),
                        Err(error) => SocketInput::Failed(error),
                    });
                })
            }
            Action::SendText { socket, text } => {
                self.write(socket, Message::text(text.as_ref()));
                Ok(())
            }
            Action::CloseSocket { socket, code } => {
                let frame = CloseFrame {
                    code: code.into(),
                    reason: "".into(),
                };
                self.write(socket, Message::Close(Some(frame)));
                self.sockets.remove(&socket);
                Ok(())
            }
            Action::Request { request, http, .. } => self.spawn(move |sender| {
                let _ = sender.send(Input::Response(request, request::perform(http)));
            }),
            Action::Upload { request, .. } | Action::Download { request, .. } => {
                self.spawn(move |sender| {
                    let _ = sender.send(Input::NoTransfer(request));
                })
            }
            // A thread that blocks cannot be stopped. What it still brings is ignored.
            Action::CancelRequest { .. } => Ok(()),
        }
    }

    fn spawn(&self, work: impl FnOnce(SyncSender<Input>) + Send + 'static) -> io::Result<()> {
        let sender = self.sender.clone();
        thread::Builder::new().spawn(move || work(sender)).map(drop)
    }

    /// A session writes two frames in ten seconds. When as many wait that one finds no room, the
    /// socket is broken, which the session finds out by its heartbeats.
    fn write(&self, socket: SocketId, message: Message) {
        if let Some(outgoing) = self.sockets.get(&socket) {
            let _ = outgoing.try_send(message);
        }
    }
}
