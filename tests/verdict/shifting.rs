//! Deployments that move traffic, on a clock that only the test moves: what is said at each step, beside the weights that the
//! load balancer has by then.

use std::time::Duration;

use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, PathPatternConditionConfig, RuleCondition,
    TargetGroupTuple,
};
use shipit::engine::diff::{Rules, diff};
use shipit::engine::{Health, Input, Live, Progress, Spec, Waiting};
use shipit::resources::ecs::Cluster;
use shipit::resources::ecs::service::deployment::{
    Alarms, Canary, Deployment, LifecycleHook, Linear,
};
use shipit::resources::ecs::service::{LoadBalancer, Service, Switch};
use shipit::resources::ecs::shifting;

use crate::ecs_kinds::{Account, network, output, task};

/// A service behind a rule with two target groups.
struct Stage {
    account: Account,
    service: Service,
    live: Live,
    rule: String,
    groups: [String; 2],
}

impl Stage {
    /// It runs, deployed in this way.
    async fn set(deployment: Deployment) -> Self {
        let mut account =
            Account::open_with("rollouts:\n  - {image: '*:bad', fault: cannot-pull}\n").await;
        let (vpc, mut network) = network(&account.cx).await;
        let cx = account.cx.clone();
        let vpc = match vpc {
            Input::Known(vpc) => vpc,
            Input::Output { .. } => unreachable!(),
        };
        let second = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.1.0/24");
        let second = second.availability_zone("eu-west-1b").send().await.unwrap();
        network.subnets.push(Input::Known(second.subnet.unwrap().subnet_id.unwrap().into()));
        let gateway = cx.ec2.create_internet_gateway().send().await.unwrap();
        let gateway = gateway.internet_gateway.unwrap().internet_gateway_id.unwrap();
        let attach = cx.ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc);
        attach.send().await.unwrap();
        let tables = cx.ec2.describe_route_tables().send().await.unwrap();
        let of_vpc = |one: &&aws_sdk_ec2::types::RouteTable| one.vpc_id() == Some(&vpc);
        let table = tables.route_tables().iter().find(of_vpc).unwrap().route_table_id().unwrap();
        let route = cx.ec2.create_route().route_table_id(table).gateway_id(gateway);
        route.destination_cidr_block("0.0.0.0/0").send().await.unwrap();
        let subnets: Vec<String> = network.subnets.iter().map(|it| it.get().unwrap().0).collect();
        let balancer = cx.elbv2.create_load_balancer().name("web").set_subnets(Some(subnets));
        let balancer = balancer.send().await.unwrap();
        let balancer = balancer.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
        let mut groups = Vec::new();
        for name in ["blue", "green"] {
            let group = cx.elbv2.create_target_group().name(name).protocol("HTTP".into()).port(80);
            let group = group.vpc_id(&vpc).target_type("ip".into()).send().await.unwrap();
            groups.push(group.target_groups()[0].target_group_arn().unwrap().to_owned());
        }
        let forward = |groups: &[String]| {
            let tuple =
                |arn: &String| TargetGroupTuple::builder().target_group_arn(arn).weight(1).build();
            let config = ForwardActionConfig::builder()
                .set_target_groups(Some(groups.iter().map(tuple).collect()))
                .build();
            Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build()
        };
        let listener = cx.elbv2.create_listener().load_balancer_arn(&balancer).port(80);
        let listener = listener.protocol("HTTP".into()).default_actions(forward(&groups));
        let listener = listener.send().await.unwrap();
        let listener = listener.listeners()[0].listener_arn().unwrap().to_owned();
        let all = PathPatternConditionConfig::builder().values("/*").build();
        let all = RuleCondition::builder().field("path-pattern").path_pattern_config(all).build();
        let rule = cx.elbv2.create_rule().listener_arn(&listener).priority(1).conditions(all);
        let rule = rule.actions(forward(&groups)).send().await.unwrap();
        let rule = rule.rules()[0].rule_arn().unwrap().to_owned();
        let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
        let role = cx.iam.create_role().role_name("traffic").assume_role_policy_document(trust);
        let role = role.send().await.unwrap().role.unwrap().arn;
        let alarm = cx.cloudwatch.put_metric_alarm().alarm_name("errors").namespace("own");
        let alarm = alarm.metric_name("errors").statistic("Sum".into()).period(60).threshold(1.0);
        let alarm = alarm.comparison_operator(ComparisonOperator::GreaterThanThreshold);
        alarm.evaluation_periods(1).send().await.unwrap();

