//! HTTP proxies: which one a connection goes through, and how.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use chat_proto::{TransportError, TransportErrorKind};
use futures_util::future::{Either, select};
use http::header::{HOST, HeaderValue, PROXY_AUTHORIZATION};
use http::uri::Scheme;
use http::{Request, StatusCode, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::address::{self, Address};
use crate::error::ClientError;

/// The HTTP proxy that connections go through: those of the REST API, of files and of WebSockets
/// alike. The proxy is asked for a tunnel (`CONNECT`), so it sees host names and ports and nothing
/// else of what is encrypted.
#[derive(Clone)]
pub struct Proxy {
    url: Option<String>,
    except: String,
    matcher: Option<Arc<Matcher>>,
    /// Whether this machine's own addresses are connected to directly.
    spares_this_machine: bool,
}

impl Proxy {
    /// No proxy.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            url: None,
            except: String::new(),
            matcher: None,
            spares_this_machine: true,
        }
    }

    /// What the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say at this
    /// moment, in capital or small letters, as curl reads them: `HTTPS_PROXY` is for https and
    /// wss, `HTTP_PROXY` for http and ws. This machine's own addresses are never reached through
    /// it. Where a variable names no usable URL, there is no proxy.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            matcher: Some(Arc::new(Matcher::from_env())),
            ..Self::none()
        }
    }

    /// This proxy for everything, this machine's own addresses too:
    /// `http://host:port`, or `http://user:password@host:port` for one that wants to know who
    /// asks.
    ///
    /// # Errors
    /// [`ClientError::Proxy`] when it is not such a URL. Proxies that are themselves reached by
    /// https or socks are not supported.
    pub fn url(url: impl Into<String>) -> Result<Self, ClientError> {
        let url = url.into();
        let uri: Option<Uri> = url.parse().ok();
        let usable = |uri: &Uri| uri.scheme() == Some(&Scheme::HTTP) && uri.host().is_some();
        if !uri.as_ref().is_some_and(usable) {
            return Err(ClientError::Proxy);
        }
        Ok(Self {
            matcher: Some(Arc::new(Matcher::builder().all(url.as_str()).build())),
            url: Some(url),
            except: String::new(),
            spares_this_machine: false,
        })
    }

    /// Leaves these hosts out, which are connected to directly: names (with all names below them),
    /// addresses and networks (`10.0.0.0/8`), separated by commas, as in `NO_PROXY`. For a proxy
    /// given by [`url`](Self::url); of no effect otherwise.
    #[must_use]
    pub fn except(mut self, hosts: impl Into<String>) -> Self {
        self.except = hosts.into();
        if let Some(url) = &self.url {
            let matcher = Matcher::builder().all(url.as_str());
            self.matcher = Some(Arc::new(matcher.no(self.except.as_str()).build()));
        }
        self
    }

    /// The proxy on the way to this address, if there is one.
    pub(crate) fn on_the_way_to(&self, to: &Address) -> Result<Option<Hop>, TransportError> {
        let Some(matcher) = &self.matcher else {
            return Ok(None);
        };
        if self.spares_this_machine && address::is_this_machine(&to.host) {
            return Ok(None);
        }
        let found = matcher.intercept(&to.uri()?);
        found.map(|intercept| Hop::new(&intercept)).transpose()
    }
}

impl fmt::Debug for Proxy {
    /// Shows neither the URL, which may hold a password, nor the hosts left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("url", &self.url.is_some())
            .field(
                "environment",
                &(self.matcher.is_some() && self.url.is_none()),
            )
            .finish_non_exhaustive()
    }
}

/// A proxy that a connection goes through.
pub(crate) struct Hop {
    pub(crate) host: String,
    pub(crate) port: u16,
    authorization: Option<HeaderValue>,
}

impl Hop {
    fn new(intercept: &Intercept) -> Result<Self, TransportError> {
        let uri = intercept.uri();
        let host = uri.host().filter(|_| uri.scheme() == Some(&Scheme::HTTP));
        let Some(host) = host else {
            return Err(failure(
                "the proxy of the environment is not one of http; use one whose URL begins with \
                 http://, or leave it out with NO_PROXY or ClientBuilder::proxy",
            ));
        };
        let authorization = intercept.basic_auth().cloned().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Ok(Self {
            host: address::without_brackets(host).to_owned(),
            port: uri.port_u16().unwrap_or(80),
            authorization,
        })
    }

    /// Asks the proxy, which this is a connection to, for a tunnel to an address. What comes back
    /// is the same connection.
    pub(crate) async fn tunnel<T>(&self, stream: T, to: &Address) -> Result<T, TransportError>
    where
        T: hyper::rt::Read + hyper::rt::Write + Send + Unpin + 'static,
    {
        let (mut sender, connection) = http1::handshake(stream)
            .await
            .map_err(|error| failure(error.to_string()))?;
        let authority = to.authority();
        let mut request = Request::connect(authority.as_str());
        if let Some(authorization) = &self.authorization {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        let request = request.header(HOST, authority.as_str());
        let request = request.body(Empty::<bytes::Bytes>::new()).map_err(|_| {
            let detail = "the URL names no host that a proxy can be asked for";
            TransportError::new(TransportErrorKind::Protocol, detail)
        })?;
        let asked = async move {
            let broken = |error: hyper::Error| {
                failure(format!("it did not answer as a proxy does: {error}"))
            };
            let answer = sender.send_request(request).await.map_err(broken)?;
            let status = answer.status();
            if !status.is_success() {
                return Err(refusal(status));
            }
            hyper::upgrade::on(answer).await.map_err(broken)
        };
        let (asked, connection) = (pin!(asked), pin!(connection.with_upgrades()));
        let upgraded = match select(asked, connection).await {
            Either::Left((upgraded, _)) => upgraded,
            Either::Right((_, asked)) => asked.await,
        }?;
        match upgraded.downcast::<T>() {
            Ok(parts) if parts.read_buf.is_empty() => Ok(parts.io),
            Ok(_) | Err(_) => Err(failure("it sent more than its answer")),
        }
    }
}

fn refusal(status: StatusCode) -> TransportError {
    let advice = if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        ": it wants a user and a password, which belong into its URL"
    } else {
        ""
    };
    failure(format!("it answered with HTTP {}{advice}", status.as_u16()))
}

fn failure(detail: impl Into<String>) -> TransportError {
    TransportError::new(TransportErrorKind::Proxy, detail.into())
}
