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

/// Which of a region's hosts to use.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[expect(clippy::exhaustive_enums, reason = "there are no other combinations")]
pub enum Hosts {
    /// Those for everybody, over IPv4.
    #[default]
    Standard,
    /// Those whose cryptography is validated under FIPS 140.
    Fips,
    /// Those that are reached over IPv4 and IPv6.
    DualStack,
    /// Those that are both.
    FipsDualStack,
}

impl Endpoint {
    /// The service in this AWS region, such as `us-west-2`, at its standard hosts.
    ///
    /// # Errors
    /// [`ConfigError`] when the text is not of the form of a region's name.
    pub fn region(region: &str) -> Result<Self, ConfigError> {
        Self::region_hosts(region, Hosts::Standard)
    }

    /// The service in this AWS region, at these of its hosts. A [`custom`](Self::custom) URL has
    /// no such choice: it is used as it is given.
    ///
    /// # Errors
    /// [`ConfigError`] when the text is not of the form of a region's name.
    pub fn region_hosts(region: &str, hosts: Hosts) -> Result<Self, ConfigError> {
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
        let (suffix, dual_stack_suffix) = dns_suffixes(region);
        // The public endpoint rules give GovCloud's standard hosts as its FIPS hosts.
        let (fips, suffix) = match hosts {
            Hosts::Standard => ("", suffix),
            Hosts::Fips if region.starts_with("us-gov-") => ("", suffix),
            Hosts::Fips => ("-fips", suffix),
            Hosts::DualStack => ("", dual_stack_suffix),
            Hosts::FipsDualStack => ("-fips", dual_stack_suffix),
        };
        let base = |service| {
            Base::parse(&format!("https://{service}{fips}.{region}.{suffix}"))
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

/// The domains of a region's partition, standard and dual-stack, by the prefixes of the public
/// endpoint rules. Unknown regions belong to the partition `aws`.
fn dns_suffixes(region: &str) -> (&'static str, &'static str) {
    let partitions = [
        ("cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        ("eusc-", "amazonaws.eu", "api.amazonwebservices.eu"),
        ("us-iso-", "c2s.ic.gov", "api.aws.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov", "api.aws.scloud"),
        ("eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        ("us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
    ];
    partitions
        .into_iter()
        .find(|(prefix, ..)| region.starts_with(prefix))
        .map_or(("amazonaws.com", "api.aws"), |(_, standard, dual_stack)| {
            (standard, dual_stack)
        })
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
    fn fips_and_dual_stack_have_hosts_of_their_own() {
        for (region, hosts, host) in [
            ("us-west-2", Hosts::Fips, "-fips.us-west-2.amazonaws.com"),
            ("us-west-2", Hosts::DualStack, ".us-west-2.api.aws"),
            ("us-west-2", Hosts::FipsDualStack, "-fips.us-west-2.api.aws"),
            ("us-gov-west-1", Hosts::Fips, ".us-gov-west-1.amazonaws.com"),
            ("us-gov-west-1", Hosts::DualStack, ".us-gov-west-1.api.aws"),
            (
                "us-gov-west-1",
                Hosts::FipsDualStack,
                "-fips.us-gov-west-1.api.aws",
            ),
            (
                "cn-north-1",
                Hosts::Fips,
                "-fips.cn-north-1.amazonaws.com.cn",
            ),
            (
                "cn-north-1",
                Hosts::DualStack,
                ".cn-north-1.api.amazonwebservices.com.cn",
            ),
            (
                "eusc-de-east-1",
                Hosts::DualStack,
                ".eusc-de-east-1.api.amazonwebservices.eu",
            ),
            (
                "us-iso-east-1",
                Hosts::DualStack,
                ".us-iso-east-1.api.aws.ic.gov",
            ),
            (
                "us-isob-east-1",
                Hosts::DualStack,
                ".us-isob-east-1.api.aws.scloud",
            ),
            (
                "eu-isoe-west-1",
                Hosts::DualStack,
                ".eu-isoe-west-1.api.cloud-aws.adc-e.uk",
            ),
            (
                "us-isof-east-1",
                Hosts::DualStack,
                ".us-isof-east-1.api.aws.hci.ic.gov",
            ),
        ] {
            let endpoint = Endpoint::region_hosts(region, hosts).unwrap();
            for (service, name) in [
                (Service::Participant, "participant.connect"),
                (Service::Connect, "connect"),
            ] {
                assert_eq!(
                    endpoint.uri(service, "/x").to_string(),
                    format!("https://{name}{host}/x")
                );
            }
        }
        assert!(Endpoint::region_hosts("nowhere", Hosts::Fips).is_err());
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
