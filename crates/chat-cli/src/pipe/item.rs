//! An item as JSON: the service's own, on one line.

use chat_proto::Item;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// What is known of a message of ours that the service has not shown us yet.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct OwnMessage<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute_time: Option<&'a str>,
    r#type: Option<&'a str>,
    content_type: Option<&'a str>,
    content: Option<&'a str>,
    participant_id: Option<&'a str>,
}

/// The JSON of an item: what the service sent, with its own field names and in its own order.
pub(super) fn json(item: &Item) -> Box<RawValue> {
    item.raw
        .as_deref()
        .and_then(|raw| RawValue::from_string(on_one_line(raw)).ok())
        .unwrap_or_else(|| of_fields(item))
}

fn of_fields(item: &Item) -> Box<RawValue> {
    let message = OwnMessage {
        id: item.id.as_ref().map(|id| id.as_str()),
        absolute_time: item.absolute_time.as_ref().map(|time| time.as_str()),
        r#type: item.item_type.as_ref().map(|kind| kind.as_str()),
        content_type: item.content_type.as_ref().map(|kind| kind.as_str()),
        content: item.content.as_deref(),
        participant_id: item.participant_id.as_ref().map(|id| id.as_str()),
    };
    // Text under text keys always serializes.
    to_raw_value(&message).unwrap_or_default()
}

/// JSON without the space between its tokens, where line ends may stand.
fn on_one_line(json: &str) -> String {
    let mut in_string = false;
    let mut escaped = false;
    let keep = |c: &char| {
        if in_string {
            in_string = escaped || *c != '"';
            escaped = !escaped && *c == '\\';
            return true;
        }
        in_string = *c == '"';
        !matches!(c, ' ' | '\t' | '\r' | '\n')
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn space_between_tokens_goes_and_text_stays_as_it_is() {
        let json = "{ \"a b\" :\r\n\t[ 1.50 , \"x \\\" \\\\\" , \" y\" ] }";
        let expected = r#"{"a b":[1.50,"x \" \\"," y"]}"#;
        assert_eq!(on_one_line(json), expected);
    }

    #[test]
    fn the_services_json_is_passed_on_with_what_this_version_does_not_know() {
        let sent = "{\n  \"Zeta\": {\"n\": 12345678901234567890123},\n  \"Type\": \"MESSAGE\"\n}";
        let item = Item::parse(sent).unwrap();
        assert_eq!(
            json(&item).get(),
            r#"{"Zeta":{"n":12345678901234567890123},"Type":"MESSAGE"}"#
        );
    }

    #[test]
    fn an_item_of_our_own_making_has_the_services_field_names() {
        let mut item = Item::parse(
            r#"{"Type":"MESSAGE","ContentType":"text/plain","Content":"hi","ParticipantId":"p"}"#,
        )
        .unwrap();
        item.raw = None;
        assert_eq!(
            json(&item).get(),
            r#"{"Type":"MESSAGE","ContentType":"text/plain","Content":"hi","ParticipantId":"p"}"#
        );
    }
}
