//! Files of a chat.

use chat_proto::api::{AttachmentUrl, GetAttachment};
use chat_proto::{AttachmentId, CallAnswer, CommandError, NewAttachment, Session, UploadId};

use super::{ChatSession, outcome};
use crate::error::{AttachmentFailure, CallError};
use crate::files::{AttachmentSink, AttachmentSource, SharedSink, Sink};
use crate::runtime::Runtime;

impl ChatSession {
    /// Sends a file of this name and MIME type, and waits until the service has it. Its item
    /// arrives once the service has scanned it. A reader belongs to the runtime of the client.
    ///
    /// Safe to cancel: the file goes out, once.
    ///
    /// # Errors
    /// [`AttachmentFailure`]: the file was refused, or could not be sent, and at which stage.
    pub async fn send_attachment<R: Runtime>(
        &self,
        name: impl Into<String>,
        content_type: impl Into<String>,
        source: AttachmentSource<R>,
    ) -> Result<AttachmentId, AttachmentFailure> {
        // One that is refused is dropped outside of the session's lock.
        let mut source = Some(source.into_source());
        let size = source.as_ref().map_or(0, |source| source.size);
        let settled = self.command(|state, now| {
            let attachment = NewAttachment::new(name, content_type, size);
            let upload = state.session.send_attachment(now, attachment)?;
            if let Some(source) = source.take() {
                state.desk.files.add_source(upload, source);
            }
            Ok::<_, CommandError>(state.desk.waiters.attachment(upload))
        })?;
        Ok(outcome(settled).await?)
    }

    /// Goes on with a failed attachment where it stopped, and waits until the service has it. One
    /// that has been uploaded is not uploaded again.
    ///
    /// Safe to cancel: the file goes out, once.
    ///
    /// # Errors
    /// [`AttachmentFailure`]: there is no such attachment, or it failed again.
    pub async fn resume_attachment(
        &self,
        upload: UploadId,
    ) -> Result<AttachmentId, AttachmentFailure> {
        let settled = self.command(|state, now| {
            state.session.resume_attachment(now, upload)?;
            Ok::<_, CommandError>(state.desk.waiters.attachment(upload))
        })?;
        Ok(outcome(settled).await?)
    }

    /// Downloads a file of the chat, and waits until all of it is there. The number of its bytes. A
    /// writer belongs to the runtime of the client.
    ///
    /// Safe to cancel: the download goes on.
    ///
    /// # Errors
    /// [`CallError`]: the request was refused, or the file could not be had as a whole.
    pub async fn download_attachment<R: Runtime>(
        &self,
        attachment: AttachmentId,
        sink: AttachmentSink<R>,
    ) -> Result<u64, CallError> {
        let sink = SharedSink::new(sink.into_sink());
        self.download(attachment, &sink).await
    }

    /// Downloads a file of the chat of at most 100 MiB, the service's own limit, into memory.
    ///
    /// Safe to cancel: the file is discarded.
    ///
    /// # Errors
    /// As [`download_attachment`](Self::download_attachment).
    pub async fn attachment_bytes(&self, attachment: AttachmentId) -> Result<Vec<u8>, CallError> {
        let sink = SharedSink::new(Sink::memory());
        self.download(attachment, &sink).await?;
        Ok(sink.take_bytes())
    }

    async fn download(
        &self,
        attachment: AttachmentId,
        sink: &SharedSink,
    ) -> Result<u64, CallError> {
        let begun = self.command(|state, now| {
            let call = state.session.download_attachment(now, attachment)?;
            state.desk.files.add_sink(call, sink.clone());
            Ok::<_, CommandError>(state.desk.waiters.call(call))
        })?;
        Self::answer(begun, |answer| {
            if let CallAnswer::AttachmentDownloaded { bytes } = answer {
                Some(bytes)
            } else {
                None
            }
        })
        .await
    }

    /// Asks where to download a file of the chat, for a browser or another program. The URL is as
    /// good as the file itself, for as long as it works.
    ///
    /// Safe to cancel: the answer is discarded.
    ///
    /// # Errors
    /// [`CallError`]: the request was refused, or could not be sent.
    pub async fn attachment_url(&self, request: GetAttachment) -> Result<AttachmentUrl, CallError> {
        let begin = |session: &mut Session, now| session.attachment_url(now, request);
        self.call(begin, |answer| {
            if let CallAnswer::AttachmentUrl(url) = answer {
                Some(url)
            } else {
                None
            }
        })
        .await
    }
}
