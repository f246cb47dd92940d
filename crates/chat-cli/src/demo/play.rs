//! Playing the conversation: the agent at the simulator, the customer through the client, and the
//! network between them.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use chat_driver::{ChatSession, Events};
use chat_proto::api::{Endpoint, StartChatContact};
use chat_proto::{Config, Draft, Event, LocalId, Network};
use chat_sim::{
    Contact, Effect, Fault, Item, ItemType, Operation, Role, Script, Service, Simulator,
};
use tokio::time::{Instant, timeout_at};

use super::script::{AGENT, CUSTOMER};
use super::seen::{Seen, line_of, message};
use super::verdict::{ClientSide, Line, Sent, ServiceSide, Verdict, compare};
use crate::arguments::{DemoArguments, RuntimeName};
use crate::client::Client;
use crate::outcome::Failure;
use crate::output::{Output, OutputClosed};
use crate::text::{ALARM, ASIDE, NOTICE, styled};

/// How long any one thing may take. A connection attempt that fails is repeated after 1.4 to
/// 2.6 s, so this is far from what is usual.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the network stays away, so that the first attempt to connect again fails and the
/// second, at least 1.4 s later, succeeds.
const AWAY: Duration = Duration::from_millis(1_200);
/// How long people take to read and to write.
const TURN: Duration = Duration::from_millis(140);
const TYPING: Duration = Duration::from_millis(160);

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    AgentTypes,
    Agent(&'static str),
    CustomerTypes,
    Customer(&'static str),
    /// The network fails, and the agent writes all of this meanwhile.
    FailWhileAgentWrites(&'static [&'static str]),
    /// The network fails before the answer to a message comes back, and the customer goes on.
    FailWhileCustomerWrites {
        answer_lost: &'static str,
        offline: &'static [&'static str],
    },
}

/// Whether the operating system tells that the network is back, as it does on a phone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum System {
    Tells,
    Silent,
}

/// Why the play did not come to its end.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Nobody reads what it shows.
    OutputClosed,
    /// Something that must happen did not.
    Failed(Failure),
}

impl From<OutputClosed> for Stopped {
    fn from(OutputClosed: OutputClosed) -> Self {
        Self::OutputClosed
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

pub(super) struct Play {
    started: Instant,
    runtime: RuntimeName,
    fast: bool,
    simulator: Simulator,
    contact_id: String,
    session: ChatSession,
    events: Events,
    output: Output,
    seen: Seen,
}

impl Play {
    /// Starts the simulator and a chat in it, and connects.
    pub(super) async fn begin(
        arguments: &DemoArguments,
        runtime: RuntimeName,
        output: Output,
    ) -> Result<Self, Failure> {
        let mut script = Script::silent();
        AGENT.clone_into(&mut script.agent_name);
        let mut builder = Simulator::builder().script(script);
        if let Some(seed) = arguments.seed {
            builder = builder.seed(seed);
        }
        let failed = |error: &dyn Display| Failure::failed(error.to_string());
        let simulator = builder.start().await.map_err(|error| failed(&error))?;
        let endpoint = Endpoint::custom(&simulator.endpoint()).map_err(|error| failed(&error))?;
        let client = Client::new(runtime, None)?;
        let request = StartChatContact::new("demo", "ferry-booking", CUSTOMER);
        let details = client
            .start_chat(&endpoint, &request)
            .await
            .map_err(|error| failed(&error))?;
        let contact_id = details.contact_id.to_string();
        let mut config = Config::new(endpoint);
        // A connection that lasted for less than this counts as a failure of the service, after
        // which the client waits before it tries again.
        config
            .heartbeat_interval(Duration::from_secs(1))
            .map_err(|error| failed(&error))?;
        let (session, events) = client
            .session(config, details)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            started: Instant::now(),
            runtime,
            fast: arguments.fast,
            simulator,
            contact_id,
            session,
            events,
            output,
            seen: Seen::default(),
        })
    }

    /// Plays all steps, ends the chat and compares both sides.
    pub(super) async fn perform(&mut self, steps: &[Step]) -> Result<Verdict, Stopped> {
        let (endpoint, seed) = (self.simulator.endpoint(), self.simulator.seed());
        self.aside(&format!(
            "{CUSTOMER} writes to {AGENT} through a local service at {endpoint} (seed {seed}, client \
             on {})",
            self.runtime.name()
        ));
        let session = self.session.clone();
        // What comes of it is among the events.
        tokio::spawn(async move { session.connect().await });
        self.until("the connection", |seen| {
            seen.established || seen.connect_failed.is_some()
        })
        .await?;
        if let Some(error) = self.seen.connect_failed.take() {
            return Err(Failure::failed(error).into());
        }
        for step in steps {
            self.play(*step).await?;
        }
        let session = self.session.clone();
        tokio::spawn(async move { session.disconnect().await });
        self.until("the end of the chat", |seen| seen.ended.is_some())
            .await?;
        let verdict = compare(&self.client_side(), &self.service_side()?);
        let repeated = self.repeated_sends();
        self.aside(&format!(
            "messages that had to be sent again, under the same ClientToken: {repeated}"
        ));
        for difference in &verdict.differences {
            self.say(&styled(ALARM, difference));
        }
        self.output.say(verdict.to_string());
        self.output.drain().await?;
        Ok(verdict)
    }

