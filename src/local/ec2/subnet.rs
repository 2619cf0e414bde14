//! Subnets.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::errors::{self, dependency, invalid_value, not_found};
use super::list::{self, Listing};
use super::network::{INTERFACES, SUBNETS};
use super::{ipv6, route_table, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::regions;

static LISTING: Listing = Listing {
    kind: "subnet",
    table: SUBNETS,
    ids: "SubnetId",
    set: "subnetSet",
    filters: &[
        ("availability-zone", "availabilityZone"),
        ("availabilityZone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("availabilityZoneId", "availabilityZoneId"),
        ("available-ip-address-count", "availableIpAddressCount"),
        ("cidr-block", "cidrBlock"),
        ("cidr", "cidrBlock"),
        ("cidrBlock", "cidrBlock"),
        ("default-for-az", "defaultForAz"),
        ("defaultForAz", "defaultForAz"),
        ("enable-dns64", "enableDns64"),
        ("ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet.associationId"),
        (
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6CidrBlockAssociationSet.ipv6CidrBlock",
        ),
        (
            "ipv6-cidr-block-association.state",
            "ipv6CidrBlockAssociationSet.ipv6CidrBlockState.state",
        ),
        ("ipv6-native", "ipv6Native"),
        ("map-customer-owned-ip-on-launch", "mapCustomerOwnedIpOnLaunch"),
        ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
        ("owner-id", "ownerId"),
        (
            "private-dns-name-options-on-launch.hostname-type",
            "privateDnsNameOptionsOnLaunch.hostnameType",
        ),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            "privateDnsNameOptionsOnLaunch.enableResourceNameDnsARecord",
        ),
        ("state", "state"),
        ("subnet-arn", "subnetArn"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, subnet: &Value) -> Value {
    let block: Option<Cidr> = subnet.text("cidrBlock").parse().ok();
    let taken = call.scan(INTERFACES, "").iter().filter(|(_, i)| i.text("subnetId") == id).count();
    let free = block.map_or(0, Cidr::size).saturating_sub(5 + taken as u64);
    json!({
        "subnetId": id,
        "subnetArn": tag::arn(call, "subnet", id),
        "ownerId": call.account,
        "state": "available",
        "vpcId": subnet["vpcId"],
        "cidrBlock": subnet["cidrBlock"],
        "availabilityZone": subnet["availabilityZone"],
        "availabilityZoneId": subnet["availabilityZoneId"],
        "availableIpAddressCount": free,
        "mapPublicIpOnLaunch": subnet["mapPublicIpOnLaunch"],
        "mapCustomerOwnedIpOnLaunch": false,
        "assignIpv6AddressOnCreation": subnet.flag("assignIpv6AddressOnCreation"),
        "ipv6CidrBlockAssociationSet": ipv6::of_subnet(subnet),
        "enableDns64": subnet.flag("enableDns64"),
        "ipv6Native": false,
        "defaultForAz": false,
        "privateDnsNameOptionsOnLaunch": {
            "hostnameType": subnet["hostnameType"],
            "enableResourceNameDnsARecord": subnet["enableResourceNameDnsARecord"],
            "enableResourceNameDnsAAAARecord": subnet.flag("enableResourceNameDnsAAAARecord"),
        },
        "blockPublicAccessStates": {"internetGatewayBlockMode": "off"},
    })
}

/// The document of a subnet that must be there.
pub(super) fn required(call: &Call<'_>, id: &str) -> Result<std::sync::Arc<Value>, AwsError> {
    call.get(SUBNETS, id).ok_or_else(|| not_found("subnet", id))
}

pub(super) fn create_subnet(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let vpc_id = call.input.text("VpcId")?;
    let text = call.input.text("CidrBlock")?;
    let block_v6 = call.input.optional_text("Ipv6CidrBlock")?;
    let zone = zone(call)?;
    let tags = tag::specified(call, "subnet")?;
    let vpc = vpc::required(call, &vpc_id)?;
    let block: Cidr = text.parse().map_err(|()| {
        invalid_value(format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ))
    })?;
    let whole: Option<Cidr> = vpc.text("cidrBlock").parse().ok();
    if !(16..=28).contains(&block.length) || !whole.is_some_and(|whole| whole.contains(block)) {
        return Err(AwsError::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let clash = call.scan(SUBNETS, "").iter().any(|(_, other)| {
        other.text("vpcId") == vpc_id
            && other.text("cidrBlock").parse().is_ok_and(|other: Cidr| other.overlaps(block))
    });
    if clash {
        return Err(AwsError::new(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{text}' conflicts with another subnet"),
        ));
    }
    let block_v6 = block_v6.map(|text| ipv6::subnet_block(call, &vpc_id, &text)).transpose()?;
    let id = call.ids.resource("subnet");
    let mut document = json!({
        "vpcId": vpc_id,
        "cidrBlock": block.to_string(),
        "availabilityZone": zone.0,
        "availabilityZoneId": zone.1,
        "mapPublicIpOnLaunch": false,
        "hostnameType": "ip-name",
        "enableResourceNameDnsARecord": false,
        "aclAssociation": call.ids.resource("aclassoc"),
    });
    if let Some(block) = block_v6 {
        document.set("ipv6CidrBlockAssociationSet", vec![block]);
    }
    call.put(SUBNETS, &id, document.clone());
    tag::put(call, "subnet", &id, tags)?;
    let mut row = row(call, &id, &document);
    row.set("tagSet", tag::set_of(call, "subnet", &id));
    Ok(json!({"subnet": row}))
}

/// The zone that is asked for by name or id, or the region's first.
fn zone(call: &Call<'_>) -> Result<(String, String), AwsError> {
    let name = call.input.optional_text("AvailabilityZone")?;
    let id = call.input.optional_text("AvailabilityZoneId")?;
    let zones = regions::zones(&call.region);
    let names: Vec<&str> = zones.iter().map(|(name, _)| name.as_str()).collect();
    let meets = |zone: &&(String, String)| {
        name.as_ref().is_none_or(|name| *name == zone.0)
            && id.as_ref().is_none_or(|id| *id == zone.1)
    };
    zones.iter().find(meets).cloned().ok_or_else(|| {
        invalid_value(format!(
            "Value ({}) for parameter availabilityZone is invalid. Subnets can currently only be \
             created in the following availability zones: {}.",
            name.or(id).unwrap_or_default(),
            names.join(", ")
        ))
    })
}

pub(super) fn describe_subnets(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete_subnet(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("SubnetId")?;
    required(call, &id)?;
    if call.scan(INTERFACES, "").iter().any(|(_, interface)| interface.text("subnetId") == id) {
        return Err(dependency(format!(
            "The subnet '{id}' has dependencies and cannot be deleted."
        )));
    }
    route_table::forget_subnet(call, &id);
    call.delete(SUBNETS, &id);
    tag::forget(call, "subnet", &id);
    Ok(Value::Null)
}

pub(super) fn modify_subnet_attribute(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("SubnetId")?;
    let subnet = required(call, &id)?;
    let mut given: Vec<(&str, Value)> = Vec::new();
    for (parameter, member) in [
        ("MapPublicIpOnLaunch", "mapPublicIpOnLaunch"),
        ("EnableResourceNameDnsARecordOnLaunch", "enableResourceNameDnsARecord"),
        ("AssignIpv6AddressOnCreation", "assignIpv6AddressOnCreation"),
        ("EnableDns64", "enableDns64"),
        ("EnableResourceNameDnsAAAARecordOnLaunch", "enableResourceNameDnsAAAARecord"),
    ] {
        if let Some(value) = call.input.optional_structure(parameter)? {
            let value = value.optional_boolean("Value")?.ok_or_else(|| value.missing("Value"))?;
            let needs_ipv6 = matches!(
                member,
                "assignIpv6AddressOnCreation" | "enableDns64" | "enableResourceNameDnsAAAARecord"
            );
            if needs_ipv6 && value && !ipv6::has_block(&subnet) {
                return Err(invalid_value(format!(
                    "Invalid value for {parameter}. The subnet {id} does not have an IPv6 CIDR block."
                )));
            }
            given.push((member, value.into()));
        }
    }
    let kinds = ["ip-name", "resource-name"];
    if let Some(kind) = call.input.optional_one_of("PrivateDnsHostnameTypeOnLaunch", &kinds)? {
        given.push(("hostnameType", kind.into()));
    }
    match given.as_slice() {
        // What was given and is not modelled is refused by name; nothing at all is an error here.
        [] => {
            call.input.refuse_unread()?;
            Err(errors::invalid_value("No attribute is given"))
        }
        [(member, value)] => {
            call.update(SUBNETS, &id, |subnet| subnet.set(member, value.clone()));
            Ok(Value::Null)
        }
        _ => Err(AwsError::new(
            "InvalidParameterCombination",
            "Only one attribute of a subnet can be modified at a time",
        )),
    }
}
