//! Every member of AWS's create and update shapes, in boto3's models, is a field of a document or in
//! the reviewed list of what is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value, json};
use shipit::engine::{Input, Rule};
use shipit::resources::ecs::service::Switch;
use shipit::resources::ecs::service::connect::{ConnectTls, ServiceConnect};
use shipit::resources::ecs::service::deployment::{Canary, EarlySuccess, LifecycleHook, Linear};
use shipit::resources::ecs::service::{PlacementConstraint, PlacementStrategy};
use shipit::resources::ecs::task_definition::Proxy;
use shipit::resources::ecs::task_definition::container::{Firelens, VolumesFrom};
use shipit::resources::ecs::task_definition::volume::{FsxVolume, S3FilesVolume};
use shipit::resources::servicediscovery::service::HealthCheck;
use shipit::resources::{
    REGISTRY, acm, applicationautoscaling, appmesh, autoscaling, cloudwatch, ec2, ecr, ecs, efs,
    eks, elbv2, iam, logs, route53, s3, scheduler, servicediscovery, sns, sqs, vpclattice,
};

use super::EXAMPLES;
use super::renames::RENAMES;
use crate::support::python;

/// A kind, the operations that write it, and what of their inputs it leaves out.
struct Written {
    kind: &'static str,
    service: &'static str,
    operations: &'static [&'static str],
    excluded: &'static [(&'static str, &'static str)],
}

const fn written(
    kind: &'static str,
    service: &'static str,
    operations: &'static [&'static str],
    excluded: &'static [(&'static str, &'static str)],
) -> Written {
    Written { kind, service, operations, excluded }
}

