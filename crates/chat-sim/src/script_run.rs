//! The steps of a script that wait in one contact.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::agenda::TaskKey;
use crate::script::Step;

/// A step and the message that it answers.
#[derive(Clone)]
pub(crate) struct QueuedStep {
    pub(crate) step: Step,
    /// The text of the customer's message; empty when the step answers none.
    pub(crate) message: Arc<str>,
    /// How often a [`Step::SayMany`] has been said.
    pub(crate) said: u32,
}

/// Where the script of one contact stands.
#[derive(Default)]
pub(crate) struct ScriptRun {
    pub(crate) steps: VecDeque<QueuedStep>,
    /// The task that goes on with it.
    pub(crate) task: Option<TaskKey>,
    /// How many steps found no room.
    pub(crate) dropped: u64,
}

impl ScriptRun {
    /// Queues steps, as many as there is room for.
    pub(crate) fn queue(&mut self, steps: &[Step], message: &str, room: usize) {
        let message: Arc<str> = message.into();
        for step in steps {
            if self.steps.len() >= room {
                self.dropped += 1;
                continue;
            }
            self.steps.push_back(QueuedStep {
                step: step.clone(),
                message: Arc::clone(&message),
                said: 0,
            });
        }
    }
}