        let cluster = account.create("main", &Cluster::default()).await;
        let good = account.create("api", &task("nginx:1")).await;
        let service = Service {
            desired_count: Some(2),
            network: Some(network),
            load_balancers: vec![LoadBalancer {
                target_group: Input::Known(groups[0].as_str().into()),
                container: "api".to_owned(),
                port: 80,
                switch: Some(Switch {
                    alternate_target_group: Input::Known(groups[1].as_str().into()),
                    production_listener_rule: Input::Known(rule.clone()),
                    test_listener_rule: None,
                    role: Input::Known(role.into()),
                }),
            }],
            deployment,
            ..Service::new(output(&cluster, "name"), output(&good, "arn"))
        };
        let live = account.create("api", &service).await;
        let groups = [groups[0].clone(), groups[1].clone()];
        Self { account, service, live, rule, groups }
    }

    /// Begins to deploy another image.
    async fn deploy(&mut self, image: &str) -> Progress {
        let definition = self.account.create("api", &task(image)).await;
        self.service.task_definition = output(&definition, "arn");
        let wanted = serde_json::to_value(&self.service).unwrap();
        self.live = self.account.latest::<Service>("api").await;
        let driver = self.account.driver(Service::KIND);
        let changes = diff(&Rules::new(driver.info().rules), &self.live.spec, &wanted);
        driver.update(&self.live, &wanted, &changes).await.unwrap()
    }

    async fn look(&self, progress: &Progress) -> Health {
        let waiting = [Waiting {
            identity: self.live.identity.clone(),
            outputs: progress.outputs.clone(),
            ticket: progress.ticket.clone(),
            deleting: false,
            last: false,
        }];
        self.account.driver(Service::KIND).look(&waiting).await.unwrap().remove(0)
    }

    /// `blue:green`.
    async fn weights(&self) -> String {
        let rules = self.account.cx.elbv2.describe_rules().rule_arns(&self.rule);
        let rules = rules.send().await.unwrap();
        let config = rules.rules()[0].actions()[0].forward_config().unwrap();
        let of = |arn: &String| {
            let mut all = config.target_groups().iter();
            all.find(|one| one.target_group_arn() == Some(arn)).and_then(|one| one.weight())
        };
        format!("{}:{}", of(&self.groups[0]).unwrap(), of(&self.groups[1]).unwrap())
    }

    /// Looks every five seconds, and gives each change of weights and words with its time, until it ends, has paused, or
    /// says this.
    async fn follow(&self, progress: &Progress, until: &str) -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        let mut last = String::new();
        for second in (0..100_000).step_by(5) {
            let (weights, health) = (self.weights().await, self.look(progress).await);
            let (text, over) = match health {
                Health::Ready => ("done".to_owned(), true),
                Health::Pending(text) | Health::Unhurried(text) => (text, false),
                Health::Paused(why) => {
                    (why.message.split("; it will").next().unwrap().to_owned(), true)
                }
                Health::Broken(why) => (why.message.clone(), true),
                other => panic!("{other:?}"),
            };
            let line = format!("{weights} {text}");
            if line != last {
                seen.push(format!("{:>2}m{:02} {line}", second / 60, second % 60));
                last = line;
            }
            if over || (!until.is_empty() && text.contains(until)) {
                return seen;
            }
            self.account.clock.advance(Duration::from_secs(5));
        }
        panic!("it never ends: {seen:#?}");
    }

    async fn alarm(&self, state: StateValue) {
        let call = self.account.cx.cloudwatch.set_alarm_state().alarm_name("errors");
        call.state_value(state).state_reason("try").send().await.unwrap();
    }

    fn name(&self, field: &str) -> &str {
        self.live.outputs[field].as_str().unwrap()
    }

    /// What differs between what is wanted and what is live, whatever ECS has moved.
    async fn differences(&mut self) -> Vec<String> {
        let live = self.account.latest::<Service>("api").await;
        let wanted = serde_json::to_value(&self.service).unwrap();
        let rules = Rules::new(self.account.driver(Service::KIND).info().rules);
        diff(&rules, &live.spec, &wanted).into_iter().map(|change| change.path).collect()
    }
}

