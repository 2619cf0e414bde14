//! Examples of ECS services and their scaling.

use std::collections::BTreeMap;

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::applicationautoscaling::target::Suspended;
use shipit::resources::applicationautoscaling::{
    Metric, MetricStatistic, Policy, Schedule, Step, StepPolicy, Target,
};
use shipit::resources::ecs::service::deployment::{Canary, Deployment};
use shipit::resources::ecs::service::{LoadBalancer, Network, ServiceRegistry, Switch};
use shipit::resources::ecs::{CapacityProviderStrategyItem, Service};
use shipit::resources::elbv2::{Action, Conditions, ListenerRule};

use super::example::{Example, Graph, edit, retag, tags};
use super::network::text;

impl Graph {
    fn service(&mut self) -> Handle<Service> {
        let group = self.target_group("api");
        self.rule("api", &group);
        let service = Service {
            network: Some(Network {
                subnets: self.public().iter().map(|subnet| subnet.id()).collect(),
                security_groups: vec![self.group("api").id()],
                assign_public_ip: true,
            }),
            load_balancers: vec![LoadBalancer {
                target_group: group.arn(),
                container: "web".to_owned(),
                port: 80,
                switch: None,
            }],
            service_registries: vec![ServiceRegistry {
                registry: self.discovery("api").arn(),
                port: None,
                container: None,
                container_port: None,
            }],
            health_check_grace_period: 60,
            tags: tags(),
            ..Service::new(self.cluster("main").name(), self.task("api").arn())
        };
        self.add("api", &service)
    }
}

pub(super) fn service() -> Example {
    let mut graph = Graph::default();
    let service = graph.service();
    let other_task = graph.task("api-other");
    let other_cluster = graph.cluster("other");
    let other_group = graph.group("api-other");
    let other_name = graph.discovery("api-other");
    let [a, _] = graph.public();
    let c = graph.private();
    let namespace = graph.namespace().arn();
    let role = graph.service_role("api-connect", "ecs.amazonaws.com").arn();
    let connect = |port: serde_json::Value, proxy: serde_json::Value| {
        let mut port = port;
        port["client_aliases"] = json!([{ "port": 80, "dns_name": "web", "test_header": null }]);
        json!({
            "namespace": namespace,
            "services": { "web": port },
            "log_configuration": proxy["log"],
            "access_log_format": proxy["format"],
            "access_log_query_parameters": proxy["query"] == true,
            "log_level": proxy["level"],
        })
    };
    let log = json!({ "driver": "awslogs", "options": {
        "awslogs-group": "/x", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "proxy",
    }, "secret_options": {} });
    let authority = "arn:aws:acm-pca:eu-west-1:123456789012:certificate-authority/one";
    let plain = json!({
        "discovery_name": "web", "ingress_port": null, "idle_timeout": 60, "request_timeout": null, "tls": null,
    });
    let sealed = json!({
        "discovery_name": null, "ingress_port": 15000, "idle_timeout": null, "request_timeout": null,
        "tls": { "certificate_authority": authority, "kms_key": "alias/mesh", "role": role },
    });
    let mut tested = connect(plain.clone(), json!({}));
    tested["services"]["web"]["client_aliases"][0]["test_header"] = json!(["x-version", "next"]);
    let mut client = connect(plain.clone(), json!({}));
    client["services"] = json!({});
    let registry = json!([
        { "registry": other_name.arn(), "port": null, "container": null, "container_port": null }
    ]);
    let edits = vec![
        edit("task_definition", json!(other_task.arn())),
        edit("desired_count", json!(2)),
        edit("platform_version", json!("1.4.0")),
        edit("deployment.minimum_healthy_percent", json!(50)),
        edit("deployment.maximum_percent", json!(150)),
        edit("deployment.circuit_breaker.enable", json!(true))
            .with("deployment.circuit_breaker.rollback", json!(true)),
        edit(
            "deployment.alarms",
            json!({ "names": ["slow", "errors"], "enable": true, "rollback": true }),
        ),
        edit("network.subnets", json!([a.id()])),
        edit("network.security_groups", json!([other_group.id()])),
        // Without a public address a task needs another way out.
        edit("network.assign_public_ip", json!(false)).with("network.subnets", json!([c.id()])),
        edit("load_balancers", json!([])).with("health_check_grace_period", json!(0)),
        edit("service_registries", registry),
        edit("service_registries", json!([])),
        edit("health_check_grace_period", json!(30)),
        edit("availability_zone_rebalancing", json!(false)),
        edit("enable_execute_command", json!(true)),
        edit("enable_ecs_managed_tags", json!(true)),
        edit("propagate_tags", json!("SERVICE")),
        edit(
            "service_connect",
            connect(plain, json!({ "log": log, "format": "JSON", "query": true })),
        ),
        edit("service_connect", connect(sealed, json!({ "log": log, "level": "debug" }))),
        edit("service_connect", tested),
        edit("service_connect", client),
        retag(),
        edit("cluster", json!(other_cluster.name())),
    ];
    Example {
        fixed: &[
            ("launch_type", "ECS lets go of it for capacity providers, and never takes it back"),
            ("capacity_provider_strategy", "`service_on_providers` has one"),
            ("initial_count", "`service_on_providers` has one"),
            ("scheduling_strategy", "`DAEMON` needs instances"),
            ("deployment_controller", "the others deploy from outside: nothing here would"),
            ("placement_constraints", "are refused on Fargate"),
            ("placement_strategy", "is refused on Fargate"),
            ("volumes", "`service_with_volume` has one"),
            ("lattice", "`service_in_lattice` has one"),
        ],
        ..graph.example(&service, edits)
    }
}

