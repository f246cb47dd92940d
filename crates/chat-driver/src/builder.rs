//! The settings of a client.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use chat_proto::Quotas;
use http::HeaderMap;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderName,
    HeaderValue, PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, USER_AGENT,
};

use crate::client::Client;
use crate::connector::Connector;
use crate::driver::Io;
use crate::error::ClientError;
use crate::http::Requester;
use crate::limiter::Limiter;
use crate::proxy::Proxy;
use crate::runtime::Runtime;
use crate::socket::{Opener, Rewrite};
use crate::tls;

/// Whom TLS trusts.
#[derive(Clone, Debug)]
enum Tls {
    /// Mozilla's root certificates.
    Default,
    #[cfg(feature = "platform-verifier")]
    Platform,
    Own(Arc<rustls::ClientConfig>),
}

/// Settings of a client. Values are checked by [`build`](Self::build).
#[must_use = "a builder does nothing until build is called"]
pub struct ClientBuilder<R> {
    tls: Tls,
    allow_insecure: bool,
    frame_limit: usize,
    body_limit: usize,
    event_queue: usize,
    quotas: Quotas,
    user_agent_suffix: String,
    headers: Vec<(String, String)>,
    connect_timeout: Duration,
    proxy: Proxy,
    rewrite: Option<Rewrite>,
    runtime: PhantomData<fn() -> R>,
}

impl<R> Clone for ClientBuilder<R> {
    fn clone(&self) -> Self {
        Self {
            tls: self.tls.clone(),
            quotas: self.quotas.clone(),
            user_agent_suffix: self.user_agent_suffix.clone(),
            headers: self.headers.clone(),
            proxy: self.proxy.clone(),
            rewrite: self.rewrite.clone(),
            ..*self
        }
    }
}

impl<R> Default for ClientBuilder<R> {
    fn default() -> Self {
        Self {
            tls: Tls::Default,
            allow_insecure: false,
            frame_limit: 1024 * 1024,
            body_limit: 8 * 1024 * 1024,
            event_queue: 256,
            quotas: Quotas::default(),
            user_agent_suffix: String::new(),
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(8),
            proxy: Proxy::from_environment(),
            rewrite: None,
            runtime: PhantomData,
        }
    }
}

impl<R: Runtime> ClientBuilder<R> {
    /// TLS for HTTP and WebSocket alike, such as one that trusts a private authority. Its ALPN
    /// protocols are left out: the client sets those it speaks. Default: Mozilla's root
    /// certificates, TLS 1.2 and 1.3.
    pub fn tls_config(mut self, config: Arc<rustls::ClientConfig>) -> Self {
        self.tls = Tls::Own(config);
        self
    }

    /// TLS that trusts what the operating system trusts, such as the authority of a company that
    /// its machines are set up with. In place of [`tls_config`](Self::tls_config) and of Mozilla's
    /// root certificates.
    #[cfg(feature = "platform-verifier")]
    pub fn platform_verifier(mut self) -> Self {
        self.tls = Tls::Platform;
        self
    }

    /// Whether `http` and `ws` URLs to other machines may be used. Default `false`: without TLS
    /// only 127.0.0.0/8, `::1` and `localhost` are spoken to, since tokens and messages would be
    /// readable on the way.
    pub const fn allow_insecure(mut self, allow: bool) -> Self {
        self.allow_insecure = allow;
        self
    }

    /// The longest WebSocket message that is taken in, in bytes. A longer one loses the
    /// connection, and the item it carried is read from the transcript. Default 1 MiB (ours: the
    /// service's longest item has 16 KiB of content). 1 KiB to 1 GiB.
    pub const fn frame_limit(mut self, bytes: usize) -> Self {
        self.frame_limit = bytes;
        self
    }

