//! Whom to trust: the authorities that `--ca` names.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::outcome::Failure;

/// A configuration that trusts the authorities in a PEM file, and no others.
///
/// # Errors
/// [`Failure`] when the file cannot be read, or has no certificate of an authority.
pub(crate) fn only(path: &Path) -> Result<Arc<ClientConfig>, Failure> {
    let failure = |problem: String| {
        let path = path.display();
        Failure::arguments(format!("--ca {path}: {problem}"))
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| failure(format!("the file cannot be read: {error}")))?;
    for certificate in certificates {
        let certificate =
            certificate.map_err(|error| failure(format!("this is not PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| failure(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failure(
            "no certificate is in it; it is a PEM file with BEGIN CERTIFICATE".to_owned(),
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failure(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
