//! Writes the steps and their reasons.

use std::collections::{BTreeMap, HashMap};

use super::decide::{Decision, Verdict};
use super::edges::Edges;
use super::order::{Draft, sort};
use super::removals::{Cause, Removals};
use super::world::World;
use crate::engine::plan::FORMAT_VERSION;
use crate::engine::saved::Basis;
use crate::engine::{Action, Address, Change, Failure, Health, Live, Node, Owner, Plan, Step};

pub(super) fn write(
    world: &World<'_>,
    mut decisions: Vec<Decision>,
    removals: &Removals,
) -> Result<Plan, Failure> {
    let mut drafts = Vec::new();
    let mut makes = vec![None; decisions.len()];
    for (index, decision) in decisions.iter_mut().enumerate() {
        if let Some(step) = make(world, index, decision) {
            makes[index] = Some(drafts.len());
            drafts.push(Draft { step, after: Vec::new() });
        }
    }
    let mut deletes = HashMap::new();
    for removal in &removals.list {
        let step = remove(world, removal);
        if step.action == Action::Delete {
            deletes.insert(removal.object, drafts.len());
        }
        drafts.push(Draft { step, after: Vec::new() });
    }
    let edges = Edges { world, decisions: &decisions, removals, makes: &makes, deletes: &deletes };
    edges.of_makes(&mut drafts);
    edges.of_deletes(&mut drafts);
    edges.of_kinds(&mut drafts)?;
    let outputs = outputs(world, &decisions);
    let unchanged = world.wanted.iter().zip(&decisions).filter(|(wanted, decision)| {
        decision.verdict == Verdict::Unchanged && world.scope.may_change(&wanted.node.owner)
    });
    let unchanged = unchanged.count();
    let created = |address| {
        world.wanted_at(address).is_some_and(|index| decisions[index].verdict == Verdict::Create)
    };
    let foreign = &world.observation.foreign;
    Ok(Plan {
        format_version: FORMAT_VERSION.to_owned(),
        application: world.target.application.clone(),
        environment: world.target.environment.clone(),
        account: world.target.account.clone(),
        region: world.target.region.clone(),
        scope: world.scope.clone(),
        protected: false,
        // What bears the name of something that is not made anew here is in nobody's way.
        foreign: foreign.iter().filter(|foreign| created(&foreign.address)).cloned().collect(),
        notices: notices(world),
        findings: Vec::new(),
        steps: sort(drafts)?,
        unchanged,
        outputs,
        basis: Basis::default(),
    })
}

fn outputs(world: &World<'_>, decisions: &[Decision]) -> BTreeMap<Address, serde_json::Value> {
    let known = world.wanted.iter().zip(decisions).filter_map(|(wanted, decision)| {
        let hidden =
            matches!(decision.verdict, Verdict::Create | Verdict::Revise | Verdict::Replace(_));
        let current = decision.current.filter(|_| !hidden)?;
        Some((wanted.node.address.clone(), world.objects[current].outputs.clone()))
    });
    known.collect()
}

fn notices(world: &World<'_>) -> Vec<String> {
    if !world.scope.environment || world.scope.prune {
        return Vec::new();
    }
    let unknown =
        world.observation.services().into_iter().filter(|name| !world.services.contains(name));
    unknown
        .map(|name| {
            format!(
                "service `{name}` is live and in no manifest here: it is left alone (`shipit svc delete --name {name}` or `--prune` deletes it)"
            )
        })
        .collect()
}

