//! The way out for what has no public address.

use aws_sdk_ec2::types::{
    AutoProvisionZonesState, AvailabilityMode, AvailabilityZoneAddress, ConnectivityType, Filter,
    NatGatewayState, ResourceType,
};
use serde::{Deserialize, Serialize};

use super::{AllocationId, SubnetId, VpcId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// A NAT gateway: in one zone, or of a whole VPC.
///
/// A public one in a zone works only where its subnet has a route to the internet: order it after that
/// route table. Use [`Input::when_ready`] in routes through either.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// `zonal`, or `regional`: in every zone of the VPC, and in no subnet.
    pub mode: String,
    /// A zonal one's subnet; a public one for a public gateway.
    pub subnet: Option<Input<SubnetId>>,
    /// A regional one's VPC.
    pub vpc: Option<Input<VpcId>>,
    /// `public` or `private`; regional ones are public.
    pub connectivity: String,
    /// A public zonal one's address.
    pub allocation: Option<Input<AllocationId>>,
    /// A regional one's zones and addresses. Empty: it follows the VPC's subnets, with addresses of Amazon's.
    pub zones: Vec<ZoneAddresses>,
    /// The user's own tags.
    pub tags: Tags,
}

/// The addresses of a regional gateway in one zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneAddresses {
    /// Availability zone by name.
    pub zone: String,
    /// One or more.
    pub allocations: Vec<Input<AllocationId>>,
}

impl NatGateway {
    /// A public gateway in a subnet, with this address.
    pub fn zonal(subnet: Input<SubnetId>, allocation: Input<AllocationId>, tags: Tags) -> Self {
        Self {
            mode: "zonal".to_owned(),
            subnet: Some(subnet),
            vpc: None,
            connectivity: "public".to_owned(),
            allocation: Some(allocation),
            zones: Vec::new(),
            tags,
        }
    }

    /// A gateway of the whole VPC, with addresses of Amazon's.
    pub fn regional(vpc: Input<VpcId>, tags: Tags) -> Self {
        Self {
            mode: "regional".to_owned(),
            subnet: None,
            vpc: Some(vpc),
            connectivity: "public".to_owned(),
            allocation: None,
            zones: Vec::new(),
            tags,
        }
    }
}

ids! {
    /// `nat-0123…`.
    NatGatewayId,
}

