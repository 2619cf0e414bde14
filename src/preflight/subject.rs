//! What is looked at: a plan, and what it was made from.

use std::collections::BTreeSet;

use crate::aws::Cx;
use crate::engine::{Action, Address, Desired, Observation, Plan, Severity, Spec, Step};

/// Whom a run talks to, and so how far checks may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// AWS, and the internet beside it.
    Aws,
    /// Another endpoint (an emulator): what else there is in the world is not its business.
    Endpoint,
    /// Local AWS: nothing leaves the machine, and manifests can be tried before Secrets Manager's
    /// secrets and certificates are there.
    Local,
}

/// A plan before it is applied.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Clients.
    pub cx: &'a Cx,
    /// The plan.
    pub plan: &'a Plan,
    /// What it makes AWS match.
    pub desired: &'a Desired,
    /// What is live.
    pub live: &'a Observation,
    /// The ARN of whose credentials are used.
    pub caller: &'a str,
    /// How far checks may go.
    pub reach: Reach,
}

impl Subject<'_> {
    /// The steps that create or change something.
    pub(super) fn changing(&self) -> impl Iterator<Item = &Step> {
        self.plan.steps.iter().filter(|step| {
            matches!(
                step.action,
                Action::Create
                    | Action::Update
                    | Action::Adopt
                    | Action::Revise
                    | Action::Replace { .. }
            )
        })
    }

    /// The resources of a kind that the plan creates or changes, as they are desired: references
    /// to the environment's own resources are still references.
    pub(super) fn changed<R: Spec>(&self) -> Vec<(Address, R)> {
        self.changing()
            .filter(|step| step.address.kind() == R::KIND)
            .filter_map(|step| self.wanted(&step.address).map(|spec| (step.address.clone(), spec)))
            .collect()
    }

    /// What is desired at an address.
    pub(super) fn wanted<R: Spec>(&self, address: &Address) -> Option<R> {
        let node = self.desired.nodes.get(address)?;
        serde_json::from_value(node.spec.clone()).ok()
    }

    /// Everything desired of a kind, changed or not.
    pub(super) fn all<R: Spec>(&self) -> Vec<(Address, R)> {
        let addresses = self.desired.nodes.keys().filter(|address| address.kind() == R::KIND);
        addresses.filter_map(|address| Some((address.clone(), self.wanted(address)?))).collect()
    }

    /// Whether the plan makes this resource anew or changes it.
    pub(super) fn changes(&self, address: &Address) -> bool {
        self.changing().any(|step| step.address == *address)
    }

    /// The addresses of a kind of which a new object is made.
    pub(super) fn made(&self, kind: &str) -> BTreeSet<&Address> {
        self.changing()
            .filter(|step| step.address.kind() == kind)
            .filter(|step| !matches!(step.action, Action::Update | Action::Adopt))
            .map(|step| &step.address)
            .collect()
    }

    /// How bad it is that something is not there which somebody else has to make: on local AWS
    /// manifests are tried without it.
    pub(super) fn missing(&self) -> Severity {
        match self.reach {
            Reach::Local => Severity::Warning,
            Reach::Aws | Reach::Endpoint => Severity::Error,
        }
    }
}
