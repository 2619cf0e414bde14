//! Elastic IP addresses. Only NAT gateways take them here.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::errors::not_found;
use super::list::{self, Listing};
use super::network::{self, INTERFACES};
use super::{ADDRESSES, tag};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

static LISTING: Listing = Listing {
    kind: "elastic-ip",
    table: ADDRESSES,
    ids: "AllocationId",
    set: "addressesSet",
    filters: &[
        ("allocation-id", "allocationId"),
        ("association-id", "associationId"),
        ("domain", "domain"),
        ("instance-id", "instanceId"),
        ("network-border-group", "networkBorderGroup"),
        ("network-interface-id", "networkInterfaceId"),
        ("network-interface-owner-id", "networkInterfaceOwnerId"),
        ("private-ip-address", "privateIpAddress"),
        ("public-ip", "publicIp"),
    ],
    most: 0,
    row,
};

fn row(call: &Call<'_>, id: &str, address: &Value) -> Value {
    let mut row = json!({
        "allocationId": id,
        "publicIp": address["publicIp"],
        "domain": "vpc",
        "publicIpv4Pool": "amazon",
        "networkBorderGroup": call.region,
    });
    if address.has("associationId") {
        row.set("associationId", address["associationId"].clone());
    }
    if address.has("networkInterfaceId") {
        row.set("networkInterfaceId", address["networkInterfaceId"].clone());
        row.set("networkInterfaceOwnerId", call.account.clone());
        if let Some(interface) = call.get(INTERFACES, address.text("networkInterfaceId")) {
            row.set("privateIpAddress", interface["privateIpAddress"].clone());
            row.set("subnetId", interface["subnetId"].clone());
        }
    }
    row
}

pub(super) fn allocate_address(call: &mut Call<'_>) -> Result<Value, AwsError> {
    call.input.optional_one_of("Domain", &["vpc"])?;
    let pool = call.input.optional_one_of("PublicIpv4Pool", &["amazon"])?;
    let group = call.input.optional_text("NetworkBorderGroup")?;
    if group.is_some_and(|group| group != call.region) || pool.is_some_and(|pool| pool != "amazon")
    {
        return Err(AwsError::not_modelled(
            "local AWS models addresses of Amazon's pool in the region only",
        ));
    }
    let tags = tag::specified(call, "elastic-ip")?;
    let taken: BTreeSet<String> =
        call.scan(ADDRESSES, "").iter().map(|(_, a)| a.text("publicIp").to_owned()).collect();
    let mut address = network::public_address(call);
    while taken.contains(&address) {
        address = network::public_address(call);
    }
    let id = call.ids.resource("eipalloc");
    call.put(ADDRESSES, &id, json!({"publicIp": address}));
    tag::put(call, "elastic-ip", &id, tags)?;
    Ok(json!({
        "allocationId": id,
        "publicIp": address,
        "domain": "vpc",
        "publicIpv4Pool": "amazon",
        "networkBorderGroup": call.region,
    }))
}

pub(super) fn describe_addresses(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let wanted = call.input.texts("PublicIp")?;
    let mut output = list::describe(call, &LISTING)?;
    if wanted.is_empty() {
        return Ok(output);
    }
    let rows = output.list("addressesSet").to_vec();
    let there = |ip: &String| rows.iter().any(|row| row.text("publicIp") == ip);
    if let Some(ip) = wanted.iter().find(|ip| !there(ip)) {
        return Err(AwsError::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
    }
    let rows = rows.into_iter().filter(|row| wanted.iter().any(|ip| row.text("publicIp") == ip));
    output.set("addressesSet", rows.collect::<Vec<_>>());
    Ok(output)
}

pub(super) fn release_address(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("AllocationId")?;
    let group = call.input.optional_text("NetworkBorderGroup")?;
    let address = call.get(ADDRESSES, &id).ok_or_else(|| not_found("elastic-ip", &id))?;
    if group.is_some_and(|group| group != call.region) {
        return Err(super::errors::invalid_value("The network border group is not the address's."));
    }
    if address.has("associationId") {
        return Err(AwsError::new(
            "InvalidIPAddress.InUse",
            format!("Address {} is in use.", address.text("publicIp")),
        ));
    }
    call.delete(ADDRESSES, &id);
    tag::forget(call, "elastic-ip", &id);
    Ok(Value::Null)
}
