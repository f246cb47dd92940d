//! Where the bytes of attachments come from and where they go.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chat_proto::{CallId, Event, TransportError, TransportErrorKind, UploadId};
use futures_util::AsyncWriteExt;
use futures_util::io::Cursor;

use crate::progress::{Progress, Watcher};
use crate::runtime::{ReadFrom, Reader, Runtime, WriteTo, Writer};

/// The most bytes of one attachment that are held in memory. The service takes no larger file.
const MEMORY_LIMIT: u64 = 100 * 1024 * 1024;

/// A file to send. It is read while it is uploaded, and never held in memory as a whole unless it
/// is given so.
pub struct AttachmentSource<R> {
    source: Source,
    runtime: PhantomData<fn() -> R>,
}

/// A source that no longer says of which runtime its reader is.
pub(crate) struct Source {
    pub(crate) size: u64,
    content: Content,
    watcher: Watcher,
}

/// What is read when the file is uploaded.
enum Content {
    Memory(Bytes),
    File(PathBuf),
    /// None once it has been read.
    Reader(Option<Reader>),
}

impl<R: Runtime> AttachmentSource<R> {
    /// These bytes.
    pub fn bytes(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Self::new(size, Content::Memory(bytes))
    }

    /// The file at this path, with the size it has at this moment. It is opened when it is
    /// uploaded, and again if that has to be repeated.
    ///
    /// Safe to cancel: it changes nothing.
    ///
    /// # Errors
    /// When there is no such file, it cannot be looked at, or it is a directory.
    pub async fn file(path: impl Into<PathBuf>) -> io::Result<Self> {
        let path = path.into();
        let looked_at = path.clone();
        let found = R::unblock(move || std::fs::metadata(looked_at)).await?;
        if found.is_dir() {
            let kind = io::ErrorKind::InvalidInput;
            return Err(io::Error::new(kind, "it is a directory, not a file"));
        }
        Ok(Self::new(found.len(), Content::File(path)))
    }

    /// As many bytes as `size` says from a stream: any reader of the runtime. A stream is read
    /// once, so an upload that breaks is not repeated: it fails.
    pub fn reader<T>(size: u64, reader: T) -> Self
    where
        R: ReadFrom<T>,
    {
        Self::new(size, Content::Reader(Some(R::reader(reader))))
    }

    /// Tells how far the upload is, each time a part of the file has been read for it. An upload
    /// that is repeated begins at zero again. What is called must neither block nor panic.
    #[must_use]
    pub fn on_progress(mut self, tell: impl FnMut(Progress) + Send + 'static) -> Self {
        self.source.watcher = Watcher::new(tell);
        self
    }

    /// The number of bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.source.size
    }

    fn new(size: u64, content: Content) -> Self {
        let watcher = Watcher::default();
        Self {
            source: Source {
                size,
                content,
                watcher,
            },
            runtime: PhantomData,
        }
    }

    pub(crate) fn into_source(self) -> Source {
        self.source
    }
}

impl Source {
    /// What one upload reads.
    pub(crate) fn take(&mut self) -> Upload {
        let content = match &mut self.content {
            Content::Memory(bytes) => Content::Memory(bytes.clone()),
            Content::File(path) => Content::File(path.clone()),
            Content::Reader(reader) => Content::Reader(reader.take()),
        };
        Upload {
            content,
            watcher: self.watcher.clone(),
        }
    }
}

/// What one upload reads.
pub(crate) struct Upload {
    content: Content,
    pub(crate) watcher: Watcher,
}

impl<R> fmt::Debug for AttachmentSource<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl fmt::Debug for Source {
    /// Shows the size only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentSource")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

impl Upload {
    /// Opens it to be read from its beginning.
    pub(crate) async fn open<R: Runtime>(self) -> Result<Reader, TransportError> {
        match self.content {
            Content::Memory(bytes) => Ok(Box::pin(Cursor::new(bytes))),
            Content::File(path) => {
                let file = R::unblock(move || std::fs::File::open(path)).await;
                Ok(R::file_reader(file.map_err(|error| failure(&error))?))
            }
            Content::Reader(Some(reader)) => Ok(reader),
            Content::Reader(None) => {
                let detail = "the stream has been read already; send the file from a new one";
                Err(TransportError::new(TransportErrorKind::File, detail))
            }
        }
    }
}

/// Where a downloaded file goes.
pub struct AttachmentSink<R> {
    sink: Sink,
    runtime: PhantomData<fn() -> R>,
}

/// A sink that no longer says of which runtime its writer is.
pub(crate) struct Sink {
    target: Target,
    watcher: Watcher,
}

enum Target {
    Memory(Vec<u8>),
    File(PathBuf),
    /// None once it has been written to.
    Writer(Option<Writer>),
}

impl<R: Runtime> AttachmentSink<R> {
    /// A file at this path, which appears there when the download is complete. Until then the
    /// bytes are in a file of its own beside it, whose name ends in `.part`. A file that is there
    /// already is replaced.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Target::File(path.into()))
    }

