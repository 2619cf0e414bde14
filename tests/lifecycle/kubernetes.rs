//! Examples of EKS's kinds.

use serde_json::{Value, json};
use shipit::engine::Handle;
use shipit::resources::ec2::launch_template::{LaunchTemplate, Metadata};
use shipit::resources::ec2::{Route, RouteTable, RouteTarget, Subnet};
use shipit::resources::eks::capability::{Ack, ArgoCd, Capability, Person};
use shipit::resources::eks::cluster::{AutoMode, PortRange, Scoring};
use shipit::resources::eks::fargate_profile::{FargateProfile, Selector};
use shipit::resources::eks::nodegroup::{NodeGroup, Repair, RepairOverride, Scaling, WarmPool};
use shipit::resources::eks::{AccessEntry, Addon, Cluster, PodIdentityAssociation};
use shipit::resources::iam::{OidcProvider, Role};

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
    pub(super) fn trusted(&mut self, name: &str, service: &str) -> Handle<Role> {
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

impl Graph {
    /// Subnets with a way to the internet, for nodes.
    fn open(&mut self) -> [Handle<Subnet>; 2] {
        let vpc = self.vpc("main").id();
        let subnets = [('e', 'a'), ('f', 'b')].map(|(name, zone)| {
            let subnet = Subnet {
                vpc: vpc.clone(),
                cidr: format!("10.0.{}.0/24", u32::from(name) - u32::from('a')),
                zone: format!("eu-west-1{zone}"),
                map_public_ip: true,
                ipv6: None,
                assign_ipv6: false,
                dns64: false,
                tags: tags(),
            };
            self.add(&name.to_string(), &subnet)
        });
        let table = RouteTable {
            vpc,
            routes: vec![Route {
                destination: "0.0.0.0/0".to_owned(),
                target: RouteTarget::InternetGateway(self.gateway().id()),
            }],
            subnets: subnets.iter().map(|subnet| subnet.id()).collect(),
            tags: tags(),
        };
        self.add("open", &table);
        subnets
    }

    /// A role for nodes.
    fn nodes(&mut self, name: &str) -> Handle<Role> {
        let policies = ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy"];
        let role = Role {
            assume_policy: trust("ec2.amazonaws.com"),
            managed_policies: policies.map(|it| format!("arn:aws:iam::aws:policy/{it}")).to_vec(),
            ..Role::default()
        };
        self.add(name, &role)
    }

    pub(super) fn node_group(&mut self) -> NodeGroup {
        let cluster = self.kubernetes("main").name().when_ready();
        let subnets = self.open().map(|subnet| subnet.id()).to_vec();
        NodeGroup {
            subnets,
            instance_types: vec!["t3.medium".to_owned()],
            disk_size: Some(20),
            scaling: Scaling { min: 1, max: 3, desired: Some(2) },
            version: Some("1.35".to_owned()),
            tags: tags(),
            ..NodeGroup::new(cluster, self.nodes("nodes").arn())
        }
    }
}

pub(super) fn node_group() -> Example {
    let mut graph = Graph::default();
    let group = graph.node_group();
    let handle = graph.add("workers", &group);
    let other = graph.kubernetes("other");
    let role = graph.nodes("others");
    let subnet = graph.open()[0].id();
    let peers = graph.group("peers").id();
    let template = LaunchTemplate {
        image: "ami-0123456789abcdef0".to_owned(),
        instance_type: None,
        instance_profile: None,
        security_groups: Vec::new(),
        public_address: false,
        key_name: None,
        user_data: None,
        disks: Vec::new(),
        detailed_monitoring: false,
        ebs_optimized: None,
        metadata: Metadata::default(),
        instance_tags: tags(),
        tags: tags(),
    };
    let template = graph.add("template", &template).id();
    let remote = json!({ "key_name": "admin", "security_groups": [peers] });
    let taints = json!([{ "key": "team", "value": "red", "effect": "NO_SCHEDULE" }]);
    let bare = json!([{ "key": "gpu", "value": "", "effect": "PREFER_NO_SCHEDULE" }]);
    let repair = Repair {
        max_unhealthy: Some(3),
        max_parallel_percentage: Some(20),
        overrides: vec![RepairOverride {
            condition: "NetworkingReady".to_owned(),
            reason: "InterfaceNotUp".to_owned(),
            min_wait_minutes: 15,
            action: "Reboot".to_owned(),
        }],
        ..Repair::default()
    };
    let pool =
        WarmPool { min_size: 1, max_prepared: Some(3), state: "STOPPED".to_owned(), reuse: true };
    let example = graph.example(
        &handle,
        vec![
            edit("cluster", json!(other.name().when_ready())),
            edit("role", json!(role.arn())),
            edit("subnets", json!([subnet])),
            edit("ami_type", json!("BOTTLEROCKET_x86_64")),
            edit("instance_types", json!(["m6i.large", "m7i.large"])),
            edit("capacity_type", json!("SPOT")),
            edit("disk_size", json!(40)),
            edit("remote_access", remote),
            edit("launch_template", json!(template))
                .with("ami_type", json!("CUSTOM"))
                .with("disk_size", json!(null))
                .with("version", json!(null)),
            edit("scaling.min", json!(2)),
            edit("scaling.max", json!(4)),
            edit("scaling.desired", json!(3)),
            edit("labels", json!({ "tier": "web", "disk": "fast" })),
            edit("taints", taints),
            edit("taints", bare),
            edit("update.max_unavailable_percentage", json!(50))
                .with("update.max_unavailable", json!(null)),
            edit("update.strategy", json!("MINIMAL")),
            edit("repair", json!(Repair::default())),
            edit("repair", json!(repair)),
            edit("warm_pool", json!(pool)),
            // One call after another.
            edit("labels", json!({ "tier": "db" })).with("scaling.max", json!(5)),
            retag(),
        ],
    );
    example.fixed(&[
        ("launch_template_version", "versions of a template are numbers that only EC2 gives"),
        ("version", "goes up only; `tests/resources` upgrades a group"),
        ("release", "goes up only; `tests/resources` upgrades a group"),
    ])
}

pub(super) fn addon() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main").name().when_ready();
    let other = graph.kubernetes("other").name().when_ready();
    let role = graph.trusted("pods", "pods.eks.amazonaws.com");
    let second = graph.trusted("others", "pods.eks.amazonaws.com");
    let addon = Addon {
        version: Some("v1.20.4-eksbuild.2".to_owned()),
        configuration: Some(json!({ "enableNetworkPolicy": "true" })),
        pod_identities: [("aws-node".to_owned(), role.arn())].into(),
        namespace: Some("kube-system".to_owned()),
        tags: tags(),
        ..Addon::new(cluster, "vpc-cni")
    };
    let handle = graph.add("vpc-cni", &addon);
    let example = graph.example(
        &handle,
        vec![
            edit("cluster", json!(other)),
            edit("addon", json!("kube-proxy"))
                .with("version", json!(null))
                .with("configuration", json!(null))
                .with("pod_identities", json!({})),
            edit("version", json!("v1.21.1-eksbuild.3")),
            edit("configuration", json!({ "env": { "WARM_IP_TARGET": "3" } })),
            edit("configuration", json!(null)),
            edit("service_account_role", json!(second.arn())),
            edit("pod_identities", json!({ "aws-node": second.arn() })),
            edit("pod_identities", json!({})),
            edit("namespace", json!("networking")),
            retag(),
        ],
    );
    example.fixed(&[("resolve_conflicts", "EKS does not show it")])
}

