//! What the soak needs of a runtime beside what an adapter needs.

use std::sync::LazyLock;

use chat_async_std::runtime::AsyncStd;
use chat_driver::runtime::Runtime;
use chat_tokio::runtime::Tokio;

pub(crate) trait Arm: Runtime {
    const NAME: &str;

    /// Runs a future to its end, on this thread.
    fn block_on<T>(future: impl Future<Output = T>) -> T;

    /// How many tasks there are; none where they cannot be counted.
    fn tasks() -> Option<usize>;
}

/// Built when it is first entered, so that the other arm has none.
static TOKIO: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    #[expect(
        clippy::expect_used,
        reason = "without threads there is nothing to soak"
    )]
    let runtime = builder.enable_all().build().expect("a runtime");
    runtime
});

impl Arm for Tokio {
    const NAME: &str = "tokio";

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        TOKIO.block_on(future)
    }

    fn tasks() -> Option<usize> {
        Some(TOKIO.metrics().num_alive_tasks())
    }
}

impl Arm for AsyncStd {
    const NAME: &str = "async-std";

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        async_std::task::block_on(future)
    }

    fn tasks() -> Option<usize> {
        None
    }
}
