//! The smaller settings of a cluster, each read from the input in the form in which it is shown.

use serde_json::{Value, json};

use super::{check, invalid};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2::network as ec2;
use crate::local::error::AwsError;
use crate::local::params::Shape;

/// The logs of a control plane.
const LOGS: [&str; 5] = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
/// The sizes of a control plane.
const TIERS: [&str; 5] = ["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"];
pub(super) const MODES: [&str; 3] = ["API", "API_AND_CONFIG_MAP", "CONFIG_MAP"];

/// `logging`: which logs are on. What the input does not name stays as it is.
pub(super) fn logging(call: &Call<'_>, old: Option<&Value>) -> Result<Option<Value>, AwsError> {
    let shape = Shape::Structure(&[(
        "clusterLogging",
        Shape::List(&Shape::Structure(&[
            ("types", Shape::List(&Shape::OneOf(&LOGS))),
            ("enabled", Shape::Boolean),
        ])),
    )]);
    let Some(given) = call.input.shaped("logging", &shape)? else { return Ok(None) };
    let mut on: Vec<&str> = old.map(enabled).unwrap_or_default();
    let mut named = Vec::new();
    for setup in given.list("clusterLogging") {
        for log in setup.texts("types") {
            if named.contains(&log) {
                return Err(invalid(format!("The log type {log} is given twice")));
            }
            named.push(log);
            on.retain(|other| *other != log);
            if setup.flag("enabled") {
                on.push(log);
            }
        }
    }
    Ok(Some(shown_logging(&on)))
}

fn enabled(logging: &Value) -> Vec<&'static str> {
    let on = logging.list("clusterLogging").iter().filter(|setup| setup.flag("enabled"));
    let on: Vec<&str> = on.flat_map(|setup| setup.texts("types")).collect();
    LOGS.into_iter().filter(|log| on.contains(log)).collect()
}

/// One group of what is on, one of what is off, as EKS shows them.
pub(super) fn shown_logging(on: &[&str]) -> Value {
    let group = |wanted: bool| {
        let types: Vec<&str> = LOGS.into_iter().filter(|log| on.contains(log) == wanted).collect();
        (!types.is_empty()).then(|| json!({"types": types, "enabled": wanted}))
    };
    let groups: Vec<Value> = [true, false].into_iter().filter_map(group).collect();
    json!({"clusterLogging": groups})
}

/// `upgradePolicy`.
pub(super) fn upgrade_policy(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let Some(input) = call.input.optional_structure("upgradePolicy")? else { return Ok(None) };
    let support = input.optional_one_of("supportType", &["STANDARD", "EXTENDED"])?;
    Ok(Some(json!({"supportType": support.unwrap_or_else(|| "EXTENDED".to_owned())})))
}

/// `zonalShiftConfig`.
pub(super) fn zonal_shift(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let Some(input) = call.input.optional_structure("zonalShiftConfig")? else { return Ok(None) };
    Ok(Some(json!({"enabled": input.optional_boolean("enabled")?.unwrap_or(false)})))
}

/// `controlPlaneScalingConfig`.
pub(super) fn scaling(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let input = call.input.optional_structure("controlPlaneScalingConfig")?;
    let Some(input) = input else { return Ok(None) };
    let tier = input.optional_one_of("tier", &TIERS)?.unwrap_or_else(|| "standard".to_owned());
    Ok(Some(json!({"tier": tier})))
}

/// `remoteNetworkConfig`: the networks of hybrid nodes. An empty one takes them away.
pub(super) fn remote_network(
    call: &Call<'_>,
    vpc: &Value,
    service: &str,
) -> Result<Option<Value>, AwsError> {
    const BLOCKS: Shape = Shape::List(&Shape::Structure(&[("cidrs", Shape::List(&Shape::Text))]));
    let shape = Shape::Structure(&[("remoteNodeNetworks", BLOCKS), ("remotePodNetworks", BLOCKS)]);
    let Some(given) = call.input.shaped("remoteNetworkConfig", &shape)? else { return Ok(None) };
    let own = ec2::vpc_cidr(call, vpc.text("vpcId")).unwrap_or_default();
    let blocks = |member: &str| -> Vec<String> {
        let all = given.list(member).iter().flat_map(|network| network.texts("cidrs"));
        all.map(str::to_owned).collect()
    };
    let (nodes, pods) = (blocks("remoteNodeNetworks"), blocks("remotePodNetworks"));
    if nodes.is_empty() && !pods.is_empty() {
        return Err(invalid("remotePodNetworks need remoteNodeNetworks"));
    }
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"];
    for block in nodes.iter().chain(&pods) {
        if !private.iter().any(|outer| ec2::within(outer, block)) {
            return Err(invalid(format!(
                "{block} is not a block of private IPv4 addresses (RFC-1918)"
            )));
        }
        if ec2::overlap(block, &own) || ec2::overlap(block, service) {
            return Err(invalid(format!(
                "{block} overlaps with the VPC's block or with that of Kubernetes services"
            )));
        }
    }
    Ok(Some(given))
}

/// `encryptionConfig`.
pub(super) fn encryption(call: &Call<'_>) -> Result<Option<Value>, AwsError> {
    let shape = Shape::List(&Shape::Structure(&[
        ("resources", Shape::List(&Shape::OneOf(&["secrets"]))),
        ("provider", Shape::Structure(&[("keyArn", Shape::Text)])),
    ]));
    let Some(given) = call.input.shaped("encryptionConfig", &shape)? else { return Ok(None) };
    let [one] = given.as_array().map(Vec::as_slice).unwrap_or_default() else {
        return Err(invalid("Exactly one encryption config can be given"));
    };
    let key = one["provider"].text("keyArn");
    if !key.starts_with(&format!("arn:aws:kms:{}:", call.region)) {
        return Err(invalid(format!(
            "Invalid key ARN {key}: the key must be in the cluster's region"
        )));
    }
    Ok(Some(json!([{"resources": ["secrets"], "provider": {"keyArn": key}}])))
}

/// The block of Kubernetes services: given, or the one of EKS's two that the VPC does not overlap.
pub(super) fn service_block(
    call: &Call<'_>,
    given: Option<String>,
    vpc: &Value,
) -> Result<String, AwsError> {
    let own = ec2::vpc_cidr(call, vpc.text("vpcId")).unwrap_or_default();
    let Some(block) = given else {
        let first = "10.100.0.0/16";
        let block = if ec2::overlap(first, &own) { "172.20.0.0/16" } else { first };
        return Ok(block.to_owned());
    };
    let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
    let length = ec2::prefix_length(&block).unwrap_or_default();
    if !(12..=24).contains(&length) || !private.iter().any(|outer| ec2::within(outer, &block)) {
        return Err(invalid(format!(
            "The CIDR block {block} for Kubernetes services is not valid: it must be between /24 and /12 \
             and within 10.0.0.0/8, 172.16.0.0/12, or 192.168.0.0/16"
        )));
    }
    if ec2::overlap(&block, &own) {
        return Err(invalid(format!(
            "The CIDR block {block} for Kubernetes services overlaps with the VPC's block {own}"
        )));
    }
    Ok(block)
}

/// The role of a cluster, which EKS must be able to assume.
pub(super) fn role(call: &Call<'_>, arn: &str) -> Result<Value, AwsError> {
    let found = check::role(call, arn)
        .filter(|role| check::trusts(role, "eks.amazonaws.com", "sts:AssumeRole"));
    found.ok_or_else(|| {
        invalid(format!(
            "Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is \
             not correct"
        ))
    })
}
