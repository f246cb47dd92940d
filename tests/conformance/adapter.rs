//! What the script needs of an adapter. Everything else is the same type in all of them.

use std::path::Path;
use std::time::Duration;

use chat_driver::runtime::Runtime;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use crate::counted::Counted;

pub(crate) use chat_driver::chat_proto;
pub(crate) use chat_driver::{
    AgentHub, AgentProvider, AttachmentFailure, CallError, ChatSession, ConnectFailure, Events,
    FailedAttachment, HubEvents, Progress, ProvidedFuture, Proxy, ResendFailure, SendFailure,
    SessionError, Shutdown, StartChatError,
};

/// An adapter, with the runtime it is for.
pub(crate) trait Adapter: Sized + 'static {
    /// The adapter itself.
    type Runtime: Runtime;

    /// Whether its tasks run on tokio.
    const ON_TOKIO: bool;

    /// Runs a future to its end, on this thread.
    fn block_on<T>(future: impl Future<Output = T>) -> T;

    /// How many tasks of any kind the runtime has now; none where it does not tell.
    fn tasks() -> Option<usize>;

    /// A file to send that is read from a stream of the runtime's own kind.
    fn streamed(bytes: Vec<u8>) -> AttachmentSource<Self>;

    /// A file to receive that is written to a stream of the runtime's own kind, which ends in a
    /// file.
    fn streaming(path: &Path) -> impl Future<Output = AttachmentSink<Self>>;

    /// Runs a future beside the others.
    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        Counted::<Self::Runtime>::spawn(future);
    }

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send {
        Self::Runtime::sleep(time)
    }
}

pub(crate) type Client<A> = chat_driver::Client<Counted<<A as Adapter>::Runtime>>;
pub(crate) type ClientBuilder<A> = chat_driver::ClientBuilder<Counted<<A as Adapter>::Runtime>>;
pub(crate) type AttachmentSource<A> =
    chat_driver::AttachmentSource<Counted<<A as Adapter>::Runtime>>;
pub(crate) type AttachmentSink<A> = chat_driver::AttachmentSink<Counted<<A as Adapter>::Runtime>>;

/// What a future gives, or nothing when it takes longer.
pub(crate) async fn within<A: Adapter, T>(
    limit: Duration,
    future: impl Future<Output = T>,
) -> Option<T> {
    let (future, sleep) = (std::pin::pin!(future), std::pin::pin!(A::sleep(limit)));
    match select(future, sleep).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// Waits for something while something else is under way, which must not end before. It is dropped
/// then.
pub(crate) async fn meanwhile<T>(awaited: impl Future<Output = T>, under_way: impl Future) -> T {
    let (awaited, under_way) = (std::pin::pin!(awaited), std::pin::pin!(under_way));
    match select(awaited, under_way).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => panic!("what was to be under way has ended"),
    }
}

/// Polls a future once, as a selection among several does, and drops it. On a busy machine what it
/// waits for may have come by then.
pub(crate) fn poll_once(future: impl Future) {
    drop(future.now_or_never());
}

/// Begins something; what is answered gives its outcome.
pub(crate) fn begin<A: Adapter, T: Send + 'static>(
    future: impl Future<Output = T> + Send + 'static,
) -> oneshot::Receiver<T> {
    let (done, outcome) = oneshot::channel();
    A::spawn(async move {
        // Nobody may want to know.
        let _ = done.send(future.await);
    });
    outcome
}
