//! Whole lives of a session, as sequences of inputs and commands with times.

use std::time::Duration;

use proptest::prelude::*;

use super::answers::{Answer, Good, answer, good};
use super::commands::{Command, command, ending};
use super::driver::{Driver, Output};
use super::inputs::{network, socket_input, transport_error};
use crate::action::{Network, SocketInput, Transferred};
use crate::error::TransportError;
use crate::session::Session;

/// Something that happens to a session. Sockets and requests are named by how many came after
/// them: 0 is the newest. Each number names one, unless there has been none at all.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Step {
    /// The application asks for something.
    Command(Command),
    /// Something happens to a socket, which may be closed already.
    Socket(u8, SocketInput),
    /// A request is answered: one that waits, or, where the number is beyond those, an old one.
    Answer(u8, Answer),
    /// A transfer ends.
    Transfer(u8, Result<Transferred, TransportError>),
    /// The operating system says something.
    Network(Network),
    /// The session is woken at a time it has not asked for.
    Wake,
    /// The process sleeps for so long: nobody wakes the session meanwhile.
    Sleep(Duration),
    /// The network and the service are well for so long, and do all that is asked.
    Serve(Good, Duration),
}

/// A life of a session: steps, each after a wait. During the waits nothing comes in, and the
/// session is woken when it asks to be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Schedule {
    /// What happens.
    pub steps: Vec<(Duration, Step)>,
}

impl Schedule {
    /// A schedule of these steps.
    #[must_use]
    pub const fn new(steps: Vec<(Duration, Step)>) -> Self {
        Self { steps }
    }

    /// Does all of it to this session, which must be a new one that begins at
    /// [`Instant::ORIGIN`](crate::Instant::ORIGIN), such as [`session`](super::session) gives.
    /// Everything that comes out is shown to `seen`, in order.
    ///
    /// # Panics
    /// When the session asks to be woken at once again and again.
    pub fn run(&self, session: Session, mut seen: impl FnMut(Output)) -> Driver {
        let mut driver = Driver::new(session);
        for (wait, step) in &self.steps {
            driver.wait(*wait, &mut seen);
            driver.step(step, &mut seen);
        }
        driver
    }
}

/// Any end of a transfer.
pub fn transfer() -> impl Strategy<Value = Result<Transferred, TransportError>> {
    let statuses = prop::sample::select(vec![200, 200, 204, 403, 500]);
    prop_oneof![
        3 => (statuses, 0..3_000_u64).prop_map(|(status, bytes)| Ok(Transferred { status, bytes })),
        1 => transport_error().prop_map(Err),
    ]
}

/// Any step. About one in a hundred ends the session.
pub fn step() -> impl Strategy<Value = Step> {
    let which = prop_oneof![4 => Just(0_u8), 2 => 1..4_u8, 1 => any::<u8>()];
    let lasting = prop_oneof![
        6 => Just(Duration::ZERO),
        2 => (0..20_000_u64).prop_map(Duration::from_millis),
        1 => (0..8_000_u64).prop_map(Duration::from_secs),
    ];
    prop_oneof![
        30 => command().prop_map(Step::Command),
        1 => ending().prop_map(Step::Command),
        40 => (which.clone(), socket_input()).prop_map(|(which, input)| Step::Socket(which, input)),
        30 => (which, answer()).prop_map(|(which, answer)| Step::Answer(which, answer)),
        3 => (0..3_u8, transfer()).prop_map(|(which, result)| Step::Transfer(which, result)),
        2 => network().prop_map(Step::Network),
        2 => Just(Step::Wake),
        2 => (0..4_000_u64).prop_map(|seconds| Step::Sleep(Duration::from_secs(seconds))),
        20 => (good(), lasting).prop_map(|(good, lasting)| Step::Serve(good, lasting)),
    ]
}

/// Any schedule of up to `longest` steps, most of which begin with a connection.
pub fn schedule(longest: usize) -> impl Strategy<Value = Schedule> {
    let wait = prop_oneof![
        6 => Just(Duration::ZERO),
        4 => (0..500_u64).prop_map(Duration::from_millis),
        2 => (0..20_000_u64).prop_map(Duration::from_millis),
        1 => (0..900_u64).prop_map(Duration::from_secs),
    ];
    let connects = prop::bool::weighted(0.9);
    let steps = prop::collection::vec((wait, step()), 0..=longest);
    (connects, good(), steps).prop_map(|(connects, good, steps)| {
        let beginning = [
            Step::Command(Command::Connect),
            Step::Serve(good, Duration::from_secs(1)),
        ];
        let beginning = beginning.into_iter().filter(|_| connects);
        let beginning = beginning.map(|step| (Duration::ZERO, step));
        Schedule::new(beginning.chain(steps).collect())
    })
}
