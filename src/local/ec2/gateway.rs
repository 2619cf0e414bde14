//! Internet gateways.

use serde_json::{Value, json};

use super::errors::{dependency, invalid_value, not_found};
use super::list::{self, Listing};
use super::network::INTERFACES;
use super::{INTERNET_GATEWAYS, nat_regional, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

static LISTING: Listing = Listing {
    kind: "internet-gateway",
    table: INTERNET_GATEWAYS,
    ids: "InternetGatewayId",
    set: "internetGatewaySet",
    filters: &[
        ("attachment.state", "attachmentSet.state"),
        ("attachment.vpc-id", "attachmentSet.vpcId"),
        ("internet-gateway-id", "internetGatewayId"),
        ("owner-id", "ownerId"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, gateway: &Value) -> Value {
    let attachments = if gateway.has("vpcId") {
        json!([{"vpcId": gateway["vpcId"], "state": "available"}])
    } else {
        json!([])
    };
    json!({"internetGatewayId": id, "ownerId": call.account, "attachmentSet": attachments})
}

fn required(call: &Call<'_>, id: &str) -> Result<std::sync::Arc<Value>, AwsError> {
    call.get(INTERNET_GATEWAYS, id).ok_or_else(|| not_found("internet-gateway", id))
}

pub(super) fn create_internet_gateway(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let tags = tag::specified(call, "internet-gateway")?;
    let id = call.ids.resource("igw");
    let document = json!({});
    call.put(INTERNET_GATEWAYS, &id, document.clone());
    tag::put(call, "internet-gateway", &id, tags)?;
    let mut row = row(call, &id, &document);
    row.set("tagSet", tag::set_of(call, "internet-gateway", &id));
    Ok(json!({"internetGateway": row}))
}

pub(super) fn describe_internet_gateways(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn attach_internet_gateway(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("InternetGatewayId")?;
    let vpc = call.input.text("VpcId")?;
    let gateway = required(call, &id)?;
    vpc::required(call, &vpc)?;
    if gateway.has("vpcId") {
        return Err(AwsError::new(
            "Resource.AlreadyAssociated",
            format!("resource {id} is already attached to network {}", gateway.text("vpcId")),
        ));
    }
    if super::network::has_internet_gateway(call, &vpc) {
        return Err(invalid_value(format!(
            "Network {vpc} already has an internet gateway attached"
        )));
    }
    call.update(INTERNET_GATEWAYS, &id, |gateway| gateway.set("vpcId", vpc));
    Ok(Value::Null)
}

pub(super) fn detach_internet_gateway(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("InternetGatewayId")?;
    let vpc = call.input.text("VpcId")?;
    let gateway = required(call, &id)?;
    vpc::required(call, &vpc)?;
    if gateway.text("vpcId") != vpc {
        return Err(AwsError::new(
            "Gateway.NotAttached",
            format!("resource {id} is not attached to network {vpc}"),
        ));
    }
    let mapped = |(_, interface): &(String, std::sync::Arc<Value>)| {
        interface.text("vpcId") == vpc && interface.has("publicIp")
    };
    if call.scan(INTERFACES, "").iter().any(mapped) || nat_regional::of_vpc(call, &vpc) {
        return Err(dependency(format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) \
             before detaching the gateway."
        )));
    }
    call.update(INTERNET_GATEWAYS, &id, |gateway| {
        gateway.unset("vpcId");
    });
    Ok(Value::Null)
}

pub(super) fn delete_internet_gateway(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("InternetGatewayId")?;
    if required(call, &id)?.has("vpcId") {
        return Err(dependency(format!(
            "The internetGateway '{id}' has dependencies and cannot be deleted."
        )));
    }
    call.delete(INTERNET_GATEWAYS, &id);
    tag::forget(call, "internet-gateway", &id);
    Ok(Value::Null)
}
