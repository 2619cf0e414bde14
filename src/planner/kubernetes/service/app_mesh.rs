//! App Mesh for a service in a cluster: the objects of its controller, which say what on ECS the API is told directly. Their specs
//! are the same documents, with the controller's way of naming one another.

use serde_json::{Map, Value, json};

use super::super::mesh::{self, APP_MESH, INJECTION};
use super::{Parts, Planner, quantity};
use crate::engine::{Address, Failure, Input, Wait};
use crate::manifest::mesh::{DiscoveryType, GatewayRoute, MeshType, Route, ServiceMesh};
use crate::planner::app_mesh::{self, ENVOY};

impl Planner<'_> {
    /// Plans the service's part; pods wait for it, as who is no part of the mesh gets no Envoy.
    pub(super) fn app_mesh(&mut self, parts: &mut Parts) -> Result<(), Failure> {
        let (context, service) = (self.place.context, self.service);
        let Some((_, part)) = service.in_app_mesh(self.environment) else { return Ok(()) };
        let domain = format!("{}.svc.cluster.local", context.application());
        let unnamed = Input::Known("".into());
        let specs =
            app_mesh::Planner { context, service, part, mesh: &unnamed, namespace: &domain };
        let address = match &part.gateway {
            Some(routes) => self.gateway(&specs, routes)?,
            None => self.node(&specs, part)?,
        };
        parts.before.push((address, Wait::Ready));
        Ok(())
    }

    fn of_mesh(&mut self, kind: &str, name: &str, spec: Value) -> Result<Address, Failure> {
        let own = &self.service.name;
        let called = match name.strip_prefix(&format!("{own}/")) {
            Some(route) => format!("{own}-{route}"),
            None => name.to_owned(),
        };
        let object = self.object(APP_MESH, kind, &called).with("spec", spec);
        let address = self.add(name, object.into())?;
        self.desired.order(&address, &mesh::mesh_address(), Wait::Ready);
        Ok(address)
    }

    fn node(
        &mut self,
        specs: &app_mesh::Planner<'_>,
        part: &ServiceMesh,
    ) -> Result<Address, Failure> {
        let name = self.service.name.clone();
        let mut spec = document(&specs.node_spec())?;
        spec["podSelector"] = json!({ "matchLabels": self.selector() });
        let ports = specs.ports();
        if ports.is_empty() {
            remove(&mut spec, "serviceDiscovery");
        } else if part.discovery.discovery_type == DiscoveryType::CloudMap {
            // The name of its Service, behind which Kubernetes spreads calls.
            let mut dns =
                json!({ "hostname": specs.dns_name(&name), "responseType": "LOADBALANCER" });
            if let Some(preference) = part.discovery.ip_preference {
                dns["ipPreference"] = app_mesh::addresses(preference).into();
            }
            spec["serviceDiscovery"] = json!({ "dns": dns });
        }
        let backends = spec.get_mut("backends").and_then(Value::as_array_mut);
        for (backend, call) in backends.into_iter().flatten().zip(&part.calls) {
            let service = &mut backend["virtualService"];
            remove(service, "virtualServiceName");
            let called = if call.is_host() { mesh::host(&call.name) } else { call.name.clone() };
            service["virtualServiceRef"] = json!({ "name": called });
        }
        let node = self.of_mesh("VirtualNode", &name, spec)?;
        if ports.is_empty() {
            // It only calls others.
            return Ok(node);
        }
        let (kind, provider) = match part.routes.is_empty() {
            true => ("virtualNode", "virtualNodeRef"),
            false => ("virtualRouter", "virtualRouterRef"),
        };
        if !part.routes.is_empty() {
            let listeners = ports.iter().map(|port| Ok(json!({ "portMapping": document(port)? })));
            let listeners: Vec<Value> = listeners.collect::<Result<_, Failure>>()?;
            let routes = part.routes.iter().enumerate();
            let routes = routes.map(|(place, route)| routed(specs, place, route));
            let routes: Vec<Value> = routes.collect::<Result<_, _>>()?;
            let spec = json!({ "listeners": listeners, "routes": routes });
            self.of_mesh("VirtualRouter", &name, spec)?;
        }
        let spec = json!({
            "awsName": specs.dns_name(&name),
            "provider": { kind: { provider: { "name": name } } },
        });
        self.of_mesh("VirtualService", &name, spec)?;
        Ok(node)
    }

    fn gateway(
        &mut self,
        specs: &app_mesh::Planner<'_>,
        routes: &[GatewayRoute],
    ) -> Result<Address, Failure> {
        let name = self.service.name.clone();
        let mut spec = document(&specs.gateway_spec())?;
        let application = self.place.context.application();
        let namespace = json!({ "app.kubernetes.io/part-of": application });
        spec["namespaceSelector"] = json!({ "matchLabels": namespace });
        spec["podSelector"] = json!({ "matchLabels": self.selector() });
        spec["gatewayRouteSelector"] = json!({ "matchLabels": self.selector() });
        let gateway = self.of_mesh("VirtualGateway", &name, spec)?;
        for (place, route) in routes.iter().enumerate() {
            let mut spec = document(&specs.gateway_route_spec(place, route))?;
            for kind in ["httpRoute", "http2Route", "grpcRoute"] {
                if let Some(target) = spec.pointer_mut(&format!("/{kind}/action/target")) {
                    target["virtualService"] = json!({ "virtualServiceRef": { "name": route.to } });
                }
            }
            let short = route.name.clone().unwrap_or_else(|| (place + 1).to_string());
            let route = self.of_mesh("GatewayRoute", &format!("{name}/{short}"), spec)?;
            self.desired.order(&route, &gateway, Wait::Ready);
        }
        Ok(gateway)
    }

    /// Is its main container Envoy itself? The webhook knows it by that name.
    pub(super) fn main_container(&self) -> &str {
        let part = self.service.in_app_mesh(self.environment);
        match part.is_some_and(|(_, part)| part.gateway.is_some()) {
            true => ENVOY,
            false => &self.service.name,
        }
    }

    /// What pods say to the webhook that puts Envoy into them.
    pub(super) fn mesh_annotations(&self) -> Vec<(String, String)> {
        let mesh = self.environment.mesh.as_ref();
        if mesh.is_none_or(|mesh| mesh.mesh_type != MeshType::AppMesh) {
            return Vec::new();
        }
        let Some((_, part)) = self.service.in_app_mesh(self.environment) else {
            return vec![(INJECTION.to_owned(), "disabled".to_owned())];
        };
        let envoy = &part.envoy;
        let level = envoy.log_level.map(|level| format!("ENVOY_LOG_LEVEL={level}"));
        let variables = envoy.variables.iter().map(|(name, value)| format!("{name}={value}"));
        let variables: Vec<String> = level.into_iter().chain(variables).collect();
        let ports: Vec<String> = envoy.ignored_ports.iter().map(u16::to_string).collect();
        let annotation = |key: &str, value: Option<String>| {
            let value = value.filter(|value| !value.is_empty());
            value.map(|value| (format!("appmesh.k8s.aws/{key}"), value))
        };
        [
            annotation("cpuRequest", envoy.cpu.map(quantity::cpu)),
            annotation("memoryRequest", envoy.memory.map(quantity::memory)),
            annotation("memoryLimit", envoy.memory.map(quantity::memory)),
            annotation("sidecarEnv", Some(variables.join(", "))),
            annotation("egressIgnoredPorts", Some(ports.join(","))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// A route of a virtual router.
fn routed(specs: &app_mesh::Planner<'_>, place: usize, route: &Route) -> Result<Value, Failure> {
    let mut spec = document(&specs.route_spec(place, route))?;
    spec["name"] = json!(route.name.clone().unwrap_or_else(|| (place + 1).to_string()));
    for kind in ["httpRoute", "http2Route", "grpcRoute", "tcpRoute"] {
        let Some(found) = spec.get_mut(kind) else { continue };
        if found.get("match").is_none() {
            found["match"] = json!({});
        }
        let targets = found.pointer_mut("/action/weightedTargets").and_then(Value::as_array_mut);
        for (target, name) in targets.into_iter().flatten().zip(route.to.keys()) {
            remove(target, "virtualNode");
            target["virtualNodeRef"] = json!({ "name": name });
        }
    }
    Ok(spec)
}

fn remove(object: &mut Value, key: &str) {
    if let Some(object) = object.as_object_mut() {
        object.remove(key);
    }
}

/// A part of App Mesh's API as the controller's objects have it.
fn document<T: serde::Serialize>(spec: &T) -> Result<Value, Failure> {
    let value = serde_json::to_value(spec).map_err(|error| Failure::internal(error.to_string()))?;
    Ok(camel(value))
}

/// With the names of Kubernetes, without what is not said.
fn camel(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(camel).collect(),
        Value::Object(fields) => {
            let mut named = Map::new();
            for (key, value) in fields {
                let nothing = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
                if !nothing {
                    named.insert(camel_key(&key), camel(value));
                }
            }
            Value::Object(named)
        }
        other => other,
    }
}

fn camel_key(key: &str) -> String {
    match key {
        "certificate_arn" => return "certificateARN".to_owned(),
        "certificate_authority_arns" => return "certificateAuthorityARNs".to_owned(),
        _ => {}
    }
    let mut words = key.split('_');
    let mut named = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        named.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        named.push_str(letters.as_str());
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_controller() {
        let api = json!({"port_mapping": {"port": 80}, "http2_route": null, "headers": [],
            "acm": {"certificate_arn": "arn", "certificate_authority_arns": ["arn"]}});
        assert_eq!(
            camel(api),
            json!({"portMapping": {"port": 80}, "acm": {"certificateARN": "arn", "certificateAuthorityARNs": ["arn"]}})
        );
    }
}
