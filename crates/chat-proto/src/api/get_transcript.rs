//! `POST /participant/transcript`

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::{ApiRequest, Operation, limits, private};
use crate::error::{CommandError, ProtocolError};
use crate::ids::{ContactId, ItemId, NextToken};
use crate::wire::Item;

/// Which way to read from the start position.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::exhaustive_enums, reason = "there are no other directions")]
pub enum ScanDirection {
    /// Towards newer items. Needs a start position.
    Forward,
    /// Towards older items.
    Backward,
}

/// In which order a page lists its items.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::exhaustive_enums, reason = "there are no other orders")]
pub enum SortOrder {
    /// Newest first.
    Descending,
    /// Oldest first.
    Ascending,
}

/// Where to start reading.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub enum StartPosition {
    /// At this item.
    Id(ItemId),
    /// At this time, as ISO 8601 text of 1 to 100 characters.
    AbsoluteTime(String),
    /// This many items before the newest, 0 to 100.
    MostRecent(u32),
}

/// Reads a page of the transcript. The default asks for the service's defaults: the ten newest
/// items, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct GetTranscript {
    /// Of this contact of the chain, not of the whole chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<ContactId>,
    /// At most this many items, 0 to 100. The service's default is 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
    /// The page after the one that gave this token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<NextToken>,
    /// Which way to read. The service's default is backward, or forward with a start position.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan_direction: Option<ScanDirection>,
    /// In which order to list. The service's default is descending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort_order: Option<SortOrder>,
    /// Where to start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_position: Option<StartPosition>,
}

/// The most items a page can hold.
pub(crate) const PAGE: u32 = 100;

impl GetTranscript {
    /// A page of the newest items that follow `start`, oldest first.
    pub(crate) fn forward_from(start: ItemId, next_token: Option<NextToken>) -> Self {
        Self {
            max_results: Some(PAGE),
            scan_direction: Some(ScanDirection::Forward),
            sort_order: Some(SortOrder::Ascending),
            // A token continues the scan that gave it, so it needs no start of its own.
            start_position: next_token.is_none().then_some(StartPosition::Id(start)),
            next_token,
            contact_id: None,
        }
    }

    /// A page of the newest items, or of those before the page that gave the token, oldest first.
    pub(crate) fn backward(next_token: Option<NextToken>) -> Self {
        Self {
            max_results: Some(PAGE),
            scan_direction: Some(ScanDirection::Backward),
            sort_order: Some(SortOrder::Ascending),
            next_token,
            ..Self::default()
        }
    }
}

/// What GetTranscript answers.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct TranscriptPage {
    /// The first contact of the chain.
    pub initial_contact_id: Option<ContactId>,
    /// Gives the next page; `None` when there is none.
    pub next_token: Option<NextToken>,
    /// The items, in the order asked for.
    pub items: Vec<Item>,
    /// What stood among the items and is none.
    pub malformed: Vec<ProtocolError>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'a> {
    initial_contact_id: Option<ContactId>,
    next_token: Option<NextToken>,
    #[serde(borrow)]
    transcript: Option<Vec<&'a RawValue>>,
}

impl private::Sealed for GetTranscript {}

impl ApiRequest for GetTranscript {
    const OPERATION: Operation = Operation::GetTranscript;
    type Answer = TranscriptPage;

    fn check(&self) -> Result<(), CommandError> {
        let contact_id = self.contact_id.as_ref().map(ContactId::as_str);
        limits::optional_length("ContactId", contact_id, 256)?;
        let next_token = self.next_token.as_ref().map(NextToken::as_str);
        limits::optional_length("NextToken", next_token, 1_000)?;
        limits::range("MaxResults", self.max_results, 0, PAGE.into())?;
        match &self.start_position {
            Some(StartPosition::Id(id)) => limits::length("StartPosition.Id", id.as_str(), 256),
            Some(StartPosition::AbsoluteTime(time)) => {
                limits::length("StartPosition.AbsoluteTime", time, 100)
            }
            Some(StartPosition::MostRecent(count)) => {
                limits::range("StartPosition.MostRecent", Some(*count), 0, 100)
            }
            None => Ok(()),
        }
    }

    fn body(&self) -> Vec<u8> {
        super::json_body(self)
    }

    fn parse(body: &[u8]) -> Result<TranscriptPage, ProtocolError> {
        let answer: Answer<'_> = super::json_answer("the answer of GetTranscript", body)?;
        let mut items = Vec::new();
        let mut malformed = Vec::new();
        for raw in answer.transcript.unwrap_or_default() {
            match Item::parse(raw.get()) {
                Ok(item) => items.push(item),
                Err(error) => malformed.push(error),
            }
        }
        Ok(TranscriptPage {
            initial_contact_id: answer.initial_contact_id,
            next_token: answer.next_token.filter(|token| !token.as_str().is_empty()),
            items,
            malformed,
        })
    }
}
