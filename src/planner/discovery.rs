//! Cloud Map: the environment's namespace, the names of services in it, and those of what is elsewhere.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Context;
use super::environment::{Shared, SharedNamespace};
use super::network::Network;
use crate::engine::{Desired, Failure, Input, Owner};
use crate::manifest::ServiceManifest;
use crate::manifest::environment::{ExternalInstance, ExternalName, NamespaceKind};
use crate::manifest::service::{
    CheckProtocol, DiscoveryHealthCheck, NetworkMode, RecordKind, Route53Check, RoutingPolicy, Runs,
};
use crate::resources::ecs::service::ServiceRegistry;
use crate::resources::servicediscovery::service::{Dns, DnsRecord, HealthCheck};
use crate::resources::servicediscovery::{
    DiscoveryService, DiscoveryServiceArn, Instance, Namespace,
};

/// The namespace, if the environment has one, and the names in it that no service answers for.
pub(super) fn namespace(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
) -> Result<Option<SharedNamespace>, Failure> {
    let discovery = &context.manifest()?.discovery;
    if !discovery.enabled {
        return Ok(None);
    }
    let shared = match &discovery.id {
        Some(id) => {
            let found = context.surroundings.namespace(id)?;
            SharedNamespace {
                id: Input::Known(found.id.as_str().into()),
                arn: Input::Known(found.arn.clone()),
                for_cluster: Input::Known(found.arn.as_str().into()),
                name: found.name.clone(),
                kind: found.kind,
            }
        }
        None => own(desired, context, network)?,
    };
    for (name, endpoint) in &discovery.endpoints {
        external(desired, context, &shared, name, endpoint)?;
    }
    Ok(Some(shared))
}

fn own(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
) -> Result<SharedNamespace, Failure> {
    let discovery = &context.manifest()?.discovery;
    let (application, environment) = (context.application(), context.environment);
    let name = discovery.name.clone().unwrap_or_else(|| {
        match (discovery.kind, &context.workspace.application.domain) {
            (NamespaceKind::Public, Some(domain)) => {
                format!("discovery.{environment}.{application}.{}", domain.name)
            }
            _ => format!("{environment}.{application}.local"),
        }
    });
    let namespace = match discovery.kind {
        NamespaceKind::Private => Namespace::private_dns(&name, network.vpc.clone()),
        NamespaceKind::Public => Namespace::public_dns(&name),
        NamespaceKind::Http => Namespace::http(&name),
    };
    let soa_ttl = discovery.soa_ttl.map(whole).or(namespace.soa_ttl);
    let namespace = Namespace { tags: context.tags()?, soa_ttl, ..namespace };
    // Cloud Map says the id at once, and knows it only when the namespace has been made.
    let handle = desired.add(&Owner::Environment, "main", &namespace)?;
    let arn = handle.output("arn").when_ready();
    let for_cluster = handle.arn().when_ready();
    let id = handle.id().when_ready();
    Ok(SharedNamespace { id, arn, for_cluster, name, kind: discovery.kind })
}

fn whole(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// A name of what is elsewhere, and its instances.
fn external(
    desired: &mut Desired,
    context: &Context<'_>,
    namespace: &SharedNamespace,
    name: &str,
    endpoint: &ExternalName,
) -> Result<(), Failure> {
    let some = |of: fn(&ExternalInstance) -> bool| endpoint.instances.values().any(of);
    let mut kinds: Vec<&str> = endpoint.records.iter().map(|kind| word(*kind)).collect();
    if endpoint.cname.is_some() {
        kinds = vec!["CNAME"];
    } else if kinds.is_empty() {
        let both =
            [("A", some(|one| one.ipv4.is_some())), ("AAAA", some(|one| one.ipv6.is_some()))];
        kinds = both.into_iter().filter(|(_, there)| *there).map(|(kind, _)| kind).collect();
    }
    let routing = if endpoint.cname.is_some() { "WEIGHTED" } else { "MULTIVALUE" };
    let check = endpoint.health_check.as_ref();
    let service = DiscoveryService {
        description: endpoint.description.clone().unwrap_or_default(),
        dns: dns(namespace, kinds, whole(endpoint.ttl), routing),
        custom_health_check: check == Some(&DiscoveryHealthCheck::Custom),
        health_check: route53(check),
        tags: context.tags()?,
        ..DiscoveryService::new(namespace.id.clone(), name, 0)
    };
    let service = desired.add(&Owner::Environment, name, &service)?.id();
    let mut add = |own: &str, attributes: BTreeMap<String, String>| {
        let instance = Instance { service: service.clone(), attributes };
        desired.add(&Owner::Environment, format!("{name}/{own}"), &instance).map(drop)
    };
    if let Some(host) = &endpoint.cname {
        add("host", [("AWS_INSTANCE_CNAME".to_owned(), host.clone())].into())?;
    }
    for (own, instance) in &endpoint.instances {
        let mut attributes = instance.attributes.clone();
        let known = [
            ("AWS_INSTANCE_IPV4", instance.ipv4.map(|address| address.to_string())),
            ("AWS_INSTANCE_IPV6", instance.ipv6.map(|address| address.to_string())),
            ("AWS_INSTANCE_PORT", instance.port.map(|port| port.to_string())),
        ];
        let known = known.into_iter();
        attributes.extend(known.filter_map(|(key, value)| Some((key.to_owned(), value?))));
        add(own, attributes)?;
    }
    Ok(())
}

fn word(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::A => "A",
        RecordKind::Aaaa => "AAAA",
        RecordKind::Srv => "SRV",
    }
}

