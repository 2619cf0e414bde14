//! Where a load balancer stands: its subnets, its network interfaces in them, its security groups
//! and its address type.

use serde_json::{Value, json};

use super::errors::{configuration, validation};
use super::{LOAD_BALANCERS, names};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::ec2;
use crate::local::ec2::network::{NewInterface, Subnet};
use crate::local::error::AwsError;
use crate::local::store::Table;

/// The subnets of one load balancer: two or more zones of one VPC.
pub(super) struct Placement {
    pub(super) vpc: String,
    subnets: Vec<(Subnet, Mapping)>,
}

/// One subnet of the input, and which addresses a network load balancer shall have there.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapping {
    pub(super) subnet: String,
    allocation: Option<String>,
    private_ip: Option<String>,
}

impl Mapping {
    fn of(subnet: String) -> Self {
        Self { subnet, ..Self::default() }
    }
}

impl Placement {
    pub(super) fn of(
        call: &Call<'_>,
        mappings: Vec<Mapping>,
        network: bool,
    ) -> Result<Self, AwsError> {
        let mut subnets: Vec<(Subnet, Mapping)> = Vec::new();
        for mapping in mappings {
            let id = &mapping.subnet;
            let subnet = ec2::network::subnet(call, id).ok_or_else(|| {
                AwsError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"))
            })?;
            if subnets.iter().any(|(other, _)| other.zone == subnet.zone) {
                return Err(configuration(
                    "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
                ));
            }
            if let Some((other, _)) = subnets.first().filter(|(other, _)| other.vpc != subnet.vpc) {
                let message = format!("All subnets must belong to the same VPC: '{}'", other.vpc);
                return Err(configuration(message));
            }
            subnets.push((subnet, mapping));
        }
        if subnets.is_empty() && network {
            return Err(validation("At least one subnet must be specified"));
        }
        if subnets.len() < 2 && !network {
            return Err(validation(
                "At least two subnets in two different Availability Zones must be specified",
            ));
        }
        Ok(Self { vpc: subnets[0].0.vpc.clone(), subnets })
    }
}

/// What stands in `Subnets` or `SubnetMappings`. Fixed addresses are for network load balancers; for others
/// they stay unread.
pub(super) fn subnets_of_input(call: &Call<'_>, network: bool) -> Result<Vec<Mapping>, AwsError> {
    let subnets = call.input.texts("Subnets")?;
    let mappings = call.input.structures("SubnetMappings")?;
    if !subnets.is_empty() && !mappings.is_empty() {
        return Err(validation("You can specify only one of subnets or subnet mappings"));
    }
    if mappings.is_empty() {
        return Ok(subnets.into_iter().map(Mapping::of).collect());
    }
    let read = |mapping: &crate::local::params::Params| {
        let mut read = Mapping::of(mapping.text("SubnetId")?);
        if network {
            read.allocation = mapping.optional_text("AllocationId")?;
            read.private_ip = mapping.optional_text("PrivateIPv4Address")?;
        }
        Ok(read)
    };
    mappings.iter().map(read).collect()
}

/// Checks security groups; without any, the default group of the VPC is taken.
pub(super) fn check_groups(
    call: &Call<'_>,
    vpc: &str,
    mut groups: Vec<String>,
) -> Result<Vec<String>, AwsError> {
    if groups.is_empty() {
        groups.extend(ec2::network::default_security_group(call, vpc));
    }
    for id in &groups {
        let message = match ec2::network::security_group(call, id) {
            Some(group) if group.vpc == vpc => continue,
            Some(_) => format!("One or more security groups are invalid: '{id}' is not in '{vpc}'"),
            None => format!("One or more security groups are invalid: '{id}'"),
        };
        return Err(AwsError::new("InvalidSecurityGroup", message));
    }
    Ok(groups)
}

/// Two address types need IPv6 in every subnet, and one of them a public load balancer.
pub(super) fn check_address_type(
    call: &Call<'_>,
    address_type: &str,
    scheme: &str,
    placement: &Placement,
) -> Result<(), AwsError> {
    const SUBNETS: Table = Table::regional("ec2/subnet");
    if address_type == "ipv4" {
        return Ok(());
    }
    if address_type == "dualstack-without-public-ipv4" && scheme == "internal" {
        return Err(configuration(format!(
            "You cannot specify the IP address type '{address_type}' for internal load balancers"
        )));
    }
    for (Subnet { id, .. }, _) in &placement.subnets {
        let document = call.get(SUBNETS, id);
        let blocks =
            document.as_deref().map_or(0, |it| it.list("ipv6CidrBlockAssociationSet").len());
        if blocks == 0 {
            let message =
                format!("You must specify subnets with an associated IPv6 CIDR block: '{id}'");
            return Err(AwsError::new("InvalidSubnet", message));
        }
    }
    Ok(())
}

