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
    /// None for the one of the environment.
    url: Option<String>,
    matcher: Option<Arc<Matcher>>,
}

impl Proxy {
    /// No proxy.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            url: None,
            matcher: None,
        }
    }

    /// What the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say at this
    /// moment, in capital letters or else in small ones: `HTTPS_PROXY` is for https and wss,
    /// `HTTP_PROXY` for http and ws, `ALL_PROXY` where the other is not set. This machine's own
    /// addresses are never reached through it. A variable that holds no URL counts as not set; one
    /// that names a proxy of another kind, such as `socks5://`, fails each connection with an
    /// error that says so. Where `REQUEST_METHOD` is set, as for a CGI program, there is no proxy:
    /// `HTTP_PROXY` may then come from a request's header.
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
        let matcher = Matcher::builder().all(url.as_str()).build();
        let is_usable = uri.is_some_and(|uri| {
            // What the matcher cannot make use of is no proxy to it.
            uri.scheme() == Some(&Scheme::HTTP)
                && matcher.intercept(&Uri::from_static(ANYWHERE)).is_some()
        });
        if !is_usable {
            return Err(ClientError::Proxy);
        }
        Ok(Self {
            url: Some(url),
            matcher: Some(Arc::new(matcher)),
        })
    }

    /// Leaves these hosts out, which are connected to directly: names (with all names below them),
    /// addresses and networks (`10.0.0.0/8`), separated by commas, as in `NO_PROXY`. For a proxy
    /// given by [`url`](Self::url); of no effect otherwise. A second list replaces the first.
    #[must_use]
    pub fn except(mut self, hosts: &str) -> Self {
        if let Some(url) = &self.url {
            let matcher = Matcher::builder().all(url.as_str()).no(hosts).build();
            self.matcher = Some(Arc::new(matcher));
        }
        self
    }

    /// The proxy on the way to this address, if there is one.
    pub(crate) fn on_the_way_to(&self, to: &Address) -> Result<Option<Hop>, TransportError> {
        let Some(matcher) = &self.matcher else {
            return Ok(None);
        };
        if self.url.is_none() && address::is_this_machine(&to.host) {
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
                "that of the environment is not one of http; use one whose URL begins with \
                 http://, or leave it out with NO_PROXY or ClientBuilder::proxy",
            ));
        };
        Ok(Self {
            host: address::without_brackets(host).to_owned(),
            port: uri.port_u16().unwrap_or(80),
            authorization: intercept.basic_auth().cloned(),
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
        // The connection works for the request, and is done before it or never.
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

/// Somewhere that every proxy is on the way to.
const ANYWHERE: &str = "https://connect.invalid/";

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;

    use super::*;
    use crate::connector::Connector;
    use crate::testing::Tokio;

    /// A proxy that answers one request so, and then echoes. It gives the request.
    async fn proxy(answer: &'static str) -> (u16, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            let mut heard = [0; 4];
            if stream.read_exact(&mut heard).await.is_ok() {
                stream.write_all(&heard).await.unwrap();
            }
            String::from_utf8(request).unwrap()
        });
        (port, asked)
    }

    async fn connect(proxy: Proxy, url: &str) -> Result<tokio::net::TcpStream, TransportError> {
        let address = Address::of_http(&url.parse().unwrap()).unwrap();
        let connector = Connector::<Tokio>::new(Duration::from_secs(1), false, proxy);
        Ok(connector.connect(&address).await?.into_inner())
    }

    fn at(port: u16) -> Proxy {
        Proxy::url(format!("http://us%20er:p%40ss@127.0.0.1:{port}")).unwrap()
    }

    #[tokio::test]
    async fn a_tunnel_is_asked_for_and_then_is_the_connection() {
        for (url, authority) in [
            ("https://chat.invalid/x?y", "chat.invalid:443"),
            ("http://[::1]:8080/x", "[::1]:8080"),
        ] {
            let (port, asked) = proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
            let mut stream = connect(at(port), url).await.unwrap();
            stream.write_all(b"ping").await.unwrap();
            let mut heard = [0; 4];
            stream.read_exact(&mut heard).await.unwrap();
            assert_eq!(&heard, b"ping");
            let asked = asked.await.unwrap().to_lowercase();
            let first = format!("connect {authority} http/1.1\r\n");
            assert!(asked.starts_with(&first), "{asked}");
            assert!(asked.contains(&format!("host: {authority}\r\n")), "{asked}");
            // "us er:p@ss"
            assert!(
                asked.contains("proxy-authorization: basic dxmgzxi6cebzcw==\r\n"),
                "{asked}"
            );
        }
    }

    #[tokio::test]
    async fn a_proxy_that_makes_no_tunnel_is_told_of_as_the_proxy() {
        for (answer, why) in [
            (
                "HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n",
                "wants a user",
            ),
            ("HTTP/1.1 502 No\r\ncontent-length: 2\r\n\r\nno", "HTTP 502"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "as a proxy does"),
            ("HTTP/1.1 200 OK\r\n\r\ntoo early", "more than its answer"),
        ] {
            let (port, _asked) = proxy(answer).await;
            let error = connect(at(port), "https://chat.invalid/")
                .await
                .unwrap_err();
            assert_eq!(error.kind, TransportErrorKind::Proxy, "{error}");
            assert!(error.to_string().contains(why), "{error}");
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut listener = Some(listener);
        for why in ["no connection within 1s", "refused"] {
            let error = connect(at(port), "https://chat.invalid/")
                .await
                .unwrap_err();
            assert_eq!(error.kind, TransportErrorKind::Proxy, "{error}");
            assert!(error.to_string().contains(why), "{error}");
            listener.take();
        }
    }

    #[tokio::test]
    async fn what_is_not_encrypted_goes_through_no_proxy_on_another_machine() {
        let proxy = Proxy::url("http://192.0.2.1:1").unwrap(); // RFC 5737 reserves it
        for (url, allow_insecure, kind) in [
            ("http://localhost/", false, TransportErrorKind::NotAllowed),
            ("http://localhost/", true, TransportErrorKind::Proxy),
            ("https://localhost/", false, TransportErrorKind::Proxy),
        ] {
            let address = Address::of_http(&url.parse().unwrap()).unwrap();
            let soon = Duration::from_millis(1);
            let connector = Connector::<Tokio>::new(soon, allow_insecure, proxy.clone());
            let error = connector.connect(&address).await.map(drop).unwrap_err();
            assert_eq!(error.kind, kind, "{url}: {error}");
        }
        let on_this_machine = at(1);
        let error = connect(on_this_machine, "http://localhost/")
            .await
            .unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Proxy, "{error}");
    }

    #[test]
    fn hosts_left_out_are_reached_directly_and_this_machine_unless_it_is_asked_for() {
        let through = |proxy: &Proxy, url: &str| {
            let address = Address::of_http(&url.parse().unwrap()).unwrap();
            proxy.on_the_way_to(&address).unwrap().is_some()
        };
        let given = at(1).except("example.com, 10.0.0.0/8");
        assert!(through(&given, "https://chat.invalid/"));
        assert!(through(&given, "http://127.0.0.1/"));
        assert!(!through(&given, "https://a.example.com/"));
        assert!(!through(&given, "https://10.1.2.3/"));
        let environment = Proxy { url: None, ..at(1) };
        assert!(through(&environment, "https://chat.invalid/"));
        for own in ["http://127.0.0.1/", "https://localhost/", "http://[::1]/"] {
            assert!(!through(&environment, own), "{own}");
        }
        assert!(!through(&Proxy::none(), "https://chat.invalid/"));
    }

    #[test]
    fn what_is_no_http_proxy_is_refused_without_being_shown() {
        for url in [
            "",
            "SECRET",
            "https://SECRET:1",
            "socks5://SECRET:1",
            "http://",
            "http:///SECRET",
        ] {
            let error = Proxy::url(url).unwrap_err().to_string();
            assert!(!error.contains("SECRET"), "{error}");
        }
        let socks = Proxy {
            url: None,
            matcher: Some(Arc::new(
                Matcher::builder().all("socks5://127.0.0.1:1").build(),
            )),
        };
        let address = Address::of_http(&Uri::from_static(ANYWHERE)).unwrap();
        let error = socks.on_the_way_to(&address).map(drop).unwrap_err();
        assert_eq!(error.kind, TransportErrorKind::Proxy);
        assert!(error.detail.contains("NO_PROXY"), "{error}");
    }
}
