//! Commands that the service answers, each with an event of its own.

use std::fmt;

use crate::action::Transferred;
use crate::api::{
    ApiRequest, CancelParticipantAuthentication, DescribeView, GetAttachment, GetAuthenticationUrl,
    GetTranscript, NewAttachment, SendEvent,
};
use crate::error::{CommandError, TransportError};
use crate::event::CallAnswer;
use crate::ids::{AttachmentId, CallId, SessionId, UploadId, ViewToken};
use crate::session::Session;
use crate::session::outputs::Purpose;
use crate::session::phase::Phase;
use crate::time::Instant;

impl Session {
    /// Sends an event. [`Event::CallFinished`](crate::Event::CallFinished) follows.
    ///
    /// # Errors
    /// [`CommandError`] when the event breaks a limit of the service, too many calls are under
    /// way, or the session has never been connected, is suspended or over.
    pub fn send_event(&mut self, now: Instant, event: SendEvent) -> Result<CallId, CommandError> {
        let event = match event.client_token {
            Some(_) => event,
            None => {
                let token = self.outputs.random.client_token();
                event.with_client_token(token)
            }
        };
        self.call(now, "send_event", event, CallAnswer::EventSent)
    }

    /// Reads a page of the transcript. [`Event::CallFinished`](crate::Event::CallFinished) follows; the session's own
    /// transcript does not change by it.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub fn get_transcript(
        &mut self,
        now: Instant,
        request: GetTranscript,
    ) -> Result<CallId, CommandError> {
        self.call(now, "get_transcript", request, CallAnswer::Transcript)
    }

    /// Takes the 100 items before the oldest one into the session's transcript.
    /// [`Event::CallFinished`](crate::Event::CallFinished) follows.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event), and when the newest items have not been read yet, older
    /// ones are being loaded already, or the transcript holds as many items as it may.
    pub fn load_older(&mut self, now: Instant) -> Result<CallId, CommandError> {
        self.begin(now);
        self.check_awake("load_older")?;
        if !self.gap.is_history_read() {
            return Err(CommandError::TooEarly {
                command: "load_older",
                advice: "the newest items are still being read; wait for the first of them",
            });
        }
        let limit = |limited, queue, limit| {
            if limited {
                Err(CommandError::Full { queue, limit })
            } else {
                Ok(())
            }
        };
        let transcript_limit = self.config.transcript_limit;
        limit(
            self.calls.is_loading_older(),
            "the loading of older items",
            1,
        )?;
        limit(
            self.transcript.is_full(),
            "the transcript",
            transcript_limit,
        )?;
        let oldest = self.transcript.oldest().cloned();
        let call = self.calls.load_older(oldest);
        self.advance();
        call
    }

    /// Sends a file. [`Event::AttachmentSent`](crate::Event::AttachmentSent) or
    /// [`Event::AttachmentFailed`](crate::Event::AttachmentFailed) follows.
    ///
    /// The session never holds the file: [`Action::Upload`](crate::Action::Upload) asks the driver
    /// for its bytes. Files go side by side, so the order in which they come into the chat is not
    /// that of the commands.
    ///
    /// # Errors
    /// [`CommandError`] when a field breaks a limit of the service, 35 files are under way, or the
    /// session has never been connected, is suspended or over.
    pub fn send_attachment(
        &mut self,
        now: Instant,
        attachment: NewAttachment,
    ) -> Result<UploadId, CommandError> {
        self.begin(now);
        self.check_awake("send_attachment")?;
        let upload = self.attachments.push(attachment, &mut self.outputs);
        self.advance();
        upload
    }

    /// Goes on with a failed attachment where it stopped: one that has been uploaded is not
    /// uploaded again, and one whose URL has expired or was refused is given another.
    ///
    /// # Errors
    /// [`CommandError`] when no failed attachment has this id (the last 35 are kept), 35 files are
    /// under way, or the session is suspended or over.
    pub fn resume_attachment(
        &mut self,
        now: Instant,
        upload: UploadId,
    ) -> Result<(), CommandError> {
        self.begin(now);
        self.check_awake("resume_attachment")?;
        let resumed = self.attachments.resume(upload);
        self.advance();
        resumed
    }

    /// Whether this attachment is under way, or has failed and can be resumed: whether its bytes
    /// may still be asked for.
    #[must_use]
    pub fn has_attachment(&self, upload: UploadId) -> bool {
        self.attachments.has(upload)
    }

    /// Asks where to download a file of the chat. [`Event::CallFinished`](crate::Event::CallFinished)
    /// follows.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub fn attachment_url(
        &mut self,
        now: Instant,
        request: GetAttachment,
    ) -> Result<CallId, CommandError> {
        self.call(now, "attachment_url", request, CallAnswer::AttachmentUrl)
    }

    /// Downloads a file of the chat. [`Event::CallFinished`](crate::Event::CallFinished) follows.
    ///
    /// The session never holds the file: [`Action::Download`](crate::Action::Download) gives its
    /// bytes to the driver.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub fn download_attachment(
        &mut self,
        now: Instant,
        attachment: AttachmentId,
    ) -> Result<CallId, CommandError> {
        self.begin(now);
        GetAttachment::new(attachment.clone()).check()?;
        self.check_awake("download_attachment")?;
        let call = self.calls.download(attachment);
        self.advance();
        call
    }

    /// Reads a view that a flow shows, named by the token of an interactive message.
    /// [`Event::CallFinished`](crate::Event::CallFinished) follows.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub fn describe_view(&mut self, now: Instant, view: ViewToken) -> Result<CallId, CommandError> {
        let request = DescribeView::new(view);
        self.call(now, "describe_view", request, CallAnswer::View)
    }

    /// Asks where the customer signs in, to come back to `redirect_uri`. The service answers it
    /// within one minute of the event `authentication.initiated`, which gives the session id.
    /// [`Event::CallFinished`](crate::Event::CallFinished) follows.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub fn authentication_url(
        &mut self,
        now: Instant,
        session_id: SessionId,
        redirect_uri: impl Into<String>,
    ) -> Result<CallId, CommandError> {
        let request = GetAuthenticationUrl::new(session_id, redirect_uri);
        self.call(
            now,
            "authentication_url",
            request,
            CallAnswer::AuthenticationUrl,
        )
    }

    /// Gives up the customer's signing in. [`Event::CallFinished`](crate::Event::CallFinished)
    /// follows.
    ///
    /// # Errors
    /// As [`send_event`](Self::send_event).
    pub fn cancel_authentication(
        &mut self,
        now: Instant,
        session_id: SessionId,
    ) -> Result<CallId, CommandError> {
        let request = CancelParticipantAuthentication::new(session_id);
        self.call(now, "cancel_authentication", request, |()| {
            CallAnswer::AuthenticationCanceled
        })
    }

    /// A transfer has ended.
    pub(super) fn transferred(
        &mut self,
        purpose: Purpose,
        result: Result<Transferred, TransportError>,
    ) {
        let (access, outputs) = (&mut self.access, &mut self.outputs);
        if let Purpose::Upload(upload) = purpose {
            self.attachments
                .transferred(self.now, upload, result, access, outputs);
        } else if let Purpose::Download(call) = purpose {
            self.calls
                .downloaded(self.now, call, result, access, outputs);
        }
    }

    /// Begins a call whose answer is its result.
    pub(super) fn call<R>(
        &mut self,
        now: Instant,
        command: &'static str,
        request: R,
        answer: fn(R::Answer) -> CallAnswer,
    ) -> Result<CallId, CommandError>
    where
        R: ApiRequest + fmt::Debug + Send + Sync + 'static,
    {
        self.begin(now);
        request.check()?;
        self.check_awake(command)?;
        let call = self.calls.ask(request, answer);
        self.advance();
        call
    }

    /// What the service is to answer needs a session that has been connected and is awake.
    pub(super) fn check_awake(&self, command: &'static str) -> Result<(), CommandError> {
        self.check_connected(command)?;
        if self.phase == Phase::Suspended {
            return Err(self.wrong_phase(command, "resume it first"));
        }
        Ok(())
    }
}
