//! Standard output: one line at a time, flushed at once, written by a thread of its own.
//!
//! A reader that does not read stops that thread and nothing else: heartbeats and signals go on.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use tokio::sync::{mpsc, oneshot, watch};

use crate::outcome::Failure;

/// The most lines that wait for the thread.
const QUEUE: usize = 64;
/// How long the last lines may take to be written.
const FAREWELL: Duration = Duration::from_secs(2);

/// The other end of the output is gone, or writing to it failed: [`Output::finish`] says which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OutputClosed;

/// Where the program's lines go.
#[derive(Debug)]
pub(crate) struct Output {
    lines: mpsc::Sender<String>,
    /// Said, but not yet handed to the thread.
    waiting: VecDeque<String>,
    /// How many lines were handed to the thread.
    handed: u64,
    /// How many of them are written.
    written: watch::Receiver<u64>,
    done: oneshot::Receiver<io::Result<()>>,
}

impl Output {
    /// Standard output for people; colours only where `color` and the terminal allow them.
    pub(crate) fn to_people(color: ColorChoice) -> Result<Self, Failure> {
        Self::to(AutoStream::new(io::stdout(), color))
    }

    /// Standard output for programs: every byte as it is.
    pub(crate) fn to_programs() -> Result<Self, Failure> {
        Self::to(io::stdout())
    }

    fn to(mut writer: impl Write + Send + 'static) -> Result<Self, Failure> {
        let (lines, mut queue) = mpsc::channel::<String>(QUEUE);
        let (report, done) = oneshot::channel();
        let (count, written) = watch::channel(0);
        thread::Builder::new()
            .name("output".to_owned())
            .spawn(move || {
                let mut write = || {
                    while let Some(mut line) = queue.blocking_recv() {
                        line.push('\n');
                        writer.write_all(line.as_bytes())?;
                        writer.flush()?;
                        count.send_modify(|lines| *lines += 1);
                    }
                    Ok(())
                };
                let result = write();
                // Nobody who waits for the result is left only when the program is ending.
                let _ = report.send(result);
            })
            .map_err(failure)?;
        Ok(Self {
            lines,
            waiting: VecDeque::new(),
            handed: 0,
            written,
            done,
        })
    }

    /// Takes a line, without its end. It is on its way after [`drain`](Self::drain).
    pub(crate) fn say(&mut self, line: impl Into<String>) {
        self.waiting.push_back(line.into());
    }

    /// Whether lines wait to be drained.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Hands all lines to the thread. Dropping the future loses none.
    pub(crate) async fn drain(&mut self) -> Result<(), OutputClosed> {
        while !self.waiting.is_empty() {
            let room = self.lines.reserve().await.map_err(|_| OutputClosed)?;
            if let Some(line) = self.waiting.pop_front() {
                room.send(line);
                self.handed += 1;
            }
        }
        Ok(())
    }

    /// Waits until all lines are written. Dropping the future loses none.
    pub(crate) async fn written(&mut self) -> Result<(), OutputClosed> {
        self.drain().await?;
        let handed = self.handed;
        let written = self.written.wait_for(|lines| *lines == handed).await;
        written.map(drop).map_err(|_| OutputClosed)
    }

    /// Writes what is left, for a bounded time. That nobody reads any more is no error.
    ///
    /// # Errors
    /// [`Failure`] when it cannot be written for another reason.
    pub(crate) async fn finish(mut self) -> Result<(), Failure> {
        let last = async {
            // When it is closed, the thread's own report says why.
            let _ = self.drain().await;
            drop(self.lines);
            self.done.await
        };
        match tokio::time::timeout(FAREWELL, last).await {
            Ok(Ok(Err(error))) if error.kind() != io::ErrorKind::BrokenPipe => Err(failure(error)),
            Ok(Ok(_) | Err(_)) | Err(_) => Ok(()),
        }
    }
}

fn failure(error: io::Error) -> Failure {
    Failure::failed(format!("standard output cannot be written: {error}"))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn lines_are_written_in_order_and_the_last_one_before_the_end() {
        let paper = Paper::default();
        let mut output = Output::to(paper.clone()).unwrap();
        for number in 0..200 {
            output.say(number.to_string());
        }
        output.written().await.unwrap();
        let lines = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        assert!(lines.ends_with("\n199\n"), "{lines}");
        output.say("last");
        output.finish().await.unwrap();
        let expected: String = (0..200).map(|number| format!("{number}\n")).collect();
        let written = paper.0.lock().unwrap().clone();
        assert_eq!(String::from_utf8(written).unwrap(), expected + "last\n");
    }

    #[tokio::test]
    async fn a_broken_pipe_is_quiet_and_another_error_is_told() {
        for (kind, quiet) in [
            (io::ErrorKind::BrokenPipe, true),
            (io::ErrorKind::StorageFull, false),
        ] {
            let mut output = Output::to(Broken(kind)).unwrap();
            // The thread ends at the first line; sooner or later nothing more is taken.
            while output.drain().await.is_ok() {
                output.say("line");
                tokio::task::yield_now().await;
            }
            assert_eq!(output.finish().await.is_ok(), quiet, "{kind:?}");
        }
    }
}
