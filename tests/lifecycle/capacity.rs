//! Examples of launch templates, groups, instance profiles and capacity providers.

use serde_json::json;
use shipit::engine::{Handle, Input};
use shipit::resources::autoscaling::AutoScalingGroup;
use shipit::resources::ec2::LaunchTemplate;
use shipit::resources::ec2::launch_template::{Disk, Metadata};
use shipit::resources::ecs::CapacityProvider;
use shipit::resources::ecs::capacity_provider::managed::Reservations;
use shipit::resources::ecs::capacity_provider::requirements::{Numbers, Range};
use shipit::resources::ecs::capacity_provider::{Group, ManagedInstances, Requirements, source};
use shipit::resources::iam::InstanceProfile;

use super::example::{Example, Graph, edit, retag, tags};

impl Graph {
    fn profile(&mut self, name: &str) -> Handle<InstanceProfile> {
        let role = self.role("instance").name();
        self.add(name, &InstanceProfile { role: Some(role), tags: tags() })
    }

    fn template(&mut self, name: &str) -> Handle<LaunchTemplate> {
        let profile = self.profile("instance").arn();
        let template = LaunchTemplate {
            image:
                "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
                    .to_owned(),
            instance_type: None,
            instance_profile: Some(profile),
            security_groups: vec![self.group("instances").id()],
            public_address: false,
            key_name: None,
            user_data: Some("#!/bin/sh\n".to_owned()),
            disks: Vec::new(),
            detailed_monitoring: false,
            ebs_optimized: None,
            metadata: Metadata::default(),
            instance_tags: tags(),
            tags: tags(),
        };
        self.add(name, &template)
    }

    fn instances(&mut self, name: &str) -> Handle<AutoScalingGroup> {
        let template = self.template("general").id();
        let group = AutoScalingGroup {
            instance_types: vec!["m7i.large".to_owned()],
            subnets: self.public().iter().map(|subnet| subnet.id()).collect(),
            tags: tags(),
            ..AutoScalingGroup::new(template, 4)
        };
        self.add(name, &group)
    }
}

pub(super) fn instance_profile() -> Example {
    let mut graph = Graph::default();
    let profile = graph.profile("instance");
    let other = graph.role("other").name();
    graph.example(&profile, vec![edit("role", json!(other)), edit("role", json!(null)), retag()])
}

pub(super) fn launch_template() -> Example {
    let mut graph = Graph::default();
    let template = graph.template("general");
    let other = graph.profile("other").arn();
    let group = graph.group("other").id();
    let disk = Disk {
        device: "/dev/xvda".to_owned(),
        size: 50,
        volume_type: "gp3".to_owned(),
        iops: Some(3000),
        throughput: Some(125),
        encrypted: true,
        kms_key: Some("arn:aws:kms:eu-west-1:123456789012:key/1".to_owned()),
        snapshot: Some("snap-0123456789abcdef0".to_owned()),
        delete_on_termination: true,
    };
    graph.example(
        &template,
        vec![
            edit("image", json!("ami-0123456789abcdef0")),
            edit("instance_type", json!("m7i.large")),
            edit("instance_profile", json!(other)),
            edit("security_groups", json!([group])),
            edit("public_address", json!(true)),
            edit("key_name", json!("ops")),
            edit("user_data", json!("#!/bin/sh\ntrue\n")),
            edit("user_data", json!(null)),
            edit("disks", json!([disk])),
            edit("detailed_monitoring", json!(true)),
            edit("ebs_optimized", json!(true)),
            edit("metadata.hop_limit", json!(1)),
            edit("metadata.tokens_required", json!(false)),
            edit("metadata.ipv6", json!(true)),
            edit("metadata.tags", json!(true)),
            edit("metadata.enabled", json!(false)),
            edit("instance_tags", json!({})),
            retag(),
        ],
    )
}

pub(super) fn group() -> Example {
    let mut graph = Graph::default();
    let group = graph.instances("general");
    let template = graph.template("other").id();
    let subnet = graph.subnet('a').id();
    graph.example(
        &group,
        vec![
            edit("launch_template", json!(template)),
            edit("instance_types", json!(["m6i.large", "m7i.large"])),
            edit("subnets", json!([subnet])),
            edit("min", json!(1)),
            edit("max", json!(9)),
            edit("on_demand_base", json!(1)),
            edit("on_demand_percentage", json!(50)),
            edit("spot_allocation", json!("capacity-optimized")),
            edit("on_demand_allocation", json!("lowest-price")),
            edit("spot_max_price", json!("0.05")),
            edit("capacity_rebalance", json!(true)),
            edit("protect_from_scale_in", json!(false)),
            edit("max_instance_lifetime", json!(86_400)),
            edit("instance_warmup", json!(60)),
            edit("cooldown", json!(60)),
            edit("health_check_type", json!("EC2,EBS")),
            edit("health_check_grace_period", json!(30)),
            edit("termination_policies", json!(["OldestInstance"])),
            retag(),
        ],
    )
}

