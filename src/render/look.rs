//! What a plan's steps look like in every form: signs, words, groups, counts.

use std::collections::BTreeMap;

use crate::engine::{Action, Owner, Plan, ReplaceOrder, Step};

/// What a colour means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something comes.
    Good,
    /// Something changes.
    Change,
    /// Something goes.
    Bad,
    /// Nothing happens.
    Faint,
}

/// Sign, meaning and words of what happens to one resource.
pub fn look(step: &Step) -> (&'static str, Tone, &'static str) {
    match &step.action {
        Action::Create => ("+", Tone::Good, "create"),
        Action::Update => ("~", Tone::Change, "update in place"),
        Action::Revise => ("+", Tone::Change, "new revision"),
        Action::Replace { order: ReplaceOrder::CreateFirst } => {
            ("+/-", Tone::Bad, "replace, new one first")
        }
        Action::Replace { order: ReplaceOrder::DeleteFirst } => {
            ("-/+", Tone::Bad, "replace, old one goes first")
        }
        Action::Delete if step.deposed => ("-", Tone::Change, "delete the old one"),
        Action::Delete => ("-", Tone::Bad, "delete"),
        Action::Settle => ("…", Tone::Change, "wait"),
        Action::Keep => ("=", Tone::Faint, "keep"),
        Action::Adopt => (">", Tone::Change, "adopt"),
    }
}

/// The steps under their headings: what goes or is made anew first, then by owner.
pub fn groups(plan: &Plan) -> Vec<(String, Vec<&Step>)> {
    let (first, rest): (Vec<&Step>, Vec<&Step>) =
        plan.steps.iter().partition(|step| step.destroys());
    let mut groups = Vec::new();
    if !first.is_empty() {
        groups.push(("Deletes and replaces".to_owned(), first));
    }
    let mut owners: BTreeMap<&Owner, Vec<&Step>> = BTreeMap::new();
    for step in rest {
        owners.entry(&step.owner).or_default().push(step);
    }
    groups.extend(owners.into_iter().map(|(owner, steps)| (owner.to_string(), steps)));
    groups
}

/// How many steps do what, the gravest first: `(2, "to delete")`.
pub fn counts(plan: &Plan) -> Vec<(usize, &'static str)> {
    let mut counts: BTreeMap<u8, (usize, &str)> = BTreeMap::new();
    for step in &plan.steps {
        let (rank, words) = match step.action {
            Action::Delete if step.deposed => (8, "old to delete"),
            Action::Delete => (0, "to delete"),
            Action::Replace { .. } => (1, "to replace"),
            Action::Create => (2, "to create"),
            Action::Update => (3, "to update"),
            Action::Revise => (4, "to revise"),
            Action::Settle => (5, "to wait for"),
            Action::Adopt => (6, "to adopt"),
            Action::Keep => (9, "kept"),
        };
        counts.entry(rank).or_insert((0, words)).0 += 1;
    }
    counts.into_values().collect()
}

/// How many resources a plan deletes and how many it replaces.
pub fn destroyed(plan: &Plan) -> [usize; 2] {
    let deletes = plan.destroys().filter(|step| step.action == Action::Delete).count();
    [deletes, plan.destroys().count() - deletes]
}

/// Why a step is there, where its sign and its fields do not say it already.
pub fn reason(step: &Step) -> Option<&str> {
    let told = match step.action {
        // Of an image it is told which one it is.
        Action::Create => !step.drift && step.address.kind() != "ecr/image",
        Action::Update | Action::Revise => !step.changes.is_empty(),
        _ => false,
    };
    Some(step.reason.as_str()).filter(|reason| !told && !reason.is_empty())
}

/// Which lines of manifests have changed what is planned here: `patched by services/api.yml:42`.
pub fn patched(step: &Step) -> Option<String> {
    (!step.patched_by.is_empty()).then(|| format!("patched by {}", step.patched_by.join(", ")))
}

/// What AWS calls the object, where that matters to whoever reads the plan.
pub fn named(step: &Step) -> Option<&str> {
    let matters = matches!(step.action, Action::Delete | Action::Replace { .. } | Action::Adopt);
    step.id.as_deref().filter(|_| matters)
}
