//! A service's own network load balancer.

use super::environment::{Shared, all_traffic};
use super::http::Web;
use super::names::{self, Target};
use super::scaling::{Balanced, text};
use super::task::{integer, seconds};
use super::{Context, shift};
use crate::engine::{Desired, Failure, Input, Observation, Wait};
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Nlb, NlbListener, NlbProtocol};
use crate::resources::acm::CertificateArn;
use crate::resources::ec2::{Direction, Peer, SecurityGroup, SecurityGroupRule};
use crate::resources::ecs::service::{LoadBalancer as Joined, Switch};
use crate::resources::elbv2::listener::SSL_POLICY;
use crate::resources::elbv2::{
    Action, HealthCheck, Listener, LoadBalancer, LoadBalancerType, Protocol, Scheme, Stickiness,
    TargetGroup, TargetGroupAttributes,
};

const EVERYONE: &str = "0.0.0.0/0";

/// Plans the load balancer with its ports, names and certificates; nothing where the service has no `nlb`.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    live: &Observation,
    shared: &Shared,
    service: &ServiceManifest,
    web: &mut Web,
) -> Result<(), Failure> {
    let Some(nlb) = &service.nlb else { return Ok(()) };
    let owner = super::owner(service);
    let name = format!("{}/nlb", service.name);
    let group = SecurityGroup {
        vpc: shared.network.vpc.clone(),
        description: format!("The network load balancer of {}", service.name),
        default_egress: true,
        tags: context.tags()?,
    };
    let group = desired.add(&owner, &name, &group)?.id();
    let mut before = Vec::new();
    let ports = nlb.listeners().map(|(_, one)| (i32::from(one.port.number), one.port.protocol));
    let test = test_port(service).map(|port| (port, nlb.main.port.protocol));
    for (port, protocol) in ports.chain(test) {
        for protocol in transports(protocol) {
            let rule = SecurityGroupRule {
                protocol: (*protocol).to_owned(),
                from_port: port,
                to_port: port,
                tags: context.tags()?,
                ..all_traffic(&group, Direction::Ingress, Peer::Cidr(EVERYONE.to_owned()))
            };
            let rule = desired.add(&owner, format!("{name}-{port}-{protocol}"), &rule)?;
            before.push(rule.address().clone());
        }
    }
    let into = SecurityGroupRule {
        description: format!("From the network load balancer of {}", service.name),
        tags: context.tags()?,
        ..all_traffic(&shared.security_group, Direction::Ingress, Peer::Group(group.clone()))
    };
    before.push(desired.add(&owner, format!("{name}-into-services"), &into)?.address().clone());
    let balancer = LoadBalancer {
        r#type: LoadBalancerType::Network,
        tags: context.tags()?,
        ..LoadBalancer::new(Scheme::InternetFacing, shared.network.public.clone(), vec![group])
    };
    let balancer = desired.add(&owner, &name, &balancer)?;

    let hosts = names::of_network(context, service, &nlb.alias)?;
    let zones = names::zones(context, &hosts)?;
    let secure = nlb.listeners().any(|(_, one)| one.port.protocol == NlbProtocol::Tls);
    let mut certificates = match secure {
        true => certificates(desired, context, shared, service, nlb, &name)?,
        false => Vec::new(),
    };
    let first = (!certificates.is_empty()).then(|| certificates.remove(0));
    let mut listeners = Vec::new();
    for (index, (_, written)) in nlb.listeners().enumerate() {
        let name = match index {
            0 => name.clone(),
            more => format!("{name}-{}", more + 1),
        };
        let mut group = target_group(context, shared, written)?;
        if index == 0 {
            group.zones = names::remembered(live, &name, &zones);
        }
        let planned = group;
        let group = desired.add(&owner, &name, &planned)?;
        let around = shift::Around { desired, context, live, service };
        let pair = shift::pair(around, &name, &planned, &group)?;
        let action = match &pair {
            Some(pair) => Action::shifted([group.arn(), pair.alternate.clone()]),
            None => Action::forward_to(group.arn()),
        };
        let tls = written.port.protocol == NlbProtocol::Tls;
        let policy = written.ssl_policy.as_deref().unwrap_or(SSL_POLICY);
        let imported = &context.manifest()?.http.public.certificates;
        let listener = Listener {
            ssl_policy: tls.then(|| policy.to_owned()),
            certificate: first.as_ref().filter(|_| tls).map(|(_, arn)| arn.clone()),
            additional_certificates: match tls && nlb.alias.is_empty() {
                true => imported.iter().skip(1).cloned().collect(),
                false => Vec::new(),
            },
            tags: context.tags()?,
            ..Listener::new(
                balancer.arn(),
                protocol(written.port.protocol),
                written.port.number.into(),
                action,
            )
        };
        let test = match (&pair, test_port(service), index) {
            (Some(_), Some(port), 0) => {
                let test = Listener { port, ..listener.clone() };
                Some(desired.add(&owner, format!("{name}/test"), &test)?)
            }
            _ => None,
        };
        let listener = desired.add(&owner, &name, &listener)?;
        for one in std::iter::once(&listener).chain(&test) {
            for rule in &before {
                desired.order(one.address(), rule, Wait::Created);
            }
        }
        if tls {
            names::attach(desired, service, &listener.arn(), std::mem::take(&mut certificates))?;
        }
        listeners.push(listener.address().clone());
        listeners.extend(test.iter().map(|test| test.address().clone()));
        let switch = pair.map(|pair| Switch {
            alternate_target_group: pair.alternate,
            production_listener_rule: text(&listener.arn()),
            test_listener_rule: test.map(|test| text(&test.arn())),
            role: pair.role,
        });
        web.load_balancers.push(Joined {
            target_group: group.arn(),
            container: super::ports::target(service, written),
            port: written.target().into(),
            switch,
        });
        web.balanced.get_or_insert_with(|| Balanced {
            load_balancer: balancer.full_name(),
            target_group: group.full_name(),
        });
    }
    let (dns_name, zone) = (balancer.dns_name(), balancer.hosted_zone());
    let target = Target { dns_name: &dns_name, zone: &zone, after: &listeners };
    names::records(desired, context, live, service, &zones, &target)?;
    web.rules.extend(listeners);
    Ok(())
}

