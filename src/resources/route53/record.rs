//! A record of ours in a hosted zone, with the TXT record that says whose it is.

use std::collections::BTreeSet;

use aws_sdk_route53::types::ChangeStatus;
use serde::{Deserialize, Serialize};

use super::api::{self, RecordSet, Verb};
use super::mark;
use crate::aws::{Cx, classify, tags};
use crate::engine::{
    Change, Failure, Foreign, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A record. One of its name and type that is not marked as ours is never overwritten.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The zone it is in.
    pub zone: Input<HostedZoneId>,
    /// `shop.example.com`, or with `*` as its first label.
    pub name: String,
    /// `A`, `AAAA`, `CNAME`, `NS`, `TXT` and so on.
    pub r#type: String,
    /// Another name that it stands for; then it has no values of its own.
    pub alias: Option<AliasTarget>,
    /// Seconds for which resolvers remember the values.
    pub ttl: Option<i64>,
    /// Its values.
    pub values: Vec<String>,
}

/// What an alias stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AliasTarget {
    /// The DNS name, such as a load balancer's.
    pub dns_name: Input<String>,
    /// The zone of that name.
    pub zone: Input<String>,
    /// Whether the target's health decides if the record is answered with.
    pub evaluate_health: bool,
}

crate::ids! {
    /// A hosted zone's id.
    HostedZoneId,
}

crate::outputs!(Record => RecordOutputs {
    /// `ZONE/NAME/TYPE`: nothing else is called so.
    id: String,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("ChangeResourceRecordSets.HostedZoneId", "says which zone"),
    ("ChangeResourceRecordSets.ChangeBatch.Comment", "nobody reads it"),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.SetIdentifier",
        "one of several of a name is never ours",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.Weight",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.Region",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.GeoLocation",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.GeoProximityLocation",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.CidrRoutingConfig",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.Failover",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.MultiValueAnswer",
        "traffic is spread by load balancers",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.HealthCheckId",
        "load balancers check health",
    ),
    (
        "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.TrafficPolicyInstanceId",
        "traffic is spread by load balancers",
    ),
    ("ChangeResourceRecordSets.ChangeBatch.Changes[].Action", "which step it is says it"),
];

impl Spec for Record {
    const KIND: &'static str = "route53/record";
}

impl Record {
    /// An address record that stands for a load balancer.
    pub fn balancer(
        zone: Input<HostedZoneId>,
        name: &str,
        dns_name: Input<String>,
        target_zone: Input<String>,
    ) -> Self {
        Self {
            zone,
            name: name.to_owned(),
            r#type: "A".to_owned(),
            alias: Some(AliasTarget { dns_name, zone: target_zone, evaluate_health: true }),
            ttl: None,
            values: Vec::new(),
        }
    }

    fn set(&self) -> Result<RecordSet, Failure> {
        let alias = match &self.alias {
            None => None,
            Some(alias) => Some((alias.dns_name.get()?, alias.zone.get()?, alias.evaluate_health)),
        };
        Ok(RecordSet {
            name: self.name.clone(),
            kind: self.r#type.clone(),
            ttl: self.ttl,
            values: self.values.clone(),
            alias,
            routed: false,
        })
    }

    /// A mark was left whose record somebody has deleted.
    fn is_lost(&self) -> bool {
        self.alias.is_none() && self.values.is_empty()
    }

    fn id(zone: &str, name: &str, kind: &str) -> String {
        format!("{zone}/{name}/{kind}")
    }
}

fn mark_of(name: &str, kind: &str, identity: &Identity) -> RecordSet {
    RecordSet::values(&mark::name(name, kind), "TXT", mark::TTL, vec![mark::value(identity)])
}

fn tags_of(mark: &RecordSet) -> Tags {
    mark.values.first().map(|value| mark::tags(value)).unwrap_or_default()
}

