//! The segment attributes of StartChatContact. They are checked; nothing is done with them.

use std::ops::RangeInclusive;

use crate::body::Fields;
use crate::error::Refusal;

/// The length of a name, in characters.
const NAME_LENGTH: RangeInclusive<usize> = 1..=128;
/// The length of a text, in characters.
const TEXT_LENGTH: RangeInclusive<usize> = 0..=1024;
/// The numbers that there can be: those of 32 bits.
const NUMBERS: RangeInclusive<i64> = i32::MIN as i64..=i32::MAX as i64;

pub(super) fn check(fields: &Fields<'_>) -> Result<(), Refusal> {
    check_map(fields, "SegmentAttributes")
}

fn check_map(fields: &Fields<'_>, name: &str) -> Result<(), Refusal> {
    let Some(attributes) = fields.optional_object(name)? else {
        return Ok(());
    };
    for (name, _) in attributes.members() {
        if !NAME_LENGTH.contains(&name.chars().count()) {
            return Err(attributes.refused("must have names of 1 to 128 characters"));
        }
        check_value(&attributes.object(name)?)?;
    }
    Ok(())
}

/// Values can be within others; how deep, the JSON parser limits.
fn check_value(value: &Fields<'_>) -> Result<(), Refusal> {
    value.optional_text("ValueString", TEXT_LENGTH)?;
    value.optional_text("ValueArn", TEXT_LENGTH)?;
    value.optional_integer("ValueInteger", NUMBERS)?;
    check_map(value, "ValueMap")?;
    value
        .optional_objects("ValueList", 0..=usize::MAX)?
        .unwrap_or_default()
        .iter()
        .try_for_each(check_value)
}
