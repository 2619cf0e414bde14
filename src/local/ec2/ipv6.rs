//! IPv6 blocks of VPCs and subnets. Amazon gives a VPC a /56; a subnet takes a /64 of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::cidr6::Cidr6;
use super::errors::invalid_value;
use super::network::{INTERFACES, SUBNETS, VPCS};
use super::{subnet, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

/// The member of a subnet's and a VPC's document that lists its associations.
const BLOCKS: &str = "ipv6CidrBlockAssociationSet";

/// A new association of a VPC with a block of Amazon's, in the range for documentation (RFC 3849).
pub(super) fn amazon_block(call: &mut Call<'_>) -> Value {
    let bytes = call.ids.bytes();
    let middle = u128::from(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]));
    let block = Cidr6::new((0x2001_0db8 << 96) | (middle << 72), 56);
    json!({
        "associationId": call.ids.resource("vpc-cidr-assoc"),
        "ipv6CidrBlock": block.to_string(),
        "ready": call.ready_at(durations::VPC_IPV6),
    })
}

/// A VPC's associations as every answer shows them: the block only once it is associated.
pub(super) fn of_vpc(call: &Call<'_>, vpc: &Value) -> Vec<Value> {
    let shown = |one: &Value| {
        let ready = one.time("ready") <= call.now;
        json!({
            "associationId": one["associationId"],
            "ipv6CidrBlock": if ready { one["ipv6CidrBlock"].clone() } else { json!("") },
            "ipv6CidrBlockState": {"state": if ready { "associated" } else { "associating" }},
            "networkBorderGroup": call.region,
            "ipv6Pool": "Amazon",
            "ipv6AddressAttribute": "public",
            "ipSource": "amazon",
        })
    };
    vpc.list(BLOCKS).iter().map(shown).collect()
}

/// A subnet's associations as every answer shows them.
pub(super) fn of_subnet(subnet: &Value) -> Vec<Value> {
    let shown = |one: &Value| {
        json!({
            "associationId": one["associationId"],
            "ipv6CidrBlock": one["ipv6CidrBlock"],
            "ipv6CidrBlockState": {"state": "associated"},
            "ipv6AddressAttribute": "public",
            "ipSource": "amazon",
        })
    };
    subnet.list(BLOCKS).iter().map(shown).collect()
}

/// Has a subnet (or a VPC) an IPv6 block?
pub(super) fn has_block(document: &Value) -> bool {
    !document.list(BLOCKS).is_empty()
}

/// The blocks that a VPC has now.
pub(super) fn blocks(call: &Call<'_>, vpc: &Value) -> Vec<Cidr6> {
    let associated = vpc.list(BLOCKS).iter().filter(|one| one.time("ready") <= call.now);
    associated.filter_map(|one| one.text("ipv6CidrBlock").parse().ok()).collect()
}

/// The first address of a subnet's block that no interface has.
pub(super) fn free_address(call: &Call<'_>, subnet: &str) -> Option<String> {
    let document = call.get(SUBNETS, subnet)?;
    let block: Cidr6 = document.list(BLOCKS).first()?.text("ipv6CidrBlock").parse().ok()?;
    let interfaces = call.scan(INTERFACES, "");
    let taken = |address: &String| {
        interfaces.iter().any(|(_, other)| other.text("ipv6Address") == *address)
    };
    (4u128..).map(|at| std::net::Ipv6Addr::from(block.base + at).to_string()).find(|it| !taken(it))
}

pub(super) fn associate_vpc_cidr_block(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("VpcId")?;
    let document = vpc::required(call, &id)?;
    if call.input.optional_boolean("AmazonProvidedIpv6CidrBlock")? != Some(true) {
        // Ranges of one's own and more IPv4 blocks are refused by name; nothing at all is an error.
        call.input.refuse_unread()?;
        return Err(AwsError::new(
            "MissingParameter",
            "Either 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' should be provided.",
        ));
    }
    if has_block(&document) {
        return Err(AwsError::new(
            "CidrLimitExceeded",
            format!("This network '{id}' has met its maximum number of allowed CIDRs: 1"),
        ));
    }
    let made = amazon_block(call);
    call.update(VPCS, &id, |vpc| vpc.set(BLOCKS, vec![made]));
    let shown = of_vpc(call, &*vpc::required(call, &id)?).into_iter().next();
    Ok(json!({"vpcId": id, "ipv6CidrBlockAssociation": shown}))
}

