//! What a plan rests on.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::engine::diff::Rules;
use crate::engine::relink::relink;
use crate::engine::{
    Action, Address, Desired, Failure, Live, Node, Observation, Owner, Plan, Registry, Scope, Step,
};

/// What a plan was made from, as far as it depends on it. Anything else may change freely between
/// planning and applying.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// The live objects that the plan's steps change, and those they refer to, directly or not. An
    /// address with an empty list had nothing live and is made by the plan.
    pub depends_on: BTreeMap<Address, Vec<Object>>,
    /// What AWS called every live object in scope, by address. Of kinds that only grow by revisions
    /// the address alone counts, and the list is empty.
    pub in_scope: BTreeMap<Address, BTreeSet<String>>,
    /// What referred to each object that goes.
    pub users: BTreeMap<Address, BTreeSet<Address>>,
    /// Everything that was wanted.
    pub wanted: BTreeMap<Address, Wanted>,
    /// A digest of what the manifests alone want, by address, in normal form: comments and order do
    /// not count. Empty where the manifests were not asked.
    pub manifests: BTreeMap<Address, String>,
}

/// One live object as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Object {
    /// What AWS calls it.
    pub id: String,
    /// Whose it is.
    pub owner: Owner,
    /// How often it was replaced.
    pub generation: u32,
    /// Its document, without what is owned elsewhere.
    pub spec: Value,
    /// What only AWS can say about it.
    pub outputs: Value,
}

/// One desired resource as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Wanted {
    /// Whose it is.
    pub owner: Owner,
    /// Its document, references unresolved.
    pub spec: Value,
}

impl Basis {
    /// What was wanted, without its order: the names to look for when observing again.
    pub fn desired(&self) -> Desired {
        let node = |(address, wanted): (&Address, &Wanted)| {
            let Wanted { owner, spec } = wanted.clone();
            let address = address.clone();
            (address.clone(), Node { address, owner, spec, after: Vec::new(), formerly: None })
        };
        Desired { nodes: self.wanted.iter().map(node).collect(), ..Desired::default() }
    }
}

/// A digest of each desired document, its order and owner.
pub fn digests(desired: &Desired) -> BTreeMap<Address, String> {
    let digest = |node: &Node| {
        let edges: Vec<String> =
            node.edges().iter().map(|edge| format!("{} {:?}", edge.to, edge.wait)).collect();
        let text = format!("{}\n{:?}\n{edges:?}\n{}", node.owner, node.formerly, node.spec);
        let hash = Sha256::digest(text.as_bytes());
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    };
    desired.nodes.iter().map(|(address, node)| (address.clone(), digest(node))).collect()
}

/// Writes down what a plan rests on.
///
/// # Errors
/// A kind that nobody registered: a mistake in shipit.
pub fn basis(
    registry: &Registry,
    desired: &Desired,
    observation: &Observation,
    plan: &Plan,
) -> Result<Basis, Failure> {
    let mut depends_on = BTreeMap::new();
    for address in related(desired, plan) {
        let info = registry.info(address.kind())?;
        let rules = Rules::new(info.rules);
        let twins: Vec<&Live> = observation.at(&address).collect();
        let touched = |live: &Live| {
            touched(plan).any(|old| old.id == live.id && old.identity.address == address)
        };
        let latest = twins.iter().map(|live| live.identity.generation).max();
        let objects = twins.iter().filter(|live| {
            !info.revisioned || latest == Some(live.identity.generation) || touched(live)
        });
        let objects = objects.map(|live| object(&rules, live)).collect();
        depends_on.insert(address, objects);
    }
    Ok(Basis {
        depends_on,
        in_scope: in_scope(registry, &plan.scope, observation)?,
        users: users(registry, plan, observation),
        wanted: desired.nodes.values().map(wanted).collect(),
        manifests: BTreeMap::new(),
    })
}

fn wanted(node: &Node) -> (Address, Wanted) {
    (node.address.clone(), Wanted { owner: node.owner.clone(), spec: node.spec.clone() })
}

/// The live objects that steps change.
pub(super) fn touched(plan: &Plan) -> impl Iterator<Item = &Live> {
    plan.steps.iter().filter_map(|step| step.live.as_ref())
}

/// Whether the step sends a document.
pub(super) fn makes(step: &Step) -> bool {
    matches!(step.action, Action::Create | Action::Update | Action::Revise | Action::Replace { .. })
}

/// The addresses that steps change, and all that these refer to.
fn related(desired: &Desired, plan: &Plan) -> BTreeSet<Address> {
    let mut found = BTreeSet::new();
    let mut queue: Vec<&Address> = Vec::new();
    for step in plan.steps.iter().filter(|step| step.action != Action::Keep) {
        found.insert(step.address.clone());
        found.extend(step.live.as_ref().map(|live| live.identity.address.clone()));
        if makes(step) {
            queue.push(&step.address);
        }
    }
    let mut seen = BTreeSet::new();
    while let Some(address) = queue.pop() {
        if !seen.insert(address) {
            continue;
        }
        found.insert(address.clone());
        let Some(node) = desired.nodes.get(address) else { continue };
        for edge in node.edges() {
            match desired.nodes.get_key_value(&edge.to) {
                Some((known, _)) => queue.push(known),
                None => {
                    found.insert(edge.to);
                }
            }
        }
    }
    found
}

pub(super) fn object(rules: &Rules, live: &Live) -> Object {
    let mut spec = live.spec.clone();
    rules.drop_owned_elsewhere(&mut spec);
    Object {
        id: live.id.clone(),
        owner: live.identity.owner.clone(),
        generation: live.identity.generation,
        spec,
        outputs: live.outputs.clone(),
    }
}

/// Every live object that a run of this scope may change.
pub(super) fn in_scope(
    registry: &Registry,
    scope: &Scope,
    observation: &Observation,
) -> Result<BTreeMap<Address, BTreeSet<String>>, Failure> {
    let mut found: BTreeMap<Address, BTreeSet<String>> = BTreeMap::new();
    for live in observation.live() {
        let identity = &live.identity;
        let pruned = scope.prune && identity.owner.service().is_some();
        if !scope.may_change(&identity.owner) && !pruned {
            continue;
        }
        let ids = found.entry(identity.address.clone()).or_default();
        if !registry.info(identity.address.kind())?.revisioned {
            ids.insert(live.id.clone());
        }
    }
    Ok(found)
}

/// What refers to each object that the plan deletes or replaces.
pub(super) fn users(
    registry: &Registry,
    plan: &Plan,
    observation: &Observation,
) -> BTreeMap<Address, BTreeSet<Address>> {
    let goes = |step: &&Step| matches!(step.action, Action::Delete | Action::Replace { .. });
    let going: BTreeSet<(&str, &Address)> = plan
        .steps
        .iter()
        .filter(goes)
        .filter_map(|step| step.live.as_ref())
        .map(|live| (live.id.as_str(), &live.identity.address))
        .collect();
    let mut found: BTreeMap<Address, BTreeSet<Address>> = BTreeMap::new();
    if going.is_empty() {
        return found;
    }
    let objects: Vec<&Live> = observation.live().collect();
    let links = relink(&objects, registry);
    for (index, live) in objects.iter().enumerate() {
        if going.contains(&(live.id.as_str(), &live.identity.address)) {
            let users = links.users[index].iter().map(|user| &objects[*user].identity.address);
            found.entry(live.identity.address.clone()).or_default().extend(users.cloned());
        }
    }
    found
}
