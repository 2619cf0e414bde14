//! A pod: its containers in their order, and what they share.
//!
//! What others wait for runs first: containers that end as init containers, those that go on as init containers that
//! are restarted always (Kubernetes' own sidecars). A job's sidecars are all of that kind, so that it ends with its main container.
//! What waits for the main container comes after it, in the order of the containers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::object::Fields;
use super::{Parts, Planner, probes, settings, volumes};
use crate::engine::Failure;
use crate::manifest::ServiceManifest;
use crate::manifest::service::{
    COLLECTOR, Condition, ContainerHealthCheck, Effect, IpcMode, NetworkMode, PidMode, Platform,
    ServiceType, Settings, after_main,
};

/// Where a container stands in its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It ends before the next one starts.
    Before,
    /// It starts before the next one, and stays.
    Beside,
    /// With the main container, or after it.
    With,
}

/// Where each container of a service stands, in the order in which they start.
pub(crate) fn order(service: &ServiceManifest) -> Vec<(String, Stands)> {
    let job = service.service_type == ServiceType::ScheduledJob;
    let none = BTreeMap::new();
    let waits = |name: &str| match service.sidecars.get(name) {
        Some(sidecar) => &sidecar.depends_on,
        None if name == service.name => &service.image.depends_on,
        None => &none,
    };
    let mut names: Vec<&str> = service.sidecars.keys().map(String::as_str).collect();
    if service.observability.tracing.is_some() {
        names.push(COLLECTOR);
    }
    let after = after_main(service);
    let all = || names.iter().copied().chain([service.name.as_str()]);
    let stands = |name: &str| {
        let mut conditions = all().filter_map(|other| waits(other).get(name)).peekable();
        if after.contains(name) {
            return Stands::With;
        }
        if conditions.peek().is_none() {
            return if job { Stands::Beside } else { Stands::With };
        }
        match conditions.any(|one| matches!(one, Condition::Complete | Condition::Success)) {
            true => Stands::Before,
            false => Stands::Beside,
        }
    };
    let mut left: Vec<(&str, Stands)> = all().map(|name| (name, stands(name))).collect();
    left.sort_by_key(|(name, stands)| (*stands == Stands::With, *name != service.name, *name));
    let mut ordered: Vec<(String, Stands)> = Vec::new();
    while !left.is_empty() {
        let there = |name: &str| ordered.iter().any(|(done, _)| done == name);
        // Manifests in which containers wait for each other are refused before.
        let next = left.iter().position(|(name, _)| waits(name).keys().all(|on| there(on)));
        let (name, stands) = left.remove(next.unwrap_or_default());
        ordered.push((name.to_owned(), stands));
    }
    ordered
}

