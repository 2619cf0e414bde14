//! One call for one step: no retry, no pause.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::step::{Next, makes};
use super::wait::Entry;
use crate::engine::diff::{Rules, diff};
use crate::engine::observe::{Target, observe_again};
use crate::engine::resolve::resolve;
use crate::engine::{
    Action, Address, Change, Clock, Failure, Foreign, Health, Live, OutputRef, Plan, Progress,
    Registry, Step, desired,
};

/// What came of one call.
pub(super) enum Answer {
    /// The step's own call.
    Acted { step: usize, result: Result<Progress, Failure> },
    /// A look for what a lost create may have made.
    LookedUp { step: usize, result: Result<Lookup, Failure> },
    /// References could only be resolved by observing; nothing was called.
    Unresolved { step: usize, failure: Failure },
    /// Outputs that became known only now.
    Learned { step: usize, address: Address, outputs: Value },
    /// The call was not made: the fence said no, or the run was stopped while it was asked.
    Held { step: usize, failure: Option<Failure> },
    /// A look at what settles.
    Looked { entries: Vec<Entry>, result: Result<Vec<Health>, Failure> },
}

/// What a look for one's own finds.
pub(super) enum Lookup {
    /// It is there.
    Made(Box<Live>),
    /// Somebody else's stands in its place.
    Taken(Foreign),
    /// Neither.
    Nothing,
}

/// What calls need, shared by all of them.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) registry: &'a Registry,
    pub(super) plan: &'a Plan,
    pub(super) clock: &'a dyn Clock,
}

impl<'a> Caller<'a> {
    fn target(&self, step: &Step) -> Target {
        Target {
            application: self.plan.application.clone(),
            environment: self.plan.environment.clone(),
            account: self.plan.account.clone(),
            region: self.plan.region.clone(),
            run: step.identity.run.clone(),
        }
    }

    /// Makes the step's next call.
    pub(super) async fn call(
        self,
        index: usize,
        next: Next,
        spec: Option<Arc<Value>>,
        changes: Arc<Vec<Change>>,
        outputs: Value,
    ) -> Answer {
        let step = &self.plan.steps[index];
        match next {
            Next::Act => {
                let result = self.act(step, spec.as_deref(), &changes).await;
                Answer::Acted { step: index, result }
            }
            Next::LookUp(_) => {
                let result = self.look_up(step, spec.as_deref()).await;
                Answer::LookedUp { step: index, result }
            }
            Next::More => {
                let result = self.go_on(step, spec.as_deref(), outputs).await;
                Answer::Acted { step: index, result }
            }
        }
    }

    async fn act(
        self,
        step: &Step,
        spec: Option<&Value>,
        changes: &[Change],
    ) -> Result<Progress, Failure> {
        let driver = self.registry.driver(step.address.kind())?;
        let missing = |what: &str| {
            Failure::internal(format!("the step for `{}` holds no {what}", step.address))
        };
        match step.action {
            Action::Create | Action::Revise | Action::Replace { .. } => {
                driver.create(&step.identity, spec.ok_or_else(|| missing("document"))?).await
            }
            Action::Update => {
                let live = step.live.as_ref().ok_or_else(|| missing("live object"))?;
                driver.update(live, spec.ok_or_else(|| missing("document"))?, changes).await
            }
            Action::Delete => {
                driver.delete(step.live.as_ref().ok_or_else(|| missing("live object"))?).await
            }
            Action::Adopt => {
                let live = step.live.as_ref().ok_or_else(|| missing("live object"))?;
                driver.claim(live).await?;
                Ok(Progress { outputs: live.outputs.clone(), ticket: None, more: false })
            }
            Action::Settle | Action::Keep => {
                Ok(Progress { outputs: Value::Null, ticket: None, more: false })
            }
        }
    }

    /// Finds what this step's create made, by its tags; or whose it is that bears its name.
    async fn look_up(self, step: &Step, spec: Option<&Value>) -> Result<Lookup, Failure> {
        let (target, identity) = (self.target(step), &step.identity);
        let found = observe_again(self.registry, &target, identity, spec, self.clock).await?;
        let revisioned = self.registry.info(step.address.kind())?.revisioned;
        let known = |live: &Live| {
            let lives = self.plan.steps.iter().filter_map(|step| step.live.as_ref());
            lives.into_iter().any(|old| {
                old.identity.address.kind() == live.identity.address.kind() && old.id == live.id
            })
        };
        let ours = found.owned.into_iter().filter(|live| {
            let generation = live.identity.generation;
            live.identity.address == step.identity.address
                && live.identity.owner == step.identity.owner
                && if revisioned {
                    generation >= step.identity.generation
                } else {
                    generation == step.identity.generation
                }
        });
        let newest = ours.filter(|live| !known(live)).max_by_key(|live| live.identity.generation);
        Ok(match (newest, found.foreign.into_iter().next()) {
            (Some(live), _) => Lookup::Made(Box::new(live)),
            (None, Some(foreign)) => Lookup::Taken(foreign),
            (None, None) => Lookup::Nothing,
        })
    }

