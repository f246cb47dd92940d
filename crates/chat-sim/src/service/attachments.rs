//! Files: uploading, looking at them, downloading.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::Service;
use super::chat::Draft;
use crate::agenda::Task;
use crate::contact::{ContactKey, Published};
use crate::error::{ControlError, Refusal};
use crate::grants::{Caller, Grant, GrantKind};
use crate::item::{Attachment, AttachmentStatus, Item, ItemType, Role};
use crate::operation::Operation;
use crate::upload::{Upload, UploadState};
use crate::weight;

/// The longest file name in a header; the service allows header values of 256 characters.
const HEADER_NAME_LENGTH: usize = 200;

/// The longest content type of an item, in characters.
const ITEM_TYPE_LENGTH: usize = 100;

/// A file to be.
pub(crate) struct NewFile<'a> {
    pub(crate) name: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) size: usize,
    pub(crate) start_token: &'a str,
}

impl Upload {
    /// The headers that the upload must carry.
    pub(crate) fn headers(&self) -> [(&'static str, String); 3] {
        [
            ("Content-Type", self.content_type.clone()),
            ("Content-Disposition", self.disposition(false)),
            ("x-amz-acl", "bucket-owner-full-control".to_owned()),
        ]
    }

    fn disposition(&self, inline: bool) -> String {
        let kind = if inline { "inline" } else { "attachment" };
        let plain = |c: char| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        };
        let name: String = self
            .name
            .chars()
            .take(HEADER_NAME_LENGTH)
            .map(plain)
            .collect();
        format!("{kind}; filename=\"{name}\"")
    }

    fn attachment(&self, status: AttachmentStatus) -> Attachment {
        Attachment {
            attachment_id: self.id.clone(),
            attachment_name: self.name.clone(),
            content_type: self.content_type.clone(),
            status,
        }
    }
}

