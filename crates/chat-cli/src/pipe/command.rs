//! The pipe's input lines: one JSON object each.

use std::path::PathBuf;

use chat_proto::api::{GetTranscript, ScanDirection, SendEvent, SortOrder, StartPosition};
use chat_proto::{
    AttachmentId, ContentType, Draft, ItemId, Network, NextToken, ReceiptKind, SessionId, ViewToken,
};
use serde_json::{Map, Value};

use crate::pipe::mime;
use crate::problem::Problem;

/// What a line asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Command {
    SendMessage(Draft),
    SendEvent(SendEvent),
    Typing,
    Receipt(ReceiptKind, ItemId),
    GetTranscript(GetTranscript),
    LoadOlder,
    Transcript,
    SendAttachment {
        path: PathBuf,
        content_type: String,
    },
    DownloadAttachment {
        id: AttachmentId,
        path: PathBuf,
    },
    DescribeView(ViewToken),
    AuthenticationUrl {
        session_id: SessionId,
        redirect_uri: String,
    },
    CancelAuthentication(SessionId),
    Network(Network),
    Suspend,
    Resume,
    ResumeState(PathBuf),
    Disconnect,
    Abandon,
}

/// A command, and the mark its answer is to carry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Request {
    pub(super) command: Command,
    pub(super) tag: Option<String>,
}

/// A line that is no command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct BadLine {
    pub(super) problem: Problem,
    /// Its mark, where it could be read.
    pub(super) tag: Option<String>,
}

/// The commands and the fields they take beside `cmd` and `tag`.
const COMMANDS: [(&str, &[&str]); 19] = [
    ("send_message", &["content", "content_type"]),
    ("send_event", &["content_type", "content"]),
    ("typing", &[]),
    ("read", &["message_id"]),
    ("delivered", &["message_id"]),
    (
        "get_transcript",
        &[
            "max_results",
            "scan_direction",
            "sort_order",
            "next_token",
            "start_position",
        ],
    ),
    ("load_older", &[]),
    ("transcript", &[]),
    ("send_attachment", &["path", "content_type"]),
    ("download_attachment", &["id", "path"]),
    ("describe_view", &["token"]),
    ("authentication_url", &["session_id", "redirect_uri"]),
    ("cancel_authentication", &["session_id"]),
    ("network", &["online"]),
    ("suspend", &[]),
    ("resume", &[]),
    ("resume_state", &["path"]),
    ("disconnect", &[]),
    ("abandon", &[]),
];

impl Command {
    /// Whether it can only be carried out once the session has been connected.
    pub(super) const fn needs_connection(&self) -> bool {
        match self {
            Self::SendEvent(_)
            | Self::Typing
            | Self::Receipt(..)
            | Self::GetTranscript(_)
            | Self::LoadOlder
            | Self::SendAttachment { .. }
            | Self::DownloadAttachment { .. }
            | Self::DescribeView(_)
            | Self::AuthenticationUrl { .. }
            | Self::CancelAuthentication(_)
            | Self::Disconnect => true,
            // A message waits in the session itself.
            Self::SendMessage(_)
            | Self::Transcript
            | Self::Network(_)
            | Self::Suspend
            | Self::Resume
            | Self::ResumeState(_)
            | Self::Abandon => false,
        }
    }
}

/// Reads a line.
pub(super) fn parse(line: &str) -> Result<Request, BadLine> {
    let bad = |problem, tag| BadLine { problem, tag };
    let object = match serde_json::from_str(line) {
        Ok(Value::Object(object)) => object,
        Ok(_) => return Err(bad(not_json("it is JSON, but not an object"), None)),
        Err(error) => {
            // serde_json's own text may quote the line.
            let place = format!("it is not JSON (column {})", error.column());
            return Err(bad(not_json(&place), None));
        }
    };
    let mut fields = Fields {
        command: "a command",
        accepted: &[],
        object,
    };
    let tag = fields
        .text("tag", "a string")
        .map_err(|problem| bad(problem, None))?;
    match command(&mut fields) {
        Ok(command) => Ok(Request { command, tag }),
        Err(problem) => Err(bad(problem, tag)),
    }
}

