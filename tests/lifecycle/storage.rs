//! Examples of file systems, access points, and a service whose tasks have an EBS volume.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shipit::engine::{Handle, Input};
use shipit::resources::ecs::service::{EbsVolume, Network};
use shipit::resources::ecs::task_definition::volume::Volume;
use shipit::resources::ecs::{Service, TaskDefinition};
use shipit::resources::efs::access_point::{Creation, User};
use shipit::resources::efs::file_system::{Lifecycle, MountTarget};
use shipit::resources::efs::{AccessPoint, FileSystem};

use super::example::{Example, Graph, edit, retag, tags};
use super::stores::{key, trust};

fn policy(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow",
        "Principal": { "AWS": "*" },
        "Action": action,
    }] })
}

impl Graph {
    fn file_system(&mut self, name: &str) -> Handle<FileSystem> {
        let target = |graph: &mut Self, letter| MountTarget {
            subnet: graph.subnet(letter).id(),
            security_groups: vec![graph.group("files").id()],
        };
        let system = FileSystem {
            throughput_mode: "elastic".to_owned(),
            lifecycle: Lifecycle {
                to_infrequent_access: Some("AFTER_30_DAYS".to_owned()),
                to_archive: Some("AFTER_90_DAYS".to_owned()),
                to_primary: Some("AFTER_1_ACCESS".to_owned()),
            },
            policy: Some(policy("elasticfilesystem:ClientMount")),
            mount_targets: vec![target(self, 'a'), target(self, 'b')],
            tags: tags(),
            ..FileSystem::default()
        };
        self.add(name, &system)
    }
}

pub(super) fn file_system() -> Example {
    let mut graph = Graph::default();
    let system = graph.file_system("main");
    let (a, b, c) = (graph.subnet('a'), graph.subnet('b'), graph.subnet('c'));
    let (group, other) = (graph.group("files"), graph.group("other"));
    let target =
        |subnet: Input<_>, group: Input<_>| MountTarget { subnet, security_groups: vec![group] };
    let mut moved = vec![target(a.id(), group.id()), target(c.id(), group.id())];
    let shown = json!(moved);
    moved[1] = target(b.id(), other.id());
    graph.example(
        &system,
        vec![
            edit("throughput_mode", json!("provisioned"))
                .with("provisioned_throughput", json!(2.5))
                .with("lifecycle.to_archive", json!(null)),
            edit("provisioned_throughput", json!(4.0))
                .with("throughput_mode", json!("provisioned"))
                .with("lifecycle.to_archive", json!(null)),
            edit("replication_overwrite_protection", json!(false)),
            edit("backup", json!(false)),
            edit("lifecycle", json!(Lifecycle::default())),
            edit("lifecycle.to_infrequent_access", json!("AFTER_7_DAYS")),
            edit("lifecycle.to_archive", json!("AFTER_180_DAYS")),
            edit("policy", policy("elasticfilesystem:ClientWrite")),
            edit("policy", json!(null)),
            edit("mount_targets", shown),
            edit("mount_targets", json!(moved)),
            edit("mount_targets", json!([])),
            retag(),
            edit("encrypted", json!(false)),
            edit("performance_mode", json!("maxIO"))
                .with("throughput_mode", json!("bursting"))
                .with("lifecycle.to_archive", json!(null)),
            edit("zone", json!("eu-west-1a"))
                .with("mount_targets", json!([target(a.id(), group.id())])),
        ],
    )
}

pub(super) fn access_point() -> Example {
    let mut graph = Graph::default();
    let (system, other) = (graph.file_system("main"), graph.file_system("other"));
    let point = AccessPoint {
        file_system: system.id(),
        user: Some(User { uid: 1000, gid: 1001, secondary_gids: vec![5] }),
        root: "/api".to_owned(),
        creation: Some(Creation { uid: 1000, gid: 1001, permissions: "0755".to_owned() }),
        tags: tags(),
    };
    let handle = graph.add("api", &point);
    graph.example(
        &handle,
        vec![
            edit("user.uid", json!(7)),
            edit("user", json!(null)),
            edit("root", json!("/other")),
            edit("creation.permissions", json!("0700")),
            edit("creation", json!(null)),
            edit("file_system", json!(other.id())),
            retag(),
        ],
    )
}

pub(super) fn service_with_volume() -> Example {
    let mut graph = Graph::default();
    let role = graph.role("api-volumes");
    let address = role.address().clone();
    graph.desired_mut().nodes.get_mut(&address).unwrap().spec["assume_policy"] =
        trust("ecs.amazonaws.com");
    let task = TaskDefinition {
        volumes: BTreeMap::from([(
            "data".to_owned(),
            Volume { configured_at_launch: true, ..Volume::default() },
        )]),
        ..graph.task_document()
    };
    let task = graph.add("api", &task);
    let volume = EbsVolume {
        size: Some(20),
        volume_type: "gp3".to_owned(),
        iops: Some(4000),
        throughput: Some(200),
        encrypted: true,
        kms_key: Some(key(1)),
        snapshot: Some("snap-0123456789abcdef0".to_owned()),
        initialization_rate: Some(200),
        filesystem: "xfs".to_owned(),
        role: role.arn(),
        tags: tags(),
        propagate_tags: "SERVICE".to_owned(),
    };
    let plain = EbsVolume {
        iops: None,
        throughput: None,
        encrypted: false,
        kms_key: None,
        snapshot: None,
        initialization_rate: None,
        tags: BTreeMap::new(),
        propagate_tags: "NONE".to_owned(),
        ..volume.clone()
    };
    let service = Service {
        network: Some(Network {
            subnets: graph.public().iter().map(|subnet| subnet.id()).collect(),
            security_groups: vec![graph.group("api").id()],
            assign_public_ip: true,
        }),
        volumes: BTreeMap::from([("data".to_owned(), volume)]),
        tags: tags(),
        ..Service::new(graph.cluster("main").name(), task.arn())
    };
    let handle = graph.add("api", &service);
    graph.example(
        &handle,
        vec![
            edit("volumes.data.size", json!(30)),
            edit("volumes.data.volume_type", json!("io2"))
                .with("volumes.data.throughput", json!(null)),
            edit("volumes.data.iops", json!(5000)),
            edit("volumes.data.throughput", json!(300)),
            edit("volumes.data.kms_key", json!(key(2))),
            edit("volumes.data.snapshot", json!("snap-0123456789abcdef1")),
            edit("volumes.data.initialization_rate", json!(100)),
            edit("volumes.data.filesystem", json!("ext4")),
            edit("volumes.data.tags", json!({ "team": "red" })),
            edit("volumes.data.propagate_tags", json!("TASK_DEFINITION")),
            edit("volumes.data", json!(plain)),
        ],
    )
}
