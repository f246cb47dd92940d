//! Text for a terminal: colours of our own, and none of other people's.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

/// State changes and other asides.
pub(crate) const ASIDE: Style = Style::new().dimmed();
/// Names.
pub(crate) const NAME: Style = Style::new().bold();
/// What needs attention.
pub(crate) const NOTICE: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub(crate) const ALARM: Style = AnsiColor::Red.on_default();

/// The text in a style. The output leaves the style out where there are no colours.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Text from outside as one line that shows every character and acts on nothing: characters that
/// drive a terminal, or turn the direction of writing, are written as `\u{..}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push(' '),
            c if is_dangerous(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "{}", c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    shown
}

/// Control characters, and the marks that change the direction of writing.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_drive_the_terminal() {
        assert_eq!(
            visible("\u{1b}[2J\u{7}\r\u{9b}1m"),
            r"\u{1b}[2J\u{7}\u{d}\u{9b}1m"
        );
        assert_eq!(visible("a\u{202e}b"), r"a\u{202e}b");
        assert_eq!(visible("one\ntwo\tthree"), r"one\ntwo three");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "Grüße \u{1f600} \u{5e9}\u{5dc}\u{5d5}\u{5dd} - 100 %";
        assert_eq!(visible(text), text);
    }
}
