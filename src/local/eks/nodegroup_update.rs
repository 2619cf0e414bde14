//! Changes of node groups: their configuration, and the version that their nodes run.

use serde_json::{Value, json};

use super::nodegroup::{self, TAINTS, check_taints, found, labels, status};
use super::nodegroup_template::{self as template, Template};
use super::update::{self, New, text};
use super::{CLUSTERS, NODEGROUPS, in_use, invalid, refused, versions};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::{autoscaling, durations, ec2};

/// Something else is going on with it.
pub(super) fn busy(group: &Value, what: &str) -> AwsError {
    let name = group.text("nodegroupName");
    in_use(format!("Nodegroup {name} {what}: it cannot be changed or deleted now"))
        .with("clusterName", group.text("clusterName"))
        .with("nodegroupName", name)
}

fn settled(call: &Call<'_>, group: &Value) -> Result<(), AwsError> {
    match status(call, group) {
        "ACTIVE" | "DEGRADED" => Ok(()),
        "CREATE_FAILED" => Err(refused("Nodegroup is in status CREATE_FAILED: delete it")
            .with("nodegroupName", group.text("nodegroupName"))),
        "UPDATING" => {
            let cluster = group.text("clusterName");
            let what = format!("nodegroup {}", group.text("nodegroupName"));
            update::none_running(call, group, &what, cluster)
        }
        other => Err(busy(group, &format!("is in status {other}"))),
    }
}

pub(super) fn config(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, group) = found(call)?;
    let given_labels = call.input.optional_structure("labels")?;
    let given_taints = call.input.optional_structure("taints")?;
    let sizes = nodegroup::sizes(call, Some(&nodegroup::wire(call, &group)["scalingConfig"]))?;
    let unavailable = nodegroup::update_config(call)?;
    let repair = nodegroup::repair(call)?;
    let pool = nodegroup::warm_pool(call)?;
    let (mut changes, mut params) = (json!({}), Vec::new());
    if let Some(given) = given_labels {
        let (put, drop) = (given.map("addOrUpdateLabels")?, given.texts("removeLabels")?);
        labels(&put)?;
        if let Some(both) = drop.iter().find(|key| put.contains_key(*key)) {
            return Err(invalid(format!("The label {both} is both added and removed")));
        }
        let mut all = group["labels"].as_object().cloned().unwrap_or_default();
        all.retain(|key, _| !drop.contains(key));
        params.push(("LabelsToAdd", text(&json!(put))));
        params.push(("LabelsToRemove", text(&json!(drop))));
        all.extend(put.into_iter().map(|(key, value)| (key, Value::from(value))));
        changes.set("labels", Value::Object(all));
    }
    if let Some(given) = given_taints {
        let none = || json!([]);
        let put = given.shaped("addOrUpdateTaints", &TAINTS)?.unwrap_or_else(none);
        let drop = given.shaped("removeTaints", &TAINTS)?.unwrap_or_else(none);
        let id = |taint: &Value| (taint.text("key").to_owned(), taint.text("effect").to_owned());
        let named: Vec<_> = [&put, &drop]
            .into_iter()
            .flat_map(|list| list.as_array().into_iter().flatten())
            .map(id)
            .collect();
        let mut all = group.list("taints").to_vec();
        all.retain(|taint| !named.contains(&id(taint)));
        all.extend(put.as_array().into_iter().flatten().cloned());
        check_taints(&json!(all))?;
        params.push(("TaintsToAdd", text(&put)));
        params.push(("TaintsToRemove", text(&drop)));
        changes.set("taints", all);
    }
    if let Some(sizes) = sizes {
        for (kind, member) in
            [("MinSize", "minSize"), ("MaxSize", "maxSize"), ("DesiredSize", "desiredSize")]
        {
            params.push((kind, text(&sizes[member])));
        }
        changes.set("scalingConfig", sizes);
    }
    if let Some(unavailable) = unavailable {
        for (kind, member) in [
            ("MaxUnavailable", "maxUnavailable"),
            ("MaxUnavailablePercentage", "maxUnavailablePercentage"),
            ("UpdateStrategy", "updateStrategy"),
        ] {
            if unavailable.has(member) {
                params.push((kind, text(&unavailable[member])));
            }
        }
        changes.set("updateConfig", unavailable);
    }
    if let Some(repair) = repair {
        params.push(("NodeRepairConfig", text(&repair)));
        changes.set("nodeRepairConfig", repair);
    }
    if let Some(pool) = pool {
        params.push(("WarmPoolEnabled", text(&pool["enabled"])));
        changes.set("warmPoolConfig", pool);
    }
    if let Some(update) = update::repeated(call, NODEGROUPS, &key)? {
        return Ok(json!({"update": update}));
    }
    settled(call, &group)?;
    if params.is_empty() {
        return Err(
            invalid("No changes were specified").with("nodegroupName", group.text("nodegroupName"))
        );
    }
    begin(call, key, &group, "ConfigUpdate", params, changes)
}

