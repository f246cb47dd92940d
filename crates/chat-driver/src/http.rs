//! HTTP requests, as the protocol asks for them, over what performs them.

use std::error::Error;

use bytes::Bytes;
use chat_proto::{TransportError, TransportErrorKind};
use http::{HeaderMap, Request, Response, Uri};
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited};

use crate::address::{self, Address};
use crate::failure;
use crate::runtime::{Http, RequestBody, Runtime};

/// Performs requests.
pub(crate) struct Requester<R: Runtime> {
    pub(crate) http: R::Http,
    pub(crate) body_limit: usize,
    pub(crate) allow_insecure: bool,
    /// What is sent with each request to the service.
    pub(crate) headers: HeaderMap,
}

impl<R: Runtime> Requester<R> {
    /// Performs a request. It has no time limit of its own; dropping the future cancels it.
    pub(crate) fn perform(
        &self,
        mut request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'static {
        request.headers_mut().extend(self.headers.clone());
        let checked = self.check(request.uri());
        let (http, limit) = (self.http.clone(), self.body_limit);
        async move {
            checked?;
            let request = request.map(|body| {
                let body = Full::new(Bytes::from(body));
                body.map_err(|never| match never {}).boxed_unsync()
            });
            let (head, body) = http.exchange(request).await?.into_parts();
            let body = Limited::new(body, limit).collect().await;
            let body = body.map_err(|error| body_failure(&*error, limit))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        }
    }

    /// Whether this URL may be used.
    pub(crate) fn check(&self, uri: &Uri) -> Result<(), TransportError> {
        Address::of(uri, address::HTTP, self.allow_insecure).map(drop)
    }
}

/// The body of a request that has none.
pub(crate) fn no_body() -> RequestBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn body_failure(error: &(dyn Error + Send + Sync + 'static), limit: usize) -> TransportError {
    if error.is::<LengthLimitError>() {
        let detail = format!("the body of the answer is longer than body_limit, {limit} bytes");
        return TransportError::new(TransportErrorKind::TooLarge, detail);
    }
    failure::exchange(error)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::requester;

    /// Answers one request with these bytes and ends the connection.
    async fn answer(bytes: &'static str) -> Result<Response<Bytes>, TransportError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1024];
            let length = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..length]).to_lowercase();
            assert!(head.contains("user-agent: test"), "{head}");
            stream.write_all(bytes.as_bytes()).await.unwrap();
        });
        let request = Request::post(format!("http://127.0.0.1:{port}/x"))
            .body(b"{}".to_vec())
            .unwrap();
        let result = requester().perform(request).await;
        server.await.unwrap();
        result
    }

    #[tokio::test]
    async fn an_answer_comes_whole_and_a_longer_one_than_allowed_not_at_all() {
        let response = answer("HTTP/1.1 429 Slow\r\ncontent-length: 10\r\n\r\n0123456789").await;
        let response = response.unwrap();
        assert_eq!(response.status(), 429);
        assert_eq!(response.body().as_ref(), b"0123456789");
        let error = answer("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890").await;
        assert_eq!(error.unwrap_err().kind, TransportErrorKind::TooLarge);
    }

    #[tokio::test]
    async fn a_connection_that_ends_early_is_broken_and_garbage_breaks_the_rules() {
        let early = answer("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
        assert_eq!(early.unwrap_err().kind, TransportErrorKind::Broken);
        let silent = answer("").await;
        assert_eq!(silent.unwrap_err().kind, TransportErrorKind::Broken);
        let garbage = answer("SSH-2.0-OpenSSH_9.2\r\n").await;
        assert_eq!(garbage.unwrap_err().kind, TransportErrorKind::Protocol);
    }

    #[tokio::test]
    async fn an_unencrypted_request_to_another_machine_is_not_sent() {
        let request = Request::post("http://example.com/participant/message")
            .body(Vec::new())
            .unwrap();
        let error = requester().perform(request).await.unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::NotAllowed);
    }
}
