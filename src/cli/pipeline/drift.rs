//! Says what was changed outside since the last apply, and by whom.

use serde_json::{Value, json};

use super::{Choices, Pipeline};
use crate::cli::{Exit, Stop};
use crate::engine::{Action, Step};
use crate::record::suspect;
use crate::render::human;
use crate::render::json;

impl Pipeline {
    /// Plans, and shows of it what came from outside (`drift`).
    pub(in crate::cli) async fn drift(&self, exit_code: bool) -> Result<Exit, Stop> {
        let planned = self.plan(&Choices::default()).await?;
        if let Some(failure) = self.book.unread() {
            return Err(failure.into());
        }
        let plan = &planned.plan;
        let drifted: Vec<&Step> = plan.steps.iter().filter(|step| step.drift).collect();
        let mut unreadable = None;
        let mut resources = Vec::new();
        for step in &drifted {
            let since = self.book.applied_at(&step.owner);
            let who = match (&unreadable, since) {
                (None, Some(since)) => suspect(self.cx(), &self.clock, step, &since).await,
                _ => Ok(None),
            };
            let who = who.unwrap_or_else(|failure| {
                unreadable = Some(failure);
                None
            });
            resources.push(document(step, json!(who)));
        }
        let others = |step: &&Step| {
            !step.drift
                && matches!(step.action, Action::Update | Action::Revise | Action::Replace { .. })
        };
        let orphans = plan
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::Delete | Action::Keep) && !step.deposed);
        let orphans: Vec<Value> = orphans
            .map(|step| json!({ "address": step.address, "id": step.id, "why": step.reason }))
            .collect();
        let unrecorded =
            self.book.scopes().is_empty() && planned.observation.live().next().is_some();
        let document = json!({
            "application": plan.application,
            "environment": plan.environment,
            "account": plan.account,
            "region": plan.region,
            "recorded": !unrecorded,
            "drifted": resources,
            "orphans": orphans,
            "changed_by_manifests": plan.steps.iter().filter(others).count(),
            "unchanged": plan.unchanged,
            "trail": unreadable,
        });
        if self.terminal.json() {
            self.terminal.out(&json::document(&document));
        } else {
            self.terminal.out(&human::drift::drift(&document));
            if let Some(failure) = unreadable {
                self.terminal.say(&format!("CloudTrail could not be read: {failure}"));
            }
        }
        Ok(if exit_code && !drifted.is_empty() { Exit::Changes } else { Exit::Done })
    }
}

fn document(step: &Step, who: Value) -> Value {
    let deleted = step.action == Action::Create;
    let fields: Vec<Value> = step
        .changes
        .iter()
        .filter(|change| change.drift)
        .map(|change| json!({ "path": change.path, "was": change.after, "is": change.before }))
        .collect();
    json!({
        "address": step.address,
        "owner": step.owner.to_string(),
        "what": if deleted { "deleted" } else { "changed" },
        "id": step.id,
        "fields": fields,
        "who": who,
    })
}
