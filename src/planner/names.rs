//! The host names of services: their DNS records, and the certificates that prove them.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use super::surroundings::HostedZone;
use crate::engine::{Address, Desired, Failure, Input, Observation, Owner, Wait};
use crate::manifest::service::{Alias, Rule};
use crate::manifest::{ServiceManifest, ServiceType};
use crate::resources::acm::{Certificate, CertificateArn};
use crate::resources::ec2::VpcId;
use crate::resources::elbv2::{ListenerArn, ListenerCertificate};
use crate::resources::route53::{HostedZone as PrivateZone, HostedZoneId, Record};

/// Names that one certificate may have, unless AWS is asked for more.
const MOST: usize = 10;
/// The name of the environment's own certificate.
const ENVIRONMENT: &str = "environment";

/// A host name, and the zone that the manifest names for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Host {
    pub(super) name: String,
    zone: Option<String>,
}

/// `test.shop.example.com`, where the application has a domain and the environment no certificates of its own.
pub(super) fn subdomain(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let Some(domain) = &context.workspace.application.domain else { return Ok(None) };
    if !context.manifest()?.http.public.certificates.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!("{}.{}.{}", context.environment, context.application(), domain.name)))
}

/// `test.shop.internal`, where names of services behind the internal load balancer end: where it has certificates,
/// names are those that they are for.
pub(super) fn internal_domain(context: &Context<'_>) -> Result<Option<String>, Failure> {
    let plain = context.manifest()?.http.private.certificates.is_empty();
    Ok(plain.then(|| format!("{}.{}.internal", context.environment, context.application())))
}

/// Plans the private zone of those names.
pub(super) fn internal_zone(
    desired: &mut Desired,
    context: &Context<'_>,
    vpc: &Input<VpcId>,
) -> Result<Option<Input<HostedZoneId>>, Failure> {
    let Some(name) = internal_domain(context)? else { return Ok(None) };
    let zone = PrivateZone {
        name,
        vpc: vpc.clone(),
        comment: "Services behind the internal load balancer".to_owned(),
        tags: context.tags()?,
    };
    Ok(Some(desired.add(&Owner::Environment, "internal", &zone)?.id()))
}

/// Plans the record of a service behind the internal load balancer, in its private zone.
pub(super) fn internal_record(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    zone: &Input<HostedZoneId>,
    target: &Target<'_>,
) -> Result<(), Failure> {
    let Some(domain) = internal_domain(context)? else { return Ok(()) };
    let name = format!("{}.{domain}", service.name);
    let record =
        Record::balancer(zone.clone(), &name, target.dns_name.clone(), target.zone.clone());
    let handle = desired.add(&super::owner(service), name, &record)?;
    for after in target.after {
        desired.order(handle.address(), after, Wait::Created);
    }
    Ok(())
}

/// The host names of one rule: its aliases, or the service's name in the domain (behind the internal load balancer,
/// in the private zone).
pub(super) fn of_rule(
    context: &Context<'_>,
    service: &ServiceManifest,
    rule: &Rule,
) -> Result<Vec<Host>, Failure> {
    if !rule.alias.is_empty() {
        return Ok(hosts(&rule.alias, rule.hosted_zone.as_deref()));
    }
    let public = service.service_type == ServiceType::LoadBalancedWebService;
    let imported =
        super::surroundings::balancer(service, context.manifest()?.http.public.alb.as_deref());
    let own = match public {
        true => subdomain(context)?.filter(|_| imported.is_none()),
        // Five values are all that a rule tests: one with many sources has no room for a name.
        false => internal_domain(context)?.filter(|_| rule.room_for_hosts() > 0),
    };
    Ok(own.map(|domain| host(format!("{}.{domain}", service.name))).into_iter().collect())
}

/// The host names of a network load balancer: its aliases, or `SERVICE-nlb` in the domain.
pub(super) fn of_network(
    context: &Context<'_>,
    service: &ServiceManifest,
    aliases: &[Alias],
) -> Result<Vec<Host>, Failure> {
    if !aliases.is_empty() {
        return Ok(hosts(aliases, None));
    }
    let own = subdomain(context)?;
    Ok(own.map(|domain| host(format!("{}-nlb.{domain}", service.name))).into_iter().collect())
}

/// A host name in whatever zone it lies.
pub(super) fn host(name: String) -> Host {
    Host { name, zone: None }
}

fn hosts(aliases: &[Alias], zone: Option<&str>) -> Vec<Host> {
    aliases
        .iter()
        .map(|alias| Host {
            name: alias.name.clone(),
            zone: alias.hosted_zone.clone().or_else(|| zone.map(str::to_owned)),
        })
        .collect()
}

/// Those of them for which there shall be records, with their zones: all where names are managed; else those whose
/// zone the manifest names.
pub(super) fn zones<'a>(
    context: &Context<'a>,
    hosts: &[Host],
) -> Result<Vec<(Host, &'a HostedZone)>, Failure> {
    let managed = subdomain(context)?.is_some();
    hosts
        .iter()
        .filter(|host| managed || host.zone.is_some())
        .map(|host| {
            let zone = context.surroundings.zone(context, &host.name, host.zone.as_deref())?;
            Ok((host.clone(), zone))
        })
        .collect()
}

