//! `POST /participant/start-attachment-upload`

use serde_json::{Map, Value, json};

use super::{ID_LENGTH, TOKEN_LENGTH};
use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::service::{NewFile, Service};
use crate::upload::UploadState;

impl Service {
    pub(crate) fn start_attachment_upload(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        let content_type = fields.text("ContentType", 1..=255)?;
        // It becomes the value of a header.
        if !content_type
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte))
        {
            return Err(fields.invalid("ContentType", "is not a MIME type"));
        }
        let size = fields
            .optional_integer("AttachmentSizeInBytes", 1..=i64::MAX)?
            .ok_or_else(|| fields.missing("AttachmentSizeInBytes"))?;
        let name = fields.text("AttachmentName", ID_LENGTH)?;
        let start_token = fields.text("ClientToken", TOKEN_LENGTH)?;
        let known = self.contacts.get(&caller.contact).and_then(|contact| {
            contact
                .uploads
                .iter()
                .find(|(_, upload)| {
                    upload.from == caller.participant && upload.start_token == start_token
                })
                .map(|(number, _)| *number)
        });
        let number = match known {
            Some(number) => number,
            None => {
                self.require_memory()?;
                let size = usize::try_from(size)
                    .ok()
                    .filter(|size| *size <= self.settings.attachment_bytes)
                    .ok_or_else(|| {
                        let rule = format!(
                            "must be at most {}, as the instance is set up",
                            self.settings.attachment_bytes
                        );
                        fields.invalid("AttachmentSizeInBytes", &rule)
                    })?;
                if !self.allows_file(name) {
                    let rule = "has an extension that the instance does not allow";
                    return Err(fields.invalid("AttachmentName", rule));
                }
                let file = NewFile {
                    name,
                    content_type,
                    size,
                    start_token,
                };
                self.begin_upload(caller, &file)?
            }
        };
        let upload = self
            .contacts
            .get(&caller.contact)
            .and_then(|contact| contact.uploads.get(&number))
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        let UploadState::Started { expires } = upload.state else {
            return Err(fields.invalid("ClientToken", "is of an upload that was completed"));
        };
        let headers: Map<String, Value> = upload
            .headers()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        Ok(json!({
            "AttachmentId": upload.id,
            "UploadMetadata": {
                "Url": self.upload_url(&upload.url_token),
                "UrlExpiry": self.timestamp(expires),
                "HeadersToInclude": headers,
            },
        }))
    }
}
