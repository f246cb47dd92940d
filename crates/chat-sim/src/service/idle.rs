//! Idle timers: who says nothing for long is idle, and who is idle for long ends the conversation
//! with the agents.

use std::time::Duration;

use super::Service;
use crate::agenda::{Task, TaskKey};
use crate::chat_event::ChatEvent;
use crate::contact::ContactKey;
use crate::grants::Caller;
use crate::item::Role;

/// What a timer does when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimerType {
    /// The participant is idle.
    Idle,
    /// Everybody but the customer leaves.
    Disconnect,
}

/// The timers of one part that is played in a chat.
#[derive(Debug)]
pub(crate) struct IdleTimer {
    idle: Option<Duration>,
    disconnect: Option<Duration>,
    is_idle: bool,
    task: Option<TaskKey>,
}

impl Service {
    /// Starts the timers, as they are set by now, when a customer and an agent are both there.
    pub(super) fn start_idle_timers(&mut self, key: ContactKey) {
        self.stop_idle_timers(key);
        let Some(contact) = self.contacts.get(&key) else {
            return;
        };
        let is_there = |role| {
            let mut participants = contact.participants.iter();
            participants.any(|who| who.role == role && who.is_present())
        };
        if contact.timer_config.is_empty() || !is_there(Role::Customer) || !is_there(Role::Agent) {
            return;
        }
        for role in [Role::Customer, Role::Agent] {
            let Some(contact) = self.contacts.get_mut(&key) else {
                return;
            };
            let set = |timer| contact.timer_config.get(&(role, timer)).copied();
            let timer = IdleTimer {
                idle: set(TimerType::Idle),
                disconnect: set(TimerType::Disconnect),
                is_idle: false,
                task: None,
            };
            contact.idle_timers.insert(role, timer);
            self.wait_for_idleness(key, role);
        }
    }

    /// Stops them when there is no agent any more.
    pub(super) fn stop_idle_timers_without_agent(&mut self, key: ContactKey) {
        let agent = self
            .contacts
            .get(&key)
            .and_then(|contact| contact.present_agent());
        if agent.is_none() {
            self.stop_idle_timers(key);
        }
    }

    pub(super) fn stop_idle_timers(&mut self, key: ContactKey) {
        let Some(contact) = self.contacts.get_mut(&key) else {
            return;
        };
        for timer in std::mem::take(&mut contact.idle_timers).into_values() {
            if let Some(task) = timer.task {
                self.agenda.cancel(task);
            }
        }
    }

    /// Somebody who plays this part has said something.
    pub(crate) fn is_not_idle(&mut self, key: ContactKey, role: Role) {
        let Some(timer) = self.idle_timer(key, role) else {
            return;
        };
        let was_idle = std::mem::take(&mut timer.is_idle);
        if let Some(task) = timer.task.take() {
            self.agenda.cancel(task);
        }
        self.wait_for_idleness(key, role);
        if was_idle {
            self.tell_of_idleness(key, role, &ChatEvent::ParticipantReturned);
        }
    }

    fn idle_timer(&mut self, key: ContactKey, role: Role) -> Option<&mut IdleTimer> {
        let contact = self.contacts.get_mut(&key)?;
        contact.idle_timers.get_mut(&role)
    }

    fn wait_for_idleness(&mut self, key: ContactKey, role: Role) {
        let timer = self
            .contacts
            .get(&key)
            .and_then(|contact| contact.idle_timers.get(&role));
        // Where there is no time after which one is idle, that for leaving counts alone.
        let wait = timer.and_then(|timer| timer.idle.or(timer.disconnect));
        self.wait_longer(key, role, wait);
    }

    fn wait_longer(&mut self, key: ContactKey, role: Role, wait: Option<Duration>) {
        let task = wait.map(|wait| self.schedule(wait, Task::Idle(key, role)));
        if let Some(timer) = self.idle_timer(key, role) {
            timer.task = task;
        }
    }

    /// A timer's time has come.
    pub(super) fn idle(&mut self, key: ContactKey, role: Role) {
        let Some(timer) = self.idle_timer(key, role) else {
            return;
        };
        timer.task = None;
        if timer.idle.is_some() && !timer.is_idle {
            timer.is_idle = true;
            let wait = timer.disconnect;
            self.wait_longer(key, role, wait);
            self.tell_of_idleness(key, role, &ChatEvent::ParticipantIdle);
            return;
        }
        self.tell_of_idleness(key, role, &ChatEvent::AutoDisconnection);
        self.stop_idle_timers(key);
        let leaving: Vec<usize> = self
            .contacts
            .get(&key)
            .map(|contact| {
                let participants = contact.participants.iter().enumerate();
                participants
                    .filter(|(_, who)| {
                        !who.left && !matches!(who.role, Role::Customer | Role::System)
                    })
                    .map(|(place, _)| place)
                    .collect()
            })
            .unwrap_or_default();
        for participant in leaving {
            self.leave(Caller {
                contact: key,
                participant,
            });
        }
    }

    fn tell_of_idleness(&mut self, key: ContactKey, role: Role, event: &ChatEvent) {
        // The timers run only while there is somebody of this role.
        let _ = self.tell(key, event, role);
    }
}
