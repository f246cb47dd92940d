//! `POST /participant/start-attachment-upload`

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{AttachmentId, ClientToken, SignedUrl};
use crate::wire::AbsoluteTime;

/// Asks where to upload a file. The upload itself is an HTTP `PUT` of the file's bytes to the URL
/// of the answer, and [`CompleteAttachmentUpload`](crate::api::CompleteAttachmentUpload) follows.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct StartAttachmentUpload {
    /// The file's MIME type, 1 to 255 characters.
    pub content_type: String,
    /// The file's size in bytes, at least 1. The instance sets the greatest; its default is 20 MB.
    pub attachment_size_in_bytes: u64,
    /// The file's name, 1 to 256 characters.
    pub attachment_name: String,
    /// Lets the service recognise a repetition: 1 to 500 characters.
    pub client_token: ClientToken,
}

impl StartAttachmentUpload {
    /// An upload of a file of this type, size in bytes and name, under this token.
    #[must_use]
    pub fn new(
        content_type: impl Into<String>,
        attachment_size_in_bytes: u64,
        attachment_name: impl Into<String>,
        client_token: ClientToken,
    ) -> Self {
        Self {
            content_type: content_type.into(),
            attachment_size_in_bytes,
            attachment_name: attachment_name.into(),
            client_token,
        }
    }
}

impl fmt::Debug for StartAttachmentUpload {
    /// Shows type and size; what people call their files stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StartAttachmentUpload")
            .field("content_type", &self.content_type)
            .field("attachment_size_in_bytes", &self.attachment_size_in_bytes)
            .field("client_token", &self.client_token)
            .finish_non_exhaustive()
    }
}

/// A file to send.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewAttachment {
    /// Its name, 1 to 256 characters.
    pub name: String,
    /// Its MIME type, 1 to 255 characters.
    pub content_type: String,
    /// Its size in bytes, at least 1.
    pub size: u64,
}

impl NewAttachment {
    /// A file of this name, MIME type and size in bytes.
    #[must_use]
    pub fn new(name: impl Into<String>, content_type: impl Into<String>, size: u64) -> Self {
        Self {
            name: name.into(),
            content_type: content_type.into(),
            size,
        }
    }

    pub(crate) fn into_request(self, client_token: ClientToken) -> StartAttachmentUpload {
        StartAttachmentUpload {
            content_type: self.content_type,
            attachment_size_in_bytes: self.size,
            attachment_name: self.name,
            client_token,
        }
    }
}

impl fmt::Debug for NewAttachment {
    /// Shows type and size; what people call their files stays out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewAttachment")
            .field("content_type", &self.content_type)
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// What StartAttachmentUpload answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct StartedAttachmentUpload {
    /// Names the file in the operations that follow.
    pub attachment_id: AttachmentId,
    /// Where and how to upload it.
    pub upload_metadata: UploadMetadata,
}

/// Where and how to upload a file.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadMetadata {
    /// Where to `PUT` the file's bytes.
    pub url: SignedUrl,
    /// When the URL stops working.
    pub url_expiry: Option<AbsoluteTime>,
    /// The headers that the upload must carry, by name.
    pub headers_to_include: BTreeMap<String, String>,
}

impl fmt::Debug for UploadMetadata {
    /// Shows the headers' names; their values belong to the signature and name the file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers_to_include.keys().collect();
        f.debug_struct("UploadMetadata")
            .field("url", &self.url)
            .field("url_expiry", &self.url_expiry)
            .field("headers_to_include", &names)
            .finish()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    attachment_id: Option<AttachmentId>,
    upload_metadata: Option<AnswerMetadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AnswerMetadata {
    url: Option<SignedUrl>,
    url_expiry: Option<String>,
    headers_to_include: Option<BTreeMap<String, String>>,
}

impl private::Sealed for StartAttachmentUpload {}

impl ApiRequest for StartAttachmentUpload {
    const OPERATION: Operation = Operation::StartAttachmentUpload;
    type Answer = StartedAttachmentUpload;

