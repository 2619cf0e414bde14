//! Every kind that moto has, through its life there: what is written is read back by somebody else's code.
//!
//! Examples that moto cannot bear are listed with the reason; so is each field that it does not give back. All
//! others run, those of new kinds, too.

use std::collections::BTreeSet;
use std::time::Duration;

use shipit::engine::{Action, Desired, Plan};

use super::EXAMPLES;
use super::account::{Account, ZONE};
use super::example::{Edit, Example};
use crate::support::Server;

/// Examples that are not run there, and why.
const ABSENT: &[(&str, &str)] = &[
    ("regional_nat_gateway", "CreateNatGateway wants a subnet"),
    (
        "nat_gateway",
        "an address is in use by one gateway or the other, not by the new beside the old",
    ),
    ("vpc_endpoint", "DescribeVpcEndpoints fails"),
    ("gateway_endpoint", "DescribeVpcEndpoints fails"),
    ("flow_log", "CreateFlowLogs wants the bucket to be there"),
    ("log_group", "AssociateKmsKey is not there"),
    ("managed_instances", "CreateCapacityProvider knows Auto Scaling groups alone"),
    ("file_system", "UpdateFileSystem is not there"),
    ("service_on_providers", "wants two tasks, and one is what the server runs"),
    ("discovery_service", "a VPC has one private namespace there"),
    ("load_balancer", "ModifyLoadBalancerAttributes knows no health check logs"),
    ("listener", "CreateListener wants its certificates to be there"),
    ("listener_rule", "ModifyRule fails for regular expressions"),
    ("listener_certificate", "RequestCertificate fails for its second"),
    ("tls_listener", "ModifyListener knows no TLS"),
    ("alarm", "DescribeAlarms is not there in the protocol of today"),
    ("math_alarm", "DescribeAlarms is not there in the protocol of today"),
    ("scaling_target", "TagResource of Application Auto Scaling is not there"),
    ("bucket", "CreateBucket drops the tags"),
    ("image", "no registry stands behind its ECR"),
    ("virtual_service", "there are none"),
    ("gateway_route", "there are no virtual services"),
    ("kubernetes_cluster", "UpdateClusterConfig and UpdateClusterVersion change nothing"),
    ("node_group", "its cluster never settles, as above"),
    ("addon", "CreateAddon is not there"),
    ("fargate_profile", "its cluster never settles, as above"),
    ("oidc_provider", "its cluster never settles, as above"),
    ("capability_argo_cd", "CreateCapability is not there"),
    ("capability_ack", "CreateCapability is not there"),
    ("access_entry", "CreateAccessEntry is not there"),
    ("pod_identity_association", "CreatePodIdentityAssociation is not there"),
    ("service_network", "UpdateServiceNetwork is not there"),
    ("lattice_service", "UpdateService is not there"),
    ("service_in_network", "DeleteServiceNetworkServiceAssociation is not there"),
    ("vpc_in_network", "GetServiceNetworkVpcAssociation is not there"),
    ("lattice_target_group", "UpdateTargetGroup is not there"),
    ("lattice_listener", "DeleteListener is not there"),
    ("lattice_rule", "GetRule is not there"),
    ("access_log_subscription", "CreateAccessLogSubscription takes ids, and no ARNs"),
    ("service_in_lattice", "DeleteTargetGroup is not there"),
];

