//! The name by which other services find a service: a Service of Kubernetes, and security groups of its pods.

use serde_json::{Value, json};

use super::Planner;
use super::object::{Fields, value};
use crate::engine::{Failure, Input};
use crate::planner::ports;

impl Planner<'_> {
    /// The name of the service in the cluster.
    pub(super) fn called(&self) -> &str {
        self.service.discovery.map.name.as_deref().unwrap_or(&self.service.name)
    }

    pub(super) fn discovery(&mut self) -> Result<(), Failure> {
        let ports = self.service_ports();
        let called = self.service.in_mesh(self.environment).is_some();
        let needed = self.service.http.is_some() || called;
        let hidden = self.service.discovery.enabled == Some(false) && !needed;
        if ports.is_empty() || hidden {
            return Ok(());
        }
        let name = self.called().to_owned();
        let description = self.service.discovery.map.description.clone();
        let annotations = Fields::default().with("kubernetes.io/description", description);
        let spec = Fields::default()
            .with("type", "ClusterIP")
            .with("selector", self.selector())
            .with("ports", ports);
        let object = self.annotated("v1", "Service", &name, annotations).with("spec", spec);
        let address = self.service.name.clone();
        self.add(&address, object.into()).map(drop)
    }

    /// All ports that containers of the service listen on.
    pub(super) fn service_ports(&self) -> Vec<Value> {
        let service = self.service;
        let names = std::iter::once(&service.name).chain(service.sidecars.keys());
        let mut found: Vec<Value> = Vec::new();
        for port in names.flat_map(|name| ports::of(service, name)) {
            let (number, protocol) = (port.container_port, port.protocol);
            let port = json!({
                "name": format!("{protocol}-{number}"),
                "port": number,
                "targetPort": number,
                "protocol": protocol.to_uppercase(),
            });
            if !found.contains(&port) {
                found.push(port);
            }
        }
        found
    }

    /// Security groups of the pods, besides the cluster's.
    pub(super) fn security_groups(&mut self) -> Result<(), Failure> {
        let wanted = &self.service.network.vpc.security_groups;
        if wanted.groups.is_empty() {
            return Ok(());
        }
        let mut groups: Vec<Value> = wanted.groups.iter().map(|id| json!(id)).collect();
        if !wanted.deny_default {
            let own: &Input<_> = &self.place.security_group;
            groups.push(value(own)?);
        }
        let spec = json!({
            "podSelector": { "matchLabels": self.selector() },
            "securityGroups": { "groupIds": groups },
        });
        let name = self.service.name.clone();
        let object = self
            .object("vpcresources.k8s.aws/v1beta1", "SecurityGroupPolicy", &name)
            .with("spec", spec);
        self.add(&name, object.into()).map(drop)
    }
}