impl Service {
    /// The agent sends a file. When no agent is in the chat, one joins first. It is looked at like
    /// a customer's: its item comes after [`Settings::scan_delay`](crate::Settings::scan_delay).
    /// Answers its AttachmentId.
    ///
    /// # Errors
    ///
    /// When the file has no bytes or too many, its name has not 1 to 256 characters or an
    /// extension that is not allowed, the content type not 1 to 255 printable characters, the chat
    /// does not exist or has ended, has as many files as it may have, or its transcript is full.
    pub fn agent_attaches(
        &mut self,
        now: Duration,
        contact: &str,
        name: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<String, ControlError> {
        self.advance(now);
        let key = self.live(contact)?;
        self.attach(key, name, content_type, bytes)
    }

    /// The agent sends a file.
    pub(super) fn attach(
        &mut self,
        key: ContactKey,
        name: &str,
        content_type: &str,
        bytes: Vec<u8>,
    ) -> Result<String, ControlError> {
        let most = self.settings.attachment_bytes;
        let printable = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        let wrong = if !(1..=256).contains(&name.chars().count()) {
            Some("the name of a file must have 1 to 256 characters".to_owned())
        } else if !self.allows_file(name) {
            Some(
                "files with this extension are not allowed; see Settings::attachment_extensions"
                    .to_owned(),
            )
        } else if !(1..=255).contains(&content_type.len()) || !printable(content_type) {
            Some("a content type must have 1 to 255 printable characters".to_owned())
        } else if !(1..=most).contains(&bytes.len()) {
            Some(format!(
                "the file has {} bytes; 1 to {most} are allowed",
                bytes.len()
            ))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Err(ControlError::Invalid(wrong));
        }
        self.check_room(key)?;
        let caller = Caller {
            contact: key,
            participant: self.agent(key)?,
        };
        let start_token = self.random.uuid();
        let file = NewFile {
            name,
            content_type,
            size: bytes.len(),
            start_token: &start_token,
        };
        let number = self
            .begin_upload(caller, &file)
            .map_err(|_| ControlError::TooManyAttachments(self.settings.attachments_per_contact))?;
        let blob = self.blobs.put(bytes);
        let upload = self
            .contacts
            .get_mut(&key)
            .and_then(|contact| contact.uploads.get_mut(&number))
            .ok_or_else(|| ControlError::NoSuchContact(key.0.to_string()))?;
        upload.bytes = Some(blob);
        let id = upload.id.clone();
        self.scan(key, number, &start_token);
        Ok(id)
    }

    /// The bytes of a file as the service holds them; nothing when it has none, or had to forget
    /// them to have room for others.
    pub fn attachment_bytes(&self, contact: &str, attachment_id: &str) -> Option<&[u8]> {
        let upload = self
            .contact(contact)?
            .uploads
            .values()
            .find(|upload| upload.id == attachment_id)?;
        self.blobs.get(upload.bytes?)
    }

    /// Whether files with such a name may be sent.
    pub(crate) fn allows_file(&self, name: &str) -> bool {
        let allowed = &self.settings.attachment_extensions;
        name.rsplit_once('.').is_some_and(|(_, extension)| {
            allowed
                .iter()
                .any(|allowed| allowed.eq_ignore_ascii_case(extension))
        })
    }

    /// Gives a file a place to be uploaded to. Answers its number in the contact.
    pub(crate) fn begin_upload(
        &mut self,
        caller: Caller,
        file: &NewFile<'_>,
    ) -> Result<u64, Refusal> {
        const GONE: Refusal = Refusal::AccessDenied("The contact does not exist.");
        let now = self.now;
        let most = self.settings.attachments_per_contact;
        let contact = self.contacts.get_mut(&caller.contact).ok_or(GONE)?;
        let (late, kept): (BTreeMap<u64, Upload>, _) = std::mem::take(&mut contact.uploads)
            .into_iter()
            .partition(|(_, upload)| {
                matches!(upload.state, UploadState::Started { expires } if now >= expires)
            });
        contact.uploads = kept;
        for upload in late.values() {
            contact.charge.shrink(weight::upload(upload));
        }
        if contact.uploads.len() >= most {
            return Err(Refusal::QuotaExceeded(format!(
                "The contact has {most} attachments, which is all it may have."
            )));
        }
        let number = contact.upload_numbers;
        contact.upload_numbers += 1;
        for upload in late.into_values() {
            self.forget_bytes(&upload);
        }
        let lifetime = self.settings.upload_url_lifetime;
        let url_token = self
            .grant(caller, GrantKind::Upload { number }, lifetime)
            .ok_or(GONE)?;
        let upload = Upload {
            id: self.random.uuid(),
            name: file.name.to_owned(),
            content_type: file.content_type.to_owned(),
            size: file.size,
            from: caller.participant,
            state: UploadState::Started {
                expires: now.saturating_add(lifetime),
            },
            bytes: None,
            url_token,
            start_token: file.start_token.to_owned(),
            complete_token: None,
            task: None,
            item_id: None,
        };
        let contact = self.contacts.get_mut(&caller.contact).ok_or(GONE)?;
        contact.charge.grow(weight::upload(&upload));
        contact.uploads.insert(number, upload);
        Ok(number)
    }

    pub(crate) fn upload_url(&self, token: &str) -> String {
        let path = Operation::UploadAttachment.path();
        format!("{}{path}{token}", self.settings.http_base)
    }

    /// The upload is complete: the file is looked at, and is then in the chat.
    pub(crate) fn scan(&mut self, key: ContactKey, number: u64, complete_token: &str) {
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        let Some(upload) = contact.uploads.get_mut(&number) else {
            return;
        };
        upload.state = UploadState::Scanning;
        contact.charge.grow(complete_token.len());
        upload.complete_token = Some(complete_token.to_owned());
        if self.settings.announce_scans {
            self.publish_file(key, number, AttachmentStatus::InProgress);
        }
        let task = self.schedule(self.settings.scan_delay, Task::JudgeFile(key, number));
        if let Some(contact) = self.contacts.get_mut(&key) {
            if let Some(upload) = contact.uploads.get_mut(&number) {
                upload.task = Some(task);
            }
        }
    }

    /// The file has been looked at.
    pub(super) fn judge_file(&mut self, key: ContactKey, number: u64) {
        let marker = &self.settings.rejected_files;
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        if contact.end.is_some() {
            return;
        }
        let Some(upload) = contact.uploads.get_mut(&number) else {
            return;
        };
        let rejected = !marker.is_empty() && upload.name.contains(marker.as_str());
        let status = if rejected {
            AttachmentStatus::Rejected
        } else {
            AttachmentStatus::Approved
        };
        upload.state = UploadState::Judged(status);
        let from = upload.from;
        let is_customers = contact.role(from) == Some(Role::Customer);
        let item = self.publish_file(key, number, status);
        if let Some(item) = item.filter(|_| is_customers && !rejected) {
            self.script_on_attachment(key, &item);
        }
    }

    /// Tells of a file: with an item of its own, or once more with the item that told of it before.
    fn publish_file(
        &mut self,
        key: ContactKey,
        number: u64,
        status: AttachmentStatus,
    ) -> Option<Arc<Item>> {
        let contact = self.contacts.get(&key)?;
        let upload = contact.uploads.get(&number)?;
        let attachment = upload.attachment(status);
        let earlier = upload
            .item_id
            .as_deref()
            .and_then(|id| contact.position(id));
        if let Some(place) = earlier {
            return self.publish_again(key, place, attachment);
        }
        // An item's content type is shorter than a file's may be.
        let content_type: String = upload.content_type.chars().take(ITEM_TYPE_LENGTH).collect();
        let mut draft = Draft::event(Some(upload.from), &content_type);
        draft.item_type = ItemType::Attachment;
        draft.attachment = Some(attachment);
        let item = self.publish(key, &draft)?;
        let upload = self.contacts.get_mut(&key)?.uploads.get_mut(&number)?;
        upload.item_id = Some(item.id.clone());
        Some(item)
    }

    fn publish_again(
        &mut self,
        key: ContactKey,
        place: usize,
        attachment: Attachment,
    ) -> Option<Arc<Item>> {
        let stored = self.contacts.get_mut(&key)?.items.get_mut(place)?;
        let mut item = Item::clone(stored);
        item.attachments = vec![attachment];
        item.charge = self.memory.charge(weight::item(&item));
        let item = Arc::new(item);
        *stored = Arc::clone(&item);
        let sockets = self.send_item(key, &item, None);
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.log_published(Published {
                item: Arc::clone(&item),
                stored: true,
                sockets,
            });
        }
        Some(item)
    }

