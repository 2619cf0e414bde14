//! Mount targets: a file system's network interface in a zone.

use serde_json::{Value, json};

use super::{ACCESS_POINTS, FILE_SYSTEMS, MOUNT_TARGETS, available, error, file_system, id_of};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::ec2::network::{self, NewInterface};
use crate::local::error::AwsError;

/// The most security groups that a mount target has.
const MOST_GROUPS: usize = 5;

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (system, document) = available(call, &call.input.text("FileSystemId")?)?;
    let subnet = call.input.text("SubnetId")?;
    let address = call.input.optional_text("IpAddress")?;
    let groups = call.input.texts("SecurityGroups")?;
    match call.input.optional_text("IpAddressType")?.as_deref() {
        None | Some("IPV4_ONLY") => {}
        Some(other) => {
            let message = format!("local AWS has no mount targets of address type {other}");
            return Err(AwsError::not_modelled(message));
        }
    }
    let Some(found) = network::subnet(call, &subnet) else {
        let message = format!("The subnet ID '{subnet}' does not exist");
        return Err(error("SubnetNotFound", 400, message));
    };
    let groups = checked(call, groups, &found.vpc)?;
    for (_, other) in call.scan(MOUNT_TARGETS, "") {
        if other.text("FileSystemId") != system {
            continue;
        }
        if other.text("AvailabilityZoneName") == found.zone {
            return Err(error(
                "MountTargetConflict",
                409,
                "mount target already exists in this AZ",
            ));
        }
        if other.text("VpcId") != found.vpc {
            return Err(error(
                "MountTargetConflict",
                409,
                "requested subnet for new mount target is not in the same VPC as existing mount targets",
            ));
        }
    }
    let zone = document.text("AvailabilityZoneName");
    if !zone.is_empty() && zone != found.zone {
        return Err(error(
            "AvailabilityZonesMismatch",
            400,
            format!("The file system is in zone '{zone}', and the subnet in '{}'.", found.zone),
        ));
    }
    let id = call.ids.resource("fsmt");
    let made = network::create_interface(
        call,
        NewInterface {
            subnet: found.id.clone(),
            security_groups: groups.clone(),
            description: format!("EFS mount target for {system} ({id})"),
            interface_type: "interface".to_owned(),
            requester: "amazon-efs".to_owned(),
            private_ip: address,
            public_ip: None,
            ipv6: false,
        },
    );
    let interface = made.map_err(|refused| match refused.code.as_str() {
        "InvalidIPAddress.InUse" => error("IpAddressInUse", 409, refused.message),
        "InsufficientFreeAddressesInSubnet" => {
            error("NoFreeAddressesInSubnet", 409, refused.message)
        }
        _ => refused,
    })?;
    let target = json!({
        "FileSystemId": system,
        "SubnetId": found.id,
        "VpcId": found.vpc,
        "AvailabilityZoneId": found.zone_id,
        "AvailabilityZoneName": found.zone,
        "IpAddress": interface.private_ip,
        "NetworkInterfaceId": interface.id,
        "groups": groups,
        "ready": call.ready_at(durations::MOUNT_TARGET),
    });
    call.put(MOUNT_TARGETS, &id, target.clone());
    Ok(wire(call, &id, &target))
}

/// The groups that a mount target shall have; its VPC's default group if none is named.
fn checked(call: &Call<'_>, mut groups: Vec<String>, vpc: &str) -> Result<Vec<String>, AwsError> {
    if groups.len() > MOST_GROUPS {
        let message = "A mount target can have at most 5 security groups.";
        return Err(error("SecurityGroupLimitExceeded", 400, message));
    }
    for id in &groups {
        if network::security_group(call, id).is_none_or(|group| group.vpc != vpc) {
            let message = format!("One or more security groups were not found: {id}");
            return Err(error("SecurityGroupNotFound", 400, message));
        }
    }
    if groups.is_empty() {
        groups.extend(network::default_security_group(call, vpc));
    }
    Ok(groups)
}

