//! Reading scripts from JSON and TOML.

use crate::script::Script;

/// A script that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("this is not a script: {0}; see the documentation of Script for the form")]
pub struct ScriptError(String);

impl Script {
    /// Reads a script from JSON.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where when the text is not a script.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        serde_json::from_str(text).map_err(|error| ScriptError(error.to_string()))
    }

    /// Reads a script from TOML.
    ///
    /// # Errors
    ///
    /// Says what is wrong and where when the text is not a script.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        toml::from_str(text).map_err(|error| ScriptError(explained(text, &error)))
    }
}

/// What is wrong and where, in one line like that of JSON.
fn explained(text: &str, error: &toml::de::Error) -> String {
    let problem = error.message().replace('\n', ", ");
    let Some(before) = error.span().and_then(|span| text.get(..span.start)) else {
        return problem;
    };
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("{problem} at line {line} column {column}")
}
