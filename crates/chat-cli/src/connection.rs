//! From the command line to a session.

use std::time::Duration;

use chat_driver::{ChatSession, Events, SessionError};
use chat_proto::api::Endpoint;
use chat_proto::{ChatDetails, Config, ResumeState};

use crate::arguments::{RuntimeName, ServiceArguments, SettingsArguments};
use crate::client::Client;
use crate::outcome::Failure;
use crate::settings_file;

/// How long a message is tried when the settings say nothing: the default of
/// [`Config::send_deadline`].
const SEND_DEADLINE: Duration = Duration::from_secs(60);

/// What a session is made of, apart from its chat.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) config: Config,
    /// How long a message is tried.
    pub(crate) send_deadline: Duration,
}

impl Connection {
    /// A connection as the arguments have it.
    ///
    /// # Errors
    /// [`Failure`] when they cannot be used.
    pub(crate) fn new(
        service: &ServiceArguments,
        settings: &SettingsArguments,
        runtime: RuntimeName,
    ) -> Result<Self, Failure> {
        let mut config = Config::new(endpoint(service)?);
        let send_deadline = match &settings.config {
            Some(path) => settings_file::read(path, &mut config)?,
            None => None,
        };
        Ok(Self {
            client: Client::new(runtime, settings.ca.as_deref())?,
            config,
            send_deadline: send_deadline.unwrap_or(SEND_DEADLINE),
        })
    }

    /// A session of this chat.
    ///
    /// # Errors
    /// [`Failure`] when the details cannot be those of a chat.
    pub(crate) fn session(&self, details: ChatDetails) -> Result<(ChatSession, Events), Failure> {
        let advice = "take contact id, participant id and token from StartChatContact";
        self.client
            .session(self.config.clone(), details)
            .map_err(|error| unusable(&error, advice))
    }

    /// A session that goes on from this state.
    ///
    /// # Errors
    /// [`Failure`] when the state cannot be that of a session.
    pub(crate) fn restore(&self, state: ResumeState) -> Result<(ChatSession, Events), Failure> {
        self.client
            .restore(self.config.clone(), state)
            .map_err(|error| unusable(&error, "begin a new session with the chat's details"))
    }
}

fn unusable(error: &SessionError, advice: &str) -> Failure {
    if matches!(error, SessionError::Details(_)) {
        return Failure::arguments(format!("{error}; {advice}"));
    }
    Failure::failed(error.to_string())
}

fn endpoint(service: &ServiceArguments) -> Result<Endpoint, Failure> {
    let endpoint = match (&service.endpoint, &service.region) {
        (Some(url), _) => Endpoint::custom(url),
        (None, Some(region)) => Endpoint::region(region),
        (None, None) => {
            return Err(Failure::arguments(
                "name the service: --endpoint or --region",
            ));
        }
    };
    endpoint.map_err(|error| Failure::arguments(error.to_string()))
}
