//! The service's limits on lengths, checked before anything is sent.

use std::collections::BTreeMap;

use crate::error::CommandError;
use crate::ids::SessionId;

/// Text of 1 to `limit` characters.
pub(crate) fn length(field: &'static str, text: &str, limit: usize) -> Result<(), CommandError> {
    if text.is_empty() {
        return Err(CommandError::Empty { field });
    }
    at_most(field, text.chars().count(), limit, "characters")
}

/// Text of 1 to `limit` characters, when there is one.
pub(super) fn optional_length(
    field: &'static str,
    text: Option<&str>,
    limit: usize,
) -> Result<(), CommandError> {
    text.map_or(Ok(()), |text| length(field, text, limit))
}

/// Content of 1 to 16,384 bytes: the guide says bytes where the model only says length, and the
/// smaller of the two readings is accepted under both.
pub(super) fn content(field: &'static str, text: &str) -> Result<(), CommandError> {
    if text.is_empty() {
        return Err(CommandError::Empty { field });
    }
    at_most(field, text.len(), 16_384, "bytes")
}

/// At most `limit` of the unit.
pub(super) fn at_most(
    field: &'static str,
    actual: usize,
    limit: usize,
    unit: &'static str,
) -> Result<(), CommandError> {
    if actual > limit {
        return Err(CommandError::TooLong {
            field,
            actual,
            limit,
            unit,
        });
    }
    Ok(())
}

/// The greatest number that the service's type "long" holds.
pub(super) const LONG: u64 = i64::MAX.unsigned_abs();

/// A number, when there is one, within the bounds.
pub(super) fn range(
    field: &'static str,
    number: Option<impl Into<u64>>,
    from: u64,
    to: u64,
) -> Result<(), CommandError> {
    match number.map(Into::into) {
        Some(actual) if !(from..=to).contains(&actual) => Err(CommandError::OutOfRange {
            field,
            actual,
            from,
            to,
        }),
        _ => Ok(()),
    }
}

/// The topic a chat is published to.
pub(super) fn streaming_endpoint(arn: &str) -> Result<(), CommandError> {
    length("ChatStreamingConfiguration.StreamingEndpointArn", arn, 350)
}

/// The id of an authentication: 36 characters.
pub(super) fn session_id(id: &SessionId) -> Result<(), CommandError> {
    if id.expose().chars().count() == 36 {
        return Ok(());
    }
    Err(CommandError::Invalid {
        field: "SessionId",
        problem: "it must have 36 characters",
    })
}

/// Contact attributes: keys of letters, digits, `-` and `_`, keys and values of at most 32,767
/// characters, 32,768 bytes in total.
pub(super) fn attributes(attributes: &BTreeMap<String, String>) -> Result<(), CommandError> {
    const FIELD: &str = "Attributes";
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if attributes
        .keys()
        .any(|key| key.is_empty() || !key.bytes().all(allowed))
    {
        return Err(CommandError::Invalid {
            field: FIELD,
            problem: "a key may hold only letters, digits, '-' and '_'",
        });
    }
    for text in attributes.iter().flat_map(|(key, value)| [key, value]) {
        at_most(
            FIELD,
            text.chars().count(),
            32_767,
            "characters in a key or value",
        )?;
    }
    let bytes = attributes
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    at_most(FIELD, bytes, 32_768, "bytes")
}
