//! What goes, and what of it has to stay.

use std::collections::HashMap;

use super::decide::{Decision, Verdict};
use super::world::World;
use super::{AllowDelete, REVISIONS_KEPT};
use crate::engine::{Class, Failure, Owner, ReplaceOrder};

/// Why a live object is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Nothing here wants it.
    Orphan,
    /// It is an older twin of the current one.
    Deposed,
    /// The desired resource with this index takes its place.
    Replaced(usize, ReplaceOrder),
    /// It is an older revision than those that are kept.
    OldRevision,
}

/// One live object that goes, or would.
pub(super) struct Removal {
    pub(super) object: usize,
    pub(super) cause: Cause,
    /// Why it stays after all.
    pub(super) kept: Option<String>,
}

/// Everything that goes or would.
pub(super) struct Removals {
    pub(super) list: Vec<Removal>,
    /// Which entry of the list is about an object.
    pub(super) of: HashMap<usize, usize>,
    /// The desired resource, by index, whose current object this is.
    pub(super) current_of: HashMap<usize, usize>,
}

pub(super) fn removals(
    world: &World<'_>,
    decisions: &[Decision],
    allow: &AllowDelete,
) -> Result<Removals, Failure> {
    let current_of: HashMap<usize, usize> = decisions
        .iter()
        .enumerate()
        .filter_map(|(index, decision)| decision.current.map(|object| (object, index)))
        .collect();
    let mut list = Vec::new();
    for object in 0..world.objects.len() {
        if let Some(cause) = cause(world, decisions, &current_of, object) {
            list.push(Removal { object, cause, kept: None });
        }
    }
    let of = list.iter().enumerate().map(|(index, removal)| (removal.object, index)).collect();
    let mut removals = Removals { list, of, current_of };
    keep(world, decisions, allow, &mut removals)?;
    Ok(removals)
}

fn cause(
    world: &World<'_>,
    decisions: &[Decision],
    current_of: &HashMap<usize, usize>,
    object: usize,
) -> Option<Cause> {
    let live = world.objects[object];
    let replaced = |index: &usize| match decisions[*index].verdict {
        Verdict::Replace(order) => Some(Cause::Replaced(*index, order)),
        _ => None,
    };
    if let Some(index) = current_of.get(&object) {
        return replaced(index);
    }
    if let Some(index) = world.wanted_at(&live.identity.address) {
        let owner = &world.wanted[index].node.owner;
        if !world.scope.may_change(owner) || decisions[index].verdict == Verdict::Untouched {
            return None;
        }
        let revisioned = world.kind(&live.identity.address).is_ok_and(|kind| kind.info.revisioned);
        if !revisioned {
            return Some(Cause::Deposed);
        }
        let newer = world
            .at(&live.identity.address)
            .iter()
            .filter(|twin| world.objects[**twin].identity.generation > live.identity.generation);
        let revising = usize::from(decisions[index].verdict == Verdict::Revise);
        return (newer.count() + revising >= REVISIONS_KEPT).then_some(Cause::OldRevision);
    }
    let goes = match &live.identity.owner {
        Owner::Environment => world.scope.environment,
        Owner::Service(name) if world.services.contains(name.as_str()) => {
            world.scope.services.contains(name)
        }
        Owner::Service(_) => world.scope.prune,
    };
    goes.then_some(Cause::Orphan)
}

/// Whether a live object that stays holds what it refers to; an old revision does not.
fn holds(world: &World<'_>, decisions: &[Decision], removals: &Removals, object: usize) -> bool {
    if removals.of.contains_key(&object) {
        return false;
    }
    match removals.current_of.get(&object) {
        Some(index) => matches!(
            decisions[*index].verdict,
            Verdict::Unchanged | Verdict::Untouched | Verdict::Settle
        ),
        None => {
            let address = &world.objects[object].identity.address;
            !world.kind(address).is_ok_and(|kind| kind.info.revisioned)
                || world.wanted_at(address).is_none()
        }
    }
}

