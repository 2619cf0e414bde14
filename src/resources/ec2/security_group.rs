//! A security group. Its rules are a kind of their own: groups that name each other would be a
//! cycle.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, IpPermission, IpRange, Ipv6Range, ResourceType};
use serde::{Deserialize, Serialize};

use super::{SecurityGroupRule, VpcId, shared};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Foreign, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder,
    Rule, Seen, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A security group without its rules.
///
/// EC2 gives each new group a rule that lets everything out to `0.0.0.0/0`. That rule bears no
/// tags, so it is this group's field and not a [`SecurityGroupRule`]: plan `default_egress:
/// true` for a group that may reach everything, and `false` with rules of its own for one that
/// may not. Rules that others added are left alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// The VPC it is part of.
    pub vpc: Input<VpcId>,
    /// For people, up to 255 characters; never empty.
    pub description: String,
    /// Whether EC2's rule that lets everything out to `0.0.0.0/0` stands.
    pub default_egress: bool,
    /// The user's own tags.
    pub tags: Tags,
}

ids! {
    /// `sg-0123…`.
    SecurityGroupId,
}

outputs! { SecurityGroup => SecurityGroupOutputs {
    /// The group's id.
    id: SecurityGroupId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateSecurityGroup.GroupName", "from the address"),
    ("CreateSecurityGroup.TagSpecifications", "`tags`, and the ownership tags"),
    ("CreateSecurityGroup.DryRun", "a check, not a property"),
];

/// The longest name EC2 takes.
const NAME_LIMIT: usize = 255;

const EVERYWHERE: &str = "0.0.0.0/0";

impl Spec for SecurityGroup {
    const KIND: &'static str = "ec2/security-group";
}

impl Resource for SecurityGroup {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("vpc"), Rule::Immutable("description")],
        // To tell EC2's own rule from one of ours, and our VPCs' groups from others'.
        observe_after: &["ec2/vpc", SecurityGroupRule::KIND],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = SecurityGroupOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let groups = list(cx, shared::owned(query)).await?;
        let owned = groups.iter().filter_map(|group| {
            let (identity, tags) = shared::ownership(group.tags(), query)?;
            Some(to_live(group, query.seen, identity, tags))
        });
        let owned: Vec<_> = owned.collect();
        let foreign = foreign(cx, query, &owned).await?;
        Ok(Found { owned, foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let made = cx
            .ec2
            .create_security_group()
            .group_name(identity.name(NAME_LIMIT))
            .description(&self.description)
            .vpc_id(self.vpc.get()?.0)
            .tag_specifications(shared::on_create(
                ResourceType::SecurityGroup,
                identity,
                &self.tags,
            ))
            .send()
            .await
            .map_err(|error| classify("ec2 CreateSecurityGroup", error))?;
        let id = made.group_id().ok_or_else(|| shared::unnamed("ec2 CreateSecurityGroup"))?;
        let id = SecurityGroupId::from(id);
        if !self.default_egress {
            set_default_egress(cx, &id, false).await?;
        }
        Ok(Progress::done(SecurityGroupOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = &live.outputs.id;
        if touches(changes, "default_egress") {
            set_default_egress(cx, id, self.default_egress).await?;
        }
        shared::retag(cx, id.as_str(), &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent = cx.ec2.delete_security_group().group_id(id).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 DeleteSecurityGroup", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let groups = list(cx, shared::only("group-id", id)).await?;
        let Some(group) = groups.iter().find(|one| one.group_id() == Some(id)) else {
            return Ok(None);
        };
        let existing = Existing::of(shared::from_sdk(group.tags()), wanted, |identity, tags| {
            to_live(group, query.seen, identity, tags)
        });
        Ok(Some(existing.named(group.group_name().unwrap_or_default())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.id.as_str(), tags).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }
}

/// What a filter lets through.
async fn list(
    cx: &Cx,
    filters: Option<Vec<Filter>>,
) -> Result<Vec<aws_sdk_ec2::types::SecurityGroup>, Failure> {
    let pages = cx.ec2.describe_security_groups().set_filters(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeSecurityGroups", error))
}

/// Puts EC2's own egress rule back, or takes it away; either is fine if it is so already.
async fn set_default_egress(cx: &Cx, id: &SecurityGroupId, on: bool) -> Result<(), Failure> {
    let everything = IpPermission::builder()
        .ip_protocol("-1")
        .ip_ranges(IpRange::builder().cidr_ip(EVERYWHERE).build())
        .build();
    if on {
        let call = cx.ec2.authorize_security_group_egress().group_id(id.as_str());
        let sent = call.ip_permissions(everything).send().await;
        match sent.map_err(|error| classify("ec2 AuthorizeSecurityGroupEgress", error)) {
            Err(failure) if failure.class != Class::AlreadyExists => Err(failure),
            _ => Ok(()),
        }
    } else {
        let call = cx.ec2.revoke_security_group_egress().group_id(id.as_str());
        let sent = call.ip_permissions(everything).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 RevokeSecurityGroupEgress", error)))?;
        // The other rule that EC2 gives a group, where its VPC has an IPv6 block.
        let everything = IpPermission::builder()
            .ip_protocol("-1")
            .ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build())
            .build();
        let call = cx.ec2.revoke_security_group_egress().group_id(id.as_str());
        let sent = call.ip_permissions(everything).send().await;
        unless_gone(sent.map_err(|error| classify("ec2 RevokeSecurityGroupEgress", error)))?;
        Ok(())
    }
}

/// Groups in our VPCs and imported ones that bear a wanted name without our tags. Asked only for names that are
/// not live yet, so an unchanged environment costs no call.
async fn foreign(
    cx: &Cx,
    query: &Query<'_>,
    owned: &[Live<SecurityGroup>],
) -> Result<Vec<Foreign>, Failure> {
    let missing: Vec<&Identity> = query
        .wanted
        .iter()
        .filter(|wanted| !owned.iter().any(|live| live.identity.address == wanted.address))
        .collect();
    // Where those that are missing go; in a VPC that is not there yet is nothing else.
    let vpcs: BTreeSet<&str> =
        missing.iter().filter_map(|wanted| query.wanted_text(&wanted.address, "vpc")).collect();
    if missing.is_empty() || vpcs.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    // A filter takes 200 values.
    for missing in missing.chunks(200) {
        let names = missing.iter().map(|identity| identity.name(NAME_LIMIT));
        let pages = cx
            .ec2
            .describe_security_groups()
            .filters(shared::filter("group-name", names))
            .filters(shared::filter("vpc-id", vpcs.clone()))
            .max_results(1000);
        let groups: Vec<_> = pages
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(|error| classify("ec2 DescribeSecurityGroups", error))?;
        for group in groups {
            let name = group.group_name().unwrap_or_default();
            let wanted = missing.iter().find(|wanted| {
                wanted.name(NAME_LIMIT) == name
                    && query.wanted_text(&wanted.address, "vpc") == group.vpc_id()
            });
            let tags = shared::from_sdk(group.tags());
            if let Some(wanted) = wanted
                && tags::identity(&tags, query).is_none()
            {
                let id = group.group_id().unwrap_or_default();
                found.push(tags::foreign(wanted, id, &tags));
            }
        }
    }
    Ok(found)
}

fn to_live(
    group: &aws_sdk_ec2::types::SecurityGroup,
    seen: &Seen,
    identity: Identity,
    tags: Tags,
) -> Live<SecurityGroup> {
    let id = group.group_id().unwrap_or_default();
    let everything_out = group.ip_permissions_egress().iter().any(lets_everything_out);
    Live {
        identity,
        spec: SecurityGroup {
            vpc: VpcId::from(group.vpc_id().unwrap_or_default()).into(),
            description: group.description().unwrap_or_default().to_owned(),
            default_egress: everything_out && !is_our_rule(seen, id),
            tags,
        },
        outputs: SecurityGroupOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}

fn lets_everything_out(permission: &IpPermission) -> bool {
    permission.ip_protocol() == Some("-1")
        && permission.ip_ranges().iter().any(|range| range.cidr_ip() == Some(EVERYWHERE))
}

/// Whether the rule that lets everything out is a [`SecurityGroupRule`] of ours: EC2 has one of
/// a kind, so then it is not EC2's own.
fn is_our_rule(seen: &Seen, group: &str) -> bool {
    seen.of(SecurityGroupRule::KIND).iter().any(|rule| {
        let spec = &rule.spec;
        spec["group"] == group
            && spec["direction"] == "egress"
            && spec["protocol"] == "-1"
            && spec["peer"]["cidr"] == EVERYWHERE
    })
}