outputs! { NatGateway => NatGatewayOutputs {
    /// The gateway's id.
    id: NatGatewayId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateNatGateway.AvailabilityZoneAddresses[].AvailabilityZoneId", "zones are given by name"),
    ("CreateNatGateway.PrivateIpAddress", "EC2 chooses one in the subnet"),
    ("CreateNatGateway.SecondaryAllocationIds", "one address carries 55,000 connections a target"),
    ("CreateNatGateway.SecondaryPrivateIpAddresses", "one address is enough"),
    ("CreateNatGateway.SecondaryPrivateIpAddressCount", "one address is enough"),
    ("CreateNatGateway.ClientToken", "from the run and the address"),
    ("CreateNatGateway.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateNatGateway.DryRun", "a check, not a property"),
];

impl Spec for NatGateway {
    const KIND: &'static str = "ec2/nat-gateway";
}

impl Resource for NatGateway {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("mode"),
            Rule::Immutable("subnet"),
            Rule::Immutable("vpc"),
            Rule::Immutable("connectivity"),
            Rule::Immutable("allocation"),
            Rule::Immutable("zones"),
        ],
        observe_after: &[],
        // Not after route tables as a kind: the private ones need the gateway.
        order_after: &["ec2/internet-gateway"],
        // Two cannot share an address.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(90, 5, 900),
    };

    type Outputs = NatGatewayOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let gateways = list(cx, shared::owned(query)).await?;
        let owned = gateways.iter().filter_map(|gateway| {
            let (identity, tags) = shared::ownership(gateway.tags(), query)?;
            Some(to_live(gateway, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let allocation = self.allocation.as_ref().map(Input::get).transpose()?;
        let subnet = self.subnet.as_ref().map(Input::get).transpose()?;
        let vpc = self.vpc.as_ref().map(Input::get).transpose()?;
        let zones: Vec<_> = self.zones.iter().map(to_sdk).collect::<Result<_, _>>()?;
        let made = cx
            .ec2
            .create_nat_gateway()
            .client_token(identity.client_token())
            .availability_mode(AvailabilityMode::from(self.mode.as_str()))
            .set_subnet_id(subnet.map(|subnet| subnet.0))
            .set_vpc_id(vpc.map(|vpc| vpc.0))
            .set_availability_zone_addresses((!zones.is_empty()).then_some(zones))
            .connectivity_type(ConnectivityType::from(self.connectivity.as_str()))
            .set_allocation_id(allocation.map(|allocation| allocation.0))
            .tag_specifications(shared::on_create(ResourceType::Natgateway, identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateNatGateway", error))?;
        let id = made.nat_gateway().and_then(|gateway| gateway.nat_gateway_id());
        let id = id.ok_or_else(|| shared::unnamed("ec2 CreateNatGateway"))?.into();
        Ok(Progress::done(NatGatewayOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent = cx.ec2.delete_nat_gateway().nat_gateway_id(id).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteNatGateway", error)))?;
        Ok(Progress::deleted())
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        // By filter: an id that is gone would fail the whole call.
        let ids = waiting.iter().map(|one| one.outputs.id.as_str());
        let gateways = describe(cx, Some(vec![shared::filter("nat-gateway-id", ids)])).await?;
        let look = |one: &Waiting<Self>| {
            let found = gateways
                .iter()
                .find(|gateway| gateway.nat_gateway_id() == Some(one.outputs.id.as_str()));
            match found {
                Some(gateway) => health(gateway),
                None if one.deleting => Health::Gone,
                None => Health::Pending("not visible yet".to_owned()),
            }
        };
        Ok(waiting.iter().map(look).collect())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let gateways = list(cx, shared::only("nat-gateway-id", id)).await?;
        Ok(gateways.iter().find(|one| one.nat_gateway_id() == Some(id)).map(|gateway| {
            let make = |identity, tags| to_live(gateway, identity, tags);
            Existing::of(shared::from_sdk(gateway.tags()), wanted, make)
        }))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }
}

fn to_sdk(one: &ZoneAddresses) -> Result<AvailabilityZoneAddress, Failure> {
    let allocations = one.allocations.iter().map(|it| Ok(it.get()?.0));
    Ok(AvailabilityZoneAddress::builder()
        .availability_zone(&one.zone)
        .set_allocation_ids(Some(allocations.collect::<Result<_, Failure>>()?))
        .build())
}

/// What a filter lets through and is not on its way out: EC2 shows deleted gateways for about an hour.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::NatGateway>, Failure> {
    let going = [Some(&NatGatewayState::Deleting), Some(&NatGatewayState::Deleted)];
    let mut gateways = describe(cx, filters).await?;
    gateways.retain(|gateway| !going.contains(&gateway.state()));
    Ok(gateways)
}

/// What a filter lets through.
async fn describe(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::NatGateway>, Failure> {
    let pages = cx.ec2.describe_nat_gateways().set_filter(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeNatGateways", error))
}

fn health(gateway: &aws_sdk_ec2::types::NatGateway) -> Health {
    match gateway.state() {
        Some(NatGatewayState::Available) => Health::Ready,
        Some(NatGatewayState::Pending) => Health::Pending("pending".to_owned()),
        Some(NatGatewayState::Deleting) => Health::Pending("deleting".to_owned()),
        Some(NatGatewayState::Deleted) => Health::Gone,
        Some(NatGatewayState::Failed) => {
            let message = gateway.failure_message().unwrap_or("EC2 does not say why");
            Health::Failed(message.to_owned())
        }
        Some(other) => Health::Pending(other.as_str().to_owned()),
        // An emulator without states.
        None => Health::Ready,
    }
}

fn to_live(
    gateway: &aws_sdk_ec2::types::NatGateway,
    identity: Identity,
    tags: Tags,
) -> Live<NatGateway> {
    let id = gateway.nat_gateway_id().unwrap_or_default();
    let regional = gateway.availability_mode() == Some(&AvailabilityMode::Regional);
    let connectivity = gateway.connectivity_type().map_or("public", ConnectivityType::as_str);
    let subnet = gateway.subnet_id().filter(|_| !regional);
    let vpc = gateway.vpc_id().filter(|_| regional);
    Live {
        identity,
        spec: NatGateway {
            mode: if regional { "regional" } else { "zonal" }.to_owned(),
            subnet: subnet.map(|subnet| SubnetId::from(subnet).into()),
            vpc: vpc.map(|vpc| VpcId::from(vpc).into()),
            connectivity: connectivity.to_owned(),
            allocation: if regional { None } else { primary(gateway) },
            zones: if regional { zones(gateway) } else { Vec::new() },
            tags,
        },
        outputs: NatGatewayOutputs { id: id.into() },
        health: health(gateway),
        id: id.to_owned(),
    }
}

/// The address that a zonal gateway was made with.
fn primary(gateway: &aws_sdk_ec2::types::NatGateway) -> Option<Input<AllocationId>> {
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses
        .iter()
        .find(|address| address.is_primary() == Some(true))
        .or_else(|| addresses.first());
    Some(AllocationId::from(primary?.allocation_id()?).into())
}

/// What a regional gateway was told; nothing where it finds zones and addresses itself.
fn zones(gateway: &aws_sdk_ec2::types::NatGateway) -> Vec<ZoneAddresses> {
    if gateway.auto_provision_zones() != Some(&AutoProvisionZonesState::Disabled) {
        return Vec::new();
    }
    let mut zones: Vec<ZoneAddresses> = Vec::new();
    for address in gateway.nat_gateway_addresses() {
        let (Some(zone), Some(allocation)) = (address.availability_zone(), address.allocation_id())
        else {
            continue;
        };
        let allocation = Input::Known(AllocationId::from(allocation));
        match zones.iter_mut().find(|one| one.zone == zone) {
            Some(one) => one.allocations.push(allocation),
            None => {
                zones.push(ZoneAddresses { zone: zone.to_owned(), allocations: vec![allocation] })
            }
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::NatGateway as Api;

    use super::*;

    #[test]
    fn each_state_says_what_is_waited_for() {
        let state = |state| health(&Api::builder().state(state).build());
        assert_eq!(state(NatGatewayState::Available), Health::Ready);
        assert_eq!(state(NatGatewayState::Pending), Health::Pending("pending".into()));
        assert_eq!(state(NatGatewayState::Deleting), Health::Pending("deleting".into()));
        assert_eq!(state(NatGatewayState::Deleted), Health::Gone);
        let failed = Api::builder().state(NatGatewayState::Failed);
        let why = "Network vpc-1 has no Internet gateway attached";
        assert_eq!(health(&failed.failure_message(why).build()), Health::Failed(why.into()));
    }
}
