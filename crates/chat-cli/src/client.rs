//! A client of the runtime that `--runtime` names. What it gives is the same for both.

use std::path::Path;

use chat_driver::chat_proto::api::{Endpoint, StartChatContact};
use chat_driver::chat_proto::{ChatDetails, Config, ResumeState};
use chat_driver::runtime::Runtime;
use chat_driver::{ChatSession, Events, SessionError, StartChatError};

use crate::arguments::RuntimeName;
use crate::outcome::Failure;
use crate::trust;

/// A client, on the adapter that was asked for.
#[derive(Debug)]
pub(crate) enum Client {
    Tokio(chat_tokio::Client),
    AsyncStd(chat_async_std::Client),
}

impl Client {
    /// A client that trusts the authorities in this file, where there is one, and those of the
    /// public otherwise.
    ///
    /// # Errors
    /// [`Failure`] when the file cannot be used, or the client not be built.
    pub(crate) fn new(runtime: RuntimeName, ca: Option<&Path>) -> Result<Self, Failure> {
        Ok(match runtime {
            RuntimeName::Tokio => Self::Tokio(build(ca)?),
            RuntimeName::AsyncStd => Self::AsyncStd(build(ca)?),
        })
    }

    pub(crate) async fn start_chat(
        &self,
        endpoint: &Endpoint,
        request: &StartChatContact,
    ) -> Result<ChatDetails, StartChatError> {
        match self {
            Self::Tokio(client) => client.start_chat(endpoint, request).await,
            Self::AsyncStd(client) => client.start_chat(endpoint, request).await,
        }
    }

    pub(crate) fn session(
        &self,
        config: Config,
        details: ChatDetails,
    ) -> Result<(ChatSession, Events), SessionError> {
        match self {
            Self::Tokio(client) => client.session(config, details),
            Self::AsyncStd(client) => client.session(config, details),
        }
    }

    pub(crate) fn restore(
        &self,
        config: Config,
        state: ResumeState,
    ) -> Result<(ChatSession, Events), SessionError> {
        match self {
            Self::Tokio(client) => client.restore(config, state),
            Self::AsyncStd(client) => client.restore(config, state),
        }
    }
}

fn build<R: Runtime>(ca: Option<&Path>) -> Result<chat_driver::Client<R>, Failure> {
    let mut builder = chat_driver::Client::<R>::builder()
        .user_agent_suffix(concat!("connect-chat/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = ca {
        builder = builder.tls_config(trust::only(path)?);
    }
    builder
        .build()
        .map_err(|error| Failure::failed(error.to_string()))
}
