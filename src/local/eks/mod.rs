//! `eks`: clusters with their updates, node groups, Fargate profiles, add-ons, access entries, pod identities,
//! identity providers, insights and capabilities. Node groups have Auto Scaling groups with instances, clusters a
//! security group and network interfaces. Not here: clusters on Outposts and elsewhere, rotation of certificate
//! authorities, rolling back a version, EKS Anywhere, and Kubernetes itself: an endpoint leads nowhere, or to the API
//! server that the account was opened with.

mod access;
mod access_policy;
mod addon;
mod addon_table;
mod auto_mode;
mod capability;
mod check;
mod cluster;
mod components;
mod config;
mod endpoint;
mod fargate;
mod identity_provider;
mod insight;
mod network;
mod nodegroup;
mod nodegroup_template;
mod nodegroup_update;
mod pod_identity;
mod reconfigure;
mod tags;
mod update;
mod upgrade;
mod versions;

use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Call;
use super::document::Document;
use super::error::AwsError;
use super::service::{Protocol, Service, read, write};
use super::store::Table;

/// Clusters by name: the members that are read back, and what only EKS knows under `own`.
const CLUSTERS: Table = Table::regional("eks/cluster");
/// Updates by `CLUSTER/ID`.
const UPDATES: Table = Table::regional("eks/update");
/// Node groups by `CLUSTER/NAME`.
const NODEGROUPS: Table = Table::regional("eks/nodegroup");
/// Fargate profiles by `CLUSTER/NAME`.
const PROFILES: Table = Table::regional("eks/fargate-profile");
/// Add-ons by `CLUSTER/NAME`.
const ADDONS: Table = Table::regional("eks/addon");
/// Access entries by `CLUSTER/PRINCIPAL`, with the policies associated.
const ENTRIES: Table = Table::regional("eks/access-entry");
/// Pod identity associations by `CLUSTER/ID`.
const ASSOCIATIONS: Table = Table::regional("eks/pod-identity-association");
/// Identity providers by `CLUSTER/NAME`.
const PROVIDERS: Table = Table::regional("eks/identity-provider-config");
/// Capabilities by `CLUSTER/NAME`.
const CAPABILITIES: Table = Table::regional("eks/capability");

