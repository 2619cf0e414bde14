//! Deployments that move traffic, as they stand: revisions, shares, the stage, what it waits for. For the look at a service
//! that is deployed, and for people who ask, let one go on or stop it.

use aws_sdk_ecs::types::{
    Deployment, DeploymentConfiguration, DeploymentLifecycleHookAction as Action,
    DeploymentStrategy, Service, ServiceDeployment, ServiceRevisionSummary,
    StopServiceDeploymentStopType as StopType,
};
use aws_smithy_types::date_time::Format;
use serde::Serialize;

use crate::aws::{Cx, classify};
use crate::engine::{Class, Diagnosis, Fact, Failure, Verdict};

/// A service deployment, as it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shifting {
    /// Its ARN.
    pub arn: String,
    /// `rolling`, `blue-green`, `linear` or `canary`.
    pub strategy: String,
    /// `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL` and so on.
    pub status: String,
    /// Why, where AWS says so.
    pub reason: String,
    /// `PRODUCTION_TRAFFIC_SHIFT` and so on; empty where traffic does not move.
    pub stage: String,
    /// The step of the traffic that was reached, from 1, and how many there are.
    pub step: Option<(usize, usize)>,
    /// How many minutes the stage bakes, where it does.
    pub bakes: Option<i32>,
    /// What is being deployed.
    pub new: Side,
    /// What was there.
    pub old: Vec<Side>,
    /// What it waits for.
    pub pauses: Vec<Pause>,
    /// Alarms that it watches.
    pub alarms: Vec<String>,
    /// Those of them that went off.
    pub off: Vec<String>,
}

/// One revision's part in a deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// Its task definition, `demo-test-api:3`.
    pub revision: String,
    /// Percent of the traffic.
    pub traffic: f64,
    /// Percent of the test traffic.
    pub test_traffic: f64,
    /// How many tasks there shall be.
    pub desired: i32,
    /// How many run.
    pub running: i32,
}

/// A pause that nobody has ended yet.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pause {
    /// The hook's id.
    pub hook: String,
    /// Until when it waits.
    pub until: String,
    /// What happens then: `roll back` or `go on`.
    pub then: String,
}

/// Does this configuration move traffic?
pub(super) fn moves(from: Option<&DeploymentConfiguration>) -> bool {
    from.and_then(|one| one.strategy()).is_some_and(|one| *one != DeploymentStrategy::Rolling)
}

