//! One chat of the soak: a session, what it says, and what it tells.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chat_driver::chat_proto::api::StartChatContact;
use chat_driver::chat_proto::{Config, Draft, Event, ItemKind, ReceiptKind};
use chat_driver::runtime::Runtime;
use chat_driver::{ChatSession, Client, Events};
use futures_util::future::{Either, select};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;

use crate::Failure;
use crate::ledger::Ledger;

/// How the chats go on.
pub(crate) struct Plan {
    pub(crate) config: Config,
    /// The mean pause between two messages.
    pub(crate) pause: Duration,
    /// Whether the customers talk.
    pub(crate) talking: AtomicBool,
}

/// What is known of a chat while it goes on.
#[derive(Default)]
pub(crate) struct Seat(Mutex<Ledger>);

impl Seat {
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pause at random, up to two thirds more or less than the mean.
pub(crate) fn pause(random: &mut SplitMix64, mean: Duration) -> Duration {
    mean / 3 + mean.mul_f64(4.0 / 3.0 * fraction(random))
}

/// A number from 0 to 1.
pub(crate) fn fraction(random: &mut SplitMix64) -> f64 {
    f64::from(random.next_u32()) / f64::from(u32::MAX)
}

/// Lives until the session has ended.
pub(crate) async fn live<R: Runtime>(
    client: Client<R>,
    plan: Arc<Plan>,
    seat: Arc<Seat>,
    seed: u64,
) {
    match begin(client, &plan, &seat).await {
        Ok((session, events)) => {
            talk::<R>(
                &session,
                events,
                &plan,
                &seat,
                SplitMix64::seed_from_u64(seed),
            )
            .await;
        }
        Err(error) => {
            let mut ledger = seat.ledger();
            ledger.problem(format!("the chat has not begun: {error}"));
            ledger.ended = true;
        }
    }
}

async fn begin<R: Runtime>(
    client: Client<R>,
    plan: &Plan,
    seat: &Seat,
) -> Result<(ChatSession, Events), Failure> {
    let request = StartChatContact::new("local", "flow", "Ada");
    let details = client.start_chat(plan.config.endpoint(), &request).await?;
    seat.ledger().contact = Some(details.contact_id.to_string());
    let (session, events) = client.session(plan.config.clone(), details)?;
    session.connect().await?;
    seat.ledger().connected = true;
    Ok((session, events))
}

async fn talk<R: Runtime>(
    session: &ChatSession,
    mut events: Events,
    plan: &Plan,
    seat: &Seat,
    mut random: SplitMix64,
) {
    let mut due = Box::pin(R::sleep(pause(&mut random, plan.pause)));
    loop {
        match select(pin!(events.next()), due.as_mut()).await {
            Either::Left((None, _)) => return,
            Either::Left((Some(event), _)) => {
                seat.ledger().note(&event);
                answer(session, &event, &mut random);
            }
            Either::Right(((), _)) => {
                due.set(R::sleep(pause(&mut random, plan.pause)));
                if plan.talking.load(Ordering::Relaxed) {
                    say(session, seat, &mut random);
                }
            }
        }
    }
}

fn say(session: &ChatSession, seat: &Seat, random: &mut SplitMix64) {
    if random.next_u32() % 8 == 0 {
        let _ = session.typing(); // while the connection is lost, nobody is told
    }
    let mut ledger = seat.ledger();
    let number = ledger.sent + 1;
    let filler = "x".repeat(random.next_u32() as usize % 100);
    let queued = session.queue_message(Draft::text(format!("{number} {filler}")));
    match queued {
        Ok(_) => ledger.sent = number,
        Err(refused) => ledger.problem(format!("message {number} was refused: {refused}")),
    }
}

/// Some messages are said to have been read.
fn answer(session: &ChatSession, event: &Event, random: &mut SplitMix64) {
    let Event::Item(received) = event else {
        return;
    };
    let is_theirs = received.kind == ItemKind::Message && !received.own;
    if !is_theirs || random.next_u32() % 8 != 0 {
        return;
    }
    if let Some(id) = &received.item.id {
        // One that the transcript does not hold any more cannot be read.
        let _ = session.send_receipt(ReceiptKind::Read, id);
    }
}