/// Fields that are lost there: of which kind, which, and what moto does.
const LOST: &[(&str, &str, &str)] = &[
    ("acm/certificate", "key_algorithm", "DescribeCertificate says RSA of all"),
    ("autoscaling/group", "capacity_rebalance", "UpdateAutoScalingGroup drops it"),
    ("autoscaling/group", "cooldown", "UpdateAutoScalingGroup drops it"),
    ("autoscaling/group", "health_check_grace_period", "UpdateAutoScalingGroup drops it"),
    ("autoscaling/group", "instance_warmup", "UpdateAutoScalingGroup drops it"),
    ("autoscaling/group", "max_instance_lifetime", "UpdateAutoScalingGroup drops it"),
    ("autoscaling/group", "termination_policies", "UpdateAutoScalingGroup drops it"),
    ("ec2/launch-template", "tags", "CreateTags says nothing of the template"),
    ("ec2/security-group-rule", "description", "DescribeSecurityGroupRules leaves it out"),
    ("ec2/subnet", "dns64", "ModifySubnetAttribute drops it"),
    ("ec2/subnet", "ipv6", "DescribeSubnets leaves the range out"),
    ("ecr/repository", "scan_on_push", "PutImageScanningConfiguration drops it"),
    ("ecs/capacity-provider", "group.draining", "UpdateCapacityProvider drops it"),
    ("ecs/service", "availability_zone_rebalancing", "CreateService drops it"),
    ("ecs/service", "deployment.bake_time", "CreateService drops it"),
    ("ecs/service", "deployment.canary", "CreateService drops it"),
    ("ecs/service", "deployment.strategy", "CreateService drops it"),
    ("ecs/service", "health_check_grace_period", "CreateService drops it"),
    ("ecs/service", "service_connect", "CreateService drops it"),
    ("ecs/service", "volumes", "CreateService drops them"),
    ("scheduler/schedule", "delete_after_completion", "UpdateSchedule drops it"),
    ("servicediscovery/service", "health_check", "UpdateService drops it"),
    ("sns/topic", "signature_version", "GetTopicAttributes leaves it out"),
    ("sns/topic", "tracing", "GetTopicAttributes leaves it out"),
    ("sqs/queue", "policy", "SetQueueAttributes of others loses it"),
    ("ecs/task-definition", "enable_fault_injection", "RegisterTaskDefinition drops it"),
];

/// What earlier examples leave is in the way of these: instances of templates, and what was deleted of a mesh and comes
/// back as it was.
const ALONE: &[&str] =
    &["auto_scaling_group", "virtual_node", "virtual_router", "mesh_route", "virtual_gateway"];

/// Changes that cannot be made there: of which kinds, of which field, and why.
const UNCHANGED: &[(&str, &str, &str)] = &[("appmesh/", "tags", "UntagResource is not there")];

#[test]
fn what_is_absent_is_an_example() {
    let absent: BTreeSet<&str> = ABSENT.iter().map(|(name, _)| *name).collect();
    let unknown: Vec<_> =
        absent.iter().filter(|name| !EXAMPLES.iter().any(|(known, _)| known == *name)).collect();
    assert_eq!(unknown, Vec::<&&str>::new());
}

