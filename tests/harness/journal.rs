//! What the client told its application, and the rules that must hold for it at every moment.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::{
    AttachmentError, AttachmentId, CallAnswer, CallId, Change, ConnectError, Diagnostic, EndReason,
    Entry, Event, GapError, ItemId, ItemKind, LocalId, ReceiptKind, ReceiptOutcome, RequestError,
    SendError, Session, Transcript, UploadId,
};

use crate::model::ordered;

/// Everything the client reported, with the rules checked as it comes in.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// Every event, in order. Diagnostics and heartbeats are counted only.
    pub events: Vec<Event>,
    /// Items by id, with the number of times each was reported.
    pub items: BTreeMap<ItemId, u32>,
    /// Parts of messages, with their numbers.
    pub parts: BTreeSet<(Option<ItemId>, Option<u64>)>,
    /// Items that a gap fill brought.
    pub recovered: BTreeSet<ItemId>,
    /// Messages confirmed, with the item each became.
    pub sent: BTreeMap<LocalId, ItemId>,
    /// Messages handed back.
    pub failed: BTreeMap<LocalId, SendError>,
    /// Files that were sent or have failed, with the last outcome of each.
    pub files: BTreeMap<UploadId, Result<AttachmentId, AttachmentError>>,
    /// Calls that have finished.
    pub calls: BTreeMap<CallId, Result<CallAnswer, RequestError>>,
    /// Times the connection came up for the first time.
    pub established: u32,
    /// Times it came up again.
    pub reestablished: u32,
    /// Times it was lost.
    pub lost: u32,
    /// Failed first connects.
    pub connect_failed: Vec<ConnectError>,
    /// Gap fills, with the number of items each brought.
    pub gaps: Vec<u64>,
    /// Gaps that could not be filled.
    pub unresolved: Vec<GapError>,
    /// Diagnostics.
    pub diagnostics: Vec<Diagnostic>,
    /// Good and bad answers to pings.
    pub pongs: (u32, u32),
    /// Receipts that were asked for and have not settled.
    pub asked: BTreeSet<(ReceiptKind, ItemId)>,
    /// Receipts that have settled, with the last outcome of each.
    pub receipts: BTreeMap<(ReceiptKind, ItemId), ReceiptOutcome>,
    /// Calls that have not been answered.
    pub open_calls: BTreeSet<CallId>,
    /// Why it ended.
    pub ended: Option<EndReason>,
    /// Whether the client has been continued from what another life of it saved: the transcript
    /// then begins anywhere.
    pub continued: bool,
    /// A copy of the transcript, made of its changes alone.
    copy: Vec<Entry>,
    /// Whether it has changed since it was compared.
    changed: bool,
    /// Messages that were sent again after they had failed.
    pub(crate) resent: BTreeSet<LocalId>,
}

/// The most diagnostics kept.
const DIAGNOSTICS: usize = 10_000;

impl Journal {
    /// Notes that a failed message is being sent again, so that it may settle once more.
    pub(crate) fn resend(&mut self, local_id: LocalId) {
        self.failed.remove(&local_id);
        self.resent.insert(local_id);
    }

    /// The client is continued in another life: its connections and its transcript begin anew.
    pub(crate) fn continue_in_another_life(&mut self) {
        self.continued = true;
        self.copy.clear();
        self.changed = true;
        // Files and calls under way are gone with the life they were asked for in.
        self.open_calls.clear();
        self.calls.clear();
        self.files.clear();
        self.parts.clear();
        (self.established, self.reestablished, self.lost) = (0, 0, 0);
    }