    /// Observes what a first call has begun, and makes the update that is left.
    async fn go_on(
        self,
        step: &Step,
        spec: Option<&Value>,
        outputs: Value,
    ) -> Result<Progress, Failure> {
        let driver = self.registry.driver(step.address.kind())?;
        let spec = spec.ok_or_else(|| {
            Failure::internal(format!("the step for `{}` holds no document", step.address))
        })?;
        let live = match &step.live {
            Some(old) if !makes(&step.action) => {
                let (target, identity) = (self.target(step), &old.identity);
                observe_again(self.registry, &target, identity, None, self.clock)
                    .await?
                    .owned
                    .into_iter()
                    .find(|live| live.id == old.id)
            }
            _ => match self.look_up(step, Some(spec)).await? {
                Lookup::Made(live) => Some(*live),
                Lookup::Taken(_) | Lookup::Nothing => None,
            },
        };
        let live = live.unwrap_or_else(|| Live {
            identity: step.identity.clone(),
            spec: spec.clone(),
            outputs,
            health: Health::Ready,
            id: step.id.clone().unwrap_or_default(),
        });
        let changes = diff(&Rules::new(driver.info().rules), &live.spec, spec);
        driver.update(&live, spec, &changes).await
    }

    /// Observes what a reference points at, as its output was not known when it was made.
    pub(super) async fn learn(self, index: usize, missing: OutputRef) -> Answer {
        let unresolved = |failure| Answer::Unresolved { step: index, failure };
        let unknown = || {
            Failure::internal(format!(
                "`{}` needs `{missing}`, which is not known",
                self.plan.steps[index].address
            ))
        };
        let maker = self.plan.steps.iter().find(|step| {
            step.address == missing.address && !step.deposed && step.action != Action::Delete
        });
        let Some(maker) = maker else { return unresolved(unknown()) };
        let target = self.target(maker);
        match observe_again(self.registry, &target, &maker.identity, None, self.clock).await {
            Ok(found) => {
                let live = found
                    .owned
                    .into_iter()
                    .filter(|live| live.identity.address == missing.address)
                    .max_by_key(|live| live.identity.generation)
                    .filter(|live| live.outputs.get(&missing.field).is_some_and(|v| !v.is_null()));
                match live {
                    Some(live) => Answer::Learned {
                        step: index,
                        address: missing.address,
                        outputs: live.outputs,
                    },
                    None => unresolved(unknown()),
                }
            }
            Err(failure) => unresolved(failure),
        }
    }

    /// One look at objects of one kind.
    pub(super) async fn look(self, kind: &'static str, entries: Vec<Entry>) -> Answer {
        let waiting: Vec<_> = entries.iter().map(|entry| entry.waiting.clone()).collect();
        let result = match self.registry.driver(kind) {
            Ok(driver) => driver.look(&waiting).await,
            Err(failure) => Err(failure),
        };
        let result = result.and_then(|health| {
            if health.len() == entries.len() {
                Ok(health)
            } else {
                Err(Failure::internal(format!("`{kind}` answered for another number of objects")))
            }
        });
        Answer::Looked { entries, result }
    }
}

/// A step's document, if it has one, and its changes.
type Resolved = (Option<Arc<Value>>, Arc<Vec<Change>>);

/// The document and the changes with every reference resolved, or the first that cannot be.
pub(super) fn resolved(
    step: &Step,
    outputs: &BTreeMap<Address, Value>,
) -> Result<Resolved, OutputRef> {
    let known = |from: &OutputRef| outputs.get(&from.address)?.get(&from.field);
    let spec = match &step.spec {
        None => None,
        Some(spec) => {
            let spec = resolve(spec, &known).into_owned();
            if let Some(missing) = desired::references(&spec).into_iter().next() {
                return Err(missing);
            }
            Some(Arc::new(spec))
        }
    };
    let mut changes = step.changes.clone();
    for change in &mut changes {
        if !change.unknown.is_empty() {
            change.after = resolve(&change.after, &known).into_owned();
        }
    }
    Ok((spec, Arc::new(changes)))
}
