//! From a node group's document to calls of EKS.

use aws_sdk_eks::types::{
    LaunchTemplateSpecification, NodeRepairConfig, NodeRepairConfigOverrides, Nodegroup,
    NodegroupScalingConfig, NodegroupUpdateConfig, RemoteAccessConfig, UpdateLabelsPayload,
    UpdateTaintsPayload, WarmPoolConfig,
};

use super::nodegroup::{NodeGroup, Repair, Taint, UpdateSettings, WarmPool};
use super::{nodegroup_read as read, shared, upgrade};
use crate::aws::{Cx, classify, tags};
use crate::engine::{Class, Failure, Identity, Input};
use crate::resources::resource::Tags;

fn texts<T: Clone + std::fmt::Display>(inputs: &[Input<T>]) -> Result<Vec<String>, Failure> {
    inputs.iter().map(|one| Ok(one.get()?.to_string())).collect()
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    Some(list).filter(|list| !list.is_empty())
}

pub(super) async fn create(
    wanted: &NodeGroup,
    cx: &Cx,
    identity: &Identity,
    name: &str,
) -> Result<Nodegroup, Failure> {
    let remote = wanted.remote_access.as_ref().map(|remote| {
        let call = RemoteAccessConfig::builder().ec2_ssh_key(&remote.key_name);
        Ok::<_, Failure>(
            call.set_source_security_groups(some(texts(&remote.security_groups)?)).build(),
        )
    });
    let template = template(wanted)?;
    // With an image of one's own, EKS wants none named.
    let ami = (wanted.ami_type != "CUSTOM").then(|| wanted.ami_type.as_str().into());
    let sizes = &wanted.scaling;
    let tags = tags::for_create(identity, &wanted.tags, false);
    let labels = Some(shared::to_sdk(&wanted.labels)).filter(|labels| !labels.is_empty());
    let sent = cx
        .eks
        .create_nodegroup()
        .cluster_name(wanted.cluster.get()?.0)
        .nodegroup_name(name)
        .client_request_token(identity.client_token())
        .node_role(wanted.role.get()?.as_str())
        .set_subnets(Some(texts(&wanted.subnets)?))
        .set_ami_type(ami)
        .set_instance_types(some(wanted.instance_types.clone()))
        .capacity_type(wanted.capacity_type.as_str().into())
        .set_disk_size(wanted.disk_size)
        .set_remote_access(remote.transpose()?)
        .set_launch_template(template)
        .scaling_config(scaling(sizes.min, sizes.max, sizes.desired.unwrap_or(sizes.min)))
        .set_labels(labels)
        .set_taints(some(wanted.taints.iter().map(taint).collect()))
        .update_config(update_settings(&wanted.update))
        .set_node_repair_config(wanted.repair.as_ref().map(repair))
        .set_warm_pool_config(wanted.warm_pool.as_ref().map(warm_pool))
        .set_version(wanted.version.clone())
        .set_release_version(wanted.release.clone())
        .set_tags(Some(shared::to_sdk(&tags)))
        .send()
        .await
        .map_err(|error| classify("eks CreateNodegroup", error))?;
    sent.nodegroup.ok_or_else(|| Failure::new(Class::LostAnswer, "the answer holds no node group"))
}

/// Begins the first change that is left; says what was begun, and whether another is left.
pub(super) async fn change(
    wanted: &NodeGroup,
    cx: &Cx,
    now: &Nodegroup,
    cluster: &str,
    name: &str,
) -> Result<(Option<String>, bool), Failure> {
    let live = read::document(now, Tags::new());
    let version = wanted.version.clone().filter(|it| live.version.as_ref() != Some(it));
    let release = wanted.release.clone().filter(|it| live.release.as_ref() != Some(it));
    let number = &wanted.launch_template_version;
    let template = (number.is_some() && *number != live.launch_template_version)
        .then(|| template(wanted))
        .transpose()?
        .flatten();
    let moves = version.is_some() || release.is_some() || template.is_some();
    if let Some(id) = configure(wanted, &live, cx, cluster, name).await? {
        return Ok((Some(id), moves));
    }
    if !moves {
        return Ok((None, false));
    }
    let sent = cx
        .eks
        .update_nodegroup_version()
        .cluster_name(cluster)
        .nodegroup_name(name)
        .set_version(version)
        .set_release_version(release)
        .set_launch_template(template)
        .send()
        .await
        .map_err(|error| upgrade::read_anew(classify("eks UpdateNodegroupVersion", error)))?;
    Ok((sent.update.and_then(|update| update.id), false))
}

