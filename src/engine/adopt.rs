//! Taking over what exists already: what `shipit adopt` may do, and what would follow from it.
//!
//! Adoption puts ownership tags on one object and changes nothing else of it. It happens only where
//! a person names the object: no plan takes anything over by itself.

use std::collections::BTreeMap;

use super::observe::{Observation, Target};
use super::plan::FORMAT_VERSION;
use super::resolve::resolve;
use super::saved::{self, Basis};
use super::{
    Action, Address, AllowDelete, Desired, Existing, Failure, Health, Holder, Live, OutputRef,
    Owner, Plan, Query, Registry, Scope, Step, plan,
};

/// What is to be said of an adoption.
#[derive(Clone, Debug, PartialEq)]
pub enum Adoption {
    /// The object is this resource's already.
    Already(Box<Live>),
    /// It must not be: why, and what to do instead.
    Refused {
        /// Why.
        message: String,
        /// What to type instead.
        hint: String,
    },
    /// One step, with the changes that the next deploy would make.
    Plan(Box<Plan>),
}

impl Adoption {
    fn refused(message: String, hint: impl Into<String>) -> Self {
        Self::Refused { message, hint: hint.into() }
    }
}

/// Reads the object that people call `id`, to become what is desired at `address`; `None` where
/// there is none.
///
/// # Errors
/// It could not be read.
pub async fn existing(
    registry: &Registry,
    target: &Target,
    desired: &Desired,
    observation: &Observation,
    address: &Address,
    id: &str,
) -> Result<Option<Existing>, Failure> {
    let node = desired.nodes.get(address).ok_or_else(|| {
        Failure::internal(format!("`{address}` is to be adopted and is not planned"))
    })?;
    let known = |from: &OutputRef| {
        let live = observation.seen.of(from.address.kind()).iter();
        let live = live.filter(|live| live.identity.address == from.address);
        live.max_by_key(|live| live.identity.generation)?.outputs.get(&from.field)
    };
    let spec = resolve(&node.spec, &known);
    let identity = target.identity(&node.owner, address, 1);
    let documents = BTreeMap::from([(address.clone(), spec.clone().into_owned())]);
    let query = Query {
        application: &target.application,
        environment: &target.environment,
        wanted: std::slice::from_ref(&identity),
        documents: &documents,
        seen: &observation.seen,
    };
    registry.driver(address.kind())?.read(&query, &identity, id, &spec).await
}

/// Judges whether an object may become the resource at `address`, and plans it.
///
/// # Errors
/// What would follow cannot be planned.
pub fn adoption(
    registry: &Registry,
    target: &Target,
    desired: &Desired,
    observation: &Observation,
    address: &Address,
    existing: Existing,
) -> Result<Adoption, Failure> {
    let Existing { live, holder, misnamed, within, notes } = existing;
    let id = &live.id;
    if let Some(refused) = refused(target, observation, address, &live, &holder, misnamed, within) {
        return Ok(refused);
    }
    if holder == Holder::Ours {
        return Ok(Adoption::Already(Box::new(live)));
    }
    let revisioned = registry.info(address.kind())?.revisioned;
    if let Some(twin) = observation.at(address).find(|twin| twin.id != *id).filter(|_| !revisioned)
    {
        return Ok(Adoption::refused(
            format!("`{address}` is live already: it is `{}`", twin.id),
            format!("keep that one; or delete it in AWS and adopt `{id}` then"),
        ));
    }
    follow(registry, target, desired, observation, live, notes)
        .map(|plan| Adoption::Plan(Box::new(plan)))
}

