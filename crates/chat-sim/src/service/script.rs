//! Running the script of the agent.

use std::mem::size_of;
use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::agenda::Task;
use crate::api::ReceiptKind;
use crate::body::CONTENT_BYTES;
use crate::contact::{ContactKey, EndReason};
use crate::error::ControlError;
use crate::fault::Fault;
use crate::grants::Caller;
use crate::item::{Item, ItemType, Role, TEXT_PLAIN};
use crate::script::{Script, Step};
use crate::script_run::{QueuedStep, ScriptSteps};

/// What is to be said every so often and could not be said for longer than this is left out.
const CATCH_UP: Duration = Duration::from_secs(1);

impl Service {
    /// What the scripted agent does from now on, in all chats. Steps that wait already go on.
    pub fn set_script(&mut self, now: Duration, script: Script) {
        self.advance(now);
        self.script_steps = Arc::new(ScriptSteps::from(&script));
        self.script = Arc::new(script);
    }

    /// What the scripted agent does.
    pub fn script(&self) -> &Script {
        &self.script
    }

    /// A customer has joined.
    pub(super) fn script_on_join(&mut self, key: ContactKey) {
        let steps = Arc::clone(&self.script_steps);
        self.queue_script(key, &steps.on_join, None);
    }

    /// A customer has sent a message.
    pub(crate) fn script_on_message(&mut self, key: ContactKey, message: &Arc<Item>) {
        let mut rules = self.script.on_message.iter();
        let rule = rules.position(|rule| rule.is_for(message));
        let steps = Arc::clone(&self.script_steps);
        if let Some(steps) = rule.and_then(|rule| steps.on_message.get(rule)) {
            self.queue_script(key, steps, Some(message));
        }
    }

    /// A file of a customer is in the chat.
    pub(super) fn script_on_attachment(&mut self, key: ContactKey, file: &Arc<Item>) {
        let steps = Arc::clone(&self.script_steps);
        self.queue_script(key, &steps.on_attachment, Some(file));
    }

    fn queue_script(&mut self, key: ContactKey, steps: &[Arc<Step>], answered: Option<&Arc<Item>>) {
        let content = answered.and_then(|item| item.content.as_ref());
        let weight = content.map_or(0, String::len) + steps.len() * size_of::<QueuedStep>();
        let room = if self.memory.fits(weight) {
            self.settings.script_steps_per_contact
        } else {
            0
        };
        let charge = self.memory.charge(weight);
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        contact.script.queue(steps, answered, room, charge);
        if contact.script.task.is_none() && !contact.script.steps.is_empty() {
            self.script_goes_on(key, Duration::ZERO);
        }
    }