fn not_json(what: &str) -> Problem {
    Problem::new(
        "bad_json",
        format!(
            "{what}; a line is one JSON object such as {{\"cmd\":\"send_message\",\"content\":\
             \"hi\"}}"
        ),
    )
}

fn command(fields: &mut Fields) -> Result<Command, Problem> {
    let names = || COMMANDS.map(|(name, _)| name).join(", ");
    let name = fields.required("cmd", &format!("one of {}", names()))?;
    let Some((name, accepted)) = COMMANDS.into_iter().find(|(known, _)| *known == name) else {
        return Err(Problem::new(
            "unknown_command",
            format!("there is no command {name:?}; there are {}", names()),
        ));
    };
    fields.command = name;
    fields.accepted = accepted;
    fields.check_names()?;
    Ok(match name {
        "send_message" => Command::SendMessage(send_message(fields)?),
        "send_event" => Command::SendEvent(send_event(fields)?),
        "typing" => Command::Typing,
        "read" => Command::Receipt(ReceiptKind::Read, message_id(fields)?),
        "delivered" => Command::Receipt(ReceiptKind::Delivered, message_id(fields)?),
        "get_transcript" => Command::GetTranscript(get_transcript(fields)?),
        "load_older" => Command::LoadOlder,
        "transcript" => Command::Transcript,
        "send_attachment" => send_attachment(fields)?,
        "download_attachment" => Command::DownloadAttachment {
            id: AttachmentId::from(fields.required("id", "the string under AttachmentId")?),
            path: path(fields)?,
        },
        "describe_view" => {
            let rule = "the string under viewToken of an interactive message";
            Command::DescribeView(ViewToken::from(fields.required("token", rule)?))
        }
        "authentication_url" => Command::AuthenticationUrl {
            session_id: session_id(fields)?,
            redirect_uri: fields.required("redirect_uri", "the URI to come back to")?,
        },
        "cancel_authentication" => Command::CancelAuthentication(session_id(fields)?),
        "network" => Command::Network(network(fields)?),
        "suspend" => Command::Suspend,
        "resume" => Command::Resume,
        "resume_state" => Command::ResumeState(path(fields)?),
        "disconnect" => Command::Disconnect,
        _ => Command::Abandon,
    })
}

fn send_message(fields: &mut Fields) -> Result<Draft, Problem> {
    let content = fields.required("content", "a string of 1 to 16384 bytes")?;
    let content_type = fields.text("content_type", "a string such as text/plain")?;
    Ok(match content_type {
        Some(content_type) => Draft::new(ContentType::from(content_type.as_str()), content),
        None => Draft::text(content),
    })
}

fn send_event(fields: &mut Fields) -> Result<SendEvent, Problem> {
    let rule = "a string such as application/vnd.amazonaws.connect.event.typing";
    let event = SendEvent::new(ContentType::from(
        fields.required("content_type", rule)?.as_str(),
    ));
    Ok(match fields.text("content", "a string")? {
        Some(content) => event.with_content(content),
        None => event,
    })
}

fn message_id(fields: &mut Fields) -> Result<ItemId, Problem> {
    let id = fields.required("message_id", "the string under Id of a message")?;
    Ok(ItemId::from(id))
}

fn get_transcript(fields: &mut Fields) -> Result<GetTranscript, Problem> {
    let mut request = GetTranscript::default();
    request.max_results = fields.number("max_results", "a whole number from 0 to 100")?;
    request.scan_direction = fields.choice(
        "scan_direction",
        [
            ("FORWARD", ScanDirection::Forward),
            ("BACKWARD", ScanDirection::Backward),
        ],
    )?;
    request.sort_order = fields.choice(
        "sort_order",
        [
            ("ASCENDING", SortOrder::Ascending),
            ("DESCENDING", SortOrder::Descending),
        ],
    )?;
    request.next_token = fields
        .text("next_token", "the string that the last page gave")?
        .map(NextToken::from);
    request.start_position = start_position(fields)?;
    Ok(request)
}

