//! Which URLs may be used, and where they lead.

use std::net::IpAddr;

use chat_proto::{TransportError, TransportErrorKind};
use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use rustls::pki_types::ServerName;

/// The two schemes of a kind of URL: without and with TLS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schemes {
    plain: &'static str,
    secure: &'static str,
}

/// The schemes of the REST API.
pub(crate) const HTTP: Schemes = Schemes {
    plain: "http",
    secure: "https",
};
/// The schemes of WebSockets.
pub(crate) const WEBSOCKET: Schemes = Schemes {
    plain: "ws",
    secure: "wss",
};

/// Where a URL leads.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Address {
    /// A host name or an IP address without brackets.
    pub host: String,
    /// The port, which is that of the scheme where the URL names none.
    pub port: u16,
    /// Whether by TLS.
    pub secure: bool,
}

impl Address {
    /// The address of a URL, when it may be used: without TLS only this machine is spoken to,
    /// unless `allow_insecure`. The errors never show the URL, which may carry a token.
    pub(crate) fn of(
        uri: &Uri,
        schemes: Schemes,
        allow_insecure: bool,
    ) -> Result<Self, TransportError> {
        let unusable = |detail| TransportError::new(TransportErrorKind::Protocol, detail);
        let Schemes { plain, secure } = schemes;
        let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(unusable(format!("the URL is not an absolute {secure} URL")));
        };
        let is_secure = scheme.eq_ignore_ascii_case(secure);
        if !is_secure && !scheme.eq_ignore_ascii_case(plain) {
            let detail = format!("the URL begins with neither {secure}:// nor {plain}://");
            return Err(unusable(detail));
        }
        let host = without_brackets(host);
        if host.is_empty() {
            return Err(unusable("the URL names no host".to_owned()));
        }
        if !is_secure && !allow_insecure && !is_this_machine(host) {
            let detail = format!(
                "{plain} to {host} is not encrypted: use {secure}, or build the client with \
                 allow_insecure(true) if nobody can listen on the way"
            );
            return Err(TransportError::new(TransportErrorKind::NotAllowed, detail));
        }
        Ok(Self {
            host: host.to_owned(),
            port: uri.port_u16().unwrap_or(if is_secure { 443 } else { 80 }),
            secure: is_secure,
        })
    }

    /// The address of a URL of HTTP.
    ///
    /// # Errors
    /// [`TransportError`] when it is no such URL.
    pub fn of_http(uri: &Uri) -> Result<Self, TransportError> {
        // Requests have been checked before they come to where connections are made.
        Self::of(uri, HTTP, true)
    }

    /// The name that a certificate of the host must have been made out to.
    ///
    /// # Errors
    /// [`TransportError`] when TLS knows no such name.
    pub fn server_name(&self) -> Result<ServerName<'static>, TransportError> {
        ServerName::try_from(self.host.clone()).map_err(|_| {
            let detail = format!("{} is neither a host name nor an address", self.host);
            TransportError::new(TransportErrorKind::Tls, detail)
        })
    }

    /// Host and port, as HTTP writes them.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }

    /// A URL of nothing but scheme, host and port.
    pub(crate) fn uri(&self) -> Result<Uri, TransportError> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(if self.secure {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        });
        parts.authority = Authority::try_from(self.authority()).ok();
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        Uri::from_parts(parts).map_err(|_| {
            let detail = "the URL names no host that can be dialled";
            TransportError::new(TransportErrorKind::Protocol, detail)
        })
    }
}

/// Whether this name always means this machine.
pub(crate) fn is_localhost(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
}

/// The brackets that stand around an IPv6 address in a URL.
pub(crate) fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether this is an address of this machine's own.
pub(crate) fn is_this_machine(host: &str) -> bool {
    is_localhost(host)
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str, allow_insecure: bool) -> Result<Address, TransportError> {
        Address::of(&url.parse().unwrap(), WEBSOCKET, allow_insecure)
    }

    #[test]
    fn without_tls_only_this_machine_is_spoken_to() {
        for url in [
            "ws://127.0.0.1/x",
            "ws://127.255.0.9:8080/x",
            "ws://[::1]:1/",
            "ws://LocalHost/",
        ] {
            assert!(!of(url, false).unwrap().secure, "{url}");
        }
        for url in [
            "ws://example.com/?token=secret",
            "ws://128.0.0.1/?token=secret",
            "ws://[::2]/?token=secret",
            "ws://localhost.example.com/?token=secret",
            "ws://0.0.0.0/?token=secret",
        ] {
            let error = of(url, false).unwrap_err();
            assert_eq!(error.kind, TransportErrorKind::NotAllowed, "{url}");
            assert!(error.detail.contains("allow_insecure"), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
            assert!(of(url, true).is_ok(), "{url}");
        }
    }

    #[test]
    fn ports_and_brackets_are_understood() {
        let secure = of("wss://Example.com/x?y", false).unwrap();
        assert_eq!((secure.host.as_str(), secure.port), ("Example.com", 443));
        assert_eq!(secure.uri().unwrap(), "https://Example.com:443/");
        let local = of("ws://[::1]:9/", false).unwrap();
        assert_eq!((local.host.as_str(), local.port), ("::1", 9));
        assert_eq!(local.uri().unwrap(), "http://[::1]:9/");
    }

    #[test]
    fn what_is_no_websocket_url_is_the_peers_fault() {
        for url in ["https://example.com/", "/only/a/path", "example.com"] {
            let error = of(url, true).unwrap_err();
            assert_eq!(error.kind, TransportErrorKind::Protocol, "{url}");
        }
    }
}
