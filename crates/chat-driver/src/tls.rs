//! The TLS settings of a client that is given none.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};

/// Mozilla's root certificates, TLS 1.2 and 1.3.
pub(crate) fn default_config() -> Result<ClientConfig, rustls::Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    // With an explicit provider: without one rustls panics when a program has linked two.
    Ok(ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// The certificates that the operating system trusts, TLS 1.2 and 1.3.
#[cfg(feature = "platform-verifier")]
pub(crate) fn platform_config() -> Result<ClientConfig, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt;

    Ok(ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth())
}

#[cfg(feature = "aws-lc-rs")]
#[expect(clippy::unnecessary_wraps, reason = "there may be none")]
fn provider() -> Result<Arc<CryptoProvider>, rustls::Error> {
    Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
}

#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
#[expect(clippy::unnecessary_wraps, reason = "there may be none")]
fn provider() -> Result<Arc<CryptoProvider>, rustls::Error> {
    Ok(Arc::new(rustls::crypto::ring::default_provider()))
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
fn provider() -> Result<Arc<CryptoProvider>, rustls::Error> {
    let advice = "neither the feature ring nor aws-lc-rs is on";
    Err(rustls::Error::General(advice.to_owned()))
}
