//! `POST /participant/attachment`

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{AttachmentId, SignedUrl};
use crate::wire::AbsoluteTime;

/// What a browser does with the file behind a URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum UrlContentDisposition {
    /// Shows it.
    Inline,
    /// Saves it.
    Attachment,
}

/// Asks where to download a file of the chat.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct GetAttachment {
    /// The file, 1 to 256 characters.
    pub attachment_id: AttachmentId,
    /// How many seconds the URL shall work, 5 to 300.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_expiry_in_seconds: Option<u32>,
    /// What a browser shall do with the file. The service's default is to save it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_content_disposition: Option<UrlContentDisposition>,
}

impl GetAttachment {
    /// A URL of this file, with the service's defaults.
    #[must_use]
    pub const fn new(attachment_id: AttachmentId) -> Self {
        Self {
            attachment_id,
            url_expiry_in_seconds: None,
            url_content_disposition: None,
        }
    }
}

/// What GetAttachment answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct AttachmentUrl {
    /// Where to `GET` the file's bytes.
    pub url: SignedUrl,
    /// When the URL stops working.
    pub url_expiry: Option<AbsoluteTime>,
    /// The file's size in bytes.
    pub attachment_size_in_bytes: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    url: Option<SignedUrl>,
    url_expiry: Option<String>,
    attachment_size_in_bytes: Option<u64>,
}

impl private::Sealed for GetAttachment {}

impl ApiRequest for GetAttachment {
    const OPERATION: Operation = Operation::GetAttachment;
    type Answer = AttachmentUrl;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("AttachmentId", self.attachment_id.as_str(), 256)?;
        limits::range("UrlExpiryInSeconds", self.url_expiry_in_seconds, 5, 300)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(self)
    }

    fn parse(body: &[u8]) -> Result<AttachmentUrl, ProtocolError> {
        const WHAT: &str = "the answer of GetAttachment";
        let answer: Answer = super::json_answer(WHAT, body)?;
        Ok(AttachmentUrl {
            url: super::required(WHAT, "Url", answer.url)?,
            url_expiry: super::time(answer.url_expiry),
            attachment_size_in_bytes: answer.attachment_size_in_bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        let expiring = |seconds| {
            let mut request = GetAttachment::new("a".into());
            request.url_expiry_in_seconds = Some(seconds);
            request
        };
        assert_eq!(expiring(5).check(), Ok(()));
        assert_eq!(expiring(300).check(), Ok(()));
        for seconds in [4, 301] {
            assert_eq!(
                refusal(&expiring(seconds)),
                format!("UrlExpiryInSeconds is {seconds}; the service accepts 5 to 300")
            );
        }
        assert!(refusal(&GetAttachment::new("".into())).starts_with("AttachmentId is empty"));
        let long = GetAttachment::new("a".repeat(257).into());
        assert!(refusal(&long).contains("at most 256"));
    }

    #[test]
    fn the_answer_says_where_to_download_and_debug_hides_it() {
        let answer = GetAttachment::parse(
            br#"{"Url":"https://bucket.example/?sig=SECRET","AttachmentSizeInBytes":7,
                "UrlExpiry":"2026-01-31T12:00:00.000Z"}"#,
        )
        .unwrap();
        assert_eq!(answer.url.expose(), "https://bucket.example/?sig=SECRET");
        assert_eq!(answer.attachment_size_in_bytes, Some(7));
        assert_eq!(
            answer.url_expiry.as_ref().unwrap().unix_millis(),
            1_769_860_800_000
        );
        assert!(!format!("{answer:?}").contains("SECRET"), "{answer:?}");
        let error = GetAttachment::parse(b"{}").unwrap_err();
        assert!(error.to_string().ends_with("has no Url"), "{error}");
    }
}