pub(super) static SERVICE: Service = Service {
    name: "eks",
    protocol: Protocol::RestJson,
    target: "",
    namespace: "",
    invalid: "InvalidParameterException",
    invalid_token: "InvalidParameterException",
    throttle: ("ThrottlingException", 429),
    timer: Some(timer),
    operations: &[
        write("CreateCluster", cluster::create).at("POST /clusters"),
        read("DescribeCluster", cluster::describe).at("GET /clusters/{name}"),
        read("ListClusters", cluster::list).at("GET /clusters"),
        write("DeleteCluster", cluster::delete).at("DELETE /clusters/{name}"),
        write("UpdateClusterConfig", reconfigure::update).at("POST /clusters/{name}/update-config"),
        write("UpdateClusterVersion", upgrade::update).at("POST /clusters/{name}/updates"),
        write("AssociateEncryptionConfig", reconfigure::encrypt)
            .at("POST /clusters/{name}/encryption-config/associate"),
        read("DescribeUpdate", update::describe).at("GET /clusters/{name}/updates/{updateId}"),
        read("ListUpdates", update::list).at("GET /clusters/{name}/updates"),
        read("DescribeClusterVersions", versions::describe).at("GET /cluster-versions"),
        write("CreateNodegroup", nodegroup::create).at("POST /clusters/{name}/node-groups"),
        read("DescribeNodegroup", nodegroup::describe)
            .at("GET /clusters/{name}/node-groups/{nodegroupName}"),
        read("ListNodegroups", nodegroup::list).at("GET /clusters/{name}/node-groups"),
        write("DeleteNodegroup", nodegroup::delete)
            .at("DELETE /clusters/{name}/node-groups/{nodegroupName}"),
        write("UpdateNodegroupConfig", nodegroup_update::config)
            .at("POST /clusters/{name}/node-groups/{nodegroupName}/update-config"),
        write("UpdateNodegroupVersion", nodegroup_update::version)
            .at("POST /clusters/{name}/node-groups/{nodegroupName}/update-version"),
        write("CreateFargateProfile", fargate::create).at("POST /clusters/{name}/fargate-profiles"),
        read("DescribeFargateProfile", fargate::describe)
            .at("GET /clusters/{name}/fargate-profiles/{fargateProfileName}"),
        read("ListFargateProfiles", fargate::list).at("GET /clusters/{name}/fargate-profiles"),
        write("DeleteFargateProfile", fargate::delete)
            .at("DELETE /clusters/{name}/fargate-profiles/{fargateProfileName}"),
        write("CreateAddon", addon::create).at("POST /clusters/{name}/addons"),
        read("DescribeAddon", addon::describe).at("GET /clusters/{name}/addons/{addonName}"),
        read("ListAddons", addon::list).at("GET /clusters/{name}/addons"),
        write("UpdateAddon", addon::update).at("POST /clusters/{name}/addons/{addonName}/update"),
        write("DeleteAddon", addon::delete).at("DELETE /clusters/{name}/addons/{addonName}"),
        read("DescribeAddonVersions", addon_table::versions).at("GET /addons/supported-versions"),
        read("DescribeAddonConfiguration", addon_table::configuration)
            .at("GET /addons/configuration-schemas"),
        write("CreateAccessEntry", access::create).at("POST /clusters/{name}/access-entries"),
        read("DescribeAccessEntry", access::describe)
            .at("GET /clusters/{name}/access-entries/{principalArn}"),
        read("ListAccessEntries", access::list).at("GET /clusters/{name}/access-entries"),
        write("UpdateAccessEntry", access::update)
            .at("POST /clusters/{name}/access-entries/{principalArn}"),
        write("DeleteAccessEntry", access::delete)
            .at("DELETE /clusters/{name}/access-entries/{principalArn}"),
        write("AssociateAccessPolicy", access_policy::associate)
            .at("POST /clusters/{name}/access-entries/{principalArn}/access-policies"),
        write("DisassociateAccessPolicy", access_policy::disassociate).at(
            "DELETE /clusters/{name}/access-entries/{principalArn}/access-policies/{policyArn}",
        ),
        read("ListAssociatedAccessPolicies", access_policy::list)
            .at("GET /clusters/{name}/access-entries/{principalArn}/access-policies"),
        read("ListAccessPolicies", access_policy::all).at("GET /access-policies"),
        write("CreatePodIdentityAssociation", pod_identity::create)
            .at("POST /clusters/{name}/pod-identity-associations"),
        read("DescribePodIdentityAssociation", pod_identity::describe)
            .at("GET /clusters/{name}/pod-identity-associations/{associationId}"),
        read("ListPodIdentityAssociations", pod_identity::list)
            .at("GET /clusters/{name}/pod-identity-associations"),
        write("UpdatePodIdentityAssociation", pod_identity::update)
            .at("POST /clusters/{name}/pod-identity-associations/{associationId}"),
        write("DeletePodIdentityAssociation", pod_identity::delete)
            .at("DELETE /clusters/{name}/pod-identity-associations/{associationId}"),
        write("AssociateIdentityProviderConfig", identity_provider::associate)
            .at("POST /clusters/{name}/identity-provider-configs/associate"),
        read("DescribeIdentityProviderConfig", identity_provider::describe)
            .at("POST /clusters/{name}/identity-provider-configs/describe"),
        write("DisassociateIdentityProviderConfig", identity_provider::disassociate)
            .at("POST /clusters/{name}/identity-provider-configs/disassociate"),
        read("ListIdentityProviderConfigs", identity_provider::list)
            .at("GET /clusters/{name}/identity-provider-configs"),
        read("ListInsights", insight::list).at("POST /clusters/{name}/insights"),
        read("DescribeInsight", insight::describe).at("GET /clusters/{name}/insights/{id}"),
        write("StartInsightsRefresh", insight::refresh)
            .at("POST /clusters/{name}/insights-refresh"),
        read("DescribeInsightsRefresh", insight::refreshed)
            .at("GET /clusters/{name}/insights-refresh"),
        write("CreateCapability", capability::create).at("POST /clusters/{name}/capabilities"),
        read("DescribeCapability", capability::describe)
            .at("GET /clusters/{name}/capabilities/{capabilityName}"),
        read("ListCapabilities", capability::list).at("GET /clusters/{name}/capabilities"),
        write("UpdateCapability", capability::update)
            .at("POST /clusters/{name}/capabilities/{capabilityName}"),
        write("DeleteCapability", capability::delete)
            .at("DELETE /clusters/{name}/capabilities/{capabilityName}"),
        write("TagResource", tags::tag).at("POST /tags/{resourceArn}"),
        write("UntagResource", tags::untag).at("DELETE /tags/{resourceArn}"),
        read("ListTagsForResource", tags::list).at("GET /tags/{resourceArn}"),
    ],
};