/// Marks what has to stay: what holds data, what something that stays refers to, what clings
/// to an environment resource that is kept for a service, and what any of these refer to.
fn keep(
    world: &World<'_>,
    decisions: &[Decision],
    allow: &AllowDelete,
    removals: &mut Removals,
) -> Result<(), Failure> {
    // The entry, and whether it is kept for a service that uses it.
    let mut queue: Vec<(usize, bool)> = Vec::new();
    for entry in 0..removals.list.len() {
        let Removal { object, cause, .. } = removals.list[entry];
        let address = &world.objects[object].identity.address;
        let info = world.kind(address)?.info;
        let user =
            world.links.users[object].iter().find(|user| holds(world, decisions, removals, **user));
        if let Some(user) = user {
            let user = &world.objects[*user].identity;
            if let Cause::Replaced(index, ReplaceOrder::DeleteFirst) = cause {
                return Err(held(world, index, &user.address.to_string()));
            }
            let whose = match &user.owner {
                Owner::Service(name) => format!(" of service `{name}`"),
                Owner::Environment => String::new(),
            };
            removals.list[entry].kept = Some(format!("`{}`{whose} still uses it", user.address));
            queue.push((entry, true));
        } else if let Some(data) = info.stateful.filter(|_| !allow.allows(info.kind)) {
            if let Cause::Replaced(index, ReplaceOrder::DeleteFirst) = cause {
                return Err(holds_data(world, decisions, index, data, info.kind));
            }
            removals.list[entry].kept =
                Some(format!("it holds {data}: `--allow-delete {}` lets it go", info.kind));
            queue.push((entry, false));
        }
    }
    while let Some((entry, used)) = queue.pop() {
        let object = removals.list[entry].object;
        let keeper = &world.objects[object].identity.address;
        for held_object in &world.links.uses[object] {
            let Some(other) = removals.of.get(held_object).copied() else { continue };
            if removals.list[other].kept.is_some() {
                continue;
            }
            if let Cause::Replaced(index, ReplaceOrder::DeleteFirst) = removals.list[other].cause {
                return Err(held(world, index, &keeper.to_string()));
            }
            removals.list[other].kept = Some(format!("`{keeper}`, which is kept, refers to it"));
            queue.push((other, used));
        }
        // A rule on a security group that is kept for a service came with that group: nothing
        // refers to it, and yet the service needs it.
        if !used || removals.list[entry].cause != Cause::Orphan {
            continue;
        }
        for clinging in &world.links.users[object] {
            let Some(other) = removals.of.get(clinging).copied() else { continue };
            let is_environments = world.objects[*clinging].identity.owner == Owner::Environment;
            let removal = &mut removals.list[other];
            if is_environments && removal.cause == Cause::Orphan && removal.kept.is_none() {
                removal.kept =
                    Some(format!("it belongs to `{keeper}`, which a service still uses"));
                queue.push((other, true));
            }
        }
    }
    Ok(())
}

fn held(world: &World<'_>, index: usize, user: &str) -> Failure {
    let address = &world.wanted[index].node.address;
    Failure::new(
        Class::Invalid,
        format!("`{address}` must be deleted before it is made anew, and `{user}` uses it"),
    )
    .with_hint("run `shipit deploy`, which changes the environment and its services together")
}

fn holds_data(
    world: &World<'_>,
    decisions: &[Decision],
    index: usize,
    data: &str,
    kind: &str,
) -> Failure {
    let address = &world.wanted[index].node.address;
    let fields: Vec<String> = decisions[index]
        .changes
        .iter()
        .filter(|change| change.forces_replacement)
        .map(|change| format!("`{}`", change.path))
        .collect();
    Failure::new(
        Class::Invalid,
        format!(
            "`{address}` must be deleted before it is made anew ({} cannot change in place), and it holds {data}",
            fields.join(", ")
        ),
    )
    .with_hint(format!("`--allow-delete {kind}` lets it go; undoing the change keeps it"))
}
