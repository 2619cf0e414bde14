//! How a load balancer reaches a service: target groups and listener rules.

use super::Context;
use super::environment::{Balancer, Shared};
use super::priority::{Priorities, Specificity};
use super::scaling::Balanced;
use super::task::{integer, seconds};
use crate::engine::{Address, Desired, Failure, Input};
use crate::manifest::service::{Http, HttpVersion, Rule};
use crate::manifest::{ServiceManifest, ServiceType};
use crate::resources::ecs::service::LoadBalancer;
use crate::resources::elbv2::{
    Action, Conditions, HealthCheck, ListenerArn, ListenerRule, ProtocolVersion, Redirect,
    Stickiness, TargetGroup, TargetGroupArn, TargetGroupAttributes,
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
    shared: &Shared,
    service: &ServiceManifest,
    priorities: &mut Priorities,
) -> Result<Web, Failure> {
    let Some(http) = &service.http else { return Ok(Web::default()) };
    let balancer = match service.service_type {
        ServiceType::LoadBalancedWebService => &shared.public,
        ServiceType::BackendService => &shared.private,
        ServiceType::WorkerService | ServiceType::ScheduledJob => return Ok(Web::default()),
    };
    let Some(balancer) = balancer else {
        return Err(Failure::internal("a service's load balancer is not planned"));
    };
    let mut planner =
        Planner { desired, context, shared, service, balancer, priorities, web: Web::default() };
    planner.rules(http)?;
    Ok(planner.web)
}

struct Planner<'a> {
    desired: &'a mut Desired,
    context: &'a Context<'a>,
    shared: &'a Shared,
    service: &'a ServiceManifest,
    balancer: &'a Balancer,
    priorities: &'a mut Priorities,
    web: Web,
}

impl Planner<'_> {
    fn rules(&mut self, http: &Http) -> Result<(), Failure> {
        self.rule(&self.service.name.clone(), &http.main)?;
        for (index, rule) in http.additional_rules.iter().enumerate() {
            self.rule(&format!("{}/{}", self.service.name, index + 2), rule)?;
        }
        Ok(())
    }

    /// A target group and the rule that leads to it; with certificates, on HTTPS, and
    /// the same on HTTP leads there or, if asked for, to the tasks.
    fn rule(&mut self, name: &str, rule: &Rule) -> Result<(), Failure> {
        let owner = super::owner(self.service);
        let (container, port) = self.target(rule);
        let group = self.target_group(rule, port)?;
        let group = self.desired.add(&owner, name, &group)?;
        let forward = Action::forward_to(group.arn());
        match &self.balancer.https {
            None => self.listener_rule(name, rule, &self.balancer.http.clone(), forward)?,
            Some(https) => {
                let plain = if rule.redirect_to_https {
                    Action::Redirect(Redirect::to_https())
                } else {
                    forward.clone()
                };
                self.listener_rule(name, rule, &https.clone(), forward)?;
                self.listener_rule(
                    &format!("{name}/http"),
                    rule,
                    &self.balancer.http.clone(),
                    plain,
                )?;
            }
        }
        let target_group: Input<TargetGroupArn> = group.arn();
        self.web.load_balancers.push(LoadBalancer { target_group, container, port, switch: None });
        self.web.balanced.get_or_insert_with(|| Balanced {
            load_balancer: self.balancer.full_name.clone(),
            target_group: group.full_name(),
        });
        Ok(())
    }

    fn listener_rule(
        &mut self,
        name: &str,
        rule: &Rule,
        listener: &Input<ListenerArn>,
        action: Action,
    ) -> Result<(), Failure> {
        let path = rule.path.trim_matches('/');
        let specificity = Specificity {
            host: !rule.alias.is_empty(),
            segments: path.split('/').filter(|segment| !segment.is_empty()).count(),
            source: !rule.allowed_source_ips.is_empty(),
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
                host_headers: rule.alias.clone(),
                source_ips: rule.allowed_source_ips.iter().map(ToString::to_string).collect(),
                ..Conditions::default()
            },
            action,
            tags: self.context.tags()?,
        };
        let handle = self.desired.add(&super::owner(self.service), name, &planned)?;
        self.web.rules.push(handle.address().clone());
        Ok(())
    }

    /// The container that a rule leads to, and its port.
    fn target(&self, rule: &Rule) -> (String, i32) {
        let main = &self.service.name;
        let container = rule.target_container.as_ref().unwrap_or(main);
        let own = match self.service.sidecars.get(container) {
            Some(sidecar) => sidecar.port.as_ref().map(|port| port.port),
            None => self.service.image.port,
        };
        // A port may also lead to the sidecar that exposes it.
        let port = rule.target_port.or(own).unwrap_or(80);
        let container = match &rule.target_container {
            Some(container) => container,
            None => self
                .service
                .sidecars
                .iter()
                .find(|(_, sidecar)| sidecar.port.as_ref().is_some_and(|own| own.port == port))
                .map_or(main, |(name, _)| name),
        };
        (container.clone(), port.into())
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
        Ok(TargetGroup {
            health_check,
            attributes,
            protocol_version: version,
            tags: self.context.tags()?,
            ..TargetGroup::http(self.shared.network.vpc.clone(), port)
        })
    }
}