/// The certificates of its TLS ports, the default one first: for its aliases, or else the environment's.
fn certificates(
    desired: &mut Desired,
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
    nlb: &Nlb,
    name: &str,
) -> Result<Vec<(String, Input<CertificateArn>)>, Failure> {
    let hosts = names::of_network(context, service, &nlb.alias)?;
    let mut own = match nlb.alias.is_empty() {
        true => Vec::new(),
        false => names::certificates(desired, context, service, name, &hosts)?,
    };
    if own.is_empty() {
        let imported = context.manifest()?.http.public.certificates.first();
        let imported = imported.map(|arn| Input::Known(arn.as_str().into()));
        own.extend(shared.certificate.clone().or(imported).map(|arn| (String::new(), arn)));
    }
    Ok(own)
}

/// The port for test traffic.
fn test_port(service: &ServiceManifest) -> Option<i32> {
    let test = service.deployment.test_traffic.as_ref()?;
    test.port.map(i32::from)
}

fn target_group(
    context: &Context<'_>,
    shared: &Shared,
    listener: &NlbListener,
) -> Result<TargetGroup, Failure> {
    let protocol = match listener.port.protocol {
        NlbProtocol::Tls => Protocol::Tcp,
        other => protocol(other),
    };
    let default =
        TargetGroup::network(shared.network.vpc.clone(), protocol, listener.target().into());
    let check = &listener.healthcheck;
    let usual = HealthCheck::connect();
    Ok(TargetGroup {
        health_check: HealthCheck {
            port: check.port.map_or(usual.port.clone(), |port| port.to_string()),
            interval: check.interval.map_or(usual.interval, seconds),
            timeout: check.timeout.map_or(usual.timeout, seconds),
            healthy_threshold: check.healthy_threshold.map_or(usual.healthy_threshold, integer),
            unhealthy_threshold: check
                .unhealthy_threshold
                .map_or(usual.unhealthy_threshold, integer),
            ..usual
        },
        attributes: TargetGroupAttributes {
            deregistration_delay: seconds(listener.deregistration_delay),
            stickiness: listener.stickiness.then_some(Stickiness::SourceAddress),
            ..default.attributes.clone()
        },
        tags: context.tags()?,
        ..default
    })
}

fn protocol(written: NlbProtocol) -> Protocol {
    match written {
        NlbProtocol::Tcp => Protocol::Tcp,
        NlbProtocol::Udp => Protocol::Udp,
        NlbProtocol::TcpUdp => Protocol::TcpUdp,
        NlbProtocol::Tls => Protocol::Tls,
    }
}

fn transports(written: NlbProtocol) -> &'static [&'static str] {
    match written {
        NlbProtocol::Tcp | NlbProtocol::Tls => &["tcp"],
        NlbProtocol::Udp => &["udp"],
        NlbProtocol::TcpUdp => &["tcp", "udp"],
    }
}
