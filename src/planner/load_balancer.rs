//! The load balancers that services of an environment share.

use super::environment::{Balancer, all_traffic, peer};
use super::network::Network;
use super::{Context, access_logs};
use crate::engine::{Address, Desired, Failure, Input, Owner, Spec, Wait};
use crate::manifest::environment::AccessLogs;
use crate::resources::acm::CertificateArn;
use crate::resources::ec2::{
    Direction, Peer, SecurityGroup, SecurityGroupId, SecurityGroupRule, SubnetId,
};
use crate::resources::elbv2::listener::SSL_POLICY;
use crate::resources::elbv2::load_balancer::LoadBalancerAttributes;
use crate::resources::elbv2::{
    Action, IpAddressType, Listener, ListenerArn, LoadBalancer, LoadBalancerArn, Protocol, Scheme,
};

const OWNER: Owner = Owner::Environment;
/// Who may connect where nobody says it.
const EVERYONE: &str = "0.0.0.0/0";
/// The same, by IPv6.
const EVERYONE_V6: &str = "::/0";

/// Plans the internet-facing load balancer.
pub(super) fn public(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
    services: &Input<SecurityGroupId>,
    certificate: Option<Input<CertificateArn>>,
) -> Result<Balancer, Failure> {
    let http = &context.manifest()?.http.public;
    let sources: Vec<String> = http.sources().map(ToString::to_string).collect();
    let sources = match sources.is_empty() {
        true => everyone(network),
        false => sources.iter().map(|range| peer(range)).collect(),
    };
    Planner {
        desired,
        context,
        name: "public",
        scheme: Scheme::InternetFacing,
        certificate,
        certificates: &http.certificates,
        ssl_policy: http.ssl_policy.as_deref(),
        access_logs: http.access_logs.as_ref(),
    }
    .plan(network, network.public.clone(), services, sources.into_iter())
}

/// Plans the internal load balancer.
pub(super) fn private(
    desired: &mut Desired,
    context: &Context<'_>,
    network: &Network,
    services: &Input<SecurityGroupId>,
) -> Result<Balancer, Failure> {
    let http = &context.manifest()?.http.private;
    let subnets: Vec<Input<SubnetId>> = if http.subnets.is_empty() {
        network.private.clone()
    } else {
        http.subnets.iter().map(|id| Input::Known(id.as_str().into())).collect()
    };
    // The group lets in what it is told; who is outside the VPC cannot connect anyway.
    let mut sources = vec![Peer::Group(services.clone())];
    if http.from_vpc() {
        sources.extend(everyone(network));
    }
    Planner {
        desired,
        context,
        name: "private",
        scheme: Scheme::Internal,
        certificate: None,
        certificates: &http.certificates,
        ssl_policy: http.ssl_policy.as_deref(),
        access_logs: None,
    }
    .plan(network, subnets, services, sources.into_iter())
}

/// All clients that the network has addresses for.
fn everyone(network: &Network) -> Vec<Peer> {
    let all = [peer(EVERYONE), peer(EVERYONE_V6)];
    all.into_iter().take(if network.ipv6 { 2 } else { 1 }).collect()
}

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    name: &'static str,
    scheme: Scheme,
    /// One of ours; without it, those that the manifest lists.
    certificate: Option<Input<CertificateArn>>,
    certificates: &'a [String],
    ssl_policy: Option<&'a str>,
    access_logs: Option<&'a AccessLogs>,
}

