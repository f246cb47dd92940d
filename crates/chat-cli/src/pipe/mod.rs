//! `connect-chat pipe`: a session for programs.

mod command;
mod item;
mod line;
mod mime;
mod resume_file;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use chat_driver::{ChatSession, Events};
use chat_proto::{ChatDetails, CommandError, EndReason, Event, LocalId, Phase};
use chat_tokio::{AttachmentSink, AttachmentSource};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::arguments::{PipeArguments, RuntimeName};
use crate::connection::Connection;
use crate::input::{self, Content, InputLine, LINE_LIMIT};
use crate::outcome::{Failure, Outcome};
use crate::output::{Output, OutputClosed};
use crate::pipe::command::{BadLine, Command, Request};
use crate::pipe::line::{Data, Line};
use crate::pipe::resume_file::ResumeFile;
use crate::problem::Problem;
use crate::stop::{Stop, StopSignals};
use crate::wait::{next_line, until};

/// How long the end may take to be told after a signal, or what still runs to settle.
const FAREWELL: Duration = Duration::from_secs(1);

/// Runs a session until it ends, the input ends, nobody reads the output, or a signal comes.
///
/// # Errors
/// [`Failure`] when the session cannot begin, or the output cannot be written.
pub(crate) async fn run(
    arguments: PipeArguments,
    runtime: RuntimeName,
    output: Output,
    signals: &mut StopSignals,
) -> Result<Outcome, Failure> {
    let connection = Connection::new(&arguments.service, &arguments.settings, runtime)?;
    let mut sending = BTreeMap::new();
    let (session, events) = match (&arguments.resume, details(&arguments)) {
        (Some(path), _) => {
            let file = ResumeFile::read(path)?;
            sending = file.sending;
            connection.restore(file.state)?
        }
        (None, Some(details)) => connection.session(details)?,
        (None, None) => {
            return Err(Failure::arguments(
                "name the chat: --contact-id, --participant-id and --participant-token, or --resume",
            ));
        }
    };
    let input = input::stdin()?;
    let mut pipe = Pipe {
        started: Instant::now(),
        send_deadline: connection.send_deadline,
        session,
        events,
        output,
        input: Some(input),
        held: None,
        sending,
        saving: None,
        running: JoinSet::new(),
        settle_until: None,
        stop: None,
        failed: false,
    };
    {
        // What comes of it is among the events.
        let connect = pin!(pipe.session.connect());
        let _ = first_poll(connect).await;
    }
    pipe.serve(signals).await;
    pipe.output.finish().await?;
    Ok(Outcome::of_session(pipe.stop, pipe.failed))
}

/// The chat that the arguments name.
fn details(arguments: &PipeArguments) -> Option<ChatDetails> {
    Some(ChatDetails {
        contact_id: arguments.contact_id.clone()?.into(),
        participant_id: arguments.participant_id.clone()?.into(),
        participant_token: arguments.participant_token.clone()?,
    })
}

/// The answer to a command that took time.
type Answer = (Option<String>, Result<Option<Data>, Problem>);

struct Pipe {
    started: Instant,
    send_deadline: Duration,
    session: ChatSession,
    events: Events,
    output: Output,
    /// None once it has ended, or does not matter any more.
    input: Option<mpsc::Receiver<InputLine>>,
    /// A command that waits for the first connect; those after it wait with it.
    held: Option<Request>,
    /// Messages that have not settled, with the tags of their commands.
    sending: BTreeMap<LocalId, Option<String>>,
    /// Where the resume state is to be written, and the tag of that command. It is done once all
    /// lines said before are written, so that what the state counts as told has been told.
    saving: Option<(PathBuf, Option<String>)>,
    running: JoinSet<Answer>,
    /// Until when what was asked for may settle. Set when the input has ended, or a signal came.
    settle_until: Option<Instant>,
    stop: Option<Stop>,
    failed: bool,
}

impl Pipe {
    /// Goes on until the session has ended, or there is nobody left to tell.
    async fn serve(&mut self, signals: &mut StopSignals) {
        loop {
            // While lines wait to be written, nothing that makes more of them is taken in.
            let saving = self.saving.is_some();
            let writing = saving || self.output.is_waiting();
            let reading = !writing && self.held.is_none();
            tokio::select! {
                stop = signals.received(), if self.stop.is_none() => self.stopped(stop).await,
                drained = catch_up(&mut self.output, saving), if writing => {
                    if drained.is_err() {
                        return;
                    }
                    self.save().await;
                }
                event = self.events.next(), if !writing => match event {
                    Some(Event::Ended(reason)) => return self.ended(&reason).await,
                    Some(event) => self.observe(event).await,
                    None => return,
                },
                Some(answer) = self.running.join_next(), if !writing => {
                    if let Ok((tag, answer)) = answer {
                        self.answer(tag, answer);
                    }
                }
                line = next_line(&mut self.input), if reading => match line {
                    Some(line) => self.read(line).await,
                    None => {
                        self.input = None;
                        self.settle_until = Some(Instant::now() + self.send_deadline);
                    }
                },
                () = until(self.settle_until) => {
                    if self.stop.is_some() {
                        return;
                    }
                    self.leave().await;
                }
            }
            self.go_on().await;
        }
    }