/// The records of each instance; none in a namespace without DNS.
fn dns(namespace: &SharedNamespace, kinds: Vec<&str>, ttl: i64, routing: &str) -> Option<Dns> {
    if namespace.kind == NamespaceKind::Http {
        return None;
    }
    let record = |kind: &str| DnsRecord { record: kind.to_owned(), ttl };
    let mut records: Vec<DnsRecord> = kinds.into_iter().map(record).collect();
    records.sort();
    Some(Dns { routing_policy: routing.to_owned(), records })
}

fn route53(check: Option<&DiscoveryHealthCheck>) -> Option<HealthCheck> {
    let Some(DiscoveryHealthCheck::Route53(Route53Check { protocol, path, failure_threshold })) =
        check
    else {
        return None;
    };
    let tcp = *protocol == CheckProtocol::Tcp;
    Some(HealthCheck {
        protocol: protocol.to_string().to_uppercase(),
        path: (!tcp).then(|| path.clone().unwrap_or_else(|| "/".to_owned())),
        failure_threshold: super::task::integer(*failure_threshold),
    })
}

/// The service's name in the environment's namespace.
pub(super) fn registry(
    desired: &mut Desired,
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
) -> Result<Option<ServiceRegistry>, Failure> {
    let Some(namespace) = &shared.namespace else { return Ok(None) };
    let environment = context.manifest()?;
    let mode = service.network_mode_in(Some(environment));
    let written = &service.discovery;
    // Without DNS nobody looks a name up but by API calls: it is there where it is asked for.
    let wanted = written.enabled.unwrap_or(namespace.kind != NamespaceKind::Http);
    // Machines outside AWS are not registered; neither is what nothing reaches.
    let external = service.runs_in(Some(environment)) == Runs::External;
    if !wanted || external || mode == NetworkMode::None {
        return Ok(None);
    }
    let map = &written.map;
    let own_address = mode == NetworkMode::Awsvpc;
    let port = map.port.or(service.image.port);
    let mut kinds: Vec<&str> = map.records.iter().map(|kind| word(*kind)).collect();
    if kinds.is_empty() {
        // Behind an instance's address the port tells tasks apart.
        if !own_address && port.is_none() {
            return Ok(None);
        }
        kinds.push(if own_address { "A" } else { "SRV" });
    }
    let with_port = kinds.contains(&"SRV");
    let routing = match map.routing {
        RoutingPolicy::Multivalue => "MULTIVALUE",
        RoutingPolicy::Weighted => "WEIGHTED",
    };
    let check = map.health_check.as_ref();
    let label = map.name.as_ref().unwrap_or(&service.name);
    let name = DiscoveryService {
        description: map.description.clone().unwrap_or_default(),
        dns: dns(namespace, kinds, whole(map.ttl), routing),
        custom_health_check: check.is_none_or(|check| *check == DiscoveryHealthCheck::Custom),
        health_check: route53(check),
        tags: context.tags()?,
        ..DiscoveryService::new(namespace.id.clone(), label, 0)
    };
    let registry: Input<DiscoveryServiceArn> =
        desired.add(&super::owner(service), &service.name, &name)?.arn();
    let at = port.filter(|_| with_port || !own_address).map(|port| {
        (service.container_of(port).unwrap_or_else(|| service.name.clone()), i32::from(port))
    });
    let (container, container_port) = at.unzip();
    Ok(Some(ServiceRegistry { registry, port: None, container, container_port }))
}
