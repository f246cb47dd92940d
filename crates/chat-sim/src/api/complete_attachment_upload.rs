//! `POST /participant/complete-attachment-upload`

use serde_json::{Value, json};

use super::{ID_LENGTH, TOKEN_LENGTH};
use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::Caller;
use crate::service::Service;
use crate::upload::UploadState;

impl Service {
    pub(crate) fn complete_attachment_upload(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        const NAME: &str = "AttachmentIds";
        let ids = fields.texts(NAME, 1..=1, ID_LENGTH)?;
        let token = fields.text("ClientToken", TOKEN_LENGTH)?;
        let (number, upload) = self
            .contacts
            .get(&caller.contact)
            .and_then(|contact| {
                contact.uploads.iter().find(|(_, upload)| {
                    upload.from == caller.participant && ids.contains(&upload.id.as_str())
                })
            })
            .ok_or_else(|| fields.invalid(NAME, "names no upload of this participant"))?;
        if !matches!(upload.state, UploadState::Started { .. }) {
            if upload.complete_token.as_deref() == Some(token) {
                return Ok(json!({}));
            }
            return Err(Refusal::Conflict("The attachment is being uploaded."));
        }
        if upload.bytes.is_none() {
            return Err(fields.invalid(NAME, "names an attachment that was not uploaded"));
        }
        let number = *number;
        self.require_room(caller)?;
        self.scan(caller.contact, number, token);
        Ok(json!({}))
    }
}
