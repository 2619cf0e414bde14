//! What moved since a plan was made.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::basis::{Basis, Object, in_scope, makes, object, users};
use crate::engine::diff::{Rules, diff};
use crate::engine::resolve::resolve;
use crate::engine::{
    Action, Address, Change, Desired, Failure, Live, Observation, OutputRef, Plan, Registry,
};

/// One thing that is not as it was when the plan was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "moved")]
pub enum Moved {
    /// A field of a live object that the plan changes or refers to.
    Field {
        /// Which object.
        address: Address,
        /// Which field; `outputs.` before what only AWS can say.
        path: String,
        /// Its value when the plan was made.
        then: Value,
        /// Its value now.
        now: Value,
    },
    /// A live object that was not there.
    Appeared {
        /// Where.
        address: Address,
        /// What AWS calls it.
        id: String,
    },
    /// A live object that is there no more.
    Gone {
        /// Where it was.
        address: Address,
        /// What AWS called it.
        id: String,
    },
    /// Something refers to what the plan takes away, and did not before.
    Used {
        /// What would go.
        address: Address,
        /// What refers to it.
        by: Address,
    },
    /// Something without shipit's tags has a name that the plan needs.
    Foreign {
        /// What needs the name.
        address: Address,
        /// What AWS calls it.
        id: String,
    },
    /// The manifests, or what else is live, ask for another document than the plan holds.
    Wanted {
        /// Whose document.
        address: Address,
        /// Which field; empty where no field is known: then the two below say whether it was and is wanted at all.
        path: String,
        /// What the plan holds.
        then: Value,
        /// What is wanted now.
        now: Value,
    },
    /// The plan was made by another version of shipit.
    Version {
        /// That version.
        then: String,
        /// This one.
        now: String,
    },
}

impl Moved {
    /// Which resource it is about, if it is about one.
    pub fn address(&self) -> Option<&Address> {
        match self {
            Self::Field { address, .. }
            | Self::Appeared { address, .. }
            | Self::Gone { address, .. }
            | Self::Used { address, .. }
            | Self::Foreign { address, .. }
            | Self::Wanted { address, .. } => Some(address),
            Self::Version { .. } => None,
        }
    }
}

/// Everything that moved in AWS since the plan was made and that it depends on, by address; empty where it still
/// holds. `fresh` is what was observed for [`Basis::desired`].
///
/// # Errors
/// A kind that nobody registered: a mistake in shipit.
pub fn moved(registry: &Registry, plan: &Plan, fresh: &Observation) -> Result<Vec<Moved>, Failure> {
    let basis = &plan.basis;
    let mut list = Vec::new();
    for (address, known) in &basis.depends_on {
        objects(registry, fresh, address, known, &mut list)?;
    }
    let now = in_scope(registry, &plan.scope, fresh)?;
    let known = |address: &&Address| !basis.depends_on.contains_key(*address);
    let addresses: BTreeSet<&Address> = basis.in_scope.keys().chain(now.keys()).collect();
    for address in addresses.into_iter().filter(known) {
        come_and_gone(address, basis.in_scope.get(address), now.get(address), &mut list);
    }
    new_users(basis, &users(registry, plan, fresh), &mut list);
    for foreign in &fresh.foreign {
        let made = plan
            .steps
            .iter()
            .any(|step| step.address == foreign.address && matches!(step.action, Action::Create));
        if made {
            let (address, id) = (foreign.address.clone(), foreign.id.clone());
            list.push(Moved::Foreign { address, id });
        }
    }
    list.sort_by(|a, b| a.address().cmp(&b.address()));
    Ok(list)
}

/// Compares the objects at one address with what they were.
fn objects(
    registry: &Registry,
    fresh: &Observation,
    address: &Address,
    known: &[Object],
    list: &mut Vec<Moved>,
) -> Result<(), Failure> {
    let info = registry.info(address.kind())?;
    let rules = Rules::new(info.rules);
    let mut now: BTreeMap<&str, &Live> =
        fresh.at(address).map(|live| (live.id.as_str(), live)).collect();
    for then in known {
        match now.remove(then.id.as_str()) {
            Some(live) => fields(&rules, address, then, live, list),
            None => list.push(Moved::Gone { address: address.clone(), id: then.id.clone() }),
        }
    }
    // Older revisions than the latest were not written down.
    let latest = known.iter().map(|object| object.generation).max();
    for (id, live) in now {
        if !info.revisioned || latest.is_none_or(|latest| live.identity.generation > latest) {
            list.push(Moved::Appeared { address: address.clone(), id: id.to_owned() });
        }
    }
    Ok(())
}

