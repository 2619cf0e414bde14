//! A VPC's way out by IPv6 that lets nothing in.

use aws_sdk_ec2::types::{Filter, ResourceType};
use serde::{Deserialize, Serialize};

use super::{VpcId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// An egress-only internet gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EgressOnlyInternetGateway {
    /// The VPC it is attached to.
    pub vpc: Input<VpcId>,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `eigw-0123…`.
    EgressOnlyInternetGatewayId,
}

outputs! { EgressOnlyInternetGateway => EgressOnlyInternetGatewayOutputs {
    /// The gateway's id.
    id: EgressOnlyInternetGatewayId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateEgressOnlyInternetGateway.ClientToken", "from the run and the address"),
    ("CreateEgressOnlyInternetGateway.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateEgressOnlyInternetGateway.DryRun", "a check, not a property"),
];

impl Spec for EgressOnlyInternetGateway {
    const KIND: &'static str = "ec2/egress-only-internet-gateway";
}

impl Resource for EgressOnlyInternetGateway {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("vpc")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = EgressOnlyInternetGatewayOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        if !shared::may_be_there(cx, query, "egress-only-internet-gateway").await? {
            return Ok(Found::default());
        }
        let gateways = list(cx, shared::owned(query)).await?;
        let owned = gateways.iter().filter_map(|gateway| {
            let (identity, tags) = shared::ownership(gateway.tags(), query)?;
            Some(to_live(gateway, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let kind = ResourceType::EgressOnlyInternetGateway;
        let made = cx
            .ec2
            .create_egress_only_internet_gateway()
            .client_token(identity.client_token())
            .vpc_id(self.vpc.get()?.0)
            .tag_specifications(shared::on_create(kind, identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateEgressOnlyInternetGateway", error))?;
        let id = made
            .egress_only_internet_gateway()
            .and_then(|gateway| gateway.egress_only_internet_gateway_id());
        let id = id.ok_or_else(|| shared::unnamed("ec2 CreateEgressOnlyInternetGateway"))?;
        Ok(Progress::done(EgressOnlyInternetGatewayOutputs { id: id.into() }))
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
        let call = cx.ec2.delete_egress_only_internet_gateway();
        let sent = call.egress_only_internet_gateway_id(id).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteEgressOnlyInternetGateway", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        // The API has no filter by id; one that is not there would fail the call, so all are listed.
        let gateways = list(cx, None).await?;
        let found = gateways.iter().find(|one| one.egress_only_internet_gateway_id() == Some(id));
        Ok(found.map(|gateway| {
            let make = |identity, tags| to_live(gateway, identity, tags);
            Existing::of(shared::from_sdk(gateway.tags()), wanted, make)
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
) -> Result<Vec<aws_sdk_ec2::types::EgressOnlyInternetGateway>, Failure> {
    let call = cx.ec2.describe_egress_only_internet_gateways().set_filters(filters);
    let found = call.max_results(255).into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeEgressOnlyInternetGateways", error))
}

fn to_live(
    gateway: &aws_sdk_ec2::types::EgressOnlyInternetGateway,
    identity: Identity,
    tags: Tags,
) -> Live<EgressOnlyInternetGateway> {
    let id = gateway.egress_only_internet_gateway_id().unwrap_or_default();
    let vpc = gateway.attachments().first().and_then(|attachment| attachment.vpc_id());
    Live {
        identity,
        spec: EgressOnlyInternetGateway { vpc: VpcId::from(vpc.unwrap_or_default()).into(), tags },
        outputs: EgressOnlyInternetGatewayOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}
