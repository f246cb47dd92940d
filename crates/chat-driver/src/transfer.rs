//! The bytes of files over HTTP: streamed, so that no file is held in memory.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use chat_proto::{Transferred, TransportError};
use http::Request;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};

use crate::failure;
use crate::files::{SharedSink, Upload};
use crate::http::{Requester, no_body};
use crate::progress::Watcher;
use crate::runtime::{Http, Reader, Runtime};

/// How much of a file is read at once.
const CHUNK: usize = 64 * 1024;

impl<R: Runtime> Requester<R> {
    /// Uploads a file. It has no time limit of its own; dropping the future cancels it.
    pub(crate) fn upload(
        &self,
        request: Request<()>,
        size: u64,
        content: Upload,
    ) -> impl Future<Output = Result<Transferred, TransportError>> + Send + 'static {
        let (http, checked) = (self.http.clone(), self.check(request.uri()));
        async move {
            checked?;
            let sent = Arc::new(AtomicU64::new(0));
            let body = FileBody {
                watcher: content.watcher.clone(),
                reader: content.open::<R>().await?,
                size,
                left: size,
                buffer: vec![0; CHUNK],
                sent: Arc::clone(&sent),
            };
            let mut request = request.map(|()| body.boxed_unsync());
            // The body's own length is the one that counts.
            request.headers_mut().remove(CONTENT_LENGTH);
            let response = http.exchange(request).await?;
            Ok(Transferred {
                status: response.status().as_u16(),
                bytes: sent.load(Ordering::Acquire),
            })
        }
    }

    /// Downloads a file of this size. It has no time limit of its own; dropping the future cancels
    /// it.
    pub(crate) fn download(
        &self,
        request: Request<()>,
        size: u64,
        sink: SharedSink,
    ) -> impl Future<Output = Result<Transferred, TransportError>> + Send + 'static {
        let (http, checked) = (self.http.clone(), self.check(request.uri()));
        async move {
            checked?;
            let response = http.exchange(request.map(|()| no_body())).await?;
            let status = response.status().as_u16();
            let mut bytes = 0;
            if !response.status().is_success() {
                return Ok(Transferred { status, bytes });
            }
            let mut file = sink.open::<R>(size).await?;
            let watcher = sink.watcher();
            let mut body = response.into_body();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| failure::exchange(&error))?;
                let Ok(data) = frame.into_data() else {
                    continue; // trailers
                };
                bytes += u64::try_from(data.len()).unwrap_or(u64::MAX);
                if bytes > size {
                    return Ok(Transferred { status, bytes });
                }
                file.write(&data).await?;
                watcher.tell(bytes, size);
            }
            if bytes == size {
                file.finish::<R>().await?;
            }
            Ok(Transferred { status, bytes })
        }
    }
}

/// A file as the body of a request.
struct FileBody {
    reader: Reader,
    size: u64,
    left: u64,
    buffer: Vec<u8>,
    /// How much of it has been handed over.
    sent: Arc<AtomicU64>,
    watcher: Watcher,
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let wanted = usize::try_from(this.left).map_or(CHUNK, |left| left.min(CHUNK));
        if wanted == 0 {
            return Poll::Ready(None);
        }
        let broken = |why: String| Poll::Ready(Some(Err(FileError(why).into())));
        let buffer = &mut this.buffer[..wanted];
        let read = match ready!(this.reader.as_mut().poll_read(cx, buffer)) {
            Ok(length) => &this.buffer[..length.min(wanted)],
            Err(error) => return broken(error.to_string()),
        };
        let length = u64::try_from(read.len()).unwrap_or(u64::MAX);
        if length == 0 {
            return broken(format!("it ends {} bytes before its size", this.left));
        }
        this.left = this.left.saturating_sub(length);
        this.sent.fetch_add(length, Ordering::AcqRel);
        this.watcher.tell(this.size - this.left, this.size);
        Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(read)))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// A file could not be read.
#[derive(Debug)]
pub(crate) struct FileError(String);

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for FileError {}

#[cfg(test)]
mod tests;
