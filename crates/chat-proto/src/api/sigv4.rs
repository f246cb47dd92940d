//! Signature Version 4, which the operations of the service `connect` demand. With the feature
//! `sigv4`.
//!
//! Nothing here asks for credentials or for the time: both are arguments. The service accepts a
//! signature for five minutes, so sign a request when it is to be sent, and sign a repeated one
//! again.
//!
//! ```
//! use std::time::Duration;
//!
//! use chat_proto::api::{self, Endpoint, StartChatContact, sigv4};
//!
//! let chat = StartChatContact::new("instance id", "flow id", "Ada");
//! let mut request = api::to_http(&Endpoint::region("us-west-2")?, None, &chat)?;
//! let credentials = sigv4::Credentials::new("AKIDEXAMPLE", "the secret access key");
//! let unix = Duration::from_secs(1_769_860_800); // a real program asks its clock
//! sigv4::sign(&mut request, &credentials, "us-west-2", sigv4::CONNECT, unix)?;
//! assert!(request.headers().contains_key("authorization"));
//!
//! // A real program sends the request here.
//! let body = r#"{"ContactId":"c","ParticipantId":"p","ParticipantToken":"t"}"#;
//! let chat = StartChatContact::read_answer(&http::Response::new(body))?;
//! assert_eq!(chat.details.contact_id.as_str(), "c");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::time::Duration;

use hmac_sha256::{HMAC, Hash};
use http::header::{AUTHORIZATION, HOST, HeaderMap, TRANSFER_ENCODING, USER_AGENT};
use http::{HeaderValue, Uri};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use crate::api::percent_encode;
use crate::error::CommandError;

/// The signing name of the service `connect`.
pub const CONNECT: &str = "connect";

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";
const SESSION_TOKEN: &str = "x-amz-security-token";

/// AWS credentials. `Debug` hides all but the access key's id.
#[derive(Clone)]
pub struct Credentials {
    access_key_id: String,
    secret_access_key: SecretString,
    session_token: Option<SecretString>,
}

impl Credentials {
    /// An access key: its id, and the secret.
    #[must_use]
    pub fn new(access_key_id: impl Into<String>, secret_access_key: impl Into<String>) -> Self {
        Self {
            access_key_id: access_key_id.into(),
            secret_access_key: SecretString::from(secret_access_key.into()),
            session_token: None,
        }
    }