pub(super) fn disassociate_vpc_cidr_block(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let association = call.input.text("AssociationId")?;
    let rows = call.scan(VPCS, "");
    if rows.iter().any(|(_, vpc)| vpc.text("association") == association) {
        return Err(AwsError::new(
            "OperationNotPermitted",
            format!(
                "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary IPv4 CIDR block of the VPC"
            ),
        ));
    }
    let Some((id, _)) = rows.iter().find(|(_, vpc)| names(vpc, &association)) else {
        return Err(AwsError::new(
            "InvalidVpcCidrBlockAssociationID.NotFound",
            format!("The vpc CIDR block association ID {association} does not exist"),
        ));
    };
    let uses = |(_, subnet): &(String, Arc<Value>)| subnet.text("vpcId") == id && has_block(subnet);
    if call.scan(SUBNETS, "").iter().any(uses) {
        return Err(AwsError::new(
            "InvalidCidrBlock.InUse",
            format!("The vpc {id} currently has a subnet within CIDR block {association}"),
        ));
    }
    let mut shown = of_vpc(call, &*vpc::required(call, id)?);
    call.update(VPCS, id, |vpc| {
        vpc.unset(BLOCKS);
    });
    shown[0]["ipv6CidrBlockState"] = json!({"state": "disassociating"});
    Ok(json!({"vpcId": id, "ipv6CidrBlockAssociation": shown[0]}))
}

fn names(document: &Value, association: &str) -> bool {
    document.list(BLOCKS).iter().any(|one| one.text("associationId") == association)
}

/// The document's part for a block that a subnet asks for, if the VPC has it and nobody else does.
pub(super) fn subnet_block(
    call: &mut Call<'_>,
    vpc_id: &str,
    text: &str,
) -> Result<Value, AwsError> {
    let block: Cidr6 = text.parse().map_err(|()| {
        invalid_value(format!(
            "Value ({text}) for parameter ipv6CidrBlock is invalid. This is not a valid IPv6 CIDR block."
        ))
    })?;
    let vpc = vpc::required(call, vpc_id)?;
    let within = blocks(call, &vpc).into_iter().any(|whole| whole.contains(block));
    if block.length != 64 || !within {
        return Err(AwsError::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let clash = call.scan(SUBNETS, "").iter().any(|(_, other)| {
        other.text("vpcId") == vpc_id
            && other.list(BLOCKS).iter().any(|one| {
                one.text("ipv6CidrBlock").parse().is_ok_and(|it: Cidr6| it.overlaps(block))
            })
    });
    if clash {
        return Err(AwsError::new(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{text}' conflicts with another subnet"),
        ));
    }
    Ok(json!({
        "associationId": call.ids.resource("subnet-cidr-assoc"),
        "ipv6CidrBlock": block.to_string(),
    }))
}

pub(super) fn associate_subnet_cidr_block(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("SubnetId")?;
    let text = call.input.text("Ipv6CidrBlock")?;
    let document = subnet::required(call, &id)?;
    if has_block(&document) {
        return Err(AwsError::new(
            "InvalidSubnet.Conflict",
            format!("The subnet '{id}' has an IPv6 CIDR block already"),
        ));
    }
    let made = subnet_block(call, document.text("vpcId"), &text)?;
    call.update(SUBNETS, &id, |subnet| subnet.set(BLOCKS, vec![made]));
    let mut shown = of_subnet(&*subnet::required(call, &id)?);
    shown[0]["ipv6CidrBlockState"] = json!({"state": "associating"});
    Ok(json!({"subnetId": id, "ipv6CidrBlockAssociation": shown[0]}))
}

pub(super) fn disassociate_subnet_cidr_block(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let association = call.input.text("AssociationId")?;
    let rows = call.scan(SUBNETS, "");
    let Some((id, document)) = rows.iter().find(|(_, subnet)| names(subnet, &association)) else {
        return Err(AwsError::new(
            "InvalidSubnetCidrBlockAssociationID.NotFound",
            format!("The subnet CIDR block with association ID {association} does not exist"),
        ));
    };
    let used = |(_, interface): &(String, Arc<Value>)| {
        interface.text("subnetId") == id && interface.has("ipv6Address")
    };
    if call.scan(INTERFACES, "").iter().any(used) {
        return Err(AwsError::new(
            "InvalidCidrBlock.InUse",
            format!(
                "The subnet {id} has network interfaces with addresses of the block {association}"
            ),
        ));
    }
    if document.flag("assignIpv6AddressOnCreation") {
        return Err(invalid_value(format!(
            "The subnet {id} assigns IPv6 addresses on creation: modify the attribute first"
        )));
    }
    let mut shown = of_subnet(document);
    call.update(SUBNETS, id, |subnet| {
        subnet.unset(BLOCKS);
    });
    shown[0]["ipv6CidrBlockState"] = json!({"state": "disassociating"});
    Ok(json!({"subnetId": id, "ipv6CidrBlockAssociation": shown[0]}))
}
