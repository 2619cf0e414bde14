//! What keeps pods running: a Deployment; with `count: daemon` a DaemonSet, with disks of each pod's own a StatefulSet.

use serde_json::{Value, json};

use super::object::Fields;
use super::{Parts, Planner, quantity};
use crate::engine::Failure;
use crate::manifest::ServiceManifest;
use crate::manifest::service::{Constraint, Count, DisruptionBudget, Rolling, Strategy, spread_by};

/// Seconds without progress after which a rollout has failed, besides the grace period of the load balancer's check.
const DEADLINE: u64 = 540;

/// What an autoscaler or a budget names.
pub(super) struct Workload {
    pub(super) kind: &'static str,
}

/// The labels of nodes over which pods are spread by `placement.strategies`.
pub(super) fn strategies(service: &ServiceManifest) -> Vec<&'static str> {
    let spread = |one: &Strategy| match one {
        Strategy::Spread(by) => spread_by(by),
        Strategy::Random | Strategy::Binpack(_) => None,
    };
    service.placement.strategies.iter().filter_map(spread).collect()
}

/// Does each pod have a node of its own?
pub(super) fn distinct(service: &ServiceManifest) -> bool {
    service.placement.constraints.contains(&Constraint::DistinctInstance)
}

impl Planner<'_> {
    pub(super) fn workload(&mut self, parts: &Parts) -> Result<Workload, Failure> {
        let service = self.service;
        let name = service.name.clone();
        let template = self.template(parts)?;
        let selector = json!({ "matchLabels": self.selector() });
        let mut spec = Fields::default().with("selector", selector).with("template", template);
        let replicas = match &service.count {
            Count::Fixed(count) | Count::Spot(count) => Some(*count),
            // The autoscaler's.
            Count::Autoscaling(_) | Count::Daemon => None,
        };
        spec.put("replicas", replicas);
        let (kind, spec) = if service.count == Count::Daemon {
            ("DaemonSet", spec)
        } else if service.kubernetes.claims.is_empty() {
            ("Deployment", self.deployment(spec))
        } else {
            ("StatefulSet", self.stateful(spec)?)
        };
        let object = self.object("apps/v1", kind, &name).with("spec", spec);
        let address = self.add(&name, object.into())?;
        for (first, wait) in &parts.before {
            self.desired.order(&address, first, *wait);
        }
        Ok(Workload { kind })
    }

    fn deployment(&self, spec: Fields) -> Fields {
        let service = self.service;
        let strategy = match service.deployment.rolling {
            Rolling::Default => json!({
                "type": "RollingUpdate",
                "rollingUpdate": { "maxSurge": "100%", "maxUnavailable": 0 },
            }),
            Rolling::Recreate => json!({ "type": "Recreate" }),
        };
        let grace = service.http.as_ref().map(|http| http.main.healthcheck.grace_period);
        let nlb = service.nlb.as_ref().map(|nlb| nlb.main.healthcheck.grace_period);
        let grace = grace.or(nlb).map_or(60, |time| time.as_secs());
        let deadline = match service.deployment.circuit_breaker.enable {
            true => DEADLINE + grace,
            // Never.
            false => i32::MAX as u64,
        };
        spec.with("strategy", strategy).with("progressDeadlineSeconds", deadline)
    }

    fn stateful(&mut self, spec: Fields) -> Result<Fields, Failure> {
        let service = self.service;
        // Pods have names of their own in a Service without an address.
        let name = format!("{}-pods", service.name);
        let ports = self.service_ports();
        let headless = Fields::default()
            .with("clusterIP", "None")
            .with("publishNotReadyAddresses", true)
            .with("selector", self.selector())
            .with("ports", ports);
        let object = self.object("v1", "Service", &name).with("spec", headless);
        self.add(&name, object.into())?;
        let claims = service.kubernetes.claims.iter().map(|(name, claim)| {
            let storage = json!({ "storage": quantity::disk(claim.size) });
            let claim = Fields::default()
                .with("accessModes", json!(["ReadWriteOnce"]))
                .with("resources", json!({ "requests": storage }))
                .with("storageClassName", claim.storage_class.clone());
            let claim =
                Fields::default().with("metadata", json!({ "name": name })).with("spec", claim);
            claim.into()
        });
        let claims: Vec<Value> = claims.collect();
        Ok(spec.with("serviceName", name).with("volumeClaimTemplates", claims))
    }

    /// How many pods may be missing on purpose.
    pub(super) fn budget(&mut self) -> Result<(), Failure> {
        let number = |text: &String| match text.parse::<u32>() {
            Ok(number) => json!(number),
            Err(_) => json!(text),
        };
        let (key, value) = match &self.service.kubernetes.disruption_budget {
            DisruptionBudget::None => return Ok(()),
            DisruptionBudget::Usual if self.fewest().is_none_or(|fewest| fewest < 2) => {
                return Ok(());
            }
            DisruptionBudget::Usual => ("maxUnavailable", json!(1)),
            DisruptionBudget::MaxUnavailable(most) => ("maxUnavailable", number(most)),
            DisruptionBudget::MinAvailable(least) => ("minAvailable", number(least)),
        };
        let name = self.service.name.clone();
        let selector = json!({ "matchLabels": self.selector() });
        let spec = Fields::default().with(key, value).with("selector", selector);
        let object = self.object("policy/v1", "PodDisruptionBudget", &name).with("spec", spec);
        self.add(&name, object.into()).map(drop)
    }
}
