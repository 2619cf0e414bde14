//! What a run knows of releases: read while it observes, written after it has applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::stream::{self, StreamExt};
use time::OffsetDateTime;
use time::macros::format_description;

use super::digest::{self, Digests, digests};
use super::mark::overtaken;
use super::runs::Runs;
use super::{Applied, Commit, Ending, Image, Numbered, Records, Release, mark, store};
use crate::aws::Cx;
use crate::engine::diagnosis::Verdict;
use crate::engine::retry::schedule;
use crate::engine::{
    Action, Address, Clock, Desired, Failure, Outcome, OutputRef, Owner, Plan, Registry, Step,
};

/// SSM takes some three writes a second; more at once would only be throttled.
const WRITES_AT_ONCE: usize = 3;

/// Whose run it is, and what for.
#[derive(Clone, Debug)]
pub struct Run {
    /// The application.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// The caller's ARN.
    pub by: String,
    /// The commit of the workspace.
    pub commit: Option<Commit>,
    /// Nobody waits whether what was changed works.
    pub no_wait: bool,
    /// The release that the run goes back to.
    pub rollback_to: Option<i64>,
    /// Scopes that the run deletes whole: their records go, too.
    pub deletes: BTreeSet<Owner>,
}

/// The records as they were read, and what the last plan wanted.
#[derive(Debug, Default)]
pub struct Book {
    page: Mutex<Page>,
}

#[derive(Debug, Default)]
struct Page {
    records: Records,
    unread: Option<Failure>,
    /// What is wanted; nothing where a saved plan is applied without its manifests.
    desired: Desired,
    digests: Digests,
}

impl Book {
    /// Reads the newest records. A failure leaves the plan unmarked and is returned to be told.
    pub async fn read(&self, cx: &Cx, application: &str, environment: &str) -> Option<Failure> {
        match store::read(cx, application, environment).await {
            Ok(records) => {
                self.page().records = records;
                None
            }
            Err(failure) => {
                self.page().unread = Some(failure.clone());
                Some(failure)
            }
        }
    }

    /// Why the records could not be read.
    pub fn unread(&self) -> Option<Failure> {
        self.page().unread.clone()
    }

    /// When a scope was last applied. What a service needed of the environment may have been
    /// made before the environment's own record: then since the first of all.
    pub fn applied_at(&self, owner: &Owner) -> Option<String> {
        let page = self.page();
        let own = page.records.get(owner).map(|record| record.release.at.clone());
        own.or_else(|| page.records.values().map(|record| record.release.at.clone()).min())
    }

    /// The newest release of a scope, as it was read.
    pub fn newest(&self, owner: &Owner) -> Option<Numbered> {
        self.page().records.get(owner).cloned()
    }

    /// Writes how the newest release of a service ended, if that was not known yet: it had paused, or nobody waited.
    ///
    /// # Errors
    /// The records can be neither read nor written.
    pub async fn end(
        &self,
        cx: &Cx,
        (application, environment): (&str, &str),
        service: &str,
        by: String,
        outcome: Ending,
    ) -> Result<(), Failure> {
        let owner = Owner::Service(service.to_owned());
        let records = store::read(cx, application, environment).await?;
        let Some(open) = records.get(&owner).filter(|one| one.release.is_open()) else {
            return Ok(());
        };
        let ended = open.release.ended(now(), by, outcome, service);
        store::write(cx, application, environment, &owner, &ended).await.map(drop)
    }

    /// The scopes that have a record.
    pub fn scopes(&self) -> Vec<Owner> {
        self.page().records.keys().cloned().collect()
    }

    /// Marks a plan's drift, and keeps what it wanted until it is applied.
    pub fn mark(&self, plan: &mut Plan, registry: &Registry, desired: &Desired) {
        self.want(registry, desired);
        let page = self.page();
        mark(plan, desired, &page.digests, &Applied::new(&page.records));
    }

    /// Keeps what is wanted until it is applied.
    pub fn want(&self, registry: &Registry, desired: &Desired) {
        let mut page = self.page();
        page.digests = digests(registry, desired);
        page.desired.clone_from(desired);
    }

    /// Says in a plan where it goes forward again after a rollback.
    pub fn note_rollbacks(&self, plan: &mut Plan) {
        let page = self.page();
        for (owner, Numbered { number, release }) in &page.records {
            let changes = |step: &Step| step.owner == *owner && step.action != Action::Keep;
            if let (Some(to), Some(service)) = (release.rollback_to, owner.service())
                && page.desired.nodes.values().any(|node| node.owner == *owner)
                && plan.scope.may_change(owner)
                && plan.steps.iter().any(changes)
            {
                plan.notices.push(format!(
                    "service `{service}` went back to release {to} (with release {number}): this goes forward again to its manifest"
                ));
            }
        }
    }

