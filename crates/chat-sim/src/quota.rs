//! Quotas: how often operations may be called.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bucket::{Bucket, Rate};
use crate::operation::Operation;

/// How many buckets are kept; when there are more, those that are full go first.
const BUCKETS: usize = 1_000;

/// A quota of the service's documentation. Operations with the same one share a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Quota {
    Send,
    Read,
    Connect,
    Disconnect,
    Upload,
    StartContacts,
    StopContacts,
}

impl Quota {
    /// The quota of an operation; nothing when the documentation names none.
    fn of(operation: Operation) -> Option<Self> {
        match operation {
            Operation::SendMessage | Operation::SendEvent => Some(Self::Send),
            Operation::GetTranscript | Operation::GetAttachment => Some(Self::Read),
            Operation::CreateParticipantConnection => Some(Self::Connect),
            Operation::DisconnectParticipant => Some(Self::Disconnect),
            Operation::StartAttachmentUpload | Operation::CompleteAttachmentUpload => {
                Some(Self::Upload)
            }
            Operation::StartChatContact
            | Operation::CreateParticipant
            | Operation::CreatePersistentContactAssociation
            | Operation::StartContactStreaming
            | Operation::StopContactStreaming
            | Operation::UpdateParticipantRoleConfig => Some(Self::StartContacts),
            Operation::StopContact => Some(Self::StopContacts),
            Operation::DescribeView
            | Operation::GetAuthenticationUrl
            | Operation::CancelParticipantAuthentication
            | Operation::UploadAttachment
            | Operation::DownloadAttachment => None,
        }
    }

    fn rate(self) -> Rate {
        let (per_second, burst) = match self {
            Self::Send | Self::StopContacts => (10, 15),
            Self::Read => (8, 12),
            Self::Connect => (6, 9),
            Self::Disconnect => (3, 5),
            Self::Upload => (2, 5),
            Self::StartContacts => (5, 8),
        };
        Rate { per_second, burst }
    }

    /// Whether it is for the whole account rather than for each instance.
    fn is_of_account(self) -> bool {
        matches!(self, Self::StartContacts | Self::StopContacts)
    }
}

/// The buckets.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    /// By quota and instance.
    buckets: BTreeMap<(Quota, String), Bucket>,
    throttled: BTreeMap<Operation, u64>,
}

impl Quotas {
    /// Whether the operation may be called once more.
    pub(crate) fn take(&mut self, operation: Operation, instance: &str, now: Duration) -> bool {
        let Some(quota) = Quota::of(operation) else {
            return true;
        };
        let instance = if quota.is_of_account() { "" } else { instance };
        let taken = self
            .buckets
            .entry((quota, instance.to_owned()))
            .or_insert_with(|| Bucket::new(quota.rate(), now))
            .take(quota.rate(), now);
        if self.buckets.len() > BUCKETS {
            self.buckets
                .retain(|(quota, _), bucket| !bucket.is_full(quota.rate(), now));
        }
        while self.buckets.len() > BUCKETS {
            self.buckets.pop_first();
        }
        if !taken {
            *self.throttled.entry(operation).or_default() += 1;
        }
        taken
    }

    /// How many requests were refused, by operation.
    pub(crate) fn throttle_counts(&self) -> &BTreeMap<Operation, u64> {
        &self.throttled
    }

    /// How many requests of the operation were refused.
    pub(crate) fn throttled(&self, operation: Operation) -> u64 {
        self.throttled.get(&operation).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let mut quotas = Quotas::default();
        let mut taken = |now: u64| {
            let now = Duration::from_millis(now);
            (0..100)
                .filter(|_| quotas.take(Operation::GetTranscript, "i", now))
                .count()
        };
        assert_eq!(taken(0), 12);
        assert_eq!(taken(124), 0);
        assert_eq!(taken(125), 1);
        assert_eq!(taken(1_125), 8);
        assert_eq!(taken(60_000), 12);
        assert_eq!(quotas.throttled(Operation::GetTranscript), 5 * 100 - 33);
    }

    #[test]
    fn buckets_do_not_pile_up() {
        let mut quotas = Quotas::default();
        for number in 0..5_000 {
            let instance = format!("{number}");
            assert!(quotas.take(Operation::SendMessage, &instance, Duration::ZERO));
        }
        assert!(quotas.buckets.len() <= BUCKETS);
    }
}
