//! The segment attributes of a contact: what the service's own features are told.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::api::limits;
use crate::error::CommandError;

const FIELD: &str = "SegmentAttributes";
/// How deep values may be nested. The service states no limit; this one bounds the recursion.
const DEPTH_LIMIT: u32 = 16;

/// The value of a segment attribute.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub enum SegmentAttributeValue {
    /// Text, at most 1024 characters.
    ValueString(String),
    /// Values by names of 1 to 128 characters.
    ValueMap(BTreeMap<String, Self>),
    /// A number.
    ValueInteger(i32),
    /// Values in an order.
    ValueList(Vec<Self>),
    /// An Amazon resource name, at most 1024 characters.
    ValueArn(String),
}

impl fmt::Debug for SegmentAttributeValue {
    /// Shows the kind; what it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ValueString(_) => "ValueString(REDACTED)",
            Self::ValueMap(_) => "ValueMap(REDACTED)",
            Self::ValueInteger(_) => "ValueInteger(REDACTED)",
            Self::ValueList(_) => "ValueList(REDACTED)",
            Self::ValueArn(_) => "ValueArn(REDACTED)",
        })
    }
}

/// Names of 1 to 128 characters, each with a value within its limits; values nested to at most
/// 16 levels.
pub(super) fn check(
    attributes: &BTreeMap<String, SegmentAttributeValue>,
) -> Result<(), CommandError> {
    check_map(attributes, DEPTH_LIMIT)
}

fn check_map(
    attributes: &BTreeMap<String, SegmentAttributeValue>,
    depth: u32,
) -> Result<(), CommandError> {
    attributes.iter().try_for_each(|(name, value)| {
        limits::length(FIELD, name, 128)?;
        check_value(value, depth)
    })
}

fn check_value(value: &SegmentAttributeValue, depth: u32) -> Result<(), CommandError> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(CommandError::Invalid {
            field: FIELD,
            problem: "values may be nested to at most 16 levels",
        });
    };
    match value {
        SegmentAttributeValue::ValueString(text) | SegmentAttributeValue::ValueArn(text) => {
            limits::at_most(FIELD, text.chars().count(), 1_024, "characters")
        }
        SegmentAttributeValue::ValueMap(map) => check_map(map, deeper),
        SegmentAttributeValue::ValueInteger(_) => Ok(()),
        SegmentAttributeValue::ValueList(list) => {
            list.iter().try_for_each(|value| check_value(value, deeper))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SegmentAttributeValue::{ValueArn, ValueInteger, ValueList, ValueMap, ValueString};
    use super::*;

    fn one(name: &str, value: SegmentAttributeValue) -> BTreeMap<String, SegmentAttributeValue> {
        BTreeMap::from([(name.to_owned(), value)])
    }

    fn nested(levels: usize) -> SegmentAttributeValue {
        (1..levels).fold(ValueInteger(1), |inner, level| {
            if level % 2 == 0 {
                ValueList(vec![inner])
            } else {
                ValueMap(one("a", inner))
            }
        })
    }

    #[test]
    fn names_texts_and_depth_are_limited() {
        let text = |length| ValueString("é".repeat(length));
        for fits in [
            one(&"n".repeat(128), text(1_024)),
            one("n", text(0)),
            one("n", ValueArn("a".repeat(1_024))),
            one("n", nested(16)),
        ] {
            assert_eq!(check(&fits), Ok(()));
        }
        for (breaks, problem) in [
            (one("", text(1)), "is empty"),
            (one(&"n".repeat(129), text(1)), "at most 128"),
            (one("n", text(1_025)), "at most 1024"),
            (one("n", ValueArn("a".repeat(1_025))), "at most 1024"),
            (one("n", ValueMap(one("", text(1)))), "is empty"),
            (one("n", ValueList(vec![text(1_025)])), "at most 1024"),
            (one("n", nested(17)), "16 levels"),
        ] {
            let error = check(&breaks).unwrap_err().to_string();
            assert!(error.starts_with("SegmentAttributes"), "{error}");
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn debug_hides_what_a_value_says() {
        let value = ValueMap(one("SECRET", ValueString("SECRET".into())));
        assert_eq!(format!("{value:?}"), "ValueMap(REDACTED)");
    }
}
