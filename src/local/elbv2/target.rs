//! Targets registered by hand, and the health of all.

use serde_json::{Value, json};

use super::names;
use super::target_group;
use super::targets::{self, Answers, TARGETS, TargetState};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2;
use crate::local::error::AwsError;
use crate::local::params::Params;

struct Target {
    id: String,
    port: u16,
    zone: Option<String>,
}

/// A target registered by hand passes its checks: nothing is known of what stands behind it.
pub(super) fn register(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TargetGroupArn")?;
    let group = names::target_group(call, &arn)?;
    let targets = targets_of_input(&call.input, &group)?;
    if targets.is_empty() {
        return Err(call.input.missing("Targets"));
    }
    for Target { id, port, zone } in targets {
        check(call, &group, &id, zone.as_deref())?;
        let is_there = call.get(TARGETS, &targets::key(&arn, &id, port));
        if is_there.is_none_or(|target| target.has("drained")) {
            targets::register(call, &arn, &id, port, zone.as_deref(), Answers::Well)?;
        }
    }
    Ok(json!({}))
}

pub(super) fn deregister(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TargetGroupArn")?;
    let group = names::target_group(call, &arn)?;
    let targets = targets_of_input(&call.input, &group)?;
    if targets.is_empty() {
        return Err(call.input.missing("Targets"));
    }
    for target in targets {
        targets::deregister(call, &arn, &target.id, target.port);
    }
    Ok(json!({}))
}

pub(super) fn describe_health(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("TargetGroupArn")?;
    let group = names::target_group(call, &arn)?;
    let wanted = targets_of_input(&call.input, &group)?;
    let used = target_group::users(call).contains_key(&arn);
    let port = match group.text("HealthCheckPort") {
        "traffic-port" => None,
        port => Some(port.to_owned()),
    };
    let mut described = Vec::new();
    if wanted.is_empty() {
        for (_, target) in call.scan(TARGETS, &format!("{arn}|")) {
            if let Some(state) = targets::state_of(call, &target, used) {
                described.push(description(&target, state, port.as_deref()));
            }
        }
    }
    for Target { id, port: own, .. } in wanted {
        let found = call.get(TARGETS, &targets::key(&arn, &id, own));
        let state = found.as_deref().and_then(|target| targets::state_of(call, target, used));
        described.push(match (found, state) {
            (Some(target), Some(state)) => description(&target, state, port.as_deref()),
            _ => json!({
                "Target": {"Id": id, "Port": own},
                "TargetHealth": {
                    "State": "unused",
                    "Reason": "Target.NotRegistered",
                    "Description": "Target is not registered to the target group",
                },
            }),
        });
    }
    Ok(json!({"TargetHealthDescriptions": described}))
}

fn description(target: &Value, state: TargetState, port: Option<&str>) -> Value {
    let (state, reason, text) = match state {
        TargetState::Healthy => ("healthy", None, None),
        TargetState::Unhealthy => {
            ("unhealthy", Some(target.text("reason")), Some(target.text("description")))
        }
        TargetState::Initial => (
            "initial",
            Some("Elb.RegistrationInProgress"),
            Some("Target registration is in progress"),
        ),
        TargetState::Draining => (
            "draining",
            Some("Target.DeregistrationInProgress"),
            Some("Target deregistration is in progress"),
        ),
        TargetState::Unused => (
            "unused",
            Some("Target.NotInUse"),
            Some("Target group is not configured to receive traffic from the load balancer"),
        ),
    };
    let own = target.integer("port").to_string();
    json!({
        "Target": {"Id": target["id"], "Port": target["port"], "AvailabilityZone": target["zone"]},
        "HealthCheckPort": port.unwrap_or(&own),
        "TargetHealth": {"State": state, "Reason": reason, "Description": text},
    })
}

fn targets_of_input(input: &Params, group: &Value) -> Result<Vec<Target>, AwsError> {
    let target = |target: Params| {
        let port = target.optional_integer_within("Port", 1, 65_535)?;
        let port = port.unwrap_or_else(|| group.integer("Port"));
        Ok(Target {
            id: target.text("Id")?,
            port: u16::try_from(port).unwrap_or_default(),
            zone: target.optional_text("AvailabilityZone")?,
        })
    };
    input.structures("Targets")?.into_iter().map(target).collect()
}

fn check(call: &Call<'_>, group: &Value, id: &str, zone: Option<&str>) -> Result<(), AwsError> {
    let invalid = |message: String| AwsError::new("InvalidTarget", message);
    if group.text("TargetType") == "instance" {
        // There are no instances on local AWS.
        return Err(invalid(format!(
            "The following targets are not in a running state and cannot be registered: '{id}'"
        )));
    }
    let address: std::net::Ipv4Addr = id
        .parse()
        .map_err(|_| super::errors::validation(format!("The IP address '{id}' is not valid")))?;
    let block = ec2::network::vpc_cidr(call, group.text("VpcId")).unwrap_or_default();
    if holds(&block, address) {
        return Ok(());
    }
    let shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
    if !address.is_private() && !shared {
        return Err(invalid(format!(
            "The IP address '{id}' is not in the VPC or a valid IPv4 address range for targets"
        )));
    }
    if zone != Some("all") {
        return Err(invalid(format!(
            "You must specify an Availability Zone of 'all' when the IP address '{id}' is outside the VPC"
        )));
    }
    Ok(())
}

fn holds(block: &str, address: std::net::Ipv4Addr) -> bool {
    let Some((base, bits)) = block.split_once('/') else { return false };
    let (Ok(base), Ok(bits)) = (base.parse::<std::net::Ipv4Addr>(), bits.parse::<u32>()) else {
        return false;
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    u32::from(base) & mask == u32::from(address) & mask
}