fn refused(
    target: &Target,
    observation: &Observation,
    address: &Address,
    live: &Live,
    holder: &Holder,
    misnamed: Option<(String, String)>,
    within: Option<(&'static str, String)>,
) -> Option<Adoption> {
    let id = &live.id;
    let environment = &target.environment;
    match holder {
        Holder::Another(owner) => {
            return Some(Adoption::refused(
                format!("`{id}` belongs to {owner}"),
                "shipit takes nothing from another application or environment: delete it there first",
            ));
        }
        Holder::Ours if live.identity.address != *address => {
            return Some(Adoption::refused(
                format!("`{id}` is shipit's already, as `{}`", live.identity.address),
                format!("see `shipit env show --name {environment}`"),
            ));
        }
        Holder::Ours => return None,
        Holder::Nobody => {}
    }
    if let Some((is, looked_for)) = misnamed {
        return Some(Adoption::refused(
            format!("`{id}` is called `{is}`, and shipit would look for `{looked_for}`"),
            format!(
                "adopt works on what bears that name: let `shipit deploy --env {environment}` make a new one"
            ),
        ));
    }
    if live.health == Health::Gone {
        return Some(Adoption::refused(
            format!("`{id}` is on its way out"),
            format!("let `shipit deploy --env {environment}` make a new one"),
        ));
    }
    let (kind, parent) = within?;
    // Some are known by an ARN and referred to by name.
    let is_parent = |other: &Live| {
        let outputs = other.outputs.as_object().into_iter().flatten();
        other.id == parent || outputs.into_iter().any(|(_, value)| *value == parent)
    };
    if observation.seen.of(kind).iter().any(is_parent) {
        return None;
    }
    Some(Adoption::refused(
        format!("`{id}` is part of `{parent}`, which does not bear shipit's tags"),
        format!("adopt that first: `shipit adopt {kind}.NAME {parent} --env {environment}`"),
    ))
}

/// The plan of one step, and in it what the next deploy would do to the object.
fn follow(
    registry: &Registry,
    target: &Target,
    desired: &Desired,
    observation: &Observation,
    live: Live,
    mut notices: Vec<String>,
) -> Result<Plan, Failure> {
    let address = live.identity.address.clone();
    let owner = live.identity.owner.clone();
    let services = desired.nodes.values().filter_map(|node| node.owner.service());
    let scope =
        Scope { environment: true, services: services.map(str::to_owned).collect(), prune: false };
    // As though it were ours already: then this is the next deploy's plan.
    let mut adopted = observation.clone();
    adopted.seen.kinds.entry(address.kind().to_owned()).or_default().push(live.clone());
    let next = plan(registry, target, desired, &adopted, &scope, &AllowDelete::default())?;
    let step = next.steps.into_iter().find(|step| {
        step.address == address && !step.deposed && !matches!(step.action, Action::Delete)
    });
    let (reason, changes) = match step {
        None => ("it matches the manifests".to_owned(), Vec::new()),
        Some(step) => {
            let reason = match step.action {
                Action::Replace { .. } => {
                    notices.push(format!(
                        "the next deploy would make `{address}` anew and DELETE `{}`: {}",
                        live.id, step.reason
                    ));
                    format!("the next deploy REPLACES it: {}", step.reason)
                }
                Action::Settle => step.reason,
                Action::Revise => format!("the next deploy registers a revision: {}", step.reason),
                _ => format!("the next deploy changes it: {}", step.reason),
            };
            (reason, step.changes)
        }
    };
    // It alone changes, so whoever works on another service need not wait.
    let scope = Scope {
        environment: owner == Owner::Environment,
        services: owner.service().map(str::to_owned).into_iter().collect(),
        prune: false,
    };
    let step = Step {
        address,
        owner,
        action: Action::Adopt,
        reason,
        id: Some(live.id.clone()),
        changes,
        identity: live.identity.clone(),
        spec: None,
        live: Some(live),
        loses: None,
        deposed: false,
        drift: false,
        patched_by: Vec::new(),
        after: Vec::new(),
    };
    let mut plan = Plan {
        format_version: FORMAT_VERSION.to_owned(),
        application: target.application.clone(),
        environment: target.environment.clone(),
        account: target.account.clone(),
        region: target.region.clone(),
        protected: false,
        scope,
        steps: vec![step],
        unchanged: 0,
        foreign: Vec::new(),
        notices,
        findings: Vec::new(),
        outputs: next.outputs,
        basis: Basis::default(),
    };
    // It was read by its id: among what is owned nothing stands at its address, and that must stay so.
    plan.basis = saved::basis(registry, desired, observation, &plan)?;
    Ok(plan)
}