impl Planner<'_> {
    /// The pods' template.
    pub(super) fn template(&self, parts: &Parts) -> Result<Value, Failure> {
        let service = self.service;
        let sidecars = service.sidecars.values().flat_map(|sidecar| &sidecar.labels);
        let mut annotations: BTreeMap<String, String> = sidecars
            .chain(&service.image.labels)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if parts.secret {
            // Another source of a value is another pod.
            let digest = super::secrets::digest(self.place.context, service);
            annotations.insert("shipit/secrets".to_owned(), digest);
        }
        annotations.extend(self.mesh_annotations());
        let metadata =
            Fields::default().with("labels", self.labels()).with("annotations", json!(annotations));
        let template = Fields::default().with("metadata", metadata).with("spec", self.pod(parts)?);
        Ok(template.into())
    }

    fn pod(&self, parts: &Parts) -> Result<Fields, Failure> {
        let service = self.service;
        let job = service.service_type == ServiceType::ScheduledJob;
        let mut init: Vec<Value> = Vec::new();
        let mut containers: Vec<Value> = Vec::new();
        for (name, stands) in order(service) {
            let mut container = if name == service.name {
                self.main(parts)?.with("name", self.main_container())
            } else if let Some(sidecar) = service.sidecars.get(&name) {
                self.sidecar(parts, &name, sidecar)?
            } else {
                self.collector(parts)?
            };
            self.probes(&mut container, &name, stands);
            match stands {
                Stands::With => containers.push(container.into()),
                Stands::Before => init.push(container.into()),
                Stands::Beside => init.push(container.with("restartPolicy", "Always").into()),
            }
        }
        let mut pod = Fields::default()
            .with("serviceAccountName", service.name.clone())
            .with("initContainers", init)
            .with("containers", containers)
            .with("volumes", self.all_volumes(parts));
        if job {
            let again = service.settings.restart_policy.as_ref().is_some_and(|one| one.enabled);
            pod.put("restartPolicy", if again { "OnFailure" } else { "Never" });
        }
        if volumes::credentials(service).next().is_some() {
            pod.put("imagePullSecrets", self.pull_secrets());
        }
        self.shared(&mut pod);
        self.placement(&mut pod);
        Ok(pod)
    }

    fn probes(&self, container: &mut Fields, name: &str, stands: Stands) {
        let service = self.service;
        let (check, start) = match service.sidecars.get(name) {
            Some(sidecar) => (sidecar.healthcheck.as_ref(), sidecar.settings.start_timeout),
            None if name == service.name => {
                (service.image.healthcheck.as_ref(), service.settings.start_timeout)
            }
            None => (None, None),
        };
        if stands == Stands::Before {
            return;
        }
        if let Some(check) = check {
            let waited =
                (stands == Stands::Beside).then(|| self.waited(name, check, start)).flatten();
            container.put("startupProbe", probes::startup(check, waited));
            container.put("livenessProbe", probes::liveness(check));
        }
        let Some(http) = &service.http else { return };
        let rules = std::iter::once(&http.main).chain(&http.additional_rules);
        let found = rules.map(|rule| (rule, service.target_of(rule))).find(|(_, to)| to.0 == name);
        if let Some((rule, (_, port))) = found {
            container.put("readinessProbe", probes::readiness(rule, port));
        }
    }

    /// How long others wait for a container to be healthy; `None` where none does.
    fn waited(
        &self,
        name: &str,
        check: &ContainerHealthCheck,
        start: Option<Duration>,
    ) -> Option<Duration> {
        let service = self.service;
        let mut all = service.sidecars.values().map(|one| &one.depends_on);
        let wanted = Some(&Condition::Healthy);
        let waits = service.image.depends_on.get(name) == wanted
            || all.any(|depends_on| depends_on.get(name) == wanted);
        let usual = check.start_period + check.interval * check.retries;
        waits.then(|| start.unwrap_or(usual))
    }

    /// What all containers of the pod share.
    fn shared(&self, pod: &mut Fields) {
        let service = self.service;
        let all: Vec<&Settings> = std::iter::once(&service.settings)
            .chain(service.sidecars.values().map(|sidecar| &sidecar.settings))
            .collect();
        pod.put("hostname", service.settings.hostname.clone());
        let host = service.network.mode == Some(NetworkMode::Host);
        pod.on("hostNetwork", host);
        pod.on("hostPID", service.pid_mode == Some(PidMode::Host));
        pod.on("hostIPC", service.ipc_mode == Some(IpcMode::Host));
        // The pod's own first process reaps the others', as an init process does.
        let own = all.iter().any(|one| one.init) && service.pid_mode != Some(PidMode::Host);
        pod.on("shareProcessNamespace", own || service.pid_mode == Some(PidMode::Task));
        let stop = all.iter().filter_map(|one| one.stop_timeout).max();
        pod.put("terminationGracePeriodSeconds", stop.map(|time| time.as_secs()));
        let mut hosts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, address) in all.iter().flat_map(|one| &one.extra_hosts) {
            hosts.entry(address).or_default().insert(name);
        }
        let hosts = hosts.into_iter().map(|(ip, names)| json!({ "ip": ip, "hostnames": names }));
        pod.put("hostAliases", hosts.collect::<Vec<_>>());
        let unique = |of: fn(&Settings) -> &Vec<String>| {
            let mut found: Vec<String> = Vec::new();
            for one in all.iter().flat_map(|one| of(one)) {
                if !found.contains(one) {
                    found.push(one.clone());
                }
            }
            found
        };
        let servers = unique(|one| &one.dns.servers);
        let policy = match (servers.is_empty(), host) {
            (false, _) => Some("None"),
            (true, true) => Some("ClusterFirstWithHostNet"),
            (true, false) => None,
        };
        pod.put("dnsPolicy", policy);
        let dns = Fields::default()
            .with("nameservers", servers)
            .with("searches", unique(|one| &one.dns.search));
        pod.put("dnsConfig", dns);
        let controls: BTreeMap<&String, &String> =
            all.iter().flat_map(|one| &one.system_controls).collect();
        let controls =
            controls.into_iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let security = Fields::default().with("sysctls", controls.collect::<Vec<_>>());
        pod.put("securityContext", security);
    }

    /// Where pods run.
    fn placement(&self, pod: &mut Fields) {
        let service = self.service;
        let own = &service.kubernetes;
        let mut labels: BTreeMap<String, String> = own.node_selector.clone();
        let (system, processor) = match service.platform {
            Platform::LinuxArm64 => ("linux", "arm64"),
            Platform::LinuxX86 => ("linux", "amd64"),
            _ => ("windows", "amd64"),
        };
        labels.insert("kubernetes.io/os".to_owned(), system.to_owned());
        labels.insert("kubernetes.io/arch".to_owned(), processor.to_owned());
        let build = match service.platform {
            Platform::Windows2019Core | Platform::Windows2019Full => Some("10.0.17763"),
            Platform::Windows2022Core | Platform::Windows2022Full => Some("10.0.20348"),
            Platform::LinuxX86 | Platform::LinuxArm64 => None,
        };
        if let Some(build) = build {
            labels.insert("node.kubernetes.io/windows-build".to_owned(), build.to_owned());
        }
        pod.put("nodeSelector", json!(labels));
        pod.put("priorityClassName", own.priority_class.clone());
        let tolerations = own.tolerations.iter().map(|one| {
            let operator = if one.value.is_some() { "Equal" } else { "Exists" };
            let effect = one.effect.map(|effect| match effect {
                Effect::NoSchedule => "NoSchedule",
                Effect::PreferNoSchedule => "PreferNoSchedule",
                Effect::NoExecute => "NoExecute",
            });
            Fields::default()
                .with("key", one.key.clone())
                .with("operator", operator)
                .with("value", one.value.clone())
                .with("effect", effect)
                .with("tolerationSeconds", one.stays.map(|time| time.as_secs()))
                .into()
        });
        pod.put("tolerations", tolerations.collect::<Vec<Value>>());
        let selector = json!({ "matchLabels": self.selector() });
        let spread = |key: &str, skew: u32, required: bool| {
            let otherwise = if required { "DoNotSchedule" } else { "ScheduleAnyway" };
            json!({
                "maxSkew": skew,
                "topologyKey": key,
                "whenUnsatisfiable": otherwise,
                "labelSelector": selector,
            })
        };
        let mut spreads: Vec<Value> = super::workload::strategies(service)
            .into_iter()
            .map(|key| spread(key, 1, false))
            .collect();
        spreads.extend(
            own.topology_spread.iter().map(|one| spread(&one.key, one.max_skew, one.required)),
        );
        pod.put("topologySpreadConstraints", spreads);
        if super::workload::distinct(service) {
            let apart =
                json!([{ "labelSelector": selector, "topologyKey": "kubernetes.io/hostname" }]);
            let key = "requiredDuringSchedulingIgnoredDuringExecution";
            pod.put("affinity", json!({ "podAntiAffinity": { key: apart } }));
        }
    }

    fn all_volumes(&self, parts: &Parts) -> Vec<Value> {
        let service = self.service;
        let memory = std::iter::once((&service.name, &service.settings))
            .chain(service.sidecars.iter().map(|(name, one)| (name, &one.settings)))
            .flat_map(|(name, one)| settings::in_memory(name, one));
        parts.volumes.iter().cloned().chain(memory.map(|(volume, _)| volume)).collect()
    }
}
