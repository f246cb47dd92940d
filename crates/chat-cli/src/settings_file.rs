//! The file that `--config` names: settings of a session, by their names in [`Config`].

use std::fs;
use std::path::Path;
use std::time::Duration;

use chat_proto::{Config, ConfigError};
use serde_json::{Map, Value};

use crate::outcome::Failure;

/// The largest file that is read. All settings together take less than 1 KiB.
const FILE_LIMIT: u64 = 64 * 1024;

/// Why a setting cannot be used.
#[derive(Debug, thiserror::Error)]
enum SettingError {
    #[error("there is no setting {name:?}; there are {}", names().join(", "))]
    Unknown { name: String },
    #[error("{name} must be {rule}")]
    Mistyped {
        name: &'static str,
        rule: &'static str,
    },
    #[error(transparent)]
    OutOfRange(#[from] ConfigError),
}

/// How a setting takes its value.
#[derive(Clone, Copy)]
enum Setter {
    Milliseconds(fn(&mut Config, Duration) -> Result<&mut Config, ConfigError>),
    OptionalMilliseconds(fn(&mut Config, Option<Duration>) -> &mut Config),
    Count(fn(&mut Config, usize) -> Result<&mut Config, ConfigError>),
    Number(fn(&mut Config, u32) -> Result<&mut Config, ConfigError>),
    OptionalNumber(fn(&mut Config, Option<u32>) -> &mut Config),
    Switch(fn(&mut Config, bool) -> &mut Config),
}

const SETTINGS: [(&str, Setter); 18] = [
    (
        "heartbeat_interval",
        Setter::Milliseconds(Config::heartbeat_interval),
    ),
    (
        "deep_heartbeat_limit",
        Setter::OptionalNumber(Config::deep_heartbeat_limit),
    ),
    (
        "socket_lifetime",
        Setter::Milliseconds(Config::socket_lifetime),
    ),
    ("open_timeout", Setter::Milliseconds(Config::open_timeout)),
    (
        "request_timeout",
        Setter::Milliseconds(Config::request_timeout),
    ),
    (
        "connect_deadline",
        Setter::Milliseconds(Config::connect_deadline),
    ),
    (
        "recovery_limit",
        Setter::OptionalMilliseconds(Config::recovery_limit),
    ),
    ("send_deadline", Setter::Milliseconds(Config::send_deadline)),
    (
        "disconnect_deadline",
        Setter::Milliseconds(Config::disconnect_deadline),
    ),
    ("outbox_limit", Setter::Count(Config::outbox_limit)),
    ("call_limit", Setter::Count(Config::call_limit)),
    ("transcript_limit", Setter::Count(Config::transcript_limit)),
    ("event_limit", Setter::Count(Config::event_limit)),
    ("gap_page_limit", Setter::Number(Config::gap_page_limit)),
    ("history_pages", Setter::Number(Config::history_pages)),
    ("receipts", Setter::Switch(Config::receipts)),
    (
        "receipt_window",
        Setter::Milliseconds(Config::receipt_window),
    ),
    (
        "delivered_hold",
        Setter::Milliseconds(Config::delivered_hold),
    ),
];

fn names() -> [&'static str; SETTINGS.len()] {
    SETTINGS.map(|(name, _)| name)
}

/// Reads the file into the settings. Answers the send deadline, when the file sets it.
///
/// # Errors
/// [`Failure`] naming the file and what is wrong with it.
pub(crate) fn read(path: &Path, config: &mut Config) -> Result<Option<Duration>, Failure> {
    let failure =
        |problem: String| Failure::arguments(format!("--config {}: {problem}", path.display()));
    let unreadable = |error| failure(format!("it cannot be read: {error}"));
    if fs::metadata(path).map_err(unreadable)?.len() > FILE_LIMIT {
        return Err(failure(format!("it is larger than {FILE_LIMIT} bytes")));
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    let object: Map<String, Value> = serde_json::from_str(&text)
        .map_err(|error| failure(format!("it is not a JSON object: {error}")))?;
    let send_deadline = object
        .get("send_deadline")
        .and_then(Value::as_u64)
        .map(Duration::from_millis);
    apply(&object, config).map_err(|error| failure(error.to_string()))?;
    Ok(send_deadline)
}

fn apply(object: &Map<String, Value>, config: &mut Config) -> Result<(), SettingError> {
    for (name, value) in object {
        let Some((name, setter)) = SETTINGS.into_iter().find(|(known, _)| known == name) else {
            return Err(SettingError::Unknown { name: name.clone() });
        };
        set(name, setter, value, config)?;
    }
    Ok(())
}

fn set(
    name: &'static str,
    setter: Setter,
    value: &Value,
    config: &mut Config,
) -> Result<(), SettingError> {
    let mistyped = |rule| SettingError::Mistyped { name, rule };
    let number = value.as_u64();
    match setter {
        Setter::Milliseconds(set) => {
            let value = number.ok_or_else(|| mistyped("a whole number of milliseconds"))?;
            set(config, Duration::from_millis(value))?;
        }
        Setter::OptionalMilliseconds(set) => {
            if number.is_none() && !value.is_null() {
                return Err(mistyped("a whole number of milliseconds, or null"));
            }
            set(config, number.map(Duration::from_millis));
        }
        Setter::Count(set) => {
            let value = number.and_then(|value| usize::try_from(value).ok());
            set(config, value.ok_or_else(|| mistyped("a whole number"))?)?;
        }
        Setter::Number(set) => {
            let value = number.and_then(|value| u32::try_from(value).ok());
            set(config, value.ok_or_else(|| mistyped("a whole number"))?)?;
        }
        Setter::OptionalNumber(set) => {
            let number = number.and_then(|value| u32::try_from(value).ok());
            if number.is_none() && !value.is_null() {
                return Err(mistyped("a whole number, or null"));
            }
            set(config, number);
        }
        Setter::Switch(set) => {
            let value = value.as_bool();
            set(config, value.ok_or_else(|| mistyped("true or false"))?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use chat_proto::Endpoint;
    use serde_json::json;

    use super::*;

    fn config() -> Config {
        Config::new(Endpoint::region("us-west-2").unwrap())
    }

    fn applied(value: Value) -> Result<Config, String> {
        let mut config = config();
        let Value::Object(object) = value else {
            panic!("not an object");
        };
        apply(&object, &mut config)
            .map(|()| config)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_setting_is_taken_in_its_unit() {
        let given = json!({
            "heartbeat_interval": 2_000, "deep_heartbeat_limit": 3, "socket_lifetime": 20_000,
            "open_timeout": 500, "request_timeout": 600, "connect_deadline": 700,
            "recovery_limit": 90_000, "send_deadline": 1_500, "disconnect_deadline": 0,
            "outbox_limit": 10, "call_limit": 11, "transcript_limit": 120, "event_limit": 13,
            "gap_page_limit": 14, "history_pages": 15, "receipts": false,
            "receipt_window": 160, "delivered_hold": 17,
        });
        assert_eq!(given.as_object().unwrap().len(), SETTINGS.len());
        let mut expected = config();
        expected
            .heartbeat_interval(Duration::from_secs(2))
            .and_then(|config| {
                config
                    .deep_heartbeat_limit(Some(3))
                    .recovery_limit(Some(Duration::from_secs(90)))
                    .socket_lifetime(Duration::from_secs(20))
            })
            .and_then(|config| config.open_timeout(Duration::from_millis(500)))
            .and_then(|config| config.request_timeout(Duration::from_millis(600)))
            .and_then(|config| config.connect_deadline(Duration::from_millis(700)))
            .and_then(|config| config.send_deadline(Duration::from_millis(1_500)))
            .and_then(|config| config.disconnect_deadline(Duration::ZERO))
            .and_then(|config| config.outbox_limit(10))
            .and_then(|config| config.call_limit(11))
            .and_then(|config| config.transcript_limit(120))
            .and_then(|config| config.event_limit(13))
            .and_then(|config| config.gap_page_limit(14))
            .and_then(|config| config.history_pages(15))
            .and_then(|config| {
                config
                    .receipts(false)
                    .receipt_window(Duration::from_millis(160))
            })
            .and_then(|config| config.delivered_hold(Duration::from_millis(17)))
            .unwrap();
        assert_eq!(applied(given).unwrap(), expected);
        let nulls = json!({"deep_heartbeat_limit": null, "recovery_limit": null});
        assert_eq!(applied(nulls).unwrap(), config());
    }

    #[test]
    fn what_cannot_be_used_is_named_with_what_can() {
        let told: Vec<String> = [
            json!({"send_timeout": 1}),
            json!({"send_deadline": "1 s"}),
            json!({"send_deadline": null}),
            json!({"send_deadline": 1}),
            json!({"recovery_limit": -1}),
            json!({"outbox_limit": 1.5}),
            json!({"history_pages": 4_294_967_296_u64}),
            json!({"deep_heartbeat_limit": true}),
        ]
        .into_iter()
        .map(|given| applied(given).unwrap_err())
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