fn start_position(fields: &mut Fields) -> Result<Option<StartPosition>, Problem> {
    const RULE: &str = "an object with one of id (a string), absolute_time (a string) and \
                        most_recent (a whole number from 0 to 100)";
    let Some(value) = fields.take("start_position") else {
        return Ok(None);
    };
    let position = value
        .as_object()
        .filter(|object| object.len() == 1)
        .and_then(|object| object.iter().next())
        .and_then(|(name, value)| match name.as_str() {
            "id" => value.as_str().map(|id| StartPosition::Id(ItemId::from(id))),
            "absolute_time" => value
                .as_str()
                .map(|time| StartPosition::AbsoluteTime(time.to_owned())),
            "most_recent" => whole(value).map(StartPosition::MostRecent),
            _ => None,
        });
    match position {
        Some(position) => Ok(Some(position)),
        None => Err(fields.mistyped("start_position", RULE)),
    }
}

fn send_attachment(fields: &mut Fields) -> Result<Command, Problem> {
    const RULE: &str = "a MIME type such as image/png";
    let path = path(fields)?;
    let content_type = match fields.text("content_type", RULE)? {
        Some(content_type) => content_type,
        None => match mime::of(&path) {
            Some(content_type) => content_type.to_owned(),
            None => {
                let rule = format!("{RULE}; the name of the file does not tell it");
                return Err(fields.missing("content_type", &rule));
            }
        },
    };
    Ok(Command::SendAttachment { path, content_type })
}

fn path(fields: &mut Fields) -> Result<PathBuf, Problem> {
    fields
        .required("path", "the path of a file")
        .map(PathBuf::from)
}

fn session_id(fields: &mut Fields) -> Result<SessionId, Problem> {
    let rule = "the session id of an authentication_initiated event";
    fields.required("session_id", rule).map(SessionId::from)
}

fn network(fields: &mut Fields) -> Result<Network, Problem> {
    const RULE: &str = "true or false";
    match fields.take("online") {
        Some(Value::Bool(true)) => Ok(Network::Online),
        Some(Value::Bool(false)) => Ok(Network::Offline),
        Some(_) => Err(fields.mistyped("online", RULE)),
        None => Err(fields.missing("online", RULE)),
    }
}

/// The fields of a line that have not been read yet.
struct Fields {
    command: &'static str,
    accepted: &'static [&'static str],
    object: Map<String, Value>,
}

impl Fields {
    /// A field's value; a `null` counts as absent.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn text(&mut self, name: &'static str, rule: &str) -> Result<Option<String>, Problem> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.mistyped(name, rule)),
        }
    }

    fn required(&mut self, name: &'static str, rule: &str) -> Result<String, Problem> {
        self.text(name, rule)?
            .ok_or_else(|| self.missing(name, rule))
    }

    fn number(&mut self, name: &'static str, rule: &str) -> Result<Option<u32>, Problem> {
        let Some(value) = self.take(name) else {
            return Ok(None);
        };
        match whole(&value) {
            Some(number) => Ok(Some(number)),
            None => Err(self.mistyped(name, rule)),
        }
    }

    fn choice<T>(
        &mut self,
        name: &'static str,
        choices: [(&str, T); 2],
    ) -> Result<Option<T>, Problem> {
        let rule = format!("{} or {}", choices[0].0, choices[1].0);
        let Some(chosen) = self.text(name, &rule)? else {
            return Ok(None);
        };
        match choices.into_iter().find(|(text, _)| *text == chosen) {
            Some((_, choice)) => Ok(Some(choice)),
            None => Err(self.mistyped(name, &rule)),
        }
    }

    fn missing(&self, name: &str, rule: &str) -> Problem {
        let command = self.command;
        Problem::new(
            "missing_field",
            format!("{command} needs the field {name:?}: {rule}"),
        )
    }

    fn mistyped(&self, name: &str, rule: &str) -> Problem {
        let command = self.command;
        Problem::new(
            "mistyped_field",
            format!("the field {name:?} of {command} must be {rule}"),
        )
    }

    /// Refuses what the command does not take: most often it is misspelt.
    fn check_names(&self) -> Result<(), Problem> {
        let unknown = |name: &&String| !self.accepted.contains(&name.as_str());
        let Some(name) = self.object.keys().find(unknown) else {
            return Ok(());
        };
        let accepted: Vec<&str> = self.accepted.iter().copied().chain(["tag"]).collect();
        Err(Problem::new(
            "unknown_field",
            format!(
                "{} has no field {name:?}; it takes {}",
                self.command,
                accepted.join(", ")
            ),
        ))
    }
}

