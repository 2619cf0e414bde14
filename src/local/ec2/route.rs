//! Routes: IPv4 destinations to internet gateways, NAT gateways and network interfaces.

use serde_json::{Value, json};

use super::cidr::Cidr;
use super::errors::{invalid_value, not_found};
use super::network::INTERFACES;
use super::route_table::required;
use super::{INTERNET_GATEWAYS, NAT_GATEWAYS, ROUTE_TABLES, nat_gateway};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

/// Parameters that name a target, and the member that they become.
const TARGETS: [(&str, &str); 3] = [
    ("GatewayId", "gatewayId"),
    ("NatGatewayId", "natGatewayId"),
    ("NetworkInterfaceId", "networkInterfaceId"),
];

/// A route as it is described: a black hole if its target is gone.
pub(super) fn row(call: &Call<'_>, table: &Value, route: &Value) -> Value {
    let vpc = table.text("vpcId");
    let works = match (route.text("gatewayId"), route.text("natGatewayId")) {
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

fn destination(call: &Call<'_>) -> Result<String, AwsError> {
    let text = call.input.text("DestinationCidrBlock")?;
    let block: Cidr = text.parse().map_err(|()| {
        invalid_value(format!(
            "Value ({text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block."
        ))
    })?;
    Ok(block.to_string())
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
    let mut routes = table.list("routes").to_vec();
    if let Some(old) = routes.iter().find(|route| route.text("destinationCidrBlock") == destination)
    {
        // The same route again is answered with success.
        if old.text(member) == target {
            return Ok(json!({"return": true}));
        }
        return Err(AwsError::new(
            "RouteAlreadyExists",
            format!("The route identified by {destination} already exists."),
        ));
    }
    let mut route = json!({"destinationCidrBlock": destination, "origin": "CreateRoute"});
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
    let mut routes = table.list("routes").to_vec();
    let old = routes.iter_mut().find(|route| route.text("destinationCidrBlock") == destination);
    let old = old.ok_or_else(|| {
        invalid_value(format!(
            "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
        ))
    })?;
    if old.text("gatewayId") == "local" {
        return Err(AwsError::not_modelled("local AWS does not model replacing a local route"));
    }
    *old = json!({"destinationCidrBlock": destination, "origin": "CreateRoute"});
    old.set(member, target);
    set_routes(call, &id, routes);
    Ok(Value::Null)
}

pub(super) fn delete_route(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("RouteTableId")?;
    let table = required(call, &id)?;
    let destination = destination(call)?;
    let mut routes = table.list("routes").to_vec();
    let at = routes.iter().position(|route| route.text("destinationCidrBlock") == destination);
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
