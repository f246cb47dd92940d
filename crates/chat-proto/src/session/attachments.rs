//! Files on their way out, each in three stages: ask where to upload it, upload it, put it into
//! the chat. Every stage is tried a few times; what fails can be resumed where it stopped.

use std::collections::BTreeMap;
use std::fmt;

use crate::action::{Action, Transferred, WakeReason};
use crate::api::{self, ApiRequest, CompleteAttachmentUpload, StartAttachmentUpload};
use crate::api::{NewAttachment, StartedAttachmentUpload};
use crate::error::{
    AttachmentError, AttachmentStage, CommandError, ProtocolError, RequestError, RetryClass,
    TransportError,
};
use crate::event::Event;
use crate::ids::{AttachmentId, UploadId};
use crate::session::access::{Access, TokenState};
use crate::session::outputs::{Outputs, Purpose};
use crate::session::transfer;
use crate::session::tries::{Tries, Verdict};
use crate::time::Instant;

/// The most files under way, and the most failed ones kept to be resumed: a chat takes no more.
const LIMIT: usize = 35;

#[derive(Default, Debug)]
pub(super) struct Attachments {
    under_way: BTreeMap<UploadId, Upload>,
    failed: BTreeMap<UploadId, Upload>,
    next: u64,
}

#[derive(Debug)]
struct Upload {
    /// What it is, and the request of the first stage.
    request: StartAttachmentUpload,
    stage: Stage,
    /// Of the request of this stage.
    tries: Tries,
    /// Of the upload itself. They count on when it has to start again.
    transfers: Tries,
}

#[derive(Debug)]
enum Stage {
    Start,
    Upload(Box<Place>),
    Complete(CompleteAttachmentUpload),
}

/// Where to upload a file.
struct Place {
    attachment_id: AttachmentId,
    http: http::Request<()>,
    /// When the URL stops working.
    expires_at: Option<Instant>,
    /// Whether it has been used. One that has not is used whatever our clock says of it.
    used: bool,
}

impl fmt::Debug for Place {
    /// Shows which file; the URL is as good as a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("attachment_id", &self.attachment_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Attachments {
    /// Whether none is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// Whether this one is under way, or can be resumed.
    pub(super) fn has(&self, id: UploadId) -> bool {
        self.under_way.contains_key(&id) || self.failed.contains_key(&id)
    }

    fn check_room(&self) -> Result<(), CommandError> {
        if self.under_way.len() >= LIMIT {
            return Err(CommandError::Full {
                queue: "the list of attachments under way",
                limit: LIMIT,
            });
        }
        Ok(())
    }

    /// Takes a file in.
    pub(super) fn push(
        &mut self,
        attachment: NewAttachment,
        outputs: &mut Outputs,
    ) -> Result<UploadId, CommandError> {
        let request = attachment.into_request(outputs.random.client_token());
        request.check()?;
        self.check_room()?;
        self.next += 1;
        let id = UploadId(self.next);
        let upload = Upload {
            request,
            stage: Stage::Start,
            tries: Tries::default(),
            transfers: Tries::default(),
        };
        self.under_way.insert(id, upload);
        Ok(id)
    }

    /// Takes a failed one in again, at the stage where it stopped.
    pub(super) fn resume(&mut self, id: UploadId) -> Result<(), CommandError> {
        self.check_room()?;
        let Some(mut upload) = self.failed.remove(&id) else {
            return Err(CommandError::UnknownAttachment(id));
        };
        upload.tries = Tries::default();
        upload.transfers = Tries::default();
        self.under_way.insert(id, upload);
        Ok(())
    }

    pub(super) fn advance(&mut self, now: Instant, access: &mut Access, outputs: &mut Outputs) {
        let mut refused = Vec::new();
        for (&id, upload) in &mut self.under_way {
            let purpose = Purpose::Attachment(id);
            let under_way = outputs.is_pending(purpose) || outputs.is_pending(Purpose::Upload(id));
            if under_way || !upload.tries().is_due(now) {
                continue;
            }
            if upload.has_expired(now) {
                upload.start_again(outputs);
            }
            if let Stage::Upload(place) = &mut upload.stage {
                place.used = true;
                let size = upload.request.attachment_size_in_bytes;
                let http = place.http.clone();
                outputs.transfer(now, Purpose::Upload(id), |request| Action::Upload {
                    request,
                    upload: id,
                    size,
                    http,
                });
                continue;
            }
            match (access.token(now, outputs), &upload.stage) {
                (TokenState::Ready(bearer), Stage::Complete(request)) => {
                    outputs.request(now, purpose, &bearer, request);
                }
                (TokenState::Ready(bearer), Stage::Start | Stage::Upload(_)) => {
                    outputs.request(now, purpose, &bearer, &upload.request);
                }
                (TokenState::Pending, _) => {}
                (TokenState::Refused(error), _) => refused.push((id, error)),
            }
        }
        for (id, error) in refused {
            self.give_up(id, error, outputs);
        }
    }

