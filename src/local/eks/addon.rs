//! Add-ons of clusters, with the pod identities of their service accounts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::addon_table::{self, Addon};
use super::update::{self, New, text};
use super::versions;
use super::{ADDONS, ASSOCIATIONS, CLUSTERS, active, all_in, check, cluster_of, fargate, in_use};
use super::{invalid, missing, names, names_in, nodegroup, over_at, pod_identity, remove, tags_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Shape;

const IDENTITIES: Shape =
    Shape::List(&Shape::Structure(&[("serviceAccount", Shape::Text), ("roleArn", Shape::Text)]));
const CONFLICTS: [&str; 3] = ["OVERWRITE", "NONE", "PRESERVE"];
/// What a cluster has from the beginning, unless it was made without.
const SELF_MANAGED: [&str; 3] = ["vpc-cni", "coredns", "kube-proxy"];

/// The state that its times say, and its surroundings.
fn status(call: &Call<'_>, addon: &Value) -> &'static str {
    let own = &addon["own"];
    match own {
        _ if own.has("deleting") => "DELETING",
        _ if own.time("ready") > call.now => "CREATING",
        _ if own.flag("conflict") => "CREATE_FAILED",
        _ if own.time("updating") > call.now => "UPDATING",
        _ if issue(call, addon).is_some() => "DEGRADED",
        _ => "ACTIVE",
    }
}

fn issue(call: &Call<'_>, addon: &Value) -> Option<Value> {
    if addon["own"].time("ready") > call.now {
        return None;
    }
    if addon["own"].flag("conflict") {
        return Some(json!({
            "code": "ConfigurationConflict",
            "message": "Conflicts found when trying to apply. Will not continue due to resolve conflicts mode.",
            "resourceIds": [],
        }));
    }
    let known = addon_table::find(addon.text("addonName"))?;
    let cluster = addon.text("clusterName");
    let document = call.get(CLUSTERS, cluster)?;
    let auto = &document["computeConfig"];
    let nodes = nodegroup::any_nodes(call, cluster)
        || (auto.flag("enabled") && !auto.list("nodePools").is_empty())
        || fargate::takes(call, cluster, known.namespace);
    (known.needs_nodes && !nodes).then(|| {
        json!({
            "code": "InsufficientNumberOfReplicas",
            "message": "The add-on is unhealthy because it doesn't have the desired number of replicas.",
            "resourceIds": [],
        })
    })
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, document) = active(call)?;
    let name = call.input.text("addonName")?;
    let input = call.input.clone();
    let wanted = input.optional_text("addonVersion")?;
    let role = input.optional_text("serviceAccountRoleArn")?;
    let conflicts = input.optional_one_of("resolveConflicts", &CONFLICTS)?;
    let values = input.optional_text("configurationValues")?;
    let identities = input.shaped("podIdentityAssociations", &IDENTITIES)?;
    let namespace = input.optional_structure("namespaceConfig")?;
    let namespace = namespace.map(|it| it.optional_text("namespace")).transpose()?.flatten();
    let token = input.optional_text("clientRequestToken")?;
    let tags = input.map("tags")?;
    let with = |error: AwsError| {
        error.with("clusterName", cluster.as_str()).with("addonName", name.as_str())
    };
    let at = document.text("version");
    let known = addon_table::find(&name).ok_or_else(|| {
        with(invalid(format!("Addon {name} specified is not supported in {at} kubernetes version")))
    })?;
    let version = version(known, at, wanted).map_err(with)?;
    check_role(call, role.as_deref()).map_err(with)?;
    known.check(values.as_deref().unwrap_or_default()).map_err(with)?;
    let key = format!("{cluster}/{name}");
    if let Some(old) = call.get(ADDONS, &key) {
        if token.is_some() && old["own"].text("token") == token.clone().unwrap_or_default() {
            return Ok(json!({"addon": wire(call, &old)}));
        }
        return Err(with(in_use("Addon already exists.")));
    }
    let id = call.ids.uuid();
    let arn = call.arn("eks", &format!("addon/{cluster}/{name}/{id}"));
    // What a cluster has of itself is in the way, unless it may be overwritten.
    let there = document["own"].flag("bootstrapAddons") && SELF_MANAGED.contains(&known.name);
    let conflict = there && conflicts.as_deref() != Some("OVERWRITE");
    let mut addon = json!({
        "arn": arn, "addonArn": arn, "addonName": name, "clusterName": cluster, "addonVersion": version,
        "publisher": known.publisher(), "owner": known.owner(),
        "namespaceConfig": {
            "namespace": namespace.unwrap_or_else(|| known.namespace.to_owned()),
        },
        "own": {
            "created": call.now, "modified": call.now, "token": token, "conflict": conflict,
            "ready": call.ready_at(durations::EKS_ADDON),
        },
    });
    if let Some(role) = role {
        addon.set("serviceAccountRoleArn", role);
    }
    if let Some(values) = values.filter(|values| !values.is_empty()) {
        addon.set("configurationValues", values);
    }
    identify(call, &addon, identities.as_ref()).map_err(with)?;
    call.add_tags(&arn, tags)?;
    call.put(ADDONS, &key, addon.clone());
    let mut shown = wire(call, &addon);
    shown.set("status", "CREATING");
    Ok(json!({"addon": shown}))
}

/// The version that is wanted: the default one, if none is named.
fn version(addon: &Addon, kubernetes: &str, wanted: Option<String>) -> Result<String, AwsError> {
    let of = versions::find(kubernetes).ok_or_else(|| invalid("unsupported Kubernetes version"))?;
    let known = addon.versions(of);
    match wanted {
        None => Ok(known.last().cloned().unwrap_or_default()),
        Some(wanted) if known.contains(&wanted) => Ok(wanted),
        Some(_) => Err(invalid("Addon version specified is not supported")),
    }
}

fn check_role(call: &Call<'_>, role: Option<&str>) -> Result<(), AwsError> {
    match role {
        Some(role) if !role.is_empty() && check::role(call, role).is_none() => {
            Err(invalid(format!("The service account role {role} does not exist")))
        }
        _ => Ok(()),
    }
}

/// Makes the pod identities that an add-on shall have, and takes those away that it shall not.
fn identify(call: &mut Call<'_>, addon: &Value, wanted: Option<&Value>) -> Result<(), AwsError> {
    let Some(wanted) = wanted else { return Ok(()) };
    let (cluster, owner) = (addon.text("clusterName").to_owned(), addon.text("arn").to_owned());
    let wanted = wanted.as_array().cloned().unwrap_or_default();
    for (key, old) in associations(call, addon) {
        let kept = wanted.iter().any(|one| {
            one["serviceAccount"] == old["serviceAccount"] && one["roleArn"] == old["roleArn"]
        });
        if !kept {
            remove(call, ASSOCIATIONS, &key);
        }
    }
    for one in wanted {
        pod_identity::check_role(call, one.text("roleArn"))?;
        let there = associations(call, addon)
            .iter()
            .any(|(_, old)| old["serviceAccount"] == one["serviceAccount"]);
        if !there {
            let members = json!({
                "namespace": addon["namespaceConfig"]["namespace"], "serviceAccount": one["serviceAccount"],
                "roleArn": one["roleArn"], "disableSessionTags": false,
            });
            pod_identity::make(call, &cluster, members, Some(&owner))?;
        }
    }
    Ok(())
}

/// The pod identities that belong to an add-on.
fn associations(call: &Call<'_>, addon: &Value) -> Vec<(String, Arc<Value>)> {
    let mut all = all_in(call, ASSOCIATIONS, addon.text("clusterName"));
    all.retain(|(_, one)| one.text("ownerArn") == addon.text("arn"));
    all
}

fn found(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let name = call.input.text("addonName")?;
    let key = format!("{cluster}/{name}");
    let found = call.get(ADDONS, &key);
    found.map(|found| (key, found)).ok_or_else(|| {
        missing(format!("No addon: {name} found in cluster: {cluster}"))
            .with("clusterName", cluster)
            .with("addonName", name)
    })
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = found(call)?;
    Ok(json!({"addon": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = cluster_of(call)?;
    names(call, "addons", names_in(call, ADDONS, &cluster))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, old) = found(call)?;
    let input = call.input.clone();
    let wanted = input.optional_text("addonVersion")?;
    let role = input.optional_text("serviceAccountRoleArn")?;
    let conflicts = input.optional_one_of("resolveConflicts", &CONFLICTS)?;
    let values = input.optional_text("configurationValues")?;
    let identities = input.shaped("podIdentityAssociations", &IDENTITIES)?;
    if let Some(update) = update::repeated(call, ADDONS, &key)? {
        return Ok(json!({"update": update}));
    }
    let cluster = old.text("clusterName").to_owned();
    let name = old.text("addonName").to_owned();
    let with = |error: AwsError| {
        error.with("clusterName", cluster.as_str()).with("addonName", name.as_str())
    };
    if matches!(status(call, &old), "CREATING" | "DELETING") {
        let status = status(call, &old);
        return Err(with(in_use(format!("Addon {name} is in status {status}"))));
    }
    update::none_running(call, &old, &format!("addon {name}"), &cluster)?;
    let at = call.get(CLUSTERS, &cluster).map(|one| one.text("version").to_owned());
    let known = addon_table::find(&name).ok_or_else(|| missing(format!("No addon: {name}")))?;
    let mut changes = json!({});
    let mut params = Vec::new();
    if let Some(wanted) = wanted {
        let wanted = version(known, &at.unwrap_or_default(), Some(wanted)).map_err(with)?;
        params.push(("AddonVersion", wanted.clone()));
        changes.set("addonVersion", wanted);
    }
    if let Some(role) = role {
        check_role(call, Some(&role)).map_err(with)?;
        params.push(("ServiceAccountRoleArn", role.clone()));
        changes
            .set("serviceAccountRoleArn", if role.is_empty() { Value::Null } else { role.into() });
    } else {
        // Left out, the add-on's pods have their nodes' role again.
        changes.set("serviceAccountRoleArn", Value::Null);
    }
    if let Some(conflicts) = conflicts {
        params.push(("ResolveConflicts", conflicts));
    }
    if let Some(values) = values {
        known.check(&values).map_err(with)?;
        params.push(("ConfigurationValues", values.clone()));
        changes.set(
            "configurationValues",
            if values.is_empty() { Value::Null } else { values.into() },
        );
    }
    if let Some(identities) = &identities {
        params.push(("PodIdentityAssociations", text(identities)));
    }
    identify(call, &old, identities.as_ref()).map_err(with)?;
    // What was in the way of creating it is overwritten now, or is not.
    call.update(ADDONS, &key, |addon| {
        let mut own = addon["own"].clone();
        if params.iter().any(|(kind, value)| *kind == "ResolveConflicts" && value == "OVERWRITE") {
            own.set("conflict", false);
        }
        addon.set("own", own);
    });
    let begun = update::begin(
        call,
        New {
            cluster: cluster.clone(),
            within: Some(("addonName", name)),
            table: ADDONS,
            key,
            kind: "AddonUpdate",
            params,
            changes,
            takes: durations::EKS_ADDON,
        },
    )?;
    Ok(json!({"update": begun}))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = found(call)?;
    // What stays in the cluster is Kubernetes', which is not here.
    call.input.optional_boolean("preserve")?;
    if !found["own"].has("deleting") {
        let at = call.ready_at(durations::EKS_ADDON_DELETION);
        call.update(ADDONS, &key, |addon| {
            let mut own = addon["own"].clone();
            own.set("deleting", at);
            addon.set("own", own);
        });
        over_at(call, at, "addon", &key);
    }
    let mut shown = wire(call, &found);
    shown.set("status", "DELETING");
    Ok(json!({"addon": shown}))
}

/// An add-on is gone, and its pod identities with it.
pub(super) fn gone(call: &mut Call<'_>, key: &str) {
    let Some(addon) = call.get(ADDONS, key) else { return };
    for (association, _) in associations(call, &addon) {
        remove(call, ASSOCIATIONS, &association);
    }
    remove(call, ADDONS, key);
}

fn wire(call: &Call<'_>, addon: &Value) -> Value {
    let mut wire = addon.clone();
    wire.unset("own");
    wire.unset("arn");
    wire.set("status", status(call, addon));
    wire.set("createdAt", call.time(addon["own"].time("created")));
    wire.set("modifiedAt", call.time(addon["own"].time("modified")));
    wire.set("tags", tags_of(call, addon));
    let issues: Vec<Value> = issue(call, addon).into_iter().collect();
    wire.set("health", json!({"issues": issues}));
    let arns: Vec<Value> =
        associations(call, addon).iter().map(|(_, one)| one["associationArn"].clone()).collect();
    if !arns.is_empty() {
        wire.set("podIdentityAssociations", arns);
    }
    wire
}

/// The add-ons that do not go with a version of Kubernetes: name and the versions that do.
pub(super) fn unfit(
    call: &Call<'_>,
    cluster: &str,
    of: versions::Version,
) -> Vec<(String, Vec<String>)> {
    let all = all_in(call, ADDONS, cluster);
    let each = all.iter().filter_map(|(_, addon)| {
        let known = addon_table::find(addon.text("addonName"))?;
        let fits = known.versions(of);
        let version = addon.text("addonVersion").to_owned();
        // kube-proxy may be older than the API server.
        let fine = fits.contains(&version) || known.name == "kube-proxy";
        (!fine).then(|| (known.name.to_owned(), fits))
    });
    each.collect()
}