/// Changes what is configuration, if anything of it differs.
async fn configure(
    wanted: &NodeGroup,
    live: &NodeGroup,
    cx: &Cx,
    cluster: &str,
    name: &str,
) -> Result<Option<String>, Failure> {
    let mut call = cx.eks.update_nodegroup_config().cluster_name(cluster).nodegroup_name(name);
    let mut any = false;
    let (write, drop) = tags::difference(&live.labels, &wanted.labels);
    if !write.is_empty() || !drop.is_empty() {
        any = true;
        let write = Some(shared::to_sdk(&write)).filter(|labels| !labels.is_empty());
        let labels = UpdateLabelsPayload::builder().set_add_or_update_labels(write);
        call = call.labels(labels.set_remove_labels(some(drop)).build());
    }
    let of = |taint: &Taint| (taint.key.clone(), taint.effect.clone());
    let write: Vec<_> = wanted.taints.iter().filter(|one| !live.taints.contains(one)).collect();
    let kept: Vec<_> = wanted.taints.iter().map(of).collect();
    let drop: Vec<_> = live.taints.iter().filter(|one| !kept.contains(&of(one))).collect();
    if !write.is_empty() || !drop.is_empty() {
        any = true;
        let sdk = |taints: Vec<&Taint>| some(taints.into_iter().map(taint).collect());
        let taints = UpdateTaintsPayload::builder().set_add_or_update_taints(sdk(write));
        call = call.taints(taints.set_remove_taints(sdk(drop)).build());
    }
    let (to, at) = (&wanted.scaling, &live.scaling);
    if (to.min, to.max) != (at.min, at.max) || to.desired.is_some_and(|it| at.desired != Some(it)) {
        any = true;
        // An autoscaler's number stays as far as it may.
        let kept = || at.desired.unwrap_or(to.min).clamp(to.min, to.max.max(to.min));
        call = call.scaling_config(scaling(to.min, to.max, to.desired.unwrap_or_else(kept)));
    }
    if wanted.update != live.update {
        any = true;
        call = call.update_config(update_settings(&wanted.update));
    }
    if wanted.repair != live.repair {
        any = true;
        let off = || NodeRepairConfig::builder().enabled(false).build();
        call = call.node_repair_config(wanted.repair.as_ref().map_or_else(off, repair));
    }
    let mut pool = live.warm_pool.clone();
    if let (Some(there), Some(WarmPool { max_prepared: None, .. })) = (&mut pool, &wanted.warm_pool)
    {
        there.max_prepared = None;
    }
    if wanted.warm_pool != pool {
        any = true;
        let off = || WarmPoolConfig::builder().enabled(false).build();
        call = call.warm_pool_config(wanted.warm_pool.as_ref().map_or_else(off, warm_pool));
    }
    if !any {
        return Ok(None);
    }
    let sent = call.send().await;
    let sent = sent.map_err(|error| classify("eks UpdateNodegroupConfig", error))?;
    Ok(sent.update.and_then(|update| update.id))
}

fn scaling(min: i32, max: i32, desired: i32) -> NodegroupScalingConfig {
    NodegroupScalingConfig::builder().min_size(min).max_size(max).desired_size(desired).build()
}

fn template(of: &NodeGroup) -> Result<Option<LaunchTemplateSpecification>, Failure> {
    let Some(id) = &of.launch_template else { return Ok(None) };
    let call = LaunchTemplateSpecification::builder().id(id.get()?.as_str());
    Ok(Some(call.set_version(of.launch_template_version.clone()).build()))
}

fn taint(from: &Taint) -> aws_sdk_eks::types::Taint {
    let call = aws_sdk_eks::types::Taint::builder().key(&from.key);
    let value = Some(from.value.clone()).filter(|value| !value.is_empty());
    call.set_value(value).effect(from.effect.as_str().into()).build()
}

fn update_settings(from: &UpdateSettings) -> NodegroupUpdateConfig {
    NodegroupUpdateConfig::builder()
        .set_max_unavailable(from.max_unavailable)
        .set_max_unavailable_percentage(from.max_unavailable_percentage)
        .update_strategy(from.strategy.as_str().into())
        .build()
}

fn repair(from: &Repair) -> NodeRepairConfig {
    let overrides = from.overrides.iter().map(|one| {
        NodeRepairConfigOverrides::builder()
            .node_monitoring_condition(&one.condition)
            .node_unhealthy_reason(&one.reason)
            .min_repair_wait_time_mins(one.min_wait_minutes)
            .repair_action(one.action.as_str().into())
            .build()
    });
    NodeRepairConfig::builder()
        .enabled(true)
        .set_max_unhealthy_node_threshold_count(from.max_unhealthy)
        .set_max_unhealthy_node_threshold_percentage(from.max_unhealthy_percentage)
        .set_max_parallel_nodes_repaired_count(from.max_parallel)
        .set_max_parallel_nodes_repaired_percentage(from.max_parallel_percentage)
        .set_node_repair_config_overrides(some(overrides.collect()))
        .build()
}

fn warm_pool(from: &WarmPool) -> WarmPoolConfig {
    WarmPoolConfig::builder()
        .enabled(true)
        .min_size(from.min_size)
        .set_max_group_prepared_capacity(from.max_prepared)
        .pool_state(from.state.as_str().into())
        .reuse_on_scale_in(from.reuse)
        .build()
}