impl Resource for Record {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[
            Rule::Immutable("zone"),
            Rule::Immutable("name"),
            Rule::Immutable("type"),
            Rule::Unordered("values"),
        ],
        observe_after: &["elbv2/target-group", "route53/hosted-zone"],
        // Their tags say in which zones there are records; names lead to what is ready to answer.
        order_after: &["elbv2/target-group"],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(45, 10, 600),
    };

    type Outputs = RecordOutputs;

    /// One list of each zone that has, or shall have, records of ours, private ones first of all: no call where
    /// there is none.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let wanted = query.wanted.iter();
        let mut zones: BTreeSet<String> = wanted
            .filter_map(|one| query.wanted_text(&one.address, "zone").map(str::to_owned))
            .collect();
        for group in query.seen.of("elbv2/target-group") {
            let ids = group.spec["zones"].as_object().into_iter().flatten();
            zones.extend(ids.filter_map(|(_, id)| id.as_str().map(str::to_owned)));
        }
        let private = query.seen.of("route53/hosted-zone").iter();
        zones.extend(private.map(|zone| zone.id.clone()));
        let mut found = Found::default();
        for zone in zones {
            let sets = api::list(cx, &zone).await?;
            let marks: Vec<(String, String, Tags)> = sets
                .iter()
                .filter(|set| set.kind == "TXT")
                .filter_map(|set| {
                    let (name, kind) = mark::marked(&set.name)?;
                    Some((name, kind, tags_of(set)))
                })
                .collect();
            for (name, kind, its_tags) in &marks {
                let Some(identity) = tags::identity(its_tags, query) else { continue };
                let set = sets.iter().find(|set| set.name == *name && set.kind == *kind);
                found.owned.push(live(&zone, name, kind, set, identity));
            }
            found.foreign.extend(in_the_way(&zone, &sets, &marks, query));
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let zone = self.zone.get()?;
        let (set, mark) = (self.set()?, mark_of(&self.name, &self.r#type, identity));
        let changes = [(Verb::Create, &set), (Verb::Upsert, &mark)];
        let ticket = match api::change(cx, zone.as_str(), &changes).await {
            Ok(id) => Some(id),
            // The SDK may have sent the batch twice: then the record is there, and bears our mark.
            Err(failure) => {
                let there = api::find(cx, zone.as_str(), &mark.name, "TXT").await?;
                let record = api::find(cx, zone.as_str(), &set.name, &set.kind).await?;
                if there.as_ref() != Some(&mark) || record.as_ref() != Some(&set) {
                    return Err(failure);
                }
                None
            }
        };
        let id = Self::id(zone.as_str(), &self.name, &self.r#type);
        Ok(Progress { outputs: Some(RecordOutputs { id }), ticket, more: false })
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let set = self.set()?;
        let zone = self.zone.get()?;
        let ticket = api::change(cx, zone.as_str(), &[(Verb::Upsert, &set)]).await?;
        Ok(Progress { outputs: Some(live.outputs.clone()), ticket: Some(ticket), more: false })
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let zone = live.spec.zone.get()?;
        let zone = zone.as_str();
        let (name, kind) = (&live.spec.name, &live.spec.r#type);
        // As they are now: AWS deletes only what is named with all its values.
        let record = api::find(cx, zone, name, kind).await?;
        let mark = api::find(cx, zone, &mark::name(name, kind), "TXT").await?;
        let both = record.iter().chain(&mark).map(|set| (Verb::Delete, set)).collect::<Vec<_>>();
        if !both.is_empty() {
            api::change(cx, zone, &both).await?;
        }
        Ok(Progress::deleted())
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let mut parts = id.split('/');
        let (Some(zone), Some(name), Some(kind), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Ok(None);
        };
        let set = api::find(cx, zone, name, kind).await?;
        let mark = api::find(cx, zone, &mark::name(name, kind), "TXT").await?;
        if set.as_ref().is_none_or(|set| set.routed) && mark.is_none() {
            return Ok(None);
        }
        let its_tags = mark.as_ref().map(tags_of).unwrap_or_default();
        let make = |identity, _| live(zone, name, kind, set.as_ref(), identity);
        Ok(Some(Existing::of(its_tags, wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, _tags: &Tags) -> Result<(), Failure> {
        let mark = mark_of(&live.spec.name, &live.spec.r#type, &live.identity);
        let zone = live.spec.zone.get()?;
        api::change(cx, zone.as_str(), &[(Verb::Create, &mark)]).await.map(drop)
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        let name = mark::name(&live.spec.name, &live.spec.r#type);
        let zone = live.spec.zone.get()?;
        let zone = zone.as_str();
        let mark = api::find(cx, zone, &name, "TXT").await?;
        // Without its mark it is somebody else's, or gone.
        if mark.is_none() {
            let spec = &live.spec;
            let record = api::find(cx, zone, &spec.name, &spec.r#type).await?;
            return Ok(record.map(|_| Tags::new()));
        }
        Ok(mark.as_ref().map(tags_of))
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            healths.push(match &one.ticket {
                _ if one.deleting => Health::Gone,
                None => Health::Ready,
                Some(change) => {
                    let sent = cx.route53.get_change().id(change).send().await;
                    let answer = sent.map_err(|error| classify("route53 GetChange", error))?;
                    match answer.change_info().map(|info| info.status()) {
                        Some(ChangeStatus::Pending) => {
                            Health::Pending("spreading to the name servers".to_owned())
                        }
                        _ => Health::Ready,
                    }
                }
            });
        }
        Ok(healths)
    }
}

/// What bears the name of a wanted record and is not marked as ours.
fn in_the_way(
    zone: &str,
    sets: &[RecordSet],
    marks: &[(String, String, Tags)],
    query: &Query<'_>,
) -> Vec<Foreign> {
    let mut foreign = Vec::new();
    for wanted in query.wanted {
        let document = query.documents.get(&wanted.address);
        let text = |field: &str| document?.get(field)?.as_str();
        let (Some(name), Some(kind)) = (text("name"), text("type")) else { continue };
        if query.wanted_text(&wanted.address, "zone") != Some(zone) {
            continue;
        }
        let conflict = |set: &&RecordSet| {
            set.name == name && (set.kind == kind || set.kind == "CNAME" || kind == "CNAME")
        };
        let Some(set) = sets.iter().find(conflict) else { continue };
        let mark = marks.iter().find(|(name, kind, _)| *name == set.name && *kind == set.kind);
        let its_tags = mark.map(|(.., tags)| tags.clone()).unwrap_or_default();
        if tags::identity(&its_tags, query).is_some() {
            continue;
        }
        let id = Record::id(zone, &set.name, &set.kind);
        let mut found = tags::foreign(wanted, id, &its_tags);
        found.adoptable &= set.kind == kind && !set.routed;
        foreign.push(found);
    }
    foreign
}

fn live(
    zone: &str,
    name: &str,
    kind: &str,
    set: Option<&RecordSet>,
    identity: Identity,
) -> Live<Record> {
    let spec = Record {
        zone: Input::Known(zone.into()),
        name: name.to_owned(),
        r#type: kind.to_owned(),
        alias: set.and_then(|set| set.alias.clone()).map(|(name, zone, health)| AliasTarget {
            dns_name: Input::Known(name),
            zone: Input::Known(zone),
            evaluate_health: health,
        }),
        ttl: set.and_then(|set| set.ttl),
        values: set.map(|set| set.values.clone()).unwrap_or_default(),
    };
    let health = match spec.is_lost() {
        true => Health::Failed("somebody has deleted the record and left its mark".to_owned()),
        false => Health::Ready,
    };
    Live {
        outputs: RecordOutputs { id: Record::id(zone, name, kind) },
        health,
        id: Record::id(zone, name, kind),
        spec,
        identity,
    }
}
