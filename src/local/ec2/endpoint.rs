//! VPC endpoints for services of Amazon: gateways in route tables, and interfaces in subnets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::endpoint_services::{self, Service};
use super::errors::not_found;
use super::list::{self, Listing};
use super::network::{self, NewInterface, VPCS};
use super::{ENDPOINTS, ipv6, route_table, subnet, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::durations;
use crate::local::error::AwsError;

pub(super) const KIND: &str = "vpc-endpoint";
/// What an endpoint lets through that was told nothing.
const FULL_ACCESS: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

static LISTING: Listing = Listing {
    kind: KIND,
    table: ENDPOINTS,
    ids: "VpcEndpointId",
    set: "vpcEndpointSet",
    filters: &[
        ("ip-address-type", "ipAddressType"),
        ("service-name", "serviceName"),
        ("service-region", "serviceRegion"),
        ("vpc-endpoint-id", "vpcEndpointId"),
        ("vpc-endpoint-state", "state"),
        ("vpc-endpoint-type", "vpcEndpointType"),
        ("vpc-id", "vpcId"),
    ],
    most: 1000,
    row,
};

pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameter", message)
}

pub(super) fn is_gateway(endpoint: &Value) -> bool {
    endpoint.text("vpcEndpointType") == "Gateway"
}

