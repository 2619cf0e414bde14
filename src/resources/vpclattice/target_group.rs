//! A target group: the tasks of a service that requests go to, and how Lattice knows that they are well.

use aws_sdk_vpclattice::operation::get_target_group::GetTargetGroupOutput;
use aws_sdk_vpclattice::types::{HealthCheckConfig, Matcher, TargetGroupConfig};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::shared;
use crate::aws::{Cx, classify, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::ec2::VpcId;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A target group of addresses, instances or load balancers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetGroup {
    /// Where its targets are.
    pub vpc: Input<VpcId>,
    /// What is registered: `IP`, `INSTANCE` or `ALB`.
    pub target_type: String,
    /// What its targets speak: `HTTP`, `HTTPS` or `TCP`.
    pub protocol: String,
    /// Which HTTP they speak: `HTTP1`, `HTTP2` or `GRPC`; `None` with `TCP`.
    pub protocol_version: Option<String>,
    /// Their port, unless a target is registered with its own.
    pub port: i32,
    /// Which addresses they have, `IPV4` or `IPV6`; `None` but with `IP`.
    pub ip_address_type: Option<String>,
    /// How Lattice knows that they are well; `None` with `ALB`.
    pub health_check: Option<HealthCheck>,
    /// The user's own tags.
    pub tags: Tags,
}

/// How Lattice knows that a target is well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// Whether it asks at all.
    pub enabled: bool,
    /// What it speaks: `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Which HTTP: `HTTP1` or `HTTP2`.
    pub protocol_version: String,
    /// The port it asks; `None` for that of the target.
    pub port: Option<i32>,
    /// The path it asks for.
    pub path: String,
    /// Seconds between two checks of a target, 5 to 300.
    pub interval: i32,
    /// Seconds without an answer that count as a failure, 1 to 120.
    pub timeout: i32,
    /// Successes in a row after which a target is well, 2 to 10.
    pub healthy_threshold: i32,
    /// Failures in a row after which it is not, 2 to 10.
    pub unhealthy_threshold: i32,
    /// Codes that mean success: `200-299,301`.
    pub success_codes: String,
}

impl HealthCheck {
    /// Lattice's defaults for targets that speak this version of HTTP.
    pub fn default_for(version: &str) -> Self {
        Self {
            enabled: version != "GRPC",
            protocol: "HTTP".to_owned(),
            protocol_version: "HTTP1".to_owned(),
            port: None,
            path: "/".to_owned(),
            interval: 30,
            timeout: 5,
            healthy_threshold: 5,
            unhealthy_threshold: 2,
            success_codes: "200".to_owned(),
        }
    }

    /// All of it; a port of 0 is the target's own.
    fn to_sdk(&self) -> HealthCheckConfig {
        HealthCheckConfig::builder()
            .enabled(self.enabled)
            .protocol(self.protocol.as_str().into())
            .protocol_version(self.protocol_version.as_str().into())
            .port(self.port.unwrap_or(0))
            .path(&self.path)
            .health_check_interval_seconds(self.interval)
            .health_check_timeout_seconds(self.timeout)
            .healthy_threshold_count(self.healthy_threshold)
            .unhealthy_threshold_count(self.unhealthy_threshold)
            .matcher(Matcher::HttpCode(self.success_codes.clone()))
            .build()
    }

    fn from_sdk(from: &HealthCheckConfig, version: &str) -> Self {
        let plain = Self::default_for(version);
        let some = |number: Option<i32>| number.filter(|number| *number != 0);
        Self {
            enabled: from.enabled().unwrap_or(plain.enabled),
            protocol: from.protocol().map_or(plain.protocol, |one| one.as_str().to_owned()),
            protocol_version: from
                .protocol_version()
                .map_or(plain.protocol_version, |one| one.as_str().to_owned()),
            port: some(from.port()),
            path: from.path().unwrap_or(&plain.path).to_owned(),
            interval: some(from.health_check_interval_seconds()).unwrap_or(plain.interval),
            timeout: some(from.health_check_timeout_seconds()).unwrap_or(plain.timeout),
            healthy_threshold: some(from.healthy_threshold_count())
                .unwrap_or(plain.healthy_threshold),
            unhealthy_threshold: some(from.unhealthy_threshold_count())
                .unwrap_or(plain.unhealthy_threshold),
            success_codes: match from.matcher() {
                Some(Matcher::HttpCode(codes)) => codes.clone(),
                _ => plain.success_codes,
            },
        }
    }
}

