//! The adapter for tokio.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Runtime};

use crate::adapter::{Adapter, AttachmentSink, AttachmentSource};

/// The runtime of the client alone: the simulator has another one, so that tasks can be counted.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
});

pub(crate) struct Tokio;

impl Adapter for Tokio {
    type Runtime = chat_tokio::runtime::Tokio;

    const ON_TOKIO: bool = true;

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        RUNTIME.block_on(future)
    }

    fn tasks() -> Option<usize> {
        Some(RUNTIME.metrics().num_alive_tasks())
    }

    fn streamed(bytes: Vec<u8>) -> AttachmentSource<Self> {
        let size = bytes.len().try_into().unwrap();
        AttachmentSource::<Self>::reader(size, Cursor::new(bytes))
    }

    async fn streaming(path: &Path) -> AttachmentSink<Self> {
        let file = tokio::fs::File::create(path).await.unwrap();
        AttachmentSink::<Self>::writer(file)
    }
}
