//! A private hosted zone: names that one VPC's own resolver answers, and nobody else's.

use aws_sdk_route53::error::SdkError;
use aws_sdk_route53::operation::create_hosted_zone::CreateHostedZoneError;
use aws_sdk_route53::types::{
    HostedZone as SdkZone, HostedZoneConfig, HostedZoneType, Tag, TagResourceType, Vpc, VpcRegion,
};
use serde::{Deserialize, Serialize};

use super::{HostedZoneId, api};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule, Spec,
};
use crate::resources::ec2::VpcId;
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A private hosted zone. AWS allows a VPC one of each name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostedZone {
    /// `test.shop.internal`: the end of every name in it.
    pub name: String,
    /// The VPC whose resolver knows it.
    pub vpc: Input<VpcId>,
    /// For people; may be empty.
    pub comment: String,
    /// The user's own tags.
    pub tags: Tags,
}

crate::outputs!(HostedZone => HostedZoneOutputs {
    /// Its id.
    id: HostedZoneId,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateHostedZone.CallerReference", "makes the call idempotent, is no property"),
    ("CreateHostedZone.DelegationSetId", "of public zones only"),
    ("CreateHostedZone.HostedZoneConfig.PrivateZone", "always: public zones are the user's"),
    ("CreateHostedZone.VPC.VPCRegion", "the environment's own"),
    ("UpdateHostedZoneComment.Id", "says which zone"),
    ("ChangeTagsForResource.ResourceId", "says which zone"),
    ("ChangeTagsForResource.ResourceType", "says that it is a zone"),
];

impl Spec for HostedZone {
    const KIND: &'static str = "route53/hosted-zone";
}

impl Resource for HostedZone {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("name"), Rule::Immutable("vpc")],
        observe_after: &["elbv2/load-balancer"],
        // A load balancer tells where to look: it goes last.
        order_after: &["elbv2/load-balancer"],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(5, 2, 300),
    };

    type Outputs = HostedZoneOutputs;

    /// One list of the account's private zones, where there is or shall be one of ours: names in it lead to an
    /// internal load balancer, so without one there is no call.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let balancers = query.seen.of("elbv2/load-balancer");
        let internal = balancers.iter().any(|live| live.spec["scheme"] == "internal");
        let mut found = Found::default();
        if query.wanted.is_empty() && !internal {
            return Ok(found);
        }
        let ours = reference(query.application, query.environment);
        let names: Vec<(&str, _)> = query
            .wanted
            .iter()
            .filter_map(|one| Some((query.wanted_text(&one.address, "name")?, one)))
            .collect();
        for zone in list(cx).await? {
            let wanted = names.iter().find(|(name, _)| *name == api::plain(zone.name()));
            let made = zone.caller_reference().starts_with(&ours);
            if wanted.is_none() && !made {
                continue;
            }
            let Some(all) = tags_of(cx, &zone).await? else { continue };
            let Some(vpc) = vpc_of(cx, id(&zone)).await? else { continue };
            match (tags::identity(&all, query), wanted) {
                (Some(identity), _) => found.owned.push(live(&zone, vpc, identity, &all)),
                // The same name in another VPC is in nobody's way.
                (None, Some((_, one)))
                    if query.wanted_text(&one.address, "vpc") == Some(vpc.as_str()) =>
                {
                    found.foreign.push(tags::foreign(one, id(&zone).to_owned(), &all));
                }
                (None, _) => {}
            }
        }
        Ok(found)
    }

    /// Tags cannot go along in the call that makes a zone. Its caller reference can: until tags are there, it says
    /// whose the zone is.
    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let vpc = self.vpc.get()?;
        let config = HostedZoneConfig::builder().comment(&self.comment).private_zone(true).build();
        let region = VpcRegion::from(cx.region.as_str());
        let call = cx.route53.create_hosted_zone().name(&self.name).hosted_zone_config(config);
        let call = call.vpc(Vpc::builder().vpc_id(vpc.as_str()).vpc_region(region).build());
        let reference = caller_reference(identity);
        let zone = match call.caller_reference(&reference).send().await {
            Ok(answer) => answer.hosted_zone.map(|zone| id(&zone).to_owned()),
            // The SDK may have sent the call twice.
            Err(SdkError::ServiceError(error))
                if matches!(error.err(), CreateHostedZoneError::HostedZoneAlreadyExists(_)) =>
            {
                let zones = list(cx).await?;
                let made = zones.iter().find(|zone| zone.caller_reference() == reference);
                made.map(|zone| id(zone).to_owned())
            }
            Err(error) => return Err(classify("route53 CreateHostedZone", error)),
        };
        let zone =
            zone.ok_or_else(|| Failure::internal("route53 CreateHostedZone answered no zone"))?;
        tag(cx, &zone, &tags::for_create(identity, &self.tags, false), &[]).await?;
        Ok(Progress::done(HostedZoneOutputs { id: HostedZoneId(zone) }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let zone = live.outputs.id.as_str();
        if touches(changes, "comment") {
            let sent = cx.route53.update_hosted_zone_comment().id(zone).comment(&self.comment);
            let sent = sent.send().await;
            sent.map_err(|error| classify("route53 UpdateHostedZoneComment", error))?;
        }
        if touches(changes, "tags") {
            let (mut write, remove) = tags::difference(&live.spec.tags, &self.tags);
            write.extend(live.identity.tags());
            tag(cx, zone, &write, &remove).await?;
        }
        Ok(Progress::done(live.outputs.clone()))
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let sent = cx.route53.delete_hosted_zone().id(live.outputs.id.as_str()).send().await;
        unless_gone(sent.map_err(|error| classify("route53 DeleteHostedZone", error)))?;
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let sent = cx.route53.get_hosted_zone().id(id).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("route53 GetHostedZone", error)))?;
        let Some(answer) = answer else { return Ok(None) };
        let (Some(zone), Some(vpc)) = (
            answer.hosted_zone.clone(),
            answer.vpcs().first().and_then(|vpc| vpc.vpc_id()).map(str::to_owned),
        ) else {
            return Ok(None);
        };
        let Some(all) = tags_of(cx, &zone).await? else { return Ok(None) };
        let make = |identity, _| live(&zone, vpc, identity, &all);
        Ok(Some(Existing::of(all.clone(), wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        tag(cx, live.outputs.id.as_str(), tags, &[]).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let sent = cx.route53.get_hosted_zone().id(live.outputs.id.as_str()).send().await;
        let answer = unless_gone(sent.map_err(|error| classify("route53 GetHostedZone", error)))?;
        match answer.and_then(|answer| answer.hosted_zone) {
            None => Ok(None),
            Some(zone) => tags_of(cx, &zone).await,
        }
    }

    async fn look(_cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        // Its records are waited for; it goes in the call.
        let health = |one: &Waiting<Self>| if one.deleting { Health::Gone } else { Health::Ready };
        Ok(waiting.iter().map(health).collect())
    }
}

/// `/hostedzone/Z123` to `Z123`.
fn id(zone: &SdkZone) -> &str {
    zone.id().rsplit('/').next().unwrap_or_default()
}

/// What the caller references of an environment's zones begin with.
fn reference(application: &str, environment: &str) -> String {
    format!("shipit {application} {environment} ")
}

/// `shipit APPLICATION ENVIRONMENT NAME TOKEN`; AWS takes 128 characters.
fn caller_reference(identity: &Identity) -> String {
    let ours = reference(&identity.application, &identity.environment);
    let text = format!("{ours}{} {}", identity.address.name(), identity.client_token());
    text.chars().take(128).collect()
}

async fn list(cx: &Cx) -> Result<Vec<SdkZone>, Failure> {
    let mut zones = Vec::new();
    let call = cx.route53.list_hosted_zones().hosted_zone_type(HostedZoneType::PrivateHostedZone);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("route53 ListHostedZones", error))?;
        zones.extend(page.hosted_zones);
    }
    zones.retain(|zone| zone.config().is_some_and(HostedZoneConfig::private_zone));
    Ok(zones)
}

