//! What is looked at: regions, zones, account attributes, network interfaces (mostly made by services) and the default
//! network ACLs.

use serde_json::{Value, json};

use super::errors::invalid_value;
use super::list::{self, Filters, Listing};
use super::network::{INTERFACES, SUBNETS};
use super::{NETWORK_ACLS, errors};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::regions;

static INTERFACE_LISTING: Listing = Listing {
    kind: "network-interface",
    table: INTERFACES,
    ids: "NetworkInterfaceId",
    set: "networkInterfaceSet",
    filters: &[
        ("addresses.association.public-ip", "privateIpAddressesSet.association.publicIp"),
        ("addresses.primary", "privateIpAddressesSet.primary"),
        ("addresses.private-ip-address", "privateIpAddressesSet.privateIpAddress"),
        ("association.allocation-id", "association.allocationId"),
        ("association.association-id", "association.associationId"),
        ("association.ip-owner-id", "association.ipOwnerId"),
        ("association.public-ip", "association.publicIp"),
        ("attachment.attachment-id", "attachment.attachmentId"),
        ("attachment.delete-on-termination", "attachment.deleteOnTermination"),
        ("attachment.device-index", "attachment.deviceIndex"),
        ("attachment.instance-owner-id", "attachment.instanceOwnerId"),
        ("attachment.status", "attachment.status"),
        ("availability-zone", "availabilityZone"),
        ("availability-zone-id", "availabilityZoneId"),
        ("description", "description"),
        ("group-id", "groupSet.groupId"),
        ("group-name", "groupSet.groupName"),
        ("interface-type", "interfaceType"),
        ("ipv6-addresses.ipv6-address", "ipv6AddressesSet.ipv6Address"),
        ("mac-address", "macAddress"),
        ("network-interface-id", "networkInterfaceId"),
        ("owner-id", "ownerId"),
        ("private-dns-name", "privateDnsName"),
        ("private-ip-address", "privateIpAddress"),
        ("requester-id", "requesterId"),
        ("requester-managed", "requesterManaged"),
        ("source-dest-check", "sourceDestCheck"),
        ("status", "status"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row: interface_row,
};

pub(super) fn interface_row(call: &Call<'_>, id: &str, interface: &Value) -> Value {
    let mut row = json!({"networkInterfaceId": id, "ownerId": call.account, "status": "in-use"});
    for member in [
        "subnetId",
        "vpcId",
        "availabilityZone",
        "availabilityZoneId",
        "description",
        "groupSet",
        "interfaceType",
        "macAddress",
        "privateIpAddress",
        "requesterManaged",
    ] {
        row.set(member, interface[member].clone());
    }
    if interface.flag("requesterManaged") {
        row.set("requesterId", interface["requesterId"].clone());
    }
    let address = interface.text("privateIpAddress");
    let name = format!("ip-{}.{}.compute.internal", address.replace('.', "-"), call.region);
    row.set("privateDnsName", name.clone());
    row.set("sourceDestCheck", interface.text("interfaceType") != "nat_gateway");
    if interface.flag("free") {
        row.set("status", "available");
    } else {
        let attachment = json!({
            "attachmentId": interface["attachmentId"],
            "attachTime": call.time(interface.time("attachTime")),
            "deleteOnTermination": false,
            "deviceIndex": 1,
            "instanceOwnerId": interface["requesterId"],
            "status": "attached",
        });
        row.set("attachment", attachment);
    }
    let mut private = json!({"primary": true, "privateIpAddress": address, "privateDnsName": name});
    if interface.has("publicIp") {
        let mut association = json!({"publicIp": interface["publicIp"]});
        let owned = interface.has("allocationId");
        association.set("ipOwnerId", if owned { call.account.as_str() } else { "amazon" });
        for member in ["allocationId", "associationId"] {
            if interface.has(member) {
                association.set(member, interface[member].clone());
            }
        }
        private.set("association", association.clone());
        row.set("association", association);
    }
    row.set("privateIpAddressesSet", json!([private]));
    let ipv6 = interface.text("ipv6Address");
    let address = |_| json!({"ipv6Address": ipv6, "isPrimaryIpv6": false});
    let ipv6: Vec<Value> =
        interface.get("ipv6Address").filter(|it| !it.is_null()).map(address).into_iter().collect();
    row.set("ipv6AddressesSet", ipv6);
    row
}

pub(super) fn describe_network_interfaces(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &INTERFACE_LISTING)
}

static ACL_LISTING: Listing = Listing {
    kind: "network-acl",
    table: NETWORK_ACLS,
    ids: "NetworkAclId",
    set: "networkAclSet",
    filters: &[
        ("association.association-id", "associationSet.networkAclAssociationId"),
        ("association.network-acl-id", "associationSet.networkAclId"),
        ("association.subnet-id", "associationSet.subnetId"),
        ("default", "default"),
        ("entry.cidr", "entrySet.cidrBlock"),
        ("entry.egress", "entrySet.egress"),
        ("entry.protocol", "entrySet.protocol"),
        ("entry.rule-action", "entrySet.ruleAction"),
        ("entry.rule-number", "entrySet.ruleNumber"),
        ("network-acl-id", "networkAclId"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row: acl_row,
};

fn acl_row(call: &Call<'_>, id: &str, acl: &Value) -> Value {
    let association = |(subnet, document): (String, std::sync::Arc<Value>)| {
        (document.text("vpcId") == acl.text("vpcId")).then(|| {
            json!({
                "networkAclAssociationId": document["aclAssociation"],
                "networkAclId": id,
                "subnetId": subnet,
            })
        })
    };
    let entry = |egress: bool, number: i64, action: &str| {
        json!({
            "cidrBlock": "0.0.0.0/0",
            "egress": egress,
            "protocol": "-1",
            "ruleAction": action,
            "ruleNumber": number,
        })
    };
    json!({
        "networkAclId": id,
        "vpcId": acl["vpcId"],
        "ownerId": call.account,
        "default": true,
        "associationSet": call.scan(SUBNETS, "").into_iter().filter_map(association).collect::<Vec<_>>(),
        "entrySet": [
            entry(true, 100, "allow"),
            entry(true, 32_767, "deny"),
            entry(false, 100, "allow"),
            entry(false, 32_767, "deny"),
        ],
    })
}

pub(super) fn describe_network_acls(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &ACL_LISTING)
}

pub(super) fn describe_availability_zones(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("group-long-name", "groupLongName"),
        ("group-name", "groupName"),
        ("opt-in-status", "optInStatus"),
        ("region-name", "regionName"),
        ("state", "zoneState"),
        ("zone-id", "zoneId"),
        ("zone-name", "zoneName"),
        ("zone-type", "zoneType"),
    ];
    let names = call.input.texts("ZoneName")?;
    let ids = call.input.texts("ZoneId")?;
    // There are no local or wavelength zones, so all zones are those that are on.
    call.input.accept("AllAvailabilityZones");
    let filters = Filters::read(&call.input, FILTERS)?;
    let zones = regions::zones(&call.region);
    if let Some(name) = names.iter().find(|name| !zones.iter().any(|zone| zone.0 == **name)) {
        return Err(invalid_value(format!("Invalid availability zone: [{name}]")));
    }
    if let Some(id) = ids.iter().find(|id| !zones.iter().any(|zone| zone.1 == **id)) {
        return Err(invalid_value(format!("Invalid availability zone-id: [{id}]")));
    }
    let row = |(name, id): &(String, String)| {
        json!({
            "zoneName": name,
            "zoneId": id,
            "zoneState": "available",
            "regionName": call.region,
            "optInStatus": "opt-in-not-required",
            "messageSet": [],
            "groupName": format!("{}-zg-1", call.region),
            "networkBorderGroup": call.region,
            "zoneType": "availability-zone",
        })
    };
    let wanted = |zone: &&(String, String)| {
        (names.is_empty() || names.contains(&zone.0)) && (ids.is_empty() || ids.contains(&zone.1))
    };
    let rows = zones.iter().filter(wanted).map(row).filter(|row| filters.meet(row));
    Ok(json!({"availabilityZoneInfo": rows.collect::<Vec<_>>()}))
}

pub(super) fn describe_regions(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const FILTERS: &[(&str, &str)] = &[
        ("endpoint", "regionEndpoint"),
        ("opt-in-status", "optInStatus"),
        ("region-name", "regionName"),
    ];
    let names = call.input.texts("RegionName")?;
    // Every region is on in a simulated account, so all regions are those that are on.
    call.input.accept("AllRegions");
    let filters = Filters::read(&call.input, FILTERS)?;
    if let Some(name) = names.iter().find(|name| !regions::NAMES.contains(&name.as_str())) {
        return Err(errors::invalid_value(format!("Invalid region provided: {name}")));
    }
    let row = |name: &&str| {
        let usual = regions::OPT_IN_NOT_REQUIRED.contains(name);
        json!({
            "regionName": name,
            "regionEndpoint": format!("ec2.{name}.amazonaws.com"),
            "optInStatus": if usual { "opt-in-not-required" } else { "opted-in" },
        })
    };
    let wanted = |name: &&&str| names.is_empty() || names.iter().any(|wanted| wanted == **name);
    let rows = regions::NAMES.iter().filter(wanted).map(row).filter(|row| filters.meet(row));
    Ok(json!({"regionInfo": rows.collect::<Vec<_>>()}))
}

pub(super) fn describe_account_attributes(call: &mut Call<'_>) -> Result<Value, AwsError> {
    const ATTRIBUTES: [(&str, &str); 6] = [
        ("supported-platforms", "VPC"),
        ("default-vpc", "none"),
        ("max-instances", "20"),
        ("vpc-max-security-groups-per-interface", "5"),
        ("max-elastic-ips", "5"),
        ("vpc-max-elastic-ips", "5"),
    ];
    let names = call.input.texts("AttributeName")?;
    if let Some(name) =
        names.iter().find(|name| !ATTRIBUTES.iter().any(|(known, _)| known == *name))
    {
        return Err(invalid_value(format!("Invalid attribute name: {name}")));
    }
    let rows =
        ATTRIBUTES.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|n| n == name));
    let row = |(name, value): &(&str, &str)| json!({"attributeName": name, "attributeValueSet": [{"attributeValue": value}]});
    Ok(json!({"accountAttributeSet": rows.map(row).collect::<Vec<_>>()}))
}
