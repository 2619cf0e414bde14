//! The network as other services see it: subnets, security groups, and network interfaces that
//! they own. An interface made here holds its subnet and groups, so that EC2 refuses to delete
//! them (`DependencyViolation`) until the interface is gone.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::cidr::Cidr;
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;
use crate::local::store::Table;

pub(super) const VPCS: Table = Table::regional("ec2/vpc");
pub(super) const SUBNETS: Table = Table::regional("ec2/subnet");
pub(super) const SECURITY_GROUPS: Table = Table::regional("ec2/security-group");
pub(super) const INTERFACES: Table = Table::regional("ec2/network-interface");

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// `vpc-…`.
    pub vpc: String,
    /// Such as `10.0.1.0/24`.
    pub cidr: String,
    /// Such as `eu-west-1a`.
    pub zone: String,
    /// Such as `euw1-az1`.
    pub zone_id: String,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityGroup {
    /// `sg-…`.
    pub id: String,
    /// Unique within its VPC.
    pub name: String,
    /// `vpc-…`.
    pub vpc: String,
}

/// What a network interface shall be.
#[derive(Debug, Clone, Default)]
pub struct NewInterface {
    /// `subnet-…`; it must be there.
    pub subnet: String,
    /// `sg-…`; none means the VPC's default group, unless the interface has none by its kind.
    pub security_groups: Vec<String>,
    /// What AWS writes there, such as `ELB app/name/id`.
    pub description: String,
    /// `interface` (also for tasks and application load balancers), `nat_gateway`,
    /// `network_load_balancer`, `vpc_endpoint`.
    pub interface_type: String,
    /// The service that owns it, such as `amazon-elb`; empty for the account's own.
    pub requester: String,
    /// A certain private address; else the next free one.
    pub private_ip: Option<String>,
    /// Its public address, if it has one: see [`public_address`].
    pub public_ip: Option<String>,
    /// It gets an IPv6 address, where the subnet has an IPv6 block.
    pub ipv6: bool,
}

/// A network interface that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// `eni-…`.
    pub id: String,
    /// Its address in the subnet.
    pub private_ip: String,
    /// Such as `0a:1b:…`.
    pub mac: String,
    /// Its public address, if it has one.
    pub public_ip: Option<String>,
    /// Its IPv6 address, if it has one.
    pub ipv6: Option<String>,
}

/// The public address of an Elastic IP address that nothing has yet.
///
/// # Errors
/// There is none, or something has it.
pub fn free_address(call: &Call<'_>, allocation: &str) -> Result<String, AwsError> {
    match call.get(super::ADDRESSES, allocation) {
        None => Err(AwsError::new(
            "AllocationIdNotFound",
            format!("The allocation ID '{allocation}' does not exist"),
        )),
        Some(found) if found.has("networkInterfaceId") => Err(AwsError::new(
            "ResourceInUse",
            format!("The allocation IDs are not available for use: '{allocation}'"),
        )),
        Some(found) => Ok(found.text("publicIp").to_owned()),
    }
}

/// The public address of an Elastic IP address.
pub fn address(call: &Call<'_>, allocation: &str) -> Option<String> {
    Some(call.get(super::ADDRESSES, allocation)?.text("publicIp").to_owned())
}

/// Gives an Elastic IP address to an interface.
pub fn take_address(call: &mut Call<'_>, allocation: &str, interface: &str) {
    let association = call.ids.resource("eipassoc");
    call.update(super::ADDRESSES, allocation, |address| {
        address.set("networkInterfaceId", interface);
        address.set("associationId", association);
    });
}

/// Takes the Elastic IP addresses from an interface.
pub fn release_address(call: &mut Call<'_>, interface: &str) {
    for (id, address) in call.scan(super::ADDRESSES, "") {
        if address.text("networkInterfaceId") == interface {
            call.update(super::ADDRESSES, &id, |address| {
                address.unset("networkInterfaceId");
                address.unset("associationId");
            });
        }
    }
}