impl TargetGroup {
    /// Tasks that speak HTTP/1.1 on `port`, with Lattice's defaults for all else.
    pub fn http(vpc: Input<VpcId>, port: i32) -> Self {
        Self {
            vpc,
            target_type: "IP".to_owned(),
            protocol: "HTTP".to_owned(),
            protocol_version: Some("HTTP1".to_owned()),
            port,
            ip_address_type: Some("IPV4".to_owned()),
            health_check: Some(HealthCheck::default_for("HTTP1")),
            tags: Tags::new(),
        }
    }
}

impl Spec for TargetGroup {
    const KIND: &'static str = "vpclattice/target-group";
}

crate::ids! {
    /// `tg-0123…`.
    TargetGroupId,
    /// The ARN of a target group of Lattice.
    TargetGroupArn,
}

crate::outputs!(TargetGroup => TargetGroupOutputs {
    /// Its id.
    id: TargetGroupId,
    /// Its ARN.
    arn: TargetGroupArn,
});

/// Members of Lattice's request shapes that the struct leaves out.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateTargetGroup.name", "the physical name follows from the address"),
    ("CreateTargetGroup.clientToken", "makes the call idempotent, is no property"),
    ("CreateTargetGroup.config.lambdaEventStructureVersion", "for Lambda functions"),
    ("UpdateTargetGroup.targetGroupIdentifier", "says which target group"),
];

fn name(identity: &Identity) -> String {
    shared::name(identity, 128)
}

impl Resource for TargetGroup {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("vpc"),
            Rule::Immutable("target_type"),
            Rule::Immutable("protocol"),
            Rule::Immutable("protocol_version"),
            Rule::Immutable("port"),
            Rule::Immutable("ip_address_type"),
        ],
        observe_after: &[],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(10, 2, 600),
    };

    type Outputs = TargetGroupOutputs;

    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let fits = |arn: &str| shared::is(cx, arn, "targetgroup");
        let finds = shared::find(cx, query, fits, name, || list(cx)).await?;
        let found = stream::iter(finds.ours).map(|one| async move {
            let found = get(cx, shared::id(&one.arn)).await?;
            Ok::<_, Failure>(found.map(|found| to_live(&found, one.identity, one.tags)))
        });
        let owned: Vec<_> = found.buffered(shared::AT_ONCE).try_collect().await?;
        Ok(Found { owned: owned.into_iter().flatten().collect(), foreign: finds.foreign })
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let config = TargetGroupConfig::builder()
            .port(self.port)
            .protocol(self.protocol.as_str().into())
            .set_protocol_version(self.protocol_version.as_deref().map(Into::into))
            .set_ip_address_type(self.ip_address_type.as_deref().map(Into::into))
            .vpc_identifier(self.vpc.get()?.0)
            .set_health_check(self.health_check.as_ref().map(HealthCheck::to_sdk))
            .build();
        let sent = cx
            .vpclattice
            .create_target_group()
            .name(name(identity))
            .client_token(identity.client_token())
            .r#type(self.target_type.as_str().into())
            .config(config)
            .set_tags(shared::on_create(identity, &self.tags))
            .send()
            .await
            .map_err(|error| classify("vpc-lattice CreateTargetGroup", error));
        match sent {
            Ok(made) => Ok(Progress::done(outputs(made.id(), made.arn()))),
            Err(failure) if failure.class == Class::AlreadyExists => {
                let going = going(cx, &name(identity)).await?;
                Err(shared::until_free(failure, going))
            }
            Err(failure) => Err(failure),
        }
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        if touches(changes, "health_check")
            && let Some(check) = &self.health_check
        {
            let call = cx
                .vpclattice
                .update_target_group()
                .target_group_identifier(live.outputs.id.as_str())
                .health_check(check.to_sdk());
            let sent = call.send().await;
            sent.map_err(|error| classify("vpc-lattice UpdateTargetGroup", error))?;
        }
        let arn = live.outputs.arn.as_str();
        shared::retag(cx, arn, &live.spec.tags, &self.tags).await?;
        Ok(Progress::done(live.outputs.clone()))
    }

    /// Refused as in use while its targets drain, and made again.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let id = live.outputs.id.as_str();
        let sent = cx.vpclattice.delete_target_group().target_group_identifier(id).send().await;
        unless_gone(sent.map_err(|error| classify("vpc-lattice DeleteTargetGroup", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let meant = shared::meant(id, "tg-", || list(cx)).await?;
        let Some(id) = meant else { return Ok(None) };
        let Some(found) = get(cx, &id).await? else { return Ok(None) };
        let all = shared::tags_of(cx, found.arn().unwrap_or_default()).await?;
        let make = |identity, own| to_live(&found, identity, own);
        Ok(Some(Existing::of(all, wanted, make).named(found.name().unwrap_or_default())))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        shared::claim(cx, live.outputs.arn.as_str(), tags).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(shared::tags_of(cx, live.outputs.arn.as_str()).await)
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(name(identity))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let looks = waiting.iter().map(|one| async {
            let found = get(cx, one.outputs.id.as_str()).await?;
            Ok(found.map_or(Health::Gone, |one| {
                shared::health(one.status().map(|it| it.as_str()), one.failure_message())
            }))
        });
        futures_util::future::try_join_all(looks).await
    }
}

/// Is a group of this name being deleted?
async fn going(cx: &Cx, name: &str) -> Result<bool, Failure> {
    let found = list(cx).await?.into_iter().find(|(_, called)| called == name);
    let Some((arn, _)) = found else { return Ok(true) };
    let found = get(cx, shared::id(&arn)).await?;
    let status = found.as_ref().and_then(|one| one.status()).map(|status| status.as_str());
    Ok(found.is_none() || status == Some("DELETE_IN_PROGRESS"))
}

async fn list(cx: &Cx) -> Result<Vec<(String, String)>, Failure> {
    let mut pages = cx.vpclattice.list_target_groups().max_results(100).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("vpc-lattice ListTargetGroups", error))?;
        let pair = |arn: Option<&str>, name: Option<&str>| {
            (arn.unwrap_or_default().to_owned(), name.unwrap_or_default().to_owned())
        };
        all.extend(page.items().iter().map(|one| pair(one.arn(), one.name())));
    }
    Ok(all)
}

