//! One application's cluster: an API server that all tests share, and an EKS cluster that is only said to be there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use shipit::aws::calls::CallLog;
use shipit::aws::local_client::http_client;
use shipit::aws::{Cx, Session, SessionOptions};
use shipit::engine::execute::Options;
use shipit::engine::{
    Address, AllowDelete, BoxFuture, Cancel, Change, Desired, Driver, Existing, Failure, Health,
    Identity, KindInfo, Live, Node, Observed, Outcome, Owner, Plan, Progress, Query, Registry,
    Scope, Target, TokioClock, Waiting, execute, observe, plan,
};
use shipit::local::clock::Speed;
use shipit::local::{LocalAws, LocalOptions};
use shipit::resources::{REGISTRY, Resource, eks};

use crate::support::kubernetes::{self, Kubernetes};

/// The cluster's name.
const CLUSTER: &str = "cluster-of-tests";

/// An application with a cluster of its own, as it seems.
pub(super) struct Place {
    pub(super) kube: &'static Kubernetes,
    /// The application's name, and its namespace's.
    pub(super) application: String,
    pub(super) registry: Registry,
    pub(super) cx: Arc<Cx>,
    pub(super) calls: CallLog,
    runs: AtomicU32,
    clock: TokioClock,
}

impl Place {
    /// `None` where no API server can be provided, which is said.
    pub(super) async fn open(test: &'static str) -> Option<Self> {
        let kube = tokio::task::spawn_blocking(move || kubernetes::server(test)).await.unwrap()?;
        let stem = test.rsplit("::").next().unwrap().replace('_', "-");
        let stem: String = stem.chars().take(24).collect();
        let application = kube.name(stem.trim_end_matches('-'));
        let options =
            LocalOptions { seed: Some(1), speed: Speed::Instant, ..LocalOptions::default() };
        let local = LocalAws::open(options).unwrap();
        let session = SessionOptions {
            region: Some("eu-west-1".to_owned()),
            local: Some(http_client(local)),
            time_factor: Some(1e3),
            ..SessionOptions::default()
        };
        let calls = CallLog::new(None);
        let session = Session::load(&session, calls.clone()).await.unwrap();
        let cx = Arc::new(session.cx("123456789012".to_owned()));
        let kinds = REGISTRY.iter().filter(|kind| kind.info.kind.starts_with("kubernetes/"));
        let mut drivers: Vec<Box<dyn Driver>> = kinds.map(|kind| (kind.bind)(cx.clone())).collect();
        drivers.push(Box::new(Cluster { live: live(&application, kube) }));
        Some(Self {
            kube,
            application,
            registry: Registry::new(drivers),
            cx,
            calls,
            runs: AtomicU32::new(0),
            clock: TokioClock::faster(100.0),
        })
    }

    /// Nothing but the cluster and the namespace.
    pub(super) fn desired(&self) -> Desired {
        let mut desired = Desired::default();
        let cluster = live(&self.application, self.kube);
        insert(&mut desired, &cluster.identity.address, cluster.spec.clone(), Owner::Environment);
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": self.application}});
        add(&mut desired, "kubernetes/namespace.main", namespace);
        desired
    }

    pub(super) fn target(&self) -> Target {
        Target {
            application: self.application.clone(),
            environment: "test".to_owned(),
            account: "123456789012".to_owned(),
            region: "eu-west-1".to_owned(),
            run: format!("run-{}", self.runs.fetch_add(1, Ordering::Relaxed)),
        }
    }

    /// The plan that may change and delete everything.
    pub(super) async fn plan(&self, desired: &Desired) -> Plan {
        self.try_plan(desired).await.unwrap_or_else(|failures| panic!("{failures:#?}"))
    }

    pub(super) async fn try_plan(&self, desired: &Desired) -> Result<Plan, Vec<(String, Failure)>> {
        let target = self.target();
        let observation = observe(&self.registry, &target, desired, &self.clock, 16).await?;
        let scope = Scope { environment: true, services: ["api".to_owned()].into(), prune: true };
        let allow = AllowDelete::All;
        Ok(plan(&self.registry, &target, desired, &observation, &scope, &allow).unwrap())
    }

    /// Carries the plan out, however that ends.
    pub(super) async fn outcome(&self, plan: &Plan) -> Outcome {
        let (options, cancel) = (Options::default(), Cancel::default());
        execute(&self.registry, plan, &self.clock, &options, &cancel, &|_| {}).await
    }

    /// Plans and carries it out; the steps as text.
    #[track_caller]
    pub(super) fn apply<'a>(
        &'a self,
        desired: &'a Desired,
    ) -> impl Future<Output = Vec<String>> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let plan = self.plan(desired).await;
            assert_eq!(plan.foreign, [], "{at}");
            let outcome = self.outcome(&plan).await;
            let failed: Vec<String> = outcome
                .failed
                .iter()
                .map(|(step, failure)| format!("{}: {failure:#?}", plan.steps[*step].address))
                .collect();
            assert!(outcome.is_complete(), "{at}: {failed:#?}\nskipped: {:?}", outcome.skipped);
            steps(&plan)
        }
    }

    /// The path of something in the application's namespace: `/apis/apps/v1/namespaces/NAME/deployments/api`.
    pub(super) fn path(&self, version: &str, rest: &str) -> String {
        let root = if version.contains('/') { "apis" } else { "api" };
        format!("/{root}/{version}/namespaces/{}/{rest}", self.application)
    }
}