    /// The service has answered, of the first stage or the last.
    pub(super) fn answered<B: AsRef<[u8]>>(
        &mut self,
        now: Instant,
        id: UploadId,
        response: Result<http::Response<B>, RequestError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        let Some(upload) = self.under_way.get_mut(&id) else {
            return;
        };
        if let Stage::Complete(request) = &upload.stage {
            let attachment_id = request.attachment_id.clone();
            let result =
                response.and_then(|answer| api::from_http::<CompleteAttachmentUpload>(&answer));
            match result {
                Ok(()) => {
                    self.under_way.remove(&id);
                    let upload = id;
                    outputs.events.push_back(Event::AttachmentSent {
                        upload,
                        attachment_id,
                    });
                }
                Err(error) => self.failed(now, id, error, access, outputs),
            }
            return;
        }
        let place = response
            .and_then(|answer| api::from_http::<StartAttachmentUpload>(&answer))
            .and_then(|started| Ok(Place::new(now, started, access)?));
        match place {
            Ok(place) => upload.stage = Stage::Upload(Box::new(place)),
            Err(error) => self.failed(now, id, error, access, outputs),
        }
    }

    /// The bytes have gone across, or not.
    pub(super) fn transferred(
        &mut self,
        now: Instant,
        id: UploadId,
        result: Result<Transferred, TransportError>,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        let Some(upload) = self.under_way.get_mut(&id) else {
            return;
        };
        let Stage::Upload(place) = &upload.stage else {
            return;
        };
        match transfer::check(result, upload.request.attachment_size_in_bytes) {
            Ok(()) => {
                let token = outputs.random.client_token();
                let id = place.attachment_id.clone();
                upload.stage = Stage::Complete(CompleteAttachmentUpload::new(id, token));
                upload.tries = Tries::default();
            }
            Err(error) => self.failed(now, id, error, access, outputs),
        }
    }

    /// A try has failed.
    fn failed(
        &mut self,
        now: Instant,
        id: UploadId,
        error: RequestError,
        access: &mut Access,
        outputs: &mut Outputs,
    ) {
        let Some(upload) = self.under_way.get_mut(&id) else {
            return;
        };
        let tries = upload.tries();
        if tries.failed_of_few(now, &error, access, outputs) == Verdict::GiveUp {
            self.give_up(id, error, outputs);
        }
    }

    fn give_up(&mut self, id: UploadId, error: RequestError, outputs: &mut Outputs) {
        let Some(mut upload) = self.under_way.remove(&id) else {
            return;
        };
        let stage = upload.stage.name();
        let is_refused = error.retry_class() == RetryClass::Never;
        if matches!(error, RequestError::Transfer(_)) && is_refused {
            upload.start_again(outputs); // the same URL would be refused again
        }
        self.failed.insert(id, upload);
        if self.failed.len() > LIMIT {
            self.failed.pop_first();
        }
        let error = AttachmentError { stage, error };
        outputs
            .events
            .push_back(Event::AttachmentFailed { upload: id, error });
    }

    /// The session is over: what is not in the chat has failed.
    pub(super) fn end(&mut self, outputs: &mut Outputs) {
        while let Some((&id, _)) = self.under_way.first_key_value() {
            self.give_up(id, RequestError::Ended, outputs);
        }
        self.failed.clear();
    }

    pub(super) fn next_timeout(&self) -> Option<(Instant, WakeReason)> {
        let retries = self.under_way.values().map(|upload| {
            let tries = match upload.stage {
                Stage::Start | Stage::Complete(_) => &upload.tries,
                Stage::Upload(_) => &upload.transfers,
            };
            tries.not_before()
        });
        let retry = retries.flatten().min()?;
        Some((retry, WakeReason::SendRetry))
    }
}

impl Upload {
    const fn tries(&mut self) -> &mut Tries {
        match self.stage {
            Stage::Start | Stage::Complete(_) => &mut self.tries,
            Stage::Upload(_) => &mut self.transfers,
        }
    }

    /// Whether it would be tried again at a URL that has stopped working.
    fn has_expired(&self, now: Instant) -> bool {
        if let Stage::Upload(place) = &self.stage {
            place.used && place.expires_at.is_some_and(|at| at <= now)
        } else {
            false
        }
    }

    /// Asks for another URL, as if for another file: under the old client token the service would
    /// answer with the old one.
    fn start_again(&mut self, outputs: &mut Outputs) {
        self.request.client_token = outputs.random.client_token();
        self.stage = Stage::Start;
        self.tries = Tries::default();
    }
}

impl Stage {
    const fn name(&self) -> AttachmentStage {
        match self {
            Self::Start => AttachmentStage::Start,
            Self::Upload(_) => AttachmentStage::Upload,
            Self::Complete(_) => AttachmentStage::Complete,
        }
    }
}

impl Place {
    fn new(
        now: Instant,
        started: StartedAttachmentUpload,
        access: &Access,
    ) -> Result<Self, ProtocolError> {
        let metadata = &started.upload_metadata;
        let expiry = metadata.url_expiry.as_ref();
        Ok(Self {
            http: transfer::upload(metadata)?,
            expires_at: expiry.map(|expiry| access.instant_of(now, expiry)),
            used: false,
            attachment_id: started.attachment_id,
        })
    }
}
