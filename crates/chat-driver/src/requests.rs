//! The HTTP requests of a session that are under way, and in the same way its transfers.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use chat_proto::TransportError;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::FuturesUnordered;

/// The answer to a request, or why there is none.
pub(crate) type Answer<T> = Result<T, TransportError>;

type Exchange<K, T> = Pin<Box<dyn Future<Output = (K, Answer<T>)> + Send>>;

/// Each has a name, `K`. Dropping it cancels them all.
pub(crate) struct Requests<K, T> {
    exchanges: FuturesUnordered<Abortable<Exchange<K, T>>>,
    handles: BTreeMap<K, AbortHandle>,
}

impl<K, T> Default for Requests<K, T> {
    fn default() -> Self {
        Self {
            exchanges: FuturesUnordered::new(),
            handles: BTreeMap::new(),
        }
    }
}

impl<K: Clone + Ord + Send + 'static, T: 'static> Requests<K, T> {
    /// Begins a request; one of the same name that is under way is cancelled.
    pub(crate) fn begin(
        &mut self,
        request: K,
        answer: impl Future<Output = Answer<T>> + Send + 'static,
    ) {
        let (handle, registration) = AbortHandle::new_pair();
        let name = request.clone();
        let exchange: Exchange<K, T> = Box::pin(async move { (name, answer.await) });
        self.exchanges.push(Abortable::new(exchange, registration));
        if let Some(before) = self.handles.insert(request, handle) {
            before.abort();
        }
    }

    /// Cancels a request, whose answer does not come then.
    pub(crate) fn cancel(&mut self, request: &K) {
        if let Some(handle) = self.handles.remove(request) {
            handle.abort();
        }
    }

    /// The next answer.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(K, Answer<T>)> {
        loop {
            match self.exchanges.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok((request, answer)))) => {
                    self.handles.remove(&request);
                    return Poll::Ready((request, answer));
                }
                Poll::Ready(Some(Err(_cancelled))) => {}
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use chat_proto::TransportErrorKind;
    use tokio::sync::oneshot;

    use super::*;
    use crate::clock;

    /// Ids are made by sessions alone: the first of one that connects.
    fn first_request() -> chat_proto::RequestId {
        let endpoint = chat_proto::Endpoint::custom("http://127.0.0.1:1").unwrap();
        let details = chat_proto::ChatDetails {
            contact_id: "c".into(),
            participant_id: "p".into(),
            participant_token: "t".into(),
        };
        let start = clock::Clock::start::<crate::testing::Tokio>()
            .session_start(chat_proto::Seed::from_number(1));
        let config = chat_proto::Config::new(endpoint);
        let mut session = chat_proto::Session::new(start, config, details).unwrap();
        session.connect(start.now).unwrap();
        session.handle_timeout(start.now);
        let Some(chat_proto::Action::Request { request, .. }) = session.poll_action() else {
            panic!("a session that connects asks for something");
        };
        request
    }

    #[tokio::test]
    async fn a_cancelled_request_ends_at_once_and_its_answer_does_not_come() {
        let request = first_request();
        let mut requests = Requests::<_, ()>::default();
        let (alive, mut ended) = oneshot::channel::<()>();
        requests.begin(request, async move {
            let _alive = alive;
            std::future::pending().await
        });
        requests.cancel(&request);
        let next = poll_fn(|cx| Poll::Ready(requests.poll(cx)));
        assert!(next.await.is_pending());
        let gone = oneshot::error::TryRecvError::Closed;
        assert_eq!(ended.try_recv(), Err(gone));

        let broken = || TransportError::new(TransportErrorKind::Broken, "cut");
        requests.begin(request, async move { Err(broken()) });
        let (answered, answer) = poll_fn(|cx| requests.poll(cx)).await;
        assert_eq!((answered, answer.unwrap_err()), (request, broken()));
    }
}
