//! What is live and what is desired, indexed for planning.

use std::collections::{BTreeSet, HashMap};

use crate::engine::diff::Rules;
use crate::engine::observe::{Observation, Target};
use crate::engine::relink::{Links, relink};
use crate::engine::{
    Address, Desired, Edge, Failure, Identity, KindInfo, Live, Node, Owner, Registry, Scope,
};

/// One kind that occurs, its rules compiled.
pub(super) struct Kind {
    pub(super) info: &'static KindInfo,
    pub(super) rules: Rules,
}

/// One desired resource with its edges.
pub(super) struct Wanted<'a> {
    pub(super) node: &'a Node,
    pub(super) edges: Vec<Edge>,
    /// In scope, or needed by what is in scope.
    pub(super) needed: bool,
}

pub(super) struct World<'a> {
    pub(super) target: &'a Target,
    pub(super) observation: &'a Observation,
    pub(super) scope: &'a Scope,
    kinds: HashMap<&'a str, Kind>,
    /// Every live object; others refer to one by its index here.
    pub(super) objects: Vec<&'a Live>,
    pub(super) links: Links,
    at: HashMap<&'a Address, Vec<usize>>,
    /// Every desired resource, dependencies first.
    pub(super) wanted: Vec<Wanted<'a>>,
    wanted_at: HashMap<&'a Address, usize>,
    /// Services that have a manifest here.
    pub(super) services: BTreeSet<&'a str>,
}

impl<'a> World<'a> {
    pub(super) fn new(
        registry: &Registry,
        target: &'a Target,
        desired: &'a Desired,
        observation: &'a Observation,
        scope: &'a Scope,
    ) -> Result<Self, Failure> {
        let objects: Vec<&Live> = observation.live().collect();
        let links = relink(&objects, registry);
        let mut at: HashMap<&Address, Vec<usize>> = HashMap::with_capacity(objects.len());
        let mut kinds = HashMap::new();
        let mut know = |kind: &'a str| -> Result<(), Failure> {
            if !kinds.contains_key(kind) {
                let info = registry.info(kind)?;
                kinds.insert(kind, Kind { info, rules: Rules::new(info.rules) });
            }
            Ok(())
        };
        for (index, live) in objects.iter().enumerate() {
            at.entry(&live.identity.address).or_default().push(index);
            know(live.identity.address.kind())?;
        }
        let mut services: BTreeSet<&str> = scope.services.iter().map(String::as_str).collect();
        for node in desired.nodes.values() {
            know(node.address.kind())?;
            services.extend(node.owner.service());
        }
        let wanted = sorted(desired)?;
        let wanted_at = wanted
            .iter()
            .enumerate()
            .map(|(index, wanted)| (&wanted.node.address, index))
            .collect();
        let mut world = Self {
            target,
            observation,
            scope,
            kinds,
            objects,
            links,
            at,
            wanted,
            wanted_at,
            services,
        };
        world.mark_needed();
        Ok(world)
    }

    /// What is known about a kind; every kind that occurs was asked for in `new`.
    pub(super) fn kind(&self, address: &Address) -> Result<&Kind, Failure> {
        self.kinds
            .get(address.kind())
            .ok_or_else(|| Failure::internal(format!("the kind of `{address}` was not looked up")))
    }

    /// The live objects at an address.
    pub(super) fn at(&self, address: &Address) -> &[usize] {
        self.at.get(address).map_or(&[], Vec::as_slice)
    }

    /// Which desired resource has this address.
    pub(super) fn wanted_at(&self, address: &Address) -> Option<usize> {
        self.wanted_at.get(address).copied()
    }

    pub(super) fn identity(&self, owner: &Owner, address: &Address, generation: u32) -> Identity {
        self.target.identity(owner, address, generation)
    }

    /// Marks what is in scope, and what that refers to, directly or not.
    fn mark_needed(&mut self) {
        // Dependants come after their dependencies, so one pass backwards reaches everything.
        for index in (0..self.wanted.len()).rev() {
            let wanted = &mut self.wanted[index];
            wanted.needed |= self.scope.may_change(&wanted.node.owner);
            if wanted.needed {
                let targets: Vec<usize> = wanted
                    .edges
                    .iter()
                    .filter_map(|edge| self.wanted_at.get(&edge.to).copied())
                    .collect();
                targets.into_iter().for_each(|target| self.wanted[target].needed = true);
            }
        }
    }
}

/// The desired resources, dependencies first, otherwise by address.
fn sorted(desired: &Desired) -> Result<Vec<Wanted<'_>>, Failure> {
    let nodes: Vec<&Node> = desired.nodes.values().collect();
    let index: HashMap<&Address, usize> =
        nodes.iter().enumerate().map(|(index, node)| (&node.address, index)).collect();
    let edges: Vec<Vec<Edge>> = nodes.iter().map(|node| node.edges()).collect();
    let mut waits_for = vec![0_usize; nodes.len()];
    let mut dependants = vec![Vec::new(); nodes.len()];
    for (node, edges) in edges.iter().enumerate() {
        for target in edges.iter().filter_map(|edge| index.get(&edge.to)) {
            waits_for[node] += 1;
            dependants[*target].push(node);
        }
    }
    let mut ready: BTreeSet<usize> =
        (0..nodes.len()).filter(|node| waits_for[*node] == 0).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(node) = ready.pop_first() {
        order.push(node);
        for dependant in &dependants[node] {
            waits_for[*dependant] -= 1;
            if waits_for[*dependant] == 0 {
                ready.insert(*dependant);
            }
        }
    }
    if order.len() < nodes.len() {
        let stuck = (0..nodes.len())
            .filter(|node| waits_for[*node] > 0)
            .map(|node| format!("`{}`", nodes[node].address))
            .collect::<Vec<_>>();
        return Err(Failure::internal(format!("these refer to each other: {}", stuck.join(", "))));
    }
    let mut edges: Vec<Option<Vec<Edge>>> = edges.into_iter().map(Some).collect();
    Ok(order
        .into_iter()
        .map(|node| Wanted {
            node: nodes[node],
            edges: edges[node].take().unwrap_or_default(),
            needed: false,
        })
        .collect())
}
