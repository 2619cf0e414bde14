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
    subnets: Vec<Subnet>,
}

impl Placement {
    pub(super) fn of(call: &Call<'_>, ids: &[String]) -> Result<Self, AwsError> {
        let mut subnets: Vec<Subnet> = Vec::new();
        for id in ids {
            let subnet = ec2::network::subnet(call, id).ok_or_else(|| {
                AwsError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist"))
            })?;
            if subnets.iter().any(|other| other.zone == subnet.zone) {
                return Err(configuration(
                    "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
                ));
            }
            if let Some(other) = subnets.first().filter(|other| other.vpc != subnet.vpc) {
                let message = format!("All subnets must belong to the same VPC: '{}'", other.vpc);
                return Err(configuration(message));
            }
            subnets.push(subnet);
        }
        if subnets.len() < 2 {
            return Err(validation(
                "At least two subnets in two different Availability Zones must be specified",
            ));
        }
        Ok(Self { vpc: subnets[0].vpc.clone(), subnets })
    }
}

/// The ids that stand in `Subnets` or `SubnetMappings`.
pub(super) fn subnets_of_input(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let subnets = call.input.texts("Subnets")?;
    // Fixed addresses in a mapping are for network load balancers; they stay unread here.
    let mappings = call.input.structures("SubnetMappings")?;
    if !subnets.is_empty() && !mappings.is_empty() {
        return Err(validation("You can specify only one of subnets or subnet mappings"));
    }
    if mappings.is_empty() {
        return Ok(subnets);
    }
    mappings.iter().map(|mapping| mapping.text("SubnetId")).collect()
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
    for Subnet { id, .. } in &placement.subnets {
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
    for subnet in &placement.subnets {
        let id = match before.unset(&subnet.id) {
            Some(id) => id,
            None => {
                let public = document.text("Scheme") == "internet-facing";
                let public_ip = public.then(|| ec2::network::public_address(call));
                let new = NewInterface {
                    subnet: subnet.id.clone(),
                    security_groups: groups.clone(),
                    description: description.clone(),
                    interface_type: "interface".to_owned(),
                    requester: "amazon-elb".to_owned(),
                    private_ip: None,
                    public_ip,
                    ipv6: document.text("IpAddressType").starts_with("dualstack"),
                };
                Value::from(ec2::network::create_interface(call, new)?.id)
            }
        };
        interfaces.set(&subnet.id, id);
        zones.push(json!({
            "ZoneName": subnet.zone,
            "SubnetId": subnet.id,
            "LoadBalancerAddresses": [],
        }));
    }
    for id in
        before.as_object().into_iter().flat_map(|left| left.values()).filter_map(Value::as_str)
    {
        ec2::network::delete_interface(call, id);
    }
    document.set("Interfaces", interfaces);
    document.set("AvailabilityZones", zones);
    Ok(())
}

pub(super) fn set_subnets(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let subnets = subnets_of_input(call)?;
    let address_type = call.input.optional_one_of("IpAddressType", &ADDRESS_TYPES)?;
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
    let placement = Placement::of(call, &subnets)?;
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
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
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
    let name = document.text("LoadBalancerName").to_owned();
    call.put(LOAD_BALANCERS, &name, document);
    Ok(json!({"SecurityGroupIds": groups}))
}

pub(super) fn set_ip_address_type(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let arn = call.input.text("LoadBalancerArn")?;
    let address_type = call.input.optional_one_of("IpAddressType", &ADDRESS_TYPES)?;
    let address_type = address_type.ok_or_else(|| call.input.missing("IpAddressType"))?;
    let mut document = Value::clone(&*names::load_balancer(call, &arn)?);
    let zones = document.list("AvailabilityZones").iter();
    let subnets: Vec<String> = zones.map(|zone| zone.text("SubnetId").to_owned()).collect();
    let placement = Placement::of(call, &subnets)?;
    check_address_type(call, &address_type, document.text("Scheme"), &placement)?;
    document.set("IpAddressType", address_type.clone());
    let name = document.text("LoadBalancerName").to_owned();
    call.put(LOAD_BALANCERS, &name, document);
    Ok(json!({"IpAddressType": address_type}))
}

const ADDRESS_TYPES: [&str; 3] = ["ipv4", "dualstack", "dualstack-without-public-ipv4"];
