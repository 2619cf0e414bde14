//! How soon a verdict follows the fact, and verdicts that others bring about, on a clock that only the test moves.

use std::time::Duration;

use aws_sdk_ecs::types::{DeploymentRolloutState, DesiredStatus};
use shipit::engine::diff::{Rules, diff};
use shipit::engine::{Driver, Failure, Health, Live, Progress, Spec, Verdict, Waiting};
use shipit::resources::ecs::Cluster;
use shipit::resources::ecs::service::deployment::CircuitBreaker;
use shipit::resources::ecs::service::{Deployment, Service};

use crate::ecs_kinds::{Account, network, output, task};

/// Seconds between two looks at a service.
const INTERVAL: u64 = 5;
const SCRIPT: &str = "rollouts:
  - {image: '*:no-route', fault: no-route}
  - {image: '*:memory', fault: out-of-memory}
  - {image: '*:crash', fault: {exits: {code: 3}}}
  - {image: '*:binary', fault: {exits: {code: 1, lines: ['exec /api: exec format error']}}}
";

struct Stage {
    account: Account,
    service: Service,
    live: Live,
}

impl Stage {
    /// A service that runs.
    async fn set(breaker: bool) -> Self {
        let mut account = Account::open_with(SCRIPT).await;
        let (_, network) = network(&account.cx).await;
        let cluster = account.create("main", &Cluster::default()).await;
        let good = account.create("api", &task("nginx:1.27")).await;
        let circuit_breaker =
            CircuitBreaker { enable: breaker, rollback: breaker, ..CircuitBreaker::default() };
        let service = Service {
            network: Some(network),
            deployment: Deployment { circuit_breaker, ..Deployment::default() },
            ..Service::new(output(&cluster, "name"), output(&good, "arn"))
        };
        let live = account.create("api", &service).await;
        Self { account, service, live }
    }

    /// Begins to deploy another image.
    async fn deploy(&mut self, image: &str) -> Progress {
        let definition = self.account.create("api", &task(image)).await;
        self.service.task_definition = output(&definition, "arn");
        let wanted = serde_json::to_value(&self.service).unwrap();
        let driver = self.driver();
        let changes = diff(&Rules::new(driver.info().rules), &self.live.spec, &wanted);
        driver.update(&self.live, &wanted, &changes).await.unwrap()
    }

    fn driver(&self) -> Box<dyn Driver> {
        self.account.driver(Service::KIND)
    }

    async fn look(&self, progress: &Progress, last: bool) -> Health {
        let waiting = [Waiting {
            identity: self.live.identity.clone(),
            outputs: progress.outputs.clone(),
            ticket: progress.ticket.clone(),
            deleting: false,
            last,
        }];
        self.driver().look(&waiting).await.unwrap().remove(0)
    }

    async fn failed(&self, progress: &Progress) -> Failure {
        match self.look(progress, false).await {
            Health::Broken(failure) => *failure,
            other => panic!("{other:?}"),
        }
    }

    fn name(&self) -> &str {
        self.live.outputs["name"].as_str().unwrap()
    }

    fn cluster(&self) -> &str {
        self.live.outputs["cluster"].as_str().unwrap()
    }

    /// Whether ECS says that the deployment failed.
    async fn is_failed(&self, id: &str) -> bool {
        let call = self.account.cx.ecs.describe_services().cluster(self.cluster());
        let answer = call.services(self.name()).send().await.unwrap();
        answer.services()[0].deployments().iter().any(|one| {
            one.id() == Some(id) && one.rollout_state() == Some(&DeploymentRolloutState::Failed)
        })
    }

    /// How many tasks of the deployment stopped, and how many seconds lie between the first and the last.
    async fn stopped(&self, id: &str) -> (usize, i64) {
        let list = self.account.cx.ecs.list_tasks().cluster(self.cluster());
        let list = list.service_name(self.name()).desired_status(DesiredStatus::Stopped);
        let arns = list.send().await.unwrap().task_arns.unwrap_or_default();
        if arns.is_empty() {
            return (0, 0);
        }
        let call = self.account.cx.ecs.describe_tasks().cluster(self.cluster());
        let tasks = call.set_tasks(Some(arns)).send().await.unwrap();
        let own = tasks.tasks().iter().filter(|task| task.started_by() == Some(id));
        let at: Vec<i64> = own.map(|task| task.stopping_at().unwrap().secs()).collect();
        let span = at.iter().max().zip(at.iter().min()).map_or(0, |(last, first)| last - first);
        (at.len(), span)
    }
}

/// When the fact can be read, and when the verdict is given, in seconds.
async fn race(image: &str, breaker: bool, tasks: usize, span: i64) -> (u64, u64, Failure) {
    let mut stage = Stage::set(breaker).await;
    let progress = stage.deploy(image).await;
    let id = progress.ticket.as_deref().unwrap().split(' ').next().unwrap().to_owned();
    let mut fact = None;
    for second in 0..900 {
        let there = match breaker {
            true => stage.is_failed(&id).await,
            false => {
                let (count, between) = stage.stopped(&id).await;
                count >= tasks && between >= span
            }
        };
        if there && fact.is_none() {
            fact = Some(second);
        }
        if second % INTERVAL == 0
            && let Health::Broken(failure) = stage.look(&progress, false).await
        {
            return (fact.expect("a verdict without a fact"), second, *failure);
        }
        stage.account.clock.advance(Duration::from_secs(1));
    }
    panic!("no verdict on {image}");
}

