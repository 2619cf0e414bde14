//! VPCs, with the main route table, default group and default ACL that each one comes with.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::errors::{self, dependency, invalid_value, not_found};
use super::list::{self, Listing};
use super::network::{INTERFACES, SECURITY_GROUPS, SUBNETS, VPCS};
use super::{
    EGRESS_GATEWAYS, ENDPOINTS, INTERNET_GATEWAYS, NETWORK_ACLS, ROUTE_TABLES, ipv6, nat_regional,
    route_table, rule, tag,
};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;
use crate::local::store::Table;

const ATTRIBUTES: [(&str, &str); 3] = [
    ("EnableDnsSupport", "enableDnsSupport"),
    ("EnableDnsHostnames", "enableDnsHostnames"),
    ("EnableNetworkAddressUsageMetrics", "enableNetworkAddressUsageMetrics"),
];

static LISTING: Listing = Listing {
    kind: "vpc",
    table: VPCS,
    ids: "VpcId",
    set: "vpcSet",
    filters: &[
        ("cidr", "cidrBlock"),
        ("cidr-block-association.cidr-block", "cidrBlockAssociationSet.cidrBlock"),
        ("cidr-block-association.association-id", "cidrBlockAssociationSet.associationId"),
        ("cidr-block-association.state", "cidrBlockAssociationSet.cidrBlockState.state"),
        ("dhcp-options-id", "dhcpOptionsId"),
        ("ipv6-cidr-block-association.association-id", "ipv6CidrBlockAssociationSet.associationId"),
        (
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "ipv6CidrBlockAssociationSet.ipv6CidrBlock",
        ),
        ("ipv6-cidr-block-association.ipv6-pool", "ipv6CidrBlockAssociationSet.ipv6Pool"),
        (
            "ipv6-cidr-block-association.state",
            "ipv6CidrBlockAssociationSet.ipv6CidrBlockState.state",
        ),
        ("is-default", "isDefault"),
        ("isDefault", "isDefault"),
        ("owner-id", "ownerId"),
        ("state", "state"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row,
};

fn row(call: &Call<'_>, id: &str, vpc: &Value) -> Value {
    json!({
        "vpcId": id,
        "ownerId": call.account,
        "state": if vpc.time("ready") <= call.now { "available" } else { "pending" },
        "cidrBlock": vpc["cidrBlock"],
        "cidrBlockAssociationSet": [{
            "associationId": vpc["association"],
            "cidrBlock": vpc["cidrBlock"],
            "cidrBlockState": {"state": "associated"},
        }],
        "ipv6CidrBlockAssociationSet": ipv6::of_vpc(call, vpc),
        "dhcpOptionsId": vpc["dhcpOptionsId"],
        "instanceTenancy": vpc["instanceTenancy"],
        "isDefault": false,
        "blockPublicAccessStates": {"internetGatewayBlockMode": "off"},
    })
}

/// The document of a VPC that must be there.
pub(super) fn required(call: &Call<'_>, id: &str) -> Result<std::sync::Arc<Value>, AwsError> {
    call.get(VPCS, id).ok_or_else(|| not_found("vpc", id))
}

pub(super) fn create_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let text = call.input.text("CidrBlock")?;
    let tenancy = call.input.optional_one_of("InstanceTenancy", &["default", "dedicated"])?;
    let with_ipv6 = call.input.optional_boolean("AmazonProvidedIpv6CidrBlock")? == Some(true);
    let tags = tag::specified(call, "vpc")?;
    let block: Cidr = text.parse().map_err(|()| {
        invalid_value(format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        ))
    })?;
    if !(16..=28).contains(&block.length) {
        return Err(AwsError::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let id = call.ids.resource("vpc");
    let options = call.ids.resource("dopt");
    let mut vpc = json!({
        "cidrBlock": block.to_string(),
        "association": call.ids.resource("vpc-cidr-assoc"),
        "instanceTenancy": tenancy.unwrap_or_else(|| "default".to_owned()),
        "dhcpOptionsId": default_options(call).unwrap_or(options),
        "enableDnsSupport": true,
        "enableDnsHostnames": false,
        "enableNetworkAddressUsageMetrics": false,
        "ready": call.ready_at(durations::VPC),
    });
    if with_ipv6 {
        vpc.set("ipv6CidrBlockAssociationSet", vec![ipv6::amazon_block(call)]);
    }
    call.put(VPCS, &id, vpc.clone());
    tag::put(call, "vpc", &id, tags)?;
    route_table::create_main(call, &id, &block.to_string());
    let acl = call.ids.resource("acl");
    call.put(NETWORK_ACLS, &acl, json!({"vpcId": id}));
    let group = call.ids.resource("sg");
    let document = json!({
        "groupName": "default",
        "groupDescription": "default VPC security group",
        "vpcId": id,
    });
    call.put(SECURITY_GROUPS, &group, document);
    rule::create_defaults(call, &group, true, with_ipv6);
    let mut row = row(call, &id, &vpc);
    // The answer to the creation is always `pending`.
    row.set("state", "pending");
    row.set("tagSet", tag::set_of(call, "vpc", &id));
    Ok(json!({"vpc": row}))
}

/// The account's default DHCP options: all its VPCs share them.
fn default_options(call: &Call<'_>) -> Option<String> {
    let first = call.scan(VPCS, "").into_iter().next()?;
    Some(first.1.text("dhcpOptionsId").to_owned())
}

pub(super) fn describe_vpcs(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete_vpc(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("VpcId")?;
    required(call, &id)?;
    let of_vpc = |call: &Call<'_>, table: Table| {
        let rows = call.scan(table, "").into_iter();
        rows.filter(|(_, document)| document.text("vpcId") == id).collect::<Vec<_>>()
    };
    let tables = of_vpc(call, ROUTE_TABLES);
    let groups = of_vpc(call, SECURITY_GROUPS);
    let holds = [SUBNETS, INTERNET_GATEWAYS, EGRESS_GATEWAYS, ENDPOINTS, INTERFACES];
    let in_use = holds.iter().any(|table| !of_vpc(call, *table).is_empty())
        || nat_regional::of_vpc(call, &id)
        || tables.iter().any(|(_, table)| !route_table::is_main(table))
        || groups.iter().any(|(_, group)| group.text("groupName") != "default");
    if in_use {
        return Err(dependency(format!("The vpc '{id}' has dependencies and cannot be deleted.")));
    }
    for (table, _) in tables {
        call.delete(ROUTE_TABLES, &table);
        tag::forget(call, "route-table", &table);
    }
    for (group, _) in groups {
        rule::delete_all_of(call, &group);
        call.delete(SECURITY_GROUPS, &group);
        tag::forget(call, "security-group", &group);
    }
    for (acl, _) in of_vpc(call, NETWORK_ACLS) {
        call.delete(NETWORK_ACLS, &acl);
        tag::forget(call, "network-acl", &acl);
    }
    call.delete(VPCS, &id);
    tag::forget(call, "vpc", &id);
    Ok(Value::Null)
}

pub(super) fn modify_vpc_attribute(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("VpcId")?;
    let vpc = required(call, &id)?;
    let mut given = Vec::new();
    for (parameter, member) in ATTRIBUTES {
        if let Some(value) = call.input.optional_structure(parameter)? {
            let value = value.optional_boolean("Value")?.ok_or_else(|| value.missing("Value"))?;
            given.push((member, value));
        }
    }
    let (member, value) = match given.as_slice() {
        [] => return Err(AwsError::new("MissingParameter", "No attributes specified.")),
        [one] => *one,
        many => {
            let names: Vec<&str> = many.iter().map(|(name, _)| *name).collect();
            return Err(AwsError::new(
                "InvalidParameterCombination",
                format!("Fields for multiple attribute types specified: {}", names.join(", ")),
            ));
        }
    };
    if member == "enableDnsHostnames" && value && !vpc.flag("enableDnsSupport") {
        return Err(errors::invalid_value("DNS hostnames need DNS support to be enabled"));
    }
    call.update(VPCS, &id, |vpc| vpc.set(member, value));
    Ok(Value::Null)
}

pub(super) fn describe_vpc_attribute(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("VpcId")?;
    let attribute = call.input.text("Attribute")?;
    let vpc = required(call, &id)?;
    let Some((_, member)) = ATTRIBUTES.iter().find(|(_, member)| *member == attribute) else {
        return Err(errors::invalid_value(format!(
            "Value ({attribute}) for parameter attribute is invalid. Unknown attribute."
        )));
    };
    let mut output = json!({"vpcId": id});
    output.set(member, json!({"value": vpc.flag(member)}));
    Ok(output)
}
