//! The service's limits on lengths, checked before anything is sent.

use std::collections::BTreeMap;

use crate::error::CommandError;

/// Text of 1 to `limit` characters.
pub(crate) fn length(field: &'static str, text: &str, limit: usize) -> Result<(), CommandError> {
    if text.is_empty() {
        return Err(CommandError::Empty { field });
    }
    at_most(field, text.chars().count(), limit, "characters")
}

/// Content of 1 to 16,384 bytes: the guide says bytes where the model only says length, and the
/// smaller of the two readings is accepted under both.
pub(super) fn content(field: &'static str, text: &str) -> Result<(), CommandError> {
    if text.is_empty() {
        return Err(CommandError::Empty { field });
    }
    at_most(field, text.len(), 16_384, "bytes")
}

fn at_most(
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

/// A number from 0 to `limit`.
pub(super) fn range(
    field: &'static str,
    number: Option<u32>,
    limit: u32,
) -> Result<(), CommandError> {
    match number {
        Some(actual) if actual > limit => Err(CommandError::OutOfRange {
            field,
            actual: actual.into(),
            from: 0,
            to: limit.into(),
        }),
        _ => Ok(()),
    }
}

/// Contact attributes: keys of letters, digits, `-` and `_`, 32,768 bytes in total.
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
    let bytes = attributes
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    at_most(FIELD, bytes, 32_768, "bytes")
}