/// What was begun is over.
fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let key = payload.text("key").to_owned();
    match payload.text("over") {
        "cluster" => cluster::gone(call, &key),
        "update" => update::over(call, &key),
        "nodegroup" => nodegroup::gone(call, &key),
        "profile" => fargate::gone(call, &key),
        "addon" => addon::gone(call, &key),
        "capability" => remove(call, CAPABILITIES, &key),
        "provider" => remove(call, PROVIDERS, &key),
        other => return Err(AwsError::internal(format!("eks has no timer for {other}"))),
    }
    Ok(())
}

/// Has the timer say at that time that something is over.
fn over_at(call: &mut Call<'_>, at: u64, what: &str, key: &str) {
    call.schedule(at, json!({"over": what, "key": key}));
}

/// Deletes something and its tags.
fn remove(call: &mut Call<'_>, table: Table, key: &str) {
    if let Some(document) = call.get(table, key) {
        call.forget_tags(document.text("arn"));
        call.delete(table, key);
    }
}

/// `InvalidParameterException`: a member's value is wrong.
fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", message)
}

/// `InvalidRequestException`: what is asked for does not fit what there is.
fn refused(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidRequestException", message)
}

/// `ResourceInUseException`: it is there already, or busy.
fn in_use(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceInUseException", message).status(409)
}

/// `ResourceNotFoundException`.
fn missing(message: impl Into<String>) -> AwsError {
    AwsError::new("ResourceNotFoundException", message).status(404)
}

/// The cluster that the path names.
fn cluster_of(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let name = call.input.text("name")?;
    let found = call.get(CLUSTERS, &name);
    let found = found.ok_or_else(|| {
        missing(format!("No cluster found for name: {name}.")).with("clusterName", name.as_str())
    })?;
    Ok((name, found))
}

/// The cluster that the path names, once it works; it may be changing.
fn working(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (name, cluster) = cluster_of(call)?;
    match cluster::status(call, &cluster) {
        "ACTIVE" | "UPDATING" => Ok((name, cluster)),
        _ => Err(refused(format!("Cluster '{name}' is not in ACTIVE status"))
            .with("clusterName", name.as_str())),
    }
}

/// The cluster that the path names, if it works and nothing is being changed.
fn active(call: &Call<'_>) -> Result<(String, Arc<Value>), AwsError> {
    let (name, cluster) = working(call)?;
    if cluster::status(call, &cluster) == "UPDATING" {
        let update = cluster["own"].text("update");
        return Err(in_use(format!(
            "Cannot {} because cluster {name} currently has update {update} in progress",
            call.operation.name
        ))
        .with("clusterName", name.as_str()));
    }
    Ok((name, cluster))
}

/// One page of names under a member, with the token as EKS gives it.
fn names(call: &Call<'_>, member: &str, names: Vec<String>) -> Result<Value, AwsError> {
    rows(call, member, names.into_iter().map(Value::from).collect())
}

/// One page of anything under a member: what stays the same from call to call.
fn rows(call: &Call<'_>, member: &str, rows: Vec<Value>) -> Result<Value, AwsError> {
    let size = call.input.optional_integer_within("maxResults", 1, 100)?.unwrap_or(100);
    let token = call.input.optional_text("nextToken")?;
    let size = usize::try_from(size).unwrap_or(100);
    let page = call.page(rows, size, token.as_deref(), Value::to_string)?;
    let mut output = json!({member: page.items});
    if let Some(next) = page.next {
        output.set("nextToken", next);
    }
    Ok(output)
}

/// The names of what lies in a cluster.
fn names_in(call: &Call<'_>, table: Table, cluster: &str) -> Vec<String> {
    let prefix = format!("{cluster}/");
    let found = call.scan(table, &prefix);
    found.into_iter().map(|(key, _)| key[prefix.len()..].to_owned()).collect()
}

/// What lies in a cluster.
fn all_in(call: &Call<'_>, table: Table, cluster: &str) -> Vec<(String, Arc<Value>)> {
    call.scan(table, &format!("{cluster}/"))
}

/// A document's tags as a map, the way EKS shows them.
fn tags_of(call: &Call<'_>, document: &Value) -> Value {
    json!(call.tags(document.text("arn")))
}
