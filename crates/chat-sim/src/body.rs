//! Reading and checking request bodies.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::error::Refusal;

/// The members of a JSON object, with the path that leads to it. Members that the service does not
/// know are ignored, as the service does.
pub(crate) struct Fields<'a> {
    members: &'a Map<String, Value>,
    path: String,
}

/// Reads a body as a JSON object. An empty body is an empty object.
pub(crate) fn parse(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::Malformed(
            "The request body must be a JSON object.".to_owned(),
        )),
        Err(error) => Err(Refusal::Malformed(format!(
            "The request body is not JSON: line {}, column {}.",
            error.line(),
            error.column()
        ))),
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn new(members: &'a Map<String, Value>) -> Self {
        Self {
            members,
            path: String::new(),
        }
    }

    /// The full name of a member.
    fn name(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    /// A refusal of a request without a member.
    pub(crate) fn missing(&self, name: &str) -> Refusal {
        Refusal::Malformed(format!("{} is required.", self.name(name)))
    }

    /// A refusal of the value of a member.
    pub(crate) fn invalid(&self, name: &str, rule: &str) -> Refusal {
        Refusal::Invalid(format!("{} {rule}.", self.name(name)))
    }

    /// A refusal of the whole of this object.
    pub(crate) fn refused(&self, rule: &str) -> Refusal {
        Refusal::Invalid(format!("{} {rule}.", self.path))
    }

    fn wrong_type(&self, name: &str, wanted: &str) -> Refusal {
        Refusal::Malformed(format!("{} must be {wanted}.", self.name(name)))
    }

    /// A member that is there; `null` counts as absent.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// A text of so many characters, or nothing.
    pub(crate) fn optional_text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| self.wrong_type(name, "a string"))?;
        if !length.contains(&text.chars().count()) {
            let rule = format!(
                "must have {} to {} characters",
                length.start(),
                length.end()
            );
            return Err(self.invalid(name, &rule));
        }
        Ok(Some(text))
    }

    /// A text of so many characters.
    pub(crate) fn text(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
    ) -> Result<&'a str, Refusal> {
        self.optional_text(name, length)?
            .ok_or_else(|| self.missing(name))
    }

    /// The text of a message or event: 1 to 16,384 bytes, or nothing.
    pub(crate) fn optional_content(&self, name: &str) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| self.wrong_type(name, "a string"))?;
        if (1..=CONTENT_BYTES).contains(&text.len()) {
            Ok(Some(text))
        } else {
            let rule = format!("must have 1 to {CONTENT_BYTES} bytes");
            Err(self.invalid(name, &rule))
        }
    }

    /// The text of a message: 1 to 16,384 bytes.
    pub(crate) fn content(&self, name: &str) -> Result<&'a str, Refusal> {
        self.optional_content(name)?
            .ok_or_else(|| self.missing(name))
    }

    /// One of the given words, or nothing.
    pub(crate) fn optional_choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&str, T)],
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| self.wrong_type(name, "a string"))?;
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => Err(self.invalid(name, &one_of(choices))),
        }
    }

    /// A whole number in a range, or nothing.
    pub(crate) fn optional_integer(
        &self,
        name: &str,
        range: RangeInclusive<i64>,
    ) -> Result<Option<i64>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if !value.is_number() {
            return Err(self.wrong_type(name, "a whole number"));
        }
        match value.as_i64() {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            Some(_) => {
                let rule = format!("must be between {} and {}", range.start(), range.end());
                Err(self.invalid(name, &rule))
            }
            None => Err(self.wrong_type(name, "a whole number")),
        }
    }

    /// A truth value; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.get(name) {
            None => Ok(false),
            Some(value) => value
                .as_bool()
                .ok_or_else(|| self.wrong_type(name, "true or false")),
        }
    }

    /// A list of so many of the given words, or nothing.
    pub(crate) fn optional_choices<T: Copy>(
        &self,
        name: &str,
        length: RangeInclusive<usize>,
        choices: &[(&str, T)],
    ) -> Result<Option<Vec<T>>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let values = value
            .as_array()
            .ok_or_else(|| self.wrong_type(name, "a list"))?;
        if !length.contains(&values.len()) {
            let rule = format!("must have {} to {} entries", length.start(), length.end());
            return Err(self.invalid(name, &rule));
        }
        values
            .iter()
            .map(|value| {
                let text = value
                    .as_str()
                    .ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
                choices
                    .iter()
                    .find(|(word, _)| *word == text)
                    .map(|(_, choice)| *choice)
                    .ok_or_else(|| self.invalid(name, &one_of(choices)))
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list of so many texts of so many characters.
    pub(crate) fn texts(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
        length: RangeInclusive<usize>,
    ) -> Result<Vec<&'a str>, Refusal> {
        let value = self.get(name).ok_or_else(|| self.missing(name))?;
        let values = value
            .as_array()
            .ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
        if !count.contains(&values.len()) {
            let rule = format!("must have {} to {} entries", count.start(), count.end());
            return Err(self.invalid(name, &rule));
        }
        let text = |value: &'a Value| {
            let text = value
                .as_str()
                .ok_or_else(|| self.wrong_type(name, "a list of strings"))?;
            if length.contains(&text.chars().count()) {
                return Ok(text);
            }
            let rule = format!(
                "must have entries of {} to {} characters",
                length.start(),
                length.end()
            );
            Err(self.invalid(name, &rule))
        };
        values.iter().map(text).collect()
    }

    /// A list of so many objects.
    pub(crate) fn objects(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<Self>, Refusal> {
        self.optional_objects(name, count)?
            .ok_or_else(|| self.missing(name))
    }

    /// A list of so many objects, or nothing.
    pub(crate) fn optional_objects(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<Vec<Self>>, Refusal> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let values = value
            .as_array()
            .ok_or_else(|| self.wrong_type(name, "a list of objects"))?;
        if !count.contains(&values.len()) {
            let rule = format!("must have {} to {} entries", count.start(), count.end());
            return Err(self.invalid(name, &rule));
        }
        values
            .iter()
            .map(|value| {
                let members = value
                    .as_object()
                    .ok_or_else(|| self.wrong_type(name, "a list of objects"))?;
                Ok(Self {
                    members,
                    path: self.name(name),
                })
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// An object inside this one, or nothing.
    pub(crate) fn optional_object(&self, name: &str) -> Result<Option<Self>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Object(members)) => Ok(Some(Self {
                members,
                path: self.name(name),
            })),
            Some(_) => Err(self.wrong_type(name, "an object")),
        }
    }

    /// An object inside this one.
    pub(crate) fn object(&self, name: &str) -> Result<Self, Refusal> {
        self.optional_object(name)?
            .ok_or_else(|| self.missing(name))
    }

    /// The members of this object that are there.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.as_str(), value))
    }
}

/// The largest content of a message or event, in bytes.
pub(crate) const CONTENT_BYTES: usize = 16_384;

fn one_of<T>(choices: &[(&str, T)]) -> String {
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    format!("must be one of {}", words.join(", "))
}
