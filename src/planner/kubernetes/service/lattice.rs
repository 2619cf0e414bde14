//! VPC Lattice for a service in a cluster: routes of the Gateway API to Services, which AWS's controller makes services and target
//! groups of Lattice from. How pods are checked and who may call are policies beside them.

use serde_json::{Value, json};

use super::super::mesh;
use super::object::{self, Fields};
use super::{Parts, Planner};
use crate::engine::{Address, Failure, Handle, Wait};
use crate::manifest::mesh::{MeshProtocol, PathMatch, Route, RouteMatch};
use crate::planner::lattice;
use crate::resources::kubernetes::AnyObject;

/// The API of the policies of AWS's controller.
const POLICIES: &str = "application-networking.k8s.aws/v1alpha1";

fn route_of(service: &str) -> String {
    format!("http-route/{service}")
}

impl Planner<'_> {
    /// Plans the way to the service, and tells it the ways to those that it calls.
    pub(super) fn lattice(&mut self, parts: &mut Parts) -> Result<(), Failure> {
        let service = self.service;
        let Some(part) = service.in_lattice(self.environment) else { return Ok(()) };
        for call in part.calls.iter().filter(|call| !call.is_host()) {
            let host = self.host_of(&call.name)?;
            parts.variables.insert(lattice::variable_of(&call.name), host);
        }
        let Some(port) = service.mesh_port(&part.main) else { return Ok(()) };
        let name = service.name.clone();
        let checks = self.targets(part.main.protocol)?;
        let own = Route {
            name: None,
            matches: RouteMatch::default(),
            to: [(name.clone(), 100)].into(),
            retries: None,
            timeout: crate::manifest::mesh::Timeouts::default(),
            priority: None,
        };
        let routes = if part.routes.is_empty() { std::slice::from_ref(&own) } else { &part.routes };
        let rules: Vec<Value> = routes.iter().map(|route| self.backends(route, port)).collect();
        let parent = json!({ "name": mesh::gateway(self.place.context), "sectionName": "http" });
        let spec = Fields::default().with("parentRefs", json!([parent])).with("rules", rules);
        let route = self.object(mesh::GATEWAY, "HTTPRoute", &name).with("spec", spec);
        let route = self.add(&name, route.into())?;
        self.desired.order(&route, &mesh::gateway_address(), Wait::Ready);
        self.desired.order(&route, &checks, Wait::Created);
        let service = Address::new("kubernetes/service", name);
        self.desired.order(&route, &service, Wait::Created);
        self.callers(&route)
    }

    /// The host name of a service in Lattice.
    fn host_of(&self, service: &str) -> Result<Value, Failure> {
        let planned = Handle::<AnyObject>::new(route_of(service));
        let address = planned.address().clone();
        if !self.place.context.services.contains(service)
            && let Some(live) = self.place.live.at(&address).next()
            && let Some(host) = live.outputs["host"].as_str()
        {
            return Ok(json!(host));
        }
        object::value(&planned.host())
    }

    /// How Lattice speaks to the pods, and checks them.
    fn targets(&mut self, protocol: MeshProtocol) -> Result<Address, Failure> {
        let service = self.service;
        let version = if protocol == MeshProtocol::Http2 { "HTTP2" } else { "HTTP1" };
        let written = service.in_lattice(self.environment);
        let written = written.and_then(|part| part.main.healthcheck.as_ref());
        let check = lattice::health_check(written, version);
        let check = Fields::default()
            .with("enabled", check.enabled)
            .with("protocol", check.protocol)
            .with("protocolVersion", check.protocol_version)
            .with("port", check.port)
            .with("path", check.path)
            .with("intervalSeconds", check.interval)
            .with("timeoutSeconds", check.timeout)
            .with("healthyThresholdCount", check.healthy_threshold)
            .with("unhealthyThresholdCount", check.unhealthy_threshold)
            .with("statusMatch", check.success_codes);
        let spec = Fields::default()
            .with("targetRef", json!({ "group": "", "kind": "Service", "name": self.called() }))
            .with("protocol", "HTTP")
            .with("protocolVersion", version)
            .with("healthCheck", check);
        let name = service.name.clone();
        let policy = self.object(POLICIES, "TargetGroupPolicy", &name).with("spec", spec);
        self.add(&name, policy.into())
    }

    /// Where a route leads: Services, with their shares.
    fn backends(&self, route: &Route, port: u16) -> Value {
        let context = self.place.context;
        let backends = route.to.iter().map(|(name, share)| {
            let other = context.workspace.service_in(name, context.environment).ok();
            let part = other.as_ref().and_then(|other| Some((other, other.mesh.as_ref()?)));
            let its = part.and_then(|(other, part)| other.mesh_port(&part.main)).unwrap_or(port);
            let called = other.and_then(|other| other.discovery.map.name);
            json!({
                "kind": "Service",
                "name": called.unwrap_or_else(|| name.clone()),
                "port": its,
                "weight": share,
            })
        });
        let backends: Vec<Value> = backends.collect();
        let mut rule = Fields::default().with("backendRefs", backends);
        if !lattice::is_for_all(&route.matches) {
            rule.put("matches", json!([matching(&route.matches)]));
        }
        rule.into()
    }

    /// Who may call, where callers sign.
    fn callers(&mut self, route: &Address) -> Result<(), Failure> {
        use crate::manifest::mesh::MeshAuth;
        let iam = self.environment.lattice().is_some_and(|mesh| mesh.auth == Some(MeshAuth::Iam));
        if !iam {
            return Ok(());
        }
        let callers = lattice::callers(self.place.context, self.service)?;
        let policy = match callers.is_empty() {
            false => lattice::allowed("aws:PrincipalArn", json!(callers)),
            // Without a policy of its own everybody in the network might.
            true => json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "vpc-lattice-svcs:Invoke",
                    "Resource": "*",
                }],
            }),
        };
        let name = self.service.name.clone();
        let target =
            json!({ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": name });
        let spec = Fields::default().with("targetRef", target).with("policy", policy.to_string());
        let policy = self.object(POLICIES, "IAMAuthPolicy", &name).with("spec", spec);
        let policy = self.add(&name, policy.into())?;
        self.desired.order(&policy, route, Wait::Created);
        Ok(())
    }
}

/// What manifests may say that the controller cannot look at was refused before.
fn matching(matches: &RouteMatch) -> Value {
    let request = &matches.request;
    let path = request.path.as_ref().and_then(|path| match path {
        PathMatch::Prefix(prefix) => Some(json!({ "type": "PathPrefix", "value": prefix })),
        PathMatch::Exact(path) => Some(json!({ "type": "Exact", "value": path })),
        PathMatch::Regex(_) => None,
    });
    let headers = request.headers.iter().filter_map(|(name, value)| {
        let value = value.exact.as_ref()?;
        Some(json!({ "type": "Exact", "name": name, "value": value }))
    });
    Fields::default()
        .with("path", path)
        .with("method", request.method.as_ref().map(|method| method.to_ascii_uppercase()))
        .with("headers", headers.collect::<Vec<_>>())
        .into()
}
