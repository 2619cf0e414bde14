//! One rule of a security group: one direction, one range of ports, one peer.

use aws_sdk_ec2::types::{
    Filter, IpPermission, IpRange, Ipv6Range, PrefixListId, ResourceType, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate, UserIdGroupPair,
};
use serde::{Deserialize, Serialize};

use super::{SecurityGroupId, cidr, shared};
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::{ids, outputs};

/// A security-group rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecurityGroupRule {
    /// The group it is part of.
    pub group: Input<SecurityGroupId>,
    /// Into the group or out of it.
    pub direction: Direction,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub protocol: String,
    /// First port, or ICMP type; -1 for all.
    pub from_port: i32,
    /// Last port, or ICMP code; -1 for all.
    pub to_port: i32,
    /// Who may be talked to, or may talk.
    pub peer: Peer,
    /// For people, up to 255 characters; may be empty.
    pub description: String,
    /// The user's own tags.
    pub tags: Tags,
}

/// Which way a rule lets traffic through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the group.
    Ingress,
    /// Out of the group.
    Egress,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// An IPv4 block in canonical form: [`Peer::block`].
    Cidr(String),
    /// An IPv6 block in canonical form: [`Peer::block`].
    CidrV6(String),
    /// Members of a group.
    Group(Input<SecurityGroupId>),
    /// A managed prefix list, by id.
    PrefixList(String),
}

impl Peer {
    /// A peer from an IPv4 or IPv6 block in any form; `None` if it is no block.
    pub fn block(text: &str) -> Option<Self> {
        let block = cidr::canonical(text)?;
        Some(if block.contains(':') { Self::CidrV6(block) } else { Self::Cidr(block) })
    }
}

ids! {
    /// `sgr-0123…`.
    SecurityGroupRuleId,
}

outputs! { SecurityGroupRule => SecurityGroupRuleOutputs {
    /// The rule's id.
    id: SecurityGroupRuleId,
} }

/// Members of EC2's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("AuthorizeSecurityGroupIngress.CidrIp", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupIngress.FromPort", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupIngress.ToPort", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupIngress.IpProtocol", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupIngress.GroupName", "of the default VPC only"),
    ("AuthorizeSecurityGroupIngress.SourceSecurityGroupName", "of the default VPC only"),
    ("AuthorizeSecurityGroupIngress.SourceSecurityGroupOwnerId", "of the default VPC only"),
    (
        "AuthorizeSecurityGroupIngress.IpPermissions[].UserIdGroupPairs[].UserId",
        "a group of the same account",
    ),
    (
        "AuthorizeSecurityGroupIngress.IpPermissions[].UserIdGroupPairs[].GroupName",
        "of the default VPC only",
    ),
    (
        "AuthorizeSecurityGroupIngress.IpPermissions[].UserIdGroupPairs[].VpcId",
        "EC2 knows it from the group",
    ),
    (
        "AuthorizeSecurityGroupIngress.IpPermissions[].UserIdGroupPairs[].VpcPeeringConnectionId",
        "EC2 knows it from the group",
    ),
    ("AuthorizeSecurityGroupIngress.IpPermissions[].UserIdGroupPairs[].PeeringStatus", "an output"),
    ("AuthorizeSecurityGroupIngress.TagSpecifications", "`tags`, and the ownership tags"),
    ("AuthorizeSecurityGroupIngress.DryRun", "a check, not a property"),
    ("AuthorizeSecurityGroupEgress.CidrIp", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupEgress.FromPort", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupEgress.ToPort", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupEgress.IpProtocol", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupEgress.SourceSecurityGroupName", "`IpPermissions` says it"),
    ("AuthorizeSecurityGroupEgress.SourceSecurityGroupOwnerId", "`IpPermissions` says it"),
    (
        "AuthorizeSecurityGroupEgress.IpPermissions[].UserIdGroupPairs[].UserId",
        "a group of the same account",
    ),
    (
        "AuthorizeSecurityGroupEgress.IpPermissions[].UserIdGroupPairs[].GroupName",
        "of the default VPC only",
    ),
    (
        "AuthorizeSecurityGroupEgress.IpPermissions[].UserIdGroupPairs[].VpcId",
        "EC2 knows it from the group",
    ),
    (
        "AuthorizeSecurityGroupEgress.IpPermissions[].UserIdGroupPairs[].VpcPeeringConnectionId",
        "EC2 knows it from the group",
    ),
    ("AuthorizeSecurityGroupEgress.IpPermissions[].UserIdGroupPairs[].PeeringStatus", "an output"),
    ("AuthorizeSecurityGroupEgress.TagSpecifications", "`tags`, and the ownership tags"),
    ("AuthorizeSecurityGroupEgress.DryRun", "a check, not a property"),
    ("ModifySecurityGroupRules.GroupId", "names the group"),
    ("ModifySecurityGroupRules.SecurityGroupRules[].SecurityGroupRuleId", "names the rule"),
    ("ModifySecurityGroupRules.DryRun", "a check, not a property"),
];

