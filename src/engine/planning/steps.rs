//! Writes the steps, their reasons and the edges between them.

use std::collections::{BTreeMap, HashMap};

use super::decide::{Decision, Verdict};
use super::order::{After, Draft, sort};
use super::removals::{Cause, Removals};
use super::world::World;
use crate::engine::plan::FORMAT_VERSION;
use crate::engine::{Action, Change, Failure, Health, Live, Owner, Plan, ReplaceOrder, Step, Wait};

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
        // What bears the name of something that is not made anew here is in nobody's way.
        foreign: foreign.iter().filter(|foreign| created(&foreign.address)).cloned().collect(),
        notices: notices(world),
        steps: sort(drafts)?,
        unchanged,
        outputs,
    })
}

fn outputs(
    world: &World<'_>,
    decisions: &[Decision],
) -> BTreeMap<crate::engine::Address, serde_json::Value> {
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
                "service `{name}` is live and in no manifest here: it is left alone (`shipit svc delete {name}` or `--prune` deletes it)"
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
        deposed: false,
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

fn why_replaced(node: &crate::engine::Node, live: Option<&Live>, changes: &[Change]) -> String {
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
        Some(Health::Pending(why)) => format!("it matches and is still settling: {why}"),
        Some(Health::Failed(why)) => format!("it matches and has failed: {why}"),
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
        deposed,
        after: Vec::new(),
    }
}

struct Edges<'w, 'a> {
    world: &'w World<'a>,
    decisions: &'w [Decision],
    removals: &'w Removals,
    /// The draft of each decision that has one.
    makes: &'w [Option<usize>],
    /// The draft of each object that is deleted.
    deletes: &'w HashMap<usize, usize>,
}

impl Edges<'_, '_> {
    /// What is made waits for what it refers to; and for the old one where that goes first.
    fn of_makes(&self, drafts: &mut [Draft]) {
        for (index, decision) in self.decisions.iter().enumerate() {
            let Some(draft) = self.makes[index] else { continue };
            for edge in &self.world.wanted[index].edges {
                let Some(target) = self.world.wanted_at(&edge.to) else { continue };
                let Some(other) = self.makes[target] else { continue };
                // What settles exists; only its being ready is worth waiting for.
                let exists = self.decisions[target].verdict == Verdict::Settle;
                if exists && edge.wait == Wait::Created {
                    continue;
                }
                drafts[draft].after.push(After { draft: other, soft: false, wait: edge.wait });
            }
            if decision.verdict == Verdict::Replace(ReplaceOrder::DeleteFirst)
                && let Some(other) = decision.current.and_then(|old| self.deletes.get(&old))
            {
                drafts[draft].after.push(gone(*other));
            }
        }
    }

    /// What goes waits for whatever refers to it to go or to move away.
    fn of_deletes(&self, drafts: &mut [Draft]) {
        let dependants = self.dependants();
        for removal in &self.removals.list {
            let Some(draft) = self.deletes.get(&removal.object).copied() else { continue };
            let mut after = Vec::new();
            let first = matches!(removal.cause, Cause::Replaced(_, ReplaceOrder::DeleteFirst));
            for user in &self.world.links.users[removal.object] {
                self.user_moved(*user, first, &mut after);
            }
            if let Cause::Replaced(index, order) = removal.cause {
                if order == ReplaceOrder::CreateFirst {
                    after.extend(self.makes[index].map(gone));
                }
                // The desired graph knows dependants that no identifier gave away.
                for dependant in &dependants[index] {
                    let decision = &self.decisions[*dependant];
                    let old = decision.current.and_then(|old| self.deletes.get(&old));
                    after.extend(old.copied().map(gone));
                    if order == ReplaceOrder::CreateFirst {
                        after.extend(self.makes[*dependant].map(gone));
                    }
                }
            } else if let Some(index) =
                self.world.wanted_at(&self.world.objects[removal.object].identity.address)
            {
                // An older twin or revision goes once what is current is as it should be.
                after.extend(self.makes[index].map(gone));
            }
            drafts[draft].after.append(&mut after);
        }
    }

    /// Adds what has to happen before a live object no longer refers to what goes.
    fn user_moved(&self, user: usize, delete_first: bool, after: &mut Vec<After>) {
        if let Some(delete) = self.deletes.get(&user) {
            after.push(gone(*delete));
            return;
        }
        let Some(index) = self.removals.current_of.get(&user) else { return };
        let Some(make) = self.makes[*index] else { return };
        // Where the old one goes first, a user that moves to the new one cannot move before.
        after.push(After { draft: make, soft: delete_first, wait: Wait::Ready });
        if self.decisions[*index].verdict == Verdict::Revise {
            for next in &self.world.links.users[user] {
                if let Some(delete) = self.deletes.get(next) {
                    after.push(gone(*delete));
                } else if let Some(make) =
                    self.removals.current_of.get(next).and_then(|next| self.makes[*next])
                {
                    after.push(After { draft: make, soft: delete_first, wait: Wait::Ready });
                }
            }
        }
    }

    /// For each desired resource, those that refer to it.
    fn dependants(&self) -> Vec<Vec<usize>> {
        let mut dependants = vec![Vec::new(); self.world.wanted.len()];
        for (index, wanted) in self.world.wanted.iter().enumerate() {
            for target in wanted.edges.iter().filter_map(|edge| self.world.wanted_at(&edge.to)) {
                dependants[target].push(index);
            }
        }
        dependants
    }

    /// The order between kinds that no reference shows. It binds within one owner, and between
    /// the environment and its services.
    fn of_kinds(&self, drafts: &mut [Draft]) -> Result<(), Failure> {
        let mut makes: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut deletes: HashMap<&str, Vec<usize>> = HashMap::new();
        let world = self.world;
        for (index, draft) in self.makes.iter().enumerate() {
            let new = !matches!(self.decisions[index].verdict, Verdict::Settle | Verdict::Update);
            if let Some(draft) = draft.filter(|_| new) {
                makes.entry(world.wanted[index].node.address.kind()).or_default().push(draft);
            }
        }
        for (object, draft) in self.deletes {
            let kind = world.objects[*object].identity.address.kind();
            deletes.entry(kind).or_default().push(*draft);
        }
        deletes.values_mut().for_each(|list| list.sort_unstable());
        let empty = Vec::new();
        let mut add = |later: &[usize], sooner: &[usize]| {
            for one in later {
                for other in sooner {
                    let (a, b) = (&drafts[*one].step.owner, &drafts[*other].step.owner);
                    if a == b || *a == Owner::Environment || *b == Owner::Environment {
                        let after = After { draft: *other, soft: true, wait: Wait::Ready };
                        drafts[*one].after.push(after);
                    }
                }
            }
        };
        let kinds = || makes.keys().chain(deletes.keys().filter(|kind| !makes.contains_key(*kind)));
        for kind in kinds() {
            let info = world.kind(&crate::engine::Address::new(*kind, "any"))?.info;
            let of = |map: &HashMap<&str, Vec<usize>>, kind: &str| {
                map.get(kind).unwrap_or(&empty).clone()
            };
            for first in info.order_after {
                add(&of(&makes, kind), &of(&makes, first));
                add(&of(&deletes, first), &of(&deletes, kind));
            }
            // Two of these cannot be there at once, whatever they are called.
            if info.replace == ReplaceOrder::DeleteFirst && !info.revisioned {
                add(&of(&makes, kind), &of(&deletes, kind));
            }
        }
        Ok(())
    }
}

/// Waits for the whole of a step: what is deleted is gone, what is made is ready.
fn gone(draft: usize) -> After {
    After { draft, soft: false, wait: Wait::Ready }
}
