//! An instance of a Cloud Map service that is registered by hand: an endpoint that ECS knows nothing of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::common::{PAGE, operation};
use super::{DiscoveryService, DiscoveryServiceId};
use crate::aws::{Cx, classify, tags, unless_gone};
use crate::engine::{
    Change, Class, Failure, Health, Identity, Input, KindInfo, Owner, Pace, Query, ReplaceOrder,
    Rule, Spec,
};
use crate::resources::resource::{Existing, Found, Live, Progress, Resource, Tags, Waiting};

/// An instance, registered as `identity.name(64)`. Instances have no tags: ours are among its attributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// The service that it answers for.
    pub service: Input<DiscoveryServiceId>,
    /// `AWS_INSTANCE_IPV4`, `AWS_INSTANCE_IPV6`, `AWS_INSTANCE_CNAME`, `AWS_INSTANCE_PORT` and the user's own.
    pub attributes: BTreeMap<String, String>,
}

impl Spec for Instance {
    const KIND: &'static str = "servicediscovery/instance";
}

crate::outputs!(Instance => InstanceOutputs {
    /// Its id in the service.
    instance: String,
    /// The service's id.
    service: DiscoveryServiceId,
});

/// Members of the API's inputs that are no fields here, and why.
pub const EXCLUDED: &[(&str, &str)] = &[
    ("RegisterInstance.InstanceId", "the physical name follows from the address"),
    ("RegisterInstance.CreatorRequestId", "makes the call idempotent, is no property"),
];

/// The longest id that Cloud Map takes.
const NAME_LIMIT: usize = 64;
/// The attributes that are our tags begin so.
const OURS: &str = "shipit:";

impl Resource for Instance {
    const INFO: KindInfo = KindInfo {
        kind: Self::KIND,
        rules: &[Rule::Immutable("service")],
        observe_after: &["servicediscovery/service"],
        order_after: &[],
        replace: ReplaceOrder::CreateFirst,
        revisioned: false,
        stateful: None,
        pace: Pace::seconds(5, 2, 600),
    };

    type Outputs = InstanceOutputs;

