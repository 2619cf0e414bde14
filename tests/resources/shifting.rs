//! Deployments that move traffic, on a clock that only the test moves: all that AWS shows at each step (the service deployment's
//! stage, the weights of both rules, those of the revisions, tasks and healthy targets), beside what is said of it.

use std::fmt::Write;
use std::time::Duration;

use aws_sdk_cloudwatch::types::{ComparisonOperator, StateValue};
use aws_sdk_ecs::types::{ServiceDeployment, ServiceRevisionSummary};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, PathPatternConditionConfig, RuleCondition,
    TargetGroupAttribute, TargetGroupTuple, TargetHealthStateEnum,
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

/// What stands over [`Stage::follow`].
const HEAD: &str =
    "   at  rule   test    new  test    old  test  tasks    healthy  stage, status, alarms";

/// A service behind two rules with two target groups.
struct Stage {
    account: Account,
    service: Service,
    live: Live,
    rule: String,
    test: String,
    /// Blue and green.
    groups: [String; 2],
    /// Seconds since the deployment began.
    elapsed: u64,
    /// What the last line was about.
    last: (String, String),
}

impl Stage {
    /// It runs, deployed in this way.
    async fn set(deployment: Deployment) -> Self {
        let mut account =
            Account::open_with("rollouts:\n  - {image: '*:bad', fault: cannot-pull}\n").await;
        let (vpc, mut network) = network(&account.cx).await;
        let cx = account.cx.clone();
        let vpc = vpc.get().unwrap();
        let second = cx.ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.1.0/24");
        let second = second.availability_zone("eu-west-1b").send().await.unwrap();
        network.subnets.push(Input::Known(second.subnet.unwrap().subnet_id.unwrap().into()));
        let gateway = cx.ec2.create_internet_gateway().send().await.unwrap();
        let gateway = gateway.internet_gateway.unwrap().internet_gateway_id.unwrap();
        let attach = cx.ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc);
        attach.send().await.unwrap();
        let tables = cx.ec2.describe_route_tables().send().await.unwrap();
        let of_vpc = |one: &&aws_sdk_ec2::types::RouteTable| one.vpc_id() == Some(vpc.as_str());
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
            let group = group.target_groups()[0].target_group_arn().unwrap().to_owned();
            let delay = TargetGroupAttribute::builder().key("deregistration_delay.timeout_seconds");
            let call = cx.elbv2.modify_target_group_attributes().target_group_arn(&group);
            call.attributes(delay.value("10").build()).send().await.unwrap();
            groups.push(group);
        }
        let groups = [groups.remove(0), groups.remove(0)];
        let mut rules = Vec::new();
        for port in [80, 8080] {
            rules.push(rule(&account, &balancer, port, &groups).await);
        }
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
                    production_listener_rule: Input::Known(rules[0].clone()),
                    test_listener_rule: Some(Input::Known(rules[1].clone())),
                    role: Input::Known(role.into()),
                }),
            }],
            deployment,
            ..Service::new(output(&cluster, "name"), output(&good, "arn"))
        };
        let live = account.create("api", &service).await;
        let [rule, test] = [rules.remove(0), rules.remove(0)];
        let last = (String::new(), String::new());
        Self { account, service, live, rule, test, groups, elapsed: 0, last }
    }

    /// Begins to deploy another image.
    async fn deploy(&mut self, image: &str) -> Progress {
        let definition = self.account.create("api", &task(image)).await;
        self.service.task_definition = output(&definition, "arn");
        let wanted = serde_json::to_value(&self.service).unwrap();
        self.live = self.account.latest::<Service>("api").await;
        let driver = self.account.driver(Service::KIND);
        let changes = diff(&Rules::new(driver.info().rules), &self.live.spec, &wanted);
        (self.elapsed, self.last) = (0, (String::new(), String::new()));
        driver.update(&self.live, &wanted, &changes).await.unwrap()
    }

    /// What is said of it.
    async fn said(&self, progress: &Progress) -> String {
        let waiting = [Waiting {
            identity: self.live.identity.clone(),
            outputs: progress.outputs.clone(),
            ticket: progress.ticket.clone(),
            deleting: false,
            last: false,
        }];
        match self.account.driver(Service::KIND).look(&waiting).await.unwrap().remove(0) {
            Health::Ready => "done".to_owned(),
            Health::Pending(text) | Health::Unhurried(text) => text,
            // When that is, hangs on the clock.
            Health::Paused(why) => why.message.split("; it will").next().unwrap().to_owned(),
            Health::Broken(why) => {
                let id = |word: &str| word.starts_with("ecs-svc/");
                let words = why.message.split(' ').map(|word| if id(word) { "ID" } else { word });
                words.collect::<Vec<_>>().join(" ")
            }
            other => panic!("{other:?}"),
        }
    }

    /// `blue:green` of a rule.
    async fn weights(&self, rule: &str) -> String {
        let rules = self.account.cx.elbv2.describe_rules().rule_arns(rule).send().await.unwrap();
        let config = rules.rules()[0].actions()[0].forward_config().unwrap();
        let of = |arn: &String| {
            let mut all = config.target_groups().iter();
            all.find(|one| one.target_group_arn() == Some(arn)).and_then(|one| one.weight())
        };
        format!("{}:{}", of(&self.groups[0]).unwrap(), of(&self.groups[1]).unwrap())
    }

    async fn healthy(&self, group: &str) -> usize {
        let call = self.account.cx.elbv2.describe_target_health().target_group_arn(group);
        let answer = call.send().await.unwrap();
        let states = answer.target_health_descriptions().iter();
        let states = states.filter_map(|one| one.target_health()?.state());
        states.filter(|state| **state == TargetHealthStateEnum::Healthy).count()
    }

    async fn deployment(&self) -> ServiceDeployment {
        let arn = self.now().await.arn;
        let call = self.account.cx.ecs.describe_service_deployments().service_deployment_arns(arn);
        call.send().await.unwrap().service_deployments.unwrap().remove(0)
    }

    async fn now(&self) -> shifting::Shifting {
        let name = |field: &str| self.live.outputs[field].as_str().unwrap().to_owned();
        let (cluster, service) = (name("cluster"), name("name"));
        shifting::current(&self.account.cx, &cluster, &service).await.unwrap().unwrap()
    }

    /// What AWS shows, and whether it has ended.
    async fn shown(&self) -> (String, bool) {
        let now = self.deployment().await;
        let none = ServiceRevisionSummary::builder().build();
        let new = now.target_service_revision().unwrap_or(&none);
        let old = now.source_service_revisions().first().unwrap_or(&none);
        let shares = |one: &ServiceRevisionSummary| {
            let percent = |share: Option<f64>| format!("{}%", share.unwrap_or_default());
            format!(
                "{:>5} {:>5}",
                percent(one.requested_production_traffic_weight()),
                percent(one.requested_test_traffic_weight())
            )
        };
        let tasks = |one: &ServiceRevisionSummary| {
            format!("{}/{}", one.running_task_count(), one.requested_task_count())
        };
        let status = now.status().unwrap().as_str();
        let mut what = now.lifecycle_stage().map_or("-", |stage| stage.as_str()).to_owned();
        let mut waits = now.lifecycle_hook_details().iter();
        if waits.any(|one| one.status().is_some_and(|it| it.as_str() == "AWAITING_ACTION")) {
            what.push_str(" (pauses)");
        }
        if status != "IN_PROGRESS" {
            write!(what, ", {status}").unwrap();
        }
        if let Some(alarms) = now.alarms().and_then(|one| one.status()) {
            write!(what, ", {}", alarms.as_str()).unwrap();
        }
        let line = format!(
            "{:6} {:6} {} {}  {:8} {:8} {what}",
            self.weights(&self.rule).await,
            self.weights(&self.test).await,
            shares(new),
            shares(old),
            format!("{} {}", tasks(new), tasks(old)),
            format!(
                "{}:{}",
                self.healthy(&self.groups[0]).await,
                self.healthy(&self.groups[1]).await
            ),
        );
        (line, !matches!(status, "PENDING" | "IN_PROGRESS") && !status.ends_with("_IN_PROGRESS"))
    }

    /// Looks every five seconds and gives each change with its time, up to the end or up to where one of the two lines holds this.
    async fn follow(&mut self, progress: &Progress, until: &str) -> String {
        let mut seen = String::new();
        for _ in 0..100_000 {
            let (shown, ended) = self.shown().await;
            let said = self.said(progress).await;
            if shown != self.last.0 {
                let at = format!("{}m{:02}", self.elapsed / 60, self.elapsed % 60);
                writeln!(seen, "{at:>6} {shown}").unwrap();
            }
            if said != self.last.1 {
                writeln!(seen, "       {said}").unwrap();
            }
            let over = !until.is_empty() && format!("{shown}\n{said}").contains(until);
            self.last = (shown, said);
            if ended || over {
                return seen;
            }
            self.wait(5);
        }
        panic!("it never ends: {seen}");
    }

    fn wait(&mut self, seconds: u64) {
        self.account.clock.advance(Duration::from_secs(seconds));
        self.elapsed += seconds;
    }

    async fn alarm(&self, state: StateValue) {
        let call = self.account.cx.cloudwatch.set_alarm_state().alarm_name("errors");
        call.state_value(state).state_reason("try").send().await.unwrap();
    }

    /// What differs between what is wanted and what is live, whatever ECS has moved.
    async fn differences(&mut self) -> Vec<String> {
        let live = self.account.latest::<Service>("api").await;
        let wanted = serde_json::to_value(&self.service).unwrap();
        let rules = Rules::new(self.account.driver(Service::KIND).info().rules);
        diff(&rules, &live.spec, &wanted).into_iter().map(|change| change.path).collect()
    }
}

