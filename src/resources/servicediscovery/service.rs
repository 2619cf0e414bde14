//! A Cloud Map service: one name in a namespace, which tasks register under.

use std::collections::BTreeSet;

use aws_sdk_servicediscovery::types::{
    DnsConfig, DnsConfigChange, DnsRecord as SdkRecord, FilterCondition, HealthCheckConfig,
    HealthCheckCustomConfig, ServiceChange, ServiceFilter, ServiceFilterName, ServiceSummary,
    ServiceTypeOption,
};
use serde::{Deserialize, Serialize};

use super::common::{PAGE, built, claim, operation, read_tags, retag, tags_of, tags_to_sdk};
use super::{Namespace, NamespaceId};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::change::touches;
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Pace, Query, ReplaceOrder, Rule,
    Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// A Cloud Map service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscoveryService {
    /// The namespace: its id, or the ARN of one that another account shares.
    pub namespace: Input<NamespaceId>,
    /// The name in it: `api` of `api.test.demo.local`.
    pub name: String,
    /// For people; may be empty.
    pub description: String,
    /// The records each instance gets; `None` where only API calls find it.
    pub dns: Option<Dns>,
    /// A Route 53 health check, for public and HTTP namespaces.
    pub health_check: Option<HealthCheck>,
    /// Someone (ECS) tells Cloud Map how an instance fares.
    pub custom_health_check: bool,
    /// The user's own tags.
    pub tags: Tags,
}

impl DiscoveryService {
    /// A name whose instances get A records and are watched by ECS.
    pub fn new(namespace: Input<NamespaceId>, name: impl Into<String>, ttl: i64) -> Self {
        Self {
            namespace,
            name: name.into(),
            description: String::new(),
            dns: Some(Dns {
                routing_policy: "MULTIVALUE".to_owned(),
                records: vec![DnsRecord { record: "A".to_owned(), ttl }],
            }),
            health_check: None,
            custom_health_check: true,
            tags: Tags::new(),
        }
    }
}

/// DNS records of each instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// `MULTIVALUE` or `WEIGHTED`.
    pub routing_policy: String,
    /// One per type.
    pub records: Vec<DnsRecord>,
}

/// One record of each instance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DnsRecord {
    /// `A`, `AAAA`, `SRV` or `CNAME`.
    pub record: String,
    /// How long, in seconds, resolvers remember it.
    pub ttl: i64,
}

/// A Route 53 health check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `HTTP`, `HTTPS` or `TCP`.
    pub protocol: String,
    /// What is asked for; `None` with `TCP`.
    pub path: Option<String>,
    /// How many failures make it unhealthy, 1 to 10.
    pub failure_threshold: i32,
}

impl Spec for DiscoveryService {
    const KIND: &'static str = "servicediscovery/service";
}

crate::ids! {
    /// `srv-…`.
    DiscoveryServiceId,
    /// A Cloud Map service's ARN.
    DiscoveryServiceArn,
}

