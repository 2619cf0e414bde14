//! Puts steps into an order that respects their edges.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::engine::{Action, Failure, Step, StepEdge, Wait};

/// A step that does not know the others' final places yet.
pub(super) struct Draft {
    pub(super) step: Step,
    /// What it waits for, by index of the draft.
    pub(super) after: Vec<After>,
}

/// One draft waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct After {
    pub(super) draft: usize,
    /// It only makes things smoother: it is dropped where it would close a circle.
    pub(super) soft: bool,
    pub(super) wait: Wait,
}

/// Sorts topologically, otherwise keeping the order given.
pub(super) fn sort(mut drafts: Vec<Draft>) -> Result<Vec<Step>, Failure> {
    for (index, draft) in drafts.iter_mut().enumerate() {
        merge(&mut draft.after, index);
    }
    let mut waits_for: Vec<usize> = drafts.iter().map(|draft| draft.after.len()).collect();
    let mut dependants = vec![Vec::new(); drafts.len()];
    for (index, draft) in drafts.iter().enumerate() {
        draft.after.iter().for_each(|after| dependants[after.draft].push(index));
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        (0..drafts.len()).filter(|index| waits_for[*index] == 0).map(Reverse).collect();
    let mut place = vec![None; drafts.len()];
    let mut order = Vec::with_capacity(drafts.len());
    while order.len() < drafts.len() {
        let Some(Reverse(index)) = ready.pop() else {
            let (from, to) = weakest_on_a_circle(&drafts, &place)?;
            drafts[from].after.retain(|after| after.draft != to);
            dependants[to].retain(|dependant| *dependant != from);
            waits_for[from] -= 1;
            if waits_for[from] == 0 {
                ready.push(Reverse(from));
            }
            continue;
        };
        place[index] = Some(order.len());
        order.push(index);
        for dependant in &dependants[index] {
            waits_for[*dependant] -= 1;
            if waits_for[*dependant] == 0 {
                ready.push(Reverse(*dependant));
            }
        }
    }
    let mut drafts: Vec<Option<Draft>> = drafts.into_iter().map(Some).collect();
    let mut steps = Vec::with_capacity(order.len());
    for index in order {
        let Some(Draft { mut step, after }) = drafts[index].take() else { continue };
        step.after = after
            .iter()
            .filter_map(|after| Some(StepEdge { step: place[after.draft]?, wait: after.wait }))
            .collect();
        step.after.sort_unstable_by_key(|edge| edge.step);
        steps.push(step);
    }
    Ok(steps)
}

/// One edge per target: the hard one, with the strongest wait.
fn merge(after: &mut Vec<After>, own: usize) {
    after.retain(|after| after.draft != own);
    after.sort_unstable();
    after.dedup_by(|next, first| {
        let same = next.draft == first.draft;
        if same {
            first.wait = first.wait.max(next.wait);
        }
        same
    });
}

/// Finds a circle among the steps that have no place yet, and the edge of it to drop: a soft
/// one, else one of a deletion.
fn weakest_on_a_circle(
    drafts: &[Draft],
    place: &[Option<usize>],
) -> Result<(usize, usize), Failure> {
    let stuck = || Failure::internal("the plan's steps wait for each other");
    let mut index = place.iter().position(Option::is_none).ok_or_else(stuck)?;
    let mut path: Vec<(usize, After)> = Vec::new();
    let circle = loop {
        let next = drafts[index]
            .after
            .iter()
            .find(|after| place[after.draft].is_none())
            .copied()
            .ok_or_else(stuck)?;
        path.push((index, next));
        index = next.draft;
        if let Some(start) = path.iter().position(|(from, _)| *from == index) {
            break &path[start..];
        }
    };
    let deletes = |index: usize| drafts[index].step.action == Action::Delete;
    circle
        .iter()
        .find(|(_, after)| after.soft)
        .or_else(|| circle.iter().find(|(from, after)| deletes(*from) && deletes(after.draft)))
        .map(|(from, after)| (*from, after.draft))
        .ok_or_else(|| {
            let names: Vec<String> = circle
                .iter()
                .map(|(from, _)| format!("`{}`", drafts[*from].step.address))
                .collect();
            Failure::internal(format!("these steps wait for each other: {}", names.join(", ")))
        })
}
