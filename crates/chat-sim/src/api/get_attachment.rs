//! `POST /participant/attachment`

use std::time::Duration;

use serde_json::{Value, json};

use super::ID_LENGTH;
use crate::body::Fields;
use crate::error::Refusal;
use crate::grants::{Caller, GrantKind};
use crate::item::{AttachmentStatus, Role};
use crate::operation::Operation;
use crate::service::Service;
use crate::upload::UploadState;

/// How long a download URL is good when UrlExpiryInSeconds is absent: the most that may be asked
/// for. The service documents no default.
const EXPIRY: i64 = 300;

impl Service {
    pub(crate) fn get_attachment(
        &mut self,
        caller: Caller,
        fields: &Fields<'_>,
    ) -> Result<Value, Refusal> {
        const NAME: &str = "AttachmentId";
        let id = fields.text(NAME, ID_LENGTH)?;
        let seconds = fields
            .optional_integer("UrlExpiryInSeconds", 5..=300)?
            .unwrap_or(EXPIRY);
        let inline = fields
            .optional_choice(
                "UrlContentDisposition",
                &[("INLINE", true), ("ATTACHMENT", false)],
            )?
            .unwrap_or(false);
        self.require_memory()?;
        let contact = self
            .contacts
            .get(&caller.contact)
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        let (number, upload) = contact
            .uploads
            .iter()
            .find(|(_, upload)| upload.id == id)
            .ok_or_else(|| fields.invalid(NAME, "is not an attachment of this contact"))?;
        if contact.role(caller.participant) == Some(Role::CustomBot)
            && contact.role(upload.from) == Some(Role::Customer)
        {
            return Err(Refusal::AccessDenied(
                "A custom bot may not have what a customer uploads.",
            ));
        }
        if upload.state != UploadState::Judged(AttachmentStatus::Approved) {
            return Err(fields.invalid(NAME, "is not an attachment that was approved"));
        }
        let (number, size) = (*number, upload.size);
        let lifetime = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let kind = GrantKind::Download { number, inline };
        let token = self
            .grant(caller, kind, lifetime)
            .ok_or(Refusal::AccessDenied("The contact does not exist."))?;
        Ok(json!({
            "Url": format!(
                "{}{}{token}",
                self.settings.http_base,
                Operation::DownloadAttachment.path()
            ),
            "UrlExpiry": self.timestamp(self.now.saturating_add(lifetime)),
            "AttachmentSizeInBytes": size,
        }))
    }
}
