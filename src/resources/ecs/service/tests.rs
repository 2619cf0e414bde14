//! What is written is read back, and deployments get the verdict they deserve.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{AvailabilityZoneRebalancing, PropagateTags};
use aws_sdk_ecs::types::{
    Deployment as SdkDeployment, DeploymentRolloutState as Rollout, LaunchType,
    Service as SdkService, ServiceRegistry as SdkRegistry,
};

use super::connect::{ClientAlias, ConnectService, ConnectTls};
use super::deployment::{Alarms, Canary, CircuitBreaker, EarlySuccess, LifecycleHook, Linear};
use super::*;
use crate::resources::ecs::task_definition::container::LogConfiguration;

fn known<T: From<&'static str>>(text: &'static str) -> Input<T> {
    Input::Known(T::from(text))
}

/// A service as DescribeServices gives it, without defaults.
fn described() -> aws_sdk_ecs::types::builders::ServiceBuilder {
    SdkService::builder()
        .service_arn("arn:aws:ecs:eu-west-1:1:service/demo-test/demo-test-api")
        .service_name("demo-test-api")
        .cluster_arn("arn:aws:ecs:eu-west-1:1:cluster/demo-test")
        .status("ACTIVE")
        .task_definition("arn:aws:ecs:eu-west-1:1:task-definition/demo-test-api:1")
        .desired_count(2)
        .launch_type(LaunchType::Fargate)
}

fn plain() -> Service {
    let mut service = Service::new(
        known("demo-test"),
        known("arn:aws:ecs:eu-west-1:1:task-definition/demo-test-api:1"),
    );
    service.desired_count = Some(2);
    service
}

#[test]
fn what_ecs_leaves_out_is_spelt_out() {
    let service = described()
        .availability_zone_rebalancing(AvailabilityZoneRebalancing::Enabled)
        .propagate_tags(PropagateTags::None)
        .build();
    assert_eq!(read::spec(&service, &Tags::new(), Tags::new()), plain());
}

#[test]
fn a_tag_says_who_decides_the_count() {
    let tags = Tags::from([(COUNT_TAG.to_owned(), COUNT_AUTOSCALED.to_owned())]);
    let service = read::spec(&described().build(), &tags, Tags::new());
    assert_eq!((service.desired_count, service.initial_count), (None, Some(2)));
    assert!(service.is_autoscaled());
}

#[test]
fn parts_read_back_as_they_were_written() {
    let desired = Service {
        capacity_provider_strategy: vec![
            CapacityProviderStrategyItem::of("FARGATE", 1, 1),
            CapacityProviderStrategyItem::of("FARGATE_SPOT", 3, 0),
        ],
        launch_type: None,
        network: Some(Network {
            subnets: vec![known("subnet-1"), known("subnet-2")],
            security_groups: vec![known("sg-1")],
            assign_public_ip: true,
        }),
        load_balancers: vec![LoadBalancer {
            target_group: known("arn:tg-1"),
            container: "nginx".into(),
            port: 80,
            switch: Some(Switch {
                alternate_target_group: known("arn:tg-2"),
                production_listener_rule: known("arn:rule-1"),
                test_listener_rule: Some(known("arn:rule-2")),
                role: known("arn:role"),
            }),
        }],
        service_registries: vec![ServiceRegistry {
            registry: known("arn:srv"),
            port: None,
            container: Some("nginx".into()),
            container_port: Some(80),
        }],
        placement_constraints: vec![PlacementConstraint {
            constraint: "memberOf".into(),
            expression: Some("attribute:a == b".into()),
        }],
        placement_strategy: vec![PlacementStrategy {
            strategy: "spread".into(),
            field: Some("instanceId".into()),
        }],
        health_check_grace_period: 30,
        availability_zone_rebalancing: false,
        ..plain()
    };
    let registries: Vec<SdkRegistry> = desired.sdk_registries().unwrap();
    let strategy = strategy_to_sdk(&desired.capacity_provider_strategy).unwrap();
    let live = described()
        .set_capacity_provider_strategy(Some(strategy))
        .set_network_configuration(desired.sdk_network().unwrap())
        .set_load_balancers(Some(desired.sdk_load_balancers().unwrap()))
        .set_service_registries(Some(registries))
        .set_placement_constraints(Some(desired.sdk_constraints()))
        .set_placement_strategy(Some(desired.sdk_strategy()))
        .health_check_grace_period_seconds(30)
        .availability_zone_rebalancing(desired.rebalancing())
        .deployment_controller(desired.controller().unwrap())
        .deployment_configuration(desired.deployment.to_sdk(None).unwrap())
        .build();
    assert_eq!(read::spec(&live, &Tags::new(), Tags::new()), desired);
}

#[test]
fn deployment_configurations_read_back_as_they_were_written() {
    let rolling = Deployment {
        minimum_healthy_percent: 50,
        maximum_percent: 150,
        circuit_breaker: CircuitBreaker {
            enable: true,
            rollback: true,
            reset_on_healthy_task: false,
            threshold_type: "COUNT".into(),
            threshold: 5,
        },
        alarms: Alarms { names: vec!["errors".to_owned().into()], enable: true, rollback: true },
        early_success: Some(EarlySuccess {
            healthy_percent: Some(80),
            cleanup: Some("DEFERRED".into()),
        }),
        ..Deployment::default()
    };
    let hook = LifecycleHook {
        hook: "AWS_LAMBDA".into(),
        target: Some("arn:function".into()),
        role: Some(known("arn:role")),
        stages: vec!["PRE_SCALE_UP".into(), "POST_SCALE_UP".into()],
        timeout: Some(30),
        on_timeout: Some("CONTINUE".into()),
    };
    let canary = Deployment {
        strategy: "CANARY".into(),
        bake_time: 5,
        canary: Some(Canary { percent: 5.0, bake_time: 10 }),
        lifecycle_hooks: vec![hook],
        ..Deployment::default()
    };
    let linear = Deployment {
        strategy: "LINEAR".into(),
        linear: Some(Linear { step_percent: 20.0, step_bake_time: 3 }),
        ..Deployment::default()
    };
    let all = [Deployment::default(), rolling, canary, linear];
    for one in &all {
        for live in [None, Some(&all[0]), Some(&all[1]), Some(&all[2])] {
            assert_eq!(Deployment::from_sdk(&one.to_sdk(live).unwrap()), *one);
        }
    }
}