impl Planner<'_> {
    fn plan(
        mut self,
        network: &Network,
        subnets: Vec<Input<SubnetId>>,
        services: &Input<SecurityGroupId>,
        sources: impl Iterator<Item = Peer>,
    ) -> Result<Balancer, Failure> {
        let (group, rules) = self.security_group(network, services, sources)?;
        let access_logs = match self.access_logs {
            Some(logs) => access_logs::plan(self.desired, self.context, logs)?,
            None => None,
        };
        let balancer = LoadBalancer {
            attributes: LoadBalancerAttributes { access_logs, ..LoadBalancerAttributes::default() },
            ip_address_type: match network.ipv6 {
                true => IpAddressType::Dualstack,
                false => IpAddressType::Ipv4,
            },
            tags: self.context.tags()?,
            ..LoadBalancer::new(self.scheme.clone(), subnets, vec![group])
        };
        let balancer = self.desired.add(&OWNER, self.name, &balancer)?;
        let http = self.listener(&balancer.arn(), "http", Protocol::Http, 80)?;
        let https = self
            .is_secure()
            .then(|| self.listener(&balancer.arn(), "https", Protocol::Https, 443))
            .transpose()?;
        // No field refers to these rules, and yet nothing gets through without them: a service that
        // brings the load balancer brings them too.
        let names = ["http", "https"].map(|name| format!("{}-{name}", self.name));
        for name in names {
            let listener = Address::new(Listener::KIND, name);
            rules.iter().for_each(|rule| self.desired.order(&listener, rule, Wait::Created));
        }
        Ok(Balancer {
            full_name: balancer.full_name(),
            dns_name: balancer.dns_name(),
            zone: balancer.hosted_zone(),
            http: Some(http),
            https,
            foreign: false,
        })
    }

    fn is_secure(&self) -> bool {
        self.certificate.is_some() || !self.certificates.is_empty()
    }

    /// Clients reach the load balancer, and the load balancer the services. Returns the group and the
    /// addresses of the rules.
    fn security_group(
        &mut self,
        network: &Network,
        services: &Input<SecurityGroupId>,
        sources: impl Iterator<Item = Peer>,
    ) -> Result<(Input<SecurityGroupId>, Vec<Address>), Failure> {
        let name = format!("{}-load-balancer", self.name);
        let mut rules = Vec::new();
        let group = SecurityGroup {
            vpc: network.vpc.clone(),
            description: format!("The {} load balancer", self.name),
            default_egress: true,
            tags: self.context.tags()?,
        };
        let group = self.desired.add(&OWNER, &name, &group)?.id();
        let mut ports = vec![80];
        if self.is_secure() {
            ports.push(443);
        }
        for source in sources {
            let from = match &source {
                Peer::Cidr(cidr) | Peer::CidrV6(cidr) => cidr.clone(),
                _ => "services".to_owned(),
            };
            for port in &ports {
                let rule = SecurityGroupRule {
                    protocol: "tcp".to_owned(),
                    from_port: *port,
                    to_port: *port,
                    tags: self.context.tags()?,
                    ..all_traffic(&group, Direction::Ingress, source.clone())
                };
                let rule = self.desired.add(&OWNER, format!("{name}-{port}-from-{from}"), &rule)?;
                rules.push(rule.address().clone());
            }
        }
        let into = SecurityGroupRule {
            description: format!("From the {} load balancer", self.name),
            tags: self.context.tags()?,
            ..all_traffic(services, Direction::Ingress, Peer::Group(group.clone()))
        };
        let into = self.desired.add(&OWNER, format!("environment-from-{name}"), &into)?;
        rules.push(into.address().clone());
        Ok((group, rules))
    }

    /// A listener that knows no service; their rules hang on it.
    fn listener(
        &mut self,
        balancer: &Input<LoadBalancerArn>,
        name: &str,
        protocol: Protocol,
        port: i32,
    ) -> Result<Input<ListenerArn>, Failure> {
        let nothing = Action::fixed_text(404, "no service answers here");
        let (ssl_policy, certificates) = match protocol {
            Protocol::Https => (
                Some(self.ssl_policy.unwrap_or(SSL_POLICY).to_owned()),
                self.certificates.split_first(),
            ),
            _ => (None, None),
        };
        let protocol_is_secure = protocol.is_secure();
        let listener = Listener {
            load_balancer: balancer.clone(),
            port,
            protocol,
            ssl_policy,
            certificate: match protocol_is_secure {
                true => certificates
                    .map(|(first, _)| Input::Known(first.as_str().into()))
                    .or(self.certificate.clone()),
                false => None,
            },
            additional_certificates: certificates
                .map(|(_, rest)| rest.to_vec())
                .unwrap_or_default(),
            alpn_policy: None,
            default_action: nothing,
            tags: self.context.tags()?,
        };
        Ok(self.desired.add(&OWNER, format!("{}-{name}", self.name), &listener)?.arn())
    }
}
