//! What can happen to a chat, and how it is done to one.

use std::time::Duration;

use chat_proto::api::GetTranscript;
use chat_proto::{Network, ReceiptKind};
use chat_sim::{CutWhen, Effect, Fault, Operation};
use proptest::prelude::*;

use super::Life;
use crate::faults::{refusal, throttled};

/// Something that happens to a chat.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Disturbance {
    /// The customer sends a message.
    Send,
    /// The customer sends a message again that had failed.
    Resend,
    /// The agent sends so many messages.
    AgentSends(u8),
    /// The agent types.
    AgentTypes,
    /// The agent has received or read (`true`) the customer's message so many from the end.
    AgentReceipt(bool, u8),
    /// The customer types.
    Type,
    /// Every socket is cut.
    Cut,
    /// The network is away for so many seconds.
    Outage(u16),
    /// The sockets that are open go deaf and dumb, unnoticed.
    HalfOpen,
    /// The client's process sleeps for so many seconds: its clock jumps.
    Sleep(u16),
    /// The network becomes so slow, in milliseconds.
    Slow(u16),
    /// The operating system says something of the network.
    Hint(bool),
    /// The application suspends the session.
    Suspend,
    /// The application wakes it.
    Resume,
    /// The service misbehaves.
    Fault(Box<Fault>),
    /// The service denies an operation once. A second time for the same operation is passed over.
    Deny(Operation),
    /// The service behaves again.
    Heal,
    /// The customer has received or read (`true`) the message so many from the end.
    Receipt(bool, u8),
    /// The application asks for older items.
    LoadOlder,
    /// The client saves its state, is killed so many milliseconds later, and is continued from
    /// what it saved.
    Restart(u16),
    /// A bot sends a message in so many parts.
    BotStreams(u8),
    /// The customer sends a file of so many bytes.
    SendFile(u16),
    /// The application asks for a page of this size.
    ReadPage(u8),
}

pub(super) fn disturbances() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        8 => Just(Disturbance::Send),
        1 => Just(Disturbance::Resend),
        8 => (1..20_u8).prop_map(Disturbance::AgentSends),
        1 => (100..=u8::MAX).prop_map(Disturbance::AgentSends),
        1 => Just(Disturbance::AgentTypes),
        2 => (any::<bool>(), 0..8_u8)
            .prop_map(|(read, back)| Disturbance::AgentReceipt(read, back)),
        1 => Just(Disturbance::Type),
        4 => Just(Disturbance::Cut),
        2 => (1..180_u16).prop_map(Disturbance::Outage),
        2 => Just(Disturbance::HalfOpen),
        1 => (1..1_000_u16).prop_map(Disturbance::Sleep),
        1 => (1..3_000_u16).prop_map(Disturbance::Slow),
        1 => any::<bool>().prop_map(Disturbance::Hint),
        1 => Just(Disturbance::Suspend),
        2 => Just(Disturbance::Resume),
        6 => faults().prop_map(|fault| Disturbance::Fault(Box::new(fault))),
        1 => operations_with_token().prop_map(Disturbance::Deny),
        2 => Just(Disturbance::Heal),
        4 => (any::<bool>(), 0..8_u8).prop_map(|(read, back)| Disturbance::Receipt(read, back)),
        1 => Just(Disturbance::LoadOlder),
        2 => (0..2_000_u16).prop_map(Disturbance::Restart),
        1 => (1..20_u8).prop_map(Disturbance::BotStreams),
        1 => (1..5_000_u16).prop_map(Disturbance::SendFile),
        1 => (0..=100_u8).prop_map(Disturbance::ReadPage),
    ]
}

/// The operations that take a connection token.
fn operations_with_token() -> impl Strategy<Value = Operation> {
    prop_oneof![
        Just(Operation::SendMessage),
        Just(Operation::SendEvent),
        Just(Operation::GetTranscript),
        Just(Operation::DisconnectParticipant),
    ]
}

