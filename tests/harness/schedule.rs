//! Random lives of a chat, of an hour and more each: what happens, and when, and how it ends, drawn
//! by proptest so that a failing one shrinks.

mod disturbance;
mod runner;

use std::collections::BTreeSet;
use std::time::Duration;

use chat_proto::{Phase, RequestError, RetryClass, SendError};
use chat_sim::{Operation, Settings};
use proptest::prelude::*;

use crate::SECOND;
use crate::world::World;

pub use disturbance::Disturbance;
use disturbance::disturbances;
pub use runner::check_schedules;

/// Every schedule lasts longer than this, so that its socket is replaced at least once.
const HOUR: Duration = Duration::from_secs(61 * 60);
/// The chats of schedules that do not expire must not run out.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3_600);
/// The last steps of a schedule, at most so many, happen after the hour.
const LATE_STEPS: usize = 10;

/// How long what the service gives is good for.
#[derive(Clone, Debug)]
pub struct Lifetimes {
    /// A connection token.
    pub token: Duration,
    /// A URL that no socket has been opened with.
    pub url: Duration,
    /// A socket.
    pub socket: Duration,
}

/// How a schedule ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The chat goes on, and everything calms down.
    GoesOn,
    /// The agent ends the chat in the middle of whatever is the matter.
    AgentEnds,
    /// The chat comes to the end of its duration, of so many seconds.
    Expires(u16),
    /// The customer leaves.
    Disconnects,
    /// The customer leaves without a word.
    Abandons,
}

/// What happens to a chat, each after a wait in milliseconds.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The seed of client, service and network.
    pub seed: u64,
    /// How the service is set.
    pub lifetimes: Lifetimes,
    /// Whether the session is live before anything happens.
    pub begins_live: bool,
    /// What happens.
    pub steps: Vec<(u32, Disturbance)>,
    /// What happens at last.
    pub ending: Ending,
}

/// Any schedule of up to `longest` steps after which the chat goes on.
pub fn schedules(longest: usize) -> impl Strategy<Value = Schedule> {
    schedules_that_end(longest, Just(Ending::GoesOn))
}

/// Any schedule of up to `longest` steps and one of these endings.
pub fn schedules_that_end(
    longest: usize,
    ending: impl Strategy<Value = Ending>,
) -> impl Strategy<Value = Schedule> {
    let steps = prop::collection::vec((waits(), disturbances()), 1..longest);
    let begins_live = prop::bool::weighted(0.8);
    (any::<u64>(), lifetimes(), begins_live, steps, ending).prop_map(
        |(seed, lifetimes, begins_live, steps, ending)| Schedule {
            seed,
            lifetimes,
            begins_live,
            steps,
            ending,
        },
    )
}

/// Waits from nothing to most of an hour: what matters most happens close together.
fn waits() -> impl Strategy<Value = u32> {
    prop_oneof![
        3 => Just(0_u32),
        4 => 0..500_u32,
        4 => 0..20_000_u32,
        2 => 0..600_000_u32,
        1 => 0..3_000_000_u32,
    ]
}

fn lifetimes() -> impl Strategy<Value = Lifetimes> {
    let default = Settings::default();
    let seconds = |range: std::ops::Range<u64>| range.prop_map(Duration::from_secs);
    let token = prop_oneof![
        3 => Just(default.token_lifetime),
        2 => seconds(30..120),
        1 => seconds(120..3_600),
    ];
    let url = prop_oneof![4 => Just(default.url_lifetime), 1 => seconds(8..100)];
    let socket = prop_oneof![
        4 => Just(default.socket_lifetime),
        1 => seconds(30..600),
        1 => seconds(600..3_600),
    ];
    (token, url, socket).prop_map(|(token, url, socket)| Lifetimes { token, url, socket })
}

/// Lives through a schedule and compares the client with the record. What the client does not
/// know of, it must have said that it does not know.
///
/// # Panics
/// When an invariant is broken.
pub fn run_schedule(schedule: &Schedule) -> World {
    let mut life = Life::begin(schedule);
    let late = schedule.steps.len() - LATE_STEPS.min(schedule.steps.len() / 2);
    let (early, late) = schedule.steps.split_at(late);
    life.live_through(early);
    let left = HOUR.saturating_sub(life.world.now());
    life.world.run(left);
    life.live_through(late);
    life.end(schedule.ending);
    life.check_denials(schedule);
    life.world
}

/// A chat that is being lived through.
struct Life {
    world: World,
    /// What the service has denied. Each operation is denied once, so that it is known what must
    /// come of it: another token, and nothing else.
    denied: BTreeSet<Operation>,
}

