//! Routes to internet gateways, egress-only gateways, NAT gateways and network interfaces.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::cidr6::Cidr6;
use super::errors::{invalid_value, not_found};
use super::network::INTERFACES;
use super::route_table::required;
use super::{EGRESS_GATEWAYS, INTERNET_GATEWAYS, NAT_GATEWAYS, ROUTE_TABLES, nat_gateway};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Parameters that name a target, and the member that they become.
const TARGETS: [(&str, &str); 4] = [
    ("EgressOnlyInternetGatewayId", "egressOnlyInternetGatewayId"),
    ("GatewayId", "gatewayId"),
    ("NatGatewayId", "natGatewayId"),
    ("NetworkInterfaceId", "networkInterfaceId"),
];

/// A route as it is described: a black hole if its target is gone.
pub(super) fn row(call: &Call<'_>, table: &Value, route: &Value) -> Value {
    let vpc = table.text("vpcId");
    let egress = route.text("egressOnlyInternetGatewayId");
    let works = match (route.text("gatewayId"), route.text("natGatewayId")) {
        ("", "") if !egress.is_empty() => call.get(EGRESS_GATEWAYS, egress).is_some(),
        ("local", _) => true,
        ("", "") => call.get(INTERFACES, route.text("networkInterfaceId")).is_some(),
        ("", nat) => call
            .get(NAT_GATEWAYS, nat)
            .is_some_and(|nat| matches!(nat_gateway::state(call, &nat), "pending" | "available")),
        (gateway, _) => {
            call.get(INTERNET_GATEWAYS, gateway).is_some_and(|gateway| gateway.text("vpcId") == vpc)
        }
    };
    let mut row = route.clone();
    row.set("state", if works { "active" } else { "blackhole" });
    row
}

/// NAT gateways serve no IPv6 destination but that of NAT64.
const NAT64: &str = "64:ff9b::/96";

/// A destination as a route's document has it: its member, and the block.
fn destination(call: &Call<'_>) -> Result<(&'static str, String), AwsError> {
    let v4 = call.input.optional_text("DestinationCidrBlock")?;
    let v6 = call.input.optional_text("DestinationIpv6CidrBlock")?;
    let malformed = |text: &str, parameter: &str| {
        invalid_value(format!(
            "Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block."
        ))
    };
    match (v4, v6) {
        (Some(text), None) => {
            let block: Cidr =
                text.parse().map_err(|()| malformed(&text, "destinationCidrBlock"))?;
            Ok(("destinationCidrBlock", block.to_string()))
        }
        (None, Some(text)) => {
            let block: Cidr6 =
                text.parse().map_err(|()| malformed(&text, "destinationIpv6CidrBlock"))?;
            Ok(("destinationIpv6CidrBlock", block.to_string()))
        }
        (Some(_), Some(_)) => Err(AwsError::new(
            "InvalidParameterCombination",
            "Only one of DestinationCidrBlock and DestinationIpv6CidrBlock may be given",
        )),
        (None, None) => {
            call.input.refuse_unread()?;
            Err(call.input.missing("DestinationCidrBlock"))
        }
    }
}