fn state(call: &Call<'_>, endpoint: &Value) -> &'static str {
    match endpoint.has("deleted") {
        true => "deleting",
        false if endpoint.time("ready") <= call.now => "available",
        false => "pending",
    }
}

fn row(call: &Call<'_>, id: &str, endpoint: &Value) -> Value {
    let mut row = json!({"vpcEndpointId": id, "ownerId": call.account, "requesterManaged": false});
    for member in [
        "vpcEndpointType",
        "vpcId",
        "serviceName",
        "serviceRegion",
        "policyDocument",
        "routeTableIdSet",
        "subnetIdSet",
        "groupSet",
        "privateDnsEnabled",
    ] {
        row.set(member, endpoint[member].clone());
    }
    row.set("state", state(call, endpoint));
    row.set("creationTimestamp", call.time(endpoint.time("created")));
    if is_gateway(endpoint) {
        row.set("networkInterfaceIdSet", json!([]));
        row.set("dnsEntrySet", json!([]));
        return row;
    }
    let interfaces = endpoint["interfaces"].as_object();
    let interfaces: Vec<Value> =
        interfaces.into_iter().flat_map(|of| of.values().cloned()).collect();
    row.set("networkInterfaceIdSet", interfaces);
    row.set("ipAddressType", endpoint["ipAddressType"].clone());
    row.set("dnsOptions", endpoint["dnsOptions"].clone());
    row.set("dnsEntrySet", dns_entries(call, id, endpoint));
    row
}

/// Its own name, one for each zone, and the service's own where private DNS is on.
fn dns_entries(call: &Call<'_>, id: &str, endpoint: &Value) -> Vec<Value> {
    let Some(service) = endpoint_services::find(&call.region, endpoint.text("serviceName")) else {
        return Vec::new();
    };
    let label: String = id.chars().rev().take(8).collect();
    let name = service.name.replace('.', "-");
    let entry = |name: String, zone: &str| json!({"dnsName": name, "hostedZoneId": zone});
    let own = "Z38GZ743OKFT7T";
    let of = format!("{name}.{}.vpce.amazonaws.com", call.region);
    let mut entries = vec![entry(format!("{id}-{label}.{of}"), own)];
    for subnet in endpoint.texts("subnetIdSet") {
        if let Some(subnet) = network::subnet(call, subnet) {
            entries.push(entry(format!("{id}-{label}-{}.{of}", subnet.zone), own));
        }
    }
    if endpoint.flag("privateDnsEnabled") {
        entries.push(entry(service.private_name(&call.region), "Z0PRIVATEDNSOFVPCE0"));
    }
    entries
}

pub(super) fn required(call: &Call<'_>, id: &str) -> Result<std::sync::Arc<Value>, AwsError> {
    call.get(ENDPOINTS, id).ok_or_else(|| not_found(KIND, id))
}

/// Endpoints of a VPC that are not on their way out.
pub(super) fn of_vpc(call: &Call<'_>, vpc: &str) -> Vec<(String, std::sync::Arc<Value>)> {
    let mut rows = call.scan(ENDPOINTS, "");
    rows.retain(|(_, endpoint)| endpoint.text("vpcId") == vpc && !endpoint.has("deleted"));
    rows
}

/// The routes that gateway endpoints write into a table.
pub(super) fn routes(call: &Call<'_>, vpc: &str, table: &str) -> Vec<Value> {
    let route = |(id, endpoint): &(String, std::sync::Arc<Value>)| {
        json!({
            "destinationPrefixListId": prefix_list(endpoint.text("serviceName")),
            "gatewayId": id,
            "origin": "CreateRoute",
            "state": "active",
        })
    };
    let of = of_vpc(call, vpc);
    of.iter().filter(|(_, it)| it.texts("routeTableIdSet").contains(&table)).map(route).collect()
}

/// A service's prefix list: always the same for a name.
pub(super) fn prefix_list(service: &str) -> String {
    let number = service.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
    format!("pl-{number:08x}")
}

/// A policy as it is kept: JSON, or nothing said.
pub(super) fn policy(text: Option<String>) -> Result<String, AwsError> {
    match text.filter(|text| !text.is_empty()) {
        None => Ok(FULL_ACCESS.to_owned()),
        Some(text) if serde_json::from_str::<Value>(&text).is_ok_and(|it| it.has("Statement")) => {
            Ok(text)
        }
        Some(_) => Err(AwsError::new(
            "InvalidPolicyDocument",
            "Invalid policy document (at least one statement is required, and it must be JSON)",
        )),
    }
}

pub(super) fn check_tables(
    call: &Call<'_>,
    endpoint: &Value,
    added: &[String],
) -> Result<(), AwsError> {
    for id in added {
        let table = route_table::required(call, id)?;
        if table.text("vpcId") != endpoint.text("vpcId") {
            return Err(invalid(format!(
                "Route table {id} and the endpoint belong to different networks"
            )));
        }
        let prefix = prefix_list(endpoint.text("serviceName"));
        let there = routes(call, endpoint.text("vpcId"), id);
        if there.iter().any(|route| route.text("destinationPrefixListId") == prefix) {
            return Err(AwsError::new(
                "RouteAlreadyExists",
                format!(
                    "route table {id} already has a route with destination-prefix-list-id {prefix}"
                ),
            ));
        }
    }
    Ok(())
}

/// Private names need both DNS attributes, and each can point to one endpoint of a VPC only.
pub(super) fn check_private_dns(
    call: &Call<'_>,
    vpc_id: &str,
    service: &Service,
    except: &str,
) -> Result<(), AwsError> {
    let vpc = call.get(VPCS, vpc_id).unwrap_or_default();
    if !vpc.flag("enableDnsSupport") || !vpc.flag("enableDnsHostnames") {
        return Err(invalid(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc_id}"
        )));
    }
    let name = service.full_name(&call.region);
    let clash = of_vpc(call, vpc_id).into_iter().any(|(id, other)| {
        id != except && other.flag("privateDnsEnabled") && other.text("serviceName") == name
    });
    if clash {
        return Err(invalid(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {} in the VPC {vpc_id}",
            service.private_name(&call.region)
        )));
    }
    Ok(())
}

