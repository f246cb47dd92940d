//! What goes wrong with the service, at random.

use std::time::Duration;

use chat_sim::{CutWhen, Effect, Fault, Operation};
use chat_tests::{foreign, refusal, throttled};
use rand_core::Rng;
use rand_xoshiro::SplitMix64;

/// What goes wrong for a while.
pub(crate) enum Trouble {
    Faults(Vec<Fault>),
    /// The service is away.
    Away,
    /// Some chats are not sent their items. Then their sockets are cut: on one that stays healthy
    /// nobody would look for them.
    Silence {
        /// One of how many chats.
        one_of: usize,
    },
}

pub(crate) fn draw(random: &mut SplitMix64, sessions: usize) -> Trouble {
    match random.next_u32() % 20 {
        0 => Trouble::Away,
        1 | 2 => Trouble::Silence {
            one_of: 10 + random.next_u32() as usize % 20,
        },
        3..=6 => Trouble::Faults(vec![of_sockets(random), of_requests(random)]),
        7..=11 => Trouble::Faults(vec![of_requests(random)]),
        12..=15 => Trouble::Faults(vec![of_sockets(random)]),
        _ => Trouble::Faults(vec![once(random, sessions)]),
    }
}

fn seconds(random: &mut SplitMix64, from: u32, to: u32) -> Duration {
    Duration::from_secs((from + random.next_u32() % (to - from + 1)).into())
}

/// A chance between a twentieth and a half.
fn chance(random: &mut SplitMix64) -> f64 {
    f64::from(1 + random.next_u32() % 10) / 20.0
}

fn of_requests(random: &mut SplitMix64) -> Fault {
    let effect = match random.next_u32() % 10 {
        0 => throttled(seconds(random, 1, 3)),
        1 => refusal(429),
        2 => refusal(500),
        3 => refusal(503),
        4 => foreign(502, "<html>a proxy's page</html>"),
        5 => Effect::DropRequest,
        6 | 7 => Effect::LoseResponse,
        8 => Effect::Stall,
        _ => Effect::Delay {
            by: seconds(random, 1, 4),
        },
    };
    let operations = [
        None,
        Some(Operation::SendMessage),
        Some(Operation::GetTranscript),
        Some(Operation::CreateParticipantConnection),
    ];
    let mut fault = Fault::new(effect).with_probability(chance(random));
    fault.operation = operations[random.next_u32() as usize % operations.len()];
    fault
}

/// At each occasion, while it lasts.
fn of_sockets(random: &mut SplitMix64) -> Fault {
    let effect = match random.next_u32() % 14 {
        0 => Effect::RefuseHandshake { status: 503 },
        1 => Effect::StallHandshake,
        2 | 3 => Effect::CutSocket {
            when: CutWhen::NextItem,
        },
        4 => Effect::MuteHeartbeats,
        5 => Effect::MutePings,
        6 => Effect::BadPong {
            status_code: 500,
            status_content: "no".to_owned(),
        },
        7 => Effect::MuteSubscribe,
        8 => Effect::FailSubscribe,
        9 => Effect::DuplicateItems,
        10 => Effect::ReorderItems {
            within: seconds(random, 1, 2),
        },
        11 => Effect::DelayItems {
            by: seconds(random, 1, 3),
        },
        12 => Effect::ShortUrl {
            lifetime: Duration::from_millis(50),
        },
        _ => lifetime(random),
    };
    Fault::new(effect).with_probability(chance(random))
}

fn lifetime(random: &mut SplitMix64) -> Effect {
    let lifetime = seconds(random, 5, 40);
    if random.next_u32() % 2 == 0 {
        Effect::ShortConnection { lifetime }
    } else {
        Effect::ShortToken { lifetime }
    }
}

/// At once, on some of the sockets.
fn once(random: &mut SplitMix64, sessions: usize) -> Fault {
    let effect = match random.next_u32() % 5 {
        0 | 1 => Effect::CutSocket { when: CutWhen::Now },
        2 => Effect::HalfOpen,
        3 => Effect::CloseSocket { code: 1001 },
        _ => Effect::GarbageFrame { bytes: 300 },
    };
    let most = u32::try_from(sessions / 4).unwrap_or(u32::MAX).max(1);
    Fault::new(effect).times(1 + random.next_u32() % most)
}
