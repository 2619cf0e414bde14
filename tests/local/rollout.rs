//! How services roll out on local AWS at AWS's own pace, on a clock that only the test moves.

use std::time::Duration;

use serde_json::{Value, json};
use shipit::local::LocalAws;
use shipit::local::clock::Clock;
use shipit::local::faults::Faults;
use shipit::local::{LocalOptions, clock::Speed};

use super::{between, ec2, form, json as request, options, send, start};

/// An account with a network, a cluster and definitions of `web`: a good one, a broken one, and
/// one with a health check.
struct Account {
    local: LocalAws,
    clock: Clock,
    subnet: String,
}

impl Account {
    async fn new(script: &str, speed: Speed) -> Self {
        let clock = start();
        let faults = Faults::parse(script).unwrap();
        let local = LocalAws::open(LocalOptions { faults, speed, ..options(&clock) }).unwrap();
        let vpc = ec2(&local, "Action=CreateVpc&CidrBlock=10.0.0.0/16").await;
        let vpc = between(&vpc, "<vpcId>", "<");
        let subnet =
            ec2(&local, &format!("Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.0.0/24")).await;
        let subnet = between(&subnet, "<subnetId>", "<");
        let account = Self { local, clock, subnet };
        account.ecs("CreateCluster", json!({"clusterName": "main"})).await;
        let check = json!({"command": ["CMD", "true"]});
        for (image, check) in
            [("nginx:1", Value::Null), ("nginx:does-not-exist", Value::Null), ("nginx:2", check)]
        {
            account
                .ecs(
                    "RegisterTaskDefinition",
                    json!({
                        "family": "web",
                        "requiresCompatibilities": ["FARGATE"],
                        "networkMode": "awsvpc",
                        "cpu": "256",
                        "memory": "512",
                        "containerDefinitions": [{
                            "name": "web",
                            "image": image,
                            "healthCheck": check,
                            "portMappings": [{"containerPort": 80}],
                        }],
                    }),
                )
                .await;
        }
        account
    }

    async fn ecs(&self, operation: &str, input: Value) -> Value {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        let response =
            send(&self.local, request("ecs", &target, &input.to_string())).await.unwrap();
        let body = std::str::from_utf8(response.body()).unwrap();
        assert_eq!(response.status(), 200, "{operation}: {body}");
        serde_json::from_str(body).unwrap()
    }