/// Puts an interface into each of these subnets.
pub(super) fn enter_subnets(
    call: &mut Call<'_>,
    id: &str,
    endpoint: &mut Value,
    added: &[String],
) -> Result<(), AwsError> {
    let mut zones = BTreeSet::new();
    let mut all: Vec<String> =
        endpoint.texts("subnetIdSet").iter().map(|&s| s.to_owned()).collect();
    all.extend(added.iter().cloned());
    for subnet_id in &all {
        let document = subnet::required(call, subnet_id)?;
        if document.text("vpcId") != endpoint.text("vpcId") {
            return Err(invalid(format!(
                "Subnet {subnet_id} and the endpoint belong to different networks"
            )));
        }
        if !zones.insert(document.text("availabilityZone").to_owned()) {
            return Err(AwsError::new(
                "DuplicateSubnetsInSameZone",
                format!(
                    "Found another VPC endpoint subnet in the availability zone of {subnet_id}. VPC endpoint \
                     subnets should be in different availability zones supported by the VPC endpoint service."
                ),
            ));
        }
        if endpoint.text("ipAddressType") != "ipv4" && !ipv6::has_block(&document) {
            return Err(invalid(format!("Subnet {subnet_id} has no IPv6 CIDR block")));
        }
    }
    let groups: Vec<String> =
        endpoint.list("groupSet").iter().map(|group| group.text("groupId").to_owned()).collect();
    let mut interfaces = endpoint["interfaces"].clone();
    for subnet in added {
        let made = network::create_interface(
            call,
            NewInterface {
                subnet: subnet.clone(),
                security_groups: groups.clone(),
                description: format!("VPC Endpoint Interface {id}"),
                interface_type: "vpc_endpoint".to_owned(),
                requester: "amazon-vpce".to_owned(),
                ..NewInterface::default()
            },
        )?;
        interfaces.set(subnet, made.id);
    }
    endpoint.set("interfaces", interfaces);
    endpoint.set("subnetIdSet", all);
    Ok(())
}

/// The groups of an endpoint as they are kept; all must be of its VPC.
pub(super) fn groups(call: &Call<'_>, vpc: &str, ids: Vec<String>) -> Result<Vec<Value>, AwsError> {
    let mut set = Vec::new();
    for id in ids {
        let group =
            network::security_group(call, &id).ok_or_else(|| not_found("security-group", &id))?;
        if group.vpc != vpc {
            return Err(invalid(format!(
                "Security group {id} and the endpoint belong to different networks"
            )));
        }
        set.push(json!({"groupId": group.id, "groupName": group.name}));
    }
    Ok(set)
}

/// `DnsOptions` as they are kept: what names resolve to.
pub(super) fn dns_options(call: &Call<'_>, address_type: &str) -> Result<Value, AwsError> {
    const TYPES: [&str; 4] = ["ipv4", "dualstack", "ipv6", "service-defined"];
    let given = call.input.optional_structure("DnsOptions")?;
    let given = given.map(|it| it.optional_one_of("DnsRecordIpType", &TYPES)).transpose()?;
    let record = given.flatten().unwrap_or_else(|| address_type.to_owned());
    Ok(json!({"dnsRecordIpType": record}))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let kinds = ["Interface", "Gateway"];
    let kind = call.input.optional_one_of("VpcEndpointType", &kinds)?;
    let kind = kind.unwrap_or_else(|| "Gateway".to_owned());
    let vpc_id = call.input.text("VpcId")?;
    let name = call.input.text("ServiceName")?;
    if call.input.optional_text("ServiceRegion")?.is_some_and(|region| region != call.region) {
        return Err(AwsError::not_modelled("local AWS does not model endpoints of other regions"));
    }
    let text = call.input.optional_text("PolicyDocument")?;
    let tables = call.input.texts("RouteTableId")?;
    let subnets = call.input.texts("SubnetId")?;
    let mut group_ids = call.input.texts("SecurityGroupId")?;
    let private_dns = call.input.optional_boolean("PrivateDnsEnabled")?;
    let types = ["ipv4", "dualstack", "ipv6"];
    let address_type = call.input.optional_one_of("IpAddressType", &types)?;
    let token = call.input.optional_text("ClientToken")?.filter(|token| !token.is_empty());
    let tags = tag::specified(call, KIND)?;
    let asked =
        json!([kind, vpc_id, name, text, tables, subnets, group_ids, private_dns, address_type]);
    if let Some(token) = &token {
        let rows = call.scan(ENDPOINTS, "");
        if let Some((id, known)) = rows.iter().find(|(_, it)| it.text("clientToken") == token) {
            call.input.accept("DnsOptions"); // The same as when it was made.
            if known["asked"] != asked {
                return Err(AwsError::new(
                    "IdempotentParameterMismatch",
                    "The client token was used with other parameters.",
                ));
            }
            return Ok(created(call, id, known, Some(token)));
        }
    }
    vpc::required(call, &vpc_id)?;
    let service = endpoint_services::find(&call.region, &name)
        .ok_or_else(|| endpoint_services::not_found(&name))?;
    if !service.types().contains(&kind.as_str()) {
        return Err(invalid(format!(
            "Endpoint type ({kind}) does not match available service types ([{}]).",
            service.types().join(", ")
        )));
    }
    let id = call.ids.resource("vpce");
    let mut endpoint = json!({
        "vpcEndpointType": kind,
        "vpcId": vpc_id,
        "serviceName": name,
        "serviceRegion": call.region,
        "policyDocument": policy(text)?,
        "routeTableIdSet": [],
        "subnetIdSet": [],
        "groupSet": [],
        "privateDnsEnabled": false,
        "interfaces": {},
        "created": call.now,
        "ready": call.now,
        "asked": asked,
        "clientToken": token,
    });
    if is_gateway(&endpoint) {
        for (given, what) in [
            (!subnets.is_empty(), "Subnet IDs"),
            (!group_ids.is_empty(), "Security group IDs"),
            (private_dns == Some(true), "Private DNS"),
        ] {
            if given {
                return Err(invalid(format!(
                    "{what} are only supported for Interface type VPC Endpoints."
                )));
            }
        }
        check_tables(call, &endpoint, &tables)?;
        endpoint.set("routeTableIdSet", tables);
    } else {
        if !tables.is_empty() {
            return Err(invalid(
                "Route table IDs are only supported for Gateway type VPC Endpoint.",
            ));
        }
        let address_type = address_type.unwrap_or_else(|| "ipv4".to_owned());
        endpoint.set("dnsOptions", dns_options(call, &address_type)?);
        endpoint.set("ipAddressType", address_type);
        if group_ids.is_empty() {
            group_ids.extend(network::default_security_group(call, &vpc_id));
        }
        endpoint.set("groupSet", groups(call, &vpc_id, group_ids)?);
        let private_dns = private_dns.unwrap_or(true);
        if private_dns {
            check_private_dns(call, &vpc_id, service, &id)?;
        }
        endpoint.set("privateDnsEnabled", private_dns);
        enter_subnets(call, &id, &mut endpoint, &subnets)?;
        endpoint.set("ready", call.ready_at(durations::VPC_ENDPOINT));
    }
    call.put(ENDPOINTS, &id, endpoint.clone());
    tag::put(call, KIND, &id, tags)?;
    Ok(created(call, &id, &endpoint, token.as_ref()))
}