    /// Writes a release for each scope that the plan was about, and removes the records of what
    /// was deleted whole. What could not be written is returned to be told: it fails no deploy.
    pub async fn write(
        &self,
        cx: &Cx,
        clock: &dyn Clock,
        run: &Run,
        plan: &Plan,
        outcome: &Outcome,
    ) -> Vec<Failure> {
        let (gone, releases) = self.releases(run, plan, outcome);
        let (application, environment) = (&run.application, &run.environment);
        let removals = gone.into_iter().map(|owner| (owner, None));
        let writes = releases.into_iter().map(|(owner, release)| (owner, Some(release)));
        let all: Vec<(Owner, Option<Release>)> = removals.chain(writes).collect();
        let results: Vec<Result<(), Failure>> = stream::iter(all)
            .map(|(owner, release)| async move {
                let mut failures = 0;
                loop {
                    let answer = match &release {
                        Some(release) => {
                            let put = store::write(cx, application, environment, &owner, release);
                            put.await.map(|_| ())
                        }
                        None => store::remove(cx, application, environment, &owner).await,
                    };
                    let Err(failure) = answer else { return Ok(()) };
                    failures += 1;
                    match schedule(failure.class).and_then(|schedule| schedule.pause(failures)) {
                        Some(pause) => clock.sleep(pause).await,
                        None => return Err(failure),
                    }
                }
            })
            .buffer_unordered(WRITES_AT_ONCE)
            .collect()
            .await;
        results.into_iter().filter_map(Result::err).collect()
    }

    /// The scopes whose records go, and the releases to write.
    fn releases(
        &self,
        run: &Run,
        plan: &Plan,
        outcome: &Outcome,
    ) -> (Vec<Owner>, Vec<(Owner, Release)>) {
        let page = self.page();
        let mut touched: BTreeMap<Owner, Vec<usize>> = BTreeMap::new();
        for (index, step) in plan.steps.iter().enumerate() {
            if !matches!(step.action, Action::Keep | Action::Adopt) {
                touched.entry(scope_of(plan, step)).or_default().push(index);
            }
        }
        let mut gone: BTreeSet<Owner> = BTreeSet::new();
        if outcome.is_complete() {
            gone.extend(run.deletes.iter().cloned());
            // What `--prune` has deleted whole.
            let wanted: BTreeSet<&Owner> =
                page.desired.nodes.values().map(|node| &node.owner).collect();
            let pruned = touched.keys().filter(|owner| {
                owner.service().is_some() && plan.scope.prune && !wanted.contains(*owner)
            });
            gone.extend(pruned.cloned());
        }
        let now = now();
        let mut releases = Vec::new();
        for (owner, steps) in touched {
            let tried = steps.iter().any(|step| {
                outcome.done.contains(step) || outcome.failed.iter().any(|(one, _)| one == step)
            });
            if tried && !gone.contains(&owner) {
                let ending = ending(run, &steps, outcome);
                let mut release = Release::new(now.clone(), run.by.clone(), ending);
                page.describe(&mut release, &owner, plan, outcome);
                page.digest(&mut release, &owner, run, plan, outcome);
                if let Some(commit) = &run.commit {
                    release.commit = Some(commit.id.clone());
                    release.dirty = commit.dirty;
                }
                if owner.service().is_some() {
                    release.rollback_to = run.rollback_to;
                }
                releases.push((owner, release));
            }
        }
        (gone.into_iter().collect(), releases)
    }

