//! `connect-chat simulate`: the local service, for any client.

use std::fs;
use std::time::Duration;

use chat_sim::{Fault, Script, Simulator, StartedChat};
use serde::Serialize;

use crate::arguments::SimulateArguments;
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::stop::StopSignals;

/// The first line on standard output.
#[derive(Serialize)]
struct Ready<'a> {
    endpoint: &'a str,
    version: &'a str,
}

/// Serves until a signal comes.
///
/// # Errors
/// [`Failure`] when the script or a fault cannot be read, or the port cannot be had.
pub(crate) async fn run(
    arguments: &SimulateArguments,
    mut output: Output,
    signals: &mut StopSignals,
) -> Result<Outcome, Failure> {
    let faults = faults(&arguments.fault)?;
    let mut builder = Simulator::builder()
        .port(arguments.port)
        .script(script(&arguments.script)?);
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    let simulator = builder
        .start()
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    simulator.with(|service, now| {
        for fault in faults {
            service.inject(now, fault);
        }
    });
    let endpoint = simulator.endpoint();
    if arguments.start_chat {
        let started = simulator
            .with(|service, now| service.start_chat(now, "Customer"))
            .map_err(|error| Failure::failed(error.to_string()))?;
        let within = simulator.with(|service, _| service.settings().connect_within);
        show_chat(&endpoint, &started, within);
    }
    let ready = Ready {
        endpoint: &endpoint,
        version: env!("CARGO_PKG_VERSION"),
    };
    // Text under text keys always serializes.
    output.say(serde_json::to_string(&ready).unwrap_or_default());
    // The line is written even when nobody reads it: the service is there for its port.
    output.finish().await?;
    let stop = signals.received().await;
    tracing::info!(?stop, "the simulator ends");
    simulator.shutdown().await;
    Ok(Outcome::Orderly)
}

fn script(name: &str) -> Result<Script, Failure> {
    match name {
        "silent" => Ok(Script::silent()),
        "greeter" => Ok(Script::greeter()),
        "echo" => Ok(Script::echo()),
        path => {
            let failure = |problem: String| {
                Failure::arguments(format!(
                    "--script {path}: {problem}; it is silent, greeter, echo or a JSON file"
                ))
            };
            let text = fs::read_to_string(path)
                .map_err(|error| failure(format!("the file cannot be read: {error}")))?;
            Script::from_json(&text).map_err(|error| failure(error.to_string()))
        }
    }
}

fn faults(given: &[String]) -> Result<Vec<Fault>, Failure> {
    let read = |json: &String| {
        serde_json::from_str(json).map_err(|error| {
            Failure::arguments(format!(
                "--fault {json}: this is not a fault: {error}; an example is \
                 {{\"effect\":\"drop_request\",\"operation\":\"SendMessage\",\"times\":1}}"
            ))
        })
    };
    given.iter().map(read).collect()
}

/// Shows on standard error what a client needs. The token opens nothing but this simulator.
fn show_chat(endpoint: &str, chat: &StartedChat, within: Duration) {
    let StartedChat {
        contact_id,
        participant_id,
        participant_token,
        ..
    } = chat;
    crate::complain(&format!(
        "contact_id        {contact_id}\n\
         participant_id    {participant_id}\n\
         participant_token {participant_token}\n\
         Connect within {} seconds:\n\
         connect-chat chat --endpoint {endpoint} --contact-id {contact_id} \
         --participant-id {participant_id} --participant-token='{participant_token}'",
        within.as_secs()
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_known_by_name_or_read_from_a_file() {
        assert_eq!(script("echo").unwrap(), Script::echo());
        let error = script("/nowhere/script.json").unwrap_err().to_string();
        assert!(error.contains("/nowhere/script.json"), "{error}");
        assert!(error.contains("silent, greeter, echo"), "{error}");
    }

    #[test]
    fn a_fault_that_cannot_be_read_is_told_what_one_looks_like() {
        let good = r#"{"effect":"lose_response","operation":"SendMessage","times":1}"#;
        assert_eq!(faults(&[good.to_owned()]).unwrap().len(), 1);
        let error = faults(&["{}".to_owned()]).unwrap_err().to_string();
        assert!(error.contains("effect"), "{error}");
        assert!(error.contains("an example is"), "{error}");
    }
}
