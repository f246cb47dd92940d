//! Transfers: the bytes of a file, to or from the place where the service keeps files. That place
//! is not the service itself: it knows nothing of tokens, and its errors are statuses only.

use http::header::{HeaderName, HeaderValue};
use http::{Method, Request, Uri};

use crate::action::Transferred;
use crate::api::{AttachmentUrl, UploadMetadata};
use crate::error::{ProtocolError, RequestError, TransferError, TransportError};
use crate::ids::SignedUrl;

/// The upload that the service asks for: to its URL, with its headers and no others.
pub(super) fn upload(metadata: &UploadMetadata) -> Result<Request<()>, ProtocolError> {
    let mut http = Request::new(());
    *http.method_mut() = Method::PUT;
    *http.uri_mut() = uri("UploadMetadata.Url", &metadata.url)?;
    for (name, value) in &metadata.headers_to_include {
        let (Ok(name), Ok(mut value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) else {
            return Err(ProtocolError::Missing {
                what: "UploadMetadata.HeadersToInclude",
                field: "headers that HTTP can carry",
            });
        };
        value.set_sensitive(true); // it belongs to the signature, or names the file
        http.headers_mut().append(name, value);
    }
    Ok(http)
}

/// The download that the service offers, and the size of the file.
pub(super) fn download(answer: &AttachmentUrl) -> Result<(u64, Request<()>), ProtocolError> {
    let Some(size) = answer.attachment_size_in_bytes else {
        return Err(ProtocolError::Missing {
            what: "the answer of GetAttachment",
            field: "AttachmentSizeInBytes",
        });
    };
    let mut http = Request::new(());
    *http.uri_mut() = uri("the Url of GetAttachment", &answer.url)?;
    Ok((size, http))
}

/// Whether a file of this size came across as a whole.
pub(super) fn check(
    result: Result<Transferred, TransportError>,
    size: u64,
) -> Result<(), RequestError> {
    let Transferred { status, bytes } = result?;
    if !(200..=299).contains(&status) {
        return Err(TransferError::Status { status }.into());
    }
    if bytes != size {
        return Err(TransferError::Length {
            expected: size,
            actual: bytes,
        }
        .into());
    }
    Ok(())
}

/// The service's URL is one of HTTP. Whether it may be used is the driver's to say.
fn uri(what: &'static str, url: &SignedUrl) -> Result<Uri, ProtocolError> {
    let refuse = |problem| Err(ProtocolError::Url { what, problem });
    let Ok(uri) = url.expose().parse::<Uri>() else {
        return refuse("it is not a URL");
    };
    match uri.scheme_str() {
        Some("https" | "http") if uri.host().is_some_and(|host| !host.is_empty()) => Ok(uri),
        Some(_) | None => refuse("it does not begin with https:// or http:// and a host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(url: &str, headers: &[(&str, &str)]) -> UploadMetadata {
        let headers = headers.iter();
        UploadMetadata {
            url: url.into(),
            url_expiry: None,
            headers_to_include: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn an_upload_carries_exactly_what_the_service_says() {
        let url = "https://bucket.example/file?signature=S";
        let headers = [("Content-Type", "image/png"), ("x-amz-meta-a", "b")];
        let http = upload(&metadata(url, &headers)).unwrap();
        assert_eq!(http.method(), Method::PUT);
        assert_eq!(http.uri(), url);
        assert_eq!(http.headers().len(), 2);
        assert_eq!(http.headers()["content-type"], "image/png");
        assert_eq!(http.headers()["x-amz-meta-a"], "b");
    }

    #[test]
    fn what_cannot_be_sent_is_the_peers_fault_and_does_not_show() {
        let url = "https://bucket.example/SECRET";
        for metadata in [
            metadata("SECRET", &[]),
            metadata("ftp://bucket.example/SECRET", &[]),
            metadata("https:///SECRET", &[]),
            metadata(url, &[("not a name", "SECRET")]),
            metadata(url, &[("name", "SECRET\n")]),
        ] {
            let error = upload(&metadata).unwrap_err();
            assert!(!error.to_string().contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn only_a_success_of_the_whole_length_counts() {
        let came = |status, bytes| check(Ok(Transferred { status, bytes }), 7);
        assert_eq!(came(200, 7), Ok(()));
        assert_eq!(came(204, 7), Ok(()));
        let status = |status| Err(TransferError::Status { status }.into());
        assert_eq!(came(403, 7), status(403));
        assert_eq!(came(302, 7), status(302));
        let error = came(200, 6).unwrap_err();
        assert!(error.to_string().contains("6 bytes"), "{error}");
    }
}