    /// One list for each service that belongs to the environment: those of ECS's tasks belong to a service of ours.
    async fn observe(cx: &Cx, query: &Query<'_>) -> Result<Found<Self>, Failure> {
        let mut found = Found::default();
        let services = query.seen.of(DiscoveryService::KIND).iter();
        for service in services.filter(|one| one.identity.owner == Owner::Environment) {
            let mut pages = cx
                .servicediscovery
                .list_instances()
                .service_id(&service.id)
                .max_results(PAGE)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page =
                    page.map_err(|error| classify("servicediscovery ListInstances", error))?;
                for instance in page.instances() {
                    let attributes = instance.attributes().cloned().unwrap_or_default();
                    let all: Tags = attributes.into_iter().collect();
                    let id = instance.id().unwrap_or_default();
                    if let Some(identity) = tags::identity(&all, query) {
                        found.owned.push(live(&service.id, id, identity, &all));
                    } else if let Some(wanted) =
                        query.wanted.iter().find(|wanted| wanted.name(NAME_LIMIT) == id)
                    {
                        found.foreign.push(tags::foreign(wanted, path(&service.id, id), &all));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn create(&self, cx: &Cx, identity: &Identity) -> Result<Progress<Self>, Failure> {
        let service = self.service.get()?;
        let id = identity.name(NAME_LIMIT);
        // A registration replaces what is there under that id.
        if let Some(all) = get(cx, service.as_str(), &id).await? {
            tags::still_owned(&all, identity, &id)
                .map_err(|failure| Failure { class: Class::AlreadyExists, ..failure })?;
        }
        let ticket = self.register(cx, identity, &id).await?;
        let outputs = InstanceOutputs { instance: id, service };
        Ok(Progress { outputs: Some(outputs), ticket, more: false })
    }

    async fn update(
        &self,
        cx: &Cx,
        live: &Live<Self>,
        _changes: &[Change],
    ) -> Result<Progress<Self>, Failure> {
        let ticket = self.register(cx, &live.identity, &live.outputs.instance).await?;
        Ok(Progress { outputs: Some(live.outputs.clone()), ticket, more: false })
    }

    async fn delete(cx: &Cx, live: &Live<Self>) -> Result<Progress<Self>, Failure> {
        let call = cx.servicediscovery.deregister_instance();
        let call =
            call.service_id(live.outputs.service.as_str()).instance_id(&live.outputs.instance);
        let sent = call.send().await;
        let answer = unless_gone(
            sent.map_err(|error| classify("servicediscovery DeregisterInstance", error)),
        )?;
        let ticket = answer.and_then(|answer| answer.operation_id);
        Ok(Progress { outputs: None, ticket, more: false })
    }

    async fn look(cx: &Cx, waiting: &[Waiting<Self>]) -> Result<Vec<Health>, Failure> {
        let mut healths = Vec::new();
        for one in waiting {
            let done = if one.deleting { Health::Gone } else { Health::Ready };
            healths.push(match &one.ticket {
                None => done,
                // What Cloud Map has forgotten is long done.
                Some(ticket) => match operation(cx, ticket, done.clone()).await? {
                    Health::Gone => done,
                    health => health,
                },
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
        // `srv-…/ID`: ids are known in their service only.
        let Some((service, instance)) = id.rsplit_once('/') else { return Ok(None) };
        let service = service.rsplit('/').next().unwrap_or(service);
        let Some(all) = get(cx, service, instance).await? else { return Ok(None) };
        let make = |identity, _| live(service, instance, identity, &all);
        Ok(Some(Existing::of(all.clone(), wanted, make).named(instance)))
    }

    async fn claim(cx: &Cx, live: &Live<Self>, tags: &Tags) -> Result<(), Failure> {
        let service = live.outputs.service.as_str();
        let mut all = get(cx, service, &live.outputs.instance).await?.unwrap_or_default();
        all.extend(tags.clone());
        register(cx, service, &live.outputs.instance, all).await.map(drop)
    }

    async fn tags(cx: &Cx, live: &Live<Self>) -> Result<Option<Tags>, Failure> {
        get(cx, live.outputs.service.as_str(), &live.outputs.instance).await
    }

    fn name(identity: &Identity) -> Option<String> {
        Some(identity.name(NAME_LIMIT))
    }

    fn within(live: &Live<Self>) -> Option<(&'static str, String)> {
        Some((DiscoveryService::KIND, live.outputs.service.to_string()))
    }
}

impl Instance {
    async fn register(
        &self,
        cx: &Cx,
        identity: &Identity,
        id: &str,
    ) -> Result<Option<String>, Failure> {
        let mut all = self.attributes.clone();
        all.extend(identity.tags());
        register(cx, self.service.get()?.as_str(), id, all).await
    }
}

/// Registers an instance, or makes one that is there so; the operation that was begun.
async fn register(
    cx: &Cx,
    service: &str,
    id: &str,
    attributes: Tags,
) -> Result<Option<String>, Failure> {
    let call = cx
        .servicediscovery
        .register_instance()
        .service_id(service)
        .instance_id(id)
        .set_attributes(Some(attributes.into_iter().collect()));
    let sent = call.send().await;
    let answer = sent.map_err(|error| classify("servicediscovery RegisterInstance", error))?;
    Ok(answer.operation_id)
}

/// All attributes of an instance; `None` where it is not there.
async fn get(cx: &Cx, service: &str, id: &str) -> Result<Option<Tags>, Failure> {
    let call = cx.servicediscovery.get_instance().service_id(service).instance_id(id).send().await;
    let answer =
        unless_gone(call.map_err(|error| classify("servicediscovery GetInstance", error)))?;
    let instance = answer.and_then(|answer| answer.instance);
    Ok(instance.map(|one| one.attributes.unwrap_or_default().into_iter().collect()))
}

fn path(service: &str, id: &str) -> String {
    format!("{service}/{id}")
}

fn live(service: &str, id: &str, identity: Identity, all: &Tags) -> Live<Instance> {
    Live {
        spec: Instance { service: Input::Known(service.into()), attributes: own(all) },
        outputs: InstanceOutputs { instance: id.to_owned(), service: service.into() },
        health: Health::Ready,
        id: path(service, id),
        identity,
    }
}

/// The attributes without our tags.
fn own(all: &Tags) -> BTreeMap<String, String> {
    all.iter()
        .filter(|(key, _)| !key.starts_with(OURS))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_tags_are_no_attributes_of_the_users() {
        let all =
            [("AWS_INSTANCE_IPV4", "10.0.0.1"), ("shipit:application", "demo"), ("zone", "a")];
        let all = all.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let keys: Vec<String> = own(&all).into_keys().collect();
        assert_eq!(keys, ["AWS_INSTANCE_IPV4", "zone"]);
    }
}