    pub(super) fn forget_bytes(&mut self, upload: &Upload) {
        self.grants.remove(&upload.url_token);
        if let Some(bytes) = upload.bytes {
            self.blobs.remove(bytes);
        }
        if let Some(task) = upload.task {
            self.agenda.cancel(task);
        }
    }

    /// Answers a request to a URL that the service gave out for a file.
    pub(super) fn serve_file(
        &mut self,
        grant: Option<Grant>,
        http: &http::Request<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        let Some(grant) = grant else {
            return self.denied("Access Denied");
        };
        if grant.is_expired(self.now) {
            return self.denied("Request has expired");
        }
        match grant.kind {
            GrantKind::Upload { number } => self.take_file(grant.caller, number, http),
            GrantKind::Download { number, inline } => self.give_file(grant.caller, number, inline),
            GrantKind::Participant | GrantKind::Connection | GrantKind::Url { .. } => {
                self.denied("Access Denied")
            }
        }
    }

    fn take_file(
        &mut self,
        caller: Caller,
        number: u64,
        http: &http::Request<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        let upload = self
            .contacts
            .get(&caller.contact)
            .and_then(|contact| contact.uploads.get(&number));
        let Some(upload) = upload else {
            return self.denied("Access Denied");
        };
        if !matches!(upload.state, UploadState::Started { .. }) {
            return self.denied("The upload has been completed");
        }
        let missing = upload.headers().into_iter().find(|(name, value)| {
            http.headers()
                .get(*name)
                .is_none_or(|sent| sent.as_bytes() != value.as_bytes())
        });
        if let Some((name, _)) = missing {
            let message = format!("The signed header {name} is missing or has another value");
            return self.xml(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", &message);
        }
        if http.headers().contains_key(header::AUTHORIZATION) {
            let message = "Only one auth mechanism allowed";
            return self.xml(StatusCode::BAD_REQUEST, "InvalidArgument", message);
        }
        let size = http.body().len();
        if size != upload.size {
            let code = if size > upload.size {
                "EntityTooLarge"
            } else {
                "IncompleteBody"
            };
            let message = format!("The file was announced with {} bytes", upload.size);
            return self.xml(StatusCode::BAD_REQUEST, code, &message);
        }
        let earlier = upload.bytes;
        if let Some(earlier) = earlier {
            self.blobs.remove(earlier);
        }
        let blob = self.blobs.put(http.body().clone());
        if let Some(upload) = self
            .contacts
            .get_mut(&caller.contact)
            .and_then(|contact| contact.uploads.get_mut(&number))
        {
            upload.bytes = Some(blob);
        }
        self.respond(StatusCode::OK, "application/xml", Vec::new())
    }

    fn give_file(&mut self, caller: Caller, number: u64, inline: bool) -> Response<Vec<u8>> {
        let upload = self
            .contacts
            .get(&caller.contact)
            .and_then(|contact| contact.uploads.get(&number));
        let Some(upload) = upload else {
            return self.denied("Access Denied");
        };
        let disposition = upload.disposition(inline);
        let content_type = upload.content_type.clone();
        let Some(bytes) = upload.bytes.and_then(|bytes| self.blobs.get(bytes)) else {
            let message = "The specified key does not exist";
            return self.xml(StatusCode::NOT_FOUND, "NoSuchKey", message);
        };
        let bytes = bytes.to_vec();
        let mut response = self.respond(StatusCode::OK, &content_type, bytes);
        if let Ok(value) = HeaderValue::from_str(&disposition) {
            let name: HeaderName = header::CONTENT_DISPOSITION;
            response.headers_mut().insert(name, value);
        }
        response
    }

    fn denied(&mut self, message: &str) -> Response<Vec<u8>> {
        self.xml(StatusCode::FORBIDDEN, "AccessDenied", message)
    }

    /// An error in the form of the store that keeps the files.
    fn xml(&mut self, status: StatusCode, code: &str, message: &str) -> Response<Vec<u8>> {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        self.respond(status, "application/xml", body.into_bytes())
    }
}
