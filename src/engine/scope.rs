//! Which resources a run may see and change.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Owner;

/// What a run may change. Everything of the environment is observed whatever the scope, as
/// services refer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Scope {
    /// Environment resources may be created, updated and deleted. Otherwise they may only be
    /// created, when a service in scope needs one that is not there yet.
    pub environment: bool,
    /// The services whose resources may be changed.
    pub services: BTreeSet<String>,
    /// Services that are live and in no manifest here may be deleted (`--prune`, or `env delete`).
    pub prune: bool,
}

impl Scope {
    /// Whether resources of `owner` may be updated and deleted.
    pub fn may_change(&self, owner: &Owner) -> bool {
        match owner {
            Owner::Environment => self.environment,
            Owner::Service(name) => self.services.contains(name),
        }
    }
}
