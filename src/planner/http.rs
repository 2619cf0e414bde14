//! How a load balancer reaches a service: target groups and listener rules.

use std::collections::BTreeMap;

use super::environment::{Balancer, Shared};
use super::names::{self, Target};
use super::priority::{Priorities, Specificity};
use super::scaling::{Balanced, text};
use super::task::{integer, seconds};
use super::{Context, shift, surroundings};
use crate::engine::{Address, Desired, Failure, Handle, Input, Observation};
use crate::manifest::service::{
    Http, HttpVersion, NetworkMode, RedirectCode, RedirectRule, Rule, TestHeader,
};
use crate::manifest::{ServiceManifest, ServiceType};
use crate::resources::ecs::service::{LoadBalancer, Switch};
use crate::resources::elbv2::{
    Action, Conditions, HeaderCondition, HealthCheck, ListenerArn, ListenerRule, ProtocolVersion,
    Redirect, Stickiness, TargetGroup, TargetGroupArn, TargetGroupAttributes, TargetType,
};

/// Seconds that a client stays with its task, with stickiness.
const DAY: i32 = 86_400;

/// What the ECS service needs to know of it.
#[derive(Debug, Default)]
pub(super) struct Web {
    /// Target groups that tasks join.
    pub(super) load_balancers: Vec<LoadBalancer>,
    /// The rules that must be there before the service.
    pub(super) rules: Vec<Address>,
    /// What metrics of the first rule go by.
    pub(super) balanced: Option<Balanced>,
}

/// Plans target groups and rules; nothing where the service has no `http`.
pub(super) fn plan(
    desired: &mut Desired,
    context: &Context<'_>,
    live: &Observation,
    shared: &Shared,
    service: &ServiceManifest,
    priorities: &mut Priorities,
) -> Result<Web, Failure> {
    let Some(http) = &service.http else { return Ok(Web::default()) };
    let Some(balancer) = balancer(context, shared, service)? else { return Ok(Web::default()) };
    let web = Web::default();
    let mut planner =
        Planner { desired, context, live, shared, service, balancer: &balancer, priorities, web };
    planner.rules(http)?;
    Ok(planner.web)
}

/// The DNS name of the load balancer that serves a service over HTTP.
pub(super) fn balancer_name(
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
) -> Result<Option<Input<String>>, Failure> {
    Ok(balancer(context, shared, service)?.map(|balancer| balancer.dns_name))
}

/// The load balancer that serves a service over HTTP: one that exists, or the environment's.
fn balancer(
    context: &Context<'_>,
    shared: &Shared,
    service: &ServiceManifest,
) -> Result<Option<Balancer>, Failure> {
    if service.http.is_none() {
        return Ok(None);
    }
    let default = context.manifest()?.http.public.alb.as_deref();
    if let Some(name) = surroundings::balancer(service, default) {
        let found = context.surroundings.balancer(name)?;
        let known = |arn: &Option<String>| arn.as_deref().map(|arn| Input::Known(arn.into()));
        return Ok(Some(Balancer {
            full_name: Input::Known(found.full_name.clone()),
            dns_name: Input::Known(found.dns_name.clone()),
            zone: Input::Known(found.hosted_zone.clone()),
            http: known(&found.http),
            https: known(&found.https),
            foreign: true,
        }));
    }
    let own = match service.service_type {
        ServiceType::LoadBalancedWebService => &shared.public,
        ServiceType::BackendService => &shared.private,
        ServiceType::WorkerService | ServiceType::ScheduledJob => return Ok(None),
    };
    match own {
        Some(own) => Ok(Some(own.clone())),
        None => Err(Failure::internal("a service's load balancer is not planned")),
    }
}

/// The container that a rule leads to, and its port.
pub(super) fn target(service: &ServiceManifest, rule: &Rule) -> (String, i32) {
    let (container, port) = service.target_of(rule);
    (container, port.into())
}

