//! Lifecycle hooks: what a stage waits for. Only pauses; no function can be called here, so that hooks of AWS Lambda are
//! refused where a service is made.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Stage, note};
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::ecs::records::Service;

/// A hook whose turn has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::local::ecs) struct Hook {
    pub(super) id: String,
    status: String,
    pub(super) expires: Millis,
    /// What happens where nobody answers.
    pub(super) goes_on: bool,
}

impl Hook {
    /// Does the stage wait for it?
    pub(super) fn waits(&self) -> bool {
        self.status == "AWAITING_ACTION"
    }

    /// As a service deployment keeps it.
    pub(super) fn stored(&self) -> Value {
        json!({
            "hookId": self.id,
            "targetType": "PAUSE",
            "status": self.status,
            "expires": self.expires,
            "timeoutAction": if self.goes_on { "CONTINUE" } else { "ROLLBACK" },
        })
    }
}

/// The hooks of a stage that begins now.
pub(super) fn of(call: &mut Call<'_>, configuration: &Value, stage: Stage) -> Vec<Hook> {
    let mut hooks = Vec::new();
    for hook in configuration.list("lifecycleHooks") {
        if !hook.texts("lifecycleStages").contains(&stage.word()) {
            continue;
        }
        let timeout = &hook["timeoutConfiguration"];
        let minutes = match timeout.time("timeoutInMinutes") {
            0 => 1440,
            minutes => minutes,
        };
        let wait = Duration::from_secs(60 * minutes);
        // Where time takes no time, a pause would be over before it is one.
        let expires = match call.ready_at(wait) {
            now if now == call.now => call.now + 60_000 * minutes,
            at => at,
        };
        hooks.push(Hook {
            id: format!("hook-{}", call.ids.hex(17)),
            status: "AWAITING_ACTION".to_owned(),
            expires,
            goes_on: timeout.text("action") == "CONTINUE",
        });
    }
    hooks
}

/// Is there one that nobody has answered yet?
pub(super) fn wait(service: &Service) -> bool {
    service.shift.as_ref().is_some_and(|shift| shift.hooks.iter().any(Hook::waits))
}

/// One whose time is over.
pub(super) fn missed(call: &Call<'_>, service: &Service) -> Option<Hook> {
    let hooks = &service.shift.as_ref()?.hooks;
    hooks.iter().find(|hook| hook.waits() && hook.expires <= call.now).cloned()
}

/// Writes how a hook ended.
pub(super) fn settle(service: &mut Service, id: &str, status: &str) {
    let hooks = service.shift.iter_mut().flat_map(|shift| &mut shift.hooks);
    for hook in hooks.filter(|hook| hook.id == id) {
        status.clone_into(&mut hook.status);
    }
}

/// Somebody lets a paused hook go on. Returns whether there is such a one.
pub(in crate::local::ecs) fn answer(
    call: &mut Call<'_>,
    service: &mut Service,
    id: &str,
    goes_on: bool,
) -> bool {
    let hooks = service.shift.iter().flat_map(|shift| &shift.hooks);
    if !hooks.into_iter().any(|hook| hook.id == id && hook.waits()) {
        return false;
    }
    settle(service, id, if goes_on { "SUCCEEDED" } else { "FAILED" });
    note(call, service);
    true
}
