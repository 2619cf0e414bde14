//! A subnet of a VPC.

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType};
use serde::{Deserialize, Serialize};

use super::{VpcId, cidr, shared, vpc};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A subnet in one zone, with one IPv4 block, and one IPv6 block where its VPC has one.
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
    /// Which /64 of the VPC's IPv6 block (a /56) is its own; `None` for IPv4 alone. The VPC must have its
    /// block: [`Input::when_ready`].
    pub ipv6: Option<u8>,
    /// Whether what starts here gets an IPv6 address unless it says otherwise.
    pub assign_ipv6: bool,
    /// Whether names that have IPv4 addresses alone resolve to IPv6 ones (through NAT64).
    pub dns64: bool,
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
    ("CreateSubnet.Ipv6CidrBlock", "`ipv6` says which part of the VPC's block"),
    ("CreateSubnet.Ipv6Native", "subnets have IPv4 addresses, too"),
    ("CreateSubnet.Ipv6IpamPoolId", "the block is the VPC's, not drawn from a pool"),
    ("CreateSubnet.Ipv6NetmaskLength", "the block is the VPC's, not drawn from a pool"),
    ("AssociateSubnetCidrBlock.SubnetId", "names the subnet"),
    ("AssociateSubnetCidrBlock.Ipv6CidrBlock", "`ipv6` says which part of the VPC's block"),
    ("AssociateSubnetCidrBlock.Ipv6IpamPoolId", "the block is the VPC's, not drawn from a pool"),
    ("AssociateSubnetCidrBlock.Ipv6NetmaskLength", "the block is the VPC's, not drawn from a pool"),
    ("CreateSubnet.Ipv4IpamPoolId", "the block is given, not drawn from a pool"),
    ("CreateSubnet.Ipv4NetmaskLength", "the block is given, not drawn from a pool"),
    ("CreateSubnet.OutpostArn", "Outposts are not offered"),
    ("CreateSubnet.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateSubnet.DryRun", "a check, not a property"),
    ("ModifySubnetAttribute.SubnetId", "names the subnet"),
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
        let vpc = self.vpc.get()?;
        let block = match self.ipv6 {
            Some(part) => Some(part_of(cx, &vpc, part).await?),
            None => None,
        };
        let made = cx
            .ec2
            .create_subnet()
            .vpc_id(vpc.0)
            .set_ipv6_cidr_block(block)
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
        if self.assign_ipv6 {
            set_assign_ipv6(cx, &id, true).await?;
        }
        if self.dns64 {
            set_dns64(cx, &id, true).await?;
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
        // Both need the block: off before it goes, on after it came.
        let moved = touches(changes, "ipv6");
        let (assigns, dns64) = (live.spec.assign_ipv6, live.spec.dns64);
        if assigns && (moved || !self.assign_ipv6) {
            set_assign_ipv6(cx, id, false).await?;
        }
        if dns64 && (moved || !self.dns64) {
            set_dns64(cx, id, false).await?;
        }
        if moved {
            put_block(cx, id, &self.vpc.get()?, self.ipv6).await?;
        }
        if self.assign_ipv6 && (moved || !assigns) {
            set_assign_ipv6(cx, id, true).await?;
        }
        if self.dns64 && (moved || !dns64) {
            set_dns64(cx, id, true).await?;
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

async fn set_assign_ipv6(cx: &Cx, id: &SubnetId, on: bool) -> Result<(), Failure> {
    let on = AttributeBooleanValue::builder().value(on).build();
    let call = cx.ec2.modify_subnet_attribute().subnet_id(id.as_str());
    let sent = call.assign_ipv6_address_on_creation(on).send().await;
    sent.map_err(|error| classify("ec2 ModifySubnetAttribute", error))?;
    Ok(())
}

async fn set_dns64(cx: &Cx, id: &SubnetId, on: bool) -> Result<(), Failure> {
    let on = AttributeBooleanValue::builder().value(on).build();
    let call = cx.ec2.modify_subnet_attribute().subnet_id(id.as_str()).enable_dns64(on);
    call.send().await.map_err(|error| classify("ec2 ModifySubnetAttribute", error))?;
    Ok(())
}

/// A /64 of the VPC's block, by number.
async fn part_of(cx: &Cx, vpc: &VpcId, part: u8) -> Result<String, Failure> {
    let found = vpc::one(cx, vpc).await?;
    let block = found.as_ref().and_then(vpc::ipv6_block).and_then(|block| cidr::part(block, part));
    block.ok_or_else(|| {
        Failure::new(
            Class::NotYetConsistent,
            format!(
                "VPC `{vpc}` has no IPv6 block of /56 yet, and the subnet needs its part {part}"
            ),
        )
    })
}

/// Gives the subnet this part of the VPC's block, or none; a part it has and should not have goes first.
async fn put_block(cx: &Cx, id: &SubnetId, vpc: &VpcId, wanted: Option<u8>) -> Result<(), Failure> {
    let subnets = list(cx, shared::only("subnet-id", id.as_str())).await?;
    let there = subnets.iter().find(|one| one.subnet_id() == Some(id.as_str())).and_then(block);
    if let Some(there) = there {
        if there.ipv6_cidr_block().and_then(cidr::number_of_part) == wanted {
            return Ok(());
        }
        let call = cx.ec2.disassociate_subnet_cidr_block();
        let sent = call.association_id(there.association_id().unwrap_or_default()).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DisassociateSubnetCidrBlock", error)))?;
    }
    if let Some(part) = wanted {
        let block = part_of(cx, vpc, part).await?;
        let call = cx.ec2.associate_subnet_cidr_block().subnet_id(id.as_str());
        let sent = call.ipv6_cidr_block(block).send().await;
        sent.map_err(|error| classify("ec2 AssociateSubnetCidrBlock", error))?;
    }
    Ok(())
}

/// The association with an IPv6 block that is there or on its way.
fn block(
    subnet: &aws_sdk_ec2::types::Subnet,
) -> Option<&aws_sdk_ec2::types::SubnetIpv6CidrBlockAssociation> {
    use aws_sdk_ec2::types::SubnetCidrBlockStateCode::{Associated, Associating};
    subnet.ipv6_cidr_block_association_set().iter().find(|one| {
        let state = one.ipv6_cidr_block_state().and_then(|state| state.state());
        matches!(state, None | Some(Associated | Associating))
    })
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
            ipv6: block(subnet).and_then(|it| cidr::number_of_part(it.ipv6_cidr_block()?)),
            assign_ipv6: subnet.assign_ipv6_address_on_creation().unwrap_or_default(),
            dns64: subnet.enable_dns64().unwrap_or_default(),
            tags,
        },
        outputs: SubnetOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}