/// The subnet with this id, if there is one.
pub fn subnet(call: &Call<'_>, id: &str) -> Option<Subnet> {
    let document = call.get(SUBNETS, id)?;
    Some(Subnet {
        id: id.to_owned(),
        vpc: document.text("vpcId").to_owned(),
        cidr: document.text("cidrBlock").to_owned(),
        zone: document.text("availabilityZone").to_owned(),
        zone_id: document.text("availabilityZoneId").to_owned(),
    })
}

/// The security group with this id, if there is one.
pub fn security_group(call: &Call<'_>, id: &str) -> Option<SecurityGroup> {
    let document = call.get(SECURITY_GROUPS, id)?;
    Some(SecurityGroup {
        id: id.to_owned(),
        name: document.text("groupName").to_owned(),
        vpc: document.text("vpcId").to_owned(),
    })
}

/// The CIDR block of the VPC with this id, if there is one.
pub fn vpc_cidr(call: &Call<'_>, id: &str) -> Option<String> {
    call.get(VPCS, id).map(|document| document.text("cidrBlock").to_owned())
}

/// The id of a VPC's default security group.
pub fn default_security_group(call: &Call<'_>, vpc: &str) -> Option<String> {
    let found = |(_, group): &(String, Arc<Value>)| {
        group.text("vpcId") == vpc && group.text("groupName") == "default"
    };
    call.scan(SECURITY_GROUPS, "").into_iter().find(found).map(|(id, _)| id)
}

/// Does this VPC have an internet gateway?
pub fn has_internet_gateway(call: &Call<'_>, vpc: &str) -> bool {
    let gateways = call.scan(super::INTERNET_GATEWAYS, "");
    gateways.iter().any(|(_, gateway)| gateway.text("vpcId") == vpc)
}

/// Has the VPC of this subnet working endpoints of its own for all of these services (`ecr.api`)?
pub fn reaches_endpoints(call: &Call<'_>, subnet: &str, services: &[&str]) -> bool {
    let Some(vpc) = call.get(SUBNETS, subnet).map(|one| one.text("vpcId").to_owned()) else {
        return false;
    };
    let endpoints = super::endpoint::of_vpc(call, &vpc);
    services.iter().all(|service| {
        let name = format!("com.amazonaws.{}.{service}", call.region);
        endpoints.iter().any(|(_, it)| {
            it.text("serviceName") == name
                && it.time("ready") <= call.now
                && (it.flag("privateDnsEnabled") || super::endpoint::is_gateway(it))
        })
    })
}

/// Can something in this subnet, with or without a public address, reach the internet? A VPC that has no internet
/// gateway at all is taken to have other ways out.
pub fn reaches_out(call: &Call<'_>, subnet: &str, public: bool) -> bool {
    let Some(vpc) = call.get(SUBNETS, subnet).map(|one| one.text("vpcId").to_owned()) else {
        return true;
    };
    if !has_internet_gateway(call, &vpc) {
        return true;
    }
    let tables = call.scan(super::ROUTE_TABLES, "");
    let mut tables: Vec<_> =
        tables.into_iter().filter(|(_, table)| table.text("vpcId") == vpc).collect();
    let own =
        |table: &Value| table.list("associations").iter().any(|one| one.text("subnetId") == subnet);
    // Its own table, or the VPC's main one.
    tables.sort_by_key(|(_, table)| !own(table));
    let table = tables.iter().find(|(_, t)| own(t) || super::route_table::is_main(t));
    table.is_some_and(|(_, table)| {
        table.list("routes").iter().any(|route| {
            let row = super::route::row(call, table, route);
            row.text("destinationCidrBlock") == "0.0.0.0/0"
                && row.text("state") == "active"
                && (public || row.text("gatewayId").is_empty())
        })
    })
}