crate::outputs!(DiscoveryService => DiscoveryServiceOutputs {
    /// `srv-…`.
    id: DiscoveryServiceId,
    /// Its ARN.
    arn: DiscoveryServiceArn,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("CreateService.CreatorRequestId", "makes the call idempotent, is no property"),
    ("CreateService.DnsConfig.NamespaceId", "deprecated: the service's own `NamespaceId` says it"),
    (
        "CreateService.HealthCheckCustomConfig.FailureThreshold",
        "deprecated: Cloud Map always takes 1",
    ),
    ("CreateService.Type", "`HTTP` where `dns` is left out, which hides a service from DNS"),
    ("UpdateService.Id", "says which service"),
];

impl Resource for DiscoveryService {
    const INFO: KindInfo = KindInfo {
        kind: DiscoveryService::KIND,
        rules: &[
            Rule::Immutable("namespace"),
            Rule::Immutable("name"),
            Rule::Immutable("dns.routing_policy"),
            Rule::Immutable("custom_health_check"),
            Rule::Unordered("dns.records"),
        ],
        observe_after: &["servicediscovery/namespace"],
        order_after: &[],
        // A name is there once in a namespace.
        replace: ReplaceOrder::DeleteFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(5, 2, 600),
    };

    type Outputs = DiscoveryServiceOutputs;

    /// One list per namespace of ours and per imported one that is wanted; what of ours lies in other namespaces, as one
    /// was imported before, is known by its tags and asked for one by one.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        let own = query.seen.of(Namespace::KIND).iter().map(|namespace| namespace.id.as_str());
        let wanted = query.wanted.iter();
        let wanted = wanted.filter_map(|one| query.wanted_text(&one.address, "namespace"));
        let namespaces: BTreeSet<&str> = own.chain(wanted).collect();
        let mut listed = BTreeSet::new();
        for namespace in namespaces {
            let services = match list(cx, namespace).await {
                // An imported one that is not there: preflight tells it.
                Err(failure) if failure.class == Class::Gone => continue,
                services => services?,
            };
            for service in services {
                let arn = service.arn().unwrap_or_default().to_owned();
                let all = tags_of(cx, query, &arn).await?;
                note(&service, namespace, &all, query, &mut found);
                listed.insert(arn);
            }
        }
        let bulk = cx.bulk_tags.of(cx, query.application, query.environment).await?;
        let services = bulk.keys().filter(|arn| arn.contains(":servicediscovery:"));
        for arn in services.filter(|arn| arn.contains(":service/") && !listed.contains(*arn)) {
            let Some((service, namespace)) = get(cx, arn).await? else { continue };
            note(&service, &namespace, &read_tags(cx, arn).await?, query, &mut found);
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let dns = match &self.dns {
            None => None,
            Some(dns) => Some(built(
                DnsConfig::builder()
                    .routing_policy(dns.routing_policy.as_str().into())
                    .set_dns_records(Some(records(dns)?))
                    .build(),
            )?),
        };
        let custom = self.custom_health_check.then(|| HealthCheckCustomConfig::builder().build());
        let answer = cx
            .servicediscovery
            .create_service()
            .name(&self.name)
            .namespace_id(self.namespace.get()?.0)
            .creator_request_id(identity.client_token())
            .set_description(Some(self.description.clone()).filter(|text| !text.is_empty()))
            .set_dns_config(dns)
            .set_type(self.dns.is_none().then_some(ServiceTypeOption::Http))
            .set_health_check_config(self.sdk_health_check()?)
            .set_health_check_custom_config(custom)
            .set_tags(Some(tags_to_sdk(tags::for_create(identity, &self.tags, false))?))
            .send()
            .await
            .map_err(|error| classify("servicediscovery CreateService", error))?;
        let service = answer
            .service()
            .ok_or_else(|| Failure::new(Class::LostAnswer, "the answer holds no service"))?;
        Ok(Progress::done(DiscoveryServiceOutputs {
            id: service.id().unwrap_or_default().into(),
            arn: service.arn().unwrap_or_default().into(),
        }))
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let outputs = &live.outputs;
        if touches(changes, "tags") {
            retag(cx, outputs.arn.as_str(), &live.spec.tags, &self.tags).await?;
        }
        let touched = |path| touches(changes, path);
        let mut ticket = None;
        if touched("description") || touched("dns") || touched("health_check") {
            // What is left out is taken away.
            let dns = match &self.dns {
                None => None,
                Some(dns) => Some(built(
                    DnsConfigChange::builder().set_dns_records(Some(records(dns)?)).build(),
                )?),
            };
            let change = ServiceChange::builder()
                .description(&self.description)
                .set_dns_config(dns)
                .set_health_check_config(self.sdk_health_check()?)
                .build();
            let call = cx.servicediscovery.update_service().id(outputs.id.as_str()).service(change);
            let answer = call
                .send()
                .await
                .map_err(|error| classify("servicediscovery UpdateService", error))?;
            ticket = answer.operation_id;
        }
        Ok(Progress { outputs: Some(outputs.clone()), ticket, more: false })
    }

    /// Deregisters the instances that were left behind first; while they go the call is
    /// refused as still in use, and is made again.
    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let outputs = &live.outputs;
        match remove(cx, outputs.id.as_str()).await {
            Err(failure) if failure.class != Class::Gone => Err(failure),
            _ => Ok(Progress::deleted()),
        }
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            healths.push(match &one.ticket {
                _ if one.deleting => Health::Gone,
                // An update that Cloud Map has forgotten is long done.
                Some(ticket) => match operation(cx, ticket, Health::Ready).await? {
                    Health::Gone => Health::Ready,
                    health => health,
                },
                None => Health::Ready,
            });
        }
        Ok(healths)
    }

    async fn read(
        cx: &Cx,
        _query: &Query<'_>,
        wanted: &Identity,
        id: &str,
    ) -> Result<Option<Existing<Self>>, Failure> {
        let Some((found, namespace)) = get(cx, id).await? else { return Ok(None) };
        let all = read_tags(cx, found.arn().unwrap_or_default()).await?;
        let make = |identity, own| live(&found, &namespace, identity, own);
        Ok(Some(Existing::of(all, wanted, make)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        claim(cx, live.outputs.arn.as_str(), tags.clone()).await
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        unless_gone(read_tags(cx, live.outputs.arn.as_str()).await)
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((Namespace::KIND, live.spec.namespace.get().ok()?.0))
    }
}

impl DiscoveryService {
    fn sdk_health_check(&self) -> Result<Option<HealthCheckConfig>, Failure> {
        let config = self.health_check.as_ref().map(|check| {
            built(
                HealthCheckConfig::builder()
                    .r#type(check.protocol.as_str().into())
                    .set_resource_path(check.path.clone())
                    .failure_threshold(check.failure_threshold)
                    .build(),
            )
        });
        config.transpose()
    }
}

fn records(dns: &Dns) -> Result<Vec<SdkRecord>, Failure> {
    let record = |one: &DnsRecord| {
        built(SdkRecord::builder().r#type(one.record.as_str().into()).ttl(one.ttl).build())
    };
    dns.records.iter().map(record).collect()
}

/// One service by its id or ARN, and its namespace.
async fn get(cx: &Cx, id: &str) -> Result<Option<(ServiceSummary, String)>, Failure> {
    let service = id.rsplit('/').next().unwrap_or(id);
    let sent = cx.servicediscovery.get_service().id(service).send().await;
    let answer = unless_gone(sent.map_err(|error| classify("servicediscovery GetService", error)))?;
    let Some(found) = answer.and_then(|answer| answer.service) else { return Ok(None) };
    let namespace = found.namespace_id().unwrap_or_default().to_owned();
    let found = ServiceSummary::builder()
        .set_id(found.id)
        .set_arn(found.arn)
        .set_name(found.name)
        .set_description(found.description)
        .set_dns_config(found.dns_config)
        .set_health_check_config(found.health_check_config)
        .set_health_check_custom_config(found.health_check_custom_config)
        .build();
    Ok(Some((found, namespace)))
}

/// Every service of a namespace.
pub(super) async fn list(cx: &Cx, namespace: &str) -> Result<Vec<ServiceSummary>, Failure> {
    let filter = built(
        ServiceFilter::builder()
            .name(ServiceFilterName::NamespaceId)
            .condition(FilterCondition::Eq)
            .values(namespace)
            .build(),
    )?;
    let mut pages = cx
        .servicediscovery
        .list_services()
        .filters(filter)
        .max_results(PAGE)
        .into_paginator()
        .send();
    let mut services = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("servicediscovery ListServices", error))?;
        services.extend_from_slice(page.services());
    }
    Ok(services)
}

