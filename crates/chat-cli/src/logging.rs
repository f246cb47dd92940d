//! What `--log` shows on standard error.

use std::io;

use anstream::{AutoStream, ColorChoice};
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::outcome::Failure;

/// Whose records are shown. Those of other libraries are not: they may show URLs, which carry
/// tokens here.
const OURS: [&str; 4] = ["connect_chat", "chat_driver", "chat_proto", "chat_sim"];

/// Begins to log. Without a filter nothing is logged.
///
/// # Errors
/// [`Failure`] when the filter cannot be read.
pub(crate) fn start(filter: Option<&str>, color: ColorChoice) -> Result<(), Failure> {
    let Some(filter) = filter else { return Ok(()) };
    let filter = parse(filter)?.and(filter_fn(|metadata| is_ours(metadata.target())));
    let color = match color {
        ColorChoice::Auto => AutoStream::choice(&io::stderr()) != ColorChoice::Never,
        ColorChoice::Always | ColorChoice::AlwaysAnsi => true,
        ColorChoice::Never => false,
    };
    let layer = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(color)
        .with_filter(filter);
    tracing_subscriber::registry()
        .with(layer)
        .try_init()
        .map_err(|error| Failure::failed(format!("logging cannot be started: {error}")))
}

fn parse(filter: &str) -> Result<EnvFilter, Failure> {
    EnvFilter::builder().parse(filter).map_err(|error| {
        Failure::arguments(format!(
            "--log {filter:?} cannot be read: {error}; it is a level (error, warn, info, debug, \
             trace) or a filter such as chat_driver=debug"
        ))
    })
}

fn is_ours(target: &str) -> bool {
    OURS.iter().any(|ours| {
        target
            .strip_prefix(ours)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_filters_are_read_and_nonsense_is_refused() {
        for filter in ["debug", "chat_driver=trace", "warn,chat_sim=debug"] {
            assert!(parse(filter).is_ok(), "{filter}");
        }
        let error = parse("chat_driver=loud").unwrap_err().to_string();
        assert!(error.contains("chat_driver=loud"), "{error}");
    }

    #[test]
    fn only_the_records_of_this_project_are_shown() {
        assert!(is_ours("chat_driver::driver"));
        assert!(is_ours("connect_chat"));
        assert!(!is_ours("tungstenite::handshake::client"));
        assert!(!is_ours("chat_driver_other"));
    }
}
