//! A cluster in its VPC: the security group and the network interfaces that EKS makes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{CLUSTERS, invalid};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network::{self, NewInterface, Subnet};
use crate::local::ec2::{drop_group, make_group};
use crate::local::error::AwsError;

/// Zones in which EKS has no control planes.
const NO_CONTROL_PLANE: &[&str] = &["use1-az3", "usw1-az2", "cac1-az3"];

/// The subnets of a control plane: two zones at least, which EKS has.
pub(super) fn check_zones(subnets: &[Subnet]) -> Result<(), AwsError> {
    let zones: BTreeSet<&str> = subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    if zones.len() < 2 {
        return Err(invalid("Subnets specified must be in at least two different AZs"));
    }
    if let Some(subnet) =
        subnets.iter().find(|one| NO_CONTROL_PLANE.contains(&one.zone_id.as_str()))
    {
        let message = format!(
            "Cannot create cluster because {}, the targeted availability zone, does not currently have \
             sufficient capacity to support the cluster.",
            subnet.zone
        );
        return Err(AwsError::new("UnsupportedAvailabilityZoneException", message));
    }
    Ok(())
}

/// The cluster's security group. Returns its id.
pub(super) fn make(call: &mut Call<'_>, cluster: &str, vpc: &str) -> Result<String, AwsError> {
    let number = call.ids.below(1_000_000_000);
    let name = format!("eks-cluster-sg-{cluster}-{number}");
    let tags = BTreeMap::from([
        ("Name".to_owned(), name.clone()),
        ("aws:eks:cluster-name".to_owned(), cluster.to_owned()),
        (format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned()),
    ]);
    let description = "EKS created security group applied to ENI that is attached to EKS Control Plane \
                       master nodes, as well as any managed workloads.";
    make_group(call, vpc, &name, description, tags)
}

/// The control plane's interfaces: one in each of its first two zones.
pub(super) fn interfaces(
    call: &mut Call<'_>,
    cluster: &str,
    vpc: &Value,
) -> Result<Vec<String>, AwsError> {
    let mut zones = BTreeSet::new();
    let mut made = Vec::new();
    let mut groups: Vec<String> =
        vpc.texts("securityGroupIds").into_iter().map(str::to_owned).collect();
    groups.push(vpc.text("clusterSecurityGroupId").to_owned());
    for subnet in vpc.texts("subnetIds").into_iter().map(str::to_owned).collect::<Vec<_>>() {
        let Some(found) = network::subnet(call, &subnet) else { continue };
        if zones.len() == 2 || !zones.insert(found.zone) {
            continue;
        }
        let new = NewInterface {
            subnet,
            security_groups: groups.clone(),
            description: format!("Amazon EKS {cluster}"),
            interface_type: "interface".to_owned(),
            requester: "amazon-eks".to_owned(),
            ..NewInterface::default()
        };
        made.push(network::create_interface(call, new)?.id);
    }
    Ok(made)
}

/// The interfaces follow the subnets and groups that the cluster has now.
pub(super) fn follow(call: &mut Call<'_>, name: &str) {
    let Some(cluster) = call.get(CLUSTERS, name) else { return };
    let vpc = cluster["resourcesVpcConfig"].clone();
    let placed = json!([vpc["subnetIds"], vpc["securityGroupIds"]]);
    if cluster["own"]["placed"] == placed {
        return;
    }
    for interface in cluster["own"].texts("interfaces") {
        network::delete_interface(call, interface);
    }
    let made = interfaces(call, name, &vpc).unwrap_or_default();
    call.update(CLUSTERS, name, |cluster| {
        let mut own = cluster["own"].clone();
        own.set("interfaces", made);
        own.set("placed", placed);
        cluster.set("own", own);
    });
}

/// What EKS made in the VPC goes with the cluster.
pub(super) fn leave(call: &mut Call<'_>, cluster: &Value) {
    for interface in cluster["own"].texts("interfaces") {
        network::delete_interface(call, interface);
    }
    drop_group(call, cluster["resourcesVpcConfig"].text("clusterSecurityGroupId"));
}
