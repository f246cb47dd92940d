//! HTTP requests, over kept connections.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{HOST, HeaderValue};
use ::http::{Request, Response, Uri};
use chat_driver::address::Address;
use chat_driver::chat_proto::{TransportError, TransportErrorKind};
use chat_driver::connector::Connector;
use chat_driver::failure;
use chat_driver::runtime::{Http, RequestBody};
use hyper::body::Incoming;
use rustls::ClientConfig;

use crate::runtime::AsyncStd;
use crate::tls;

pub(crate) mod io;
mod pool;
#[cfg(test)]
mod tests;

use pool::{Link, Pool};

/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);

/// Performs HTTP requests. Cheap to clone; clones share the connections.
#[derive(Clone, Debug)]
pub struct PooledHttp {
    connector: Connector<AsyncStd>,
    tls: Arc<ClientConfig>,
    pool: Arc<Pool>,
}

impl PooledHttp {
    pub(crate) fn new(connector: Connector<AsyncStd>, tls: ClientConfig) -> Self {
        Self::keeping(connector, tls, IDLE_TIMEOUT)
    }

    fn keeping(connector: Connector<AsyncStd>, tls: ClientConfig, idle_timeout: Duration) -> Self {
        Self {
            connector,
            tls: Arc::new(tls),
            pool: Pool::new(idle_timeout),
        }
    }

    async fn connect(&self, address: &Address) -> Result<Link, TransportError> {
        let tls = if address.secure {
            Some((address.server_name()?, Arc::clone(&self.tls)))
        } else {
            None
        };
        let tcp = self.connector.connect(address).await?.into_inner();
        let stream = tls::secure(tcp, tls).await;
        let stream = stream.map_err(|error| failure::tls(&error))?;
        let opened = self.pool.open(stream).await;
        opened.map_err(|error| failure::connecting(&error))
    }
}

impl Http for PooledHttp {
    async fn exchange(
        &self,
        mut request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TransportError> {
        let address = Address::of_http(request.uri())?;
        address_to_origin(&mut request)?;
        while let Some(mut kept) = self.pool.take(&address).await {
            match kept.sender.try_send_request(request).await {
                Ok(response) => {
                    self.pool.put(address, kept);
                    return Ok(response);
                }
                // The connection was closed meanwhile, and nothing of the request went out.
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(failure::exchange(error.error())),
                },
            }
        }
        let mut fresh = self.connect(&address).await?;
        let response = fresh.sender.send_request(request).await;
        let response = response.map_err(|error| failure::exchange(&error))?;
        self.pool.put(address, fresh);
        Ok(response)
    }
}

/// Makes it a request as HTTP/1.1 has it between client and server: the host in a header, and
/// nothing of it in the URL.
fn address_to_origin(request: &mut Request<RequestBody>) -> Result<(), TransportError> {
    let uri = std::mem::take(request.uri_mut());
    let unusable = || {
        let detail = "the URL names no host that can be asked for";
        TransportError::new(TransportErrorKind::Protocol, detail)
    };
    let host = uri.host().ok_or_else(unusable)?;
    let usual = match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let host = match uri.port_u16() {
        Some(port) if port != usual => HeaderValue::try_from(format!("{host}:{port}")),
        _ => HeaderValue::try_from(host),
    };
    let host = host.map_err(|_| unusable())?;
    request.headers_mut().entry(HOST).or_insert(host);
    let path = uri.into_parts().path_and_query;
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    Ok(())
}