fn alarms() -> Alarms {
    Alarms { names: vec![Input::Known("errors".to_owned())], enable: true, rollback: true }
}

fn canary() -> Deployment {
    Deployment {
        strategy: "CANARY".to_owned(),
        bake_time: 5,
        canary: Some(Canary { percent: 10.0, bake_time: 10 }),
        alarms: alarms(),
        ..Deployment::default()
    }
}

fn blue_green() -> Deployment {
    Deployment {
        strategy: "BLUE_GREEN".to_owned(),
        bake_time: 60,
        alarms: alarms(),
        ..Deployment::default()
    }
}

/// The weights that were seen, one after another, and what was said at the end.
fn shares(seen: &[String]) -> (Vec<&str>, &str) {
    let mut weights: Vec<&str> = seen.iter().map(|line| parts(line).0).collect();
    weights.dedup();
    (weights, seen.last().map_or("", |line| parts(line).1))
}

/// Weights and words of a line.
fn parts(line: &str) -> (&str, &str) {
    let (_, rest) = line.trim_start().split_once(' ').unwrap();
    rest.split_once(' ').unwrap()
}

#[track_caller]
fn says(seen: &[String], wanted: &str) {
    assert!(seen.iter().any(|line| parts(line).1 == wanted), "`{wanted}` is not said: {seen:#?}");
}