async fn vpc_of(cx: &Cx, zone: &str) -> Result<Option<String>, Failure> {
    let sent = cx.route53.get_hosted_zone().id(zone).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("route53 GetHostedZone", error)))?;
    Ok(answer.and_then(|answer| answer.vpcs().first()?.vpc_id().map(str::to_owned)))
}

/// Its tags; those that its caller reference stands for where a run was ended before it had written any.
async fn tags_of(cx: &Cx, zone: &SdkZone) -> Result<Option<Tags>, Failure> {
    let call = cx.route53.list_tags_for_resource().resource_type(TagResourceType::Hostedzone);
    let sent = call.resource_id(id(zone)).send().await;
    let sent = sent.map_err(|error| classify("route53 ListTagsForResource", error));
    let Some(answer) = unless_gone(sent)? else { return Ok(None) };
    let listed = answer.resource_tag_set().map(|set| set.tags()).unwrap_or_default();
    let pair =
        |tag: &Tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()));
    let listed: Tags = listed.iter().filter_map(pair).collect();
    let mut words = zone.caller_reference().split(' ');
    if let (true, Some("shipit"), Some(application), Some(environment), Some(name)) =
        (listed.is_empty(), words.next(), words.next(), words.next(), words.next())
    {
        use crate::engine::identity::{TAG_APPLICATION, TAG_ENVIRONMENT, TAG_RESOURCE};
        let resource = format!("{}.{name}", HostedZone::KIND);
        let owner = [
            (TAG_APPLICATION, application),
            (TAG_ENVIRONMENT, environment),
            (TAG_RESOURCE, resource.as_str()),
        ];
        return Ok(Some(
            owner.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect(),
        ));
    }
    Ok(Some(listed))
}

async fn tag(cx: &Cx, zone: &str, write: &Tags, remove: &[String]) -> Result<(), Failure> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let write: Vec<Tag> = write.iter().map(tag).collect();
    let call = cx.route53.change_tags_for_resource().resource_type(TagResourceType::Hostedzone);
    let call = call.resource_id(zone).set_add_tags(Some(write).filter(|tags| !tags.is_empty()));
    let remove = Some(remove.to_vec()).filter(|keys| !keys.is_empty());
    let sent = call.set_remove_tag_keys(remove).send().await;
    sent.map_err(|error| classify("route53 ChangeTagsForResource", error)).map(drop)
}

fn live(zone: &SdkZone, vpc: String, identity: Identity, all: &Tags) -> Live<HostedZone> {
    let comment = zone.config().and_then(|config| config.comment()).unwrap_or_default();
    Live {
        spec: HostedZone {
            name: api::plain(zone.name()),
            vpc: Input::Known(vpc.as_str().into()),
            comment: comment.to_owned(),
            tags: tags::own(all, &identity),
        },
        outputs: HostedZoneOutputs { id: HostedZoneId(id(zone).to_owned()) },
        health: Health::Ready,
        id: id(zone).to_owned(),
        identity,
    }
}
