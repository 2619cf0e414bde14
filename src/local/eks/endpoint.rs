//! `resourcesVpcConfig`: subnets and security groups of the control plane, and who reaches its endpoint.

use serde_json::{Value, json};

use super::{check, invalid, network};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network as ec2;
use crate::local::error::AwsError;

/// Blocks that no public address lies in.
const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];

/// The members of a new cluster, without the security group that EKS makes.
pub(super) fn create(call: &Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.structure("resourcesVpcConfig")?;
    let subnets = input.texts("subnetIds")?;
    let groups = input.texts("securityGroupIds")?;
    let found = check::subnets(call, &subnets)?;
    network::check_zones(&found)?;
    let vpc = found.first().map(|one| one.vpc.clone()).unwrap_or_default();
    check::groups(call, &groups, &vpc)?;
    let mut made = json!({
        "subnetIds": subnets, "securityGroupIds": groups, "vpcId": vpc, "endpointPublicAccess": true,
        "endpointPrivateAccess": false, "publicAccessCidrs": ["0.0.0.0/0"],
        "controlPlaneEgressMode": "AWS_MANAGED",
    });
    access(&input, &mut made)?;
    Ok(made)
}

/// What the input changes in a cluster's members: the kind of update, and the members then.
pub(super) fn update(
    call: &Call<'_>,
    old: &Value,
) -> Result<Option<(&'static str, Value)>, AwsError> {
    let Some(input) = call.input.optional_structure("resourcesVpcConfig")? else { return Ok(None) };
    let mut new = old.clone();
    let (subnets, groups) =
        (input.optional_texts("subnetIds")?, input.optional_texts("securityGroupIds")?);
    let moves = subnets.is_some() || groups.is_some();
    if let Some(subnets) = subnets {
        let found = check::subnets(call, &subnets)?;
        network::check_zones(&found)?;
        if found.iter().any(|subnet| subnet.vpc != old.text("vpcId")) {
            return Err(invalid(
                "Provided subnets belong to a different VPC than the cluster's: the VPC cannot be changed",
            ));
        }
        new.set("subnetIds", subnets);
    }
    if let Some(groups) = groups {
        check::groups(call, &groups, old.text("vpcId"))?;
        new.set("securityGroupIds", groups);
    }
    let before = new.clone();
    let mode = input.has("controlPlaneEgressMode");
    let reach = ["endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"];
    let reach = reach.iter().any(|member| input.has(member));
    access(&input, &mut new)?;
    if old.text("controlPlaneEgressMode") != "AWS_MANAGED"
        && old["controlPlaneEgressMode"] != new["controlPlaneEgressMode"]
    {
        return Err(invalid("controlPlaneEgressMode cannot be changed once it is not AWS_MANAGED"));
    }
    let kind = match (moves, reach, mode) {
        (true, false, false) => "VpcConfigUpdate",
        (false, true, false) => "EndpointAccessUpdate",
        (false, false, true) => "ControlPlaneEgressUpdate",
        (false, false, false) => return Err(invalid("resourcesVpcConfig changes nothing")),
        _ => return Err(invalid("Only one type of update can be allowed.")),
    };
    let unchanged = match kind {
        "VpcConfigUpdate" => {
            check::same(&old["subnetIds"], &new["subnetIds"])
                && check::same(&old["securityGroupIds"], &new["securityGroupIds"])
        }
        _ => before == new,
    };
    if unchanged {
        return Err(invalid(format!(
            "Cluster is already at the desired configuration with endpointPrivateAccess: {} , \
             endpointPublicAccess: {}, and Public Endpoint Restrictions: {}",
            new["endpointPrivateAccess"], new["endpointPublicAccess"], new["publicAccessCidrs"]
        )));
    }
    Ok(Some((kind, new)))
}

fn access(input: &crate::local::params::Params, vpc: &mut Value) -> Result<(), AwsError> {
    for member in ["endpointPublicAccess", "endpointPrivateAccess"] {
        if let Some(flag) = input.optional_boolean(member)? {
            vpc.set(member, flag);
        }
    }
    let modes = ["AWS_MANAGED", "CUSTOMER_ROUTED", "CUSTOMER_ISOLATED"];
    if let Some(mode) = input.optional_one_of("controlPlaneEgressMode", &modes)? {
        vpc.set("controlPlaneEgressMode", mode);
    }
    let blocks = input.optional_texts("publicAccessCidrs")?;
    if !vpc.flag("endpointPublicAccess") && !vpc.flag("endpointPrivateAccess") {
        return Err(invalid("Private and public endpoint access cannot be false"));
    }
    let Some(blocks) = blocks.filter(|blocks| !blocks.is_empty()) else { return Ok(()) };
    if blocks.len() > 40 {
        return Err(invalid("At most 40 CIDRs can be given in publicAccessCidrs"));
    }
    for block in &blocks {
        if ec2::prefix_length(block).is_none() {
            return Err(invalid(format!(
                "The following CIDRs are invalid in publicAccessCidrs: [{block}]"
            )));
        }
        if PRIVATE.iter().any(|outer| ec2::within(outer, block)) {
            return Err(invalid(format!(
                "The following CIDRs are not allowed in publicAccessCidrs: [{block}]"
            )));
        }
    }
    vpc.set("publicAccessCidrs", blocks);
    Ok(())
}