    fn page(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Page {
    /// What a service's release runs.
    fn describe(&self, release: &mut Release, owner: &Owner, plan: &Plan, outcome: &Outcome) {
        let Some(service) = owner.service() else { return };
        let spec = |address: &Address| {
            let step = plan.steps.iter().find(|step| step.address == *address && !step.deposed);
            let wanted = self.desired.nodes.get(address).map(|node| &node.spec);
            wanted.or_else(|| step.and_then(|step| step.spec.as_ref()))
        };
        let runs = Runs::of(service, |address| spec(address).is_some());
        let said = spec(runs.address());
        let containers = said.and_then(|spec| runs.images(spec));
        let known = containers.is_some();
        release.images = containers
            .into_iter()
            .flatten()
            .filter_map(|(name, image)| {
                // What was built is known by what became of it.
                let image = match OutputRef::from_value(image) {
                    Some(built) => {
                        let outputs = outcome.outputs.get(&built.address);
                        outputs.or_else(|| plan.outputs.get(&built.address))?[&built.field].clone()
                    }
                    None => image.clone(),
                };
                let image = image.as_str()?.to_owned();
                let digest = image.split_once('@').map(|(_, digest)| digest.to_owned());
                Some((name, Image { image, digest }))
            })
            .collect();
        release.count = match &runs {
            Runs::Ecs(_) => spec(&Address::new("ecs/service", service))
                .and_then(|spec| spec["desired_count"].as_i64()),
            Runs::Kubernetes(_) => {
                said.and_then(|spec| spec.pointer("/object/spec/replicas")?.as_i64())
            }
        };
        if !known
            && self.desired.nodes.is_empty()
            && let Some(before) = self.records.get(owner)
        {
            release.images = before.release.images.clone();
            release.count = release.count.or(before.release.count);
        }
        let outputs = outcome.outputs.get(runs.address());
        let outputs = outputs.or_else(|| plan.outputs.get(runs.address()));
        let text = |field: &str| outputs.and_then(|outputs| outputs[field].as_str());
        match &runs {
            Runs::Ecs(_) => {
                let name = text("arn").and_then(|arn| arn.rsplit('/').next());
                release.task_definition = name.map(ToOwned::to_owned);
            }
            Runs::Kubernetes(_) => release.revision = text("revision").map(ToOwned::to_owned),
        }
    }

    /// What was applied: what matched already and what was done; of what was not, the last
    /// release's word stays.
    fn digest(
        &self,
        release: &mut Release,
        owner: &Owner,
        run: &Run,
        plan: &Plan,
        outcome: &Outcome,
    ) {
        let before = self.records.get(owner);
        if let Some(before) = before {
            if !overtaken(&self.records, before) {
                release.made = before.release.made.clone();
            }
            release.applied = before.release.applied.clone();
        }
        if run.rollback_to.is_some() {
            return self.digest_rollback(release, owner);
        }
        let undone: BTreeSet<&Address> = plan
            .steps
            .iter()
            .enumerate()
            .filter(|(index, step)| step.action != Action::Keep && !outcome.done.contains(index))
            .map(|(_, step)| &step.address)
            .collect();
        // Without the manifests nothing is known of what was done but that it is not as before.
        let done: BTreeSet<&Address> = outcome
            .done
            .iter()
            .filter_map(|index| plan.steps.get(*index).map(|step| &step.address))
            .collect();
        let without = self.desired.nodes.is_empty();
        release.applied.retain(|address, _| {
            undone.contains(address)
                || self.desired.nodes.contains_key(address)
                || (without && !done.contains(address))
        });
        for (address, node) in &self.desired.nodes {
            if undone.contains(address) {
                continue;
            }
            let Some(entry) = self.digests.get(address) else { continue };
            if node.owner == *owner {
                release.applied.insert(address.clone(), entry.clone());
            }
        }
        for index in &outcome.done {
            let Some(step) = plan.steps.get(*index) else { continue };
            let needed = step.owner == Owner::Environment && owner.service().is_some();
            if needed && !plan.scope.environment && step.action == Action::Create {
                let entry = self.digests.get(&step.address).cloned();
                release.made.extend(entry.map(|entry| (step.address.clone(), entry)));
            }
        }
    }

    /// A rollback takes nothing from the manifests: it leaves all as it was applied, but the
    /// service's task definition is none that they want.
    fn digest_rollback(&self, release: &mut Release, owner: &Owner) {
        let Some(service) = owner.service() else { return };
        let runs = Runs::of(service, |address| self.desired.nodes.contains_key(address));
        release.applied.remove(runs.address());
        let address = Address::new("ecs/service", service);
        let node = self.desired.nodes.get(&address);
        if let (Some(node), Some(entry)) = (node, release.applied.get_mut(&address))
            && let Some(changed) = digest::without(entry, &node.spec, "task_definition")
        {
            *entry = changed;
        }
    }
}

/// Whose release a step is part of: what a service needs of the environment is part of its own,
/// so that two services' deploys never write one record.
fn scope_of(plan: &Plan, step: &Step) -> Owner {
    match plan.scope.services.first() {
        Some(service) if !plan.scope.environment && step.owner == Owner::Environment => {
            Owner::Service(service.clone())
        }
        _ => step.owner.clone(),
    }
}

fn ending(run: &Run, steps: &[usize], outcome: &Outcome) -> Ending {
    let failed = outcome.failed.iter().find(|(step, _)| steps.contains(step));
    if failed.is_some() {
        let taken_back = outcome.failed.iter().any(|(step, failure)| {
            let verdict = failure.diagnosis.as_ref().map(|diagnosis| diagnosis.verdict);
            steps.contains(step) && verdict == Some(Verdict::RolledBack)
        });
        let mut failed = outcome.failed.iter().filter(|(step, _)| steps.contains(step));
        return match failed.all(|(_, failure)| failure.is_pause()) {
            true => Ending::Paused,
            false if taken_back => Ending::RolledBackByEcs,
            false => Ending::Failed,
        };
    }
    if !outcome.skipped.iter().any(|(step, _)| steps.contains(step)) {
        return if run.no_wait { Ending::NotAwaited } else { Ending::Completed };
    }
    if outcome.cancelled { Ending::Interrupted } else { Ending::Failed }
}

/// `2026-11-21T07:12:29Z`.
fn now() -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    OffsetDateTime::now_utc().format(&form).unwrap_or_default()
}
