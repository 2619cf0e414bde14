//! Where a VPC's traffic goes: routes, and the subnets that follow them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{Filter, ResourceType, RouteOrigin, RouteTableAssociationStateCode};
use serde::{Deserialize, Serialize};

use super::{
    EgressOnlyInternetGatewayId, InternetGatewayId, NatGatewayId, SubnetId, VpcId, shared,
};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A route table with its routes and associations.
///
/// Routes that EC2 makes (the VPC's own, propagated ones) and routes to anything but internet,
/// egress-only and NAT gateways (peerings, endpoints, transit gateways) are not part of the document and
/// are left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RouteTable {
    /// The VPC it is part of.
    pub vpc: Input<VpcId>,
    /// The routes, one per destination, sorted by it.
    pub routes: Vec<Route>,
    /// The subnets that follow this table, sorted.
    pub subnets: Vec<Input<SubnetId>>,
    /// The user's own tags.
    pub tags: Tags,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// IPv4 or IPv6 block in canonical form: `0.0.0.0/0`.
    pub destination: String,
    /// Where it leads.
    pub target: RouteTarget,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteTarget {
    /// Straight to the internet.
    InternetGateway(Input<InternetGatewayId>),
    /// Through address translation; waits until it works: [`Input::when_ready`].
    NatGateway(Input<NatGatewayId>),
    /// To the internet by IPv6, and nothing back in.
    EgressOnlyInternetGateway(Input<EgressOnlyInternetGatewayId>),
}

ids! {
    /// `rtb-0123…`.
    RouteTableId,
}