pub(super) fn fargate_profile() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main").name().when_ready();
    let other = graph.kubernetes("other").name().when_ready();
    let role = graph.trusted("fargate", "eks-fargate-pods.amazonaws.com");
    let second = graph.trusted("others", "eks-fargate-pods.amazonaws.com");
    let (a, b) = (graph.subnet('a').id(), graph.subnet('b').id());
    let labels = [("tier".to_owned(), "web".to_owned())];
    let profile = FargateProfile {
        cluster,
        role: role.arn(),
        subnets: vec![a.clone(), b],
        selectors: vec![
            Selector { namespace: "web".to_owned(), labels: labels.into() },
            Selector { namespace: "kube-system".to_owned(), labels: tags() },
        ],
        tags: tags(),
    };
    let handle = graph.add("pods", &profile);
    graph.example(
        &handle,
        vec![
            edit("cluster", json!(other)),
            edit("role", json!(second.arn())),
            edit("subnets", json!([a])),
            edit("selectors", json!([{ "namespace": "web", "labels": {} }])),
            retag(),
        ],
    )
}

pub(super) fn argo_cd() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main").name().when_ready();
    let other = graph.kubernetes("other").name().when_ready();
    let role = graph.trusted("argo", "capabilities.eks.amazonaws.com");
    let second = graph.trusted("others", "capabilities.eks.amazonaws.com");
    let person = |id: &str, sort: &str| Person { id: id.to_owned(), sort: sort.to_owned() };
    let capability = Capability {
        cluster,
        capability: "ARGOCD".to_owned(),
        role: role.arn(),
        ack: None,
        argo_cd: Some(ArgoCd {
            namespace: "argocd".to_owned(),
            identity_center: "arn:aws:sso:::instance/ssoins-0123456789abcdef".to_owned(),
            identity_center_region: Some("eu-west-1".to_owned()),
            roles: [("ADMIN".to_owned(), vec![person("admins", "SSO_GROUP")])].into(),
            vpc_endpoints: Vec::new(),
            endpoint_prefix: Some("demo".to_owned()),
        }),
        tags: tags(),
    };
    let handle = graph.add("argo", &capability);
    let roles = json!({
        "ADMIN": [person("boss", "SSO_USER")],
        "VIEWER": [person("all", "SSO_GROUP"), person("guest", "SSO_USER")],
    });
    let center = "arn:aws:sso:::instance/ssoins-fedcba9876543210";
    let example = graph.example(
        &handle,
        vec![
            edit("cluster", json!(other)),
            edit("capability", json!("KRO")).with("argo_cd", json!(null)),
            edit("role", json!(second.arn())),
            edit("argo_cd.namespace", json!("delivery")),
            edit("argo_cd.identity_center", json!(center)),
            edit("argo_cd.identity_center_region", json!("us-east-1")),
            edit("argo_cd.roles", roles),
            edit("argo_cd.roles", json!({})),
            edit("argo_cd.vpc_endpoints", json!(["vpce-0123456789abcdef0"])),
            edit("argo_cd.endpoint_prefix", json!("other")),
            retag(),
        ],
    );
    example.fixed(&[("ack", "of the type ACK only")])
}