pub(super) fn capacity_provider() -> Example {
    let mut graph = Graph::default();
    let group = graph.instances("general").arn();
    let cluster = graph.cluster("main").name();
    let provider = CapacityProvider {
        source: source(false),
        cluster: cluster.when_ready(),
        attached: true,
        group: Some(Group::new(group)),
        managed: None,
        tags: tags(),
    };
    let provider = graph.add("general", &provider);
    graph
        .example(
            &provider,
            vec![
                edit("attached", json!(false)),
                edit("group.target_capacity", json!(80)),
                edit("group.minimum_step", json!(2)),
                edit("group.maximum_step", json!(4)),
                edit("group.warmup", json!(60)),
                edit("group.termination_protection", json!(false)),
                edit("group.draining", json!(false)),
                retag(),
            ],
        )
        .fixed(&[
            ("source", "says which of the two is there: another is another provider"),
            ("cluster", "there is one in an environment"),
            ("managed", "`managed_instances` has them"),
        ])
}

pub(super) fn managed_instances() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.cluster("main").name();
    let managed = ManagedInstances {
        subnets: graph.public().iter().map(|subnet| subnet.id()).collect(),
        security_groups: vec![graph.group("instances").id()],
        storage: Some(80),
        local_storage: Some(false),
        requirements: Some(Requirements {
            vcpus: Range { min: Some(1), max: Some(8) },
            memory_mib: Range { min: Some(2048), max: None },
            network_interface_count: Some(Range { min: Some(1), max: None }),
            baseline_ebs_bandwidth_mbps: Some(Range { min: Some(1), max: None }),
            accelerator_count: Some(Range { min: None, max: Some(2) }),
            accelerator_total_memory_mib: Some(Range { min: None, max: Some(65_536) }),
            memory_gib_per_vcpu: Some(Numbers { min: Some(1.0), max: Some(16.5) }),
            total_local_storage_gb: Some(Numbers { min: None, max: Some(900.0) }),
            network_bandwidth_gbps: Some(Numbers { min: Some(0.5), max: None }),
            cpu_manufacturers: vec!["amd".to_owned(), "intel".to_owned()],
            excluded_instance_types: vec!["t2*".to_owned()],
            allowed_instance_types: Vec::new(),
            instance_generations: vec!["current".to_owned()],
            local_storage_types: vec!["ssd".to_owned()],
            accelerator_types: vec!["gpu".to_owned()],
            accelerator_manufacturers: vec!["nvidia".to_owned()],
            accelerator_names: vec!["t4".to_owned()],
            bare_metal: Some("excluded".to_owned()),
            burstable_performance: Some("included".to_owned()),
            local_storage: Some("included".to_owned()),
            spot_max_price_percentage_over_lowest_price: Some(50),
            on_demand_max_price_percentage_over_lowest_price: Some(20),
            max_spot_price_as_percentage_of_optimal_on_demand_price: None,
            require_hibernate_support: Some(false),
        }),
        fips: Some(false),
        reservations: Some(Reservations {
            group: None,
            preference: Some("RESERVATIONS_FIRST".to_owned()),
        }),
        metadata_tags: Some(false),
        scale_in_after: Some(600),
        auto_repair: Some(true),
        ..ManagedInstances::new(graph.role("infrastructure").arn(), graph.profile("instance").arn())
    };
    let provider = CapacityProvider {
        source: source(true),
        cluster: cluster.when_ready(),
        attached: true,
        group: None,
        managed: Some(managed),
        tags: tags(),
    };
    let provider = graph.add("managed", &provider);
    let other: Input<_> = graph.profile("other").arn();
    graph
        .example(
            &provider,
            vec![
                edit("managed.instance_profile", json!(other)),
                edit("managed.storage", json!(100)),
                edit("managed.local_storage", json!(true)),
                edit("managed.monitoring", json!("DETAILED")),
                edit("managed.requirements.vcpus", json!({ "min": 2, "max": 4 })),
                edit("managed.requirements.excluded_instance_types", json!(["c*"])),
                edit("managed.metadata_tags", json!(true)),
                edit("managed.propagate_tags", json!(false)),
                edit("managed.scale_in_after", json!(-1)),
                edit("managed.auto_repair", json!(false)),
                retag(),
            ],
        )
        .fixed(&[
            ("source", "says which of the two is there: another is another provider"),
            ("cluster", "there is one in an environment"),
            ("attached", "`capacity_provider` changes it"),
            ("group", "`capacity_provider` has one"),
        ])
}