    fn check(&self) -> Result<(), CommandError> {
        limits::length("ContentType", &self.content_type, 255)?;
        limits::range(
            "AttachmentSizeInBytes",
            Some(self.attachment_size_in_bytes),
            1,
            limits::LONG,
        )?;
        limits::length("AttachmentName", &self.attachment_name, 256)?;
        limits::length("ClientToken", self.client_token.as_str(), 500)
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(self)
    }

    fn parse(body: &[u8]) -> Result<StartedAttachmentUpload, ProtocolError> {
        const WHAT: &str = "the answer of StartAttachmentUpload";
        let answer: Answer = super::json_answer(WHAT, body)?;
        let metadata = super::required(WHAT, "UploadMetadata", answer.upload_metadata)?;
        Ok(StartedAttachmentUpload {
            attachment_id: super::required(WHAT, "AttachmentId", answer.attachment_id)?,
            upload_metadata: UploadMetadata {
                url: super::required(WHAT, "UploadMetadata.Url", metadata.url)?,
                url_expiry: super::time(metadata.url_expiry),
                headers_to_include: metadata.headers_to_include.unwrap_or_default(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal;

    fn upload() -> StartAttachmentUpload {
        StartAttachmentUpload::new("image/png", 1, "n".repeat(256), "t".into())
    }

    #[test]
    fn each_limit_is_named_when_it_is_broken() {
        assert_eq!(upload().check(), Ok(()));
        let broken = |change: fn(&mut StartAttachmentUpload)| {
            let mut request = upload();
            change(&mut request);
            refusal(&request)
        };
        assert!(broken(|it| it.content_type.clear()).starts_with("ContentType is empty"));
        assert!(broken(|it| it.content_type = "c".repeat(256)).contains("at most 255"));
        assert!(
            broken(|it| it.attachment_size_in_bytes = 0).starts_with("AttachmentSizeInBytes is 0")
        );
        assert!(
            broken(|it| it.attachment_size_in_bytes = 1 << 63).starts_with("AttachmentSizeInBytes")
        );
        assert!(broken(|it| it.attachment_name.clear()).starts_with("AttachmentName is empty"));
        assert!(broken(|it| it.attachment_name.push('n')).contains("at most 256"));
        assert!(broken(|it| it.client_token = "".into()).starts_with("ClientToken is empty"));
        assert!(broken(|it| it.client_token = "t".repeat(501).into()).contains("at most 500"));
    }

    #[test]
    fn the_answer_says_where_to_upload_and_debug_hides_it() {
        let started = StartAttachmentUpload::parse(
            br#"{"AttachmentId":"a1","UploadMetadata":{"Url":"https://bucket.example/?sig=SECRET",
                "UrlExpiry":"2026-01-31T12:00:00.000Z",
                "HeadersToInclude":{"Content-Disposition":"attachment; SECRET.png"}}}"#,
        )
        .unwrap();
        assert_eq!(started.attachment_id.as_str(), "a1");
        let metadata = &started.upload_metadata;
        assert_eq!(metadata.url.expose(), "https://bucket.example/?sig=SECRET");
        assert_eq!(
            metadata.url_expiry,
            AbsoluteTime::parse("2026-01-31T12:00:00Z")
        );
        assert_eq!(
            metadata.headers_to_include["Content-Disposition"],
            "attachment; SECRET.png"
        );
        assert!(!format!("{started:?}").contains("SECRET"), "{started:?}");
        let request = StartAttachmentUpload::new("image/png", 1, "SECRET.png", "t".into());
        assert!(!format!("{request:?}").contains("SECRET"), "{request:?}");
    }

    #[test]
    fn an_answer_without_a_url_or_an_id_is_refused() {
        for (body, field) in [
            ("{}", "UploadMetadata"),
            (
                r#"{"AttachmentId":"a","UploadMetadata":{}}"#,
                "UploadMetadata.Url",
            ),
            (r#"{"UploadMetadata":{"Url":"https://a"}}"#, "AttachmentId"),
        ] {
            let error = StartAttachmentUpload::parse(body.as_bytes()).unwrap_err();
            assert!(
                error.to_string().ends_with(&format!("no {field}")),
                "{error}"
            );
        }
    }
}
