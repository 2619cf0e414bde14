//! `ModifyVpcEndpoint`.

use serde_json::{Value, json};

use super::endpoint::{self, invalid};
use super::{ENDPOINTS, endpoint_services, network};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

pub(super) fn modify(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("VpcEndpointId")?;
    let mut endpoint = Value::clone(&*endpoint::required(call, &id)?);
    if endpoint.has("deleted") {
        return Err(AwsError::new(
            "IncorrectState",
            format!("The VPC endpoint {id} is being deleted"),
        ));
    }
    let policy = call.input.optional_text("PolicyDocument")?;
    let reset = call.input.optional_boolean("ResetPolicy")? == Some(true);
    if reset && policy.is_some() {
        return Err(AwsError::new(
            "InvalidParameterCombination",
            "PolicyDocument and ResetPolicy cannot both be specified",
        ));
    }
    if reset || policy.is_some() {
        endpoint.set("policyDocument", endpoint::policy(policy)?);
    }
    tables(call, &mut endpoint)?;
    if endpoint::is_gateway(&endpoint) {
        for member in [
            "AddSubnetId",
            "RemoveSubnetId",
            "AddSecurityGroupId",
            "RemoveSecurityGroupId",
            "PrivateDnsEnabled",
            "IpAddressType",
            "DnsOptions",
        ] {
            if call.input.has(member) {
                return Err(invalid(format!(
                    "{member} is only supported for Interface type VPC Endpoints."
                )));
            }
        }
    } else {
        interface(call, &id, &mut endpoint)?;
    }
    call.put(ENDPOINTS, &id, endpoint);
    Ok(json!({"return": true}))
}

fn tables(call: &mut Call<'_>, endpoint: &mut Value) -> Result<(), AwsError> {
    let added = call.input.texts("AddRouteTableId")?;
    let removed = call.input.texts("RemoveRouteTableId")?;
    if added.is_empty() && removed.is_empty() {
        return Ok(());
    }
    if !endpoint::is_gateway(endpoint) {
        return Err(invalid("Route table IDs are only supported for Gateway type VPC Endpoint."));
    }
    endpoint::check_tables(call, endpoint, &added)?;
    let mut all: Vec<String> =
        endpoint.texts("routeTableIdSet").into_iter().map(str::to_owned).collect();
    all.retain(|id| !removed.contains(id));
    all.extend(added);
    endpoint.set("routeTableIdSet", all);
    Ok(())
}

fn interface(call: &mut Call<'_>, id: &str, endpoint: &mut Value) -> Result<(), AwsError> {
    let vpc = endpoint.text("vpcId").to_owned();
    let types = ["ipv4", "dualstack", "ipv6"];
    if let Some(address_type) = call.input.optional_one_of("IpAddressType", &types)? {
        endpoint.set("ipAddressType", address_type.clone());
        endpoint.set("dnsOptions", endpoint::dns_options(call, &address_type)?);
    } else if call.input.has("DnsOptions") {
        let address_type = endpoint.text("ipAddressType").to_owned();
        endpoint.set("dnsOptions", endpoint::dns_options(call, &address_type)?);
    }
    let removed = call.input.texts("RemoveSubnetId")?;
    let mut subnets: Vec<String> =
        endpoint.texts("subnetIdSet").into_iter().map(str::to_owned).collect();
    for subnet in &removed {
        if !subnets.contains(subnet) {
            return Err(invalid(format!("The subnet {subnet} is not associated with {id}")));
        }
        if let Some(Value::String(interface)) = endpoint["interfaces"].unset(subnet) {
            network::delete_interface(call, &interface);
        }
    }
    subnets.retain(|subnet| !removed.contains(subnet));
    endpoint.set("subnetIdSet", subnets);
    let added = call.input.texts("AddSubnetId")?;
    groups(call, &vpc, endpoint)?;
    endpoint::enter_subnets(call, id, endpoint, &added)?;
    if let Some(on) = call.input.optional_boolean("PrivateDnsEnabled")? {
        if on
            && let Some(service) =
                endpoint_services::find(&call.region, endpoint.text("serviceName"))
        {
            endpoint::check_private_dns(call, &vpc, service, id)?;
        }
        endpoint.set("privateDnsEnabled", on);
    }
    Ok(())
}

fn groups(call: &mut Call<'_>, vpc: &str, endpoint: &mut Value) -> Result<(), AwsError> {
    let added = call.input.texts("AddSecurityGroupId")?;
    let removed = call.input.texts("RemoveSecurityGroupId")?;
    if added.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<String> =
        endpoint.list("groupSet").iter().map(|it| it.text("groupId").to_owned()).collect();
    ids.retain(|id| !removed.contains(id));
    ids.extend(added.into_iter().filter(|id| !removed.contains(id)));
    if ids.is_empty() {
        return Err(invalid("An interface endpoint must have at least one security group"));
    }
    let interfaces = endpoint["interfaces"].clone();
    for interface in interfaces.as_object().into_iter().flat_map(|of| of.values()) {
        network::set_interface_groups(call, interface.as_str().unwrap_or_default(), &ids)?;
    }
    endpoint.set("groupSet", endpoint::groups(call, vpc, ids)?);
    Ok(())
}