fn created(call: &Call<'_>, id: &str, endpoint: &Value, token: Option<&String>) -> Value {
    let mut row = row(call, id, endpoint);
    row.set("tagSet", tag::set_of(call, KIND, id));
    json!({"vpcEndpoint": row, "clientToken": token})
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let ids = call.input.texts("VpcEndpointId")?;
    if ids.is_empty() {
        return Err(call.input.missing("VpcEndpointId"));
    }
    let mut unsuccessful = Vec::new();
    for id in ids {
        let Some(endpoint) = call.get(ENDPOINTS, &id) else {
            let error = not_found(KIND, &id);
            let error = json!({"code": error.code, "message": error.message});
            unsuccessful.push(json!({"resourceId": id, "error": error}));
            continue;
        };
        if endpoint.has("deleted") {
            continue;
        }
        let now = call.now;
        call.update(ENDPOINTS, &id, |endpoint| endpoint.set("deleted", now));
        // A gateway has nothing to take down but its routes.
        let gone = match is_gateway(&endpoint) {
            true => call.now,
            false => call.ready_at(durations::VPC_ENDPOINT_DELETION),
        };
        call.schedule(gone, json!({"endpoint": id}));
    }
    Ok(json!({"unsuccessful": unsuccessful}))
}

/// It is gone, with its interfaces.
pub(super) fn timer(call: &mut Call<'_>, payload: &Value) -> Result<(), AwsError> {
    let id = payload.text("endpoint");
    let Some(endpoint) = call.get(ENDPOINTS, id) else { return Ok(()) };
    let interfaces = endpoint["interfaces"].as_object();
    for interface in interfaces.into_iter().flat_map(|of| of.values()).filter_map(Value::as_str) {
        network::delete_interface(call, interface);
    }
    call.delete(ENDPOINTS, id);
    tag::forget(call, KIND, id);
    Ok(())
}
