//! A virtual private cloud.

use aws_sdk_ec2::types::{AttributeBooleanValue, Filter, ResourceType, Tenancy, VpcAttributeName};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::shared;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};
use crate::{ids, outputs};

/// A VPC with one IPv4 block, and one IPv6 block if it is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vpc {
    /// IPv4 block, /16 to /28, in canonical form: `10.0.0.0/16`.
    pub cidr: String,
    /// `default`, or `dedicated` for hardware of one's own.
    pub tenancy: String,
    /// Whether Amazon's resolver answers inside.
    pub dns_support: bool,
    /// Whether what has a public address gets a public name. Needs `dns_support`; Cloud Map's private names need both.
    pub dns_hostnames: bool,
    /// Whether it has an IPv6 block of Amazon's: a /56, of which each subnet takes a /64. Once there, the block
    /// cannot be taken away before all that uses it has gone.
    pub ipv6: bool,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `vpc-0123…`.
    VpcId,
}

outputs! { Vpc => VpcOutputs {
    /// The VPC's id.
    id: VpcId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateVpc.Ipv6Pool", "IPv6 blocks are Amazon's, not brought along"),
    ("CreateVpc.Ipv6CidrBlock", "IPv6 blocks are Amazon's, not brought along"),
    ("CreateVpc.Ipv6IpamPoolId", "the block is Amazon's, not drawn from a pool"),
    ("CreateVpc.Ipv6NetmaskLength", "the block is Amazon's, not drawn from a pool"),
    ("CreateVpc.Ipv6CidrBlockNetworkBorderGroup", "Local Zones are not offered"),
    ("AssociateVpcCidrBlock.VpcId", "names the VPC"),
    ("AssociateVpcCidrBlock.CidrBlock", "one IPv4 block is enough"),
    ("AssociateVpcCidrBlock.Ipv4IpamPoolId", "one IPv4 block is enough"),
    ("AssociateVpcCidrBlock.Ipv4NetmaskLength", "one IPv4 block is enough"),
    ("AssociateVpcCidrBlock.Ipv6CidrBlockNetworkBorderGroup", "Local Zones are not offered"),
    ("AssociateVpcCidrBlock.Ipv6Pool", "IPv6 blocks are Amazon's, not brought along"),
    ("AssociateVpcCidrBlock.Ipv6CidrBlock", "IPv6 blocks are Amazon's, not brought along"),
    ("AssociateVpcCidrBlock.Ipv6IpamPoolId", "the block is Amazon's, not drawn from a pool"),
    ("AssociateVpcCidrBlock.Ipv6NetmaskLength", "the block is Amazon's, not drawn from a pool"),
    ("CreateVpc.Ipv4IpamPoolId", "the block is given, not drawn from a pool"),
    ("CreateVpc.Ipv4NetmaskLength", "the block is given, not drawn from a pool"),
    ("CreateVpc.VpcEncryptionControl", "a resource of its own, charged by the hour"),
    ("CreateVpc.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateVpc.DryRun", "a check, not a property"),
    ("ModifyVpcAttribute.VpcId", "names the VPC"),
    (
        "ModifyVpcAttribute.EnableNetworkAddressUsageMetrics",
        "reading it back costs one more call in every plan",
    ),
];

impl Spec for Vpc {
    const KIND: &'static str = "ec2/vpc";
}

impl Resource for Vpc {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("cidr"), Rule::Immutable("tenancy")],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = VpcOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let vpcs = list(cx, shared::owned(query)).await?;
        let owned = vpcs.iter().filter_map(|vpc| {
            let (identity, tags) = shared::ownership(vpc.tags(), query)?;
            Some(async move { Ok(to_live(vpc, dns(cx, vpc).await?, identity, tags)) })
        });
        Ok(Found { owned: try_join_all(owned).await?, foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let made = cx
            .ec2
            .create_vpc()
            .cidr_block(&self.cidr)
            .instance_tenancy(Tenancy::from(self.tenancy.as_str()))
            .set_amazon_provided_ipv6_cidr_block(self.ipv6.then_some(true))
            .tag_specifications(shared::on_create(ResourceType::Vpc, identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateVpc", error))?;
        let id = made.vpc().and_then(|vpc| vpc.vpc_id());
        let id = VpcId::from(id.ok_or_else(|| shared::unnamed("ec2 CreateVpc"))?);
        // A new VPC resolves names and gives out none.
        if !self.dns_support {
            set_dns_support(cx, &id, false).await?;
        }
        if self.dns_hostnames {
            set_dns_hostnames(cx, &id, true).await?;
        }
        Ok(Progress { ticket: ticket(self.ipv6), ..Progress::done(VpcOutputs { id }) })
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        // Host names need resolution: on in one order, off in the other.
        if touches(changes, "dns_support") && self.dns_support {
            set_dns_support(cx, id, true).await?;
        }
        if touches(changes, "dns_hostnames") {
            set_dns_hostnames(cx, id, self.dns_hostnames).await?;
        }
        if touches(changes, "dns_support") && !self.dns_support {
            set_dns_support(cx, id, false).await?;
        }
        let added = touches(changes, "ipv6") && self.ipv6;
        if added {
            associate(cx, id).await?;
        } else if touches(changes, "ipv6") {
            disassociate(cx, id).await?;
        }
        shared::retag(cx, id.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress { ticket: ticket(added), ..Progress::done(live.outputs.clone()) })
    }

    /// Asks only where an IPv6 block is on its way.
    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let asked: Vec<&str> = waiting
            .iter()
            .filter(|one| one.ticket.is_some())
            .map(|one| one.outputs.id.as_str())
            .collect();
        let vpcs = match asked.is_empty() {
            true => Vec::new(),
            false => list(cx, Some(vec![shared::filter("vpc-id", asked)])).await?,
        };
        let look = |one: &Waiting<Self>| {
            let found = vpcs.iter().find(|vpc| vpc.vpc_id() == Some(one.outputs.id.as_str()));
            match (one.deleting, found) {
                (true, _) => Health::Gone,
                (false, Some(vpc)) if ipv6_block(vpc).is_none() => {
                    Health::Pending("its IPv6 block is on its way".to_owned())
                }
                _ => Health::Ready,
            }
        };
        Ok(waiting.iter().map(look).collect())
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.ec2.delete_vpc().vpc_id(live.outputs.id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteVpc", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let vpcs = list(cx, shared::only("vpc-id", id)).await?;
        let Some(vpc) = vpcs.iter().find(|one| one.vpc_id() == Some(id)) else { return Ok(None) };
        let dns = dns(cx, vpc).await?;
        let make = |identity, tags| to_live(vpc, dns, identity, tags);
        Ok(Some(Existing::of(shared::from_sdk(vpc.tags()), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let id = live.outputs.id.as_str();
        let vpcs = list(cx, shared::only("vpc-id", id)).await?;
        Ok(vpcs.iter().find(|one| one.vpc_id() == Some(id)).map(|vpc| shared::from_sdk(vpc.tags())))
    }
}

/// What a filter lets through.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::Vpc>, Failure> {
    let pages = cx.ec2.describe_vpcs().set_filters(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeVpcs", error))
}

/// What `look` is told of an IPv6 block that is on its way.
fn ticket(on_its_way: bool) -> Option<String> {
    on_its_way.then(|| "ipv6".to_owned())
}

/// The association with an IPv6 block that is there or on its way.
fn association(
    vpc: &aws_sdk_ec2::types::Vpc,
) -> Option<&aws_sdk_ec2::types::VpcIpv6CidrBlockAssociation> {
    use aws_sdk_ec2::types::VpcCidrBlockStateCode::{Associated, Associating};
    vpc.ipv6_cidr_block_association_set().iter().find(|one| {
        let state = one.ipv6_cidr_block_state().and_then(|state| state.state());
        matches!(state, None | Some(Associated | Associating))
    })
}

/// The IPv6 block that a VPC has; `None` while it is on its way.
pub(super) fn ipv6_block(vpc: &aws_sdk_ec2::types::Vpc) -> Option<&str> {
    use aws_sdk_ec2::types::VpcCidrBlockStateCode::Associating;
    let found = association(vpc)?;
    let state = found.ipv6_cidr_block_state().and_then(|state| state.state());
    if state == Some(&Associating) {
        return None;
    }
    found.ipv6_cidr_block().filter(|block| !block.is_empty())
}

/// The VPC with this id.
pub(super) async fn one(cx: &Cx, id: &VpcId) -> Result<Option<aws_sdk_ec2::types::Vpc>, Failure> {
    let vpcs = list(cx, shared::only("vpc-id", id.as_str())).await?;
    Ok(vpcs.into_iter().find(|one| one.vpc_id() == Some(id.as_str())))
}

/// Asks Amazon for a block, unless one is there: a run may have died behind this call.
async fn associate(cx: &Cx, id: &VpcId) -> Result<(), Failure> {
    if one(cx, id).await?.is_some_and(|vpc| association(&vpc).is_some()) {
        return Ok(());
    }
    let call = cx.ec2.associate_vpc_cidr_block().vpc_id(id.as_str());
    let sent = call.amazon_provided_ipv6_cidr_block(true).send().await;
    sent.map_err(|error| classify("ec2 AssociateVpcCidrBlock", error))?;
    Ok(())
}

async fn disassociate(cx: &Cx, id: &VpcId) -> Result<(), Failure> {
    let vpc = one(cx, id).await?;
    let Some(found) = vpc.as_ref().and_then(association) else { return Ok(()) };
    let call = cx.ec2.disassociate_vpc_cidr_block();
    let sent = call.association_id(found.association_id().unwrap_or_default()).send().await;
    unless_gone(sent.map_err(|error| classify("ec2 DisassociateVpcCidrBlock", error)))?;
    Ok(())
}

/// `ModifyVpcAttribute` takes one attribute at a time.
async fn set_dns_support(cx: &Cx, id: &VpcId, on: bool) -> Result<(), Failure> {
    let on = AttributeBooleanValue::builder().value(on).build();
    let call = cx.ec2.modify_vpc_attribute().vpc_id(id.as_str()).enable_dns_support(on);
    call.send().await.map_err(|error| classify("ec2 ModifyVpcAttribute", error))?;
    Ok(())
}

async fn set_dns_hostnames(cx: &Cx, id: &VpcId, on: bool) -> Result<(), Failure> {
    let on = AttributeBooleanValue::builder().value(on).build();
    let call = cx.ec2.modify_vpc_attribute().vpc_id(id.as_str()).enable_dns_hostnames(on);
    call.send().await.map_err(|error| classify("ec2 ModifyVpcAttribute", error))?;
    Ok(())
}

/// The two attributes that `DescribeVpcs` leaves out: resolution, and public names.
async fn dns(cx: &Cx, vpc: &aws_sdk_ec2::types::Vpc) -> Result<(bool, bool), Failure> {
    let id = VpcId::from(vpc.vpc_id().unwrap_or_default());
    futures_util::future::try_join(
        attribute(cx, &id, VpcAttributeName::EnableDnsSupport),
        attribute(cx, &id, VpcAttributeName::EnableDnsHostnames),
    )
    .await
}

async fn attribute(cx: &Cx, id: &VpcId, name: VpcAttributeName) -> Result<bool, Failure> {
    let call = cx.ec2.describe_vpc_attribute().vpc_id(id.as_str()).attribute(name);
    let answer = call.send().await.map_err(|error| classify("ec2 DescribeVpcAttribute", error))?;
    let value = answer.enable_dns_support().or(answer.enable_dns_hostnames());
    Ok(value.and_then(AttributeBooleanValue::value).unwrap_or_default())
}

fn to_live(
    vpc: &aws_sdk_ec2::types::Vpc,
    (dns_support, dns_hostnames): (bool, bool),
    identity: Identity,
    tags: Tags,
) -> Live<Vpc> {
    let id = vpc.vpc_id().unwrap_or_default();
    Live {
        identity,
        spec: Vpc {
            cidr: vpc.cidr_block().unwrap_or_default().to_owned(),
            tenancy: vpc.instance_tenancy().map_or("default", Tenancy::as_str).to_owned(),
            dns_support,
            dns_hostnames,
            ipv6: association(vpc).is_some(),
            tags,
        },
        outputs: VpcOutputs { id: id.into() },
        // A block on its way is waited for by those that asked for it; the subnets' calls fail without it.
        health: Health::Ready,
        id: id.to_owned(),
    }
}