    async fn create(&self, definition: &str, desired: u64, deployment: Value) {
        let input = json!({
            "cluster": "main",
            "serviceName": "web",
            "taskDefinition": definition,
            "desiredCount": desired,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [self.subnet]}},
            "deploymentConfiguration": deployment,
        });
        self.ecs("CreateService", input).await;
    }

    /// A target group that an internal load balancer forwards to.
    async fn target_group(&self) -> String {
        let network =
            ec2(&self.local, &format!("Action=DescribeSubnets&SubnetId.1={}", self.subnet)).await;
        let vpc = between(&network, "<vpcId>", "<");
        let create = format!(
            "Action=CreateSubnet&VpcId={vpc}&CidrBlock=10.0.1.0/24&AvailabilityZone=eu-west-1b"
        );
        let other = between(&ec2(&self.local, &create).await, "<subnetId>", "<");
        let balancer = self
            .elb(&format!(
                "CreateLoadBalancer&Name=web&Scheme=internal&Subnets.member.1={}&Subnets.member.2={other}",
                self.subnet
            ))
            .await;
        let balancer = between(&balancer, "<LoadBalancerArn>", "<");
        let group = self
            .elb(&format!(
                "CreateTargetGroup&Name=web&Protocol=HTTP&Port=80&VpcId={vpc}&TargetType=ip\
                 &HealthCheckIntervalSeconds=10"
            ))
            .await;
        let group = between(&group, "<TargetGroupArn>", "<");
        self.elb(&format!(
            "CreateListener&LoadBalancerArn={balancer}&Protocol=HTTP&Port=80\
             &DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={group}"
        ))
        .await;
        group
    }

    async fn elb(&self, action: &str) -> String {
        let body = format!("Action={action}&Version=2015-12-01");
        let response = send(&self.local, form("elasticloadbalancing", &body)).await.unwrap();
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        assert_eq!(response.status(), 200, "{action}: {body}");
        body
    }

    /// Creates a service behind the target group.
    async fn create_behind(&self, group: &str, deployment: Value) {
        let input = json!({
            "cluster": "main",
            "serviceName": "web",
            "taskDefinition": "web:1",
            "desiredCount": 1,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [self.subnet]}},
            "deploymentConfiguration": deployment,
            "loadBalancers": [{"targetGroupArn": group, "containerName": "web", "containerPort": 80}],
        });
        self.ecs("CreateService", input).await;
    }

    /// The states of the targets, or `none`.
    async fn targets(&self, group: &str) -> String {
        let health = self.elb(&format!("DescribeTargetHealth&TargetGroupArn={group}")).await;
        if health.contains("<State>") {
            between(&health, "<State>", "<")
        } else {
            "none".to_owned()
        }
    }

    async fn update(&self, members: Value) {
        let mut input = json!({"cluster": "main", "service": "web"});
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        self.ecs("UpdateService", input).await;
    }

    async fn service(&self) -> Value {
        let input = json!({"cluster": "main", "services": ["web"]});
        self.ecs("DescribeServices", input).await["services"][0].clone()
    }

    /// A line for every second in which the deployments are not what they were the second before.
    async fn timeline(&self, seconds: u64) -> String {
        let (mut lines, mut last) = (String::new(), String::new());
        for second in 0..=seconds {
            let service = self.service().await;
            let mut line = service["status"].as_str().unwrap().to_owned();
            for deployment in service["deployments"].as_array().unwrap() {
                let definition = deployment["taskDefinition"].as_str().unwrap();
                line += &format!(
                    " | {} web:{} {} pending {} running {} failed {}",
                    deployment["status"].as_str().unwrap(),
                    definition.rsplit(':').next().unwrap(),
                    deployment["rolloutState"].as_str().unwrap(),
                    deployment["pendingCount"],
                    deployment["runningCount"],
                    deployment["failedTasks"],
                );
            }
            if line != last {
                lines += &format!("{second:>4} s {line}\n");
                last = line;
            }
            self.clock.advance(Duration::from_secs(1));
        }
        lines
    }

    /// The events, oldest first, with tasks and deployments numbered as they appear.
    async fn events(&self) -> String {
        let service = self.service().await;
        let mut names: Vec<String> = Vec::new();
        let mut text = String::new();
        for event in service["events"].as_array().unwrap().iter().rev() {
            let message = event["message"].as_str().unwrap();
            let words: Vec<String> = message
                .split(' ')
                .map(|word| {
                    let bare = word.trim_end_matches(['.', ')']);
                    let named = bare.starts_with("ecs-svc/")
                        || bare.len() == 32 && bare.bytes().all(|b| b.is_ascii_hexdigit());
                    if !named {
                        return word.to_owned();
                    }
                    let at = names.iter().position(|name| name == bare).unwrap_or_else(|| {
                        names.push(bare.to_owned());
                        names.len() - 1
                    });
                    word.replace(bare, &format!("#{at}"))
                })
                .collect();
            text += &words.join(" ");
            text.push('\n');
        }
        text
    }

    /// Codes and reasons of the stopped tasks, each once.
    async fn reasons(&self) -> Vec<String> {
        let input = json!({"cluster": "main", "serviceName": "web", "desiredStatus": "STOPPED"});
        let arns = self.ecs("ListTasks", input).await["taskArns"].clone();
        let tasks = self.ecs("DescribeTasks", json!({"cluster": "main", "tasks": arns})).await;
        let mut reasons: Vec<String> = tasks["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| {
                format!(
                    "{}: {}",
                    task["stopCode"].as_str().unwrap(),
                    task["stoppedReason"].as_str().unwrap()
                )
            })
            .collect();
        reasons.sort();
        reasons.dedup();
        reasons
    }

    async fn service_deployments(&self) -> Vec<String> {
        let input = json!({"cluster": "main", "service": "web"});
        let list = self.ecs("ListServiceDeployments", input).await;
        let status = |brief: &Value| brief["status"].as_str().unwrap().to_owned();
        list["serviceDeployments"].as_array().unwrap().iter().map(status).collect()
    }
}

const BREAKER: &str = r#"{"deploymentCircuitBreaker": {"enable": true, "rollback": true}}"#;

fn breaker() -> Value {
    serde_json::from_str(BREAKER).unwrap()
}

