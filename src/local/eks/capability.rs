//! Capabilities: Argo CD, ACK and KRO, run by EKS; one of each type.

use std::sync::Arc;

use serde_json::{Value, json};

use super::update::{self, New, text};
use super::{CAPABILITIES, active, all_in, check, cluster_of, in_use, invalid, missing, over_at};
use super::{rows, tags_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Shape::{self, Boolean, List, OneOf, Structure, Text};

const MAPPINGS: Shape = List(&Structure(&[
    ("role", OneOf(&["ADMIN", "EDITOR", "VIEWER"])),
    ("identities", List(&Structure(&[("id", Text), ("type", OneOf(&["SSO_USER", "SSO_GROUP"]))]))),
]));
const NETWORK: Shape = Structure(&[("vpceIds", List(&Text))]);
const ACK: Shape =
    Structure(&[("enableCrossNamespace", Boolean), ("disabledServices", List(&Text))]);
const CONFIGURATION: Shape = Structure(&[
    (
        "argoCd",
        Structure(&[
            ("namespace", Text),
            ("awsIdc", Structure(&[("idcInstanceArn", Text), ("idcRegion", Text)])),
            ("rbacRoleMappings", MAPPINGS),
            ("networkAccess", NETWORK),
            ("endpointPrefix", Text),
        ]),
    ),
    ("ack", ACK),
]);
const CHANGES: Shape = Structure(&[
    (
        "argoCd",
        Structure(&[
            (
                "rbacRoleMappings",
                Structure(&[
                    ("addOrUpdateRoleMappings", MAPPINGS),
                    ("removeRoleMappings", MAPPINGS),
                ]),
            ),
            ("networkAccess", NETWORK),
        ]),
    ),
    ("ack", ACK),
]);

fn status(call: &Call<'_>, capability: &Value) -> &'static str {
    let own = &capability["own"];
    match own {
        _ if own.has("deleting") => "DELETING",
        _ if own.time("ready") > call.now => "CREATING",
        _ if own.time("updating") > call.now => "UPDATING",
        _ => "ACTIVE",
    }
}

fn check_role(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let trusted = check::role(call, arn).is_some_and(|role| {
        ["sts:AssumeRole", "sts:TagSession"]
            .iter()
            .all(|action| check::trusts(&role, "capabilities.eks.amazonaws.com", action))
    });
    if trusted {
        return Ok(());
    }
    Err(invalid(format!(
        "The role {arn} does not exist, or does not trust capabilities.eks.amazonaws.com with \
         sts:AssumeRole and sts:TagSession"
    )))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, document) = active(call)?;
    let name = call.input.text("capabilityName")?;
    let kind = call.input.optional_one_of("type", &["ACK", "KRO", "ARGOCD"])?;
    let kind = kind.ok_or_else(|| call.input.missing("type"))?;
    let role = call.input.text("roleArn")?;
    let policy = call.input.optional_one_of("deletePropagationPolicy", &["RETAIN"])?;
    let policy = policy.ok_or_else(|| call.input.missing("deletePropagationPolicy"))?;
    let configuration = call.input.shaped("configuration", &CONFIGURATION)?;
    let token = call.input.optional_text("clientRequestToken")?;
    let tags = call.input.map("tags")?;
    check::name("capability name", &name, 100)?;
    check_role(call, &role)?;
    if document["accessConfig"].text("authenticationMode") == "CONFIG_MAP" {
        return Err(invalid("Capabilities need the authentication mode API or API_AND_CONFIG_MAP"));
    }
    let mut configuration = configuration.unwrap_or_else(|| json!({}));
    let argo = &configuration["argoCd"];
    let fits = match kind.as_str() {
        "ARGOCD" => !argo["awsIdc"].text("idcInstanceArn").is_empty() && !configuration.has("ack"),
        "ACK" => !configuration.has("argoCd"),
        _ => !configuration.has("argoCd") && !configuration.has("ack"),
    };
    if !fits {
        return Err(invalid(format!("The configuration does not fit a capability of type {kind}")));
    }
    let key = format!("{cluster}/{name}");
    for (there, other) in all_in(call, CAPABILITIES, &cluster) {
        if there == key && token.is_some() && other["own"]["token"] == json!(token) {
            return Ok(json!({"capability": wire(call, &other)}));
        }
        if there == key || other.text("type") == kind {
            let message = format!(
                "Cluster {cluster} already has a capability {} of type {kind}",
                other.text("capabilityName")
            );
            return Err(in_use(message));
        }
    }
    if kind == "ARGOCD" {
        let mut argo = argo.clone();
        if !argo.has("namespace") {
            argo.set("namespace", "argocd");
        }
        let mut idc = argo["awsIdc"].clone();
        if !idc.has("idcRegion") {
            idc.set("idcRegion", call.region.clone());
        }
        idc.set(
            "idcManagedApplicationArn",
            format!("arn:aws:sso::{}:application/{}", call.account, call.ids.hex(16)),
        );
        argo.set("awsIdc", idc);
        let own = call.ids.hex(16);
        let prefix = argo.text("endpointPrefix");
        let host = if prefix.is_empty() { own } else { prefix.to_owned() };
        argo.set(
            "serverUrl",
            format!("https://{host}.eks-capabilities.{}.amazonaws.com", call.region),
        );
        configuration.set("argoCd", argo);
    }
    let id = call.ids.uuid();
    let arn = call.arn("eks", &format!("capability/{cluster}/{}/{name}/{id}", kind.to_lowercase()));
    let capability = json!({
        "arn": arn, "capabilityName": name, "clusterName": cluster, "type": kind, "roleArn": role,
        "version": "1.0", "configuration": configuration, "deletePropagationPolicy": policy,
        "own": {
            "created": call.now, "modified": call.now, "token": token,
            "ready": call.ready_at(durations::EKS_CAPABILITY),
        },
    });
    call.add_tags(&arn, tags)?;
    call.put(CAPABILITIES, &key, capability.clone());
    let mut shown = wire(call, &capability);
    shown.set("status", "CREATING");
    Ok(json!({"capability": shown}))
}

fn found(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let name = call.input.text("capabilityName")?;
    let key = format!("{cluster}/{name}");
    let found = call.get(CAPABILITIES, &key);
    found
        .map(|found| (key, found))
        .ok_or_else(|| missing(format!("No capability found with name: {name}")))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (_, found) = found(call)?;
    Ok(json!({"capability": wire(call, &found)}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let all = all_in(call, CAPABILITIES, &cluster);
    let shown = all.iter().map(|(_, one)| {
        let whole = wire(call, one);
        let mut row = json!({});
        for member in
            ["capabilityName", "arn", "type", "status", "version", "createdAt", "modifiedAt"]
        {
            row.set(member, whole[member].clone());
        }
        row
    });
    let shown = shown.collect();
    rows(call, "capabilities", shown)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, old) = found(call)?;
    let role = call.input.optional_text("roleArn")?;
    let given = call.input.shaped("configuration", &CHANGES)?;
    let policy = call.input.optional_one_of("deletePropagationPolicy", &["RETAIN"])?;
    settled(call, &old)?;
    if let Some(role) = &role {
        check_role(call, role)?;
    }
    let mut changes = json!({});
    let mut params = Vec::new();
    if let Some(role) = role {
        params.push(("RoleArn", role.clone()));
        changes.set("roleArn", role);
    }
    if let Some(policy) = policy {
        changes.set("deletePropagationPolicy", policy);
    }
    if let Some(given) = given {
        let mut new = old["configuration"].clone();
        if given.has("ack") {
            if old.text("type") != "ACK" {
                return Err(invalid("ack can only be configured for a capability of type ACK"));
            }
            let mut ack = new["ack"].clone();
            for (name, value) in given["ack"].as_object().into_iter().flatten() {
                let kind = match name.as_str() {
                    "disabledServices" => "DisabledServices",
                    _ => "EnableCrossNamespace",
                };
                params.push((kind, text(value)));
                ack.set(name, value.clone());
            }
            new.set("ack", ack);
        }
        if given.has("argoCd") {
            if old.text("type") != "ARGOCD" {
                return Err(invalid(
                    "argoCd can only be configured for a capability of type ARGOCD",
                ));
            }
            let mut argo = new["argoCd"].clone();
            if given["argoCd"].has("networkAccess") {
                params.push(("NetworkAccess", text(&given["argoCd"]["networkAccess"])));
                argo.set("networkAccess", given["argoCd"]["networkAccess"].clone());
            }
            let mappings = &given["argoCd"]["rbacRoleMappings"];
            if mappings.is_object() {
                let put = mappings.list("addOrUpdateRoleMappings");
                let drop = mappings.list("removeRoleMappings");
                let mut all = argo.list("rbacRoleMappings").to_vec();
                all.retain(|one| {
                    !put.iter().chain(drop).any(|other| other.text("role") == one.text("role"))
                });
                all.extend(put.iter().cloned());
                params.push(("RoleMappingsToAddOrUpdate", text(&json!(put))));
                params.push(("RoleMappingsToRemove", text(&json!(drop))));
                argo.set("rbacRoleMappings", all);
            }
            new.set("argoCd", argo);
        }
        changes.set("configuration", new);
    }
    let begun = update::begin(
        call,
        New {
            cluster: old.text("clusterName").to_owned(),
            within: Some(("capabilityName", old.text("capabilityName").to_owned())),
            table: CAPABILITIES,
            key,
            kind: "CapabilityUpdate",
            params,
            changes,
            takes: durations::EKS_CAPABILITY,
        },
    )?;
    Ok(json!({"update": begun}))
}

fn settled(call: &Call<'_>, capability: &Value) -> Result<(), AwsError> {
    match status(call, capability) {
        "ACTIVE" => Ok(()),
        status => Err(in_use(format!(
            "Capability {} is in status {status}",
            capability.text("capabilityName")
        ))),
    }
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (key, found) = found(call)?;
    if !found["own"].has("deleting") {
        settled(call, &found)?;
        let at = call.ready_at(durations::EKS_CAPABILITY);
        call.update(CAPABILITIES, &key, |capability| {
            let mut own = capability["own"].clone();
            own.set("deleting", at);
            capability.set("own", own);
        });
        over_at(call, at, "capability", &key);
    }
    let mut shown = wire(call, &found);
    shown.set("status", "DELETING");
    Ok(json!({"capability": shown}))
}

fn wire(call: &Call<'_>, capability: &Value) -> Value {
    let mut wire = capability.clone();
    wire.set("status", status(call, capability));
    wire.set("createdAt", call.time(capability["own"].time("created")));
    wire.set("modifiedAt", call.time(capability["own"].time("modified")));
    wire.set("tags", tags_of(call, capability));
    wire.set("health", json!({"issues": []}));
    wire.unset("own");
    wire
}
