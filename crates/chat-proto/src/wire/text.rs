//! JSON strings that are borrowed where the bytes allow it.

use std::borrow::Cow;

use serde::Deserialize;

/// A JSON string. `Cow` alone is never borrowed inside an `Option`, so it gets a type of its own.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