/// How the service deployment of this ARN stands, `service` being as ECS has just described it; `None` where there is none.
///
/// # Errors
/// DescribeServiceDeployments is refused.
pub(super) async fn of(cx: &Cx, service: &Service, arn: &str) -> Result<Option<Shifting>, Failure> {
    let call = cx.ecs.describe_service_deployments().service_deployment_arns(arn);
    match call.send().await.map_err(|error| classify("ecs DescribeServiceDeployments", error)) {
        Ok(answer) => Ok(answer.service_deployments().first().map(|one| shifting(service, one))),
        // Endpoints without them have no traffic to move.
        Err(failure) if failure.class == Class::NotServed => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The newest service deployment of a service; `None` where it has none.
///
/// # Errors
/// The service is not there, or a call is refused.
pub async fn current(cx: &Cx, cluster: &str, service: &str) -> Result<Option<Shifting>, Failure> {
    let call = cx.ecs.describe_services().cluster(cluster).services(service);
    let answer = call.send().await.map_err(|error| classify("ecs DescribeServices", error))?;
    let Some(found) = answer.services().first() else {
        return Err(Failure::new(
            Class::Gone,
            format!("ECS does not know the service `{service}`"),
        ));
    };
    match found.current_service_deployment() {
        Some(arn) => of(cx, found, arn).await,
        None => Ok(None),
    }
}

/// Ends all pauses of a deployment, forward or back.
///
/// # Errors
/// ContinueServiceDeployment is refused.
pub async fn go_on(cx: &Cx, shifting: &Shifting, forward: bool) -> Result<(), Failure> {
    let action = if forward { Action::Continue } else { Action::Rollback };
    for pause in &shifting.pauses {
        let call = cx.ecs.continue_service_deployment().service_deployment_arn(&shifting.arn);
        let answer = call.hook_id(&pause.hook).action(action.clone()).send().await;
        answer.map_err(|error| classify("ecs ContinueServiceDeployment", error))?;
    }
    Ok(())
}

/// Stops a deployment: what was there before it comes back.
///
/// # Errors
/// StopServiceDeployment is refused.
pub async fn stop(cx: &Cx, arn: &str) -> Result<(), Failure> {
    let call = cx.ecs.stop_service_deployment().service_deployment_arn(arn);
    let answer = call.stop_type(StopType::Rollback).send().await;
    answer.map(drop).map_err(|error| classify("ecs StopServiceDeployment", error))
}

fn shifting(service: &Service, from: &ServiceDeployment) -> Shifting {
    let configuration = from.deployment_configuration();
    let strategy = configuration.and_then(|one| one.strategy());
    let strategy = strategy.unwrap_or(&DeploymentStrategy::Rolling);
    let stage = from.lifecycle_stage().map(|one| one.as_str()).unwrap_or_default().to_owned();
    let definition = |primary: bool| {
        let of = |one: &&Deployment| (one.status() == Some("PRIMARY")) == primary;
        let found = service.deployments().iter().find(of);
        found.and_then(|one| one.task_definition()).map(last).unwrap_or_default()
    };
    // Going back, the old revision is the primary one again.
    let back = from.status().is_some_and(|status| status.as_str().starts_with("ROLLBACK"));
    let new = from.target_service_revision().map(|one| side(one, definition(!back)));
    let old: Vec<Side> =
        from.source_service_revisions().iter().map(|one| side(one, definition(back))).collect();
    let alarms = from.alarms();
    let texts = |list: &[String]| list.to_vec();
    let waits = from.lifecycle_hook_details().iter();
    let waits = waits.filter(|one| one.status().is_some_and(|it| it.as_str() == "AWAITING_ACTION"));
    let new =
        new.unwrap_or_else(|| side(&ServiceRevisionSummary::builder().build(), String::new()));
    let step = configuration.and_then(|one| step(one, &stage, new.traffic, old.is_empty()));
    Shifting {
        arn: from.service_deployment_arn().unwrap_or_default().to_owned(),
        strategy: strategy.as_str().to_lowercase().replace('_', "-"),
        status: from.status().map(|one| one.as_str()).unwrap_or_default().to_owned(),
        reason: from.status_reason().unwrap_or_default().to_owned(),
        bakes: configuration.and_then(|one| bakes(one, &stage, step)),
        step,
        stage,
        new,
        old,
        pauses: waits
            .map(|one| Pause {
                hook: one.hook_id().unwrap_or_default().to_owned(),
                until: one
                    .expires_at()
                    .and_then(|at| at.fmt(Format::DateTime).ok())
                    .map(|at| {
                        at.split('.').next().unwrap_or_default().trim_end_matches('Z').to_owned()
                            + "Z"
                    })
                    .unwrap_or_default(),
                then: match one.timeout_action() {
                    Some(Action::Continue) => "go on".to_owned(),
                    _ => "roll back".to_owned(),
                },
            })
            .collect(),
        alarms: alarms.map(|one| texts(one.alarm_names())).unwrap_or_default(),
        off: alarms.map(|one| texts(one.triggered_alarm_names())).unwrap_or_default(),
    }
}

fn side(from: &ServiceRevisionSummary, revision: String) -> Side {
    Side {
        revision,
        traffic: from.requested_production_traffic_weight().unwrap_or_default(),
        test_traffic: from.requested_test_traffic_weight().unwrap_or_default(),
        desired: from.requested_task_count(),
        running: from.running_task_count(),
    }
}

/// Which step of the traffic was made, of how many. The first deployment of a service makes one.
fn step(
    configuration: &DeploymentConfiguration,
    stage: &str,
    traffic: f64,
    first: bool,
) -> Option<(usize, usize)> {
    if !stage.contains("PRODUCTION") {
        return None;
    }
    let tenths = |percent: f64| (percent * 10.0).round();
    let steps: Vec<f64> = if first {
        vec![1000.0]
    } else if let Some(canary) = configuration.canary_configuration() {
        vec![tenths(canary.canary_percent().unwrap_or(5.0)), 1000.0]
    } else if let Some(linear) = configuration.linear_configuration() {
        let each = tenths(linear.step_percent().unwrap_or(10.0)).max(1.0);
        let count = (1000.0 / each).ceil() as usize;
        (1..=count).map(|step| (each * step as f64).min(1000.0)).collect()
    } else {
        vec![1000.0]
    };
    let reached = steps.iter().filter(|step| **step <= tenths(traffic)).count();
    Some((reached, steps.len()))
}

/// Minutes for which the stage bakes.
fn bakes(
    configuration: &DeploymentConfiguration,
    stage: &str,
    step: Option<(usize, usize)>,
) -> Option<i32> {
    match (stage, step) {
        ("BAKE_TIME", _) => configuration.bake_time_in_minutes(),
        ("PRODUCTION_TRAFFIC_SHIFT", Some((reached, all))) if reached < all => {
            let canary = configuration.canary_configuration();
            let linear = configuration.linear_configuration();
            canary
                .map(|one| one.canary_bake_time_in_minutes().unwrap_or(10))
                .or_else(|| linear.map(|one| one.step_bake_time_in_minutes().unwrap_or(6)))
        }
        _ => None,
    }
}

fn last(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or_default().to_owned()
}

impl Shifting {
    /// Is it still on its way, forward or back?
    pub fn is_going(&self) -> bool {
        matches!(
            self.status.as_str(),
            "PENDING"
                | "IN_PROGRESS"
                | "STOP_REQUESTED"
                | "ROLLBACK_REQUESTED"
                | "ROLLBACK_IN_PROGRESS"
        )
    }

    /// Is it going forward?
    pub fn is_forward(&self) -> bool {
        matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS")
    }

    /// Where it stands, in one line.
    pub fn text(&self) -> String {
        if !self.is_forward() && self.is_going() {
            return format!("rolling back to {}; {}", self.back(), self.tasks());
        }
        let minutes = self.bakes.map(bake_text).unwrap_or_default();
        let what = match (self.stage.as_str(), self.step) {
            ("RECONCILE_SERVICE", _) => "an earlier deployment is undone".to_owned(),
            ("PRE_SCALE_UP" | "SCALE_UP", _) => "new tasks start".to_owned(),
            ("POST_SCALE_UP", _) => "new tasks run".to_owned(),
            ("TEST_TRAFFIC_SHIFT", _) => "test traffic moves".to_owned(),
            ("POST_TEST_TRAFFIC_SHIFT", _) => "test traffic has moved".to_owned(),
            ("BAKE_TIME", _) => format!("bakes{minutes}"),
            ("CLEAN_UP", _) => "old tasks stop".to_owned(),
            ("POST_PRODUCTION_TRAFFIC_SHIFT", _) => "all traffic has moved".to_owned(),
            (_, Some((0, all))) => format!("before step 1 of {all}"),
            (_, Some((reached, all))) if self.stage.starts_with("PRE_") => {
                format!("before step {} of {all}", (reached + 1).min(all))
            }
            (_, Some((reached, all))) => {
                let bakes =
                    if minutes.is_empty() { String::new() } else { format!(", bakes{minutes}") };
                format!("step {reached} of {all}{bakes}")
            }
            (stage, None) => stage.to_lowercase().replace('_', " "),
        };
        let alarms = match self.alarms.as_slice() {
            [] => String::new(),
            alarms if self.off.is_empty() => format!("; {} watched", alarms.join(", ")),
            _ => format!("; {} went off", self.off.join(", ")),
        };
        format!("{}: {what}; {}; {}{alarms}", self.strategy, self.shares(), self.tasks())
    }

    /// Who gets which share of the traffic.
    fn shares(&self) -> String {
        // ECS's shares have one decimal; sums of them have more.
        let share =
            |one: &Side| format!("{}% {}", (one.traffic * 10.0).round() / 10.0, one.revision);
        let mut shares = vec![share(&self.new)];
        shares.extend(self.old.iter().map(share));
        format!("traffic {}", shares.join(", "))
    }

    fn tasks(&self) -> String {
        let count = |one: &Side, word: &str| format!("{}/{} {word}", one.running, one.desired);
        let mut counts = vec![count(&self.new, "new")];
        counts.extend(self.old.iter().map(|one| count(one, "old")));
        format!("tasks {}", counts.join(", "))
    }

    fn back(&self) -> &str {
        self.old.first().map_or("what was there", |one| one.revision.as_str())
    }

    /// Why it does not go on by itself, if it has paused. `service` and `environment` are what the user calls them.
    pub fn paused(&self, service: &str, environment: &str) -> Option<Failure> {
        let pause = self.pauses.first()?;
        let message = format!(
            "the deployment has paused at {}: {}; it will {} at {}",
            self.stage,
            self.shares(),
            pause.then,
            pause.until
        );
        let hint = format!(
            "`shipit svc continue --name {service} --env {environment}` lets it go on, `shipit svc cancel --name {service} \
             --env {environment}` rolls it back"
        );
        Some(Failure::new(Class::ConflictInProgress, message).with_hint(hint).with_diagnosis(
            Diagnosis {
                verdict: Verdict::Paused,
                cause: Some("paused".to_owned()),
                facts: vec![Fact::new("deployment", self.text())],
                log: None,
            },
        ))
    }
}

/// ` for 10m`.
fn bake_text(minutes: i32) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!(" for {minutes}m"),
        (hours, 0) => format!(" for {hours}h"),
        (hours, minutes) => format!(" for {hours}h {minutes}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::{
        CanaryConfiguration, LinearConfiguration, ServiceDeploymentAlarms,
        ServiceDeploymentLifecycleStage as Stage, ServiceDeploymentStatus as Status,
    };

    fn service() -> Service {
        let deployment = |status: &str, number: u8| {
            let arn = format!("arn:aws:ecs:r:1:task-definition/demo:{number}");
            Deployment::builder().status(status).task_definition(arn).build()
        };
        Service::builder()
            .deployments(deployment("PRIMARY", 2))
            .deployments(deployment("ACTIVE", 1))
            .build()
    }

    fn summary(traffic: f64, running: i32) -> ServiceRevisionSummary {
        ServiceRevisionSummary::builder()
            .requested_production_traffic_weight(traffic)
            .requested_task_count(2)
            .running_task_count(running)
            .build()
    }

    fn text(stage: &str, traffic: f64, configuration: &DeploymentConfiguration) -> String {
        let alarms = ServiceDeploymentAlarms::builder().alarm_names("errors").build();
        let deployment = ServiceDeployment::builder()
            .status(Status::InProgress)
            .lifecycle_stage(Stage::from(stage))
            .deployment_configuration(configuration.clone())
            .target_service_revision(summary(traffic, 1))
            .source_service_revisions(summary(100.0 - traffic, 2))
            .alarms(alarms)
            .build();
        shifting(&service(), &deployment).text()
    }

    #[test]
    fn each_stage_has_its_line() {
        let canary = CanaryConfiguration::builder().canary_percent(0.5).build();
        let canary = DeploymentConfiguration::builder()
            .strategy(DeploymentStrategy::Canary)
            .canary_configuration(canary)
            .bake_time_in_minutes(90)
            .build();
        let linear =
            LinearConfiguration::builder().step_percent(33.3).step_bake_time_in_minutes(60);
        let linear = DeploymentConfiguration::builder()
            .strategy(DeploymentStrategy::Linear)
            .linear_configuration(linear.build())
            .build();
        let lines = [
            text("SCALE_UP", 0.0, &canary),
            text("PRE_PRODUCTION_TRAFFIC_SHIFT", 0.0, &canary),
            text("PRODUCTION_TRAFFIC_SHIFT", 0.5, &canary),
            text("PRODUCTION_TRAFFIC_SHIFT", 100.0, &canary),
            text("BAKE_TIME", 100.0, &canary),
            text("PRODUCTION_TRAFFIC_SHIFT", 66.6, &linear),
            text("PRE_PRODUCTION_TRAFFIC_SHIFT", 99.9, &linear),
        ];
        insta::assert_debug_snapshot!(lines, @r#"
        [
            "canary: new tasks start; traffic 0% demo:2, 100% demo:1; tasks 1/2 new, 2/2 old; errors watched",
            "canary: before step 1 of 2; traffic 0% demo:2, 100% demo:1; tasks 1/2 new, 2/2 old; errors watched",
            "canary: step 1 of 2, bakes for 10m; traffic 0.5% demo:2, 99.5% demo:1; tasks 1/2 new, 2/2 old; errors watched",
            "canary: step 2 of 2; traffic 100% demo:2, 0% demo:1; tasks 1/2 new, 2/2 old; errors watched",
            "canary: bakes for 1h 30m; traffic 100% demo:2, 0% demo:1; tasks 1/2 new, 2/2 old; errors watched",
            "linear: step 2 of 4, bakes for 1h; traffic 66.6% demo:2, 33.4% demo:1; tasks 1/2 new, 2/2 old; errors watched",
            "linear: before step 4 of 4; traffic 99.9% demo:2, 0.1% demo:1; tasks 1/2 new, 2/2 old; errors watched",
        ]
        "#);
    }
}
