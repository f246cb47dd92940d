//! The steps of a script that wait in one contact.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::agenda::TaskKey;
use crate::item::Item;
use crate::memory::Charge;
use crate::script::{Script, Step};

/// What is made of a script once, when it is given: its steps, as all share them who have them to
/// do.
pub(crate) struct ScriptSteps {
    /// The name of the script, when it is a ready one.
    pub(crate) name: &'static str,
    pub(crate) on_join: Vec<Arc<Step>>,
    /// For each rule.
    pub(crate) on_message: Vec<Vec<Arc<Step>>>,
    pub(crate) on_attachment: Vec<Arc<Step>>,
}

impl From<&Script> for ScriptSteps {
    fn from(script: &Script) -> Self {
        let shared = |steps: &[Step]| steps.iter().cloned().map(Arc::new).collect();
        let is_it = |name: &&&str| Script::ready(name).is_ok_and(|ready| ready == *script);
        Self {
            name: Script::READY
                .iter()
                .find(is_it)
                .copied()
                .unwrap_or("custom"),
            on_join: shared(&script.on_join),
            on_message: script
                .on_message
                .iter()
                .map(|rule| shared(&rule.steps))
                .collect(),
            on_attachment: shared(&script.on_attachment),
        }
    }
}

/// A step and what it answers.
#[derive(Clone)]
pub(crate) struct QueuedStep {
    pub(crate) step: Arc<Step>,
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
        steps: &[Arc<Step>],
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
                step: Arc::clone(step),
                answered: answered.map(Arc::clone),
                said: 0,
                due: None,
                _charge: Arc::clone(&charge),
            });
        }
    }
}
