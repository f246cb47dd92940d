//! HTTP, over a pool of kept connections.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::{Request, Response, Uri};
use chat_driver::address::Address;
use chat_driver::chat_proto::TransportError;
use chat_driver::connector::Connector;
use chat_driver::failure;
use chat_driver::runtime::{Http, RequestBody};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::runtime::Tokio;

/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How many unused connections to one host are kept.
const IDLE_LIMIT: usize = 64;

/// After how long without a sign of life a connection with requests on it is pinged, and after how
/// long without an answer it is given up. Of HTTP/2 alone: there a request that is given up leaves
/// its connection to the next ones. Both together are the 10 s that a request may take by default.
#[cfg(feature = "http2")]
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Performs requests. Cheap to clone; clones share the connections.
#[derive(Clone, Debug)]
pub struct PooledHttp(Client<HttpsConnector<Dialler>, RequestBody>);

impl PooledHttp {
    pub(crate) fn new(connector: Connector<Tokio>, tls: ClientConfig) -> Self {
        let secured = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http();
        #[cfg(feature = "http2")]
        let secured = secured.enable_all_versions();
        #[cfg(not(feature = "http2"))]
        let secured = secured.enable_http1();
        let mut client = Client::builder(TokioExecutor::new());
        client
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_LIMIT);
        #[cfg(feature = "http2")]
        client
            .timer(TokioTimer::new())
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_timeout(KEEP_ALIVE);
        Self(client.build(secured.wrap_connector(Dialler(connector))))
    }
}

impl Http for PooledHttp {
    async fn exchange(
        &self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TransportError> {
        let response = self.0.request(request).await;
        response.map_err(|error| {
            if error.is_connect() {
                failure::connecting(&error)
            } else {
                failure::exchange(&error)
            }
        })
    }
}

/// The driver's connector as hyper-util calls it.
#[derive(Clone, Debug)]
struct Dialler(Connector<Tokio>);

impl Service<Uri> for Dialler {
    type Response = TokioIo<TcpStream>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, TransportError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connector = self.0.clone();
        Box::pin(async move {
            let address = Address::of_http(&uri)?;
            connector.connect(&address).await
        })
    }
}