/// Deletes a service, its instances first.
pub(super) async fn remove(cx: &Cx, id: &str) -> Result<(), Failure> {
    let mut pages = cx
        .servicediscovery
        .list_instances()
        .service_id(id)
        .max_results(PAGE)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| classify("servicediscovery ListInstances", error))?;
        for instance in page.instances().iter().filter_map(|instance| instance.id()) {
            let call =
                cx.servicediscovery.deregister_instance().service_id(id).instance_id(instance);
            let answer = call.send().await;
            match answer.map_err(|error| classify("servicediscovery DeregisterInstance", error)) {
                // Gone, or on its way out by an earlier request.
                Err(failure) if !matches!(failure.class, Class::Gone | Class::AlreadyExists) => {
                    return Err(failure);
                }
                _ => {}
            }
        }
    }
    cx.servicediscovery
        .delete_service()
        .id(id)
        .send()
        .await
        .map_err(|error| classify("servicediscovery DeleteService", error))?;
    Ok(())
}

fn live(
    service: &ServiceSummary,
    namespace: &str,
    identity: Identity,
    tags: Tags,
) -> Live<DiscoveryService> {
    let id = service.id().unwrap_or_default();
    Live {
        spec: spec(service, namespace, tags),
        outputs: DiscoveryServiceOutputs {
            id: id.into(),
            arn: service.arn().unwrap_or_default().into(),
        },
        health: Health::Ready,
        id: id.to_owned(),
        identity,
    }
}

