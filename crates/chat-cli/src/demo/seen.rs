//! What the client has seen, and how it is shown.

use std::collections::{BTreeMap, BTreeSet};

use chat_proto::{Diagnostic, EndReason, Event, Item, ItemKind, LocalId, ReceivedItem};

use super::verdict::Line;
use crate::problem::Problem;
use crate::text::{ALARM, ASIDE, NAME, NOTICE, styled, visible};

/// What has happened so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) established: bool,
    pub(super) losses: usize,
    pub(super) reconnects: usize,
    /// How often everything missed was read after a reconnect.
    pub(super) gaps_filled: usize,
    /// How often the network was made to fail.
    pub(super) failures: usize,
    /// What the customer sent, in order.
    pub(super) sent: Vec<(LocalId, String)>,
    pub(super) confirmed: BTreeMap<LocalId, String>,
    /// Messages that could not be confirmed at once.
    pub(super) waited: BTreeSet<LocalId>,
    /// Messages of the others, as often as they were reported.
    pub(super) received: Vec<Line>,
    pub(super) connect_failed: Option<String>,
    pub(super) ended: Option<EndReason>,
}

impl Seen {
    /// Whether a message of the others has been reported.
    pub(super) fn has(&self, id: &str) -> bool {
        self.received.iter().any(|line| line.id == id)
    }

    /// Takes note of an event. Answers what there is to show.
    pub(super) fn note(&mut self, event: Event) -> Option<String> {
        let aside = |text: &str| Some(styled(ASIDE, text));
        let notice = |text: &str| Some(styled(NOTICE, text));
        #[expect(
            clippy::wildcard_enum_match_arm,
            reason = "the other events have no part in the play"
        )]
        match event {
            Event::Established => {
                self.established = true;
                aside("connected")
            }
            Event::ConnectFailed(error) => {
                self.connect_failed = Some(Problem::from(&error).text);
                None
            }
            Event::ConnectionLost(_) => {
                self.losses += 1;
                notice("connection lost")
            }
            Event::Reestablished => {
                self.reconnects += 1;
                notice("connected again")
            }
            Event::Item(received) => self.item(&received),
            Event::MessageSent { local_id, id, .. } => self.confirmed(local_id, id.as_str()),
            Event::MessageFailed { error, .. } => {
                let text = format!("not sent: {}", Problem::from(&error));
                Some(styled(ALARM, &text))
            }
            Event::GapFilled { items } if self.reconnects > 0 => {
                self.gaps_filled += 1;
                notice(&format!(
                    "everything missed is here; items recovered: {items}"
                ))
            }
            Event::GapUnresolved(error) => {
                let text = format!("not recovered: {}", Problem::from(&error));
                Some(styled(ALARM, &text))
            }
            Event::Diagnostic(Diagnostic::ConnectAttemptFailed { retry_in, .. }) => {
                aside(&format!(
                    "no connection; the next attempt comes in {:.1} s",
                    retry_in.as_secs_f64()
                ))
            }
            Event::Diagnostic(Diagnostic::RequestRetried { retry_in, .. }) => aside(&format!(
                "no answer to a request; it is repeated in {:.1} s",
                retry_in.as_secs_f64()
            )),
            Event::Ended(reason) => {
                self.ended = Some(reason);
                aside("the chat has ended")
            }
            _ => None,
        }
    }

    fn item(&mut self, received: &ReceivedItem) -> Option<String> {
        let item = &received.item;
        let name = visible(item.display_name.as_deref().unwrap_or("somebody"));
        if received.own {
            return None;
        }
        if received.kind == ItemKind::Typing {
            return Some(styled(ASIDE, &format!("{name} is typing")));
        }
        if received.kind != ItemKind::Message {
            return None;
        }
        self.received.push(line_of(item));
        let text = visible(item.content.as_deref().unwrap_or_default());
        // Reading the history at the first connect may be quicker than the socket.
        let recovered = received.recovered && self.losses > 0;
        let remark = if recovered { "recovered" } else { "" };
        Some(message(&name, &text, remark))
    }

    fn confirmed(&mut self, local_id: LocalId, id: &str) -> Option<String> {
        self.confirmed.insert(local_id, id.to_owned());
        if !self.waited.remove(&local_id) {
            return None;
        }
        let (_, text) = self.sent.iter().find(|(sent, _)| *sent == local_id)?;
        let text = format!("confirmed after the cut: {text}");
        Some(styled(NOTICE, &text))
    }
}

/// A message as it is shown.
pub(super) fn message(name: &str, text: &str, remark: &str) -> String {
    let name = styled(NAME, &format!("{name:<5}"));
    if remark.is_empty() {
        return format!("{name} {text}");
    }
    format!("{name} {text}  {}", styled(NOTICE, &format!("[{remark}]")))
}

/// A line of the client's transcript.
pub(super) fn line_of(item: &Item) -> Line {
    Line {
        id: item
            .id
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        text: item.content.clone(),
    }
}
