//! What must not be shown or written down.

use std::borrow::Cow;

use serde_json::Value;

use crate::engine::diff::Rules;
use crate::engine::{Address, Failure, Plan, Registry, Rule, Step};

/// The plan with every sensitive field of its documents masked, as programs may see it. Borrowed where nothing is.
pub fn masked<'a>(registry: &Registry, plan: &'a Plan) -> Cow<'a, Plan> {
    let touched: Vec<usize> =
        (0..plan.steps.len()).filter(|index| hides(registry, &plan.steps[*index])).collect();
    if touched.is_empty() {
        return Cow::Borrowed(plan);
    }
    let mut plan = plan.clone();
    for index in touched {
        let step = &mut plan.steps[index];
        let Some(rules) = sensitive(registry, &step.address) else { continue };
        let live = step.live.as_mut().map(|live| &mut live.spec);
        step.spec.iter_mut().chain(live).for_each(|document| rules.mask_all(document));
    }
    Cow::Owned(plan)
}

/// Refuses a plan whose documents hold sensitive values: shipit's own kinds refer to secrets by name or ARN only.
pub(super) fn hides_nothing(registry: &Registry, plan: &Plan) -> Result<(), Failure> {
    let steps = plan.steps.iter().filter(|step| hides(registry, step)).map(|step| &step.address);
    let basis = &plan.basis;
    let wanted = basis.wanted.iter().map(|(address, wanted)| (address, &wanted.spec));
    let known = basis.depends_on.iter();
    let known = known.flat_map(|(address, all)| all.iter().map(move |one| (address, &one.spec)));
    let documents = wanted.chain(known).filter(|(address, document)| {
        sensitive(registry, address).is_some_and(|rules| differs(&rules, document))
    });
    match steps.chain(documents.map(|(address, _)| address)).next() {
        None => Ok(()),
        Some(address) => Err(Failure::internal(format!(
            "the plan holds a sensitive value of `{address}`, which cannot be saved"
        ))),
    }
}

fn hides(registry: &Registry, step: &Step) -> bool {
    let Some(rules) = sensitive(registry, &step.address) else { return false };
    let live = step.live.as_ref().map(|live| &live.spec);
    step.spec.iter().chain(live).any(|document| differs(&rules, document))
}

fn differs(rules: &Rules, document: &Value) -> bool {
    let mut masked = document.clone();
    rules.mask_all(&mut masked);
    masked != *document
}

/// The rules of an address's kind, if any is about what is sensitive.
fn sensitive(registry: &Registry, address: &Address) -> Option<Rules> {
    let rules = registry.info(address.kind()).ok()?.rules;
    rules.iter().any(|rule| matches!(rule, Rule::Sensitive(_))).then(|| Rules::new(rules))
}
