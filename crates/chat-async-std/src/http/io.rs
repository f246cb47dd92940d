//! What reads and writes as `futures-io` does, for hyper.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::{AsyncRead, AsyncWrite};
use hyper::rt::ReadBufCursor;

/// The most that is read at once. hyper's own buffer begins with as much.
const READ_BUFFER: usize = 8 * 1024;

/// A stream of `futures-io`, as hyper takes one.
#[derive(Debug)]
pub struct Io<S> {
    stream: S,
    /// What is read goes through here: to read into hyper's own buffer, which is not initialised,
    /// takes unsafe code. Nothing stays in it, and it is allocated with the first read.
    buffer: Vec<u8>,
}

impl<S> Io<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> hyper::rt::Read for Io<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { stream, buffer } = self.get_mut();
        if buffer.is_empty() {
            buffer.resize(READ_BUFFER, 0);
        }
        let room = into.remaining().min(READ_BUFFER);
        let count = ready!(Pin::new(stream).poll_read(cx, &mut buffer[..room]))?;
        into.put_slice(&buffer[..count]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> hyper::rt::Write for Io<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use hyper::rt::{Read, ReadBuf, Write};

    use super::*;
    use crate::runtime::block_on;

    /// Gives and takes a few bytes at a time, and is not ready every other time.
    #[derive(Default)]
    struct Trickle {
        unread: Vec<u8>,
        written: Vec<u8>,
        was_ready: bool,
        flushed: bool,
        closed: bool,
    }

    impl Trickle {
        fn stalls(&mut self, cx: &Context<'_>) -> bool {
            self.was_ready = !self.was_ready;
            if !self.was_ready {
                cx.waker().wake_by_ref();
            }
            !self.was_ready
        }
    }

    impl AsyncRead for Trickle {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            into: &mut [u8],
        ) -> Poll<io::Result<usize>> {
            if self.stalls(cx) {
                return Poll::Pending;
            }
            let count = into.len().min(self.unread.len()).min(3);
            into[..count].copy_from_slice(&self.unread[..count]);
            self.unread.drain(..count);
            Poll::Ready(Ok(count))
        }
    }

    impl AsyncWrite for Trickle {
        fn poll_write(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            if self.stalls(cx) {
                return Poll::Pending;
            }
            let count = bytes.len().min(3);
            self.written.extend_from_slice(&bytes[..count]);
            Poll::Ready(Ok(count))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushed = true;
            Poll::Ready(Ok(()))
        }

        fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.closed = true;
            Poll::Ready(Ok(()))
        }
    }

    /// Reads once into room for so many bytes.
    fn read(io: &mut Io<Trickle>, room: usize) -> Vec<u8> {
        let mut bytes = vec![0; room];
        let mut buffer = ReadBuf::new(&mut bytes);
        block_on(poll_fn(|cx| {
            Pin::new(&mut *io).poll_read(cx, buffer.unfilled())
        }))
        .unwrap();
        buffer.filled().to_vec()
    }

    #[test]
    fn bytes_come_in_pieces_until_the_end() {
        let mut io = Io::new(Trickle {
            unread: b"hello world".to_vec(),
            ..Trickle::default()
        });
        assert_eq!(read(&mut io, 100), b"hel");
        assert_eq!(read(&mut io, 2), b"lo", "no more than there is room for");
        assert_eq!(read(&mut io, 1), b" ");
        assert_eq!(read(&mut io, READ_BUFFER * 2), b"wor");
        assert_eq!(read(&mut io, 100), b"ld");
        assert_eq!(read(&mut io, 100), b"", "the end");
        assert_eq!(read(&mut io, 100), b"", "which stays");
    }

    #[test]
    fn bytes_go_out_in_pieces_and_the_end_is_told() {
        let mut io = Io::new(Trickle::default());
        let mut rest: &[u8] = b"hello world";
        while !rest.is_empty() {
            let count = block_on(poll_fn(|cx| Pin::new(&mut io).poll_write(cx, rest))).unwrap();
            assert!((1..=3).contains(&count));
            rest = &rest[count..];
        }
        block_on(poll_fn(|cx| Pin::new(&mut io).poll_flush(cx))).unwrap();
        assert!(io.stream.flushed && !io.stream.closed);
        block_on(poll_fn(|cx| Pin::new(&mut io).poll_shutdown(cx))).unwrap();
        let stream = io.into_inner();
        assert!(stream.closed);
        assert_eq!(stream.written, b"hello world");
    }
}