fn make(world: &World<'_>, index: usize, decision: &mut Decision) -> Option<Step> {
    let node = world.wanted[index].node;
    let live = decision.current.map(|current| world.objects[current]);
    let (action, reason) = match decision.verdict {
        Verdict::Untouched | Verdict::Unchanged => return None,
        Verdict::Create => (Action::Create, "it is not there yet".to_owned()),
        Verdict::Update => (Action::Update, differs(&decision.changes)),
        Verdict::Revise => {
            (Action::Revise, format!("{}: a new revision", differs(&decision.changes)))
        }
        Verdict::Replace(order) => {
            (Action::Replace { order }, why_replaced(node, live, &decision.changes))
        }
        Verdict::Settle => (Action::Settle, why_settles(live)),
    };
    Some(Step {
        address: node.address.clone(),
        owner: node.owner.clone(),
        action,
        reason,
        id: live.map(|live| live.id.clone()),
        changes: std::mem::take(&mut decision.changes),
        identity: world.identity(&node.owner, &node.address, decision.generation),
        spec: decision.spec.take(),
        live: live.cloned(),
        loses: None,
        deposed: false,
        drift: false,
        patched_by: Vec::new(),
        after: Vec::new(),
    })
}

fn differs(changes: &[Change]) -> String {
    match changes {
        [] => "it differs".to_owned(),
        [change] if change.path.is_empty() => "it differs".to_owned(),
        [change] => format!("`{}` differs", change.path),
        [change, other] => format!("`{}` and `{}` differ", change.path, other.path),
        [change, rest @ ..] => format!("`{}` and {} more differ", change.path, rest.len()),
    }
}

fn why_replaced(node: &Node, live: Option<&Live>, changes: &[Change]) -> String {
    if let Some(live) = live.filter(|live| live.identity.address != node.address) {
        return format!("renamed from `{}`", live.identity.address);
    }
    let forcing: Vec<&Change> = changes.iter().filter(|change| change.forces_replacement).collect();
    let Some(first) = forcing.first() else { return differs(changes) };
    match first.unknown.first() {
        Some(unknown) => {
            format!("`{}` cannot change in place, and `{unknown}` is made anew", first.path)
        }
        None => format!("`{}` cannot change in place", first.path),
    }
}

fn why_settles(live: Option<&Live>) -> String {
    match live.map(|live| &live.health) {
        Some(Health::Pending(why) | Health::Unhurried(why)) => {
            format!("it matches and is still settling: {why}")
        }
        Some(Health::Failed(why)) => format!("it matches and has failed: {why}"),
        Some(Health::Paused(why)) => format!("it matches and waits: {}", why.message),
        Some(Health::Broken(why)) => format!("it matches and has failed: {}", why.message),
        _ => "it matches and is not ready".to_owned(),
    }
}

fn remove(world: &World<'_>, removal: &super::removals::Removal) -> Step {
    let live = world.objects[removal.object];
    let deposed = removal.cause != Cause::Orphan;
    let (action, reason) = match (&removal.kept, removal.cause) {
        (Some(kept), _) => (Action::Keep, kept.clone()),
        (None, Cause::Orphan) => (
            Action::Delete,
            match &live.identity.owner {
                Owner::Environment => "it left the environment's manifest".to_owned(),
                Owner::Service(name) if world.services.contains(name.as_str()) => {
                    format!("nothing of service `{name}` needs it")
                }
                Owner::Service(name) => format!("service `{name}` is in no manifest here"),
            },
        ),
        (None, Cause::Deposed) => (Action::Delete, "it is an older twin".to_owned()),
        (None, Cause::Replaced(..)) => (Action::Delete, "it is replaced".to_owned()),
        (None, Cause::OldRevision) => {
            (Action::Delete, format!("only the last {} revisions are kept", super::REVISIONS_KEPT))
        }
    };
    Step {
        address: live.identity.address.clone(),
        owner: live.identity.owner.clone(),
        reason,
        id: Some(live.id.clone()),
        changes: Vec::new(),
        identity: live.identity.clone(),
        spec: None,
        // What is kept needs no document: nothing is done to it.
        live: (action == Action::Delete).then(|| live.clone()),
        action,
        loses: None,
        deposed,
        drift: false,
        patched_by: Vec::new(),
        after: Vec::new(),
    }
}
