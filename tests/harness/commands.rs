//! The application's commands, as tests give them: accepted, and acted upon at once.

use chat_proto::{
    AttachmentId, CallId, CommandError, Draft, Instant, ItemId, LocalId, NewAttachment, Phase,
    ReceiptKind, Session, UploadId,
};
use chat_sim::Operation;

use crate::world::World;

impl World {
    /// Begins to connect, without waiting for it.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn begin_to_connect(&mut self) {
        let now = self.instant();
        self.session.connect(now).expect("the session is idle");
        self.settle();
    }

    /// Begins to connect when the session is idle, as after a first connect that failed.
    pub fn tries_to_connect(&mut self) {
        if self.session.phase() == Phase::Idle {
            self.begin_to_connect();
        }
    }

    /// Calls the service, unless the session refuses.
    pub fn calls(
        &mut self,
        call: impl FnOnce(&mut Session, Instant) -> Result<CallId, CommandError>,
    ) {
        let now = self.instant();
        if let Ok(call) = call(&mut self.session, now) {
            self.journal.open_calls.insert(call);
        }
        self.settle();
    }

    /// Sends exactly this text, which may be that of another message; [`World::verify`] knows
    /// nothing of it.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn say(&mut self, text: &str) -> LocalId {
        let now = self.instant();
        let said = self.session.send_message(now, Draft::text(text));
        self.settle();
        said.expect("the message is valid and the session is not over")
    }

    /// Types; whether it went out.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn types(&mut self) -> bool {
        let now = self.instant();
        let sent = self.session.typing(now).expect("the session is live");
        self.settle();
        sent
    }

    /// Sends a file of plain text.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn send_file(&mut self, name: &str, content: &[u8]) -> UploadId {
        let sent = self.tries_to_send_file(name, content);
        sent.expect("the file is valid and the session is connected")
    }

    /// Sends a file of plain text, if the session takes it.
    ///
    /// # Errors
    /// Why it does not.
    pub fn tries_to_send_file(
        &mut self,
        name: &str,
        content: &[u8],
    ) -> Result<UploadId, CommandError> {
        let now = self.instant();
        let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
        let attachment = NewAttachment::new(name, "text/plain", size);
        let upload = self.session.send_attachment(now, attachment)?;
        self.files.insert(upload, content.to_vec());
        self.settle();
        Ok(upload)
    }

    /// Downloads a file, into [`World::downloaded`].
    ///
    /// # Panics
    /// When the session refuses.
    pub fn download(&mut self, attachment: &AttachmentId) -> CallId {
        let now = self.instant();
        let call = self
            .session
            .download_attachment(now, attachment.clone())
            .expect("the session is connected");
        self.settle();
        call
    }

    /// Puts the session to sleep.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn suspend(&mut self) {
        let now = self.instant();
        self.session.suspend(now).expect("the session is awake");
        self.settle();
    }

    /// Wakes the session.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn resume(&mut self) {
        let now = self.instant();
        self.session.resume(now).expect("the session is suspended");
        self.settle();
    }

    /// Leaves the chat.
    ///
    /// # Panics
    /// When the session refuses.
    pub fn disconnect(&mut self) {
        let now = self.instant();
        self.session
            .disconnect(now)
            .expect("the session has been connected");
        self.settle();
    }

    /// The agent sends so many messages.
    pub fn agent_sends_many(&mut self, count: u32) {
        for _ in 0..count {
            self.agent_sends("one of many");
        }
    }

    /// How often the service was asked for this.
    #[must_use]
    pub fn requests(&self, operation: Operation) -> u64 {
        self.record().requests(operation)
    }

    /// Asks for a receipt; whether it was accepted.
    pub fn sends_receipt(&mut self, kind: ReceiptKind, message: &ItemId) -> bool {
        let now = self.instant();
        self.journal.asked.insert((kind, message.clone()));
        let asked = self.session.send_receipt(now, kind, message);
        if asked.is_err() {
            self.journal.asked.remove(&(kind, message.clone()));
        }
        self.settle();
        asked.is_ok()
    }
}