#[tokio::test]
async fn a_canary_passes() {
    let mut stage = Stage::set(canary()).await;
    let progress = stage.deploy("nginx:2").await;
    let seen = stage.follow(&progress, "").await;
    assert_eq!(shares(&seen), (vec!["100:0", "90:10", "0:100"], "done"));
    says(
        &seen,
        "canary: step 1 of 2, bakes for 10m; traffic 10% demo-test-api:2, 90% demo-test-api:1; tasks 2/2 new, 2/2 old; errors watched",
    );
    says(
        &seen,
        "canary: bakes for 5m; traffic 100% demo-test-api:2, 0% demo-test-api:1; tasks 2/2 new, 2/2 old; errors watched",
    );
    assert_eq!(stage.differences().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_alarm_rolls_a_canary_back() {
    let mut stage = Stage::set(canary()).await;
    let progress = stage.deploy("nginx:2").await;
    stage.follow(&progress, "step 1 of 2").await;
    assert_eq!(stage.differences().await, Vec::<String>::new());
    stage.alarm(StateValue::Alarm).await;
    let seen = stage.follow(&progress, "").await;
    let (weights, said) = shares(&seen);
    assert_eq!(weights, ["100:0"]);
    assert!(
        said.ends_with("ECS is rolling it back to demo-test-api:1: alarm errors went off"),
        "{said}"
    );
}

#[tokio::test]
async fn blue_green_passes_and_an_alarm_rolls_it_back() {
    let mut stage = Stage::set(blue_green()).await;
    let progress = stage.deploy("nginx:2").await;
    let seen = stage.follow(&progress, "").await;
    assert_eq!(shares(&seen), (vec!["100:0", "0:100"], "done"));
    let progress = stage.deploy("nginx:3").await;
    let seen = stage.follow(&progress, "bakes for 1h").await;
    assert_eq!(shares(&seen).0, ["0:100", "100:0"]);
    stage.alarm(StateValue::Alarm).await;
    let seen = stage.follow(&progress, "").await;
    let (weights, said) = shares(&seen);
    assert_eq!(weights, ["0:100"]);
    assert!(
        said.ends_with("ECS is rolling it back to demo-test-api:2: alarm errors went off"),
        "{said}"
    );
}

#[tokio::test]
async fn linear_steps_take_as_long_as_they_were_told() {
    let linear = Deployment {
        strategy: "LINEAR".to_owned(),
        linear: Some(Linear { step_percent: 40.0, step_bake_time: 30 }),
        ..Deployment::default()
    };
    let mut stage = Stage::set(linear).await;
    let progress = stage.deploy("nginx:2").await;
    let seen = stage.follow(&progress, "").await;
    assert_eq!(shares(&seen), (vec!["100:0", "60:40", "20:80", "0:100"], "done"));
    let at = |weights: &str| -> u32 {
        let line = seen.iter().find(|line| parts(line).0 == weights).unwrap();
        line.trim_start().split_once('m').unwrap().0.parse().unwrap()
    };
    assert!((30..=31).contains(&(at("20:80") - at("60:40"))), "{seen:#?}");
    assert!((30..=31).contains(&(at("0:100") - at("20:80"))), "{seen:#?}");
}

#[tokio::test]
async fn a_pause_waits_for_a_person_and_a_deployment_can_be_stopped() {
    let pause = LifecycleHook {
        hook: "PAUSE".to_owned(),
        target: None,
        role: None,
        stages: vec!["PRE_PRODUCTION_TRAFFIC_SHIFT".to_owned()],
        timeout: Some(1440),
        on_timeout: Some("ROLLBACK".to_owned()),
    };
    let mut stage = Stage::set(canary()).await;
    stage.service.deployment.lifecycle_hooks = vec![pause];
    let progress = stage.deploy("nginx:2").await;
    let paused = "the deployment has paused at PRE_PRODUCTION_TRAFFIC_SHIFT: traffic";
    let seen = stage.follow(&progress, "").await;
    let said = format!("{paused} 0% demo-test-api:2, 100% demo-test-api:1");
    assert_eq!(shares(&seen), (vec!["100:0"], said.as_str()));
    let cx = stage.account.cx.clone();
    let now = async || {
        shifting::current(&cx, stage.name("cluster"), stage.name("name")).await.unwrap().unwrap()
    };
    shifting::go_on(&cx, &now().await, true).await.unwrap();
    // It pauses before each step.
    let seen = stage.follow(&progress, "").await;
    let said = format!("{paused} 10% demo-test-api:2, 90% demo-test-api:1");
    assert_eq!(shares(&seen), (vec!["100:0", "90:10"], said.as_str()));
    shifting::stop(&cx, &now().await.arn).await.unwrap();
    let seen = stage.follow(&progress, "").await;
    let (weights, said) = shares(&seen);
    assert_eq!(weights, ["100:0"]);
    assert!(said.contains("was stopped by someone"), "{said}");
    stage.account.clock.advance(Duration::from_secs(600));
    let ended = now().await;
    assert_eq!((ended.status.as_str(), ended.new.traffic), ("ROLLBACK_SUCCESSFUL", 0.0));
}

#[tokio::test]
async fn tasks_that_do_not_start_get_no_traffic() {
    let mut deployment = canary();
    deployment.circuit_breaker.enable = true;
    deployment.circuit_breaker.rollback = true;
    let mut stage = Stage::set(deployment).await;
    let progress = stage.deploy("nginx:bad").await;
    let seen = stage.follow(&progress, "").await;
    assert_eq!(shares(&seen), (vec!["100:0"], "the image does not exist: nginx:bad"));
}