    /// A stream: any writer of the runtime. It is closed after the last byte. It is written to
    /// once, so a download that breaks is not repeated: it fails, with a part of the file written.
    pub fn writer<T>(writer: T) -> Self
    where
        R: WriteTo<T>,
    {
        Self::new(Target::Writer(Some(R::writer(writer))))
    }

    /// Tells how far the download is, each time a part of the file has been written. A download
    /// that is repeated begins at zero again. What is called must neither block nor panic.
    #[must_use]
    pub fn on_progress(mut self, tell: impl FnMut(Progress) + Send + 'static) -> Self {
        self.sink.watcher = Watcher::new(tell);
        self
    }

    fn new(target: Target) -> Self {
        Self {
            sink: Sink::new(target),
            runtime: PhantomData,
        }
    }

    pub(crate) fn into_sink(self) -> Sink {
        self.sink
    }
}

impl Sink {
    fn new(target: Target) -> Self {
        let watcher = Watcher::default();
        Self { target, watcher }
    }

    pub(crate) fn memory() -> Self {
        Self::new(Target::Memory(Vec::new()))
    }
}

impl<R> fmt::Debug for AttachmentSink<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttachmentSink").finish_non_exhaustive()
    }
}

/// A sink that the waiting application and the driver share.
#[derive(Clone)]
pub(crate) struct SharedSink(Arc<Mutex<Sink>>);

impl SharedSink {
    pub(crate) fn new(sink: Sink) -> Self {
        Self(Arc::new(Mutex::new(sink)))
    }

    /// Who is told how far a download is.
    pub(crate) fn watcher(&self) -> Watcher {
        self.lock().watcher.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Sink> {
        // Nothing in here panics; what is there is whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been downloaded into memory.
    pub(crate) fn take_bytes(&self) -> Vec<u8> {
        if let Target::Memory(bytes) = &mut self.lock().target {
            std::mem::take(bytes)
        } else {
            Vec::new()
        }
    }

    /// Opens it to be written from its beginning.
    pub(crate) async fn open<R: Runtime>(&self, size: u64) -> Result<Download, TransportError> {
        enum Opening {
            Memory,
            File(PathBuf),
            Writer(Writer),
        }
        let opening = match &mut self.lock().target {
            Target::Memory(_) if size > MEMORY_LIMIT => {
                let detail = format!("the file has {size} bytes; save it instead");
                return Err(TransportError::new(TransportErrorKind::File, detail));
            }
            Target::Memory(_) => Opening::Memory,
            Target::File(path) => Opening::File(path.clone()),
            Target::Writer(writer) => match writer.take() {
                Some(writer) => Opening::Writer(writer),
                None => {
                    let detail = "the stream has been written to already; download to a new one";
                    return Err(TransportError::new(TransportErrorKind::File, detail));
                }
            },
        };
        Ok(match opening {
            Opening::Memory => Download::Memory(Vec::new(), self.clone()),
            Opening::Writer(writer) => Download::Writer(writer),
            Opening::File(path) => {
                let part = beside(&path).map_err(|error| failure(&error))?;
                // The part comes with its file, so that it goes away when nobody waits any more.
                let created =
                    R::unblock(|| Ok((std::fs::File::create_new(&part)?, Part(part)))).await;
                let (file, part) = created.map_err(|error| failure(&error))?;
                Download::File {
                    file: R::file_writer(file),
                    part,
                    path,
                }
            }
        })
    }
}

/// A file that is being downloaded. What is not finished leaves nothing behind, except in a
/// stream.
pub(crate) enum Download {
    Memory(Vec<u8>, SharedSink),
    File {
        file: Writer,
        part: Part,
        path: PathBuf,
    },
    Writer(Writer),
}

impl Download {
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        let written = match self {
            Self::Memory(all, _) => {
                all.extend_from_slice(bytes);
                Ok(())
            }
            Self::File { file, .. } => file.write_all(bytes).await,
            Self::Writer(writer) => writer.write_all(bytes).await,
        };
        written.map_err(|error| failure(&error))
    }

    /// The whole file has been written.
    pub(crate) async fn finish<R: Runtime>(self) -> Result<(), TransportError> {
        let finished = match self {
            Self::Memory(all, sink) => {
                sink.lock().target = Target::Memory(all);
                Ok(())
            }
            Self::File {
                mut file,
                part,
                path,
            } => match file.close().await {
                Ok(()) => {
                    drop(file);
                    R::unblock(move || std::fs::rename(&part.0, path)).await
                }
                Err(error) => Err(error),
            },
            Self::Writer(mut writer) => writer.close().await,
        };
        finished.map_err(|error| failure(&error))
    }
}

/// A name of its own beside this path, so that two downloads do not write to one file.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let number = getrandom::u32()?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number:08x}.part"));
    Ok(name.into())
}

/// A file that goes away again, unless it has been renamed.
pub(crate) struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // It fails when the file has been renamed, which is what was wanted.
        drop(std::fs::remove_file(&self.0));
    }
}

/// The sources and sinks of one session.
#[derive(Default)]
pub(crate) struct Files {
    sources: BTreeMap<UploadId, Source>,
    sinks: BTreeMap<CallId, SharedSink>,
    gone: Vec<Gone>,
}

