//! A VPC's way to the internet.

use aws_sdk_ec2::types::{AttachmentStatus, Filter, ResourceType};
use serde::{Deserialize, Serialize};

use super::{VpcId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// An internet gateway and its attachment to a VPC.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InternetGateway {
    /// The VPC it is attached to. `None` is how a half-made gateway looks: planners always name
    /// a VPC.
    pub vpc: Option<Input<VpcId>>,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `igw-0123…`.
    InternetGatewayId,
}

outputs! { InternetGateway => InternetGatewayOutputs {
    /// The gateway's id.
    id: InternetGatewayId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateInternetGateway.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateInternetGateway.DryRun", "a check, not a property"),
];

impl Spec for InternetGateway {
    const KIND: &'static str = "ec2/internet-gateway";
}

impl Resource for InternetGateway {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = InternetGatewayOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let gateways = list(cx, shared::owned(query)).await?;
        let owned = gateways.iter().filter_map(|gateway| {
            let (identity, tags) = shared::ownership(gateway.tags(), query)?;
            Some(to_live(gateway, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let tags = shared::on_create(ResourceType::InternetGateway, identity, &self.tags);
        let made = cx.ec2.create_internet_gateway().tag_specifications(tags).send().await;
        let made = made.map_err(|error| classify("ec2 CreateInternetGateway", error))?;
        let id = made.internet_gateway().and_then(|gateway| gateway.internet_gateway_id());
        let id = id.ok_or_else(|| shared::unnamed("ec2 CreateInternetGateway"))?;
        let id = InternetGatewayId::from(id);
        if let Some(vpc) = &self.vpc {
            attach(cx, &id, &vpc.get()?).await?;
        }
        Ok(Progress::done(InternetGatewayOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        if touches(changes, "vpc") {
            if let Some(vpc) = &live.spec.vpc {
                detach(cx, id, &vpc.get()?).await?;
            }
            if let Some(vpc) = &self.vpc {
                attach(cx, id, &vpc.get()?).await?;
            }
        }
        shared::retag(cx, id.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        if let Some(vpc) = &live.spec.vpc {
            detach(cx, id, &vpc.get()?).await?;
        }
        let sent = cx.ec2.delete_internet_gateway().internet_gateway_id(id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteInternetGateway", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let gateways = list(cx, shared::only("internet-gateway-id", id)).await?;
        Ok(gateways.iter().find(|one| one.internet_gateway_id() == Some(id)).map(|gateway| {
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
) -> Result<Vec<aws_sdk_ec2::types::InternetGateway>, Failure> {
    let pages = cx.ec2.describe_internet_gateways().set_filters(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeInternetGateways", error))
}

async fn attach(cx: &Cx, id: &InternetGatewayId, vpc: &VpcId) -> Result<(), Failure> {
    let call =
        cx.ec2.attach_internet_gateway().internet_gateway_id(id.as_str()).vpc_id(vpc.as_str());
    call.send().await.map_err(|error| classify("ec2 AttachInternetGateway", error))?;
    Ok(())
}

/// Detaches it; one that is not attached, or not there, is fine.
async fn detach(cx: &Cx, id: &InternetGatewayId, vpc: &VpcId) -> Result<(), Failure> {
    let call =
        cx.ec2.detach_internet_gateway().internet_gateway_id(id.as_str()).vpc_id(vpc.as_str());
    let sent = call.send().await.map_err(|error| classify("ec2 DetachInternetGateway", error));
    unless_gone(sent)?;
    Ok(())
}

fn to_live(
    gateway: &aws_sdk_ec2::types::InternetGateway,
    identity: Identity,
    tags: Tags,
) -> Live<InternetGateway> {
    let id = gateway.internet_gateway_id().unwrap_or_default();
    // EC2 says `available` where its documents say `attached`.
    let attachment = gateway.attachments().iter().find(|attachment| {
        !matches!(
            attachment.state(),
            Some(AttachmentStatus::Detached | AttachmentStatus::Detaching)
        )
    });
    let vpc = attachment.and_then(|attachment| attachment.vpc_id());
    Live {
        identity,
        spec: InternetGateway { vpc: vpc.map(|vpc| VpcId::from(vpc).into()), tags },
        outputs: InternetGatewayOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}
