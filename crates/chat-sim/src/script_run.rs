//! The steps of a script that wait in one contact.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::agenda::TaskKey;
use crate::item::Item;
use crate::memory::Charge;
use crate::script::Step;

/// A step and what it answers.
#[derive(Clone)]
pub(crate) struct QueuedStep {
    pub(crate) step: Step,
    /// The customer's message or file.
    pub(crate) answered: Option<Arc<Item>>,
    /// How often something has been said that is said several times.
    pub(crate) said: u32,
    /// When it is to be said next, by its rhythm.
    pub(crate) due: Option<Duration>,
    /// For the message and the steps that answer it.
    pub(crate) _charge: Arc<Charge>,
}

impl QueuedStep {
    /// What `{message}` stands for: the text of the message, or the name of the file.
    pub(crate) fn message(&self) -> &str {
        let Some(item) = &self.answered else {
            return "";
        };
        let file = item.attachments.first();
        let name = file.map(|file| file.attachment_name.as_str());
        item.content.as_deref().or(name).unwrap_or_default()
    }
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
    pub(crate) fn queue(
        &mut self,
        steps: &[Step],
        answered: Option<&Arc<Item>>,
        room: usize,
        charge: Charge,
    ) {
        let charge = Arc::new(charge);
        for step in steps {
            if self.steps.len() >= room {
                self.dropped += 1;
                continue;
            }
            self.steps.push_back(QueuedStep {
                step: step.clone(),
                answered: answered.map(Arc::clone),
                said: 0,
                due: None,
                _charge: Arc::clone(&charge),
            });
        }
    }
}
