//! From what is desired and what is live to a [`Plan`]: pure, no I/O.
//!
//! `world` indexes what is live; `decide` says for each desired resource what happens to it;
//! `removals` says what goes and what has to stay; `steps` writes the steps, `edges` says which
//! waits for which, `order` sorts them. The plan's own shape is in [`crate::engine::plan`].

mod decide;
mod dump;
mod edges;
mod order;
mod removals;
mod steps;
mod world;

use std::collections::BTreeSet;

use super::observe::{Observation, Target};
use super::{Desired, Failure, Plan, Registry, Scope, saved};

pub use dump::dump;

/// Which stateful kinds may be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowDelete {
    /// Every kind.
    All,
    /// These kinds; none if it is empty.
    Kinds(BTreeSet<String>),
}

impl Default for AllowDelete {
    fn default() -> Self {
        Self::Kinds(BTreeSet::new())
    }
}

impl AllowDelete {
    /// Whether a stateful kind may be deleted.
    pub fn allows(&self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Kinds(kinds) => kinds.contains(kind),
        }
    }
}

/// How many revisions of a revisioned kind are kept, the current one included: a rollback may
/// need them.
pub const REVISIONS_KEPT: usize = 10;

/// Plans the difference between what is desired and what is live, within a scope.
///
/// # Errors
/// The desired graph has a cycle or refers to what is neither desired nor live; or something
/// must be replaced, the old one first, while it holds data or is used from outside the scope.
pub fn plan(
    registry: &Registry,
    target: &Target,
    desired: &Desired,
    observation: &Observation,
    scope: &Scope,
    allow_delete: &AllowDelete,
) -> Result<Plan, Failure> {
    let world = world::World::new(registry, target, desired, observation, scope)?;
    let decisions = decide::decide(&world)?;
    let removals = removals::removals(&world, &decisions, allow_delete)?;
    let mut plan = steps::write(&world, decisions, &removals)?;
    plan.basis = saved::basis(registry, desired, observation, &plan)?;
    Ok(plan)
}
