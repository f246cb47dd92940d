//! The command line.

use std::path::PathBuf;

use anstream::ColorChoice;
use chat_proto::ParticipantToken;
use clap::{Args, Parser, Subcommand, ValueEnum};

const EXIT_STATUS: &str = "\
Exit status:
  0    after an orderly end
  1    when the session failed
  2    for arguments that cannot be used
  130  after Ctrl-C, 143 after SIGTERM; the session is left, and the chat goes on without it";

const EXAMPLES: &str = "\
Examples:
  connect-chat demo
  connect-chat simulate --port 8080 --script echo --start-chat
  connect-chat chat --endpoint http://127.0.0.1:8080 --start Jo";

const DEMO_EXAMPLES: &str = "\
Examples:
  connect-chat demo
  connect-chat demo --fast --seed 7
  connect-chat demo --runtime async-std

The last line sums up: `ok` means that both sides have the same conversation, each message once
and in order. Otherwise it says `failed`, and the exit status is 1.";

const CHAT_EXAMPLES: &str = "\
Examples:
  connect-chat chat --endpoint http://127.0.0.1:8080 --start Jo
  connect-chat chat --region us-west-2 --contact-id C --participant-id P

What you type is sent, line by line. /help lists what else there is. The end of the input
disconnects. Connections go through the HTTP proxy that HTTPS_PROXY or HTTP_PROXY names, except for
the hosts in NO_PROXY.";

const PIPE_EXAMPLES: &str = r#"Examples:
  export CONNECT_CHAT_PARTICIPANT_TOKEN=...
  echo '{"cmd":"send_message","content":"hi","tag":"m1"}' |
    connect-chat pipe --endpoint http://127.0.0.1:8080 --contact-id C --participant-id P

Commands: send_message, send_event, typing, read, delivered, get_transcript, load_older, transcript,
send_attachment, download_attachment, describe_view, authentication_url, cancel_authentication,
network, suspend, resume, resume_state, disconnect, abandon. Every command but send_message is
answered by one line {"event":"response","tag":...,"ok":...}, and a message by message_sent or
message_failed. A line that is no command is answered by command_error, and the session goes on. The
end of the input waits until everything asked for has settled, and leaves the chat without ending
it. Connections go through the HTTP proxy that HTTPS_PROXY or HTTP_PROXY names, except for the hosts
in NO_PROXY.

To go on after this process is gone, even when it is killed:
  {"cmd":"resume_state","path":"chat.state"}
  connect-chat pipe --endpoint http://127.0.0.1:8080 --resume chat.state
The state counts all lines before its response as known, and no line after it: those come again
after --resume. Keep the file secret. It holds the tokens of the chat, and messages under way."#;

const SIMULATE_EXAMPLES: &str = r#"Examples:
  connect-chat simulate --port 8080 --script greeter
  connect-chat simulate --start-chat --script echo
  connect-chat simulate --fault '{"effect":"lose_response","operation":"SendMessage","times":1}'
  connect-chat simulate --tls self-signed --ca ca.pem --quotas --set socket_lifetime_ms=60000

The first line on standard output is JSON, for programs that start it: "endpoint" is the URL for
clients, "control" that of the control API (agents, faults, the truth: see openapi.json there), and
"ca" the file with the certificate. A browser finds the console at "control" with a slash behind it:
http://127.0.0.1:8080/_sim/

To start a chat without --start-chat:
  curl -X PUT http://127.0.0.1:8080/contact/chat -H 'Content-Type: application/json' \
    -d '{"InstanceId":"local","ContactFlowId":"flow","ParticipantDetails":{"DisplayName":"Jo"}}'

Ctrl-C and SIGTERM are the orderly end: the exit status is 0. It is 1 when the port cannot be had."#;

/// A client for Amazon Connect Chat, and a local service to try it with.
#[derive(Debug, Parser)]
#[command(name = "connect-chat", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Log to standard error: a level (error, warn, info, debug, trace) or a filter such as
    /// chat_driver=debug. Tokens and what people write are never logged
    #[arg(long, global = true, value_name = "LEVEL|FILTER")]
    pub(crate) log: Option<String>,

    /// When to use colours. `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,

    /// The runtime that the client runs on, each with an adapter of its own. `simulate` has no
    /// client
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "CONNECT_CHAT_RUNTIME",
        default_value = "tokio"
    )]
    pub(crate) runtime: RuntimeName,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// A runtime that there is an adapter for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RuntimeName {
    Tokio,
    AsyncStd,
}

