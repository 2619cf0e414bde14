//! Tells what was changed outside from what the manifests have changed.

use std::collections::BTreeMap;

use super::digest::{self, Digests};
use super::{Numbered, Records};
use crate::engine::{Action, Address, Desired, Owner, Plan};

/// What the newest records say was applied, by address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    entries: BTreeMap<Address, String>,
}

impl Applied {
    /// From the newest record of each scope. What a service needed of the environment and made
    /// there counts until the environment's own record has been written again.
    pub fn new(records: &Records) -> Self {
        let own = records.values().flat_map(|record| record.release.applied.clone());
        let mut entries: Digests = own.collect();
        let mut services: Vec<&Numbered> = records.values().collect();
        // ISO 8601 in UTC: the order of texts is the order of times.
        services.sort_by(|a, b| a.release.at.cmp(&b.release.at));
        for record in services {
            if !overtaken(records, record) {
                entries.extend(record.release.made.clone());
            }
        }
        Self { entries }
    }

    /// What was applied at an address.
    pub fn at(&self, address: &Address) -> Option<&str> {
        self.entries.get(address).map(String::as_str)
    }
}

/// Whether the environment's record is newer than this service's.
pub(super) fn overtaken(records: &Records, record: &Numbered) -> bool {
    let environment = records.get(&Owner::Environment);
    environment.is_some_and(|environment| environment.release.at > record.release.at)
}

/// Marks what was changed or deleted outside since the last apply: the live field differs though
/// what is desired is what was applied, or what was applied is not there. Without a record of it
/// a difference stays unmarked.
pub fn mark(plan: &mut Plan, desired: &Desired, now: &Digests, applied: &Applied) {
    for step in &mut plan.steps {
        let Some(entry) = applied.at(&step.address) else { continue };
        if step.action == Action::Create && step.live.is_none() {
            step.drift = true;
            "it was deleted outside shipit".clone_into(&mut step.reason);
            continue;
        }
        let (Some(node), Some(now)) = (desired.nodes.get(&step.address), now.get(&step.address))
        else {
            continue;
        };
        for change in &mut step.changes {
            // What waits for another step of this plan differs because of that step.
            let field = change.path.split(['.', '[']).next().unwrap_or_default();
            change.drift = change.unknown.is_empty()
                && digest::same(entry, now, &node.spec, field) == Some(true);
            step.drift |= change.drift;
        }
    }
}
