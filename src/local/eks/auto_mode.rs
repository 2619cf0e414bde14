//! EKS Auto Mode: `computeConfig`, `storageConfig` and the load balancing of `kubernetesNetworkConfig`, which go together.

use serde_json::{Value, json};

use super::{CLUSTERS, access, check, invalid};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::params::{Params, Shape};

const ELASTIC: Shape = Shape::Structure(&[
    ("enabled", Shape::Boolean),
    ("gatewayApi", Shape::Structure(&[("crds", Shape::Structure(&[("managed", Shape::Boolean)]))])),
]);

/// The three settings as one call gives them.
pub(super) struct Given {
    pub(super) compute: Option<Value>,
    pub(super) storage: Option<Value>,
    pub(super) balancing: Option<Value>,
}

impl Given {
    /// Reads them; `network` is `kubernetesNetworkConfig`.
    pub(super) fn read(call: &Call<'_>, network: Option<&Params>) -> Result<Self, AwsError> {
        let compute = call.input.optional_structure("computeConfig")?;
        let compute = compute
            .map(|input| {
                let mut compute =
                    json!({"enabled": input.optional_boolean("enabled")?.unwrap_or(false)});
                if let Some(pools) = input.optional_texts("nodePools")? {
                    compute.set("nodePools", pools);
                }
                if let Some(role) = input.optional_text("nodeRoleArn")? {
                    compute.set("nodeRoleArn", role);
                }
                Ok::<_, AwsError>(compute)
            })
            .transpose()?;
        let storage = call.input.shaped(
            "storageConfig",
            &Shape::Structure(&[(
                "blockStorage",
                Shape::Structure(&[("enabled", Shape::Boolean)]),
            )]),
        )?;
        let balancing = network.map(|network| network.shaped("elasticLoadBalancing", &ELASTIC));
        Ok(Self { compute, storage, balancing: balancing.transpose()?.flatten() })
    }

    pub(super) fn any(&self) -> bool {
        self.compute.is_some() || self.storage.is_some() || self.balancing.is_some()
    }

    /// All on or all off, else refused.
    pub(super) fn on(&self) -> Result<bool, AwsError> {
        let flags = [
            self.compute.as_ref().is_some_and(|it| it.flag("enabled")),
            self.storage.as_ref().is_some_and(|it| it["blockStorage"].flag("enabled")),
            self.balancing.as_ref().is_some_and(|it| it.flag("enabled")),
        ];
        match flags {
            [true, true, true] => Ok(true),
            [false, false, false] => Ok(false),
            _ => Err(invalid(
                "For EKS Auto Mode, please ensure that all required configs, including computeConfig, \
                 kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
            )),
        }
    }
}

/// The compute settings of a cluster with Auto Mode, checked.
pub(super) fn compute(call: &Call<'_>, given: &Value, old: &Value) -> Result<Value, AwsError> {
    let pools = match given.has("nodePools") {
        true => given["nodePools"].clone(),
        false if old.flag("enabled") => old["nodePools"].clone(),
        false => json!([]),
    };
    let pools: Vec<String> = pools
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if let Some(pool) =
        pools.iter().find(|pool| !["general-purpose", "system"].contains(&pool.as_str()))
    {
        return Err(invalid(format!(
            "Invalid node pool '{pool}': valid node pools are [general-purpose, system]"
        )));
    }
    let was = old.text("nodeRoleArn");
    let role = if given.has("nodeRoleArn") { given.text("nodeRoleArn") } else { was };
    match (pools.is_empty(), role.is_empty()) {
        (true, false) if given.has("nodeRoleArn") => {
            return Err(invalid(
                "When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided.",
            ));
        }
        (false, true) => {
            return Err(invalid(
                "When Compute Config nodePools are provided, nodeRoleArn must be provided.",
            ));
        }
        _ => {}
    }
    if old.flag("enabled") && !was.is_empty() && role != was {
        return Err(invalid(
            "nodeRoleArn cannot be changed after the compute capability is enabled",
        ));
    }
    let mut compute = json!({"enabled": true, "nodePools": pools});
    if !role.is_empty() {
        let found = check::role(call, role)
            .filter(|found| check::trusts(found, "ec2.amazonaws.com", "sts:AssumeRole"));
        if found.is_none() {
            return Err(invalid(format!(
                "The node role {role} does not exist or does not trust ec2.amazonaws.com"
            )));
        }
        compute.set("nodeRoleArn", role);
    }
    Ok(compute)
}

/// What Auto Mode asks of the rest of the cluster.
pub(super) fn check_cluster(mode: &str, role: Option<&Value>) -> Result<(), AwsError> {
    if mode == "CONFIG_MAP" {
        return Err(invalid(
            "EKS Auto Mode needs the authentication mode API or API_AND_CONFIG_MAP",
        ));
    }
    if role.is_some_and(|role| !check::trusts(role, "eks.amazonaws.com", "sts:TagSession")) {
        return Err(invalid(
            "For EKS Auto Mode, the trust policy of the cluster's role must allow eks.amazonaws.com \
             sts:AssumeRole and sts:TagSession",
        ));
    }
    Ok(())
}

/// The access entry of Auto Mode's nodes is there while they are.
pub(super) fn follow(call: &mut Call<'_>, name: &str) {
    let Some(cluster) = call.get(CLUSTERS, name) else { return };
    let compute = cluster["computeConfig"].clone();
    let role = compute.text("nodeRoleArn").to_owned();
    let had = cluster["own"].text("autoRole").to_owned();
    let has = if compute.flag("enabled") { role } else { String::new() };
    if had == has {
        return;
    }
    if !had.is_empty() {
        access::leave(call, name, &had);
    }
    if !has.is_empty() {
        access::make_own(call, name, &has, "EC2", Some("AmazonEKSAutoNodePolicy"));
    }
    call.update(CLUSTERS, name, |cluster| {
        let mut own = cluster["own"].clone();
        own.set("autoRole", has);
        cluster.set("own", own);
    });
}
