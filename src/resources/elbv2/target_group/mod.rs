//! A target group: where a load balancer finds a service's tasks, and how it knows that they are well.

mod attributes;

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::{self as sdk, Matcher};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::tagging;
use super::words::{IpAddressType, Protocol, ProtocolVersion, TargetType};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::ec2::VpcId;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags};
use crate::resources::route53::zones;

pub use attributes::{Stickiness, TargetGroupAttributes};

/// A target group of a load balancer. Its name in AWS is that of its address, cut to
/// 32 characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Where its targets are.
    pub vpc: Input<VpcId>,
    /// What its targets speak.
    pub protocol: Protocol,
    /// Which HTTP they speak; none behind a network load balancer.
    pub protocol_version: ProtocolVersion,
    /// Their port, unless a target is registered with its own.
    pub port: i32,
    /// What is registered.
    pub target_type: TargetType,
    /// Which addresses targets have: `ipv4` or `ipv6`.
    pub ip_address_type: IpAddressType,
    /// How it knows that a target is well.
    pub health_check: HealthCheck,
    /// How requests are spread.
    pub attributes: TargetGroupAttributes,
    /// The hosted zones in which there are, or have been, records that lead here: id by name. Kept in tags, as
    /// records have none by which they could be found.
    #[serde(default)]
    pub zones: BTreeMap<String, String>,
    /// The user's own tags.
    pub tags: Tags,
}

/// How a load balancer knows that a target is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// What the check speaks.
    pub protocol: Protocol,
    /// A port, or `traffic-port` for that of the target.
    pub port: String,
    /// The path it asks for; with gRPC a method, `/package.service/method`; empty where it only connects.
    pub path: String,
    /// Seconds between two checks of a target, 5 to 300.
    pub interval: i32,
    /// Seconds without an answer that count as a failure, 2 to 120.
    pub timeout: i32,
    /// Successes in a row after which a target is well, 2 to 10.
    pub healthy_threshold: i32,
    /// Failures in a row after which it is not, 2 to 10.
    pub unhealthy_threshold: i32,
    /// Codes that mean success: HTTP's (`200-299,301`), or gRPC's with that protocol version; empty where it
    /// only connects.
    pub success_codes: String,
}

impl HealthCheck {
    /// AWS's defaults for what speaks `version`.
    pub fn default_for(version: &ProtocolVersion) -> Self {
        let grpc = *version == ProtocolVersion::Grpc;
        Self {
            protocol: Protocol::Http,
            port: "traffic-port".to_owned(),
            path: if grpc { "/AWS.ALB/healthcheck" } else { "/" }.to_owned(),
            interval: 30,
            timeout: 5,
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            success_codes: if grpc { "12" } else { "200" }.to_owned(),
        }
    }
}

impl HealthCheck {
    /// AWS's defaults behind a network load balancer: it only connects.
    pub fn connect() -> Self {
        Self {
            protocol: Protocol::Tcp,
            path: String::new(),
            timeout: 10,
            success_codes: String::new(),
            ..Self::default_for(&ProtocolVersion::Http1)
        }
    }
}

impl TargetGroup {
    /// Tasks behind a network load balancer, with AWS's defaults for all else.
    pub fn network(vpc: Input<VpcId>, protocol: Protocol, port: i32) -> Self {
        let datagrams = matches!(protocol, Protocol::Udp | Protocol::TcpUdp);
        Self {
            protocol,
            protocol_version: ProtocolVersion::None,
            health_check: HealthCheck::connect(),
            attributes: TargetGroupAttributes {
                end_connections: datagrams,
                client_addresses: datagrams,
                ..TargetGroupAttributes::default()
            },
            ..Self::http(vpc, port)
        }
    }

    /// Tasks that speak HTTP/1.1 on `port`, with AWS's defaults for all else.
    pub fn http(vpc: Input<VpcId>, port: i32) -> Self {
        Self {
            vpc,
            protocol: Protocol::Http,
            protocol_version: ProtocolVersion::Http1,
            port,
            target_type: TargetType::Ip,
            ip_address_type: IpAddressType::Ipv4,
            health_check: HealthCheck::default_for(&ProtocolVersion::Http1),
            attributes: TargetGroupAttributes::default(),
            zones: BTreeMap::new(),
            tags: Tags::new(),
        }
    }

