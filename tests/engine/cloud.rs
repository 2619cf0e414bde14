//! A cloud in memory: kinds with fields of every sort, AWS-like refusals, time, and failures on
//! demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use shipit::engine::{
    BoxFuture, Change, Class, Clock, Driver, Existing, Failure, Foreign, Health, Holder, Identity,
    KindInfo, Live, Observed, Pace, Progress, Query, Registry, ReplaceOrder, Rule, TestClock,
    Waiting,
};
use tokio::sync::Notify;

/// Every kind has the same fields.
const RULES: &[Rule] = &[
    Rule::Immutable("fixed"),
    Rule::Immutable("pin"),
    Rule::Unordered("pin"),
    Rule::Unordered("uses"),
    Rule::Unordered("bag"),
    Rule::OwnedElsewhere("count", "autoscaling"),
];

const fn kind(kind: &'static str, replace: ReplaceOrder, usual: u64) -> KindInfo {
    KindInfo {
        kind,
        rules: RULES,
        observe_after: &[],
        order_after: &[],
        replace,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(usual, 2, 300),
    }
}

use ReplaceOrder::{CreateFirst, DeleteFirst};

/// Made first, then the old one goes; there at once.
static PLAIN: KindInfo = kind("t/plain", CreateFirst, 1);
/// Two of one name cannot be there.
static SINGLE: KindInfo = kind("t/single", DeleteFirst, 1);
/// Takes 90 s to be ready and 10 s to go.
static SLOW: KindInfo = kind("t/slow", CreateFirst, 90);
/// Made after plain ones and gone before them, though it refers to none.
static LATE: KindInfo = KindInfo {
    order_after: &["t/plain"],
    observe_after: &["t/plain"],
    ..kind("t/late", CreateFirst, 1)
};
/// Every change is a new revision.
static REVISION: KindInfo = KindInfo { revisioned: true, ..kind("t/revision", CreateFirst, 1) };
/// Holds data.
static STORE: KindInfo = KindInfo { stateful: Some("files"), ..kind("t/store", CreateFirst, 1) };

pub(crate) static KINDS: [&KindInfo; 6] = [&PLAIN, &SINGLE, &SLOW, &LATE, &REVISION, &STORE];

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails and does nothing.
    Before(Class),
    /// It does what it should and then fails.
    After(Class),
    /// The process dies before the call has done anything.
    KillBefore,
    /// The process dies when the call is done, before its answer.
    KillAfter,
}

#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) id: String,
    pub(crate) identity: Identity,
    pub(crate) spec: Value,
    pub(crate) ready_at: Duration,
    pub(crate) gone_at: Option<Duration>,
    visible_at: Duration,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) objects: Vec<Object>,
    pub(crate) foreign: Vec<Foreign>,
    /// One line per call that changes something.
    pub(crate) log: Vec<String>,
    pub(crate) calls: usize,
    /// By number of the call.
    pub(crate) faults: BTreeMap<usize, Fault>,
    /// How long a new object stays invisible to `observe`.
    pub(crate) lag: Duration,
    /// What each call takes.
    pub(crate) latency: Duration,
    /// Addresses whose health is failed.
    pub(crate) broken: Vec<String>,
    /// What is replaced with the old one going first: those that can move to the new one only
    /// when it is there do not hold the old one.
    pub(crate) may_dangle: BTreeSet<String>,
    /// Pairs of such a thing and one that leaves and pins it, and yet can only leave after the
    /// new one is there, as something moves from the one to the other: a circle that no order
    /// of calls resolves.
    pub(crate) circles: BTreeSet<(String, String)>,
    /// How often a delete was refused as something still referred to it.
    pub(crate) refused: usize,
    pub(crate) looks: Vec<usize>,
    in_flight: usize,
    pub(crate) most_in_flight: usize,
    made: usize,
}

#[derive(Clone, Default)]
pub(crate) struct Cloud {
    state: Arc<Mutex<State>>,
    pub(crate) clock: TestClock,
    pub(crate) killed: Arc<Notify>,
}

