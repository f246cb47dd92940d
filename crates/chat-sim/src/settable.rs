//! The settings that can be changed by name, while the service runs.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::error::ControlError;
use crate::settings::Settings;

/// The longest duration, in milliseconds: a year.
const LONGEST: u64 = 365 * 24 * 3_600 * 1_000;
/// The largest number.
const LARGEST: u64 = 1_000_000;
/// The longest text, in characters.
const LONGEST_TEXT: usize = 256;

/// The place of a value.
enum Slot<'a> {
    Time(&'a mut Duration),
    TimeOrNone(&'a mut Option<Duration>),
    Flag(&'a mut bool),
    Number(&'a mut usize),
    Text(&'a mut String),
}

impl Settings {
    /// The names of the settings that can be changed while the service runs, as
    /// [`set`](Self::set) takes them: durations have the ending `_ms`.
    pub const NAMES: &[&str] = &[
        "url_lifetime_ms",
        "socket_lifetime_ms",
        "token_lifetime_ms",
        "connect_within_ms",
        "chat_duration_ms",
        "close_after_end_ms",
        "transcript_grace_ms",
        "upload_url_lifetime_ms",
        "scan_delay_ms",
        "announce_scans",
        "rejected_files",
        "message_processing_ms",
        "failed_messages",
        "rejected_messages",
        "quotas",
        "echo_receipts",
        "sockets_per_participant",
        "participants_per_contact",
        "attachments_per_contact",
    ];

    fn slot(&mut self, name: &str) -> Option<Slot<'_>> {
        let slot = match name {
            "url_lifetime_ms" => Slot::Time(&mut self.url_lifetime),
            "socket_lifetime_ms" => Slot::Time(&mut self.socket_lifetime),
            "token_lifetime_ms" => Slot::Time(&mut self.token_lifetime),
            "connect_within_ms" => Slot::Time(&mut self.connect_within),
            "chat_duration_ms" => Slot::Time(&mut self.chat_duration),
            "close_after_end_ms" => Slot::Time(&mut self.close_after_end),
            "transcript_grace_ms" => Slot::Time(&mut self.transcript_grace),
            "upload_url_lifetime_ms" => Slot::Time(&mut self.upload_url_lifetime),
            "scan_delay_ms" => Slot::Time(&mut self.scan_delay),
            "announce_scans" => Slot::Flag(&mut self.announce_scans),
            "rejected_files" => Slot::Text(&mut self.rejected_files),
            "message_processing_ms" => Slot::TimeOrNone(&mut self.message_processing),
            "failed_messages" => Slot::Text(&mut self.failed_messages),
            "rejected_messages" => Slot::Text(&mut self.rejected_messages),
            "quotas" => Slot::Flag(&mut self.quotas),
            "echo_receipts" => Slot::Flag(&mut self.echo_receipts),
            "sockets_per_participant" => Slot::Number(&mut self.sockets_per_participant),
            "participants_per_contact" => Slot::Number(&mut self.participants_per_contact),
            "attachments_per_contact" => Slot::Number(&mut self.attachments_per_contact),
            _ => return None,
        };
        Some(slot)
    }

    /// Changes one setting by its name, one of [`NAMES`](Self::NAMES).
    ///
    /// Durations are whole milliseconds up to a year, or null for one that can be off; numbers go up
    /// to a million, texts have up to 256 characters.
    ///
    /// ```
    /// let mut settings = chat_sim::Settings::default();
    /// settings.set("socket_lifetime_ms", &5_000.into())?;
    /// assert_eq!(settings.socket_lifetime.as_secs(), 5);
    /// # Ok::<(), chat_sim::ControlError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When there is no such setting, or it takes no such value. Nothing has changed then.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), ControlError> {
        let Some(slot) = self.slot(name) else {
            return Err(ControlError::Invalid(format!(
                "there is no setting {name}; there are {}",
                Self::NAMES.join(", ")
            )));
        };
        let rule = match slot {
            Slot::Time(slot) => match milliseconds(value) {
                Some(time) => {
                    *slot = time;
                    return Ok(());
                }
                None => format!("a number of milliseconds, at most {LONGEST}"),
            },
            Slot::TimeOrNone(slot) => match milliseconds(value) {
                None if !value.is_null() => {
                    format!("a number of milliseconds, at most {LONGEST}, or null")
                }
                time => {
                    *slot = time;
                    return Ok(());
                }
            },
            Slot::Flag(slot) => match value.as_bool() {
                Some(flag) => {
                    *slot = flag;
                    return Ok(());
                }
                None => "true or false".to_owned(),
            },
            Slot::Number(slot) => {
                let number = value.as_u64().filter(|number| *number <= LARGEST);
                match number.and_then(|number| usize::try_from(number).ok()) {
                    Some(number) => {
                        *slot = number;
                        return Ok(());
                    }
                    None => format!("a number, at most {LARGEST}"),
                }
            }
            Slot::Text(slot) => match value.as_str() {
                Some(text) if text.chars().count() <= LONGEST_TEXT => {
                    text.clone_into(slot);
                    return Ok(());
                }
                _ => format!("a text of at most {LONGEST_TEXT} characters"),
            },
        };
        Err(ControlError::Invalid(format!("{name} must be {rule}")))
    }

    /// The settings that can be changed, by name.
    pub(crate) fn to_json(&self) -> Value {
        let mut settings = self.clone();
        let values: Map<String, Value> = Self::NAMES
            .iter()
            .filter_map(|name| {
                let value = match settings.slot(name)? {
                    Slot::Time(time) => json!(in_milliseconds(*time)),
                    Slot::TimeOrNone(time) => json!(time.map(in_milliseconds)),
                    Slot::Flag(flag) => json!(*flag),
                    Slot::Number(number) => json!(*number),
                    Slot::Text(text) => json!(*text),
                };
                Some(((*name).to_owned(), value))
            })
            .collect();
        Value::Object(values)
    }
}

fn milliseconds(value: &Value) -> Option<Duration> {
    let time = value.as_u64().filter(|time| *time <= LONGEST)?;
    Some(Duration::from_millis(time))
}

fn in_milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_setting_that_takes_its_own_value() {
        let mut settings = Settings::default();
        let shown = settings.to_json();
        assert_eq!(shown.as_object().map(Map::len), Some(Settings::NAMES.len()));
        for name in Settings::NAMES {
            settings.set(name, &shown[name]).expect("its own value");
        }
    }

    #[test]
    fn what_can_be_off_is_off_with_null() {
        let mut settings = Settings::default();
        let name = "message_processing_ms";
        settings.set(name, &json!(50)).expect("a time");
        assert_eq!(settings.message_processing, Some(Duration::from_millis(50)));
        assert_eq!(settings.to_json()[name], json!(50));
        settings.set(name, &Value::Null).expect("none");
        assert_eq!(settings.message_processing, None);
        assert_eq!(settings.to_json()[name], Value::Null);
    }

    #[test]
    fn a_wrong_value_says_what_is_right_and_changes_nothing() {
        let mut settings = Settings::default();
        let before = settings.to_json();
        for (name, value, told) in [
            ("socket_lifetime_ms", json!("5s"), "milliseconds"),
            ("socket_lifetime_ms", json!(-1), "milliseconds"),
            ("socket_lifetime_ms", json!(LONGEST + 1), "31536000000"),
            ("message_processing_ms", json!("off"), "or null"),
            ("quotas", json!(1), "true or false"),
            ("sockets_per_participant", json!(1.5), "a number"),
            ("rejected_files", json!("x".repeat(257)), "256 characters"),
            ("nothing", json!(1), "socket_lifetime_ms, token"),
        ] {
            let error = settings.set(name, &value).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert_eq!(settings.to_json(), before);
    }
}