pub(super) fn service_on_providers() -> Example {
    let mut graph = Graph::default();
    let strategy = |name: &str, base| vec![CapacityProviderStrategyItem::of(name, 1, base)];
    let service = Service {
        network: Some(Network {
            subnets: graph.public().iter().map(|subnet| subnet.id()).collect(),
            security_groups: vec![graph.group("api").id()],
            assign_public_ip: true,
        }),
        desired_count: None,
        initial_count: Some(2),
        launch_type: None,
        capacity_provider_strategy: strategy("FARGATE", 0),
        tags: tags(),
        ..Service::new(graph.cluster("main").name(), graph.task("api").arn())
    };
    let handle = graph.add("api", &service);
    graph.example(
        &handle,
        vec![
            edit("capacity_provider_strategy", json!(strategy("FARGATE_SPOT", 1))),
            edit("initial_count", json!(3)),
        ],
    )
}

/// One whose traffic moves between two target groups.
pub(super) fn service_that_shifts() -> Example {
    let mut graph = Graph::default();
    let (blue, green) = (graph.target_group("api"), graph.target_group("api-green"));
    let rule = ListenerRule {
        listener: graph.listener("http", 80).arn(),
        priority: 10,
        conditions: Conditions { path_patterns: vec!["/api".to_owned()], ..Conditions::default() },
        action: Action::shifted([blue.arn(), green.arn()]),
        tags: tags(),
    };
    let tested = ListenerRule { priority: 5, ..rule.clone() };
    let (rule, tested) = (graph.add("api", &rule), graph.add("api-test", &tested));
    let role = graph.service_role("api-traffic", "ecs.amazonaws.com");
    let joined = |test: Option<Input<String>>, shifts: bool| LoadBalancer {
        target_group: blue.arn(),
        container: "web".to_owned(),
        port: 80,
        switch: shifts.then(|| Switch {
            alternate_target_group: green.arn(),
            production_listener_rule: text(rule.arn()),
            test_listener_rule: test,
            role: role.arn(),
        }),
    };
    let service = Service {
        network: Some(Network {
            subnets: graph.public().iter().map(|subnet| subnet.id()).collect(),
            security_groups: vec![graph.group("api").id()],
            assign_public_ip: true,
        }),
        load_balancers: vec![joined(None, true)],
        deployment: Deployment {
            strategy: "CANARY".to_owned(),
            bake_time: 1,
            canary: Some(Canary { percent: 10.0, bake_time: 1 }),
            ..Deployment::default()
        },
        tags: tags(),
        ..Service::new(graph.cluster("main").name(), graph.task("api").arn())
    };
    let handle = graph.add("api", &service);
    let pause = json!([{
        "hook": "PAUSE", "target": null, "role": null, "stages": ["POST_SCALE_UP"], "timeout": 60, "on_timeout": "CONTINUE",
    }]);
    let strategy = |name: &str| {
        edit("deployment.strategy", json!(name)).with("deployment.canary", json!(null))
    };
    graph.example(
        &handle,
        vec![
            edit("deployment.canary.percent", json!(0.5)),
            edit("deployment.canary.bake_time", json!(0)),
            edit("deployment.bake_time", json!(2)),
            edit("deployment.lifecycle_hooks", pause),
            strategy("BLUE_GREEN"),
            strategy("LINEAR")
                .with("deployment.linear", json!({ "step_percent": 33.3, "step_bake_time": 1 })),
            strategy("ROLLING")
                .with("deployment.bake_time", json!(0))
                .with("load_balancers", json!([joined(None, false)])),
            edit("load_balancers", json!([joined(Some(text(tested.arn())), true)])),
        ],
    )
}