/// Does a rule of this group let traffic to a TCP port in from an address, or from something with one of these groups?
pub fn admits(call: &Call<'_>, group: &str, address: &str, groups: &[String], port: i64) -> bool {
    let address: Option<std::net::Ipv4Addr> = address.parse().ok();
    super::rule::of_group(call, group).iter().any(|(_, rule)| {
        let protocol = rule.text("ipProtocol");
        let covered = protocol == "-1"
            || (matches!(protocol, "tcp" | "6")
                && (rule.integer("fromPort")..=rule.integer("toPort")).contains(&port));
        let block: Option<Cidr> = rule.text("cidrIpv4").parse().ok();
        let from = block.zip(address).is_some_and(|(block, address)| block.holds(address))
            || groups.iter().any(|group| group == rule.text("referenced"));
        !rule.flag("isEgress") && covered && from
    })
}

/// A public address that nobody has, in the documentation ranges (RFC 5737 and 2544).
pub fn public_address(call: &mut Call<'_>) -> String {
    let number = call.ids.below(1 << 17);
    let first = u32::from_be_bytes([198, 18, 0, 0]);
    std::net::Ipv4Addr::from(first + number as u32).to_string()
}

/// Makes a network interface, `in-use`, owned by another service.
///
/// # Errors
/// `InvalidSubnetID.NotFound`, `InvalidGroup.NotFound`; `InvalidParameterValue` for a group of
/// another VPC; `InsufficientFreeAddressesInSubnet`; `InvalidIPAddress.InUse`.
pub fn create_interface(call: &mut Call<'_>, new: NewInterface) -> Result<Interface, AwsError> {
    let subnet =
        subnet(call, &new.subnet).ok_or_else(|| super::errors::not_found("subnet", &new.subnet))?;
    let mut groups = new.security_groups;
    let has_groups = matches!(
        new.interface_type.as_str(),
        "interface" | "network_load_balancer" | "vpc_endpoint" | ""
    );
    if groups.is_empty() && has_groups && new.interface_type != "network_load_balancer" {
        groups.extend(default_security_group(call, &subnet.vpc));
    }
    let mut group_set = Vec::new();
    for id in &groups {
        let group = security_group(call, id)
            .ok_or_else(|| super::errors::not_found("security-group", id))?;
        if group.vpc != subnet.vpc {
            return Err(AwsError::new(
                "InvalidParameterValue",
                format!(
                    "Security group {id} and subnet {} belong to different networks.",
                    subnet.id
                ),
            ));
        }
        group_set.push(json!({"groupId": group.id, "groupName": group.name}));
    }
    let used: BTreeSet<String> = call
        .scan(INTERFACES, "")
        .iter()
        .filter(|(_, other)| other.text("subnetId") == subnet.id)
        .map(|(_, other)| other.text("privateIpAddress").to_owned())
        .collect();
    let block: Cidr = subnet
        .cidr
        .parse()
        .map_err(|()| AwsError::internal(format!("{} has no block", subnet.id)))?;
    let private_ip = match new.private_ip {
        Some(wanted) if used.contains(&wanted) => {
            return Err(AwsError::new(
                "InvalidIPAddress.InUse",
                format!("Address {wanted} is in use."),
            ));
        }
        Some(wanted) => wanted,
        // AWS keeps the first four addresses of a subnet and the last.
        None => (4..block.size() - 1)
            .map(|offset| block.address(offset).to_string())
            .find(|address| !used.contains(address))
            .ok_or_else(|| {
                AwsError::new(
                    "InsufficientFreeAddressesInSubnet",
                    format!("There are not enough free addresses in subnet '{}'.", subnet.id),
                )
            })?,
    };
    let id = call.ids.resource("eni");
    let ipv6 = match new.ipv6 {
        true => super::ipv6::free_address(call, &subnet.id),
        false => None,
    };
    let hex = call.ids.hex(10);
    let mac =
        format!("0a:{}:{}:{}:{}:{}", &hex[..2], &hex[2..4], &hex[4..6], &hex[6..8], &hex[8..]);
    let kind = if new.interface_type.is_empty() { "interface" } else { &new.interface_type };
    let document = json!({
        "networkInterfaceId": id,
        "subnetId": subnet.id,
        "vpcId": subnet.vpc,
        "availabilityZone": subnet.zone,
        "availabilityZoneId": subnet.zone_id,
        "description": new.description,
        "groupSet": group_set,
        "interfaceType": kind,
        "macAddress": mac,
        "privateIpAddress": private_ip,
        "publicIp": new.public_ip,
        "ipv6Address": ipv6,
        "requesterId": new.requester,
        "requesterManaged": !new.requester.is_empty(),
        "attachmentId": call.ids.resource("eni-attach"),
        "attachTime": call.now,
    });
    call.put(INTERFACES, &id, document);
    Ok(Interface { id, private_ip, mac, public_ip: new.public_ip, ipv6 })
}

