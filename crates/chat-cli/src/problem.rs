//! Errors as the program shows them: a text that says what to do, and a kind for programs.

use std::{fmt, io};

use chat_driver::{AttachmentFailure, CallError, StartChatError};
use chat_proto::{
    CommandError, ConnectError, EndReason, GapError, RequestError, RetryClass, SendError,
    TransferError, TransportError, TransportErrorKind,
};

/// An error to show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Problem {
    /// What happened, and what to do.
    pub(crate) text: String,
    /// Its kind, stable over versions: the service's name of its error, or one of ours in
    /// snake_case.
    pub(crate) kind: String,
}

impl Problem {
    /// What was wrong when a session has ended for this reason; `None` for an orderly end.
    pub(crate) fn of_end(reason: &EndReason) -> Option<Self> {
        match reason {
            EndReason::ChatEnded
            | EndReason::Inferred(_)
            | EndReason::Transferred
            | EndReason::Disconnected
            | EndReason::Abandoned => None,
            EndReason::Fatal(error) => Some(error.into()),
            EndReason::GaveUp { limit } => Some(Self::new(
                "recovery_limit",
                format!(
                    "no connection for {} seconds; check the network, or raise recovery_limit",
                    limit.as_secs()
                ),
            )),
            _ => Some(Self::new("other", "the session has failed")),
        }
    }

    /// A file cannot be used.
    pub(crate) fn of_file(error: &io::Error) -> Self {
        Self::advised("file", error, "check the path of the file")
    }

    /// An error of this kind, and what to do about it.
    fn advised(kind: &str, error: &dyn fmt::Display, advice: &str) -> Self {
        let error = error.to_string();
        // The service ends its messages with a full stop.
        Self::new(kind, format!("{}; {advice}", error.trim_end_matches('.')))
    }

