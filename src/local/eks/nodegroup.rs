//! Managed node groups: made, read, deleted. What changes them is in `nodegroup_update`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::nodegroup_template::{self as template, Template};
use super::{
    NODEGROUPS, access, active, all_in, check, cluster_of, in_use, invalid, missing, names,
};
use super::{names_in, nodegroup_update, over_at, remove, tags_of, versions};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::{self, network};
use crate::local::error::AwsError;
use crate::local::params::Shape;
use crate::local::store::Table;
use crate::local::{autoscaling, durations};

/// IAM's instance profiles by name.
pub(super) const INSTANCE_PROFILES: Table = Table::global("iam/instance-profile");
/// The most node groups of a cluster.
const MOST: usize = 30;

pub(super) const TAINTS: Shape = Shape::List(&Shape::Structure(&[
    ("key", Shape::Text),
    ("value", Shape::Text),
    ("effect", Shape::OneOf(&["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"])),
]));
const REMOTE: Shape = Shape::Structure(&[
    ("ec2SshKey", Shape::Text),
    ("sourceSecurityGroups", Shape::List(&Shape::Text)),
]);

/// The state that its times say.
pub(super) fn status(call: &Call<'_>, group: &Value) -> &'static str {
    let own = &group["own"];
    match own {
        _ if own.has("deleting") => "DELETING",
        _ if own.time("ready") > call.now => "CREATING",
        _ if own.has("hindrance") => "CREATE_FAILED",
        _ if own.time("updating") > call.now => "UPDATING",
        _ if !issues(call, group).is_empty() => "DEGRADED",
        _ => "ACTIVE",
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, document) = active(call)?;
    let name = call.input.text("nodegroupName")?;
    check::name("nodegroup name", &name, 63)?;
    let token = call.input.optional_text("clientRequestToken")?;
    let tags = call.input.map("tags")?;
    let with = |error: AwsError| {
        error.with("clusterName", cluster.as_str()).with("nodegroupName", name.as_str())
    };
    let (mut group, own) = wanted(call, &document).map_err(with)?;
    let key = format!("{cluster}/{name}");
    if let Some(old) = call.get(NODEGROUPS, &key) {
        if token.is_some() && old["own"].text("token") == token.clone().unwrap_or_default() {
            return Ok(json!({"nodegroup": wire(call, &old)}));
        }
        return Err(with(in_use(format!(
            "NodeGroup already exists with name {name} and cluster name {cluster}"
        ))));
    }
    if names_in(call, NODEGROUPS, &cluster).len() >= MOST {
        let message = format!("The limit of {MOST} node groups of a cluster is reached");
        return Err(with(AwsError::new("ResourceLimitExceededException", message)));
    }
    let id = call.ids.uuid();
    let arn = call.arn("eks", &format!("nodegroup/{cluster}/{name}/{id}"));
    let scaling = format!("eks-{name}-{id}");
    group.set("arn", arn.clone());
    group.set("nodegroupArn", arn.clone());
    group.set("nodegroupName", name.clone());
    group.set("clusterName", cluster.clone());
    let mut resources = json!({"autoScalingGroups": [{"name": scaling}]});
    let remote = &group["remoteAccess"];
    if remote.has("ec2SshKey") && !remote.list("sourceSecurityGroups").is_empty() {
        let vpc = document["resourcesVpcConfig"].text("vpcId").to_owned();
        let number = call.ids.hex(8);
        let group = ec2::make_group(
            call,
            &vpc,
            &format!("eks-remoteAccess-{number}"),
            "Security group for all nodes in the nodeGroup to allow SSH access",
            std::collections::BTreeMap::from([("eks".to_owned(), name.clone())]),
        )?;
        resources.set("remoteAccessSecurityGroup", group);
    }
    group.set("resources", resources);
    let role = group.text("nodeRole").to_owned();
    let profile = format!("eks-{id}");
    template::make_profile(call, &profile, &role);
    let hindrance = template::hindrance(call, &group);
    let takes = if hindrance.is_some() { durations::EKS_NODES_FAIL } else { durations::EKS_NODES };
    let ready = call.ready_at(takes);
    group.set(
        "own",
        json!({
            "created": call.now, "modified": call.now, "token": token, "ready": ready, "profile": profile,
            "hindrance": hindrance, "scaling": scaling,
        }),
    );
    let data = template::data(call, &group, own.as_ref(), &document);
    let lt = ec2::make_template(
        call,
        &format!("eks-{id}"),
        data,
        std::collections::BTreeMap::from([
            ("eks:cluster-name".to_owned(), cluster.clone()),
            ("eks:nodegroup-name".to_owned(), name.clone()),
        ]),
    );
    let mut inner = group["own"].clone();
    inner.set("template", lt.clone());
    group.set("own", inner);
    let members = template::scaling_group(&group, &lt);
    autoscaling::make(call, &scaling, members);
    call.add_tags(&arn, tags)?;
    call.put(NODEGROUPS, &key, group.clone());
    if document["accessConfig"].text("authenticationMode") != "CONFIG_MAP" {
        let kind =
            if group.text("amiType").starts_with("WINDOWS") { "EC2_WINDOWS" } else { "EC2_LINUX" };
        access::make_own(call, &cluster, &role, kind, None);
    }
    let mut shown = wire(call, &group);
    shown.set("status", "CREATING");
    Ok(json!({"nodegroup": shown}))
}

/// The members that the input asks for, and the data of the caller's own launch template.
fn wanted(call: &Call<'_>, cluster: &Value) -> Result<(Value, Option<Value>), AwsError> {
    let input = &call.input;
    let role = input.text("nodeRole")?;
    let subnets = input.texts("subnets")?;
    let own = input.optional_structure("launchTemplate")?;
    let own = own.map(|given| Template::read(call, &given)).transpose()?;
    let disk = input.optional_integer_within("diskSize", 1, 16_384)?;
    let types = input.optional_texts("instanceTypes")?;
    let ami = input.optional_one_of("amiType", &template::TYPES)?;
    let remote = input.shaped("remoteAccess", &REMOTE)?;
    let version = input.optional_text("version")?;
    let release = input.optional_text("releaseVersion")?;
    let capacity =
        input.optional_one_of("capacityType", &["ON_DEMAND", "SPOT", "CAPACITY_BLOCK"])?;
    if capacity.as_deref() == Some("CAPACITY_BLOCK") {
        return Err(AwsError::not_modelled("local AWS has no capacity blocks"));
    }
    check_role(call, &role)?;
    if subnets.is_empty() {
        return Err(invalid("Subnets must be given"));
    }
    let vpc = cluster["resourcesVpcConfig"].text("vpcId");
    for subnet in check::subnets(call, &subnets)? {
        if subnet.vpc != vpc {
            return Err(invalid(format!(
                "Subnet {} is not in the VPC {vpc} of the cluster",
                subnet.id
            )));
        }
    }
    if let Some(own) = &own {
        if disk.is_some() {
            return Err(invalid("Disk size cannot be specified together with a launch template."));
        }
        if remote.is_some() {
            return Err(invalid(
                "Remote access configuration cannot be specified with a launch template.",
            ));
        }
        if types.is_some() && !own.instance_type().is_empty() {
            return Err(invalid(
                "Instance type(s) must be specified in the launch template or in the API request, not in \
                 both.",
            ));
        }
        if own.custom() {
            if ami.as_deref().is_some_and(|ami| ami != "CUSTOM") {
                return Err(invalid(
                    "You cannot specify an amiType when the launch template has a custom image.",
                ));
            }
            if version.is_some() || release.is_some() {
                return Err(invalid(
                    "You cannot specify a kubernetes version or release version when the launch template \
                     has a custom image.",
                ));
            }
        }
    }
    let custom = own.as_ref().is_some_and(Template::custom);
    if ami.as_deref() == Some("CUSTOM") && !custom {
        return Err(invalid("amiType CUSTOM needs a launch template with an image."));
    }
    let default = if custom { "CUSTOM" } else { "AL2023_x86_64_STANDARD" };
    let ami = ami.unwrap_or_else(|| default.to_owned());
    let of_template = own.as_ref().map(Template::instance_type).unwrap_or_default();
    let types = match types {
        Some(types) if !types.is_empty() => types,
        _ if !of_template.is_empty() => vec![of_template.to_owned()],
        _ => vec!["t3.medium".to_owned()],
    };
    if types.len() > 20 {
        return Err(invalid("At most 20 instance types can be given"));
    }
    template::check_types(&ami, &types)?;
    let at = cluster.text("version");
    if version.as_deref().is_some_and(|version| version != at) {
        return Err(invalid(format!(
            "Requested Nodegroup version {} is not the cluster's version {at}",
            version.unwrap_or_default()
        )));
    }
    let mut group = json!({
        "capacityType": capacity.unwrap_or_else(|| "ON_DEMAND".to_owned()),
        "scalingConfig": sizes(call, None)?.unwrap_or_else(|| {
            json!({"minSize": 1, "maxSize": 2, "desiredSize": 2})
        }),
        "subnets": subnets,
        "amiType": ami,
        "nodeRole": role,
        "labels": labels(&input.map("labels")?)?,
        "updateConfig": update_config(call)?.unwrap_or_else(|| json!({"maxUnavailable": 1})),
    });
    group.set("instanceTypes", types);
    if let Some(taints) = input.shaped("taints", &TAINTS)? {
        check_taints(&taints)?;
        group.set("taints", taints);
    }
    if let Some(repair) = repair(call)? {
        group.set("nodeRepairConfig", repair);
    }
    if let Some(pool) = warm_pool(call)? {
        group.set("warmPoolConfig", pool);
    }
    if let Some(remote) = remote {
        let groups: Vec<String> =
            remote.texts("sourceSecurityGroups").into_iter().map(str::to_owned).collect();
        if !groups.is_empty() && !remote.has("ec2SshKey") {
            return Err(invalid("Remote access configuration needs an SSH key"));
        }
        check::groups(call, &groups, vpc)?;
        group.set("remoteAccess", remote);
    }
    if custom {
        group.set("releaseVersion", own.as_ref().map(|own| own.data["imageId"].clone()));
    } else {
        let found = versions::supported(call, at)?;
        group.set("version", at);
        group.set("releaseVersion", template::release(group.text("amiType"), found, release)?);
    }
    if own.is_none() {
        let windows = group.text("amiType").starts_with("WINDOWS");
        group.set("diskSize", disk.unwrap_or(if windows { 50 } else { 20 }));
    }
    let data = own.map(|own| {
        group.set("launchTemplate", own.shown);
        own.data
    });
    Ok((group, data))
}

fn check_role(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let Some(role) = check::role(call, arn) else {
        return Err(invalid(format!(
            "The role with name {} cannot be found.",
            arn.rsplit('/').next().unwrap_or_default()
        )));
    };
    if check::trusts(&role, "ec2.amazonaws.com", "sts:AssumeRole") {
        return Ok(());
    }
    Err(invalid(format!(
        "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships \
         of nodeRole {arn}"
    )))
}

/// `scalingConfig`: what is not given stays.
pub(super) fn sizes(call: &Call<'_>, old: Option<&Value>) -> Result<Option<Value>, AwsError> {
    let Some(input) = call.input.optional_structure("scalingConfig")? else { return Ok(None) };
    let (low, high) = (input.optional_integer("minSize")?, input.optional_integer("maxSize")?);
    let desired = input.optional_integer("desiredSize")?;
    let kept = |name: &str, fallback: i64| old.map_or(fallback, |old| old.integer(name));
    let low = low.unwrap_or_else(|| kept("minSize", 1));
    let high = high.unwrap_or_else(|| kept("maxSize", 2));
    let desired = desired.unwrap_or_else(|| kept("desiredSize", low.max(high.min(2))));
    if low < 0 || high < 1 || low > high {
        return Err(invalid(format!(
            "Minimum capacity {low} can't be greater than maximum size {high}, which must be at least 1"
        )));
    }
    if desired < low {
        return Err(invalid(format!(
            "desired capacity {desired} can't be less than min size {low}"
        )));
    }
    if desired > high {
        return Err(invalid(format!(
            "desired capacity {desired} can't be greater than max size {high}"
        )));
    }
    Ok(Some(json!({"minSize": low, "maxSize": high, "desiredSize": desired})))
}

/// `updateConfig`.
pub(super) fn update_config(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let Some(input) = call.input.optional_structure("updateConfig")? else { return Ok(None) };
    let count = input.optional_integer_within("maxUnavailable", 1, 100)?;
    let share = input.optional_integer_within("maxUnavailablePercentage", 1, 100)?;
    let strategy = input.optional_one_of("updateStrategy", &["DEFAULT", "MINIMAL"])?;
    if count.is_some() && share.is_some() {
        return Err(invalid(
            "maxUnavailable and maxUnavailablePercentage cannot both be specified",
        ));
    }
    let mut made = match (count, share) {
        (None, Some(share)) => json!({"maxUnavailablePercentage": share}),
        (count, _) => json!({"maxUnavailable": count.unwrap_or(1)}),
    };
    if let Some(strategy) = strategy {
        made.set("updateStrategy", strategy);
    }
    Ok(Some(made))
}

/// `nodeRepairConfig`.
pub(super) fn repair(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    use Shape::{Boolean, Integer, List, OneOf, Structure, Text};
    let shape = Structure(&[
        ("enabled", Boolean),
        ("maxUnhealthyNodeThresholdCount", Integer),
        ("maxUnhealthyNodeThresholdPercentage", Integer),
        ("maxParallelNodesRepairedCount", Integer),
        ("maxParallelNodesRepairedPercentage", Integer),
        (
            "nodeRepairConfigOverrides",
            List(&Structure(&[
                ("nodeMonitoringCondition", Text),
                ("nodeUnhealthyReason", Text),
                ("minRepairWaitTimeMins", Integer),
                ("repairAction", OneOf(&["Replace", "Reboot", "NoAction"])),
            ])),
        ),
    ]);
    let Some(repair) = call.input.shaped("nodeRepairConfig", &shape)? else { return Ok(None) };
    for (one, other) in [
        ("maxUnhealthyNodeThresholdCount", "maxUnhealthyNodeThresholdPercentage"),
        ("maxParallelNodesRepairedCount", "maxParallelNodesRepairedPercentage"),
    ] {
        if repair.has(one) && repair.has(other) {
            return Err(invalid(format!("{one} and {other} cannot both be specified")));
        }
    }
    Ok(Some(repair))
}

/// `warmPoolConfig`.
pub(super) fn warm_pool(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    use Shape::{Boolean, Integer, OneOf, Structure};
    let shape = Structure(&[
        ("enabled", Boolean),
        ("minSize", Integer),
        ("maxGroupPreparedCapacity", Integer),
        ("poolState", OneOf(&["STOPPED", "RUNNING", "HIBERNATED"])),
        ("reuseOnScaleIn", Boolean),
    ]);
    call.input.shaped("warmPoolConfig", &shape)
}

/// Labels, none of them Kubernetes' own.
pub(super) fn labels(
    labels: &std::collections::BTreeMap<String, String>,
) -> Result<Value, AwsError> {
    for (key, value) in labels {
        let own = key.split('/').next().filter(|_| key.contains('/')).is_some_and(|domain| {
            let reserved = ["kubernetes.io", "k8s.io", "eks.amazonaws.com"];
            let node = ["node.kubernetes.io", "node-restriction.kubernetes.io"];
            reserved.iter().any(|it| domain == *it || domain.ends_with(&format!(".{it}")))
                && !node.contains(&domain)
        });
        if own {
            return Err(invalid(format!(
                "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]: {key}"
            )));
        }
        if key.is_empty() || key.len() > 63 || value.is_empty() || value.len() > 63 {
            return Err(invalid(format!(
                "The label {key} must have 1 to 63 characters on each side"
            )));
        }
    }
    Ok(json!(labels))
}

/// Taints, each key and effect once.
pub(super) fn check_taints(taints: &Value) -> Result<(), AwsError> {
    let all = taints.as_array().map(Vec::as_slice).unwrap_or_default();
    if all.len() > 50 {
        return Err(invalid("At most 50 taints can be given"));
    }
    for (at, taint) in all.iter().enumerate() {
        if taint.text("key").is_empty() || !taint.has("effect") {
            return Err(invalid("A taint needs a key and an effect"));
        }
        let same =
            |other: &Value| other["key"] == taint["key"] && other["effect"] == taint["effect"];
        if all[..at].iter().any(same) {
            return Err(invalid(format!(
                "Taints with the same key and effect: {}",
                taint.text("key")
            )));
        }
    }
    Ok(())
}

/// The node group that the path names.
pub(super) fn found(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let name = call.input.text("nodegroupName")?;
    let key = format!("{cluster}/{name}");
    let found = call.get(NODEGROUPS, &key);
    found.map(|found| (key, found)).ok_or_else(|| {
        missing(format!("No node group found for name: {name}."))
            .with("clusterName", cluster)
            .with("nodegroupName", name)
    })
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = found(call)?;
    Ok(json!({"nodegroup": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = cluster_of(call)?;
    names(call, "nodegroups", names_in(call, NODEGROUPS, &cluster))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = found(call)?;
    if status(call, &found) == "DELETING" {
        return Ok(json!({"nodegroup": wire(call, &found)}));
    }
    if status(call, &found) == "CREATING" {
        return Err(nodegroup_update::busy(&found, "is being created"));
    }
    if status(call, &found) == "UPDATING" {
        return Err(nodegroup_update::busy(&found, "is being updated"));
    }
    let at = call.ready_at(durations::EKS_NODES_DELETION);
    call.update(NODEGROUPS, &key, |group| {
        let mut own = group["own"].clone();
        own.set("deleting", at);
        group.set("own", own);
    });
    over_at(call, at, "nodegroup", &key);
    let mut shown = wire(call, &found);
    shown.set("status", "DELETING");
    Ok(json!({"nodegroup": shown}))
}

/// A node group is gone, with all that EKS kept for it.
pub(super) fn gone(call: &mut Call<'_>, key: &str) {
    let Some(group) = call.get(NODEGROUPS, key) else { return };
    let own = &group["own"];
    autoscaling::remove(call, own.text("scaling"));
    ec2::drop_template(call, own.text("template"));
    call.delete(INSTANCE_PROFILES, own.text("profile"));
    let remote = group["resources"].text("remoteAccessSecurityGroup");
    if !remote.is_empty() {
        ec2::drop_group(call, remote);
    }
    remove(call, NODEGROUPS, key);
    let (cluster, role) = (group.text("clusterName"), group.text("nodeRole"));
    let used =
        all_in(call, NODEGROUPS, cluster).iter().any(|(_, other)| other.text("nodeRole") == role);
    if !used {
        access::leave(call, cluster, role);
    }
}

/// A node group as it is shown. Its size is that of its Auto Scaling group, which others may change.
pub(super) fn wire(call: &Call<'_>, group: &Value) -> Value {
    let own = &group["own"];
    let mut wire = group.clone();
    wire.unset("own");
    wire.unset("arn");
    if let Some(desired) = autoscaling::desired(call, own.text("scaling")) {
        let mut sizes = group["scalingConfig"].clone();
        sizes.set("desiredSize", desired);
        wire.set("scalingConfig", sizes);
    }
    wire.set("status", status(call, group));
    wire.set("createdAt", call.time(own.time("created")));
    wire.set("modifiedAt", call.time(own.time("modified")));
    wire.set("tags", tags_of(call, group));
    wire.set("health", json!({"issues": issues(call, group)}));
    wire
}

/// What is wrong with it, as far as that is known by now.
fn issues(call: &Call<'_>, group: &Value) -> Vec<Value> {
    let own = &group["own"];
    if own.time("ready") > call.now {
        return Vec::new();
    }
    let mut issues: Vec<Value> = Vec::new();
    if own.has("hindrance") {
        issues.push(own["hindrance"].clone());
    }
    let mut add = |code: &str, message: String, id: &str| {
        issues.push(json!({"code": code, "message": message, "resourceIds": [id]}));
    };
    let scaling = own.text("scaling");
    match autoscaling::desired(call, scaling) {
        None => add(
            "AutoScalingGroupNotFound",
            format!("AutoScalingGroup {scaling} does not exist"),
            scaling,
        ),
        Some(desired)
            if usize::try_from(desired).unwrap_or(0) > autoscaling::size(call, scaling) =>
        {
            let message =
                "Amazon EC2 Auto Scaling could not launch the desired instances".to_owned();
            add("AsgInstanceLaunchFailures", message, scaling);
        }
        Some(_) => {}
    }
    let role = group.text("nodeRole");
    if check::role(call, role).is_none() {
        add("IamNodeRoleNotFound", format!("The node role {role} does not exist"), role);
    }
    for subnet in group.texts("subnets") {
        if network::subnet(call, subnet).is_none() {
            add("Ec2SubnetNotFound", format!("The subnet {subnet} does not exist"), subnet);
        }
    }
    issues
}

/// Has the cluster nodes of node groups that run pods?
pub(super) fn any_nodes(call: &Call<'_>, cluster: &str) -> bool {
    all_in(call, NODEGROUPS, cluster).iter().any(|(_, group)| {
        matches!(status(call, group), "ACTIVE" | "UPDATING" | "DEGRADED")
            && autoscaling::size(call, group["own"].text("scaling")) > 0
    })
}
