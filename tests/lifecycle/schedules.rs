//! Examples of schedules.

use serde_json::json;
use shipit::resources::ecs::CapacityProviderStrategyItem;
use shipit::resources::ecs::service::Network;
use shipit::resources::iam::{Role, RoleArn};
use shipit::resources::scheduler::{Retry, Run, Schedule};

use super::example::{Example, Graph, edit, retag, tags};

impl Graph {
    fn runner(&mut self, name: &str) -> shipit::engine::Input<RoleArn> {
        let role = Role {
            assume_policy: json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Principal": { "Service": "scheduler.amazonaws.com" },
                    "Action": "sts:AssumeRole",
                }],
            }),
            ..Role::default()
        };
        self.add(name, &role).arn()
    }
}

pub(super) fn schedule() -> Example {
    let mut graph = Graph::default();
    let network = Network {
        subnets: graph.public().iter().map(|subnet| subnet.id()).collect(),
        security_groups: vec![graph.group("api").id()],
        assign_public_ip: true,
    };
    let run = Run {
        network: Some(network),
        group: Some("night".to_owned()),
        reference: Some("r-1".to_owned()),
        tags: tags(),
        ..Run::new(graph.cluster("main").arn(), graph.task("api").arn())
    };
    let schedule = Schedule {
        description: "every night".to_owned(),
        start: Some("2040-01-01T00:00:00Z".to_owned()),
        end: Some("2041-01-01T00:00:00Z".to_owned()),
        window: Some(15),
        kms_key: Some("arn:aws:kms:eu-west-1:123456789012:key/1".to_owned()),
        overrides: Some(json!({ "containerOverrides": [{ "name": "web", "command": ["ls"] }] })),
        retry: Retry { attempts: 3, maximum_age: 600 },
        dead_letters: Some(graph.queue("api/dead").arn()),
        tags: tags(),
        ..Schedule::new("cron(0 3 * * ? *)", graph.runner("api-runner"), run)
    };
    let handle = graph.add("api", &schedule);
    let (role, queue) = (graph.runner("api-runner-other"), graph.queue("api/other-dead").arn());
    let (cluster, task) = (graph.cluster("other").arn(), graph.task("api-other").arn());
    let [a, _] = graph.public();
    let group = graph.group("api-other").id();
    let providers = vec![CapacityProviderStrategyItem::of("FARGATE_SPOT", 1, 0)];
    let edits = vec![
        edit("expression", json!("rate(12 hours)")),
        edit("timezone", json!("Europe/Berlin")),
        edit("description", json!("")),
        edit("enabled", json!(false)),
        edit("start", json!(null)),
        edit("end", json!("2042-01-01T00:00:00Z")),
        edit("window", json!(null)),
        edit("delete_after_completion", json!(true)),
        edit("kms_key", json!(null)),
        edit("role", json!(role)),
        edit("run.cluster", json!(cluster)),
        edit("run.task_definition", json!(task)),
        edit("run.count", json!(2)),
        edit("run.capacity_provider_strategy", json!(providers))
            .with("run.launch_type", json!(null)),
        edit("run.network.subnets", json!([a.id()])),
        edit("run.network.security_groups", json!([group])),
        edit("run.network.assign_public_ip", json!(false)),
        edit("run.platform_version", json!("1.4.0")),
        edit("run.group", json!(null)),
        edit("run.enable_ecs_managed_tags", json!(true)),
        edit("run.enable_execute_command", json!(true)),
        edit(
            "run.placement_constraints",
            json!([{ "constraint": "memberOf", "expression": "attribute:ecs.os-type == linux" }]),
        )
        .with("run.launch_type", json!("EC2")),
        edit("run.placement_strategy", json!([{ "strategy": "spread", "field": "instanceId" }]))
            .with("run.launch_type", json!("EC2")),
        edit("run.propagate_tags", json!(true)),
        edit("run.reference", json!("r-2")),
        edit("run.tags", json!({ "team": "red" })),
        edit("overrides", json!(null)),
        edit("retry.attempts", json!(185)),
        edit("retry.maximum_age", json!(86_400)),
        edit("dead_letters", json!(queue)),
        edit("dead_letters", json!(null)),
        retag(),
    ];
    graph.example(&handle, edits)
}
