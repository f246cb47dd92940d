//! A file on its way into a chat.

use std::fmt;
use std::time::Duration;

use crate::agenda::TaskKey;
use crate::blobs::BlobId;
use crate::item::AttachmentStatus;

/// How far a file has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UploadState {
    /// It may be uploaded until then.
    Started { expires: Duration },
    /// It was completed and is being looked at.
    Scanning,
    /// It has been looked at.
    Judged(AttachmentStatus),
}

/// A file of a contact.
pub(crate) struct Upload {
    /// Its AttachmentId, a UUID.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// Its size in bytes, as it was announced.
    pub(crate) size: usize,
    /// The participant whose file it is.
    pub(crate) from: usize,
    pub(crate) state: UploadState,
    pub(crate) bytes: Option<BlobId>,
    /// The token in its upload URL.
    pub(crate) url_token: String,
    /// The client token of its StartAttachmentUpload.
    pub(crate) start_token: String,
    /// The client token of its CompleteAttachmentUpload.
    pub(crate) complete_token: Option<String>,
    /// The task that tells what has become of it.
    pub(crate) task: Option<TaskKey>,
    /// The item that tells of it while it is being looked at.
    pub(crate) item_id: Option<String>,
}

// Written by hand: names and tokens stay out of logs.
impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("id", &self.id)
            .field("size", &self.size)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