    /// Does what has become possible.
    async fn go_on(&mut self) {
        let phase = self.session.phase();
        if phase != Phase::Connecting {
            if let Some(request) = self.held.take() {
                self.carry_out(request).await;
            }
        }
        let settled = self.sending.is_empty() && self.running.is_empty() && self.held.is_none();
        // Nothing settles while the session is suspended, and nobody is left to resume it.
        let done = match phase {
            Phase::Connecting => false,
            Phase::Suspended => true,
            Phase::Idle | Phase::Live | Phase::Recovering | Phase::Ended => settled,
        };
        if self.settle_until.is_some() && done && self.stop.is_none() {
            self.leave().await;
        }
    }

    /// Leaves the chat without ending it. The event of the end follows.
    async fn leave(&mut self) {
        self.settle_until = None;
        // It refuses only when the session is over, which is what is wanted.
        let _ = first_poll(pin!(self.session.abandon())).await;
    }

    async fn stopped(&mut self, stop: Stop) {
        self.leave().await;
        self.stop = Some(stop);
        self.input = None;
        self.settle_until = Some(Instant::now() + FAREWELL);
    }

    /// Tells the end, after everything else.
    async fn ended(&mut self, reason: &EndReason) {
        self.failed |= Problem::of_end(reason).is_some();
        let settle = async {
            let mut answers = Vec::new();
            while let Some(answer) = self.running.join_next().await {
                answers.extend(answer);
            }
            answers
        };
        // All of it is settled by the end of the session; the limit is for what cannot be.
        let answers = timeout(FAREWELL, settle).await.unwrap_or_default();
        for (tag, answer) in answers {
            self.answer(tag, answer);
        }
        if let Some(request) = self.held.take() {
            self.carry_out(request).await;
        }
        self.say(&Line::ended(reason));
    }

    /// Writes the resume state, if that is wanted.
    async fn save(&mut self) {
        let Some((path, tag)) = self.saving.take() else {
            return;
        };
        let answer = match self.session.resume_state() {
            Ok(state) => {
                let sending = self.sending.clone();
                let written = ResumeFile { state, sending }.write(path).await;
                written.map_err(|error| Problem::of_file(&error))
            }
            Err(error) => Err(Problem::from(&error)),
        };
        self.answer(tag, answer.map(|()| None));
    }

    fn say(&mut self, line: &Line) {
        let t_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.output.say(line.json(t_ms));
    }

    fn answer(&mut self, tag: Option<String>, answer: Result<Option<Data>, Problem>) {
        let line = match answer {
            Ok(data) => Line::done(tag, data),
            Err(problem) => Line::refused(tag, problem),
        };
        self.say(&line);
    }

    async fn observe(&mut self, event: Event) {
        let line = match event {
            Event::Established => Line::established(),
            Event::Reestablished => Line::ConnectionReestablished,
            Event::ConnectFailed(error) => {
                self.failed = true;
                self.leave().await;
                Line::connect_failed(&error)
            }
            Event::ConnectionLost(cause) => Line::connection_lost(&cause),
            Event::Item(received) => Line::received(&received),
            Event::MessageSent { local_id, id, .. } => Line::MessageSent {
                local_id,
                id,
                tag: self.sending.remove(&local_id).flatten(),
            },
            Event::MessageFailed {
                local_id, error, ..
            } => {
                let tag = self.sending.remove(&local_id).flatten();
                Line::message_failed(Some(local_id), &error, tag)
            }
            Event::ReceiptSettled {
                message_id,
                kind,
                outcome,
            } => Line::receipt_settled(message_id, kind, outcome),
            Event::TranscriptChanged(change) => Line::transcript_changed(&change),
            Event::GapFilled { items } => Line::GapFilled { items },
            Event::GapUnresolved(error) => Line::gap_unresolved(&error),
            Event::DeepHeartbeatSucceeded => Line::DeepHeartbeatSuccess,
            Event::DeepHeartbeatFailed(failure) => Line::deep_heartbeat_failure(failure),
            Event::Diagnostic(diagnostic) => Line::diagnostic(&diagnostic),
            // The result of a call or an attachment comes from the command itself.
            Event::CallFinished { .. }
            | Event::AttachmentSent { .. }
            | Event::AttachmentFailed { .. }
            | Event::Ended(_)
            | _ => return,
        };
        self.say(&line);
    }

