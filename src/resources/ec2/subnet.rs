//! A subnet of a VPC.

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType};
use serde::{Deserialize, Serialize};

use super::{VpcId, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A subnet with one IPv4 block in one zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subnet {
    /// The VPC it is part of.
    pub vpc: Input<VpcId>,
    /// IPv4 block within the VPC's, in canonical form: `10.0.0.0/24`.
    pub cidr: String,
    /// Availability zone by name: `eu-west-1a`.
    pub zone: String,
    /// Whether what starts here gets a public address unless it says otherwise.
    pub map_public_ip: bool,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `subnet-0123…`.
    SubnetId,
}

outputs! { Subnet => SubnetOutputs {
    /// The subnet's id.
    id: SubnetId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateSubnet.AvailabilityZoneId", "the zone is given by name: `zone`"),
    ("CreateSubnet.Ipv6CidrBlock", "IPv6 networks are not offered yet"),
    ("CreateSubnet.Ipv6Native", "IPv6 networks are not offered yet"),
    ("CreateSubnet.Ipv6IpamPoolId", "IPv6 networks are not offered yet"),
    ("CreateSubnet.Ipv6NetmaskLength", "IPv6 networks are not offered yet"),
    ("CreateSubnet.Ipv4IpamPoolId", "the block is given, not drawn from a pool"),
    ("CreateSubnet.Ipv4NetmaskLength", "the block is given, not drawn from a pool"),
    ("CreateSubnet.OutpostArn", "Outposts are not offered"),
    ("CreateSubnet.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateSubnet.DryRun", "a check, not a property"),
    ("ModifySubnetAttribute.SubnetId", "names the subnet"),
    ("ModifySubnetAttribute.AssignIpv6AddressOnCreation", "IPv6 networks are not offered yet"),
    ("ModifySubnetAttribute.EnableDns64", "IPv6 networks are not offered yet"),
    ("ModifySubnetAttribute.MapCustomerOwnedIpOnLaunch", "Outposts are not offered"),
    ("ModifySubnetAttribute.CustomerOwnedIpv4Pool", "Outposts are not offered"),
    ("ModifySubnetAttribute.EnableLniAtDeviceIndex", "Outposts are not offered"),
    ("ModifySubnetAttribute.DisableLniAtDeviceIndex", "Outposts are not offered"),
    ("ModifySubnetAttribute.PrivateDnsHostnameTypeOnLaunch", "about EC2 instances only"),
    ("ModifySubnetAttribute.EnableResourceNameDnsARecordOnLaunch", "about EC2 instances only"),
    ("ModifySubnetAttribute.EnableResourceNameDnsAAAARecordOnLaunch", "about EC2 instances only"),
];

impl Spec for Subnet {
    const KIND: &'static str = "ec2/subnet";
}

impl Resource for Subnet {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("vpc"), Rule::Immutable("cidr"), Rule::Immutable("zone")],
        observe_after: &[],
        order_after: &[],
        // The new block may overlap the old one.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = SubnetOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let subnets = list(cx, shared::owned(query)).await?;
        let owned = subnets.iter().filter_map(|subnet| {
            let (identity, tags) = shared::ownership(subnet.tags(), query)?;
            Some(to_live(subnet, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let made = cx
            .ec2
            .create_subnet()
            .vpc_id(self.vpc.get()?.0)
            .cidr_block(&self.cidr)
            .availability_zone(&self.zone)
            .tag_specifications(shared::on_create(ResourceType::Subnet, identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateSubnet", error))?;
        let id = made.subnet().and_then(|subnet| subnet.subnet_id());
        let id = SubnetId::from(id.ok_or_else(|| shared::unnamed("ec2 CreateSubnet"))?);
        if self.map_public_ip {
            set_map_public_ip(cx, &id, true).await?;
        }
        Ok(Progress::done(SubnetOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        if touches(changes, "map_public_ip") {
            set_map_public_ip(cx, id, self.map_public_ip).await?;
        }
        shared::retag(cx, id.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.ec2.delete_subnet().subnet_id(live.outputs.id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteSubnet", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let subnets = list(cx, shared::only("subnet-id", id)).await?;
        Ok(subnets.iter().find(|one| one.subnet_id() == Some(id)).map(|subnet| {
            let make = |identity, tags| to_live(subnet, identity, tags);
            Existing::of(shared::from_sdk(subnet.tags()), wanted, make)
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
) -> Result<Vec<aws_sdk_ec2::types::Subnet>, Failure> {
    let pages = cx.ec2.describe_subnets().set_filters(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeSubnets", error))
}

async fn set_map_public_ip(cx: &Cx, id: &SubnetId, on: bool) -> Result<(), Failure> {
    let on = AttributeBooleanValue::builder().value(on).build();
    let call = cx.ec2.modify_subnet_attribute().subnet_id(id.as_str()).map_public_ip_on_launch(on);
    call.send().await.map_err(|error| classify("ec2 ModifySubnetAttribute", error))?;
    Ok(())
}

fn to_live(subnet: &aws_sdk_ec2::types::Subnet, identity: Identity, tags: Tags) -> Live<Subnet> {
    let id = subnet.subnet_id().unwrap_or_default();
    Live {
        identity,
        spec: Subnet {
            vpc: VpcId::from(subnet.vpc_id().unwrap_or_default()).into(),
            cidr: subnet.cidr_block().unwrap_or_default().to_owned(),
            zone: subnet.availability_zone().unwrap_or_default().to_owned(),
            map_public_ip: subnet.map_public_ip_on_launch().unwrap_or_default(),
            tags,
        },
        outputs: SubnetOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}