impl Cloud {
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn registry(&self) -> Registry {
        let drivers = KINDS
            .iter()
            .map(|info| Box::new(FakeDriver { info, cloud: self.clone() }) as Box<dyn Driver>);
        Registry::new(drivers.collect())
    }

    /// The objects that are there, `kind.name#generation spec`, sorted.
    pub(crate) fn shown(&self) -> Vec<String> {
        let now = self.clock.now();
        let state = self.state();
        let mut shown: Vec<String> = state
            .objects
            .iter()
            .filter(|object| object.is_there(now))
            .map(|object| {
                format!(
                    "{}#{} {}",
                    object.identity.address, object.identity.generation, object.spec
                )
            })
            .collect();
        shown.sort();
        shown
    }

    pub(crate) fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }

    /// Counts a call, lets its time pass, and says what goes wrong with it.
    async fn enter(&self) -> Option<Fault> {
        let (fault, latency) = {
            let mut state = self.state();
            state.calls += 1;
            state.in_flight += 1;
            state.most_in_flight = state.most_in_flight.max(state.in_flight);
            let number = state.calls;
            (state.faults.remove(&number), state.latency)
        };
        if !latency.is_zero() {
            self.clock.sleep(latency).await;
        }
        self.state().in_flight -= 1;
        if fault == Some(Fault::KillBefore) {
            self.die().await;
        }
        fault
    }

    async fn die(&self) {
        self.killed.notify_one();
        std::future::pending::<()>().await;
    }

    async fn change<T>(
        &self,
        act: impl FnOnce(&mut State, Duration) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let fault = self.enter().await;
        if let Some(Fault::Before(class)) = fault {
            return Err(Failure::new(class, "on demand"));
        }
        let now = self.clock.now();
        let result = act(&mut self.state(), now);
        match fault {
            Some(Fault::After(class)) => Err(Failure::new(class, "on demand")),
            Some(Fault::KillAfter) => {
                self.die().await;
                result
            }
            _ => result,
        }
    }

    async fn read<T>(&self, act: impl FnOnce(&mut State, Duration) -> T) -> Result<T, Failure> {
        self.change(|state, now| Ok(act(state, now))).await
    }
}

impl Object {
    pub(crate) fn is_there(&self, now: Duration) -> bool {
        self.gone_at.is_none_or(|at| now < at)
    }

    fn kind(&self) -> &str {
        self.identity.address.kind()
    }

    fn health(&self, now: Duration, broken: &[String]) -> Health {
        if self.gone_at.is_some() {
            return Health::Gone;
        }
        if broken.contains(&self.identity.address.to_string()) {
            return Health::Failed("its tasks stop".to_owned());
        }
        if now < self.ready_at {
            return Health::Pending("it is being set up".to_owned());
        }
        Health::Ready
    }
}