#[test]
fn service_connect_reads_back_as_it_was_written() {
    let desired = ServiceConnect {
        namespace: Some(known("arn:namespace")),
        services: BTreeMap::from([(
            "web".to_owned(),
            ConnectService {
                discovery_name: Some("api".into()),
                client_aliases: vec![ClientAlias {
                    port: 80,
                    dns_name: Some("api".into()),
                    test_header: Some(("x-test".into(), Some("yes".into()))),
                }],
                ingress_port: Some(15000),
                idle_timeout: Some(60),
                request_timeout: Some(15),
                tls: Some(ConnectTls {
                    certificate_authority: Some("arn:ca".into()),
                    kms_key: Some("arn:key".into()),
                    role: Some(known("arn:role")),
                }),
            },
        )]),
        log_configuration: Some(LogConfiguration {
            driver: "awslogs".into(),
            options: BTreeMap::from([("awslogs-group".to_owned(), known("group"))]),
            secret_options: BTreeMap::new(),
        }),
        access_log_format: Some("JSON".into()),
        access_log_query_parameters: true,
        log_level: Some("debug".into()),
    };
    let sent = connect::to_sdk(Some(&desired)).unwrap();
    assert!(sent.enabled());
    assert_eq!(ServiceConnect::from_sdk(&sent), desired);
    assert!(!connect::to_sdk(None).unwrap().enabled());
}

fn deployment(id: &str, status: &str, rollout: Option<Rollout>, running: i32) -> SdkDeployment {
    SdkDeployment::builder()
        .id(id)
        .status(status)
        .desired_count(2)
        .running_count(running)
        .set_rollout_state(rollout)
        .build()
}

/// `ready`, what is waited for, or `over`.
fn state_of(ticket: Option<&str>, deployments: Vec<SdkDeployment>) -> String {
    let service = described().set_deployments(Some(deployments)).build();
    match verdict::state(&service, verdict::Ticket::read(ticket)) {
        verdict::State::Known(Health::Ready) => "ready".to_owned(),
        verdict::State::Known(other) => format!("{other:?}"),
        verdict::State::Going(_, waits) => waits,
        verdict::State::Over(_) => "over".to_owned(),
    }
}

#[test]
fn a_deployment_is_judged_by_its_id() {
    let state = |rollout, running| {
        let one = deployment("ecs-svc/2", "PRIMARY", rollout, running);
        state_of(Some("ecs-svc/2 0 arn:aws:ecs:deployment"), vec![one])
    };
    assert_eq!(state(Some(Rollout::Completed), 2), "ready");
    assert_eq!(state(Some(Rollout::Completed), 1), "1 of 2 tasks running");
    assert_eq!(state(Some(Rollout::InProgress), 1), "1 of 2 tasks running");
    assert_eq!(state(Some(Rollout::Failed), 0), "over");
    // Endpoints that do not say how a roll-out goes.
    assert_eq!(state(None, 1), "1 of 2 tasks running");
    assert_eq!(state(None, 2), "ready");
    // Another one took its place.
    let other = deployment("ecs-svc/3", "PRIMARY", Some(Rollout::Completed), 2);
    assert_eq!(state_of(Some("ecs-svc/2"), vec![other]), "over");
}

#[test]
fn an_old_deployment_still_there_is_waited_for_where_nothing_else_says_so() {
    let deployments = vec![
        deployment("ecs-svc/2", "PRIMARY", None, 2),
        deployment("ecs-svc/1", "ACTIVE", None, 2),
    ];
    let expected = "2 of 3 tasks running (old tasks still there)";
    assert_eq!(state_of(Some("ecs-svc/2"), deployments), expected);
}

/// Tasks come and go while a service stands; only one with none at all is worth a wait.
#[test]
fn a_standing_service_is_ready_while_any_task_runs() {
    let standing = |running| {
        let primary = deployment("ecs-svc/1", "PRIMARY", Some(Rollout::Completed), running);
        verdict::standing(&described().deployments(primary).build())
    };
    assert_eq!(standing(2), Health::Ready);
    assert_eq!(standing(1), Health::Ready);
    assert_eq!(standing(0), Health::Pending("0 of 2 tasks running".to_owned()));
    let failed = deployment("ecs-svc/1", "PRIMARY", Some(Rollout::Failed), 0);
    let failed = verdict::standing(&described().deployments(failed).build());
    assert_eq!(failed, Health::Failed("its last deployment failed".to_owned()));
}

#[test]
fn a_deletion_is_over_once_nothing_drains() {
    let draining = |status: &str, running| {
        draining(&described().status(status).running_count(running).build())
    };
    assert_eq!(draining("INACTIVE", 0), Health::Gone);
    assert_eq!(draining("DRAINING", 1), Health::Pending("draining, 1 task still running".into()));
}
