//! What the control API shows of the simulation as a whole, and how it changes it.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::contacts::milliseconds;
use super::{Call, Failure};
use crate::body;
use crate::fault::{Fault, FaultId};
use crate::script::Script;
use crate::service::Service;

/// The longest jump of the clock, in milliseconds: the longest a chat can last.
const LONGEST_JUMP: i64 = 7 * 24 * 3_600 * 1_000;

/// A script, or the name of a ready one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ready {
    ready: String,
}

impl Service {
    pub(super) fn state_json(&self) -> Value {
        let live = self
            .contacts
            .values()
            .filter(|contact| contact.end.is_none())
            .count();
        json!({
            "now": self.timestamp(self.now),
            "uptime_ms": milliseconds(self.now.saturating_sub(self.start.now)),
            "seed": self.start.seed,
            "version": env!("CARGO_PKG_VERSION"),
            "contacts": self.contacts.len(),
            "live_contacts": live,
            "open_sockets": self.open_sockets(),
            "script": self.script_steps.name,
            "quotas": self.settings.quotas,
            "requests": self.request_counts(),
            "throttled": self.throttle_counts(),
            "faults_struck": self.fault_hits_by_effect(),
            "cut_off": self.cut_off(),
        })
    }

    pub(super) fn change_settings(&mut self, call: &Call<'_>) -> Result<Value, Failure> {
        // Here, no body is no change that anybody can have wanted.
        let members: Map<String, Value> = call.value("an object of settings")?;
        let mut changed = self.settings.clone();
        for (name, value) in &members {
            changed.set(name, value)?;
        }
        self.settings = changed;
        Ok(self.settings.to_json())
    }

    /// Lets the clock jump; the request is answered when it has.
    pub(super) fn advance_by(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        let by = call.read(&["advance_ms"], |fields| {
            fields
                .optional_integer("advance_ms", 0..=LONGEST_JUMP)?
                .ok_or_else(|| fields.missing("advance_ms"))
        })?;
        self.begin_jump(Duration::from_millis(by.unsigned_abs()), Some(call.request));
        Ok(())
    }

    pub(super) fn change_script(&mut self, call: &Call<'_>) -> Result<Value, Failure> {
        let members = body::parse(call.http.body())?;
        let script = if members.contains_key("ready") {
            let Ready { ready } = call.value("the name of a ready script")?;
            Script::ready(&ready).map_err(|error| Failure::bad(error.to_string()))?
        } else {
            call.value("a script")?
        };
        self.set_script(self.now, script);
        Ok(json!(*self.script))
    }

    pub(super) fn faults_json(&self) -> Value {
        let faults: Vec<Value> = self
            .faults()
            .map(|state| {
                json!({
                    "fault": state.id.0,
                    "active": state.active,
                    "struck": state.struck,
                    "definition": state.fault,
                })
            })
            .collect();
        json!({ "faults": faults, "struck": self.fault_hits_by_effect() })
    }

    pub(super) fn inject_fault(&mut self, call: &Call<'_>) -> Result<Value, Failure> {
        let fault: Fault = call.value("a fault")?;
        Ok(json!({ "fault": self.inject(self.now, fault).0 }))
    }

    pub(super) fn clear_one_fault(&mut self, id: &str) -> Result<Value, Failure> {
        let fault = id.parse().ok().map(FaultId);
        match fault.filter(|fault| self.faults().any(|state| state.id == *fault)) {
            Some(fault) => {
                self.clear_fault(fault);
                Ok(json!({}))
            }
            None => Err(Failure::not_found(format!(
                "There is no fault {id}; use the number that its injection answered."
            ))),
        }
    }
}
