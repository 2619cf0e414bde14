//! Reading what is live: all kinds at once, each as soon as the kinds it needs have answered.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::stream::{FuturesUnordered, StreamExt};

use serde_json::Value;

use super::clock::Clock;
use super::retry::read_schedule;
use super::{
    Address, Class, Desired, Driver, Failure, Foreign, Health, Identity, KindInfo, Live, Observed,
    Owner, Query, Registry, Seen,
};

/// Which environment a run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The application.
    pub application: String,
    /// The environment.
    pub environment: String,
    /// AWS account, twelve digits.
    pub account: String,
    /// AWS region.
    pub region: String,
    /// Names this run; client tokens derive from it.
    pub run: String,
}

impl Target {
    /// What names one resource of the environment.
    pub fn identity(&self, owner: &Owner, address: &Address, generation: u32) -> Identity {
        Identity {
            application: self.application.clone(),
            environment: self.environment.clone(),
            owner: owner.clone(),
            address: address.clone(),
            generation,
            run: self.run.clone(),
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Observation {
    /// What the environment owns, by kind.
    pub seen: Seen,
    /// What bears a wanted name and not our tags.
    pub foreign: Vec<Foreign>,
    /// Kinds that the endpoint does not serve and of which nothing is wanted: an emulator's gap.
    pub not_served: Vec<String>,
}

impl Observation {
    /// Every live object, kind by kind.
    pub fn live(&self) -> impl Iterator<Item = &Live> {
        self.seen.kinds.values().flatten()
    }

    /// The live objects at an address; more than one after an interrupted replacement.
    pub fn at<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = &'a Live> {
        self.seen.of(address.kind()).iter().filter(move |live| live.identity.address == *address)
    }

    /// Services that own something live.
    pub fn services(&self) -> BTreeSet<&str> {
        self.live().filter_map(|live| live.identity.owner.service()).collect()
    }
}

/// Observes every registered kind, at most `concurrency` at a time.
///
/// Reads that time heals are made again a few times. "Access denied" is an error: it never
/// means that nothing is there.
///
/// # Errors
/// Each kind that could not be read, with why.
pub async fn observe(
    registry: &Registry,
    target: &Target,
    desired: &Desired,
    clock: &dyn Clock,
    concurrency: usize,
) -> Result<Observation, Vec<(String, Failure)>> {
    let kinds = registry.iter().map(Driver::info).collect();
    observe_kinds(registry, kinds, target, &wanted(target, desired), clock, concurrency).await
}

/// Observes some kinds alone, and those that they need: for commands that look at a part of an environment.
///
/// # Errors
/// The same as of [`observe`].
pub async fn observe_only(
    registry: &Registry,
    target: &Target,
    kinds: &[&str],
    desired: &Desired,
    clock: &dyn Clock,
    concurrency: usize,
) -> Result<Observation, Vec<(String, Failure)>> {
    let mut infos = Vec::new();
    for kind in kinds {
        infos.push(registry.info(kind).map_err(|failure| vec![((*kind).to_owned(), failure)])?);
    }
    let infos = with_needed(registry, infos);
    observe_kinds(registry, infos, target, &wanted(target, desired), clock, concurrency).await
}

/// These kinds and all that must be observed before them.
fn with_needed(registry: &Registry, mut needed: Vec<&'static KindInfo>) -> Vec<&'static KindInfo> {
    let mut next = 0;
    while let Some(info) = needed.get(next) {
        for name in info.observe_after {
            if let Ok(info) = registry.info(name)
                && !needed.iter().any(|known| known.kind == info.kind)
            {
                needed.push(info);
            }
        }
        next += 1;
    }
    needed
}

/// What is desired of one kind.
#[derive(Default)]
struct Wanted {
    identities: Vec<Identity>,
    documents: BTreeMap<Address, Value>,
}

/// What is desired, by kind.
fn wanted(target: &Target, desired: &Desired) -> BTreeMap<String, Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for node in desired.nodes.values() {
        let of_kind = wanted.entry(node.address.kind().to_owned()).or_default();
        of_kind.identities.push(target.identity(&node.owner, &node.address, 1));
        of_kind.documents.insert(node.address.clone(), node.spec.clone());
    }
    wanted
}

/// Observes one kind anew, after the kinds that it needs; `document` is what is wanted of it.
///
/// # Errors
/// The kind, or one it needs, could not be read.
pub(super) async fn observe_again(
    registry: &Registry,
    target: &Target,
    identity: &Identity,
    document: Option<&Value>,
    clock: &dyn Clock,
) -> Result<Observed, Failure> {
    let kind = registry.info(identity.address.kind())?;
    let needed = with_needed(registry, vec![kind]);
    let wanted = Wanted {
        identities: vec![identity.clone()],
        documents: document
            .map(|document| (identity.address.clone(), document.clone()))
            .into_iter()
            .collect(),
    };
    let wanted = BTreeMap::from([(kind.kind.to_owned(), wanted)]);
    match observe_kinds(registry, needed, target, &wanted, clock, usize::MAX).await {
        Ok(mut found) => Ok(Observed {
            owned: found.seen.kinds.remove(kind.kind).unwrap_or_default(),
            foreign: found.foreign,
        }),
        Err(mut failures) => Err(failures.pop().map_or_else(
            || Failure::internal("observing failed without a failure"),
            |(_, failure)| failure,
        )),
    }
}

async fn observe_kinds(
    registry: &Registry,
    kinds: Vec<&'static KindInfo>,
    target: &Target,
    wanted: &BTreeMap<String, Wanted>,
    clock: &dyn Clock,
    concurrency: usize,
) -> Result<Observation, Vec<(String, Failure)>> {
    let known: HashSet<&str> = kinds.iter().map(|info| info.kind).collect();
    let nothing = Wanted::default();
    let mut todo = kinds;
    let mut finished = HashSet::new();
    let mut running = FuturesUnordered::new();
    let mut found = Observation::default();
    let mut failures = Vec::new();
    loop {
        let mut index = 0;
        while index < todo.len() && running.len() < concurrency.max(1) {
            let info = todo[index];
            let needs = || info.observe_after.iter().filter(|kind| known.contains(*kind));
            if !needs().all(|kind| finished.contains(kind)) {
                index += 1;
                continue;
            }
            todo.remove(index);
            let seen = Seen {
                kinds: needs()
                    .map(|kind| ((*kind).to_owned(), found.seen.of(kind).to_vec()))
                    .collect(),
            };
            let wanted = wanted.get(info.kind).unwrap_or(&nothing);
            running.push(async move {
                (info.kind, read(registry, info.kind, target, wanted, seen, clock).await)
            });
        }
        let Some((kind, answer)) = running.next().await else { break };
        match answer {
            Ok(mut observed) => {
                finished.insert(kind);
                // A mistaken tag must not lend an address of another kind; what is gone is not there.
                observed.owned.retain(|live| {
                    live.identity.address.kind() == kind && live.health != Health::Gone
                });
                found.seen.kinds.insert(kind.to_owned(), observed.owned);
                found.foreign.append(&mut observed.foreign);
            }
            Err(failure) if failure.class == Class::NotServed && !wanted.contains_key(kind) => {
                finished.insert(kind);
                found.not_served.push(kind.to_owned());
            }
            Err(failure) => failures.push((kind.to_owned(), failure)),
        }
    }
    if !failures.is_empty() {
        failures.sort_by(|a, b| a.0.cmp(&b.0));
        return Err(failures);
    }
    if let Some(info) = todo.first() {
        let failure = Failure::internal("kinds wait for each other's observation");
        return Err(vec![(info.kind.to_owned(), failure)]);
    }
    found.not_served.sort();
    found.foreign.sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    Ok(found)
}

async fn read(
    registry: &Registry,
    kind: &str,
    target: &Target,
    wanted: &Wanted,
    seen: Seen,
    clock: &dyn Clock,
) -> Result<Observed, Failure> {
    let driver = registry.driver(kind)?;
    let query = Query {
        application: &target.application,
        environment: &target.environment,
        wanted: &wanted.identities,
        documents: &wanted.documents,
        seen: &seen,
    };
    let mut failures = 0;
    loop {
        let failure = match driver.observe(&query).await {
            Ok(observed) => return Ok(observed),
            Err(failure) => failure,
        };
        failures += 1;
        match read_schedule(failure.class).and_then(|schedule| schedule.pause(failures)) {
            Some(pause) => clock.sleep(pause).await,
            None => return Err(failure),
        }
    }
}
