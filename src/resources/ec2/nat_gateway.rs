//! The way out for what has no public address.

use aws_sdk_ec2::types::{ConnectivityType, Filter, NatGatewayState, ResourceType};
use serde::{Deserialize, Serialize};

use super::{AllocationId, SubnetId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// A NAT gateway in one zone.
///
/// A public one works only where its subnet has a route to the internet: order it after that
/// route table, and use [`Input::when_ready`] in routes through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NatGateway {
    /// The subnet it stands in; a public one for a public gateway.
    pub subnet: Input<SubnetId>,
    /// `public` or `private`.
    pub connectivity: String,
    /// Its public address; `None` for a private gateway.
    pub allocation: Option<Input<AllocationId>>,
    /// The user's own tags.
    pub tags: Tags,
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
    ("CreateNatGateway.AvailabilityMode", "regional gateways are not offered yet: always `zonal`"),
    ("CreateNatGateway.AvailabilityZoneAddresses", "of regional gateways only"),
    ("CreateNatGateway.VpcId", "of regional gateways only"),
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
            Rule::Immutable("subnet"),
            Rule::Immutable("connectivity"),
            Rule::Immutable("allocation"),
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
        let made = cx
            .ec2
            .create_nat_gateway()
            .client_token(identity.client_token())
            .subnet_id(self.subnet.get()?.0)
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
    let addresses = gateway.nat_gateway_addresses();
    let primary = addresses
        .iter()
        .find(|address| address.is_primary() == Some(true))
        .or_else(|| addresses.first());
    let allocation = primary.and_then(|address| address.allocation_id());
    let connectivity = gateway.connectivity_type().map_or("public", ConnectivityType::as_str);
    Live {
        identity,
        spec: NatGateway {
            subnet: SubnetId::from(gateway.subnet_id().unwrap_or_default()).into(),
            connectivity: connectivity.to_owned(),
            allocation: allocation.map(|allocation| AllocationId::from(allocation).into()),
            tags,
        },
        outputs: NatGatewayOutputs { id: id.into() },
        health: health(gateway),
        id: id.to_owned(),
    }
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