impl RuntimeName {
    /// The name as it is given.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a conversation over a failing network, with a local service: nothing gets lost
    #[command(after_help = DEMO_EXAMPLES, after_long_help = format!("{DEMO_EXAMPLES}\n\n{EXIT_STATUS}"))]
    Demo(DemoArguments),
    /// Chat in the terminal
    #[command(after_help = CHAT_EXAMPLES, after_long_help = format!("{CHAT_EXAMPLES}\n\n{EXIT_STATUS}"))]
    Chat(ChatArguments),
    /// Chat for programs: one JSON command per line in, one JSON event per line out
    #[command(after_help = PIPE_EXAMPLES, after_long_help = format!("{PIPE_EXAMPLES}\n\n{EXIT_STATUS}"))]
    Pipe(PipeArguments),
    /// Run a local service, for any client of Amazon Connect Chat
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(SimulateArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Seed of the service's identifiers. Default: another one each time
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Without the pauses people make, and with short network failures
    #[arg(long)]
    pub(crate) fast: bool,
}

/// Where the service is.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct ServiceArguments {
    /// URL of the service, such as http://127.0.0.1:8080. Wins over --region
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// Region of AWS, such as us-west-2
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct SettingsArguments {
    /// JSON file with settings of the session, such as {"send_deadline": 30000}: durations in
    /// milliseconds, everything else as numbers. An unknown name is refused with a list of all
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// PEM file with the certificates of the authorities to trust instead of the public ones, such
    /// as the one that `simulate --tls self-signed` writes
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct PipeArguments {
    #[command(flatten)]
    pub(crate) service: ServiceArguments,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    /// Go on from a file that the command resume_state has written, once the process that wrote it
    /// is gone
    #[arg(long, value_name = "PATH", conflicts_with_all = ["contact_id", "participant_id"])]
    pub(crate) resume: Option<PathBuf>,

    /// ContactId of the chat, from StartChatContact
    #[arg(long, value_name = "ID", required_unless_present = "resume")]
    pub(crate) contact_id: Option<String>,

    /// ParticipantId of the customer, from StartChatContact
    #[arg(long, value_name = "ID", required_unless_present = "resume")]
    pub(crate) participant_id: Option<String>,

    /// ParticipantToken of the customer, from StartChatContact. Other users of the machine may
    /// see the command line: better use the environment variable
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CONNECT_CHAT_PARTICIPANT_TOKEN",
        hide_env_values = true,
        allow_hyphen_values = true,
        value_parser = token,
        required_unless_present = "resume"
    )]
    pub(crate) participant_token: Option<ParticipantToken>,
}

#[derive(Debug, Args)]
pub(crate) struct ChatArguments {
    #[command(flatten)]
    pub(crate) service: ServiceArguments,

    #[command(flatten)]
    pub(crate) settings: SettingsArguments,

    /// Start a chat as a customer of this name. AWS wants the request signed, which is not done
    /// here: this is for the local service, or a proxy that signs
    #[arg(long, value_name = "NAME", conflicts_with_all = ["contact_id", "participant_id"])]
    pub(crate) start: Option<String>,

    /// InstanceId for --start
    #[arg(long, value_name = "ID", default_value = "local")]
    pub(crate) instance_id: String,

    /// ContactFlowId for --start
    #[arg(long, value_name = "ID", default_value = "local")]
    pub(crate) contact_flow_id: String,

    /// ContactId of a chat that was started already
    #[arg(long, value_name = "ID", required_unless_present = "start")]
    pub(crate) contact_id: Option<String>,

    /// ParticipantId of the customer in it
    #[arg(long, value_name = "ID", required_unless_present = "start")]
    pub(crate) participant_id: Option<String>,

    /// ParticipantToken of the customer. Other users of the machine may see the command line:
    /// better use the environment variable
    #[arg(
        long,
        value_name = "TOKEN",
        env = "CONNECT_CHAT_PARTICIPANT_TOKEN",
        hide_env_values = true,
        allow_hyphen_values = true,
        value_parser = token,
        required_unless_present = "start"
    )]
    pub(crate) participant_token: Option<ParticipantToken>,
}

#[derive(Debug, Args)]
pub(crate) struct SimulateArguments {
    /// Port to listen on, on 127.0.0.1 only. 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,