/// Replaces the security groups of an interface (a load balancer's groups were changed).
///
/// # Errors
/// `InvalidNetworkInterfaceID.NotFound`, `InvalidGroup.NotFound`.
pub fn set_interface_groups(
    call: &mut Call<'_>,
    id: &str,
    groups: &[String],
) -> Result<(), AwsError> {
    if call.get(INTERFACES, id).is_none() {
        return Err(super::errors::not_found("network-interface", id));
    }
    let mut group_set = Vec::new();
    for group in groups {
        let group = security_group(call, group)
            .ok_or_else(|| super::errors::not_found("security-group", group))?;
        group_set.push(json!({"groupId": group.id, "groupName": group.name}));
    }
    call.update(INTERFACES, id, |document| document.set("groupSet", group_set));
    Ok(())
}

/// Deletes an interface; one that is not there is deleted already.
pub fn delete_interface(call: &mut Call<'_>, id: &str) {
    call.delete(INTERFACES, id);
}

/// Has this subnet an IPv6 block?
pub fn has_ipv6(call: &Call<'_>, subnet: &str) -> bool {
    call.get(SUBNETS, subnet).is_some_and(|subnet| super::ipv6::has_block(&subnet))
}

/// Does a launch in this subnet get a public address without asking for one?
pub fn maps_public(call: &Call<'_>, subnet: &str) -> bool {
    call.get(SUBNETS, subnet).is_some_and(|subnet| subnet.flag("mapPublicIpOnLaunch"))
}

/// Have these IPv4 blocks an address in common? Nonsense overlaps nothing.
pub fn overlap(one: &str, other: &str) -> bool {
    let (one, other): (Result<Cidr, ()>, Result<Cidr, ()>) = (one.parse(), other.parse());
    matches!((one, other), (Ok(one), Ok(other)) if one.overlaps(other))
}

/// Is the second IPv4 block within the first?
pub fn within(outer: &str, inner: &str) -> bool {
    let (outer, inner): (Result<Cidr, ()>, Result<Cidr, ()>) = (outer.parse(), inner.parse());
    matches!((outer, inner), (Ok(outer), Ok(inner)) if outer.contains(inner))
}

/// The length of an IPv4 block's prefix, if it is one.
pub fn prefix_length(block: &str) -> Option<u8> {
    block.parse().ok().map(|block: Cidr| block.length)
}

/// Has this subnet a route to an internet gateway?
pub fn is_public(call: &Call<'_>, subnet: &str) -> bool {
    let Some(vpc) = call.get(SUBNETS, subnet).map(|one| one.text("vpcId").to_owned()) else {
        return false;
    };
    let own =
        |table: &Value| table.list("associations").iter().any(|one| one.text("subnetId") == subnet);
    let mut tables = call.scan(super::ROUTE_TABLES, "");
    tables.retain(|(_, table)| table.text("vpcId") == vpc);
    let table = tables
        .iter()
        .find(|(_, table)| own(table))
        .or_else(|| tables.iter().find(|(_, table)| super::route_table::is_main(table)));
    table.is_some_and(|(_, table)| {
        table.list("routes").iter().any(|route| {
            super::route::row(call, table, route).text("gatewayId").starts_with("igw-")
        })
    })
}
