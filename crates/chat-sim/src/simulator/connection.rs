//! One TCP connection: HTTP, until a handshake makes a WebSocket of it.

use std::error::Error as _;
use std::io;
use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::clock;
use super::handshake::Handshake;
use super::request_body::{self, RequestBody};
use super::shared::{Decision, Reply, Shared};
use super::websocket;
use crate::cut_off::CutOff;
use crate::memory::Charge;

/// The largest head of a request, and how much of a body or an answer a connection buffers.
const BUFFER: usize = 32 * 1024;

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends without an answer, as a fault or the client wants it")]
struct NoAnswer;

/// Serves a connection until it ends. The permit is given back when it, or the WebSocket that
/// comes of it, has ended.
pub(super) async fn serve<S>(shared: Arc<Shared>, stream: S, permit: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let permit = Arc::new(permit);
    let mut closing = shared.closing.subscribe();
    let service = hyper::service::service_fn(|request| {
        answer(Arc::clone(&shared), request, Arc::clone(&permit))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(clock::http_timer())
        .header_read_timeout(shared.limits.head_timeout)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = async { drop(closing.wait_for(|closing| *closing).await) } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        if is_unread(&error) {
            shared.cut_off(None, CutOff::Unread);
        }
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    permit: Arc<OwnedSemaphorePermit>,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    match Handshake::of(&request) {
        Handshake::None => {}
        Handshake::Good(key) => return upgrade(shared, request, &key, permit).await,
        Handshake::Bad(bad) => {
            let mut response = shared.refuse(bad.status, "BadRequestException", bad.message);
            response.headers_mut().extend(bad.hint);
            return Ok(response.map(|body| Full::new(body.into())));
        }
    }
    let (head, body) = request.into_parts();
    let limit = shared.body_limit(head.uri.path());
    let body = request_body::read(&head.headers, body, limit, &shared.large_bodies);
    let Some(body) = clock::within(shared.limits.body_timeout, body).await else {
        shared.cut_off(None, CutOff::SlowBody);
        let message = "The body of the request takes too long.";
        let mut response = shared.refuse(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeoutException",
            message,
        );
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
        return Ok(response.map(|body| Full::new(body.into())));
    };
    let RequestBody { bytes, place } = body.ok_or(NoAnswer)?;
    let pending = shared.request(Request::from_parts(head, bytes));
    drop(place);
    match pending.decided().await {
        Some((Reply::Answer(response, charge), _)) => Ok(response.map(|body| {
            Full::new(match charge {
                Some(charge) => charged(body, charge),
                None => body.into(),
            })
        })),
        Some((Reply::Drop, _)) | None => Err(NoAnswer),
    }
}

/// The body of an answer, which is charged for until the client has taken it.
fn charged(body: Vec<u8>, charge: Charge) -> Bytes {
    struct Charged(
        Vec<u8>,
        #[expect(dead_code, reason = "its drop is what counts")] Charge,
    );
    impl AsRef<[u8]> for Charged {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }
    Bytes::from_owner(Charged(body, charge))
}

/// Whether a client did not take what was sent to it.
fn is_unread(error: &hyper::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind() == io::ErrorKind::TimedOut;
        }
        source = error.source();
    }
    false
}

async fn upgrade(
    shared: Arc<Shared>,
    mut request: Request<Incoming>,
    key: &HeaderValue,
    permit: Arc<OwnedSemaphorePermit>,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let target = request
        .uri()
        .path_and_query()
        .map(|target| target.as_str().to_owned())
        .unwrap_or_default();
    let (line, forget) = match shared.handshake(&target).decided().await {
        Some((Decision::Accept(line), forget)) => (line, forget),
        Some((Decision::Refuse(response), _)) => {
            return Ok(response.map(|body| Full::new(body.into())));
        }
        None => return Err(NoAnswer),
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let task_shared = Arc::clone(&shared);
    shared.connections.spawn(async move {
        match upgraded.await {
            Ok(upgraded) => {
                let io = TokioIo::new(upgraded);
                websocket::serve(&task_shared, io, line, &forget).await;
            }
            Err(error) => tracing::debug!(%error, "a handshake was not completed"),
        }
        drop(permit);
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    let accept = derive_accept_key(key.as_bytes());
    headers.insert(
        header::SEC_WEBSOCKET_ACCEPT,
        HeaderValue::from_str(&accept).map_err(|_| NoAnswer)?,
    );
    Ok(response)
}
