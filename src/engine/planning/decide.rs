//! What happens to each desired resource, dependencies first.

use serde_json::Value;

use super::world::{Wanted, World};
use crate::engine::diff::diff;
use crate::engine::resolve::resolve;
use crate::engine::{Change, Class, Failure, Health, OutputRef, ReplaceOrder};

/// What happens to one desired resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Out of scope: it is left as it is, whether it is there or not.
    Untouched,
    Unchanged,
    Create,
    Update,
    Revise,
    Replace(ReplaceOrder),
    Settle,
}

impl Verdict {
    /// Whether what it leaves behind has other outputs than what is live now.
    fn hides_outputs(self) -> bool {
        matches!(self, Self::Create | Self::Revise | Self::Replace(_))
    }
}

pub(super) struct Decision {
    pub(super) verdict: Verdict,
    /// The live object that is current.
    pub(super) current: Option<usize>,
    /// The document, resolved as far as it can be, where a step needs it.
    pub(super) spec: Option<Value>,
    pub(super) changes: Vec<Change>,
    /// The generation of what is made, or of what is there.
    pub(super) generation: u32,
}

/// One decision per desired resource, in the order of [`World::wanted`].
pub(super) fn decide(world: &World<'_>) -> Result<Vec<Decision>, Failure> {
    let mut decisions: Vec<Decision> = Vec::with_capacity(world.wanted.len());
    for wanted in &world.wanted {
        let decision = decide_one(world, &decisions, wanted)?;
        decisions.push(decision);
    }
    force_order(world, &mut decisions);
    settle_what_is_needed(world, &mut decisions);
    Ok(decisions)
}

fn decide_one(
    world: &World<'_>,
    decisions: &[Decision],
    wanted: &Wanted<'_>,
) -> Result<Decision, Failure> {
    let node = wanted.node;
    let in_scope = world.scope.may_change(&node.owner);
    let twins = world.at(&node.address);
    let untouched = |current: Option<usize>| Decision {
        verdict: Verdict::Untouched,
        current,
        spec: None,
        changes: Vec::new(),
        generation: current.map_or(1, |index| world.objects[index].identity.generation),
    };
    let may_create = wanted.needed && twins.is_empty();
    if !in_scope && !may_create {
        return Ok(untouched(latest(world, twins)));
    }
    if !in_scope && node.owner.service().is_some() {
        return Err(Failure::new(
            Class::Invalid,
            format!("`{}` of service `{}` is needed and not there", node.address, node.owner),
        )
        .with_hint(format!("run `shipit svc deploy {}` first, or `shipit deploy`", node.owner)));
    }
    check_references(world, decisions, wanted)?;
    let known = |from: &OutputRef| known(world, decisions, from);
    let spec = resolve(&node.spec, &known);
    let kind = world.kind(&node.address)?;
    let newest = twins.iter().map(|twin| world.objects[*twin].identity.generation).max();

    if twins.is_empty() {
        // Names and tags hold the address, so a renamed resource cannot change in place: the new
        // one is made, dependants move, the old one goes, in the order that the kind can bear.
        let old = node.formerly.as_ref().filter(|old| world.wanted_at(old).is_none());
        let old = old.and_then(|old| latest(world, world.at(old)));
        let (verdict, changes) = match old {
            Some(old) => (
                Verdict::Replace(kind.info.replace),
                diff(&kind.rules, &world.objects[old].spec, &spec),
            ),
            None => (Verdict::Create, Vec::new()),
        };
        let spec = Some(spec.into_owned());
        return Ok(Decision { verdict, current: old, spec, changes, generation: 1 });
    }

    let (current, changes) = if kind.info.revisioned {
        let Some(current) = latest(world, twins) else { return Ok(untouched(None)) };
        (current, diff(&kind.rules, &world.objects[current].spec, &spec))
    } else {
        let Some(best) = choose(world, twins, &kind.rules, &spec) else {
            return Ok(untouched(None));
        };
        best
    };
    let live = world.objects[current];
    let generation = live.identity.generation;
    let above = newest.unwrap_or(generation).saturating_add(1);
    let (verdict, generation) = if changes.is_empty() {
        match live.health {
            Health::Ready => (Verdict::Unchanged, generation),
            _ => (Verdict::Settle, generation),
        }
    } else if kind.info.revisioned {
        (Verdict::Revise, above)
    } else if changes.iter().any(|change| change.forces_replacement) {
        // Where the kind itself has the old one go first, its name is free again; else the new
        // one is told from the old one by its generation.
        let same_name = kind.info.replace == ReplaceOrder::DeleteFirst;
        (Verdict::Replace(kind.info.replace), if same_name { generation } else { above })
    } else {
        (Verdict::Update, generation)
    };
    let spec = match verdict {
        Verdict::Unchanged | Verdict::Settle | Verdict::Untouched => None,
        Verdict::Update => {
            let mut spec = spec.into_owned();
            kind.rules.keep_owned_elsewhere(&live.spec, &mut spec);
            Some(spec)
        }
        Verdict::Create | Verdict::Revise | Verdict::Replace(_) => Some(spec.into_owned()),
    };
    Ok(Decision { verdict, current: Some(current), spec, changes, generation })
}

