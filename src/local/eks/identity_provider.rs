//! OIDC identity providers that a cluster's API server trusts: at most one.

use serde_json::{Value, json};

use super::update::{self, New, text};
use super::{CLUSTERS, PROVIDERS, active, all_in, check, cluster_of, in_use, invalid, missing};
use super::{over_at, rows, tags_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Shape;

const OIDC: Shape = Shape::Structure(&[
    ("identityProviderConfigName", Shape::Text),
    ("issuerUrl", Shape::Text),
    ("clientId", Shape::Text),
    ("usernameClaim", Shape::Text),
    ("usernamePrefix", Shape::Text),
    ("groupsClaim", Shape::Text),
    ("groupsPrefix", Shape::Text),
    ("requiredClaims", Shape::Map(&Shape::Text)),
]);

pub(super) fn associate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = active(call)?;
    let oidc = call.input.shaped("oidc", &OIDC)?.ok_or_else(|| call.input.missing("oidc"))?;
    let tags = call.input.map("tags")?;
    let name = oidc.text("identityProviderConfigName").to_owned();
    check::name("identity provider config name", &name, 100)?;
    if !oidc.text("issuerUrl").starts_with("https://") {
        return Err(invalid("The issuer URL must begin with https://"));
    }
    if oidc.text("clientId").is_empty() {
        return Err(invalid("clientId must be given"));
    }
    if let Some((_, other)) = all_in(call, PROVIDERS, &cluster).first() {
        let other = other.text("identityProviderConfigName");
        let message = format!("Cluster {cluster} already has the identity provider config {other}");
        return Err(in_use(message).with("clusterName", cluster));
    }
    let id = call.ids.uuid();
    let arn = call.arn("eks", &format!("identityproviderconfig/{cluster}/oidc/{name}/{id}"));
    let mut config = oidc.clone();
    if config.text("usernameClaim").is_empty() {
        config.set("usernameClaim", "sub");
    }
    config.set("arn", arn.clone());
    config.set("identityProviderConfigArn", arn.clone());
    config.set("clusterName", cluster.clone());
    config.set("own", json!({"ready": call.ready_at(durations::EKS_API_SERVER)}));
    call.add_tags(&arn, tags.clone())?;
    call.put(PROVIDERS, &format!("{cluster}/{name}"), config);
    let params = vec![("IdentityProviderConfig", text(&json!([{"type": "oidc", "name": name}])))];
    let begun = begin(call, cluster, "AssociateIdentityProviderConfig", params)?;
    Ok(json!({"update": begun, "tags": tags}))
}

fn begin(
    call: &mut Call<'_>,
    cluster: String,
    kind: &'static str,
    params: Vec<(&'static str, String)>,
) -> Result<Value, AwsError> {
    update::begin(
        call,
        New {
            cluster: cluster.clone(),
            within: None,
            table: CLUSTERS,
            key: cluster,
            kind,
            params,
            changes: json!({}),
            takes: durations::EKS_API_SERVER,
        },
    )
}

/// The config that `identityProviderConfig` names.
fn found(call: &Call<'_>, cluster: &str) -> Result<(String, std::sync::Arc<Value>), AwsError> {
    let input = call.input.structure("identityProviderConfig")?;
    let (kind, name) = (input.text("type")?, input.text("name")?);
    let key = format!("{cluster}/{name}");
    let found = call.get(PROVIDERS, &key).filter(|_| kind == "oidc");
    found.map(|found| (key, found)).ok_or_else(|| {
        missing(format!("No identity provider config found with name: {name}"))
            .with("clusterName", cluster)
    })
}

fn status(call: &Call<'_>, config: &Value) -> &'static str {
    let own = &config["own"];
    match own {
        _ if own.has("deleting") => "DELETING",
        _ if own.time("ready") > call.now => "CREATING",
        _ => "ACTIVE",
    }
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let (_, config) = found(call, &cluster)?;
    let mut wire = Value::clone(&config);
    wire.set("status", status(call, &config));
    wire.set("tags", tags_of(call, &config));
    wire.unset("own");
    wire.unset("arn");
    Ok(json!({"identityProviderConfig": {"oidc": wire}}))
}

pub(super) fn disassociate(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = active(call)?;
    let (key, config) = found(call, &cluster)?;
    let at = call.ready_at(durations::EKS_API_SERVER);
    call.update(PROVIDERS, &key, |config| {
        let mut own = config["own"].clone();
        own.set("deleting", at);
        config.set("own", own);
    });
    over_at(call, at, "provider", &key);
    let name = config["identityProviderConfigName"].clone();
    let params = vec![("IdentityProviderConfig", text(&json!([{"type": "oidc", "name": name}])))];
    let begun = begin(call, cluster, "DisassociateIdentityProviderConfig", params)?;
    Ok(json!({"update": begun}))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (cluster, _) = cluster_of(call)?;
    let all = all_in(call, PROVIDERS, &cluster);
    let shown = all
        .iter()
        .map(|(_, one)| json!({"type": "oidc", "name": one["identityProviderConfigName"]}))
        .collect();
    rows(call, "identityProviderConfigs", shown)
}