pub(super) fn ack() -> Example {
    let mut graph = Graph::default();
    let cluster = graph.kubernetes("main").name().when_ready();
    let other = graph.kubernetes("other").name().when_ready();
    let role = graph.trusted("ack", "capabilities.eks.amazonaws.com");
    let second = graph.trusted("others", "capabilities.eks.amazonaws.com");
    let capability = Capability {
        cluster,
        capability: "ACK".to_owned(),
        role: role.arn(),
        ack: Some(Ack { cross_namespace: true, disabled_services: vec!["rds".to_owned()] }),
        argo_cd: None,
        tags: tags(),
    };
    let handle = graph.add("ack", &capability);
    let example = graph.example(
        &handle,
        vec![
            edit("cluster", json!(other)),
            edit("capability", json!("KRO")).with("ack", json!(null)),
            edit("role", json!(second.arn())),
            edit("ack.cross_namespace", json!(false)),
            edit("ack.disabled_services", json!(["s3", "sns"])),
            edit("ack", json!(null)),
            retag(),
        ],
    );
    example.fixed(&[("argo_cd", "of the type ARGOCD only")])
}

pub(super) fn oidc_provider() -> Example {
    let mut graph = Graph::default();
    let issuer = graph.kubernetes("main").issuer();
    let other = graph.kubernetes("other").issuer();
    let provider = OidcProvider {
        url: issuer,
        client_ids: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: vec!["a".repeat(40)],
        tags: tags(),
    };
    let handle = graph.add("main", &provider);
    graph.example(
        &handle,
        vec![
            edit("url", json!(other)),
            edit("client_ids", json!(["sts.amazonaws.com", "kubernetes"])),
            edit("client_ids", json!(["kubernetes"])),
            edit("thumbprints", json!(["b".repeat(40)])),
            retag(),
        ],
    )
}
