//! From what EKS says of a node group to its document.

use aws_sdk_eks::types::{Nodegroup, NodegroupStatus};

use super::nodegroup::{
    NodeGroup, NodeGroupOutputs, RemoteAccess, Repair, RepairOverride, Scaling, Taint,
    UpdateSettings, WarmPool,
};
use super::shared;
use crate::engine::{Health, Identity, Input};
use crate::resources::resource::{Live, Tags};

pub(super) fn outputs(from: &Nodegroup) -> NodeGroupOutputs {
    NodeGroupOutputs {
        arn: from.nodegroup_arn().unwrap_or_default().into(),
        nodegroup: from.nodegroup_name().unwrap_or_default().to_owned(),
    }
}

pub(super) fn health(from: &Nodegroup) -> Health {
    let issues = from.health().map(|health| health.issues()).unwrap_or_default();
    let why: Vec<String> =
        issues.iter().map(|issue| shared::issue(issue.message(), issue.resource_ids())).collect();
    let why = why.join("; ");
    match from.status() {
        Some(NodegroupStatus::Active) | None => Health::Ready,
        Some(NodegroupStatus::CreateFailed | NodegroupStatus::DeleteFailed) => Health::Failed(why),
        Some(NodegroupStatus::Degraded) => Health::Pending(format!("degraded: {why}")),
        Some(other) => Health::Pending(other.as_str().to_lowercase()),
    }
}

pub(super) fn live(from: &Nodegroup, identity: Identity, tags: Tags) -> Live<NodeGroup> {
    Live {
        identity,
        spec: document(from, tags),
        outputs: outputs(from),
        health: health(from),
        id: from.nodegroup_arn().unwrap_or_default().to_owned(),
    }
}

pub(super) fn document(from: &Nodegroup, tags: Tags) -> NodeGroup {
    let cluster = from.cluster_name().unwrap_or_default().into();
    let role = from.node_role().unwrap_or_default().into();
    let plain = NodeGroup::new(Input::Known(cluster), Input::Known(role));
    let text = |value: Option<&str>, default: &str| value.unwrap_or(default).to_owned();
    let template = from.launch_template();
    NodeGroup {
        subnets: from.subnets().iter().map(|id| Input::Known(id.as_str().into())).collect(),
        ami_type: text(from.ami_type().map(|it| it.as_str()), &plain.ami_type),
        instance_types: from.instance_types().to_vec(),
        capacity_type: text(from.capacity_type().map(|it| it.as_str()), &plain.capacity_type),
        disk_size: from.disk_size(),
        remote_access: from.remote_access().and_then(|remote| {
            let groups = remote.source_security_groups().iter();
            Some(RemoteAccess {
                key_name: remote.ec2_ssh_key()?.to_owned(),
                security_groups: groups.map(|id| Input::Known(id.as_str().into())).collect(),
            })
        }),
        launch_template: template.and_then(|it| it.id()).map(|id| Input::Known(id.into())),
        launch_template_version: template.and_then(|it| it.version()).map(str::to_owned),
        scaling: from.scaling_config().map_or(plain.scaling, |sizes| Scaling {
            min: sizes.min_size().unwrap_or_default(),
            max: sizes.max_size().unwrap_or_default(),
            desired: sizes.desired_size(),
        }),
        labels: shared::from_sdk(from.labels()),
        taints: from.taints().iter().map(taint).collect(),
        update: from.update_config().map_or(plain.update, |update| UpdateSettings {
            max_unavailable: update.max_unavailable(),
            max_unavailable_percentage: update.max_unavailable_percentage(),
            strategy: text(update.update_strategy().map(|it| it.as_str()), "DEFAULT"),
        }),
        repair: from.node_repair_config().filter(|it| it.enabled() == Some(true)).map(|repair| {
            Repair {
                max_unhealthy: repair.max_unhealthy_node_threshold_count(),
                max_unhealthy_percentage: repair.max_unhealthy_node_threshold_percentage(),
                max_parallel: repair.max_parallel_nodes_repaired_count(),
                max_parallel_percentage: repair.max_parallel_nodes_repaired_percentage(),
                overrides: repair
                    .node_repair_config_overrides()
                    .iter()
                    .map(|one| RepairOverride {
                        condition: text(one.node_monitoring_condition(), ""),
                        reason: text(one.node_unhealthy_reason(), ""),
                        min_wait_minutes: one.min_repair_wait_time_mins().unwrap_or_default(),
                        action: text(one.repair_action().map(|it| it.as_str()), ""),
                    })
                    .collect(),
            }
        }),
        warm_pool: from.warm_pool_config().filter(|it| it.enabled() == Some(true)).map(|pool| {
            WarmPool {
                min_size: pool.min_size().unwrap_or_default(),
                max_prepared: pool.max_group_prepared_capacity(),
                state: text(pool.pool_state().map(|it| it.as_str()), "STOPPED"),
                reuse: pool.reuse_on_scale_in().unwrap_or_default(),
            }
        }),
        version: from.version().map(str::to_owned),
        release: from.release_version().map(str::to_owned),
        tags,
        ..plain
    }
}

fn taint(from: &aws_sdk_eks::types::Taint) -> Taint {
    Taint {
        key: from.key().unwrap_or_default().to_owned(),
        value: from.value().unwrap_or_default().to_owned(),
        effect: from.effect().map(|it| it.as_str().to_owned()).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_eks_leaves_out_has_its_default() {
        let bare = Nodegroup::builder().cluster_name("main").node_role("role").build();
        let plain = NodeGroup::new(Input::Known("main".into()), Input::Known("role".into()));
        assert_eq!(document(&bare, Tags::new()), plain);
    }
}
