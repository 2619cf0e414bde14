//! NAT gateways: zonal ones, public or private; `nat_regional` has what differs for the others.

use serde_json::{Value, json};

use super::errors::{invalid_value, not_found};
use super::list::{self, Listing};
use super::network::{self, INTERFACES, NewInterface};
use super::{ADDRESSES, NAT_GATEWAYS, nat_regional, subnet, tag};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

static LISTING: Listing = Listing {
    kind: "natgateway",
    table: NAT_GATEWAYS,
    ids: "NatGatewayId",
    set: "natGatewaySet",
    filters: &[
        ("nat-gateway-id", "natGatewayId"),
        ("state", "state"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row,
};

/// The state that its times say it has now.
pub(super) fn state(call: &Call<'_>, nat: &Value) -> &'static str {
    let failed = nat.has("failureCode");
    if nat.has("gone") {
        return if nat.time("gone") <= call.now { "deleted" } else { "deleting" };
    }
    match nat.time("ready") <= call.now {
        false => "pending",
        true if failed => "failed",
        true => "available",
    }
}

fn row(call: &Call<'_>, id: &str, nat: &Value) -> Value {
    let state = state(call, nat);
    let addresses = match nat_regional::is(nat) {
        true => nat_regional::addresses(call, id, nat, state),
        false => vec![zonal_address(nat, state)],
    };
    let mut row = json!({
        "natGatewayId": id,
        "state": state,
        "vpcId": nat["vpcId"],
        "connectivityType": nat["connectivityType"],
        "availabilityMode": "zonal",
        "createTime": call.time(nat.time("created")),
        "natGatewayAddressSet": addresses,
    });
    if nat_regional::is(nat) {
        let automatic = if nat.has("zones") { "disabled" } else { "enabled" };
        row.set("availabilityMode", "regional");
        row.set("autoProvisionZones", automatic);
        row.set("autoScalingIps", automatic);
    } else {
        row.set("subnetId", nat["subnetId"].clone());
    }
    if nat.has("deleted") {
        row.set("deleteTime", call.time(nat.time("deleted")));
    }
    if state == "failed" {
        row.set("failureCode", nat["failureCode"].clone());
        row.set("failureMessage", nat["failureMessage"].clone());
    }
    row
}

fn zonal_address(nat: &Value, state: &str) -> Value {
    let mut address = json!({
        "networkInterfaceId": nat["networkInterfaceId"],
        "privateIp": nat["privateIp"],
        "isPrimary": true,
        "status": if state == "failed" { "failed" } else { "succeeded" },
    });
    for member in ["allocationId", "publicIp", "associationId"] {
        // Until it is available, its public address is not told.
        if nat.has(member) && (member == "allocationId" || state != "pending") {
            address.set(member, nat[member].clone());
        }
    }
    address
}

pub(super) fn create_nat_gateway(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let mode = call.input.optional_one_of("AvailabilityMode", &["zonal", "regional"])?;
    if mode.is_some_and(|mode| mode == "regional") {
        return create_regional(call);
    }
    if call.input.has("VpcId") || call.input.has("AvailabilityZoneAddress") {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            "VpcId and AvailabilityZoneAddresses can be specified for a regional NAT gateway only",
        ));
    }
    let subnet_id = call.input.text("SubnetId")?;
    let allocation = call.input.optional_text("AllocationId")?;
    let private_ip = call.input.optional_text("PrivateIpAddress")?;
    let kind = call.input.optional_one_of("ConnectivityType", &["public", "private"])?;
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let tags = tag::specified(call, "natgateway")?;
    let kind = kind.unwrap_or_else(|| "public".to_owned());
    let asked = json!([subnet_id, allocation, private_ip, kind]);
    if let Some(token) = &token {
        let rows = call.scan(NAT_GATEWAYS, "").into_iter();
        if let Some((id, nat)) = rows.into_iter().find(|(_, nat)| nat.text("clientToken") == token)
        {
            if nat["asked"] != asked {
                return Err(AwsError::new(
                    "IdempotentParameterMismatch",
                    "The client token was used with other parameters.",
                ));
            }
            return Ok(created(call, &id, &nat, Some(token)));
        }
    }
    let subnet = subnet::required(call, &subnet_id)?;
    let vpc = subnet.text("vpcId").to_owned();
    let public_ip = match (kind.as_str(), &allocation) {
        ("private", Some(_)) => {
            return Err(AwsError::new(
                "InvalidParameterCombination",
                "AllocationId cannot be specified for a private NAT gateway",
            ));
        }
        ("private", None) => None,
        (_, None) => return Err(call.input.missing("AllocationId")),
        (_, Some(id)) => {
            let address = call.get(ADDRESSES, id).ok_or_else(|| not_found("elastic-ip", id))?;
            if address.has("networkInterfaceId") {
                return Err(AwsError::new(
                    "Resource.AlreadyAssociated",
                    format!("Elastic IP address [{id}] is already associated"),
                ));
            }
            Some(address.text("publicIp").to_owned())
        }
    };
    let id = call.ids.resource("nat");
    let failed = kind == "public" && !network::has_internet_gateway(call, &vpc);
    let interface = network::create_interface(
        call,
        NewInterface {
            subnet: subnet_id.clone(),
            description: format!("Interface for NAT Gateway {id}"),
            interface_type: "nat_gateway".to_owned(),
            requester: "amazon-nat".to_owned(),
            private_ip,
            public_ip: public_ip.clone(),
            ..NewInterface::default()
        },
    )?;
    let ready = call.ready_at(durations::NAT_GATEWAY);
    let mut nat = json!({
        "subnetId": subnet_id,
        "vpcId": vpc,
        "connectivityType": kind,
        "networkInterfaceId": interface.id,
        "privateIp": interface.private_ip,
        "created": call.now,
        "ready": ready,
        "asked": asked,
    });
    if let Some(allocation) = allocation {
        let association = call.ids.resource("eipassoc");
        nat.set("allocationId", allocation.clone());
        nat.set("publicIp", public_ip.clone());
        nat.set("associationId", association.clone());
        call.update(ADDRESSES, &allocation, |address| {
            address.set("networkInterfaceId", interface.id.clone());
            address.set("associationId", association.clone());
        });
        call.update(INTERFACES, &interface.id, |document| {
            document.set("allocationId", allocation.clone());
            document.set("associationId", association.clone());
        });
    }
    if failed {
        nat.set("failureCode", "Gateway.NotAttached");
        nat.set("failureMessage", format!("Network {vpc} has no Internet gateway attached"));
        call.schedule(ready, json!({"release": id}));
    }
    if let Some(token) = &token {
        nat.set("clientToken", token.clone());
    }
    call.put(NAT_GATEWAYS, &id, nat.clone());
    tag::put(call, "natgateway", &id, tags)?;
    let mut output = created(call, &id, &nat, token.as_ref());
    // The answer to the creation is always `pending`.
    output["natGateway"]["state"] = json!("pending");
    Ok(output)
}

fn create_regional(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let asked = json!([call.input.raw("VpcId"), call.input.raw("AvailabilityZoneAddress")]);
    if let Some(token) = &token {
        let rows = call.scan(NAT_GATEWAYS, "");
        if let Some((id, nat)) = rows.iter().find(|(_, nat)| nat.text("clientToken") == token) {
            if nat["asked"] != asked {
                return Err(AwsError::new(
                    "IdempotentParameterMismatch",
                    "The client token was used with other parameters.",
                ));
            }
            tag::specified(call, "natgateway")?;
            return Ok(created(call, id, nat, Some(token)));
        }
    }
    let (id, mut nat) = nat_regional::create(call)?;
    nat.set("asked", asked);
    if let Some(token) = &token {
        nat.set("clientToken", token.clone());
    }
    call.put(NAT_GATEWAYS, &id, nat.clone());
    let mut output = created(call, &id, &nat, token.as_ref());
    output["natGateway"]["state"] = json!("pending");
    Ok(output)
}

fn created(call: &Call<'_>, id: &str, nat: &Value, token: Option<&String>) -> Value {
    let mut row = row(call, id, nat);
    row.set("tagSet", tag::set_of(call, "natgateway", id));
    let mut output = json!({"natGateway": row});
    if let Some(token) = token {
        output.set("clientToken", token.clone());
    }
    output
}

pub(super) fn describe_nat_gateways(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete_nat_gateway(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("NatGatewayId")?;
    let nat = call.get(NAT_GATEWAYS, &id).ok_or_else(|| not_found("natgateway", &id))?;
    match state(call, &nat) {
        // Deleting again changes nothing.
        "deleting" | "deleted" => return Ok(json!({"natGatewayId": id})),
        "pending" => {
            return Err(invalid_value(format!(
                "NAT gateway {id} is pending and cannot be deleted yet"
            )));
        }
        _ => {}
    }
    let gone = call.ready_at(durations::NAT_GATEWAY_DELETION);
    let now = call.now;
    call.update(NAT_GATEWAYS, &id, |nat| {
        nat.set("deleted", now);
        nat.set("gone", gone);
    });
    call.schedule(gone, json!({"release": id}));
    // The tombstone stays for AWS's own hour at any speed: programs must be able to meet it.
    let hour = u64::try_from(durations::NAT_GATEWAY_TOMBSTONE.as_millis()).unwrap_or(u64::MAX);
    call.schedule(gone.saturating_add(hour), json!({"forget": id}));
    Ok(json!({"natGatewayId": id}))
}

/// Gives back interface and address when it is gone (or has failed), and forgets it an hour later.
pub(super) fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let release = payload.text("release");
    if let Some(nat) = call.get(NAT_GATEWAYS, release) {
        network::delete_interface(call, nat.text("networkInterfaceId"));
        nat_regional::release(call, &nat);
        call.update(ADDRESSES, nat.text("allocationId"), |address| {
            address.unset("networkInterfaceId");
            address.unset("associationId");
        });
    }
    let forget = payload.text("forget");
    if call.get(NAT_GATEWAYS, forget).is_some() {
        call.delete(NAT_GATEWAYS, forget);
        tag::forget(call, "natgateway", forget);
    }
    Ok(())
}
