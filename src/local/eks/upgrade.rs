//! `UpdateClusterVersion`: one minor version at a time, upwards.

use serde_json::{Value, json};

use super::update::{self, New};
use super::versions::{self, Support};
use super::{CLUSTERS, NODEGROUPS, active, all_in, insight, invalid, refused, working};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

pub(super) fn update(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (name, cluster) = working(call)?;
    let wanted = call.input.text("version")?;
    let force = call.input.optional_boolean("force")?.unwrap_or(false);
    if let Some(update) = update::repeated(call, CLUSTERS, &name)? {
        return Ok(json!({"update": update}));
    }
    active(call)?;
    let with = |error: AwsError| error.with("clusterName", name.as_str());
    let old = cluster.text("version").to_owned();
    let version = versions::supported(call, &wanted).map_err(with)?;
    let from = versions::find(&old).map_or(0, |version| version.minor);
    if version.minor == from {
        return Err(with(invalid(format!("Cluster is already at version: {wanted}"))));
    }
    if version.minor < from {
        return Err(AwsError::not_modelled("local AWS does not roll versions back"));
    }
    if version.minor != from + 1 {
        return Err(with(invalid(format!(
            "Unsupported Kubernetes minor version update from {old} to {wanted}"
        ))));
    }
    let policy = cluster["upgradePolicy"].text("supportType");
    if policy == "STANDARD" && version.support(call.now) == Support::Extended {
        return Err(with(invalid(format!(
            "Kubernetes version {wanted} is in extended support, which the upgrade policy STANDARD does not \
             allow"
        ))));
    }
    let behind: Vec<String> = all_in(call, NODEGROUPS, &name)
        .iter()
        .filter(|(_, group)| group.has("version") && group.text("version") != old)
        .map(|(_, group)| group.text("nodegroupName").to_owned())
        .collect();
    if !behind.is_empty() {
        return Err(with(refused(format!(
            "Nodegroups {} must be updated to match cluster version {old} before updating cluster version",
            behind.join(", ")
        ))));
    }
    let errors = insight::errors(call, &name, &cluster);
    if !errors.is_empty() && !force {
        return Err(with(AwsError::new(
            "InvalidStateException",
            format!(
                "The cluster has upgrade insights with status ERROR: {}. Resolve them, or use force",
                errors.join(", ")
            ),
        )));
    }
    let begun = update::begin(
        call,
        New {
            cluster: name.clone(),
            within: None,
            table: CLUSTERS,
            key: name,
            kind: "VersionUpdate",
            params: vec![
                ("Version", wanted.clone()),
                ("PlatformVersion", format!("eks.{}", version.platform)),
            ],
            changes: json!({
                "version": wanted, "platformVersion": format!("eks.{}", version.platform),
            }),
            takes: durations::EKS_VERSION,
        },
    )?;
    Ok(json!({"update": begun}))
}
