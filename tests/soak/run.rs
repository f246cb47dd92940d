//! The course of a soak: everybody connects, talks while the service fails, and then, when it does
//! not any more, both sides are compared.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chat_driver::chat_proto::{Config, Endpoint, Quotas};
use chat_driver::{Client, Shutdown};

use crate::Failure;
use crate::arguments::Arguments;
use crate::arm::Arm;
use crate::chat::{Plan, Seat, live};
use crate::ledger::{Difference, Record};
use crate::process::{self, Memory};
use crate::serve::Order;
use crate::service::Service;
use crate::summary::{Progress, Summary, Totals};

/// How long everybody may take to connect, or to settle when the faults are over. A connection is
/// tried for again after 39 s at the latest, and what hangs then is given up after 20 s.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long sockets and tasks may take to be gone.
const FAREWELL: Duration = Duration::from_secs(15);
/// How often what is waited for is looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// Answers whether all is well.
pub(crate) fn soak<A: Arm>(arguments: &Arguments) -> Result<bool, Failure> {
    let mut service = Service::start(arguments.seed)?;
    let mut summary = A::block_on(run::<A>(arguments, &mut service))?;
    let well = summary.judge();
    println!("{summary}");
    Ok(well)
}

/// What is done in a run of this length: four hundred messages of each side in each chat and two
/// hundred troubles or, in a long one, a message each 1.5 s and a trouble each 3 s. The settings of a
/// short one are quicker than the defaults, so that it sees as much.
fn plan(arguments: &Arguments, endpoint: &str) -> Result<Plan, Failure> {
    let second = Duration::from_secs(1);
    let mut config = Config::new(Endpoint::custom(endpoint)?);
    let timeout = (arguments.lasting / 60).clamp(second * 2, second * 10);
    config
        .heartbeat_interval((arguments.lasting / 60).clamp(second, second * 10))?
        .request_timeout(timeout)?
        .open_timeout(timeout)?
        // A message that waits for the service is not given back.
        .send_deadline(second * 3600 * 24)?
        .transcript_limit(100)?;
    Ok(Plan {
        config,
        // Twice as quick: the transcripts, and what they remember of items that have left, are to
        // be full well before the middle.
        pause: pause(arguments.lasting) / 2,
        talking: false.into(),
    })
}

/// How long it takes from one trouble to the next in a run of this length.
fn pause(lasting: Duration) -> Duration {
    (lasting / 200).clamp(Duration::from_millis(50), Duration::from_secs(3))
}

async fn run<A: Arm>(arguments: &Arguments, service: &mut Service) -> Result<Summary, Failure> {
    warm_up::<A>().await?;
    let (tasks, files) = (A::tasks(), process::open_files());
    let plan = Arc::new(plan(arguments, &service.endpoint)?);
    let client = Client::<A>::builder()
        .quotas(Quotas::unlimited())
        .event_queue(64)
        .build()?;
    let seats: Vec<Arc<Seat>> = (0..arguments.sessions).map(|_| Arc::default()).collect();
    for (seat, number) in seats.iter().zip(1_000..) {
        let seed = arguments.seed.wrapping_add(number);
        let (plan, seat) = (Arc::clone(&plan), Arc::clone(seat));
        A::spawn(live(client.clone(), plan, seat, seed));
    }
    let all = |so: fn(&Seat) -> bool| seats.iter().all(|seat| so(seat));
    let is_there = |seat: &Seat| seat.ledger().connected || seat.ledger().ended;
    if !within::<A>(PATIENCE, || all(is_there)).await {
        return Err("not everybody has connected".into());
    }
    let start = Memory::now();
    let began = Instant::now();
    service.order(&Order::Begin {
        pause_ms: milliseconds(plan.pause),
        trouble_ms: milliseconds(pause(arguments.lasting)),
    })?;
    plan.talking.store(true, Ordering::Relaxed);
    let mut progress = Progress::new();
    let mut middle = None;
    while began.elapsed() < arguments.lasting {
        A::sleep(GLANCE.min(arguments.lasting.saturating_sub(began.elapsed()))).await;
        if middle.is_none() && began.elapsed() >= arguments.lasting / 2 {
            middle = Some(Memory::now());
        }
        progress.say(|| totals(&seats));
    }
    let lasted = began.elapsed();
    plan.talking.store(false, Ordering::Relaxed);
    service.order(&Order::Calm)?;
    let difference = settle::<A>(service, &seats).await?;
    let end = Memory::now();
    let totals = totals(&seats);
    client.shutdown(Shutdown::Disconnect).await;
    drop(client);
    let is_given_back = || {
        let ended = all(|seat| seat.ledger().ended);
        ended && A::tasks() <= tasks && process::open_files() <= files
    };
    within::<A>(FAREWELL, is_given_back).await;
    Ok(Summary {
        runtime: A::NAME,
        sessions: arguments.sessions,
        lasted,
        totals,
        difference,
        memory: [start, middle.unwrap_or(start), end],
        tasks: [A::tasks(), tasks],
        files: [process::open_files(), files],
    })
}

/// What a runtime makes at its first use is there before anything is counted.
async fn warm_up<A: Arm>() -> Result<(), Failure> {
    A::check()?;
    A::unblock(|| Ok(())).await?;
    A::spawn(A::sleep(GLANCE));
    A::sleep(GLANCE * 2).await;
    Ok(())
}

fn milliseconds(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

/// Waits until something is so; answers whether it is.
async fn within<A: Arm>(limit: Duration, is_so: impl Fn() -> bool) -> bool {
    let began = Instant::now();
    while !is_so() {
        if began.elapsed() > limit {
            return false;
        }
        A::sleep(GLANCE).await;
    }
    true
}

fn totals(seats: &[Arc<Seat>]) -> Totals {
    let mut totals = Totals::default();
    for seat in seats {
        let ledger = seat.ledger();
        totals.sent += ledger.sent;
        totals.confirmed += ledger.confirmed();
        totals.received += ledger.received();
        totals.reconnects += ledger.reconnects;
    }
    totals
}

/// Waits until both sides agree, and answers what they do not agree on.
async fn settle<A: Arm>(service: &mut Service, seats: &[Arc<Seat>]) -> Result<Difference, Failure> {
    let began = Instant::now();
    loop {
        let report = service.report()?;
        let difference = compare(seats, &report.records);
        if difference.is_none() || began.elapsed() > PATIENCE {
            let struck = report.struck.iter();
            let struck: Vec<_> = struck
                .map(|(name, times)| format!("{name} {times}"))
                .collect();
            eprintln!("soak: faults that have struck: {}", struck.join(", "));
            return Ok(difference);
        }
        A::sleep(GLANCE * 5).await;
    }
}

fn compare(seats: &[Arc<Seat>], records: &[Record]) -> Difference {
    let records = records.iter();
    let records: BTreeMap<_, _> = records.map(|record| (&*record.contact, record)).collect();
    let mut all = Difference::default();
    for (seat, number) in seats.iter().zip(0..) {
        let ledger = seat.ledger();
        let contact = ledger.contact.as_deref().unwrap_or_default();
        let Some(record) = records.get(contact) else {
            all.problems
                .push(format!("session {number}: there is no such chat"));
            continue;
        };
        let difference = ledger.compare(record);
        all.lost += difference.lost;
        all.duplicated += difference.duplicated;
        let problems = difference.problems.into_iter();
        all.problems
            .extend(problems.map(|problem| format!("session {number}, {contact}: {problem}")));
    }
    all
}