fn ids<'a>(spec: &'a Value, field: &str) -> Vec<&'a str> {
    spec[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// `rounds` grows by one with each call: what takes several calls is done when it is reached.
fn one_round(spec: &Value, round: u64) -> Value {
    let mut spec = spec.clone();
    if let Some(rounds) = spec["rounds"].as_u64() {
        spec["rounds"] = json!(rounds.min(round));
    }
    spec
}

impl State {
    /// Whatever is referred to must be there, and ready where that is needed.
    fn check(&self, spec: &Value, now: Duration) -> Result<(), Failure> {
        for field in ["pin", "uses", "awaits"] {
            for id in ids(spec, field) {
                let found =
                    self.objects.iter().find(|object| object.id == id && object.gone_at.is_none());
                let Some(found) = found else {
                    return Err(Failure::new(Class::Invalid, format!("`{id}` is not there")));
                };
                if field == "awaits" && now < found.ready_at {
                    return Err(Failure::new(Class::Invalid, format!("`{id}` is not ready")));
                }
            }
        }
        Ok(())
    }

    fn create(
        &mut self,
        identity: &Identity,
        spec: &Value,
        now: Duration,
    ) -> Result<Value, Failure> {
        self.check(spec, now)?;
        let kind = identity.address.kind();
        let taken = self.objects.iter().any(|object| {
            kind == "t/single"
                && object.identity.address == identity.address
                && object.is_there(now)
        });
        let foreign = self.foreign.iter().any(|foreign| foreign.address == identity.address);
        if taken || foreign {
            return Err(Failure::new(Class::AlreadyExists, "the name is taken"));
        }
        self.made += 1;
        let id = format!("{}-{:05}", kind.trim_start_matches("t/"), self.made);
        self.log.push(format!("create {} #{}", identity.address, identity.generation));
        self.objects.push(Object {
            id: id.clone(),
            identity: identity.clone(),
            spec: one_round(spec, 0),
            ready_at: now + Duration::from_secs(if kind == "t/slow" { 90 } else { 0 }),
            gone_at: None,
            visible_at: now + self.lag,
        });
        Ok(json!({ "id": id }))
    }

    fn update(&mut self, live: &Live, spec: &Value, now: Duration) -> Result<(), Failure> {
        self.check(spec, now)?;
        let found =
            self.objects.iter_mut().find(|object| object.id == live.id && object.gone_at.is_none());
        let Some(object) = found else { return Err(Failure::new(Class::Gone, "no such id")) };
        if object.spec["fixed"] != spec["fixed"] {
            return Err(Failure::new(Class::Invalid, "`fixed` cannot change"));
        }
        object.spec = one_round(spec, object.spec["rounds"].as_u64().unwrap_or_default() + 1);
        self.log.push(format!("update {}", object.identity.address));
        Ok(())
    }

    fn delete(&mut self, live: &Live, now: Duration) -> Result<(), Failure> {
        let found =
            self.objects.iter().position(|object| object.id == live.id && object.gone_at.is_none());
        let Some(index) = found else { return Err(Failure::new(Class::Gone, "no such id")) };
        let address = self.objects[index].identity.address.to_string();
        let dangles = self.may_dangle.contains(&address);
        let holder = self.objects.iter().find(|other| {
            let holds = |field| ids(&other.spec, field).contains(&live.id.as_str());
            other.is_there(now)
                && other.kind() != "t/revision"
                && !self.circles.contains(&(address.clone(), other.identity.address.to_string()))
                && (holds("pin") || (!dangles && (holds("uses") || holds("awaits"))))
        });
        if let Some(holder) = holder {
            self.refused += 1;
            let message = format!("`{}` still uses `{}`", holder.identity.address, live.id);
            return Err(Failure::new(Class::DependencyStillThere, message));
        }
        let object = &mut self.objects[index];
        let lingers = if object.kind() == "t/slow" { 10 } else { 0 };
        object.gone_at = Some(now + Duration::from_secs(lingers));
        self.log
            .push(format!("delete {} #{}", object.identity.address, object.identity.generation));
        Ok(())
    }
}

struct FakeDriver {
    info: &'static KindInfo,
    cloud: Cloud,
}

impl Driver for FakeDriver {
    fn info(&self) -> &'static KindInfo {
        self.info
    }

    fn observe<'a>(&'a self, query: &'a Query<'a>) -> BoxFuture<'a, Result<Observed, Failure>> {
        Box::pin(async move {
            for kind in self.info.observe_after {
                assert!(query.seen.kinds.contains_key(*kind), "{kind} was not observed first");
            }
            let wanted: Vec<_> = query.wanted.iter().map(|identity| &identity.address).collect();
            self.cloud
                .read(|state, now| Observed {
                    owned: state
                        .objects
                        .iter()
                        .filter(|object| object.kind() == self.info.kind)
                        .filter(|object| object.is_there(now) && object.visible_at <= now)
                        .filter(|object| object.identity.application == query.application)
                        .map(|object| Live {
                            identity: Identity { run: String::new(), ..object.identity.clone() },
                            spec: object.spec.clone(),
                            outputs: json!({ "id": object.id }),
                            health: object.health(now, &state.broken),
                            id: object.id.clone(),
                        })
                        .collect(),
                    foreign: state
                        .foreign
                        .iter()
                        .filter(|foreign| wanted.contains(&&foreign.address))
                        .cloned()
                        .collect(),
                })
                .await
        })
    }

    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        spec: &'a Value,
    ) -> BoxFuture<'a, Result<Progress, Failure>> {
        Box::pin(async move {
            let outputs = self.cloud.change(|state, now| state.create(identity, spec, now)).await?;
            let more = one_round(spec, 0) != *spec;
            Ok(Progress { outputs, ticket: None, more })
        })
    }

    fn update<'a>(
        &'a self,
        live: &'a Live,
        spec: &'a Value,
        changes: &'a [Change],
    ) -> BoxFuture<'a, Result<Progress, Failure>> {
        Box::pin(async move {
            assert!(changes.iter().all(|change| !change.after.to_string().contains("$output")));
            self.cloud.change(|state, now| state.update(live, spec, now)).await?;
            let round = live.spec["rounds"].as_u64().unwrap_or_default() + 1;
            let more = one_round(spec, round) != *spec;
            Ok(Progress { outputs: Value::Null, ticket: None, more })
        })
    }

    fn delete<'a>(&'a self, live: &'a Live) -> BoxFuture<'a, Result<Progress, Failure>> {
        Box::pin(async move {
            self.cloud.change(|state, now| state.delete(live, now)).await?;
            Ok(Progress { outputs: Value::Null, ticket: None, more: false })
        })
    }

    fn read<'a>(
        &'a self,
        _query: &'a Query<'a>,
        wanted: &'a Identity,
        id: &'a str,
        _desired: &'a Value,
    ) -> BoxFuture<'a, Result<Option<Existing>, Failure>> {
        Box::pin(async move {
            let read = |state: &mut State, now| {
                let there = |object: &&Object| object.id == id && object.is_there(now);
                let object = state.objects.iter().find(there)?;
                let application = &object.identity.application;
                let ours = *application == wanted.application;
                let identity = if ours { object.identity.clone() } else { wanted.clone() };
                Some(Existing {
                    live: Live {
                        identity,
                        spec: object.spec.clone(),
                        outputs: json!({ "id": object.id }),
                        health: object.health(now, &state.broken),
                        id: object.id.clone(),
                    },
                    holder: match application.as_str() {
                        "" => Holder::Nobody,
                        _ if ours => Holder::Ours,
                        other => Holder::Another(format!("application `{other}`")),
                    },
                    misnamed: None,
                    within: None,
                    notes: Vec::new(),
                })
            };
            self.cloud.read(read).await
        })
    }

    fn claim<'a>(&'a self, live: &'a Live) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let claim = |state: &mut State, _| {
                let object = state.objects.iter_mut().find(|object| object.id == live.id);
                let gone = || Failure::new(Class::Gone, "no such id");
                object.ok_or_else(gone)?.identity = live.identity.clone();
                state.log.push(format!("claim {}", live.identity.address));
                Ok(())
            };
            self.cloud.change(claim).await
        })
    }

    fn look<'a>(&'a self, waiting: &'a [Waiting]) -> BoxFuture<'a, Result<Vec<Health>, Failure>> {
        Box::pin(async move {
            self.cloud
                .read(|state, now| {
                    state.looks.push(waiting.len());
                    waiting
                        .iter()
                        .map(|waiting| {
                            let id = waiting.outputs["id"].as_str().unwrap_or_default();
                            let found = state
                                .objects
                                .iter()
                                .find(|object| object.id == id && object.is_there(now));
                            match found {
                                None => Health::Gone,
                                Some(object) if object.gone_at.is_some() => Health::Ready,
                                Some(object) => object.health(now, &state.broken),
                            }
                        })
                        .collect()
                })
                .await
        })
    }
}