fn whole(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|number| u32::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(line: &str) -> Command {
        parse(line).unwrap().command
    }

    #[test]
    fn every_command_is_read() {
        let draft = Draft::text("hi");
        assert_eq!(
            parse(r#"{"cmd":"send_message","content":"hi","tag":"m1"}"#).unwrap(),
            Request {
                command: Command::SendMessage(draft),
                tag: Some("m1".to_owned()),
            }
        );
        assert_eq!(
            accepted(r#"{"cmd":"send_message","content":"*hi*","content_type":"text/markdown"}"#),
            Command::SendMessage(Draft::new(ContentType::TextMarkdown, "*hi*"))
        );
        assert_eq!(
            accepted(r#"{"cmd":"send_event","content_type":"x/y","content":"{}"}"#),
            Command::SendEvent(SendEvent::new(ContentType::from("x/y")).with_content("{}"))
        );
        for (line, command) in [
            (r#"{"cmd":"typing"}"#, Command::Typing),
            (
                r#"{"cmd":"read","message_id":"i"}"#,
                Command::Receipt(ReceiptKind::Read, ItemId::from("i")),
            ),
            (
                r#"{"cmd":"delivered","message_id":"i"}"#,
                Command::Receipt(ReceiptKind::Delivered, ItemId::from("i")),
            ),
            (r#"{"cmd":"load_older","tag":null}"#, Command::LoadOlder),
            (r#"{"cmd":"transcript"}"#, Command::Transcript),
            (
                r#"{"cmd":"resume_state","path":"a/b.json"}"#,
                Command::ResumeState(PathBuf::from("a/b.json")),
            ),
            (
                r#"{"cmd":"send_attachment","path":"a/b.PNG"}"#,
                Command::SendAttachment {
                    path: PathBuf::from("a/b.PNG"),
                    content_type: "image/png".to_owned(),
                },
            ),
            (
                r#"{"cmd":"send_attachment","path":"b.png","content_type":"x/y"}"#,
                Command::SendAttachment {
                    path: PathBuf::from("b.png"),
                    content_type: "x/y".to_owned(),
                },
            ),
            (
                r#"{"cmd":"download_attachment","id":"i","path":"p"}"#,
                Command::DownloadAttachment {
                    id: AttachmentId::from("i"),
                    path: PathBuf::from("p"),
                },
            ),
            (
                r#"{"cmd":"describe_view","token":"v"}"#,
                Command::DescribeView(ViewToken::from("v")),
            ),
            (
                r#"{"cmd":"authentication_url","session_id":"s","redirect_uri":"https://a"}"#,
                Command::AuthenticationUrl {
                    session_id: SessionId::from("s"),
                    redirect_uri: "https://a".to_owned(),
                },
            ),
            (
                r#"{"cmd":"cancel_authentication","session_id":"s"}"#,
                Command::CancelAuthentication(SessionId::from("s")),
            ),
            (
                r#"{"cmd":"network","online":true}"#,
                Command::Network(Network::Online),
            ),
            (
                r#"{"cmd":"network","online":false}"#,
                Command::Network(Network::Offline),
            ),
            (r#"{"cmd":"suspend"}"#, Command::Suspend),
            (r#"{"cmd":"resume"}"#, Command::Resume),
            (r#"{"cmd":"disconnect"}"#, Command::Disconnect),
            (r#"{"cmd":"abandon"}"#, Command::Abandon),
        ] {
            assert_eq!(accepted(line), command, "{line}");
        }
    }

    #[test]
    fn a_page_of_the_transcript_can_be_asked_for_in_every_way() {
        let mut page = GetTranscript::default();
        assert_eq!(
            accepted(r#"{"cmd":"get_transcript"}"#),
            Command::GetTranscript(page.clone())
        );
        page.max_results = Some(100);
        page.scan_direction = Some(ScanDirection::Forward);
        page.sort_order = Some(SortOrder::Ascending);
        page.next_token = Some(NextToken::from("n"));
        for (json, position) in [
            (r#"{"id":"i"}"#, StartPosition::Id(ItemId::from("i"))),
            (
                r#"{"absolute_time":"2026-01-31T12:00:00Z"}"#,
                StartPosition::AbsoluteTime("2026-01-31T12:00:00Z".to_owned()),
            ),
            (r#"{"most_recent":3}"#, StartPosition::MostRecent(3)),
        ] {
            page.start_position = Some(position);
            let line = format!(
                r#"{{"cmd":"get_transcript","max_results":100,"scan_direction":"FORWARD",
                "sort_order":"ASCENDING","next_token":"n","start_position":{json}}}"#
            );
            assert_eq!(accepted(&line), Command::GetTranscript(page.clone()));
        }
    }

    #[test]
    fn every_bad_line_is_told_what_is_accepted() {
        let lines = [
            "",
            "hello",
            "[1]",
            r#"{"cmd":"send_message""#,
            "{}",
            r#"{"cmd":7}"#,
            r#"{"cmd":"send_file","path":"p","tag":"t"}"#,
            r#"{"cmd":"send_attachment"}"#,
            r#"{"cmd":"send_attachment","path":"p","tag":"t"}"#,
            r#"{"cmd":"download_attachment","id":"i"}"#,
            r#"{"cmd":"download_attachment","path":"p"}"#,
            r#"{"cmd":"describe_view"}"#,
            r#"{"cmd":"authentication_url","session_id":"s"}"#,
            r#"{"cmd":"cancel_authentication"}"#,
            r#"{"cmd":"read"}"#,
            r#"{"cmd":"delivered","message_id":1}"#,
            r#"{"cmd":"typing","tag":7}"#,
            r#"{"cmd":"send_message","tag":"t"}"#,
            r#"{"cmd":"send_message","content":7,"tag":"t"}"#,
            r#"{"cmd":"send_message","content":"hi","content_type":7}"#,
            r#"{"cmd":"send_message","contents":"hi"}"#,
            r#"{"cmd":"send_event"}"#,
            r#"{"cmd":"send_event","content_type":"x/y","content":{}}"#,
            r#"{"cmd":"typing","content":"hi"}"#,
            r#"{"cmd":"get_transcript","max_results":-1}"#,
            r#"{"cmd":"get_transcript","max_results":"10"}"#,
            r#"{"cmd":"get_transcript","scan_direction":"forward"}"#,
            r#"{"cmd":"get_transcript","sort_order":1}"#,
            r#"{"cmd":"get_transcript","next_token":1}"#,
            r#"{"cmd":"get_transcript","start_position":"i"}"#,
            r#"{"cmd":"get_transcript","start_position":{"id":"i","most_recent":1}}"#,
            r#"{"cmd":"network"}"#,
            r#"{"cmd":"network","online":"yes"}"#,
        ];
        let told: Vec<String> = lines
            .iter()
            .map(|line| {
                let bad = parse(line).unwrap_err();
                let tag = bad.tag.as_deref().unwrap_or("-");
                format!(
                    "{line}\n  [{}, tag {tag}] {}",
                    bad.problem.kind, bad.problem
                )
            })
            .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
