//! What is stored of services and tasks: typed, because a rollout works on it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rollout::shift::Shift;
use crate::local::call::Call;
use crate::local::clock::Millis;
use crate::local::document::Document;
use crate::local::store::Table;

/// Services by `cluster/name`.
pub(super) const SERVICES: Table = Table::regional("ecs/service");
/// Tasks by `cluster/id`.
pub(super) const TASKS: Table = Table::regional("ecs/task");
/// Service deployments by `cluster/service/id`.
pub(super) const SERVICE_DEPLOYMENTS: Table = Table::regional("ecs/service-deployment");
/// Service revisions by `cluster/service/id`, as ECS describes them.
pub(super) const REVISIONS: Table = Table::regional("ecs/service-revision");

/// ECS keeps this many events of a service.
const MOST_EVENTS: usize = 100;

/// A service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) cluster: String,
    pub(super) name: String,
    pub(super) arn: String,
    /// `ACTIVE`, `DRAINING` or `INACTIVE`.
    pub(super) status: String,
    pub(super) desired: u64,
    pub(super) created: Millis,
    /// The members that are read back as they were written, defaults included.
    pub(super) wire: Value,
    /// The client token of its creation, and what it was created with.
    pub(super) token: Option<String>,
    pub(super) request: Option<String>,
    /// The primary one first.
    pub(super) deployments: Vec<Deployment>,
    /// Newest first.
    pub(super) events: Vec<Event>,
    /// Ids of the tasks that are not stopped, oldest first.
    pub(super) tasks: Vec<String>,
    /// Ids of stopped tasks that are still described, oldest first.
    pub(super) stopped: Vec<String>,
    /// What a rollback goes back to.
    pub(super) last_completed: Option<Completed>,
    pub(super) current_service_deployment: Option<String>,
    pub(super) steady: bool,
    /// How many tasks it has ever started: gives subnets and capacity providers their turns.
    pub(super) started: u64,
    pub(super) timer: Option<(String, Millis)>,
    pub(super) inactive_at: Option<Millis>,
    /// How far a deployment is that moves traffic.
    #[serde(default)]
    pub(super) shift: Option<Shift>,
}

/// Does what a service or task asks for run on Fargate? No other provider's name may begin so.
pub(super) fn is_fargate(wire: &Value) -> bool {
    let provider = |item: &Value| item.text("capacityProvider").starts_with("FARGATE");
    wire.text("launchType") == "FARGATE"
        || wire.list("capacityProviderStrategy").iter().any(provider)
}

/// A revision that once was fully deployed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Completed {
    pub(super) deployment: String,
    pub(super) revision: String,
    pub(super) spec: Value,
}

/// One line of a service's events.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) at: Millis,
    pub(super) message: String,
}

/// One of a service's deployments.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Deployment {
    /// `ecs-svc/` and a number.
    pub(super) id: String,
    /// Is it the `PRIMARY` one? The others are `ACTIVE`.
    pub(super) primary: bool,
    /// What its tasks are made from: the members of a service revision.
    pub(super) spec: Value,
    /// ARN of the service revision.
    pub(super) revision: String,
    /// Key of the service deployment that it belongs to.
    pub(super) service_deployment: String,
    pub(super) running: u64,
    pub(super) pending: u64,
    /// Tasks that failed in a row.
    pub(super) failed: u64,
    /// Failures as the circuit breaker counts them.
    pub(super) counted: u64,
    pub(super) created: Millis,
    pub(super) updated: Millis,
    pub(super) state: State,
    pub(super) reason: String,
    /// Is it going back to what was there before?
    pub(super) rollback: bool,
    /// No task is started before this time.
    pub(super) retry_at: Option<Millis>,
    /// Was it said that nothing can be placed?
    pub(super) said_unplaced: bool,
}

