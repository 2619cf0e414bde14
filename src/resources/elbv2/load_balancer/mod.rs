//! An application or network load balancer.

mod attributes;

use aws_sdk_elasticloadbalancingv2::types::{
    self as sdk, LoadBalancerStateEnum, LoadBalancerTypeEnum,
};
use serde::{Deserialize, Serialize};

use super::tagging;
use super::words::{IpAddressType, LoadBalancerType, Scheme};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::ec2::{SecurityGroupId, SubnetId};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

pub use attributes::{LoadBalancerAttributes, LogDelivery};

/// A load balancer. Its name in AWS is that of its address, cut to 32 characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// What it understands.
    #[serde(default)]
    pub r#type: LoadBalancerType,
    /// Where it can be reached from.
    pub scheme: Scheme,
    /// Which addresses its clients use.
    pub ip_address_type: IpAddressType,
    /// One subnet in each of its zones: at least two, or one for a network load balancer, which never leaves any.
    pub subnets: Vec<Input<SubnetId>>,
    /// What may reach it. A network load balancer that begins without any never has one.
    pub security_groups: Vec<Input<SecurityGroupId>>,
    /// How it treats requests and connections.
    pub attributes: LoadBalancerAttributes,
    /// The user's own tags.
    pub tags: Tags,
}

crate::ids! {
    /// A load balancer's ARN.
    LoadBalancerArn,
}