/// A rule for all paths on a listener of its own, which forwards to both groups.
async fn rule(account: &Account, balancer: &str, port: i32, groups: &[String; 2]) -> String {
    let elbv2 = &account.cx.elbv2;
    let tuple = |(arn, weight): (&String, i32)| {
        TargetGroupTuple::builder().target_group_arn(arn).weight(weight).build()
    };
    let config = ForwardActionConfig::builder()
        .set_target_groups(Some(groups.iter().zip([100, 0]).map(tuple).collect()))
        .build();
    let forward = Action::builder().r#type(ActionTypeEnum::Forward).forward_config(config).build();
    let listener = elbv2.create_listener().load_balancer_arn(balancer).port(port);
    let listener = listener.protocol("HTTP".into()).default_actions(forward.clone());
    let listener = listener.send().await.unwrap();
    let listener = listener.listeners()[0].listener_arn().unwrap().to_owned();
    let all = PathPatternConditionConfig::builder().values("/*").build();
    let all = RuleCondition::builder().field("path-pattern").path_pattern_config(all).build();
    let rule = elbv2.create_rule().listener_arn(&listener).priority(1).conditions(all);
    let rule = rule.actions(forward).send().await.unwrap();
    rule.rules()[0].rule_arn().unwrap().to_owned()
}