/// With a circuit breaker the fact is that ECS gave up, without one that tasks stopped alike as often as the table of
/// causes asks for.
#[tokio::test]
async fn the_verdict_follows_within_one_interval() {
    let mut table = String::new();
    for (image, breaker, tasks, span) in [
        ("nginx:does-not-exist", true, 0, 0),
        ("nginx:no-route", true, 0, 0),
        ("nginx:memory", true, 0, 0),
        ("nginx:crash", true, 0, 0),
        ("nginx:does-not-exist", false, 2, 0),
        ("nginx:no-route", false, 3, 60),
        ("nginx:memory", false, 3, 0),
        ("nginx:crash", false, 3, 0),
    ] {
        let (fact, verdict, failure) = race(image, breaker, tasks, span).await;
        assert!(verdict - fact < INTERVAL, "{image}: {fact} s, {verdict} s");
        let diagnosis = failure.diagnosis.unwrap();
        table += &format!(
            "{fact:>4} s {verdict:>4} s  {:?} {}\n",
            diagnosis.verdict,
            diagnosis.cause.unwrap()
        );
    }
    insta::assert_snapshot!(table, @r"
     89 s   90 s  RolledBack image-not-found
     89 s   90 s  RolledBack registry-unreachable
    104 s  105 s  RolledBack out-of-memory
    104 s  105 s  RolledBack exited
     61 s   65 s  Failed image-not-found
    117 s  120 s  Failed registry-unreachable
    104 s  105 s  Failed out-of-memory
    104 s  105 s  Failed exited
    ");
}

#[tokio::test]
async fn what_is_known_is_said_while_it_may_still_succeed() {
    let mut stage = Stage::set(true).await;
    let progress = stage.deploy("nginx:does-not-exist").await;
    let (mut said, mut last) = (Vec::new(), String::new());
    for _ in 0..40 {
        let Health::Pending(waits) = stage.look(&progress, false).await else { break };
        if waits != last {
            said.push(waits.clone());
            last = waits;
        }
        stage.account.clock.advance(Duration::from_secs(INTERVAL));
    }
    insta::assert_debug_snapshot!(said, @r#"
    [
        "0 of 1 tasks running (deployment in progress)",
        "0 of 1 tasks running; 1 task stopped: the image does not exist: nginx:does-not-exist",
        "0 of 1 tasks running; 2 tasks stopped: the image does not exist: nginx:does-not-exist",
    ]
    "#);
}

#[tokio::test]
async fn at_the_end_of_patience_all_that_is_known_is_told() {
    let mut stage = Stage::set(true).await;
    let progress = stage.deploy("nginx:1.28").await;
    stage.account.clock.advance(Duration::from_secs(10));
    assert!(matches!(stage.look(&progress, false).await, Health::Pending(_)));
    let Health::Broken(failure) = stage.look(&progress, true).await else { panic!("it goes on") };
    assert!(failure.message.ends_with("has not completed within 30 minutes: 0 of 1 tasks running"));
    assert_eq!(failure.diagnosis.unwrap().verdict, Verdict::Failed);
}

#[tokio::test]
async fn someone_elses_deployment_supersedes() {
    let mut stage = Stage::set(true).await;
    let progress = stage.deploy("nginx:1.28").await;
    stage.account.clock.advance(Duration::from_secs(10));
    let call = stage.account.cx.ecs.update_service().cluster(stage.cluster());
    let call = call.service(stage.name()).force_new_deployment(true);
    call.send().await.unwrap();
    for _ in 0..2 {
        let failure = stage.failed(&progress).await;
        let id = progress.ticket.as_deref().unwrap().split(' ').next().unwrap();
        assert!(failure.message.starts_with(&format!("deployment {id} was superseded by ")));
        assert!(
            failure.message.ends_with("Z), which this run did not begin"),
            "{}",
            failure.message
        );
        assert_eq!(failure.diagnosis.unwrap().verdict, Verdict::Superseded);
        // The same long after, when ECS no longer lists it.
        stage.account.clock.advance(Duration::from_secs(300));
    }
}

/// One that had completed before someone else deployed is not lost.
#[tokio::test]
async fn a_deployment_that_completed_stays_completed() {
    let mut stage = Stage::set(true).await;
    let progress = stage.deploy("nginx:1.28").await;
    stage.account.clock.advance(Duration::from_secs(300));
    let call = stage.account.cx.ecs.update_service().cluster(stage.cluster());
    call.service(stage.name()).force_new_deployment(true).send().await.unwrap();
    stage.account.clock.advance(Duration::from_secs(300));
    assert_eq!(stage.look(&progress, false).await, Health::Ready);
}

#[tokio::test]
async fn a_deployment_that_someone_stops_is_not_called_failed() {
    let mut stage = Stage::set(true).await;
    let progress = stage.deploy("nginx:1.28").await;
    stage.account.clock.advance(Duration::from_secs(10));
    let arn = progress.ticket.as_deref().unwrap().rsplit(' ').next().unwrap();
    let call = stage.account.cx.ecs.stop_service_deployment().service_deployment_arn(arn);
    call.send().await.unwrap();
    let failure = stage.failed(&progress).await;
    let id = progress.ticket.as_deref().unwrap().split(' ').next().unwrap();
    insta::assert_snapshot!(failure.message.replace(id, "ID"), @r"
    deployment ID was stopped by someone, and ECS is rolling it back to demo-test-api:1 (Service deployment rolled back because of a user request)
    ");
    assert_eq!(failure.diagnosis.unwrap().verdict, Verdict::Stopped);
    stage.account.clock.advance(Duration::from_secs(300));
    let failure = stage.failed(&progress).await;
    insta::assert_snapshot!(failure.message.replace(id, "ID"), @r"
    deployment ID was stopped by someone and rolled back to demo-test-api:1 (Service deployment rolled back because of a user request)
    ");
}