#[tokio::test]
async fn kinds_live_on_moto() {
    let moto = Server::moto(1);
    let mut zone = Account::at(&moto.url, &BTreeSet::new()).await.make_zone().await;
    let (mut wrong, mut used) = (Vec::new(), BTreeSet::new());
    for (name, example) in EXAMPLES {
        if ABSENT.iter().any(|(absent, _)| absent == name) {
            continue;
        }
        if ALONE.contains(name) {
            moto.reset();
            zone = Account::at(&moto.url, &BTreeSet::new()).await.make_zone().await;
        }
        let (url, place) = (moto.url.clone(), zone.clone());
        let lived = tokio::spawn(async move {
            let mut life = Life::new(&url, example(), &place).await;
            let ended = life.whole().await;
            (life.wrong, life.used, ended.err())
        });
        // What panics is told beside what others do wrong.
        let failure = match lived.await {
            Ok((others, rows, failure)) => {
                wrong.extend(others.iter().map(|what| format!("{name}: {what}")));
                used.extend(rows);
                failure
            }
            Err(panic) => Some(panic.to_string()),
        };
        if let Some(failure) = failure {
            wrong.push(format!("{name}: {failure}"));
            // What it leaves would be in the way of others.
            moto.reset();
            zone = Account::at(&moto.url, &BTreeSet::new()).await.make_zone().await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unused: Vec<_> = (0..LOST.len()).filter(|row| !used.contains(row)).collect();
    let unused: Vec<_> = unused.into_iter().map(|row| LOST[row]).collect();
    assert_eq!(unused, [], "these rows are no longer needed");
}

struct Life {
    account: Account,
    example: Example,
    wrong: Vec<String>,
    used: BTreeSet<usize>,
}

impl Life {
    async fn new(url: &str, mut example: Example, zone: &str) -> Self {
        let kinds = example.desired.nodes.keys().map(|address| address.kind().to_owned());
        let account = Account::at(url, &kinds.collect()).await;
        for node in example.desired.nodes.values_mut() {
            let text = node.spec.to_string().replace(ZONE, zone);
            node.spec = serde_json::from_str(&text).unwrap();
        }
        Self { account, example, wrong: Vec::new(), used: BTreeSet::new() }
    }

    /// Created, each field changed, and deleted.
    async fn whole(&mut self) -> Result<(), String> {
        let desired = self.example.desired.clone();
        let plan = self.account.plan(&desired).await;
        self.apply(&plan, "create").await?;
        self.settled(&desired, "create").await;
        let kind = self.example.address.kind().to_owned();
        let unchanged = |edit: &Edit| {
            UNCHANGED.iter().any(|(of, field, _)| kind.starts_with(of) && edit.path() == *field)
        };
        for edit in self.example.edits.clone().iter().filter(|edit| !unchanged(edit)) {
            self.change(edit).await?;
        }
        let nothing = Desired::default();
        let plan = self.account.plan(&nothing).await;
        self.apply(&plan, "delete").await?;
        let left = self.account.observe(&nothing).await;
        let left: Vec<String> = left.live().map(|live| live.identity.address.to_string()).collect();
        if !left.is_empty() {
            self.wrong.push(format!("left: {}", left.join(" ")));
        }
        Ok(())
    }

    async fn change(&mut self, edit: &Edit) -> Result<(), String> {
        let mut desired = self.example.desired.clone();
        let node = desired.nodes.get_mut(&self.example.address).unwrap();
        node.spec = edit.apply(&node.spec);
        let plan = self.account.plan(&desired).await;
        let shown = plan.steps.iter().any(|step| step.address == self.example.address);
        let kept = self.row(self.example.address.kind(), edit.path()).is_some();
        if !shown && !kept && !self.owned_elsewhere(edit.path()) {
            self.wrong.push(format!("`{}` changes, and no plan shows it", edit.path()));
        }
        self.apply(&plan, edit.path()).await?;
        self.settled(&desired, edit.path()).await;
        Ok(())
    }

    fn owned_elsewhere(&self, path: &str) -> bool {
        use shipit::engine::Rule;
        let info = self.account.registry.info(self.example.address.kind()).unwrap();
        info.rules
            .iter()
            .any(|rule| matches!(rule, Rule::OwnedElsewhere(at, _) if inside(path, at)))
    }

    async fn apply(&self, plan: &Plan, what: &str) -> Result<(), String> {
        let carried = self.account.outcome(plan);
        let outcome = tokio::time::timeout(Duration::from_secs(20), carried).await;
        let outcome = outcome.map_err(|_| format!("`{what}` does not come to an end"))?;
        let failed = outcome.failed.iter();
        let failed: Vec<String> = failed
            .map(|(step, failure)| format!("{}: {failure}", plan.steps[*step].address))
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(format!("`{what}`: {}", failed.join("; "))) }
    }

    /// Nothing is left to do but what moto has lost.
    async fn settled(&mut self, desired: &Desired, what: &str) {
        let plan = self.account.plan(desired).await;
        for step in &plan.steps {
            let kind = step.address.kind();
            let rows: Vec<_> = step.changes.iter().map(|it| self.row(kind, &it.path)).collect();
            self.used.extend(rows.iter().flatten());
            for (change, row) in step.changes.iter().zip(&rows) {
                if row.is_none() {
                    self.wrong.push(format!("after `{what}` {}: {}", step.address, change.path));
                }
            }
            if step.changes.is_empty() && step.action != Action::Delete {
                self.wrong.push(format!("after `{what}` {}: {:?}", step.address, step.action));
            }
        }
    }

    fn row(&self, kind: &str, path: &str) -> Option<usize> {
        LOST.iter().position(|(of, field, _)| *of == kind && inside(path, field))
    }
}

/// Whether a path is another, or below it.
fn inside(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