const WRITTEN: &[Written] = &[
    written(
        "ec2/vpc",
        "ec2",
        &["CreateVpc", "ModifyVpcAttribute", "AssociateVpcCidrBlock"],
        ec2::vpc::EXCLUDED,
    ),
    written(
        "ec2/subnet",
        "ec2",
        &["CreateSubnet", "ModifySubnetAttribute", "AssociateSubnetCidrBlock"],
        ec2::subnet::EXCLUDED,
    ),
    written(
        "ec2/internet-gateway",
        "ec2",
        &["CreateInternetGateway"],
        ec2::internet_gateway::EXCLUDED,
    ),
    written(
        "ec2/route-table",
        "ec2",
        &["CreateRouteTable", "CreateRoute", "AssociateRouteTable"],
        ec2::route_table::EXCLUDED,
    ),
    written("ec2/elastic-ip", "ec2", &["AllocateAddress"], ec2::elastic_ip::EXCLUDED),
    written("ec2/nat-gateway", "ec2", &["CreateNatGateway"], ec2::nat_gateway::EXCLUDED),
    written(
        "ec2/egress-only-internet-gateway",
        "ec2",
        &["CreateEgressOnlyInternetGateway"],
        ec2::egress_only_internet_gateway::EXCLUDED,
    ),
    written(
        "ec2/vpc-endpoint",
        "ec2",
        &["CreateVpcEndpoint", "ModifyVpcEndpoint"],
        ec2::vpc_endpoint::EXCLUDED,
    ),
    written("ec2/flow-log", "ec2", &["CreateFlowLogs"], ec2::flow_log::EXCLUDED),
    written("ec2/security-group", "ec2", &["CreateSecurityGroup"], ec2::security_group::EXCLUDED),
    written(
        "ec2/security-group-rule",
        "ec2",
        &[
            "AuthorizeSecurityGroupIngress",
            "AuthorizeSecurityGroupEgress",
            "ModifySecurityGroupRules",
        ],
        ec2::security_group_rule::EXCLUDED,
    ),
    written(
        "ecr/repository",
        "ecr",
        &[
            "CreateRepository",
            "PutImageTagMutability",
            "PutImageScanningConfiguration",
            "PutLifecyclePolicy",
            "SetRepositoryPolicy",
        ],
        ecr::repository::EXCLUDED,
    ),
    written("ecr/image", "ecr", &["PutImage"], ecr::image::EXCLUDED),
    written(
        "efs/file-system",
        "efs",
        &[
            "CreateFileSystem",
            "UpdateFileSystem",
            "UpdateFileSystemProtection",
            "PutBackupPolicy",
            "PutLifecycleConfiguration",
            "PutFileSystemPolicy",
            "CreateMountTarget",
            "ModifyMountTargetSecurityGroups",
        ],
        efs::file_system::EXCLUDED,
    ),
    written("efs/access-point", "efs", &["CreateAccessPoint"], efs::access_point::EXCLUDED),
    written(
        "eks/cluster",
        "eks",
        &[
            "CreateCluster",
            "UpdateClusterConfig",
            "UpdateClusterVersion",
            "AssociateEncryptionConfig",
        ],
        eks::cluster::EXCLUDED,
    ),
    written(
        "eks/access-entry",
        "eks",
        &["CreateAccessEntry", "UpdateAccessEntry", "AssociateAccessPolicy"],
        eks::access_entry::EXCLUDED,
    ),
    written(
        "eks/pod-identity-association",
        "eks",
        &["CreatePodIdentityAssociation", "UpdatePodIdentityAssociation"],
        eks::pod_identity_association::EXCLUDED,
    ),
    written(
        "eks/nodegroup",
        "eks",
        &["CreateNodegroup", "UpdateNodegroupConfig", "UpdateNodegroupVersion"],
        eks::nodegroup::EXCLUDED,
    ),
    written("eks/addon", "eks", &["CreateAddon", "UpdateAddon"], eks::addon::EXCLUDED),
    written(
        "eks/fargate-profile",
        "eks",
        &["CreateFargateProfile"],
        eks::fargate_profile::EXCLUDED,
    ),
    written(
        "eks/capability",
        "eks",
        &["CreateCapability", "UpdateCapability"],
        eks::capability::EXCLUDED,
    ),
    written(
        "iam/oidc-provider",
        "iam",
        &[
            "CreateOpenIDConnectProvider",
            "UpdateOpenIDConnectProviderThumbprint",
            "AddClientIDToOpenIDConnectProvider",
        ],
        iam::oidc_provider::EXCLUDED,
    ),
    written("sns/topic", "sns", &["CreateTopic", "SetTopicAttributes"], sns::topic::EXCLUDED),
    written("sqs/queue", "sqs", &["CreateQueue", "SetQueueAttributes"], sqs::queue::EXCLUDED),
    written(
        "iam/instance-profile",
        "iam",
        &["CreateInstanceProfile", "AddRoleToInstanceProfile"],
        iam::instance_profile::EXCLUDED,
    ),
    written(
        "ec2/launch-template",
        "ec2",
        &["CreateLaunchTemplate"],
        ec2::launch_template::EXCLUDED,
    ),
    written(
        "autoscaling/group",
        "autoscaling",
        &["CreateAutoScalingGroup"],
        autoscaling::group::EXCLUDED,
    ),
    written(
        "ecs/capacity-provider",
        "ecs",
        &["CreateCapacityProvider", "UpdateCapacityProvider"],
        ecs::capacity_provider::EXCLUDED,
    ),
    written(
        "ecs/cluster",
        "ecs",
        &["CreateCluster", "UpdateCluster", "PutClusterCapacityProviders"],
        ecs::cluster::EXCLUDED,
    ),
    written(
        "ecs/task-definition",
        "ecs",
        &["RegisterTaskDefinition"],
        ecs::task_definition::EXCLUDED,
    ),
    written("ecs/service", "ecs", &["CreateService", "UpdateService"], ecs::service::EXCLUDED),
    written(
        "application-autoscaling/target",
        "application-autoscaling",
        &["RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"],
        applicationautoscaling::target::EXCLUDED,
    ),
    written("cloudwatch/alarm", "cloudwatch", &["PutMetricAlarm"], cloudwatch::alarm::EXCLUDED),
    written(
        "servicediscovery/namespace",
        "servicediscovery",
        &[
            "CreatePrivateDnsNamespace",
            "CreatePublicDnsNamespace",
            "CreateHttpNamespace",
            "UpdatePrivateDnsNamespace",
            "UpdatePublicDnsNamespace",
            "UpdateHttpNamespace",
        ],
        servicediscovery::namespace::EXCLUDED,
    ),
    written(
        "servicediscovery/service",
        "servicediscovery",
        &["CreateService", "UpdateService"],
        servicediscovery::service::EXCLUDED,
    ),
    written(
        "servicediscovery/instance",
        "servicediscovery",
        &["RegisterInstance"],
        servicediscovery::instance::EXCLUDED,
    ),
    written("appmesh/mesh", "appmesh", &["CreateMesh", "UpdateMesh"], appmesh::mesh::EXCLUDED),
    written(
        "appmesh/virtual-node",
        "appmesh",
        &["CreateVirtualNode", "UpdateVirtualNode"],
        appmesh::virtual_node::EXCLUDED,
    ),
    written(
        "appmesh/virtual-service",
        "appmesh",
        &["CreateVirtualService", "UpdateVirtualService"],
        appmesh::virtual_service::EXCLUDED,
    ),
    written(
        "appmesh/virtual-router",
        "appmesh",
        &["CreateVirtualRouter", "UpdateVirtualRouter"],
        appmesh::virtual_router::EXCLUDED,
    ),
    written("appmesh/route", "appmesh", &["CreateRoute", "UpdateRoute"], appmesh::route::EXCLUDED),
    written(
        "appmesh/virtual-gateway",
        "appmesh",
        &["CreateVirtualGateway", "UpdateVirtualGateway"],
        appmesh::virtual_gateway::EXCLUDED,
    ),
    written(
        "appmesh/gateway-route",
        "appmesh",
        &["CreateGatewayRoute", "UpdateGatewayRoute"],
        appmesh::gateway_route::EXCLUDED,
    ),
    written(
        "scheduler/schedule",
        "scheduler",
        &["CreateScheduleGroup", "CreateSchedule", "UpdateSchedule"],
        scheduler::schedule::EXCLUDED,
    ),
    written(
        "vpclattice/service-network",
        "vpc-lattice",
        &["CreateServiceNetwork", "UpdateServiceNetwork", "PutAuthPolicy"],
        vpclattice::service_network::EXCLUDED,
    ),
    written(
        "vpclattice/service",
        "vpc-lattice",
        &["CreateService", "UpdateService", "PutAuthPolicy"],
        vpclattice::service::EXCLUDED,
    ),
    written(
        "vpclattice/service-network-service-association",
        "vpc-lattice",
        &["CreateServiceNetworkServiceAssociation"],
        vpclattice::service_network_service_association::EXCLUDED,
    ),
    written(
        "vpclattice/service-network-vpc-association",
        "vpc-lattice",
        &["CreateServiceNetworkVpcAssociation", "UpdateServiceNetworkVpcAssociation"],
        vpclattice::service_network_vpc_association::EXCLUDED,
    ),
    written(
        "vpclattice/target-group",
        "vpc-lattice",
        &["CreateTargetGroup", "UpdateTargetGroup"],
        vpclattice::target_group::EXCLUDED,
    ),
    written(
        "vpclattice/listener",
        "vpc-lattice",
        &["CreateListener", "UpdateListener"],
        vpclattice::listener::EXCLUDED,
    ),
    written(
        "vpclattice/rule",
        "vpc-lattice",
        &["CreateRule", "UpdateRule"],
        vpclattice::rule::EXCLUDED,
    ),
    written(
        "vpclattice/access-log-subscription",
        "vpc-lattice",
        &["CreateAccessLogSubscription", "UpdateAccessLogSubscription"],
        vpclattice::access_log_subscription::EXCLUDED,
    ),
    written(
        "elbv2/load-balancer",
        "elbv2",
        &[
            "CreateLoadBalancer",
            "SetSubnets",
            "SetSecurityGroups",
            "SetIpAddressType",
            "ModifyLoadBalancerAttributes",
            "ModifyIpPools",
        ],
        elbv2::load_balancer::EXCLUDED,
    ),
    written(
        "elbv2/target-group",
        "elbv2",
        &["CreateTargetGroup", "ModifyTargetGroup", "ModifyTargetGroupAttributes"],
        elbv2::target_group::EXCLUDED,
    ),
    written(
        "elbv2/listener",
        "elbv2",
        &["CreateListener", "ModifyListener"],
        elbv2::listener::EXCLUDED,
    ),
    written(
        "elbv2/listener-rule",
        "elbv2",
        &["CreateRule", "ModifyRule", "SetRulePriorities"],
        elbv2::listener_rule::EXCLUDED,
    ),
    written(
        "elbv2/listener-certificate",
        "elbv2",
        &["AddListenerCertificates", "RemoveListenerCertificates"],
        elbv2::listener_certificate::EXCLUDED,
    ),
    written(
        "s3/bucket",
        "s3",
        &[
            "CreateBucket",
            "PutBucketEncryption",
            "PutPublicAccessBlock",
            "PutBucketOwnershipControls",
            "PutBucketLifecycleConfiguration",
            "PutBucketPolicy",
        ],
        s3::bucket::EXCLUDED,
    ),
    written("acm/certificate", "acm", &["RequestCertificate"], acm::certificate::EXCLUDED),
    written(
        "route53/hosted-zone",
        "route53",
        &["CreateHostedZone", "UpdateHostedZoneComment", "ChangeTagsForResource"],
        route53::hosted_zone::EXCLUDED,
    ),
    written("route53/record", "route53", &["ChangeResourceRecordSets"], route53::record::EXCLUDED),
    written(
        "iam/role",
        "iam",
        &[
            "CreateRole",
            "UpdateRole",
            "UpdateAssumeRolePolicy",
            "PutRolePolicy",
            "AttachRolePolicy",
            "PutRolePermissionsBoundary",
        ],
        iam::role::EXCLUDED,
    ),
    written(
        "logs/log-group",
        "logs",
        &["CreateLogGroup", "PutRetentionPolicy", "AssociateKmsKey"],
        logs::log_group::EXCLUDED,
    ),
];