fn faults() -> impl Strategy<Value = Fault> {
    let seconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_secs);
    let requests = prop_oneof![
        Just(refusal(429)),
        (1..20_u64).prop_map(|wait| throttled(Duration::from_secs(wait))),
        Just(refusal(500)),
        Just(Effect::AnswerRaw {
            status: 200,
            content_type: "text/html".to_owned(),
            body: "<html>a proxy's page</html>".to_owned(),
        }),
        Just(Effect::DropRequest),
        Just(Effect::LoseResponse),
        Just(Effect::Stall),
        seconds(1..30).prop_map(|by| Effect::Delay { by }),
    ];
    let sockets = prop_oneof![
        Just(Effect::RefuseHandshake { status: 503 }),
        Just(Effect::RefuseHandshake { status: 403 }),
        Just(Effect::StallHandshake),
        Just(Effect::CutSocket {
            when: CutWhen::NextItem
        }),
        Just(Effect::CloseSocket { code: 1001 }),
        Just(Effect::MuteHeartbeats),
        Just(Effect::MutePings),
        Just(Effect::BadPong {
            status_code: 500,
            status_content: "no".to_owned(),
        }),
        Just(Effect::MuteSubscribe),
        Just(Effect::FailSubscribe),
        Just(Effect::DuplicateItems),
        seconds(1..20).prop_map(|within| Effect::ReorderItems { within }),
        seconds(1..20).prop_map(|by| Effect::DelayItems { by }),
        Just(Effect::RawFrame {
            text: "{not json".to_owned()
        }),
    ];
    let connection = Just(Operation::CreateParticipantConnection);
    let operations = prop::option::of(prop_oneof![
        1 => connection,
        3 => operations_with_token(),
    ]);
    let times = prop_oneof![4 => (1..4_u32).prop_map(Some), 1 => Just(None)];
    let of_request = (requests, operations).prop_map(|(effect, operation)| (effect, operation));
    let of_socket = sockets.prop_map(|effect| (effect, None));
    let chance = prop_oneof![Just(1.0), Just(0.5)];
    (prop_oneof![of_request, of_socket], times, chance).prop_map(
        |((effect, operation), times, probability)| {
            let mut fault = Fault::new(effect).with_probability(probability);
            fault.operation = operation;
            fault.times = times;
            fault
        },
    )
}

fn receipt_kind(read: bool) -> ReceiptKind {
    if read {
        ReceiptKind::Read
    } else {
        ReceiptKind::Delivered
    }
}

impl Life {
    /// Does it to the chat. What cannot be done at the moment is not done.
    pub(super) fn suffer(&mut self, disturbance: &Disturbance) {
        let seconds = |seconds: &u16| Duration::from_secs((*seconds).into());
        let world = &mut self.world;
        let now = world.instant();
        match disturbance {
            Disturbance::Send => {
                world.tries_to_send("hello");
            }
            Disturbance::Resend => world.resends_the_first_failed(),
            Disturbance::AgentSends(count) => world.agent_sends_many((*count).into()),
            Disturbance::AgentTypes => world.agent_types(),
            Disturbance::AgentReceipt(read, back) => {
                let sent = world.journal.sent.values().rev();
                if let Some(id) = sent.clone().nth((*back).into()).cloned() {
                    world.agent_sends_receipt(receipt_kind(*read), &id);
                }
            }
            Disturbance::Type => {
                let _ = world.session.typing(now);
            }
            Disturbance::Cut => world.cut(),
            Disturbance::Outage(lasting) => world.outage(seconds(lasting)),
            Disturbance::HalfOpen => world.half_open(),
            Disturbance::Sleep(lasting) => world.sleep(seconds(lasting)),
            Disturbance::Slow(slowest) => {
                let slowest = Duration::from_millis((*slowest).into());
                world.network.set_slowest(slowest);
            }
            Disturbance::Hint(online) => {
                let hint = if *online {
                    Network::Online
                } else {
                    Network::Offline
                };
                world.session.handle_network(now, hint);
            }
            Disturbance::Suspend => {
                let _ = world.session.suspend(now);
            }
            Disturbance::Resume => {
                let _ = world.session.resume(now);
            }
            Disturbance::Fault(fault) => {
                world.inject_fault((**fault).clone());
            }
            Disturbance::Deny(operation) => {
                if self.denied.insert(*operation) {
                    world.inject_fault(Fault::new(refusal(403)).on(*operation).once());
                }
            }
            Disturbance::Heal => world.service.0.clear_faults(),
            Disturbance::Receipt(read, back) => {
                let entries = world.session.transcript().iter().rev();
                let id = entries
                    .filter_map(|entry| entry.item.id.clone())
                    .nth((*back).into());
                if let Some(id) = id {
                    world.sends_receipt(receipt_kind(*read), &id);
                }
            }
            Disturbance::Restart(later) => {
                if let Some(saved) = world.save() {
                    world.run(Duration::from_millis((*later).into()));
                    world.kill_and_restore(&saved);
                }
            }
            Disturbance::BotStreams(parts) => world.bot_streams((*parts).into()),
            Disturbance::SendFile(size) => {
                let _ = world.tries_to_send_file("ferry.txt", &vec![b'f'; (*size).into()]);
            }
            Disturbance::LoadOlder => world.calls(|session, now| session.load_older(now)),
            Disturbance::ReadPage(size) => {
                let mut page = GetTranscript::default();
                page.max_results = Some((*size).into());
                world.calls(|session, now| session.get_transcript(now, page));
            }
        }
        self.world.settle();
    }
}
