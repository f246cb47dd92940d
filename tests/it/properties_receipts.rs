//! Every receipt that is asked for settles exactly once, whatever comes between.

use std::collections::BTreeSet;
use std::time::Duration;

use chat_proto::{Event, ItemId, Operation, Phase, ReceiptKind, SocketInput};
use chat_tests::{Lone, SECOND, message};
use proptest::prelude::*;

/// How many messages there are to send receipts for.
const MESSAGES: u32 = 12;

#[derive(Clone, Debug)]
enum Step {
    Ask(ReceiptKind, u32),
    /// The oldest SendEvent that waits is answered with this status.
    Answer(u16),
    /// A receipt of ours arrives, as another device of ours may have sent it.
    Arrives(ReceiptKind, u32),
    Wait(u16),
    Cut,
    ComesUp,
}

fn kind() -> impl Strategy<Value = ReceiptKind> {
    prop_oneof![Just(ReceiptKind::Delivered), Just(ReceiptKind::Read)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (kind(), 0..MESSAGES).prop_map(|(kind, number)| Step::Ask(kind, number)),
        4 => Just(Step::Answer(200)),
        3 => prop::sample::select(vec![400, 403, 429, 500]).prop_map(Step::Answer),
        1 => (kind(), 0..MESSAGES).prop_map(|(kind, number)| Step::Arrives(kind, number)),
        4 => (0..6_000_u16).prop_map(Step::Wait),
        1 => Just(Step::Cut),
        2 => Just(Step::ComesUp),
    ]
}

#[derive(Clone, Copy, Debug)]
enum End {
    /// Nothing: all that waits is answered.
    None,
    Disconnect,
    Abandon,
    ChatEnds,
}

fn id(number: u32) -> ItemId {
    ItemId::from(format!("item-{number}"))
}

fn own_receipt(kind: ReceiptKind, number: u32) -> String {
    let field = match kind {
        ReceiptKind::Delivered => "DeliveredTimestamp",
        ReceiptKind::Read => "ReadTimestamp",
    };
    format!(
        r#"{{"Id":"receipt-{kind:?}-{number}","Type":"MESSAGEMETADATA","ContactId":"contact-1","MessageMetadata":{{"MessageId":"item-{number}","Receipts":[{{"RecipientParticipantId":"participant-1","{field}":"2026-01-31T13:00:00Z"}}]}}}}"#
    )
}

/// What has been asked for and has not settled, seen from the application.
#[derive(Default)]
struct Open {
    receipts: BTreeSet<(ReceiptKind, ItemId)>,
    seen: usize,
}

impl Open {
    fn follow(&mut self, lone: &Lone) -> Result<(), TestCaseError> {
        for event in lone.events.iter().skip(self.seen) {
            if let Event::ReceiptSettled {
                message_id, kind, ..
            } = event
            {
                let settled = self.receipts.remove(&(*kind, message_id.clone()));
                prop_assert!(
                    settled,
                    "{kind:?} of {message_id} settled without being open"
                );
            }
        }
        self.seen = lone.events.len();
        Ok(())
    }
}

fn answer_all(lone: &mut Lone) {
    for _ in 0..20 {
        if lone.session.phase() != Phase::Live {
            break;
        }
        while lone.connection() || lone.answer(Operation::SendEvent, 200, "{}") {}
        lone.text(r#"{"topic":"aws/heartbeat"}"#);
        lone.pass(SECOND);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_receipt_settles_exactly_once(
        steps in prop::collection::vec(step(), 0..60),
        end in prop::sample::select(vec![End::None, End::Disconnect, End::Abandon, End::ChatEnds]),
    ) {
        let mut lone = Lone::live(|_| {});
        let history: Vec<String> = (0..MESSAGES).map(message).collect();
        lone.page(&history);
        let mut open = Open::default();
        for step in steps {
            match step {
                Step::Ask(kind, number) => {
                    let now = lone.instant();
                    open.receipts.insert((kind, id(number)));
                    lone.session.send_receipt(now, kind, &id(number)).unwrap();
                    lone.drain();
                }
                Step::Answer(status) => {
                    lone.answer(Operation::SendEvent, status, "{}");
                }
                Step::Arrives(kind, number) => lone.item(&own_receipt(kind, number)),
                Step::Wait(millis) => lone.pass(Duration::from_millis(millis.into())),
                Step::Cut => lone.input(SocketInput::Closed(1006)),
                Step::ComesUp => lone.comes_up(),
            }
            open.follow(&lone)?;
        }
        let now = lone.instant();
        match end {
            End::None => {
                lone.comes_up();
                answer_all(&mut lone);
            }
            End::Disconnect => {
                lone.session.disconnect(now).unwrap();
                lone.pass(SECOND * 30);
            }
            End::Abandon => lone.session.abandon(now).unwrap(),
            End::ChatEnds => {
                lone.comes_up();
                lone.item(
                    r#"{"Id":"e","Type":"CHAT_ENDED","AbsoluteTime":"2026-01-31T14:00:00Z"}"#,
                );
                lone.pass(SECOND * 30);
            }
        }
        lone.drain();
        open.follow(&lone)?;
        prop_assert!(open.receipts.is_empty(), "{:?} never settled", open.receipts);
    }
}
