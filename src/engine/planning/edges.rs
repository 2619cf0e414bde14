//! Which step waits for which.

use std::collections::{BTreeMap, HashMap};

use super::decide::{Decision, Verdict};
use super::order::{After, Draft};
use super::removals::{Cause, Removals};
use super::world::World;
use crate::engine::{Address, Failure, Owner, ReplaceOrder, Rule, Wait};

pub(super) struct Edges<'w, 'a> {
    pub(super) world: &'w World<'a>,
    pub(super) decisions: &'w [Decision],
    pub(super) removals: &'w Removals,
    /// The draft of each decision that has one.
    pub(super) makes: &'w [Option<usize>],
    /// The draft of each object that is deleted.
    pub(super) deletes: &'w HashMap<usize, usize>,
}

impl Edges<'_, '_> {
    /// What is made waits for what it refers to; and for the old one where that goes first.
    pub(super) fn of_makes(&self, drafts: &mut [Draft]) {
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
    pub(super) fn of_deletes(&self, drafts: &mut [Draft]) {
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
    pub(super) fn of_kinds(&self, drafts: &mut [Draft]) -> Result<(), Failure> {
        let mut makes = ByKind::new();
        // What a killed run left half made is an update, or settles: it is waited for all the same.
        let mut finishes = ByKind::new();
        let mut deletes = ByKind::new();
        let world = self.world;
        for (index, draft) in self.makes.iter().enumerate() {
            let new = !matches!(self.decisions[index].verdict, Verdict::Settle | Verdict::Update);
            let Some(draft) = *draft else { continue };
            let node = world.wanted[index].node;
            for list in [new.then_some(&mut makes), Some(&mut finishes)].into_iter().flatten() {
                let owners = list.entry(node.address.kind()).or_default();
                owners.entry(&node.owner).or_default().push(draft);
            }
        }
        for (object, draft) in self.deletes {
            let identity = &world.objects[*object].identity;
            let owners = deletes.entry(identity.address.kind()).or_default();
            owners.entry(&identity.owner).or_default().push(*draft);
        }
        let mut kinds: Vec<&str> =
            finishes.keys().chain(deletes.keys()).chain(makes.keys()).copied().collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            let info = world.kind(&Address::new(kind, "any"))?.info;
            let says_names = info.rules.contains(&Rule::SaysNames);
            for first in info.order_after {
                later(drafts, makes.get(kind), finishes.get(first));
                later(drafts, deletes.get(first), deletes.get(kind));
                // Where no reference tells, what changes may be what has used it.
                if says_names {
                    later(drafts, deletes.get(first), finishes.get(kind));
                }
            }
            // Two of these cannot be there at once, whatever they are called; but for what has no other name than its own.
            if info.replace == ReplaceOrder::DeleteFirst && !info.revisioned && !says_names {
                later(drafts, makes.get(kind), deletes.get(kind));
            }
        }
        Ok(())
    }
}

/// Drafts by kind and owner.
type ByKind<'a> = HashMap<&'a str, Owners<'a>>;
type Owners<'a> = BTreeMap<&'a Owner, Vec<usize>>;

/// Has the ones wait for the others where their owners have to do with each other.
fn later(drafts: &mut [Draft], ones: Option<&Owners<'_>>, others: Option<&Owners<'_>>) {
    let (Some(ones), Some(others)) = (ones, others) else { return };
    for (owner, ones) in ones {
        let related = others.iter().filter(|(other, _)| {
            other == &owner || **owner == Owner::Environment || ***other == Owner::Environment
        });
        let mut after: Vec<After> = related
            .flat_map(|(_, drafts)| drafts)
            .map(|draft| After { draft: *draft, soft: true, wait: Wait::Ready })
            .collect();
        after.sort_unstable();
        for one in ones {
            drafts[*one].after.extend_from_slice(&after);
        }
    }
}

/// Waits for the whole of a step: what is deleted is gone, what is made is ready.
fn gone(draft: usize) -> After {
    After { draft, soft: false, wait: Wait::Ready }
}