    /// An error of this kind.
    pub(crate) fn new(kind: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: kind.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<&RequestError> for Problem {
    fn from(error: &RequestError) -> Self {
        let kind = match error {
            RequestError::Service(error) => error.exception.as_str(),
            RequestError::Transport(error) => return error.into(),
            RequestError::Protocol(_) => "malformed_answer",
            RequestError::Transfer(TransferError::Status { .. }) => "transfer_refused",
            RequestError::Transfer(_) => "transfer_incomplete",
            RequestError::Ended => "session_ended",
            _ => "other",
        };
        let advice = match (error, error.retry_class()) {
            (RequestError::Ended, _) => "start another session to ask again",
            (RequestError::Transfer(_), _) => "try again later",
            (_, RetryClass::Denied) => {
                "check the token; if it was good, the chat has ended: start another one"
            }
            (_, RetryClass::Later) => "try again later",
            (_, RetryClass::Never) => "correct what was asked for",
        };
        Self::advised(kind, error, advice)
    }
}

impl From<&TransportError> for Problem {
    fn from(error: &TransportError) -> Self {
        let (kind, advice) = match error.kind {
            TransportErrorKind::Timeout => ("timeout", "check the network, and try again later"),
            TransportErrorKind::Resolve => ("resolve", "check the endpoint and the name server"),
            TransportErrorKind::Connect => {
                ("connect", "check the endpoint, and that the service is up")
            }
            TransportErrorKind::Proxy => (
                "proxy",
                "check HTTPS_PROXY and HTTP_PROXY, or name the endpoint in NO_PROXY",
            ),
            TransportErrorKind::Tls => ("tls", "check the endpoint and its certificate"),
            TransportErrorKind::Broken => ("broken", "check the network, and try again later"),
            TransportErrorKind::HandshakeRefused => ("handshake_refused", "try again later"),
            TransportErrorKind::TooLarge => ("too_large", "check what stands behind the endpoint"),
            TransportErrorKind::NotAllowed => ("not_allowed", "use an endpoint with https"),
            TransportErrorKind::Protocol => ("protocol", "check what stands behind the endpoint"),
            TransportErrorKind::File => ("file", "check the path of the file"),
            _ => ("transport", "try again later"),
        };
        Self::advised(kind, error, advice)
    }
}

impl From<&ConnectError> for Problem {
    fn from(error: &ConnectError) -> Self {
        match error {
            ConnectError::Request(error) => error.into(),
            ConnectError::Socket(cause) => Self {
                text: format!("the WebSocket could not be opened: {}", Self::from(cause)),
                ..cause.into()
            },
            ConnectError::Closed { .. } => Self::advised("closed", error, "try again later"),
            ConnectError::Subscription { .. } => {
                Self::advised("subscription", error, "try again later")
            }
            ConnectError::Deadline { .. } => Self::advised(
                "connect_deadline",
                error,
                "check the endpoint and the network, or raise connect_deadline",
            ),
            _ => Self::new("other", error.to_string()),
        }
    }
}

impl From<&SendError> for Problem {
    fn from(error: &SendError) -> Self {
        match error {
            SendError::Refused(error) => error.into(),
            SendError::Deadline { last, .. } => {
                let last = last.as_ref().map(Self::from);
                let last = last.map_or_else(String::new, |last| format!("; last failure: {last}"));
                Self::new("send_deadline", format!("{error}{last}"))
            }
            SendError::Ended => Self::advised(
                "session_ended",
                error,
                "look for it in the transcript before sending it again",
            ),
            _ => Self::new("other", error.to_string()),
        }
    }
}

impl From<&GapError> for Problem {
    fn from(error: &GapError) -> Self {
        match error {
            GapError::Refused(error) => error.into(),
            GapError::Ended => Self::new(
                "session_ended",
                "the session ended before everything missed was read",
            ),
            GapError::TooManyPages { limit } => Self::new(
                "too_many_pages",
                format!(
                    "more was missed than {limit} pages hold; raise gap_page_limit, or read the \
                     rest with get_transcript"
                ),
            ),
            _ => Self::new("other", "what was missed could not be read"),
        }
    }
}

impl From<&CommandError> for Problem {
    fn from(error: &CommandError) -> Self {
        let kind = match error {
            CommandError::WrongPhase { .. } => "wrong_phase",
            CommandError::TooLong { .. } => "too_long",
            CommandError::Empty { .. } => "empty",
            CommandError::OutOfRange { .. } => "out_of_range",
            CommandError::Invalid { .. } => "invalid",
            CommandError::Full { .. } => "full",
            CommandError::UnknownMessage(_) => "unknown_message",
            CommandError::UnknownAttachment(_) => "unknown_attachment",
            CommandError::TooEarly { .. } => "too_early",
            CommandError::Disabled { .. } => "disabled",
            CommandError::UnknownItem(_) => "unknown_item",
            _ => "other",
        };
        Self::new(kind, error.to_string())
    }
}

impl From<&StartChatError> for Problem {
    fn from(error: &StartChatError) -> Self {
        match error {
            StartChatError::Command(error) => error.into(),
            StartChatError::Request(error) => error.into(),
            StartChatError::NoRuntime(_) | _ => Self::new("other", error.to_string()),
        }
    }
}

impl From<&AttachmentFailure> for Problem {
    fn from(error: &AttachmentFailure) -> Self {
        match error {
            AttachmentFailure::Command(error) => error.into(),
            AttachmentFailure::Failed(failed) => {
                let cause = Self::from(&failed.error.error);
                Self {
                    text: format!("{} failed: {cause}", failed.error.stage),
                    ..cause
                }
            }
            _ => Self::new("other", error.to_string()),
        }
    }
}

impl From<&CallError> for Problem {
    fn from(error: &CallError) -> Self {
        match error {
            CallError::Command(error) => error.into(),
            CallError::Request(error) => error.into(),
            _ => Self::new("other", error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chat_proto::api::Exception;
    use chat_proto::{Operation, ServiceError};

    use super::*;

    fn refused(status: u16, exception: Exception) -> RequestError {
        RequestError::Service(ServiceError {
            operation: Operation::CreateParticipantConnection,
            status,
            exception,
            message: "Access denied".to_owned(),
            detail: None,
            retry_after: None,
        })
    }

    #[test]
    fn the_services_own_name_and_message_are_kept_and_advice_is_added() {
        let problem = Problem::from(&ConnectError::Request(refused(
            403,
            Exception::AccessDenied,
        )));
        assert_eq!(problem.kind, "AccessDeniedException");
        assert!(problem.text.contains("Access denied"), "{problem}");
        assert!(problem.text.contains("check the token"), "{problem}");
    }

    #[test]
    fn a_network_error_says_what_to_check_wherever_it_happened() {
        let cause = TransportError::new(TransportErrorKind::Connect, "refused");
        for problem in [
            Problem::from(&RequestError::Transport(cause.clone())),
            Problem::from(&ConnectError::Socket(cause)),
        ] {
            assert_eq!(problem.kind, "connect");
            assert!(problem.text.contains("that the service is up"), "{problem}");
        }
    }

    #[test]
    fn a_message_out_of_time_names_its_last_failure() {
        let problem = Problem::from(&SendError::Deadline {
            limit: Duration::from_secs(60),
            last: Some(refused(429, Exception::Throttling)),
        });
        assert_eq!(problem.kind, "send_deadline");
        assert!(problem.text.contains("within 60 seconds"), "{problem}");
        assert!(problem.text.contains("ThrottlingException"), "{problem}");
    }
}