    /// What the agent does: silent, greeter, echo, streaming-bot, menu, slow-agent, chatterbox (or
    /// chatterbox=N messages a second), or a JSON or TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "silent")]
    pub(crate) script: String,

    /// Seed of all identifiers and chances. Default: another one each time
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,

    /// Something that goes wrong, as JSON. Can be repeated
    #[arg(long, value_name = "JSON")]
    pub(crate) fault: Vec<String>,

    /// Refuse what exceeds the service's documented quotas, with 429
    #[arg(long)]
    pub(crate) quotas: bool,

    /// Change a setting, such as socket_lifetime_ms=5000. Can be repeated; an unknown name is
    /// refused with a list of all
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,

    /// Serve HTTPS and secure WebSockets. self-signed: with a certificate of an authority that is
    /// made for this run
    #[arg(long, value_name = "WHOSE")]
    pub(crate) tls: Option<Tls>,

    /// Where to write the authority's certificate, which clients have to trust. Default: a
    /// temporary file, which the first line names
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub(crate) ca: Option<PathBuf>,

    /// The bundle of amazon-connect-chatjs, for the customer's page of the console
    #[arg(long, value_name = "FILE")]
    pub(crate) chatjs: Option<PathBuf>,

    /// Start a chat too, and show on standard error what a client needs to connect to it
    #[arg(long)]
    pub(crate) start_chat: bool,
}

/// Whose certificate the local service shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tls {
    SelfSigned,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

fn token(text: &str) -> Result<ParticipantToken, String> {
    if text.is_empty() {
        return Err("it is empty; take the ParticipantToken of StartChatContact".to_owned());
    }
    Ok(ParticipantToken::from(text))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn read(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_an_example_of_itself() {
        for command in Arguments::command().get_subcommands_mut() {
            let name = command.get_name().to_owned();
            let help = command.render_long_help().to_string();
            let example = format!("connect-chat {name}");
            assert!(help.contains("Examples:"), "{help}");
            assert!(help.matches(&example).count() >= 1, "{help}");
        }
    }

    #[test]
    fn the_service_is_named_by_an_endpoint_or_a_region() {
        let chat = "--contact-id c --participant-id p --participant-token t";
        assert!(read(&format!("connect-chat pipe --endpoint http://x {chat}")).is_ok());
        assert!(read(&format!("connect-chat pipe --region us-west-2 {chat}")).is_ok());
        let error = read(&format!("connect-chat pipe {chat}")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
        assert!(error.to_string().contains("--endpoint"), "{error}");
    }

    #[test]
    fn a_chat_is_started_or_named_but_not_both() {
        let chat = "connect-chat chat --endpoint http://x";
        assert!(read(&format!("{chat} --start Jo")).is_ok());
        let error = read(&format!("{chat} --start Jo --contact-id c")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
        let error = read(chat).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
        assert!(error.to_string().contains("--contact-id"), "{error}");
    }

    #[test]
    fn a_pipe_goes_on_from_a_file_or_is_given_a_chat_but_not_both() {
        let pipe = "connect-chat pipe --endpoint http://x";
        assert!(read(&format!("{pipe} --resume f")).is_ok());
        let error = read(&format!("{pipe} --resume f --contact-id c")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ArgumentConflict);
        let error = read(pipe).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::MissingRequiredArgument);
        assert!(error.to_string().contains("--contact-id"), "{error}");
    }

    #[test]
    fn a_token_is_in_no_debug_output() {
        let line = "connect-chat pipe --endpoint http://x --contact-id c --participant-id p \
                    --participant-token hush";
        let arguments = read(line).unwrap();
        assert!(!format!("{arguments:?}").contains("hush"));
    }

    #[test]
    fn a_token_may_begin_with_a_hyphen() {
        let line = "connect-chat pipe --endpoint http://x --contact-id c --participant-id p \
                    --participant-token -Hush";
        let Command::Pipe(pipe) = read(line).unwrap().command else {
            panic!("not a pipe");
        };
        assert_eq!(pipe.participant_token.unwrap().expose(), "-Hush");
    }

    #[test]
    fn an_empty_token_is_refused() {
        let line = "connect-chat pipe --endpoint http://x --contact-id c --participant-id p \
                    --participant-token=";
        assert_eq!(read(line).unwrap_err().exit_code(), 2);
    }
}
