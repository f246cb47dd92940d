//! `connect-chat simulate`: the local service, for any client.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chat_sim::{Bundle, Fault, Script, Settings, Simulator, StartedChat};
use serde::Serialize;
use serde_json::Value;

use crate::arguments::{SimulateArguments, Tls};
use crate::outcome::{Failure, Outcome};
use crate::output::Output;
use crate::stop::StopSignals;

/// The first line on standard output.
#[derive(Serialize)]
struct Ready<'a> {
    endpoint: &'a str,
    control: &'a str,
    ca: Option<&'a Path>,
    seed: u64,
    version: &'a str,
}

/// Serves until a signal comes.
///
/// # Errors
/// [`Failure`] when the script, a fault, a setting or a file cannot be read, the port cannot be
/// had, or the certificate cannot be written.
pub(crate) async fn run(
    arguments: &SimulateArguments,
    mut output: Output,
    signals: &mut StopSignals,
) -> Result<Outcome, Failure> {
    let faults = faults(&arguments.fault)?;
    let mut builder = Simulator::builder()
        .port(arguments.port)
        .settings(settings(arguments)?);
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    if arguments.tls == Some(Tls::SelfSigned) {
        builder = builder.tls_self_signed();
    }
    let simulator = builder
        .start()
        .await
        .map_err(|error| Failure::failed(error.to_string()))?;
    let certificate = simulator
        .ca()
        .map(|pem| CertificateFile::write(arguments.ca.as_deref(), simulator.port(), pem))
        .transpose()?;
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
        let ca = certificate.as_ref().map(|file| file.path.as_path());
        show_chat(&endpoint, ca, &started, within);
    }
    let ready = Ready {
        endpoint: &endpoint,
        control: &simulator.control(),
        ca: certificate.as_ref().map(|file| file.path.as_path()),
        seed: simulator.seed(),
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

fn settings(arguments: &SimulateArguments) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    settings.script = script(&arguments.script)?;
    settings.quotas = arguments.quotas;
    for change in &arguments.set {
        let failure = |problem: &str| Failure::arguments(format!("--set {change}: {problem}"));
        let (name, value) = change
            .split_once('=')
            .ok_or_else(|| failure("it must be NAME=VALUE, such as socket_lifetime_ms=5000"))?;
        // A text may look like a number.
        let read = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        settings
            .set(name, &read)
            .or_else(|error| settings.set(name, &Value::from(value)).map_err(|_| error))
            .map_err(|error| failure(&error.to_string()))?;
    }
    if let Some(path) = &arguments.chatjs {
        let bytes = fs::read(path).map_err(|error| {
            let path = path.display();
            Failure::arguments(format!(
                "--chatjs {path}: the file cannot be read: {error}; it is \
                 node_modules/amazon-connect-chatjs/dist/amazon-connect-chat.js"
            ))
        })?;
        settings.chatjs = Some(Bundle::new(bytes));
    }
    Ok(settings)
}

fn script(name: &str) -> Result<Script, Failure> {
    let ready = Script::ready(name);
    if let Ok(script) = ready {
        return Ok(script);
    }
    let failure = |problem: String| {
        Failure::arguments(format!(
            "--script {name}: {problem}; it is one of {}, or a .json or .toml file",
            Script::READY.join(", ")
        ))
    };
    let text = fs::read_to_string(name).map_err(|error| match &ready {
        Err(problem) if name.starts_with("chatterbox=") => failure(problem.to_string()),
        _ => failure(format!("the file cannot be read: {error}")),
    })?;
    let is_toml = Path::new(name)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let script = if is_toml {
        Script::from_toml(&text)
    } else {
        Script::from_json(&text)
    };
    script.map_err(|error| failure(error.to_string()))
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

/// The certificate of the authority, in a file for clients to trust.
struct CertificateFile {
    path: PathBuf,
    /// Whether it goes when the simulator does.
    is_temporary: bool,
}

impl CertificateFile {
    fn write(chosen: Option<&Path>, port: u16, pem: &str) -> Result<Self, Failure> {
        let mut options = OpenOptions::new();
        options.write(true);
        let file = match chosen {
            Some(path) => {
                options.create(true).truncate(true);
                Self {
                    path: path.to_owned(),
                    is_temporary: false,
                }
            }
            None => {
                // A new file only: in a folder for everybody, another one may be anybody's.
                options.create_new(true);
                let name = format!("connect-chat-{}-{port}-ca.pem", std::process::id());
                Self {
                    path: std::env::temp_dir().join(name),
                    is_temporary: true,
                }
            }
        };
        options
            .open(&file.path)
            .and_then(|mut open| open.write_all(pem.as_bytes()))
            .map_err(|error| {
                let path = file.path.display();
                Failure::failed(format!(
                    "the certificate cannot be written to {path}: {error}; name a file with --ca"
                ))
            })?;
        Ok(file)
    }
}

impl Drop for CertificateFile {
    fn drop(&mut self) {
        if self.is_temporary {
            if let Err(error) = fs::remove_file(&self.path) {
                tracing::warn!(%error, "the certificate's file could not be removed");
            }
        }
    }
}

/// Shows on standard error what a client needs. The token opens nothing but this simulator.
fn show_chat(endpoint: &str, ca: Option<&Path>, chat: &StartedChat, within: Duration) {
    let trust = ca.map_or_else(String::new, |path| format!(" --ca {}", path.display()));
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
         connect-chat chat --endpoint {endpoint}{trust} --contact-id {contact_id} \
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