fn watched(strategy: &str, bake_time: i32) -> Deployment {
    Deployment {
        strategy: strategy.to_owned(),
        bake_time,
        alarms: Alarms {
            names: vec![Input::Known("errors".to_owned())],
            enable: true,
            rollback: true,
        },
        ..Deployment::default()
    }
}

fn canary() -> Deployment {
    Deployment { canary: Some(Canary { percent: 10.0, bake_time: 2 }), ..watched("CANARY", 1) }
}

fn linear() -> Deployment {
    Deployment {
        linear: Some(Linear { step_percent: 40.0, step_bake_time: 2 }),
        ..watched("LINEAR", 1)
    }
}

#[tokio::test]
async fn a_canary_passes() {
    let mut stage = Stage::set(canary()).await;
    let progress = stage.deploy("nginx:2").await;
    let seen = stage.follow(&progress, "").await;
    insta::assert_snapshot!("a_canary_passes", format!("{HEAD}\n{seen}"));
    assert_eq!(stage.differences().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_alarm_rolls_a_canary_back() {
    let mut stage = Stage::set(canary()).await;
    let progress = stage.deploy("nginx:2").await;
    let mut seen = stage.follow(&progress, "step 1 of 2, bakes").await;
    assert_eq!(stage.differences().await, Vec::<String>::new());
    stage.wait(60);
    stage.alarm(StateValue::Alarm).await;
    seen += &stage.follow(&progress, "").await;
    insta::assert_snapshot!("an_alarm_rolls_a_canary_back", format!("{HEAD}\n{seen}"));
}

#[tokio::test]
async fn blue_green_passes_and_an_alarm_rolls_it_back() {
    let mut stage = Stage::set(watched("BLUE_GREEN", 3)).await;
    let progress = stage.deploy("nginx:2").await;
    let seen = stage.follow(&progress, "").await;
    insta::assert_snapshot!("blue_green_passes", format!("{HEAD}\n{seen}"));
    // Back from green to blue, while it bakes.
    let progress = stage.deploy("nginx:3").await;
    let seen = stage.follow(&progress, "bakes for 3m").await;
    stage.wait(2 * 60);
    stage.alarm(StateValue::Alarm).await;
    let rest = stage.follow(&progress, "").await;
    insta::assert_snapshot!("an_alarm_rolls_blue_green_back", format!("{HEAD}\n{seen}{rest}"));
}

#[tokio::test]
async fn linear_steps_pass_and_an_alarm_rolls_them_back() {
    let mut stage = Stage::set(linear()).await;
    let progress = stage.deploy("nginx:2").await;
    let seen = stage.follow(&progress, "").await;
    insta::assert_snapshot!("linear_steps_pass", format!("{HEAD}\n{seen}"));
    let progress = stage.deploy("nginx:3").await;
    let mut seen = stage.follow(&progress, "step 2 of 3, bakes").await;
    stage.alarm(StateValue::Alarm).await;
    seen += &stage.follow(&progress, "").await;
    insta::assert_snapshot!("an_alarm_rolls_linear_steps_back", format!("{HEAD}\n{seen}"));
}

#[tokio::test]
async fn a_pause_waits_for_a_person_and_a_deployment_is_stopped_in_mid_shift() {
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
    let cx = stage.account.cx.clone();
    let mut seen = stage.follow(&progress, "(pauses)").await;
    // It waits as long as nobody says anything, and before each step.
    stage.wait(3600);
    shifting::go_on(&cx, &stage.now().await, true).await.unwrap();
    seen += "continue\n";
    seen += &stage.follow(&progress, "(pauses)").await;
    shifting::stop(&cx, &stage.now().await.arn).await.unwrap();
    seen += "stop\n";
    seen += &stage.follow(&progress, "").await;
    insta::assert_snapshot!("pause_continue_stop", format!("{HEAD}\n{seen}"));
}

#[tokio::test]
async fn tasks_that_do_not_start_get_no_traffic() {
    let mut deployment = canary();
    deployment.circuit_breaker.enable = true;
    deployment.circuit_breaker.rollback = true;
    let mut stage = Stage::set(deployment).await;
    let progress = stage.deploy("nginx:bad").await;
    let seen = stage.follow(&progress, "").await;
    insta::assert_snapshot!("tasks_that_do_not_start", format!("{HEAD}\n{seen}"));
}