outputs! { RouteTable => RouteTableOutputs {
    /// The table's id.
    id: RouteTableId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateRouteTable.ClientToken", "from the run and the address"),
    ("CreateRouteTable.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateRouteTable.DryRun", "a check, not a property"),
    ("CreateRoute.RouteTableId", "names the table"),
    ("CreateRoute.DestinationPrefixListId", "left alone: gateway endpoints write such routes"),
    ("CreateRoute.VpcEndpointId", "a target that is left alone"),
    ("CreateRoute.TransitGatewayId", "a target that is left alone"),
    ("CreateRoute.LocalGatewayId", "a target that is left alone"),
    ("CreateRoute.CarrierGatewayId", "a target that is left alone"),
    ("CreateRoute.CoreNetworkArn", "a target that is left alone"),
    ("CreateRoute.OdbNetworkArn", "a target that is left alone"),
    ("CreateRoute.InstanceId", "a target that is left alone"),
    ("CreateRoute.NetworkInterfaceId", "a target that is left alone"),
    ("CreateRoute.VpcPeeringConnectionId", "a target that is left alone"),
    ("CreateRoute.DryRun", "a check, not a property"),
    ("AssociateRouteTable.RouteTableId", "names the table"),
    ("AssociateRouteTable.GatewayId", "edge associations are not offered"),
    ("AssociateRouteTable.PublicIpv4Pool", "edge associations are not offered"),
    ("AssociateRouteTable.DryRun", "a check, not a property"),
];

impl Spec for RouteTable {
    const KIND: &'static str = "ec2/route-table";
}

impl Resource for RouteTable {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("vpc"), Rule::Unordered("routes"), Rule::Unordered("subnets")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = RouteTableOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let tables = list(cx, shared::owned(query)).await?;
        let owned = tables.iter().filter_map(|table| {
            let (identity, tags) = shared::ownership(table.tags(), query)?;
            Some(to_live(table, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let made = cx
            .ec2
            .create_route_table()
            .client_token(identity.client_token())
            .vpc_id(self.vpc.get()?.0)
            .tag_specifications(shared::on_create(ResourceType::RouteTable, identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateRouteTable", error))?;
        let id = made.route_table().and_then(|table| table.route_table_id());
        let id = RouteTableId::from(id.ok_or_else(|| shared::unnamed("ec2 CreateRouteTable"))?);
        put_routes(cx, &id, &[], &self.routes).await?;
        associate(cx, &id, &subnet_ids(&self.subnets)?).await?;
        Ok(Progress::done(RouteTableOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        if touches(changes, "routes") {
            put_routes(cx, id, &live.spec.routes, &self.routes).await?;
        }
        if touches(changes, "subnets") {
            let (before, after) = (subnet_ids(&live.spec.subnets)?, subnet_ids(&self.subnets)?);
            associate(cx, id, &after.difference(&before).cloned().collect()).await?;
            disassociate(cx, id, &before.difference(&after).cloned().collect()).await?;
        }
        shared::retag(cx, id.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        disassociate(cx, id, &subnet_ids(&live.spec.subnets)?).await?;
        let sent = cx.ec2.delete_route_table().route_table_id(id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteRouteTable", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let tables = list(cx, shared::only("route-table-id", id)).await?;
        Ok(tables.iter().find(|one| one.route_table_id() == Some(id)).map(|table| {
            let make = |identity, tags| to_live(table, identity, tags);
            Existing::of(shared::from_sdk(table.tags()), wanted, make)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }
}

/// What a filter lets through.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::RouteTable>, Failure> {
    let pages = cx.ec2.describe_route_tables().set_filters(filters).max_results(100);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeRouteTables", error))
}

fn subnet_ids(subnets: &[Input<SubnetId>]) -> Result<BTreeSet<SubnetId>, Failure> {
    subnets.iter().map(Input::get).collect()
}

/// Makes the routes of `live` those of `desired`; what is in neither is not touched.
async fn put_routes(
    cx: &Cx,
    id: &RouteTableId,
    live: &[Route],
    desired: &[Route],
) -> Result<(), Failure> {
    let by_destination = |routes: &[Route]| -> BTreeMap<String, RouteTarget> {
        routes.iter().map(|route| (route.destination.clone(), route.target.clone())).collect()
    };
    let (live, desired) = (by_destination(live), by_destination(desired));
    for (destination, target) in &desired {
        match live.get(destination) {
            Some(there) if there == target => {}
            Some(_) => replace_route(cx, id, destination, target).await?,
            None => create_route(cx, id, destination, target).await?,
        }
    }
    for destination in live.keys().filter(|destination| !desired.contains_key(*destination)) {
        delete_route(cx, id, destination).await?;
    }
    Ok(())
}

/// A destination as the request takes it: the IPv4 block or the IPv6 block.
fn blocks(destination: &str) -> (Option<String>, Option<String>) {
    let block = Some(destination.to_owned());
    if destination.contains(':') { (None, block) } else { (block, None) }
}

/// A target as the request takes it: one of three members.
#[derive(Default)]
struct Gateways {
    internet: Option<String>,
    nat: Option<String>,
    egress: Option<String>,
}

fn gateways(target: &RouteTarget) -> Result<Gateways, Failure> {
    let none = Gateways::default();
    Ok(match target {
        RouteTarget::InternetGateway(id) => Gateways { internet: Some(id.get()?.0), ..none },
        RouteTarget::NatGateway(id) => Gateways { nat: Some(id.get()?.0), ..none },
        RouteTarget::EgressOnlyInternetGateway(id) => {
            Gateways { egress: Some(id.get()?.0), ..none }
        }
    })
}

async fn create_route(
    cx: &Cx,
    id: &RouteTableId,
    destination: &str,
    target: &RouteTarget,
) -> Result<(), Failure> {
    let (v4, v6) = blocks(destination);
    let target = gateways(target)?;
    let call = cx
        .ec2
        .create_route()
        .route_table_id(id.as_str())
        .set_destination_cidr_block(v4)
        .set_destination_ipv6_cidr_block(v6)
        .set_gateway_id(target.internet)
        .set_nat_gateway_id(target.nat)
        .set_egress_only_internet_gateway_id(target.egress);
    match call.send().await.map_err(|error| classify("ec2 CreateRoute", error)) {
        Err(failure) if failure.class == Class::AlreadyExists => Err(failure.with_hint(format!(
            "`{id}` already leads `{destination}` to something that is not shipit's: \
             remove that route, or the one in the manifest"
        ))),
        other => other.map(|_| ()),
    }
}

async fn replace_route(
    cx: &Cx,
    id: &RouteTableId,
    destination: &str,
    target: &RouteTarget,
) -> Result<(), Failure> {
    let (v4, v6) = blocks(destination);
    let target = gateways(target)?;
    let call = cx
        .ec2
        .replace_route()
        .route_table_id(id.as_str())
        .set_destination_cidr_block(v4)
        .set_destination_ipv6_cidr_block(v6)
        .set_gateway_id(target.internet)
        .set_nat_gateway_id(target.nat)
        .set_egress_only_internet_gateway_id(target.egress);
    call.send().await.map_err(|error| classify("ec2 ReplaceRoute", error))?;
    Ok(())
}

async fn delete_route(cx: &Cx, id: &RouteTableId, destination: &str) -> Result<(), Failure> {
    let (v4, v6) = blocks(destination);
    let call = cx
        .ec2
        .delete_route()
        .route_table_id(id.as_str())
        .set_destination_cidr_block(v4)
        .set_destination_ipv6_cidr_block(v6);
    unless_gone(call.send().await.map_err(|error| classify("ec2 DeleteRoute", error)))?;
    Ok(())
}

/// Which table each of the subnets follows, if any: association and table by subnet.
async fn associations(
    cx: &Cx,
    subnets: &BTreeSet<SubnetId>,
) -> Result<BTreeMap<SubnetId, (String, String)>, Failure> {
    let ids = subnets.iter().map(SubnetId::as_str);
    let pages = cx
        .ec2
        .describe_route_tables()
        .filters(shared::filter("association.subnet-id", ids))
        .max_results(100);
    let tables: Vec<_> = pages
        .into_paginator()
        .items()
        .send()
        .try_collect()
        .await
        .map_err(|error| classify("ec2 DescribeRouteTables", error))?;
    let all = tables.iter().flat_map(|table| table.associations()).filter(|one| associated(one));
    Ok(all
        .filter_map(|one| {
            let subnet = SubnetId::from(one.subnet_id()?);
            let association = one.route_table_association_id()?.to_owned();
            Some((subnet, (association, one.route_table_id()?.to_owned())))
        })
        .filter(|(subnet, _)| subnets.contains(subnet))
        .collect())
}

/// Makes the subnets follow this table. One that follows another is moved, so that it is never
/// without routes; only a refusal tells that it does, which spares a look in the usual case.
async fn associate(
    cx: &Cx,
    id: &RouteTableId,
    subnets: &BTreeSet<SubnetId>,
) -> Result<(), Failure> {
    for subnet in subnets {
        let call =
            cx.ec2.associate_route_table().route_table_id(id.as_str()).subnet_id(subnet.as_str());
        let sent = call.send().await.map_err(|error| classify("ec2 AssociateRouteTable", error));
        match sent {
            Ok(_) => {}
            Err(failure) if failure.class == Class::AlreadyExists => {
                take_over(cx, id, subnet, failure).await?;
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

async fn take_over(
    cx: &Cx,
    id: &RouteTableId,
    subnet: &SubnetId,
    refused: Failure,
) -> Result<(), Failure> {
    let found = associations(cx, &BTreeSet::from([subnet.clone()])).await?;
    let Some((association, table)) = found.get(subnet) else { return Err(refused) };
    if table == id.as_str() {
        return Ok(());
    }
    let call = cx
        .ec2
        .replace_route_table_association()
        .association_id(association)
        .route_table_id(id.as_str());
    call.send().await.map_err(|error| classify("ec2 ReplaceRouteTableAssociation", error))?;
    Ok(())
}

/// Makes those of the subnets that follow this table follow the VPC's main one.
async fn disassociate(
    cx: &Cx,
    id: &RouteTableId,
    subnets: &BTreeSet<SubnetId>,
) -> Result<(), Failure> {
    if subnets.is_empty() {
        return Ok(());
    }
    let found = associations(cx, subnets).await?;
    for (association, _) in found.values().filter(|(_, table)| table == id.as_str()) {
        let sent = cx.ec2.disassociate_route_table().association_id(association).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DisassociateRouteTable", error)))?;
    }
    Ok(())
}

fn associated(association: &aws_sdk_ec2::types::RouteTableAssociation) -> bool {
    let state = association.association_state().and_then(|state| state.state());
    !matches!(
        state,
        Some(
            RouteTableAssociationStateCode::Disassociating
                | RouteTableAssociationStateCode::Disassociated
                | RouteTableAssociationStateCode::Failed
        )
    )
}

fn to_live(
    table: &aws_sdk_ec2::types::RouteTable,
    identity: Identity,
    tags: Tags,
) -> Live<RouteTable> {
    let id = table.route_table_id().unwrap_or_default();
    let mut routes: Vec<Route> = table.routes().iter().filter_map(to_route).collect();
    routes.sort_by(|a, b| a.destination.cmp(&b.destination));
    let subnets: BTreeSet<SubnetId> = table
        .associations()
        .iter()
        .filter(|association| associated(association))
        .filter_map(|association| association.subnet_id().map(SubnetId::from))
        .collect();
    Live {
        identity,
        spec: RouteTable {
            vpc: VpcId::from(table.vpc_id().unwrap_or_default()).into(),
            routes,
            subnets: subnets.into_iter().map(Input::Known).collect(),
            tags,
        },
        outputs: RouteTableOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}

/// A route to an internet, egress-only or NAT gateway; `None` for all that is left alone.
fn to_route(route: &aws_sdk_ec2::types::Route) -> Option<Route> {
    if !matches!(route.origin(), None | Some(RouteOrigin::CreateRoute)) {
        return None;
    }
    let destination = route.destination_cidr_block().or(route.destination_ipv6_cidr_block())?;
    if let Some(id) = route.egress_only_internet_gateway_id() {
        let target =
            RouteTarget::EgressOnlyInternetGateway(EgressOnlyInternetGatewayId::from(id).into());
        return Some(Route { destination: destination.to_owned(), target });
    }
    let target = match (route.gateway_id(), route.nat_gateway_id()) {
        (Some(id), _) if id.starts_with("igw-") => {
            RouteTarget::InternetGateway(InternetGatewayId::from(id).into())
        }
        (_, Some(id)) => RouteTarget::NatGateway(NatGatewayId::from(id).into()),
        _ => return None,
    };
    Some(Route { destination: destination.to_owned(), target })
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{Route as Api, RouteState};

    use super::*;

    #[test]
    fn only_routes_through_gateways_that_somebody_made_are_ours() {
        let to = |destination: &str| {
            Api::builder().origin(RouteOrigin::CreateRoute).destination_cidr_block(destination)
        };
        let routes = [
            to("10.0.0.0/16").gateway_id("local").origin(RouteOrigin::CreateRouteTable),
            to("10.8.0.0/16").gateway_id("vgw-1").origin(RouteOrigin::EnableVgwRoutePropagation),
            to("10.9.0.0/16").vpc_peering_connection_id("pcx-1"),
            to("10.10.0.0/16").transit_gateway_id("tgw-1"),
            to("10.11.0.0/16").network_interface_id("eni-1"),
            Api::builder().destination_prefix_list_id("pl-1").gateway_id("vpce-1"),
            // The NAT gateway is gone: still ours, to be led elsewhere.
            to("0.0.0.0/0").nat_gateway_id("nat-1").state(RouteState::Blackhole),
            Api::builder().destination_ipv6_cidr_block("::/0").gateway_id("igw-1"),
        ];
        let ours: Vec<Route> =
            routes.into_iter().filter_map(|route| to_route(&route.build())).collect();
        let nat = RouteTarget::NatGateway(NatGatewayId::from("nat-1").into());
        let internet = RouteTarget::InternetGateway(InternetGatewayId::from("igw-1").into());
        assert_eq!(
            ours,
            [
                Route { destination: "0.0.0.0/0".into(), target: nat },
                Route { destination: "::/0".into(), target: internet },
            ]
        );
    }
}