/// Which requests a rule is for.
#[derive(Clone, Copy)]
struct When<'a> {
    path: &'a str,
    hosts: &'a [String],
    sources: &'a [String],
    header: Option<&'a TestHeader>,
}

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    live: &'a Observation,
    shared: &'a Shared,
    service: &'a ServiceManifest,
    balancer: &'a Balancer,
    priorities: &'a mut Priorities,
    web: Web,
}

impl Planner<'_> {
    fn rules(&mut self, http: &Http) -> Result<(), Failure> {
        let rules = std::iter::once(&http.main).chain(&http.additional_rules);
        let mut hosts = Vec::new();
        for rule in rules.clone() {
            hosts.extend(names::of_rule(self.context, self.service, rule)?);
        }
        let asked = http.redirects.iter().filter_map(|one| one.source()?.host);
        hosts.extend(asked.map(names::host));
        let public = self.service.service_type == ServiceType::LoadBalancedWebService;
        let zones = match public {
            true => names::zones(self.context, &hosts)?,
            false => Vec::new(),
        };
        for (index, rule) in rules.enumerate() {
            let name = match index {
                0 => self.service.name.clone(),
                more => format!("{}/{}", self.service.name, more + 1),
            };
            let remembered = match index {
                0 => names::remembered(self.live, &name, &zones),
                _ => BTreeMap::new(),
            };
            self.rule(&name, rule, remembered)?;
        }
        for (index, redirect) in http.redirects.iter().enumerate() {
            self.redirect(&format!("{}/redirect-{}", self.service.name, index + 1), redirect)?;
        }
        let managed = names::subdomain(self.context)?.is_some();
        if let Some(https) = self.balancer.https.clone()
            && managed
            && public
            && !self.balancer.foreign
        {
            let name = self.service.name.clone();
            let own = names::certificates(self.desired, self.context, self.service, &name, &hosts)?;
            names::attach(self.desired, self.service, &https, own)?;
        }
        let target = Target {
            dns_name: &self.balancer.dns_name,
            zone: &self.balancer.zone,
            after: &self.web.rules,
        };
        let unnamed = http.main.alias.is_empty() && http.main.room_for_hosts() > 0;
        if let (false, true, Some(zone)) = (public, unnamed, &self.shared.internal_zone) {
            names::internal_record(self.desired, self.context, self.service, zone, &target)?;
        }
        names::records(self.desired, self.context, self.live, self.service, &zones, &target)
    }

    /// A target group and the rule that leads to it; with certificates, on HTTPS, and
    /// the same on HTTP leads there or, if asked for, to the tasks.
    fn rule(
        &mut self,
        name: &str,
        rule: &Rule,
        zones: BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let owner = super::owner(self.service);
        let (container, port) = target(self.service, rule);
        let planned = TargetGroup { zones, ..self.target_group(rule, port)? };
        let group = self.desired.add(&owner, name, &planned)?;
        let pair = shift::pair(self.around(), name, &planned, &group)?;
        let forward = match &pair {
            Some(pair) => Action::shifted([group.arn(), pair.alternate.clone()]),
            None => Action::forward_to(group.arn()),
        };
        let hosts = names::of_rule(self.context, self.service, rule)?;
        let hosts: Vec<String> = hosts.into_iter().map(|host| host.name).collect();
        // A rule tests five values at most: further hosts get rules of their own.
        let chunks: Vec<&[String]> = match hosts.is_empty() {
            true => vec![&[]],
            false => hosts.chunks(rule.room_for_hosts().max(1)).collect(),
        };
        let sources: Vec<String> =
            rule.allowed_source_ips.iter().map(ToString::to_string).collect();
        let mut switch = None;
        for (index, hosts) in chunks.into_iter().enumerate() {
            let rule_name = match index {
                0 => name.to_owned(),
                more => format!("{name}/hosts-{}", more + 1),
            };
            let when = When { path: &rule.path, hosts, sources: &sources, header: None };
            let production = self.both(&rule_name, &when, &forward, rule.redirect_to_https)?;
            if let Some(pair) = &pair
                && switch.is_none()
            {
                let test = self.test(&format!("{name}/test"), &when, &forward)?;
                switch = Some(Switch {
                    alternate_target_group: pair.alternate.clone(),
                    production_listener_rule: text(&production.arn()),
                    test_listener_rule: test.map(|test| text(&test.arn())),
                    role: pair.role.clone(),
                });
            }
        }
        let target_group: Input<TargetGroupArn> = group.arn();
        self.web.load_balancers.push(LoadBalancer { target_group, container, port, switch });
        self.web.balanced.get_or_insert_with(|| Balanced {
            load_balancer: self.balancer.full_name.clone(),
            target_group: group.full_name(),
        });
        Ok(())
    }

    fn around(&mut self) -> shift::Around<'_> {
        shift::Around {
            desired: self.desired,
            context: self.context,
            live: self.live,
            service: self.service,
        }
    }

    /// The rule for test traffic: where the main one is, before it.
    fn test(
        &mut self,
        name: &str,
        when: &When<'_>,
        action: &Action,
    ) -> Result<Option<Handle<ListenerRule>>, Failure> {
        let test = self.service.deployment.test_traffic.as_ref();
        let Some(header) = test.and_then(|test| test.header.as_ref()) else { return Ok(None) };
        let Some(listener) = self.balancer.https.clone().or(self.balancer.http.clone()) else {
            return Ok(None);
        };
        let when = When { header: Some(header), ..*when };
        self.listener_rule(name, &when, &listener, action.clone()).map(Some)
    }

    /// The rule on HTTPS, and its companion on HTTP; or the one that there is. Returns the one that carries traffic.
    fn both(
        &mut self,
        name: &str,
        when: &When<'_>,
        action: &Action,
        to_https: bool,
    ) -> Result<Handle<ListenerRule>, Failure> {
        match (self.balancer.https.clone(), self.balancer.http.clone()) {
            (Some(https), Some(http)) => {
                let plain = match to_https {
                    true => Action::Redirect(Redirect::to_https()),
                    false => action.clone(),
                };
                let main = self.listener_rule(name, when, &https, action.clone())?;
                self.listener_rule(&format!("{name}/http"), when, &http, plain)?;
                Ok(main)
            }
            (Some(only), None) | (None, Some(only)) => {
                self.listener_rule(name, when, &only, action.clone())
            }
            (None, None) => {
                Err(Failure::internal("a load balancer without listeners was planned with"))
            }
        }
    }

    /// A rule that answers with another address.
    fn redirect(&mut self, name: &str, redirect: &RedirectRule) -> Result<(), Failure> {
        let (Some(from), Some(to)) = (redirect.source(), redirect.target()) else { return Ok(()) };
        let secure = self.balancer.https.is_some();
        let default = if secure { "HTTPS" } else { "#{protocol}" };
        let protocol = to.scheme.unwrap_or(default);
        let port = match (to.port, protocol) {
            (Some(port), _) => port.to_string(),
            (None, "HTTPS") => "443".to_owned(),
            (None, "HTTP") => "80".to_owned(),
            (None, _) => "#{port}".to_owned(),
        };
        let action = Action::Redirect(Redirect {
            protocol: protocol.to_owned(),
            port,
            host: to.host.unwrap_or_else(|| "#{host}".to_owned()),
            path: to.path.unwrap_or_else(|| "/#{path}".to_owned()),
            query: to.query.unwrap_or_else(|| "#{query}".to_owned()),
            permanent: redirect.code == RedirectCode::Permanent,
        });
        let hosts: Vec<String> = from.host.into_iter().collect();
        let path = from.path.unwrap_or_else(|| "/".to_owned());
        // A path alone is redirected where the service's own hosts are asked for.
        let own = match (hosts.is_empty(), &self.service.http) {
            (true, Some(http)) => names::of_rule(self.context, self.service, &http.main)?,
            _ => Vec::new(),
        };
        let own: Vec<String> = own.into_iter().map(|host| host.name).collect();
        let hosts = if hosts.is_empty() { own } else { hosts };
        let room = if path == "/" { 4 } else { 3 };
        let chunks: Vec<&[String]> = match hosts.is_empty() {
            true => vec![&[]],
            false => hosts.chunks(room).collect(),
        };
        for (index, hosts) in chunks.into_iter().enumerate() {
            let name = match index {
                0 => name.to_owned(),
                more => format!("{name}/hosts-{}", more + 1),
            };
            let when = When { path: &path, hosts, sources: &[], header: None };
            self.both(&name, &when, &action, false)?;
        }
        Ok(())
    }

    fn listener_rule(
        &mut self,
        name: &str,
        when: &When<'_>,
        listener: &Input<ListenerArn>,
        action: Action,
    ) -> Result<Handle<ListenerRule>, Failure> {
        let path = when.path.trim_matches('/');
        let segments = path.split('/').filter(|segment| !segment.is_empty()).count();
        // What asks for a header, too, comes before the same without it.
        let tested = when.header.is_some();
        let specificity = Specificity {
            host: !when.hosts.is_empty(),
            segments: segments + usize::from(tested),
            source: !when.sources.is_empty() || tested,
        };
        let header = |header: &TestHeader| HeaderCondition {
            name: header.name.clone(),
            values: vec![header.value.clone().unwrap_or_else(|| "*".to_owned())],
            ..HeaderCondition::default()
        };
        let planned = ListenerRule {
            listener: listener.clone(),
            priority: self.priorities.of(name, specificity),
            conditions: Conditions {
                path_patterns: if path.is_empty() {
                    vec!["/*".to_owned()]
                } else {
                    vec![format!("/{path}"), format!("/{path}/*")]
                },
                host_headers: when.hosts.to_vec(),
                source_ips: when.sources.to_vec(),
                headers: when.header.map(header).into_iter().collect(),
                ..Conditions::default()
            },
            action,
            tags: self.context.tags()?,
        };
        let handle = self.desired.add(&super::owner(self.service), name, &planned)?;
        self.web.rules.push(handle.address().clone());
        Ok(handle)
    }

    fn target_group(&self, rule: &Rule, port: i32) -> Result<TargetGroup, Failure> {
        let version = match rule.version {
            HttpVersion::Http1 => ProtocolVersion::Http1,
            HttpVersion::Http2 => ProtocolVersion::Http2,
            HttpVersion::Grpc => ProtocolVersion::Grpc,
        };
        let check = &rule.healthcheck;
        let default = HealthCheck::default_for(&version);
        let grpc_default = version == ProtocolVersion::Grpc && check.path == "/";
        let health_check = HealthCheck {
            path: if grpc_default { default.path.clone() } else { check.path.clone() },
            port: check.port.map_or(default.port.clone(), |port| port.to_string()),
            interval: check.interval.map_or(default.interval, seconds),
            timeout: check.timeout.map_or(default.timeout, seconds),
            healthy_threshold: check.healthy_threshold.map_or(default.healthy_threshold, integer),
            unhealthy_threshold: check
                .unhealthy_threshold
                .map_or(default.unhealthy_threshold, integer),
            success_codes: check
                .success_codes
                .clone()
                .unwrap_or_else(|| default.success_codes.clone()),
            ..default
        };
        let attributes = TargetGroupAttributes {
            deregistration_delay: seconds(rule.deregistration_delay),
            stickiness: rule.stickiness.then_some(Stickiness::LoadBalancerCookie { duration: DAY }),
            ..TargetGroupAttributes::default()
        };
        let mode = self.service.network_mode_in(Some(self.context.manifest()?));
        let target_type = match mode {
            NetworkMode::Awsvpc => TargetType::Ip,
            // Tasks are reached at ports of their instances.
            _ => TargetType::Instance,
        };
        Ok(TargetGroup {
            target_type,
            health_check,
            attributes,
            protocol_version: version,
            tags: self.context.tags()?,
            ..TargetGroup::http(self.shared.network.vpc.clone(), port)
        })
    }
}
