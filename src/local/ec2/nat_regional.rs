//! Regional NAT gateways: of a VPC, not of a subnet. In automatic mode each follows the VPC's subnets into
//! their zones with addresses of Amazon's; in manual mode it has the zones and addresses it was told.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::errors::{invalid_value, not_found};
use super::network::{self, SUBNETS};
use super::{ADDRESSES, NAT_GATEWAYS, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::params::Params;
use crate::local::regions;

/// Is this a regional gateway?
pub(super) fn is(nat: &Value) -> bool {
    nat.text("availabilityMode") == "regional"
}

/// Is a regional gateway of this VPC there, with its public addresses?
pub(super) fn of_vpc(call: &Call<'_>, vpc: &str) -> bool {
    call.scan(NAT_GATEWAYS, "").iter().any(|(_, nat)| {
        let there = !matches!(super::nat_gateway::state(call, nat), "failed" | "deleted");
        is(nat) && nat.text("vpcId") == vpc && there
    })
}

/// Its addresses as they are described: one or more a zone.
pub(super) fn addresses(call: &Call<'_>, id: &str, nat: &Value, state: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    if matches!(state, "failed" | "deleted") {
        return rows;
    }
    if nat.has("zones") {
        for zone in nat.list("zones") {
            for (allocation, association) in
                zone.texts("allocations").into_iter().zip(zone.texts("associations"))
            {
                let address = call.get(ADDRESSES, allocation);
                let address = address.as_deref().map_or("", |it| it.text("publicIp"));
                rows.push(row(state, zone, allocation, association, address));
            }
        }
        return rows;
    }
    for (name, zone_id) in zones_of(call, nat.text("vpcId")) {
        // Amazon's own addresses: always the same for a gateway and a zone.
        let digest = Sha256::digest(format!("{id}/{name}"));
        let hex: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let address = std::net::Ipv4Addr::new(198, 18 + digest[0] % 2, digest[1], digest[2]);
        let zone = json!({"zone": name, "zoneId": zone_id});
        let (allocation, association) = (format!("eipalloc-0{hex}"), format!("eipassoc-0{hex}"));
        rows.push(row(state, &zone, &allocation, &association, &address.to_string()));
    }
    rows
}

fn row(state: &str, zone: &Value, allocation: &str, association: &str, address: &str) -> Value {
    let mut row = json!({
        "allocationId": allocation,
        "availabilityZone": zone["zone"],
        "availabilityZoneId": zone["zoneId"],
        "status": if state == "pending" { "associating" } else { "succeeded" },
    });
    if state != "pending" {
        row.set("associationId", association);
        row.set("publicIp", address);
    }
    row
}

/// The zones of a VPC's subnets, by name.
fn zones_of(call: &Call<'_>, vpc: &str) -> BTreeMap<String, String> {
    let subnets = call.scan(SUBNETS, "");
    let of = subnets.iter().filter(|(_, subnet)| subnet.text("vpcId") == vpc);
    of.map(|(_, subnet)| {
        let text = |member: &str| subnet.text(member).to_owned();
        (text("availabilityZone"), text("availabilityZoneId"))
    })
    .collect()
}

/// Makes one. What the zonal ones take is refused.
pub(super) fn create(call: &mut Call<'_>) -> Result<(String, Value), AwsError> {
    let vpc_id = call.input.text("VpcId")?;
    for member in ["SubnetId", "AllocationId", "PrivateIpAddress"] {
        if call.input.has(member) {
            return Err(AwsError::new(
                "InvalidParameterCombination",
                format!("{member} cannot be specified for a regional NAT gateway"),
            ));
        }
    }
    if call.input.optional_text("ConnectivityType")?.is_some_and(|kind| kind == "private") {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            "Private connectivity is not supported for a regional NAT gateway",
        ));
    }
    let written = call.input.structures("AvailabilityZoneAddress")?;
    let tags = tag::specified(call, "natgateway")?;
    vpc::required(call, &vpc_id)?;
    let mut zones = Vec::new();
    let id = call.ids.resource("nat");
    for one in &written {
        zones.push(zone(call, one, &id)?);
    }
    let ready = call.ready_at(durations::NAT_GATEWAY);
    let mut nat = json!({
        "availabilityMode": "regional",
        "vpcId": vpc_id,
        "connectivityType": "public",
        "created": call.now,
        "ready": ready,
    });
    if !zones.is_empty() {
        nat.set("zones", zones);
    }
    if !network::has_internet_gateway(call, &vpc_id) {
        nat.set("failureCode", "Gateway.NotAttached");
        nat.set("failureMessage", format!("Network {vpc_id} has no Internet gateway attached"));
        call.schedule(ready, json!({"release": id}));
    }
    call.put(NAT_GATEWAYS, &id, nat.clone());
    tag::put(call, "natgateway", &id, tags)?;
    Ok((id, nat))
}

/// One zone of a manual gateway; its addresses are taken.
fn zone(call: &mut Call<'_>, written: &Params, nat: &str) -> Result<Value, AwsError> {
    let name = written.optional_text("AvailabilityZone")?;
    let zone_id = written.optional_text("AvailabilityZoneId")?;
    let zones = regions::zones(&call.region);
    let found = zones.iter().find(|(one, id)| {
        name.as_ref().is_none_or(|name| name == one)
            && zone_id.as_ref().is_none_or(|wanted| wanted == id)
    });
    let Some((name, zone_id)) = found.filter(|_| name.is_some() || zone_id.is_some()).cloned()
    else {
        return Err(invalid_value("Each AvailabilityZoneAddress needs a zone of the region"));
    };
    let allocations = written.texts("AllocationId")?;
    if allocations.is_empty() {
        return Err(written.missing("AllocationId"));
    }
    let mut associations = Vec::new();
    for allocation in &allocations {
        let address =
            call.get(ADDRESSES, allocation).ok_or_else(|| not_found("elastic-ip", allocation))?;
        if address.has("associationId") {
            return Err(AwsError::new(
                "Resource.AlreadyAssociated",
                format!("Elastic IP address [{allocation}] is already associated"),
            ));
        }
        let association = call.ids.resource("eipassoc");
        call.update(ADDRESSES, allocation, |address| {
            address.set("associationId", association.clone());
            address.set("natGatewayId", nat);
        });
        associations.push(association);
    }
    Ok(
        json!({"zone": name, "zoneId": zone_id, "allocations": allocations, "associations": associations}),
    )
}

/// Gives back the addresses of a gateway that is gone.
pub(super) fn release(call: &mut Call<'_>, nat: &Value) {
    let zones = nat.list("zones").to_vec();
    for allocation in zones.iter().flat_map(|zone| zone.texts("allocations")) {
        call.update(ADDRESSES, allocation, |address| {
            address.unset("associationId");
            address.unset("natGatewayId");
        });
    }
}
