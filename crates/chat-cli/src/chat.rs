//! `connect-chat chat`: a chat in the terminal, line by line.

use std::io::{self, IsTerminal};
use std::time::Duration;

use chat_driver::{ChatSession, Events};
use chat_proto::api::StartChatContact;
use chat_proto::{
    ChatDetails, Diagnostic, Draft, EndReason, Event, ItemKind, ReceivedItem, Status,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::arguments::{ChatArguments, RuntimeName};
use crate::connection::Connection;
use crate::input::{self, Content, InputLine};
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::problem::Problem;
use crate::stop::{Stop, StopSignals};
use crate::text::{ALARM, ASIDE, NAME, NOTICE, styled, visible};
use crate::wait::{next_line, until};

const HELP: &str = "what you type is sent; /quit ends the chat, /leave leaves it without ending \
                    it, /older loads older messages, /transcript shows everything, and // begins \
                    a message with a slash";

/// How long the end may take to be told after a signal.
const FAREWELL: Duration = Duration::from_secs(1);

/// Chats until the chat ends, the input ends, nobody reads the output, or a signal comes.
///
/// # Errors
/// [`Failure`] when the chat cannot begin, or the output cannot be written.
pub(crate) async fn run(
    arguments: ChatArguments,
    runtime: RuntimeName,
    output: Output,
    signals: &mut StopSignals,
) -> Result<Outcome, Failure> {
    let connection = Connection::new(&arguments.service, &arguments.settings, runtime)?;
    let details = tokio::select! {
        details = details(arguments, &connection) => details?,
        stop = signals.received() => return Ok(Outcome::Stopped(stop)),
    };
    let (session, events) = connection.session(details)?;
    let input = input::stdin()?;
    let mut chat = Chat {
        session,
        events,
        output,
        input: Some(input),
        typed_here: io::stdin().is_terminal(),
        connecting: true,
        was_lost: false,
        running: JoinSet::new(),
        stop: None,
        give_up_at: None,
        failed: false,
    };
    let session = chat.session.clone();
    chat.running.spawn(async move {
        // What comes of it is among the events.
        let _ = session.connect().await;
        None
    });
    chat.serve(signals).await;
    chat.output.finish().await?;
    Ok(Outcome::of_session(chat.stop, chat.failed))
}

/// The chat that the arguments name, or a new one.
async fn details(
    arguments: ChatArguments,
    connection: &Connection,
) -> Result<ChatDetails, Failure> {
    let ChatArguments {
        start,
        contact_id,
        participant_id,
        participant_token,
        instance_id,
        contact_flow_id,
        ..
    } = arguments;
    if let Some(name) = start {
        let request = StartChatContact::new(instance_id, contact_flow_id, name);
        let endpoint = connection.config.endpoint();
        let started = connection.client.start_chat(endpoint, &request).await;
        return started.map_err(|error| {
            Failure::failed(format!(
                "the chat cannot be started: {}",
                Problem::from(&error)
            ))
        });
    }
    match (contact_id, participant_id, participant_token) {
        (Some(contact_id), Some(participant_id), Some(participant_token)) => Ok(ChatDetails {
            contact_id: contact_id.into(),
            participant_id: participant_id.into(),
            participant_token,
        }),
        _ => Err(Failure::arguments(
            "name the chat: --start, or --contact-id, --participant-id and --participant-token",
        )),
    }
}

struct Chat {
    session: ChatSession,
    events: Events,
    output: Output,
    /// None once it has ended, or does not matter any more.
    input: Option<mpsc::Receiver<InputLine>>,
    /// Whether what is typed stands on the screen already.
    typed_here: bool,
    /// What takes time; each may have something to say at its end.
    running: JoinSet<Option<String>>,
    /// Whether the first connect has not settled. Until then nothing is read.
    connecting: bool,
    /// Whether the connection has ever been lost.
    was_lost: bool,
    stop: Option<Stop>,
    give_up_at: Option<Instant>,
    failed: bool,
}

impl Chat {
    async fn serve(&mut self, signals: &mut StopSignals) {
        loop {
            // While lines wait to be written, nothing that makes more of them is taken in.
            let writing = self.output.is_waiting();
            tokio::select! {
                stop = signals.received(), if self.stop.is_none() => self.stopped(stop),
                drained = self.output.drain(), if writing => {
                    if drained.is_err() {
                        return;
                    }
                }
                event = self.events.next(), if !writing => match event {
                    Some(Event::Ended(reason)) => return self.ended(&reason),
                    Some(event) => self.observe(event),
                    None => return,
                },
                Some(said) = self.running.join_next(), if !writing => {
                    if let Ok(Some(line)) = said {
                        self.output.say(line);
                    }
                }
                line = next_line(&mut self.input), if !writing && !self.connecting => match line {
                    Some(line) => self.read(line),
                    None => self.disconnect(),
                },
                () = until(self.give_up_at) => return,
            }
        }
    }

    fn read(&mut self, line: InputLine) {
        let text = match line.content {
            Content::Text(text) => text,
            Content::TooLong => return self.alarm("not sent: a message has 16384 bytes at most"),
            Content::NotUtf8 => return self.alarm("not sent: this is not UTF-8"),
        };
        match text.trim() {
            "" => {}
            "/quit" => self.disconnect(),
            "/leave" => self.leave(),
            "/older" => self.load_older(),
            "/transcript" => self.show_transcript(),
            "/help" => self.aside(HELP),
            message if message.starts_with("//") => self.send(&message[1..]),
            command if command.starts_with('/') => {
                self.alarm(&format!("there is no command {}; {HELP}", visible(command)));
            }
            message => self.send(message),
        }
    }

    fn send(&mut self, text: &str) {
        if let Err(refused) = self.session.queue_message(Draft::text(text)) {
            self.alarm(&format!("not sent: {}", refused.error));
        }
    }

    fn disconnect(&mut self) {
        self.input = None;
        let session = self.session.clone();
        self.running.spawn(async move {
            // It refuses only when the session is over, which is what is wanted.
            let _ = session.disconnect().await;
            None
        });
    }

    fn leave(&mut self) {
        self.input = None;
        let session = self.session.clone();
        self.running.spawn(async move {
            // As above.
            let _ = session.abandon().await;
            None
        });
    }

    fn stopped(&mut self, stop: Stop) {
        self.stop = Some(stop);
        self.give_up_at = Some(Instant::now() + FAREWELL);
        self.leave();
    }

    fn load_older(&mut self) {
        let session = self.session.clone();
        self.running.spawn(async move {
            Some(match session.load_older().await {
                Ok(older) => {
                    let more = if older.complete {
                        "; that is the beginning"
                    } else {
                        ""
                    };
                    let text = format!("{} older items; see /transcript{more}", older.items);
                    styled(ASIDE, &text)
                }
                Err(error) => styled(ALARM, &Problem::from(&error).text),
            })
        });
    }

    fn show_transcript(&mut self) {
        for entry in self.session.transcript() {
            let item = &entry.item;
            let said = if ItemKind::of(item) == ItemKind::Message {
                visible(item.content.as_deref().unwrap_or_default())
            } else {
                format!("({})", event_name(item))
            };
            let remark = match entry.status {
                Status::Sending => "not confirmed",
                Status::Failed => "not sent",
                Status::Sent | Status::Delivered | Status::Read | _ => "",
            };
            let name = match &item.display_name {
                Some(name) => visible(name),
                None if entry.local_id.is_some() => "you".to_owned(),
                None => String::new(),
            };
            let line = message(&clock(item), &name, &said, remark);
            self.output.say(line);
        }
        self.aside("end of the transcript");
    }

    fn ended(&mut self, reason: &EndReason) {
        match reason {
            EndReason::ChatEnded | EndReason::Inferred(_) => self.aside("the chat has ended"),
            EndReason::Disconnected => self.aside("you have ended the chat"),
            // It was never in the chat, and has said so.
            EndReason::Abandoned if self.failed => {}
            EndReason::Abandoned => self.aside("you have left; the chat goes on without you"),
            reason @ (EndReason::Fatal(_) | EndReason::GaveUp { .. } | _) => {
                if let Some(problem) = Problem::of_end(reason) {
                    self.failed = true;
                    self.alarm(&problem.text);
                }
            }
        }
    }

    fn observe(&mut self, event: Event) {
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other events are of no interest to people"
        )]
        match event {
            Event::Established => {
                self.connecting = false;
                self.aside("connected; /help says what there is");
            }
            Event::ConnectFailed(error) => {
                self.failed = true;
                self.alarm(&format!("no connection: {}", Problem::from(&error)));
                self.leave();
            }
            Event::ConnectionLost(_) => {
                self.was_lost = true;
                self.notice("connection lost; it is being recovered");
            }
            Event::Reestablished => self.notice("connected again"),
            Event::Item(received) => self.item(&received),
            Event::MessageFailed { draft, error, .. } => {
                let text = visible(&draft.content);
                let problem = Problem::from(&error);
                self.alarm(&format!("not sent: {text} ({problem})"));
            }
            Event::GapUnresolved(error) => {
                let problem = Problem::from(&error);
                self.alarm(&format!("what was missed is not complete: {problem}"));
            }
            Event::Diagnostic(Diagnostic::ConnectAttemptFailed {
                error, retry_in, ..
            }) => self.aside(&format!(
                "no connection ({error}); the next attempt comes in {:.1} s",
                retry_in.as_secs_f64()
            )),
            _ => {}
        }
    }

    fn item(&mut self, received: &ReceivedItem) {
        let item = &received.item;
        let name = item.display_name.as_deref().map(visible);
        let name = name.unwrap_or_default();
        let remark = match (received.recovered, self.was_lost) {
            (false, _) => "",
            (true, true) => "recovered",
            (true, false) => "from before",
        };
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other kinds are of no interest to people"
        )]
        match received.kind {
            // What was typed here stands on the screen already.
            ItemKind::Message if self.typed_here && received.own && received.local_id.is_some() => {
            }
            ItemKind::Message => {
                let text = visible(item.content.as_deref().unwrap_or_default());
                self.output.say(message(&clock(item), &name, &text, remark));
            }
            ItemKind::Typing if !received.own => self.aside(&format!("{name} is typing")),
            ItemKind::Attachment => {
                let files = item.attachments.iter();
                let files: Vec<_> = files
                    .filter_map(|file| file.name.as_deref().map(visible))
                    .collect();
                let text = format!("(files: {})", files.join(", "));
                self.output.say(message(&clock(item), &name, &text, remark));
            }
            ItemKind::Event => {
                let text = format!("({})", event_name(item));
                self.output
                    .say(message(&clock(item), &name, &styled(ASIDE, &text), remark));
            }
            _ => {}
        }
    }

    fn aside(&mut self, text: &str) {
        self.output.say(styled(ASIDE, text));
    }

    fn notice(&mut self, text: &str) {
        self.output.say(styled(NOTICE, text));
    }

    fn alarm(&mut self, text: &str) {
        self.output.say(styled(ALARM, text));
    }
}

/// A line of the conversation. What comes from nobody, such as the end of the chat, has no name.
fn message(clock: &str, name: &str, text: &str, remark: &str) -> String {
    let mut line = styled(ASIDE, clock);
    if !name.is_empty() {
        line.push_str(&format!(" {}", styled(NAME, name)));
    }
    line.push_str(&format!(" {text}"));
    if !remark.is_empty() {
        line.push_str(&styled(NOTICE, &format!(" [{remark}]")));
    }
    line
}

/// The time of day of an item, in UTC.
fn clock(item: &chat_proto::Item) -> String {
    const DAY: i64 = 24 * 3_600;
    let Some(time) = &item.absolute_time else {
        return "--:--:--".to_owned();
    };
    let second = time.unix_millis().div_euclid(1_000).rem_euclid(DAY);
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{hour:02}:{minute:02}:{:02}", second % 60)
}

/// What an event is, without the namespace that all of them have.
fn event_name(item: &chat_proto::Item) -> String {
    let name = item.content_type.as_ref().map_or("", |name| name.as_str());
    let bare = name.strip_prefix("application/vnd.amazonaws.connect.event.");
    visible(bare.unwrap_or(name))
}