    async fn read(&mut self, InputLine { number, content }: InputLine) {
        let read = match content {
            Content::Text(text) if text.trim().is_empty() => return,
            Content::Text(text) => command::parse(&text),
            Content::TooLong => Err(unreadable(
                "too_long",
                format!("the line is longer than {LINE_LIMIT} bytes; a message has 16384 at most"),
            )),
            Content::NotUtf8 => Err(unreadable(
                "bad_json",
                "the line is not UTF-8; JSON is".to_owned(),
            )),
        };
        match read {
            Ok(request)
                if self.session.phase() == Phase::Connecting
                    && request.command.needs_connection() =>
            {
                self.held = Some(request);
            }
            Ok(request) => self.carry_out(request).await,
            Err(BadLine { problem, tag }) => {
                self.say(&Line::command_error(problem, number, tag));
            }
        }
    }

    async fn carry_out(&mut self, Request { command, tag }: Request) {
        let session = self.session.clone();
        match command {
            Command::SendMessage(draft) => match session.queue_message(draft) {
                Ok(local_id) => {
                    self.sending.insert(local_id, tag);
                }
                Err(refused) => {
                    self.say(&Line::message_failed(None, &refused.error, tag));
                }
            },
            Command::SendEvent(event) => {
                let call = async move {
                    let sent = session.send_event(event).await;
                    sent.map(|sent| Some(Data::event_sent(&sent)))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::GetTranscript(page) => {
                let call = async move {
                    let page = session.get_transcript(page).await;
                    page.map(|page| Some(Data::page(&page)))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::LoadOlder => {
                let call = async move {
                    let older = session.load_older().await;
                    older
                        .map(|older| Some(Data::older(older)))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::SendAttachment { path, content_type } => {
                let name = path.file_name().map(|name| name.to_string_lossy());
                let name = name.unwrap_or_default().into_owned();
                let source = match AttachmentSource::file(path).await {
                    Ok(source) => source,
                    Err(error) => return self.answer(tag, Err(Problem::of_file(&error))),
                };
                let call = async move {
                    let sent = session.send_attachment(name, content_type, source).await;
                    sent.map(|attachment_id| Some(Data::AttachmentSent { attachment_id }))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::DownloadAttachment { id, path } => {
                let call = async move {
                    let sink = AttachmentSink::file(path);
                    let bytes = session.download_attachment(id, sink).await;
                    bytes
                        .map(|bytes| Some(Data::Downloaded { bytes }))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::DescribeView(token) => {
                let call = async move {
                    let view = session.describe_view(token).await;
                    view.map(|view| Some(Data::view(view)))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::AuthenticationUrl {
                session_id,
                redirect_uri,
            } => {
                let call = async move {
                    let url = session.authentication_url(session_id, redirect_uri).await;
                    url.map(|url| Some(Data::authentication_url(&url)))
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::CancelAuthentication(session_id) => {
                let call = async move {
                    let canceled = session.cancel_authentication(session_id).await;
                    canceled
                        .map(|()| None)
                        .map_err(|error| Problem::from(&error))
                };
                self.start(tag, call).await;
            }
            Command::Typing => {
                let sent = session.typing().map(|sent| Some(Data::Typing { sent }));
                self.answer(tag, sent.map_err(|error| Problem::from(&error)));
            }
            Command::Receipt(kind, message) => {
                self.answer(tag, done(session.send_receipt(kind, &message)));
            }
            Command::Transcript => {
                let data = Data::transcript(&session.transcript());
                self.answer(tag, Ok(Some(data)));
            }
            Command::Network(network) => {
                session.network(network);
                self.answer(tag, Ok(None));
            }
            Command::Suspend => self.answer(tag, done(session.suspend())),
            Command::Resume => self.answer(tag, done(session.resume())),
            Command::ResumeState(path) => self.saving = Some((path, tag)),
            Command::Disconnect => {
                let end = async move { done(session.disconnect().await) };
                self.start(tag, end).await;
            }
            Command::Abandon => {
                let end = async move { done(session.abandon().await) };
                self.start(tag, end).await;
            }
        }
    }

    /// Gives a command that takes time to the session. It is answered when it is done.
    async fn start(
        &mut self,
        tag: Option<String>,
        command: impl Future<Output = Result<Option<Data>, Problem>> + Send + 'static,
    ) {
        let mut command = Box::pin(command);
        // The session gets the command here, so that commands keep their order.
        match first_poll(command.as_mut()).await {
            Poll::Ready(answer) => self.answer(tag, answer),
            Poll::Pending => {
                self.running.spawn(async move { (tag, command.await) });
            }
        }
    }
}

/// Hands all lines over, or waits until they are written.
async fn catch_up(output: &mut Output, written: bool) -> Result<(), OutputClosed> {
    if written {
        output.written().await
    } else {
        output.drain().await
    }
}

/// The answer to a command that has nothing to say but whether it was done.
fn done<T>(result: Result<T, CommandError>) -> Result<Option<Data>, Problem> {
    match result {
        Ok(_) => Ok(None),
        Err(error) => Err(Problem::from(&error)),
    }
}

fn unreadable(kind: &str, text: String) -> BadLine {
    BadLine {
        problem: Problem::new(kind, text),
        tag: None,
    }
}

/// Polls a future once. The futures of a session give it their command then.
async fn first_poll<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