/// The zones that a service's target group keeps in mind: those of its names, and those that it had before.
pub(super) fn remembered(
    live: &Observation,
    group: &str,
    wanted: &[(Host, &HostedZone)],
) -> BTreeMap<String, String> {
    let address = Address::new("elbv2/target-group", group);
    let mut zones: BTreeMap<String, String> = live
        .at(&address)
        .flat_map(|live| live.spec["zones"].as_object().into_iter().flatten())
        .filter_map(|(name, id)| Some((name.clone(), id.as_str()?.to_owned())))
        .collect();
    zones.extend(wanted.iter().map(|(_, zone)| (zone.name.clone(), zone.id.clone())));
    zones
}

/// Plans the environment's certificate, for itself and all names directly below it.
pub(super) fn environment_certificate(
    desired: &mut Desired,
    context: &Context<'_>,
) -> Result<Option<Input<CertificateArn>>, Failure> {
    let Some(domain) = subdomain(context)? else { return Ok(None) };
    let zone = context.surroundings.zone(context, &domain, None)?;
    let names = [domain.clone(), format!("*.{domain}")];
    let zones = BTreeMap::from([(zone.name.clone(), zone.id.clone())]);
    let certificate = Certificate { tags: context.tags()?, ..Certificate::new(&names, zones) };
    let handle = desired.add(&Owner::Environment, ENVIRONMENT, &certificate)?;
    Ok(Some(handle.arn().when_ready()))
}

/// Plans the certificates for a service's names that the environment's does not cover, ten names each.
pub(super) fn certificates(
    desired: &mut Desired,
    context: &Context<'_>,
    service: &ServiceManifest,
    name: &str,
    hosts: &[Host],
) -> Result<Vec<(String, Input<CertificateArn>)>, Failure> {
    let own = subdomain(context)?;
    let covered = |host: &str| {
        own.as_deref().is_some_and(|domain| {
            host == domain || host.split_once('.').is_some_and(|(_, parent)| parent == domain)
        })
    };
    let mut zones: BTreeMap<&str, &HostedZone> = BTreeMap::new();
    for host in hosts.iter().filter(|host| !covered(&host.name)) {
        let zone = context.surroundings.zone(context, &host.name, host.zone.as_deref())?;
        zones.insert(&host.name, zone);
    }
    let names: Vec<String> = zones.keys().map(|name| (*name).to_owned()).collect();
    let mut planned = Vec::new();
    for (index, names) in names.chunks(MOST).enumerate() {
        let its_zones = names.iter().filter_map(|name| zones.get(name.as_str()));
        let its_zones = its_zones.map(|zone| (zone.name.clone(), zone.id.clone())).collect();
        let certificate =
            Certificate { tags: context.tags()?, ..Certificate::new(names, its_zones) };
        let address = match index {
            0 => name.to_owned(),
            more => format!("{name}/{}", more + 1),
        };
        let handle = desired.add(&super::owner(service), &address, &certificate)?;
        planned.push((address, handle.arn().when_ready()));
    }
    Ok(planned)
}

/// Plans that a listener shows these certificates beside its own.
pub(super) fn attach(
    desired: &mut Desired,
    service: &ServiceManifest,
    listener: &Input<ListenerArn>,
    certificates: Vec<(String, Input<CertificateArn>)>,
) -> Result<(), Failure> {
    for (name, certificate) in certificates {
        let attached = ListenerCertificate { listener: listener.clone(), certificate };
        desired.add(&super::owner(service), name, &attached)?;
    }
    Ok(())
}

/// Where names lead.
pub(super) struct Target<'a> {
    /// The load balancer's own name.
    pub(super) dns_name: &'a Input<String>,
    /// The zone of that.
    pub(super) zone: &'a Input<String>,
    /// What must be there before names lead to it.
    pub(super) after: &'a [Address],
}

/// Plans the records of a service. A name that several services share has one record, which stays with
/// the service that has it.
pub(super) fn records(
    desired: &mut Desired,
    context: &Context<'_>,
    live: &Observation,
    service: &ServiceManifest,
    hosts: &[(Host, &HostedZone)],
    target: &Target<'_>,
) -> Result<(), Failure> {
    let mut planned = BTreeSet::new();
    for (host, zone) in hosts {
        let address = Address::new("route53/record", host.name.clone());
        if desired.nodes.contains_key(&address) || !planned.insert(&host.name) {
            continue;
        }
        let elsewhere = live.at(&address).any(|live| match &live.identity.owner {
            Owner::Service(name) => name != &service.name && wants(context, name, &host.name),
            Owner::Environment => false,
        });
        if elsewhere {
            continue;
        }
        let record = Record::balancer(
            Input::Known(zone.id.as_str().into()),
            &host.name,
            target.dns_name.clone(),
            target.zone.clone(),
        );
        let handle = desired.add(&super::owner(service), host.name.clone(), &record)?;
        for after in target.after {
            desired.order(handle.address(), after, Wait::Created);
        }
    }
    Ok(())
}

/// Whether another service is known to keep a name: its manifest is not here, or has the name.
fn wants(context: &Context<'_>, service: &str, host: &str) -> bool {
    if !context.services.contains(service) {
        return true;
    }
    let Ok(other) = context.workspace.service_in(service, context.environment) else { return true };
    let Some(http) = &other.http else { return false };
    let rules = std::iter::once(&http.main).chain(&http.additional_rules);
    rules.flat_map(|rule| rule.hosts()).any(|name| name == host)
        || http
            .redirects
            .iter()
            .any(|one| one.source().and_then(|place| place.host).is_some_and(|name| name == host))
}