    fn script_goes_on(&mut self, key: ContactKey, after: Duration) {
        let task = self.schedule(after, Task::RunScript(key));
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.script.task = Some(task);
        }
    }

    /// Does the steps of a script up to the next wait.
    pub(super) fn run_script(&mut self, key: ContactKey) {
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.script.task = None;
        }
        while let Some(queued) = self.next_step(key) {
            match self.run_step(key, queued) {
                Ok(None) => {}
                Ok(Some(wait)) => {
                    self.script_goes_on(key, wait);
                    return;
                }
                Err(_) => {
                    // A chat that is full or has no room for the agent stays so: what follows
                    // would fail as well.
                    if let Some(contact) = self.contacts.get_mut(&key) {
                        let left = contact.script.steps.len() as u64 + 1;
                        contact.script.steps.clear();
                        contact.script.dropped += left;
                    }
                    return;
                }
            }
        }
    }

    fn next_step(&mut self, key: ContactKey) -> Option<QueuedStep> {
        self.contacts.get_mut(&key)?.script.steps.pop_front()
    }

    /// Does one step. Answers how long to wait after it, when it is a wait.
    fn run_step(
        &mut self,
        key: ContactKey,
        queued: QueuedStep,
    ) -> Result<Option<Duration>, ControlError> {
        let step = Arc::clone(&queued.step);
        match &*step {
            Step::Wait(by) => return Ok(Some(*by)),
            Step::Type => self.agent_typing(key)?,
            Step::Deliver => self.script_receipt(key, &queued, ReceiptKind::Delivered)?,
            Step::Read => self.script_receipt(key, &queued, ReceiptKind::Read)?,
            Step::Say(text) => {
                self.script_says(key, text, queued.message())?;
            }
            Step::SayMany { count, every, text } => {
                let number = queued.said.saturating_add(1);
                if number > *count {
                    return Ok(None);
                }
                let text = text.replace("{n}", &number.to_string());
                let has_said = self.script_says(key, &text, queued.message())?;
                if number == *count || !has_said {
                    return Ok(None);
                }
                let every = *every;
                let again = QueuedStep {
                    said: number,
                    ..queued
                };
                self.comes_first(key, again);
                return Ok(Some(every));
            }
            Step::Chatter { per_second, text } => {
                let number = queued.said.saturating_add(1);
                let text = text.replace("{n}", &number.to_string());
                if !self.script_says(key, &text, queued.message())? {
                    return Ok(None);
                }
                // By the time it was due, not by the present: late wake-ups must not add up.
                let due = queued.due.unwrap_or(self.now);
                let next = due.saturating_add(Duration::from_secs(1) / (*per_second).max(1));
                let next = next.max(self.now.saturating_sub(CATCH_UP));
                let again = QueuedStep {
                    said: number,
                    due: Some(next),
                    ..queued
                };
                self.comes_first(key, again);
                return Ok(Some(next.saturating_sub(self.now)));
            }
            Step::Attach {
                name,
                content_type,
                text,
            } => match self.attach(key, name, content_type, text.clone().into_bytes()) {
                Ok(_) => {}
                Err(ControlError::Invalid(_) | ControlError::TooManyAttachments(_)) => {
                    if let Some(contact) = self.contacts.get_mut(&key) {
                        contact.script.dropped += 1;
                    }
                }
                Err(error) => return Err(error),
            },
            Step::Send {
                content_type,
                content,
            } if content_type.starts_with("text/") => {
                let content = cut(content.replace("{message}", queued.message()));
                self.bot_says(key, content_type, &content)?;
            }
            Step::Send {
                content_type,
                content,
            } => {
                self.bot_says(key, content_type, content)?;
            }
            Step::Stream {
                text,
                chunks,
                every,
            } => {
                let chunks = split(&cut(text.replace("{message}", queued.message())), *chunks);
                if chunks.is_empty() {
                    return Ok(None);
                }
                let waits = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
                self.start_stream(key, chunks, *every)?;
                // What follows comes behind the whole message, which is due at the same time.
                let pause = QueuedStep {
                    step: Arc::new(Step::Wait(Duration::ZERO)),
                    ..queued.clone()
                };
                self.comes_first(key, pause);
                return Ok(Some(every.saturating_mul(waits)));
            }
            Step::Event { name, about } => match self.tell(key, name, *about) {
                Ok(_) | Err(ControlError::NobodyWithRole(_)) => {}
                Err(error) => return Err(error),
            },
            Step::ShowView(view) => {
                self.show_view(key, view)?;
            }
            Step::Join(name) => self.somebody_joins(key, name, Role::Agent)?,
            Step::BotJoins(name) => self.somebody_joins(key, name, Role::CustomBot)?,
            Step::SupervisorJoins(name) => self.somebody_joins(key, name, Role::Supervisor)?,
            Step::Transfer(to_agent) => {
                let participant = self.hand_over(key, to_agent)?;
                self.join(Caller {
                    contact: key,
                    participant,
                });
            }
            Step::Leave => {
                let agent = self
                    .contacts
                    .get(&key)
                    .and_then(|contact| contact.present_agent());
                if let Some(participant) = agent {
                    self.leave(Caller {
                        contact: key,
                        participant,
                    });
                }
            }
            Step::Fault(fault) => {
                let mut fault = Fault::clone(fault);
                let chat = self.contacts.get(&key).map(|contact| contact.id.clone());
                fault.contact = fault.contact.or(chat);
                self.inject(self.now, fault);
            }
            Step::ClearFaults => self.clear_faults_of(key),
            Step::End => self.end(key, EndReason::AgentEnded),
        }
        Ok(None)
    }

    /// The step is the next to be done.
    fn comes_first(&mut self, key: ContactKey, step: QueuedStep) {
        if let Some(contact) = self.contacts.get_mut(&key) {
            contact.script.steps.push_front(step);
        }
    }

    fn script_receipt(
        &mut self,
        key: ContactKey,
        queued: &QueuedStep,
        kind: ReceiptKind,
    ) -> Result<(), ControlError> {
        let Some(message) = &queued.answered else {
            return Ok(());
        };
        self.check_room(key)?;
        let caller = Caller {
            contact: key,
            participant: self.agent(key)?,
        };
        if message.item_type == ItemType::Message && self.takes_receipts(key) {
            self.publish_receipt(caller, &message.id, kind);
        }
        Ok(())
    }

    /// Somebody of this name joins, unless they are there.
    fn somebody_joins(
        &mut self,
        key: ContactKey,
        name: &str,
        role: Role,
    ) -> Result<(), ControlError> {
        let is_there = self.contacts.get(&key).is_some_and(|contact| {
            contact.participants.iter().any(|participant| {
                participant.is_present()
                    && participant.role == role
                    && participant.display_name == name
            })
        });
        if is_there {
            return Ok(());
        }
        if role == Role::Agent {
            return self.let_agent_join(key, name).map(|_| ());
        }
        let participant = self.add_participant(key, name, role)?;
        self.join(Caller {
            contact: key,
            participant,
        });
        Ok(())
    }

    /// Says something; false when there is nothing to say.
    fn script_says(
        &mut self,
        key: ContactKey,
        text: &str,
        message: &str,
    ) -> Result<bool, ControlError> {
        let text = cut(text.replace("{message}", message));
        if text.is_empty() {
            return Ok(false);
        }
        self.agent_says(key, TEXT_PLAIN, &text).map(|_| true)
    }
}

/// As much of a text as a message may have.
fn cut(mut text: String) -> String {
    let mut length = text.len().min(CONTENT_BYTES);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    text.truncate(length);
    text
}

/// A text in so many parts of about the same length, none of them empty.
fn split(text: &str, parts: u32) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let parts = usize::try_from(parts).unwrap_or(usize::MAX).max(1);
    let length = characters.len().div_ceil(parts).max(1);
    characters
        .chunks(length)
        .map(|part| part.iter().collect())
        .collect()
}