#[test]
fn every_member_of_what_is_written_is_a_field_or_left_out_for_a_reason() {
    let kinds: BTreeSet<&str> = WRITTEN.iter().map(|written| written.kind).collect();
    let registered = REGISTRY.iter().map(|kind| kind.info.kind);
    let registered: BTreeSet<&str> = registered.filter(|kind| super::is_aws(kind)).collect();
    assert_eq!(kinds, registered);
    let all = members();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for written in WRITTEN {
        let fields = fields(written.kind);
        let mut there: BTreeSet<String> = BTreeSet::new();
        for operation in written.operations {
            let paths = &all[&format!("{}/{operation}", written.service)];
            there.extend(paths.iter().map(|path| format!("{operation}.{path}")));
        }
        for (member, _) in written.excluded {
            if !there.contains(*member) {
                wrong.push(format!("{}: `{member}` is excluded and is no member", written.kind));
            }
        }
        for path in &there {
            let left_out = written.excluded.iter().any(|(member, _)| below(path, member));
            let plain = plain(path);
            let named = spellings(&plain).iter().any(|name| fields.contains(name));
            let renamed = RENAMES.iter().enumerate().find(|(_, (kind, member, _))| {
                *kind == written.kind
                    && (plain == *member || plain.ends_with(&format!(".{member}")))
            });
            match renamed {
                Some((row, (_, _, field))) => {
                    used.insert(row);
                    if !fields.contains(*field) {
                        wrong.push(format!("{}: `{path}` is no `{field}`", written.kind));
                    }
                }
                None if left_out || named || tags(&plain) => {}
                None => wrong.push(format!("{}: `{path}` is no field", written.kind)),
            }
        }
    }
    for (row, (kind, member, _)) in RENAMES.iter().enumerate() {
        if !used.contains(&row) {
            wrong.push(format!("{kind}: `{member}` is renamed and is no member"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_someone_else_owns() {
    let owned: Vec<String> = REGISTRY
        .iter()
        .flat_map(|kind| kind.info.rules.iter().map(move |rule| (kind.info.kind, rule)))
        .filter_map(|(kind, rule)| match rule {
            Rule::OwnedElsewhere(path, who) => Some(format!("{kind} {path}: {who}")),
            _ => None,
        })
        .collect();
    insta::assert_snapshot!(owned.join("\n"), @r"
    ecs/service initial_count: application autoscaling
    application-autoscaling/target initial_min_capacity: scheduled actions
    application-autoscaling/target initial_max_capacity: scheduled actions
    elbv2/listener default_action.carries: ECS
    elbv2/listener-rule action.carries: ECS
    ");
}

/// Members by `service/Operation`, as the service models of boto3 have them.
fn members() -> BTreeMap<String, Vec<String>> {
    let mut command = Command::new(python::moto().join("python"));
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lifecycle/shapes.py"));
    for written in WRITTEN {
        command.args(written.operations.iter().map(|name| format!("{}/{name}", written.service)));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether a path is a member or within it.
fn below(path: &str, member: &str) -> bool {
    path.strip_prefix(member)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '{']))
}

/// A path without its operation, and without the marks of lists and maps.
fn plain(path: &str) -> String {
    let (_, path) = path.split_once('.').unwrap();
    path.replace("[]", "").replace("{}", "")
}

/// All kinds carry the user's own tags the same way.
fn tags(plain: &str) -> bool {
    let top = plain.split('.').next().unwrap_or_default();
    top.eq_ignore_ascii_case("tags")
}

/// How a field of that name may be spelt: AWS's words in snake case, without what says only of what
/// type it is or in which unit, in singular or plural.
fn spellings(plain: &str) -> Vec<String> {
    let last = plain.rsplit('.').next().unwrap_or_default();
    let name = snake(last);
    let mut spellings = vec![name.clone()];
    const TYPES: &[&str] = &[
        "_arn",
        "_arns",
        "_id",
        "_ids",
        "_name",
        "_type",
        "_value",
        "_list",
        "_config",
        "_configuration",
        "_definitions",
        "_seconds",
        "_in_seconds",
        "_in_minutes",
        "s",
    ];
    spellings.extend(TYPES.iter().filter_map(|end| name.strip_suffix(end)).map(str::to_owned));
    let plurals: Vec<String> = spellings.iter().map(|name| format!("{name}s")).collect();
    spellings.extend(plurals);
    spellings
}

fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| letters[index]);
        let after = letters.get(index + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                !before.is_uppercase() || after.is_some_and(|after| after.is_lowercase())
            });
        if begins {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The names of all fields of a kind's document, however deep: of the examples, their edits and the
/// parts that no example uses.
fn fields(kind: &str) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    for example in EXAMPLES.iter().map(|(_, example)| example()) {
        if example.address.kind() == kind {
            let spec = &example.desired.nodes[&example.address].spec;
            collect(spec, &mut fields);
            example.edits.iter().for_each(|edit| collect(&edit.apply(spec), &mut fields));
        }
    }
    rarely_used(kind).iter().for_each(|part| collect(part, &mut fields));
    fields
}

fn collect(value: &Value, fields: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            fields.insert(name.clone());
            collect(value, fields);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect(item, fields)),
        _ => {}
    }
}

/// Parts of documents that no example uses.
fn rarely_used(kind: &str) -> Vec<Value> {
    let text = String::new;
    let reference = || Input::Known(String::new());
    match kind {
        "ecs/service" => vec![
            json!(Switch {
                alternate_target_group: Input::Known(text().into()),
                production_listener_rule: reference(),
                test_listener_rule: None,
                role: Input::Known(text().into()),
            }),
            json!(ServiceConnect::default()),
            json!({ "driver": "", "options": {}, "secret_options": {} }),
            json!(ConnectTls { certificate_authority: None, kms_key: None, role: None }),
            json!(Linear { step_percent: 10.0, step_bake_time: 1 }),
            json!(Canary { percent: 10.0, bake_time: 1 }),
            json!(EarlySuccess { healthy_percent: None, cleanup: None }),
            json!(LifecycleHook {
                hook: text(),
                target: None,
                role: None,
                stages: Vec::new(),
                timeout: None,
                on_timeout: None,
            }),
            json!(PlacementConstraint { constraint: text(), expression: None }),
            json!(PlacementStrategy { strategy: text(), field: None }),
        ],
        "ecs/task-definition" => vec![
            json!(Proxy { container: text(), properties: BTreeMap::new() }),
            json!(Firelens { router: text(), options: BTreeMap::new() }),
            json!(VolumesFrom { source_container: text(), read_only: false }),
            json!(FsxVolume {
                file_system: text(),
                root_directory: text(),
                credentials: text(),
                domain: text(),
            }),
            json!(S3FilesVolume {
                file_system: text(),
                root_directory: text(),
                transit_encryption_port: None,
                access_point: None,
            }),
        ],
        "ec2/security-group-rule" => vec![json!(ec2::Peer::PrefixList(text()))],
        "servicediscovery/service" => {
            vec![json!(HealthCheck { protocol: text(), path: None, failure_threshold: 1 })]
        }
        _ => Vec::new(),
    }
}