/// Sorts one listed service into ours, foreign and none of our business.
fn note(
    service: &ServiceSummary,
    namespace: &str,
    all: &Tags,
    query: &Query<'_>,
    found: &mut Found<DiscoveryService>,
) {
    let id = service.id().unwrap_or_default();
    match tags::identity(all, query) {
        Some(identity) => {
            let own = tags::own(all, &identity);
            found.owned.push(live(service, namespace, identity, own));
        }
        None => {
            let name = service.name().unwrap_or_default();
            let wanted = query.wanted.iter().find(|wanted| wanted.address.name() == name);
            found.foreign.extend(wanted.map(|wanted| tags::foreign(wanted, id, all)));
        }
    }
}

fn spec(from: &ServiceSummary, namespace: &str, tags: Tags) -> DiscoveryService {
    DiscoveryService {
        namespace: Input::Known(namespace.into()),
        name: from.name().unwrap_or_default().to_owned(),
        description: from.description().unwrap_or_default().to_owned(),
        dns: from.dns_config().filter(|dns| !dns.dns_records().is_empty()).map(|dns| {
            let mut records: Vec<DnsRecord> = dns
                .dns_records()
                .iter()
                .map(|one| DnsRecord { record: one.r#type().as_str().to_owned(), ttl: one.ttl() })
                .collect();
            records.sort();
            let policy = dns.routing_policy().map_or("MULTIVALUE", |policy| policy.as_str());
            Dns { routing_policy: policy.to_owned(), records }
        }),
        health_check: from.health_check_config().map(|check| HealthCheck {
            protocol: check.r#type().as_str().to_owned(),
            path: check.resource_path().map(str::to_owned),
            failure_threshold: check.failure_threshold().unwrap_or(1),
        }),
        custom_health_check: from.health_check_custom_config().is_some(),
        tags,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_reads_back_in_normal_form() {
        let record = |kind: &str| SdkRecord::builder().r#type(kind.into()).ttl(10).build().unwrap();
        let live = ServiceSummary::builder()
            .name("api")
            .dns_config(
                DnsConfig::builder()
                    .dns_records(record("SRV"))
                    .dns_records(record("A"))
                    .build()
                    .unwrap(),
            )
            .health_check_custom_config(HealthCheckCustomConfig::builder().build())
            .build();
        let mut expected = DiscoveryService::new(Input::Known("ns-1".into()), "api", 10);
        if let Some(dns) = &mut expected.dns {
            dns.records.push(DnsRecord { record: "SRV".into(), ttl: 10 });
        }
        assert_eq!(spec(&live, "ns-1", Tags::new()), expected);
    }

    #[test]
    fn a_service_of_api_calls_only_has_no_records() {
        let live = ServiceSummary::builder().name("api").build();
        let expected = DiscoveryService {
            dns: None,
            custom_health_check: false,
            ..DiscoveryService::new(Input::Known("ns-1".into()), "api", 10)
        };
        assert_eq!(spec(&live, "ns-1", Tags::new()), expected);
    }
}