fn begin(
    call: &mut Call<'_>,
    key: String,
    group: &Value,
    kind: &'static str,
    params: Vec<(&'static str, String)>,
    changes: Value,
) -> Result<Value, AwsError> {
    let takes = match kind {
        "VersionUpdate" => durations::EKS_NODES_VERSION,
        _ => durations::EKS_NODES_CONFIG,
    };
    let begun = update::begin(
        call,
        New {
            cluster: group.text("clusterName").to_owned(),
            within: Some(("nodegroupName", group.text("nodegroupName").to_owned())),
            table: NODEGROUPS,
            key,
            kind,
            params,
            changes,
            takes,
        },
    )?;
    Ok(json!({"update": begun}))
}

pub(super) fn version(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, group) = found(call)?;
    let wanted = call.input.optional_text("version")?;
    let release = call.input.optional_text("releaseVersion")?;
    // Without pods, none is in the way of a drain.
    call.input.optional_boolean("force")?;
    let own = call.input.optional_structure("launchTemplate")?;
    let own = own.map(|given| Template::read(call, &given)).transpose()?;
    if let Some(update) = update::repeated(call, NODEGROUPS, &key)? {
        return Ok(json!({"update": update}));
    }
    settled(call, &group)?;
    let (mut changes, mut params) = (json!({}), Vec::new());
    if let Some(own) = &own {
        if !group.has("launchTemplate") {
            return Err(invalid(
                "A launch template cannot be given: the node group was not created with one",
            ));
        }
        if own.shown["id"] != group["launchTemplate"]["id"] {
            return Err(invalid(
                "You cannot specify a different launch template than the one that the node group was \
                 created with",
            ));
        }
        params.push(("LaunchTemplateName", text(&own.shown["name"])));
        params.push(("LaunchTemplateVersion", text(&own.shown["version"])));
        changes.set("launchTemplate", own.shown.clone());
        changes.set("data", own.data.clone());
        if !own.instance_type().is_empty() {
            changes.set("instanceTypes", vec![own.instance_type()]);
        }
    }
    let custom = own.as_ref().map_or(group.text("amiType") == "CUSTOM", Template::custom);
    if custom {
        if wanted.is_some() || release.is_some() {
            return Err(invalid(
                "You cannot specify a kubernetes version or release version when the launch template has a \
                 custom image.",
            ));
        }
        let Some(own) = &own else {
            return Err(invalid(
                "A node group with a custom image is updated by its launch template",
            ));
        };
        changes.set("releaseVersion", own.data["imageId"].clone());
    } else {
        let cluster = call.get(CLUSTERS, group.text("clusterName"));
        let at = cluster.map(|cluster| cluster.text("version").to_owned()).unwrap_or_default();
        let to = match &wanted {
            Some(wanted) => wanted.clone(),
            None if own.is_some() || release.is_some() => group.text("version").to_owned(),
            None => at.clone(),
        };
        let number = |text: &str| versions::find(text).map_or(0, |version| version.minor);
        if number(&to) > number(&at) {
            return Err(invalid(format!(
                "Requested Nodegroup version {to} must not be newer than the cluster's version {at}"
            )));
        }
        if number(&to) < number(group.text("version")) {
            return Err(invalid(format!(
                "A node group cannot be rolled back from version {} to {to}",
                group.text("version")
            )));
        }
        let version = versions::supported(call, &to)?;
        let ami = group.text("amiType");
        let newer = template::releases(ami, version);
        let kept = group.text("releaseVersion").to_owned();
        let release = match release {
            None if own.is_some() && wanted.is_none() => kept.clone(),
            release => template::release(ami, version, release)?,
        };
        if to == group.text("version") && kept == newer[0] && release == newer[1] {
            return Err(invalid(format!(
                "A node group cannot be rolled back from release {kept} to {release}"
            )));
        }
        let same = to == group.text("version") && kept == release;
        if same && own.as_ref().is_none_or(|own| own.shown == group["launchTemplate"]) {
            return Err(invalid("No updates needed: the node group has that version already"));
        }
        params.push(("Version", to.clone()));
        params.push(("ReleaseVersion", release.clone()));
        changes.set("version", to);
        changes.set("releaseVersion", release);
    }
    begin(call, key, &group, "VersionUpdate", params, changes)
}

/// What a change means for the Auto Scaling group: another size, or other nodes.
pub(super) fn follow(call: &mut Call<'_>, key: &str, kind: &str) {
    let Some(group) = call.get(NODEGROUPS, key) else { return };
    let scaling = group["own"].text("scaling").to_owned();
    if kind == "ConfigUpdate" {
        let sizes = &group["scalingConfig"];
        let size = |name: &str| sizes.integer(name);
        let now = (size("minSize"), size("maxSize"), size("desiredSize"));
        autoscaling::resize(call, &scaling, now.0, now.1, now.2);
        return;
    }
    let Some(cluster) = call.get(CLUSTERS, group.text("clusterName")) else { return };
    let own = group.has("data").then(|| group["data"].clone());
    let data = template::data(call, &group, own.as_ref(), &cluster);
    ec2::next_version(call, group["own"].text("template"), data);
    call.update(NODEGROUPS, key, |group| {
        group.unset("data");
    });
    autoscaling::replace_all(call, &scaling);
}