fn steps(cooldown: i32, least: Option<i32>) -> StepPolicy {
    let percent = if least.is_some() { "PercentChangeInCapacity" } else { "ChangeInCapacity" };
    StepPolicy {
        adjustment: percent.to_owned(),
        metric_aggregation: "Maximum".to_owned(),
        cooldown,
        min_adjustment_magnitude: least,
        step_adjustments: vec![
            Step {
                metric_interval_lower_bound: Some(0.0),
                metric_interval_upper_bound: Some(20.0),
                scaling_adjustment: 1,
            },
            Step {
                metric_interval_lower_bound: Some(20.0),
                metric_interval_upper_bound: None,
                scaling_adjustment: 3,
            },
        ],
    }
}

fn schedule(most: Option<i32>) -> Schedule {
    Schedule {
        schedule: "cron(0 20 * * ? *)".to_owned(),
        timezone: "Europe/Berlin".to_owned(),
        start: most.map(|_| "2030-01-01T00:00:00Z".to_owned()),
        end: most.map(|_| "2031-01-01T00:00:00Z".to_owned()),
        min_capacity: Some(0),
        max_capacity: most,
    }
}

pub(super) fn scaling_target() -> Example {
    let mut graph = Graph::default();
    let service = graph.service();
    let requests = Metric::RequestCountPerTarget {
        load_balancer: text(graph.balancer("main").full_name()),
        target_group: text(graph.target_group("api").full_name()),
    };
    let target = Target {
        cluster: service.cluster(),
        service: service.name(),
        min_capacity: Some(1),
        max_capacity: Some(4),
        initial_min_capacity: None,
        initial_max_capacity: None,
        suspended: Suspended::default(),
        policies: [
            ("cpu".to_owned(), Policy::new(Metric::cpu(), 70.0)),
            ("memory".to_owned(), Policy::new(Metric::memory(), 80.0)),
        ]
        .into(),
        steps: [("busy".to_owned(), steps(60, None))].into(),
        schedules: BTreeMap::new(),
        tags: tags(),
    };
    // The count is the target's from now on.
    let address = service.address().clone();
    let spec = &mut graph.desired_mut().nodes.get_mut(&address).unwrap().spec;
    spec["desired_count"] = json!(null);
    spec["initial_count"] = json!(1);
    let handle = graph.add("api", &target);
    let cpu = Policy::new(Metric::cpu(), 50.5);
    let latency = Metric::Custom {
        namespace: "AWS/ApplicationELB".to_owned(),
        name: "TargetResponseTime".to_owned(),
        dimensions: [("LoadBalancer".to_owned(), Input::Known("app/demo/1".to_owned()))].into(),
        statistic: "Average".to_owned(),
        unit: Some("Seconds".to_owned()),
    };
    let metric = |namespace: &str, name: &str, dimension: &str| MetricStatistic {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: [(dimension.to_owned(), Input::Known("demo-test-api".to_owned()))].into(),
        statistic: "Average".to_owned(),
        unit: Some("Count".to_owned()),
    };
    let backlog = Metric::Math {
        expression: "waiting / tasks".to_owned(),
        metrics: [
            (
                "waiting".to_owned(),
                metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
            ),
            (
                "tasks".to_owned(),
                metric("ECS/ContainerInsights", "RunningTaskCount", "ServiceName"),
            ),
        ]
        .into(),
    };
    let edits = vec![
        edit("min_capacity", json!(2)),
        edit("max_capacity", json!(6)),
        edit("suspended.dynamic_scaling_in", json!(true)),
        edit("suspended.dynamic_scaling_out", json!(true)),
        edit("suspended.scheduled_scaling", json!(true)),
        edit("policies.cpu", json!(cpu)),
        edit("policies.cpu.scale_in_cooldown", json!(60)),
        edit("policies.cpu.scale_out_cooldown", json!(60)),
        edit("policies.cpu.disable_scale_in", json!(true)),
        edit("policies.requests", json!(Policy::new(requests, 100.0))),
        edit("policies.backlog", json!(Policy::new(backlog, 10.0))),
        edit("policies.latency", json!(Policy::new(latency, 0.5))),
        edit("policies", json!({ "cpu": cpu })),
        edit("policies", json!({})),
        edit("steps.busy", json!(steps(120, Some(2)))),
        edit("steps.calm", json!(steps(30, None))),
        edit("steps", json!({})),
        edit("schedules", json!({ "night": schedule(None) })).with("min_capacity", json!(null)),
        edit("schedules", json!({ "night": schedule(Some(2)) }))
            .with("min_capacity", json!(null))
            .with("max_capacity", json!(null))
            .with("initial_min_capacity", json!(1))
            .with("initial_max_capacity", json!(4)),
        retag(),
    ];
    Example {
        fixed: &[
            ("cluster", "goes with `service`: a target without its service is deleted by AWS"),
            ("service", "another service would be another target's"),
        ],
        ..graph.example(&handle, edits)
    }
}
