//! Fargate profiles: made and deleted, one at a time; nothing of one changes.

use serde_json::{Value, json};

use super::{PROFILES, access, active, all_in, check, cluster_of, in_use, invalid, missing, names};
use super::{names_in, over_at, remove, tags_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network as ec2;
use crate::local::error::AwsError;
use crate::local::params::Shape;

const SELECTORS: Shape = Shape::List(&Shape::Structure(&[
    ("namespace", Shape::Text),
    ("labels", Shape::Map(&Shape::Text)),
]));

fn status(call: &Call<'_>, profile: &Value) -> &'static str {
    let own = &profile["own"];
    match own {
        _ if own.has("deleting") => "DELETING",
        _ if own.time("ready") > call.now => "CREATING",
        _ => "ACTIVE",
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, document) = active(call)?;
    let name = call.input.text("fargateProfileName")?;
    let role = call.input.text("podExecutionRoleArn")?;
    let subnets = call.input.optional_texts("subnets")?;
    let selectors = call.input.shaped("selectors", &SELECTORS)?.unwrap_or_else(|| json!([]));
    let token = call.input.optional_text("clientRequestToken")?;
    let tags = call.input.map("tags")?;
    check::name("Fargate profile name", &name, 100)?;
    let with = |error: AwsError| error.with("fargateProfileName", name.as_str());
    let key = format!("{cluster}/{name}");
    if let Some(old) = call.get(PROFILES, &key) {
        if token.is_some() && old["own"].text("token") == token.clone().unwrap_or_default() {
            return Ok(json!({"fargateProfile": wire(call, &old)}));
        }
        let message = "A Fargate Profile already exists with this name in this cluster.";
        return Err(with(invalid(message)));
    }
    one_at_a_time(call, &cluster)?;
    let trusted = check::role(call, &role).is_some_and(|role| {
        check::trusts(&role, "eks-fargate-pods.amazonaws.com", "sts:AssumeRole")
    });
    if !trusted {
        return Err(with(invalid(
            "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com \
             Service Principal",
        )));
    }
    let rows = selectors.as_array().cloned().unwrap_or_default();
    if rows.is_empty() || rows.len() > 5 {
        return Err(with(invalid("A Fargate profile needs 1 to 5 selectors")));
    }
    if rows.iter().any(|row| row.text("namespace").is_empty()) {
        return Err(with(invalid("Each selector needs a namespace")));
    }
    let vpc = &document["resourcesVpcConfig"];
    let subnets = match subnets {
        Some(subnets) if !subnets.is_empty() => subnets,
        // Without any, the private ones of the cluster.
        _ => {
            let own = vpc.texts("subnetIds").into_iter().map(str::to_owned);
            own.filter(|subnet| !ec2::is_public(call, subnet)).collect()
        }
    };
    if subnets.is_empty() {
        return Err(with(invalid("The cluster has no private subnets for a Fargate profile")));
    }
    for subnet in check::subnets(call, &subnets)? {
        if subnet.vpc != vpc.text("vpcId") {
            return Err(with(invalid(format!(
                "Subnet {} is not in the VPC of the cluster",
                subnet.id
            ))));
        }
        if ec2::is_public(call, &subnet.id) {
            return Err(with(invalid(format!(
                "Subnet {} provided in Fargate Profile is not a private subnet",
                subnet.id
            ))));
        }
    }
    let id = call.ids.uuid();
    let arn = call.arn("eks", &format!("fargateprofile/{cluster}/{name}/{id}"));
    let profile = json!({
        "arn": arn, "fargateProfileName": name, "fargateProfileArn": arn, "clusterName": cluster,
        "podExecutionRoleArn": role, "subnets": subnets, "selectors": selectors,
        "own": {
            "created": call.now, "ready": call.ready_at(durations::EKS_FARGATE), "token": token,
        },
    });
    call.add_tags(&arn, tags)?;
    call.put(PROFILES, &key, profile.clone());
    if document["accessConfig"].text("authenticationMode") != "CONFIG_MAP" {
        access::make_own(call, &cluster, &role, "FARGATE_LINUX", None);
    }
    let mut shown = wire(call, &profile);
    shown.set("status", "CREATING");
    Ok(json!({"fargateProfile": shown}))
}

fn one_at_a_time(call: &Call<'_>, cluster: &str) -> Result<(), AwsError> {
    for (_, other) in all_in(call, PROFILES, cluster) {
        let doing = match status(call, &other) {
            "CREATING" => "creating",
            "DELETING" => "deleting",
            _ => continue,
        };
        return Err(in_use(format!(
            "Cannot {} because cluster {cluster} currently is {doing} Fargate profile {}",
            call.operation.name,
            other.text("fargateProfileName")
        ))
        .with("clusterName", cluster));
    }
    Ok(())
}

fn found(call: &Call<'_>) -> Result<(String, std::sync::Arc<Value>), AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let name = call.input.text("fargateProfileName")?;
    let key = format!("{cluster}/{name}");
    let found = call.get(PROFILES, &key);
    found.map(|found| (key, found)).ok_or_else(|| {
        missing(format!("No Fargate Profile found with name: {name}."))
            .with("clusterName", cluster)
            .with("fargateProfileName", name)
    })
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = found(call)?;
    Ok(json!({"fargateProfile": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = cluster_of(call)?;
    names(call, "fargateProfileNames", names_in(call, PROFILES, &cluster))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = found(call)?;
    if found["own"].has("deleting") {
        return Ok(json!({"fargateProfile": wire(call, &found)}));
    }
    one_at_a_time(call, found.text("clusterName"))?;
    let at = call.ready_at(durations::EKS_FARGATE_DELETION);
    call.update(PROFILES, &key, |profile| {
        let mut own = profile["own"].clone();
        own.set("deleting", at);
        profile.set("own", own);
    });
    over_at(call, at, "profile", &key);
    let mut shown = wire(call, &found);
    shown.set("status", "DELETING");
    Ok(json!({"fargateProfile": shown}))
}

/// A profile is gone, and so is the access entry of its role if no other has that.
pub(super) fn gone(call: &mut Call<'_>, key: &str) {
    let Some(profile) = call.get(PROFILES, key) else { return };
    remove(call, PROFILES, key);
    let (cluster, role) = (profile.text("clusterName"), profile.text("podExecutionRoleArn"));
    let used = all_in(call, PROFILES, cluster)
        .iter()
        .any(|(_, other)| other.text("podExecutionRoleArn") == role);
    if !used {
        access::leave(call, cluster, role);
    }
}

fn wire(call: &Call<'_>, profile: &Value) -> Value {
    let mut wire = profile.clone();
    wire.set("status", status(call, profile));
    wire.set("createdAt", call.time(profile["own"].time("created")));
    wire.set("tags", tags_of(call, profile));
    wire.set("health", json!({"issues": []}));
    wire.unset("own");
    wire.unset("arn");
    wire
}

/// Has the cluster a profile that takes pods of this namespace?
pub(super) fn takes(call: &Call<'_>, cluster: &str, namespace: &str) -> bool {
    all_in(call, PROFILES, cluster).iter().any(|(_, profile)| {
        status(call, profile) == "ACTIVE"
            && profile.list("selectors").iter().any(|one| one.text("namespace") == namespace)
    })
}
