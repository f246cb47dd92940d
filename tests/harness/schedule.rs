//! Random lives of a chat: what happens, and when, drawn by proptest so that a failing one shrinks.

use std::time::Duration;

use chat_proto::{Network, Phase, ReceiptKind};
use chat_sim::{CutWhen, Effect, Fault, Operation, Settings};
use proptest::prelude::*;

use crate::faults::{refusal, throttled};
use crate::world::World;

/// Something that happens to a chat.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Disturbance {
    /// The customer sends a message.
    Send,
    /// The agent sends so many messages.
    AgentSends(u8),
    /// The agent types.
    AgentTypes,
    /// The customer types.
    Type,
    /// Every socket is cut.
    Cut,
    /// The network is away for so many seconds.
    Outage(u16),
    /// The sockets that are open go deaf and dumb, unnoticed.
    HalfOpen,
    /// The client's process sleeps for so many seconds.
    Sleep(u16),
    /// The network becomes so slow, in milliseconds.
    Slow(u16),
    /// The operating system says something of the network.
    Hint(bool),
    /// The application suspends the session for so many seconds.
    Suspend(u16),
    /// The service misbehaves.
    Fault(Box<Fault>),
    /// The service behaves again.
    Heal,
    /// The customer has received or read (`true`) the message so many from the end.
    Receipt(bool, u8),
    /// The application asks for older items.
    LoadOlder,
}

/// What happens to a chat, each after a wait in milliseconds.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The seed of client, service and network.
    pub seed: u64,
    /// What happens.
    pub steps: Vec<(u32, Disturbance)>,
}

/// Any schedule of up to `longest` steps.
pub fn schedules(longest: usize) -> impl Strategy<Value = Schedule> {
    let step = (waits(), disturbances());
    let steps = prop::collection::vec(step, 1..longest);
    (any::<u64>(), steps).prop_map(|(seed, steps)| Schedule { seed, steps })
}

/// Waits from nothing to some minutes: what matters most happens close together.
fn waits() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => Just(0_u32),
        4 => 0..500_u32,
        4 => 0..20_000_u32,
        2 => 0..600_000_u32,
    ]
}

fn disturbances() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        8 => Just(Disturbance::Send),
        8 => (1..20_u8).prop_map(Disturbance::AgentSends),
        1 => (100..=u8::MAX).prop_map(Disturbance::AgentSends),
        1 => Just(Disturbance::AgentTypes),
        1 => Just(Disturbance::Type),
        4 => Just(Disturbance::Cut),
        2 => (1..180_u16).prop_map(Disturbance::Outage),
        2 => Just(Disturbance::HalfOpen),
        1 => (1..1_000_u16).prop_map(Disturbance::Sleep),
        1 => (1..3_000_u16).prop_map(Disturbance::Slow),
        1 => any::<bool>().prop_map(Disturbance::Hint),
        1 => (1..300_u16).prop_map(Disturbance::Suspend),
        6 => faults().prop_map(|fault| Disturbance::Fault(Box::new(fault))),
        2 => Just(Disturbance::Heal),
        4 => (any::<bool>(), 0..8_u8).prop_map(|(read, back)| Disturbance::Receipt(read, back)),
        1 => Just(Disturbance::LoadOlder),
    ]
}

fn faults() -> impl Strategy<Value = Fault> {
    let seconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_secs);
    let requests = prop_oneof![
        Just(refusal(429)),
        Just(throttled(Duration::from_secs(3))),
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
        Just(Effect::StallHandshake),
        Just(Effect::CutSocket {
            when: CutWhen::NextItem
        }),
        Just(Effect::CloseSocket { code: 1001 }),
        Just(Effect::MuteHeartbeats),
        Just(Effect::MutePings),
        Just(Effect::MuteSubscribe),
        Just(Effect::FailSubscribe),
        Just(Effect::DuplicateItems),
        seconds(1..20).prop_map(|within| Effect::ReorderItems { within }),
        seconds(1..20).prop_map(|by| Effect::DelayItems { by }),
        Just(Effect::RawFrame {
            text: "{not json".to_owned()
        }),
    ];
    let operations = prop::option::of(prop_oneof![
        Just(Operation::CreateParticipantConnection),
        Just(Operation::SendMessage),
        Just(Operation::GetTranscript),
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

/// Lives through a schedule and compares the client with the record.
///
/// # Panics
/// When an invariant is broken.
pub fn run_schedule(schedule: &Schedule) -> World {
    let mut world = live(schedule);
    world.network.set_slowest(Duration::from_millis(40));
    world.verify();
    assert_eq!(world.session.phase(), Phase::Live, "it did not recover");
    world
}

/// Lives through a schedule, ends the chat in the middle of whatever is the matter, and compares
/// the client with the record: what it does not know of, it must have said that it does not know.
///
/// # Panics
/// When an invariant is broken.
pub fn run_schedule_to_its_end(schedule: &Schedule) -> World {
    let mut world = live(schedule);
    world.agent_sends("goodbye");
    world.agent_ends();
    world.run(Duration::from_secs(20));
    world.service.0.clear_faults();
    world.network.set_slowest(Duration::from_millis(40));
    world.run_until(Duration::from_secs(600), |world| {
        world.session.phase() == Phase::Ended
    });
    if world.journal.unresolved.is_empty() {
        world.verify();
    } else {
        world.verify_sent();
    }
    world
}

/// A chat that has lived through a schedule.
fn live(schedule: &Schedule) -> World {
    let mut settings = Settings::default();
    // A lost connection is recovered for as long as it takes, so chats must not run out.
    settings.chat_duration = Duration::from_secs(7 * 24 * 3_600);
    settings.transcript_grace = Duration::from_secs(24 * 3_600);
    let mut world = World::with(schedule.seed, settings, |config| {
        config
            .history_pages(100)
            .expect("a session may read all of its history");
    });
    world.connect();
    for (wait, disturbance) in &schedule.steps {
        world.run(Duration::from_millis((*wait).into()));
        disturb(&mut world, disturbance);
    }
    world
}

fn disturb(world: &mut World, disturbance: &Disturbance) {
    let seconds = |seconds: &u16| Duration::from_secs((*seconds).into());
    let now = world.instant();
    match disturbance {
        Disturbance::Send => {
            world.send("hello");
        }
        Disturbance::AgentSends(count) => {
            for _ in 0..*count {
                world.agent_sends("hello");
            }
        }
        Disturbance::AgentTypes => world.agent_types(),
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
        Disturbance::Suspend(lasting) => {
            if world.session.suspend(now).is_ok() {
                world.run(seconds(lasting));
                let now = world.instant();
                world.session.resume(now).expect("it is suspended");
            }
        }
        Disturbance::Fault(fault) => {
            world.inject_fault((**fault).clone());
        }
        Disturbance::Heal => world.service.0.clear_faults(),
        Disturbance::Receipt(read, back) => {
            let kind = if *read {
                ReceiptKind::Read
            } else {
                ReceiptKind::Delivered
            };
            let entries = world.session.transcript().iter().rev();
            let id = entries
                .filter_map(|entry| entry.item.id.clone())
                .nth((*back).into());
            if let Some(id) = id {
                world.sends_receipt(kind, &id);
            }
        }
        Disturbance::LoadOlder => {
            let _ = world.session.load_older(now);
        }
    }
    world.settle();
}
