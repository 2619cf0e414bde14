//! Route tables and their associations. Routes are in `route`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::errors::{dependency, invalid_value, not_found};
use super::list::{self, Listing};
use super::{ROUTE_TABLES, endpoint, ipv6, route, subnet, tag, vpc};
use crate::local::call::Call;
use crate::local::document::Document;
use crate::local::error::AwsError;

static LISTING: Listing = Listing {
    kind: "route-table",
    table: ROUTE_TABLES,
    ids: "RouteTableId",
    set: "routeTableSet",
    filters: &[
        ("association.gateway-id", "associationSet.gatewayId"),
        ("association.route-table-association-id", "associationSet.routeTableAssociationId"),
        ("association.route-table-id", "associationSet.routeTableId"),
        ("association.subnet-id", "associationSet.subnetId"),
        ("association.main", "associationSet.main"),
        ("owner-id", "ownerId"),
        ("route-table-id", "routeTableId"),
        ("route.destination-cidr-block", "routeSet.destinationCidrBlock"),
        ("route.destination-ipv6-cidr-block", "routeSet.destinationIpv6CidrBlock"),
        ("route.destination-prefix-list-id", "routeSet.destinationPrefixListId"),
        ("route.egress-only-internet-gateway-id", "routeSet.egressOnlyInternetGatewayId"),
        ("route.gateway-id", "routeSet.gatewayId"),
        ("route.nat-gateway-id", "routeSet.natGatewayId"),
        ("route.origin", "routeSet.origin"),
        ("route.state", "routeSet.state"),
        ("vpc-id", "vpcId"),
    ],
    most: 100,
    row,
};

fn row(call: &Call<'_>, id: &str, table: &Value) -> Value {
    let association = |association: &Value| {
        let mut row = json!({
            "routeTableAssociationId": association["id"],
            "routeTableId": id,
            "main": association.flag("main"),
            "associationState": {"state": "associated"},
        });
        if association.has("subnetId") {
            row.set("subnetId", association["subnetId"].clone());
        }
        row
    };
    let mut routes: Vec<Value> =
        table.list("routes").iter().map(|r| route::row(call, table, r)).collect();
    let vpc = vpc::required(call, table.text("vpcId"));
    let blocks = vpc.map(|vpc| ipv6::blocks(call, &vpc)).unwrap_or_default();
    routes.extend(blocks.into_iter().map(|block| {
        json!({
            "destinationIpv6CidrBlock": block.to_string(),
            "gatewayId": "local",
            "origin": "CreateRouteTable",
            "state": "active",
        })
    }));
    routes.extend(endpoint::routes(call, table.text("vpcId"), id));
    json!({
        "routeTableId": id,
        "vpcId": table["vpcId"],
        "ownerId": call.account,
        "routeSet": routes,
        "associationSet": table.list("associations").iter().map(association).collect::<Vec<_>>(),
        "propagatingVgwSet": [],
    })
}

pub(super) fn required(call: &Call<'_>, id: &str) -> Result<Arc<Value>, AwsError> {
    call.get(ROUTE_TABLES, id).ok_or_else(|| not_found("route-table", id))
}

/// Is this the table of subnets that have no association of their own?
pub(super) fn is_main(table: &Value) -> bool {
    table.list("associations").iter().any(|association| association.flag("main"))
}

fn document(vpc: &str, block: &str, associations: &Value) -> Value {
    json!({
        "vpcId": vpc,
        "routes": [{"destinationCidrBlock": block, "gatewayId": "local", "origin": "CreateRouteTable"}],
        "associations": associations,
    })
}

/// Makes the main table that a new VPC has.
pub(super) fn create_main(call: &mut Call<'_>, vpc: &str, block: &str) {
    let id = call.ids.resource("rtb");
    let association = json!([{"id": call.ids.resource("rtbassoc"), "main": true}]);
    call.put(ROUTE_TABLES, &id, document(vpc, block, &association));
}

pub(super) fn create_route_table(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let vpc_id = call.input.text("VpcId")?;
    let token = call.input.optional_text("ClientToken")?;
    let tags = tag::specified(call, "route-table")?;
    let vpc = vpc::required(call, &vpc_id)?;
    let token = token.filter(|token| !token.is_empty());
    let known = token.as_ref().and_then(|token| {
        let rows = call.scan(ROUTE_TABLES, "").into_iter();
        rows.into_iter().find(|(_, table)| table.text("clientToken") == token)
    });
    let id = match known {
        Some((_, table)) if table.text("vpcId") != vpc_id => {
            return Err(AwsError::new(
                "IdempotentParameterMismatch",
                "The client token was used with other parameters.",
            ));
        }
        Some((id, _)) => id,
        None => {
            let id = call.ids.resource("rtb");
            let mut document = document(&vpc_id, vpc.text("cidrBlock"), &json!([]));
            if let Some(token) = &token {
                document.set("clientToken", token.clone());
            }
            call.put(ROUTE_TABLES, &id, document);
            tag::put(call, "route-table", &id, tags)?;
            id
        }
    };
    let mut row = row(call, &id, &*required(call, &id)?);
    row.set("tagSet", tag::set_of(call, "route-table", &id));
    let mut output = json!({"routeTable": row});
    if let Some(token) = token {
        output.set("clientToken", token);
    }
    Ok(output)
}