    /// The same key with the token that temporary credentials come with.
    #[must_use]
    pub fn with_session_token(self, session_token: impl Into<String>) -> Self {
        Self {
            session_token: Some(SecretString::from(session_token.into())),
            ..self
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// Signs a request for a service of a region, at a time since 1970-01-01T00:00:00Z: sets its
/// headers `X-Amz-Date`, `Authorization` and, with temporary credentials, `X-Amz-Security-Token`.
/// What it signed must not change afterwards: method, URI, body, and all headers that are set, but
/// for `User-Agent` and `Transfer-Encoding`. Headers may be added.
///
/// # Errors
/// [`CommandError::Invalid`] when the URI names no host, or something that goes into a header holds
/// characters that no header may hold. The request is then not signed.
pub fn sign(
    request: &mut http::Request<Vec<u8>>,
    credentials: &Credentials,
    region: &str,
    service: &str,
    unix: Duration,
) -> Result<(), CommandError> {
    let time = time(unix)?;
    let headers = request.headers_mut();
    headers.remove(AUTHORIZATION);
    headers.insert(DATE, header("X-Amz-Date", &time, false)?);
    headers.remove(SESSION_TOKEN);
    if let Some(token) = &credentials.session_token {
        let token = header("X-Amz-Security-Token", token.expose_secret(), true)?;
        headers.insert(SESSION_TOKEN, token);
    }
    let uri = request.uri();
    let parts = Parts {
        method: request.method().as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers: canonical_headers(uri, request.headers())?,
        body: request.body(),
    };
    let authorization = parts.authorization(credentials, region, service, &time);
    let authorization = header("Authorization", &authorization, true)?;
    request.headers_mut().insert(AUTHORIZATION, authorization);
    Ok(())
}

/// The time in the form of the header `X-Amz-Date`.
fn time(unix: Duration) -> Result<String, CommandError> {
    let time = i64::try_from(unix.as_secs())
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .ok_or(CommandError::Invalid {
            field: "X-Amz-Date",
            problem: "the time is after the year 9999",
        })?;
    Ok(time.strftime("%Y%m%dT%H%M%SZ").to_string())
}

fn header(field: &'static str, text: &str, secret: bool) -> Result<HeaderValue, CommandError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| CommandError::Invalid {
        field,
        problem: "it holds characters that no HTTP header may hold",
    })?;
    value.set_sensitive(secret);
    Ok(value)
}

/// The headers to sign, by their names in lower case.
fn canonical_headers(
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<BTreeMap<String, String>, CommandError> {
    let mut canonical = BTreeMap::new();
    for name in headers.keys() {
        // What is on the way may change them.
        if name == USER_AGENT || name == TRANSFER_ENCODING {
            continue;
        }
        let mut values = Vec::new();
        for value in headers.get_all(name) {
            let text =
                std::str::from_utf8(value.as_bytes()).map_err(|_| CommandError::Invalid {
                    field: "a header",
                    problem: "only headers in UTF-8 can be signed",
                })?;
            let words: Vec<_> = text.split_ascii_whitespace().collect();
            values.push(words.join(" "));
        }
        canonical.insert(name.as_str().to_owned(), values.join(","));
    }
    if !canonical.contains_key(HOST.as_str()) {
        canonical.insert(HOST.as_str().to_owned(), host(uri)?);
    }
    Ok(canonical)
}

/// The header `Host` that an HTTP client will send.
fn host(uri: &Uri) -> Result<String, CommandError> {
    let host = uri.host().ok_or(CommandError::Invalid {
        field: "the URI",
        problem: "it must be absolute: the signature covers the host",
    })?;
    Ok(match (uri.port_u16(), uri.scheme_str()) {
        (None, _) | (Some(443), Some("https")) | (Some(80), Some("http")) => host.to_owned(),
        (Some(port), _) => format!("{host}:{port}"),
    })
}

/// What of a request is signed.
struct Parts<'a> {
    method: &'a str,
    path: &'a str,
    query: &'a str,
    headers: BTreeMap<String, String>,
    body: &'a [u8],
}

impl Parts<'_> {
    /// The value of the header `Authorization`.
    fn authorization(
        &self,
        credentials: &Credentials,
        region: &str,
        service: &str,
        time: &str,
    ) -> String {
        let names: Vec<_> = self.headers.keys().map(String::as_str).collect();
        let names = names.join(";");
        let canonical = hex(&Hash::hash(self.canonical(&names).as_bytes()));
        let day = time.get(..8).unwrap_or_default();
        let scope = format!("{day}/{region}/{service}/aws4_request");
        let text = format!("{ALGORITHM}\n{time}\n{scope}\n{canonical}");
        let secret = credentials.secret_access_key.expose_secret();
        let secret = Zeroizing::new(format!("AWS4{secret}"));
        let mut key = HMAC::mac(day, secret.as_bytes());
        for part in [region, service, "aws4_request"] {
            key = HMAC::mac(part, key);
        }
        let signature = hex(&HMAC::mac(text, key));
        let id = &credentials.access_key_id;
        format!("{ALGORITHM} Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}")
    }

    /// The request in the one form that both sides sign.
    fn canonical(&self, names: &str) -> String {
        let path = canonical_path(self.path);
        let query = canonical_query(self.query);
        let mut text = format!("{}\n{path}\n{query}\n", self.method);
        for (name, value) in &self.headers {
            text.extend([name.as_str(), ":", value.as_str(), "\n"]);
        }
        let body = hex(&Hash::hash(self.body));
        text.extend(["\n", names, "\n", body.as_str()]);
        text
    }
}

/// The path without empty and dot segments, encoded once more than it is in the URI.
fn canonical_path(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => _ = segments.pop(),
            segment => segments.push(segment),
        }
    }
    let mut canonical = String::new();
    for segment in segments {
        canonical.push('/');
        percent_encode(segment.as_bytes(), &mut canonical);
    }
    if canonical.is_empty() || path.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// The parameters in the order of their names, encoded once.
fn canonical_query(query: &str) -> String {
    let encoded = |text| {
        let mut encoded = String::new();
        percent_encode(&percent_decode(text), &mut encoded);
        encoded
    };
    let mut parameters: Vec<_> = query
        .split('&')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
    parameters.sort();
    let parameters: Vec<_> = parameters
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parameters.join("&")
}

fn percent_decode(text: &str) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = (byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let code = digits.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        let (byte, after) = code.unwrap_or((byte, after));
        decoded.push(byte);
        rest = after;
    }
    decoded
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        // Writing to a String cannot fail.
        _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests;
