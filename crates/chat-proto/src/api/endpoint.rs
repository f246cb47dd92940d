//! Where the service is.

use http::Uri;
use http::uri::{Authority, Parts, PathAndQuery, Scheme};

use crate::api::Service;
use crate::config::ConfigError;

/// Where the service is: a region of AWS, or a URL of your own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    participant: Base,
    connect: Base,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Base {
    scheme: Scheme,
    authority: Authority,
    /// Put before every path; without a slash at its end.
    prefix: String,
}

impl Endpoint {
    /// The service in this AWS region, such as `us-west-2`.
    ///
    /// # Errors
    /// [`ConfigError`] when the text is not of the form of a region's name.
    pub fn region(region: &str) -> Result<Self, ConfigError> {
        let plausible = region.len() <= 32
            && region.split('-').count() >= 3
            && region.split('-').all(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
            });
        if !plausible {
            return Err(ConfigError::new(
                "region",
                format!("{region:?}"),
                "the name of an AWS region, such as us-west-2",
            ));
        }
        let suffix = dns_suffix(region);
        let base = |service| {
            Base::parse(&format!("https://{service}.{region}.{suffix}"))
                .map_err(|problem| ConfigError::new("region", format!("{region:?}"), problem))
        };
        Ok(Self {
            participant: base("participant.connect")?,
            connect: base("connect")?,
        })
    }

    /// A service at a URL of your own, such as `http://127.0.0.1:8080` for a local simulator, or
    /// that of a proxy. It is used for all operations, as it is given; a path in it is put before
    /// every operation's path.
    ///
    /// # Errors
    /// [`ConfigError`] when the text is not an absolute `http` or `https` URL, or carries a query.
    pub fn custom(url: &str) -> Result<Self, ConfigError> {
        // The URL is not repeated in the error: it may carry credentials.
        let base = Base::parse(url)
            .map_err(|problem| ConfigError::new("endpoint", "not usable".to_owned(), problem))?;
        Ok(Self {
            participant: base.clone(),
            connect: base,
        })
    }

    /// The absolute URI of an operation's path.
    pub(crate) fn uri(&self, service: Service, path: &str) -> Uri {
        let base = match service {
            Service::Participant => &self.participant,
            Service::Connect => &self.connect,
        };
        let mut parts = Parts::default();
        parts.scheme = Some(base.scheme.clone());
        parts.authority = Some(base.authority.clone());
        parts.path_and_query = PathAndQuery::try_from(format!("{}{path}", base.prefix)).ok();
        // The parts were checked when the endpoint was made; the paths are this crate's own.
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl Base {
    fn parse(url: &str) -> Result<Self, &'static str> {
        let uri: Uri = url
            .parse()
            .map_err(|_| "an absolute URL, such as https://example.com")?;
        if uri.query().is_some() {
            return Err("a URL without a query");
        }
        let prefix = uri.path().trim_end_matches('/').to_owned();
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err("an absolute URL, such as https://example.com");
        };
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP {
            return Err("a URL that begins with https:// or http://");
        }
        if authority.as_str().contains('@') {
            return Err("a URL without a user name");
        }
        Ok(Self {
            scheme,
            authority,
            prefix,
        })
    }
}

/// The domain of a region's partition, by the prefixes of the public endpoint rules. Unknown
/// regions belong to the partition `aws`.
fn dns_suffix(region: &str) -> &'static str {
    let partitions = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
        ("eu-isoe-", "cloud.adc-e.uk"),
        ("us-isof-", "csp.hci.ic.gov"),
    ];
    partitions
        .into_iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("amazonaws.com", |(_, suffix)| suffix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_gives_its_partitions_host() {
        let host = |region| {
            Endpoint::region(region)
                .unwrap()
                .uri(Service::Participant, "/x")
                .to_string()
        };
        assert_eq!(
            host("us-west-2"),
            "https://participant.connect.us-west-2.amazonaws.com/x"
        );
        assert_eq!(
            host("cn-north-1"),
            "https://participant.connect.cn-north-1.amazonaws.com.cn/x"
        );
        assert_eq!(
            host("us-gov-west-1"),
            "https://participant.connect.us-gov-west-1.amazonaws.com/x"
        );
        for wrong in ["", "us west 2", "US-WEST-2", "us-west-2.evil.example/"] {
            assert!(Endpoint::region(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_custom_url_keeps_its_path_and_must_be_absolute() {
        let endpoint = Endpoint::custom("https://proxy.example:8443/connect/").unwrap();
        assert_eq!(
            endpoint.uri(Service::Connect, "/contact/chat").to_string(),
            "https://proxy.example:8443/connect/contact/chat"
        );
        for wrong in [
            "",
            "example.com",
            "ftp://a",
            "https://a/?q=1",
            "https://u:p@a",
            "https://",
        ] {
            assert!(Endpoint::custom(wrong).is_err(), "{wrong}");
        }
    }
}