    /// Writes what is left to be shown.
    pub(super) async fn finish(self) -> Result<(), Failure> {
        self.output.finish().await
    }

    async fn play(&mut self, step: Step) -> Result<(), Stopped> {
        match step {
            Step::AgentTypes => {
                self.simulator
                    .with(|service, now| service.agent_types(now, &self.contact_id))
                    .map_err(|error| Failure::failed(error.to_string()))?;
                self.pause(TYPING).await
            }
            Step::Agent(text) => {
                let id = self.agent_writes(text)?;
                self.until("a message of the agent", |seen| seen.has(&id))
                    .await?;
                self.pause(TURN).await
            }
            Step::CustomerTypes => {
                // Too soon after the last time it is not sent; there is nothing to show then.
                if self.session.typing() == Ok(true) {
                    self.aside(&format!("{CUSTOMER} is typing"));
                }
                self.pause(TYPING).await
            }
            Step::Customer(text) => {
                let local_id = self.customer_writes(text, "")?;
                self.until("a confirmation", |seen| {
                    seen.confirmed.contains_key(&local_id)
                })
                .await?;
                self.pause(TURN).await
            }
            Step::FailWhileAgentWrites(texts) => self.fail_while_agent_writes(texts).await,
            Step::FailWhileCustomerWrites {
                answer_lost,
                offline,
            } => self.fail_while_customer_writes(answer_lost, offline).await,
        }
    }

