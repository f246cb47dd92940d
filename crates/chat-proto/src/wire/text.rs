//! JSON strings that are borrowed where the bytes allow it.

use std::borrow::Cow;

use serde::Deserialize;

/// A JSON string. `Cow` alone is never borrowed inside an `Option`, so it gets a type of its own.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads a JSON string. `json` is JSON already; it need not be a string.
pub(crate) fn read_string(json: &str) -> serde_json::Result<Cow<'_, str>> {
    let inner = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        Some(inner) => match unescape(inner) {
            Some(text) => Ok(Cow::Owned(text)),
            None => general(json),
        },
        None => general(json),
    }
}

fn general(json: &str) -> serde_json::Result<Cow<'_, str>> {
    serde_json::from_str(json).map(|Text(text)| text)
}

/// Undoes the escapes of a JSON string; `None` when there is one by number. JSON within JSON, as
/// the service sends it, escapes every quote, so most of a chat frame's time goes into this: it is
/// written in one pass into one allocation.
fn unescape(inner: &str) -> Option<String> {
    let mut text = vec![0; inner.len()];
    let mut length = 0;
    let mut from = inner.bytes();
    for to in &mut text {
        let Some(byte) = from.next() else { break };
        *to = if byte == b'\\' {
            match from.next()? {
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'u' => return None,
                itself => itself,
            }
        } else {
            byte
        };
        length += 1;
    }
    text.truncate(length);
    String::from_utf8(text).ok()
}

impl Text<'_> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_escape_is_undone() {
        let json = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#;
        assert_eq!(
            read_string(json).unwrap(),
            "\"\\/\u{8}\u{c}\n\r\té\u{1f600}é"
        );
        assert!(read_string(r#""\ud83d""#).is_err());
        assert!(read_string("17").is_err());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(text in any::<String>(), twice in any::<bool>()) {
            let mut json = serde_json::to_string(&text).unwrap();
            let mut expected = text;
            if twice {
                expected = json;
                json = serde_json::to_string(&expected).unwrap();
            }
            prop_assert_eq!(read_string(&json).unwrap(), expected);
        }
    }
}