/// Can traffic to this destination go to this kind of target at all?
fn fits(member: &str, (family, block): &(&'static str, String)) -> Result<(), AwsError> {
    let v6 = *family == "destinationIpv6CidrBlock";
    let fits = match member {
        "egressOnlyInternetGatewayId" => v6,
        "natGatewayId" => !v6 || block == NAT64,
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        Err(invalid_value(format!(
            "The destination {block} cannot be routed to this kind of target"
        )))
    }
}

fn target(
    call: &Call<'_>,
    table_id: &str,
    table: &Value,
) -> Result<(&'static str, String), AwsError> {
    let mut given = Vec::new();
    for (parameter, member) in TARGETS {
        if let Some(id) = call.input.optional_text(parameter)? {
            given.push((member, id));
        }
    }
    let vpc = table.text("vpcId");
    let (member, id) = match given.len() {
        1 => given.remove(0),
        0 => {
            // A target that is not modelled is refused by its name.
            call.input.refuse_unread()?;
            return Err(AwsError::new(
                "MissingParameter",
                "The request must contain exactly one target",
            ));
        }
        _ => {
            return Err(AwsError::new(
                "InvalidParameterCombination",
                "Only one target may be given",
            ));
        }
    };
    let other_network = |what: &str| {
        invalid_value(format!(
            "route table {table_id} and {what} {id} belong to different networks"
        ))
    };
    match member {
        "gatewayId" => {
            let gateway = call.get(INTERNET_GATEWAYS, &id);
            let missing = || {
                AwsError::new(
                    "InvalidGatewayID.NotFound",
                    format!("The gateway ID '{id}' does not exist"),
                )
            };
            if gateway.ok_or_else(missing)?.text("vpcId") != vpc {
                return Err(other_network("network gateway"));
            }
        }
        "natGatewayId" => {
            let found = call.get(NAT_GATEWAYS, &id);
            let found = found
                .filter(|nat| matches!(nat_gateway::state(call, nat), "pending" | "available"));
            let missing = || {
                AwsError::new(
                    "InvalidNatGatewayID.NotFound",
                    format!("The natGateway ID '{id}' does not exist"),
                )
            };
            if found.ok_or_else(missing)?.text("vpcId") != vpc {
                return Err(other_network("nat gateway"));
            }
        }
        "egressOnlyInternetGatewayId" => {
            let gateway = call.get(EGRESS_GATEWAYS, &id);
            let gateway = gateway.ok_or_else(|| not_found("egress-only-internet-gateway", &id))?;
            if gateway.text("vpcId") != vpc {
                return Err(other_network("egress-only gateway"));
            }
        }
        _ => {
            let interface = call.get(INTERFACES, &id);
            let interface = interface.ok_or_else(|| not_found("network-interface", &id))?;
            if interface.text("vpcId") != vpc {
                return Err(other_network("interface"));
            }
        }
    }
    Ok((member, id))
}

fn set_routes(call: &mut Call<'_>, table: &str, routes: Vec<Value>) {
    call.update(ROUTE_TABLES, table, |table| table.set("routes", routes));
}

pub(super) fn create_route(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("RouteTableId")?;
    let table = required(call, &id)?;
    let destination = destination(call)?;
    let (member, target) = target(call, &id, &table)?;
    fits(member, &destination)?;
    let (family, destination) = destination;
    let mut routes = table.list("routes").to_vec();
    if let Some(old) = routes.iter().find(|route| route.text(family) == destination) {
        // The same route again is answered with success.
        if old.text(member) == target {
            return Ok(json!({"return": true}));
        }
        return Err(AwsError::new(
            "RouteAlreadyExists",
            format!("The route identified by {destination} already exists."),
        ));
    }
    let mut route = json!({"origin": "CreateRoute"});
    route.set(family, destination);
    route.set(member, target);
    routes.push(route);
    set_routes(call, &id, routes);
    Ok(json!({"return": true}))
}

pub(super) fn replace_route(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("RouteTableId")?;
    let table = required(call, &id)?;
    let destination = destination(call)?;
    let (member, target) = target(call, &id, &table)?;
    fits(member, &destination)?;
    let (family, destination) = destination;
    let mut routes = table.list("routes").to_vec();
    let old = routes.iter_mut().find(|route| route.text(family) == destination);
    let old = old.ok_or_else(|| {
        invalid_value(format!(
            "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
        ))
    })?;
    if old.text("gatewayId") == "local" {
        return Err(AwsError::not_modelled("local AWS does not model replacing a local route"));
    }
    *old = json!({"origin": "CreateRoute"});
    old.set(family, destination);
    old.set(member, target);
    set_routes(call, &id, routes);
    Ok(Value::Null)
}

pub(super) fn delete_route(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("RouteTableId")?;
    let table = required(call, &id)?;
    let (family, destination) = destination(call)?;
    let mut routes = table.list("routes").to_vec();
    let at = routes.iter().position(|route| route.text(family) == destination);
    let at = at.ok_or_else(|| {
        AwsError::new(
            "InvalidRoute.NotFound",
            format!("no route with destination-cidr-block {destination} in route table {id}"),
        )
    })?;
    if routes[at].text("gatewayId") == "local" {
        return Err(invalid_value(format!(
            "cannot remove local route {destination} in route table {id}"
        )));
    }
    routes.remove(at);
    set_routes(call, &id, routes);
    Ok(Value::Null)
}
