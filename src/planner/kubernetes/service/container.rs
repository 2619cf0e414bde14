//! One container of a pod.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::object::{self, Fields};
use super::{Parts, Planner, quantity};
use crate::engine::Failure;
use crate::manifest::service::{NetworkMode, Secret, Settings, Sidecar};
use crate::planner::{logging, ports};

/// What differs between the main container and sidecars.
struct Own<'a> {
    name: &'a str,
    settings: &'a Settings,
    variables: &'a BTreeMap<String, String>,
    secrets: &'a BTreeMap<String, Secret>,
    entrypoint: Option<&'a Vec<String>>,
    command: Option<&'a Vec<String>>,
}

impl Planner<'_> {
    pub(super) fn main(&self, parts: &Parts) -> Result<Fields, Failure> {
        let service = self.service;
        let own = Own {
            name: &service.name,
            settings: &service.settings,
            variables: &service.variables,
            secrets: &service.secrets,
            entrypoint: service.entrypoint.as_ref(),
            command: service.command.as_ref(),
        };
        let mut container = self.container(parts, &own)?;
        container.put("resources", self.resources());
        container.put("volumeMounts", self.main_mounts());
        let security = super::settings::security(&service.settings, service.storage.readonly_fs);
        container.put("securityContext", security);
        Ok(container)
    }

    pub(super) fn sidecar(
        &self,
        parts: &Parts,
        name: &str,
        sidecar: &Sidecar,
    ) -> Result<Fields, Failure> {
        let own = Own {
            name,
            settings: &sidecar.settings,
            variables: &sidecar.variables,
            secrets: &sidecar.secrets,
            entrypoint: sidecar.entrypoint.as_ref(),
            command: sidecar.command.as_ref(),
        };
        let mut container = self.container(parts, &own)?;
        let memory = sidecar.memory_reservation.or(sidecar.memory);
        let requests = Fields::default()
            .with("cpu", sidecar.cpu.map(quantity::cpu))
            .with("memory", memory.map(quantity::memory));
        let limits = Fields::default()
            .with("memory", sidecar.memory.map(quantity::memory))
            .with("nvidia.com/gpu", sidecar.settings.gpu.map(|count| count.to_string()));
        container.put("resources", both(requests, limits));
        container.put("volumeMounts", self.sidecar_mounts(name, sidecar));
        container.put("securityContext", super::settings::security(&sidecar.settings, false));
        Ok(container)
    }

    /// The sidecar that takes traces and hands them on.
    pub(super) fn collector(&self, parts: &Parts) -> Result<Fields, Failure> {
        let service = self.service;
        let (none, no_secrets) = (BTreeMap::new(), BTreeMap::new());
        let command = vec![logging::COLLECTOR_CONFIGURATION.to_owned()];
        let own = Own {
            name: crate::manifest::service::COLLECTOR,
            settings: &Settings::default(),
            variables: &none,
            secrets: &no_secrets,
            entrypoint: None,
            command: Some(&command),
        };
        let image = &service.observability.collector_image;
        let mut container = self.container(parts, &own)?;
        container.put("image", image.as_deref().unwrap_or(logging::COLLECTOR_IMAGE));
        Ok(container)
    }

    fn container(&self, parts: &Parts, own: &Own<'_>) -> Result<Fields, Failure> {
        let image = parts.images.get(own.name).map(object::value).transpose()?;
        let mut container = Fields::default()
            .with("name", own.name)
            .with("image", image)
            .with("command", own.entrypoint.map(|words| literals(words)))
            .with("args", own.command.map(|words| literals(words)))
            .with("workingDir", own.settings.working_directory.clone())
            .with("ports", self.ports(own.name))
            .with("env", self.variables(parts, own));
        super::settings::apply(&mut container, own.settings);
        Ok(container)
    }

    fn ports(&self, container: &str) -> Vec<Value> {
        let service = self.service;
        let (first, host_port) = match service.sidecars.get(container) {
            Some(sidecar) => (sidecar.port.as_ref().map(|one| one.port), sidecar.host_port),
            None => (service.image.port, service.image.host_port),
        };
        let host = service.network.mode == Some(NetworkMode::Host);
        ports::of(service, container)
            .into_iter()
            .map(|port| {
                let number = port.container_port;
                let led_to = first.map(i32::from) == Some(number);
                let host_port = host_port.filter(|_| led_to).map(i32::from);
                let mut fields = Fields::default()
                    .with("containerPort", number)
                    .with("protocol", port.protocol.to_uppercase());
                fields.put("hostPort", host_port.or(host.then_some(number)));
                fields.into()
            })
            .collect()
    }

    /// shipit's variables, the manifest's, and those that come from the service's secret.
    fn variables(&self, parts: &Parts, own: &Own<'_>) -> Vec<Value> {
        let context = self.place.context;
        let discovery = format!("{}.svc.cluster.local", context.application());
        let told = [
            ("SHIPIT_APPLICATION", context.application()),
            ("SHIPIT_ENVIRONMENT", context.environment),
            ("SHIPIT_SERVICE", self.service.name.as_str()),
            ("SHIPIT_DISCOVERY_ENDPOINT", &discovery),
        ];
        let mut all = parts.variables.clone();
        all.extend(told.map(|(name, value)| (name.to_owned(), json!(value))));
        all.extend(own.variables.iter().map(|(name, value)| (name.clone(), json!(value))));
        let mut variables: BTreeMap<String, Value> = all
            .into_iter()
            .map(|(name, value)| {
                let value = value.as_str().map_or(value.clone(), |text| json!(literal(text)));
                (name.clone(), json!({ "name": name, "value": value }))
            })
            .collect();
        for name in own.secrets.keys() {
            let key = super::secrets::key(self.service, own.name, name);
            let from = json!({ "secretKeyRef": { "name": self.service.name, "key": key } });
            variables.insert(name.clone(), json!({ "name": name, "valueFrom": from }));
        }
        variables.into_values().collect()
    }

    /// What the main container gets: all of the pod's that no sidecar has.
    fn resources(&self) -> Value {
        let service = self.service;
        let sidecars = || service.sidecars.values();
        let cpu: u32 = sidecars().filter_map(|one| one.cpu).sum();
        let memory: u32 = sidecars().filter_map(|one| one.memory_reservation.or(one.memory)).sum();
        let memory = quantity::memory(service.memory.saturating_sub(memory).max(1));
        let disk = service.storage.ephemeral.map(quantity::disk);
        let requests = Fields::default()
            .with("cpu", quantity::cpu(service.cpu.saturating_sub(cpu).max(1)))
            .with("memory", memory.clone())
            .with("ephemeral-storage", disk.clone());
        let limits = Fields::default()
            .with("memory", memory)
            .with("ephemeral-storage", disk)
            .with("nvidia.com/gpu", service.settings.gpu.map(|count| count.to_string()));
        both(requests, limits)
    }
}

fn both(requests: Fields, limits: Fields) -> Value {
    Fields::default().with("requests", requests).with("limits", limits).into()
}

/// Text in which Kubernetes replaces nothing: it reads `$(NAME)` as a variable.
fn literal(text: &str) -> String {
    match text.contains("$(") || text.contains("$$") {
        true => text.replace('$', "$$"),
        false => text.to_owned(),
    }
}

fn literals(words: &[String]) -> Vec<String> {
    words.iter().map(|word| literal(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn nothing_is_taken_for_a_variable() {
        assert_eq!(literal("$HOME and $5"), "$HOME and $5");
        assert_eq!(literal("$(HOME)"), "$$(HOME)");
        assert_eq!(literal("a$$b$"), "a$$$$b$$");
    }
}