/// Something with values of the application in it, such as its reader. Dropping those runs code of
/// the application, or drops the last handle of a session: not under a session's lock.
pub(crate) type Gone = Box<dyn Send>;

impl Files {
    pub(crate) fn add_source(&mut self, upload: UploadId, source: Source) {
        self.sources.insert(upload, source);
    }

    pub(crate) fn add_sink(&mut self, call: CallId, sink: SharedSink) {
        self.sinks.insert(call, sink);
    }

    /// What the next upload of this file reads.
    pub(crate) fn upload(&mut self, upload: UploadId) -> Option<Upload> {
        self.sources.get_mut(&upload).map(Source::take)
    }

    /// Where this download goes.
    pub(crate) fn sink(&self, call: CallId) -> Option<SharedSink> {
        self.sinks.get(&call).cloned()
    }

    /// Lets go of what a finished call was for.
    pub(crate) fn notice(&mut self, event: &Event) {
        if let Event::CallFinished { call, .. } = event {
            if let Some(sink) = self.sinks.remove(call) {
                self.gone.push(Box::new(sink));
            }
        }
    }

    /// Lets go of the sources that will not be read again.
    pub(crate) fn keep(&mut self, is_held: impl Fn(UploadId) -> bool) {
        let over = self.sources.keys().filter(|upload| !is_held(**upload));
        for upload in over.copied().collect::<Vec<_>>() {
            if let Some(source) = self.sources.remove(&upload) {
                self.gone.push(Box::new(source));
            }
        }
    }

    /// What has been let go of, to be dropped outside of all locks.
    pub(crate) fn take_gone(&mut self) -> Vec<Gone> {
        std::mem::take(&mut self.gone)
    }
}

/// An error of the operating system; its text names no file.
pub(crate) fn failure(error: &io::Error) -> TransportError {
    TransportError::new(TransportErrorKind::File, error.to_string())
}

#[cfg(test)]
mod tests {
    use futures_util::AsyncReadExt;

    use super::*;
    use crate::testing::Tokio;

    type AttachmentSource = super::AttachmentSource<Tokio>;
    type AttachmentSink = super::AttachmentSink<Tokio>;

    async fn read(upload: Upload) -> Result<Vec<u8>, TransportError> {
        let mut bytes = Vec::new();
        let mut reader = upload.open::<Tokio>().await?;
        reader.read_to_end(&mut bytes).await.unwrap();
        Ok(bytes)
    }

    #[tokio::test]
    async fn a_source_can_be_read_again_unless_it_is_a_stream() {
        let memory = AttachmentSource::bytes("boat");
        assert_eq!(memory.size(), 4);
        let mut memory = memory.into_source();
        let mut stream = AttachmentSource::reader(4, &b"boat"[..]).into_source();
        for _ in 0..2 {
            assert_eq!(read(memory.take()).await.unwrap(), b"boat");
        }
        assert_eq!(read(stream.take()).await.unwrap(), b"boat");
        let error = read(stream.take()).await.unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::File);
    }

    #[tokio::test]
    async fn a_missing_file_is_told_without_its_name() {
        let error = AttachmentSource::file("/nowhere/SECRET").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let directory = AttachmentSource::file(std::env::temp_dir()).await;
        assert!(directory.is_err());
        let gone = AttachmentSource::new(1, Content::File("/nowhere/SECRET".into()));
        let error = read(gone.into_source().take()).await;
        let error = error.unwrap_err().to_string();
        assert!(!error.contains("SECRET"), "{error}");
    }

    #[tokio::test]
    async fn a_file_appears_only_when_it_is_complete() {
        let folder = std::env::temp_dir().join(format!("chat-driver-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("boat.png");
        let sink = SharedSink::new(AttachmentSink::file(&path).into_sink());
        let names = || std::fs::read_dir(&folder).unwrap().count();
        let mut broken = sink.open::<Tokio>(4).await.unwrap();
        broken.write(b"bo").await.unwrap();
        assert!(!path.exists());
        assert_eq!(names(), 1);
        drop(broken);
        assert_eq!(names(), 0, "nothing is left behind");
        let mut whole = sink.open::<Tokio>(4).await.unwrap();
        whole.write(b"boat").await.unwrap();
        whole.finish::<Tokio>().await.unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"boat");
        assert_eq!(names(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn memory_begins_anew_and_a_stream_does_not() {
        let memory = SharedSink::new(Sink::memory());
        let mut broken = memory.open::<Tokio>(4).await.unwrap();
        broken.write(b"bo").await.unwrap();
        drop(broken);
        assert_eq!(memory.take_bytes(), b"");
        let mut whole = memory.open::<Tokio>(4).await.unwrap();
        whole.write(b"boat").await.unwrap();
        whole.finish::<Tokio>().await.unwrap();
        assert_eq!(memory.take_bytes(), b"boat");
        assert!(memory.open::<Tokio>(MEMORY_LIMIT + 1).await.is_err());
        let stream = SharedSink::new(AttachmentSink::writer(Vec::new()).into_sink());
        assert!(stream.open::<Tokio>(4).await.is_ok());
        assert!(stream.open::<Tokio>(4).await.is_err());
    }
}