    fn matcher(&self) -> Option<Matcher> {
        let codes = &self.health_check.success_codes;
        let matcher = match self.protocol_version {
            ProtocolVersion::Grpc => Matcher::builder().grpc_code(codes),
            _ => Matcher::builder().http_code(codes),
        };
        (!codes.is_empty()).then(|| matcher.build())
    }

    fn path(&self) -> Option<String> {
        Some(self.health_check.path.clone()).filter(|path| !path.is_empty())
    }

    /// The user's own tags, and those that hold zones.
    fn all_tags(&self) -> Tags {
        let mut all = self.tags.clone();
        all.extend(zones::to_tags(&self.zones));
        all
    }
}

crate::ids! {
    /// A target group's ARN.
    TargetGroupArn,
}

crate::outputs!(TargetGroup => TargetGroupOutputs {
    /// Its ARN.
    arn: TargetGroupArn,
    /// `targetgroup/NAME/ID`, as metrics and scaling policies call it.
    full_name: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateTargetGroup.Name", "the physical name follows from the address"),
    ("CreateTargetGroup.HealthCheckEnabled", "cannot be switched off for addresses and instances"),
    (
        "CreateTargetGroup.TargetControlPort",
        "the target optimizer needs an agent of AWS's beside the targets; not offered",
    ),
    ("ModifyTargetGroup.TargetGroupArn", "says which target group"),
    ("ModifyTargetGroup.HealthCheckEnabled", "cannot be switched off for addresses and instances"),
    ("ModifyTargetGroupAttributes.TargetGroupArn", "says which target group"),
];

impl Spec for TargetGroup {
    const KIND: &'static str = "elbv2/target-group";
}

impl Resource for TargetGroup {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("vpc"),
            Rule::Immutable("protocol"),
            Rule::Immutable("protocol_version"),
            Rule::Immutable("port"),
            Rule::Immutable("target_type"),
            Rule::Immutable("ip_address_type"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::AT_ONCE,
    };

    type Outputs = TargetGroupOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let listed = list(cx, query).await?;
        let arns: Vec<String> = listed.iter().map(arn).collect();
        let all_tags = tagging::of(cx, &arns).await?;
        let mut found = Found::default();
        let mut owned = Vec::new();
        for one in listed {
            let Some(its_tags) = all_tags.get(&arn(&one)) else { continue };
            if let Some(identity) = tags::identity(its_tags, query) {
                owned.push((one, identity, its_tags));
            } else if let Some(wanted) = wanted(query, &one) {
                found.foreign.push(tags::foreign(wanted, arn(&one), its_tags));
            }
        }
        // The one thing here that has no batch: a call each.
        for some in owned.chunks(10) {
            let calls = some.iter().map(|(one, ..)| attributes::read(cx, arn(one)));
            for ((one, identity, its_tags), read) in some.iter().zip(join_all(calls).await) {
                found.owned.extend(read?.map(|read| live(one, identity.clone(), its_tags, read)));
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let check = &self.health_check;
        let answer = cx
            .elbv2
            .create_target_group()
            .name(identity.name(32))
            .vpc_id(self.vpc.get()?.0)
            .protocol(self.protocol.as_str().into())
            .set_protocol_version(
                Some(self.protocol_version.as_str().to_owned())
                    .filter(|version| !version.is_empty()),
            )
            .port(self.port)
            .target_type(self.target_type.as_str().into())
            .ip_address_type(self.ip_address_type.as_str().into())
            .health_check_protocol(check.protocol.as_str().into())
            .health_check_port(&check.port)
            .set_health_check_path(self.path())
            .health_check_interval_seconds(check.interval)
            .health_check_timeout_seconds(check.timeout)
            .healthy_threshold_count(check.healthy_threshold)
            .unhealthy_threshold_count(check.unhealthy_threshold)
            .set_matcher(self.matcher())
            .set_tags(tagging::to_sdk(&tags::for_create(identity, &self.all_tags(), false)))
            .send()
            .await
            .map_err(|error| classify("elbv2 CreateTargetGroup", error))?;
        let one = answer.target_groups().first().ok_or_else(|| {
            Failure::new(Class::Server, "CreateTargetGroup answered without a target group")
        })?;
        let outputs = outputs(one);
        let network = self.protocol.is_network();
        self.attributes.write(cx, outputs.arn.as_str(), None, network).await?;
        Ok(Progress::done(outputs))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let arn = live.outputs.arn.as_str();
        let check = &self.health_check;
        if touches(changes, "health_check") {
            cx.elbv2
                .modify_target_group()
                .target_group_arn(arn)
                .health_check_protocol(check.protocol.as_str().into())
                .health_check_port(&check.port)
                .set_health_check_path(self.path())
                .health_check_interval_seconds(check.interval)
                .health_check_timeout_seconds(check.timeout)
                .healthy_threshold_count(check.healthy_threshold)
                .unhealthy_threshold_count(check.unhealthy_threshold)
                .set_matcher(self.matcher())
                .send()
                .await
                .map_err(|error| classify("elbv2 ModifyTargetGroup", error))?;
        }
        let network = self.protocol.is_network();
        self.attributes.write(cx, arn, Some(&live.spec.attributes), network).await?;
        tagging::write(cx, arn, &live.spec.all_tags(), &self.all_tags()).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let answer = cx
            .elbv2
            .delete_target_group()
            .target_group_arn(live.outputs.arn.as_str())
            .send()
            .await
            .map_err(|error| classify("elbv2 DeleteTargetGroup", error));
        match answer {
            Err(failure) if failure.class != Class::Gone => Err(failure),
            _ => Ok(Progress::deleted()),
        }
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let call = cx.elbv2.describe_target_groups();
        let call = match id.starts_with("arn:") {
            true => call.target_group_arns(id),
            false => call.names(id),
        };
        let sent = call.send().await;
        let sent = sent.map_err(|error| classify("elbv2 DescribeTargetGroups", error));
        let answer = unless_gone(sent)?;
        let Some(one) = answer.as_ref().and_then(|answer| answer.target_groups().first()) else {
            return Ok(None);
        };
        let Some(all) = tagging::of_one(cx, &arn(one)).await? else { return Ok(None) };
        let Some(attributes) = attributes::read(cx, arn(one)).await? else { return Ok(None) };
        let make = |identity, _| live(one, identity, &all, attributes);
        Ok(Some(
            Existing::of(all.clone(), wanted, make)
                .named(one.target_group_name().unwrap_or_default()),
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

/// Every target group whose name may be ours.
async fn list(cx: &Cx, query: &Query<'_>) -> Result<Vec<sdk::TargetGroup>, Failure> {
    let prefix = tagging::name_prefix(query.application, query.environment);
    let mut pages = cx.elbv2.describe_target_groups().page_size(400).into_paginator().send();
    let mut listed = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("elbv2 DescribeTargetGroups", error))?;
        listed.extend(
            page.target_groups
                .unwrap_or_default()
                .into_iter()
                .filter(|one| one.target_group_name().unwrap_or_default().starts_with(&prefix)),
        );
    }
    Ok(listed)
}

fn wanted<'a>(query: &Query<'a>, one: &sdk::TargetGroup) -> Option<&'a Identity> {
    query.wanted.iter().find(|wanted| Some(wanted.name(32).as_str()) == one.target_group_name())
}

fn arn(one: &sdk::TargetGroup) -> String {
    one.target_group_arn().unwrap_or_default().to_owned()
}

fn outputs(one: &sdk::TargetGroup) -> TargetGroupOutputs {
    let arn = arn(one);
    TargetGroupOutputs {
        full_name: arn.rsplit(':').next().unwrap_or_default().to_owned(),
        arn: TargetGroupArn(arn),
    }
}

fn live(
    one: &sdk::TargetGroup,
    identity: Identity,
    all_tags: &Tags,
    attributes: TargetGroupAttributes,
) -> Live<TargetGroup> {
    let word = |word: Option<&str>, default: &str| word.unwrap_or(default).to_owned();
    let protocol = Protocol::from(word(one.protocol().map(|p| p.as_str()), "HTTP"));
    let network = protocol.is_network();
    let protocol_version = match network {
        true => ProtocolVersion::None,
        false => ProtocolVersion::from(word(one.protocol_version(), "HTTP1")),
    };
    let mut default = match network {
        true => HealthCheck::connect(),
        false => HealthCheck::default_for(&protocol_version),
    };
    let check = one.health_check_protocol().map(|p| p.as_str());
    // A check that only connects has neither path nor codes, whatever an endpoint says of them.
    let connects = check.map_or(network, |check| check == "TCP");
    if connects {
        default.path = String::new();
        default.success_codes = String::new();
    }
    let codes = one.matcher().and_then(|matcher| match protocol_version {
        ProtocolVersion::Grpc => matcher.grpc_code(),
        _ => matcher.http_code(),
    });
    let spec = TargetGroup {
        vpc: Input::Known(VpcId::from(one.vpc_id().unwrap_or_default())),
        protocol,
        port: one.port().unwrap_or_default(),
        target_type: word(one.target_type().map(|t| t.as_str()), "instance").into(),
        ip_address_type: word(one.ip_address_type().map(|t| t.as_str()), "ipv4").into(),
        health_check: HealthCheck {
            protocol: word(check, default.protocol.as_str()).into(),
            port: word(one.health_check_port(), &default.port),
            path: word(one.health_check_path().filter(|_| !connects), &default.path),
            interval: one.health_check_interval_seconds().unwrap_or(default.interval),
            timeout: one.health_check_timeout_seconds().unwrap_or(default.timeout),
            healthy_threshold: one.healthy_threshold_count().unwrap_or(default.healthy_threshold),
            unhealthy_threshold: one
                .unhealthy_threshold_count()
                .unwrap_or(default.unhealthy_threshold),
            success_codes: word(codes.filter(|_| !connects), &default.success_codes),
        },
        protocol_version,
        attributes,
        zones: zones::from_tags(all_tags),
        tags: tags::own(all_tags, &identity),
    };
    Live { spec, outputs: outputs(one), health: Health::Ready, id: arn(one), identity }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Address, Owner};

    fn identity() -> Identity {
        Identity {
            application: "demo".into(),
            environment: "test".into(),
            owner: Owner::Service("api".into()),
            address: Address::new(TargetGroup::KIND, "api"),
            generation: 1,
            run: String::new(),
        }
    }

    #[test]
    fn aws_defaults_read_as_our_defaults() {
        let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/demo-test-api/73e2d6bc24d8a067";
        let one = sdk::TargetGroup::builder()
            .target_group_arn(arn)
            .target_group_name("demo-test-api")
            .vpc_id("vpc-1")
            .protocol("HTTP".into())
            .protocol_version("HTTP1")
            .port(80)
            .target_type("ip".into())
            .ip_address_type("ipv4".into())
            .health_check_protocol("HTTP".into())
            .health_check_port("traffic-port")
            .health_check_path("/")
            .health_check_interval_seconds(30)
            .health_check_timeout_seconds(5)
            .healthy_threshold_count(5)
            .unhealthy_threshold_count(2)
            .matcher(Matcher::builder().http_code("200").build())
            .build();
        let live = live(&one, identity(), &Tags::new(), TargetGroupAttributes::default());
        assert_eq!(live.spec, TargetGroup::http(Input::Known("vpc-1".into()), 80));
        assert_eq!(live.outputs.full_name, "targetgroup/demo-test-api/73e2d6bc24d8a067");
    }

    #[test]
    fn grpc_has_its_own_codes() {
        let one = sdk::TargetGroup::builder()
            .protocol_version("GRPC")
            .matcher(Matcher::builder().grpc_code("0-99").build())
            .build();
        let live = live(&one, identity(), &Tags::new(), TargetGroupAttributes::default());
        assert_eq!(live.spec.health_check.success_codes, "0-99");
        assert_eq!(live.spec.health_check.path, "/AWS.ALB/healthcheck");
        assert_eq!(live.spec.matcher(), Some(Matcher::builder().grpc_code("0-99").build()));
    }
}