pub(super) fn describe_route_tables(call: &mut Call<'_>) -> Result<Value, AwsError> {
    list::describe(call, &LISTING)
}

pub(super) fn delete_route_table(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("RouteTableId")?;
    let table = required(call, &id)?;
    if !table.list("associations").is_empty()
        || !endpoint::routes(call, table.text("vpcId"), &id).is_empty()
    {
        return Err(dependency(format!(
            "The routeTable '{id}' has dependencies and cannot be deleted."
        )));
    }
    call.delete(ROUTE_TABLES, &id);
    tag::forget(call, "route-table", &id);
    Ok(Value::Null)
}

pub(super) fn associate_route_table(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let id = call.input.text("RouteTableId")?;
    let subnet_id = call.input.text("SubnetId")?;
    let table = required(call, &id)?;
    let subnet = subnet::required(call, &subnet_id)?;
    if table.text("vpcId") != subnet.text("vpcId") {
        return Err(invalid_value(format!(
            "Route table {id} and subnet {subnet_id} belong to different networks"
        )));
    }
    for (other, table) in call.scan(ROUTE_TABLES, "") {
        let found = table.list("associations").iter().find(|a| a.text("subnetId") == subnet_id);
        if let Some(found) = found {
            // The same association again is answered as if it were made now.
            if other == id {
                return Ok(associated("associationId", found.text("id")));
            }
            return Err(AwsError::new(
                "Resource.AlreadyAssociated",
                format!(
                    "the specified association for route table {id} conflicts with an existing association"
                ),
            ));
        }
    }
    let association = call.ids.resource("rtbassoc");
    add(call, &id, json!({"id": association, "subnetId": subnet_id}));
    Ok(associated("associationId", &association))
}

pub(super) fn disassociate_route_table(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let association = call.input.text("AssociationId")?;
    let (table, found) = find(call, &association)?;
    if found.flag("main") {
        return Err(invalid_value(format!(
            "cannot disassociate the main route table association {association}"
        )));
    }
    remove(call, &table, &association);
    Ok(Value::Null)
}

pub(super) fn replace_route_table_association(call: &mut Call<'_>) -> Result<Value, AwsError> {
    let association = call.input.text("AssociationId")?;
    let to = call.input.text("RouteTableId")?;
    let target = required(call, &to)?;
    let (from, mut found) = find(call, &association)?;
    let source = required(call, &from)?;
    if source.text("vpcId") != target.text("vpcId") {
        return Err(invalid_value(format!(
            "route table {to} and association {association} belong to different networks"
        )));
    }
    remove(call, &from, &association);
    let id = call.ids.resource("rtbassoc");
    found.set("id", id.clone());
    add(call, &to, found);
    Ok(associated("newAssociationId", &id))
}

/// Drops the association of a subnet that is being deleted.
pub(super) fn forget_subnet(call: &mut Call<'_>, subnet: &str) {
    for (id, table) in call.scan(ROUTE_TABLES, "") {
        let found = table.list("associations").iter().find(|a| a.text("subnetId") == subnet);
        if let Some(found) = found {
            remove(call, &id, found.text("id"));
        }
    }
}

fn associated(member: &str, id: &str) -> Value {
    let mut output = json!({"associationState": {"state": "associated"}});
    output.set(member, id);
    output
}

fn find(call: &Call<'_>, association: &str) -> Result<(String, Value), AwsError> {
    for (id, table) in call.scan(ROUTE_TABLES, "") {
        let found = table.list("associations").iter().find(|a| a.text("id") == association);
        if let Some(found) = found {
            return Ok((id, found.clone()));
        }
    }
    Err(AwsError::new(
        "InvalidAssociationID.NotFound",
        format!("The association ID '{association}' does not exist"),
    ))
}

fn add(call: &mut Call<'_>, table: &str, association: Value) {
    call.update(ROUTE_TABLES, table, |table| {
        let mut associations = table.list("associations").to_vec();
        associations.push(association);
        table.set("associations", associations);
    });
}

fn remove(call: &mut Call<'_>, table: &str, association: &str) {
    call.update(ROUTE_TABLES, table, |table| {
        let mut associations = table.list("associations").to_vec();
        associations.retain(|a| a.text("id") != association);
        table.set("associations", associations);
    });
}
