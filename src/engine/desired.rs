//! The desired graph: what planners want, as documents with edges.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Address, Failure, Handle, OutputRef, Owner, Plan, Spec, Wait};

/// What one node waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The resource that comes first.
    pub to: Address,
    /// What of it is waited for.
    pub wait: Wait,
}

/// One desired resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its address.
    pub address: Address,
    /// Whose it is.
    pub owner: Owner,
    /// The document, references unresolved.
    pub spec: Value,
    /// Order that no reference shows.
    pub after: Vec<Edge>,
    /// The address it had before a rename.
    pub formerly: Option<Address>,
}

impl Node {
    /// Every edge: those of the references in the document, then the explicit ones. Sorted,
    /// one per target, the stronger wait kept.
    pub fn edges(&self) -> Vec<Edge> {
        let mut strongest: BTreeMap<Address, Wait> = BTreeMap::new();
        let mut note = |to: Address, wait: Wait| {
            let entry = strongest.entry(to).or_insert(wait);
            *entry = (*entry).max(wait);
        };
        for reference in references(&self.spec) {
            note(reference.address, reference.wait);
        }
        for edge in &self.after {
            note(edge.to.clone(), edge.wait);
        }
        strongest.into_iter().map(|(to, wait)| Edge { to, wait }).collect()
    }
}

/// Every reference in a document, in document order.
pub fn references(value: &Value) -> Vec<OutputRef> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<OutputRef>) {
    if let Some(reference) = OutputRef::from_value(value) {
        found.push(reference);
        return;
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, found)),
        _ => {}
    }
}

/// All desired resources of a run, by address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// The nodes.
    pub nodes: BTreeMap<Address, Node>,
    /// Which lines of manifests have changed what was planned: `services/api.yml:42`.
    pub patched: BTreeMap<Address, Vec<String>>,
}

impl Desired {
    /// Adds a resource and returns a handle to refer to it by.
    ///
    /// # Errors
    /// Two resources with one address, or a struct that does not serialise: mistakes of a planner.
    pub fn add<R: Spec>(
        &mut self,
        owner: &Owner,
        name: impl Into<String>,
        spec: &R,
    ) -> Result<Handle<R>, Failure> {
        let handle = Handle::<R>::new(name);
        let address = handle.address().clone();
        let spec = serde_json::to_value(spec).map_err(|error| {
            Failure::internal(format!("`{address}` does not serialise: {error}"))
        })?;
        let node = Node {
            address: address.clone(),
            owner: owner.clone(),
            spec,
            after: Vec::new(),
            formerly: None,
        };
        if self.nodes.insert(address.clone(), node).is_some() {
            return Err(Failure::internal(format!("`{address}` is planned twice")));
        }
        Ok(handle)
    }

    /// Notes in a plan which of its steps carry out patches.
    pub fn mark(&self, plan: &mut Plan) {
        for step in plan.steps.iter_mut().filter(|step| step.spec.is_some()) {
            step.patched_by = self.patched.get(&step.address).cloned().unwrap_or_default();
        }
    }

    /// Makes `address` wait for `to`, where no field refers to it.
    pub fn order(&mut self, address: &Address, to: &Address, wait: Wait) {
        if let Some(node) = self.nodes.get_mut(address) {
            node.after.push(Edge { to: to.clone(), wait });
        }
    }
}