    /// Takes an event in.
    pub(crate) fn note(&mut self, event: Event, shown: &str) {
        assert!(self.ended.is_none(), "after the end came {shown}");
        assert!(!shown.contains(CANARY), "a message text shows in {shown}");
        match &event {
            Event::Established => {
                self.established += 1;
                assert_eq!(self.established, 1, "established twice");
                let is_first = !self.continued;
                assert!(
                    !is_first || self.items.is_empty(),
                    "an item came before established"
                );
            }
            Event::Reestablished => {
                self.reestablished += 1;
                assert_eq!(self.reestablished, self.lost, "up again without a loss");
            }
            Event::ConnectionLost(_) => {
                assert_eq!(self.lost, self.reestablished, "lost twice");
                self.lost += 1;
            }
            Event::ConnectFailed(error) => self.connect_failed.push(error.clone()),
            Event::Item(received) if received.kind == ItemKind::PartialMessage => {
                let part = received.item.metadata.as_ref();
                let part = part.and_then(|data| data.chunk_number);
                let key = (received.item.id.clone(), part);
                assert!(self.parts.insert(key), "a part was reported twice: {shown}");
            }
            Event::Item(received) => {
                if let Some(id) = &received.item.id {
                    let times = self.items.entry(id.clone()).or_default();
                    *times += 1;
                    assert_eq!(*times, 1, "item {id} was reported twice");
                    if received.recovered {
                        self.recovered.insert(id.clone());
                    }
                }
            }
            Event::MessageSent { local_id, id, .. } => {
                let before = self.sent.insert(*local_id, id.clone());
                assert!(before.is_none(), "{local_id} was confirmed twice");
                assert!(
                    !self.failed.contains_key(local_id),
                    "{local_id} was handed back and then confirmed"
                );
            }
            Event::MessageFailed {
                local_id, error, ..
            } => {
                let before = self.failed.insert(*local_id, error.clone());
                assert!(before.is_none(), "{local_id} was handed back twice");
                assert!(
                    !self.sent.contains_key(local_id),
                    "{local_id} was confirmed and then handed back"
                );
            }
            Event::ReceiptSettled {
                message_id,
                kind,
                outcome,
            } => {
                let receipt = (*kind, message_id.clone());
                assert!(self.asked.remove(&receipt), "{receipt:?} settled unasked");
                self.receipts.insert(receipt, outcome.clone());
            }
            Event::TranscriptChanged(change) => {
                self.apply(change);
                return;
            }
            Event::GapFilled { items } => self.gaps.push(*items),
            Event::GapUnresolved(error) => self.unresolved.push(error.clone()),
            Event::DeepHeartbeatSucceeded => {
                self.pongs.0 += 1;
                return;
            }
            Event::DeepHeartbeatFailed(_) => {
                self.pongs.1 += 1;
                return;
            }
            Event::Diagnostic(diagnostic) => {
                if self.diagnostics.len() < DIAGNOSTICS {
                    self.diagnostics.push(diagnostic.clone());
                }
                return;
            }
            Event::Ended(reason) => self.ended = Some(reason.clone()),
            Event::AttachmentSent {
                upload,
                attachment_id,
            } => self.file_settled(*upload, Ok(attachment_id.clone())),
            Event::AttachmentFailed { upload, error } => {
                self.file_settled(*upload, Err(error.clone()));
            }
            Event::CallFinished { call, result } => {
                self.open_calls.remove(call);
                let before = self.calls.insert(*call, result.clone());
                assert!(before.is_none(), "{call:?} finished twice");
            }
            _ => {}
        }
        self.events.push(event);
    }

    /// Whether a diagnostic of this kind came.
    #[must_use]
    pub fn has_diagnostic(&self, kind: &str) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.kind() == kind)
    }

    /// A file fails as often as it is resumed, and is sent once.
    fn file_settled(&mut self, upload: UploadId, result: Result<AttachmentId, AttachmentError>) {
        let before = self.files.insert(upload, result);
        assert!(!matches!(before, Some(Ok(_))), "{upload} settled again");
    }

    fn apply(&mut self, change: &Change) {
        self.changed = true;
        match change {
            Change::Inserted { index, entry } => self.copy.insert(*index, entry.clone()),
            Change::Updated { index, entry } => self.copy[*index] = entry.clone(),
            Change::Removed { index } => {
                self.copy.remove(*index);
            }
        }
    }

    /// The copy made of changes is the transcript, and the transcript is in order.
    pub(crate) fn check_transcript(&mut self, transcript: &Transcript) {
        self.check_length(transcript);
        self.changed = false;
        assert!(
            transcript.iter().eq(&self.copy),
            "the transcript is not what its changes say"
        );
        assert!(ordered(transcript), "the transcript is out of order");
    }

    /// The same, where only a change can have broken it.
    pub(crate) fn check_changed_transcript(&mut self, transcript: &Transcript) {
        if self.changed {
            self.check_transcript(transcript);
        } else {
            self.check_length(transcript);
        }
    }

    fn check_length(&self, transcript: &Transcript) {
        assert_eq!(
            transcript.len(),
            self.copy.len(),
            "the copy has another length"
        );
    }

    /// Everything given to be sent has settled.
    pub(crate) fn check_settled(
        &self,
        given: &[LocalId],
        files: impl Iterator<Item = UploadId>,
        session: &Session,
    ) {
        for upload in files {
            let settled = self.files.contains_key(&upload);
            assert!(settled, "{upload} has not settled");
        }
        for local_id in given {
            assert!(
                self.sent.contains_key(local_id) || self.failed.contains_key(local_id),
                "{local_id} has not settled; the session is {}",
                session.phase()
            );
        }
        let open = &self.asked;
        assert!(open.is_empty(), "receipts have not settled: {open:?}");
        let open = &self.open_calls;
        assert!(open.is_empty(), "calls have not been answered: {open:?}");
    }
}

/// What the harness writes in every message, so that it can be recognised where it must not be.
pub(crate) const CANARY: &str = "canary-7f3a";