/// `rolloutState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    InProgress,
    Completed,
    Failed,
}

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: String,
    /// As ECS describes it, without tags.
    pub(super) wire: Value,
    /// Name of its service, unless it was run alone.
    pub(super) service: Option<String>,
    /// Id of its deployment.
    pub(super) deployment: String,
    pub(super) phase: Phase,
    /// When the phase ends, unless it stays.
    pub(super) due: Option<Millis>,
    /// What it got from other services: to be given back when it stops.
    pub(super) interface: Option<String>,
    pub(super) address: Option<String>,
    /// Target groups and ports at which it is registered.
    pub(super) targets: Vec<(String, i64)>,
    /// Cloud Map services in which it is registered.
    pub(super) registries: Vec<String>,
    /// Tags that ECS itself puts on.
    pub(super) managed_tags: Value,
    /// What a task is made from that belongs to no service.
    pub(super) spec: Value,
    /// How it ended or will end.
    pub(super) end: Option<End>,
    /// The capacity provider whose next instance it waits for.
    #[serde(default)]
    pub(super) waiting: Option<String>,
    /// It is one of a daemon's.
    #[serde(default)]
    pub(super) daemon: bool,
    /// As what it is registered with target groups, if not by its address.
    #[serde(default)]
    pub(super) target: Option<String>,
}

/// Why a task stops.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) code: String,
    pub(super) reason: String,
    pub(super) exit_code: Option<i64>,
    /// What ECS says of the container that ended it.
    #[serde(default)]
    pub(super) container: Option<String>,
    /// Which container that is.
    #[serde(default)]
    pub(super) at: usize,
}

/// Where a task is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Phase {
    Provisioning,
    Pending,
    /// Running, its health not known yet.
    Starting,
    /// Running and healthy.
    Healthy,
    Stopping,
    Stopped,
}

impl Phase {
    /// Does the scheduler count it as one of the service's tasks?
    pub(super) fn is_live(self) -> bool {
        !matches!(self, Self::Stopping | Self::Stopped)
    }

    /// Does `runningCount` count it?
    pub(super) fn is_running(self) -> bool {
        matches!(self, Self::Starting | Self::Healthy)
    }
}

impl Service {
    pub(super) fn load(call: &Call<'_>, cluster: &str, name: &str) -> Option<Self> {
        let value = call.get(SERVICES, &format!("{cluster}/{name}"))?;
        serde_json::from_value(Value::clone(&value)).ok()
    }

    pub(super) fn save(&self, call: &mut Call<'_>) {
        call.put(SERVICES, &self.key(), json!(self));
    }

    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }

    pub(super) fn is_active(&self) -> bool {
        self.status == "ACTIVE"
    }

    pub(super) fn uses_provider(&self, name: &str) -> bool {
        let strategy = self.wire.list("capacityProviderStrategy");
        strategy.iter().any(|item| item.text("capacityProvider") == name)
    }

    pub(super) fn is_fargate(&self) -> bool {
        is_fargate(&self.wire)
    }

    pub(super) fn is_daemon(&self) -> bool {
        self.wire.text("schedulingStrategy") == "DAEMON"
    }

    pub(super) fn primary(&self) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.primary)
    }

    pub(super) fn primary_mut(&mut self) -> Option<&mut Deployment> {
        self.deployments.iter_mut().find(|deployment| deployment.primary)
    }

    /// Writes `(service NAME) MESSAGE` among the events.
    pub(super) fn say(&mut self, call: &mut Call<'_>, message: &str) {
        let message = format!("(service {}) {message}", self.name);
        let event = Event { id: call.ids.uuid(), at: call.now, message };
        self.events.insert(0, event);
        self.events.truncate(MOST_EVENTS);
    }

    /// Has the scheduler look at it at this time, if not before.
    pub(super) fn wake(&mut self, call: &mut Call<'_>, at: Millis) {
        match &self.timer {
            Some((_, set)) if *set <= at && *set > call.now => return,
            Some((timer, _)) => call.cancel(timer),
            None => {}
        }
        // Application Auto Scaling wakes services too.
        let payload = json!({"service": self.name, "cluster": self.cluster});
        let timer = call.schedule_for(&super::SERVICE, at, payload);
        self.timer = Some((timer, at));
    }
}

impl Task {
    pub(super) fn load(call: &Call<'_>, cluster: &str, id: &str) -> Option<Self> {
        let value = call.get(TASKS, &format!("{cluster}/{id}"))?;
        serde_json::from_value(Value::clone(&value)).ok()
    }

    pub(super) fn save(&self, call: &mut Call<'_>, cluster: &str) {
        call.put(TASKS, &format!("{cluster}/{}", self.id), json!(self));
    }

    pub(super) fn arn(&self) -> &str {
        self.wire.text("taskArn")
    }
}