impl Life {
    fn begin(schedule: &Schedule) -> Self {
        let mut settings = Settings::default();
        settings.token_lifetime = schedule.lifetimes.token;
        settings.url_lifetime = schedule.lifetimes.url;
        settings.socket_lifetime = schedule.lifetimes.socket;
        // A lost connection is recovered for as long as it takes.
        settings.chat_duration = match schedule.ending {
            Ending::Expires(after) => Duration::from_secs(after.into()),
            Ending::GoesOn | Ending::AgentEnds | Ending::Disconnects | Ending::Abandons => WEEK,
        };
        settings.connect_within = WEEK;
        settings.transcript_grace = WEEK;
        let mut world = World::with(schedule.seed, settings, |config| {
            config
                .history_pages(100)
                .expect("a session may read all of its history");
        });
        if schedule.begins_live {
            world.connect();
        }
        Self {
            world,
            denied: BTreeSet::new(),
        }
    }

    fn live_through(&mut self, steps: &[(u32, Disturbance)]) {
        for (wait, disturbance) in steps {
            self.world.tries_to_connect();
            self.world.run(Duration::from_millis((*wait).into()));
            self.suffer(disturbance);
        }
    }

    fn end(&mut self, ending: Ending) {
        match ending {
            Ending::GoesOn => {
                self.calm_down();
                self.reaches(Phase::Live);
                self.world.verify();
                let connections = self.world.requests(Operation::CreateParticipantConnection);
                assert!(connections >= 2, "the socket was not replaced in an hour");
                assert_eq!(
                    self.world.session.phase(),
                    Phase::Live,
                    "it did not recover"
                );
            }
            Ending::AgentEnds => {
                self.world.agent_sends("goodbye");
                self.world.agent_ends();
                self.see_the_end();
            }
            Ending::Expires(after) => {
                let at = Duration::from_secs(after.into());
                let left = at.saturating_sub(self.world.now());
                self.world.run(left);
                self.see_the_end();
            }
            Ending::Disconnects => self.leave(|world| {
                let now = world.instant();
                world.session.disconnect(now).is_ok()
            }),
            Ending::Abandons => self.leave(|_| false),
        }
    }

    /// The service and the network are well again, and the session awake.
    fn calm_down(&mut self) {
        self.world.service.0.clear_faults();
        self.world.network.set_slowest(Duration::from_millis(40));
        let now = self.world.instant();
        let _ = self.world.session.resume(now);
        self.world.tries_to_connect();
    }

    /// The service has ended the chat; the client finds out, and has all of it.
    fn see_the_end(&mut self) {
        self.world.run(SECOND * 20);
        self.calm_down();
        if !self.reaches(Phase::Ended) {
            // It was over before it was connected to.
            assert_eq!(self.world.journal.established, 0, "it does not see the end");
            return self.leave(|_| false);
        }
        // A denial is what the end of a chat looks like: the transcript is not asked for again.
        let denied = self.denied.contains(&Operation::GetTranscript);
        if self.world.journal.unresolved.is_empty() && !denied {
            self.world.verify();
        } else {
            self.world.verify_sent();
        }
    }

    /// Whether the session comes to this phase within ten minutes; where connecting fails, it is
    /// tried again.
    fn reaches(&mut self, phase: Phase) -> bool {
        for _ in 0..600 {
            if self.world.session.phase() == phase {
                return true;
            }
            self.world.tries_to_connect();
            self.world.run(SECOND);
        }
        false
    }

    /// The customer leaves, and hears nothing more. What the service took in meanwhile they may
    /// not have seen.
    fn leave(&mut self, leave: impl FnOnce(&mut World) -> bool) {
        if !leave(&mut self.world) {
            let now = self.world.instant();
            let _ = self.world.session.abandon(now);
        }
        self.world
            .run_until(SECOND * 60, |world| world.session.phase() == Phase::Ended);
        self.world.run(SECOND * 120);
        self.world.verify_sent();
        self.world.verify_seen();
    }

    /// A single denial costs a token, and nothing else.
    fn check_denials(&self, schedule: &Schedule) {
        let expires = schedule.lifetimes.token < HOUR * 20;
        if expires || self.denied.is_empty() || schedule.ending != Ending::GoesOn {
            return;
        }
        for (local_id, error) in &self.world.journal.failed {
            let denied = matches!(error, SendError::Refused(error) if is_denied(error));
            assert!(!denied, "one denial made {local_id} fail");
        }
    }
}

fn is_denied(error: &RequestError) -> bool {
    error.retry_class() == RetryClass::Denied
}