/// What holds something that has to go first has to go before it, whatever its kind would
/// rather do: its live object refers to the old one, or its document to the new one.
fn force_order(world: &World<'_>, decisions: &mut [Decision]) {
    use ReplaceOrder::{CreateFirst, DeleteFirst};
    let goes_first = |decisions: &[Decision], target: usize| {
        decisions[target].verdict == Verdict::Replace(DeleteFirst)
    };
    loop {
        let mut changed = false;
        for index in 0..decisions.len() {
            if decisions[index].verdict != Verdict::Replace(CreateFirst) {
                continue;
            }
            let mut targets = world.wanted[index].edges.iter().map(|edge| &edge.to);
            let refers = targets.any(|address| {
                world.wanted_at(address).is_some_and(|target| goes_first(decisions, target))
            });
            let uses = decisions[index].current.map_or(&[][..], |old| &world.links.uses[old]);
            let holds = uses.iter().any(|used| {
                let target = world.wanted_at(&world.objects[*used].identity.address);
                target.is_some_and(|target| {
                    goes_first(decisions, target) && decisions[target].current == Some(*used)
                })
            });
            if refers || holds {
                decisions[index].verdict = Verdict::Replace(DeleteFirst);
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}

/// The highest generation; among equals the one in use.
fn latest(world: &World<'_>, twins: &[usize]) -> Option<usize> {
    twins.iter().copied().max_by(|a, b| {
        let rank = |twin: usize| (world.objects[twin].identity.generation, is_used(world, twin));
        rank(*a).cmp(&rank(*b)).then_with(|| world.objects[*b].id.cmp(&world.objects[*a].id))
    })
}

/// The current one of several live objects: it matches the desired fields that cannot change,
/// is used by a live dependant, has the highest generation, in this order.
fn choose(
    world: &World<'_>,
    twins: &[usize],
    rules: &crate::engine::diff::Rules,
    spec: &Value,
) -> Option<(usize, Vec<Change>)> {
    let ranked = twins.iter().map(|twin| {
        let changes = diff(rules, &world.objects[*twin].spec, spec);
        let matches = !changes.iter().any(|change| change.forces_replacement);
        let live = world.objects[*twin];
        ((matches, is_used(world, *twin), live.identity.generation), *twin, changes)
    });
    let best = ranked.max_by(|a, b| {
        a.0.cmp(&b.0).then_with(|| world.objects[b.1].id.cmp(&world.objects[a.1].id))
    });
    best.map(|(_, twin, changes)| (twin, changes))
}

fn is_used(world: &World<'_>, twin: usize) -> bool {
    let address = &world.objects[twin].identity.address;
    world.links.users[twin].iter().any(|user| world.objects[*user].identity.address != *address)
}

/// What a reference stands for, if that is known while planning.
fn known<'a>(world: &World<'a>, decisions: &[Decision], from: &OutputRef) -> Option<&'a Value> {
    let current = match world.wanted_at(&from.address) {
        Some(target) => {
            let decision = decisions.get(target)?;
            if decision.verdict.hides_outputs() {
                return None;
            }
            decision.current?
        }
        None => latest(world, world.at(&from.address))?,
    };
    world.objects[current].outputs.get(&from.field)
}

/// Whatever is referred to is desired or live.
fn check_references(
    world: &World<'_>,
    decisions: &[Decision],
    wanted: &Wanted<'_>,
) -> Result<(), Failure> {
    for edge in &wanted.edges {
        let there = match world.wanted_at(&edge.to) {
            Some(target) => decisions.get(target).is_some_and(|decision| {
                decision.verdict != Verdict::Untouched || decision.current.is_some()
            }),
            None => !world.at(&edge.to).is_empty(),
        };
        if !there {
            let message = format!(
                "`{}` refers to `{}`, which is neither planned nor live",
                wanted.node.address, edge.to
            );
            return Err(Failure::new(Class::Invalid, message)
                .with_hint("deploy what it belongs to first, or all together: `shipit deploy`"));
        }
    }
    Ok(())
}

/// What is out of scope and still settling is waited for where something in scope needs it.
fn settle_what_is_needed(world: &World<'_>, decisions: &mut [Decision]) {
    let makes = |decision: &Decision| {
        decision.verdict.hides_outputs() || decision.verdict == Verdict::Update
    };
    let mut needed = Vec::new();
    for (wanted, decision) in world.wanted.iter().zip(&*decisions) {
        if makes(decision) {
            needed.extend(wanted.edges.iter().filter_map(|edge| world.wanted_at(&edge.to)));
        }
    }
    for target in needed {
        let decision = &mut decisions[target];
        let pending = decision.current.is_some_and(|current| {
            matches!(
                world.objects[current].health,
                Health::Pending(_) | Health::Unhurried(_) | Health::Paused(_)
            )
        });
        if decision.verdict == Verdict::Untouched && pending {
            decision.verdict = Verdict::Settle;
        }
    }
}
