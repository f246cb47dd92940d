//! The adapter for async-std, whose tasks run on threads of its own.

use std::path::Path;

use async_std::fs::File;
use async_std::io::Cursor;
use async_std::task;

use crate::adapter::{Adapter, AttachmentSink, AttachmentSource};

pub(crate) struct AsyncStd;

impl Adapter for AsyncStd {
    type Runtime = chat_async_std::runtime::AsyncStd;

    const ON_TOKIO: bool = false;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        task::block_on(future)
    }

    fn tasks() -> Option<usize> {
        None
    }

    fn streamed(bytes: Vec<u8>) -> AttachmentSource<Self> {
        let size = bytes.len().try_into().unwrap();
        AttachmentSource::<Self>::reader(size, Cursor::new(bytes))
    }

    async fn streaming(path: &Path) -> AttachmentSink<Self> {
        let file = File::create(path).await.unwrap();
        AttachmentSink::<Self>::writer(file)
    }
}
