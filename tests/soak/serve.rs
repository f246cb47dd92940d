//! The service's process: a simulator, an agent who talks in every chat, and what goes wrong. It
//! does what it is told on its standard input, answers each line with one, and ends when nobody
//! tells it anything any more.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chat_sim::{Contact, Effect, Fault, FaultId, ItemType, Role, Simulator};
use rand_core::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::Failure;
use crate::chat::pause;
use crate::faults::{Trouble, draw};
use crate::ledger::{Items, Numbers, Record, Sequence};

/// What the process is told.
#[derive(Serialize, Deserialize)]
pub(crate) enum Order {
    /// The agent talks, and things go wrong.
    Begin {
        /// The mean pause of the agent between two messages in a chat.
        pause_ms: u64,
        /// How long something goes wrong, on average.
        trouble_ms: u64,
    },
    /// The agent is silent, and all goes well.
    Calm,
    /// Say what is recorded.
    Report,
}

/// What it answers to [`Order::Report`].
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) records: Vec<Record>,
    /// How often things went wrong, by their names.
    pub(crate) struck: BTreeMap<String, u64>,
}

pub(crate) fn serve(seed: u64) -> Result<(), Failure> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.enable_all().build()?;
    runtime.block_on(async {
        let builder = Simulator::builder().seed(seed).connections(20_000);
        let simulator = Arc::new(builder.start().await?);
        say(&simulator.endpoint())?;
        let mut world = World {
            simulator,
            seed,
            stormy: Arc::default(),
            tasks: JoinSet::new(),
        };
        // Nothing here waits for this thread.
        for line in io::stdin().lines() {
            let answer = match serde_json::from_str(&line?)? {
                Order::Begin {
                    pause_ms,
                    trouble_ms,
                } => {
                    world.begin(
                        Duration::from_millis(pause_ms),
                        Duration::from_millis(trouble_ms),
                    );
                    String::new()
                }
                Order::Calm => {
                    world.calm().await?;
                    String::new()
                }
                Order::Report => serde_json::to_string(&world.report())?,
            };
            say(&answer)?;
        }
        Ok(())
    })
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

struct World {
    simulator: Arc<Simulator>,
    seed: u64,
    /// Whether the agent talks and things go wrong.
    stormy: Arc<AtomicBool>,
    tasks: JoinSet<Result<(), Failure>>,
}

impl World {
    fn begin(&mut self, pause: Duration, trouble: Duration) {
        let contacts: Vec<String> = self.simulator.with(|service, _| {
            let contacts = service.contacts();
            contacts.map(|contact| contact.id().to_owned()).collect()
        });
        let contacts: Arc<[String]> = contacts.into();
        let stage = |number| Stage {
            simulator: Arc::clone(&self.simulator),
            contacts: Arc::clone(&contacts),
            stormy: Arc::clone(&self.stormy),
            random: SplitMix64::seed_from_u64(self.seed.wrapping_add(number)),
        };
        self.stormy.store(true, Ordering::Relaxed);
        self.tasks.spawn(stage(1).talk(pause));
        self.tasks.spawn(stage(2).trouble(trouble));
    }

    async fn calm(&mut self) -> Result<(), Failure> {
        self.stormy.store(false, Ordering::Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        self.simulator.with(|service, _| service.clear_faults());
        Ok(())
    }

    fn report(&self) -> Report {
        self.simulator.with(|service, _| Report {
            records: service.contacts().map(record).collect(),
            struck: service
                .fault_hits_by_effect()
                .iter()
                .map(|(name, times)| ((*name).to_owned(), *times))
                .collect(),
        })
    }
}

fn record(contact: &Contact) -> Record {
    let (mut customer, mut agent) = (Numbers::default(), Numbers::default());
    let (mut ids, mut items) = (Sequence::default(), Items::default());
    for item in contact.transcript() {
        items.add(&item.id);
        if item.item_type != ItemType::Message {
            continue;
        }
        let text = item.content.as_deref().unwrap_or_default();
        if item.participant_role == Some(Role::Customer) {
            customer.note(text);
            ids.add(&item.id);
        } else {
            agent.note(text);
        }
    }
    Record {
        contact: contact.id().to_owned(),
        customer: customer.count,
        repeated: customer.repeated,
        out_of_order: customer.out_of_order,
        ids,
        agent: agent.count,
        items,
    }
}

/// Where something happens.
struct Stage {
    simulator: Arc<Simulator>,
    contacts: Arc<[String]>,
    stormy: Arc<AtomicBool>,
    random: SplitMix64,
}

impl Stage {
    fn is_stormy(&self) -> bool {
        self.stormy.load(Ordering::Relaxed)
    }

    /// The agent talks in every chat.
    async fn talk(mut self, mean: Duration) -> Result<(), Failure> {
        let began = Instant::now();
        let mut due: BinaryHeap<_> = (0..self.contacts.len())
            .map(|chat| Reverse((began + pause(&mut self.random, mean), chat, 1)))
            .collect();
        while let Some(Reverse((at, chat, number))) = due.pop() {
            sleep_until(at).await;
            if !self.is_stormy() {
                break;
            }
            let types = self.random.next_u32() % 8 == 0;
            self.simulator.with(|service, now| {
                let contact = &self.contacts[chat];
                if types {
                    service.agent_types(now, contact)?;
                }
                service.agent_sends(now, contact, "text/plain", &number.to_string())
            })?;
            due.push(Reverse((
                at + pause(&mut self.random, mean),
                chat,
                number + 1,
            )));
        }
        Ok(())
    }

    /// Something goes wrong, and then something else.
    async fn trouble(mut self, mean: Duration) -> Result<(), Failure> {
        while self.is_stormy() {
            let lasting = pause(&mut self.random, mean);
            match draw(&mut self.random, self.contacts.len()) {
                Trouble::Faults(faults) => {
                    let inject = |fault| {
                        self.simulator
                            .with(|service, now| service.inject(now, fault))
                    };
                    let faults: Vec<FaultId> = faults.into_iter().map(inject).collect();
                    sleep(lasting).await;
                    self.simulator.with(|service, _| {
                        for fault in faults {
                            service.clear_fault(fault);
                        }
                    });
                }
                Trouble::Away => {
                    self.simulator.stop_listening().await;
                    sleep(lasting).await;
                    self.simulator.resume_listening().await?;
                }
                Trouble::Silence { one_of } => self.silence(one_of, lasting).await,
            }
        }
        Ok(())
    }

    async fn silence(&mut self, one_of: usize, lasting: Duration) {
        let first = self.random.next_u32() as usize % one_of;
        let contacts: Vec<_> = self.contacts.iter().skip(first).step_by(one_of).collect();
        let faults: Vec<FaultId> = self.simulator.with(|service, now| {
            let fault = |id: &&String| Fault::new(Effect::DropItems).in_contact(id);
            let faults = contacts.iter().map(fault);
            faults.map(|fault| service.inject(now, fault)).collect()
        });
        sleep(lasting).await;
        self.simulator.with(|service, now| {
            for (fault, contact) in faults.into_iter().zip(contacts) {
                service.clear_fault(fault);
                service.cut_sockets(now, contact);
            }
        });
    }
}