    /// The longest body of an HTTP answer that is taken in, in bytes. Default 8 MiB (ours: a page
    /// of 100 items of 16 KiB each, escaped, stays below it). 1 KiB to 1 GiB.
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// How many events of a session may wait to be read. When there are more, its WebSockets are
    /// not read until half of the places are free. Default 256 (ours). 1 to 1,000,000.
    pub const fn event_queue(mut self, events: usize) -> Self {
        self.event_queue = events;
        self
    }

    /// What the service's quotas are, to which all sessions of this client keep together. A request
    /// that must wait for its turn does not time out meanwhile; messages go before receipts, and
    /// receipts before typing. Default: the service's own defaults, per second and operation. A
    /// company may have higher ones, and several programs share what its instance has.
    /// [`Quotas::unlimited`] switches it off.
    pub fn quotas(mut self, quotas: Quotas) -> Self {
        self.quotas = quotas;
        self
    }

    /// What is added to the header `User-Agent`, such as the application's name and version.
    /// Default: nothing.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = suffix.into();
        self
    }

    /// A header that goes with each request of the REST API and each WebSocket handshake, such as
    /// one that a gateway in between wants. It does not go with the upload and download of files,
    /// which are elsewhere. It does go to the URL of
    /// [`start_chat_through_proxy`](Client::start_chat_through_proxy): use a client of its own for
    /// that where the header is a secret of another host. Of several values of one name the last
    /// counts.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long a connection may take to come about, over all addresses of the host and through
    /// the proxy, without TLS. Default 8 s (ours: below the 10 s that a session gives an attempt,
    /// so that what went wrong can be told). 100 ms to 2 min.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The HTTP proxy that all connections go through. Default:
    /// [`Proxy::from_environment`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Makes another URL of each WebSocket URL that the service gives, before it is opened: for a
    /// gateway that stands before the service, or a test. The URL is secret: it holds what opens
    /// the chat. What is returned is used as it is, under the same rules as the service's own.
    /// It is called on the session's task and must neither block nor panic.
    pub fn rewrite_websocket_url(
        mut self,
        rewrite: impl Fn(&str) -> String + Send + Sync + 'static,
    ) -> Self {
        self.rewrite = Some(Arc::new(rewrite));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ClientError`] naming the setting that cannot be used.
    pub fn build(self) -> Result<Client<R>, ClientError> {
        const KIB: usize = 1024;
        const GIB: usize = KIB * KIB * KIB;
        in_range("frame_limit", self.frame_limit, KIB, GIB)?;
        in_range("body_limit", self.body_limit, KIB, GIB)?;
        in_range("event_queue", self.event_queue, 1, 1_000_000)?;
        let (from, to) = (Duration::from_millis(100), Duration::from_secs(120));
        if !(from..=to).contains(&self.connect_timeout) {
            return Err(ClientError::TimeOutOfRange {
                setting: "connect_timeout",
                given: self.connect_timeout,
                from,
                to,
            });
        }
        let user_agent = format!("{} {}", R::USER_AGENT, self.user_agent_suffix);
        let user_agent =
            HeaderValue::from_str(user_agent.trim_end()).map_err(ClientError::UserAgent)?;
        let mut headers = extra_headers(self.headers)?;
        headers.insert(USER_AGENT, user_agent);
        let mut tls = match self.tls {
            Tls::Default => tls::default_config().map_err(ClientError::Tls)?,
            #[cfg(feature = "platform-verifier")]
            Tls::Platform => tls::platform_config().map_err(ClientError::Tls)?,
            Tls::Own(tls) => Arc::unwrap_or_clone(tls),
        };
        tls.alpn_protocols.clear();
        let connector = Connector::new(self.connect_timeout, self.allow_insecure, self.proxy);
        let io = Io {
            requester: Requester {
                http: R::http(connector.clone(), tls.clone()),
                body_limit: self.body_limit,
                allow_insecure: self.allow_insecure,
                headers: headers.clone(),
            },
            limiter: Limiter::new(&self.quotas),
            opener: Opener {
                connector,
                tls: Arc::new(tls),
                frame_limit: self.frame_limit,
                headers,
                rewrite: self.rewrite,
            },
        };
        Ok(Client::new(io, self.event_queue))
    }
}

/// Headers that the client sets itself, or that say how it speaks.
const RESERVED: [HeaderName; 12] = [
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_TYPE,
    EXPECT,
    HOST,
    PROXY_AUTHORIZATION, // it would go to the service: `Proxy` has it for the proxy
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    USER_AGENT,
];

fn extra_headers(given: Vec<(String, String)>) -> Result<HeaderMap, ClientError> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let refuse = |problem| {
            Err(ClientError::Header {
                name: name.clone(),
                problem,
            })
        };
        let Ok(known) = HeaderName::from_bytes(name.as_bytes()) else {
            return refuse("its name is not one that HTTP allows");
        };
        if known == USER_AGENT {
            return refuse("add to it with user_agent_suffix");
        }
        let text = known.as_str();
        if RESERVED.contains(&known) || text.starts_with("sec-websocket-") || text == "x-amz-bearer"
        {
            return refuse("the client sets it itself");
        }
        let Ok(mut value) = HeaderValue::from_str(&value) else {
            return refuse("its value holds characters no HTTP header may hold: use visible ASCII");
        };
        value.set_sensitive(true); // it may be what opens a gateway
        headers.insert(known, value);
    }
    Ok(headers)
}

impl<R> fmt::Debug for ClientBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ClientBuilder")
            .field("tls", &self.tls)
            .field("allow_insecure", &self.allow_insecure)
            .field("frame_limit", &self.frame_limit)
            .field("body_limit", &self.body_limit)
            .field("event_queue", &self.event_queue)
            .field("quotas", &self.quotas)
            .field("user_agent_suffix", &self.user_agent_suffix)
            .field("headers", &names)
            .field("connect_timeout", &self.connect_timeout)
            .field("proxy", &self.proxy)
            .field("rewrite_websocket_url", &self.rewrite.is_some())
            .finish()
    }
}

fn in_range(
    setting: &'static str,
    given: usize,
    from: usize,
    to: usize,
) -> Result<(), ClientError> {
    if (from..=to).contains(&given) {
        return Ok(());
    }
    Err(ClientError::OutOfRange {
        setting,
        given,
        from,
        to,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tokio;

    #[test]
    fn a_setting_that_cannot_be_used_is_named() {
        let of = |builder: ClientBuilder<Tokio>| builder.build().unwrap_err().to_string();
        let builder = Client::<Tokio>::builder;
        assert_eq!(
            of(builder().event_queue(0)),
            "event_queue is 0; it must be from 1 to 1000000"
        );
        assert_eq!(
            of(builder().connect_timeout(Duration::ZERO)),
            "connect_timeout is 0ns; it must be from 100ms to 120s"
        );
        assert!(of(builder().frame_limit(1)).starts_with("frame_limit is 1;"));
        assert!(of(builder().body_limit(usize::MAX)).starts_with("body_limit is"));
        assert!(of(builder().user_agent_suffix("a\nb")).starts_with("user_agent_suffix"));
        for (name, value) in [
            ("no name", "x"),
            ("x-key", "SECRET\n"),
            ("Host", "SECRET"),
            ("X-Amz-Bearer", "SECRET"),
            ("Sec-WebSocket-Key", "SECRET"),
            ("User-Agent", "SECRET"),
        ] {
            let error = of(builder().header(name, value));
            assert!(
                error.starts_with(&format!("the header {name:?} cannot")),
                "{error}"
            );
            assert!(!error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn settings_show_no_secret() {
        let proxy = Proxy::url("http://user:SECRET@127.0.0.1:1").unwrap();
        let builder = Client::<Tokio>::builder()
            .header("x-key", "SECRET")
            .proxy(proxy);
        let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        assert!(
            shown.contains("x-key") && !shown.contains("SECRET"),
            "{shown}"
        );
    }
}