fn fields(rules: &Rules, address: &Address, then: &Object, live: &Live, list: &mut Vec<Moved>) {
    let now = object(rules, live);
    let mut field = |path: String, then: Value, now: Value| {
        list.push(Moved::Field { address: address.clone(), path, then, now });
    };
    if then.owner != now.owner {
        let whose = |object: &Object| Value::String(object.owner.to_string());
        field("owner".to_owned(), whose(then), whose(&now));
    }
    if then.generation != now.generation {
        field("generation".to_owned(), then.generation.into(), now.generation.into());
    }
    for change in diff(rules, &then.spec, &now.spec) {
        field(whole_path(&change), change.before, change.after);
    }
    for change in diff(&Rules::default(), &then.outputs, &now.outputs) {
        field(format!("outputs.{}", change.path), change.before, change.after);
    }
}

fn whole_path(change: &Change) -> String {
    if change.path.is_empty() { "document".to_owned() } else { change.path.clone() }
}

fn come_and_gone(
    address: &Address,
    then: Option<&BTreeSet<String>>,
    now: Option<&BTreeSet<String>>,
    list: &mut Vec<Moved>,
) {
    let address = || address.clone();
    match (then, now) {
        (Some(then), Some(now)) => {
            let gone = then.difference(now).cloned();
            list.extend(gone.map(|id| Moved::Gone { address: address(), id }));
            let new = now.difference(then).cloned();
            list.extend(new.map(|id| Moved::Appeared { address: address(), id }));
        }
        (Some(then), None) => {
            let id = then.iter().next().cloned().unwrap_or_else(|| address().to_string());
            list.push(Moved::Gone { address: address(), id });
        }
        (None, Some(now)) => {
            let id = now.iter().next().cloned().unwrap_or_else(|| address().to_string());
            list.push(Moved::Appeared { address: address(), id });
        }
        (None, None) => {}
    }
}

fn new_users(basis: &Basis, now: &BTreeMap<Address, BTreeSet<Address>>, list: &mut Vec<Moved>) {
    for (address, users) in now {
        let then = basis.users.get(address);
        let new = users.iter().filter(|user| then.is_none_or(|then| !then.contains(user)));
        list.extend(new.map(|by| Moved::Used { address: address.clone(), by: by.clone() }));
    }
}

/// Where the manifests, together with what is live now, want another document than the plan holds. `desired` is what
/// is wanted now.
///
/// # Errors
/// A kind that nobody registered: a mistake in shipit.
pub fn rewanted(
    registry: &Registry,
    plan: &Plan,
    desired: &Desired,
) -> Result<Vec<Moved>, Failure> {
    let known = |from: &OutputRef| plan.outputs.get(&from.address)?.get(&from.field);
    let mut list = Vec::new();
    for step in plan.steps.iter().filter(|step| makes(step)) {
        let Some(then) = &step.spec else { continue };
        let address = step.address.clone();
        let Some(node) = desired.nodes.get(&address) else {
            let (path, then, now) = (String::new(), Value::Bool(true), Value::Bool(false));
            list.push(Moved::Wanted { address, path, then, now });
            continue;
        };
        let rules = Rules::new(registry.info(address.kind())?.rules);
        for change in diff(&rules, then, &resolve(&node.spec, &known)) {
            let address = address.clone();
            let (then, now) = (change.before, change.after);
            list.push(Moved::Wanted { address, path: change.path, then, now });
        }
    }
    Ok(list)
}

/// Where the manifests alone want something else than they did. `now` are the digests of what they want.
pub fn remanifested(plan: &Plan, now: &BTreeMap<Address, String>) -> Vec<Moved> {
    let then = &plan.basis.manifests;
    let addresses: BTreeSet<&Address> = then.keys().chain(now.keys()).collect();
    let differ = addresses.into_iter().filter(|address| then.get(address) != now.get(address));
    let differ = differ.map(|address| Moved::Wanted {
        address: address.clone(),
        path: String::new(),
        then: then.contains_key(address).into(),
        now: now.contains_key(address).into(),
    });
    differ.collect()
}

/// Whether another version of shipit made the plan.
pub fn reversioned(then: &str) -> Option<Moved> {
    let now = env!("CARGO_PKG_VERSION");
    (then != now).then(|| Moved::Version { then: then.to_owned(), now: now.to_owned() })
}