async fn get(cx: &Cx, id: &str) -> Result<Option<GetTargetGroupOutput>, Failure> {
    let sent = cx.vpclattice.get_target_group().target_group_identifier(id).send().await;
    unless_gone(sent.map_err(|error| classify("vpc-lattice GetTargetGroup", error)))
}

fn outputs(id: Option<&str>, arn: Option<&str>) -> TargetGroupOutputs {
    TargetGroupOutputs { id: id.unwrap_or_default().into(), arn: arn.unwrap_or_default().into() }
}

fn to_live(from: &GetTargetGroupOutput, identity: Identity, tags: Tags) -> Live<TargetGroup> {
    let outputs = outputs(from.id(), from.arn());
    let config = from.config();
    let version = config.and_then(|one| one.protocol_version()).map(|one| one.as_str().to_owned());
    let check = config.and_then(|one| one.health_check());
    let check =
        check.map(|check| HealthCheck::from_sdk(check, version.as_deref().unwrap_or_default()));
    let vpc = config.and_then(|one| one.vpc_identifier()).unwrap_or_default();
    Live {
        identity,
        spec: TargetGroup {
            vpc: Input::Known(vpc.into()),
            target_type: from.r#type().map_or("IP", |one| one.as_str()).to_owned(),
            protocol: config
                .and_then(|one| one.protocol())
                .map_or("HTTP", |one| one.as_str())
                .to_owned(),
            protocol_version: version,
            port: config.and_then(|one| one.port()).unwrap_or_default(),
            ip_address_type: config
                .and_then(|one| one.ip_address_type())
                .map(|one| one.as_str().to_owned()),
            health_check: check,
            tags,
        },
        id: outputs.id.to_string(),
        outputs,
        health: shared::observed(from.status().map(|it| it.as_str()), from.failure_message()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lattice_leaves_out_has_its_default() {
        let bare = HealthCheckConfig::builder().port(0).build();
        assert_eq!(HealthCheck::from_sdk(&bare, "HTTP1"), HealthCheck::default_for("HTTP1"));
        let plain = HealthCheck::default_for("GRPC");
        assert_eq!(HealthCheck::from_sdk(&plain.to_sdk(), "GRPC"), plain);
    }
}