crate::outputs!(LoadBalancer => LoadBalancerOutputs {
    /// Its ARN.
    arn: LoadBalancerArn,
    /// Its name.
    name: String,
    /// Where clients reach it.
    dns_name: String,
    /// The Route 53 zone of its DNS name, for alias records.
    hosted_zone: String,
    /// `app/NAME/ID`, as metrics and scaling policies call it.
    full_name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateLoadBalancer.Name", "the physical name follows from the address"),
    (
        "CreateLoadBalancer.SubnetMappings",
        "fixed addresses are not offered yet; `subnets` says where",
    ),
    ("CreateLoadBalancer.CustomerOwnedIpv4Pool", "Outposts only"),
    (
        "CreateLoadBalancer.EnablePrefixForIpv6SourceNat",
        "for UDP over IPv6, which is not offered yet",
    ),
    ("CreateLoadBalancer.IpamPools", "addresses from a pool of one's own are not offered yet"),
    ("ModifyIpPools.IpamPools", "addresses from a pool of one's own are not offered yet"),
    ("ModifyIpPools.RemoveIpamPools", "addresses from a pool of one's own are not offered yet"),
    ("ModifyIpPools.LoadBalancerArn", "says which load balancer"),
    ("SetSubnets.LoadBalancerArn", "says which load balancer"),
    ("SetSubnets.SubnetMappings", "fixed addresses are not offered yet"),
    ("SetSubnets.IpAddressType", "SetIpAddressType writes it"),
    ("SetSubnets.EnablePrefixForIpv6SourceNat", "for UDP over IPv6, which is not offered yet"),
    ("SetSecurityGroups.LoadBalancerArn", "says which load balancer"),
    (
        "SetSecurityGroups.EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic",
        "endpoint services are not offered",
    ),
    ("SetIpAddressType.LoadBalancerArn", "says which load balancer"),
    ("ModifyLoadBalancerAttributes.LoadBalancerArn", "says which load balancer"),
];

impl Spec for LoadBalancer {
    const KIND: &'static str = "elbv2/load-balancer";
}

impl Resource for LoadBalancer {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("type"),
            Rule::Immutable("scheme"),
            Rule::Unordered("subnets"),
            Rule::Unordered("security_groups"),
        ],
        observe_after: &[],
        // One that faces the internet is refused in a VPC without a gateway.
        order_after: &["ec2/internet-gateway"],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(120, 5, 900),
    };

    type Outputs = LoadBalancerOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let listed = list(cx, query).await?;
        let arns: Vec<String> = listed.iter().map(arn).collect();
        let all_tags = tagging::of(cx, &arns).await?;
        let mut found = Found::default();
        for one in listed {
            let Some(its_tags) = all_tags.get(&arn(&one)) else { continue };
            if let Some(identity) = tags::identity(its_tags, query) {
                let read = attributes::read(cx, &arn(&one), &kind(&one)).await?;
                let Some(attributes) = read else { continue };
                let own = tags::own(its_tags, &identity);
                found.owned.push(live(&one, identity, own, attributes));
            } else if let Some(wanted) = wanted(query, &one) {
                found.foreign.push(tags::foreign(wanted, arn(&one), its_tags));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .create_load_balancer()
            .name(identity.name(32))
            .r#type(LoadBalancerTypeEnum::from(self.r#type.as_str()))
            .scheme(self.scheme.as_str().into())
            .ip_address_type(self.ip_address_type.as_str().into())
            .set_subnets(Some(self.subnet_ids()?))
            .set_security_groups(
                Some(self.security_group_ids()?).filter(|groups| !groups.is_empty()),
            )
            .set_tags(tagging::to_sdk(&tags::for_create(identity, &self.tags, false)))
            .send()
            .await
            .map_err(|error| classify("elbv2 CreateLoadBalancer", error))?;
        let one = answer.load_balancers().first().ok_or_else(|| {
            Failure::new(Class::Server, "CreateLoadBalancer answered without a load balancer")
        })?;
        let outputs = outputs(one);
        let default = LoadBalancerAttributes::default();
        self.attributes.write(cx, outputs.arn.as_str(), &default, &self.r#type).await?;
        Ok(Progress::done(outputs))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        if touches(changes, "subnets") {
            cx.elbv2
                .set_subnets()
                .load_balancer_arn(arn)
                .set_subnets(Some(self.subnet_ids()?))
                .send()
                .await
                .map_err(|error| classify("elbv2 SetSubnets", error))?;
        }
        if touches(changes, "security_groups") {
            cx.elbv2
                .set_security_groups()
                .load_balancer_arn(arn)
                .set_security_groups(Some(self.security_group_ids()?))
                .send()
                .await
                .map_err(|error| classify("elbv2 SetSecurityGroups", error))?;
        }
        if touches(changes, "ip_address_type") {
            cx.elbv2
                .set_ip_address_type()
                .load_balancer_arn(arn)
                .ip_address_type(self.ip_address_type.as_str().into())
                .send()
                .await
                .map_err(|error| classify("elbv2 SetIpAddressType", error))?;
        }
        self.attributes.write(cx, arn, &live.spec.attributes, &self.r#type).await?;
        tagging::write(cx, arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .delete_load_balancer()
            .load_balancer_arn(live.outputs.arn.as_str())
            .send()
            .await
            .map_err(|error| classify("elbv2 DeleteLoadBalancer", error));
        match answer {
            Err(failure) if failure.class != Class::Gone => Err(failure),
            _ => Ok(Progress::deleted()),
        }
    }

    async fn losses(_cx: &Cx, live: &Live<Self>) -> Result<Option<String>, Failure> {
        Ok(Some(format!("its DNS name `{}` and its addresses", live.outputs.dns_name)))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let arns: Vec<String> = waiting.iter().map(|one| one.outputs.arn.0.clone()).collect();
        let listed = describe(cx, &arns).await?;
        Ok(waiting
            .iter()
            .map(|one| match listed.iter().find(|listed| arn(listed) == one.outputs.arn.0) {
                None => Health::Gone,
                Some(_) if one.deleting => Health::Pending("deleting".to_owned()),
                Some(listed) => health(listed),
            })
            .collect())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let call = cx.elbv2.describe_load_balancers();
        let call = match id.starts_with("arn:") {
            true => call.load_balancer_arns(id),
            false => call.names(id),
        };
        let sent = call.send().await;
        let sent = sent.map_err(|error| classify("elbv2 DescribeLoadBalancers", error));
        let answer = unless_gone(sent)?;
        let Some(one) = answer.as_ref().and_then(|answer| answer.load_balancers().first()) else {
            return Ok(None);
        };
        let Some(all) = tagging::of_one(cx, &arn(one)).await? else { return Ok(None) };
        let read = attributes::read(cx, &arn(one), &kind(one)).await?;
        let Some(attributes) = read else { return Ok(None) };
        let make = |identity, own| live(one, identity, own, attributes);
        Ok(Some(
            Existing::of(all, wanted, make).named(one.load_balancer_name().unwrap_or_default()),
        ))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tagging::claim(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        tagging::of_one(cx, live.outputs.arn.as_str()).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(32))
    }
}

impl LoadBalancer {
    /// An IPv4 application load balancer in these subnets, with AWS's defaults for all else.
    pub fn new(
        scheme: Scheme,
        subnets: Vec<Input<SubnetId>>,
        security_groups: Vec<Input<SecurityGroupId>>,
    ) -> Self {
        Self {
            r#type: LoadBalancerType::Application,
            scheme,
            ip_address_type: IpAddressType::Ipv4,
            subnets,
            security_groups,
            attributes: LoadBalancerAttributes::default(),
            tags: Tags::new(),
        }
    }

    fn subnet_ids(&self) -> Result<Vec<String>, Failure> {
        self.subnets.iter().map(|subnet| Ok(subnet.get()?.0)).collect()
    }

    fn security_group_ids(&self) -> Result<Vec<String>, Failure> {
        self.security_groups.iter().map(|group| Ok(group.get()?.0)).collect()
    }
}

/// Every load balancer whose name may be ours.
async fn list(cx: &Cx, query: &Query<'_>) -> Result<Vec<sdk::LoadBalancer>, Failure> {
    let prefix = tagging::name_prefix(query.application, query.environment);
    let mut pages = cx.elbv2.describe_load_balancers().page_size(400).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("elbv2 DescribeLoadBalancers", error))?;
        listed.extend(
            page.load_balancers
                .unwrap_or_default()
                .into_iter()
                .filter(|one| one.load_balancer_name().unwrap_or_default().starts_with(&prefix)),
        );
    }
    Ok(listed)
}

/// Those of `arns` that are there. One that is gone fails the whole call, so then they are asked for singly.
async fn describe(cx: &Cx, arns: &[String]) -> Result<Vec<sdk::LoadBalancer>, Failure> {
    let mut found = Vec::new();
    for batch in arns.chunks(20) {
        match describe_batch(cx, batch).await {
            Ok(listed) => found.extend(listed),
            Err(failure) if failure.class == Class::Gone => {
                for arn in batch {
                    match describe_batch(cx, std::slice::from_ref(arn)).await {
                        Ok(listed) => found.extend(listed),
                        Err(failure) if failure.class == Class::Gone => {}
                        Err(failure) => return Err(failure),
                    }
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

async fn describe_batch(cx: &Cx, arns: &[String]) -> Result<Vec<sdk::LoadBalancer>, Failure> {
    let answer = cx
        .elbv2
        .describe_load_balancers()
        .set_load_balancer_arns(Some(arns.to_vec()))
        .send()
        .await
        .map_err(|error| classify("elbv2 DescribeLoadBalancers", error))?;
    Ok(answer.load_balancers.unwrap_or_default())
}

fn wanted<'a>(query: &Query<'a>, one: &sdk::LoadBalancer) -> Option<&'a Identity> {
    query.wanted.iter().find(|wanted| Some(wanted.name(32).as_str()) == one.load_balancer_name())
}

fn health(one: &sdk::LoadBalancer) -> Health {
    let state = one.state();
    let reason = state.and_then(|state| state.reason()).filter(|reason| !reason.is_empty());
    match state.and_then(|state| state.code()) {
        Some(LoadBalancerStateEnum::Provisioning) => Health::Pending("provisioning".to_owned()),
        Some(LoadBalancerStateEnum::Failed) => {
            Health::Failed(reason.unwrap_or("could not be set up").to_owned())
        }
        _ => Health::Ready,
    }
}

fn kind(one: &sdk::LoadBalancer) -> LoadBalancerType {
    one.r#type().map_or("application", |kind| kind.as_str()).into()
}

fn arn(one: &sdk::LoadBalancer) -> String {
    one.load_balancer_arn().unwrap_or_default().to_owned()
}

fn outputs(one: &sdk::LoadBalancer) -> LoadBalancerOutputs {
    let arn = arn(one);
    LoadBalancerOutputs {
        name: one.load_balancer_name().unwrap_or_default().to_owned(),
        dns_name: one.dns_name().unwrap_or_default().to_owned(),
        hosted_zone: one.canonical_hosted_zone_id().unwrap_or_default().to_owned(),
        full_name: arn.split_once("loadbalancer/").map_or("", |(_, name)| name).to_owned(),
        arn: LoadBalancerArn(arn),
    }
}

fn live(
    one: &sdk::LoadBalancer,
    identity: Identity,
    tags: Tags,
    attributes: LoadBalancerAttributes,
) -> Live<LoadBalancer> {
    let subnets = one.availability_zones().iter().filter_map(|zone| zone.subnet_id());
    let word = |word: Option<&str>, default: &str| word.unwrap_or(default).to_owned();
    Live {
        spec: LoadBalancer {
            r#type: kind(one),
            scheme: word(one.scheme().map(|s| s.as_str()), "internet-facing").into(),
            ip_address_type: word(one.ip_address_type().map(|t| t.as_str()), "ipv4").into(),
            subnets: subnets.map(|id| Input::Known(SubnetId::from(id))).collect(),
            security_groups: one
                .security_groups()
                .iter()
                .map(|id| Input::Known(SecurityGroupId::from(id.as_str())))
                .collect(),
            attributes,
            tags,
        },
        outputs: outputs(one),
        health: health(one),
        id: arn(one),
        identity,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    #[test]
    fn what_aws_answers_reads_as_the_desired_document() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/demo-test-public/50dc6c495c0c9188";
        let one = sdk::LoadBalancer::builder()
            .load_balancer_arn(arn)
            .load_balancer_name("demo-test-public")
            .dns_name("demo-test-public-1.eu-west-1.elb.amazonaws.com")
            .canonical_hosted_zone_id("Z32O12XQLNTSW2")
            .scheme("internet-facing".into())
            .ip_address_type("ipv4".into())
            .availability_zones(sdk::AvailabilityZone::builder().subnet_id("subnet-1").build())
            .availability_zones(sdk::AvailabilityZone::builder().subnet_id("subnet-2").build())
            .security_groups("sg-1")
            .state(
                sdk::LoadBalancerState::builder().code(LoadBalancerStateEnum::Provisioning).build(),
            )
            .build();
        let identity = Identity {
            application: "demo".into(),
            environment: "test".into(),
            owner: Owner::Environment,
            address: Address::new(LoadBalancer::KIND, "public"),
            generation: 1,
            run: String::new(),
        };
        let mut all_tags = identity.tags();
        all_tags.insert("team".into(), "web".into());
        let own = tags::own(&all_tags, &identity);
        let live = live(&one, identity, own, LoadBalancerAttributes::default());
        assert_eq!(
            live.spec,
            LoadBalancer {
                r#type: LoadBalancerType::Application,
                scheme: Scheme::InternetFacing,
                ip_address_type: IpAddressType::Ipv4,
                subnets: vec![Input::Known("subnet-1".into()), Input::Known("subnet-2".into())],
                security_groups: vec![Input::Known("sg-1".into())],
                attributes: LoadBalancerAttributes::default(),
                tags: Tags::from([("team".into(), "web".into())]),
            }
        );
        assert_eq!(live.outputs.full_name, "app/demo-test-public/50dc6c495c0c9188");
        assert_eq!(live.health, Health::Pending("provisioning".into()));
    }
}
