//! What the script needs of an adapter. The types of the adapters are named here only.

use std::path::Path;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::sync::oneshot;

pub(crate) use chat_tokio::chat_proto;
pub(crate) use chat_tokio::{
    AgentHub, AgentProvider, AttachmentFailure, CallError, ChatSession, ConnectFailure, Events,
    FailedAttachment, HubEvents, ProvidedFuture, ResendFailure, SendFailure, StartChatError,
};

/// An adapter, with the runtime it is for.
pub(crate) trait Adapter: Sized + 'static {
    /// Runs a future to its end, on this thread.
    fn block_on<T>(future: impl Future<Output = T>) -> T;

    /// Runs a future beside the others.
    fn spawn(future: impl Future<Output = ()> + Send + 'static);

    fn sleep(time: Duration) -> impl Future<Output = ()> + Send;

    /// How many tasks run now, those of the script included; none where they cannot be counted.
    fn tasks() -> Option<usize>;

    /// A file to send that is read from a stream of the runtime's own kind.
    fn streamed(bytes: Vec<u8>) -> AttachmentSource<Self>;

    /// A file to receive that is written to a stream of the runtime's own kind, which ends in a
    /// file.
    fn streaming(path: &Path) -> impl Future<Output = AttachmentSink<Self>>;
}

/// The types that each adapter has of its own.
pub(crate) trait Types {
    type Client;
    type ClientBuilder;
    type AttachmentSource;
    type AttachmentSink;
}

impl<A: Adapter> Types for A {
    type Client = chat_tokio::Client;
    type ClientBuilder = chat_tokio::ClientBuilder;
    type AttachmentSource = chat_tokio::AttachmentSource;
    type AttachmentSink = chat_tokio::AttachmentSink;
}

pub(crate) type Client<A> = <A as Types>::Client;
pub(crate) type ClientBuilder<A> = <A as Types>::ClientBuilder;
pub(crate) type AttachmentSource<A> = <A as Types>::AttachmentSource;
pub(crate) type AttachmentSink<A> = <A as Types>::AttachmentSink;

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