impl Spec for SecurityGroupRule {
    const KIND: &'static str = "ec2/security-group-rule";
}

impl Resource for SecurityGroupRule {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("group"),
            Rule::Immutable("direction"),
            // EC2 does not turn a rule for a block into one for a group.
            Rule::Immutable("peer"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = SecurityGroupRuleOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let rules = list(cx, shared::owned(query)).await?;
        let owned = rules.iter().filter_map(|rule| {
            let (identity, tags) = shared::ownership(rule.tags(), query)?;
            Some(to_live(rule, to_peer(rule)?, identity, tags))
        });
        Ok(Found { owned: owned.collect(), foreign: Vec::new() })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let group = self.group.get()?;
        let tags = shared::on_create(ResourceType::SecurityGroupRule, identity, &self.tags);
        let permission = self.permission()?;
        let (made, operation) = match self.direction {
            Direction::Ingress => {
                let operation = "ec2 AuthorizeSecurityGroupIngress";
                let call = cx.ec2.authorize_security_group_ingress().group_id(group.as_str());
                let sent = call.ip_permissions(permission).tag_specifications(tags).send().await;
                let made = sent.map_err(|error| classify(operation, error));
                (made.map(|made| made.security_group_rules.unwrap_or_default()), operation)
            }
            Direction::Egress => {
                let operation = "ec2 AuthorizeSecurityGroupEgress";
                let call = cx.ec2.authorize_security_group_egress().group_id(group.as_str());
                let sent = call.ip_permissions(permission).tag_specifications(tags).send().await;
                let made = sent.map_err(|error| classify(operation, error));
                (made.map(|made| made.security_group_rules.unwrap_or_default()), operation)
            }
        };
        if made.as_ref().is_err_and(|failure| failure.class == Class::AlreadyExists)
            && let Some(id) = self.of_ec2(cx, &group).await?
        {
            let tags = crate::aws::tags::for_create(identity, &self.tags, true);
            shared::claim(cx, id.as_str(), &tags).await?;
            return Ok(Progress::done(SecurityGroupRuleOutputs { id }));
        }
        let made = made.map_err(|failure| match failure.class {
            Class::AlreadyExists => failure.with_hint(format!(
                "`{group}` has this very rule without shipit's tags: remove it there, or tag it"
            )),
            _ => failure,
        })?;
        let id = made.first().and_then(|rule| rule.security_group_rule_id());
        let id = id.ok_or_else(|| shared::unnamed(operation))?.into();
        Ok(Progress::done(SecurityGroupRuleOutputs { id }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let modified = ["protocol", "from_port", "to_port", "description"];
        if modified.iter().any(|field| touches(changes, field)) {
            let update = SecurityGroupRuleUpdate::builder()
                .security_group_rule_id(id)
                .security_group_rule(self.request()?)
                .build();
            let call = cx.ec2.modify_security_group_rules().group_id(self.group.get()?.0);
            let sent = call.security_group_rules(update).send().await;
            sent.map_err(|error| classify("ec2 ModifySecurityGroupRules", error))?;
        }
        shared::retag(cx, id, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let (group, id) = (live.spec.group.get()?, live.outputs.id.as_str());
        let sent = match live.spec.direction {
            Direction::Ingress => {
                let call = cx.ec2.revoke_security_group_ingress().group_id(group.as_str());
                let sent = call.security_group_rule_ids(id).send().await;
                sent.map(|_| ()).map_err(|error| classify("ec2 RevokeSecurityGroupIngress", error))
            }
            Direction::Egress => {
                let call = cx.ec2.revoke_security_group_egress().group_id(group.as_str());
                let sent = call.security_group_rule_ids(id).send().await;
                sent.map(|_| ()).map_err(|error| classify("ec2 RevokeSecurityGroupEgress", error))
            }
        };
        unless_gone(sent)?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let rules = list(cx, shared::only("security-group-rule-id", id)).await?;
        Ok(rules.iter().find(|one| one.security_group_rule_id() == Some(id)).and_then(|rule| {
            let peer = to_peer(rule)?;
            let make = |identity, tags| to_live(rule, peer, identity, tags);
            Some(Existing::of(shared::from_sdk(rule.tags()), wanted, make))
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
) -> Result<Vec<aws_sdk_ec2::types::SecurityGroupRule>, Failure> {
    let pages = cx.ec2.describe_security_group_rules().set_filters(filters).max_results(1000);
    let found = pages.into_paginator().items().send().try_collect().await;
    found.map_err(|error| classify("ec2 DescribeSecurityGroupRules", error))
}

impl SecurityGroupRule {
    /// The rule that lets everything out by IPv6, as EC2 itself makes it for a new group where the VPC has an IPv6
    /// block: it is planned like any other, and taken for ours where EC2 was first.
    async fn of_ec2(
        &self,
        cx: &Cx,
        group: &SecurityGroupId,
    ) -> Result<Option<SecurityGroupRuleId>, Failure> {
        let everywhere = Peer::CidrV6("::/0".to_owned());
        let wanted = (self.direction, self.protocol.as_str(), &self.peer);
        if wanted != (Direction::Egress, "-1", &everywhere) {
            return Ok(None);
        }
        let rules = list(cx, shared::only("group-id", group.as_str())).await?;
        let found = rules.iter().find(|rule| {
            rule.group_id() == Some(group.as_str())
                && rule.is_egress() == Some(true)
                && rule.ip_protocol() == Some("-1")
                && to_peer(rule).as_ref() == Some(&everywhere)
                && rule.tags().is_empty()
        });
        Ok(found.and_then(|rule| rule.security_group_rule_id()).map(SecurityGroupRuleId::from))
    }

    fn description(&self) -> Option<String> {
        (!self.description.is_empty()).then(|| self.description.clone())
    }

    /// The rule as `Authorize…` takes it. "All" goes without ports: EC2 knows it has none.
    fn permission(&self) -> Result<IpPermission, Failure> {
        let all = self.protocol == "-1";
        let permission = IpPermission::builder()
            .ip_protocol(&self.protocol)
            .set_from_port((!all).then_some(self.from_port))
            .set_to_port((!all).then_some(self.to_port));
        let said = self.description();
        Ok(match &self.peer {
            Peer::Cidr(block) => permission
                .ip_ranges(IpRange::builder().cidr_ip(block).set_description(said).build()),
            Peer::CidrV6(block) => permission
                .ipv6_ranges(Ipv6Range::builder().cidr_ipv6(block).set_description(said).build()),
            Peer::Group(group) => permission.user_id_group_pairs(
                UserIdGroupPair::builder().group_id(group.get()?.0).set_description(said).build(),
            ),
            Peer::PrefixList(list) => permission.prefix_list_ids(
                PrefixListId::builder().prefix_list_id(list).set_description(said).build(),
            ),
        }
        .build())
    }

    /// The rule as `ModifySecurityGroupRules` takes it: whole.
    fn request(&self) -> Result<SecurityGroupRuleRequest, Failure> {
        let request = SecurityGroupRuleRequest::builder()
            .ip_protocol(&self.protocol)
            .from_port(self.from_port)
            .to_port(self.to_port)
            .description(&self.description);
        Ok(match &self.peer {
            Peer::Cidr(block) => request.cidr_ipv4(block),
            Peer::CidrV6(block) => request.cidr_ipv6(block),
            Peer::Group(group) => request.referenced_group_id(group.get()?.0),
            Peer::PrefixList(list) => request.prefix_list_id(list),
        }
        .build())
    }
}

fn to_live(
    rule: &aws_sdk_ec2::types::SecurityGroupRule,
    peer: Peer,
    identity: Identity,
    tags: Tags,
) -> Live<SecurityGroupRule> {
    let id = rule.security_group_rule_id().unwrap_or_default();
    Live {
        identity,
        spec: SecurityGroupRule {
            group: SecurityGroupId::from(rule.group_id().unwrap_or_default()).into(),
            direction: match rule.is_egress() {
                Some(true) => Direction::Egress,
                _ => Direction::Ingress,
            },
            protocol: rule.ip_protocol().unwrap_or("-1").to_owned(),
            from_port: rule.from_port().unwrap_or(-1),
            to_port: rule.to_port().unwrap_or(-1),
            peer,
            description: rule.description().unwrap_or_default().to_owned(),
            tags,
        },
        outputs: SecurityGroupRuleOutputs { id: id.into() },
        health: Health::Ready,
        id: id.to_owned(),
    }
}

fn to_peer(rule: &aws_sdk_ec2::types::SecurityGroupRule) -> Option<Peer> {
    if let Some(block) = rule.cidr_ipv4() {
        return Some(Peer::Cidr(block.to_owned()));
    }
    if let Some(block) = rule.cidr_ipv6() {
        return Some(Peer::CidrV6(block.to_owned()));
    }
    if let Some(list) = rule.prefix_list_id() {
        return Some(Peer::PrefixList(list.to_owned()));
    }
    let group = rule.referenced_group_info()?.group_id()?;
    Some(Peer::Group(SecurityGroupId::from(group).into()))
}
