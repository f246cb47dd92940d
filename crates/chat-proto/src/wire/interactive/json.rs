//! JSON that is passed on as it is written.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::ProtocolError;

/// A JSON value that only the application understands, as text: order of fields and precision
/// of numbers stay as they were written.
///
/// Two of them are equal when their texts are.
#[derive(Clone, PartialEq, Eq)]
pub struct Json(Arc<str>);

impl Json {
    /// Takes the text of one JSON value; spaces around it are dropped.
    ///
    /// # Errors
    /// [`ProtocolError::Json`] when it is not one JSON value.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let value: &RawValue = serde_json::from_str(text)
            .map_err(|error| ProtocolError::json("the JSON value", &error))?;
        Ok(Self(value.get().into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Json {
    /// The object without fields.
    fn default() -> Self {
        Self("{}".into())
    }
}

impl fmt::Debug for Json {
    /// Shows the length; what it says stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Json({} bytes)", self.0.len())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value: &RawValue = serde_json::from_str(&self.0).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self(value.get().into()))
    }
}