/// Each step: `update kubernetes/deployment.api` and the paths that change.
pub(super) fn steps(plan: &Plan) -> Vec<String> {
    let of = |step: &shipit::engine::Step| {
        let action = format!("{:?}", step.action);
        let action = action.split_whitespace().next().unwrap_or_default().to_lowercase();
        let mut text = format!("{action} {}", step.address);
        for change in &step.changes {
            text.push_str(&format!("\n  {}: {} -> {}", change.path, change.before, change.after));
        }
        text
    };
    plan.steps.iter().map(of).collect()
}

/// Wants an object; it belongs to the service `api`, but for what is the environment's.
pub(super) fn add(desired: &mut Desired, address: &str, object: Value) {
    let address: Address = address.parse().unwrap();
    let owner = match address.name() {
        "main" => Owner::Environment,
        _ => Owner::Service("api".to_owned()),
    };
    let cluster = json!({"$output": ["eks/cluster.main", "name"], "$wait": "ready"});
    let mut spec = json!({"cluster": cluster, "object": object});
    if address.kind() == "kubernetes/secret" {
        spec["from"] = json!({});
    }
    insert(desired, &address, spec, owner);
}

/// In the namespace of the application.
pub(super) fn namespaced(mut object: Value) -> Value {
    object["metadata"]["namespace"] = json!({"$output": ["kubernetes/namespace.main", "name"]});
    object
}

fn insert(desired: &mut Desired, address: &Address, spec: Value, owner: Owner) {
    let kind = REGISTRY.iter().find(|kind| kind.info.kind == address.kind()).unwrap();
    (kind.normal)(&spec).unwrap();
    let node = Node { address: address.clone(), owner, spec, after: Vec::new(), formerly: None };
    desired.nodes.insert(address.clone(), node);
}

/// The cluster as EKS would show it.
fn live(application: &str, kube: &Kubernetes) -> Live {
    let server = kube.options();
    let spec = eks::Cluster::new("1.35", shipit::engine::Input::Known("role".into()));
    Live {
        identity: Identity {
            application: application.to_owned(),
            environment: "test".to_owned(),
            owner: Owner::Environment,
            address: Address::new("eks/cluster", "main"),
            generation: 1,
            run: String::new(),
        },
        spec: serde_json::to_value(spec).unwrap(),
        outputs: json!({
            "name": CLUSTER,
            "arn": format!("arn:aws:eks:eu-west-1:123456789012:cluster/{CLUSTER}"),
            "endpoint": server.endpoint,
            "certificate_authority": STANDARD.encode(server.certificate_authority),
            "holds_objects": true,
        }),
        health: Health::Ready,
        id: CLUSTER.to_owned(),
    }
}

/// The driver of a cluster that is always there.
struct Cluster {
    live: Live,
}

impl Driver for Cluster {
    fn info(&self) -> &'static KindInfo {
        // The kinds of AWS that others come after are not there.
        &<eks::Cluster as Resource>::INFO
    }

    fn observe<'a>(&'a self, _: &'a Query<'a>) -> BoxFuture<'a, Result<Observed, Failure>> {
        Box::pin(async { Ok(Observed { owned: vec![self.live.clone()], foreign: Vec::new() }) })
    }

    fn create<'a>(
        &'a self,
        _: &'a Identity,
        _: &'a Value,
    ) -> BoxFuture<'a, Result<Progress, Failure>> {
        unreachable!("it is there")
    }

    fn update<'a>(
        &'a self,
        _: &'a Live,
        _: &'a Value,
        _: &'a [Change],
    ) -> BoxFuture<'a, Result<Progress, Failure>> {
        unreachable!("it is as it should be")
    }

    fn delete<'a>(&'a self, _: &'a Live) -> BoxFuture<'a, Result<Progress, Failure>> {
        unreachable!("it stays")
    }

    fn read<'a>(
        &'a self,
        _: &'a Query<'a>,
        _: &'a Identity,
        _: &'a str,
        _: &'a Value,
    ) -> BoxFuture<'a, Result<Option<Existing>, Failure>> {
        unreachable!("nobody adopts it")
    }

    fn claim<'a>(&'a self, _: &'a Live) -> BoxFuture<'a, Result<(), Failure>> {
        unreachable!("nobody adopts it")
    }

    fn look<'a>(&'a self, waiting: &'a [Waiting]) -> BoxFuture<'a, Result<Vec<Health>, Failure>> {
        Box::pin(async { Ok(vec![Health::Ready; waiting.len()]) })
    }
}

/// How often each call of Kubernetes was made since `before`.
pub(super) fn counted(calls: &CallLog, before: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls.calls().into_iter().skip(before) {
        *counts.entry(format!("{} {}", call.service, call.operation)).or_default() += 1;
    }
    counts
}
