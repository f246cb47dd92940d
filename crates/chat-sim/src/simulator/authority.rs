//! A certificate authority of the simulator's own, for HTTPS and secure WebSockets.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::StartError;

/// The names that the certificate is good for.
const NAMES: [&str; 3] = ["127.0.0.1", "::1", "localhost"];

/// A configuration with a certificate of a fresh authority, and the authority's own certificate as
/// PEM. The keys are nowhere else, so the authority can sign nothing more.
pub(super) fn self_signed(unix: Duration) -> Result<(Arc<ServerConfig>, String), StartError> {
    let failed = |source: rcgen::Error| StartError::Certificate(source.to_string());
    let mut params = CertificateParams::new(Vec::new()).map_err(failed)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "chat-sim, for tests on this machine");
    let key = KeyPair::generate().map_err(failed)?;
    let issuer = CertifiedIssuer::self_signed(params, key).map_err(failed)?;

    let mut params = CertificateParams::new(NAMES.map(str::to_owned).to_vec()).map_err(failed)?;
    // Some clients refuse certificates that are good for much longer than a year.
    let (year, month, day) = date(unix, -1);
    params.not_before = rcgen::date_time_ymd(year, month, day);
    let (year, month, day) = date(unix, 365);
    params.not_after = rcgen::date_time_ymd(year, month, day);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = params.signed_by(&key, &issuer).map_err(failed)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder.with_no_client_auth().with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
        })
        .map_err(|source| StartError::Certificate(source.to_string()))?;
    Ok((Arc::new(config), issuer.pem()))
}

/// Year, month and day, so many days from a time since 1970.
fn date(unix: Duration, days: i64) -> (i32, u8, u8) {
    let seconds = i64::try_from(unix.as_secs()).unwrap_or(i64::MAX);
    let then = Timestamp::from_second(seconds.saturating_add(days * 24 * 3_600))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let date = Offset::UTC.to_datetime(then);
    let part = |part: i8| u8::try_from(part).unwrap_or(1);
    (i32::from(date.year()), part(date.month()), part(date.day()))
}
