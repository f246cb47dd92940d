//! Standard input: lines of bounded length, read by a thread of its own.
//!
//! Nothing waits for that thread: the program can end while a read is under way.

use std::io::{self, BufRead, BufReader, Read};
use std::thread;

use tokio::sync::mpsc;

use crate::outcome::Failure;

/// The longest line, its end not counted.
pub(crate) const LINE_LIMIT: usize = 1024 * 1024;
/// The most lines read ahead.
const QUEUE: usize = 16;

/// What a line holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    /// Text, without the line's end.
    Text(String),
    /// More than [`LINE_LIMIT`] bytes. They were passed over.
    TooLong,
    /// Bytes that are not UTF-8.
    NotUtf8,
}

/// A line and its number, from 1.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct InputLine {
    /// Its number.
    pub(crate) number: u64,
    /// What it holds.
    pub(crate) content: Content,
}

/// Reads standard input. The channel closes at the end of the input.
///
/// # Errors
/// [`Failure`] when there can be no thread to read it.
pub(crate) fn stdin() -> Result<mpsc::Receiver<InputLine>, Failure> {
    lines(io::stdin())
        .map_err(|error| Failure::failed(format!("standard input cannot be read: {error}")))
}

fn lines(reader: impl Read + Send + 'static) -> io::Result<mpsc::Receiver<InputLine>> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || {
            let mut reader = BufReader::new(reader);
            let mut number = 0;
            loop {
                number += 1;
                match next(&mut reader, LINE_LIMIT) {
                    Ok(Some(content)) => {
                        if sender.blocking_send(InputLine { number, content }).is_err() {
                            return;
                        }
                    }
                    Ok(None) => return,
                    Err(error) => {
                        tracing::warn!(%error, "standard input cannot be read; it counts as ended");
                        return;
                    }
                }
            }
        })?;
    Ok(receiver)
}

/// The next line; `None` at the end.
fn next(reader: &mut impl BufRead, limit: usize) -> io::Result<Option<Content>> {
    let mut line = Vec::new();
    // One more than the limit, for the line's end.
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    if reader.by_ref().take(bound).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() > limit {
        pass_over(reader)?;
        return Ok(Some(Content::TooLong));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(
        String::from_utf8(line).map_or(Content::NotUtf8, Content::Text),
    ))
}

/// Reads up to the end of the line and keeps nothing.
fn pass_over(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let bytes = match reader.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if bytes.is_empty() {
            return Ok(());
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(bytes.len(), |at| at + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], limit: usize) -> Vec<Content> {
        // A small buffer, so that lines span several reads.
        let mut reader = BufReader::with_capacity(3, bytes);
        std::iter::from_fn(|| next(&mut reader, limit).unwrap()).collect()
    }

    fn text(text: &str) -> Content {
        Content::Text(text.to_owned())
    }

    #[test]
    fn lines_end_with_a_line_feed_or_with_the_input() {
        assert_eq!(
            all(b"one\r\n\ntwo", 100),
            [text("one"), text(""), text("two")]
        );
        assert_eq!(all(b"", 100), []);
    }

    #[test]
    fn a_line_over_the_limit_is_passed_over_and_the_next_one_is_read() {
        assert_eq!(
            all(b"12345\n123456\n1234567890\nend", 5),
            [
                text("12345"),
                Content::TooLong,
                Content::TooLong,
                text("end")
            ]
        );
        assert_eq!(all(b"123456", 5), [Content::TooLong]);
    }

    #[test]
    fn bytes_that_are_no_text_are_told_apart() {
        assert_eq!(all(b"\xff\xfe\nok\n", 100), [Content::NotUtf8, text("ok")]);
    }

    #[tokio::test]
    async fn the_channel_closes_at_the_end_of_the_input() {
        let mut lines = lines(&b"a\nb\n"[..]).unwrap();
        let mut read = Vec::new();
        while let Some(line) = lines.recv().await {
            read.push((line.number, line.content));
        }
        assert_eq!(read, [(1, text("a")), (2, text("b"))]);
    }
}
