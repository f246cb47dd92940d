//! HTTP requests, over a pool of kept connections.

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chat_proto::{TransportError, TransportErrorKind};
use http::header::{HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

use crate::address::{self, Address};
use crate::dial::{self, Dialler};
use crate::transfer::FileError;

/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How many unused connections to one host are kept.
const IDLE_LIMIT: usize = 64;

/// The body of a request.
pub(crate) type RequestBody = UnsyncBoxBody<Bytes, FileError>;

/// Performs requests. Cheap to clone; clones share the connections.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: legacy::Client<HttpsConnector<Dialler>, RequestBody>,
    body_limit: usize,
    allow_insecure: bool,
    user_agent: HeaderValue,
}

impl Http {
    pub(crate) fn new(
        dialler: Dialler,
        tls: Arc<ClientConfig>,
        body_limit: usize,
        allow_insecure: bool,
        user_agent: HeaderValue,
    ) -> Self {
        let client = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_LIMIT)
            .build(HttpsConnector::from((dialler, tls)));
        Self {
            client,
            body_limit,
            allow_insecure,
            user_agent,
        }
    }

    /// Performs a request. It has no time limit of its own; dropping the future cancels it.
    pub(crate) fn perform(
        &self,
        mut request: Request<Vec<u8>>,
    ) -> impl Future<Output = Result<Response<Bytes>, TransportError>> + Send + 'static {
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, self.user_agent.clone());
        let http = self.clone();
        async move {
            http.check(request.uri())?;
            let request = request.map(|body| {
                let body = Full::new(Bytes::from(body));
                body.map_err(|never| match never {}).boxed_unsync()
            });
            let (head, body) = http.exchange(request).await?.into_parts();
            let limit = http.body_limit;
            let body = Limited::new(body, limit).collect().await;
            let body = body.map_err(|error| body_failure(&*error, limit))?;
            Ok(Response::from_parts(head, body.to_bytes()))
        }
    }

    /// Whether this URL may be used.
    pub(crate) fn check(&self, uri: &Uri) -> Result<(), TransportError> {
        Address::of(uri, address::HTTP, self.allow_insecure).map(drop)
    }

    /// Sends a request, whose URL has been checked, and gives the answer as soon as it begins.
    pub(crate) async fn exchange(
        &self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TransportError> {
        let response = self.client.request(request).await;
        response.map_err(|error| failure(&error))
    }
}

/// The body of a request that has none.
pub(crate) fn no_body() -> RequestBody {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn failure(error: &legacy::Error) -> TransportError {
    if error.is_connect() {
        return dial::failure(error);
    }
    exchange_failure(error)
}

fn body_failure(error: &(dyn Error + Send + Sync + 'static), limit: usize) -> TransportError {
    if error.is::<LengthLimitError>() {
        let detail = format!("the body of the answer is longer than body_limit, {limit} bytes");
        return TransportError::new(TransportErrorKind::TooLarge, detail);
    }
    exchange_failure(error)
}

/// What went wrong between the request and the end of the answer.
pub(crate) fn exchange_failure(error: &(dyn Error + 'static)) -> TransportError {
    let mut kind = TransportErrorKind::Broken;
    let mut cause = error;
    loop {
        if cause.is::<FileError>() {
            kind = TransportErrorKind::File;
        }
        if let Some(error) = cause.downcast_ref::<hyper::Error>() {
            if error.is_parse() || error.is_parse_status() {
                kind = TransportErrorKind::Protocol;
            }
        }
        match cause.source() {
            Some(next) => cause = next,
            None => return TransportError::new(kind, cause.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::tls;

    fn http(body_limit: usize) -> Http {
        let tls = Arc::new(tls::default_config().unwrap());
        let agent = HeaderValue::from_static("test");
        Http::new(dial::dialler(), tls, body_limit, false, agent)
    }

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
        let result = http(10).perform(request).await;
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
        let error = http(10).perform(request).await.unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::NotAllowed);
    }
}