    async fn fail_while_agent_writes(&mut self, texts: &[&'static str]) -> Result<(), Stopped> {
        let back_at = self.network_fails().await;
        self.aside(&format!(
            "{AGENT} goes on writing: {} messages that cannot arrive",
            texts.len()
        ));
        let mut ids = Vec::new();
        for text in texts {
            ids.push(self.agent_writes(text)?);
            self.pause(TURN).await?;
        }
        self.network_comes_back(back_at, System::Silent).await?;
        self.until("what was missed", |seen| ids.iter().all(|id| seen.has(id)))
            .await?;
        self.pause(TURN).await
    }

    async fn fail_while_customer_writes(
        &mut self,
        answer_lost: &'static str,
        offline: &[&'static str],
    ) -> Result<(), Stopped> {
        let fault = Fault::new(Effect::LoseResponse)
            .on(Operation::SendMessage)
            .once();
        self.simulator
            .with(|service, now| service.inject(now, fault));
        let contact_id = self.contact_id.clone();
        let sends =
            |service: &Service| service.contact(&contact_id).map_or(0, Contact::sends_total);
        let before = self.simulator.with(|service, _| sends(service));
        let mut ids = vec![self.customer_writes(answer_lost, "the answer gets lost")?];
        self.simulator
            .wait_until(|service| sends(service) > before, PATIENCE)
            .await
            .map_err(|error| Failure::failed(error.to_string()))?;
        let back_at = self.network_fails().await;
        let losses = self.seen.failures;
        self.until("the loss of the connection", |seen| seen.losses >= losses)
            .await?;
        for text in offline {
            ids.push(self.customer_writes(text, "no connection: it waits")?);
            self.pause(TURN).await?;
        }
        self.network_comes_back(back_at, System::Tells).await?;
        self.until("the confirmations", |seen| {
            ids.iter().all(|id| seen.confirmed.contains_key(id))
        })
        .await?;
        self.pause(TURN).await
    }

    /// The network fails. Answers when it may come back.
    async fn network_fails(&mut self) -> Instant {
        self.seen.failures += 1;
        self.notice("the network fails");
        if self.fast {
            self.simulator.cut_sockets(&self.contact_id);
            return Instant::now();
        }
        self.simulator.stop_listening().await;
        Instant::now() + AWAY
    }

    /// The network comes back, and with it the connection: when the system says so at once,
    /// otherwise at the client's next attempt.
    async fn network_comes_back(&mut self, at: Instant, system: System) -> Result<(), Stopped> {
        let failures = self.seen.failures;
        self.until("the loss of the connection", |seen| seen.losses >= failures)
            .await?;
        self.follow_until(at).await?;
        if !self.fast {
            self.simulator
                .resume_listening()
                .await
                .map_err(|error| Failure::failed(error.to_string()))?;
        }
        self.notice("the network is back");
        if self.fast || system == System::Tells {
            self.aside("the system says so, and the client tries at once");
            self.session.network(Network::Online);
        }
        self.until("what was missed after the connection came back", |seen| {
            seen.gaps_filled >= failures
        })
        .await
    }

    /// The agent says something. Answers the item's id.
    fn agent_writes(&self, text: &str) -> Result<String, Failure> {
        self.simulator
            .with(|service, now| service.agent_sends(now, &self.contact_id, "text/plain", text))
            .map(|item| item.id)
            .map_err(|error| Failure::failed(error.to_string()))
    }

    /// The customer says something.
    fn customer_writes(&mut self, text: &str, remark: &str) -> Result<LocalId, Failure> {
        let local_id = self
            .session
            .queue_message(Draft::text(text))
            .map_err(|error| Failure::failed(error.to_string()))?;
        self.seen.sent.push((local_id, text.to_owned()));
        if !remark.is_empty() {
            self.seen.waited.insert(local_id);
        }
        self.say(&message(CUSTOMER, text, remark));
        Ok(local_id)
    }

    /// How many messages were sent more than once under one client token.
    fn repeated_sends(&self) -> usize {
        self.simulator.with(|service, _| {
            let sends = service.contact(&self.contact_id).into_iter();
            sends
                .flat_map(Contact::sends)
                .filter(|send| send.operation == Operation::SendMessage && send.uses > 1)
                .count()
        })
    }

    fn client_side(&self) -> ClientSide {
        let Seen {
            sent,
            confirmed,
            received,
            reconnects,
            ..
        } = &self.seen;
        let sent = sent.iter().map(|(local_id, text)| Sent {
            text: text.clone(),
            id: confirmed.get(local_id).cloned(),
        });
        let transcript = self.session.transcript();
        ClientSide {
            sent: sent.collect(),
            received: received.clone(),
            transcript: transcript
                .iter()
                .map(|entry| line_of(&entry.item))
                .collect(),
            reconnects: *reconnects,
        }
    }

    fn service_side(&self) -> Result<ServiceSide, Failure> {
        let items = self.simulator.with(|service, _| {
            let contact = service.contact(&self.contact_id)?;
            Some(contact.transcript().to_vec())
        });
        let items = items.ok_or_else(|| Failure::failed("the simulator has lost the chat"))?;
        let messages = |customer| {
            let wanted = move |item: &&Arc<Item>| {
                item.item_type == ItemType::Message
                    && (item.participant_role == Some(Role::Customer)) == customer
            };
            items
                .iter()
                .filter(wanted)
                .map(|item| recorded(item))
                .collect()
        };
        Ok(ServiceSide {
            customer: messages(true),
            others: messages(false),
            transcript: items.iter().map(|item| recorded(item)).collect(),
            failures: self.seen.failures,
        })
    }

    /// Follows what happens until something has.
    async fn until(&mut self, what: &str, happened: impl Fn(&Seen) -> bool) -> Result<(), Stopped> {
        let deadline = Instant::now() + PATIENCE;
        while !happened(&self.seen) {
            match timeout_at(deadline, self.events.next()).await {
                Ok(Some(event)) => self.observe(event).await?,
                Ok(None) => {
                    let text = format!("the session ended while the demo waited for {what}");
                    return Err(Failure::failed(text).into());
                }
                Err(_) => {
                    let text = format!("{what} did not come within {PATIENCE:?}");
                    return Err(Failure::failed(text).into());
                }
            }
        }
        self.output.drain().await?;
        Ok(())
    }

    /// Follows what happens for a while, as long as people take.
    async fn pause(&mut self, time: Duration) -> Result<(), Stopped> {
        if self.fast {
            return Ok(());
        }
        self.follow_until(Instant::now() + time).await
    }

    async fn follow_until(&mut self, time: Instant) -> Result<(), Stopped> {
        self.output.drain().await?;
        while let Ok(Some(event)) = timeout_at(time, self.events.next()).await {
            self.observe(event).await?;
        }
        Ok(())
    }

    async fn observe(&mut self, event: Event) -> Result<(), Stopped> {
        if let Some(line) = self.seen.note(event) {
            self.say(&line);
        }
        self.output.drain().await?;
        Ok(())
    }

    fn aside(&mut self, text: &str) {
        self.say(&styled(ASIDE, text));
    }

    fn notice(&mut self, text: &str) {
        self.say(&styled(NOTICE, text));
    }

    fn say(&mut self, text: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.output.say(format!("{seconds:6.2}  {text}"));
    }
}

/// A line of the service's transcript.
fn recorded(item: &Item) -> Line {
    Line {
        id: item.id.clone(),
        text: item.content.clone(),
    }
}
