//! Examples of EKS's kinds.

use serde_json::{Value, json};
use shipit::engine::Handle;
use shipit::resources::eks::cluster::{AutoMode, PortRange, Scoring};
use shipit::resources::eks::{AccessEntry, Cluster, PodIdentityAssociation};
use shipit::resources::iam::Role;

use super::example::{Example, Graph, edit, retag, tags};

/// Lets a service take on a role, and tag its sessions.
fn trust(service: &str) -> Value {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": service },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }],
    })
}

/// One of EKS's access policies.
fn policy(name: &str) -> String {
    format!("arn:aws:eks::aws:cluster-access-policy/{name}")
}

impl Graph {
    fn trusted(&mut self, name: &str, service: &str) -> Handle<Role> {
        self.add(name, &Role { assume_policy: trust(service), ..Role::default() })
    }

    fn kubernetes(&mut self, name: &str) -> Handle<Cluster> {
        let role = self.trusted("kubernetes", "eks.amazonaws.com");
        let cluster = Cluster {
            subnets: vec![self.subnet('a').id(), self.subnet('b').id()],
            security_groups: vec![self.group("kubernetes").id()],
            tags: tags(),
            ..Cluster::new("1.35", role.arn())
        };
        self.add(name, &cluster)
    }
}

pub(super) fn cluster() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main");
    let other = graph.trusted("other", "eks.amazonaws.com");
    let nodes = graph.trusted("nodes", "ec2.amazonaws.com");
    let (a, c, group) = (graph.subnet('a'), graph.subnet('c'), graph.group("other"));
    let auto = AutoMode {
        node_pools: vec!["general-purpose".to_owned(), "system".to_owned()],
        node_role: Some(nodes.arn()),
        gateway_api: Some(true),
    };
    let bare = AutoMode { node_pools: Vec::new(), node_role: None, gateway_api: None };
    let scoring =
        Scoring { strategy: "MostAllocated".to_owned(), weights: [("cpu".to_owned(), 3)].into() };
    let example = graph.example(
        &cluster,
        vec![
            edit("role", json!(other.arn())),
            edit("subnets", json!([a.id(), c.id()])),
            edit("security_groups", json!([group.id()])),
            edit("security_groups", json!([])),
            edit("endpoint.private", json!(true)),
            edit("endpoint.public_cidrs", json!(["203.0.113.0/24"])),
            edit("service_ipv4_cidr", json!("10.200.0.0/16")),
            edit("logging", json!(["audit", "scheduler"])),
            edit("support_type", json!("EXTENDED")),
            edit("zonal_shift", json!(true)),
            edit("remote_node_networks", json!(["192.168.0.0/24"])),
            edit("remote_pod_networks", json!(["192.168.1.0/24"]))
                .with("remote_node_networks", json!(["192.168.0.0/24"])),
            edit("auto_mode", json!(auto)),
            edit("auto_mode", json!(bare)),
            edit("deletion_protection", json!(true)),
            edit("tier", json!("tier-xl")),
            edit("api_server.event_ttl", json!("2h")),
            edit(
                "api_server.service_node_port_range",
                json!(PortRange { min_port: 30_000, max_port: 31_000 }),
            ),
            edit("scheduler", json!(scoring)),
            edit("controller_manager.terminated_pod_gc_threshold", json!(500)),
            edit("controller_manager.horizontal_pod_autoscaler_sync_period", json!("30s")),
            // Several concerns: one call of EKS after another.
            edit("zonal_shift", json!(true))
                .with("tier", json!("tier-2xl"))
                .with("logging", json!(["api"])),
            retag(),
        ],
    );
    example.fixed(&[
        ("version", "goes up only; `tests/resources` upgrades a cluster"),
        ("control_plane_egress_mode", "cannot be taken back"),
        ("ip_family", "the subnets of the example have no IPv6"),
        ("encryption_key", "cannot be taken back"),
        ("authentication_mode", "cannot be taken back"),
        ("upgrade_despite_insights", "no property of the cluster"),
    ])
}

pub(super) fn access_entry() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main");
    let other = graph.kubernetes("other");
    let (one, two) = (graph.role("admins"), graph.role("others"));
    let entry = AccessEntry {
        cluster: cluster.name().when_ready(),
        principal: arn(&one),
        entry_type: "STANDARD".to_owned(),
        kubernetes_groups: vec!["viewers".to_owned()],
        username: None,
        policies: [(policy("AmazonEKSViewPolicy"), vec!["web".to_owned()])].into(),
        tags: tags(),
    };
    let handle = graph.add("admins", &entry);
    let cluster_wide =
        json!({ policy("AmazonEKSViewPolicy"): [], policy("AmazonEKSEditPolicy"): ["web"] });
    graph.example(
        &handle,
        vec![
            edit("cluster", json!(other.name().when_ready())),
            edit("principal", json!(arn(&two))),
            edit("entry_type", json!("EC2")).with("kubernetes_groups", json!([])),
            edit("kubernetes_groups", json!(["editors"])),
            edit("kubernetes_groups", json!([])),
            edit("username", json!("admins:{{SessionName}}")),
            edit("policies", cluster_wide),
            edit("policies", json!({})),
            retag(),
        ],
    )
}

/// A role's ARN as any text.
fn arn(role: &Handle<Role>) -> shipit::engine::Input<String> {
    role.output("arn")
}

pub(super) fn pod_identity_association() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main");
    let other = graph.kubernetes("other");
    let role = graph.trusted("pods", "pods.eks.amazonaws.com");
    let second = graph.trusted("others", "pods.eks.amazonaws.com");
    let association = PodIdentityAssociation {
        cluster: cluster.name().when_ready(),
        namespace: "web".to_owned(),
        service_account: "api".to_owned(),
        role: role.arn(),
        target_role: None,
        disable_session_tags: false,
        policy: None,
        tags: tags(),
    };
    let handle = graph.add("api", &association);
    let limit = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }],
    });
    graph.example(
        &handle,
        vec![
            edit("cluster", json!(other.name().when_ready())),
            edit("namespace", json!("other")),
            edit("service_account", json!("other")),
            edit("role", json!(second.arn())),
            edit("target_role", json!("arn:aws:iam::111122223333:role/far")),
            edit("disable_session_tags", json!(true)),
            edit("policy", limit).with("disable_session_tags", json!(true)),
            retag(),
        ],
    )
}
