//! Desired graphs written shortly, and whole runs.

use std::sync::Mutex;

use serde_json::{Value, json};
use shipit::engine::desired::Desired;
use shipit::engine::planning::dump;
use shipit::engine::{
    Action, Address, AllowDelete, Cancel, Event, Failure, Node, Outcome, OutputRef, Owner, Plan,
    ReplaceOrder, Scope, Target, Wait, execute, observe, plan,
};

use super::cloud::Cloud;

pub(crate) fn target() -> Target {
    Target {
        application: "demo".into(),
        environment: "test".into(),
        account: "000000000000".into(),
        region: "eu-west-1".into(),
        run: "run-1".into(),
    }
}

/// A reference to the id of `kind.name`, waiting for it to be ready where asked.
pub(crate) fn id(address: &str) -> Value {
    reference(address, Wait::Created)
}

pub(crate) fn ready(address: &str) -> Value {
    reference(address, Wait::Ready)
}

fn reference(address: &str, wait: Wait) -> Value {
    OutputRef { address: address.parse().unwrap(), field: "id".into(), wait }.to_value()
}

#[derive(Clone, Default)]
pub(crate) struct Graph(pub(crate) Desired);

impl Graph {
    /// Adds a resource of the environment.
    pub(crate) fn env(self, address: &str, spec: Value) -> Self {
        self.with(Owner::Environment, address, spec)
    }

    /// Adds a resource of a service.
    pub(crate) fn svc(self, service: &str, address: &str, spec: Value) -> Self {
        self.with(Owner::Service(service.into()), address, spec)
    }

    pub(crate) fn with(mut self, owner: Owner, address: &str, spec: Value) -> Self {
        let address: Address = address.parse().unwrap();
        let node =
            Node { address: address.clone(), owner, spec, after: Vec::new(), formerly: None };
        self.0.nodes.insert(address, node);
        self
    }

    /// Says what a resource was called before.
    pub(crate) fn formerly(mut self, address: &str, old: &str) -> Self {
        let node = self.0.nodes.get_mut(&address.parse().unwrap()).unwrap();
        node.formerly = Some(old.parse().unwrap());
        self
    }
}

/// A scope: whether the environment is in it, and which services.
pub(crate) fn scope(environment: bool, services: &[&str]) -> Scope {
    Scope {
        environment,
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        prune: false,
    }
}

pub(crate) async fn planned(
    cloud: &Cloud,
    graph: &Graph,
    scope: &Scope,
    allow: &AllowDelete,
) -> Result<Plan, Failure> {
    let registry = cloud.registry();
    let observation = observe(&registry, &target(), &graph.0, &cloud.clock, 16)
        .await
        .map_err(|mut failures| failures.remove(0).1)?;
    plan(&registry, &target(), &graph.0, &observation, scope, allow)
}

/// The plan as text, nothing of what holds data being let go.
pub(crate) async fn text(cloud: &Cloud, graph: &Graph, scope: &Scope) -> String {
    dump(&planned(cloud, graph, scope, &AllowDelete::default()).await.unwrap())
}

pub(crate) struct Ran {
    pub(crate) plan: Plan,
    pub(crate) outcome: Outcome,
}

/// Plans and applies.
pub(crate) async fn apply(
    cloud: &Cloud,
    graph: &Graph,
    scope: &Scope,
    allow: &AllowDelete,
) -> Result<Ran, Failure> {
    let plan = planned(cloud, graph, scope, allow).await?;
    let (outcome, _) = carry_out(cloud, &plan, &Cancel::new(), Default::default()).await;
    Ok(Ran { plan, outcome })
}

pub(crate) async fn carry_out(
    cloud: &Cloud,
    plan: &Plan,
    cancel: &Cancel,
    options: shipit::engine::execute::Options,
) -> (Outcome, Vec<Event>) {
    let delete_first = Action::Replace { order: ReplaceOrder::DeleteFirst };
    {
        let mut state = cloud.state();
        state.may_dangle.clear();
        state.circles.clear();
        for (index, step) in plan.steps.iter().enumerate() {
            if step.action != delete_first {
                continue;
            }
            state.may_dangle.insert(step.address.to_string());
            let mut behind = vec![false; plan.steps.len()];
            behind[index] = true;
            for later in index + 1..plan.steps.len() {
                behind[later] = plan.steps[later].after.iter().any(|edge| behind[edge.step]);
                if behind[later] && plan.steps[later].action == Action::Delete {
                    let leaving = plan.steps[later].address.to_string();
                    state.circles.insert((step.address.to_string(), leaving));
                }
            }
        }
    }
    let events = Mutex::new(Vec::new());
    let note = |event| events.lock().unwrap().push(event);
    let outcome = execute(&cloud.registry(), plan, &cloud.clock, &options, cancel, &note).await;
    (outcome, events.into_inner().unwrap())
}

/// Applies and expects that everything was done.
pub(crate) async fn deploy(cloud: &Cloud, graph: &Graph, scope: &Scope) -> Ran {
    let ran = apply(cloud, graph, scope, &AllowDelete::default()).await.unwrap();
    assert!(ran.outcome.is_complete(), "{:#?}", ran.outcome);
    ran
}

/// A network, a balancer on it that is slow, and a service behind it, with its definition.
pub(crate) fn web() -> Graph {
    Graph::default()
        .env("t/plain.vpc", json!({ "fixed": 1, "size": 1 }))
        .env("t/single.subnet", json!({ "fixed": 1, "pin": [id("t/plain.vpc")] }))
        .env("t/slow.balancer", json!({ "pin": [id("t/single.subnet")], "bag": [1, 2] }))
        .svc("api", "t/revision.api", json!({ "size": 256 }))
        .svc(
            "api",
            "t/plain.api",
            json!({
                "uses": [id("t/revision.api")],
                "awaits": [ready("t/slow.balancer")],
                "count": 2,
            }),
        )
}