#[tokio::test]
async fn a_service_rolls_out_and_over() {
    let account = Account::new("", Speed::REAL).await;
    account.create("web:1", 2, Value::Null).await;
    insta::assert_snapshot!(account.timeline(60).await, @r"
     0 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 0 failed 0
     5 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 2 running 0 failed 0
    33 s ACTIVE | PRIMARY web:1 COMPLETED pending 0 running 2 failed 0
    ");
    account.update(json!({"taskDefinition": "web:3"})).await;
    insta::assert_snapshot!(account.timeline(90).await, @r"
     0 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
     5 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 2 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
    33 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 2 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
    38 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 2 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 0 failed 0
    48 s ACTIVE | PRIMARY web:3 COMPLETED pending 0 running 2 failed 0
    ");
    insta::assert_snapshot!(account.events().await, @r"
    (service web) has started 2 tasks: (task #0) (task #1).
    (service web) (deployment #2) deployment completed.
    (service web) has reached a steady state.
    (service web) has started 2 tasks: (task #3) (task #4).
    (service web) has stopped 2 running tasks: (task #1) (task #0).
    (service web) (deployment #5) deployment completed.
    (service web) has reached a steady state.
    ");
    assert_eq!(account.service_deployments().await, ["SUCCESSFUL", "SUCCESSFUL"]);
}

#[tokio::test]
async fn recreating_stops_the_old_tasks_first() {
    let account = Account::new("", Speed::REAL).await;
    account.create("web:1", 2, json!({"minimumHealthyPercent": 0, "maximumPercent": 100})).await;
    account.clock.advance(Duration::from_secs(60));
    account.update(json!({"taskDefinition": "web:3"})).await;
    insta::assert_snapshot!(account.timeline(90).await, @r"
     0 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
     5 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 2 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 0 failed 0
    33 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 2 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 0 failed 0
    38 s ACTIVE | PRIMARY web:3 COMPLETED pending 0 running 2 failed 0
    ");
}

#[tokio::test]
async fn half_of_the_tasks_are_replaced_at_a_time() {
    let account = Account::new("", Speed::REAL).await;
    account.create("web:1", 4, json!({"minimumHealthyPercent": 50, "maximumPercent": 100})).await;
    account.clock.advance(Duration::from_secs(60));
    account.update(json!({"taskDefinition": "web:3"})).await;
    insta::assert_snapshot!(account.timeline(180).await, @r"
     0 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 4 failed 0
     5 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 2 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
    33 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 2 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
    38 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 2 running 2 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 0 failed 0
    66 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 4 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 0 failed 0
    71 s ACTIVE | PRIMARY web:3 COMPLETED pending 0 running 4 failed 0
    ");
}

#[tokio::test]
async fn an_image_that_is_not_there_breaks_the_circuit_and_is_rolled_back() {
    let account = Account::new("", Speed::REAL).await;
    account.create("web:1", 2, breaker()).await;
    account.clock.advance(Duration::from_secs(60));
    account.update(json!({"taskDefinition": "web:2"})).await;
    insta::assert_snapshot!(account.timeline(180).await, @r"
     0 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 0 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
     5 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 2 running 0 failed 0 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
    33 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 2 running 0 failed 2 | ACTIVE web:1 COMPLETED pending 0 running 2 failed 0
    61 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 2 failed 0 | ACTIVE web:2 FAILED pending 0 running 0 failed 4
    71 s ACTIVE | PRIMARY web:1 COMPLETED pending 0 running 2 failed 0
    ");
    insta::assert_snapshot!(account.events().await, @r"
    (service web) has started 2 tasks: (task #0) (task #1).
    (service web) (deployment #2) deployment completed.
    (service web) has reached a steady state.
    (service web) has started 2 tasks: (task #3) (task #4).
    (service web) has started 2 tasks: (task #5) (task #6).
    (service web) (deployment #7) deployment failed: tasks failed to start.
    (service web) rolling back to (deployment #2).
    (service web) (deployment #8) deployment completed.
    (service web) has reached a steady state.
    ");
    insta::assert_debug_snapshot!(account.reasons().await, @r#"
    [
        "TaskFailedToStart: CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref nginx:does-not-exist: nginx:does-not-exist: not found",
    ]
    "#);
    assert_eq!(account.service_deployments().await, ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]);
}

#[tokio::test]
async fn without_rollback_the_deployment_stays_failed() {
    let account = Account::new("", Speed::REAL).await;
    let without = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}});
    account.create("web:2", 1, without).await;
    insta::assert_snapshot!(account.timeline(600).await, @r"
     0 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 0 running 0 failed 0
     5 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 1 running 0 failed 0
    33 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 1 running 0 failed 1
    61 s ACTIVE | PRIMARY web:2 IN_PROGRESS pending 1 running 0 failed 2
    89 s ACTIVE | PRIMARY web:2 FAILED pending 0 running 0 failed 3
    ");
    assert_eq!(account.service_deployments().await, ["STOPPED"]);
}

#[tokio::test]
async fn failing_health_checks_stop_tasks() {
    let script = "rollouts: [{service: web, fault: unhealthy}]";
    let account = Account::new(script, Speed::REAL).await;
    account.create("web:3", 1, breaker()).await;
    insta::assert_snapshot!(account.timeline(900).await, @r"
      0 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 0 failed 0
      5 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 1 running 0 failed 0
     33 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 1 failed 0
    123 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 1 running 0 failed 1
    151 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 1 failed 1
    241 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 1 running 0 failed 2
    269 s ACTIVE | PRIMARY web:3 IN_PROGRESS pending 0 running 1 failed 2
    359 s ACTIVE | PRIMARY web:3 FAILED pending 0 running 0 failed 3
    ");
    insta::assert_debug_snapshot!(account.reasons().await, @r#"
    [
        "ServiceSchedulerInitiated: Task failed container health checks",
    ]
    "#);
    assert_eq!(account.service_deployments().await, ["ROLLBACK_FAILED"]);
}

#[tokio::test]
async fn targets_come_and_go_with_tasks() {
    let account = Account::new("", Speed::REAL).await;
    let group = account.target_group().await;
    account.create_behind(&group, Value::Null).await;
    let mut seen = Vec::new();
    for _ in 0..60 {
        let targets = account.targets(&group).await;
        if seen.last() != Some(&targets) {
            seen.push(targets);
        }
        account.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(seen, ["none", "initial", "healthy"]);
    assert_eq!(account.service().await["deployments"][0]["rolloutState"], "COMPLETED");
    account.ecs("DeleteService", json!({"cluster": "main", "service": "web", "force": true})).await;
    assert_eq!(account.targets(&group).await, "draining");
    account.clock.advance(Duration::from_secs(400));
    assert_eq!(account.targets(&group).await, "none");
    insta::assert_snapshot!(account.events().await.replace(&group, "GROUP"), @r"
    (service web) has started 1 tasks: (task #0).
    (service web) registered 1 targets in (target-group GROUP)
    (service web) (deployment #1) deployment completed.
    (service web) has reached a steady state.
    (service web) has stopped 1 running tasks: (task #0).
    (service web) has begun draining connections on 1 tasks.
    (service web) deregistered 1 targets in (target-group GROUP)
    ");
}

#[tokio::test]
async fn failing_target_health_stops_tasks() {
    let script = "rollouts: [{service: web, fault: unhealthy}]";
    let account = Account::new(script, Speed::REAL).await;
    let group = account.target_group().await;
    account.create_behind(&group, breaker()).await;
    insta::assert_snapshot!(account.timeline(300).await, @r"
      0 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 0 failed 0
      5 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 1 running 0 failed 0
     33 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 1 failed 0
     53 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 1 running 0 failed 1
     81 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 1 failed 1
    101 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 1 running 0 failed 2
    129 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 1 failed 2
    149 s ACTIVE | PRIMARY web:1 FAILED pending 0 running 0 failed 3
    ");
    insta::assert_snapshot!(account.events().await.replace(&group, "GROUP"), @r"
    (service web) has started 1 tasks: (task #0).
    (service web) registered 1 targets in (target-group GROUP)
    (service web) (port 80) is unhealthy in (target-group GROUP) due to (reason Health checks failed).
    (service web) has stopped 1 running tasks: (task #0).
    (service web) has begun draining connections on 1 tasks.
    (service web) deregistered 1 targets in (target-group GROUP)
    (service web) has started 1 tasks: (task #1).
    (service web) registered 1 targets in (target-group GROUP)
    (service web) (port 80) is unhealthy in (target-group GROUP) due to (reason Health checks failed).
    (service web) has stopped 1 running tasks: (task #1).
    (service web) has begun draining connections on 1 tasks.
    (service web) deregistered 1 targets in (target-group GROUP)
    (service web) has started 1 tasks: (task #2).
    (service web) registered 1 targets in (target-group GROUP)
    (service web) (port 80) is unhealthy in (target-group GROUP) due to (reason Health checks failed).
    (service web) has stopped 1 running tasks: (task #2).
    (service web) has begun draining connections on 1 tasks.
    (service web) deregistered 1 targets in (target-group GROUP)
    (service web) (deployment #3) deployment failed: tasks failed to start.
    ");
    let reasons = account.reasons().await.join("\n").replace(&group, "GROUP");
    assert_eq!(
        reasons,
        "ServiceSchedulerInitiated: Task failed ELB health checks in (target-group GROUP)"
    );
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_told_in_the_events() {
    let account = Account::new("", Speed::REAL).await;
    account
        .ecs(
            "RegisterTaskDefinition",
            json!({
                "family": "roles",
                "requiresCompatibilities": ["FARGATE"],
                "networkMode": "awsvpc",
                "cpu": "256",
                "memory": "512",
                "executionRoleArn": "arn:aws:iam::123456789012:role/nobody",
                "containerDefinitions": [{"name": "web", "image": "nginx"}],
            }),
        )
        .await;
    account.create("roles", 1, Value::Null).await;
    account.clock.advance(Duration::from_secs(34));
    insta::assert_snapshot!(account.events().await, @r"
    (service web) has started 1 tasks: (task #0).
    (service web) failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/nobody' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).
    (service web) has started 1 tasks: (task #1).
    ");
    let trust = |service: &str| {
        format!(
            "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C\
             %22Principal%22%3A%7B%22Service%22%3A%22{service}.amazonaws.com%22%7D%2C\
             %22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D"
        )
    };
    let iam = async |action: &str, document: String| {
        let body = format!("Action={action}&Version=2010-05-08&RoleName=nobody&{document}");
        assert_eq!(send(&account.local, form("iam", &body)).await.unwrap().status(), 200);
    };
    iam("CreateRole", format!("AssumeRolePolicyDocument={}", trust("ec2"))).await;
    account.clock.advance(Duration::from_secs(60));
    assert_eq!(account.service().await["runningCount"], 0);
    iam("UpdateAssumeRolePolicy", format!("PolicyDocument={}", trust("ecs-tasks"))).await;
    account.clock.advance(Duration::from_secs(60));
    assert_eq!(account.service().await["runningCount"], 1);
}

#[tokio::test]
async fn containers_that_exit_stop_tasks() {
    let script = "rollouts: [{image: '*:1', fault: exits}]";
    let account = Account::new(script, Speed::REAL).await;
    account.create("web:1", 1, breaker()).await;
    insta::assert_snapshot!(account.timeline(300).await, @r"
      0 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 0 failed 0
      5 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 1 running 0 failed 0
     33 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 1 failed 0
     38 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 1 running 0 failed 1
     66 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 1 failed 1
     71 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 1 running 0 failed 2
     99 s ACTIVE | PRIMARY web:1 IN_PROGRESS pending 0 running 1 failed 2
    104 s ACTIVE | PRIMARY web:1 FAILED pending 0 running 0 failed 3
    ");
    insta::assert_debug_snapshot!(account.reasons().await, @r#"
    [
        "EssentialContainerExited: Essential container in task exited",
    ]
    "#);
}

#[tokio::test]
async fn a_service_that_never_succeeds_goes_on_trying_and_costs_little() {
    for speed in [Speed::Instant, Speed::REAL, Speed::Factor(1e6)] {
        let account = Account::new("", speed).await;
        account.create("web:2", 1, Value::Null).await;
        account.clock.advance(Duration::from_secs(24 * 3600));
        let service = account.service().await;
        assert_eq!(service["deployments"][0]["rolloutState"], "IN_PROGRESS");
        let failed = service["deployments"][0]["failedTasks"].as_u64().unwrap();
        assert!((20..400).contains(&failed), "{failed} at {speed}");
        assert!(account.local.counts().unwrap()["ecs/task"] <= 21);
        account.update(json!({"taskDefinition": "web:1"})).await;
        account.clock.advance(Duration::from_secs(60));
        assert_eq!(account.service().await["deployments"][0]["rolloutState"], "COMPLETED");
    }
}

#[tokio::test]
async fn at_instant_speed_the_next_look_sees_it_done() {
    let account = Account::new("", Speed::Instant).await;
    account.create("web:1", 3, Value::Null).await;
    assert_eq!(
        account.timeline(0).await,
        "   0 s ACTIVE | PRIMARY web:1 COMPLETED pending 0 running 3 failed 0\n"
    );
    account.update(json!({"desiredCount": 1})).await;
    assert_eq!(account.service().await["runningCount"], 1);
    account.ecs("DeleteService", json!({"cluster": "main", "service": "web", "force": true})).await;
    assert_eq!(account.timeline(0).await, "   0 s INACTIVE\n");
    assert_eq!(account.local.counts().unwrap().get("ec2/network-interface"), None);
}
