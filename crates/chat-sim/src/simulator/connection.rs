//! One TCP connection: HTTP, until a handshake makes a WebSocket of it.

use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::clock;
use super::shared::{Decision, Reply, Shared};
use super::websocket;

/// How long a client may take to send the head of a request, from the end of the last one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a client may take to send the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

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
        .header_read_timeout(HEAD_TIMEOUT)
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
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    permit: Arc<OwnedSemaphorePermit>,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    if let Some(key) = websocket_key(&request) {
        return upgrade(shared, request, &key, permit).await;
    }
    let (head, body) = request.into_parts();
    let limit = shared.body_limit(head.uri.path());
    let body = clock::within(BODY_TIMEOUT, read_body(body, limit))
        .await
        .flatten()
        .ok_or(NoAnswer)?;
    let pending = shared.request(Request::from_parts(head, body));
    match pending.decided().await {
        Some((Reply::Answer(response), _)) => Ok(response.map(|body| Full::new(body.into()))),
        Some((Reply::Drop, _)) | None => Err(NoAnswer),
    }
}

/// Reads a body, and stops when it is larger than the core takes: the core refuses it then.
async fn read_body(mut body: Incoming, limit: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Some(data) = frame.ok()?.data_ref() {
            bytes.extend_from_slice(data);
        }
        if bytes.len() > limit {
            break;
        }
    }
    Some(bytes)
}

/// The key of a WebSocket handshake, when the request is one.
fn websocket_key(request: &Request<Incoming>) -> Option<HeaderValue> {
    let headers = request.headers();
    let wants = |name, word: &str| {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|value| value.trim().eq_ignore_ascii_case(word))
    };
    let is_handshake = request.method() == Method::GET
        && wants(header::CONNECTION, "upgrade")
        && wants(header::UPGRADE, "websocket")
        && wants(header::SEC_WEBSOCKET_VERSION, "13");
    is_handshake
        .then(|| headers.get(header::SEC_WEBSOCKET_KEY).cloned())
        .flatten()
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