/// Gives the load balancer an interface in each subnet and takes it from all others.
pub(super) fn place(
    call: &mut Call<'_>,
    document: &mut Value,
    placement: &Placement,
) -> Result<(), AwsError> {
    let mut before = document.unset("Interfaces").unwrap_or_default();
    let mut interfaces = json!({});
    let mut zones = Vec::new();
    let description = document.text("LoadBalancerArn").rsplit_once("loadbalancer/");
    let description = format!("ELB {}", description.map_or("", |(_, path)| path));
    let groups: Vec<String> =
        document.texts("SecurityGroups").into_iter().map(str::to_owned).collect();
    let network = document.text("Type") == "network";
    for (subnet, mapping) in &placement.subnets {
        let public = document.text("Scheme") == "internet-facing";
        let fixed = mapping.allocation.as_deref();
        if fixed.is_some() && !public {
            return Err(configuration(
                "You cannot specify allocation ids for internal load balancers",
            ));
        }
        let id = match before.unset(&subnet.id) {
            Some(id) => id,
            None => {
                let public_ip = match fixed {
                    Some(allocation) => Some(ec2::network::free_address(call, allocation)?),
                    None => public.then(|| ec2::network::public_address(call)),
                };
                let new = NewInterface {
                    subnet: subnet.id.clone(),
                    security_groups: groups.clone(),
                    description: description.clone(),
                    interface_type: match network {
                        true => "network_load_balancer".to_owned(),
                        false => "interface".to_owned(),
                    },
                    requester: "amazon-elb".to_owned(),
                    private_ip: mapping.private_ip.clone(),
                    public_ip: public_ip.clone(),
                    ipv6: document.text("IpAddressType").starts_with("dualstack"),
                };
                let made = ec2::network::create_interface(call, new)?;
                if let Some(allocation) = fixed {
                    ec2::network::take_address(call, allocation, &made.id);
                }
                Value::from(made.id)
            }
        };
        interfaces.set(&subnet.id, id);
        // AWS tells the addresses of network load balancers only, and those that were asked for.
        let mut addresses = Vec::new();
        if let Some(allocation) = fixed {
            let ip = ec2::network::address(call, allocation).unwrap_or_default();
            addresses.push(json!({"IpAddress": ip, "AllocationId": allocation}));
        } else if let Some(ip) = &mapping.private_ip {
            addresses.push(json!({"PrivateIPv4Address": ip}));
        }
        zones.push(json!({
            "ZoneName": subnet.zone,
            "SubnetId": subnet.id,
            "LoadBalancerAddresses": addresses,
        }));
    }
    let left: Vec<String> = before
        .as_object()
        .into_iter()
        .flat_map(|left| left.values())
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    for id in &left {
        ec2::network::release_address(call, id);
        ec2::network::delete_interface(call, id);
    }
    document.set("Interfaces", interfaces);
    document.set("AvailabilityZones", zones);
    Ok(())
}

pub(super) fn set_subnets(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let address_type = call.input.optional_one_of("IpAddressType", &ADDRESS_TYPES)?;
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
    let network = document.text("Type") == "network";
    let placement = Placement::of(call, subnets_of_input(call, network)?, network)?;
    if network {
        let zones = document.list("AvailabilityZones").iter();
        let gone = zones
            .map(|zone| zone.text("SubnetId"))
            .find(|id| !placement.subnets.iter().any(|(subnet, _)| subnet.id == *id));
        if let Some(gone) = gone {
            return Err(configuration(format!(
                "Subnets cannot be removed from load balancers of type 'network': '{gone}'"
            )));
        }
    }
    if placement.vpc != document.text("VpcId") {
        let message =
            format!("All subnets must belong to the same VPC: '{}'", document.text("VpcId"));
        return Err(configuration(message));
    }
    if let Some(address_type) = address_type {
        document.set("IpAddressType", address_type);
    }
    check_address_type(call, document.text("IpAddressType"), document.text("Scheme"), &placement)?;
    place(call, &mut document, &placement)?;
    let output = json!({
        "AvailabilityZones": document["AvailabilityZones"],
        "IpAddressType": document["IpAddressType"],
    });
    let name = document.text("LoadBalancerName").to_owned();
    call.put(LOAD_BALANCERS, &name, document);
    Ok(output)
}

pub(super) fn set_security_groups(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let groups = call.input.texts("SecurityGroups")?;
    let enforce = call
        .input
        .optional_one_of("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", &["on", "off"])?;
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
    let network = document.text("Type") == "network";
    if network && document.list("SecurityGroups").is_empty() {
        return Err(configuration(
            "You cannot set security groups on a load balancer of type 'network' that was created without them",
        ));
    }
    if let Some(enforce) = enforce {
        if !network {
            return Err(validation(
                "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic is for load balancers of type 'network'",
            ));
        }
        document.set("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", enforce);
    }
    if groups.is_empty() {
        return Err(configuration("At least one security group must be specified"));
    }
    let groups = check_groups(call, document.text("VpcId"), groups)?;
    let interfaces: Vec<String> = document["Interfaces"]
        .as_object()
        .into_iter()
        .flat_map(|of| of.values())
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    for id in interfaces {
        ec2::network::set_interface_groups(call, &id, &groups)?;
    }
    document.set("SecurityGroups", groups.clone());
    let enforced = document
        .get("EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic")
        .cloned()
        .unwrap_or_default();
    let name = document.text("LoadBalancerName").to_owned();
    call.put(LOAD_BALANCERS, &name, document);
    Ok(json!({
        "SecurityGroupIds": groups,
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": enforced,
    }))
}

pub(super) fn set_ip_address_type(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let address_type = call.input.optional_one_of("IpAddressType", &ADDRESS_TYPES)?;
    let address_type = address_type.ok_or_else(|| call.input.missing("IpAddressType"))?;
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
    let zones = document.list("AvailabilityZones").iter();
    let subnets = zones.map(|zone| Mapping::of(zone.text("SubnetId").to_owned())).collect();
    let placement = Placement::of(call, subnets, document.text("Type") == "network")?;
    check_address_type(call, &address_type, document.text("Scheme"), &placement)?;
    document.set("IpAddressType", address_type.clone());
    let name = document.text("LoadBalancerName").to_owned();
    call.put(LOAD_BALANCERS, &name, document);
    Ok(json!({"IpAddressType": address_type}))
}

const ADDRESS_TYPES: [&str; 3] = ["ipv4", "dualstack", "dualstack-without-public-ipv4"];
