//! Running the script of the agent.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use crate::agenda::Task;
use crate::body::CONTENT_BYTES;
use crate::contact::{ContactKey, EndReason};
use crate::error::ControlError;
use crate::grants::Caller;
use crate::item::TEXT_PLAIN;
use crate::script::Step;
use crate::script_run::QueuedStep;

impl Service {
    /// A customer has joined.
    pub(super) fn script_on_join(&mut self, key: ContactKey) {
        let script = Arc::clone(&self.script);
        self.queue_script(key, &script.on_join, "");
    }

    /// A customer has sent a message.
    pub(crate) fn script_on_message(&mut self, key: ContactKey, message: &str) {
        let script = Arc::clone(&self.script);
        let rule = script.on_message.iter().find(|rule| {
            rule.contains
                .as_ref()
                .is_none_or(|part| message.contains(part.as_str()))
        });
        if let Some(rule) = rule {
            self.queue_script(key, &rule.steps, message);
        }
    }

    fn queue_script(&mut self, key: ContactKey, steps: &[Step], message: &str) {
        let room = self.settings.script_steps_per_contact;
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        contact.script.queue(steps, message, room);
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
        match &queued.step {
            Step::Wait(by) => return Ok(Some(*by)),
            Step::Type => self.agent_typing(key)?,
            Step::Say(text) => self.script_says(key, text, &queued.message)?,
            Step::SayMany { count, every, text } => {
                let number = queued.said.saturating_add(1);
                if number > *count {
                    return Ok(None);
                }
                let text = text.replace("{n}", &number.to_string());
                self.script_says(key, &text, &queued.message)?;
                if number == *count {
                    return Ok(None);
                }
                let every = *every;
                if let Some(contact) = self.contacts.get_mut(&key) {
                    contact.script.steps.push_front(QueuedStep {
                        said: number,
                        ..queued
                    });
                }
                return Ok(Some(every));
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
                let chunks = split(&cut(text.replace("{message}", &queued.message)), *chunks);
                if chunks.is_empty() {
                    return Ok(None);
                }
                let waits = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
                self.start_stream(key, chunks, *every)?;
                // What follows comes behind the whole message, which is due at the same time.
                let pause = QueuedStep {
                    step: Step::Wait(Duration::ZERO),
                    ..queued.clone()
                };
                if let Some(contact) = self.contacts.get_mut(&key) {
                    contact.script.steps.push_front(pause);
                }
                return Ok(Some(every.saturating_mul(waits)));
            }
            Step::Event { name, about } => match self.tell(key, name, *about) {
                Ok(_) | Err(ControlError::NobodyWithRole(_)) => {}
                Err(error) => return Err(error),
            },
            Step::ShowView(view) => {
                self.show_view(key, view)?;
            }
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
            Step::End => self.end(key, EndReason::AgentEnded),
        }
        Ok(None)
    }

    fn script_says(
        &mut self,
        key: ContactKey,
        text: &str,
        message: &str,
    ) -> Result<(), ControlError> {
        let text = cut(text.replace("{message}", message));
        if text.is_empty() {
            return Ok(());
        }
        self.agent_says(key, TEXT_PLAIN, &text).map(|_| ())
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