/// The state that its times say.
pub(super) fn state(call: &Call<'_>, target: &Value) -> &'static str {
    match target {
        _ if target.has("deleting") => "deleting",
        _ if target.time("ready") > call.now => "creating",
        _ => "available",
    }
}

fn found(call: &Call<'_>) -> Result<(String, std::sync::Arc<Value>), AwsError> {
    target(call, &call.input.text("MountTargetId")?)
}

fn target(call: &Call<'_>, id: &str) -> Result<(String, std::sync::Arc<Value>), AwsError> {
    let target = call.get(MOUNT_TARGETS, id).ok_or_else(|| {
        error("MountTargetNotFound", 404, format!("Mount target '{id}' does not exist."))
    })?;
    Ok((id.to_owned(), target))
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let input = call.input.clone();
    let size = input.optional_integer("MaxItems")?.unwrap_or(10).clamp(1, 100);
    let marker = input.optional_text("Marker")?;
    let system = input.optional_text("FileSystemId")?;
    let one = input.optional_text("MountTargetId")?;
    let point = input.optional_text("AccessPointId")?;
    let given = [&system, &one, &point].into_iter().filter(|given| given.is_some()).count();
    if given != 1 {
        return Err(input.invalid(
            "Exactly one of FileSystemId, MountTargetId and AccessPointId must be given.",
        ));
    }
    let system = match point {
        Some(point) => {
            let point = id_of(&point);
            let found = call.get(ACCESS_POINTS, point).ok_or_else(|| {
                error("AccessPointNotFound", 404, format!("Access point '{point}' does not exist."))
            })?;
            Some(found.text("FileSystemId").to_owned())
        }
        None => system,
    };
    let targets = match (system, one) {
        (Some(system), _) => {
            let (id, _) = file_system(call, &system)?;
            let mut all = call.scan(MOUNT_TARGETS, "");
            all.retain(|(_, target)| target.text("FileSystemId") == id);
            all
        }
        (None, one) => vec![target(call, &one.unwrap_or_default())?],
    };
    let page = call.page(targets, size as usize, marker.as_deref(), |(id, _)| id.clone())?;
    let shown: Vec<Value> = page.items.iter().map(|(id, one)| wire(call, id, one)).collect();
    let mut output = json!({"MountTargets": shown});
    if let Some(marker) = marker {
        output.set("Marker", marker);
    }
    if let Some(next) = page.next {
        output.set("NextMarker", next);
    }
    Ok(output)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, target) = found(call)?;
    if !target.has("deleting") {
        let gone = call.ready_at(durations::MOUNT_TARGET_DELETION);
        call.update(MOUNT_TARGETS, &id, |target| target.set("deleting", gone));
        call.schedule(gone, json!({"mountTarget": id}));
    }
    Ok(json!({}))
}

/// It and its network interface are gone.
pub(super) fn gone(call: &mut Call<'_>, id: &str) {
    if let Some(target) = call.get(MOUNT_TARGETS, id) {
        network::delete_interface(call, target.text("NetworkInterfaceId"));
        call.delete(MOUNT_TARGETS, id);
    }
}

pub(super) fn groups(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, target) = found(call)?;
    settled(call, &id, &target)?;
    Ok(json!({"SecurityGroups": target["groups"]}))
}

pub(super) fn set_groups(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let (id, target) = found(call)?;
    let groups = call.input.texts("SecurityGroups")?;
    settled(call, &id, &target)?;
    let groups = checked(call, groups, target.text("VpcId"))?;
    network::set_interface_groups(call, target.text("NetworkInterfaceId"), &groups)?;
    call.update(MOUNT_TARGETS, &id, |target| target.set("groups", groups));
    Ok(json!({}))
}

fn settled(call: &Call<'_>, id: &str, target: &Value) -> Result<(), AwsError> {
    match state(call, target) {
        "available" | "creating" => Ok(()),
        state => Err(error(
            "IncorrectMountTargetState",
            409,
            format!("Mount target '{id}' is in life cycle state '{state}', not 'available'."),
        )),
    }
}

fn wire(call: &Call<'_>, id: &str, target: &Value) -> Value {
    let mut wire = json!({
        "OwnerId": call.account,
        "MountTargetId": id,
        "LifeCycleState": state(call, target),
    });
    for member in [
        "FileSystemId",
        "SubnetId",
        "IpAddress",
        "NetworkInterfaceId",
        "AvailabilityZoneId",
        "AvailabilityZoneName",
        "VpcId",
    ] {
        wire.set(member, target[member].clone());
    }
    wire
}

/// The mount target through which something in this zone reaches the file system, if one is ready.
pub(super) fn in_zone(call: &Call<'_>, system: &str, zone: &str) -> Option<Value> {
    call.get(FILE_SYSTEMS, system)?;
    let found = call.scan(MOUNT_TARGETS, "").into_iter().find(|(_, target)| {
        target.text("FileSystemId") == system
            && target.text("AvailabilityZoneName") == zone
            && state(call, target) == "available"
    });
    found.map(|(_, target)| Value::clone(&target))
}
